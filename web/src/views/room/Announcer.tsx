import { useEffect, useState } from 'react';
import type { Member, State } from '../../api/types';
import { clockTime } from '../../app/words';
import styles from './Announcer.module.css';
import { useRoom } from './visit';

const SHOWN_MS = 4_000;

/** Says what happened in the room, aloud for screen readers, and shows what concerns this person. */
export function Announcer() {
  const state = useRoom((view) => view.state);
  const members = useRoom((view) => view.members);
  const you = useRoom((view) => view.you);
  const notice = useRoom((view) => view.notice);
  const [said, setSaid] = useState('');
  const [shown, setShown] = useState<string | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new revision is an event; names are looked up on the way
  useEffect(() => {
    if (!state) return;
    const sentence = happened(state, members, you);
    if (sentence) setSaid(sentence);
  }, [state?.epoch, state?.rev]);

  useEffect(() => {
    if (!notice) return;
    setShown(notice.text);
    setSaid(notice.text);
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);

  return (
    <>
      <p className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
        {said}
      </p>
      {shown && (
        <p className={styles.toast} data-testid="toast" aria-hidden="true">
          {shown}
        </p>
      )}
    </>
  );
}

function happened(state: State, members: Member[], you: number | null): string | null {
  const name =
    state.by === you ? 'You' : (members.find((member) => member.id === state.by)?.name ?? 'Somebody');
  switch (state.cause) {
    case 'play':
      return `${name} pressed play.`;
    case 'pause':
      return `${name} paused at ${clockTime(state.p0)}.`;
    case 'seek':
      return `${name} went to ${clockTime(state.p0)}.`;
    case 'load':
      return state.media ? `${name} put on ${state.media.title}.` : null;
    case 'end':
      return 'The film is over.';
    default:
      return null;
  }
}
