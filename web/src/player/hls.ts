/** Plays a master playlist through hls.js, which is loaded only when a film needs it. */
import type Hls from 'hls.js';
import type { ErrorData, Events, Fragment, HlsConfig } from 'hls.js';
import { ApiError, problem } from '../api/client';
import { recall, remember } from '../app/memory';
import { clock } from '../clock';
import { backoff } from '../socket/backoff';
import { type Hole, Holes } from './holes';
import { LevelKeeper } from './levels';
import type { Quality, Variant } from './quality';
import { isDamage, mayBeDamage, Strikes, verdict, withToken } from './retry';
import { mendSeams, type Rescue, Rescuer, watchForStuck } from './seams';

/** A running HLS session on an element. */
export interface HlsSession {
  close(): void;
  /** The element itself gave up on what it was fed. */
  elementFailed(): void;
  /** From now on everything is asked for with this token. What is loaded and what is under way stays. */
  readdress(token: string): void;
  /** Goes on after a refusal. */
  knock(): void;
  /** Another picture, as soon as it can be had. */
  choose(wish: Quality): void;
  /** Another sound track, at once. */
  chooseSound(sound: number): void;
}

export interface HlsEvents {
  /** Where the element stands, content ms. */
  standing(): number;
  /** Nothing comes at the moment; it is asked for again and again. 0 when there is no answer at all. */
  away(status: number): void;
  /** The server says no, and loading has stopped. */
  refused(status: number, message: string): void;
  /** The film's own picture cannot be decoded here; it goes on with another one, if there is one. */
  undecodable(copy: Undecodable): void;
  /** The film cannot be decoded here. */
  broken(): void;
  /** A part of the film is hopeless, and what lies behind it is loaded instead. */
  damaged(hole: Hole): void;
  /** What there is to choose from. */
  variants(variants: Variant[]): void;
  /** What is being loaded now. */
  picture(variant: Variant): void;
}

/** A picture that could not be decoded. */
export interface Undecodable {
  /** As the playlist names it. */
  codec: string;
  /** Not one frame of it was ever seen, so that it is not this film's fault alone. */
  neverSeen: boolean;
  /** There is another picture, which is taken now. */
  another: boolean;
}

/** What decides about the picture and the sound. */
export interface Taste {
  wish: Quality;
  /** Where to begin when the choice is ours: the name of a rendition, for whom the first one was too much before. */
  begin: string | null;
  /** The film's own picture cannot be decoded here. */
  withoutCopy: boolean;
  /** Which of the film's sound tracks; null for whichever comes first. */
  sound: number | null;
  /** Lines of a screen that is small; null for all others. */
  screenLines: number | null;
  /** The film should be moving, and somebody looks. */
  running(): boolean;
}

const MAX_BUFFER_S = 30;
const BACK_BUFFER_S = 60;
/** We are on a LAN until proven otherwise; the default of 0.5 Mbit/s would begin with the poorest picture. */
const FIRST_ESTIMATE_BPS = 5e7;
/** Tries of hls.js itself, before its loading stops and is begun again from here. */
const LOAD_POLICY = {
  default: {
    maxTimeToFirstByteMs: 20_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
  },
};

/** As `Hls.Events` calls it, which is only there once the library is. */
const MANIFEST_PARSED = 'hlsManifestParsed' as Events.MANIFEST_PARSED;
const LEVEL_LOADED = 'hlsLevelLoaded' as Events.LEVEL_LOADED;

/** An answer that the server gives each time is believed after so many. */
const SAME_FAILURE_MAX = 3;
/** The browser, with its version, that once stumbled over fragments fed before they were complete. */
const STUMBLED_AS = 'whole-segments';

/** Fetches the library ahead of need. */
export const loadHls = () => import('hls.js');

/** Changes the address of a request on its way out. */
type Readdress = (url: string) => string;

function config(progressive: boolean, startPosition: number, readdress: Readdress): Partial<HlsConfig> {
  return {
    progressive,
    startPosition: startPosition / 1000,
    startFragPrefetch: true,
    testBandwidth: false,
    abrEwmaDefaultEstimate: FIRST_ESTIMATE_BPS,
    // Which picture is taken is decided in `quality.ts`; an error must not undo it.
    preserveManualLevelOnError: true,
    maxBufferLength: MAX_BUFFER_S,
    backBufferLength: BACK_BUFFER_S,
    // Our segments are fMP4 and only passed through; starting a worker costs more than it takes off this thread.
    enableWorker: false,
    lowLatencyMode: false,
    manifestLoadPolicy: LOAD_POLICY,
    playlistLoadPolicy: LOAD_POLICY,
    fragLoadPolicy: LOAD_POLICY,
    // Which of the two loaders is used depends on `progressive` and on the browser.
    fetchSetup: (context, init) => new Request(readdress(context.url), init as RequestInit),
    xhrSetup: (xhr, url) => xhr.open('GET', readdress(url), true),
  };
}

