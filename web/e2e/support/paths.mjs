// Where the things under test are. Everything can be pointed elsewhere by environment, nothing is guessed at run time.
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

export const REPO = resolve(HERE, '../../..');
export const E2E = resolve(HERE, '..');

/** The executable under test. */
export const BINARY = resolve(REPO, process.env.WATCHPARTY_BIN ?? 'target/release/watchparty');

/** Real films, see the README beside them. */
export const MEDIA = resolve(REPO, process.env.WATCHPARTY_TEST_MEDIA ?? '../shared/media');

/** Made once and kept: generated films. Outside the checkout, so that `git clean` does not cost minutes. */
export const CACHE = resolve(
  process.env.WATCHPARTY_E2E_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'watchparty-e2e'),
);

/** Screenshots and raw dumps of the last run; not committed. */
export const OUT = join(E2E, 'out');

export const CHROMIUM = process.env.WATCHPARTY_CHROMIUM ?? '/usr/bin/chromium';

export const FIREFOX = process.env.WATCHPARTY_FIREFOX ?? '/usr/bin/firefox-esr';
