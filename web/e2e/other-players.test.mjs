// The same film for those who do not use the page's player: DASH in a player of its own, HLS in ffmpeg and mpv; and what
// the seek bar shows of a film before one goes there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { assertNoComplaints, launch, openViewer } from './support/browser.mjs';
import { folderWith } from './support/library.mjs';
import { E2E, OUT } from './support/paths.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const run = promisify(execFile);
const SHAKA = path(E2E, '../node_modules/shaka-player/dist/shaka-player.compiled.js');
/** Times of the stream for other players are later by this much. */
const OFFSET_S = 10;

let films, server, browser, titles;

before(async () => {
  films = await folderWith('chapters_clock_aac51.mkv', 'xvid_bframes_mp3.avi', 'music_mp3_47s.mp3', 'bbb_480p_30s_aac51.mp4');
  server = await startServer({ dirs: [films.dir] });
  browser = await launch();
  titles = await server.scanned();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await films?.remove();
});

const playback = async (part) => {
  const title = titles.find((item) => item.title.toLowerCase().includes(part));
  assert.ok(title, `${part} is listed`);
  return { ...(await server.api(`media/${title.id}/playback`)), id: title.id };
};

/** Whether a program is installed here; the players are a second opinion, not a part of the product. */
const has = (program) => run(program, ['--version']).then(() => true, (error) => error.code !== 'ENOENT');

for (const [part, picture] of [['chapters', true], ['xvid', true], ['music', false]]) {
  test(`a DASH player plays "${part}" exactly where it belongs, and goes where it is told`, async () => {
    const { dash_url, duration_ms } = await playback(part);
    // The player of others is not the page's script, so the page's policy is not meant.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${server.url}/healthz`);
    await page.addScriptTag({ path: SHAKA });
    const seen = await page.evaluate(async (url) => {
      const video = document.createElement('video');
      video.muted = true;
      document.body.append(video);
      const player = new globalThis.shaka.Player();
      await player.attach(video);
      const errors = [];
      player.addEventListener('error', (event) => errors.push(event.detail.code));
      await player.load(url);
      await video.play();
      const passes = (at) => new Promise((done, fail) => {
        const timer = setInterval(() => video.currentTime > at && (clearInterval(timer), clearTimeout(late), done()), 20);
        const late = setTimeout(() => (clearInterval(timer), fail(new Error(`stands at ${video.currentTime}: ${errors}`))), 20_000);
      });
      await passes(0.6);
      const first = video.buffered.start(0);
      const duration = video.duration;
      video.currentTime = duration - 2;
      await passes(duration - 1.5);
      const answer = { first, duration, errors, width: video.videoWidth, variants: player.getVariantTracks().length };
      await player.destroy();
      return answer;
    }, dash_url);
    await context.close();
    assert.deepEqual(seen.errors, []);
    assert.ok(seen.first < 0.001, `begins at ${seen.first}`);
    assert.ok(Math.abs(seen.duration * 1000 - duration_ms) < 50, `lasts ${seen.duration} s, and not ${duration_ms} ms`);
    assert.equal(seen.width > 0, picture);
  });
}

test('ffmpeg reads the stream for other players with sound and picture at the same moment', async (t) => {
  if (!(await has('ffprobe'))) return t.skip('no ffprobe here');
  const { compat_url, duration_ms } = await playback('chapters');
  const show = ['-v', 'error', '-show_entries', 'stream=codec_type,start_time:format=duration', '-of', 'json'];
  const { stdout, stderr } = await run('ffprobe', [...show, server.url + compat_url]);
  const { streams, format } = JSON.parse(stdout);
  assert.equal(stderr, '');
  assert.deepEqual(streams.map((s) => s.codec_type).sort(), ['audio', 'video']);
  for (const { start_time } of streams) assert.equal(Number(start_time), OFFSET_S);
  assert.ok(Math.abs(Number(format.duration) * 1000 - duration_ms) < 50);
});

