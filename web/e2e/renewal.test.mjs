// A film outlasts its addresses, and a server that has hiccups: neither may end it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertNoComplaints, launch, openViewer } from './support/browser.mjs';
import { FILMS, folderWith } from './support/library.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

/** The shortest life that the page believes; it renews after three quarters of it. */
const LIFE_S = 20;
const RENEWED_MS_MAX = 25_000;
const ARRIVES_MS_MAX = 20_000;

let browser, films, server, listed;
before(async () => {
  films = await folderWith(await FILMS.direct(), await FILMS.remux(), 'bbb_full_10min_216p.mp4');
  server = await startServer({ dirs: [films.dir] });
  listed = await server.scanned();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
});

const filmOf = (word) => listed.find((item) => item.title.toLowerCase().includes(word));
const tokenIn = (url) => /\/stream\/([^/]+)\//.exec(url)?.[1];

async function enter(viewer, film) {
  const body = JSON.stringify({ media_id: film.id });
  const room = await server.api('rooms', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await ui.openRoom(viewer, `${server.url}/r/${room.code}`);
}

/** The film is at its new place, and could go on. */
const arrives = (viewer, position) =>
  until('the film is at its new place', async () => {
    const now = await ui.player(viewer);
    return now.position > position - 1_000 && now.ready >= 3;
  }, ARRIVES_MS_MAX).catch(async (error) => {
    throw new Error(`${error.message}; ${JSON.stringify(await ui.player(viewer))}; ${await ui.words(viewer)}`);
  });

/** Between page and server: addresses live shortly, and `dead` ones are refused. */
async function shortLives(viewer, slow = false) {
  const tokens = [];
  const dead = new Set();
  const refused = [];
  await viewer.page.route('**/playback?*', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    tokens.push(tokenIn(json.master_url));
    await route.fulfill({ response, json: { ...json, expires_in: LIFE_S } });
  });
  await viewer.page.route('**/stream/**', async (route) => {
    const url = route.request().url();
    if (dead.has(tokenIn(url))) return refuse(route, url);
    // The page would have the whole film before its first address is old.
    if (slow && /\/[6-9]\.m4s|\d\d\.m4s/.test(url)) await until('the renewal', () => tokens.length >= 2, RENEWED_MS_MAX);
    return route.continue();
  });
  const refuse = (route, url) => {
    refused.push(url);
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"code":"stream_expired","detail":"Expired.","status":403}' });
  };
  return { tokens, dead, refused };
}

test('a stream gets fresh addresses while it plays, and old ones are never asked again', { timeout: 120_000 }, async () => {
  const ann = await openViewer(browser, 'Ann');
  const net = await shortLives(ann, true);
  await enter(ann, filmOf('remux'));
  await ui.untilLoaded(ann);
  await ui.play(ann);
  await ui.untilPlaying([ann]);
  await until('the addresses are renewed', () => net.tokens.length >= 2, RENEWED_MS_MAX);
  assert.notEqual(net.tokens[0], net.tokens[1]);
  await until('the new address is used', () => ann.requests.some((url) => tokenIn(url) === net.tokens[1]));
  net.dead.add(net.tokens[0]);
  const element = await ann.page.evaluate(() => document.querySelector('video').src);
  await ui.seek(ann, 52_000);
  await arrives(ann, 52_000);
  assert.equal(await ann.page.evaluate(() => document.querySelector('video').src), element, 'the film was not loaded anew');
  assert.deepEqual(net.refused, []);
  assertNoComplaints([ann]);
  await ann.close();
});

for (const kind of ['direct', 'remux']) {
  test(`an address that has died unseen costs a fresh one, not the film (${kind})`, { timeout: 120_000 }, async () => {
    const ann = await openViewer(browser, 'Ann');
    const net = await shortLives(ann);
    await enter(ann, kind === 'direct' ? filmOf('bbb') : filmOf('remux'));
    await ui.untilLoaded(ann);
    const line = await ui.textOf(ann, 'delivery-line');
    await ui.play(ann);
    await ui.untilPlaying([ann]);
    net.dead.add(net.tokens[0]);
    const far = kind === 'direct' ? 500_000 : 52_000;
    await ui.seek(ann, far);
    await arrives(ann, far);
    await ui.untilPlaying([ann]);
    assert.ok(net.refused.length > 0, 'the old address was refused');
    assert.equal(await ui.textOf(ann, 'delivery-line'), line, 'what this viewer gets is still the same');
    assert.equal(await ui.problem(ann), '');
    await ann.close();
  });
}

