import { expect, test } from 'vitest';
import { contained, partBox, planeBox } from './plane';

const stage = { width: 1600, height: 900 };

test('a film lies in its element as the browser puts it', () => {
  expect(contained({ width: 1920, height: 800 }, stage)).toMatchObject({ left: 0, width: 1600 });
  expect(contained({ width: 720, height: 576 }, stage)).toMatchObject({ top: 0, height: 900, width: 1125 });
  expect(contained({ width: 0, height: 0 }, stage)).toEqual({ left: 0, top: 0, ...stage });
});

test('the plane of a disc keeps its shape over a film that lost its bars', () => {
  const film = contained({ width: 1920, height: 800 }, stage);
  const place = planeBox({ width: 1920, height: 1080 }, film);
  expect(place).toEqual({ left: 0, top: 0, width: 1600, height: 900 });
});

test('the plane of a DVD lies on the film edge to edge', () => {
  const film = contained({ width: 1024, height: 576 }, stage);
  expect(planeBox({ width: 720, height: 576 }, film)).toEqual(film);
});

test('a subtitle in a bar that is not on the screen is moved onto it', () => {
  const narrow = { width: 1600, height: 667 };
  const film = contained({ width: 1920, height: 800 }, narrow);
  const plane = { width: 1920, height: 1080 };
  const box = partBox({ left: 600, top: 980, width: 700, height: 60 }, plane, planeBox(plane, film), narrow);
  expect(box.top + box.height).toBeLessThanOrEqual(narrow.height);
  expect(box.left).toBeCloseTo(500);
});
