/**
 * The room page as a chunk of its own: whoever only looks at the library needs no player. Not `React.lazy`, which
 * shows its content no sooner than 300 ms after its placeholder, however early the chunk is there.
 */
import type { ComponentType } from 'react';

type RoomPage = ComponentType<{ code: string }>;

let page: RoomPage | null = null;

/** The page, if it has been loaded. */
export const loadedRoomPage = (): RoomPage | null => page;

export async function loadRoomPage(): Promise<RoomPage> {
  page = (await import('./RoomPage')).default;
  return page;
}
