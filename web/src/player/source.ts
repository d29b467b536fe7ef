/**
 * Chooses how a film reaches the element: the file itself, hls.js, or the browser's own HLS. Keeps it coming: what
 * passes is waited for, addresses are renewed before they expire, and only a clear no is told as the last word.
 */
import { takePlayback } from '../api/ahead';
import { ApiError, fetchPlayback, type Playback } from '../api/client';
import { recall } from '../app/memory';
import { backoff } from '../socket/backoff';
import { capabilities, hasMediaSource, hasNativeHls } from './caps';
import { Detour } from './detour';
import { type HlsSession, openHls } from './hls';
import type { Mediator } from './mediator';
import { Preparing } from './preparing';
import { fileWillDo, type Quality, type Variant, variantsOf } from './quality';
import { lastCallAfter, renewAfter, Strikes, tokenOf, verdict } from './retry';
import { smallScreenLines } from './screen';
import { chosenSound, ownSound } from './subtitles/choice';

/** What this viewer gets. */
export interface Delivery {
  mode: Playback['mode'];
  reason: string;
  /** What else there is to know of the film, as sentences. */
  notes: string[];
}

/** What the room is doing, as far as it matters for loading. */
export interface Course {
  /** Where it is, content ms. */
  position(): number;
  /** Stands still, so that a short break is no loss. */
  resting(): boolean;
}

export interface SourceEvents {
  delivery(delivery: Delivery): void;
  /** What the server offers; told again whenever the addresses are new. */
  playback(playback: Playback): void;
  /** A sentence for the viewer: the film does not come at the moment, and is tried for. */
  waiting(message: string): void;
  /** A sentence for the viewer: this film will not play here. */
  failed(message: string): void;
  /** After all: what was said of it no longer holds. */
  arrived(): void;
  /** When enough is ready to play without a break, local time; null when that is so. */
  preparing(readyAt: number | null): void;
  /** The pictures to choose from; the first is what the server would take. */
  variants(variants: Variant[]): void;
  /** The one that comes now; null for the file itself. */
  picture(variant: Variant | null): void;
}

type Way = 'direct' | 'script' | 'native';
type Timer = 'patience' | 'renew' | 'lastCall' | 'again' | 'variants';

/** Refused so often in a row, fresh addresses do not help. */
const REFUSALS_MAX = 2;
/** So many failures in a row, and the file as it is is not for this browser. */
const DIRECT_FAILURES_MAX = 1;
/** A film of which nothing has come by now deserves a word. */
const PATIENCE_MS = 20_000;
/** A film that began without hls.js is given this long before its other pictures are asked for. */
const VARIANTS_AFTER_MS = 1_500;
/** So does one that stands still this long. Browsers ask anew for half a minute before they call it an error. */
const STALL_MS = 8_000;

const NOTHING_YET = 'Nothing of the film has come yet. The server may be busy; it starts as soon as it can.';
const STALLED = 'Nothing more of the film comes at the moment. It goes on as soon as it can.';
const NO_ANSWER = 'The server does not answer at the moment. The film comes back as soon as it does.';
const NOT_NOW = 'The server cannot send the film at the moment. It goes on as soon as it can.';
const OTHER_SOUND = 'Streamed: the file itself plays another sound track';
const UNDECODABLE = 'This browser cannot decode the film.';
const REFUSED = 'The server no longer gives out this film.';

/** One film on one element. */
export class Source {
  private hls: HlsSession | null = null;
  private way: Way = 'direct';
  private strikes = new Strikes();
  /** Counts the askings: an answer to an older one comes too late. */
  private turn = 0;
  /** The player has nothing to go on with until it is answered. */
  private asking = false;
  private told = false;
  /** The last word has been said. */
  private over = false;
  /** The element's own address is to be replaced at the next rest. */
  private outdated: string | null = null;
  private playback: Playback | null = null;
  /** Which of the film's sound tracks is heard. */
  private sound: number | null = null;
  /** The file as it is has turned out not to play here. */
  private fileFailed = false;
  private timers = new Map<Timer, ReturnType<typeof setTimeout>>();
  private stopReports: () => void;
  private detour: Detour;
  private ready: Preparing;

  constructor(
    private mediator: Mediator,
    private media: string,
    private course: Course,
    private events: SourceEvents,
    private wish: Quality,
  ) {
    this.detour = new Detour(mediator, () => this.course.position(), {
      reached: (message) => this.say(message),
      passed: () => this.notice(),
    });
    this.ready = new Preparing(media, (readyAt) => this.events.preparing(readyAt));
    this.stopReports = mediator.onReport((report) => {
      if (report === 'failed') this.elementFailed();
      else this.notice();
    });
    this.after('patience', PATIENCE_MS, () => this.losePatience(NOTHING_YET));
    void this.begin(true);
  }

  /** The room for which this film was begun ahead is there now. */
  follow(course: Course, events: SourceEvents): void {
    this.course = course;
    this.events = events;
  }

