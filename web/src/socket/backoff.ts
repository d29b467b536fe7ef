const FIRST_MS = 250;
const LAST_MS = 10_000;

/**
 * How long to wait before the n-th try, with `chance` in 0..1. Full jitter: when a server comes back, its clients
 * must not all knock in the same instant.
 */
export function backoff(attempt: number, chance: number): number {
  const ceiling = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.max(50, ceiling * chance);
}
