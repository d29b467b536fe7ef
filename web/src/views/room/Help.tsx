import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { IconButton } from '../../ui/Button';
import styles from './Help.module.css';

const KEYS: [string, string][] = [
  ['Space or K', 'Play or pause, for everybody'],
  ['← →', '5 seconds back or on'],
  ['J L', '10 seconds back or on'],
  ['[ ] or , .', 'Previous or next chapter'],
  ['0 – 9', 'Go to that tenth of the film'],
  ['Home End', 'First or last moment'],
  ['↑ ↓', 'Volume, for you'],
  ['M', 'Sound off and on, for you'],
  ['C V', 'Subtitles off and on, or the next ones, for you'],
  ['B', 'Next sound track, for you'],
  ['F', 'Full screen'],
  ['T', 'Write in the chat'],
  ['?', 'This list'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    close.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [onClose]);
  return (
    <div className={styles.help} role="dialog" aria-label="Keys">
      <div className={styles.head}>
        <h2>Keys</h2>
        <IconButton ref={close} label="Close" onClick={onClose}>
          <X size={20} aria-hidden="true" />
        </IconButton>
      </div>
      <dl className={styles.list}>
        {KEYS.map(([key, what]) => (
          <div key={key} className={styles.row}>
            <dt>{key}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
