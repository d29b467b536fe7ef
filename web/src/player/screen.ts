/** What the screen in a hand can show. */

const SMALL_PX = 600;
/** More pixels per point than this cannot be told apart at arm's length. */
const DENSITY_MAX = 2;

/** Lines of a phone's screen, held either way; null for everything larger, which may be full screen at any time. */
export function smallScreenLines(): number | null {
  const short = Math.min(window.screen.width, window.screen.height);
  const byFinger = window.matchMedia('(pointer: coarse)').matches;
  if (!byFinger || short === 0 || short > SMALL_PX) return null;
  return Math.round(short * Math.min(window.devicePixelRatio || 1, DENSITY_MAX));
}
