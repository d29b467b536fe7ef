/**
 * One visit to one room: owns the socket, the player and the store, and wires them. Requests go up, state comes
 * down; the player's own events end here as reports and never become commands.
 */
import { ApiError, fetchRoom, fetchTitle, signInAsGuest } from '../../api/client';
import type { ChatLine, Playback, Room, ServerMessage, State } from '../../api/types';
import { recall, recallNumber, remember } from '../../app/memory';
import { controllerIsOn } from '../../app/switches';
import { suggestedTier } from '../../player/caps';
import { Follow, type FollowReport } from '../../player/follow';
import { loadHls } from '../../player/hls';
import type { Mediator, Started } from '../../player/mediator';
import type { Quality } from '../../player/quality';
import { command, nextId, type Wish } from '../../player/requests';
import { Source, type SourceEvents } from '../../player/source';
import { chosenSound, keptAs } from '../../player/subtitles/choice';
import { Subtitles } from '../../player/subtitles/subtitles';
import { Connection } from '../../socket/connection';
import { isNewer } from '../../sync/schedule';
import { forgetPlace, keepPlace, placeIn } from './place';
import { type Reel, Reels, rememberWish, wishRemembered } from './reel';
import { createRoomStore, type RoomStore } from './store';

const STAT_MS = 1_000;
const CHAT_KEPT = 500;
const CLOSE_UNAUTHORIZED = 4401;
const CLOSE_NO_SUCH_ROOM = 4404;
const RETRY_ROOM_MS = 3_000;
/** By then most films show themselves, and a blurred picture would only be in their way. */
const DECORATE_AFTER_MS = 600;

const NOTHING_SHOWN = {
  delivery: null,
  playback: null,
  trouble: null,
  variants: [],
  picture: null,
  readyAt: null,
  startsWhenReady: false,
};

export class RoomSession {
  readonly store: RoomStore;
  readonly mediator: Mediator;
  readonly subtitles: Subtitles;
  private connection: Connection | null = null;
  private follow: Follow | null = null;
  private source: Source | null = null;
  private sourceFor: string | null = null;
  private offeredFor: string | null = null;
  private key = '';
  private notices = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private closed = false;
  private renewed = false;

  constructor(
    readonly code: string,
    private reel: Reel,
  ) {
    this.mediator = reel.mediator;
    this.store = createRoomStore(recallNumber('volume', 1), recall('muted') === '1', wishRemembered());
    this.subtitles = new Subtitles(this.mediator, {
      shown: (subtitle) => this.store.setState({ subtitle }),
      tell: (text) => this.tell(text),
    });
  }

  /** Finds out what room this is; loads its film ahead when nobody has moved in it yet. */
  async open(known?: Room): Promise<void> {
    try {
      const room = known ?? (await fetchRoom(this.code));
      if (this.closed) return;
      this.store.setState({ room, phase: 'join' });
      void loadHls().catch(() => undefined);
      if (room.media && room.members === 0) this.show(room.media.id);
      const name = recall('name');
      if (name && placeIn(this.code)) void this.join(name);
      else if (room.media) setTimeout(() => void this.decorate(), DECORATE_AFTER_MS);
    } catch (error) {
      if (this.closed) return;
      const gone =
        error instanceof ApiError && (error.status === 404 || error.status === 400 || error.status === 422);
      this.store.setState({ phase: gone ? 'unknown' : 'unreachable' });
      if (!gone) setTimeout(() => this.closed || void this.open(), RETRY_ROOM_MS);
    }
  }

  /** A picture for behind the join card, where the film itself has none to show yet. */
  private async decorate(): Promise<void> {
    const media = this.store.getState().room?.media?.id;
    if (this.closed || media === undefined || this.mediator.read().canPlay) return;
    try {
      this.store.setState({ backdrop: (await fetchTitle(media)).poster_url ?? null });
    } catch {
      // Only decoration.
    }
  }

