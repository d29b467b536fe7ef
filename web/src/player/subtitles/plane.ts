/** Where pictures that were drawn for one plane go over a film of another shape. Pure. */

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The picture of a film within its element, as `object-fit: contain` puts it. */
export function contained(film: Size, stage: Size): Box {
  if (film.width <= 0 || film.height <= 0) return { left: 0, top: 0, ...stage };
  const scale = Math.min(stage.width / film.width, stage.height / film.height);
  const [width, height] = [film.width * scale, film.height * scale];
  return { left: (stage.width - width) / 2, top: (stage.height - height) / 2, width, height };
}

/** Planes of DVDs and television have pixels that are not square; they lie on the film edge to edge. */
const SMALL_HEIGHT = 576;

/**
 * The plane's place. A film cut out of its disc's picture has lost bars above and below, not at the sides: the plane
 * keeps its shape, the width of the film, and its middle.
 */
export function planeBox(plane: Size, film: Box): Box {
  if (plane.width <= 0 || plane.height <= 0 || plane.height <= SMALL_HEIGHT) return film;
  const height = (plane.height * film.width) / plane.width;
  return { left: film.left, top: film.top + (film.height - height) / 2, width: film.width, height };
}

/** A part of a plane on the stage, moved just so far that nothing of it is cut off. */
export function partBox(part: Box, plane: Size, place: Box, stage: Size): Box {
  const [x, y] = [place.width / plane.width, place.height / plane.height];
  const [width, height] = [part.width * x, part.height * y];
  const within = (at: number, length: number, room: number) => Math.max(0, Math.min(at, room - length));
  return {
    left: within(place.left + part.left * x, width, stage.width),
    top: within(place.top + part.top * y, height, stage.height),
    width,
    height,
  };
}
