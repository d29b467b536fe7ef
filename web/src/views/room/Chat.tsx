import { SendHorizontal } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { hour } from '../../app/words';
import { IconButton } from '../../ui/Button';
import styles from './Chat.module.css';
import { colour } from './People';
import { useRoom, useSession } from './visit';

const CHARS_MAX = 1000;
const NEAR_END_PX = 80;

export function Chat() {
  const session = useSession();
  const lines = useRoom((view) => view.chat);
  const you = useRoom((view) => view.you);
  const [text, setText] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what asks for scrolling
  useEffect(() => {
    const box = list.current;
    if (box && atEnd.current) box.scrollTop = box.scrollHeight;
  }, [lines]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const clean = text.trim();
    if (clean && session.say(clean)) {
      atEnd.current = true;
      setText('');
    }
  };

  return (
    <section className={styles.chat} aria-labelledby="chat-heading">
      <h2 id="chat-heading" className="visually-hidden">
        Chat
      </h2>
      <ol
        ref={list}
        className={styles.lines}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        aria-label="Messages"
        onScroll={({ currentTarget: box }) => {
          atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
        }}
      >
        {lines.length === 0 && <li className={styles.empty}>No messages yet. Say hello.</li>}
        {lines.map((line, i) => {
          const notice = line.from === null || line.from === undefined;
          if (notice) {
            return (
              <li key={line.id} className={styles.notice} data-testid="chat-line" data-kind="notice">
                {line.text}
              </li>
            );
          }
          const same = lines[i - 1]?.from === line.from;
          return (
            <li
              key={line.id}
              className={same ? styles.more : styles.line}
              data-testid="chat-line"
              data-kind="chat"
            >
              {!same && (
                <p className={styles.head}>
                  <span
                    className={styles.blob}
                    style={{ background: colour(line.from ?? 0, 56) }}
                    aria-hidden="true"
                  />
                  <strong>{line.from === you ? 'You' : line.name}</strong>
                  <time dateTime={new Date(line.at_ms).toISOString()}>{hour(line.at_ms)}</time>
                </p>
              )}
              <p className={styles.text} dir="auto">
                {line.text}
              </p>
            </li>
          );
        })}
      </ol>
      <form className={styles.form} onSubmit={submit}>
        <label htmlFor="chat-input" className="visually-hidden">
          Message
        </label>
        <input
          id="chat-input"
          data-testid="chat-input"
          className={styles.input}
          value={text}
          maxLength={CHARS_MAX}
          placeholder="Message"
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <IconButton type="submit" label="Send" data-testid="chat-send" className={styles.send}>
          <SendHorizontal size={19} aria-hidden="true" />
        </IconButton>
      </form>
    </section>
  );
}
