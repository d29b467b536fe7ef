/** Leads a player around the holes in its film: what is missing is said, and behind it they go on with the room. */
import { HOLE_EDGE_MS, type Hole } from './holes';
import type { Mediator } from './mediator';

const LOOK_EVERY_MS = 250;

export interface DetourEvents {
  /** The player has come to a hole. */
  reached(message: string): void;
  /** It is past all holes. */
  passed(): void;
}

export class Detour {
  private holes: Hole[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private told: string | null = null;

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

  /** A hole is what the viewer is being told of. */
  get tells(): boolean {
    return this.told !== null;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const seen = this.mediator.read();
    const inside = ({ from, to }: Hole) => seen.position >= from - HOLE_EDGE_MS && seen.position < to;
    const hole = this.holes.find(inside);
    if (!hole) {
      if (this.told === null) return;
      this.told = null;
      this.events.passed();
      return;
    }
    if (this.told !== hole.message) this.events.reached(hole.message);
    this.told = hole.message;
    // Many players go through a hole with a picture that stands still. One that stops in it would wait for ever.
    const room = this.roomPosition();
    if (room >= hole.to && !seen.canPlay && !seen.seeking) this.leave(room);
  }

  private leave(room: number): void {
    this.mediator.cancel();
    this.mediator.seek(room);
  }
}
