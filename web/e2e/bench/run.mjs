// `npm run bench [start] [alone] [direct] [remux] [hevc]`: prints a table and JSON lines; ends with 1 when a goal was missed.
import { launch } from '../support/browser.mjs';
import { alone } from './alone.mjs';
import { firstFrame } from './first-frame.mjs';
import { foot, head } from './report.mjs';
import { start } from './start.mjs';

const asked = process.argv.slice(2);
const wanted = asked.length ? asked : ['start', 'alone', 'direct', 'remux', 'hevc'];
const circumstances = head();
if (wanted.includes('start')) await start();
if (wanted.includes('alone')) await alone();
const kinds = wanted.filter((w) => w !== 'start' && w !== 'alone');
if (kinds.length) {
  const browser = await launch();
  try {
    await firstFrame(browser, kinds);
  } finally {
    await browser.close();
  }
}
process.exitCode = foot(circumstances) ? 0 : 1;
