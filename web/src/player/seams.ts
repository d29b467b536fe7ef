/** Two mends for what hls.js leaves behind where a seek breaks off the loading of a fragment. */
import type Hls from 'hls.js';
import type { Events } from 'hls.js';
import { clock } from '../clock';

/** As `Hls.Events` calls them, which are only there once the library is. */
const FRAG_LOADING = 'hlsFragLoading' as Events.FRAG_LOADING;
const FRAG_PARSED = 'hlsFragParsed' as Events.FRAG_PARSED;
const FRAG_BUFFERED = 'hlsFragBuffered' as Events.FRAG_BUFFERED;

const LOOK_EVERY_MS = 1_000;
/** A player that has nothing to show, and for which nothing is fetched for this long, is stuck. */
const STUCK_MS = 5_000;
const HAVE_FUTURE_DATA = 3;

/** Not in the library's types; there in the version that this page comes with. */
interface Inside {
  streamController?: { resetTransmuxer?(): void };
  audioStreamController?: { resetTransmuxer?(): void };
}

/**
 * Fed fragment by fragment as it comes, the library keeps the torn rest of one that was broken off, and sets it before
 * the next one where that follows directly: the beginning of the next is then lost, and a player waits for it for ever.
 * So a new fragment begins afresh where the last one was not read to its end.
 */
export function mendSeams(hls: Hls): void {
  const unread = new Set<string>();
  const inside = hls as unknown as Inside;
  hls.on(FRAG_LOADING, (_, { frag }) => {
    if (unread.has(frag.type)) {
      const controller = frag.type === 'audio' ? inside.audioStreamController : inside.streamController;
      controller?.resetTransmuxer?.();
    }
    unread.add(frag.type);
  });
  hls.on(FRAG_PARSED, (_, { frag }) => void unread.delete(frag.type));
}

/** Tells of a player that is stuck all the same. Answers how to stop looking. */
export function watchForStuck(
  hls: Hls,
  video: HTMLVideoElement,
  wanted: () => boolean,
  stuck: () => void,
): () => void {
  let lastSign = clock.now();
  const sign = () => {
    lastSign = clock.now();
  };
  hls.on(FRAG_LOADING, sign);
  hls.on(FRAG_BUFFERED, sign);
  const timer = setInterval(() => {
    const { main, audio } = hls.inFlightFragments;
    const busy = [main, audio].some((one) => one?.frag != null && one.state !== 'IDLE');
    if (busy || !wanted() || video.readyState >= HAVE_FUTURE_DATA || video.ended) sign();
    if (clock.now() - lastSign < STUCK_MS) return;
    sign();
    stuck();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
