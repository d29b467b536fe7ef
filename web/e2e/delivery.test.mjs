// How a film reaches one viewer, when not all is well: a browser that stumbles, a damaged part, a machine that is too
// slow; and that another picture is each viewer's own business. The server is the real one; what it cannot be made to
// say by a real file is put into its mouth on the way to the page, and named so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openViewer } from './support/browser.mjs';
import { FILMS, folderWith } from './support/library.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { measureFor, until } from './support/until.mjs';

const JSON_HEADERS = { 'content-type': 'application/json' };
const PROBLEM = 'application/problem+json';
/** A segment of these films is two seconds long. */
const SEGMENT_MS = 2_000;
const PATIENCE_MS = 40_000;
const TOGETHER_MS = 60;
/** The share of what a film needs that a bad line carries. */
const CARRIED = 0.7;

let server, browser, films, items;

before(async () => {
  films = await folderWith(await FILMS.remux(), await FILMS.direct());
  server = await startServer({ dirs: [films.dir] });
  items = await server.scanned();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
});

const film = (kind) => items.find((item) => item.title.toLowerCase().startsWith(kind));

async function makeRoom(kind) {
  const body = JSON.stringify({ media_id: film(kind).id });
  const room = await server.api('rooms', { method: 'POST', headers: JSON_HEADERS, body });
  return `${server.url}/r/${room.code}`;
}

const numberOf = (url) => Number(/\/(\d+)\.m4s$/.exec(new URL(url).pathname)?.[1]);

/** Says no to some segments of the picture, as the server does for what it cannot make. Answers which were asked for. */
async function breakSegments(viewer, broken, problem) {
  const asked = [];
  await viewer.page.route(/\/hls\/v[^/]*\/\d+\.m4s$/, (route) => {
    const n = numberOf(route.request().url());
    if (!broken(n)) return route.continue();
    asked.push(n);
    return route.fulfill({ status: problem.status, contentType: PROBLEM, body: JSON.stringify(problem) });
  });
  return asked;
}

