/** Which track a viewer gets who has chosen before, elsewhere. Pure. */
import type { Playback } from '../../api/types';

export type Track = Playback['subtitles'][number];
export type Sound = Playback['audio'][number];

const same = (a: string | null | undefined, b: string | null | undefined) =>
  Boolean(a && b && a.toLowerCase() === b.toLowerCase());

/**
 * The subtitles for a film that has just come on. `wish` is what was chosen last: a language or a label, or `off`.
 * Without a wish only what translates signs and the odd foreign sentence is shown, in the language that is heard.
 */
export function chosenTrack(tracks: Track[], wish: string | null, sound: string | null): Track | null {
  if (wish === 'off') return null;
  if (wish) {
    const fits = tracks.filter((track) => same(track.language, wish) || same(track.label, wish));
    return fits.find((track) => !track.forced) ?? null;
  }
  return tracks.find((track) => track.forced && same(track.language, sound)) ?? null;
}

/** The sound track to be heard: the language chosen last, else the film's own choice. */
export function chosenSound(tracks: Sound[], wish: string | null): number | null {
  const wished = tracks.find((track) => same(track.language, wish) || same(track.label, wish));
  return (wished ?? ownSound(tracks))?.index ?? null;
}

/** What a browser plays of the file itself when nobody asks for another. */
export function ownSound(tracks: Sound[]): Sound | undefined {
  return tracks.find((track) => track.default) ?? tracks[0];
}
