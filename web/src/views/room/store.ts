/** What the room page shows. Filled by the session alone; nothing in it is a guess. */
import { createStore } from 'zustand/vanilla';
import type { ChatLine, CommandKind, Member, Playback, Room, State } from '../../api/types';
import type { FollowReport } from '../../player/follow';
import type { Quality, Variant } from '../../player/quality';
import type { Delivery } from '../../player/source';
import type { Link } from '../../socket/connection';

export type Phase = 'loading' | 'join' | 'joining' | 'in' | 'unknown' | 'replaced' | 'unreachable';

export interface RoomView {
  phase: Phase;
  room: Room | null;
  /** A picture of the film, for behind the join card. */
  backdrop: string | null;
  link: Link;
  you: number | null;
  state: State | null;
  members: Member[];
  chat: ChatLine[];
  /** Asked for and not answered yet. */
  pending: { id: string; kind: CommandKind } | null;
  /** Something to tell this person, once. */
  notice: { id: number; text: string } | null;
  delivery: Delivery | null;
  /** What this viewer may choose from, what was chosen, and what comes: null is the file itself. */
  variants: Variant[];
  wish: Quality;
  picture: Variant | null;
  /** When the server will have made enough to play without a break, local time. */
  readyAt: number | null;
  /** Starts for everybody as soon as that is so: this person has asked for it. */
  startsWhenReady: boolean;
  /** What the server offers of the film, at addresses that are good now. */
  playback: Playback | null;
  /** Which subtitles are on. */
  subtitle: string | null;
  /** Which sound track this viewer hears. */
  sound: number | null;
  /** Why there is no picture; `final` when waiting will not help. */
  trouble: { text: string; final: boolean } | null;
  report: FollowReport;
  /** The browser wants another tap before it makes sound (or starts at all). */
  tap: 'none' | 'sound' | 'start';
  volume: number;
  muted: boolean;
  joinError: string | null;
}

export type RoomStore = ReturnType<typeof createRoomStore>;

export function createRoomStore(volume: number, muted: boolean, wish: Quality) {
  return createStore<RoomView>()(() => ({
    phase: 'loading',
    room: null,
    backdrop: null,
    link: 'connecting',
    you: null,
    state: null,
    members: [],
    chat: [],
    pending: null,
    notice: null,
    delivery: null,
    variants: [],
    wish,
    picture: null,
    readyAt: null,
    startsWhenReady: false,
    playback: null,
    subtitle: null,
    sound: null,
    trouble: null,
    report: { status: 'idle', skew: null, bufferMs: 0 },
    tap: 'none',
    volume,
    muted,
    joinError: null,
  }));
}
