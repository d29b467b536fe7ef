// Measures inside the page, from the gesture's own time stamp to requestVideoFrameCallback.
import { until } from '../support/until.mjs';

/** Runs in the page before anything of the product. */
function install() {
  const seen = { gestures: [], frames: [] };
  globalThis.__stopwatch = seen;
  for (const kind of ['click', 'input']) {
    document.addEventListener(kind, (event) => seen.gestures.push({ kind, at: event.timeStamp }), { capture: true });
  }
  const watched = new WeakSet();
  const watch = () => {
    const video = document.querySelector('video');
    if (!video || watched.has(video)) return;
    watched.add(video);
    const onFrame = (_, metadata) => {
      seen.frames.push({ at: performance.now(), mediaTime: metadata.mediaTime * 1000 });
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  };
  new MutationObserver(watch).observe(document, { childList: true, subtree: true });
}

/** @param {import('../support/browser.mjs').Viewer} viewer */
export const installStopwatch = (viewer) => viewer.page.addInitScript(install);

/**
 * Does the gesture and answers the ms from its time stamp to the first frame after it that `counts`.
 * @param {import('../support/browser.mjs').Viewer} viewer
 * @param {'click' | 'input'} kind
 * @param {() => Promise<void>} gesture
 * @param {{from?: number, to?: number, deadlineMs?: number}} [counts] media time in ms that the frame must have
 */
export async function timeToFrame(viewer, kind, gesture, { from = -1, to = Number.MAX_VALUE, deadlineMs = 20_000 } = {}) {
  const before = await viewer.page.evaluate(() => globalThis.__stopwatch.gestures.length);
  await gesture();
  return until(`a frame after the ${kind}`, () => viewer.page.evaluate(({ kind, before, from, to }) => {
    const { gestures, frames } = globalThis.__stopwatch;
    const gesture = gestures.slice(before).find((g) => g.kind === kind);
    const frame = gesture && frames.find((f) => f.at >= gesture.at && f.mediaTime >= from && f.mediaTime <= to);
    return frame ? frame.at - gesture.at : null;
  }, { kind, before, from, to }), deadlineMs);
}
