/** Fetches one thing for as long as the reason why it does not come is one that passes. */
import { backoff } from '../../socket/backoff';

/** These say no for good. A 403 is an address that has expired, which is soon replaced. */
const FINAL = [400, 404, 410, 422];

/**
 * The bytes; null when the server has said no, or after so many tries, or when nobody waits any more. `url` is asked
 * before each try, because addresses are renewed.
 */
export async function patiently(
  url: () => string,
  wanted: () => boolean,
  triesMax = Number.POSITIVE_INFINITY,
): Promise<Uint8Array | null> {
  for (let tries = 0; wanted() && tries < triesMax; tries += 1) {
    if (tries > 0) await new Promise((go) => setTimeout(go, backoff(tries - 1, Math.random())));
    if (!wanted()) return null;
    try {
      const response = await fetch(url());
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      if (FINAL.includes(response.status)) return null;
    } catch {
      // Not there at the moment.
    }
  }
  return null;
}
