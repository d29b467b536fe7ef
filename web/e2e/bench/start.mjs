// Start to first HTTP answer, and what the server needs when nobody does anything.
import { createServer } from 'node:net';
import { connect } from 'node:net';
import { setImmediate as yieldToIo } from 'node:timers/promises';

import { folderWith } from '../support/library.mjs';
import { startServer } from '../support/server.mjs';
import { measureFor } from '../support/until.mjs';
import { row } from './report.mjs';

const REPEATS = Number(process.env.WATCHPARTY_BENCH_REPEATS ?? 9);
const IDLE_MS = 5_000;
const ANSWER_MS_MAX = 10_000;

const FILM_NAMES = ['bbb_full_10min_216p.mp4', 'bbb_480p_30s_aac51.mp4', 'sintel_trailer_720p.mp4', 'multi_sub_two_audio.mkv', 'vp8_vorbis_30s.webm'];

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** One bare HTTP request; true when it is answered with 200. */
function healthy(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('connect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'));
    socket.on('data', (data) => {
      heard += data;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard.startsWith('HTTP/1.1 200')));
  });
}

export async function start() {
  const films = await folderWith(...FILM_NAMES);
  const answer = [];
  const rss = [];
  const cpu = [];
  for (let i = 0; i < REPEATS; i++) {
    const port = await freePort();
    const starting = startServer({ dirs: [films.dir], port });
    const from = performance.now();
    while (!(await healthy(port))) {
      if (performance.now() - from > ANSWER_MS_MAX) throw new Error('no answer');
      await yieldToIo();
    }
    const answeredAt = performance.now();
    const server = await starting;
    answer.push(answeredAt - server.startedAt);
    await server.scanned();
    const before = await server.usage();
    if (i < 3) {
      await measureFor(IDLE_MS);
      const now = await server.usage();
      rss.push(now.rss / 2 ** 20);
      cpu.push(((now.cpuMs - before.cpuMs) / IDLE_MS) * 100);
    }
    await server.stop();
  }
  row('start -> first HTTP answer, fresh data folder', answer, { goal: 300 });
  row('memory at rest (VmRSS), five films listed, scan over', rss, { unit: 'MiB', goal: 60 });
  row('processor at rest', cpu, { unit: '%' });
  await films.remove();
}
