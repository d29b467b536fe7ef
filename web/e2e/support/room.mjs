// The steps a person takes, in one place: the only file that knows what the screens are made of.
import assert from 'node:assert/strict';

import { until } from './until.mjs';

/** @typedef {import('./browser.mjs').Viewer} Viewer */

const by = (id) => `[data-testid="${id}"]`;

/** Opens the home page and waits for at least one film. */
export async function openHome(viewer, url) {
  await viewer.page.goto(url);
  await viewer.page.locator(by('film-card')).first().waitFor();
}

/** From the home page: one click on a film makes a room with it. Answers the room's address. */
export async function createRoom(viewer, mediaId) {
  const { page } = viewer;
  const card = page.locator(`${by('film-card')}[data-media-id="${mediaId}"]`);
  await card.click();
  await page.waitForURL(/\/r\/[^/]+$/);
  return page.url();
}

/** On the join screen: a name, one click. */
export async function join(viewer, name = viewer.name) {
  const { page } = viewer;
  await page.locator(by('join-name')).fill(name);
  await page.locator(by('join-button')).click();
  await untilInside(viewer);
}

/** Past the join card: the list of people has somebody in it. */
export async function untilInside({ page }) {
  await page.locator(by('join-button')).waitFor({ state: 'detached' });
  await page.locator(by('member')).first().waitFor({ state: 'attached' });
}

/** Opens a share link and joins. */
export async function openRoom(viewer, url, name = viewer.name) {
  await viewer.page.goto(url);
  await join(viewer, name);
}

/** The room's code in a share link. */
export const codeOf = (url) => new URL(url).pathname.split('/').pop();

/** Waits until the film can be shown at its position. */
export function untilLoaded(viewer, deadlineMs = 15_000) {
  return viewer.page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 3, null, { timeout: deadlineMs });
}

/** What the element does now. */
export function player(viewer) {
  return viewer.page.evaluate(() => {
    const v = document.querySelector('video');
    return v && {
      position: v.currentTime * 1000, paused: v.paused, rate: v.playbackRate, ready: v.readyState, ended: v.ended, muted: v.muted,
      width: v.videoWidth, height: v.videoHeight, error: v.error?.message ?? null, seeking: v.seeking,
      audioBytes: v.webkitAudioDecodedByteCount, videoBytes: v.webkitVideoDecodedByteCount,
      // Chromium counts what it decoded; Firefox only says that there is a track.
      hears: v.webkitAudioDecodedByteCount > 0 || v.mozHasAudio === true,
    };
  });
}

export const play = (viewer) => press(viewer, 'Play');
export const pause = (viewer) => press(viewer, 'Pause');

async function press(viewer, label) {
  await showControls(viewer);
  const button = viewer.page.locator(by('play-pause'));
  await viewer.page.waitForFunction(
    ([selector, text]) => document.querySelector(selector)?.getAttribute('aria-label') === text, [by('play-pause'), label], { timeout: 5000 });
  await button.click();
}

/** The controls fade away while a film plays; moving the mouse brings them back. */
async function showControls({ page }) {
  const box = await page.locator('video').boundingBox();
  assert.ok(box, 'there is a video on the screen');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width / 2 + 8, box.y + box.height / 2 + 8);
}

/** Moves everybody to a position, as a finger on the bar would. */
export async function seek(viewer, positionMs) {
  await showControls(viewer);
  await viewer.page.locator(by('seek-bar')).fill(String(positionMs));
}

/** Opens the choice of pictures, if it is not open, and answers what is in it. */
export async function openQuality(viewer) {
  const button = viewer.page.locator(by('quality'));
  await showControls(viewer);
  if ((await button.getAttribute('aria-expanded')) === 'true') await viewer.page.keyboard.press('Escape');
  await button.click();
  return viewer.page.locator('[role="menuitemradio"] > span:nth-of-type(1)').allInnerTexts();
}

/** Everybody plays: not paused and moving. */
export async function untilPlaying(viewers, deadlineMs = 10_000) {
  for (const viewer of viewers) {
    const from = (await player(viewer))?.position ?? 0;
    await until(`${viewer.name} plays`, async () => {
      const now = await player(viewer);
      return now && !now.paused && Math.abs(now.position - from) > 200;
    }, deadlineMs).catch(async (error) => {
      throw new Error(`${error.message}; ${JSON.stringify(await player(viewer))}; page says: ${await words(viewer)}`);
    });
  }
}

export async function untilPaused(viewers, deadlineMs = 5_000) {
  for (const viewer of viewers) {
    await until(`${viewer.name} rests`, async () => (await player(viewer))?.paused, deadlineMs);
  }
}

/** Positions of all, read as close together as a test can. */
export async function spread(viewers) {
  const at = await Promise.all(viewers.map((v) => v.page.evaluate(() => [performance.timeOrigin + performance.now(), (document.querySelector('video')?.currentTime ?? 0) * 1000, document.querySelector('video')?.paused])));
  const base = Math.min(...at.map(([t]) => t));
  const xs = at.map(([t, x, paused]) => (paused ? x : x - (t - base)));
  return Math.max(...xs) - Math.min(...xs);
}

export async function say(viewer, text) {
  await viewer.page.locator(by('chat-input')).fill(text);
  await viewer.page.locator(by('chat-send')).click();
}

export async function untilHeard(viewer, text) {
  await viewer.page.locator(by('chat-line'), { hasText: text }).first().waitFor({ timeout: 5000 });
}

/** What a person reads on the page, in one line. */
export async function words({ page }) {
  return (await page.locator('body').innerText()).replace(/\s+/g, ' ').slice(0, 600);
}

/** Text of a part of the page that has a test id; empty when it is not there. */
export async function textOf({ page }, id) {
  const part = page.locator(by(id)).first();
  return (await part.count()) ? (await part.innerText()).trim() : '';
}

export const part = ({ page }, id) => page.locator(by(id));

/** The sentence with which the room page says that this film will not play here; empty while there is none. */
export async function problem(viewer) {
  return textOf(viewer, 'trouble');
}

/** The same, but only what is said for good and not about a break that passes. */
export async function refusal({ page }) {
  const last = page.locator(`[role="alert"] ${by('trouble')}`);
  return (await last.count()) ? (await last.innerText()).trim() : '';
}

/** Opens the invitation, answers its link and whether a QR code is drawn, and closes it again. */
export async function share(viewer) {
  const { page } = viewer;
  await page.locator(by('share-button')).click();
  const field = page.locator(by('share-link'));
  await field.waitFor();
  const link = await field.evaluate((e) => e.value ?? e.getAttribute('href') ?? e.textContent.trim());
  await page.waitForFunction((selector) => {
    const code = document.querySelector(selector);
    const image = code?.tagName === 'IMG' ? code : code?.querySelector('img');
    return image ? image.complete && image.naturalWidth > 0 : Boolean(code?.querySelector('svg'));
  }, by('share-qr'), { timeout: 5000 });
  await page.locator(by('share-button')).click();
  return { link, qr: true };
}
