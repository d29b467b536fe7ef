import { useEffect, useState } from 'react';
import { names } from '../../app/words';
import { useRoom, useSession } from './visit';
import styles from './Waiting.module.css';

const REFRESH_MS = 250;
/** A wait that is over before anybody could read about it is not worth a word. */
const QUIET_MS = 350;

/** Who the room waits for, and for how long at most. */
export function Waiting() {
  const session = useSession();
  const waiting = useRoom((view) => view.state?.waiting);
  const members = useRoom((view) => view.members);
  const you = useRoom((view) => view.you);
  const [left, setLeft] = useState<number | null>(null);
  const [shown, setShown] = useState(false);

  const deadline = waiting?.deadline;
  useEffect(() => {
    setShown(false);
    if (deadline === undefined) return;
    const look = () => setLeft(session.until(deadline));
    look();
    const late = setTimeout(() => setShown(true), QUIET_MS);
    const timer = setInterval(look, REFRESH_MS);
    return () => {
      clearTimeout(late);
      clearInterval(timer);
    };
  }, [session, deadline]);

  if (!waiting || !shown) return null;
  const who = waiting.members.map((id) =>
    id === you ? 'you' : (members.find((member) => member.id === id)?.name ?? 'somebody'),
  );
  const seconds = left === null ? null : Math.max(0, Math.ceil(left / 1000));
  return (
    <div className={styles.waiting} role="status" data-testid="waiting">
      <span className={styles.rings} aria-hidden="true">
        <span />
        <span />
      </span>
      <p>
        {who.length > 0 ? `Waiting for ${names(who)}` : 'Starting'}
        {seconds !== null && seconds > 0 && <span className={styles.count}> · at most {seconds} s</span>}
      </p>
    </div>
  );
}
