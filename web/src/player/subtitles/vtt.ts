/** Reads the WebVTT that our server writes: cues, the few tags `<i>`, `<b>`, `<u>`, and where they are put. */

export interface Cue {
  /** Ms. */
  start: number;
  end: number;
  text: string;
  settings: string;
}

export type Place = 'top' | 'middle' | 'bottom';
export type Side = 'start' | 'center' | 'end';

const TIMING = /^(?:(\d+):)?(\d+):(\d+)\.(\d+)\s+-->\s+(?:(\d+):)?(\d+):(\d+)\.(\d+)(.*)$/;

export function parseVtt(text: string): Cue[] {
  const cues: Cue[] = [];
  for (const block of text.trim().split(/\n{2,}/)) {
    const lines = block.split('\n');
    const at = lines.findIndex((line) => TIMING.test(line));
    const found = at < 0 ? null : TIMING.exec(lines[at] ?? '');
    if (!found) continue;
    const words = lines.slice(at + 1).join('\n');
    if (!words) continue;
    const [, h1, m1, s1, f1, h2, m2, s2, f2, settings] = found;
    cues.push({
      start: moment(h1, m1, s1, f1),
      end: moment(h2, m2, s2, f2),
      text: words,
      settings: (settings ?? '').trim(),
    });
  }
  return cues;
}

function moment(hours = '0', minutes = '0', seconds = '0', thousandths = '0'): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(thousandths);
}

/** Roughly where a cue goes. A cue that says nothing goes below, in the middle. */
export function placeOf(settings: string): { place: Place; side: Side } {
  const said = (name: string) => new RegExp(`(?:^|\\s)${name}:([^\\s,]+)`).exec(settings)?.[1];
  const align = said('align');
  const side: Side =
    align === 'start' || align === 'left' ? 'start' : align === 'end' || align === 'right' ? 'end' : 'center';
  const line = said('line');
  if (line === undefined) return { place: 'bottom', side };
  const value = Number.parseFloat(line);
  // A line is counted in rows of about a sixteenth of the picture, from below when negative.
  const percent = line.endsWith('%') ? value : value < 0 ? 100 + value * 6 : value * 6;
  if (!(percent >= 0)) return { place: 'bottom', side };
  return { place: percent < 30 ? 'top' : percent < 65 ? 'middle' : 'bottom', side };
}

/** A run of text with the tags it stands in. */
export interface Run {
  text: string;
  tags: string[];
}

/** A cue's text as runs; nothing else in it is taken for a tag. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  const open: string[] = [];
  for (const piece of text.split(/(<\/?[biu]>)/)) {
    const tag = /^<(\/?)([biu])>$/.exec(piece);
    if (!tag) {
      if (piece) runs.push({ text: plain(piece), tags: [...open] });
    } else if (tag[1]) {
      const at = open.lastIndexOf(tag[2] ?? '');
      if (at >= 0) open.splice(at, 1);
    } else {
      open.push(tag[2] ?? '');
    }
  }
  return runs;
}

function plain(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}
