// Every file of the media folder through players that are no browsers, on the stream for such: does ffmpeg decode it
// without a complaint, with sound and picture at their times, and do mpv and VLC play it?
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { MEDIA, OUT } from './support/paths.mjs';
import { startServer } from './support/server.mjs';

const run = promisify(execFile);
const SCAN_MS_MAX = 120_000;
const PLAYER_MS_MAX = 60_000;
/** As much of each film is played. */
const SECONDS = 3;
/** Times of the stream for other players are later by this much. */
const OFFSET_S = 10;
/** The first picture and the first sound may start this far from it: a frame of either, at the slowest rates. */
const START_S_MAX = 0.15;
/** Programs that take seconds to start play these; all films when the table is made (`WATCHPARTY_E2E_ALL=1`). */
const SAMPLE = /^(chapters_clock|hevc_main10|opus_71|sintel|xvid|start_at_3600s|vfr_count|iphone|bbb_480p|mpeg2_576i|dts_hd|shorter_audio|no_cues)/;
/** A film that is over sooner leaves nothing in the file that VLC writes. */
const VLC_MS_MIN = 1_500;
/** Films whose own pictures are damaged: what comes out is as damaged. */
const DAMAGED = new Set(['partially_fragmented.mp4', 'msmpeg4v2_adpcm_52s.avi']);

let server, scratch;

before(async () => {
  await mkdir(OUT, { recursive: true });
  scratch = await mkdtemp(path(tmpdir(), 'watchparty-players-'));
  server = await startServer({ dirs: [MEDIA] });
});

after(async () => {
  await server?.stop();
  await rm(scratch, { recursive: true, force: true });
});

const has = (program) => run(program, ['--version']).then(() => true, (error) => error.code !== 'ENOENT');

/** Decodes the beginning; the first time of each kind of stream is where it belongs. */
async function ffmpeg(url, wants) {
  const args = ['-nostdin', '-v', 'error', '-xerror', '-i', url, '-copyts', '-to', String(OFFSET_S + SECONDS), '-f', 'framecrc', '-'];
  const { stdout, stderr } = await run('ffmpeg', args, { timeout: PLAYER_MS_MAX, maxBuffer: 1 << 26 });
  if (stderr.trim()) return stderr.trim().split('\n')[0];
  const bases = new Map([...stdout.matchAll(/^#tb (\d+): (\d+)\/(\d+)/gm)].map(([, n, a, b]) => [n, Number(a) / Number(b)]));
  const kinds = new Map([...stdout.matchAll(/^#media_type (\d+): (\w+)/gm)].map(([, n, kind]) => [n, kind]));
  const first = new Map();
  for (const [, n, pts] of stdout.matchAll(/^(\d+),\s*-?\d+,\s*(-?\d+),/gm)) {
    if (!first.has(kinds.get(n))) first.set(kinds.get(n), Number(pts) * bases.get(n));
  }
  for (const kind of ['video', 'audio']) {
    if (wants[kind] && !first.has(kind)) return `no ${kind}`;
    if (wants[kind] && Math.abs(first.get(kind) - OFFSET_S) > START_S_MAX) return `${kind} starts at ${first.get(kind).toFixed(3)} s`;
  }
  return '';
}

async function mpv(url, wants) {
  const args = [
    '--no-config', '--vo=null', '--ao=null', '--untimed', '--ao-null-untimed', `--length=${SECONDS}`, '--msg-level=all=warn',
    '--term-status-msg=', '--term-playing-msg=has ${video-codec:-} / ${audio-codec:-}', '--msg-level=cplayer=info', url,
  ];
  const { stdout, stderr } = await run('mpv', args, { timeout: PLAYER_MS_MAX });
  const complaint = (stdout + stderr).split('\n').find((line) => /error|failed|invalid|corrupt/i.test(line));
  if (complaint) return complaint.trim();
  const playing = /has (.*) \/ (.*)/.exec(stdout);
  if (!playing) return 'did not play';
  if (wants.video && playing[1].trim() === '-') return 'no picture';
  if (wants.audio && playing[2].trim() === '-') return 'no sound';
  return '';
}

/** VLC does not run as root; what it decodes it encodes again into a file, so that there is something to look at. */
async function vlc(url, wants) {
  const goal = path(scratch, `${Math.random().toString(36).slice(2)}.ts`);
  await writeFile(goal, '');
  const codecs = [wants.video ? 'vcodec=mp2v,vb=400,scale=0.25' : '', wants.audio ? 'acodec=mpga,ab=64,channels=2,samplerate=44100' : ''].filter(Boolean).join(',');
  const args = [
    '-I', 'dummy', '--no-interact', '--no-media-library', '--play-and-exit', `--stop-time=${SECONDS}`, url,
    '--sout', `#transcode{${codecs}}:std{access=file,mux=ts,dst=${goal}}`, 'vlc://quit',
  ];
  const root = process.getuid?.() === 0;
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups', 'env', `HOME=${scratch}`, 'vlc'];
  if (root) await run('chmod', ['777', scratch, goal]);
  await run(root ? 'setpriv' : 'vlc', root ? [...user, ...args] : args, { timeout: PLAYER_MS_MAX });
  if ((await stat(goal)).size === 0) return 'nothing came out';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', goal]);
  await rm(goal);
  for (const kind of ['video', 'audio']) if (wants[kind] && !stdout.includes(kind)) return `no ${kind}`;
  return '';
}

const PLAYERS = { ffmpeg, mpv, vlc };

test('every film plays in players that are no browsers', { timeout: 1_800_000 }, async () => {
  const only = process.env.WATCHPARTY_E2E_ONLY ? new RegExp(process.env.WATCHPARTY_E2E_ONLY) : null;
  const players = [];
  for (const name of Object.keys(PLAYERS)) if (await has(name)) players.push(name);
  assert.ok(players.includes('ffmpeg'), 'ffmpeg is installed');
  const rows = [];
  for (const item of await server.scanned(SCAN_MS_MAX)) {
    const detail = await server.api(`media/${item.id}`);
    if (!item.playable || (only && !only.test(detail.file_name))) continue;
    const { compat_url } = await server.api(`media/${item.id}/playback`);
    const master = await (await fetch(server.url + compat_url)).text();
    const wants = { video: master.includes('RESOLUTION='), audio: /mp4a|Opus|fLaC|ac-3|ec-3/.test(master) };
    const row = { file: detail.file_name };
    const sampled = process.env.WATCHPARTY_E2E_ALL || SAMPLE.test(row.file);
    await Promise.all(players.filter((name) => name === 'ffmpeg' || (sampled && (name !== 'vlc' || item.duration_ms >= VLC_MS_MIN))).map(async (name) => {
      row[name] = await PLAYERS[name](server.url + compat_url, wants).catch((error) => `${error.message}${error.stderr ?? ''}`.replace(/https?:\S+/g, '').trim().split('\n').slice(0, 3).join('; ')) || 'plays';
    }));
    rows.push(row);
    console.log(`${row.file.padEnd(38)} ${players.map((name) => `${name}: ${row[name] ?? '-'}`).join(' | ')}`);
    assert.ok(server.alive(), `the server died at ${row.file}`);
  }
  await writeFile(path(OUT, 'players.json'), JSON.stringify(rows, null, 1));
  const bad = rows.filter((row) => !DAMAGED.has(row.file) && players.some((name) => (row[name] ?? 'plays') !== 'plays'));
  assert.deepEqual(bad, []);
});
