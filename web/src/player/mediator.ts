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

export class Mediator {
  private video: HTMLVideoElement | null = null;
  private alarm: Alarm | null = null;
  private listeners = new Set<(report: Report) => void>();
  private detach: () => void = () => undefined;
  private awaiting: (() => void)[] = [];
  /** Whether the element has played from where it is: the first start after a load or a seek takes longer. */
  warm = false;

  /** Takes charge of an element; null lets go of it. */
  attach(video: HTMLVideoElement | null): void {
    this.detach();
    this.cancel();
    this.video = video;
    if (!video) return;
    for (const resolve of this.awaiting.splice(0)) resolve();
    setPreservesPitch(video, false);
    const progress = () => this.report('progress');
    const events = [
      'canplay',
      'seeked',
      'waiting',
      'playing',
      'pause',
      'progress',
      'loadedmetadata',
      'ended',
    ];
    const failed = () => this.report('failed');
    const sound = () => this.report('sound');
    for (const event of events) video.addEventListener(event, progress);
    video.addEventListener('error', failed);
    video.addEventListener('volumechange', sound);
    this.detach = () => {
      for (const event of events) video.removeEventListener(event, progress);
      video.removeEventListener('error', failed);
      video.removeEventListener('volumechange', sound);
    };
  }

  /** Resolves when there is an element. */
  attached(): Promise<void> {
    return this.video ? Promise.resolve() : new Promise((resolve) => this.awaiting.push(resolve));
  }

  /** The clock its times are on. */
  now(): number {
    return clock.now();
  }

  onReport(listener: (report: Report) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The element itself, for a source to attach to. */
  get element(): HTMLVideoElement | null {
    return this.video;
  }

  /** Puts a plain URL on the element. */
  open(url: string): void {
    if (!this.video) return;
    this.warm = false;
    this.video.preload = 'auto';
    this.video.src = url;
  }

  /** Takes the media off. */
  clear(): void {
    this.cancel();
    this.warm = false;
    if (!this.video) return;
    this.video.pause();
    this.video.removeAttribute('src');
    this.video.load();
  }

  read(): Reading {
    const v = this.video;
    return {
      position: v ? v.currentTime * 1000 : 0,
      paused: v ? v.paused : true,
      seeking: v ? v.seeking : false,
      canPlay: v ? v.readyState >= HAVE_FUTURE_DATA && !v.seeking : false,
      hasMedia: v ? v.readyState >= 1 : false,
      ended: v ? v.ended : false,
      rate: v ? v.playbackRate : 1,
      muted: v ? v.muted || v.volume === 0 : false,
      volume: v ? v.volume : 1,
    };
  }

  /** Media loaded beyond a position without a gap, in ms; 0 when the position itself is not loaded. */
  bufferedAfter(position: number): number {
    const ranges = this.video?.buffered;
    if (!ranges) return 0;
    const at = position / 1000;
    for (let i = 0; i < ranges.length; i += 1) {
      // A film's first frame may begin a few ms after its zero.
      if (at >= ranges.start(i) - 0.1 && at < ranges.end(i)) return (ranges.end(i) - at) * 1000;
    }
    return 0;
  }

  /** Where the element's media ends, if it knows. */
  get endsAt(): number {
    const duration = this.video?.duration ?? Number.NaN;
    return Number.isFinite(duration) ? duration * 1000 : Number.POSITIVE_INFINITY;
  }

  seek(position: number): void {
    this.warm = false;
    if (this.video) this.video.currentTime = Math.max(0, position) / 1000;
  }

  setRate(rate: number, preservesPitch: boolean): void {
    if (!this.video) return;
    setPreservesPitch(this.video, preservesPitch);
    this.video.playbackRate = rate;
  }

  setVolume(volume: number, muted: boolean): void {
    if (!this.video) return;
    this.video.volume = Math.max(0, Math.min(1, volume));
    this.video.muted = muted;
  }

  pause(): void {
    this.cancel();
    if (this.video && !this.video.paused) this.video.pause();
  }

  /** Pauses at a local time. */
  pauseAt(at: number): void {
    this.cancel();
    this.alarm = alarmAt(at, () => this.video?.pause());
  }

  /** Starts now: with sound, else without, else not at all. */
  async play(): Promise<Started> {
    const video = this.video;
    if (!video) return 'blocked';
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

  /** Inside a person's gesture: tells the browser that this element may make sound. */
  unlock(): void {
    const video = this.video;
    if (!video?.paused) return;
    void video.play().catch(() => undefined);
    video.pause();
  }

  private report(report: Report): void {
    for (const listener of this.listeners) listener(report);
  }
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
