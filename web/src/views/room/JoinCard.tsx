import { type FormEvent, useEffect, useRef, useState } from 'react';
import { recall } from '../../app/memory';
import { Button } from '../../ui/Button';
import styles from './JoinCard.module.css';
import { useRoom, useSession } from './visit';

const NAME_CHARS_MAX = 40;

/** Asks for a name. The click on Join is also what lets the browser make sound. */
export function JoinCard() {
  const session = useSession();
  const phase = useRoom((view) => view.phase);
  const room = useRoom((view) => view.room);
  const backdrop = useRoom((view) => view.backdrop);
  const error = useRoom((view) => view.joinError);
  const [name, setName] = useState(recall('name') ?? '');
  const field = useRef<HTMLInputElement>(null);
  const asking = phase === 'join' || phase === 'joining';

  useEffect(() => {
    if (phase === 'join') field.current?.focus();
  }, [phase]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const clean = name.trim();
    if (clean) void session.join(clean);
    else field.current?.focus();
  };

  return (
    <div className={styles.veil}>
      {backdrop && <img className={styles.backdrop} src={backdrop} alt="" />}
      {phase === 'unreachable' && (
        <p className={styles.waiting} role="status">
          The server cannot be reached. Trying again…
        </p>
      )}
      {asking && (
        <form className={styles.card} onSubmit={submit} aria-labelledby="join-heading">
          <svg viewBox="0 0 36 24" width="60" height="40" aria-hidden="true" className={styles.mark}>
            <circle cx="13" cy="12" r="9.5" fill="none" stroke="var(--amber)" strokeWidth="2.2" />
            <circle cx="23" cy="12" r="9.5" fill="none" stroke="var(--coral)" strokeWidth="2.2" />
            <path d="M15.4 8v8l6.2-4z" fill="var(--text)" />
          </svg>
          <div>
            <h2 id="join-heading" className={styles.title}>
              {room?.media?.title ?? room?.name ?? 'Join the room'}
            </h2>
            <p className={styles.sub}>{invitation(room?.members ?? 0)}</p>
          </div>
          <label className={styles.label} htmlFor="join-name">
            Your name
          </label>
          <input
            id="join-name"
            ref={field}
            data-testid="join-name"
            className={styles.input}
            value={name}
            maxLength={NAME_CHARS_MAX}
            placeholder="What others will see"
            autoComplete="nickname"
            onChange={(event) => setName(event.target.value)}
          />
          {error && (
            <p className={styles.error} role="alert">
              {error}
            </p>
          )}
          <Button look="primary" type="submit" data-testid="join-button" disabled={phase === 'joining'}>
            {phase === 'joining' ? 'Joining…' : 'Join'}
          </Button>
        </form>
      )}
    </div>
  );
}

function invitation(members: number): string {
  if (members === 0) return 'You are the first. Everybody who joins sees the same moment, with sound.';
  if (members === 1) return 'One person is watching. Join at the same moment, with sound.';
  return `${members} people are watching. Join at the same moment, with sound.`;
}
