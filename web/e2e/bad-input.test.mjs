// What must not break anything: wrong codes, hostile names, damaged files, films that vanish, garbage on the socket.
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { assertNoComplaints, assertOnlyTalksTo, launch, openViewer } from './support/browser.mjs';
import { FILMS, folderWith, generatedLibrary } from './support/library.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const FILM_MS_MAX = 15_000;
const JSON_HEADERS = { 'content-type': 'application/json' };

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** A server over these films for the length of one test. */
async function withServer(dirs, use) {
  const server = await startServer({ dirs });
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

const makeRoom = (server, media_id) => server.api('rooms', { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify({ media_id }) });

test('a room code that nobody made gives a page with a way on', async () => {
  const films = await folderWith('bbb_480p_30s_aac51.mp4');
  await withServer([films.dir], async (server) => {
    const viewer = await openViewer(browser, 'Ann');
    const response = await viewer.page.goto(`${server.url}/r/ZZZZZZZZ`);
    assert.ok([200, 404].includes(response.status()), `status ${response.status()}`);
    await until('the page says that there is no such room', async () => /no (such )?room|not found|does not exist|no longer|unknown/i.test(await ui.words(viewer)));
    await viewer.page.getByRole('link').or(viewer.page.getByRole('button')).first().click();
    await ui.part(viewer, 'film-card').first().waitFor();
    assert.equal(new URL(viewer.page.url()).pathname, '/');
    await viewer.close();
  });
  await films.remove();
});

test('hostile names are listed as they are, and every film behind them plays', { timeout: 240_000 }, async () => {
  const library = await generatedLibrary();
  await withServer([path(library, 'names')], async (server) => {
    const listed = await server.scanned();
    const films = listed.filter((item) => item.playable);
    const onDisk = (await readdir(path(library, 'names'), { encoding: 'buffer' })).length;
    assert.ok(films.length >= 10, `${films.length} of ${onDisk} entries are playable: ${JSON.stringify(listed.filter((i) => !i.playable))}`);
    const viewer = await openViewer(browser, 'Ann');
    await ui.openHome(viewer, server.url);
    for (const item of films) {
      const room = await makeRoom(server, item.id);
      await ui.openRoom(viewer, `${server.url}/r/${room.code}`).catch((error) => {
        throw new Error(`${JSON.stringify(item.title)}: ${error.message}`);
      });
      await ui.untilLoaded(viewer, FILM_MS_MAX).catch(async () => {
        throw new Error(`${JSON.stringify(item.title)} does not load: ${await ui.words(viewer)}`);
      });
      await viewer.page.goto(server.url);
    }
    console.log(`${onDisk} entries, ${listed.length} listed, ${films.length} play`);
    assertNoComplaints([viewer]);
    await viewer.close();
  });
});

test('damaged files are listed with a sentence or play as far as they go, and the server lives on', { timeout: 240_000 }, async () => {
  const library = await generatedLibrary();
  await withServer([path(library, 'damaged'), path(library, 'empty folder')], async (server) => {
    const listed = await server.scanned();
    assert.ok(listed.length >= 8, `${listed.length} are listed`);
    for (const item of listed) {
      if (item.playable) continue;
      assert.ok(item.reason?.split(' ').length >= 3, `${item.title} is refused without a sentence: ${item.reason}`);
    }
    for (const item of listed.filter((i) => i.playable)) {
      const viewer = await openViewer(browser, 'Ann');
      const room = await makeRoom(server, item.id);
      await ui.openRoom(viewer, `${server.url}/r/${room.code}`);
      await until(`${item.title} loads or says why not`, async () => (await ui.problem(viewer)) || (await ui.player(viewer)).ready >= 2, FILM_MS_MAX);
      await viewer.close();
    }
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
});

for (const kind of ['direct', 'remux']) {
  test(`a film that is deleted while it plays (${kind}) is said to be gone, and another room plays on`, { timeout: 120_000 }, async () => {
    const film = await FILMS[kind]();
    const films = await folderWith(film, 'bbb_full_10min_216p.mp4');
    await withServer([films.dir], async (server) => {
      const listed = await server.scanned();
      const [gone, stays] = [listed.find((i) => i.duration_ms < 100_000), listed.find((i) => i.duration_ms > 100_000)];
      const ann = await openViewer(browser, 'Ann');
      const ben = await openViewer(browser, 'Ben');
      await ui.openRoom(ann, `${server.url}/r/${(await makeRoom(server, gone.id)).code}`);
      await ui.openRoom(ben, `${server.url}/r/${(await makeRoom(server, stays.id)).code}`);
      for (const viewer of [ann, ben]) {
        await ui.untilLoaded(viewer);
        await ui.play(viewer);
      }
      await ui.untilPlaying([ann, ben]);
      await rm(path(films.dir, film.split('/').pop()));
      await ui.seek(ann, gone.duration_ms - 5_000);
      await until('the page says that the film is gone', () => ui.problem(ann), 30_000).catch(async (error) => {
        throw new Error(`${error.message}; the page says: ${await ui.words(ann)}; player ${JSON.stringify(await ui.player(ann))}`);
      });
      console.log(`deleted (${kind}): "${await ui.problem(ann)}"`);
      await ui.untilPlaying([ben]);
      await ui.say(ann, 'it is gone');
      await ui.untilHeard(ann, 'it is gone');
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
      await ann.close();
      await ben.close();
    });
    await films.remove();
  });
}

test('garbage on the socket is answered with an error, and the room lives on', async () => {
  const films = await folderWith('bbb_full_10min_216p.mp4');
  await withServer([films.dir], async (server) => {
    const [item] = await server.scanned();
    const room = await makeRoom(server, item.id);
    const ann = await openViewer(browser, 'Ann');
    await ui.openRoom(ann, `${server.url}/r/${room.code}`);
    await ui.untilLoaded(ann);
    await ui.play(ann);
    await ui.untilPlaying([ann]);

    const mallory = await openViewer(browser, 'Mallory');
    await mallory.page.goto(server.url);
    const guest = await server.api('auth/guest', { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify({ name: 'Mallory', room: room.code }) });
    /** Sends each message on a socket of its own, after a good hello or not; answers what came back until it ended or `quietMs` passed. */
    const talk = (messages, hello) => mallory.page.evaluate(async ({ url, messages, hello, token }) => {
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      const heard = [];
      const closed = new Promise((resolve) => socket.addEventListener('close', (event) => resolve(event.code)));
      socket.addEventListener('message', (event) => {
        try { heard.push(JSON.parse(event.data).t); } catch { heard.push('?'); }
      });
      await new Promise((resolve) => { socket.onopen = resolve; socket.onerror = resolve; });
      if (hello) socket.send(JSON.stringify({ t: 'hello', v: 1, token }));
      for (const message of messages) socket.send(message === 'BINARY' ? new Uint8Array(2000) : message === 'HUGE' ? 'x'.repeat(1 << 20) : message);
      const code = await Promise.race([closed, new Promise((resolve) => setTimeout(() => resolve('open'), 3000))]);
      socket.close();
      return { heard, code };
    }, { url: `${server.url.replace('http', 'ws')}/api/v1/rooms/${room.code}/ws`, messages, hello, token: guest.access_token });

    const attacks = [
      ['not JSON', ['garbage {{{'], true],
      ['binary', ['BINARY'], true],
      ['unknown type', ['{"t":"launch_missiles"}'], true],
      ['wrong fields', ['{"t":"cmd","id":5}'], true],
      ['a position that is no number', ['{"t":"cmd","id":"a","kind":"seek","base":{"epoch":1,"rev":1},"pos":1e400}'], true],
      ['no hello', ['{"t":"chat","id":"1","text":"hi"}'], false],
      ['hello without a token', ['{"t":"hello","v":1,"token":"nonsense"}'], false],
      ['a frame of a megabyte', ['HUGE'], true],
    ];
    for (const [name, messages, hello] of attacks) {
      const { heard, code } = await talk(messages, hello);
      console.log(`${name.padEnd(30)} heard ${heard.filter((t) => t !== 'state' && t !== 'members').join(',')} | close ${code}`);
      assert.ok(heard.includes('error') || heard.includes('nack') || code !== 'open', `${name}: no error and no close`);
    }
    const flood = await talk(Array.from({ length: 500 }, (_, i) => JSON.stringify({ t: 'chat', id: `${i}`, text: 'spam' })), true);
    console.log(`flood of chat                  ${flood.heard.filter((t) => t === 'chat').length} heard | close ${flood.code}`);
    assert.ok(flood.heard.filter((t) => t === 'chat').length < 50, 'a flood of chat is limited');

    await ui.untilPlaying([ann]);
    await ui.say(ann, 'still here');
    await ui.untilHeard(ann, 'still here');
    assertNoComplaints([ann]);
    assertOnlyTalksTo([ann, mallory], server.url);
    await mallory.close();
    await ann.close();
  });
  await films.remove();
});