  /** Another picture, for this viewer only. */
  async choose(wish: Quality): Promise<void> {
    this.wish = wish;
    const { playback } = this;
    if (this.over || this.asking || !playback) return;
    const file = Boolean(playback.direct_url) && !this.fileFailed && this.soundIsOwn(playback);
    if (this.way === 'direct') {
      if (typeof wish === 'number') await this.beginWith(playback, true);
    } else if (file && typeof wish !== 'number') {
      this.hls?.close();
      this.hls = null;
      await this.beginWith(playback, true);
    } else {
      this.hls?.choose(wish);
    }
  }

  close(): void {
    this.turn += 1;
    this.detour.close();
    this.ready.close();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.stopReports();
    this.hls?.close();
    this.mediator.clear();
  }

  private after(name: Timer, ms: number, then: () => void): void {
    clearTimeout(this.timers.get(name));
    this.timers.set(name, setTimeout(then, ms));
  }

  /** A sentence about a break; what is known to be missing says more than any other. */
  private wait(message: string): void {
    if (!this.detour.tells) this.say(message);
  }

  private say(message: string): void {
    if (this.over) return;
    this.told = true;
    this.events.waiting(message);
  }

  private fail(message: string): void {
    this.over = true;
    this.events.failed(message);
  }

  private flows(): boolean {
    const seen = this.mediator.read();
    return seen.canPlay || seen.ended;
  }

  private losePatience(message: string): void {
    if (!this.asking && !this.flows()) this.wait(message);
  }

  /** The element has moved on, or waits. */
  private notice(): void {
    if (this.over) return;
    if (this.outdated !== null && this.course.resting()) this.replace();
    if (!this.flows()) {
      if (!this.timers.has('patience')) this.after('patience', STALL_MS, () => this.losePatience(STALLED));
      return;
    }
    clearTimeout(this.timers.get('patience'));
    this.timers.delete('patience');
    if (!this.told || this.asking || this.detour.tells) return;
    this.told = false;
    this.events.arrived();
  }

  // Asking.

