import { expect, test } from "vitest";
import { dutyAt, isNewer, positionAt } from "./schedule";

const vector = { epoch: 1, rev: 4, p0: 10_000, v: 1, t0: 500, duration: 60_000 };

test("before its start a running vector rests at its beginning, and after the end at the end", () => {
  expect(positionAt(vector, 100)).toBe(10_000);
  expect(positionAt(vector, 1_500)).toBe(11_000);
  expect(positionAt(vector, 1e9)).toBe(60_000);
});

test("duties follow the vector: launch before its time, run after it, rest when it stands", () => {
  expect(dutyAt(vector, 400)).toEqual({ kind: "launch", position: 10_000, at: 500 });
  expect(dutyAt(vector, 700)).toEqual({ kind: "run", position: 10_200 });
  expect(dutyAt({ ...vector, v: 0 }, 400)).toEqual({ kind: "rest", position: 10_000, from: 500 });
});

test("a rebuilt room beats any revision of the old one", () => {
  expect(isNewer({ epoch: 2, rev: 0 }, { epoch: 1, rev: 99 })).toBe(true);
  expect(isNewer({ epoch: 1, rev: 99 }, { epoch: 2, rev: 0 })).toBe(false);
  expect(isNewer({ epoch: 1, rev: 4 }, { epoch: 1, rev: 4 })).toBe(false);
});
