/** Chapter marks as the seek bar and its keys use them. Pure. */

export interface Chapter {
  start_ms: number;
  title: string;
}

/** Closer to a chapter's start than this, "back" means the one before. */
const BACK_MS = 3_000;

const last = <T>(list: T[]): T | undefined => list[list.length - 1];

export function chapterAt<C extends Chapter>(chapters: C[], ms: number): C | null {
  return last(chapters.filter((chapter) => chapter.start_ms <= ms)) ?? null;
}

/** Where the next or the previous chapter starts; null when there is none. */
export function chapterStep(chapters: Chapter[], ms: number, direction: 1 | -1): number | null {
  const found =
    direction > 0
      ? chapters.find((chapter) => chapter.start_ms > ms)
      : last(chapters.filter((chapter) => chapter.start_ms < ms - BACK_MS));
  return found?.start_ms ?? null;
}

/** Marks inside the bar: one at the very beginning says nothing. */
export function marks<C extends Chapter>(chapters: C[], duration: number): C[] {
  return chapters.filter((chapter) => chapter.start_ms > 0 && chapter.start_ms < duration);
}
