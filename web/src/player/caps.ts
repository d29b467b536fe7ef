/**
 * What this browser can decode, asked of it codec by codec and never guessed from its name. It only reports: the
 * server decides what this viewer gets.
 */
import { recall, remember } from '../app/memory';

/** Each codec with the strings that the server's playlists name it by; all of them must be known. */
const VIDEO: Record<string, string[]> = {
  h264: ['avc1.640028'],
  hevc: ['hvc1.1.6.L120.90'],
  hevc10: ['hvc1.2.4.L120.90'],
  av1: ['av01.0.08M.08', 'av01.0.08M.10'],
  vp9: ['vp09.00.40.08'],
  vp910: ['vp09.02.40.10'],
};

/** Any of them is enough: browsers differ in how they call the same sound, and hls.js knows the names of each. */
const AUDIO: Record<string, string[]> = {
  aac: ['mp4a.40.2'],
  mp3: ['mp4a.6B', 'mp4a.69', 'mp3'],
  opus: ['opus', 'Opus'],
  flac: ['flac', 'fLaC'],
  ac3: ['ac-3'],
  eac3: ['ec-3'],
};

/** What every browser has, whatever it says of itself. */
const BASE = 'h264';
/** A film as most are, to be asked for. */
const TYPICAL = { width: 1920, height: 1080, bitrate: 8_000_000, framerate: 24 };
/** PQ and HLG, as films for HDR displays carry them. */
const HDR = [
  { hdrMetadataType: 'smpteSt2086', colorGamut: 'rec2020', transferFunction: 'pq' },
  { colorGamut: 'rec2020', transferFunction: 'hlg' },
];
const KEPT_AS = 'caps';

interface SourceType {
  isTypeSupported(type: string): boolean;
}

function mediaSource(): SourceType | null {
  const scope = window as unknown as { ManagedMediaSource?: SourceType; MediaSource?: SourceType };
  return scope.ManagedMediaSource ?? scope.MediaSource ?? null;
}

/** Whether segments can be fed to the element by script, as hls.js does. */
export const hasMediaSource = (): boolean => mediaSource() !== null;

/** Whether the element itself plays HLS. Chromium says so too but stumbles, so only where there is nothing better. */
export function hasNativeHls(): boolean {
  return document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '';
}

/** What has been found out. */
export interface Found {
  video: string[];
  audio: string[];
  containers: string[];
  mse: boolean;
}

/** As a query of the playback call: `v` and `a` codecs, `c` containers. */
export function asQuery(found: Found): string {
  return new URLSearchParams({
    v: found.video.join(','),
    a: found.audio.join(','),
    c: found.containers.join(','),
    mse: found.mse ? '1' : '0',
  }).toString();
}

/**
 * The quick answer. Only what media source in MP4 admits to: Chromium starts an MKV with AC-3 sound and plays it
 * silently.
 */
function quick(): Found {
  const source = mediaSource();
  const video = document.createElement('video');
  const can = (type: string) =>
    source ? source.isTypeSupported(type) : video.canPlayType(type) === 'probably';
  const knows = (kind: string) => (codec: string) => can(`${kind}/mp4; codecs="${codec}"`);
  const containers = ['mp4'];
  const failed = disproved();
  if (can('video/webm; codecs="vp9,opus"')) containers.push('webm');
  return {
    video: Object.keys(VIDEO).filter((name) => VIDEO[name]?.every(knows('video')) && !failed.includes(name)),
    audio: Object.keys(AUDIO).filter((name) => AUDIO[name]?.some(knows('audio'))),
    containers,
    mse: source !== null,
  };
}

const DISPROVED_AS = 'caps-not';
/** What a playlist calls each codec that a browser may admit to and then fail at. */
const CALLED: [RegExp, string[]][] = [
  [/^h(vc|ev)1\.1\./, ['hevc', 'hevc10']],
  [/^h(vc|ev)1\./, ['hevc10']],
  [/^av01\./, ['av1']],
  [/^vp09\.00\./, ['vp9']],
  [/^vp09\./, ['vp910']],
];