  /** Goes in. Call inside the gesture, before anything else: it is what unlocks sound. */
  async join(name: string): Promise<void> {
    this.mediator.unlock();
    this.applyVolume();
    this.store.setState({ phase: 'joining', joinError: null });
    try {
      const session = await signInAsGuest(name, this.code);
      if (this.closed) return;
      remember('name', name);
      this.connect(session.access_token);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'Joining did not work.';
      this.store.setState({ phase: 'join', joinError: message });
    }
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
    this.follow?.stop();
    this.source?.close();
    this.subtitles.close();
    this.reel.drop();
    this.connection?.close();
    this.mediator.cancel();
  }

  // Gestures.

  /** False when it could not be asked. */
  ask(wish: Wish): boolean {
    const message = command(wish, this.store.getState().state);
    if (!this.connection?.send(message)) {
      this.tell('Not connected at the moment. Trying to get back…');
      return false;
    }
    this.store.setState({ pending: { id: message.id, kind: wish.kind } });
    return true;
  }

  say(text: string): boolean {
    const sent = this.connection?.send({ t: 'chat', id: nextId(), text }) ?? false;
    if (!sent) this.tell('Not connected at the moment: your message was not sent.');
    return sent;
  }

  setVolume(volume: number, muted: boolean): void {
    const clean = Math.max(0, Math.min(1, Math.round(volume * 100) / 100));
    remember('volume', String(clean));
    remember('muted', muted ? '1' : '0');
    // Wanting sound by hand is the gesture that the browser waited for.
    const tap = this.store.getState().tap === 'sound' && !muted ? 'none' : this.store.getState().tap;
    this.store.setState({ volume: clean, muted, tap });
    this.applyVolume();
  }

  /** Begins anew with a film that failed. */
  tryAgain(): void {
    if (this.sourceFor !== null) this.show(this.sourceFor, true);
  }

  /** Another picture, for this viewer only and for the next films too. */
  setWish(wish: Quality): void {
    rememberWish(wish);
    this.store.setState({ wish });
    void this.source?.choose(wish);
  }

  /** Starts for everybody when there is enough to play without a break; or not after all. */
  startWhenReady(starts: boolean): void {
    this.store.setState({ startsWhenReady: starts });
  }

  private prepare(readyAt: number | null): void {
    const { startsWhenReady, state } = this.store.getState();
    this.store.setState({ readyAt });
    if (readyAt !== null || !startsWhenReady) return;
    this.store.setState({ startsWhenReady: false });
    if (state?.v === 0) this.ask({ kind: 'play' });
  }

  /** The tap that the browser wanted. */
  allow(): void {
    this.mediator.unlock();
    this.store.setState({ tap: 'none', muted: false });
    remember('muted', '0');
    this.applyVolume();
    this.follow?.unblock();
  }

  /** Where the room is, for the seek bar; and what is loaded beyond it. */
  playhead(): { position: number; bufferedTo: number } {
    const { state } = this.store.getState();
    const position = this.follow?.roomPosition() ?? state?.p0 ?? 0;
    return { position, bufferedTo: position + this.mediator.bufferedAfter(position) };
  }

  /** Ms until a server time; null while the server's clock is unknown. */
  until(serverTime: number): number | null {
    const serverClock = this.connection?.serverClock;
    return serverClock?.ready ? serverTime - serverClock.toServer(this.now()) : null;
  }

  private now(): number {
    return this.mediator.now();
  }

  // The wire.

  private connect(token: string): void {
    this.connection?.close();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const url = `${scheme}://${location.host}/api/v1/rooms/${this.code}/ws`;
    const connection = new Connection(url, token, {
      link: (link) => this.store.setState({ link }),
      message: (message) => this.receive(message),
      refused: (code) => this.refused(code),
      resume: () => this.place(),
    });
    this.connection = connection;
    this.follow?.stop();
    this.follow = new Follow(
      this.mediator,
      connection.serverClock,
      {
        ready: (epoch, rev, buffered_ms) => connection.send({ t: 'ready', epoch, rev, buffered_ms }),
        report: (report) => this.noteReport(report),
        started: (how) => this.noteStart(how),
      },
      { corrects: controllerIsOn(), tier: suggestedTier() },
    );
    clearInterval(this.timer);
    this.timer = setInterval(() => this.sendStat(), STAT_MS);
  }

