/** What this browser can decode, asked of it codec by codec and never guessed from its name. */

const VIDEO: Record<string, string> = {
  h264: "avc1.640028",
  hevc: "hvc1.1.6.L120.90",
  hevc10: "hvc1.2.4.L120.90",
  av1: "av01.0.08M.08",
  vp9: "vp09.00.40.08",
};

const AUDIO: Record<string, string> = {
  aac: "mp4a.40.2",
  mp3: "mp4a.6B",
  opus: "opus",
  flac: "flac",
  ac3: "ac-3",
  eac3: "ec-3",
};

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
  return document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "";
}

/**
 * As a query of the playback call: `v` and `a` codecs, `c` containers. Only what media source in MP4 admits to:
 * Chromium starts an MKV with AC-3 sound and plays it silently.
 */
export function capabilities(): string {
  const source = mediaSource();
  const video = document.createElement("video");
  const can = (type: string) =>
    source ? source.isTypeSupported(type) : video.canPlayType(type) === "probably";
  const names = (table: Record<string, string>, kind: string) =>
    Object.keys(table).filter((name) => can(`${kind}/mp4; codecs="${table[name]}"`));
  const containers = ["mp4"];
  if (can('video/webm; codecs="vp9,opus"')) containers.push("webm");
  const query = new URLSearchParams({
    v: names(VIDEO, "video").join(","),
    a: names(AUDIO, "audio").join(","),
    c: containers.join(","),
    mse: source ? "1" : "0",
  });
  return query.toString();
}

/** Safari's players answer slowly and unevenly to a change of rate: there, only seeks correct. */
export function suggestedTier(): "A" | "C" {
  return navigator.vendor.startsWith("Apple") ? "C" : "A";
}
