// Films for the tests: real ones from the media folder, generated ones from its script, both put into throwaway folders.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { drawMarker } from './marker.mjs';
import { CACHE, MEDIA } from './paths.mjs';

const run = promisify(execFile);
const exists = (path) => access(path, constants.F_OK).then(() => true, () => false);

/** The small generated library with its hostile part, made once. */
export async function generatedLibrary() {
  const folder = join(CACHE, 'library-small');
  if (!(await exists(join(folder, '.complete')))) {
    await mkdir(CACHE, { recursive: true });
    await run('bash', [join(MEDIA, 'make-library.sh'), '--small', '--hostile', folder], { timeout: 600_000, maxBuffer: 1 << 24 });
    await run('touch', [join(folder, '.complete')]);
  }
  return folder;
}

/**
 * A throwaway folder with these films in it, hard-linked where the file system allows.
 * @param {...(string | [string, string])} paths   a bare name is one of the media folder; a pair gives it another name
 * @returns {Promise<{dir: string, remove: () => Promise<void>}>}
 */
export async function folderWith(...paths) {
  const dir = await mkdtemp(join(tmpdir(), 'watchparty-films-'));
  for (const one of paths) {
    const [path, name] = typeof one === 'string' ? [one, basename(one)] : one;
    const source = path.includes('/') ? path : join(MEDIA, path);
    const goal = join(dir, name);
    await link(source, goal).catch(() => copyFile(source, goal));
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/**
 * A film made by ffmpeg and kept in the cache. `args` is everything between `ffmpeg -y` and the output name.
 * @param {string} name
 * @param {string[]} args
 */
export async function generatedFilm(name, args) {
  const film = join(CACHE, 'films', name);
  if (!(await exists(film))) {
    await mkdir(join(CACHE, 'films'), { recursive: true });
    const part = join(CACHE, 'films', `part-${process.pid}-${name}`);
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, part], { timeout: 900_000, maxBuffer: 1 << 24 });
    await rename(part, film);
  }
  return film;
}

const picture = (seconds, size) => ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=24:d=${seconds}`];
const sound = (seconds) => ['-f', 'lavfi', '-i', `sine=440:r=48000:d=${seconds}`];

const MARKER = { name: 'Marker 360p24.mp4', seconds: 150, fps: 24, width: 640, height: 360, id: 1 };

/** A film whose every frame says its number in its pixels, browser-ready, long enough never to loop in a test. */
export async function markerFilm() {
  const film = join(CACHE, 'films', MARKER.name);
  if (await exists(film)) return film;
  await mkdir(join(CACHE, 'films'), { recursive: true });
  const part = join(CACHE, 'films', `part-${process.pid}-${MARKER.name}`);
  const { seconds, fps, width, height, id } = MARKER;
  const strip = height / 18;
  const ffmpeg = spawn('ffmpeg', [
    '-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}:r=${fps}:d=${seconds}`,
    '-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', `${width}x${strip}`, '-r', String(fps), '-i', 'pipe:0', ...sound(seconds),
    '-filter_complex', '[0:v][1:v]overlay=0:0:format=yuv420[v]', '-map', '[v]', '-map', '2:a', '-c:v', 'libx264', '-preset', 'veryfast',
    '-pix_fmt', 'yuv420p', '-g', String(fps), '-crf', '20', '-c:a', 'aac', '-b:a', '96k', '-movflags', '+faststart', part,
  ], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(ffmpeg, 'exit');
  for (let frame = 0; frame < seconds * fps; frame++) {
    const px = drawMarker(frame, id, width, height).subarray(0, width * strip * 4);
    if (!ffmpeg.stdin.write(px)) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code} while it made ${MARKER.name}`);
  await rename(part, film);
  return film;
}

/** What the measurements play: one film for each way of delivery, 60 s of 1080p at 24 frames a second. */
export const FILMS = {
  direct: () =>
    generatedFilm('direct-1080p-h264-aac.mp4', [
      ...picture(60, '1920x1080'), ...sound(60), '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '48', '-b:v', '4M',
      '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart',
    ]),
  remux: () =>
    generatedFilm('remux-1080p-h264-ac3.mkv', [
      ...picture(60, '1920x1080'), ...sound(60), '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '48', '-b:v', '4M',
      '-c:a', 'ac3', '-b:a', '384k',
    ]),
  hevc: () =>
    generatedFilm('transcode-1080p-hevc10-ac3.mkv', [
      ...picture(60, '1920x1080'), ...sound(60), '-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le',
      '-x265-params', 'keyint=120:min-keyint=48:log-level=error', '-b:v', '4M', '-c:a', 'ac3', '-b:a', '384k',
    ]),
};
