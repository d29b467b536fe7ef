import { Users } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Room } from '../../api/types';
import { Button } from '../../ui/Button';
import styles from './OpenRooms.module.css';

const FEW = 4;

/** Where people are, first; rooms that everybody has left only on demand when there are many. */
export function OpenRooms({ rooms }: { rooms: Room[] }) {
  const [all, setAll] = useState(false);
  if (rooms.length === 0) return null;
  const sorted = [...rooms].sort((a, b) => b.members - a.members);
  const shown = all ? sorted : sorted.slice(0, FEW);
  return (
    <section aria-labelledby="rooms-heading">
      <h2 id="rooms-heading" className={styles.heading}>
        Rooms that are open
      </h2>
      <ul className={styles.list}>
        {shown.map((room) => (
          <li key={room.code}>
            <Link href={`/r/${room.code}`} className={styles.room} data-testid="open-room">
              <span className={room.members > 0 ? styles.live : styles.idle} aria-hidden="true" />
              <span className={styles.text}>
                <span className={styles.title}>{room.media?.title ?? 'Nothing on yet'}</span>
                <span className={styles.sub}>{room.name}</span>
              </span>
              <span className={styles.count} title={`${room.members} in the room`}>
                <Users size={15} aria-hidden="true" /> {room.members}
                <span className="visually-hidden"> people</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {shown.length < rooms.length && (
        <Button look="ghost" className={styles.all} onClick={() => setAll(true)}>
          Show all {rooms.length}
        </Button>
      )}
    </section>
  );
}
