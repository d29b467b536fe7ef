import { Users } from "lucide-react";
import { Link } from "wouter";
import type { Room } from "../../api/types";
import styles from "./OpenRooms.module.css";

export function OpenRooms({ rooms }: { rooms: Room[] }) {
  if (rooms.length === 0) return null;
  return (
    <section aria-labelledby="rooms-heading">
      <h2 id="rooms-heading" className={styles.heading}>
        Rooms that are open
      </h2>
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room.code}>
            <Link href={`/r/${room.code}`} className={styles.room} data-testid="open-room">
              <span className={room.members > 0 ? styles.live : styles.idle} aria-hidden="true" />
              <span className={styles.text}>
                <span className={styles.title}>{room.media?.title ?? "Nothing on yet"}</span>
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
    </section>
  );
}
