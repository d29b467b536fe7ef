import { describe, expect, test } from 'vitest';
import { type Rescue, Rescuer } from './seams';

/** Looks once a second; answers what was tried, and when. */
function tries(rescuer: Rescuer, from: number, seconds: number): [number, Rescue][] {
  const found: [number, Rescue][] = [];
  for (let s = from; s < from + seconds; s += 1) {
    const how = rescuer.look(s * 1_000);
    if (how !== 'none') found.push([s, how]);
  }
  return found;
}

describe('a player that is stuck', () => {
  test('is first helped on with what it has, then begun again, ever more rarely', () => {
    expect(tries(new Rescuer(0), 0, 100)).toEqual([
      [5, 'load'],
      [10, 'anew'],
      [20, 'anew'],
      [40, 'anew'],
      [80, 'anew'],
    ]);
  });

  test('is left alone while there are signs of life', () => {
    const rescuer = new Rescuer(0);
    for (let s = 0; s < 60; s += 4) {
      rescuer.sign(s * 1_000);
      expect(tries(rescuer, s, 4)).toEqual([]);
    }
  });

  test('is helped at once again after it has played', () => {
    const rescuer = new Rescuer(0);
    tries(rescuer, 0, 50);
    rescuer.well(50_000);
    expect(tries(rescuer, 50, 11)).toEqual([
      [55, 'load'],
      [60, 'anew'],
    ]);
  });
});
