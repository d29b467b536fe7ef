// One way to say numbers: a table for people, a JSON line for machines, and under which circumstances they came about.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

import { BINARY, CHROMIUM, REPO } from '../support/paths.mjs';
import { percentile } from '../support/skew.mjs';

const said = (command, ...args) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', cwd: REPO, stdio: ['ignore', 'pipe', 'ignore'] }).trim().split('\n')[0];
  } catch {
    return 'unknown';
  }
};

/** Where, when and with what the numbers were made. */
export function circumstances() {
  return {
    date: new Date().toISOString(),
    commit: said('git', 'rev-parse', '--short', 'HEAD'),
    product: said(BINARY, '--version'),
    chromium: said(CHROMIUM, '--version'),
    node: process.version,
    kernel: release(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg().map((x) => Number(x.toFixed(2))),
    command: `node ${process.argv.slice(1).map((a) => a.replace(`${REPO}/`, '')).join(' ')}`,
  };
}

const ROWS = /** @type {any[]} */ ([]);

/**
 * @param {string} what
 * @param {number[]} values
 * @param {{unit?: string, goal?: number, goal95?: number}} [options] what p50 and p95 must not exceed
 */
export function row(what, values, { unit = 'ms', goal, goal95 } = {}) {
  const one = {
    what, unit, n: values.length, min: Math.min(...values), p50: percentile(values, 0.5), p95: percentile(values, 0.95),
    max: Math.max(...values), goal, goal95, met: met(values, goal, goal95), load: loadavg()[0],
  };
  ROWS.push(one);
  console.log(cells(one));
  return one;
}

/** Undefined where nothing was promised. */
function met(values, goal, goal95) {
  if (goal === undefined) return undefined;
  return percentile(values, 0.5) <= goal && (goal95 === undefined || percentile(values, 0.95) <= goal95);
}

const number = (x) => (Math.abs(x) < 10 ? x.toFixed(1) : Math.round(x).toString());
const cells = (r) =>
  `| ${r.what.padEnd(62)} | ${String(r.n).padStart(3)} | ${[r.min, r.p50, r.p95, r.max].map((x) => number(x).padStart(6)).join(' | ')} | ${r.unit.padEnd(3)} | ${
    r.goal === undefined ? '' : `p50 <= ${r.goal}${r.goal95 === undefined ? '' : `, p95 <= ${r.goal95}`}: ${r.met ? 'met' : 'MISSED'}`} |`;

export function head() {
  const c = circumstances();
  console.log(Object.entries(c).map(([k, v]) => `${k}: ${Array.isArray(v) ? v.join(' ') : v}`).join('\n'));
  console.log(`\n| ${'what'.padEnd(62)} |   n |    min |    p50 |    p95 |    max |     | goal |`);
  console.log(`|${'-'.repeat(64)}|----:|-------:|-------:|-------:|-------:|-----|------|`);
  return c;
}

/** Prints one JSON line a row, and answers whether every goal was met. */
export function foot(c) {
  const after = { ...c, loadAfter: loadavg().map((x) => Number(x.toFixed(2))) };
  console.log(`\n${JSON.stringify({ circumstances: after })}`);
  for (const r of ROWS) console.log(JSON.stringify(r));
  return ROWS.every((r) => r.met !== false);
}
