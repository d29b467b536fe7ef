/** Leads a player around the holes in its film: what is missing is said, and behind it they go on with the room. */
import type { Hole } from './holes';
import type { Mediator } from './mediator';

const LOOK_EVERY_MS = 250;
/** A player stops a frame or two before a hole. */
const EDGE_MS = 300;

export interface DetourEvents {
  /** The player has come to a hole. */
  reached(message: string): void;
  /** It is past all holes. */
  passed(): void;
}

export class Detour {
  private holes: Hole[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  /** A hole is what the viewer is being told of. */
  tells = false;

  constructor(
    private mediator: Mediator,
    private roomPosition: () => number,
    private events: DetourEvents,
  ) {}

  /** One more, or one that has grown. */
  add(hole: Hole): void {
    this.holes = [...this.holes.filter((known) => known.from !== hole.from), hole];
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const seen = this.mediator.read();
    const inside = ({ from, to }: Hole) => seen.position >= from - EDGE_MS && seen.position < to;
    const hole = this.holes.find(inside);
    if (!hole) {
      if (!this.tells) return;
      this.tells = false;
      this.events.passed();
      return;
    }
    if (!this.tells) this.events.reached(hole.message);
    this.tells = true;
    // Many players go through a hole with a picture that stands still. One that stops in it would wait for ever.
    const room = this.roomPosition();
    if (room >= hole.to && !seen.canPlay && !seen.seeking) this.leave(room);
  }

  private leave(room: number): void {
    this.mediator.cancel();
    this.mediator.seek(room);
  }
}
