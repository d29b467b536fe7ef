// Every file of the media folder in Chromium: it plays, or the product says in one sentence why not.
import { after, before, test } from 'node:test';

import { launch, openViewer } from './support/browser.mjs';
import { everyFile } from './support/every-file.mjs';
import { MEDIA } from './support/paths.mjs';
import { startServer } from './support/server.mjs';

let server, browser;

before(async () => {
  server = await startServer({ dirs: [MEDIA] });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('every file plays, or says in one sentence why not', { timeout: 1_200_000 }, () =>
  everyFile('chromium', server, (name) => openViewer(browser, name, { viewport: { width: 640, height: 480 } })));
