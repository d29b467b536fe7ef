// Starts the real executable on a free port with a fresh data folder, and ends it cleanly.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { BINARY } from './paths.mjs';
import { until } from './until.mjs';

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 8_000;
const LOG_LINES_MAX = 20_000;

/**
 * @typedef {object} Server
 * @property {string} url         like http://127.0.0.1:41234, no slash at the end
 * @property {number} pid
 * @property {string[]} log       every line of stdout and stderr so far
 * @property {number} startedAt   performance.now() just before the spawn
 * @property {string} dataDir
 * @property {() => boolean} alive
 * @property {(path: string, init?: RequestInit) => Promise<any>} api   JSON answer of /api/v1/{path}; throws on an error status
 * @property {() => Promise<{rss: number, cpuMs: number}>} usage
 * @property {(deadlineMs?: number) => Promise<any[]>} scanned   every listed title, once the scan is over
 * @property {() => Promise<void>} stop   ends it and asserts exit code 0 and no panic in the log
 * @property {() => Promise<void>} kill   ends it at once, as a power cut would
 */

/**
 * @param {{dirs?: string[], args?: string[], env?: Record<string,string>, dataDir?: string, port?: number, binary?: string}} [options]
 * @returns {Promise<Server>}
 */
export async function startServer({ dirs = [], args = [], env = {}, dataDir, port = 0, binary = BINARY } = {}) {
  if (!existsSync(binary)) throw new Error(`no executable at ${binary}: build it, or set WATCHPARTY_BIN`);
  const ownData = dataDir === undefined;
  const data = dataDir ?? (await mkdtemp(join(tmpdir(), 'watchparty-e2e-')));
  const argv = ['serve', '--log-format', 'json', '--port', String(port), '--data-dir', data, '--no-open'];
  for (const dir of dirs) argv.push('--dir', dir);
  const startedAt = performance.now();
  const child = spawn(binary, [...argv, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const log = /** @type {string[]} */ ([]);
  let url = '';
  /** @type {{code: number | null, signal: string | null} | null} */
  let ended = null;
  const note = (line) => {
    if (log.length < LOG_LINES_MAX) log.push(line);
    if (!url && line.includes('"listening"')) {
      try {
        const event = JSON.parse(line);
        if (event.event === 'listening') url = loopback(event.url);
      } catch {
        // A line that is not JSON is a log line like any other.
      }
    }
  };
  createInterface({ input: child.stdout }).on('line', note);
  createInterface({ input: child.stderr }).on('line', note);
  child.on('exit', (code, signal) => {
    ended = { code, signal };
  });
  child.on('error', (error) => {
    ended = { code: -1, signal: String(error) };
  });

  const tail = () => log.slice(-20).join('\n');
  await until('the server says that it listens', () => {
    if (ended) throw new Error(`the server ended at once (${JSON.stringify(ended)}):\n${tail()}`);
    return url;
  }, START_MS_MAX).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });

  const cleanUp = async () => {
    if (ownData) await rm(data, { recursive: true, force: true, maxRetries: 3 });
  };
  const api = async (path, init) => {
    const response = await fetch(`${url}/api/v1/${path}`, { signal: AbortSignal.timeout(15_000), ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    url,
    pid: /** @type {number} */ (child.pid),
    log,
    startedAt,
    dataDir: data,
    alive: () => ended === null,
    api,
    usage: () => usage(/** @type {number} */ (child.pid)),
    scanned: (deadlineMs = 60_000) => scanned(api, deadlineMs),
    async stop() {
      if (!ended) child.kill('SIGTERM');
      await until('the server ends', () => ended, STOP_MS_MAX).catch((error) => {
        child.kill('SIGKILL');
        throw error;
      });
      await cleanUp();
      const { code, signal } = /** @type {any} */ (ended);
      if (code !== 0) throw new Error(`the server ended with code ${code}, signal ${signal}:\n${tail()}`);
      const panic = log.find((line) => line.includes('panicked at'));
      if (panic) throw new Error(`a panic in the log: ${panic}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await until('the server is gone', () => ended, STOP_MS_MAX);
      await cleanUp();
    },
  };
}

/** Browsers treat 127.0.0.1 as secure and it needs no name resolution. */
function loopback(url) {
  const parsed = new URL(url);
  if (parsed.hostname === '0.0.0.0' || parsed.hostname === 'localhost' || parsed.hostname === '[::]') {
    parsed.hostname = '127.0.0.1';
  }
  return parsed.origin;
}

/** All titles, once the scan of the folders is over. */
async function scanned(api, deadlineMs) {
  await until('the scan is over', async () => {
    const { running, seen } = await api('library/status');
    return !running && seen > 0;
  }, deadlineMs);
  const items = [];
  let next = null;
  do {
    const page = await api(`media?limit=100${next ? `&cursor=${encodeURIComponent(next)}` : ''}`);
    items.push(...page.items);
    next = page.next;
  } while (next);
  return items;
}

/** Memory and processor time of a process, from /proc. */
async function usage(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const TICKS_PER_SECOND = 100;
  return {
    rss: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024,
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
  };
}
