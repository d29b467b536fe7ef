/** Chooses how a film reaches the element: the file itself, hls.js, or the browser's own HLS. */
import { takePlayback } from '../api/ahead';
import { fetchPlayback, type Playback } from '../api/client';
import { capabilities, hasMediaSource, hasNativeHls } from './caps';
import { type HlsSession, openHls } from './hls';
import type { Mediator } from './mediator';

/** What this viewer gets. */
export interface Delivery {
  mode: Playback['mode'];
  reason: string;
}

export interface SourceEvents {
  delivery(delivery: Delivery): void;
  /** A sentence for the viewer: this film will not play here. */
  failed(message: string): void;
  /** After all: what was said of it no longer holds. */
  arrived(): void;
}

const RENEWALS_MAX = 5;
/** A film of which nothing has come by now deserves a word. */
const PATIENCE_MS = 20_000;

/** One film on one element. */
export class Source {
  private hls: HlsSession | null = null;
  private stopReports: () => void = () => undefined;
  private closed = false;
  private renewals = 0;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private late = false;
  private direct = false;
  private playback: Playback | null = null;

  constructor(
    private mediator: Mediator,
    private media: string,
    private startPosition: () => number,
    private events: SourceEvents,
  ) {
    this.stopReports = mediator.onReport((report) => {
      if (report !== 'failed') this.notice();
      else if (this.direct) this.leaveDirect();
      else this.hls?.elementFailed();
    });
    this.patience = setTimeout(() => this.lose(), PATIENCE_MS);
    void this.begin(true);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.patience);
    this.stopReports();
    this.hls?.close();
    this.mediator.clear();
  }

  private lose(): void {
    if (this.mediator.read().hasMedia) return;
    this.late = true;
    this.events.failed(
      'Nothing of the film has come yet. The server may be busy; it starts as soon as it can.',
    );
  }

  private notice(): void {
    if (!this.late || !this.mediator.read().hasMedia) return;
    this.late = false;
    this.events.arrived();
  }

  private async begin(mayBeDirect: boolean): Promise<void> {
    try {
      const ahead = takePlayback(this.media);
      const playback = await (ahead ?? fetchPlayback(this.media, capabilities()));
      if (this.closed) return;
      this.playback = playback;
      this.events.delivery({ mode: playback.mode, reason: playback.reason });
      if (mayBeDirect && playback.direct_url) {
        this.direct = true;
        this.mediator.open(playback.direct_url);
      } else {
        this.stream(playback.master_url);
      }
    } catch (error) {
      if (!this.closed)
        this.events.failed(error instanceof Error ? error.message : 'The film could not be loaded.');
    }
  }

  private stream(url: string): void {
    this.direct = false;
    this.hls?.close();
    this.mediator.warm = false;
    if (hasMediaSource()) {
      this.hls = openHls(this.mediator.element, url, this.startPosition, {
        failed: (why) => this.streamFailed(why),
      });
    } else if (hasNativeHls()) {
      this.mediator.open(url);
    } else {
      this.events.failed('This browser has no way to play streams.');
    }
  }

  private streamFailed(why: 'expired' | 'media' | 'server'): void {
    if (this.closed) return;
    this.renewals += 1;
    if (why === 'expired' && this.renewals <= RENEWALS_MAX) {
      void this.begin(this.direct);
    } else {
      this.events.failed(
        why === 'media'
          ? 'This browser cannot decode the film.'
          : 'The server could not prepare this part of the film.',
      );
    }
  }

  /** The file as it is did not play after all: have it streamed instead. */
  private leaveDirect(): void {
    if (!this.playback) return;
    this.events.delivery({ mode: 'remux', reason: 'Streamed: the file itself did not play here' });
    this.mediator.clear();
    this.stream(this.playback.master_url);
  }
}
