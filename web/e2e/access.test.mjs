// For everybody: by keyboard alone, on a narrow phone, and without serious findings of axe.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { assertNoComplaints, launch, openViewer } from './support/browser.mjs';
import { folderWith, generatedFilm } from './support/library.mjs';
import { OUT } from './support/paths.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const TABS_MAX = 80;
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const LANGUAGES = ['eng', 'ger', 'fre', 'spa', 'ita', 'por', 'dut'];

/** Longer than an hour and with many subtitles: as wide and as high as the controls get. */
async function longFilm() {
  const dir = await mkdtemp(path(tmpdir(), 'watchparty-long-'));
  const srt = path(dir, 'words.srt');
  await writeFile(srt, '1\n00:00:00,000 --> 01:10:00,000\nThe words of a long film\n');
  const made = await generatedFilm('long-with-words-1.mkv', [
    '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=2:d=4500', '-i', srt, '-map', '0', ...LANGUAGES.flatMap(() => ['-map', '1']),
    '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '8', '-pix_fmt', 'yuv420p', '-c:s', 'srt',
    ...LANGUAGES.flatMap((language, n) => [`-metadata:s:s:${n}`, `language=${language}`]),
  ]);
  await rm(dir, { recursive: true });
  return made;
}

let films, server, browser, film, long, axe;

before(async () => {
  await mkdir(OUT, { recursive: true });
  films = await folderWith('bbb_full_10min_216p.mp4', 'sintel_trailer_720p.mp4', 'not_a_movie.mp4', [await longFilm(), 'long.mkv']);
  server = await startServer({ dirs: [films.dir] });
  browser = await launch();
  const titles = await server.scanned();
  film = titles.find((item) => item.duration_ms > 500_000 && item.duration_ms < 1_000_000);
  long = titles.find((item) => item.duration_ms > 4_000_000);
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
});

const makeRoom = async ({ id } = film) => {
  const body = JSON.stringify({ media_id: id });
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

/** What of the controls and an open menu cannot be seen and pressed where it stands, once it is scrolled to. */
const outOfReach = ({ page }) =>
  page.evaluate(async () => {
    const wanted = '[data-controls] button, [role="menu"] button, [data-testid="tracks-menu"] label';
    const menu = document.querySelector('[role="menu"], [data-testid="tracks-menu"]');
    // What a menu covers is pressed when the menu is closed.
    const parts = [...(menu ?? document).querySelectorAll(wanted)].filter((part) => part.checkVisibility());
    const bad = parts.length === 0 ? ['nothing at all'] : [];
    for (const part of parts) {
      if (menu) part.scrollIntoView({ block: 'nearest' });
      const { left, top, right, bottom } = part.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
      if (!inside || !part.contains(hit)) bad.push(`${part.ariaLabel ?? part.innerText}: ${[left, top, right, bottom].map(Math.round)}`);
    }
    const stage = document.querySelector('[data-controls]').parentElement;
    if (stage.scrollTop !== 0) bad.push('the picture has moved away');
    return bad;
  });

test('on a phone, upright and on its side, each button of a long film and all that its menus offer can be pressed', async () => {
  const ann = await openViewer(browser, 'Ann', PHONE);
  await ann.page.goto(await makeRoom(long));
  await ui.part(ann, 'join-name').fill('Ann');
  await ui.part(ann, 'join-button').tap();
  await ui.untilInside(ann);
  await ui.untilLoaded(ann);
  await ui.part(ann, 'tracks').waitFor();
  await ui.part(ann, 'quality').waitFor();
  await ui.seek(ann, 4_000_000);
  await until('the time is as long as it gets', async () => /^1:0/.test(await ui.textOf(ann, 'time')));
  for (const [where, viewport] of [['upright', PHONE.viewport], ['sideways', { width: 740, height: 360 }]]) {
    await ann.page.setViewportSize(viewport);
    await until('the page has its new shape', () => ann.page.evaluate((width) => innerWidth === width, viewport.width));
    assert.deepEqual(await outOfReach(ann), [], `controls, ${where}`);
    for (const menu of ['tracks', 'quality']) {
      await ui.part(ann, menu).tap();
      if (menu === 'tracks') await ann.page.locator('[data-testid="tracks-menu"] label', { hasText: 'German' }).tap();
      await ann.page.screenshot({ path: `${OUT}/phone-${where}-${menu}.png` });
      assert.deepEqual(await outOfReach(ann), [], `${menu}, ${where}`);
      await ann.page.evaluate(axe);
      const { violations } = await ann.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes[0]?.html}`), []);
      await ann.page.keyboard.press('Escape');
      await until('the menu is closed', async () => (await ui.part(ann, menu).getAttribute('aria-expanded')) === 'false');
    }
  }
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
