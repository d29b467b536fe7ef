import assert from 'node:assert/strict';
import { test } from 'node:test';

import { drawMarker, readMarker } from './marker.mjs';
import { clockSkew, frameAt, frameDifference, longestGap, objections, percentile, positionAt, settledAt } from './skew.mjs';

const WINDOW = { from: 1000, to: 9000 };

/** A page that plays from 0 at t = `lag`, sampled at 40 Hz with jitter, and shows 24 frames a second on a 60 Hz screen. */
function page(name, { lag = 0, phase = 0, until = 10_000, rate = 1 } = {}) {
  const samples = [];
  for (let k = 0; k < (until / 1000) * 40; k++) {
    const t = k * 25 + ((k * 7919) % 11) / 5;
    samples.push({ t, x: Math.max(0, (t - lag) * rate), paused: false, rate });
  }
  const frames = [];
  let presented = 0;
  for (let v = 0; v * (1000 / 60) < until; v++) {
    const t = v * (1000 / 60) + phase;
    const frame = Math.max(0, Math.floor(((t - lag) * rate * 24) / 1000));
    if (frames.at(-1)?.frame !== frame) frames.push({ t, frame, presented: ++presented, mediaTime: frame / 24 });
  }
  return { name, samples, frames };
}

test('percentiles are by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.equal(percentile(values, 0.95), 95);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('a position between two samples is on the line between them, and unknown across a gap', () => {
  const samples = [{ t: 0, x: 0 }, { t: 20, x: 40 }, { t: 400, x: 500 }].map((s) => ({ ...s, paused: false, rate: 1 }));
  assert.equal(positionAt(samples, 10), 20);
  assert.equal(positionAt(samples, 20), 40);
  assert.equal(positionAt(samples, 100), null);
  assert.equal(positionAt(samples, 401), null);
  assert.equal(positionAt(samples, -1), null);
});

test('three pages with known lags give the known skew', () => {
  const skew = clockSkew([page('a'), page('b', { lag: 12 }), page('c', { lag: 30 })], WINDOW);
  assert.ok(Math.abs(skew.max - 30) < 0.01);
  assert.ok(Math.abs(skew.p50 - 18) < 0.01);
});

test('pages in step show frames that differ by at most one whatever the phase of their screens', () => {
  const difference = frameDifference([page('a'), page('b', { lag: 15, phase: 16 }), page('c', { phase: 8 })], WINDOW);
  assert.equal(difference.strict.max, 1);
  assert.equal(difference.allowed.withinOne, 1);
  assert.ok(difference.compared > 0.99);
});

test('pages 100 ms apart are caught by their frames', () => {
  const difference = frameDifference([page('a'), page('b', { lag: 100 })], WINDOW);
  assert.ok(difference.allowed.withinOne < 0.5, `${difference.allowed.withinOne}`);
  assert.ok(difference.strict.p50 >= 2);
});

test('a frame is unknown where a callback was missed', () => {
  const frames = [
    { t: 0, frame: 0, presented: 1, mediaTime: 0 },
    { t: 40, frame: 1, presented: 2, mediaTime: 0 },
    { t: 120, frame: 3, presented: 4, mediaTime: 0 },
    { t: 160, frame: 4, presented: 5, mediaTime: 0 },
  ];
  assert.equal(frameAt(frames, 10), 0);
  assert.equal(frameAt(frames, 50), null);
  assert.equal(frameAt(frames, 130), 3);
  assert.equal(frameAt(frames, 170), null);
});

test('a good run has no objections', () => {
  assert.deepEqual(objections([page('a'), page('b', { lag: 5 })], WINDOW, 2), []);
});

test('a run is not believed when a page is missing, silent, paused, stuck or looping', () => {
  const good = page('good');
  assert.match(objections([good], WINDOW, 2).join(), /only 1 of 2/);
  const silent = { ...good, name: 'silent', samples: good.samples.filter((_, i) => i % 2 === 0) };
  assert.match(objections([silent], WINDOW, 1).join(), /silent: 160 of 320 samples/);
  const paused = { ...good, name: 'paused', samples: good.samples.map((s, i) => ({ ...s, paused: i === 200 })) };
  assert.match(objections([paused], WINDOW, 1).join(), /paused: paused in 1/);
  const stuck = { ...good, name: 'stuck', samples: good.samples.map((s) => ({ ...s, x: 5000 })) };
  assert.match(objections([stuck], WINDOW, 1).join(), /stuck: the film moved 0.000/);
  const looping = { ...good, name: 'looping', samples: good.samples.map((s) => ({ ...s, x: s.x % 4000 })) };
  assert.match(objections([looping], WINDOW, 1).join(), /looping: went back by/);
});

test('settling is the instant from which the spread stays small', () => {
  const late = page('late');
  late.samples = late.samples.map((s) => ({ ...s, x: s.t < 3000 ? s.x - 80 : s.x - 2 }));
  const at = settledAt([page('a'), late], WINDOW, 15);
  assert.ok(at !== null && at >= 3000 && at <= 3100, `${at}`);
  assert.equal(settledAt([page('a'), page('b', { lag: 40 })], WINDOW, 15), null);
});

test('the marker that was drawn is the marker that is read', () => {
  for (const [w, h] of [[320, 180], [640, 360], [160, 90]]) {
    for (const frame of [0, 1, 24, 14_399, 1_048_575]) {
      assert.deepEqual(readMarker(drawMarker(frame, 9, w, h), w, h), { frame, id: 9 });
    }
  }
  assert.equal(readMarker(new Uint8ClampedArray(320 * 180 * 4), 320, 180), null);
  const spoiled = drawMarker(1234, 1, 320, 180);
  for (let y = 0; y < 10; y++) for (let x = 50; x < 60; x++) spoiled.set([235, 235, 235, 255], (y * 320 + x) * 4);
  assert.equal(readMarker(spoiled, 320, 180), null);
});

test('a page that could not be sampled for a while is noticed', () => {
  const good = page('good');
  assert.ok(longestGap([good], WINDOW) < 60);
  const starved = { ...good, samples: good.samples.filter(({ t }) => t < 4000 || t > 4400) };
  assert.ok(longestGap([good, starved], WINDOW) >= 400);
  assert.ok(longestGap([{ ...good, samples: [] }], WINDOW) === 8000);
});
