/** Ways to hand a film to a player that is not this page. Pure. */

export type Device = 'ios' | 'android' | 'desk';

export function deviceOf(userAgent: string, touchPoints: number): Device {
  if (/Android/i.test(userAgent)) return 'android';
  // An iPad says that it is a Mac, with more fingers.
  const apple = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1);
  return apple ? 'ios' : 'desk';
}

/** An address that opens VLC; null where programs are opened by files. */
export function vlcLink(device: Device, url: string): string | null {
  if (device === 'ios') return `vlc-x-callback://x-callback-url/stream?url=${encodeURIComponent(url)}`;
  if (device === 'desk') return null;
  const { protocol, host, pathname } = new URL(url);
  const kind = 'type=video/*;package=org.videolan.vlc';
  return `intent://${host}${pathname}#Intent;scheme=${protocol.slice(0, -1)};${kind};end`;
}

/** The file itself, beside the stream that was made of it. */
export const fileAddress = (streamUrl: string): string => streamUrl.replace(/\/compat\/[^/]+$/, '/direct');

/** A playlist of one entry, which desktop players open. */
export function playlistFile(title: string, url: string): string {
  const line = title.replace(/[\r\n]+/g, ' ').trim();
  return `#EXTM3U\n#EXTINF:-1,${line}\n${url}\n`;
}

/** A name that every file system takes. */
export function fileName(title: string): string {
  const clean = title
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return `${clean.slice(0, 80).replace(/\.+$/, '') || 'film'}.m3u`;
}

/** How long an address lasts, in words, and not a moment too long. */
export function goodFor(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return hours > 1 ? `about ${hours} hours` : 'about an hour';
}
