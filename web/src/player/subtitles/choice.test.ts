import { expect, test } from 'vitest';
import { chosenSound, chosenTrack, keptAs, type Sound, type Track } from './choice';

const track = (id: string, language: string | null, forced = false): Track => ({
  id,
  kind: 'text',
  language,
  label: id,
  default: false,
  forced,
  external: false,
  url: '',
});
const sound = (index: number, language: string, chosen = false) =>
  ({ index, language, label: `Track ${index}`, default: chosen }) as Sound;

const tracks = [track('s0', 'de', true), track('s1', 'de'), track('s2', 'en'), track('e0', null)];

test('nobody gets subtitles unasked but those for foreign sentences', () => {
  expect(chosenTrack(tracks, null, 'de')?.id).toBe('s0');
  expect(chosenTrack(tracks, null, 'en')).toBeNull();
  expect(chosenTrack(tracks, 'off', 'de')).toBeNull();
});

test('the language chosen last is chosen again, and in full', () => {
  expect(chosenTrack(tracks, 'de', 'en')?.id).toBe('s1');
  expect(chosenTrack(tracks, 'E0', 'en')?.id).toBe('e0');
  expect(chosenTrack(tracks, 'fr', 'en')).toBeNull();
});

test('sound is in the language chosen last, else as the film has it', () => {
  const sounds = [sound(0, 'en'), sound(1, 'fr', true), sound(2, 'de')];
  expect(chosenSound(sounds, 'de')).toBe(2);
  expect(chosenSound(sounds, 'pl')).toBe(1);
  expect(chosenSound(sounds, null)).toBe(1);
  expect(chosenSound([], null)).toBeNull();
});

test('of several tracks in one language the one that was chosen comes back', () => {
  const named = (id: string, label: string, forced = false) => ({ ...track(id, 'en', forced), label });
  const first = [named('s0', 'English'), named('s1', 'English SDH'), named('s2', 'English', true)];
  for (const chosen of first) expect(chosenTrack(first, keptAs(chosen), null)?.id).toBe(chosen.id);
  const next = [named('s0', 'English (forced)', true), named('s1', 'English')];
  expect(chosenTrack(next, keptAs(named('', 'English SDH')), null)?.id).toBe('s1');
  expect(chosenTrack(next, keptAs(named('', 'Signs', true)), null)?.id).toBe('s0');
  const sounds = [
    { ...sound(0, 'en', true), label: 'English' },
    { ...sound(1, 'en'), label: 'Commentary' },
  ];
  expect(chosenSound(sounds, keptAs({ language: 'en', label: 'Commentary' }))).toBe(1);
});