  private place() {
    const place = placeIn(this.code);
    if (!place) return undefined;
    const chat = this.store.getState().chat;
    return { ...place, last_chat: chat[chat.length - 1]?.id ?? 0 };
  }

  private refused(code: number): void {
    if (code === CLOSE_NO_SUCH_ROOM) {
      forgetPlace(this.code);
      this.store.setState({ phase: 'unknown' });
    } else if (code === CLOSE_UNAUTHORIZED && !this.renewed) {
      // The token may have run out while we were away; with the name it is quickly replaced.
      this.renewed = true;
      void this.join(recall('name') ?? 'Guest');
    } else {
      this.store.setState({ phase: code === CLOSE_UNAUTHORIZED ? 'join' : 'replaced' });
      this.mediator.pause();
    }
  }

  private receive(message: ServerMessage): void {
    switch (message.t) {
      case 'welcome':
        this.key = message.key;
        this.renewed = false;
        this.store.setState({ you: message.you, phase: 'in' });
        keepPlace(this.code, { member: message.you, key: this.key });
        this.addChat(message.chat);
        break;
      case 'state':
        this.takeState(message);
        break;
      case 'ack':
        this.settle(message.id);
        break;
      case 'nack':
        this.settle(message.id);
        this.takeState(message.state);
        this.tell(message.message);
        break;
      case 'members':
        this.store.setState({ members: message.members });
        break;
      case 'chat':
        this.addChat([message]);
        break;
      case 'error':
        this.tell(message.message);
        break;
      case 'pong':
        break;
    }
  }

  private takeState(state: State): void {
    const old = this.store.getState().state;
    if (old && !isNewer(state, old)) return;
    // Another epoch can be another server, with another clock.
    if (old && state.epoch !== old.epoch) this.connection?.serverClock.reset();
    // Somebody has begun already: there is nothing left to wait with.
    const begun = state.v > 0 || state.p0 !== 0;
    this.store.setState(begun ? { state, startsWhenReady: false } : { state });
    const duration = state.media?.duration_ms ?? 0;
    const { epoch, rev, p0, v, t0 } = state;
    this.follow?.setVector(state.media ? { epoch, rev, p0, v, t0, duration } : null);
    if (state.media) this.show(state.media.id);
    else this.unshow();
  }

  private settle(id: string): void {
    if (this.store.getState().pending?.id === id) this.store.setState({ pending: null });
  }

  private addChat(lines: ChatLine[]): void {
    const known = this.store.getState().chat;
    const ids = new Set(known.map((line) => line.id));
    const fresh = lines.filter((line) => !ids.has(line.id));
    if (fresh.length === 0) return;
    const chat = [...known, ...fresh].sort((a, b) => a.id - b.id).slice(-CHAT_KEPT);
    this.store.setState({ chat });
  }

  // The player.

  private show(media: string, anew = false): void {
    if (this.sourceFor === media && !anew) return;
    this.source?.close();
    if (this.sourceFor !== media) this.subtitles.clear();
    this.sourceFor = media;
    this.store.setState(NOTHING_SHOWN);
    const course = {
      position: () => this.follow?.roomPosition() ?? 0,
      resting: () => this.resting(),
    };
    const events: SourceEvents = {
      playback: (playback) => this.offered(media, playback),
      delivery: (delivery) => this.store.setState({ delivery, trouble: null }),
      waiting: (text) => this.store.setState({ trouble: { text, final: false } }),
      failed: (text) => this.store.setState({ trouble: { text, final: true } }),
      arrived: () => this.store.setState({ trouble: null }),
      preparing: (readyAt) => this.prepare(readyAt),
      variants: (variants) => this.store.setState({ variants }),
      picture: (picture) => this.store.setState({ picture }),
      unchosen: (wish, message) => {
        rememberWish(wish);
        this.store.setState({ wish });
        this.tell(message);
      },
    };
    const { wish, sound } = this.store.getState();
    this.source =
      this.reel.take(media, course, events) ?? new Source(this.mediator, media, course, events, wish);
    // The same film once more is heard as it was, also where two tracks are called the same.
    if (anew && sound !== null && this.offeredFor === media) this.source.chooseSound(sound);
  }

