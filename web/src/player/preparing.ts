/** Asks how long the server still needs until a film plays without a break, for as long as it needs any time. */
import { ApiError, fetchPlayback } from '../api/client';
import { clock } from '../clock';
import { capabilities } from './caps';
import { verdict } from './retry';

const ASK_EVERY_MS = 5_000;

export class Preparing {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waits = false;
  private closed = false;

  constructor(
    private media: string,
    private tell: (readyAt: number | null) => void,
  ) {}

  /** What the server has said: ms to go, or nothing. */
  heard(waitMs: number | null | undefined): void {
    if (this.closed) return;
    const waits = typeof waitMs === 'number' && waitMs > 0;
    if (waits) this.tell(clock.now() + waitMs);
    else if (this.waits) this.tell(null);
    this.waits = waits;
    clearTimeout(this.timer);
    if (waits) this.timer = setTimeout(() => void this.ask(), Math.min(ASK_EVERY_MS, waitMs));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    try {
      this.heard((await fetchPlayback(this.media, capabilities())).wait_ms);
    } catch (error) {
      // Whatever it is, the player hears of it as well; until then the last word holds.
      const over = error instanceof ApiError && verdict(error.status) === 'final';
      if (!this.closed && !over) this.timer = setTimeout(() => void this.ask(), ASK_EVERY_MS);
    }
  }
}
