import { Play } from 'lucide-react';
import { useState } from 'react';
import type { MediaItem } from '../../api/types';
import { length } from '../../app/words';
import styles from './FilmCard.module.css';

interface Props {
  item: MediaItem;
  verb: string;
  busy: string | null;
  onPick(item: MediaItem): void;
}

/** Two colours for a film without a picture, always the same for the same film. */
function tint(id: string): string {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 360;
  return `linear-gradient(135deg, hsl(${hash}, 32%, 26%), hsl(${(hash + 50) % 360}, 38%, 13%))`;
}

export function FilmCard({ item, verb, busy, onPick }: Props) {
  const [blank, setBlank] = useState(false);
  const poster = item.poster_url && !blank;
  const picture = (
    <>
      <span className={styles.frame} style={{ background: tint(item.id) }}>
        {poster ? (
          <img
            src={item.poster_url ?? ''}
            alt=""
            loading="lazy"
            decoding="async"
            onError={() => setBlank(true)}
          />
        ) : (
          <span className={styles.initial} aria-hidden="true">
            {item.title.slice(0, 1).toUpperCase()}
          </span>
        )}
      </span>
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
        onClick={() => onPick(item)}
      >
        <span className="visually-hidden">{verb} </span>
        {picture}
        <span className={styles.verb} aria-hidden="true">
          <Play size={15} fill="currentColor" /> {busy === item.id ? 'Opening…' : verb}
        </span>
      </button>
    </li>
  );
}
