/**
 * What this browser gets of a film, asked when the film is chosen and not only when the player wants it. Given out
 * once; whoever comes later asks the server.
 */
import { fetchPlayback } from './client';
import type { Playback } from './types';

let asked: { media: string; answer: Promise<Playback> } | null = null;

/** Begins to ask. A failure is told to whoever takes the answer. */
export function askPlayback(media: string, caps: string): void {
  const answer = fetchPlayback(media, caps);
  answer.catch(() => undefined);
  asked = { media, answer };
}

export function takePlayback(media: string): Promise<Playback> | null {
  const answer = asked?.media === media ? asked.answer : null;
  asked = null;
  return answer;
}
