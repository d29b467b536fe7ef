import { Captions } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { Playback } from '../../api/types';
import { IconButton } from '../../ui/Button';
import menu from './Menu.module.css';
import styles from './TracksMenu.module.css';
import { useRoom, useSession } from './visit';

const SIZES: [number, string][] = [
  [0.75, 'Small'],
  [1, 'Usual'],
  [1.4, 'Large'],
];

/** Subtitles and sound, for this viewer alone. */
export function TracksMenu() {
  const [open, setOpen] = useState(false);
  const playback = useRoom((view) => view.playback);
  const on = useRoom((view) => view.subtitle !== null);
  const box = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLInputElement>('input:checked')?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    const onPointer = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    // Tab leads on into the page, which the menu would cover.
    const onLeave = ({ relatedTarget }: FocusEvent) => {
      if (relatedTarget instanceof Node && !box.current?.contains(relatedTarget)) setOpen(false);
    };
    const frame = box.current;
    frame?.addEventListener('focusout', onLeave);
    document.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onPointer);
    return () => {
      frame?.removeEventListener('focusout', onLeave);
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onPointer);
    };
  }, [open]);

  const offered = playback !== null && (playback.subtitles.length > 0 || playback.audio.length > 1);
  // A menu of the film before must not come up with the next one and take the keys away.
  useEffect(() => {
    if (!offered) setOpen(false);
  }, [offered]);

  if (!offered) return null;
  return (
    <span className={styles.box} ref={box}>
      <IconButton
        ref={button}
        label="Subtitles and sound, for you"
        data-testid="tracks"
        aria-expanded={open}
        aria-haspopup="dialog"
        className={on ? styles.on : undefined}
        onClick={() => setOpen((shown) => !shown)}
      >
        <Captions size={22} aria-hidden="true" />
      </IconButton>
      {open && <Choices subtitles={playback.subtitles} audio={playback.audio} />}
    </span>
  );
}

function Choices({ subtitles, audio }: Pick<Playback, 'subtitles' | 'audio'>) {
  const session = useSession();
  const subtitle = useRoom((view) => view.subtitle);
  const sound = useRoom((view) => view.sound);
  const [size, setSize] = useState(session.subtitles.size);
  const kind = subtitles.find((track) => track.id === subtitle)?.kind;
  return (
    <div
      className={`${menu.menu} ${styles.menu}`}
      role="dialog"
      aria-label="Subtitles and sound"
      data-testid="tracks-menu"
    >
      {subtitles.length > 0 && (
        <Group title="Subtitles">
          {(name) => (
            <>
              <Choice
                name={name}
                label="Off"
                checked={subtitle === null}
                onChoose={() => session.subtitles.choose(null)}
              />
              {subtitles.map((track) => (
                <Choice
                  key={track.id}
                  name={name}
                  label={track.label}
                  checked={subtitle === track.id}
                  onChoose={() => session.subtitles.choose(track.id)}
                />
              ))}
            </>
          )}
        </Group>
      )}
      {kind === 'text' && (
        <Group title="Size">
          {(name) =>
            SIZES.map(([scale, label]) => (
              <Choice
                key={label}
                name={name}
                label={label}
                checked={size === scale}
                onChoose={() => {
                  setSize(scale);
                  session.subtitles.setSize(scale);
                }}
              />
            ))
          }
        </Group>
      )}
      {audio.length > 1 && (
        <Group title="Sound">
          {(name) =>
            audio.map((track) => (
              <Choice
                key={track.index}
                name={name}
                label={track.label}
                checked={sound === track.index}
                onChoose={() => session.chooseSound(track.index)}
              />
            ))
          }
        </Group>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string; children: (name: string) => ReactNode }) {
  const name = useId();
  return (
    <fieldset className={styles.group}>
      <legend>{title}</legend>
      {children(name)}
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  checked: boolean;
  onChoose: () => void;
}

function Choice({ name, label, checked, onChoose }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span>{label}</span>
    </label>
  );
}
