import { useState } from 'react';
import type { MediaItem } from '../../api/types';
import styles from './Poster.module.css';

/** Two colours for a film without a picture, always the same for the same film. */
function tint(id: string): string {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 360;
  return `linear-gradient(135deg, hsl(${hash}, 32%, 26%), hsl(${(hash + 50) % 360}, 38%, 13%))`;
}

/** The picture of a film, filling what it is put into; without one, its first letter. */
export function Poster({ item }: { item: MediaItem }) {
  const [blank, setBlank] = useState(false);
  return (
    <span className={styles.frame} data-poster="" style={{ background: tint(item.id) }}>
      {item.poster_url && !blank ? (
        <img src={item.poster_url} alt="" loading="lazy" decoding="async" onError={() => setBlank(true)} />
      ) : (
        <span className={styles.initial} aria-hidden="true">
          {item.title.slice(0, 1).toUpperCase()}
        </span>
      )}
    </span>
  );
}
