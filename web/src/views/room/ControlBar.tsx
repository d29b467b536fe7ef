import {
  CircleHelp,
  Clapperboard,
  LoaderCircle,
  Maximize,
  Pause,
  Play,
  Volume1,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';
import { clockTime } from '../../app/words';
import { IconButton } from '../../ui/Button';
import styles from './ControlBar.module.css';
import { QualityMenu } from './QualityMenu';
import { SeekBar } from './SeekBar';
import type { RoomSession } from './session';
import { TracksMenu } from './TracksMenu';
import { toggleFullscreen } from './useKeyboard';
import { useRoom, useSession } from './visit';

interface Props {
  frame: RefObject<HTMLElement | null>;
  onChoose: () => void;
  onHelp: () => void;
}

const REFRESH_MS = 200;

/** Buttons that ask the room. What they show is what the room says, never what was asked. */
export function ControlBar({ frame, onChoose, onHelp }: Props) {
  const session = useSession();
  const duration = useRoom((view) => view.state?.media?.duration_ms ?? 0);
  const playhead = usePlayhead(session);
  return (
    <div className={styles.bar} data-controls="">
      <SeekBar duration={duration} position={playhead.position} bufferedTo={playhead.bufferedTo} />
      <div className={styles.row}>
        <PlayButton />
        <VolumeControl />
        <span className={styles.time} data-testid="time">
          {clockTime(playhead.position)} <span className={styles.of}>/ {clockTime(duration)}</span>
        </span>
        <span />
        <TracksMenu />
        <QualityMenu />
        <IconButton label="Choose another film" onClick={onChoose} className={styles.wide}>
          <Clapperboard size={20} aria-hidden="true" />
        </IconButton>
        <IconButton label="Keys" onClick={onHelp} className={styles.wide}>
          <CircleHelp size={20} aria-hidden="true" />
        </IconButton>
        <IconButton
          label="Full screen"
          data-testid="fullscreen"
          onClick={() => toggleFullscreen(frame.current)}
        >
          <Maximize size={20} aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  );
}

/** Re-read a few times a second; the clock itself stays outside of React. */
function usePlayhead(session: RoomSession) {
  const [head, setHead] = useState(() => session.playhead());
  useEffect(() => {
    const timer = setInterval(() => setHead(session.playhead()), REFRESH_MS);
    return () => clearInterval(timer);
  }, [session]);
  return head;
}

function PlayButton() {
  const session = useSession();
  const playing = useRoom((view) => (view.state?.v ?? 0) > 0 || view.state?.waiting != null);
  const pending = useRoom((view) => view.pending?.kind === 'play' || view.pending?.kind === 'pause');
  const Icon = playing ? Pause : Play;
  return (
    <IconButton
      label={playing ? 'Pause' : 'Play'}
      data-testid="play-pause"
      aria-busy={pending}
      className={styles.play}
      onClick={() => session.ask({ kind: playing ? 'pause' : 'play' })}
    >
      {pending ? (
        <LoaderCircle size={24} className={styles.spin} aria-hidden="true" />
      ) : (
        <Icon size={24} fill="currentColor" strokeWidth={1.5} aria-hidden="true" />
      )}
    </IconButton>
  );
}

function VolumeControl() {
  const session = useSession();
  const volume = useRoom((view) => view.volume);
  const muted = useRoom((view) => view.muted);
  const silent = muted || volume === 0;
  const Icon = silent ? VolumeX : volume < 0.5 ? Volume1 : Volume2;
  return (
    <span className={styles.volume}>
      <IconButton
        label={muted ? 'Sound on' : 'Sound off'}
        data-testid="mute"
        aria-pressed={muted}
        onClick={() => session.setVolume(volume, !muted)}
      >
        <Icon size={21} aria-hidden="true" />
      </IconButton>
      <input
        type="range"
        className={styles.slider}
        min={0}
        max={1}
        step={0.01}
        value={muted ? 0 : volume}
        aria-label="Volume, for you only"
        style={{ '--level': `${(muted ? 0 : volume) * 100}%` } as React.CSSProperties}
        onChange={(event) => session.setVolume(Number(event.target.value), false)}
      />
    </span>
  );
}
