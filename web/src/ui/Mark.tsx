import { Link } from "wouter";
import styles from "./Mark.module.css";

/** The mark: two people's circles, and where they meet the film runs. */
export function Mark({ small = false }: { small?: boolean }) {
  return (
    <Link href="/" className={styles.mark} aria-label="watchparty, first page">
      <svg viewBox="0 0 36 24" width={small ? 33 : 39} height={small ? 22 : 26} aria-hidden="true">
        <circle cx="13" cy="12" r="9.5" fill="none" stroke="var(--amber)" strokeWidth="2.6" />
        <circle cx="23" cy="12" r="9.5" fill="none" stroke="var(--coral)" strokeWidth="2.6" />
        <path d="M15.4 8v8l6.2-4z" fill="var(--text)" />
      </svg>
      <span className={small ? styles.wordSmall : styles.word}>watchparty</span>
    </Link>
  );
}
