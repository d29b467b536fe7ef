/**
 * The room page as a chunk of its own: whoever only looks at the library needs no player. Not `React.lazy`, which
 * shows its content no sooner than 300 ms after its placeholder, however early the chunk is there.
 */
import type { ComponentType } from 'react';
import type { Room } from '../../api/types';

type RoomPage = ComponentType<{ code: string }>;

let chunk: typeof import('./RoomPage') | null = null;

/** The page, if it has been loaded. */
export const loadedRoomPage = (): RoomPage | null => chunk?.default ?? null;

export async function loadRoomPage(): Promise<RoomPage> {
  chunk = await import('./RoomPage');
  return chunk.default;
}

/** Lets a film load whose room is about to be made. False when the player is not there yet. */
export function rollAhead(media: string): boolean {
  chunk?.rollAhead(media);
  return chunk !== null;
}

/** Lets the film of a room just made load while its page is still to come, if the player is there already. */
export function enterAhead(room: Room): void {
  chunk?.enterAhead(room);
}
