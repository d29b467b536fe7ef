/** Draws ASS scripts as their authors meant them, by libass. Loaded only when a script is turned on. */
import type JASSUB from 'jassub';
import type { Fail, Layer, Scene } from './layer';
import styles from './layers.module.css';
import { patiently } from './patience';
import { type Address, Windows } from './windows';

/** Once it has all it needs: by then the renderer is there, or it never will be. */
const READY_MS = 20_000;
/** A font that a busy server has refused so often is done without: words in another are better than none. */
const FONT_TRIES_MAX = 8;
/** Letters that the renderer's own font lacks: scripts with them bring their fonts along, or are shown as text. */
const FOREIGN = /[^\s\x20-\u058f\u1d00-\u1fff\u2000-\u2bff\ufb00-\ufb06\ufeff\ufffd]/;

/** A whole script, or the head of one whose lines come in pieces. */
interface Script {
  head: string;
  lines: string[];
}

export class AssLayer implements Layer {
  private canvas: HTMLCanvasElement | null = null;
  /** Made, and perhaps not able to draw yet. */
  private made: JASSUB | null = null;
  /** Able to draw. */
  private renderer: JASSUB | null = null;
  private windows: Windows<string>;
  private script: Script = { head: '', lines: [] };
  private closed = false;
  private hasFonts = false;
  /** What the last drawing was for. */
  private drawn = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private parent: HTMLElement,
    private video: HTMLVideoElement,
    private address: Address,
    private fonts: string[],
    private failed: Fail,
  ) {
    const whole = address.windowMs === null;
    this.windows = new Windows(
      address,
      (n) => `${n ?? 'all'}.ass`,
      (response) => response.text(),
      (all) => this.take(whole ? { head: all[0] ?? '', lines: [] } : { ...this.script, lines: unique(all) }),
      () => this.giveUp(),
    );
    void this.begin(whole).catch(() => this.giveUp());
  }

  readdress(url: string): void {
    this.address = { ...this.address, url };
    this.windows.readdress(this.address);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.windows.close();
    void this.made?.destroy().catch(() => undefined);
    // One that is not ready may never be, and waits for that before it ends its worker.
    if (!this.renderer) this.made?._worker.terminate();
    this.canvas?.remove();
  }

  private giveUp(): void {
    if (!this.closed) this.failed();
  }

  show(position: number, scene: Scene): void {
    this.windows.want(position);
    this.nudge(position, scene);
  }

  /** The renderer follows the frames of the film; one that rests has none, and is drawn for when something changes. */
  private nudge(position: number, { film }: Scene): void {
    const { renderer, video } = this;
    if (!renderer || !video.paused || video.seeking || video.videoWidth === 0) return;
    const key = `${position} ${film.width}x${film.height}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const [width, height] = [video.videoWidth, video.videoHeight];
    const moment = { expectedDisplayTime: performance.now(), width, height, mediaTime: position / 1000 };
    void renderer.manualRender(moment, true).catch(() => this.giveUp());
  }

  private async begin(whole: boolean): Promise<void> {
    // What the renderer goes by; no stand-in for it is shipped.
    if (!('requestVideoFrameCallback' in this.video)) throw new Error('this browser does not tell of frames');
    const [library, worker, wasm, modern, font] = await Promise.all([
      import('jassub'),
      import('jassub/dist/worker/worker.js?worker&url'),
      import('jassub/dist/wasm/jassub-worker.wasm?url'),
      import('jassub/dist/wasm/jassub-worker-modern.wasm?url'),
      import('jassub/dist/default.woff2?url'),
    ]);
    const on = () => !this.closed;
    const fetchFont = (url: string) => patiently(() => url, on, FONT_TRIES_MAX);
    const [brought, usual, head] = await Promise.all([
      Promise.all(this.fonts.map(fetchFont)),
      // Given along rather than looked up when it is missed: the renderer does not draw again what came out without.
      fetchFont(font.default),
      whole ? null : patiently(() => `${this.address.url}/head.ass`, on),
    ]);
    if (this.closed) return;
    if (!whole) {
      if (!head) throw new Error('no head');
      this.script.head = new TextDecoder().decode(head);
    }
    const own = brought.filter((bytes) => bytes !== null);
    const canvas = document.createElement('canvas');
    canvas.className = styles.script ?? '';
    canvas.dataset.testid = 'subtitle-script';
    this.parent.append(canvas);
    this.canvas = canvas;
    const absolute = (url: string) => new URL(url, location.href).href;
    const renderer = new library.default({
      video: this.video,
      canvas,
      subContent: this.content(),
      workerUrl: absolute(worker.default),
      wasmUrl: absolute(wasm.default),
      modernWasmUrl: absolute(modern.default),
      availableFonts: { 'liberation sans': absolute(font.default) },
      defaultFont: 'liberation sans',
      fonts: usual ? [...own, usual] : own,
      // Nothing is asked of this computer, and nothing of another host.
      queryFonts: false,
    });
    this.made = renderer;
    this.timer = setTimeout(() => this.giveUp(), READY_MS);
    renderer._worker.addEventListener('error', () => this.giveUp());
    await renderer.ready;
    // A renderer that failed inside its worker answers nothing.
    await renderer.renderer.getStyles();
    if (this.closed) return;
    this.renderer = renderer;
    this.hasFonts = own.length > 0;
    clearTimeout(this.timer);
    canvas.dataset.ready = 'true';
    this.take(this.script);
  }

  private content(): string {
    return this.script.head + this.script.lines.join('\n');
  }

  private take(script: Script): void {
    this.script = script;
    const { renderer } = this;
    if (!renderer || !script.head) return;
    const content = this.content();
    if (!this.hasFonts && FOREIGN.test(content)) {
      this.giveUp();
      return;
    }
    void renderer.renderer.setTrack(content).then(
      () => {
        this.drawn = '';
      },
      () => this.giveUp(),
    );
  }
}

/** A line that lies in two pieces comes with both. */
function unique(pieces: string[]): string[] {
  return [...new Set(pieces.join('\n').split('\n'))].filter((line) => line !== '');
}
