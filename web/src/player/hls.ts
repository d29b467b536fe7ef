/** Plays a master playlist through hls.js, which is loaded only when a film needs it. */
import type Hls from "hls.js";
import type { ErrorData, HlsConfig } from "hls.js";
import workerUrl from "hls.js/dist/hls.worker.js?url";

/** A running HLS session on an element. */
export interface HlsSession {
  close(): void;
}

export interface HlsEvents {
  /** Nothing more can be done here: the URLs are no longer valid, or the film cannot be played. */
  failed(why: "expired" | "media" | "network"): void;
}

const MAX_BUFFER_S = 30;
const BACK_BUFFER_S = 60;
/** We are on a LAN until proven otherwise; the default of 0.5 Mbit/s would begin with the poorest picture. */
const FIRST_ESTIMATE_BPS = 5e7;
const RESTART_MS = 1_000;
const RESTARTS_MAX = 20;

/** Fetches the library ahead of need. */
export const loadHls = () => import("hls.js");

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
  let restarts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const start = async (progressive: boolean) => {
    const library = (await loadHls()).default;
    if (closed) return;
    hls = new library(config(progressive, startPosition()));
    hls.on(library.Events.ERROR, (_, data) => onError(library, data, progressive));
    hls.on(library.Events.FRAG_BUFFERED, () => {
      restarts = 0;
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  };

  const onError = (library: typeof Hls, data: ErrorData, progressive: boolean) => {
    if (closed) return;
    const status = data.response?.code;
    if (data.fatal && (status === 403 || status === 401 || status === 404 || status === 410)) {
      events.failed("expired");
    } else if (progressive && data.type === library.ErrorTypes.MEDIA_ERROR && data.fatal) {
      // Feeding fragments before they are complete is the fast way, but a young one: one error, and no more of it.
      hls?.destroy();
      void start(false);
    } else if (data.fatal && data.type === library.ErrorTypes.NETWORK_ERROR) {
      restarts += 1;
      if (restarts > RESTARTS_MAX) events.failed("network");
      else timer = setTimeout(() => hls?.startLoad(startPosition() / 1000), RESTART_MS);
    } else if (data.fatal) {
      events.failed("media");
    }
  };

  void start(true).catch(() => events.failed("network"));
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      hls?.destroy();
    },
  };
}
