// Every file of the media folder in Firefox: it plays, or the product says in one sentence why not.
import { after, before, test } from 'node:test';

import { everyFile } from './support/every-file.mjs';
import { launchFirefox, openFirefoxViewer } from './support/firefox.mjs';
import { MEDIA } from './support/paths.mjs';
import { startServer } from './support/server.mjs';

let server, browser, listener;

before(async () => {
  server = await startServer({ dirs: [MEDIA] });
  browser = await launchFirefox();
  listener = await launchFirefox({ nullCard: true });
});

after(async () => {
  await browser?.close();
  await listener?.close();
  await server?.stop();
});

test('every file plays in Firefox, or says in one sentence why not', { timeout: 1_200_000 }, () =>
  everyFile('firefox', server, (name, picture) => openFirefoxViewer(picture ? browser : listener, name)));
