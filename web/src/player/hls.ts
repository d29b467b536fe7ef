/** Plays a master playlist through hls.js, which is loaded only when a film needs it. */
import type Hls from 'hls.js';
import type { ErrorData, Events, HlsConfig } from 'hls.js';
import { problem } from '../api/client';
import { clock } from '../clock';
import { backoff } from '../socket/backoff';
import { Strikes, verdict, withToken } from './retry';

/** A running HLS session on an element. */
export interface HlsSession {
  close(): void;
  /** The element itself gave up on what it was fed. */
  elementFailed(): void;
  /** From now on everything is asked for with this token. What is loaded and what is under way stays. */
  readdress(token: string): void;
  /** Goes on after a refusal. */
  knock(): void;
  /** Takes the sound track that is wanted now. */
  chooseSound(): void;
}

/** What the room and the viewer want at the moment. */
export interface HlsCourse {
  /** Content ms. */
  position(): number;
  /** Which of the film's sound tracks; null for whichever comes first. */
  sound(): number | null;
}

export interface HlsEvents {
  /** Nothing comes at the moment; it is asked for again and again. 0 when there is no answer at all. */
  away(status: number): void;
  /** The server says no, and loading has stopped. */
  refused(status: number, message: string): void;
  /** The film cannot be decoded here. */
  broken(): void;
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

/** The server's own words, where they have arrived. */
async function wordsOf(details: unknown): Promise<string> {
  if (typeof Response === 'undefined' || !(details instanceof Response) || details.bodyUsed) return '';
  return (await problem(details)).message;
}

/** Which of the film's sound tracks a rendition is. */
export function soundOf(url: string): number | null {
  const found = /\/a(?:copy)?(\d+)\/[^/]*$/.exec(url);
  return found ? Number(found[1]) : null;
}

/** Starts playing `url` on `video`, fetching from where the course is. */
export function openHls(
  video: HTMLVideoElement,
  url: string,
  course: HlsCourse,
  events: HlsEvents,
): HlsSession {
  let hls: Hls | null = null;
  let closed = false;
  let progressive = true;
  let token: string | null = null;
  const failures = new Strikes();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const readdress: Readdress = (address) => (token === null ? address : withToken(address, token));

  const start = async () => {
    const library = (await loadHls()).default;
    if (closed) return;
    hls = new library(config(progressive, course.position(), readdress));
    hls.on(library.Events.ERROR, (_, data) => onError(library, data));
    hls.on(library.Events.AUDIO_TRACKS_UPDATED, chooseSound);
    hls.loadSource(url);
    hls.attachMedia(video);
  };

  const chooseSound = () => {
    const wanted = course.sound();
    if (!hls || wanted === null) return;
    const at = hls.audioTracks.findIndex((track) => soundOf(track.url) === wanted);
    if (at >= 0 && hls.audioTrack !== at) hls.audioTrack = at;
  };

  /** Knocks for ever, ever more rarely. What is buffered plays on. */
  const later = (status: number, again: () => void) => {
    events.away(status);
    clearTimeout(timer);
    timer = setTimeout(again, backoff(failures.add(clock.now()) - 1, Math.random()));
  };

  /** Feeding fragments before they are complete is the fast way, but a young one: one error, and no more of it. */
  const mediaFailed = () => {
    if (closed) return;
    if (!progressive) {
      events.broken();
      return;
    }
    progressive = false;
    hls?.destroy();
    launch();
  };

  const onError = (library: typeof Hls, data: ErrorData) => {
    if (closed || !data.fatal) return;
    const status = data.response?.code ?? 0;
    if (data.type !== library.ErrorTypes.NETWORK_ERROR) {
      mediaFailed();
    } else if (verdict(status) === 'wait') {
      later(status, knock);
    } else {
      void wordsOf(data.networkDetails).then((message) => closed || events.refused(status, message));
    }
  };

  const knock = () => {
    if (closed || !hls) return;
    const goOn = () => hls?.startLoad(course.position() / 1000);
    if (hls.levels.length > 0) {
      goOn();
    } else {
      hls.once(MANIFEST_PARSED, goOn);
      hls.loadSource(url);
    }
  };

  const launch = () => {
    start().catch(() => {
      if (!closed) later(0, launch);
    });
  };

  launch();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      hls?.destroy();
    },
    elementFailed: mediaFailed,
    readdress(fresh) {
      token = fresh;
    },
    knock,
    chooseSound,
  };
}
