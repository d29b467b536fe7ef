/**
 * Makes the element follow the room: state vector and clock in, orders to the mediator out, reports up.
 *
 * Nothing here is ever sent as a wish. The room decides where everybody is; this only tells it how it goes.
 */
import { recallNumber, remember } from '../app/memory';
import type { ClockFilter } from '../sync/clock_filter';
import { type Action, Controller, PARK_AHEAD_MS } from '../sync/controller';
import { type Duty, dutyAt, positionAt, type Vector } from '../sync/schedule';
import { StaircaseProbe } from '../sync/staircase';
import { StartLatency } from './latency';
import type { Mediator, Started } from './mediator';
import { startTicker } from './ticker';

export type PlayerStatus = 'idle' | 'buffering' | 'in_sync' | 'catching_up' | 'away' | 'blocked';

export interface FollowReport {
  status: PlayerStatus;
  /** Player minus room in ms; positive is ahead. Null while unknown. */
  skew: number | null;
  bufferMs: number;
}

export interface FollowEvents {
  /** Can start at the position of this state. Once per (epoch, rev). */
  ready(epoch: number, rev: number, bufferedMs: number): void;
  /** Each tick. */
  report(report: FollowReport): void;
  started(how: Started): void;
}

const TICK_MS = 100;
const HIDDEN_TICK_MS = 1_000;
/** Resting players are put on the very frame when they are further off than this. */
const REST_TOLERANCE_MS = 5;
const READY_BUFFER_MS = 500;
/** A launch this late is better begun at once and pulled in than sought again. */
const LATE_START_MS = 60;
const LAUNCH_MARGIN_MS = 15;
const PARK_GROWTH = 1.7;
const PARK_AHEAD_MAX_MS = 4_000;
const IN_SYNC_MS = 40;
const STAIRCASE_POLL_MS = 4;
/** Near its end a film may stop a frame early; there is nothing left to correct. */
const END_MS = 400;

interface Launch {
  to: number;
  /** Local time. */
  at: number;
  ahead: number;
  armed: boolean;
}

export class Follow {
  private vector: Vector | null = null;
  private launch: Launch | null = null;
  private controller: Controller;
  private latency = new StartLatency();
  private measuring: { warm: boolean; at: number } | null = null;
  private readyFor = '';
  private pausing: string | null = null;
  private blocked = false;
  private lastTick = 0;
  private probed = false;
  private stops: (() => void)[] = [];