  /**
   * Asks what this browser gets, for as long as the reason to wait is one that passes. Null when somebody else has
   * asked since, or when the answer is no: then it has been told, unless it was `quiet`.
   */
  private async ask(quiet: boolean): Promise<Playback | null> {
    this.turn += 1;
    const turn = this.turn;
    this.asking = !quiet;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const playback = await (takePlayback(this.media) ?? fetchPlayback(this.media, capabilities()));
        if (turn !== this.turn) return null;
        this.take(playback);
        return playback;
      } catch (error) {
        if (turn !== this.turn) return null;
        const status = error instanceof ApiError ? error.status : 0;
        if (verdict(status) !== 'wait') {
          this.asking = false;
          if (!quiet) this.fail((error as ApiError).message);
          return null;
        }
        if (!quiet) this.wait(status === 0 ? NO_ANSWER : NOT_NOW);
        await new Promise<void>((go) => this.after('again', backoff(attempt, Math.random()), go));
        if (turn !== this.turn) return null;
      }
    }
  }

  private take(playback: Playback): void {
    this.asking = false;
    this.playback = playback;
    this.sound ??= chosenSound(playback.audio, recall('sound'));
    this.events.playback(playback);
    this.outdated = null;
    clearTimeout(this.timers.get('lastCall'));
    this.after('renew', renewAfter(playback.expires_in), () => void this.renew());
  }

  private async begin(mayBeDirect: boolean): Promise<void> {
    const playback = await this.ask(false);
    if (!playback) return;
    this.announce(playback);
    this.ready.heard(playback.wait_ms);
    await this.beginWith(playback, mayBeDirect);
  }

  private announce({ mode, reason, notes = [] }: Playback): void {
    this.events.delivery({ mode, reason, notes });
  }

  private async beginWith(playback: Playback, mayBeDirect: boolean): Promise<void> {
    const { turn } = this;
    const file = mayBeDirect && !this.fileFailed ? (playback.direct_url ?? undefined) : undefined;
    const direct = this.soundIsOwn(playback) ? file : undefined;
    if (file !== direct) this.announce({ ...playback, mode: 'remux', reason: OTHER_SOUND });
    if (direct !== undefined && typeof this.wish === 'number') {
      const variants = await this.learn(playback.master_url);
      if (turn !== this.turn) return;
      if (!fileWillDo(variants, this.wish)) {
        const reason = `Streamed: you chose ${this.wish}p`;
        this.announce({ ...playback, mode: 'transcode', reason });
        this.mediator.clear();
        this.stream(playback.master_url);
        return;
      }
    }
    if (direct === undefined) {
      this.stream(playback.master_url);
      return;
    }
    this.way = 'direct';
    this.announce(playback);
    this.mediator.open(direct);
    this.events.picture(null);
    // What else there would be is asked when the film has begun, so as not to be in its way.
    this.after('variants', VARIANTS_AFTER_MS, () => void this.learn(playback.master_url));
  }

  /** What a playlist has to offer, and nothing when it cannot be had. */
  private async learn(url: string): Promise<Variant[]> {
    const { turn } = this;
    const text = await fetch(url).then(
      (response) => (response.ok ? response.text() : ''),
      () => '',
    );
    const variants = variantsOf(text);
    if (turn === this.turn) this.events.variants(variants);
    return variants;
  }

  /** Another sound track. Of a file browsers play only the one they like best; the others come as a stream. */
  chooseSound(index: number): void {
    this.sound = index;
    const { playback } = this;
    if (this.way === 'script') this.hls?.chooseSound(index);
    else if (this.way === 'native') this.mediator.chooseSound(index);
    else if (playback && !this.soundIsOwn(playback)) {
      this.outdated = null;
      this.announce({ ...playback, mode: 'remux', reason: OTHER_SOUND });
      this.mediator.clear();
      this.stream(playback.master_url);
    }
  }

  private soundIsOwn({ audio }: Playback): boolean {
    const own = ownSound(audio);
    return this.sound === null || !own || this.sound === own.index;
  }

  private stream(url: string): void {
    this.hls?.close();
    this.hls = null;
    this.mediator.warm = false;
    if (hasMediaSource()) {
      this.way = 'script';
      const taste = {
        wish: this.wish,
        sound: this.sound,
        screenLines: smallScreenLines(),
        running: () => !this.course.resting() && !this.over,
      };
      this.hls = openHls(this.mediator.element, url, () => this.course.position(), taste, {
        away: (status) => this.away(status),
        refused: (status, message) => void this.refused(status, message),
        broken: () => this.fail(UNDECODABLE),
        damaged: (hole) => this.detour.add(hole),
        variants: (variants) => this.events.variants(variants),
        picture: (variant) => this.events.picture(variant),
      });
    } else if (hasNativeHls()) {
      this.way = 'native';
      this.mediator.open(url);
    } else {
      this.fail('This browser has no way to play streams.');
    }
  }

  // Renewing.

  /** Before the addresses expire, and without a break: only what the element holds itself has to wait for a rest. */
  private async renew(): Promise<void> {
    if (this.asking || this.over) return;
    const playback = await this.ask(true);
    if (!playback) return;
    if (this.way === 'script') {
      this.hls?.readdress(tokenOf(playback.master_url) ?? '');
      return;
    }
    this.outdated = this.way === 'direct' ? (playback.direct_url ?? null) : playback.master_url;
    // A file that is being read goes on being read; a playlist's segments are asked for one by one.
    if (this.way === 'native')
      this.after('lastCall', lastCallAfter(playback.expires_in), () => this.replace());
    this.notice();
  }

  /** Puts the fresh address on the element; the room's course brings it back to its place. */
  private replace(): void {
    const url = this.outdated;
    this.outdated = null;
    clearTimeout(this.timers.get('lastCall'));
    if (url === null) return;
    this.mediator.cancel();
    this.mediator.open(url);
  }

  // Failing.

  /** Requests of hls.js fail in a way that passes. What is loaded plays on, and needs no word. */
  private away(status: number): void {
    if (this.asking || this.flows()) return;
    this.wait(status === 0 ? NO_ANSWER : NOT_NOW);
  }

  private async refused(status: number, message: string): Promise<void> {
    if (this.asking || this.over) return;
    if (this.strikes.add(this.mediator.now()) > REFUSALS_MAX) {
      this.fail(message || REFUSED);
    } else if (verdict(status) === 'renew') {
      const playback = await this.ask(false);
      if (!playback) return;
      this.hls?.readdress(tokenOf(playback.master_url) ?? '');
      this.hls?.knock();
    } else {
      // The answer to a fresh question says why; or the file is another one now, and all begins anew.
      await this.begin(false);
    }
  }

  /** An element does not say whether its address, the server or the film is at fault: ask, and try anew. */
  private elementFailed(): void {
    if (this.asking || this.over) return;
    if (this.way === 'script') {
      this.hls?.elementFailed();
      return;
    }
    const strikes = this.strikes.add(this.mediator.now());
    if (this.way === 'direct' && strikes > DIRECT_FAILURES_MAX) this.leaveDirect();
    else if (this.way === 'native' && strikes > REFUSALS_MAX) this.fail(UNDECODABLE);
    else void this.begin(this.way === 'direct');
  }

  /** The file as it is did not play after all: have it streamed instead. */
  private leaveDirect(): void {
    if (!this.playback) return;
    this.strikes.clear();
    this.outdated = null;
    this.fileFailed = true;
    this.announce({ ...this.playback, mode: 'remux', reason: 'Streamed: the file itself did not play here' });
    this.mediator.clear();
    this.stream(this.playback.master_url);
  }
}
