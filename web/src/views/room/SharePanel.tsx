import { Check, Copy, X } from 'lucide-react';
import { Button, IconButton } from '../../ui/Button';
import { useCopy } from '../../ui/useCopy';
import styles from './SharePanel.module.css';
import { useRoom } from './visit';

/** The link and its picture for a phone's camera. */
export function SharePanel({ onClose }: { onClose?: () => void }) {
  const room = useRoom((view) => view.room);
  const { field, copy, copied, failed } = useCopy();
  if (!room) return null;
  return (
    <section className={styles.panel} aria-label="Invite people">
      <div className={styles.head}>
        <h2 className={styles.title}>Invite people</h2>
        {onClose && (
          <IconButton label="Close" onClick={onClose} className={styles.close}>
            <X size={18} aria-hidden="true" />
          </IconButton>
        )}
      </div>
      <div className={styles.pair}>
        <span className={styles.paper}>
          <img
            data-testid="share-qr"
            src={room.qr_url}
            alt={`QR code of the link to this room, ${room.url}`}
          />
        </span>
        <p className={styles.hint}>
          Point a phone’s camera at the code, or send the link. Room code:{' '}
          <strong>{spaced(room.code)}</strong>
        </p>
      </div>
      <div className={styles.row}>
        <input
          ref={field}
          data-testid="share-link"
          className={styles.link}
          readOnly
          value={room.url}
          aria-label="Link to this room"
          onFocus={(event) => event.target.select()}
        />
        <Button data-testid="share-copy" onClick={copy} className={styles.copy}>
          {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p className={failed ? styles.hint : 'visually-hidden'} role="status">
        {copied && 'Copied.'}
        {failed && 'The browser does not allow that: copy the link by hand.'}
      </p>
    </section>
  );
}

/** Two groups are easier to read aloud. */
function spaced(code: string): string {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}
