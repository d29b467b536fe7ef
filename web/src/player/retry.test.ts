import { describe, expect, test } from 'vitest';
import { isDamage, lastCallAfter, renewAfter, Strikes, tokenOf, verdict, withToken } from './retry';

describe('what an answer means', () => {
  test('no answer, an error of the server and "not now" pass', () => {
    for (const status of [0, 408, 425, 429, 500, 502, 503, 504]) expect(verdict(status)).toBe('wait');
  });

  test('a forbidden address is worth a fresh one', () => {
    expect(verdict(403)).toBe('renew');
  });

  test('gone, unknown, changed and unplayable are the last word', () => {
    for (const status of [400, 404, 409, 410, 422]) expect(verdict(status)).toBe('final');
  });
});

describe('a part of a film', () => {
  test('that the server calls unplayable is hopeless at once, one that only failed when it fails again', () => {
    expect(isDamage(422, 'damaged', false)).toBe(true);
    expect(isDamage(500, 'media_failed', false)).toBe(false);
    expect(isDamage(500, 'media_failed', true)).toBe(true);
  });

  test('that is asked for too early, without leave or of a film that is gone is not damaged', () => {
    for (const status of [403, 404, 409, 410, 429, 500, 503])
      expect(isDamage(status, 'busy', true)).toBe(false);
  });
});

describe('when addresses are renewed', () => {
  test('well before they expire, and the last call comes before that too', () => {
    for (const life of [60, 7_200]) {
      expect(renewAfter(life)).toBeGreaterThan(life * 500);
      expect(renewAfter(life) + lastCallAfter(life)).toBeLessThan(life * 1_000);
    }
  });

  test('a life of nothing does not make the page ask without end', () => {
    expect(renewAfter(0)).toBeGreaterThan(10_000);
  });
});

describe('tokens in addresses', () => {
  test('are swapped and nothing else is', () => {
    const url = 'http://host:8420/stream/old.token/hls/vcopy/3.m4s?x=1';
    expect(tokenOf(url)).toBe('old.token');
    expect(withToken(url, 'new')).toBe('http://host:8420/stream/new/hls/vcopy/3.m4s?x=1');
    expect(withToken('/stream/a/direct', '$&')).toBe('/stream/$&/direct');
  });

  test('an address that is no stream stays as it is', () => {
    expect(tokenOf('/api/v1/media')).toBeNull();
    expect(withToken('/api/v1/media', 'new')).toBe('/api/v1/media');
  });
});

test('strikes count up in a row, and begin anew after a minute of peace', () => {
  const strikes = new Strikes();
  expect([0, 1_000, 50_000].map((now) => strikes.add(now))).toEqual([1, 2, 3]);
  expect(strikes.add(200_000)).toBe(1);
  strikes.clear();
  expect(strikes.add(200_001)).toBe(1);
});
