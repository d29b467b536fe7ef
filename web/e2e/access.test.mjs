// For everybody: by keyboard alone, on a narrow phone, and without serious findings of axe.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { assertNoComplaints, launch, openViewer } from './support/browser.mjs';
import { folderWith } from './support/library.mjs';
import { OUT } from './support/paths.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const TABS_MAX = 80;
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

let films, server, browser, film, axe;

before(async () => {
  await mkdir(OUT, { recursive: true });
  films = await folderWith('bbb_full_10min_216p.mp4', 'sintel_trailer_720p.mp4', 'not_a_movie.mp4');
  server = await startServer({ dirs: [films.dir] });
  browser = await launch();
  film = (await server.scanned()).find((item) => item.duration_ms > 500_000);
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
});

const makeRoom = async () => {
  const body = JSON.stringify({ media_id: film.id });
  const room = await server.api('rooms', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return `${server.url}/r/${room.code}`;
};

/** Presses Tab until the element with the test id has the focus. */
async function tabTo({ page }, id, also = () => true) {
  for (let i = 0; i < TABS_MAX; i++) {
    const there = await page.evaluate((wanted) => {
      const focused = document.activeElement?.closest(`[data-testid="${wanted}"]`);
      return focused ? { media: focused.getAttribute('data-media-id') } : null;
    }, id);
    if (there && also(there)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${id} cannot be reached with the Tab key`);
}

test('the whole way goes by keyboard alone: choose a film, join, play, pause, chat', async () => {
  const ann = await openViewer(browser, 'Ann');
  await ui.openHome(ann, server.url);
  await tabTo(ann, 'film-card', ({ media }) => media === film.id);
  await ann.page.keyboard.press('Enter');
  await ann.page.waitForURL(/\/r\//);
  await ui.part(ann, 'join-name').waitFor();
  await tabTo(ann, 'join-name');
  await ann.page.keyboard.type('Ann');
  await tabTo(ann, 'join-button');
  await ann.page.keyboard.press('Enter');
  await ui.untilInside(ann);
  await ui.untilLoaded(ann);
  await tabTo(ann, 'play-pause');
  await ann.page.keyboard.press('Space');
  await ui.untilPlaying([ann]);
  await tabTo(ann, 'play-pause');
  await ann.page.keyboard.press('Space');
  await ui.untilPaused([ann]);
  await tabTo(ann, 'seek-bar');
  const { position } = await ui.player(ann);
  await ann.page.keyboard.press('ArrowRight');
  await until('an arrow key moves the film', async () => (await ui.player(ann)).position > position + 500);
  await tabTo(ann, 'chat-input');
  await ann.page.keyboard.type('no mouse here');
  await ann.page.keyboard.press('Enter');
  await ui.untilHeard(ann, 'no mouse here');
  assertNoComplaints([ann]);
  await ann.close();
});

test('a phone of 360 px shows everything without scrolling sideways, and plays by touch', async () => {
  const ann = await openViewer(browser, 'Ann', PHONE);
  const fits = async (where) => {
    const width = await ann.page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(width <= 360, `${where} is ${width} px wide`);
    await ann.page.screenshot({ path: `${OUT}/phone-${where}.png` });
  };
  await ui.openHome(ann, server.url);
  await fits('home');
  await ann.page.goto(await makeRoom());
  await ui.part(ann, 'join-name').waitFor();
  await fits('join');
  await ui.part(ann, 'join-name').fill('Ann');
  await ui.part(ann, 'join-button').tap();
  await ui.untilInside(ann);
  await ui.untilLoaded(ann);
  await fits('room');
  if (!(await ui.part(ann, 'play-pause').isVisible())) await ann.page.locator('video').tap();
  await ui.part(ann, 'play-pause').tap();
  await ui.untilPlaying([ann]);
  const box = await ann.page.locator('video').boundingBox();
  assert.ok(box && box.width > 300, 'the picture uses the width of the phone');
  assert.ok(await ui.part(ann, 'chat-input').isVisible(), 'one can chat on a phone');
  await ann.close();
});

test('axe finds nothing serious on the home, title, join and room pages', async () => {
  const ann = await openViewer(browser, 'Ann');
  const found = [];
  const check = async (where) => {
    await ann.page.evaluate(axe);
    const { violations } = await ann.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    found.push(...grave.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? ''}`).join(' ; ')}`));
  };
  await ui.openHome(ann, server.url);
  await check('home');
  await ann.page.goto(`${server.url}/m/${film.id}`);
  await ui.part(ann, 'watch-together').waitFor();
  await check('title');
  await ann.page.goto(await makeRoom());
  await ui.part(ann, 'join-name').waitFor();
  await check('join');
  await ui.join(ann);
  await ui.untilLoaded(ann);
  await ui.say(ann, 'Hello');
  await ui.untilHeard(ann, 'Hello');
  await check('room');
  await ann.page.goto(`${server.url}/r/ZZZZZZZZ`);
  await ann.page.getByRole('link').or(ann.page.getByRole('button')).first().waitFor();
  await check('no such room');
  assert.deepEqual(found, []);
  await ann.close();
});