test('a server that is too busy is waited for with a calm word, and then the film comes', { timeout: 60_000 }, async () => {
  const ann = await openViewer(browser, 'Ann');
  let busy = true;
  await ann.page.route('**/playback?*', (route) =>
    busy
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"busy","detail":"The server converts as much as it can.","status":503}' })
      : route.continue());
  await enter(ann, filmOf('remux'));
  await until('the page says so', async () => /goes on as soon as it can/.test(await ui.problem(ann)));
  assert.equal(await ui.part(ann, 'try-again').count(), 0);
  busy = false;
  await ui.untilLoaded(ann);
  await until('the word is gone', async () => (await ui.problem(ann)) === '');
  await ann.close();
});

for (const [kind, how] of [['direct', 'silent'], ['remux', 'silent'], ['remux', 504]]) {
  test(`an outage is waited out and the film goes on (${kind}, ${how})`, { timeout: 90_000 }, async () => {
    const ann = await openViewer(browser, 'Ann');
    let out = false;
    const gate = (route) => (!out ? route.continue() : how === 'silent' ? route.abort() : route.fulfill({ status: how, body: '' }));
    await ann.page.route('**/playback?*', gate);
    await ann.page.route('**/stream/**', gate);
    await enter(ann, filmOf(kind === 'direct' ? 'bbb' : 'remux'));
    await ui.untilLoaded(ann);
    await ui.play(ann);
    await ui.untilPlaying([ann]);
    out = true;
    const far = kind === 'direct' ? 400_000 : 50_000;
    await ui.seek(ann, far);
    await until('the page says that it is waited for', async () => /as soon as it/.test(await ui.problem(ann)), 12_000);
    assert.equal(await ui.part(ann, 'try-again').count(), 0);
    out = false;
    await arrives(ann, far);
    await until('the word is gone', async () => (await ui.problem(ann)) === '');
    await ann.close();
  });
}

test('a film that is refused can be tried again by hand', { timeout: 60_000 }, async () => {
  const ann = await openViewer(browser, 'Ann');
  let gone = true;
  await ann.page.route('**/playback?*', (route) =>
    gone
      ? route.fulfill({ status: 410, contentType: 'application/problem+json', body: '{"code":"media_gone","detail":"The file is gone.","status":410}' })
      : route.continue());
  await enter(ann, filmOf('bbb'));
  await until('the page says why', async () => (await ui.problem(ann)) === 'The file is gone.');
  gone = false;
  await ui.part(ann, 'try-again').click();
  await ui.untilLoaded(ann);
  assert.equal(await ui.problem(ann), '');
  await ann.close();
});

test("a film's own page says what one gets, and leads to a room", async () => {
  const ann = await openViewer(browser, 'Ann');
  await ann.page.goto(`${server.url}/m/${filmOf('remux').id}`);
  await until('it says what one gets', async () => (await ui.textOf(ann, 'title-reason')).split(' ').length >= 2);
  await ui.part(ann, 'watch-together').click();
  await ann.page.waitForURL(/\/r\//);
  await ui.join(ann);
  await ui.untilLoaded(ann);
  assertNoComplaints([ann]);
  await ann.close();
});

test('arrows on the volume move the volume and not the film', async () => {
  const ann = await openViewer(browser, 'Ann');
  await enter(ann, filmOf('bbb'));
  await ui.untilLoaded(ann);
  const slider = ann.page.getByLabel('Volume, for you only');
  await slider.focus();
  await ann.page.keyboard.press('ArrowLeft');
  await until('the volume moves', async () => Number(await slider.inputValue()) < 1);
  await ui.say(ann, 'said after it');
  await ui.untilHeard(ann, 'said after it');
  // The gesture that unlocks sound may have moved it by a breath; an arrow would move it by seconds.
  assert.ok((await ui.player(ann)).position < 500);
  await ann.close();
});