test('a browser that cannot be fed before a segment is complete gets whole segments from then on', async () => {
  const viewer = await openViewer(browser, 'Ann');
  let poisoned = 0;
  await viewer.page.route(/\/hls\/v[^/]*\/0\.m4s$/, async (route) => {
    if (poisoned > 0) return route.continue();
    poisoned += 1;
    const response = await route.fetch();
    const body = await response.body();
    body.fill(0xff, 0, 600);
    return route.fulfill({ response, body });
  });
  await ui.openRoom(viewer, await makeRoom('remux'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  await ui.play(viewer);
  await ui.untilPlaying([viewer]);
  assert.equal(poisoned, 1);
  assert.equal(await ui.problem(viewer), '');
  const kept = await viewer.page.evaluate(() => localStorage.getItem('wp.whole-segments') === navigator.userAgent);
  assert.ok(kept, 'this version of this browser is remembered');
  await viewer.close();
});

test('a damaged part is said in the words of the server, and the film goes on behind it, together with the others', { timeout: 120_000 }, async () => {
  const [ann, ben] = [await openViewer(browser, 'Ann'), await openViewer(browser, 'Ben')];
  const detail = 'The picture is damaged from 0:06; it plays to there.';
  const asked = await breakSegments(ann, (n) => n === 3, { status: 422, code: 'damaged', title: 'Unprocessable', detail });
  const room = await makeRoom('remux');
  await ui.openRoom(ann, room);
  await ui.openRoom(ben, room);
  for (const viewer of [ann, ben]) await ui.untilLoaded(viewer, PATIENCE_MS);
  await ui.play(ben);
  const told = () => ann.page.evaluate(() => {
    const words = document.querySelector('[data-testid="trouble"]')?.textContent;
    return words ? { words, at: document.querySelector('video').currentTime * 1000 } : null;
  });
  const { words, at } = await until('Ann is told', told, PATIENCE_MS);
  assert.equal(words, detail);
  assert.ok(at > 2.5 * SEGMENT_MS && at < 4.5 * SEGMENT_MS, `told at ${at}`);
  await until('it plays behind the damage', async () => {
    const { position, paused, ready } = await ui.player(ann);
    return position > 4 * SEGMENT_MS + 500 && !paused && ready >= 3;
  }, PATIENCE_MS);
  await until('nothing is said any more', async () => (await ui.problem(ann)) === '', PATIENCE_MS);
  await until('they are together', async () => (await ui.spread([ann, ben])) < TOGETHER_MS, PATIENCE_MS);
  assert.deepEqual([...new Set(asked)], [3]);
  // Once by the player and once for the words.
  assert.ok(asked.length <= 2, `asked ${asked.length} times for what is hopeless`);
  await ann.close();
  await ben.close();
});

test('a part that fails in the server every time is not asked for without end', { timeout: 120_000 }, async () => {
  const viewer = await openViewer(browser, 'Ann');
  const detail = 'This part of the film cannot be converted.';
  const asked = await breakSegments(viewer, (n) => n >= 3, { status: 500, code: 'media_failed', title: 'Error', detail });
  await ui.openRoom(viewer, await makeRoom('remux'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  await ui.play(viewer);
  await until('the rest of the film was looked through', () => Math.max(...asked) >= 15, PATIENCE_MS);
  await until('it is said from where on', async () => /damaged from 0:06; it plays to there/.test(await ui.problem(viewer)), PATIENCE_MS);
  await until('nothing more is asked for', quiet(() => asked.length), PATIENCE_MS);
  assert.ok(new Set(asked).size < 12, `asked for ${[...new Set(asked)]}`);
  await viewer.close();
});

/** True when a count has not changed for three seconds. */
function quiet(count) {
  let [last, since] = [count(), performance.now()];
  return () => {
    if (count() !== last) [last, since] = [count(), performance.now()];
    return performance.now() - since > 3_000;
  };
}

/** A smaller picture in the master playlist, where this machine would not offer one by itself. The segments are real. */
async function offerSmall(viewer) {
  await viewer.page.route(/\/hls\/master\.[^/]*\.m3u8$/, async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const sound = /#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="([^"]+)"/.exec(text);
    const small = `#EXT-X-STREAM-INF:BANDWIDTH=1700000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=854x480${sound ? `,AUDIO="${sound[1]}"` : ''}\nv480/index.m3u8\n`;
    await route.fulfill({ response, body: /v480\//.test(text) ? text : text + small });
  });
}

const heightOf = async (viewer) => (await ui.player(viewer)).height;

for (const kind of ['direct', 'remux']) {
  test(`another picture is chosen by one viewer for themselves, with the keyboard, and kept (${kind})`, { timeout: 180_000 }, async () => {
    const [ann, ben] = [await openViewer(browser, 'Ann'), await openViewer(browser, 'Ben')];
    await offerSmall(ann);
    // Not left to the page: on a busy machine Auto takes a smaller picture by itself.
    await ben.page.addInitScript(() => localStorage.setItem('wp.quality', 'original'));
    const room = await makeRoom(kind);
    await ui.openRoom(ann, room);
    await ui.openRoom(ben, room);
    for (const viewer of [ann, ben]) await ui.untilLoaded(viewer, PATIENCE_MS);
    assert.equal(await heightOf(ann), 1080, 'the best picture is the first');
    await ui.play(ann);
    await ui.untilPlaying([ann, ben]);
    await until('there is something to choose', () => ui.openQuality(ann).then((names) => names.includes('480p')), PATIENCE_MS);
    const focused = () => ann.page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    for (let n = 0; n < 8 && (await focused()) !== 'quality-480'; n++) await ann.page.keyboard.press('ArrowDown');
    await ann.page.keyboard.press('Enter');
    await until('Ann has the smaller picture', async () => (await heightOf(ann)) === 480, PATIENCE_MS);
    await ui.untilPlaying([ann, ben], PATIENCE_MS);
    await until('they are together', async () => (await ui.spread([ann, ben])) < TOGETHER_MS, PATIENCE_MS);
    assert.equal(await heightOf(ben), 1080, 'nobody else is touched');
    await ui.seek(ben, 1_000);

    await ann.page.reload();
    await ui.untilInside(ann);
    await until('it is the smaller picture after a reload', async () => (await heightOf(ann)) === 480, PATIENCE_MS);
    await ui.untilPlaying([ann], PATIENCE_MS);
    await ui.seek(ann, 2_000);
    await ui.openQuality(ann);
    await ui.part(ann, 'quality-original').click();
    await until('Ann has the original again', async () => (await heightOf(ann)) === 1080, PATIENCE_MS);
    await ui.untilPlaying([ann, ben], PATIENCE_MS);
    await ann.close();
    await ben.close();
  });
}

test('who joins a running room while a playlist takes its time waits for it, and asks for it once', { timeout: 120_000 }, async () => {
  const [ann, ben] = [await openViewer(browser, 'Ann'), await openViewer(browser, 'Ben')];
  const room = await makeRoom('remux');
  await ui.openRoom(ann, room);
  await ui.untilLoaded(ann, PATIENCE_MS);
  await ui.play(ann);
  await ui.untilPlaying([ann], PATIENCE_MS);
  let asked = 0;
  await ben.page.route(/\/hls\/master\.[^/]*\.m3u8$/, async (route) => {
    asked += 1;
    await new Promise((go) => setTimeout(go, 7_000));
    return route.continue();
  });
  await ui.openRoom(ben, room);
  await ui.untilPlaying([ben], PATIENCE_MS);
  assert.equal(asked, 1);
  for (const viewer of [ann, ben]) await viewer.close();
});

test('where the film’s own picture cannot be decoded, a converted one is taken', { timeout: 120_000 }, async () => {
  const viewer = await openViewer(browser, 'Ann');
  await offerSmall(viewer);
  await viewer.page.route(/\/hls\/vcopy\/\d+\.m4s$/, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body.fill(0xff, body.indexOf('mdat') + 4);
    return route.fulfill({ response, body });
  });
  await ui.openRoom(viewer, await makeRoom('remux'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  // Which of the converted ones is the machine's affair.
  assert.ok([480, 360].includes(await heightOf(viewer)));
  await ui.play(viewer);
  await ui.untilPlaying([viewer], PATIENCE_MS);
  assert.match(await ui.textOf(viewer, 'delivery-line'), /could not decode/);
  assert.equal(await ui.problem(viewer), '');
  await viewer.close();
});

test('a file that the connection does not carry becomes a smaller picture by itself', { timeout: 120_000 }, async () => {
  const viewer = await openViewer(browser, 'Ann');
  await offerSmall(viewer);
  const { size, duration_ms } = await server.api(`media/${film('direct').id}`);
  const line = await viewer.page.context().newCDPSession(viewer.page);
  await line.send('Network.enable');
  const downloadThroughput = (size / duration_ms) * 1_000 * CARRIED;
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput, uploadThroughput: -1 });
  await ui.openRoom(viewer, await makeRoom('direct'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  assert.match(await ui.textOf(viewer, 'delivery-line'), /direct/i);
  await until('there is another picture', () => ui.openQuality(viewer).then((names) => names.includes('480p')), PATIENCE_MS);
  await ui.play(viewer);
  await until('it is a smaller picture', async () => (await heightOf(viewer)) === 480, 80_000);
  assert.match(await ui.textOf(viewer, 'delivery-line'), /too much/);
  await viewer.close();
});

test('seeks by less than a segment, while one is still being converted, leave no hole behind', { timeout: 120_000 }, async () => {
  const viewer = await openViewer(browser, 'Ann');
  await offerSmall(viewer);
  await viewer.page.addInitScript(() => localStorage.setItem('wp.quality', '480'));
  await ui.openRoom(viewer, await makeRoom('remux'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  await ui.play(viewer);
  await ui.untilPlaying([viewer], PATIENCE_MS);
  for (let n = 0; n < 12; n++) {
    await ui.seek(viewer, 10_000 + n * 1_300);
    // As fast as a hand on the arrow keys: some come while a part is half loaded.
    await measureFor(60 + n * 37);
  }
  await ui.untilPlaying([viewer], PATIENCE_MS);
  assert.equal(await heightOf(viewer), 480);
  await viewer.close();
});

test('who comes to a film that is over stands at its end, and seeks no more', async () => {
  const [ann, ben] = [await openViewer(browser, 'Ann'), await openViewer(browser, 'Ben')];
  const room = await makeRoom('direct');
  await ui.openRoom(ann, room);
  await ui.untilLoaded(ann, PATIENCE_MS);
  await ui.seek(ann, film('direct').duration_ms - 2_000);
  await ui.play(ann);
  await until('the film is over', async () => {
    const { position, paused } = await ui.player(ann);
    return paused && position > film('direct').duration_ms - 500;
  }, PATIENCE_MS);
  await ui.openRoom(ben, room);
  await until('Ben is at the end', async () => {
    const { position, seeking, ready } = await ui.player(ben);
    return position > film('direct').duration_ms - 500 && !seeking && ready >= 2;
  }, PATIENCE_MS);
  const seeks = await ben.page.evaluate(() => new Promise((resolve) => {
    let count = 0;
    document.querySelector('video').addEventListener('seeking', () => (count += 1));
    setTimeout(() => resolve(count), 1_500);
  }));
  assert.equal(seeks, 0);
  await ann.close();
  await ben.close();
});

test('a machine that is too slow says when it will be ready, and the film starts by itself then', async () => {
  const viewer = await openViewer(browser, 'Ann');
  let wait_ms = 130_000;
  await viewer.page.route(/\/playback\?/, async (route) => {
    const response = await route.fetch();
    const notes = ['The picture is damaged from 12:31.'];
    await route.fulfill({ response, json: { ...(await response.json()), wait_ms, notes } });
  });
  await ui.openRoom(viewer, await makeRoom('remux'));
  await ui.untilLoaded(viewer, PATIENCE_MS);
  assert.match(await ui.textOf(viewer, 'buffer-first'), /ready in 2 min/);
  assert.match(await ui.textOf(viewer, 'delivery-notes'), /damaged from 12:31/);
  await ui.part(viewer, 'big-play').click();
  await until('it says that it will start', async () => /starts in 2 min/i.test(await ui.textOf(viewer, 'big-play')));
  assert.ok((await ui.player(viewer)).paused);
  wait_ms = null;
  await ui.untilPlaying([viewer], PATIENCE_MS);
  assert.equal(await ui.textOf(viewer, 'buffer-first'), '');
  await viewer.close();
});
