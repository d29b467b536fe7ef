import { Info, Play } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { MediaItem } from '../../api/types';
import { length } from '../../app/words';
import styles from './FilmCard.module.css';
import { Poster } from './Poster';

/** A mouse that only passes by is gone by then. */
const RESTS_MS = 60;

interface Props {
  item: MediaItem;
  verb: string;
  busy: string | null;
  /** Offers the film's own page. */
  about?: boolean;
  /** A mouse rests on it. */
  onConsider?: ((item: MediaItem) => void) | undefined;
  /** A click has begun. */
  onExpect?: ((item: MediaItem) => void) | undefined;
  onPick(item: MediaItem): void;
}

export function FilmCard({ item, verb, busy, about = false, onConsider, onExpect, onPick }: Props) {
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const leave = () => clearTimeout(resting.current);
  useEffect(() => () => clearTimeout(resting.current), []);
  const picture = (
    <>
      <Poster item={item} />
      <span className={styles.shade} aria-hidden="true" />
      <span className={styles.words}>
        <span className={styles.title}>{item.title}</span>
        {!item.playable && (
          <span className={styles.reason}>{item.reason ?? 'This file cannot be played.'}</span>
        )}
      </span>
      {item.duration_ms > 0 && <span className={styles.length}>{length(item.duration_ms)}</span>}
    </>
  );
  if (!item.playable) {
    return (
      <li
        className={`${styles.card} ${styles.broken}`}
        data-testid="film-card-broken"
        data-media-id={item.id}
      >
        {picture}
      </li>
    );
  }
  return (
    <li className={styles.item}>
      <button
        type="button"
        className={`${styles.card} ${busy === item.id ? styles.busy : ''}`}
        data-testid="film-card"
        data-media-id={item.id}
        disabled={busy !== null}
        onPointerEnter={(event) => {
          if (event.pointerType === 'mouse') resting.current = setTimeout(() => onConsider?.(item), RESTS_MS);
        }}
        onPointerLeave={leave}
        onPointerDown={(event) => {
          // A finger that comes down may only want to scroll.
          if (event.pointerType === 'mouse' && event.button === 0) onExpect?.(item);
        }}
        onClick={() => onPick(item)}
      >
        <span className="visually-hidden">{verb} </span>
        {picture}
        <span className={styles.verb} aria-hidden="true">
          <Play size={15} fill="currentColor" /> {busy === item.id ? 'Opening…' : verb}
        </span>
      </button>
      {about && (
        <Link href={`/m/${item.id}`} className={styles.about} aria-label={`About ${item.title}`}>
          <Info size={18} aria-hidden="true" />
        </Link>
      )}
    </li>
  );
}
