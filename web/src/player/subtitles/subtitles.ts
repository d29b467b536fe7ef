/**
 * One viewer's subtitles: which track is on, and the layer that draws it. Reads the film's position, never changes it;
 * nobody else in the room notices.
 */
import type { Playback } from '../../api/types';
import { recall, recallNumber, remember } from '../../app/memory';
import type { Mediator } from '../mediator';
import { AssLayer } from './ass';
import { BitmapLayer } from './bitmap';
import { chosenTrack, type Track } from './choice';
import type { Layer } from './layer';
import styles from './layers.module.css';
import { contained } from './plane';
import { TextLayer } from './text';

/** Often enough that a subtitle is never a frame of television late. */
const LOOK_MS = 40;

export interface SubtitleEvents {
  /** Which track is on now. */
  shown(track: string | null): void;
  /** A sentence for the viewer. */
  tell(text: string): void;
}

const UNREADABLE = 'These subtitles cannot be read.';

export class Subtitles {
  /** What lies over the film. */
  readonly element = document.createElement('div');
  private tracks: Track[] = [];
  private fonts: string[] = [];
  private on: Track | null = null;
  private layer: Layer | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private film: string | null = null;
  /** Size of the words; 1 is the usual. */
  private scale = recallNumber('subtitles.scale', 1);

  constructor(
    private mediator: Mediator,
    private events: SubtitleEvents,
  ) {
    this.element.className = styles.over ?? '';
  }

  close(): void {
    this.drop();
  }

  /** What there is to choose from; again when addresses have been renewed. `sound` is the language that is heard. */
  offer(film: string, playback: Playback, sound: string | null): void {
    this.tracks = playback.subtitles;
    this.fonts = playback.fonts;
    if (film !== this.film) {
      this.film = film;
      this.put(chosenTrack(this.tracks, recall('subtitles'), sound));
      return;
    }
    const renewed = this.tracks.find((track) => track.id === this.on?.id);
    if (renewed) this.layer?.readdress(renewed.url);
  }

  /** No film any more. */
  clear(): void {
    this.film = null;
    this.tracks = [];
    this.put(null);
  }

  /** A viewer's choice; remembered for other films. */
  choose(id: string | null): void {
    const track = this.tracks.find((known) => known.id === id) ?? null;
    remember('subtitles', track ? (track.language ?? track.label) : 'off');
    if (track) remember('subtitles.last', track.language ?? track.label);
    this.put(track);
  }

  /** Off, or on with what was on last. */
  toggle(): void {
    if (this.on) {
      this.choose(null);
      return;
    }
    const last = chosenTrack(this.tracks, recall('subtitles.last'), null) ?? this.tracks[0];
    if (last) this.choose(last.id);
    else this.events.tell('This film has no subtitles.');
  }

  /** The next track, and after the last one none. */
  next(): void {
    const at = this.tracks.findIndex((track) => track.id === this.on?.id);
    this.choose(this.tracks[at + 1]?.id ?? null);
  }

  get size(): number {
    return this.scale;
  }

  setSize(scale: number): void {
    this.scale = scale;
    remember('subtitles.scale', String(scale));
  }

  private drop(): void {
    clearInterval(this.timer);
    this.layer?.close();
    this.layer = null;
  }

  private put(track: Track | null): void {
    this.drop();
    this.on = track;
    this.events.shown(track?.id ?? null);
    if (!track) return;
    this.layer = this.layerFor(track);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  private layerFor(track: Track): Layer {
    const address = { url: track.url, windowMs: track.window_ms ?? null };
    const failed = () => this.failed(track);
    if (track.kind === 'bitmap') return new BitmapLayer(this.element, address, failed);
    if (track.kind === 'ass') {
      return new AssLayer(this.element, this.mediator.element, address, this.fonts, () => this.asText(track));
    }
    return new TextLayer(this.element, address, () => this.scale, failed);
  }

  /** Where scripts cannot be drawn their words are better than nothing. */
  private asText(track: Track): void {
    if (this.on !== track) return;
    this.layer?.close();
    const address = { url: track.url, windowMs: track.window_ms ?? null };
    this.layer = new TextLayer(
      this.element,
      address,
      () => this.scale,
      () => this.failed(track),
    );
  }

  private failed(track: Track): void {
    if (this.on !== track) return;
    this.put(null);
    this.events.tell(UNREADABLE);
  }

  private look(): void {
    const video = this.mediator.element;
    const { position, hasMedia } = this.mediator.read();
    if (!hasMedia || document.hidden) return;
    const stage = { width: this.element.clientWidth, height: this.element.clientHeight };
    const film = contained({ width: video.videoWidth, height: video.videoHeight }, stage);
    this.layer?.show(position, { stage, film });
  }
}
