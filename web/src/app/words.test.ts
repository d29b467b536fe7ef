import { expect, test } from 'vitest';
import { clockTime, length, names, offset } from './words';

test('times are read as on a player', () => {
  expect([0, 59_999, 61_000, 3_723_000].map(clockTime)).toEqual(['0:00', '0:59', '1:01', '1:02:03']);
});

test('lengths are read as on a poster', () => {
  expect([30_000, 596_480, 5_520_000].map(length)).toEqual(['30 s', '10 min', '1 h 32 min']);
});

test('offsets carry a sign and a unit that fits', () => {
  expect([3.4, -120, 0, -0.4, 2_430].map(offset)).toEqual(['+3 ms', '−120 ms', '+0 ms', '+0 ms', '+2.4 s']);
});

test('names are joined as in a sentence', () => {
  expect([[], ['Ann'], ['Ann', 'Ben'], ['Ann', 'Ben', 'Cy']].map(names)).toEqual([
    '',
    'Ann',
    'Ann and Ben',
    'Ann, Ben and Cy',
  ]);
});
