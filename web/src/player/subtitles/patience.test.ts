import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patiently } from './patience';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const answers = (...statuses: number[]) => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const status = statuses[Math.min(asked.length, statuses.length) - 1] ?? 200;
    return status === 0
      ? Promise.reject(new TypeError('away'))
      : Promise.resolve(new Response('bytes', { status }));
  });
  return asked;
};

async function result(got: Promise<Uint8Array | null>): Promise<string | null> {
  await vi.runAllTimersAsync();
  const bytes = await got;
  return bytes && new TextDecoder().decode(bytes);
}

test('a busy server and a broken line are waited out', async () => {
  const asked = answers(503, 0, 500, 200);
  expect(
    await result(
      patiently(
        () => 'font',
        () => true,
      ),
    ),
  ).toBe('bytes');
  expect(asked).toHaveLength(4);
});

test('an address that has expired is asked for under its new name', async () => {
  const asked = answers(403, 200);
  let name = 'old';
  const got = patiently(
    () => name,
    () => true,
  );
  name = 'new';
  expect(await result(got)).toBe('bytes');
  expect(asked).toEqual(['old', 'new']);
});

test('a clear no is not asked about again, and neither is what nobody waits for', async () => {
  const asked = answers(404);
  expect(
    await result(
      patiently(
        () => 'font',
        () => true,
      ),
    ),
  ).toBeNull();
  expect(asked).toHaveLength(1);
  expect(
    await result(
      patiently(
        () => 'font',
        () => false,
      ),
    ),
  ).toBeNull();
  expect(asked).toHaveLength(1);
});

test('what may be done without is given up in the end', async () => {
  const asked = answers(503);
  expect(
    await result(
      patiently(
        () => 'font',
        () => true,
        3,
      ),
    ),
  ).toBeNull();
  expect(asked).toHaveLength(3);
});