/** The names under which a codec of a playlist is told to the server; none for those that are never in doubt. */
export function namesOf(codec: string): string[] {
  return CALLED.find(([pattern]) => pattern.test(codec))?.[1] ?? [];
}

/** What this version of this browser has admitted to and failed at. */
function disproved(): string[] {
  const [browser, names] = (recall(DISPROVED_AS) ?? '').split('\n');
  return browser === navigator.userAgent && names ? names.split(',') : [];
}

/** A codec has turned out not to play here. Says whether that was news. */
export function disprove(codec: string): boolean {
  const all = [...new Set([...disproved(), ...namesOf(codec)])];
  if (all.length === disproved().length) return false;
  remember(DISPROVED_AS, `${navigator.userAgent}\n${all.join(',')}`);
  known = asQuery(quick());
  remember(KEPT_AS, `${version()}\n${known}`);
  finding = null;
  return true;
}

interface Decoder {
  decodingInfo(question: MediaDecodingConfiguration): Promise<{ supported: boolean; smooth: boolean }>;
}

/**
 * The thorough answer: of the codecs that are admitted to, those that this device also decodes without stumbling;
 * and HDR, where both the decoder and the screen have it. What cannot be asked stays as it was.
 */
export async function thorough(
  first: Found,
  decoder: Decoder | undefined,
  hdrScreen: boolean,
): Promise<Found> {
  if (!decoder) return first;
  const type = first.mse ? 'media-source' : 'file';
  const smooth = async (codec: string, more: object = {}) => {
    const contentType = `video/mp4; codecs="${codec}"`;
    try {
      const info = await decoder.decodingInfo({ type, video: { contentType, ...TYPICAL, ...more } });
      return info.supported && info.smooth;
    } catch {
      // An older browser that does not know the question.
      return null;
    }
  };
  const all = await Promise.all(
    first.video.map(async (name) => {
      if (name === BASE) return true;
      const answers = await Promise.all((VIDEO[name] ?? []).map((codec) => smooth(codec)));
      return !answers.includes(false);
    }),
  );
  const video = first.video.filter((_, nth) => all[nth]);
  const ten = ['hevc10', 'av1', 'vp910'].find((name) => video.includes(name));
  const codec = ten && VIDEO[ten]?.[VIDEO[ten].length - 1];
  if (hdrScreen && codec) {
    const answers = await Promise.all(HDR.map((settings) => smooth(codec, settings)));
    if (answers.every((answer) => answer)) video.push('hdr');
  }
  return { ...first, video };
}

function screenHasHdr(): boolean {
  const asks = ['(video-dynamic-range: high)', '(dynamic-range: high)'];
  return asks.some((ask) => window.matchMedia(ask).matches);
}

/** Kept with the browser's version: the next one may know more. The screen is asked anew. */
const version = () => `1 ${navigator.userAgent} ${screenHasHdr() ? 'hdr' : ''}`;

function kept(): string | null {
  const [key, query] = (recall(KEPT_AS) ?? '').split('\n');
  return key === version() && query ? query : null;
}

let known: string | null = null;
let finding: Promise<void> | null = null;

/** Begins to find out. Takes some ms, so it is done while nobody waits. */
export function findCapabilities(): Promise<void> {
  finding ??= thorough(quick(), navigator.mediaCapabilities, screenHasHdr())
    .then((found) => {
      known = asQuery(found);
      remember(KEPT_AS, `${version()}\n${known}`);
    })
    .catch(() => undefined);
  return finding;
}

/** What is known by now; never waits. */
export function capabilities(): string {
  known ??= kept();
  if (known !== null) return known;
  void findCapabilities();
  return asQuery(quick());
}

/** Safari's players answer slowly and unevenly to a change of rate: there, only seeks correct. */
export function suggestedTier(): 'A' | 'C' {
  return navigator.vendor.startsWith('Apple') ? 'C' : 'A';
}
