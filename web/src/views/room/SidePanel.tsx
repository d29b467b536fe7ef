import { useState } from 'react';
import { Chat } from './Chat';
import { People } from './People';
import { SharePanel } from './SharePanel';
import styles from './SidePanel.module.css';
import { useRoom } from './visit';

type Tab = 'chat' | 'people';

/** Beside the picture: people above chat. On a phone one of the two, below it. */
export function SidePanel({ invites }: { invites: boolean }) {
  const [tab, setTab] = useState<Tab>('chat');
  const count = useRoom((view) => view.members.length);
  const alone = useRoom((view) => view.phase === 'in' && view.members.length === 1);
  return (
    <aside className={styles.panel} data-tab={tab} aria-label="People and chat">
      <div className={styles.tabs} role="tablist" aria-label="People and chat">
        {(['chat', 'people'] as const).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={tab === name}
            className={styles.tab}
            onClick={() => setTab(name)}
          >
            {name === 'chat' ? 'Chat' : `People ${count}`}
          </button>
        ))}
      </div>
      <div className={styles.people}>
        <People />
        {alone && invites && (
          <div className={styles.invite}>
            <SharePanel />
          </div>
        )}
      </div>
      <div className={styles.chat}>
        <Chat />
      </div>
    </aside>
  );
}
