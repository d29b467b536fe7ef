import type { Member } from '../../api/types';
import { offset } from '../../app/words';
import styles from './People.module.css';
import { useRoom } from './visit';

/** Who is here, and how each one's player goes. */
export function People() {
  const members = useRoom((view) => view.members);
  const you = useRoom((view) => view.you);
  return (
    <section aria-labelledby="people-heading">
      <h2 id="people-heading" className={styles.heading}>
        In the room <span className={styles.count}>{members.length}</span>
      </h2>
      <ul className={styles.list} data-testid="people-list">
        {members.map((member) => (
          <li key={member.id} className={styles.member} data-testid="member" data-player={member.stat.player}>
            <span className={styles.face} style={{ background: colour(member.id) }} aria-hidden="true">
              {Array.from(member.name)[0]?.toUpperCase()}
              <span className={`${styles.dot} ${member.online ? styles[member.stat.player] : styles.gone}`} />
            </span>
            <span className={styles.name}>
              {member.name}
              {member.id === you && <span className={styles.tag}>you</span>}
              {member.host && <span className={styles.tag}>host</span>}
            </span>
            <span className={styles.state}>{words(member)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The golden angle spreads neighbours over the circle of colours. */
export function colour(member: number, lightness = 30): string {
  return `hsl(${Math.round((member * 137.5 + 20) % 360)}, 46%, ${lightness}%)`;
}

function words(member: Member): string {
  if (!member.online) return 'reconnecting';
  const { player, skew_ms: skew } = member.stat;
  switch (player) {
    case 'buffering':
      return 'loading';
    case 'blocked':
      return 'not playing';
    case 'away':
      return 'in the background';
    case 'idle':
      return '';
    default:
      return skew === null || skew === undefined ? '' : offset(skew);
  }
}
