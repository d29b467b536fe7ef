/** Two mends for what hls.js leaves behind where a seek breaks off the loading of a fragment. */
import type Hls from 'hls.js';
import type { Events } from 'hls.js';
import { clock } from '../clock';

/** As `Hls.Events` calls them, which are only there once the library is. */
const FRAG_LOADING = 'hlsFragLoading' as Events.FRAG_LOADING;
const FRAG_PARSED = 'hlsFragParsed' as Events.FRAG_PARSED;
const FRAG_BUFFERED = 'hlsFragBuffered' as Events.FRAG_BUFFERED;
const MANIFEST_LOADING = 'hlsManifestLoading' as Events.MANIFEST_LOADING;
const MANIFEST_PARSED = 'hlsManifestParsed' as Events.MANIFEST_PARSED;
const LEVEL_LOADING = 'hlsLevelLoading' as Events.LEVEL_LOADING;
const LEVEL_LOADED = 'hlsLevelLoaded' as Events.LEVEL_LOADED;
const AUDIO_TRACK_LOADING = 'hlsAudioTrackLoading' as Events.AUDIO_TRACK_LOADING;
const AUDIO_TRACK_LOADED = 'hlsAudioTrackLoaded' as Events.AUDIO_TRACK_LOADED;
const ERROR = 'hlsError' as Events.ERROR;

const LOOK_EVERY_MS = 1_000;
/** A player that has nothing to show, and for which nothing is fetched for this long, is stuck. */
const STUCK_MS = 5_000;
/** What has not helped is tried again ever more rarely, up to this. */
const PATIENCE_MAX_MS = 60_000;
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

/** What is to be done for a player: nothing, load on from its place, or throw everything away and begin again. */
export type Rescue = 'none' | 'load' | 'anew';

/** Decides when a player is stuck, and what to try. Outlives what it tries, so that it tries ever more rarely. */
export class Rescuer {
  private lastSign: number;
  private tries = 0;

  constructor(now: number) {
    this.lastSign = now;
  }

  /** Something has begun, or has arrived. */
  sign(now: number): void {
    this.lastSign = now;
  }

  /** It plays. */
  well(now: number): void {
    this.tries = 0;
    this.sign(now);
  }

  look(now: number): Rescue {
    const patience = Math.min(PATIENCE_MAX_MS, STUCK_MS * 2 ** Math.max(0, this.tries - 1));
    if (now - this.lastSign < patience) return 'none';
    this.tries += 1;
    this.sign(now);
    // What is loaded is worth a try that keeps it.
    return this.tries === 1 ? 'load' : 'anew';
  }
}

/** What the library does not tell of a player. */
export interface Circumstances {
  /** It should be moving. */
  wanted(): boolean;
  /** There is a reason why nothing is asked for: a break that is being waited for, or a hole in the film. */
  excused(): boolean;
  rescue(how: Rescue): void;
}

/** Looks after a player that may be stuck all the same. Answers how to stop looking. */
export function watchForStuck(
  hls: Hls,
  video: HTMLVideoElement,
  rescuer: Rescuer,
  around: Circumstances,
): () => void {
  // A playlist can take long to be answered, and that is the server's affair: the library has its own time limits.
  const playlists = new Set<string>();
  const sign = () => rescuer.sign(clock.now());
  sign();
  hls.on(FRAG_LOADING, sign);
  hls.on(FRAG_BUFFERED, sign);
  const kinds = [
    [MANIFEST_LOADING, MANIFEST_PARSED],
    [LEVEL_LOADING, LEVEL_LOADED],
    [AUDIO_TRACK_LOADING, AUDIO_TRACK_LOADED],
  ] as const;
  for (const [asked, answered] of kinds) {
    hls.on(asked, () => void playlists.add(asked));
    hls.on(answered, () => void playlists.delete(asked));
  }
  hls.on(ERROR, () => playlists.clear());
  const timer = setInterval(() => {
    const now = clock.now();
    const { main, audio } = hls.inFlightFragments;
    const fetches = [main, audio].some((one) => one?.frag != null && one.state !== 'IDLE');
    const begun = hls.levels.length > 0 && hls.loadingEnabled;
    if (video.readyState >= HAVE_FUTURE_DATA || video.ended) rescuer.well(now);
    else if (fetches || playlists.size > 0 || !begun || !around.wanted() || around.excused()) sign();
    const how = rescuer.look(now);
    if (how !== 'none') around.rescue(how);
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
