import { ArrowRight } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { normalCode } from '../../app/words';
import { IconButton } from '../../ui/Button';
import styles from './JoinByCode.module.css';

const CODE_CHARS = 8;

export function JoinByCode() {
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const code = normalCode(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.length > 0) go(`/r/${code}`);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label className="visually-hidden" htmlFor="room-code">
        Room code
      </label>
      <input
        id="room-code"
        className={styles.input}
        placeholder="Room code"
        value={text}
        maxLength={CODE_CHARS + 2}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      <IconButton
        type="submit"
        label="Go to the room"
        disabled={code.length < CODE_CHARS}
        className={styles.go}
      >
        <ArrowRight size={18} aria-hidden="true" />
      </IconButton>
    </form>
  );
}
