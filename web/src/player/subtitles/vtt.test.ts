import { expect, test } from 'vitest';
import { parseVtt, placeOf, runsOf } from './vtt';

test('cues are read with their places and lines', () => {
  const text =
    'WEBVTT\n\n00:00:01.000 --> 00:00:02.500 line:5%\n<i>One</i>\ntwo\n\n01:00.000 --> 01:01.000\nLater\n';
  expect(parseVtt(text)).toEqual([
    { start: 1000, end: 2500, text: '<i>One</i>\ntwo', settings: 'line:5%' },
    { start: 60_000, end: 61_000, text: 'Later', settings: '' },
  ]);
  expect(parseVtt('WEBVTT\n')).toEqual([]);
});

test('a cue goes where it says, and below when it says nothing', () => {
  expect(placeOf('')).toEqual({ place: 'bottom', side: 'center' });
  expect(placeOf('line:5% position:5% align:start')).toEqual({ place: 'top', side: 'start' });
  expect(placeOf('line:50%')).toEqual({ place: 'middle', side: 'center' });
  expect(placeOf('line:-1 align:right')).toEqual({ place: 'bottom', side: 'end' });
  expect(placeOf('line:0')).toEqual({ place: 'top', side: 'center' });
});

test('tags become runs, and what only looks like a tag stays text', () => {
  expect(runsOf('a<i>b<b>c</b></i>&lt;i&gt; &amp;lt;')).toEqual([
    { text: 'a', tags: [] },
    { text: 'b', tags: ['i'] },
    { text: 'c', tags: ['i', 'b'] },
    { text: '<i> &lt;', tags: [] },
  ]);
});
