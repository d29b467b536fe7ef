/**
 * The only file that touches the `<video>` element: reads it, does what it is told, and reports what happened.
 * It never decides and never sends anything to the room.
 */
import { clock } from '../clock';
import { type Alarm, alarmAt } from './alarm';

/** What the element is like now. Positions in content milliseconds. */
export interface Reading {
  position: number;
  paused: boolean;
  seeking: boolean;
  /** Can show the current position and go on from it. */
  canPlay: boolean;
  hasMedia: boolean;
  ended: boolean;
  rate: number;
  muted: boolean;
  volume: number;
}

/** What happened to the element. Reports, never wishes. */
export type Report = 'progress' | 'failed' | 'sound';

/** How a start went. */
export type Started = 'playing' | 'muted' | 'blocked';

const HAVE_FUTURE_DATA = 3;
/** What is buffered can end a microsecond before the film does: a seek to the very end would never arrive. */
const END_MARGIN_MS = 50;

/** What the element does that is worth a look. */
const EVENTS = [
  'canplay',
  'seeking',
  'seeked',
  'waiting',
  'playing',
  'pause',
  'progress',
  'loadedmetadata',
  'ended',
];

export class Mediator {
  /** Made here and not by the page, so that a film loads while the page around it is still being drawn. */
  readonly element = document.createElement('video');
  private alarm: Alarm | null = null;
  private listeners = new Set<(report: Report) => void>();
  /** Whether the element has played from where it is: the first start after a load or a seek takes longer. */
  warm = false;

  constructor() {
    const video = this.element;
    video.playsInline = true;
    video.preload = 'auto';
    video.tabIndex = -1;
    setPreservesPitch(video, false);
    for (const event of EVENTS) video.addEventListener(event, () => this.report('progress'));
    // A stream's sound tracks become known one by one.
    audioTracksOf(video)?.addEventListener?.('addtrack', () => this.report('progress'));
    video.addEventListener('error', () => this.report('failed'));
    video.addEventListener('volumechange', () => this.report('sound'));
  }

  /** The clock its times are on. */
  now(): number {
    return clock.now();
  }

  onReport(listener: (report: Report) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Puts a plain URL on the element. */
  open(url: string): void {
    this.warm = false;
    this.element.src = url;
  }

  /** Takes the media off. */
  clear(): void {
    this.cancel();
    this.warm = false;
    this.element.pause();
    this.element.removeAttribute('src');
    this.element.load();
  }

  read(): Reading {
    const video = this.element;
    return {
      position: video.currentTime * 1000,
      paused: video.paused,
      seeking: video.seeking,
      canPlay: video.readyState >= HAVE_FUTURE_DATA && !video.seeking,
      hasMedia: video.readyState >= 1,
      ended: video.ended,
      rate: video.playbackRate,
      muted: video.muted || video.volume === 0,
      volume: video.volume,
    };
  }

  /** Frames since the film was put on: decoded, and of these left out. */
  frames(): { decoded: number; dropped: number } {
    const quality = this.element.getVideoPlaybackQuality?.();
    return { decoded: quality?.totalVideoFrames ?? 0, dropped: quality?.droppedVideoFrames ?? 0 };
  }

  /** Media loaded beyond a position without a gap, in ms; 0 when the position itself is not loaded. */
  bufferedAfter(position: number): number {
    const ranges = this.element.buffered;
    const at = position / 1000;
    for (let i = 0; i < ranges.length; i += 1) {
      // A film's first frame may begin a few ms after its zero.
      if (at >= ranges.start(i) - 0.1 && at < ranges.end(i)) return (ranges.end(i) - at) * 1000;
    }
    return 0;
  }

  /** Where the element's media ends, if it knows. */
  get endsAt(): number {
    const { duration } = this.element;
    return Number.isFinite(duration) ? duration * 1000 : Number.POSITIVE_INFINITY;
  }

  /** Where a seek to this position leads. */
  reachable(position: number): number {
    return Math.max(0, Math.min(position, this.endsAt - END_MARGIN_MS));
  }

  seek(position: number): void {
    this.warm = false;
    this.element.currentTime = this.reachable(position) / 1000;
  }

  setRate(rate: number, preservesPitch: boolean): void {
    setPreservesPitch(this.element, preservesPitch);
    this.element.playbackRate = rate;
  }

  setVolume(volume: number, muted: boolean): void {
    this.element.volume = Math.max(0, Math.min(1, volume));
    this.element.muted = muted;
  }

  pause(): void {
    this.cancel();
    if (!this.element.paused) this.element.pause();
  }

  /** Pauses at a local time. */
  pauseAt(at: number): void {
    this.cancel();
    this.alarm = alarmAt(at, () => this.element.pause());
  }

  /** Starts now: with sound, else without, else not at all. */
  async play(): Promise<Started> {
    const video = this.element;
    try {
      await video.play();
      this.warm = true;
      return 'playing';
    } catch (error) {
      if (isAbort(error)) return 'playing';
      if (video.muted) return 'blocked';
      video.muted = true;
      try {
        await video.play();
        return 'muted';
      } catch {
        return 'blocked';
      }
    }
  }

  /** Starts at a local time, exactly. */
  playAt(at: number, then: (started: Started) => void): void {
    this.cancel();
    this.alarm = alarmAt(at, () => void this.play().then(then));
  }

  /** Forgets a start or pause that was to come. */
  cancel(): void {
    this.alarm?.cancel();
    this.alarm = null;
  }

  /** Lets the n-th sound track be heard, where the element itself plays a stream of several. */
  chooseSound(index: number): void {
    for (const [n, track] of Array.from(audioTracksOf(this.element) ?? []).entries()) {
      // Written only on change: a write is a change for the element, whatever it says.
      if (track.enabled !== (n === index)) track.enabled = n === index;
    }
  }

  /** Inside a person's gesture: tells the browser that this element may make sound. */
  unlock(): void {
    const video = this.element;
    if (!video.paused) return;
    void video.play().catch(() => undefined);
    video.pause();
  }

  private report(report: Report): void {
    for (const listener of this.listeners) listener(report);
  }
}

interface AudioTracks extends ArrayLike<{ enabled: boolean }> {
  addEventListener?(kind: 'addtrack', heard: () => void): void;
}

/** Only where the browser plays streams by itself. */
function audioTracksOf(video: HTMLVideoElement): AudioTracks | undefined {
  return (video as unknown as { audioTracks?: AudioTracks }).audioTracks;
}

/** A play() that a pause() overtook is no refusal. */
function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/**
 * With pitch preserved Chromium silently ignores rates within 0.1 % of 1; without it, it resamples and 1.0005 is
 * 1.0005. Written only on change, because a change flushes the stretcher.
 */
function setPreservesPitch(video: HTMLVideoElement, preserves: boolean): void {
  const any = video as HTMLVideoElement & { webkitPreservesPitch?: boolean; mozPreservesPitch?: boolean };
  if ('preservesPitch' in any) {
    if (any.preservesPitch !== preserves) any.preservesPitch = preserves;
  } else {
    if ('webkitPreservesPitch' in any)
      (any as { webkitPreservesPitch: boolean }).webkitPreservesPitch = preserves;
    if ('mozPreservesPitch' in any) (any as { mozPreservesPitch: boolean }).mozPreservesPitch = preserves;
  }
}
