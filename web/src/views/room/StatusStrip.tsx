import { TriangleAlert } from 'lucide-react';
import { offset } from '../../app/words';
import styles from './StatusStrip.module.css';
import { useRoom } from './visit';

/** What this viewer gets, and how far off the room's position it is. */
export function StatusStrip() {
  const inside = useRoom((view) => view.phase === 'in');
  const delivery = useRoom((view) => view.delivery);
  const picture = useRoom((view) => view.picture);
  const report = useRoom((view) => view.report);
  const notes = delivery?.notes ?? NO_NOTES;
  if (!inside) return <div className={styles.strip} />;
  return (
    <div className={styles.strip}>
      <p className={styles.delivery} title={[delivery?.reason ?? '', ...notes].join('\n')}>
        <span data-testid="delivery-line">{delivery?.reason ?? ''}</span>
        {picture && !picture.original && <span> · {picture.lines}p</span>}
        {notes.length > 0 && (
          <span className={styles.notes} data-testid="delivery-notes">
            <TriangleAlert size={14} aria-hidden="true" /> {notes.join(' ')}
          </span>
        )}
      </p>
      <p className={styles.sync}>
        <span className={`${styles.dot} ${styles[report.status]}`} aria-hidden="true" />
        <span className={styles.word}>{WORDS[report.status]}</span>
        <span className={styles.number} data-testid="sync-line">
          {report.skew === null ? '' : offset(report.skew)}
        </span>
      </p>
    </div>
  );
}

const NO_NOTES: string[] = [];

const WORDS = {
  idle: 'Nothing on',
  buffering: 'Loading',
  in_sync: 'In sync',
  catching_up: 'Catching up',
  away: 'In the background',
  blocked: 'Not playing',
} as const;
