/** How the parts of the room page reach the visit they belong to. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { RoomSession } from './session';
import type { RoomView } from './store';

export const SessionContext = createContext<RoomSession | null>(null);

/** The session of the page, for everything inside it. */
export function useSession(): RoomSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error('outside of a room');
  return session;
}

/** A part of what the room shows. */
export function useRoom<T>(select: (view: RoomView) => T): T {
  return useStore(useSession().store, select);
}
