/** Draws subtitles that are pictures: those of Blu-rays, DVDs and television. */

import type { Fail, Layer, Scene } from './layer';
import styles from './layers.module.css';
import { partBox, planeBox, type Size } from './plane';
import { type Address, Windows } from './windows';

interface WirePart {
  x: number;
  y: number;
  w: number;
  h: number;
  /** Base64. */
  png: string;
}

interface WireWindow extends Size {
  cues: { start: number; end: number; parts: WirePart[] }[];
}

interface Picture {
  start: number;
  end: number;
  plane: Size;
  parts: WirePart[];
  images: HTMLImageElement[];
}

export class BitmapLayer implements Layer {
  private canvas = document.createElement('canvas');
  private pictures: Picture[] = [];
  private windows: Windows<WireWindow>;
  private shown = '';

  constructor(
    parent: HTMLElement,
    private address: Address,
    failed: Fail,
  ) {
    this.canvas.className = styles.canvas ?? '';
    this.canvas.dataset.testid = 'subtitle-pictures';
    parent.append(this.canvas);
    this.windows = new Windows(
      address,
      (n) => `${n ?? 'all'}.json`,
      async (response) => (await response.json()) as WireWindow,
      (all) => this.take(all),
      failed,
    );
  }

  readdress(url: string): void {
    this.windows.readdress({ ...this.address, url });
  }

  close(): void {
    this.windows.close();
    this.canvas.remove();
  }

  private take(all: WireWindow[]): void {
    const known = new Map<string, Picture>();
    for (const window of all) {
      for (const cue of window.cues) {
        const key = `${cue.start} ${cue.parts.map((part) => `${part.x},${part.y},${part.png.length}`).join(' ')}`;
        known.set(key, { ...cue, plane: { width: window.width, height: window.height }, images: [] });
      }
    }
    const before = new Map(this.pictures.map((picture) => [picture.start, picture.images]));
    this.pictures = [...known.values()].sort((a, b) => a.start - b.start);
    for (const picture of this.pictures) picture.images = before.get(picture.start) ?? [];
    this.shown = '';
  }

  show(position: number, scene: Scene): void {
    this.windows.want(position);
    const now = this.pictures.filter((picture) => picture.start <= position && position < picture.end);
    // What comes next is decoded ahead, so that it is there on time.
    const next = this.pictures.find((picture) => picture.start > position);
    for (const picture of next ? [...now, next] : now) this.decode(picture);
    const ready = now.filter((picture) => picture.images.every((image) => image.complete));
    const { stage } = scene;
    const key = `${ready.map((picture) => picture.start).join(' ')} ${stage.width}x${stage.height} ${scene.film.width}x${scene.film.height}`;
    if (key === this.shown) return;
    this.shown = key;
    this.draw(ready, scene);
  }

  private decode(picture: Picture): void {
    if (picture.images.length === picture.parts.length) return;
    picture.images = picture.parts.map((part) => {
      const image = new Image();
      image.src = `data:image/png;base64,${part.png}`;
      return image;
    });
  }

  private draw(pictures: Picture[], scene: Scene): void {
    const ratio = window.devicePixelRatio || 1;
    const { stage } = scene;
    this.canvas.width = Math.round(stage.width * ratio);
    this.canvas.height = Math.round(stage.height * ratio);
    const context = this.canvas.getContext('2d');
    if (!context) return;
    context.scale(ratio, ratio);
    context.imageSmoothingQuality = 'high';
    for (const { plane, parts, images } of pictures) {
      const place = planeBox(plane, scene.film);
      parts.forEach((part, n) => {
        const image = images[n];
        const box = { left: part.x, top: part.y, width: part.w, height: part.h };
        const at = partBox(box, plane, place, stage);
        // A picture that cannot be decoded is left out.
        if (image?.naturalWidth) context.drawImage(image, at.left, at.top, at.width, at.height);
      });
    }
  }
}
