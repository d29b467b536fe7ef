// How far apart pages are, computed after the fact from what was recorded beside the product. Pure: no browser, no clock.
//
// Two numbers, never averaged into one:
//   media-clock skew   |currentTime of page i - currentTime of page j| at one instant of the host's monotonic clock
//   frame difference   |number of the decoded frame that page i shows - the one page j shows| at one instant
//
// "Shows at instant t": the frame of the last requestVideoFrameCallback whose expectedDisplayTime is <= t. Callbacks are
// best effort: where presentedFrames says that one was missed, the page's frame is unknown until the next callback, and
// that instant is not compared (the share of compared instants is reported and must not be small). Two screens
// refresh at unrelated phases, so an instant of one screen is known no better than one refresh: the difference at t is the smallest
// difference to what the other page shows anywhere in [t - refresh, t + refresh]. The difference without that allowance
// is reported beside it.

export const GRID_MS = 50;
export const SAMPLE_HZ = 40;
export const REFRESH_MS = 1000 / 60;

/** A gap between samples longer than this is not interpolated across. */
const GAP_MS_MAX = 150;
/** A frame that stays longer than this without a callback is not taken as shown (paused pages are never compared). */
const FRAME_MS_MAX = 250;
/** A page must give this share of the samples it should. */
const SAMPLE_SHARE_MIN = 0.9;
/** The film must have moved by this share of the window; a stuck player is in perfect sync with another one. */
const ADVANCE_SHARE_MIN = 0.9;
const ADVANCE_SHARE_MAX = 1.1;
/** A film that goes back by more than this inside a window looped or was moved. */
const BACK_MS_MAX = 500;

/**
 * @typedef {{t: number, x: number, paused: boolean, rate: number}} Sample   host clock and film position, both in ms
 * @typedef {{t: number, frame: number | null, presented: number, mediaTime: number}} Shown
 * @typedef {{name: string, samples: Sample[], frames: Shown[]}} Page
 * @typedef {{from: number, to: number}} Window
 */

/**
 * @param {number[]} values
 * @param {number} share 0..1; nearest rank
 */
export function percentile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** @param {number[]} values */
export function summary(values) {
  return {
    n: values.length,
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
    p99: percentile(values, 0.99),
    max: values.length ? Math.max(...values) : Number.NaN,
  };
}

/** Index of the last entry with `t` <= the instant, or -1. */
function lastAt(entries, t) {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].t <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Film position of a page at an instant, or null when nothing near was recorded.
 * @param {Sample[]} samples
 * @param {number} t
 */
export function positionAt(samples, t) {
  const i = lastAt(samples, t);
  if (i < 0) return null;
  const a = samples[i];
  if (a.t === t) return a.x;
  const b = samples[i + 1];
  if (!b || b.t - a.t > GAP_MS_MAX) return null;
  return a.x + ((b.x - a.x) * (t - a.t)) / (b.t - a.t);
}

/** The instants of a window's grid. */
function* grid({ from, to }) {
  for (let t = Math.ceil(from / GRID_MS) * GRID_MS; t <= to; t += GRID_MS) yield t;
}

/** Every pair of a list. */
function* pairs(list) {
  for (let i = 0; i < list.length; i++) for (let j = i + 1; j < list.length; j++) yield [list[i], list[j]];
}

/**
 * Media-clock skew over all pairs and instants.
 * @param {Page[]} pages
 * @param {Window} window
 */
export function clockSkew(pages, window) {
  const values = [];
  for (const t of grid(window)) {
    for (const [a, b] of pairs(pages)) {
      const xa = positionAt(a.samples, t);
      const xb = positionAt(b.samples, t);
      if (xa !== null && xb !== null) values.push(Math.abs(xa - xb));
    }
  }
  return summary(values);
}

/**
 * The number of the frame a page shows at an instant, or null when unknown.
 * @param {Shown[]} frames
 * @param {number} t
 */
export function frameAt(frames, t) {
  const i = lastAt(frames, t);
  const shown = frames[i];
  const next = frames[i + 1];
  if (!shown || !next || shown.frame === null) return null;
  if (next.presented !== shown.presented + 1 || next.t - shown.t > FRAME_MS_MAX) return null;
  return shown.frame;
}

