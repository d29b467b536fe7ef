/**
 * Keeps a running player on the room's position. Pure: it is shown where the player is and answers what to do.
 *
 * A PI controller on the playback rate, with bands: the further away, the harder it pulls. Positive error is behind.
 */

/** What the player does now, seen once a tick. Positions in content ms, `now` in local ms. */
export interface Observation {
  now: number;
  target: number;
  position: number;
  /** The room's speed. */
  speed: number;
  /** Rate the player runs at. */
  rate: number;
  /** Data is there and nothing is being sought. */
  steady: boolean;
  muted: boolean;
  hidden: boolean;
  /** Whether media is loaded at a content position. */
  buffered(position: number): boolean;
}

export type Action =
  | { kind: "hold" }
  | { kind: "rate"; rate: number; preservesPitch: boolean }
  | { kind: "seek"; to: number }
  | { kind: "park"; to: number; startAt: number };

/** A: the rate can be set finely. C: it cannot, or reading the position is too coarse; only seeks correct. */
export type Tier = "A" | "C";

/** Upper ends of the bands in ms: hold, trim, pull, hurry, stretch; above is for seeks. */
const BANDS = [1.5, 8, 25, 60, 700] as const;
const HYSTERESIS = 0.1;
const STRETCH = 4;

const TIME_TRIM_MS = 1200;
const TIME_HURRY_MS = 600;
const CLAMP = [0, 0.005, 0.01, 0.08, 0.1] as const;
const CLAMP_MUTED = 0.25;
/** A stretch that would take longer than this is worse than a short gap. */
const STRETCH_TIME_MAX_MS = 4_000;
const PARK_FAR_MS = 1_500;

const INTEGRAL_GAIN = 2e-7;
const INTEGRAL_MAX = 300e-6;
const TICK_MS = 100;

const RATE_QUANTUM = 1e-4;
const RATE_CHANGE_MIN = 1.5e-4;
const MEDIAN_OF = 5;

const IGNORE_AFTER_START_MS = 250;
const IGNORE_AFTER_SEEK_MS = 350;
const SEEK_EVERY_MS = 5_000;
const SEEKS_BEFORE_FALL = 3;
const SEEKS_WINDOW_MS = 60_000;
const SEEK_LATENCY_MS = 110;
const SEEK_LATENCY_GAIN = 0.3;

/** How far ahead a parked player waits for the room. */
export const PARK_AHEAD_MS = 350;
const COARSE_DEAD_BAND_MS = 150;
const HIDDEN_DEAD_BAND_MS = 40;

export class Controller {
  private errors: { error: number; applied: number }[] = [];
  private band = 0;
  private applied = 0;
  private lastTick: number | null = null;
  private ignoreUntil = Number.NEGATIVE_INFINITY;
  private seeks: number[] = [];
  private seekLatency = SEEK_LATENCY_MS;
  private measureSeek = false;
  private integral: number;

  constructor(
    public tier: Tier = "A",
    integral = 0,
  ) {
    this.integral = clamp(integral, INTEGRAL_MAX);
  }

  /** Learned difference between this device's sound clock and the server's; worth keeping. */
  get drift(): number {
    return this.integral;
  }

  /** Latest error in ms, positive is behind; null while nothing is known. */
  get error(): number | null {
    return this.errors.length === 0 ? null : this.median();
  }

  /** The player was started: its position means nothing for a moment. */
  started(now: number): void {
    this.restart(now + IGNORE_AFTER_START_MS);
  }

  /** The player was sought. */
  sought(now: number): void {
    this.restart(now + IGNORE_AFTER_SEEK_MS);
  }

  /** Decides. Call each 100 ms while the room runs and the player should. */
  tick(seen: Observation): Action {
    this.advance(seen);
    if (!seen.steady) {
      this.restart(seen.now + IGNORE_AFTER_START_MS);
      return { kind: "hold" };
    }
    if (seen.now < this.ignoreUntil) return { kind: "hold" };
    const error = seen.target - seen.position;
    if (this.measureSeek) {
      this.measureSeek = false;
      this.seekLatency = Math.max(0, this.seekLatency + SEEK_LATENCY_GAIN * error);
    }
    this.errors.push({ error, applied: this.applied });
    if (this.errors.length > MEDIAN_OF) this.errors.shift();
    const median = this.median();
    if (this.tier === "C") return this.coarse(median, seen);
    if (seen.hidden && Math.abs(median) < HIDDEN_DEAD_BAND_MS) return this.rate(seen, 0, false);
    this.chooseBand(Math.abs(median));
    return this.fine(median, seen);
  }