/** What the server itself said, where it has arrived: either loader keeps it in its own way. */
async function wordsOf(details: unknown, status: number): Promise<ApiError> {
  let response: Response | null = null;
  if (typeof Response !== 'undefined' && details instanceof Response) {
    if (!details.bodyUsed) response = details;
  } else if (details instanceof XMLHttpRequest && details.status > 0) {
    response = new Response(details.response as BodyInit | null, { status: details.status });
  }
  return response ? problem(response) : new ApiError(status, '', '');
}

/** The loaders throw a refused part's words away, so the server is asked once more. Null when it says yes now. */
async function opinionOn(url: string): Promise<ApiError | null> {
  try {
    const response = await fetch(url);
    if (!response.ok) return await problem(response);
    await response.body?.cancel();
    return null;
  } catch {
    return new ApiError(0, 'unreachable', '');
  }
}

/** Which of the film's sound tracks a rendition is. */
function soundOf(url: string): number | null {
  const found = /\/a(?:copy)?(\d+)\/[^/]*$/.exec(url);
  return found ? Number(found[1]) : null;
}

/** Starts playing `url` on `video`, fetching from `startPosition` (content ms) on. */
export function openHls(
  video: HTMLVideoElement,
  url: string,
  startPosition: () => number,
  taste: Taste,
  events: HlsEvents,
): HlsSession {
  return new Script(video, url, startPosition, taste, events);
}

class Script implements HlsSession {
  private hls: Hls | null = null;
  private levels: LevelKeeper | null = null;
  private holes = new Holes();
  private closed = false;
  private progressive = recall(STUMBLED_AS) !== navigator.userAgent;
  private token: string | null = null;
  private failures = new Strikes();
  private stumbles = new Strikes();
  private rescuer = new Rescuer(clock.now());
  /** How often each part was refused. */
  private refusals = new Map<string, number>();
  /** What is being asked about a part. */
  private opinions = new Map<string, Promise<ApiError | null>>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private unwatch = () => {};

  constructor(
    private video: HTMLVideoElement,
    private url: string,
    private startPosition: () => number,
    private taste: Taste,
    private events: HlsEvents,
  ) {
    this.launch();
  }

  close(): void {
    this.closed = true;
    this.end();
  }

  readdress(fresh: string): void {
    this.token = fresh;
  }

  choose(wish: Quality): void {
    this.taste.wish = wish;
    this.levels?.choose(wish);
  }

  chooseSound(sound: number): void {
    this.taste.sound = sound;
    this.hear();
  }

  /** Takes the sound track that is wanted. */
  private hear(): void {
    const { hls, taste } = this;
    if (!hls || taste.sound === null) return;
    const at = hls.audioTracks.findIndex((track) => soundOf(track.url) === taste.sound);
    if (at >= 0 && hls.audioTrack !== at) hls.audioTrack = at;
  }

  /**
   * Feeding fragments before they are complete is the fast way, but a young one: one error, and no more of it. The
   * next error is the picture's fault, and another one may do.
   */
  elementFailed(): void {
    if (this.closed) return;
    const first = this.stumbles.add(clock.now()) === 1;
    if (this.progressive) remember(STUMBLED_AS, navigator.userAgent);
    this.progressive = false;
    if (first) {
      this.beginAgain();
      return;
    }
    const copy = this.levels?.copyTaken();
    if (!copy) {
      this.events.broken();
      return;
    }
    this.stumbles.clear();
    this.taste.withoutCopy = true;
    this.events.undecodable(copy);
    if (!this.closed && copy.another) this.beginAgain();
  }

  /** What is loaded is thrown away with whatever is wrong with it. */
  private beginAgain(): void {
    this.end();
    this.launch();
  }