  /** What there is to choose from; again when addresses are renewed. */
  private offered(media: string, playback: Playback): void {
    const { audio } = playback;
    const known = this.offeredFor === media;
    this.offeredFor = media;
    const sound = known ? this.store.getState().sound : chosenSound(audio, recall('sound'));
    this.store.setState({ playback, sound });
    this.subtitles.offer(media, playback, audio.find((track) => track.index === sound)?.language ?? null);
  }

  /** Another sound track, for this viewer; remembered for other films. */
  chooseSound(index: number): void {
    const track = this.store.getState().playback?.audio.find((known) => known.index === index);
    if (!track) return;
    remember('sound', keptAs(track));
    this.store.setState({ sound: index });
    this.source?.chooseSound(index);
  }

  nextSound(): void {
    const { playback, sound } = this.store.getState();
    const tracks = playback?.audio ?? [];
    const at = tracks.findIndex((track) => track.index === sound);
    const next = tracks[(at + 1) % Math.max(1, tracks.length)];
    if (tracks.length < 2 || !next) {
      this.tell(playback ? 'This film has one sound track.' : 'No sound tracks are known yet.');
      return;
    }
    this.chooseSound(next.index);
    this.tell(`Sound: ${next.label}`);
  }

  /** The room stands still, and nobody is waited for. */
  private resting(): boolean {
    const { state } = this.store.getState();
    return state === null || (state.v === 0 && !state.waiting);
  }

  private unshow(): void {
    this.source?.close();
    this.source = null;
    this.sourceFor = null;
    this.offeredFor = null;
    this.subtitles.clear();
    this.store.setState(NOTHING_SHOWN);
  }

  private applyVolume(): void {
    const { volume, muted, tap } = this.store.getState();
    this.mediator.setVolume(volume, muted || tap === 'sound');
  }

  private noteReport(report: FollowReport): void {
    this.store.setState({
      report: this.store.getState().trouble?.final ? { ...report, status: 'blocked' } : report,
    });
  }

  private noteStart(how: Started): void {
    if (how === 'muted') this.store.setState({ tap: 'sound' });
    else if (how === 'blocked') this.store.setState({ tap: 'start' });
  }

  private sendStat(): void {
    const { report, phase } = this.store.getState();
    if (phase !== 'in' || !this.connection) return;
    const { rtt, rttVar } = this.connection.serverClock.quality;
    this.connection.send({
      t: 'stat',
      ...(report.skew === null ? {} : { skew_ms: Math.round(report.skew * 10) / 10 }),
      rtt_ms: Math.round(rtt * 100) / 100,
      rtt_var_ms: Math.round(rttVar * 100) / 100,
      buffer_ms: Math.max(0, Math.round(report.bufferMs)),
      player: report.status,
    });
  }

  private tell(text: string): void {
    this.notices += 1;
    this.store.setState({ notice: { id: this.notices, text } });
  }
}

const reels = new Reels();
let ahead: RoomSession | null = null;

/** Lets a film load whose room is about to be made. */
export const rollAhead = (media: string): void => reels.roll(media);

/** Begins a visit to a room just made; its page takes it over. */
export function enterAhead(room: Room): void {
  ahead?.close();
  ahead = new RoomSession(room.code, reels.hand(room.media?.id ?? null));
  void ahead.open(room);
}

/** The visit of a page: the one begun ahead, else a new one. */
export function enterRoom(code: string): RoomSession {
  const begun = ahead?.code === code ? ahead : null;
  ahead = null;
  if (begun) return begun;
  const session = new RoomSession(code, reels.hand(null));
  void session.open();
  return session;
}
