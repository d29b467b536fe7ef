/** How long this device takes from `play()` to moving, learned start by start. */
import { recallNumber, remember } from "../app/memory";

const COLD_MS = 75;
const WARM_MS = 4;
const GAIN = 0.3;
const MAX_MS = 250;

export class StartLatency {
  private values = { cold: recallNumber("start.cold", COLD_MS), warm: recallNumber("start.warm", WARM_MS) };

  /** What to expect of the next start. */
  expect(warm: boolean): number {
    return warm ? this.values.warm : this.values.cold;
  }

  /** A start came `late` ms later than aimed for. */
  learn(warm: boolean, late: number): void {
    if (Math.abs(late) > MAX_MS) return;
    const key = warm ? "warm" : "cold";
    this.values[key] = Math.max(0, Math.min(MAX_MS, this.values[key] + GAIN * late));
    remember(`start.${key}`, this.values[key].toFixed(1));
  }
}
