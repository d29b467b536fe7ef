import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { askPlayback } from '../../api/ahead';
import { createRoom } from '../../api/client';
import { capabilities, findCapabilities } from '../../player/caps';
import { loadHls } from '../../player/hls';
import { enterAhead, loadRoomPage, rollAhead } from '../room/chunk';

const AHEAD_AFTER_MS = 300;

/** Makes a room and goes there. `creating` is the film it is made for, or 'empty'. */
export function useCreateRoom() {
  const [, go] = useLocation();
  const [creating, setCreating] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);

  // What the next click needs, while nobody is in a hurry.
  useEffect(() => {
    const timer = setTimeout(() => {
      Promise.all([findCapabilities(), loadRoomPage(), loadHls()]).catch(() => undefined);
    }, AHEAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  const create = async (media?: string) => {
    if (creating !== null) return;
    setCreating(media ?? 'empty');
    setError(null);
    try {
      if (media && !rollAhead(media)) void askPlayback(media, capabilities()).catch(() => undefined);
      const room = await createRoom(media);
      enterAhead(room);
      go(`/r/${room.code}`);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : 'The room could not be made.');
      setCreating(null);
    }
  };
  /** The finger is down but not up yet: the film begins to load. */
  const expect = (media: string) => {
    if (creating === null) rollAhead(media);
  };
  /** Somebody looks at a film: what this browser gets of it can be known before they decide. */
  const consider = (media: string) => {
    if (creating === null) void askPlayback(media, capabilities()).catch(() => undefined);
  };
  return { creating, error, create, expect, consider };
}
