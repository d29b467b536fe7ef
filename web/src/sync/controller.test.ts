import { describe, expect, test } from "vitest";
import { Controller, type Tier } from "./controller";
import { StaircaseProbe } from "./staircase";

const TICK = 100;

interface World {
  /** The player's own clock against the room's, in parts per million. */
  ppm: number;
  /** Ms behind at the beginning. */
  behind: number;
  tier?: Tier;
  muted?: boolean;
  /** Rates this near to 1 are ignored, as Chromium does while pitch is preserved. */
  deadZone?: number;
  /** What reading the position adds, by number of the tick. */
  noise?: (tick: number) => number;
}

/** A player that plays at the rate it is told, seeks and parks with real latencies, and drifts. */
function simulate(world: World, seconds: number) {
  const controller = new Controller(world.tier);
  let position = -world.behind;
  let rate = 1;
  let pausedUntil = -1;
  const errors: number[] = [];
  const counts = { seeks: 0, parks: 0, writes: 0 };
  controller.started(0);
  for (let tick = 1; tick * TICK <= seconds * 1000; tick += 1) {
    const now = tick * TICK;
    const running = now > pausedUntil;
    const zone = world.deadZone ?? 0;
    const real = Math.abs(rate - 1) < zone ? 1 : rate;
    if (running) position += Math.min(TICK, now - pausedUntil) * real * (1 + world.ppm * 1e-6);
    errors.push(now - position);
    if (!running) continue;
    const action = controller.tick({
      now,
      target: now,
      position: position + (world.noise?.(tick) ?? 0),
      speed: 1,
      rate,
      steady: true,
      muted: world.muted ?? false,
      hidden: false,
      buffered: () => true,
    });
    if (action.kind === "rate") {
      rate = action.rate;
      counts.writes += 1;
    } else if (action.kind === "seek") {
      counts.seeks += 1;
      position = action.to - 110;
      controller.sought(now);
    } else if (action.kind === "park") {
      counts.parks += 1;
      // Starts on the dot, give or take 9 ms.
      position = action.to - 9;
      pausedUntil = action.startAt;
      rate = 1;
      controller.started(action.startAt);
    }
  }
  return { errors, counts, controller, rate };
}

const worst = (errors: number[], fromSecond: number) =>
  Math.max(...errors.slice(fromSecond * 10).map((error) => Math.abs(error)));

describe("controller", () => {
  test.each([5, 20, 50, -20, -50])("%i ms off is pulled in without a jump, and held", (behind) => {
    const { errors, counts } = simulate({ ppm: 0, behind }, 20);
    expect(worst(errors, 6)).toBeLessThan(2.5);
    expect(counts.seeks + counts.parks).toBe(0);
  });

  test.each([100, -100, 250])("a sound clock that is %i ppm off is learned", (ppm) => {
    const { errors, counts } = simulate({ ppm, behind: 15 }, 600);
    expect(worst(errors, 6)).toBeLessThan(3);
    expect(counts.seeks + counts.parks).toBe(0);
  });

  test("300 ms off is stretched away within four seconds", () => {
    const { errors, counts } = simulate({ ppm: 0, behind: 300 }, 12);
    expect(worst(errors, 6)).toBeLessThan(10);
    expect(counts.parks).toBe(0);
  });

  test("two seconds off is parked and launched once, and exact afterwards", () => {
    const { errors, counts } = simulate({ ppm: 40, behind: 2_000 }, 20);
    expect(counts).toMatchObject({ parks: 1, seeks: 0 });
    expect(worst(errors, 6)).toBeLessThan(3);
  });

  test("a noisy reading is not chased", () => {
    const noise = (tick: number) => (tick % 7 === 0 ? 18 : Math.sin(tick) * 0.6);
    const { errors, counts } = simulate({ ppm: 0, behind: 4, noise }, 60);
    expect(worst(errors, 6)).toBeLessThan(3);
    expect(counts.writes).toBeLessThan(120);
  });

  test("no more than one jump in five seconds, whatever happens", () => {
    const noise = (tick: number) => -3_000 - tick;
    const { counts } = simulate({ ppm: 0, behind: 0, noise }, 14);
    expect(counts.parks + counts.seeks).toBeLessThanOrEqual(3);
  });

  test("a player whose small rates are ignored is told apart: it does not settle", () => {
    const { errors } = simulate({ ppm: 300, behind: 0, deadZone: 1 / 960 }, 60);
    const { errors: fine } = simulate({ ppm: 300, behind: 0 }, 60);
    expect(worst(errors, 20)).toBeGreaterThan(worst(fine, 20));
  });

  test("the coarse tier leaves the rate alone and jumps only when far off", () => {
    const near = simulate({ ppm: 0, behind: 120, tier: "C" }, 10);
    expect(near.counts).toEqual({ seeks: 0, parks: 0, writes: 0 });
    const far = simulate({ ppm: 0, behind: 400, tier: "C" }, 10);
    expect(far.counts).toEqual({ seeks: 0, parks: 1, writes: 0 });
    expect(worst(far.errors, 3)).toBeLessThan(20);
  });

  test("while media is missing nothing is done, and what was measured before is forgotten", () => {
    const controller = new Controller();
    const seen = { now: 1_000, target: 0, position: 900, speed: 1, rate: 1, muted: false, hidden: false };
    expect(controller.tick({ ...seen, steady: false, buffered: () => false })).toEqual({ kind: "hold" });
    expect(controller.error).toBeNull();
  });
});

describe("staircase probe", () => {
  test("40 ms steps polled each 4 ms are a staircase, a smooth clock is none", () => {
    const verdict = (position: (ms: number) => number) => {
      const probe = new StaircaseProbe();
      for (let ms = 0; ms < 1_000; ms += 4) {
        const answer = probe.add(position(ms));
        if (answer !== undefined) return answer;
      }
      return undefined;
    };
    expect(verdict((ms) => Math.floor(ms / 50) * 50)).toBe(true);
    expect(verdict((ms) => ms)).toBe(false);
  });
});
