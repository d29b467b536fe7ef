/** Parts of a film that cannot be had. They are left out, and the viewer is told where the film goes on. */
import { clockTime } from '../app/words';

/** Content ms, and the sentence that goes with it. */
export interface Hole {
  from: number;
  to: number;
  message: string;
}

/** What there is to know of a segment; seconds, as hls.js counts. */
export interface Part {
  sn: number | 'initSegment';
  start: number;
  duration: number;
  gap?: boolean;
  tagList: string[][];
}

/**
 * Damage is rarely one segment long: the first few are tried one by one, then ever more are left out unasked. So the
 * end of a film that ends in rubble is found with few questions.
 */
const ONE_BY_ONE = 3;
const NEAR = 2;
/** A player stops a frame or two before a hole. */
export const HOLE_EDGE_MS = 300;

export class Holes {
  private gone = new Set<number>();
  private dug = new Set<number>();
  private strides = { next: -1, count: 0 };
  private open: Hole | null = null;
  private found: Hole[] = [];

  /** Whether a part lies right behind the last hole, or nearly: hls.js leaves some out by itself. */
  goOnAt(part: Part): boolean {
    const after = typeof part.sn === 'number' ? part.sn - this.strides.next : -1;
    return this.strides.next >= 0 && after >= 0 && after <= NEAR;
  }

  /** Leaves out a part of which nothing more is known yet. */
  avoid(part: Part): void {
    if (typeof part.sn === 'number') this.gone.add(part.sn);
    this.mark([part]);
  }

  /** Whether a part is in a hole already. */
  known(part: Part): boolean {
    return typeof part.sn === 'number' && this.dug.has(part.sn);
  }

  /** Leaves out `part` of `parts`, and more when it goes on and on. */
  dig(part: Part, parts: Part[], message: string): Hole {
    const goesOn = this.goOnAt(part);
    const sn = part.sn === 'initSegment' ? 0 : part.sn;
    const first = goesOn ? this.strides.next : sn;
    this.strides.count = goesOn ? this.strides.count + 1 : 1;
    const stride = sn - first + 2 ** Math.max(0, this.strides.count - ONE_BY_ONE);
    this.strides.next = first + stride;
    for (let n = first; n < first + stride; n += 1) {
      this.gone.add(n);
      this.dug.add(n);
    }
    this.mark(parts);
    const last =
      [...parts].reverse().find((one) => typeof one.sn === 'number' && one.sn < first + stride) ?? part;
    const to = (last.start + last.duration) * 1000;
    const from = goesOn && this.open ? this.open.from : part.start * 1000;
    const toTheEnd = last === parts[parts.length - 1];
    this.open = { from, to, message: message || sentence(from, toTheEnd) };
    this.found = [...this.found.filter((hole) => hole.from !== from), this.open];
    return this.open;
  }

  /** Whether nothing can play at a position, content ms. */
  covers(position: number): boolean {
    return this.found.some(({ from, to }) => position >= from - HOLE_EDGE_MS && position < to);
  }

  /** Says of all known gaps what a playlist says of them: hls.js then asks for none of them. */
  mark(parts: Part[]): void {
    if (this.gone.size === 0) return;
    for (const part of parts) {
      if (typeof part.sn !== 'number' || !this.gone.has(part.sn)) continue;
      part.gap = true;
      if (!part.tagList.some(([tag]) => tag === 'GAP')) part.tagList.push(['GAP']);
    }
  }
}

function sentence(from: number, toTheEnd: boolean): string {
  return toTheEnd
    ? `The film is damaged from ${clockTime(from)}; it plays to there.`
    : `The film is damaged at ${clockTime(from)}. It goes on behind that.`;
}
