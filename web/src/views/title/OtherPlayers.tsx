import { Check, Copy, MonitorPlay } from 'lucide-react';
import { type MouseEvent, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { fetchPlayback } from '../../api/client';
import { deviceOf, fileAddress, fileName, goodFor, playlistFile, vlcLink } from '../../app/elsewhere';
import { clock } from '../../clock';
import { capabilities } from '../../player/caps';
import { useCopy } from '../../ui/useCopy';
import styles from './OtherPlayers.module.css';

/** What is handed on is no older than this. */
const FRESH_MS = 60_000;

/** An address for another player. */
export interface Elsewhere {
  url: string;
  /** Seconds. */
  life: number;
}

interface Props {
  media: string;
  title: string;
  first: Elsewhere;
}

/**
 * The film for VLC, mpv or a television: each plays by itself, not in time with a room. VLC takes any file as it is,
 * with all its tracks; the address is a stream for those that do not.
 */
export function OtherPlayers({ media, title, first }: Props) {
  const { elsewhere, renew, stale, problem } = useElsewhere(media, first);
  const { field, copy, copied, failed } = useCopy();
  const link = useRef<HTMLAnchorElement>(null);
  const url = new URL(elsewhere.url, location.href).href;
  const whole = fileAddress(url);
  const opens = useMemo(
    () => vlcLink(deviceOf(navigator.userAgent, navigator.maxTouchPoints), whole),
    [whole],
  );
  const file = `data:audio/x-mpegurl;charset=utf-8,${encodeURIComponent(playlistFile(title, whole))}`;
  const open = async (event: MouseEvent) => {
    if (!stale()) return;
    event.preventDefault();
    if (await renew()) link.current?.click();
  };
  const hand = async () => {
    if (!stale() || (await renew())) copy();
  };
  return (
    <section className={styles.other} aria-label="Other players">
      <span className={styles.row}>
        <a
          ref={link}
          className={styles.link}
          data-testid="open-in-vlc"
          href={opens ?? file}
          onClick={(event) => void open(event)}
          {...(opens === null && { download: fileName(title) })}
        >
          <MonitorPlay size={16} aria-hidden="true" /> Open in VLC
        </a>
        <button type="button" className={styles.link} data-testid="copy-stream" onClick={() => void hand()}>
          {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          {copied ? 'Copied' : 'Copy the address for a television'}
        </button>
      </span>
      <p data-testid="address-life" role="status">
        {problem ??
          (failed ? BY_HAND : `An address opened or copied now is good for ${goodFor(elsewhere.life)}.`)}
      </p>
      <input
        ref={field}
        className={failed ? styles.shown : styles.address}
        readOnly
        aria-label="Address for other players"
        {...(!failed && { tabIndex: -1, 'aria-hidden': true })}
        data-testid="stream-address"
        value={url}
      />
    </section>
  );
}

const BY_HAND = 'The browser does not allow that: copy the address by hand.';

/** The address, and a fresh one in its place when it is to be handed on: a page may stay open for hours. */
function useElsewhere(media: string, first: Elsewhere) {
  const [elsewhere, setElsewhere] = useState(first);
  const [problem, setProblem] = useState<string | null>(null);
  const asked = useRef(clock.now());
  const stale = () => clock.now() - asked.current > FRESH_MS;
  const renew = async (): Promise<boolean> => {
    try {
      const fresh = await fetchPlayback(media, capabilities());
      asked.current = clock.now();
      // What is pressed next must be on the page by then.
      flushSync(() => {
        setElsewhere(elsewhereOf(fresh));
        setProblem(null);
      });
      return true;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The server cannot be reached.');
      return false;
    }
  };
  return { elsewhere, renew, stale, problem };
}

export const elsewhereOf = (playback: { compat_url: string; compat_expires_in: number }): Elsewhere => ({
  url: playback.compat_url,
  life: playback.compat_expires_in,
});
