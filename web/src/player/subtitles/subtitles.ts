/**
 * One viewer's subtitles: which track is on, and the layer that draws it. Reads the film's position, never changes it;
 * nobody else in the room notices.
 */
import type { Playback } from '../../api/types';
import { recall, recallNumber, remember } from '../../app/memory';
import type { Mediator } from '../mediator';
import { AssLayer } from './ass';
import { BitmapLayer } from './bitmap';
import { chosenTrack, keptAs, type Track } from './choice';
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

const NONE = 'This film has no subtitles.';
const NOT_KNOWN_YET = 'No subtitles are known yet.';
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
  /** What was on last in this film, however alike its tracks are. */
  private last: string | null = null;
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
      this.last = null;
      this.put(chosenTrack(this.tracks, recall('subtitles'), sound));
      return;
    }
    const renewed = this.tracks.find((track) => track.id === this.on?.id);
    if (!renewed) return;
    this.on = renewed;
    this.layer?.readdress(renewed.url);
  }

  /** No film any more, or another one of which nothing is known yet. */
  clear(): void {
    this.film = null;
    this.tracks = [];
    this.put(null);
  }

  /** A viewer's choice; remembered for other films. */
  choose(id: string | null): void {
    const track = this.tracks.find((known) => known.id === id) ?? null;
    remember('subtitles', track ? keptAs(track) : 'off');
    if (track) {
      this.last = track.id;
      remember('subtitles.last', keptAs(track));
    } else if (this.on) {
      this.last = this.on.id;
    }
    this.put(track);
  }

  /** Off, or on with what was on last. */
  toggle(): void {
    const last = this.tracks.find((track) => track.id === this.last);
    this.chooseAloud(
      this.on ? null : (last ?? chosenTrack(this.tracks, recall('subtitles.last'), null) ?? this.tracks[0]),
    );
  }

  /** The next track, and after the last one none. */
  next(): void {
    const at = this.tracks.findIndex((track) => track.id === this.on?.id);
    this.chooseAloud(this.tracks[at + 1]);
  }

  /** A choice made by a key: no menu shows what it was. */
  private chooseAloud(track: Track | null | undefined): void {
    if (this.tracks.length === 0) {
      this.events.tell(this.film === null ? NOT_KNOWN_YET : NONE);
      return;
    }
    this.choose(track?.id ?? null);
    this.events.tell(track ? `Subtitles: ${track.label}` : 'Subtitles: off');
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
    this.element.hidden = false;
    this.on = track;
    this.events.shown(track?.id ?? null);
    if (!track) return;
    this.layer = this.layerFor(track);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  private layerFor(track: Track): Layer {
    const address = { url: track.url, windowMs: track.window_ms ?? null };
    const failed = () => this.failed(track.id);
    if (track.kind === 'bitmap') return new BitmapLayer(this.element, address, failed);
    if (track.kind === 'ass') {
      return new AssLayer(this.element, this.mediator.element, address, this.fonts, () =>
        this.asText(track.id),
      );
    }
    return new TextLayer(this.element, address, () => this.scale, failed);
  }

  /** Where scripts cannot be drawn their words are better than nothing. Its address may have been renewed since. */
  private asText(id: string): void {
    const track = this.on;
    if (track?.id !== id) return;
    this.layer?.close();
    const address = { url: track.url, windowMs: track.window_ms ?? null };
    this.layer = new TextLayer(
      this.element,
      address,
      () => this.scale,
      () => this.failed(id),
    );
  }

  private failed(id: string): void {
    if (this.on?.id !== id) return;
    this.put(null);
    this.events.tell(UNREADABLE);
  }

  private look(): void {
    if (document.hidden) return;
    const video = this.mediator.element;
    const { position, hasMedia } = this.mediator.read();
    // While a film is exchanged for a stream of it, what was on the screen last belongs to no moment.
    this.element.hidden = !hasMedia;
    if (!hasMedia) return;
    const stage = { width: this.element.clientWidth, height: this.element.clientHeight };
    const film = contained({ width: video.videoWidth, height: video.videoHeight }, stage);
    this.layer?.show(position, { stage, film });
  }
}
