import { offset } from '../../app/words';
import styles from './StatusStrip.module.css';
import { useRoom } from './visit';

/** What this viewer gets, and how far off the room's position it is. */
export function StatusStrip() {
  const inside = useRoom((view) => view.phase === 'in');
  const delivery = useRoom((view) => view.delivery);
  const report = useRoom((view) => view.report);
  if (!inside) return <div className={styles.strip} />;
  return (
    <div className={styles.strip}>
      <p className={styles.delivery} data-testid="delivery-line" title={delivery?.reason}>
        {delivery?.reason ?? ''}
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

const WORDS = {
  idle: 'Nothing on',
  buffering: 'Loading',
  in_sync: 'In sync',
  catching_up: 'Catching up',
  away: 'In the background',
  blocked: 'Not playing',
} as const;
