/** Plays a master playlist through hls.js, which is loaded only when a film needs it. */
import type Hls from 'hls.js';
import type { ErrorData, HlsConfig } from 'hls.js';
import workerUrl from 'hls.js/dist/hls.worker.js?url';

/** A running HLS session on an element. */
export interface HlsSession {
  close(): void;
  /** The element itself gave up on what it was fed. */
  elementFailed(): void;
}

export interface HlsEvents {
  /** Nothing more can be done here: the URLs are no longer valid, or the film cannot be played. */
  failed(why: 'expired' | 'media' | 'server'): void;
}

const MAX_BUFFER_S = 30;
const BACK_BUFFER_S = 60;
/** We are on a LAN until proven otherwise; the default of 0.5 Mbit/s would begin with the poorest picture. */
const FIRST_ESTIMATE_BPS = 5e7;
/** The server is away: knock again this often, for ever. What is buffered plays on. */
const KNOCK_MS = 2_000;
/** The server answers, but with an error: a few tries, then say so. */
const LOAD_POLICY = {
  default: {
    maxTimeToFirstByteMs: 20_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
  },
};

/** Fetches the library ahead of need. */
export const loadHls = () => import('hls.js');

function config(progressive: boolean, startPosition: number): Partial<HlsConfig> {
  return {
    progressive,
    startPosition: startPosition / 1000,
    startFragPrefetch: true,
    testBandwidth: false,
    abrEwmaDefaultEstimate: FIRST_ESTIMATE_BPS,
    maxBufferLength: MAX_BUFFER_S,
    backBufferLength: BACK_BUFFER_S,
    enableWorker: true,
    workerPath: workerUrl,
    lowLatencyMode: false,
    manifestLoadPolicy: LOAD_POLICY,
    playlistLoadPolicy: LOAD_POLICY,
    fragLoadPolicy: LOAD_POLICY,
  };
}

/** Starts playing `url` on `video`, fetching from `startPosition` (content ms) on. */
export function openHls(
  video: HTMLVideoElement,
  url: string,
  startPosition: () => number,
  events: HlsEvents,
): HlsSession {
  let hls: Hls | null = null;
  let closed = false;
  let progressive = true;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const start = async () => {
    const library = (await loadHls()).default;
    if (closed) return;
    hls = new library(config(progressive, startPosition()));
    hls.on(library.Events.ERROR, (_, data) => onError(library, data));
    hls.loadSource(url);
    hls.attachMedia(video);
  };

  /** Feeding fragments before they are complete is the fast way, but a young one: one error, and no more of it. */
  const mediaFailed = () => {
    if (closed) return;
    if (!progressive) {
      events.failed('media');
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
    } else if (status >= 500) {
      events.failed('server');
    } else if (status >= 400) {
      events.failed('expired');
    } else {
      timer = setTimeout(() => knock(library), KNOCK_MS);
    }
  };

  const knock = (library: typeof Hls) => {
    if (closed || !hls) return;
    if (hls.levels.length > 0) {
      hls.startLoad(startPosition() / 1000);
    } else {
      hls.loadSource(url);
      hls.once(library.Events.MANIFEST_PARSED, () => hls?.startLoad(startPosition() / 1000));
    }
  };

  const launch = () => {
    start().catch(() => {
      timer = setTimeout(launch, KNOCK_MS);
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
  };
}
