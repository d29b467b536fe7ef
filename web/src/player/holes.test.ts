import { describe, expect, test } from 'vitest';
import { Holes, type Part } from './holes';

const film = (count: number): Part[] =>
  Array.from({ length: count }, (_, sn) => ({ sn, start: sn * 2, duration: 2, tagList: [] }));

/** Digs wherever a player that asks for everything in order meets a part that is `broken`. */
function watch(count: number, broken: (sn: number) => boolean, said = '') {
  const parts = film(count);
  const holes = new Holes();
  const asked: number[] = [];
  let last: ReturnType<Holes['dig']> | null = null;
  for (const part of parts) {
    if (part.gap) continue;
    asked.push(part.sn as number);
    if (broken(part.sn as number)) last = holes.dig(part, parts, said);
  }
  return { parts, asked, last };
}

const left = (parts: Part[]) => parts.filter((part) => part.gap).map((part) => part.sn);

describe('a hole', () => {
  test('of one part is left out alone, and marked as a playlist would', () => {
    const { parts, last } = watch(10, (sn) => sn === 4);
    expect(left(parts)).toEqual([4]);
    expect(parts[4]?.tagList).toEqual([['GAP']]);
    expect(last).toMatchObject({ from: 8_000, to: 10_000 });
  });

  test('is told in the words of the server, else with its time', () => {
    expect(watch(10, (sn) => sn === 4, 'The picture is damaged from 0:08.').last?.message).toBe(
      'The picture is damaged from 0:08.',
    );
    expect(watch(100, (sn) => sn === 61).last?.message).toContain('2:02');
  });

  test('that goes on to the end is found with few questions', () => {
    const { asked, last } = watch(2_000, (sn) => sn >= 100);
    expect(asked.filter((sn) => sn >= 100).length).toBeLessThan(16);
    expect(last).toMatchObject({ from: 200_000, to: 4_000_000 });
  });

  test('begins anew behind good parts', () => {
    const { parts, last } = watch(20, (sn) => sn === 2 || sn === 9);
    expect(left(parts)).toEqual([2, 9]);
    expect(last?.from).toBe(18_000);
  });

  test('is the same hole in the playlist of another picture', () => {
    const holes = new Holes();
    const [one, other] = [film(5), film(5)];
    const part = one[3];
    if (part) holes.dig(part, one, '');
    holes.mark(other);
    holes.mark(other);
    expect(left(other)).toEqual([3]);
    expect(other[3]?.tagList).toHaveLength(1);
  });
});
