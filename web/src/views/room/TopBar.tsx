import { Clapperboard, Share2 } from 'lucide-react';
import { Button } from '../../ui/Button';
import { Mark } from '../../ui/Mark';
import { SharePanel } from './SharePanel';
import styles from './TopBar.module.css';
import { useRoom } from './visit';

interface Props {
  sharing: boolean;
  onShare: (open: boolean) => void;
  onChoose: () => void;
}

export function TopBar({ sharing, onShare, onChoose }: Props) {
  const inside = useRoom((view) => view.phase === 'in');
  const name = useRoom((view) => view.room?.name);
  const title = useRoom((view) => view.state?.media?.title);
  return (
    <header className={styles.bar}>
      <Mark small />
      <div className={styles.what}>
        <h1 className={styles.title}>{title ?? name ?? ''}</h1>
        {title && name !== title && <p className={styles.room}>{name}</p>}
      </div>
      {inside && (
        <div className={styles.actions}>
          <Button data-testid="choose-film" aria-label="Films" onClick={onChoose} className={styles.slim}>
            <Clapperboard size={17} aria-hidden="true" /> <span className={styles.label}>Films</span>
          </Button>
          <Button
            data-testid="share-button"
            aria-label="Invite"
            aria-expanded={sharing}
            look="primary"
            className={styles.slim}
            onClick={() => onShare(!sharing)}
          >
            <Share2 size={17} aria-hidden="true" /> <span className={styles.label}>Invite</span>
          </Button>
        </div>
      )}
      {sharing && (
        <div className={styles.popover}>
          <SharePanel onClose={() => onShare(false)} />
        </div>
      )}
    </header>
  );
}
