// Waiting for facts: every wait has a deadline and says what it waited for.
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 25;

/**
 * Calls `fact` until it answers something truthy, and answers that.
 * @template T
 * @param {string} what said when the deadline passes
 * @param {() => T | Promise<T>} fact
 * @param {number} [deadlineMs]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, fact, deadlineMs = 10_000) {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await fact();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/**
 * Lets the clock of the wall run for as long as a measurement is meant to last (never to wait for something to happen).
 * @param {number} ms
 */
export const measureFor = (ms) => pause(ms);
