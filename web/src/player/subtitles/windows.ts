/** Fetches a track piece by piece around where the film is, and keeps what came. */
import { clock } from '../../clock';
import { backoff } from '../../socket/backoff';

/** Where a track's pieces are. */
export interface Address {
  url: string;
  /** Null when the whole track is one piece. */
  windowMs: number | null;
}

/** So much before the end of a piece the next one is fetched. */
const AHEAD_MS = 20_000;
const KEPT = 60;
/** A piece that was refused in the same way so often is left out: each try has the server read a minute of film. */
const SAME_ANSWER_MAX = 5;
/** These answers pass by themselves: an address is renewed, a server is busy or away. */
const PASSING = [0, 403, 429, 502, 503, 504];

type Piece<T> =
  | { state: 'asked' }
  | { state: 'here'; content: T }
  | { state: 'failed'; tries: number; again: number; status: number; same: number };

type Failed = Extract<Piece<never>, { state: 'failed' }>;

export class Windows<T> {
  private pieces = new Map<number, Piece<T>>();
  private closed = false;

  constructor(
    private address: Address,
    /** Name of the n-th piece. */
    private name: (n: number | null) => string,
    private read: (response: Response) => Promise<T>,
    private changed: (all: T[]) => void,
    /** The server has said no. */
    private refused: () => void,
  ) {}

  close(): void {
    this.closed = true;
  }

  /** The same track under a fresh address. */
  readdress(address: Address): void {
    this.address = address;
  }

  /** Sees to it that what is needed at a position is here or on its way. */
  want(position: number): void {
    const { windowMs } = this.address;
    if (windowMs === null) {
      this.ask(0, null);
      return;
    }
    const n = Math.max(0, Math.floor(position / windowMs));
    this.ask(n, n);
    if (position > (n + 1) * windowMs - AHEAD_MS) this.ask(n + 1, n + 1);
  }

  private ask(key: number, n: number | null): void {
    const known = this.pieces.get(key);
    const again = known?.state === 'failed' && clock.now() >= known.again;
    if (known && !again) return;
    this.pieces.set(key, { state: 'asked' });
    void this.fetch(key, n, known?.state === 'failed' ? known : null);
  }

  private async fetch(key: number, n: number | null, last: Failed | null): Promise<void> {
    let refused = false;
    let status = 0;
    try {
      const response = await fetch(`${this.address.url}/${this.name(n)}`);
      status = response.status;
      // Behind the end of the film there is nothing, and an address that has expired is soon replaced.
      const nothing = status === 404;
      refused = status === 422 || (nothing && (n ?? 0) === 0);
      if (nothing && !refused) return;
      if (!response.ok) throw new Error(String(status));
      const content = await this.read(response);
      if (this.closed) return;
      this.pieces.set(key, { state: 'here', content });
      this.forget(key);
      this.changed(this.all());
    } catch {
      if (this.closed) return;
      const tries = last?.tries ?? 0;
      const same = last?.status === status ? last.same + 1 : 1;
      const hopeless = refused || (same >= SAME_ANSWER_MAX && !PASSING.includes(status));
      const again = hopeless ? Number.POSITIVE_INFINITY : clock.now() + backoff(tries, Math.random());
      this.pieces.set(key, { state: 'failed', tries: tries + 1, again, status, same });
      if (refused) this.refused();
    }
  }

  private all(): T[] {
    const keys = [...this.pieces.keys()].sort((a, b) => a - b);
    return keys.flatMap((key) => {
      const piece = this.pieces.get(key);
      return piece?.state === 'here' ? [piece.content] : [];
    });
  }

  /** Pieces far from the one that just came are let go. */
  private forget(near: number): void {
    const keys = [...this.pieces.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const key of keys.slice(0, Math.max(0, keys.length - KEPT))) this.pieces.delete(key);
  }
}