test('mpv plays it to the end', async (t) => {
  if (!(await has('mpv'))) return t.skip('no mpv here');
  const { compat_url } = await playback('xvid');
  const quiet = ['--no-config', '--vo=null', '--ao=null', '--msg-level=all=warn', '--untimed'];
  const { stdout, stderr } = await run('mpv', [...quiet, server.url + compat_url], { timeout: 60_000 });
  assert.doesNotMatch(stdout + stderr, /error|failed|invalid/i);
});

test('the seek bar shows what one would see there, with the chapter', async () => {
  const ann = await openViewer(browser, 'Ann');
  const { id, chapters, thumbnails_url } = await playback('chapters');
  assert.ok(chapters.length > 1 && chapters[1].title, 'the film has chapters with names');
  await ui.openHome(ann, server.url);
  await ui.createRoom(ann, id);
  await ui.join(ann);
  await ui.untilLoaded(ann, 30_000);
  // Asking has them made; the page asks by itself too.
  await until('the pictures are made', async () => (await fetch(server.url + thumbnails_url)).status === 200, 60_000);
  const bar = await ann.page.locator('[data-testid="seek-bar"]').boundingBox();
  const there = (chapters[1].start_ms + 1000) / titles.find((item) => item.id === id).duration_ms;
  const thumbnail = ann.page.locator('[data-testid="seek-thumbnail"]');
  await until('the picture is shown', async () => {
    // A pointer that does not move is not told of what has come since.
    await ann.page.mouse.move(bar.x + bar.width * there, bar.y + bar.height / 2);
    await ann.page.mouse.move(bar.x + bar.width * there + 1, bar.y + bar.height / 2);
    return (await thumbnail.count()) === 1;
  }, 30_000);
  assert.match(await ann.page.locator('[data-testid="seek-preview"]').innerText(), new RegExp(chapters[1].title));
  const drawn = await thumbnail.evaluate(async (element) => {
    const image = new Image();
    image.src = /url\("(.+)"\)/.exec(element.style.backgroundImage)[1];
    await image.decode();
    return { width: image.naturalWidth, own: element.clientWidth, background: element.style.backgroundPosition };
  });
  assert.ok(drawn.own > 20 && drawn.width >= drawn.own, JSON.stringify(drawn));
  await ann.page.screenshot({ path: path(OUT, 'seek-preview.png') });
  await ann.page.keyboard.press(']');
  await until('the room goes to the next chapter', async () => Math.abs((await ui.player(ann)).position - chapters[1].start_ms) < 1500);
  assertNoComplaints([ann]);
  await ann.close();
});

test('a title is handed to VLC with an address that needs no cookie', async () => {
  const ann = await openViewer(browser, 'Ann');
  const { id } = await playback('bbb');
  await ann.page.goto(`${server.url}/m/${id}`);
  const link = ann.page.locator('[data-testid="open-in-vlc"]');
  await link.waitFor();
  const [download] = await Promise.all([ann.page.waitForEvent('download'), link.click()]);
  assert.match(download.suggestedFilename(), /\.m3u$/);
  const file = (await readFile(await download.path(), 'utf8')).trim().split('\n').pop();
  const part = await fetch(file, { headers: { range: 'bytes=0-99' } });
  assert.equal(part.status, 206);
  const address = await ann.page.locator('[data-testid="stream-address"]').inputValue();
  const master = await fetch(address);
  assert.equal(master.status, 200);
  assert.match(await master.text(), /^#EXTM3U/);
  assert.match(await ui.textOf(ann, 'address-life'), /about 1\d hours/);
  // The page has stood open for two hours: what is handed on is asked for anew.
  const asked = () => ann.requests.filter((request) => request.includes(`/${id}/playback`)).length;
  const before = asked();
  await ann.page.evaluate(() => {
    const real = performance.now.bind(performance);
    performance.now = () => real() + 2 * 60 * 60 * 1000;
  });
  const [again] = await Promise.all([ann.page.waitForEvent('download'), link.click()]);
  assert.equal(asked(), before + 1);
  assert.match(await readFile(await again.path(), 'utf8'), /\/direct\n$/);
  await ann.page.getByTestId('copy-stream').click();
  assert.equal(asked(), before + 1, 'and only once');
  assertNoComplaints([ann]);
  await ann.close();
});
