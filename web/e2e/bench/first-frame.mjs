// Click to first frame and seek to frame, for each way of delivery. Every repeat has a server, a data folder and a browser
// context of its own, so nothing is warm but the operating system's file cache.
import { openViewer } from '../support/browser.mjs';
import { FILMS, folderWith } from '../support/library.mjs';
import * as ui from '../support/room.mjs';
import { startServer } from '../support/server.mjs';
import { row } from './report.mjs';
import { installStopwatch, timeToFrame } from './stopwatch.mjs';

const REPEATS = Number(process.env.WATCHPARTY_BENCH_REPEATS ?? 7);
/** A busy machine may need long to convert the next seconds; what is measured is the frame, not this. */
const PLAYING_MS_MAX = 40_000;
const SEEK_TO_MS = 40_000;
const SEEK_BACK_TO_MS = 20_000;
/** A frame counts for a seek when it lies this close after the target (or just before it, where frames are long). */
const SEEK_WINDOW = { before: 50, after: 1_500 };

/** Goals are [p50, p95] in ms. A seek into the file itself depends on where its keyframes are. */
const KINDS = {
  direct: { film: FILMS.direct, words: 'direct, 1080p H.264 + AAC MP4', open: [80, 150] },
  remux: { film: FILMS.remux, words: 'remux, 1080p H.264 + AC-3 MKV', open: [150, 300], seek: [200, 500], back: [120, 250] },
  hevc: { film: FILMS.hevc, words: 'transcode, 1080p HEVC 10 bit + AC-3 MKV', open: [700, 1_200], seek: [900, 1_800], back: [150, 300] },
};
/** The film stands ready in a joined room. */
const WARM = [120, 250];

const goals = (pair) => (pair ? { goal: pair[0], goal95: pair[1] } : {});

/** @param {import('playwright-core').Browser} browser */
export async function firstFrame(browser, only = Object.keys(KINDS)) {
  for (const kind of only) {
    const { film, words, open, seek, back } = KINDS[kind];
    const found = { open: [], play: [], join: [], seek: [], back: [] };
    for (let i = 0; i < REPEATS; i++) await once(browser, await film(), found);
    // Nothing made, no room yet: the picture behind the join card.
    row(`click on the film -> first frame (${words})`, found.open, goals(open));
    row(`click on play -> first moving frame, film loaded (${kind})`, found.play, goals(WARM));
    row(`second viewer, click on join -> first frame (${kind})`, found.join);
    row(`seek while it plays, not made yet -> frame (${kind})`, found.seek, goals(seek));
    row(`seek back to what was made -> frame (${kind})`, found.back, goals(back));
  }
}

async function once(browser, film, found) {
  const films = await folderWith(film);
  const server = await startServer({ dirs: [films.dir] });
  const viewer = await openViewer(browser, 'Ann');
  const second = await openViewer(browser, 'Ben');
  try {
    const [item] = await server.scanned();
    await installStopwatch(viewer);
    await ui.openHome(viewer, server.url);
    // The picture of the film is made first: it must not compete with what is measured.
    await viewer.page.waitForFunction(() => document.querySelector('[data-testid="film-card"] img')?.naturalWidth > 0);
    found.open.push(await timeToFrame(viewer, 'click', () => ui.createRoom(viewer, item.id)));
    await ui.join(viewer);
    await ui.untilLoaded(viewer);
    const { position } = await ui.player(viewer);
    found.play.push(await timeToFrame(viewer, 'click', () => ui.play(viewer), { from: position + 1 }));
    await ui.untilPlaying([viewer], PLAYING_MS_MAX);
    await installStopwatch(second);
    await second.page.goto(viewer.page.url());
    await ui.part(second, 'join-name').fill('Ben');
    found.join.push(await timeToFrame(second, 'click', () => ui.part(second, 'join-button').click()));
    await second.close();
    const goTo = (ms) =>
      timeToFrame(viewer, 'input', () => ui.seek(viewer, ms), { from: ms - SEEK_WINDOW.before, to: ms + SEEK_WINDOW.after });
    found.seek.push(await goTo(SEEK_TO_MS));
    await ui.untilPlaying([viewer], PLAYING_MS_MAX);
    await goTo(SEEK_BACK_TO_MS);
    await ui.untilPlaying([viewer], PLAYING_MS_MAX);
    found.back.push(await goTo(SEEK_TO_MS));
  } finally {
    await second.close();
    await viewer.close();
    await server.stop();
    await films.remove();
  }
}
