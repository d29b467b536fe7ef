import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { fetchRooms } from '../../api/client';
import type { Room } from '../../api/types';
import { Button } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import styles from './HomePage.module.css';
import { JoinByCode } from './JoinByCode';
import { Library } from './Library';
import { OpenRooms } from './OpenRooms';
import { useCreateRoom } from './useCreateRoom';
import { useSetupLink } from './useSetupLink';

const ROOMS_EVERY_MS = 10_000;

/** The first page: what is running, and what could be watched. */
export function HomePage() {
  const { creating, error, create, expect, consider } = useCreateRoom();
  const [rooms, setRooms] = useState<Room[]>([]);
  const claimed = useSetupLink();

  useEffect(() => {
    document.title = 'watchparty';
    const load = () => {
      fetchRooms()
        .then((list) => setRooms(list.items))
        .catch(() => setRooms([]));
    };
    load();
    const timer = setInterval(load, ROOMS_EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <Mark />
        <JoinByCode />
      </header>
      <main className={styles.main}>
        <section className={styles.hero}>
          <div>
            <h1 className={styles.headline}>
              Same film, <em>same frame.</em>
            </h1>
            <p className={styles.lead}>Pick something. Share the link. Everybody sees the same moment.</p>
          </div>
          <Button
            look="ghost"
            data-testid="create-empty-room"
            disabled={creating !== null}
            onClick={() => create()}
          >
            <Plus size={18} aria-hidden="true" /> Empty room
          </Button>
        </section>
        {claimed && <p className={styles.notice}>{claimed}</p>}
        {error && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )}
        <OpenRooms rooms={rooms} />
        <Library
          heading="Films"
          verb="Watch"
          busy={creating}
          about
          onConsider={(item) => consider(item.id)}
          onExpect={(item) => expect(item.id)}
          onPick={(item) => create(item.id)}
        />
      </main>
    </div>
  );
}
