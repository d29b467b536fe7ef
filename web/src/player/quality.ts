/**
 * Which picture a viewer takes of those on offer, and when it is too much for the device or the line. Pure.
 *
 * hls.js could choose by itself, but it never changes to another codec and follows every breath of the measured speed;
 * here each change may cost the server another conversion, so it is made rarely and for a reason.
 */

/** What a viewer asked for: the best that works, the film's own picture, or at most so many lines. */
export type Quality = 'auto' | 'original' | number;

/** One picture on offer. */
export interface Variant {
  /** The rendition's name in its address. */
  id: string;
  /** Its rung: lines of the 16:9 frame that holds it. */
  lines: number;
  bitrate: number;
  /** The film's own picture, copied. */
  original: boolean;
}

const RENDITION = /(?:^|\/)([a-z]+\d*)\/index\.m3u8/;
/** Converted pictures, in software and in hardware. Sound alone (`a0`) is no picture that was made smaller. */
const RUNG = /^[vh](\d+)$/;
const WIDE = 16 / 9;

/** Reads a variant from its address and size, as they stand in the master playlist. */
export function variantOf(uri: string, width: number, height: number, bitrate: number): Variant {
  const id = RENDITION.exec(uri)?.[1] ?? '';
  const rung = RUNG.exec(id)?.[1];
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  return {
    id,
    lines: rung ? Number(rung) : Math.round(Math.max(long / WIDE, short)),
    bitrate,
    original: rung === undefined,
  };
}

/** The variants of a master playlist, in its order: the server's first choice first. */
export function variantsOf(master: string): Variant[] {
  const lines = master.split('\n').map((line) => line.trim());
  const found: Variant[] = [];
  lines.forEach((line, at) => {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) return;
    const size = /RESOLUTION=(\d+)x(\d+)/.exec(line);
    if (!size) return;
    const bitrate = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1] ?? 0);
    found.push(variantOf(lines[at + 1] ?? '', Number(size[1]), Number(size[2]), bitrate));
  });
  return found;
}

/** A screen this much smaller than a picture shows nothing of what is more. */
const WASTE = 1.5;

/**
 * Where to begin, as an index; `first` is the server's choice. A small screen does not take a picture far beyond it.
 */
export function choose(
  variants: Variant[],
  wish: Quality,
  first: number,
  screenLines: number | null,
): number {
  if (variants.length === 0) return -1;
  if (wish === 'original') {
    const original = variants.findIndex((variant) => variant.original);
    return original >= 0 ? original : first;
  }
  if (wish === 'auto') {
    const own = variants[first];
    if (screenLines === null || !own || own.lines <= screenLines * WASTE) return first;
    const enough = best(variants, (variant) => variant.lines <= screenLines * WASTE);
    return enough >= 0 ? enough : first;
  }
  const fitting = best(variants, (variant) => variant.lines <= wish);
  return fitting >= 0 ? fitting : least(variants);
}

/** Whether a wish is fulfilled by the film's own file, so that there is no need to stream it. */
export function fileWillDo(variants: Variant[], wish: Quality): boolean {
  if (typeof wish !== 'number') return true;
  const chosen = variants[choose(variants, wish, 0, null)];
  return !chosen || chosen.original;
}

/** What can be wished for: rungs below the film's own picture, best first. */
export function offers(variants: Variant[]): number[] {
  const rungs = variants.filter((variant) => !variant.original).map((variant) => variant.lines);
  return [...new Set(rungs)].sort((a, b) => b - a);
}

function best(variants: Variant[], fits: (variant: Variant) => boolean): number {
  let found = -1;
  variants.forEach((variant, at) => {
    const held = variants[found];
    if (fits(variant) && (!held || better(variant, held))) found = at;
  });
  return found;
}

/** More lines; of the same, the film's own picture: it costs the server nothing. */
function better(a: Variant, b: Variant): boolean {
  return a.lines === b.lines ? a.original && !b.original : a.lines > b.lines;
}

function least(variants: Variant[]): number {
  let found = 0;
  variants.forEach((variant, at) => {
    const held = variants[found];
    if (held && variant.bitrate < held.bitrate) found = at;
  });
  return found;
}

/** How it goes, once a second. */
export interface Pulse {
  /** Local time, ms. */
  now: number;
  /** Should be moving: not paused by the room, and the page is in front. */
  running: boolean;
  /** Moves. */
  flowing: boolean;
  bufferedMs: number;
  /** Of the element, since it was made. */
  decoded: number;
  dropped: number;
  /** Bits per second that the line was measured to carry. */
  bandwidth: number;
}

