/** Puts on hls.js the picture that `quality.ts` chose, and feels once a second whether it is too much. */
import type Hls from 'hls.js';
import type { Events } from 'hls.js';
import { clock } from '../clock';
import type { HlsEvents, Taste, Undecodable } from './hls';
import { choose, type Quality, Strain, type Variant, variantOf } from './quality';

const PULSE_MS = 1_000;
const HAVE_FUTURE_DATA = 3;
/** As `Hls.Events` calls them, which are only there once the library is. */
const MANIFEST_PARSED = 'hlsManifestParsed' as Events.MANIFEST_PARSED;
const LEVEL_SWITCHING = 'hlsLevelSwitching' as Events.LEVEL_SWITCHING;

export class LevelKeeper {
  private variants: Variant[] = [];
  /** Which level of the library each of them is. */
  private at: number[] = [];
  private first = 0;
  /** The film's own picture, once it has been asked for. */
  private copy: { codec: string } | null = null;
  private strain = new Strain(clock.now());
  private timer: ReturnType<typeof setInterval>;

  constructor(
    private hls: Hls,
    private video: HTMLVideoElement,
    private taste: Taste,
    private events: Pick<HlsEvents, 'variants' | 'picture'>,
  ) {
    hls.on(MANIFEST_PARSED, (_, { firstLevel }) => this.begin(firstLevel));
    hls.on(LEVEL_SWITCHING, (_, { level }) => this.tell(level));
    this.timer = setInterval(() => this.feel(), PULSE_MS);
  }

  close(): void {
    clearInterval(this.timer);
  }

  choose(wish: Quality): void {
    const to = choose(this.variants, wish, this.first, this.taste.screenLines);
    if (to < 0 || this.at[to] === this.hls.loadLevel) return;
    this.strain.settled(clock.now());
    this.change(to, false);
  }

  private begin(first: number): void {
    const { taste } = this;
    const all = this.hls.levels.map((level) =>
      variantOf(level.uri, level.width, level.height, level.bitrate),
    );
    const usable = all.flatMap((variant, at) => (taste.withoutCopy && variant.original ? [] : [at]));
    this.at = usable.length > 0 ? usable : all.map((_, at) => at);
    this.variants = all.filter((_, at) => this.at.includes(at));
    this.first = Math.max(0, this.at.indexOf(first));
    this.events.variants(this.variants);
    const known = this.variants.findIndex((variant) => variant.id === taste.begin);
    const start =
      taste.wish === 'auto' && known >= 0
        ? known
        : choose(this.variants, taste.wish, this.first, taste.screenLines);
    // The level is set by hand, so that nothing but a strain changes it.
    const level = this.at[start];
    if (level !== undefined) this.hls.loadLevel = level;
  }

  /** The film's own picture, where it may be what could not be decoded. */
  copyTaken(): Undecodable | null {
    if (!this.copy) return null;
    const quality = this.video.getVideoPlaybackQuality?.();
    return {
      ...this.copy,
      neverSeen: (quality?.totalVideoFrames ?? 1) === 0,
      another: this.variants.some((variant) => !variant.original),
    };
  }

  private tell(level: number): void {
    const variant = this.variants[this.at.indexOf(level)];
    if (!variant) return;
    if (variant.original) this.copy = { codec: this.hls.levels[level]?.videoCodec ?? '' };
    this.events.picture(variant);
  }

  private feel(): void {
    if (this.taste.wish !== 'auto') return;
    const quality = this.video.getVideoPlaybackQuality?.();
    const { hls, video } = this;
    const preferred = choose(this.variants, 'auto', this.first, this.taste.screenLines);
    const to = this.strain.feel(this.variants, this.at.indexOf(hls.loadLevel), preferred, {
      now: clock.now(),
      running: this.taste.running() && !document.hidden,
      flowing: video.readyState >= HAVE_FUTURE_DATA && !video.seeking,
      bufferedMs: hls.mainForwardBufferInfo ? hls.mainForwardBufferInfo.len * 1000 : 0,
      decoded: quality?.totalVideoFrames ?? 0,
      dropped: quality?.droppedVideoFrames ?? 0,
      bandwidth: hls.bandwidthEstimate,
    });
    if (to !== null) this.change(to, video.readyState < HAVE_FUTURE_DATA);
  }

  /** What is loaded plays on; a player that has nothing left has nothing to lose. */
  private change(to: number, starved: boolean): void {
    const level = this.at[to];
    if (level === undefined) return;
    if (starved) this.hls.currentLevel = level;
    else this.hls.nextLevel = level;
  }
}
