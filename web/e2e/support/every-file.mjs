// Every file of the media folder, through a real page: it plays, or the product says in one sentence why not. A third
// outcome, a player that silently shows or sounds nothing, is what this exists to find. Whatever the browser.
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { extname, join as path } from 'node:path';

import { MEDIA, OUT } from './paths.mjs';
import * as ui from './room.mjs';
import { until } from './until.mjs';

const FILE_MS_MAX = 20_000;
const SCAN_MS_MAX = 120_000;
/** The film must have moved this far, or have ended. */
const MOVED_MS_MIN = 500;
const MOVED_SHARE_MIN = 0.5;
/** Shorter than this, a film can be over between two looks at it. */
const BLINK_MS = 1_500;
/** Streams of a file end at different times; a player may stand this far behind the length that is listed. */
const END_MS = 500;
/** Files that nobody expects to find in a list of films. */
const NOT_FILMS = new Set(['.md', '.sh', '.srt', '.ass', '.ssa', '.vtt', '.ttml', '.smi', '.sub', '.idx', '.sup']);

/**
 * The files that nobody can play, and what is to be said of each. Every other one must play: a sentence is no excuse.
 */
const REFUSALS = {
  'cenc_encrypted.mp4': /protected/,
  'header_231s_cut_135kb.mp4': /Only the beginning/,
  'invalid_vp9.webm': /can be decoded/,
  'no_duration_theora.ogv': /how long it is/,
  'not_a_movie.mp4': /not a film/,
  'truncated_596s_header.mp4': /Only the beginning/,
};

/** A sentence is made of words; a code or an empty string is none. */
const isSentence = (text) => typeof text === 'string' && text.trim().split(/\s+/).length >= 3;

/** The cover of an album is a video stream to a demuxer: a still picture beside sound, without a believable frame rate. */
const isCover = (stream, all) =>
  ['png', 'mjpeg'].includes(stream.codec) && all.some((s) => s.kind === 'audio') && !(stream.fps > 0 && stream.fps < 1000);

/** What a listed title does in a page. */
async function tryTitle(server, open, detail) {
  const streams = detail.streams ?? [];
  const wants = {
    picture: streams.some((s) => s.kind === 'video' && !isCover(s, streams)),
    sound: streams.some((s) => s.kind === 'audio'),
  };
  const room = await server.api('rooms', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ media_id: detail.id }),
  });
  const viewer = await open('Ann', wants.picture);
  const end = performance.now() + FILE_MS_MAX;
  const left = () => Math.max(500, end - performance.now());
  try {
    await ui.openRoom(viewer, `${server.url}/r/${room.code}`);
    // A calm line is about a break that passes; only the last word is an answer.
    const problem = () => ui.refusal(viewer);
    await until('it can play or says why not', async () => (await problem()) || ((await ui.player(viewer))?.ready ?? 0) >= 3, left());
    if (await problem()) return { result: 'refused', mode: '', reason: await problem() };
    const mode = await ui.textOf(viewer, 'delivery-line');
    await ui.play(viewer);
    const moved = Math.min(MOVED_MS_MIN, detail.duration_ms * MOVED_SHARE_MIN);
    const seen = await until('it plays as it should', async () => {
      if (await problem()) return { problem: await problem() };
      const p = await ui.player(viewer);
      if (!p || (p.position < moved && !p.ended)) return null;
      // Jumping to the end is not playing; only what is over in a blink may be missed on its way.
      if (p.ended && detail.duration_ms > BLINK_MS) return null;
      // A player that counts from another zero is not where the room is, however well it runs.
      if (p.position > detail.duration_ms + END_MS) return null;
      if (wants.picture && p.width === 0) return null;
      if (wants.sound && !p.hears) return null;
      return p;
    }, left());
    if (seen.problem) return { result: 'refused', mode, reason: seen.problem };
    return { result: 'plays', mode, reason: `${seen.width}x${seen.height}${wants.sound ? ', sound' : ''}` };
  } catch (error) {
    const state = await ui.player(viewer).catch(() => null);
    return { result: 'SILENT FAILURE', mode: '', reason: `${error.message.split('\n')[0]}; wants ${JSON.stringify(wants)}; player ${JSON.stringify(state)}; complaints ${viewer.complaints.slice(0, 2)}` };
  } finally {
    await viewer.close();
    await server.api(`rooms/${room.code}`, { method: 'DELETE' }).catch(() => undefined);
  }
}

/**
 * Tries every file; writes the table to `out/every-file-{who}.json`.
 * @param {string} who                                             the browser's name
 * @param {import('./server.mjs').Server} server                   serves the media folder
 * @param {(name: string, picture: boolean) => Promise<import('./browser.mjs').Viewer>} open
 */
export async function everyFile(who, server, open) {
  await mkdir(OUT, { recursive: true });
  const listed = await server.scanned(SCAN_MS_MAX);
  const rows = [];
  const names = new Set();
  const only = process.env.WATCHPARTY_E2E_ONLY ? new RegExp(process.env.WATCHPARTY_E2E_ONLY) : null;
  for (const item of listed) {
    const detail = await server.api(`media/${item.id}`);
    names.add(detail.file_name);
    if (only && !only.test(detail.file_name)) continue;
    const row = item.playable
      ? await tryTitle(server, open, detail)
      : { result: isSentence(item.reason) ? 'refused' : 'SILENT FAILURE', mode: 'not playable', reason: item.reason };
    rows.push({ file: detail.file_name, ...row });
    assert.ok(server.alive(), `the server died at ${detail.file_name}`);
    console.log(`${detail.file_name.padEnd(38)} ${row.result.padEnd(14)} ${row.mode.slice(0, 50).padEnd(50)} ${row.reason}`);
  }
  for (const name of await readdir(MEDIA)) {
    if (!only && !names.has(name) && !NOT_FILMS.has(extname(name))) rows.push({ file: name, result: 'SILENT FAILURE', mode: '', reason: 'is not listed' });
  }
  await writeFile(path(OUT, `every-file-${who}.json`), JSON.stringify(rows, null, 1));
  const count = (result) => rows.filter((r) => r.result === result).length;
  console.log(`${count('plays')} plays, ${count('refused')} refused with a reason, ${count('SILENT FAILURE')} silent failures`);
  const wrong = rows.filter(({ file, result, reason }) => {
    const expected = REFUSALS[file];
    return expected ? result !== 'refused' || !expected.test(reason) : result !== 'plays';
  });
  assert.deepEqual(wrong.map((r) => `${r.file}: ${r.result}: ${r.reason}`), []);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.ok(!server.log.some((l) => l.includes('panicked at')), 'no panic');
}