  private fine(error: number, seen: Observation): Action {
    const size = Math.abs(error);
    if (this.band > STRETCH) return this.far(error, seen) ?? this.pull(error, seen);
    if (this.band === STRETCH) {
      const fastest = seen.muted ? CLAMP_MUTED : CLAMP[STRETCH];
      if (size / fastest > STRETCH_TIME_MAX_MS) return this.far(error, seen) ?? this.pull(error, seen);
    }
    if (this.band <= 1) this.integral = clamp(this.integral + INTEGRAL_GAIN * error, INTEGRAL_MAX);
    return this.pull(error, seen);
  }

  private pull(error: number, seen: Observation): Action {
    const band = Math.min(this.band, STRETCH);
    const limit = band === STRETCH && seen.muted ? CLAMP_MUTED : (CLAMP[band] ?? 0);
    const time = band >= 3 ? TIME_HURRY_MS : TIME_TRIM_MS;
    return this.rate(seen, clamp(error / time, limit), band === STRETCH);
  }

  private rate(seen: Observation, extra: number, preservesPitch: boolean): Action {
    const wanted = seen.speed * (1 + this.integral + extra);
    const rate = Math.round(wanted / RATE_QUANTUM) * RATE_QUANTUM;
    if (Math.abs(rate - seen.rate) <= RATE_CHANGE_MIN) return { kind: "hold" };
    return { kind: "rate", rate, preservesPitch };
  }

  /** Too far for the rate. Null when the last jump was too recent. */
  private far(error: number, seen: Observation): Action | null {
    if (!this.mayJump(seen.now)) return null;
    const size = Math.abs(error);
    const ahead = seen.target + seen.speed * PARK_AHEAD_MS;
    if (size > PARK_FAR_MS || size <= (BANDS[STRETCH] ?? 0) || seen.buffered(ahead)) {
      return { kind: "park", to: ahead, startAt: seen.now + PARK_AHEAD_MS };
    }
    this.measureSeek = true;
    return { kind: "seek", to: seen.target + seen.speed * this.seekLatency };
  }

  private coarse(error: number, seen: Observation): Action {
    if (Math.abs(error) <= COARSE_DEAD_BAND_MS || !this.mayJump(seen.now)) {
      return Math.abs(seen.rate - seen.speed) > RATE_CHANGE_MIN
        ? { kind: "rate", rate: seen.speed, preservesPitch: false }
        : { kind: "hold" };
    }
    const ahead = seen.target + seen.speed * PARK_AHEAD_MS;
    return { kind: "park", to: ahead, startAt: seen.now + PARK_AHEAD_MS };
  }

  private mayJump(now: number): boolean {
    this.seeks = this.seeks.filter((at) => now - at < SEEKS_WINDOW_MS);
    const last = this.seeks[this.seeks.length - 1];
    if (last !== undefined && now - last < SEEK_EVERY_MS) return false;
    this.seeks.push(now);
    if (this.seeks.length > SEEKS_BEFORE_FALL) this.tier = "C";
    return true;
  }

  private chooseBand(size: number): void {
    while (this.band < BANDS.length && size > (BANDS[this.band] ?? 0) * (1 + HYSTERESIS)) this.band += 1;
    while (this.band > 0 && size < (BANDS[this.band - 1] ?? 0) * (1 - HYSTERESIS)) this.band -= 1;
  }

  /** Sums up what the rate has corrected, so that an old error can be read as if it were seen now. */
  private advance(seen: Observation): void {
    const past = this.lastTick === null ? 0 : Math.min(seen.now - this.lastTick, 10 * TICK_MS);
    this.applied += (seen.rate - seen.speed) * past;
    this.lastTick = seen.now;
  }

  private median(): number {
    const sorted = this.errors.map((e) => e.error - (this.applied - e.applied)).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  private restart(ignoreUntil: number): void {
    this.errors = [];
    this.band = 0;
    this.ignoreUntil = Math.max(this.ignoreUntil, ignoreUntil);
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
