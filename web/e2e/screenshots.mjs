// Makes the pictures of the README: Big Buck Bunny and Sintel in two browsers. The films are
// (c) Blender Foundation, CC BY 3.0; whoever shows the pictures says so.
import { mkdir } from 'node:fs/promises';
import { join as path } from 'node:path';

import { launch, openViewer } from './support/browser.mjs';
import { folderWith } from './support/library.mjs';
import { REPO } from './support/paths.mjs';
import * as ui from './support/room.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const OUT = path(REPO, 'docs/screenshots');
const SCENE_MS = 14_000;

await mkdir(OUT, { recursive: true });
const films = await folderWith(
  ['bbb_480p_30s_aac51.mp4', 'Big Buck Bunny (2008).mp4'],
  ['bbb_full_10min_216p.mp4', 'Big Buck Bunny - small copy (2008).mp4'],
  ['sintel_trailer_720p.mp4', 'Sintel - trailer (2010).mp4'],
);
const server = await startServer({ dirs: [films.dir] });
const browser = await launch();
try {
  const film = (await server.scanned()).find((item) => item.duration_ms > 25_000 && item.duration_ms < 35_000);
  const ann = await openViewer(browser, 'Ann', { viewport: { width: 1280, height: 720 } });
  const ben = await openViewer(browser, 'Ben', { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  await ui.openHome(ann, server.url);
  await ann.page.waitForFunction(() => [...document.querySelectorAll('[data-testid="film-card"] img')].every((p) => p.complete && p.naturalWidth > 0));
  await ann.page.screenshot({ path: path(OUT, 'home.png'), animations: 'disabled' });
  const room = await ui.createRoom(ann, film.id);
  await ui.part(ann, 'join-name').waitFor();
  await ann.page.screenshot({ path: path(OUT, 'join.png'), animations: 'disabled' });
  await ui.join(ann);
  await ui.openRoom(ben, room);
  for (const viewer of [ann, ben]) await ui.untilLoaded(viewer);
  await ui.seek(ann, SCENE_MS);
  await ui.say(ann, 'Popcorn is ready');
  await ui.say(ben, 'On the train, still the same frame as you');
  await ui.untilHeard(ann, 'On the train');
  await ui.play(ann);
  await ui.untilPlaying([ann, ben]);
  await until('the pages are together', async () => (await ui.spread([ann, ben])) < 40);
  await ann.page.screenshot({ path: path(OUT, 'room.png'), animations: 'disabled' });
  await ben.page.screenshot({ path: path(OUT, 'phone.png'), animations: 'disabled' });
} finally {
  await browser.close();
  await server.stop();
  await films.remove();
}
