// Subtitles over a real film in a real browser: words, scripts and pictures are where they should be at the moment they should be,
// for the viewer who chose them and nobody else; and another sound track is heard in time with the room.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openViewer } from './support/browser.mjs';
import { folderWith, generatedFilm } from './support/library.mjs';
import { OUT } from './support/paths.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const by = (id) => `[data-testid="${id}"]`;
const SECONDS = 150;
/** Two viewers of whom one hears another track are no further apart than this. */
const SPREAD_MS = 60;

const time = (s) => `${String(Math.floor(s / 3600)).padStart(2, '0')}:${String(Math.floor(s / 60) % 60).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`;
/** A cue every ten seconds that says when it is. */
const srt = (word) =>
  Array.from({ length: SECONDS / 10 }, (_, n) => `${n + 1}\n${time(n * 10)},000 --> ${time(n * 10 + 8)},000\n<i>${word}</i> ${n * 10}\n`).join('\n');

const SCRIPT = `[Script Info]
ScriptType: v4.00+
PlayResX: 1280
PlayResY: 720

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H000000FF,&H00802000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,10,10,40,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.00,0:01:30.00,Default,,0,0,0,,{\\i1}A script{\\i0} drawn by libass
Dialogue: 0,0:00:00.00,0:00:20.00,Default,,0,0,0,,{\\an7\\pos(0,0)\\bord0\\shad0\\1c&H00FF00&\\p1}m 0 0 l 300 0 300 200 0 200{\\p0}
Dialogue: 0,0:01:40.00,0:02:00.00,Default,,0,0,0,,{\\an7\\pos(0,0)\\bord0\\shad0\\1c&HFF0000&\\p1}m 0 0 l 300 0 300 200 0 200{\\p0}
`;

let server, browser, films, texts;
before(async () => {
  texts = await mkdtemp(path(tmpdir(), 'watchparty-subtitles-'));
  await mkdir(OUT, { recursive: true });
  const file = async (name, content) => {
    await writeFile(path(texts, name), content);
    return path(texts, name);
  };
  const picture = ['-f', 'lavfi', '-i', `color=0x303050:s=1280x720:r=24:d=${SECONDS}`];
  const tone = (hz) => ['-f', 'lavfi', '-i', `sine=${hz}:r=48000:d=${SECONDS}`];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  const words = await generatedFilm('subtitled-words-1.mkv', [
    ...picture, ...tone(440), '-i', await file('en.srt', srt('English')), '-i', await file('de.srt', srt('Deutsch')),
    '-map', '0', '-map', '1', '-map', '2', '-map', '3', ...video, '-c:s', 'srt', '-metadata:s:s:0', 'language=eng', '-metadata:s:s:1', 'language=ger',
  ]);
  const script = await generatedFilm('subtitled-script-1.mkv', [
    ...picture, ...tone(440), '-i', await file('script.ass', SCRIPT), '-map', '0', '-map', '1', '-map', '2', ...video, '-c:s', 'copy',
  ]);
  const sounds = await generatedFilm('two-sounds-1.mp4', [
    ...picture, ...tone(440), ...tone(880), '-map', '0', '-map', '1', '-map', '2', ...video,
    '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger', '-movflags', '+faststart',
  ]);
  const russian = Buffer.concat([Buffer.from('1\r\n00:00:00,000 --> 00:00:50,000\r\n'), Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0x20, 0xec, 0xe8, 0xf0, 0x21, 0x0d, 0x0a])]);
  films = await folderWith([words, 'words.mkv'], [await file('ru.srt', russian), 'words.ru.srt'], [script, 'script.mkv'], [sounds, 'sounds.mp4'],
    ['vobsub_pgs_5s.mkv', 'pictures.mkv']);
  server = await startServer({ dirs: [films.dir] });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
  if (texts) await rm(texts, { recursive: true, force: true });
});

/** A room with a film in it. */
async function roomWith(name) {
  const details = await Promise.all((await server.scanned()).map((item) => server.api(`media/${item.id}`)));
  const film = details.find((detail) => detail.file_name === name);
  assert.ok(film, `${name} is in the library`);
  const room = await server.api('rooms', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ media_id: film.id }),
  });
  return `${server.url}/r/${room.code}`;
}

async function enter(name, url) {
  const viewer = await openViewer(browser, name);
  await ui.openRoom(viewer, url);
  await ui.untilLoaded(viewer);
  return viewer;
}

