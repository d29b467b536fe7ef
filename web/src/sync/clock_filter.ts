/**
 * Where the server's clock is, from four-timestamp probes. Pure: local time comes in with every call.
 *
 * Network queues only ever add delay, so the probes with the least delay carry the truth; the rest is thrown away.
 */

/** One probe: sent at `c0` and answered at `c3` on the local clock, read at `s1` and answered at `s2` by the server. */
export interface Probe {
  c0: number;
  s1: number;
  s2: number;
  c3: number;
}

interface Sample {
  at: number;
  offset: number;
  delay: number;
}

interface Line {
  at: number;
  offset: number;
  skew: number;
  bound: number;
}

const SAMPLES_MAX = 64;
const AGE_MAX_MS = 60_000;
const DELAY_SLACK_MS = 0.3;
const DELAY_SLACK_RATIO = 0.25;
const FIT_SAMPLES_MIN = 6;
const FIT_SPAN_MS = 6_000;
const SKEW_MAX = 500e-6;
/** How fast an unfitted sample loses worth: two crystals may part by this much. */
const AGE_PENALTY = 50e-6;
const STEP_MS = 20;
const STEP_BOUNDS = 3;
const STEP_SAMPLES = 2;

export class ClockFilter {
  private samples: Sample[] = [];
  private line: Line | null = null;
  private strangers: Sample[] = [];
  private srttMs = 0;
  private rttVarMs = 0;

  /** Takes a probe. False when it was too slow to teach anything, or impossible. */
  add(probe: Probe): boolean {
    const delay = probe.c3 - probe.c0 - (probe.s2 - probe.s1);
    if (!Number.isFinite(delay) || delay < 0) return false;
    this.smoothRtt(delay);
    const sample = {
      at: (probe.c0 + probe.c3) / 2,
      offset: (probe.s1 - probe.c0 + (probe.s2 - probe.c3)) / 2,
      delay,
    };
    this.samples.push(sample);
    this.samples = this.samples.filter((s) => sample.at - s.at <= AGE_MAX_MS).slice(-SAMPLES_MAX);
    if (!this.accepted().includes(sample)) return false;
    if (this.isStranger(sample)) return false;
    this.line = this.estimate(sample.at);
    return true;
  }

  /** Forgets everything: the server is another one than before. */
  reset(): void {
    this.samples = [];
    this.strangers = [];
    this.line = null;
  }

  /** Whether server time can be told at all. */
  get ready(): boolean {
    return this.line !== null;
  }

  /** Server time at a local time. */
  toServer(local: number): number {
    if (!this.line) return local;
    return local + this.line.offset + this.line.skew * (local - this.line.at);
  }

  /** Local time at a server time. */
  toLocal(server: number): number {
    if (!this.line) return server;
    const { at, offset, skew } = this.line;
    return at + (server - at - offset) / (1 + skew);
  }

  /** Smoothed round trip and its variation, and how wrong the estimate can be at most, in ms. */
  get quality(): { rtt: number; rttVar: number; bound: number } {
    return { rtt: this.srttMs, rttVar: this.rttVarMs, bound: this.line?.bound ?? Number.POSITIVE_INFINITY };
  }

  private smoothRtt(delay: number): void {
    if (this.srttMs === 0) {
      this.srttMs = delay;
      this.rttVarMs = delay / 2;
      return;
    }
    this.rttVarMs += (Math.abs(delay - this.srttMs) - this.rttVarMs) / 4;
    this.srttMs += (delay - this.srttMs) / 8;
  }

  private accepted(): Sample[] {
    const least = Math.min(...this.samples.map((s) => s.delay));
    const limit = least + Math.max(DELAY_SLACK_MS, DELAY_SLACK_RATIO * least);
    return this.samples.filter((s) => s.delay <= limit);
  }

  /**
   * After a suspend the old samples are wrong, however good they were: two good samples in a row that disagree
   * with them prove it. One alone is left out.
   */
  private isStranger(sample: Sample): boolean {
    if (!this.line) return false;
    const expected = this.line.offset + this.line.skew * (sample.at - this.line.at);
    if (Math.abs(sample.offset - expected) <= Math.max(STEP_MS, STEP_BOUNDS * this.line.bound)) {
      this.strangers = [];
      return false;
    }
    this.samples = this.samples.filter((s) => s !== sample);
    this.strangers.push(sample);
    if (this.strangers.length < STEP_SAMPLES) return true;
    this.samples = this.strangers;
    this.strangers = [];
    return false;
  }

  private estimate(now: number): Line {
    const good = this.accepted();
    const first = good[0];
    const last = good[good.length - 1];
    if (first && last && good.length >= FIT_SAMPLES_MIN && last.at - first.at > FIT_SPAN_MS)
      return lineThrough(good);
    const cost = (s: Sample) => s.delay / 2 + AGE_PENALTY * (now - s.at);
    const best = good.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    return { at: best.at, offset: best.offset, skew: 0, bound: cost(best) };
  }
}

/** Least squares through the samples. */
function lineThrough(samples: Sample[]): Line {
  const n = samples.length;
  const at = samples.reduce((sum, s) => sum + s.at, 0) / n;
  const offset = samples.reduce((sum, s) => sum + s.offset, 0) / n;
  const across = samples.reduce((sum, s) => sum + (s.at - at) * (s.offset - offset), 0);
  const along = samples.reduce((sum, s) => sum + (s.at - at) ** 2, 0);
  const skew = Math.max(-SKEW_MAX, Math.min(SKEW_MAX, across / along));
  const bound = Math.min(...samples.map((s) => s.delay)) / 2;
  return { at, offset, skew, bound };
}
