/**
 * Chooses how a film reaches the element: the file itself, hls.js, or the browser's own HLS. Keeps it coming: what
 * passes is waited for, addresses are renewed before they expire, and only a clear no is told as the last word.
 */
import { takePlayback } from '../api/ahead';
import { ApiError, fetchPlayback, type Playback } from '../api/client';
import { recall } from '../app/memory';
import { backoff } from '../socket/backoff';
import { capabilities, disprove, hasMediaSource, hasNativeHls } from './caps';
import { Detour } from './detour';
import { type HlsSession, openHls, type Taste, type Undecodable } from './hls';
import type { Mediator } from './mediator';
import { Preparing } from './preparing';
import { fileWillDo, type Quality, type Variant, variantsOf } from './quality';
import { lastCallAfter, renewAfter, Strikes, tokenOf, verdict } from './retry';
import { smallScreenLines } from './screen';
import { chosenSound, ownSound } from './subtitles/choice';
import { Weight } from './weight';

/** What this viewer gets. */
export interface Delivery {
  mode: Playback['mode'];
  reason: string;
  /** What else there is to know of the film, as sentences. */
  notes: string[];
  /** The browser plays the stream by itself, and no picture can be chosen. */
  fixed: boolean;
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
  /** Another picture was chosen and cannot be had now; this is what holds instead. */
  unchosen(wish: Quality, message: string): void;
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
/** Where they could not be had. */
const VARIANTS_AGAIN_MS = 15_000;
/** So does one that stands still this long. Browsers ask anew for half a minute before they call it an error. */
const STALL_MS = 8_000;

const NOTHING_YET = 'Nothing of the film has come yet. The server may be busy; it starts as soon as it can.';
const STALLED = 'Nothing more of the film comes at the moment. It goes on as soon as it can.';
const NO_ANSWER = 'The server does not answer at the moment. The film comes back as soon as it does.';
const NOT_NOW = 'The server cannot send the film at the moment. It goes on as soon as it can.';
const OTHER_SOUND = 'Streamed: the file itself plays another sound track';
const FILE_FAILED = 'Streamed: the file itself did not play here';
const TOO_MUCH = 'Streamed: the file itself was too much for this device or its connection';
const SMALLER = 'Converted: a smaller picture, for this screen, this device or its connection';
const COPY_FAILED = 'Converted: this browser could not decode the film’s own picture';
const NO_CHOICE = 'Other pictures of this film cannot be had at the moment.';
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
  /** What came instead of the file, which was too much here. */
  private lighter: Variant | null = null;
  private variants: Variant[] | null = null;
  private taken: Variant | null = null;
  /** What hls.js goes by; shared with it. */
  private taste: Taste | null = null;
  private withoutCopy = false;
  private weight: Weight | null = null;
  /** Counts what is put on the element, and each choice of a picture: whoever waited for something looks again. */
  private opening = 0;
  private choice = 0;
  private closed = false;
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
    const before = this.wish;
    this.wish = wish;
    this.lighter = null;
    this.choice += 1;
    const { playback, choice } = this;
    if (this.over || this.asking || !playback) return;
    if (this.way !== 'direct') {
      if (typeof wish !== 'number' && this.fileServes(playback)) this.openFile(playback);
      else this.tellTaste();
      return;
    }
    if (typeof wish !== 'number') return;
    const variants = this.variants ?? (await this.learn(playback.master_url));
    if (choice !== this.choice || this.closed || this.over || this.way !== 'direct') return;
    if (!variants) {
      this.wish = before;
      this.events.unchosen(before, NO_CHOICE);
    } else if (!fileWillDo(variants, wish)) {
      this.leaveFile();
    }
  }

  close(): void {
    this.closed = true;
    this.turn += 1;
    this.detour.close();
    this.ready.close();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.stopReports();
    this.stopStream();
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
    this.hear();
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
    this.ready.heard(playback.wait_ms);
    await this.beginWith(playback, mayBeDirect);
  }

  private announce(): void {
    const { playback } = this;
    if (!playback) return;
    const { mode, reason } = this.way === 'direct' ? playback : this.streamed(playback);
    const { notes = [] } = playback;
    this.events.delivery({ mode, reason, notes, fixed: this.way === 'native' });
  }

  /** What is said of a stream, which may be another one than the server thought of. */
  private streamed(playback: Playback): Pick<Delivery, 'mode' | 'reason'> {
    const copied = this.taken?.original ?? (!this.lighter && typeof this.wish !== 'number');
    const converted = playback.mode === 'transcode' || !copied;
    const mode = converted ? 'transcode' : 'remux';
    if (this.withoutCopy && converted) return { mode, reason: COPY_FAILED };
    if (playback.direct_url) return { mode, reason: this.whyNotFile(playback) };
    if (playback.mode === 'transcode' || copied) return { mode, reason: playback.reason };
    return { mode, reason: typeof this.wish === 'number' ? chose(this.wish) : SMALLER };
  }

  private whyNotFile(playback: Playback): string {
    if (this.fileFailed) return FILE_FAILED;
    if (!this.soundIsOwn(playback)) return OTHER_SOUND;
    return typeof this.wish === 'number' ? chose(this.wish) : TOO_MUCH;
  }

  /** Whether the file itself is there, plays here, and sounds as it should. */
  private fileServes(playback: Playback): boolean {
    return Boolean(playback.direct_url) && !this.fileFailed && this.soundIsOwn(playback);
  }

  private async beginWith(playback: Playback, mayBeDirect: boolean): Promise<void> {
    this.opening += 1;
    const { opening } = this;
    if (!mayBeDirect || !this.fileServes(playback) || this.lighter) {
      this.stream(playback.master_url);
      return;
    }
    if (typeof this.wish === 'number') {
      const variants = this.variants ?? (await this.learn(playback.master_url));
      if (opening !== this.opening || this.closed) return;
      if (variants && !fileWillDo(variants, this.wish)) {
        this.leaveFile();
        return;
      }
    }
    // Renewed in the meantime, perhaps.
    this.openFile(this.playback ?? playback);
  }

  private openFile(playback: Playback): void {
    if (!playback.direct_url) return;
    this.opening += 1;
    this.stopStream();
    this.way = 'direct';
    this.outdated = null;
    this.announce();
    this.mediator.open(playback.direct_url);
    this.events.picture(null);
    this.weight?.close();
    this.weight = new Weight(
      this.mediator,
      () => (this.wish === 'auto' && !this.over ? this.variants : null),
      () => !this.course.resting() && !this.asking,
      smallScreenLines(),
      (instead) => {
        this.lighter = instead;
        this.leaveFile();
      },
    );
    // What else there would be is asked when the film has begun, so as not to be in its way.
    if (!this.variants) this.learnLater(VARIANTS_AFTER_MS);
  }

  /** The film goes on as a stream. */
  private leaveFile(): void {
    if (!this.playback) return;
    this.outdated = null;
    this.mediator.clear();
    this.stream(this.playback.master_url);
  }

  private learnLater(ms: number): void {
    this.after('variants', ms, async () => {
      if (this.way !== 'direct' || !this.playback || this.over) return;
      const variants = await this.learn(this.playback.master_url);
      if (this.closed || this.way !== 'direct') return;
      if (!variants) this.learnLater(VARIANTS_AGAIN_MS);
      else if (!fileWillDo(variants, this.wish)) this.leaveFile();
    });
  }

  /** What a playlist has to offer; null when it cannot be had. */
  private async learn(url: string): Promise<Variant[] | null> {
    const variants = await fetch(url).then(
      async (response) => (response.ok ? variantsOf(await response.text()) : null),
      () => null,
    );
    if (!variants || this.closed) return null;
    // A stream tells by itself what it has.
    if (this.way === 'direct') this.offer(variants);
    return variants;
  }

  private offer(variants: Variant[]): void {
    this.variants = variants;
    this.events.variants(variants);
  }

  /** Another sound track. Of a file browsers play only the one they like best; the others come as a stream. */
  chooseSound(index: number): void {
    this.sound = index;
    const { playback } = this;
    if (this.over || this.asking || !playback) {
      if (this.way === 'script') this.hls?.chooseSound(index);
    } else if (this.way === 'direct') {
      if (!this.soundIsOwn(playback)) this.leaveFile();
    } else if (this.fileServes(playback) && typeof this.wish !== 'number' && !this.lighter) {
      this.openFile(playback);
    } else {
      if (this.way === 'script') this.hls?.chooseSound(index);
      else this.hear();
      this.announce();
    }
  }

  /** The browser's own player begins with the sound that it likes best, each time. */
  private hear(): void {
    const { playback, sound } = this;
    const nth = playback?.audio.findIndex((track) => track.index === sound) ?? -1;
    if (this.way === 'native' && nth >= 0) this.mediator.chooseSound(nth);
  }

  private soundIsOwn({ audio }: Playback): boolean {
    const own = ownSound(audio);
    return this.sound === null || !own || this.sound === own.index;
  }

  private stopStream(): void {
    this.weight?.close();
    this.weight = null;
    this.hls?.close();
    this.hls = null;
    this.taste = null;
    this.taken = null;
  }

  private stream(url: string): void {
    this.opening += 1;
    this.stopStream();
    this.mediator.warm = false;
    if (hasMediaSource()) {
      this.way = 'script';
      this.announce();
      const taste: Taste = {
        wish: this.wish,
        begin: this.lighter?.id ?? null,
        withoutCopy: this.withoutCopy,
        sound: this.sound,
        screenLines: smallScreenLines(),
        running: () => !this.course.resting() && !this.over,
      };
      this.taste = taste;
      this.hls = openHls(this.mediator.element, url, () => this.course.position(), taste, {
        standing: () => this.mediator.read().position,
        away: (status) => this.away(status),
        refused: (status, message) => void this.refused(status, message),
        undecodable: (copy) => this.undecodable(copy),
        broken: () => this.fail(UNDECODABLE),
        damaged: (hole) => this.detour.add(hole),
        variants: (variants) => this.offer(variants),
        picture: (variant) => this.taking(variant),
      });
    } else if (hasNativeHls()) {
      this.way = 'native';
      this.announce();
      this.mediator.open(url);
    } else {
      this.fail('This browser has no way to play streams.');
    }
  }

  private taking(variant: Variant): void {
    const changed = this.taken?.original !== variant.original;
    this.taken = variant;
    this.events.picture(variant);
    if (changed) this.announce();
  }

  /** Tells a running stream what was chosen; only news, for it may have left that picture with good reason. */
  private tellTaste(news = false): void {
    if (news && this.taste?.wish === this.wish) return;
    if (this.taste) this.taste.begin = null;
    this.hls?.choose(this.wish);
  }

  /** The browser has admitted to a codec and then failed at it. */
  private undecodable({ codec, neverSeen, another }: Undecodable): void {
    this.withoutCopy = true;
    const news = neverSeen && disprove(codec);
    if (another) return;
    // What the server would send to a browser that never said so.
    if (news) void this.begin(false);
    else this.fail(UNDECODABLE);
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
      this.tellTaste(true);
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
    this.strikes.clear();
    this.fileFailed = true;
    this.leaveFile();
  }
}

const chose = (lines: number): string => `Streamed: you chose ${lines}p`;
