// Chromium pages that cannot help each other: every viewer is a browser context of its own, so a renderer process of its
// own, with its own storage and cache. What each page asks for, says and complains about is kept for the assertions.
import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

import { CHROMIUM } from './paths.mjs';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Without these a page that is not in front gets one timer a second, and the recorder would starve.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

/** Two readings of one clock, taken one after the other, may differ by this much on a busy machine. */
const CLOCK_CHECK_MS_MAX = 250;

/** Autoplay policy stays what people have: sound needs a gesture, and the join button must be that gesture. */
export function launch() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGS });
}

/**
 * @typedef {object} Viewer
 * @property {string} name
 * @property {import('playwright-core').BrowserContext} context
 * @property {import('playwright-core').Page} page
 * @property {import('playwright-core').CDPSession} cdp
 * @property {string[]} requests    every URL asked for, sockets too
 * @property {string[]} complaints  console errors and uncaught exceptions
 * @property {() => Promise<void>} close
 */

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} name
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @returns {Promise<Viewer>}
 */
export async function openViewer(browser, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'timeTicks' });
  const requests = /** @type {string[]} */ ([]);
  const complaints = /** @type {string[]} */ ([]);
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('crash', () => complaints.push('the page crashed'));
  return { name, context, page, cdp, requests, complaints, close: () => context.close() };
}

/**
 * Host monotonic clock minus the page's `performance.now()`, in ms: where this document's time origin lies on the clock
 * that all processes of this machine share. Must be asked again after a navigation.
 * @param {Viewer} viewer
 */
export async function clockOffset({ cdp, page }) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const value = (name) => (metrics.find((m) => m.name === name)?.value ?? Number.NaN) * 1000;
  const offset = value('NavigationStart');
  const now = await page.evaluate(() => performance.now());
  const apart = offset + now - value('Timestamp');
  assert.ok(apart > -1 && apart < CLOCK_CHECK_MS_MAX, `the page's clock cannot be placed: ${apart} ms apart`);
  return offset;
}

/**
 * No page may ask anything of anybody but the server it came from.
 * @param {Viewer[]} viewers
 * @param {string[]} origins
 */
export function assertOnlyTalksTo(viewers, ...origins) {
  const allowed = new Set(origins.flatMap((o) => [new URL(o).host]));
  for (const viewer of viewers) {
    const strange = viewer.requests.filter((url) => {
      const parsed = new URL(url);
      return !['data:', 'blob:', 'about:'].includes(parsed.protocol) && !allowed.has(parsed.host);
    });
    assert.deepEqual(strange, [], `${viewer.name} talks to strangers`);
  }
}

/**
 * @param {Viewer[]} viewers
 * @param {RegExp} [except] complaints that a test provoked itself
 */
export function assertNoComplaints(viewers, except) {
  for (const viewer of viewers) {
    const left = viewer.complaints.filter((text) => !except?.test(text));
    assert.deepEqual(left, [], `the console of ${viewer.name}`);
  }
}
