/**
 * Films that begin to load before their room is there: the press of a finger is a good tenth of a second older than
 * the answer to it.
 */
import { recall, remember } from '../../app/memory';
import { Mediator } from '../../player/mediator';
import type { Quality } from '../../player/quality';
import { type Course, Source, type SourceEvents } from '../../player/source';

/** A press that has led to no room by then was none. */
const UNWANTED_AFTER_MS = 5_000;
const WISH_KEPT_AS = 'quality';

/** What this viewer wants of every film, until they choose anew. */
export function wishRemembered(): Quality {
  const kept = recall(WISH_KEPT_AS);
  const lines = Number(kept);
  if (kept === 'original') return kept;
  return kept && Number.isFinite(lines) && lines > 0 ? lines : 'auto';
}

export const rememberWish = (wish: Quality): void => remember(WISH_KEPT_AS, String(wish));

/** Nobody watches yet, so the film rests at its start. */
const AT_REST: Course = { position: () => 0, resting: () => true };

/** A player, perhaps with a film on it already. */
export class Reel {
  readonly mediator = new Mediator();
  private source: Source | null = null;
  private said: ((to: SourceEvents) => void)[] = [];

  constructor(readonly media: string | null) {
    if (media !== null) this.source = this.begin(media);
  }

  private begin(media: string): Source {
    const keep = (one: (to: SourceEvents) => void) => void this.said.push(one);
    const events: SourceEvents = {
      delivery: (delivery) => keep((to) => to.delivery(delivery)),
      playback: (playback) => keep((to) => to.playback(playback)),
      waiting: (message) => keep((to) => to.waiting(message)),
      failed: (message) => keep((to) => to.failed(message)),
      arrived: () => keep((to) => to.arrived()),
      preparing: (readyAt) => keep((to) => to.preparing(readyAt)),
      variants: (variants) => keep((to) => to.variants(variants)),
      unchosen: (wish, message) => keep((to) => to.unchosen(wish, message)),
      picture: (picture) => keep((to) => to.picture(picture)),
    };
    return new Source(this.mediator, media, AT_REST, events, wishRemembered());
  }

  /** The film as it has come so far, if it is this one; what was said of it is said again. */
  take(media: string, course: Course, events: SourceEvents): Source | null {
    const { source } = this;
    this.source = null;
    if (!source) return null;
    if (this.media !== media) {
      source.close();
      return null;
    }
    source.follow(course, events);
    for (const one of this.said) one(events);
    return source;
  }

  /** Nobody has taken it, and nobody will. */
  drop(): void {
    this.source?.close();
    this.source = null;
  }
}

/** At most one film loads ahead of its room. */
export class Reels {
  private rolling: Reel | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  roll(media: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), UNWANTED_AFTER_MS);
    if (this.rolling?.media === media) return;
    this.rolling?.drop();
    this.rolling = new Reel(media);
  }

  /** A player for a room with this film: the one that rolls, else an empty one. */
  hand(media: string | null): Reel {
    const rolling = this.rolling;
    this.rolling = null;
    clearTimeout(this.timer);
    if (rolling && rolling.media === media) return rolling;
    rolling?.drop();
    return new Reel(null);
  }

  private end(): void {
    this.rolling?.drop();
    this.rolling = null;
  }
}
