import { type RefObject, useEffect } from 'react';
import { chapterStep } from '../../player/chapters';
import type { RoomSession } from './session';

const STEP_MS = 5_000;
const JUMP_MS = 10_000;
const VOLUME_STEP = 0.05;
/** What a focused slider does itself. */
const SLIDER_KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'];

/** The same for a focused choice of a menu. */
const RADIO_KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', ' '];
/** Brackets are typed with Alt, AltGr or Ctrl and Alt on many a keyboard; commas and full stops are on every one. */
const BACK_A_CHAPTER = ['[', ','];
const ON_A_CHAPTER = [']', '.'];

/** Keys for the whole page. Not while somebody types, and never together with Ctrl, Alt or Meta. */
export function useKeyboard(
  session: RoomSession,
  frame: RefObject<HTMLElement | null>,
  onHelp: () => void,
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || (isShortcut(event) && !isBracket(event))) return;
      if (session.store.getState().phase !== 'in' || isTyping(event.target)) return;
      if (isSlider(event.target) && SLIDER_KEYS.includes(event.key)) return;
      if (isRadio(event.target) && RADIO_KEYS.includes(event.key)) return;
      // A focused button keeps its own Space and Enter.
      if (event.key === ' ' && event.target instanceof HTMLButtonElement) return;
      if (act(event.key, session, frame, onHelp)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [session, frame, onHelp]);
}

const isShortcut = (event: KeyboardEvent) => event.ctrlKey || event.altKey || event.metaKey;

/** Alt alone, or with Ctrl, made this a bracket; what the browser itself means by it comes without. */
const isBracket = (event: KeyboardEvent) =>
  (event.key === '[' || event.key === ']') &&
  !event.metaKey &&
  (event.altKey || event.getModifierState('AltGraph'));

const isRadio = (target: EventTarget | null) => target instanceof HTMLInputElement && target.type === 'radio';

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'range' && target.type !== 'radio';
}

/** A slider other than the film's own, whose arrows are the film's. */
function isSlider(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement && target.type === 'range' && target.dataset.testid !== 'seek-bar'
  );
}

/** True when the key meant something. */
function act(
  key: string,
  session: RoomSession,
  frame: RefObject<HTMLElement | null>,
  onHelp: () => void,
): boolean {
  const { state, volume, muted } = session.store.getState();
  const duration = state?.media?.duration_ms;
  if (key >= '0' && key <= '9' && key.length === 1) {
    if (duration) session.ask({ kind: 'seek', pos: Math.round((duration * Number(key)) / 10) });
    return true;
  }
  if (BACK_A_CHAPTER.includes(key)) return toChapter(session, -1);
  if (ON_A_CHAPTER.includes(key)) return toChapter(session, 1);
  switch (key) {
    case ' ':
    case 'k':
    case 'K':
    case 'MediaPlayPause':
      session.ask({ kind: state && state.v > 0 ? 'pause' : 'play' });
      return true;
    case 'j':
    case 'J':
      session.ask({ kind: 'seek_by', delta: -JUMP_MS });
      return true;
    case 'l':
    case 'L':
      session.ask({ kind: 'seek_by', delta: JUMP_MS });
      return true;
    case 'ArrowLeft':
      session.ask({ kind: 'seek_by', delta: -STEP_MS });
      return true;
    case 'ArrowRight':
      session.ask({ kind: 'seek_by', delta: STEP_MS });
      return true;
    case 'ArrowUp':
      session.setVolume(volume + VOLUME_STEP, false);
      return true;
    case 'ArrowDown':
      session.setVolume(volume - VOLUME_STEP, muted);
      return true;
    case 'm':
    case 'M':
      session.setVolume(volume, !muted);
      return true;
    case 'c':
    case 'C':
      session.subtitles.toggle();
      return true;
    case 'v':
    case 'V':
      session.subtitles.next();
      return true;
    case 'b':
    case 'B':
      session.nextSound();
      return true;
    case 'f':
    case 'F':
      toggleFullscreen(frame.current);
      return true;
    case 'Home':
      session.ask({ kind: 'seek', pos: 0 });
      return true;
    case 'End':
      if (duration) session.ask({ kind: 'seek', pos: duration });
      return true;
    case 't':
    case 'T':
      document.getElementById('chat-input')?.focus();
      return true;
    case '?':
      onHelp();
      return true;
    default:
      return false;
  }
}

function toChapter(session: RoomSession, by: 1 | -1): true {
  const chapters = session.store.getState().playback?.chapters ?? [];
  const to = chapterStep(chapters, session.playhead().position, by);
  if (to !== null) session.ask({ kind: 'seek', pos: to });
  return true;
}

/** The whole stage rather than the bare picture, so that the controls come along; iPhones only offer the picture. */
export function toggleFullscreen(frame: HTMLElement | null): void {
  if (!frame) return;
  const doc = document as Document & { webkitFullscreenElement?: Element; webkitExitFullscreen?: () => void };
  if (doc.fullscreenElement ?? doc.webkitFullscreenElement) {
    if (doc.exitFullscreen) void doc.exitFullscreen();
    else doc.webkitExitFullscreen?.();
    return;
  }
  const any = frame as HTMLElement & { webkitRequestFullscreen?: () => void };
  if (any.requestFullscreen) void any.requestFullscreen().catch(() => undefined);
  else if (any.webkitRequestFullscreen) any.webkitRequestFullscreen();
  else
    (
      frame.querySelector('video') as { webkitEnterFullscreen?: () => void } | null
    )?.webkitEnterFullscreen?.();
}
