import { useLayoutEffect, useRef, useState } from 'react';
import { clockTime } from '../../app/words';
import type { Thumbnail } from '../../player/thumbnails';
import styles from './SeekBar.module.css';

interface Props {
  /** Where on the bar, 0 to 1. */
  place: number;
  ms: number;
  thumbnail: Thumbnail | null;
  chapter: string | null;
}

/** What one would see there: the picture, the chapter, the time. Kept inside the bar's width. */
export function SeekPreview({ place, ms, thumbnail, chapter }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [shift, setShift] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its width follows what is in it
  useLayoutEffect(() => {
    const own = box.current;
    const bar = own?.parentElement;
    if (!own || !bar) return;
    const half = own.offsetWidth / 2;
    const at = place * bar.clientWidth;
    setShift(Math.max(half, Math.min(bar.clientWidth - half, at)) - at);
  }, [place, thumbnail?.width, chapter]);
  return (
    <div
      ref={box}
      className={styles.preview}
      style={{ left: `${100 * place}%`, marginLeft: shift }}
      data-testid="seek-preview"
      aria-hidden="true"
    >
      {thumbnail && (
        <span
          className={styles.picture}
          data-testid="seek-thumbnail"
          style={{
            width: thumbnail.width,
            height: thumbnail.height,
            backgroundImage: `url("${thumbnail.url}")`,
            backgroundPosition: `-${thumbnail.x}px -${thumbnail.y}px`,
          }}
        />
      )}
      {chapter && <span className={styles.chapter}>{chapter}</span>}
      <span className={styles.when}>{clockTime(ms)}</span>
    </div>
  );
}
