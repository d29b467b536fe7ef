/** The REST calls the page makes. Every failure is an `ApiError` whose message can be shown to a person. */
import type {
  LibraryStatus,
  MediaItem,
  MediaPage,
  Playback,
  Room,
  RoomList,
  ServerInfo,
  Session,
} from './types';

export type { Playback } from './types';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const BASE = '/api/v1';
const UNREACHABLE = 'The server cannot be reached.';

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json' }, signal: signal ?? null };
  if (body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', UNREACHABLE);
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

/** What a failed answer says. */
export async function problem(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as { code?: string; detail?: string; title?: string };
    const message = body.detail ?? body.title ?? 'Something went wrong.';
    return new ApiError(response.status, body.code ?? 'unknown', message);
  } catch {
    return new ApiError(response.status, 'unknown', `The server answered with ${response.status}.`);
  }
}

export const fetchServer = () => call<ServerInfo>('GET', '/server');

export function fetchMedia(q: string, cursor: string | null, signal?: AbortSignal): Promise<MediaPage> {
  const query = new URLSearchParams({ limit: '60' });
  if (q) query.set('q', q);
  if (cursor) query.set('cursor', cursor);
  return call('GET', `/media?${query.toString()}`, undefined, signal);
}

export const fetchTitle = (media: string) => call<MediaItem>('GET', `/media/${encodeURIComponent(media)}`);

export const fetchPlayback = (media: string, caps: string) =>
  call<Playback>('GET', `/media/${encodeURIComponent(media)}/playback?${caps}`);

export const fetchLibraryStatus = () => call<LibraryStatus>('GET', '/library/status');

export const fetchRooms = () => call<RoomList>('GET', '/rooms');

export const fetchRoom = (code: string) => call<Room>('GET', `/rooms/${encodeURIComponent(code)}`);

export const createRoom = (media_id?: string) => call<Room>('POST', '/rooms', media_id ? { media_id } : {});

export const signInAsGuest = (name: string, room: string) =>
  call<Session>('POST', '/auth/guest', { name, room });

export const claimServer = (token: string) => call<Session>('POST', '/auth/setup', { token });
