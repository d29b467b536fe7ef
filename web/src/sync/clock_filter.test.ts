import { describe, expect, test } from "vitest";
import vectors from "../../../tests/fixtures/sync/clock.json";
import { ClockFilter } from "./clock_filter";

/** A small generator with a fixed seed: the same noise every time. */
function noise(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}

const OFFSET = 5_000_000;

/** Probes over a path with jitter to a clock that is `OFFSET` ahead and runs `ppm` fast. */
function probe(at: number, up: number, down: number, ppm: number, step = 0) {
  const server = (local: number) => OFFSET + step + local * (1 + ppm * 1e-6);
  return { c0: at, s1: server(at + up), s2: server(at + up + 0.05), c3: at + up + 0.05 + down };
}

describe("clock filter", () => {
  test("the shared vectors come out as the other implementation has them", () => {
    for (const { name, probes, expect: wanted } of vectors.cases) {
      const filter = new ClockFilter();
      for (const p of probes) filter.add(p);
      for (const { local, server, within } of wanted) {
        expect(Math.abs(filter.toServer(local) - server), name).toBeLessThanOrEqual(within);
        expect(Math.abs(filter.toLocal(server) - local), name).toBeLessThanOrEqual(within);
      }
    }
  });

  test("a clock that runs 80 ppm fast is followed to well under a millisecond through Wi-Fi jitter", () => {
    const filter = new ClockFilter();
    const random = noise(7);
    const jitter = () => 3 - 4 * Math.log(1 - random());
    for (let at = 0; at < 60_000; at += 500) filter.add(probe(at, jitter(), jitter(), 80));
    const truth = OFFSET + 61_000 * (1 + 80e-6);
    expect(Math.abs(filter.toServer(61_000) - truth)).toBeLessThan(1.5);
  });

  test("one wild answer is left out, two in a row mean that the clock has stepped", () => {
    const filter = new ClockFilter();
    for (let at = 0; at < 5_000; at += 500) filter.add(probe(at, 0.3, 0.3, 0));
    expect(filter.add(probe(5_000, 0.3, 0.3, 0, 9_000))).toBe(false);
    expect(Math.abs(filter.toServer(5_100) - (OFFSET + 5_100))).toBeLessThan(1);
    filter.add(probe(5_500, 0.3, 0.3, 0, 9_000));
    expect(Math.abs(filter.toServer(5_600) - (OFFSET + 9_000 + 5_600))).toBeLessThan(1);
  });

  test("nothing is known before the first answer, and nothing is learned from an impossible one", () => {
    const filter = new ClockFilter();
    expect(filter.ready).toBe(false);
    expect(filter.add({ c0: 100, s1: 0, s2: 50, c3: 120 })).toBe(false);
    expect(filter.ready).toBe(false);
  });
});
