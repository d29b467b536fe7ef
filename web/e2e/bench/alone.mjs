// The server without a browser: how soon it answers, and what one more viewer costs it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FILMS, folderWith } from '../support/library.mjs';
import { startServer } from '../support/server.mjs';
import { row } from './report.mjs';

const PLAYLISTS = 40;
const SEGMENTS = 8;
const RESTARTS = 3;
/** What a browser without HEVC says of itself. */
const CAPS = 'v=h264&a=aac&c=mp4';
const VIEWERS = [2, 10, 50];
/** Each of them takes this many segments; those that are measured for their first byte lie behind these. */
const TAKEN = 10;
const GB = 1e9;

/** Every rendition in a playlist, in its order. */
const variants = (master) => master.split('\n').filter((line) => line.endsWith('/index.m3u8') && !line.startsWith('#'));

async function text(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** Ms until the first byte of a body; the rest is read too. */
async function firstByte(url) {
  const from = performance.now();
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  const reader = response.body.getReader();
  await reader.read();
  const took = performance.now() - from;
  while (!(await reader.read()).done);
  return took;
}

/** The addresses of a title: those of its picture's first rendition, and how many segments that has. */
async function open(server, id) {
  const { master_url } = await server.api(`media/${id}/playback?${CAPS}`);
  const master = `${server.url}${master_url}`;
  const [first] = variants(await text(master));
  if (!first) throw new Error(`${master} offers nothing`);
  const folder = new URL(first, master).href.replace(/index\.m3u8$/, '');
  const playlist = await text(`${folder}index.m3u8`);
  return { master, folder, count: (playlist.match(/\.m4s/g) ?? []).length };
}

async function playlists(server, id, what) {
  const { folder, master } = await open(server, id);
  const took = [];
  for (let i = 0; i < PLAYLISTS; i++) {
    const from = performance.now();
    await text(i % 2 ? master : `${folder}index.m3u8`);
    took.push(performance.now() - from);
  }
  row(`server alone: playlist, plan known (${what})`, took, { goal: 10 });
}

/** Segments nobody has asked for, one here and one there, so that none is made ahead. */
async function segments(server, id, what, goal) {
  const { folder, count } = await open(server, id);
  const step = Math.max(2, Math.floor(count / SEGMENTS));
  const [fresh, again] = [[], []];
  for (let n = count - 1; n > 0 && fresh.length < SEGMENTS; n -= step) fresh.push(await firstByte(`${folder}${n}.m4s`));
  for (let n = count - 1; n > 0 && again.length < SEGMENTS; n -= step) again.push(await firstByte(`${folder}${n}.m4s`));
  row(`server alone: first byte of a segment, not made yet (${what})`, fresh, { goal });
  row(`server alone: first byte of a segment, made before (${what})`, again);
}

/** Takes the film's beginning as a player does, and answers how many bytes that were. */
async function watch(folder, count) {
  let bytes = 0;
  for (let n = 0; n < Math.min(TAKEN, count); n++) {
    const response = await fetch(`${folder}${n}.m4s`);
    if (!response.ok || !response.body) throw new Error(`${folder}${n}.m4s: ${response.status}`);
    for await (const chunk of response.body) bytes += chunk.length;
  }
  return bytes;
}

/** After the first viewer everything is made: what the next ones cost is bytes alone, or the processor would tell. */
async function viewers(server, id, what) {
  const { folder, count } = await open(server, id);
  const idle = await server.usage();
  const bytesOfOne = await watch(folder, count);
  const first = (await server.usage()).cpuMs - idle.cpuMs;
  row(`processor for the first viewer's ${Math.min(TAKEN, count)} segments (${what})`, [first]);
  for (const n of VIEWERS) {
    const before = await server.usage();
    const bytes = await Promise.all(Array.from({ length: n }, () => watch(folder, count)));
    const spent = (await server.usage()).cpuMs - before.cpuMs;
    const total = bytes.reduce((sum, one) => sum + one, 0);
    if (total !== n * bytesOfOne) throw new Error(`${n} viewers got ${total} bytes, not ${n} times ${bytesOfOne}`);
    row(`processor a GB served, ${n} viewers at once (${what})`, [(spent / 1000 / total) * GB], { unit: 's', goal: 1.5 });
  }
}

/** The first playlist a server gives out in its life, of a film that it knew in an earlier one. */
async function restarts(films, dataDir, address, what) {
  const took = [];
  for (let i = 0; i < RESTARTS; i++) {
    const server = await startServer({ dirs: [films.dir], dataDir });
    await server.scanned();
    const from = performance.now();
    await text(`${server.url}${address}`);
    took.push(performance.now() - from);
    await server.stop();
  }
  row(`server alone: first playlist after a restart (${what})`, took, { goal: 10 });
}

export async function alone() {
  const films = await folderWith(await FILMS.remux(), await FILMS.hevc());
  const dataDir = await mkdtemp(join(tmpdir(), 'watchparty-bench-'));
  try {
    const server = await startServer({ dirs: [films.dir], dataDir });
    const listed = await server.scanned();
    const named = (name) => listed.find((item) => item.title.toLowerCase().startsWith(name)).id;
    const [remux, hevc] = [named('remux'), named('transcode')];
    await viewers(server, remux, 'remux');
    await viewers(server, hevc, 'transcode');
    await playlists(server, remux, 'remux');
    await playlists(server, hevc, 'transcode');
    await segments(server, remux, 'remux', 25);
    await segments(server, hevc, 'transcode', 350);
    // Addresses outlive the server that made them.
    const pathOf = async (id) => new URL(`${(await open(server, id)).folder}index.m3u8`).pathname;
    const [ofRemux, ofHevc] = [await pathOf(remux), await pathOf(hevc)];
    await server.stop();
    await restarts(films, dataDir, ofRemux, 'remux');
    await restarts(films, dataDir, ofHevc, 'transcode');
  } finally {
    await films.remove();
    await rm(dataDir, { recursive: true, force: true });
  }
}
