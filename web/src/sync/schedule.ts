/** Where a room is, as a function of server time. Pure. */

/** The part of a room's state that says where it is: `p0 + v * max(0, t - t0)`, within the film. */
export interface Vector {
  epoch: number;
  rev: number;
  p0: number;
  v: number;
  t0: number;
  duration: number;
}

/** Position at a server time, in content milliseconds. */
export function positionAt(vector: Vector, serverNow: number): number {
  const moved = vector.p0 + vector.v * Math.max(0, serverNow - vector.t0);
  return Math.max(0, Math.min(moved, vector.duration));
}

/** Whether `a` comes after `b`. Messages can overtake each other; (epoch, rev) cannot. */
export function isNewer(a: { epoch: number; rev: number }, b: { epoch: number; rev: number }): boolean {
  return a.epoch !== b.epoch ? a.epoch > b.epoch : a.rev > b.rev;
}

/** What an element should do at a moment. */
export type Duty =
  | { kind: "rest"; position: number; from: number }
  | { kind: "launch"; position: number; at: number }
  | { kind: "run"; position: number };

/**
 * What the vector asks for at `serverNow`: rest at a position (from a server time on, which may be ahead for a
 * pause), be launched from it at a server time, or run and be at it now.
 */
export function dutyAt(vector: Vector, serverNow: number): Duty {
  if (vector.v === 0) return { kind: "rest", position: vector.p0, from: vector.t0 };
  if (serverNow < vector.t0) return { kind: "launch", position: vector.p0, at: vector.t0 };
  return { kind: "run", position: positionAt(vector, serverNow) };
}
