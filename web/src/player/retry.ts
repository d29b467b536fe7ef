/** What to do about a film that does not come, decided without touching anything. */

/** Wait and ask again; ask for fresh addresses; or take it as the last word. */
export type Verdict = 'wait' | 'renew' | 'final';

/** Refusals that say "not now" rather than "no": timeout, too early, too many. */
const NOT_NOW = [408, 425, 429];

/** What an answer's status means; 0 is no answer at all. */
export function verdict(status: number): Verdict {
  if (status < 400 || status >= 500 || NOT_NOW.includes(status)) return 'wait';
  return status === 403 ? 'renew' : 'final';
}

/** What the server says of a part of a film that it could not make, though it tried. */
const FAILED_CODE = 'media_failed';
const UNPROCESSABLE = 422;
const FAILED = 500;

/**
 * Whether a refused part of a film is hopeless, and what lies behind it worth a try. A failure without a reason may
 * pass; when it is the `same` again and again, it does not.
 */
export function isDamage(status: number, code: string, same: boolean): boolean {
  return status === UNPROCESSABLE || (code === FAILED_CODE && same);
}

/** The same, as far as the status alone can tell. */
export function mayBeDamage(status: number, same: boolean): boolean {
  return status === UNPROCESSABLE || (status === FAILED && same);
}

/** Of an address's life: asking again this early leaves time for a server that is away for a while. */
const RENEW_AT = 0.75;
/** Where addresses can only be changed with a short break, a pause in the film is waited for until then. */
const LAST_CALL_AT = 0.95;
const LIFE_MIN_S = 20;

/** Ms after which addresses that live so long are renewed. */
export function renewAfter(expiresInS: number): number {
  return Math.max(LIFE_MIN_S, expiresInS) * RENEW_AT * 1_000;
}

/** Ms from there until the old addresses may no longer be used. */
export function lastCallAfter(expiresInS: number): number {
  return Math.max(LIFE_MIN_S, expiresInS) * (LAST_CALL_AT - RENEW_AT) * 1_000;
}

const TOKEN = /\/stream\/([^/?#]+)\//;

/** The part of a stream's address that expires. */
export function tokenOf(url: string): string | null {
  return TOKEN.exec(url)?.[1] ?? null;
}

/** The same address with another token; everything that is no stream stays as it is. */
export function withToken(url: string, token: string): string {
  return url.replace(TOKEN, () => `/stream/${token}/`);
}

/** After so long without a failure, the next one has nothing to do with those before. */
const PEACE_MS = 60_000;

/** Counts failures in a row. */
export class Strikes {
  private count = 0;
  private last = Number.NEGATIVE_INFINITY;

  /** One more. Says the how manieth of its row it is. */
  add(now: number): number {
    this.count = now - this.last > PEACE_MS ? 1 : this.count + 1;
    this.last = now;
    return this.count;
  }

  clear(): void {
    this.count = 0;
  }
}