/** Opens the menu and chooses by the words that stand there. */
async function choose({ page }, label) {
  await page.mouse.move(400, 300);
  await page.mouse.move(420, 320);
  if (!(await page.locator(by('tracks-menu')).count())) await page.locator(by('tracks')).click();
  await page.locator(by('tracks-menu')).getByText(label, { exact: true }).click();
}

const shot = ({ page }, name) => page.screenshot({ path: path(OUT, `subtitles-${name}.png`) });
const text = (viewer) => ui.textOf(viewer, 'subtitle-text');

/** The mean colour of a spot of the picture, given as shares of the film's width and height. */
async function colour({ page }, x, y) {
  const box = await page.evaluate(() => {
    const { left, top, width, height } = document.querySelector('video').getBoundingClientRect();
    return { left, top, width, height };
  });
  const [width, height] = [Math.min(box.width, (box.height * 16) / 9), Math.min(box.height, (box.width * 9) / 16)];
  const clip = {
    x: box.left + (box.width - width) / 2 + width * x - 4, y: box.top + (box.height - height) / 2 + height * y - 4, width: 8, height: 8,
  };
  const png = (await page.screenshot({ clip })).toString('base64');
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1, 1];
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, png);
}

test('each viewer chooses, sees the words of the moment after every seek, and finds the choice again', { timeout: 120_000 }, async () => {
  const url = await roomWith('words.mkv');
  const [ann, bob] = [await enter('Ann', url), await enter('Bob', url)];
  assert.ok(!ann.requests.some((address) => address.includes('/subs/')), 'nothing of subtitles is asked for before anybody wants them');
  await choose(ann, 'German');
  await until('the first words', async () => (await text(ann)) === 'Deutsch 0', 5000);
  for (const [to, said] of [[61_000, 'Deutsch 60'], [129_000, ''], [121_500, 'Deutsch 120'], [5_000, 'Deutsch 0']]) {
    await ui.seek(ann, to);
    await until(`the words of ${to} ms`, async () => (await text(ann)) === said, 5000);
  }
  await shot(ann, 'words');
  assert.equal(await text(bob), '', 'Bob has chosen nothing');
  await choose(bob, 'Russian');
  await until('the text beside the film, in its alphabet', async () => (await text(bob)) === 'Привет, мир!', 5000);
  await ann.page.keyboard.press('Escape');
  await ann.page.keyboard.press('c');
  await until('C turns them off', async () => (await text(ann)) === '', 3000);
  await ann.page.keyboard.press('c');
  await until('and on again', async () => (await text(ann)) === 'Deutsch 0', 3000);
  await ann.page.reload();
  await ui.untilLoaded(ann);
  await until('the choice is remembered', async () => (await text(ann)) === 'Deutsch 0', 8000);
  assert.deepEqual(ann.complaints, []);
  await ann.close();
  await bob.close();
});