  constructor(
    private mediator: Mediator,
    private serverClock: ClockFilter,
    private events: FollowEvents,
    private options: { corrects: boolean; tier: 'A' | 'C' },
  ) {
    this.controller = new Controller(options.tier, recallNumber('drift', 0));
    this.stops.push(
      startTicker(TICK_MS, () => this.tick()),
      mediator.onReport(() => this.act()),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.mediator.pause();
    remember('drift', String(this.controller.drift));
  }

  /** A newer state of the room. */
  setVector(vector: Vector | null): void {
    this.vector = vector;
    this.launch = null;
    this.pausing = null;
    this.mediator.cancel();
    this.act();
  }

  /** Where the room is now; null while unknown. */
  roomPosition(): number | null {
    if (!this.vector) return null;
    if (this.vector.v === 0) return this.vector.p0;
    if (!this.serverClock.ready) return null;
    return positionAt(this.vector, this.serverClock.toServer(this.mediator.now()));
  }

  /** A person allowed sound or starting. */
  unblock(): void {
    this.blocked = false;
    this.act();
  }

  private tick(): void {
    const now = this.mediator.now();
    if (document.hidden && now - this.lastTick < HIDDEN_TICK_MS) return;
    this.lastTick = now;
    this.act(true);
    this.events.report(this.describe());
  }

  private act(timed = false): void {
    const vector = this.vector;
    if (!vector || !this.serverClock.ready || !this.mediator.read().hasMedia) return;
    const now = this.mediator.now();
    const duty = dutyAt(vector, this.serverClock.toServer(now));
    if (duty.kind === 'rest') this.rest(vector, duty, now);
    else if (duty.kind === 'launch') this.prepareLaunch(vector, duty);
    else this.run(vector, duty.position, now, timed);
  }

  private rest(vector: Vector, duty: Extract<Duty, { kind: 'rest' }>, now: number): void {
    const seen = this.mediator.read();
    this.launch = null;
    if (!seen.paused) {
      const at = this.options.corrects ? this.serverClock.toLocal(duty.from) : now;
      const key = `${vector.epoch}.${vector.rev}`;
      if (at <= now) this.mediator.pause();
      else if (this.pausing !== key) {
        this.pausing = key;
        this.mediator.pauseAt(at);
      }
      return;
    }
    if (this.settle(duty.position)) this.sayReady(vector, duty.position);
  }

  /** Puts a paused player on a position. True when it is there and could start. */
  private settle(position: number): boolean {
    const seen = this.mediator.read();
    if (seen.rate !== 1) this.mediator.setRate(1, false);
    if (seen.seeking) return false;
    const aim = Math.min(position, this.mediator.endsAt);
    const last = aim >= this.mediator.endsAt - END_MS;
    // The very end is reached by playing only; who was sought there stands a little before it.
    const off = Math.abs(seen.position - this.mediator.reachable(aim));
    if (off > REST_TOLERANCE_MS && !(last && seen.ended)) {
      this.mediator.seek(aim);
      return false;
    }
    return seen.canPlay || last;
  }

  private sayReady(vector: Vector, position: number): void {
    const key = `${vector.epoch}.${vector.rev}`;
    const buffered = this.mediator.bufferedAfter(position);
    const enough = Math.min(READY_BUFFER_MS, this.mediator.endsAt - position - END_MS);
    if (this.readyFor === key || buffered < enough) return;
    this.readyFor = key;
    this.events.ready(vector.epoch, vector.rev, Math.round(buffered));
  }

  private prepareLaunch(vector: Vector, duty: Extract<Duty, { kind: 'launch' }>): void {
    if (!this.options.corrects) {
      this.startUncorrected(duty.position);
      return;
    }
    if (!this.mediator.read().paused && !this.launch?.armed) this.mediator.pause();
    const at = this.serverClock.toLocal(duty.at);
    if (!this.launch) this.launch = { to: duty.position, at, ahead: PARK_AHEAD_MS, armed: false };
    if (this.launch.armed) return;
    if (!this.settle(duty.position)) return;
    this.sayReady(vector, duty.position);
    this.arm(this.launch);
  }

  private run(vector: Vector, target: number, now: number, timed: boolean): void {
    const seen = this.mediator.read();
    if (target >= Math.min(vector.duration, this.mediator.endsAt) - END_MS) return;
    if (this.blocked) return;
    if (!seen.paused) {
      this.launch = null;
      if (timed) this.correct(vector, target, now);
      return;
    }
    if (!this.options.corrects) this.startUncorrected(target);
    else this.catchUp(vector, target, now);
  }

  /** Paused while the room runs: be sought to where the room will be, and started when it gets there. */
  private catchUp(vector: Vector, target: number, now: number): void {
    const seen = this.mediator.read();
    if (seen.seeking) return;
    const launch = this.launch;
    if (!launch) {
      this.park(vector, target, now, PARK_AHEAD_MS);
      return;
    }
    if (!seen.canPlay) return;
    const left = launch.at - now;
    if (launch.armed) {
      // The alarm is late or was refused; a moment of grace, then anew.
      if (left < -2 * PARK_AHEAD_MS) this.launch = null;
    } else if (left >= this.latency.expect(this.mediator.warm) + LAUNCH_MARGIN_MS || left > -LATE_START_MS) {
      this.arm(launch);
    } else {
      this.park(vector, target, now, Math.min(launch.ahead * PARK_GROWTH, PARK_AHEAD_MAX_MS));
    }
  }

  private park(vector: Vector, target: number, now: number, ahead: number): void {
    const to = Math.min(target + vector.v * ahead, vector.duration);
    this.launch = { to, at: now + ahead, ahead, armed: false };
    this.mediator.setRate(vector.v, false);
    this.mediator.seek(to);
  }

  private arm(launch: Launch): void {
    launch.armed = true;
    const warm = this.mediator.warm;
    this.mediator.playAt(launch.at - this.latency.expect(warm), (how) => {
      this.controller.started(this.mediator.now());
      // A late alarm says nothing about the element.
      this.measuring =
        how === 'playing' && this.mediator.now() - launch.at < LAUNCH_MARGIN_MS
          ? { warm, at: this.mediator.now() }
          : null;
      this.begun(how);
    });
  }

  private begun(how: Started): void {
    this.blocked = how === 'blocked';
    this.launch = null;
    this.probeStaircase();
    this.events.started(how);
  }

  private startUncorrected(position: number): void {
    const seen = this.mediator.read();
    if (!seen.paused || seen.seeking || this.launch) return;
    if (Math.abs(seen.position - position) > 1_000) {
      this.mediator.seek(position);
      return;
    }
    if (!seen.canPlay) return;
    this.launch = { to: position, at: this.mediator.now(), ahead: 0, armed: true };
    void this.mediator.play().then((how) => this.begun(how));
  }

  private correct(vector: Vector, target: number, now: number): void {
    if (!this.options.corrects) return;
    const seen = this.mediator.read();
    const action = this.controller.tick({
      now,
      target,
      position: seen.position,
      speed: vector.v,
      rate: seen.rate,
      steady: seen.canPlay && !seen.seeking,
      muted: seen.muted,
      hidden: document.hidden,
      buffered: (position) => this.mediator.bufferedAfter(position) > READY_BUFFER_MS,
    });
    const error = this.controller.error;
    if (this.measuring && error !== null) {
      this.latency.learn(this.measuring.warm, error);
      this.measuring = null;
    }
    this.obey(action, now);
  }

  private obey(action: Action, now: number): void {
    if (action.kind === 'rate') {
      this.mediator.setRate(action.rate, action.preservesPitch);
    } else if (action.kind === 'seek') {
      this.mediator.seek(action.to);
      this.controller.sought(now);
    } else if (action.kind === 'park') {
      this.mediator.pause();
      this.mediator.setRate(this.vector?.v || 1, false);
      this.launch = { to: action.to, at: action.startAt, ahead: PARK_AHEAD_MS, armed: false };
      this.mediator.seek(action.to);
    }
  }

  /** A position that moves in steps cannot be controlled finely. Looked at once, while running. */
  private probeStaircase(): void {
    if (this.probed || this.controller.tier === 'C') return;
    this.probed = true;
    const probe = new StaircaseProbe();
    const timer = setInterval(() => {
      const seen = this.mediator.read();
      const stepped = seen.paused || !seen.canPlay ? undefined : probe.add(seen.position);
      if (stepped) this.controller.tier = 'C';
      if (stepped !== undefined || seen.paused) clearInterval(timer);
    }, STAIRCASE_POLL_MS);
    this.stops.push(() => clearInterval(timer));
  }

  private describe(): FollowReport {
    const vector = this.vector;
    const seen = this.mediator.read();
    if (!vector || !seen.hasMedia) return { status: vector ? 'buffering' : 'idle', skew: null, bufferMs: 0 };
    const now = this.mediator.now();
    const target = positionAt(vector, this.serverClock.toServer(now));
    const bufferMs = Math.round(this.mediator.bufferedAfter(seen.position));
    const settled = this.controller.error;
    const resting = vector.v === 0;
    let skew: number | null = null;
    if (resting || this.serverClock.toServer(now) < vector.t0) skew = seen.position - target;
    else if (!seen.paused && this.options.corrects) skew = settled === null ? null : -settled;
    else if (!seen.paused) skew = seen.position - target;
    return { status: this.status(skew, resting), skew, bufferMs };
  }

  private status(skew: number | null, resting: boolean): PlayerStatus {
    const seen = this.mediator.read();
    if (this.blocked) return 'blocked';
    if (document.hidden) return 'away';
    if (!seen.canPlay && !seen.ended) return 'buffering';
    if (resting || seen.ended) return 'in_sync';
    return skew !== null && Math.abs(skew) <= IN_SYNC_MS ? 'in_sync' : 'catching_up';
  }
}
