/**
 * Answers fetched ahead of the page that needs them, so that a click on a film does not wait for one after the other.
 * Each is given out once; whoever comes later asks the server.
 */
import { fetchPlayback } from './client';
import type { Playback, Room } from './types';

let room: Room | null = null;
let playback: { media: string; answer: Promise<Playback> } | null = null;

/** Keeps the room just made for the page that shows it. */
export function keepRoom(made: Room): void {
  room = made;
}

export function takeRoom(code: string): Room | null {
  const kept = room?.code === code ? room : null;
  room = null;
  return kept;
}

/** Begins to ask what this browser gets of a film. A failure is told to whoever takes the answer. */
export function askPlayback(media: string, caps: string): void {
  const answer = fetchPlayback(media, caps);
  answer.catch(() => undefined);
  playback = { media, answer };
}

export function takePlayback(media: string): Promise<Playback> | null {
  const kept = playback?.media === media ? playback.answer : null;
  playback = null;
  return kept;
}
