import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./Lost.module.css";
import { Mark } from "./Mark";

/** A page that is not what was hoped for, with a way on. */
export function Lost({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <main className={styles.page}>
      <Mark />
      <svg className={styles.art} viewBox="0 0 120 60" aria-hidden="true">
        <circle cx="36" cy="30" r="24" fill="none" stroke="var(--amber)" strokeWidth="3" />
        <circle
          cx="84"
          cy="30"
          r="24"
          fill="none"
          stroke="var(--coral)"
          strokeWidth="3"
          strokeDasharray="7 8"
        />
      </svg>
      <h1 className={styles.title}>{title}</h1>
      <p className={styles.text}>{text}</p>
      {children}
      <Link href="/" className={styles.home}>
        To the films
      </Link>
    </main>
  );
}
