// Firefox pages behind the few calls that the steps of `room.mjs` make, so that both browsers take the same steps. Driven
// over WebDriver BiDi, which the Firefox of the distribution speaks; Playwright asks it for more than it knows.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch } from 'puppeteer-core';

import { FIREFOX } from './paths.mjs';
import { until } from './until.mjs';

const STEP_MS_MAX = 15_000;

/** A sound card that takes everything at once: time races, but sound is really decoded and drained. */
const NULL_CARD = 'pcm.!default { type null }\nctl.!default { type null }\n';

/**
 * Sound needs no gesture here: headless pages have no focus that a gesture would count in. Where there is no sound card,
 * Firefox plays films without their sound at the right pace, and refuses sound alone: that needs `nullCard`.
 * @param {{nullCard?: boolean}} [options]
 */
export async function launchFirefox({ nullCard = false } = {}) {
  const prefs = { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0, 'datareporting.policy.dataSubmissionEnabled': false };
  const env = { ...process.env };
  if (nullCard) {
    const folder = await mkdtemp(join(tmpdir(), 'watchparty-card-'));
    env.ALSA_CONFIG_PATH = join(folder, 'asound.conf');
    await writeFile(env.ALSA_CONFIG_PATH, NULL_CARD);
    prefs['media.cubeb.backend'] = 'alsa';
  }
  return launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, env, extraPrefsFirefox: prefs });
}

/**
 * @param {import('puppeteer-core').Browser} browser
 * @param {string} name
 */
export async function openFirefoxViewer(browser, name) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 640, height: 480 });
  const requests = /** @type {string[]} */ ([]);
  const complaints = /** @type {string[]} */ ([]);
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  return { name, context, page: facade(page), requests, complaints, close: () => context.close() };
}

function facade(page) {
  return {
    goto: (url) => page.goto(url, { waitUntil: 'domcontentloaded' }),
    evaluate: (...args) => page.evaluate(...args),
    waitForFunction: (fact, arg, { timeout = STEP_MS_MAX } = {}) =>
      until('a fact of the page', () => page.evaluate(fact, arg), timeout),
    mouse: page.mouse,
    locator: (selector) => locator(page, selector),
  };
}

/** The first element that fits. */
function locator(page, selector) {
  const found = () => page.$(selector);
  const there = () => until(`${selector} is there`, found, STEP_MS_MAX);
  return {
    first: () => locator(page, selector),
    count: async () => (await page.$$(selector)).length,
    innerText: async () => (await there()).evaluate((element) => element.innerText),
    boundingBox: async () => (await there()).boundingBox(),
    click: async () => (await there()).click(),
    waitFor: ({ state = 'visible', timeout = STEP_MS_MAX } = {}) =>
      until(`${selector} is ${state}`, async () => (await found() !== null) === (state !== 'detached'), timeout),
    async fill(text) {
      const element = await there();
      await element.evaluate((field) => field.select());
      await element.type(text);
    },
  };
}
