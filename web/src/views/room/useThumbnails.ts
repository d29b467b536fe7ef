import { useEffect, useMemo, useState } from 'react';
import { type Thumbnail, thumbnailsOf } from '../../player/thumbnails';

/** The first question waits until the film has had time to begin. */
const FIRST_MS = 3_000;
/** How often is asked while they are being made, or the server has no time. */
const AGAIN_MS = 10_000;
/** A server that never gets to it is left alone in the end. */
const QUESTIONS_MAX = 60;
const ACCEPTED = 202;
/** There are none. Any other answer passes: the server is busy, or the address will be renewed. */
const NONE = [404, 410, 422];

/** The small pictures of a film; none until the server has made them, and none for ever when there are none. */
export function useThumbnails(media: string | null, address: string | null): Thumbnail[] {
  const [index, setIndex] = useState('');
  // A renewed address is no other film: the index stays, and its pictures are asked for at the new address from then on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another film is what ends them
  useEffect(() => setIndex(''), [media]);
  useEffect(() => {
    if (address === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    let questions = 0;
    const ask = async () => {
      questions += 1;
      try {
        const response = await fetch(address, { signal: stop.signal });
        if (response.ok && response.status !== ACCEPTED) {
          const text = await response.text();
          if (!stop.signal.aborted) setIndex(text);
          return;
        }
        if (NONE.includes(response.status)) return;
      } catch {
        if (stop.signal.aborted) return;
      }
      if (questions < QUESTIONS_MAX) timer = setTimeout(ask, AGAIN_MS);
    };
    timer = setTimeout(ask, FIRST_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [address]);
  return useMemo(() => (address === null ? [] : thumbnailsOf(index, address)), [index, address]);
}
