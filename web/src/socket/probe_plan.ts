/**
 * When to probe the server's clock: a burst, then often for a while, then a small burst now and then. Bursts,
 * because the first packet wakes a phone's radio and the next ones are quick.
 */
const BURST = 8;
const BURST_GAP_MS = 20;
const EARLY_GAP_MS = 500;
const EARLY_FOR = 20;
const LATE_BURST = 4;
const LATE_GAP_MS = 5_000;

export class ProbePlan {
  private timers = new Set<ReturnType<typeof setTimeout>>();
  private early = 0;
  private skip = 0;

  constructor(private probe: () => void) {}

  start(): void {
    this.stop();
    this.early = 0;
    this.burst();
    this.after(EARLY_GAP_MS, () => this.next());
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Eight probes in quick succession; the answer to the first does not count. */
  burst(size = BURST): void {
    this.skip = 1;
    for (let i = 0; i < size; i += 1) this.after(i * BURST_GAP_MS, this.probe);
  }

  /** Whether the answer that has just come should be learned from. */
  counts(): boolean {
    if (this.skip === 0) return true;
    this.skip -= 1;
    return false;
  }

  private next(): void {
    this.early += 1;
    const young = this.early <= EARLY_FOR;
    if (young) this.probe();
    else this.burst(LATE_BURST);
    this.after(young ? EARLY_GAP_MS : LATE_GAP_MS, () => this.next());
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }
}
