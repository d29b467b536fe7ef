// The picture at position P is the frame that belongs to P, whichever way the film is delivered: the number in the pixels of the
// generated films must fit the element's position after every seek.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join as path } from 'node:path';

import { launch, openViewer } from './support/browser.mjs';
import { generatedLibrary } from './support/library.mjs';
import { shownNow } from './support/record.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const SEEK_MS_MAX = 15_000;
/** Places in a film, as shares of its length; out of order, so that nothing is merely played past. */
const PLACES = [0.5, 0.13, 0.82, 0.31];
/** The players rest within this of where they should. */
const REST_MS = 60;

/** Numbers that do not count frames from the start at the stream's rate (see the README of the test media). */
const COUNTS = {
  'vfr.mp4': 60,
  'vfr.mkv': 60,
};
const REPEATS_EVERY = { 'two_hours.mp4': 7200 };
/** The number runs on over a gap in time, or the film has no picture. */
const NOT_COUNTING = new Set(['resolution_change.ts']);

let server, browser;
before(async () => {
  const library = await generatedLibrary();
  server = await startServer({ dirs: ['films', 'timing', 'containers', 'shape', 'long'].map((f) => path(library, f)) });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Seeks to `target` and answers what is wrong with the frame shown there; empty when nothing. */
async function check(viewer, { file_name: name, duration_ms }, fps, share) {
  const target = Math.round(duration_ms * share);
  await ui.seek(viewer, target);
  const right = (seen) => {
    if (!seen?.marker || seen.seeking || Math.abs(seen.position - target) > REST_MS) return false;
    const every = REPEATS_EVERY[name] ?? Number.MAX_SAFE_INTEGER;
    const expected = Math.floor((seen.position / 1000) * fps + 1e-6) % every;
    // Variable rate: the last frame stays up until the next one.
    return COUNTS[name] ? seen.marker.frame <= expected && seen.marker.frame > expected - COUNTS[name] : Math.abs(seen.marker.frame - expected) <= 1;
  };
  let last = null;
  try {
    await until('the right frame', async () => {
      last = await shownNow(viewer);
      return right(last);
    }, SEEK_MS_MAX);
    return '';
  } catch {
    const expected = last ? ((last.position / 1000) * fps).toFixed(2) : '?';
    return `at ${target} ms: shows ${JSON.stringify(last)}, expected frame ${expected}; page: ${await ui.problem(viewer)}`;
  }
}

test('after every seek the pixels name the frame of that position', { timeout: 600_000 }, async () => {
  const wrong = [];
  for (const item of await server.scanned()) {
    if (!item.playable) continue;
    const detail = await server.api(`media/${item.id}`);
    const video = detail.streams.find((s) => s.kind === 'video' && s.width > 0);
    const fps = COUNTS[detail.file_name] ?? video?.fps;
    if (!fps || NOT_COUNTING.has(detail.file_name)) continue;
    const room = await server.api('rooms', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ media_id: item.id }),
    });
    const viewer = await openViewer(browser, 'Ann', { viewport: { width: 800, height: 600 } });
    await ui.openRoom(viewer, `${server.url}/r/${room.code}`);
    const loads = await ui.untilLoaded(viewer, SEEK_MS_MAX).then(() => true, () => false);
    const found = [];
    if (!loads) found.push(`does not load: ${await ui.words(viewer)}`);
    else for (const share of PLACES) {
      const finding = await check(viewer, detail, fps, share);
      if (finding) found.push(finding);
    }
    console.log(`${detail.file_name.padEnd(34)} ${(await ui.textOf(viewer, 'delivery-line')).slice(0, 60).padEnd(60)} ${fps.toFixed(3)} fps  ${found.length ? found.join(' | ') : 'right'}`);
    wrong.push(...found.map((f) => `${detail.file_name} ${f}`));
    await viewer.close();
  }
  assert.deepEqual(wrong, []);
});
