import { Check, SlidersHorizontal } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { offers, type Quality, type Variant } from '../../player/quality';
import { IconButton } from '../../ui/Button';
import menu from './Menu.module.css';
import styles from './QualityMenu.module.css';
import { useRoom, useSession } from './visit';

interface Choice {
  quality: Quality;
  name: string;
  about: string;
}

/** Which picture this viewer gets. Nobody else is touched by it. */
export function QualityMenu() {
  const variants = useRoom((view) => view.variants);
  const wish = useRoom((view) => view.wish);
  const playing = useRoom((view) => view.delivery !== null && !view.delivery.fixed);
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLSpanElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  // A menu of the film before must not come up with the next one and take the keys away.
  useEffect(() => {
    if (!playing) setOpen(false);
  }, [playing]);

  if (!playing) return null;
  const close = () => {
    setOpen(false);
    frame.current?.querySelector('button')?.focus();
  };
  return (
    <span className={styles.frame} ref={frame}>
      <IconButton
        label="Picture quality, for you only"
        data-testid="quality"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <SlidersHorizontal size={20} aria-hidden="true" />
      </IconButton>
      {open && <Menu id={id} choices={choicesOf(variants, wish)} chosen={wish} onClose={close} />}
    </span>
  );
}

function choicesOf(variants: Variant[], wish: Quality): Choice[] {
  const lines = offers(variants);
  // A wish from another film stays visible where this film has nothing like it.
  if (typeof wish === 'number' && !lines.includes(wish)) lines.push(wish);
  return [
    { quality: 'auto', name: 'Auto', about: 'the best that works here' },
    { quality: 'original', name: 'Original', about: 'the film’s own picture' },
    ...lines.sort((a, b) => b - a).map((n) => ({ quality: n, name: `${n}p`, about: 'converted' })),
  ];
}

interface MenuProps {
  id: string;
  choices: Choice[];
  chosen: Quality;
  onClose: () => void;
}

function Menu({ id, choices, chosen, onClose }: MenuProps) {
  const session = useSession();
  const coming = useRoom((view) => view.picture);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    list.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
  }, []);

  const onKey = (event: KeyboardEvent) => {
    // The arrows and digits of the page are the film's; in a menu they are the menu's.
    event.stopPropagation();
    event.nativeEvent.stopImmediatePropagation();
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      onClose();
      return;
    }
    const items = [...(list.current?.querySelectorAll<HTMLElement>('[role="menuitemradio"]') ?? [])];
    const to = step(event.key, items.indexOf(document.activeElement as HTMLElement), items.length);
    if (to === null) return;
    event.preventDefault();
    items[to]?.focus();
  };
  const pick = (quality: Quality) => {
    session.setWish(quality);
    onClose();
  };
  return (
    <div
      id={id}
      ref={list}
      role="menu"
      tabIndex={-1}
      aria-label="Picture quality"
      className={`${menu.menu} ${styles.menu}`}
      onKeyDown={onKey}
    >
      {choices.map(({ quality, name, about }) => (
        <button
          key={name}
          type="button"
          role="menuitemradio"
          tabIndex={-1}
          aria-checked={quality === chosen}
          data-testid={`quality-${quality}`}
          className={styles.choice}
          onClick={() => pick(quality)}
        >
          <Check size={16} aria-hidden="true" className={styles.check} />
          <span>{name}</span>
          <span className={styles.about}>
            {quality === 'auto' && chosen === 'auto' && coming ? `now ${wordFor(coming)}` : about}
          </span>
        </button>
      ))}
    </div>
  );
}

const wordFor = (variant: Variant) => (variant.original ? 'original' : `${variant.lines}p`);

function step(key: string, at: number, count: number): number | null {
  if (key === 'ArrowDown') return (at + 1) % count;
  if (key === 'ArrowUp') return (at - 1 + count) % count;
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  return null;
}
