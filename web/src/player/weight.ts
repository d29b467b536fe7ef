/** Feels once a second whether a film that goes out as the file itself is too much for the device or the line. */
import type { Mediator } from './mediator';
import { choose, Strain, type Variant } from './quality';

const PULSE_MS = 1_000;
/** So little more in so many looks, and nothing comes at all: another picture would not come either. */
const TRICKLE_MS = 100;
const LOOK_BACK = 6;
/** With less than this loaded, a line that brings less than is played is too slow: it plays, but from break to break. */
const THIN_MS = 3_000;
const KEEPS_UP = 0.9;
const END_MS = 1_000;

/** The file as one of the pictures; where its own is not on offer as a stream, any other is less. */
function withFile(variants: Variant[]): { all: Variant[]; file: number } {
  const file = variants.findIndex((variant) => variant.original);
  if (file >= 0) return { all: variants, file };
  const most = { lines: Number.POSITIVE_INFINITY, bitrate: Number.POSITIVE_INFINITY };
  return { all: [...variants, { id: '', original: true, ...most }], file: variants.length };
}

export class Weight {
  private strain: Strain;
  private timer: ReturnType<typeof setInterval>;
  /** Where what is loaded ended, in the last seconds. */
  private ends: number[] = [];

  constructor(
    private mediator: Mediator,
    /** What there would be, and whether the choice is ours. */
    private offered: () => Variant[] | null,
    private running: () => boolean,
    private screenLines: number | null,
    private tooMuch: (instead: Variant) => void,
  ) {
    this.strain = new Strain(mediator.now());
    this.timer = setInterval(() => this.feel(), PULSE_MS);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private feel(): void {
    const variants = this.offered();
    if (!variants || variants.length === 0) return;
    const { all, file } = withFile(variants);
    const seen = this.mediator.read();
    const bufferedMs = this.mediator.bufferedAfter(seen.position);
    const end = seen.position + bufferedMs;
    this.ends = [...this.ends, end].slice(-LOOK_BACK);
    const came = Math.max(...this.ends) - Math.min(...this.ends);
    const comes = came > TRICKLE_MS;
    const slow = this.ends.length === LOOK_BACK && came < (LOOK_BACK - 1) * PULSE_MS * KEEPS_UP;
    const thin = bufferedMs < THIN_MS && slow && end < this.mediator.endsAt - END_MS;
    const to = this.strain.feel(all, file, file, {
      now: this.mediator.now(),
      running: this.running() && !document.hidden && (seen.canPlay || comes),
      flowing: seen.canPlay && !thin,
      bufferedMs,
      ...this.mediator.frames(),
      // A line that starves carries less than the file, and how much less is found out by what comes next.
      bandwidth: all[file]?.bitrate ?? 0,
    });
    if (to === null) return;
    const enough = all[choose(all, 'auto', to, this.screenLines)];
    if (enough) this.tooMuch(enough);
  }
}