test('keys say what they chose, a film without subtitles forgets nothing, and a new film begins without the old words', { timeout: 120_000 }, async () => {
  const ann = await enter('Ann', await roomWith('words.mkv'));
  const { page } = ann;
  const said = (what) => until(`it says ${what}`, async () => (await ui.textOf(ann, 'announcer')).startsWith(what), 3000);
  await page.keyboard.press('v');
  await said('Subtitles: ');
  await choose(ann, 'German');
  await until('the first words', async () => (await text(ann)) === 'Deutsch 0', 5000);
  await page.keyboard.press('k');
  await ui.untilPlaying([ann]);
  await page.keyboard.press('k');
  assert.equal(await page.locator(by('tracks-menu')).count(), 1, 'keys work with a choice of the menu focused');
  await said('You paused');
  await page.keyboard.press('Escape');
  await page.keyboard.press('b');
  await said('This film has one sound track');
  // The next film's answer is held back, and nothing of the last one is to be seen meanwhile.
  let asked = 0;
  let open;
  const gate = new Promise((go) => {
    open = go;
  });
  await page.route('**/playback?*', async (route) => {
    asked += 1;
    await gate;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Choose another film' }).click();
  await page.getByRole('dialog').locator(`${by('film-card')}, button`).filter({ hasText: /sounds/i }).first().click();
  await until('the new film is asked for', () => asked > 0);
  await until('the old words are gone', async () => (await text(ann)) === '', 3000);
  open();
  await ui.untilLoaded(ann);
  await page.keyboard.press('v');
  await said('This film has no subtitles');
  await page.goto(await roomWith('words.mkv'));
  await ui.join(ann);
  await until('German is still the choice', async () => (await text(ann)).startsWith('Deutsch'), 8000);
  assert.deepEqual(ann.complaints, []);
  await ann.close();
});

test('a script is drawn as its author meant it, and what lies in a later window comes when it is needed', { timeout: 120_000 }, async () => {
  const ann = await enter('Ann', await roomWith('script.mkv'));
  await choose(ann, 'Track');
  const green = ([r, g, b]) => g > 180 && r < 80 && b < 80;
  const blue = ([r, g, b]) => b > 180 && r < 80 && g < 80;
  await until('the drawing of the first seconds', async () => green(await colour(ann, 0.1, 0.1)), 20_000);
  await ann.page.keyboard.press('Escape');
  await shot(ann, 'script');
  await ui.seek(ann, 105_000);
  await until('the drawing of a later window', async () => blue(await colour(ann, 0.1, 0.1)), 10_000);
  await ui.seek(ann, 30_000);
  await until('no drawing where none is', async () => !green(await colour(ann, 0.1, 0.1)) && !blue(await colour(ann, 0.1, 0.1)), 10_000);
  assert.deepEqual(ann.complaints, []);
  const foreign = ann.requests.filter((address) => !/^(data|blob):/.test(address) && new URL(address).host !== new URL(server.url).host);
  assert.deepEqual(foreign, [], 'no other host is asked for anything');
  await ann.close();
});

test('pictures are drawn at their time and in their place', { timeout: 120_000 }, async () => {
  const ann = await enter('Ann', await roomWith('pictures.mkv'));
  const drawn = () =>
    ann.page.evaluate(() => {
      const canvas = document.querySelector('[data-testid="subtitle-pictures"]');
      if (!canvas?.width) return null;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let [count, top] = [0, 1];
      for (let at = 3; at < data.length; at += 4) {
        if (!data[at]) continue;
        count += 1;
        top = Math.min(top, Math.floor(at / 4 / canvas.width) / canvas.height);
      }
      return { count, top };
    });
  for (const label of ['Track', 'Track 2']) {
    await ui.seek(ann, 2_000);
    await choose(ann, label);
    await until(`${label}: a picture`, async () => ((await drawn())?.count ?? 0) > 100, 8000);
    assert.ok((await drawn()).top > 0.6, 'in the lower part');
    await shot(ann, `pictures-${label === 'Track' ? 'dvd' : 'blu-ray'}`);
    await ui.seek(ann, 300);
    await until(`${label}: none before its time`, async () => (await drawn())?.count === 0, 5000);
  }
  assert.deepEqual(ann.complaints, []);
  await ann.close();
});

test('another sound track is one viewer’s choice, comes as a stream, and stays with the room', { timeout: 120_000 }, async () => {
  const url = await roomWith('sounds.mp4');
  const [ann, bob] = [await enter('Ann', url), await enter('Bob', url)];
  await ui.play(ann);
  await ui.untilPlaying([ann, bob]);
  await ann.page.mouse.move(400, 300);
  await ann.page.locator(by('tracks')).click();
  await ann.page.locator(by('tracks-menu')).locator('label').last().click();
  await until('the second track is fetched', () => ann.requests.some((address) => /\/hls\/a(copy)?1\/\d/.test(address)), 10_000);
  assert.ok(!ann.requests.some((address) => /\/hls\/a(copy)?0\/\d/.test(address)), 'and the first is not');
  assert.ok(!bob.requests.some((address) => address.includes('/hls/a')), 'Bob’s sound is as it was');
  await ui.untilPlaying([ann, bob], 20_000);
  await until('both are together again', async () => (await ui.spread([ann, bob])) < SPREAD_MS, 15_000);
  await ann.page.keyboard.press('Escape');
  await ann.page.keyboard.press('b');
  // Its own first sound is what the file itself plays.
  await until('B goes on to the first one', async () => /^direct/i.test(await ui.textOf(ann, 'delivery-line')), 10_000);
  await until('and nobody has fallen back', async () => (await ui.spread([ann, bob])) < SPREAD_MS, 15_000);
  assert.deepEqual(ann.complaints, []);
  await ann.close();
  await bob.close();
});
