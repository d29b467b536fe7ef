import { describe, expect, test } from 'vitest';
import { choose, fileWillDo, offers, type Pulse, Strain, variantOf, variantsOf } from './quality';

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",URI="a0/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=8000000,CODECS="hvc1.2.4.L120.90,mp4a.40.2",RESOLUTION=1920x800,AUDIO="sound"
vcopy/index.m3u8
#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=3200000,RESOLUTION=1280x534,AUDIO="sound"
v720/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1700000,RESOLUTION=854x356,AUDIO="sound"
h480/index.m3u8
`;
const [COPY, HD, SD] = [0, 1, 2];
const ALL = variantsOf(MASTER);

describe('a master playlist', () => {
  test('is read in its order, rungs by their names and not by their height', () => {
    expect(ALL.map(({ id, lines, original }) => [id, lines, original])).toEqual([
      ['vcopy', 1080, true],
      ['v720', 720, false],
      ['h480', 480, false],
    ]);
    expect(ALL.map((variant) => variant.bitrate)).toEqual([8_000_000, 3_200_000, 1_700_000]);
  });

  test('of a film without picture, or none at all, offers nothing', () => {
    expect(variantsOf('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=200000\na0/index.m3u8\n')).toEqual([]);
    expect(variantsOf('')).toEqual([]);
  });

  test('names a portrait picture by the frame that holds it', () => {
    expect(variantOf('vcopy/index.m3u8', 1080, 1920, 1).lines).toBe(1080);
    expect(variantOf('a0/index.m3u8', 0, 0, 1).original).toBe(true);
    expect(variantOf('h720/index.m3u8', 1280, 720, 1).original).toBe(false);
  });

  test('offers what is below the original, best first', () => {
    expect(offers(ALL)).toEqual([720, 480]);
  });
});

describe('the picture to begin with', () => {
  test('is the first one listed, and never the lowest', () => {
    expect(choose(ALL, 'auto', COPY, null)).toBe(COPY);
  });

  test('is no waste on a small screen', () => {
    expect(choose(ALL, 'auto', COPY, 360)).toBe(SD);
    expect(choose(ALL, 'auto', COPY, 780)).toBe(COPY);
  });

  test('is what was asked for, or the next one below, or the lowest', () => {
    expect(choose(ALL, 'original', HD, null)).toBe(COPY);
    expect(choose(ALL, 720, COPY, null)).toBe(HD);
    expect(choose(ALL, 600, COPY, null)).toBe(SD);
    expect(choose(ALL, 240, COPY, null)).toBe(SD);
    expect(choose([], 720, 0, null)).toBe(-1);
  });

  test('can be the file itself unless something smaller was asked for and is there', () => {
    expect(fileWillDo(ALL, 'auto')).toBe(true);
    expect(fileWillDo(ALL, 'original')).toBe(true);
    expect(fileWillDo(ALL, 480)).toBe(false);
    expect(fileWillDo(ALL, 1080)).toBe(true);
    expect(fileWillDo(ALL.slice(0, 1), 480)).toBe(true);
    expect(fileWillDo([], 480)).toBe(true);
  });
});

/** Lives through seconds of the same kind; answers the changes as [second, to]. */
function live(strain: Strain, from: number, seconds: number, start: number, kind: Partial<Pulse>) {
  const changes: [number, number][] = [];
  let current = start;
  for (let s = from; s < from + seconds; s += 1) {
    const frames = { decoded: s * 24, dropped: 0 };
    const well = { running: true, flowing: true, bufferedMs: 20_000, bandwidth: 5e7, ...frames };
    const to = strain.feel(ALL, current, COPY, { ...well, ...kind, now: s * 1_000 });
    if (to === null) continue;
    changes.push([s - from, to]);
    current = to;
  }
  return changes;
}

describe('strain', () => {
  test('is not felt while all goes well', () => {
    expect(live(new Strain(0), 0, 600, COPY, {})).toEqual([]);
  });

  test('of a slow line leads to a picture that the line carries', () => {
    const starving = { flowing: false, bandwidth: 5e6 };
    expect(live(new Strain(0), 10, 5, COPY, starving)).toEqual([[3, HD]]);
    expect(live(new Strain(0), 10, 5, COPY, { flowing: false, bandwidth: 1e6 })).toEqual([[3, SD]]);
  });

  test('is not felt while the room rests or the page is behind others', () => {
    expect(live(new Strain(0), 10, 60, COPY, { flowing: false, running: false })).toEqual([]);
  });

  test('of a device that leaves frames out leads one step down, however good the line', () => {
    const strain = new Strain(0);
    let at: number | null = null;
    for (let s = 0; s < 30 && at === null; s += 1) {
      const frames = { decoded: s * 24, dropped: s * 12 };
      at = strain.feel(ALL, COPY, COPY, {
        now: s * 1_000,
        running: true,
        flowing: true,
        bufferedMs: 20_000,
        bandwidth: 5e7,
        ...frames,
      });
    }
    expect(at).toBe(HD);
  });

  test('does not push below the lowest', () => {
    expect(live(new Strain(0), 10, 60, SD, { flowing: false, bandwidth: 1e5 })).toEqual([]);
  });

  test('is tried against after a time of peace, later each time, one step at a time', () => {
    const strain = new Strain(0);
    const [down] = live(strain, 10, 5, COPY, { flowing: false, bandwidth: 1e6 });
    expect(down).toEqual([3, SD]);
    const up = live(strain, 14, 130, SD, {});
    expect(up.map(([, to]) => to)).toEqual([HD, COPY]);
    expect(up[0]?.[0]).toBeGreaterThanOrEqual(55);
    // The last return fails at once.
    const strained = { flowing: false, bandwidth: 5e6 };
    expect(live(strain, 144, 5, COPY, strained)).toHaveLength(1);
    expect(live(strain, 148, 100, HD, {})).toEqual([]);
    expect(live(strain, 248, 40, HD, {})).toHaveLength(1);
  });

  test('now and then in an evening does not make the way back longer', () => {
    const strain = new Strain(0);
    for (let hiccup = 1; hiccup <= 6; hiccup += 1) {
      const from = hiccup * 900;
      expect(live(strain, from, 5, COPY, { flowing: false, bandwidth: 5e6 })).toHaveLength(1);
      const [back] = live(strain, from + 5, 890, HD, {});
      expect(back?.[1]).toBe(COPY);
      expect(back?.[0]).toBeLessThan(70);
    }
  });

  test('a line that carries no more than this is not asked for more', () => {
    const strain = new Strain(0);
    live(strain, 10, 5, COPY, { flowing: false, bandwidth: 5e6 });
    expect(live(strain, 14, 900, HD, { bandwidth: 5e6 })).toEqual([]);
  });
});