/** So long without a picture while it should move, and the line or the server is too slow for it. */
const STARVED_MS = 3_000;
/** This share of frames left out over this time, and the device is too slow for it. */
const DROPPED_SHARE = 0.2;
const DROPPED_OVER_MS = 5_000;
const FRAMES_MIN = 60;
/** After a change the buffer is built anew: nothing said in this time counts. */
const SETTLE_MS = 8_000;
/** Better again after so long without trouble; each return that fails doubles it. */
const PEACE_MS = 60_000;
const PEACE_GROWTH = 2;
/** A return has failed when there is trouble again this soon. */
const RETURN_FAILED_MS = 120_000;
/** Where all has been well for so long, earlier trouble is forgotten. */
const FORGOTTEN_MS = 300_000;
const BUFFER_GOOD_MS = 15_000;
/** How much more than the picture needs the line must carry. */
const ROOM_UP = 1.5;
const ROOM_DOWN = 0.8;

/** Says when to take another picture, for as long as the viewer leaves it to us. */
export class Strain {
  private starvedSince: number | null = null;
  private frames: { at: number; decoded: number; dropped: number } | null = null;
  private changedAt: number;
  private returnedAt: number | null = null;
  private peace = PEACE_MS;

  constructor(now: number) {
    this.changedAt = now;
  }

  /** The index to change to, or null to stay. */
  feel(variants: Variant[], current: number, preferred: number, pulse: Pulse): number | null {
    const own = variants[current];
    if (!own || variants.length < 2) return null;
    const starved = this.starves(pulse);
    const stumbles = this.stumbles(pulse);
    if (pulse.now - this.changedAt < SETTLE_MS) return null;
    if (starved || stumbles) {
      const lower = this.below(
        variants,
        own,
        starved ? pulse.bandwidth * ROOM_DOWN : Number.POSITIVE_INFINITY,
      );
      if (lower === null) return null;
      if (this.returnedAt !== null && pulse.now - this.returnedAt < RETURN_FAILED_MS)
        this.peace *= PEACE_GROWTH;
      this.returnedAt = null;
      return this.change(lower, pulse.now);
    }
    if (current === preferred && pulse.now - this.changedAt >= FORGOTTEN_MS) this.peace = PEACE_MS;
    if (current === preferred || pulse.now - this.changedAt < this.peace) return null;
    if (!pulse.running || pulse.bufferedMs < BUFFER_GOOD_MS) return null;
    const next = this.above(variants, own, preferred);
    const rate = next === null ? 0 : (variants[next]?.bitrate ?? 0);
    if (next === null || pulse.bandwidth < rate * ROOM_UP) return null;
    this.returnedAt = pulse.now;
    return this.change(next, pulse.now);
  }

  /** Somebody else changed it. */
  settled(now: number): void {
    this.changedAt = now;
    this.starvedSince = null;
    this.frames = null;
  }

  private change(to: number, now: number): number {
    this.settled(now);
    return to;
  }

  private starves({ now, running, flowing }: Pulse): boolean {
    if (!running || flowing) this.starvedSince = null;
    else this.starvedSince ??= now;
    return this.starvedSince !== null && now - this.starvedSince >= STARVED_MS;
  }

  private stumbles({ now, running, flowing, decoded, dropped }: Pulse): boolean {
    const then = this.frames;
    if (!running || !flowing || !then || decoded < then.decoded) {
      this.frames = running && flowing ? { at: now, decoded, dropped } : null;
      return false;
    }
    if (now - then.at < DROPPED_OVER_MS) return false;
    this.frames = { at: now, decoded, dropped };
    const seen = decoded - then.decoded;
    return seen >= FRAMES_MIN && dropped - then.dropped > seen * DROPPED_SHARE;
  }

  /** The best of the smaller ones that the line carries, else the smallest of all. */
  private below(variants: Variant[], own: Variant, bandwidth: number): number | null {
    const smaller = (variant: Variant) => variant.bitrate < own.bitrate && variant.lines <= own.lines;
    const carried = best(variants, (variant) => smaller(variant) && variant.bitrate <= bandwidth);
    if (carried >= 0) return carried;
    const lowest = least(variants);
    return variants[lowest] && smaller(variants[lowest]) ? lowest : null;
  }

  /** The next better one, and never better than what was begun with. */
  private above(variants: Variant[], own: Variant, preferred: number): number | null {
    const goal = variants[preferred];
    if (!goal) return null;
    let found: number | null = null;
    variants.forEach((variant, at) => {
      if (variant.bitrate <= own.bitrate || variant.bitrate > goal.bitrate) return;
      const held = found === null ? undefined : variants[found];
      if (!held || variant.bitrate < held.bitrate) found = at;
    });
    return found;
  }
}
