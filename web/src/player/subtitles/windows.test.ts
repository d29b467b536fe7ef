import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Windows } from './windows';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Wants the first piece for ten minutes of which every answer is this one. */
async function asked(status: number): Promise<number> {
  let count = 0;
  vi.stubGlobal('fetch', () => {
    count += 1;
    return Promise.resolve(new Response('', { status }));
  });
  const windows = new Windows(
    { url: '/subs/s0', windowMs: 60_000 },
    (n) => `${n}.vtt`,
    (response) => response.text(),
    () => undefined,
    () => undefined,
  );
  for (let second = 0; second < 600; second += 1) {
    windows.want(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  windows.close();
  return count;
}

test('a piece that cannot be made is not asked for without end', async () => {
  expect(await asked(500)).toBe(5);
  expect(await asked(409)).toBe(5);
});

test('a busy server is asked until it has time', async () => {
  expect(await asked(503)).toBeGreaterThan(20);
});
