import { describe, expect, it } from 'vitest';
import { chapterAt, chapterStep, marks } from './chapters';
import { thumbnailAt, thumbnailsOf } from './thumbnails';

const INDEX = `WEBVTT

00:00:00.000 --> 00:00:10.000
0.jpg#xywh=0,0,192,80

00:00:10.000 --> 00:00:20.000
0.jpg#xywh=192,0,192,80

nonsense
01:00:20.000 --> 01:00:25.500
1.jpg#xywh=384,160,192,80
`;

describe('thumbnails', () => {
  const thumbnails = thumbnailsOf(INDEX, '/stream/TOKEN/thumbs/index.vtt');

  it('are read with their places, beside their index', () => {
    expect(thumbnails).toHaveLength(3);
    expect(thumbnails[2]).toEqual({
      from: 3_620_000,
      to: 3_625_500,
      url: '/stream/TOKEN/thumbs/1.jpg',
      x: 384,
      y: 160,
      width: 192,
      height: 80,
    });
  });

  it('are found by time', () => {
    expect([0, 9_999, 10_000, 5_000_000].map((ms) => thumbnailAt(thumbnails, ms)?.from)).toEqual([
      0, 0, 10_000, 3_620_000,
    ]);
    expect(thumbnailAt([], 5)).toBeNull();
  });

  it('are none in what is no index', () => {
    expect(thumbnailsOf('', '/a')).toEqual([]);
    expect(thumbnailsOf('00:00:00.000 --> 00:00:10.000', '/a')).toEqual([]);
  });
});

describe('chapters', () => {
  const chapters = [0, 60_000, 120_000].map((start_ms, n) => ({ start_ms, title: `Part ${n + 1}` }));

  it('are known by where one is', () => {
    expect(chapterAt(chapters, 61_000)?.title).toBe('Part 2');
    expect(chapterAt(chapters.slice(1), 0)).toBeNull();
  });

  it('lead on and back, and back to the one before only at the beginning of one', () => {
    expect(chapterStep(chapters, 61_000, 1)).toBe(120_000);
    expect(chapterStep(chapters, 121_000, 1)).toBeNull();
    expect(chapterStep(chapters, 90_000, -1)).toBe(60_000);
    expect(chapterStep(chapters, 61_000, -1)).toBe(0);
    expect(chapterStep(chapters, 1_000, -1)).toBeNull();
  });

  it('are marked inside the bar only', () => {
    expect(marks(chapters, 100_000).map((chapter) => chapter.title)).toEqual(['Part 2']);
  });
});
