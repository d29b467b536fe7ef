// Records what a page really does, beside the product and without asking it: position and state of the <video> at 40 Hz, and
// for every presented frame its times and the number read from its pixels.
import { clockOffset } from './browser.mjs';
import { readMarker } from './marker.mjs';
import { SAMPLE_HZ } from './skew.mjs';

/** Runs in the page. Samples are flat rows, so that ten minutes of them travel well. */
function install({ reader, periodMs }) {
  if (globalThis.__recorder) return;
  const readMarker = new Function(`return (${reader})`)();
  const W = 320;
  const H = 180;
  const canvas = new OffscreenCanvas(W, H);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const recorder = { samples: [], frames: [] };
  globalThis.__recorder = recorder;

  const sample = () => {
    const video = document.querySelector('video');
    if (!video) return;
    const before = performance.now();
    const x = video.currentTime;
    const after = performance.now();
    recorder.samples.push([(before + after) / 2, x * 1000, video.paused || video.ended ? 1 : 0, video.playbackRate, video.readyState, video.seeking ? 1 : 0]);
  };
  setInterval(sample, periodMs);

  const watched = new WeakSet();
  const watch = () => {
    const video = document.querySelector('video');
    if (!video || watched.has(video)) return;
    watched.add(video);
    const onFrame = (now, metadata) => {
      sample();
      context.drawImage(video, 0, 0, W, H);
      const marker = readMarker(context.getImageData(0, 0, W, H / 18).data, W, H);
      recorder.frames.push([
        metadata.expectedDisplayTime, marker ? marker.frame : -1, metadata.presentedFrames, metadata.mediaTime * 1000, now, marker ? marker.id : -1,
      ]);
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  };
  watch();
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true });
}

/**
 * Starts recording in the page as it is now; after a reload it must be started again.
 * @param {import('./browser.mjs').Viewer} viewer
 */
export async function startRecording(viewer) {
  await viewer.page.evaluate(install, { reader: readMarker.toString(), periodMs: 1000 / SAMPLE_HZ });
}

/**
 * Everything recorded so far, on the host's clock.
 * @param {import('./browser.mjs').Viewer} viewer
 */
export async function recording(viewer) {
  const offset = await clockOffset(viewer);
  const raw = await viewer.page.evaluate(() => globalThis.__recorder);
  return {
    name: viewer.name,
    samples: raw.samples.map(([t, x, paused, rate, ready, seeking]) => ({ t: t + offset, x, paused: paused === 1, rate, ready, seeking: seeking === 1 })),
    frames: raw.frames.map(([t, frame, presented, mediaTime, now, id]) => ({ t: t + offset, frame: frame < 0 ? null : frame, presented, mediaTime, now: now + offset, id })),
  };
}

/**
 * Now, on the host's clock, as the page's process reads it.
 * @param {import('./browser.mjs').Viewer} viewer
 */
export async function hostNow(viewer) {
  return (await clockOffset(viewer)) + (await viewer.page.evaluate(() => performance.now()));
}

/** Runs in the page: the marker in the picture as it is now. */
function look(reader) {
  const video = document.querySelector('video');
  if (!video?.videoWidth) return null;
  const W = 320;
  const H = 180;
  const canvas = new OffscreenCanvas(W, H);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, W, H);
  const marker = new Function(`return (${reader})`)()(context.getImageData(0, 0, W, H / 18).data, W, H);
  return { marker, position: video.currentTime * 1000, seeking: video.seeking, ready: video.readyState };
}

/**
 * Which frame a page shows now, read from its pixels, and where its element says that it is.
 * @param {import('./browser.mjs').Viewer} viewer
 */
export function shownNow(viewer) {
  return viewer.page.evaluate(look, readMarker.toString());
}
