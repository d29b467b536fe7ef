import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { askPlayback } from '../../api/ahead';
import { createRoom, fetchRooms } from '../../api/client';
import type { Room } from '../../api/types';
import { capabilities } from '../../player/caps';
import { loadHls } from '../../player/hls';
import { Button } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import { enterAhead, loadRoomPage } from '../room/chunk';
import styles from './HomePage.module.css';
import { JoinByCode } from './JoinByCode';
import { Library } from './Library';
import { OpenRooms } from './OpenRooms';
import { useSetupLink } from './useSetupLink';

const ROOMS_EVERY_MS = 10_000;
const AHEAD_AFTER_MS = 300;

/** The first page: what is running, and what could be watched. */
export function HomePage() {
  const [, go] = useLocation();
  const [rooms, setRooms] = useState<Room[]>([]);
  const [creating, setCreating] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
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

  // What the next click needs, while nobody is in a hurry.
  useEffect(() => {
    const timer = setTimeout(() => {
      Promise.all([loadRoomPage(), loadHls()]).catch(() => undefined);
    }, AHEAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  const create = async (media?: string) => {
    if (creating !== null) return;
    setCreating(media ?? 'empty');
    setError(null);
    try {
      if (media) askPlayback(media, capabilities());
      const room = await createRoom(media);
      enterAhead(room);
      go(`/r/${room.code}`);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : 'The room could not be made.');
      setCreating(null);
    }
  };

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
        <Library heading="Films" verb="Watch" busy={creating} onPick={(item) => create(item.id)} />
      </main>
    </div>
  );
}
