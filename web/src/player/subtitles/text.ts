/** Draws text cues with the browser's own fonts. */

import type { Fail, Layer, Scene } from './layer';
import styles from './layers.module.css';
import { type Cue, type Place, parseVtt, placeOf, runsOf } from './vtt';
import { type Address, Windows } from './windows';

/** Height of the letters, as a part of the picture's height. */
const LETTER = 0.052;
const LETTER_MIN_PX = 14;

export class TextLayer implements Layer {
  private cues: Cue[] = [];
  private shown = '';
  private groups: Record<Place, HTMLElement>;
  private windows: Windows<Cue[]>;
  private root = document.createElement('div');

  constructor(
    parent: HTMLElement,
    address: Address,
    private scale: () => number,
    failed: Fail,
  ) {
    this.root.className = styles.words ?? '';
    this.root.dataset.testid = 'subtitle-text';
    this.groups = { top: group('top'), middle: group('middle'), bottom: group('bottom') };
    this.root.append(this.groups.top, this.groups.middle, this.groups.bottom);
    parent.append(this.root);
    this.windows = new Windows(
      address,
      (n) => `${n ?? 'all'}.vtt`,
      async (response) => parseVtt(await response.text()),
      (all) => this.take(all),
      failed,
    );
    this.windowMs = address.windowMs;
  }

  private windowMs: number | null;

  readdress(url: string): void {
    this.windows.readdress({ url, windowMs: this.windowMs });
  }

  close(): void {
    this.windows.close();
    this.root.remove();
  }

  /** A cue that lies in two pieces comes with both. */
  private take(all: Cue[][]): void {
    const known = new Map<string, Cue>();
    for (const cue of all.flat()) known.set(`${cue.start} ${cue.end} ${cue.text}`, cue);
    this.cues = [...known.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  }

  show(position: number, scene: Scene): void {
    this.windows.want(position);
    const letters = Math.max(LETTER_MIN_PX, scene.film.height * LETTER) * this.scale();
    const size = `${Math.round(letters * 10) / 10}px`;
    if (this.root.style.fontSize !== size) this.root.style.fontSize = size;
    const now = this.cues.filter((cue) => cue.start <= position && position < cue.end);
    const key = now.map((cue) => `${cue.start} ${cue.text}`).join('\n\n');
    if (key === this.shown) return;
    this.shown = key;
    for (const place of Object.values(this.groups)) place.textContent = '';
    for (const cue of now) {
      const { place, side } = placeOf(cue.settings);
      const box = document.createElement('p');
      box.dataset.side = side;
      box.dir = 'auto';
      box.append(drawn(cue.text));
      this.groups[place].append(box);
    }
  }
}

function group(place: Place): HTMLElement {
  const element = document.createElement('div');
  element.className = styles.group ?? '';
  element.dataset.place = place;
  return element;
}

function drawn(text: string): HTMLElement {
  const line = document.createElement('span');
  for (const run of runsOf(text)) {
    let inner: HTMLElement = line;
    for (const tag of run.tags) {
      const element = document.createElement(tag);
      inner.append(element);
      inner = element;
    }
    inner.append(run.text);
  }
  return line;
}
