/** Which track a viewer gets who has chosen before, elsewhere. Pure. */
import type { Playback } from '../../api/types';

export type Track = Playback['subtitles'][number];
export type Sound = Playback['audio'][number];

const same = (a: string | null | undefined, b: string | null | undefined) =>
  Boolean(a && b && a.toLowerCase() === b.toLowerCase());

/** What a choice is kept as, for films whose tracks have other names: a language and which of its tracks, else a label. */
export function keptAs(track: { language?: string | null; label: string; forced?: boolean }): string {
  return [track.language ?? '', track.label, track.forced ? 'forced' : ''].join('\n');
}

/** The tracks that come near to what was kept, the nearest first. A kept word alone is a language or a label. */
function near<T extends { language?: string | null; label: string; forced?: boolean }>(
  tracks: T[],
  wish: string,
): T[] {
  const [language, label = language, forced] = wish.split('\n');
  const full = tracks.filter((track) => Boolean(track.forced) === (forced === 'forced'));
  const named = full.filter((track) => same(track.label, label));
  return [
    ...named.filter((track) => !language || !track.language || same(track.language, language)),
    ...full.filter((track) => same(track.language, language)),
  ];
}

/**
 * The subtitles for a film that has just come on. `wish` is what was chosen last (`keptAs`), or `off`. Without a wish
 * only what translates signs and the odd foreign sentence is shown, in the language that is heard.
 */
export function chosenTrack(tracks: Track[], wish: string | null, sound: string | null): Track | null {
  if (wish === 'off') return null;
  if (wish) return near(tracks, wish)[0] ?? null;
  return tracks.find((track) => track.forced && same(track.language, sound)) ?? null;
}

/** The sound track to be heard: what was chosen last, else the film's own choice. */
export function chosenSound(tracks: Sound[], wish: string | null): number | null {
  return ((wish ? near(tracks, wish)[0] : undefined) ?? ownSound(tracks))?.index ?? null;
}

/** What a browser plays of the file itself when nobody asks for another. */
export function ownSound(tracks: Sound[]): Sound | undefined {
  return tracks.find((track) => track.default) ?? tracks[0];
}
