import { useCallback, useEffect, useState } from 'react';
import { Announcer } from './Announcer';
import { JoinCard } from './JoinCard';
import { LibrarySheet } from './LibrarySheet';
import styles from './Room.module.css';
import { SidePanel } from './SidePanel';
import { Stage } from './Stage';
import { StatusStrip } from './StatusStrip';
import { TopBar } from './TopBar';
import { useFirstPicture } from './useFirstPicture';
import { useRoom } from './visit';

/** The room: the film, who is here, what is said. The player exists before joining, so that the film can load. */
export function Room() {
  const phase = useRoom((view) => view.phase);
  const title = useRoom((view) => view.state?.media?.title ?? view.room?.media?.title);
  const lost = useRoom((view) => view.link === 'lost');
  const [choosing, setChoosing] = useState(false);
  const [sharing, setSharing] = useState(false);
  const choose = useCallback(() => setChoosing(true), []);
  const close = useCallback(() => setChoosing(false), []);
  const inside = phase === 'in';
  // Behind the join card nobody misses what is beside the picture; drawing it would hold the picture up.
  const furnished = useFirstPicture() || inside;

  useEffect(() => {
    document.title = title ? `${title} · watchparty` : 'watchparty';
  }, [title]);

  return (
    <div className={styles.room}>
      <div className={styles.top} inert={!inside || choosing}>
        {furnished && <TopBar sharing={sharing} onShare={setSharing} onChoose={choose} />}
      </div>
      {inside && lost && (
        <p className={styles.lost} role="status" data-testid="connection-lost">
          Connection lost. The film goes on; trying to get back…
        </p>
      )}
      <div className={styles.body} inert={!inside || choosing}>
        <main className={styles.watch}>
          <Stage onChoose={choose} />
          <StatusStrip />
        </main>
        {furnished && <SidePanel invites={!sharing} />}
      </div>
      {!inside && <JoinCard />}
      {choosing && <LibrarySheet onClose={close} />}
      <Announcer />
    </div>
  );
}
