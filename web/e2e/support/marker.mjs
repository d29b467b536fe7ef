// The frame marker of the built-in demo film and of the generated library: 32 black or white cells across the top
// eighteenth of the picture hold guards, a frame number of 20 bits, a checksum and the id of the film.

/** The id of the built-in demo film. */
export const DEMO_ID = 1;

/**
 * Reads the marker from RGBA pixels of a frame that is `w` by `h`; only the rows of the strip need to be there.
 * Runs in Node and, as text, inside pages: it must not refer to anything outside itself.
 * @param {ArrayLike<number>} px
 * @param {number} w
 * @param {number} h
 * @returns {{frame: number, id: number} | null}
 */
export function readMarker(px, w, h) {
  const y = Math.floor(h / 36);
  const half = Math.max(0, Math.floor(h / 72) - 1);
  const lum = [];
  for (let i = 0; i < 32; i++) {
    const x0 = Math.floor(((i + 0.3) * w) / 32);
    const x1 = Math.max(x0 + 1, Math.floor(((i + 0.7) * w) / 32));
    let sum = 0;
    let count = 0;
    for (let yy = y - half; yy <= y + half; yy++) {
      for (let x = x0; x < x1; x++) {
        const o = (yy * w + x) * 4;
        sum += px[o] * 0.3 + px[o + 1] * 0.6 + px[o + 2] * 0.1;
        count++;
      }
    }
    lum.push(sum / count);
  }
  const high = (lum[0] + lum[31]) / 2;
  const low = (lum[1] + lum[30]) / 2;
  if (high - low < 60) return null;
  const bits = (from, to) => lum.slice(from, to).reduce((v, l) => v * 2 + (l > (high + low) / 2 ? 1 : 0), 0);
  const frame = bits(2, 22);
  const id = bits(26, 30);
  let check = id;
  for (let rest = frame; rest > 0; rest = Math.floor(rest / 16)) check += rest % 16;
  return check % 16 === bits(22, 26) ? { frame, id } : null;
}

/**
 * Draws the marker strip; the tests of the reader use it.
 * @param {number} frame
 * @param {number} id
 * @param {number} w
 * @param {number} h
 */
export function drawMarker(frame, id, w, h) {
  let check = id;
  for (let rest = frame; rest > 0; rest = Math.floor(rest / 16)) check += rest % 16;
  const field = (value, bits) => value.toString(2).padStart(bits, '0');
  const cells = `10${field(frame, 20)}${field(check % 16, 4)}${field(id, 4)}01`;
  const px = new Uint8ClampedArray(w * h * 4);
  for (let y = 0; y < h / 18; y++) {
    for (let x = 0; x < w; x++) {
      const value = cells[Math.floor((x * 32) / w)] === '1' ? 235 : 16;
      px.set([value, value, value, 255], (y * w + x) * 4);
    }
  }
  return px;
}
