/** Which part of which picture shows the film when, from the server's WebVTT. Pure. */

export interface Thumbnail {
  /** Content ms. */
  from: number;
  to: number;
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const TIMES = /^(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})$/;
const PLACE = /^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** Reads the index; addresses are relative to its own. What is not understood is left out. */
export function thumbnailsOf(index: string, address: string): Thumbnail[] {
  const lines = index.split(/\r?\n/);
  const found: Thumbnail[] = [];
  lines.forEach((line, at) => {
    const times = TIMES.exec(line);
    const place = PLACE.exec(lines[at + 1] ?? '');
    if (!times || !place) return;
    const ms = (first: number) =>
      ((Number(times[first]) * 60 + Number(times[first + 1])) * 60 + Number(times[first + 2])) * 1_000 +
      Number(times[first + 3]);
    found.push({
      from: ms(1),
      to: ms(5),
      url: address.slice(0, address.lastIndexOf('/') + 1) + place[1],
      x: Number(place[2]),
      y: Number(place[3]),
      width: Number(place[4]),
      height: Number(place[5]),
    });
  });
  return found;
}

/** The last one that begins at or before a time. */
export function thumbnailAt(thumbnails: Thumbnail[], ms: number): Thumbnail | null {
  let low = 0;
  let high = thumbnails.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((thumbnails[middle]?.from ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return thumbnails[low - 1] ?? null;
}
