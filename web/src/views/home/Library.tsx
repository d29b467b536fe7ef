import { Search } from 'lucide-react';
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { fetchMedia } from '../../api/client';
import type { MediaItem } from '../../api/types';
import { Button } from '../../ui/Button';
import { FilmCard } from './FilmCard';
import styles from './Library.module.css';
import { ScanLine, useScan } from './ScanLine';

interface Props {
  heading: string;
  /** What a click does, as the card says it: "Watch", "Put on". */
  verb: string;
  /** The item (or something else) that is being acted on. */
  busy: string | null;
  /** Whether the cards lead to the films' own pages. */
  about?: boolean;
  /** A mouse rests on a film. */
  onConsider?(item: MediaItem): void;
  /** A click has begun. */
  onExpect?(item: MediaItem): void;
  onPick(item: MediaItem): void;
}

/** All films with a search field; those that cannot be played come last, with the reason. */
export function Library({ heading, verb, busy, about = false, onConsider, onExpect, onPick }: Props) {
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const scan = useScan();
  const { items, next, error, more } = useMedia(q, scan?.running ? scan.probed : -1);
  const playable = items?.filter((item) => item.playable) ?? [];
  const broken = items?.filter((item) => !item.playable) ?? [];

  return (
    <section aria-labelledby="library-heading" className={styles.library}>
      <div className={styles.bar}>
        <h2 id="library-heading" className={styles.heading}>
          {heading}
        </h2>
        <label className={styles.search}>
          <Search size={17} aria-hidden="true" />
          <span className="visually-hidden">Search films</span>
          <input
            type="search"
            data-testid="library-search"
            placeholder="Search"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
      </div>
      <ScanLine scan={scan} />
      {error && <p className={styles.empty}>{error}</p>}
      {!error && items === null && <Skeleton />}
      {items?.length === 0 && <Empty q={q} scanning={scan?.running ?? false} />}
      <ul className={styles.grid}>
        {playable.map((item) => (
          <FilmCard
            key={item.id}
            item={item}
            verb={verb}
            busy={busy}
            about={about}
            onConsider={onConsider}
            onExpect={onExpect}
            onPick={onPick}
          />
        ))}
      </ul>
      {next && (
        <Button className={styles.more} onClick={more}>
          Show more
        </Button>
      )}
      {broken.length > 0 && (
        <>
          <h3 className={styles.subheading}>Cannot be played</h3>
          <ul className={styles.grid}>
            {broken.map((item) => (
              <FilmCard key={item.id} item={item} verb={verb} busy={busy} onPick={onPick} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Empty({ q, scanning }: { q: string; scanning: boolean }) {
  if (q) return <p className={styles.empty}>Nothing is called “{q}”.</p>;
  if (scanning)
    return <p className={styles.empty}>Looking through the folders. Films appear as they are found.</p>;
  return (
    <p className={styles.empty}>No films yet. Put some into the folder that this server was started with.</p>
  );
}

function Skeleton() {
  const places = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  return (
    <div className={styles.grid} aria-hidden="true">
      {places.map((place) => (
        <div key={place} className={styles.skeleton} />
      ))}
    </div>
  );
}

/** Pages of the library; looked at again whenever `version` changes. */
function useMedia(q: string, version: number) {
  const [items, setItems] = useState<MediaItem[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` only says that there is something new
  useEffect(() => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    fetchMedia(q, null, own.signal)
      .then((page) => {
        setItems(page.items);
        setNext(page.next ?? null);
        setError(null);
      })
      .catch((reason: unknown) => {
        if (!own.signal.aborted)
          setError(reason instanceof Error ? reason.message : 'The library cannot be read.');
      });
    return () => own.abort();
  }, [q, version]);

  const more = () => {
    if (!next) return;
    fetchMedia(q, next)
      .then((page) => {
        setItems((old) => [...(old ?? []), ...page.items]);
        setNext(page.next ?? null);
      })
      .catch(() => undefined);
  };
  return { items, next, error, more };
}
