// Writes assets/THIRD-PARTY.txt: what the executable contains that others made, with their licence texts.
//   node .ci/notices.mjs           write
//   node .ci/notices.mjs --check   fail if a licence is not allowed or the file is not current
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'assets/THIRD-PARTY.txt');
const ALLOWED = new Set([
  '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BSL-1.0', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'MPL-2.0',
  'OpenSSL', 'Unicode-3.0', 'Unlicense', 'WTFPL', 'Zlib', 'LLVM-exception',
]);
/** Allowed by name, because the executable as a whole is under the GPL, version 2 or later. */
const ALLOWED_IN_GPL = new Set(['jassub']);
/** Dependencies of dependencies that `web/vite.config.ts` replaces: not a byte of them is shipped. */
const REPLACED = new Set(['lfa-ponyfill', 'rvfc-polyfill']);
// One TLS stack: these would bring a second one.
const BANNED = ['ring', 'openssl-sys', 'native-tls', 'sqlx-core'];

/** An SPDX expression is fine when one side of each OR is wholly allowed. */
function allowed(expression) {
  return expression
    .replaceAll('/', ' OR ')
    .split(/\s+OR\s+/)
    .some((side) => side.replace(/[()]/g, '').split(/\s+(?:AND|WITH)\s+/).every((id) => ALLOWED.has(id.trim())));
}

function licenceTexts(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice|unlicense)/i.test(name) && !/\.(rs|html|json|c|h)$/i.test(name))
    .sort()
    .flatMap((name) => {
      try {
        return [readFileSync(join(folder, name), 'utf8').trim()];
      } catch {
        return []; // a folder of licences: its files are named in the crate's manifest
      }
    });
}

function rustPackages() {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', 'x86_64-unknown-linux-gnu'];
  const metadata = JSON.parse(execFileSync('cargo', args, { cwd: root, maxBuffer: 1 << 28 }));
  const byId = new Map(metadata.packages.map((p) => [p.id, p]));
  const nodes = new Map(metadata.resolve.nodes.map((n) => [n.id, n]));
  const seen = new Set();
  const queue = [metadata.resolve.root];
  while (queue.length > 0) {
    const id = queue.pop();
    if (seen.has(id)) continue;
    seen.add(id);
    // Only what is linked: build scripts' and tests' own dependencies stay out.
    for (const dep of nodes.get(id).deps) if (dep.dep_kinds.some((k) => k.kind === null)) queue.push(dep.pkg);
  }
  seen.delete(metadata.resolve.root);
  return [...seen].map((id) => {
    const p = byId.get(id);
    return { name: p.name, version: p.version, licence: p.license ?? 'see text', source: p.repository ?? '', folder: dirname(p.manifest_path) };
  });
}

function webPackages() {
  const lock = JSON.parse(readFileSync(join(root, 'web/package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([path, p]) => path !== '' && !p.dev && !p.devOptional && !p.optional)
    .filter(([path]) => !REPLACED.has(path.split('node_modules/').at(-1)))
    .map(([path, p]) => {
      const folder = join(root, 'web', path);
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const repository = typeof manifest.repository === 'object' ? manifest.repository.url : manifest.repository;
      return { name: manifest.name, version: p.version, licence: manifest.license, source: repository ?? '', folder };
    });
}

/** The libraries of the static FFmpeg, from its pinned sources. */
function nativeLibraries() {
  const licences = { ffmpeg: 'GPL-2.0-or-later (as configured)', x264: 'GPL-2.0-or-later', dav1d: 'BSD-2-Clause', zimg: 'WTFPL', zlib: 'Zlib', 'nv-codec-headers': 'MIT', libva: 'MIT (headers only)' };
  return readFileSync(join(root, '.ci/ffmpeg/sources.txt'), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
    .map(([name, version, , tarball, sha256]) => `${name} ${version}: ${licences[name]}; source ${tarball}, SHA-256 ${sha256}`);
}

/** Licence texts of the static FFmpeg's libraries, which its build kept beside them. */
function nativeTexts() {
  const prefix = execFileSync(join(root, '.ci/ffmpeg/build.sh'), ['--print'], { encoding: 'utf8' }).trim();
  return [
    ['FFmpeg (parts under the LGPL)', 'ffmpeg.COPYING.LGPLv2.1'],
    ['x264, and FFmpeg as configured here', 'x264.COPYING'],
    ['dav1d', 'dav1d.COPYING'],
    ['zimg', 'zimg.COPYING'],
    ['zlib', 'zlib.LICENSE'],
    ['libva (headers)', 'libva.COPYING'],
  ].map(([names, file]) => ({ names: [names], text: readFileSync(join(prefix, 'share/watchparty', file), 'utf8').trim() }));
}

const packages = [...rustPackages(), ...webPackages()].sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
const refused = packages.filter((p) => p.licence !== 'see text' && !ALLOWED_IN_GPL.has(p.name) && !allowed(p.licence));
const banned = packages.filter((p) => BANNED.includes(p.name));
for (const p of refused) console.error(`licence not allowed: ${p.name} ${p.version}: ${p.licence}`);
for (const p of banned) console.error(`banned dependency (a second TLS or SQL stack): ${p.name} ${p.version}`);
if (refused.length + banned.length > 0) process.exit(1);

const configure = readFileSync(join(root, '.ci/ffmpeg/configure.txt'), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
const head = `watchparty contains the work of others, listed here with their licences.

The source of watchparty itself is MIT. The executable that \`make build\` links contains x264 and an FFmpeg configured
with --enable-gpl, so the executable as a whole is under the GNU General Public License, version 2 or later. The
corresponding source is this project at the same version, plus these upstream sources, unpatched, built by .ci/ffmpeg/build.sh:

${nativeLibraries().map((line) => `  ${line}`).join('\n')}

FFmpeg's configure line:
${configure.map((line) => `  ${line}`).join('\n')}

`;
const list = packages.map((p) => `  ${p.name} ${p.version}: ${p.licence}${p.source ? ` (${p.source})` : ''}`).join('\n');

if (process.argv.includes('--check')) {
  const current = existsSync(output) ? readFileSync(output, 'utf8') : '';
  if (!current.startsWith(head) || !current.includes(list)) {
    console.error('assets/THIRD-PARTY.txt is not current: run `make notices`');
    process.exit(1);
  }
  console.log(`licences: ${packages.length} packages, all allowed; THIRD-PARTY.txt is current`);
} else {
  const texts = new Map();
  for (const p of packages) {
    for (const text of licenceTexts(p.folder)) {
      const key = createHash('sha256').update(text.replace(/\s+/g, ' ')).digest('hex');
      const entry = texts.get(key) ?? { text, names: [] };
      entry.names.push(`${p.name} ${p.version}`);
      texts.set(key, entry);
    }
  }
  const body = [...nativeTexts(), ...texts.values()].map(({ text, names }) => `${'-'.repeat(100)}\n${names.join(', ')}\n\n${text}\n`).join('\n');
  writeFileSync(output, `${head}Packages:\n\n${list}\n\nLicence texts:\n\n${body}`);
  console.log(`wrote assets/THIRD-PARTY.txt: ${packages.length} packages, ${texts.size} licence texts`);
}
