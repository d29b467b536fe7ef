import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { IconButton } from '../../ui/Button';
import { Library } from '../home/Library';
import styles from './LibrarySheet.module.css';
import { useRoom, useSession } from './visit';

/** The library over the room, to put on another film for everybody. */
export function LibrarySheet({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const now = useRoom((view) => view.state?.media?.id);
  const [asked, setAsked] = useState<string | null>(null);
  const close = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    const before = document.activeElement;
    close.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose();
      // Keys of the player mean nothing while one looks through the films.
      event.stopPropagation();
    };
    document.body.addEventListener('keydown', onKey);
    return () => {
      document.body.removeEventListener('keydown', onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [onClose]);

  useEffect(() => {
    if (asked !== null && asked === now) onClose();
  }, [asked, now, onClose]);

  return (
    <div className={styles.sheet} role="dialog" aria-modal="true" aria-label="Choose a film">
      <IconButton ref={close} label="Close" onClick={onClose} className={styles.close}>
        <X size={22} aria-hidden="true" />
      </IconButton>
      <Library
        heading="Put on for everybody"
        verb="Put on"
        busy={null}
        onPick={(item) => {
          setAsked(item.id);
          session.ask({ kind: 'load', media: item.id });
          if (item.id !== now) return;
          // For everybody else it is a new beginning; for who has no picture, a new try as well.
          if (session.store.getState().trouble?.final) session.tryAgain();
          onClose();
        }}
      />
    </div>
  );
}