/** Smallest difference between frame `n` and what `frames` shows within one refresh of `t`; null when unknown. */
function nearestDifference(n, frames, t) {
  let best = null;
  for (const at of [t - REFRESH_MS, t, t + REFRESH_MS]) {
    const other = frameAt(frames, at);
    if (other !== null) best = Math.min(best ?? Number.POSITIVE_INFINITY, Math.abs(n - other));
  }
  return best;
}

/**
 * Difference of the decoded frame numbers over all pairs and instants.
 * @param {Page[]} pages
 * @param {Window} window
 */
export function frameDifference(pages, window) {
  const strict = [];
  const allowed = [];
  let asked = 0;
  for (const t of grid(window)) {
    for (const [a, b] of pairs(pages)) {
      asked++;
      const na = frameAt(a.frames, t);
      const nb = frameAt(b.frames, t);
      if (na === null || nb === null) continue;
      strict.push(Math.abs(na - nb));
      allowed.push(Math.min(nearestDifference(na, b.frames, t) ?? Math.abs(na - nb), nearestDifference(nb, a.frames, t) ?? Math.abs(na - nb)));
    }
  }
  const within = (list) => list.filter((d) => d <= 1).length / Math.max(1, list.length);
  return {
    compared: strict.length / Math.max(1, asked),
    strict: { ...summary(strict), withinOne: within(strict) },
    allowed: { ...summary(allowed), withinOne: within(allowed) },
  };
}

/**
 * The longest time in which a page could not even be sampled, in ms. A machine that starves the recorder starves the players too:
 * what was measured then says nothing about the product, in either direction.
 * @param {Page[]} pages
 * @param {Window} window
 */
export function longestGap(pages, { from, to }) {
  let longest = 0;
  for (const { samples } of pages) {
    let last = from;
    for (const { t } of samples) {
      if (t < from || t > to) continue;
      longest = Math.max(longest, t - last);
      last = t;
    }
    longest = Math.max(longest, to - last);
  }
  return longest;
}

/**
 * Reasons why a run must not be believed. An empty list is needed before any number counts.
 * @param {Page[]} pages
 * @param {Window} window
 * @param {number} expectedPages
 * @returns {string[]}
 */
export function objections(pages, window, expectedPages) {
  const found = [];
  if (pages.length < expectedPages) found.push(`only ${pages.length} of ${expectedPages} pages report`);
  const length = window.to - window.from;
  for (const page of pages) {
    const inside = page.samples.filter((s) => s.t >= window.from && s.t <= window.to);
    const expected = (length / 1000) * SAMPLE_HZ;
    if (inside.length < expected * SAMPLE_SHARE_MIN) {
      found.push(`${page.name}: ${inside.length} of ${Math.round(expected)} samples`);
    }
    if (inside.length < 2) continue;
    const paused = inside.filter((s) => s.paused).length;
    if (paused > 0) found.push(`${page.name}: paused in ${paused} samples`);
    let back = 0;
    for (let i = 1; i < inside.length; i++) back = Math.max(back, inside[i - 1].x - inside[i].x);
    if (back > BACK_MS_MAX) found.push(`${page.name}: went back by ${Math.round(back)} ms`);
    const share = (inside[inside.length - 1].x - inside[0].x) / (inside[inside.length - 1].t - inside[0].t);
    if (share < ADVANCE_SHARE_MIN || share > ADVANCE_SHARE_MAX) {
      found.push(`${page.name}: the film moved ${share.toFixed(3)} s per second`);
    }
  }
  return found;
}

/**
 * First instant from which the spread of all pages stays within `limit` ms until the end of the window; null when never.
 * Instants at which a page is unknown decide nothing.
 * @param {Page[]} pages
 * @param {Window} window
 * @param {number} limit
 */
export function settledAt(pages, window, limit) {
  let since = null;
  for (const t of grid(window)) {
    const xs = pages.map((page) => positionAt(page.samples, t));
    if (xs.some((x) => x === null)) continue;
    const spread = Math.max(.../** @type {number[]} */ (xs)) - Math.min(.../** @type {number[]} */ (xs));
    if (spread <= limit) since ??= t;
    else since = null;
  }
  return since;
}
