import { useEffect, useState } from 'react';
import { length } from '../../app/words';
import styles from './Stage.module.css';
import { useRoom, useSession } from './visit';

const REFRESH_MS = 500;

/** Ms until enough of the film is ready to play without a break; null when that is so. */
export function useReadyIn(): number | null {
  const session = useSession();
  const readyAt = useRoom((view) => view.readyAt);
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    if (readyAt === null) {
      setLeft(null);
      return;
    }
    // It may take longer than it was said to; only the server says when it is over.
    const look = () => setLeft(Math.max(0, readyAt - session.mediator.now()));
    look();
    const timer = setInterval(look, REFRESH_MS);
    return () => clearInterval(timer);
  }, [session, readyAt]);
  return left;
}

/** "in 4 min", "in 20 s", "any moment". */
export const readyIn = (left: number): string => (left < 1_000 ? 'any moment' : `in ${length(left)}`);

/** A film that has to be converted, on a machine that is slower at it than the film plays. */
export function BufferFirst() {
  const left = useReadyIn();
  const trouble = useRoom((view) => view.trouble);
  const armed = useRoom((view) => view.startsWhenReady);
  if (left === null || trouble) return null;
  return (
    <p className={`${styles.calm} ${styles.ahead}`} role="status" data-testid="buffer-first">
      <span className={styles.why}>Converting this film takes longer than watching it. </span>
      Buffer first: ready {readyIn(left)}.{armed && <span className={styles.why}> It starts by itself.</span>}
    </p>
  );
}
