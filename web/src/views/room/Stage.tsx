import { Clapperboard, Hourglass, Play, VolumeX } from 'lucide-react';
import { type MouseEvent, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { Button } from '../../ui/Button';
import { BufferFirst, readyIn, useReadyIn } from './BufferFirst';
import { ControlBar } from './ControlBar';
import { Help } from './Help';
import styles from './Stage.module.css';
import { useKeyboard } from './useKeyboard';
import { useQuiet } from './useQuiet';
import { useRoom, useSession } from './visit';
import { Waiting } from './Waiting';

/** The picture and what lies over it. */
export function Stage({ onChoose }: { onChoose: () => void }) {
  const session = useSession();
  const picture = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [help, setHelp] = useState(false);
  const inside = useRoom((view) => view.phase === 'in');
  const playing = useRoom((view) => (view.state?.v ?? 0) > 0);
  const hasFilm = useRoom((view) => Boolean(view.state?.media ?? view.room?.media));
  const { quiet, stir } = useQuiet(playing);

  useLayoutEffect(() => {
    const { element } = session.mediator;
    picture.current?.append(element, session.subtitles.element);
    return () => {
      element.remove();
      session.subtitles.element.remove();
    };
  }, [session]);
  // Stable, because a listener that is renewed while its event is on the way misses that event.
  const toggleHelp = useCallback(() => setHelp((shown) => !shown), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  useKeyboard(session, frame, toggleHelp);
  const onPicture = (event: MouseEvent) => {
    // A finger on the picture only wants to see the controls.
    const byFinger = (event.nativeEvent as globalThis.PointerEvent).pointerType === 'touch';
    if (inside && hasFilm && !byFinger) session.ask({ kind: playing ? 'pause' : 'play' });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: moving over the picture only shows the controls, which Tab reaches too
    <div
      ref={frame}
      className={styles.stage}
      data-quiet={quiet}
      onPointerMove={stir}
      onPointerDown={stir}
      onFocus={stir}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the whole page */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a second way to the play button */}
      <div ref={picture} className={styles.picture} onClick={onPicture} />
      {inside && !hasFilm && (
        <div className={styles.empty}>
          <Clapperboard size={44} strokeWidth={1.4} aria-hidden="true" />
          <p>Nothing on yet.</p>
          <Button look="primary" onClick={onChoose}>
            Choose a film
          </Button>
        </div>
      )}
      {inside && hasFilm && (
        <>
          <BigPlay />
          <BufferFirst />
          <Waiting />
          <TapBanner />
          <Trouble onChoose={onChoose} />
          <ControlBar frame={frame} onChoose={onChoose} onHelp={toggleHelp} />
        </>
      )}
      {help && <Help onClose={closeHelp} />}
    </div>
  );
}

/** Before anything has happened: the one thing to do. */
function BigPlay() {
  const session = useSession();
  const fresh = useRoom(
    ({ state, trouble }) => state?.p0 === 0 && state.v === 0 && !state.waiting && !trouble,
  );
  const pending = useRoom((view) => view.pending !== null);
  const left = useReadyIn();
  const armed = useRoom((view) => view.startsWhenReady);
  if (!fresh || pending) return null;
  const press = () => {
    if (left === null) session.ask({ kind: 'play' });
    else session.startWhenReady(!armed);
  };
  return (
    <button
      type="button"
      className={styles.big}
      data-testid="big-play"
      aria-pressed={left === null ? undefined : armed}
      onClick={press}
    >
      <span className={styles.disc}>
        {left === null ? (
          <Play size={34} fill="currentColor" aria-hidden="true" />
        ) : (
          <Hourglass size={34} aria-hidden="true" />
        )}
      </span>
      {left === null ? 'Start for everybody' : armed ? `Starts ${readyIn(left)}` : 'Start when it is ready'}
    </button>
  );
}

/** The browser wants a tap of its own before it makes sound. */
function TapBanner() {
  const session = useSession();
  const tap = useRoom((view) => view.tap);
  if (tap === 'none') return null;
  return (
    <button type="button" className={styles.tap} data-testid="tap-for-sound" onClick={() => session.allow()}>
      <VolumeX size={19} aria-hidden="true" /> {tap === 'sound' ? 'Tap for sound' : 'Tap to start'}
    </button>
  );
}

/** Why there is no picture. What passes is a quiet line; what does not comes with a way on. */
function Trouble({ onChoose }: { onChoose: () => void }) {
  const session = useSession();
  const trouble = useRoom((view) => view.trouble);
  if (!trouble) return null;
  if (!trouble.final) {
    return (
      <p className={styles.calm} role="status" data-testid="trouble">
        {trouble.text}
      </p>
    );
  }
  return (
    <div className={styles.trouble} role="alert">
      <p data-testid="trouble">{trouble.text}</p>
      <div className={styles.ways}>
        <Button look="primary" data-testid="try-again" onClick={() => session.tryAgain()}>
          Try again
        </Button>
        <Button onClick={onChoose}>Choose another film</Button>
      </div>
    </div>
  );
}
