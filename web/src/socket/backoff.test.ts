import { expect, test } from 'vitest';
import { backoff } from './backoff';

test('the ceiling doubles from a quarter of a second to ten, and chance spreads everybody below it', () => {
  expect([0, 1, 2, 6, 50].map((attempt) => backoff(attempt, 1))).toEqual([250, 500, 1_000, 10_000, 10_000]);
  expect(backoff(50, 0.5)).toBe(5_000);
  expect(backoff(0, 0)).toBeGreaterThan(0);
});
