/** Short names for the generated shapes. `npm run gen:api` makes `schema.ts` from the server's own description. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type ChatLine = Schemas['ChatLine'];
export type ClientMessage = Schemas['ClientMessage'];
export type Command = Schemas['Command'];
export type CommandKind = Schemas['CommandKind'];
export type LibraryStatus = Schemas['LibraryStatus'];
export type MediaItem = Schemas['MediaItem'];
export type MediaPage = Schemas['MediaPage'];
export type Member = Schemas['Member'];
/** With what only some servers say: how long to buffer first, and sentences about the film for its viewers. */
export type Playback = Schemas['Playback'] & { wait_ms?: number | null; notes?: string[] };
export type PlayerStatus = Schemas['PlayerStatus'];
export type Resume = Schemas['Resume'];
export type Room = Schemas['Room'];
export type RoomList = Schemas['RoomList'];
export type ServerInfo = Schemas['ServerInfo'];
export type ServerMessage = Schemas['ServerMessage'];
export type Session = Schemas['Session'];
export type State = Schemas['State'];