  private end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unwatch();
    this.levels?.close();
    this.hls?.destroy();
    this.hls = null;
  }

  private rescue(how: Rescue): void {
    if (how === 'load') this.hls?.startLoad(this.startPosition() / 1000);
    else this.beginAgain();
  }

  /** Nothing is to be had now: it is being knocked for, or the film has a hole there. */
  private excused(): boolean {
    const places = [this.events.standing(), this.startPosition()];
    return this.timer !== undefined || places.some((position) => this.holes.covers(position));
  }

  knock(): void {
    const { hls } = this;
    if (this.closed || !hls) return;
    const goOn = () => hls.startLoad(this.startPosition() / 1000);
    if (hls.levels.length > 0) {
      goOn();
    } else {
      hls.once(MANIFEST_PARSED, goOn);
      hls.loadSource(this.url);
    }
  }

  private launch(): void {
    this.start().catch(() => {
      if (!this.closed) this.later(0, () => this.launch());
    });
  }

  private async start(): Promise<void> {
    const library = (await loadHls()).default;
    if (this.closed) return;
    const hls = new library(config(this.progressive, this.startPosition(), (url) => this.readdressed(url)));
    this.hls = hls;
    mendSeams(hls);
    this.unwatch = watchForStuck(hls, this.video, this.rescuer, {
      wanted: () => this.taste.running(),
      excused: () => this.excused(),
      rescue: (how) => this.rescue(how),
    });
    this.levels = new LevelKeeper(hls, this.video, this.taste, this.events);
    hls.on(library.Events.ERROR, (_, data) => this.failed(library, data));
    hls.on(LEVEL_LOADED, (_, { details }) => this.holes.mark(details.fragments));
    hls.on(library.Events.AUDIO_TRACKS_UPDATED, () => this.hear());
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
  }

  private readdressed(url: string): string {
    return this.token === null ? url : withToken(url, this.token);
  }

  /** Knocks for ever, ever more rarely. What is buffered plays on. */
  private later(status: number, again: () => void): void {
    this.events.away(status);
    clearTimeout(this.timer);
    const wait = backoff(this.failures.add(clock.now()) - 1, Math.random());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      again();
    }, wait);
  }

  private failed(library: typeof Hls, data: ErrorData): void {
    if (this.closed) return;
    if (!data.fatal) {
      this.stumbled(library, data);
      return;
    }
    if (data.type !== library.ErrorTypes.NETWORK_ERROR) {
      this.elementFailed();
      return;
    }
    const status = data.response?.code ?? 0;
    if (status === 0) this.later(status, () => this.knock());
    else void this.refused(data, status);
  }

  /** What hls.js believes to get over by itself, and where we know better. */
  private stumbled({ ErrorDetails }: typeof Hls, { details, frag, response }: ErrorData): void {
    if (details === ErrorDetails.FRAG_PARSING_ERROR || details === ErrorDetails.BUFFER_APPEND_ERROR) {
      // It would leave a hole, and a player that stands before it.
      if (this.progressive) this.elementFailed();
    } else if (details === ErrorDetails.FRAG_LOAD_ERROR && frag) {
      void this.doubt(frag, response?.code ?? 0);
    }
  }

  /** A part was refused: finds out whether it is hopeless. */
  private async doubt(part: Fragment, status: number): Promise<boolean> {
    const times = (this.refusals.get(part.url) ?? 0) + 1;
    this.refusals.set(part.url, times);
    // Right behind a hole one failure is enough.
    const same = times >= SAME_FAILURE_MAX || this.holes.goOnAt(part);
    if (!mayBeDamage(status, same)) return false;
    // A clear no: it is not asked for again while the words are on their way.
    if (isDamage(status, '', false)) this.holes.avoid(part);
    const asked = this.opinions.get(part.url) ?? opinionOn(this.readdressed(part.url));
    this.opinions.set(part.url, asked);
    const said = await asked;
    this.opinions.delete(part.url);
    if (this.closed || !said || !isDamage(said.status, said.code, same)) return false;
    if (!this.holes.known(part)) this.dig(part, said);
    return true;
  }

  /** The server has said no, and loading has stopped. */
  private async refused(data: ErrorData, status: number): Promise<void> {
    const { hls } = this;
    if (data.frag && (await this.doubt(data.frag, status))) {
      this.hls?.startLoad(this.startPosition() / 1000);
    } else if (this.closed || hls !== this.hls) {
      return;
    } else if (verdict(status) === 'wait') {
      this.later(status, () => this.knock());
    } else {
      const said = await (data.frag
        ? opinionOn(this.readdressed(data.frag.url))
        : wordsOf(data.networkDetails, status));
      if (this.closed) return;
      if (said) this.events.refused(said.status, said.message);
      else this.knock();
    }
  }

  /** Leaves out what is hopeless. */
  private dig(part: Fragment, said: ApiError): void {
    const fragments = this.hls?.levels[part.level]?.details?.fragments ?? [part];
    const hole = this.holes.dig(part, fragments, said.code === 'media_failed' ? '' : said.message);
    this.failures.clear();
    this.events.damaged(hole);
  }
}
