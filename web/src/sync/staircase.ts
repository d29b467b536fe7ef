/**
 * Tells whether a player's position moves in steps (Firefox: 40 ms) instead of smoothly, from polls each few ms.
 * Pure.
 */
const POLLS = 40;
const REPEATED = 0.9;

export class StaircaseProbe {
  private last: number | null = null;
  private polls = 0;
  private repeats = 0;

  /** Takes a polled position; answers once enough were seen, until then undefined. */
  add(position: number): boolean | undefined {
    if (this.last !== null) {
      this.polls += 1;
      if (position === this.last) this.repeats += 1;
    }
    this.last = position;
    return this.polls < POLLS ? undefined : this.repeats / this.polls > REPEATED;
  }
}
