/**
 * What this browser gets of a film, asked when somebody looks at the film and not only when the player wants it. Given
 * out once; whoever comes later asks the server.
 */
import { clock } from '../clock';
import { fetchPlayback } from './client';
import type { Playback } from './types';

/** Addresses live for hours, but what is good for this viewer may change with every other room. */
const FRESH_MS = 60_000;

let asked: { media: string; at: number; answer: Promise<Playback> } | null = null;

const fresh = (media: string) => asked?.media === media && clock.now() - asked.at < FRESH_MS;

/** Begins to ask, unless that was done a moment ago. A failure is told to whoever takes the answer. */
export function askPlayback(media: string, caps: string): Promise<Playback> {
  if (asked && fresh(media)) return asked.answer;
  const answer = fetchPlayback(media, caps);
  const own = { media, at: clock.now(), answer };
  asked = own;
  answer.catch(() => {
    if (asked === own) asked = null;
  });
  return answer;
}

export function takePlayback(media: string): Promise<Playback> | null {
  const answer = fresh(media) ? (asked?.answer ?? null) : null;
  asked = null;
  return answer;
}
