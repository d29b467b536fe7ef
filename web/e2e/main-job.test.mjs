// The main job: a folder of films, two browsers, one picture.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { assertNoComplaints, assertOnlyTalksTo, launch, openViewer } from './support/browser.mjs';
import { folderWith } from './support/library.mjs';
import { OUT } from './support/paths.mjs';
import { startProxy } from './support/proxy.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

/** Two players that follow one room may be apart by this much right after a command, before the controller has settled. */
const TOGETHER_MS = 250;
const SETTLE_MS_MAX = 5_000;

let films, server, proxy, browser, ann, ben, roomUrl, film;

before(async () => {
  await mkdir(OUT, { recursive: true });
  films = await folderWith('bbb_full_10min_216p.mp4', 'bbb_480p_30s_aac51.mp4', 'sintel_trailer_720p.mp4');
  server = await startServer({ dirs: [films.dir] });
  proxy = await startProxy(server.url);
  browser = await launch();
  ann = await openViewer(browser, 'Ann');
  ben = await openViewer(browser, 'Ben');
  film = (await server.scanned()).find((item) => item.duration_ms > 500_000);
  assert.ok(film, 'the long film is listed');
});

after(async () => {
  await browser?.close();
  await proxy?.close();
  await server?.stop();
  await films?.remove();
});

const shot = (viewer, name) => viewer.page.screenshot({ path: path(OUT, `${name}.png`) });
const together = (...viewers) => until('they are together', async () => (await ui.spread(viewers)) < TOGETHER_MS, SETTLE_MS_MAX);
const near = async (viewer, ms, by = 1500) => {
  const { position } = await ui.player(viewer);
  assert.ok(Math.abs(position - ms) < by, `${viewer.name} is at ${Math.round(position)} and not near ${ms}`);
};

test('the home page shows every film with a picture from it', async () => {
  await ui.openHome(ann, server.url);
  await until('all films are there', async () => (await ui.part(ann, 'film-card').count()) >= 3);
  await ann.page.waitForFunction(() => {
    const pictures = [...document.querySelectorAll('[data-testid="film-card"] img')];
    return pictures.length >= 3 && pictures.every((p) => p.complete && p.naturalWidth > 0);
  }, null, { timeout: 20_000 });
  await shot(ann, 'home');
});

test('one click makes a room, and a second browser joins it by the link with a name and one click', async () => {
  roomUrl = await ui.createRoom(ann, film.id);
  await ui.part(ann, 'join-name').waitFor();
  await shot(ann, 'join');
  await ui.join(ann);
  // Ben comes through a cable that can be cut.
  await ui.openRoom(ben, `${proxy.url}${new URL(roomUrl).pathname}`);
  for (const viewer of [ann, ben]) {
    await until('both see two people', async () => (await ui.part(viewer, 'member').count()) === 2);
  }
  const { link, qr } = await ui.share(ann);
  assert.ok(link.endsWith(new URL(roomUrl).pathname), `the share link ${link} leads to the room`);
  assert.ok(qr, 'the link is there as a QR code too');
  await Promise.all([ann, ben].map((v) => ui.untilLoaded(v)));
  assert.match(await ui.textOf(ann, 'delivery-line'), /direct/i);
});

test('what one says the other reads, in both directions and as plain text', async () => {
  await ui.say(ann, 'Hello <b>Ben</b> & all');
  await ui.untilHeard(ben, 'Hello <b>Ben</b> & all');
  await ui.say(ben, 'Hi Ann');
  await ui.untilHeard(ann, 'Hi Ann');
});

test('play starts both and pause stops both', async () => {
  await ui.play(ann);
  await ui.untilPlaying([ann, ben]);
  await together(ann, ben);
  await shot(ann, 'room');
  await ui.pause(ben);
  await ui.untilPaused([ann, ben]);
  await until('both rest on the same frame', async () => (await ui.spread([ann, ben])) < 42, SETTLE_MS_MAX);
  const { audioBytes, width, muted } = await ui.player(ben);
  assert.ok(audioBytes > 0 && width > 0, 'there is picture and sound');
  assert.equal(muted, false, 'the one join gesture unlocked the sound');
});

test('a seek while it rests and a seek while it plays move both', async () => {
  await ui.seek(ann, 120_000);
  await until('both are there', async () => {
    const at = await Promise.all([ann, ben].map(ui.player));
    return at.every((p) => Math.abs(p.position - 120_000) < 1000);
  });
  await ui.play(ben);
  await ui.untilPlaying([ann, ben]);
  await ui.seek(ben, 300_000);
  await until('both play there', async () => {
    const at = await Promise.all([ann, ben].map(ui.player));
    return at.every((p) => !p.paused && p.position > 300_000 && p.position < 330_000);
  });
  await together(ann, ben);
});

test('a late visitor lands where the others are', async () => {
  const cleo = await openViewer(browser, 'Cleo');
  await ui.openRoom(cleo, roomUrl);
  await ui.untilPlaying([cleo]);
  await together(ann, ben, cleo);
  await until('Ann sees three', async () => (await ui.part(ann, 'member').count()) === 3);
  assertNoComplaints([cleo]);
  await cleo.close();
});

test('a reload lands in the right place', async () => {
  await ben.page.reload();
  // The page remembers who this was. Without a new gesture the browser may insist on silence, never on standing still.
  await ui.untilInside(ben);
  await ui.untilPlaying([ben]);
  await until('still three places at most', async () => (await ui.part(ann, 'member').count()) <= 3);
  await together(ann, ben);
});

test('a viewer whose connection breaks plays on, comes back by itself and is together again', async () => {
  const complaintsBefore = ben.complaints.length;
  proxy.cut();
  await ui.untilPlaying([ben]);
  await ui.seek(ann, 60_000);
  await until('Ann is there', async () => Math.abs((await ui.player(ann)).position - 60_000) < 5_000);
  proxy.heal();
  await until('Ben is there too', async () => {
    const { position, paused } = await ui.player(ben);
    return !paused && position > 59_000 && position < 100_000;
  }, 20_000);
  await together(ann, ben);
  await ui.say(ben, 'I am back');
  await ui.untilHeard(ann, 'I am back');
  // A cut cable is an error in the console of every browser; nothing else may be.
  ben.complaints.splice(complaintsBefore, ben.complaints.length, ...ben.complaints.slice(complaintsBefore).filter((c) => !/WebSocket|ERR_CONNECTION|Failed to load resource/.test(c)));
});

test('nobody talked to another server and no console holds an error', async () => {
  assertOnlyTalksTo([ann, ben], server.url, proxy.url);
  assertNoComplaints([ann, ben]);
  await near(ann, (await ui.player(ben)).position);
});
