import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { clockTime } from '../../app/words';
import { chapterAt, marks } from '../../player/chapters';
import { thumbnailAt } from '../../player/thumbnails';
import styles from './SeekBar.module.css';
import { SeekPreview } from './SeekPreview';
import { useThumbnails } from './useThumbnails';
import { useRoom, useSession } from './visit';

interface Props {
  duration: number;
  position: number;
  bufferedTo: number;
}

const NO_CHAPTERS: never[] = [];

/** Where the room is, and the chapters. Hovering and dragging show where one would go; letting go asks the room. */
export function SeekBar({ duration, position, bufferedTo }: Props) {
  const session = useSession();
  const bar = useRef<HTMLInputElement>(null);
  const [aim, setAim] = useState<number | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const asked = useRoom((view) => view.pending?.kind === 'seek');
  const rev = useRoom((view) => view.state?.rev);
  const media = useRoom((view) => view.state?.media?.id ?? null);
  const chapters = useRoom((view) => view.playback?.chapters ?? NO_CHAPTERS);
  const thumbnails = useThumbnails(
    media,
    useRoom((view) => view.playback?.thumbnails_url ?? null),
  );

  // React's onChange is the native `input`; only the native `change` says that the hand let go.
  useEffect(() => {
    const input = bar.current;
    if (!input) return;
    const commit = () => {
      // Nothing will come that could end the aiming.
      if (!session.ask({ kind: 'seek', pos: Number(input.value) })) setAim(null);
    };
    input.addEventListener('change', commit);
    return () => input.removeEventListener('change', commit);
  }, [session]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new state of the room is what ends the aiming
  useEffect(() => {
    if (!asked) setAim(null);
  }, [asked, rev]);

  const shown = aim ?? Math.min(position, duration);
  const percent = (ms: number) => `${duration > 0 ? Math.min(100, (100 * ms) / duration) : 0}%`;
  const onMove = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setHover(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * duration);
  };
  const told = aim ?? hover;
  const here = chapterAt(chapters, shown)?.title;

  return (
    <div className={styles.seek} onPointerMove={onMove} onPointerLeave={() => setHover(null)}>
      <div className={styles.track} aria-hidden="true">
        <span className={styles.buffered} style={{ width: percent(bufferedTo) }} />
        <span className={styles.played} style={{ width: percent(shown) }} />
        {marks(chapters, duration).map((chapter) => (
          <span key={chapter.start_ms} className={styles.mark} style={{ left: percent(chapter.start_ms) }} />
        ))}
      </div>
      <input
        ref={bar}
        type="range"
        className={styles.input}
        data-testid="seek-bar"
        min={0}
        max={Math.max(1, Math.round(duration))}
        step={1}
        value={Math.round(shown)}
        aria-label="Position in the film"
        aria-valuetext={`${clockTime(shown)} of ${clockTime(duration)}${here ? `, ${here}` : ''}`}
        onChange={(event) => setAim(Number(event.target.value))}
      />
      {told !== null && duration > 0 && (
        <SeekPreview
          place={Math.min(1, told / duration)}
          ms={told}
          thumbnail={thumbnailAt(thumbnails, told)}
          chapter={chapterAt(chapters, told)?.title || null}
        />
      )}
    </div>
  );
}
