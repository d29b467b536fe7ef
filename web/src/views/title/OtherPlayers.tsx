import { Check, Copy, MonitorPlay } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { deviceOf, fileAddress, fileName, playlistFile, vlcLink } from '../../app/elsewhere';
import styles from './OtherPlayers.module.css';

const COPIED_MS = 2_000;

/**
 * The film for VLC, mpv or a television: each plays by itself, not in time with a room. VLC takes any file as it is,
 * with all its tracks; the address is a stream for those that do not.
 */
export function OtherPlayers({ title, compatUrl }: { title: string; compatUrl: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const url = new URL(compatUrl, location.href).href;
  const whole = fileAddress(url);
  const link = useMemo(
    () => vlcLink(deviceOf(navigator.userAgent, navigator.maxTouchPoints), whole),
    [whole],
  );
  const file = `data:audio/x-mpegurl;charset=utf-8,${encodeURIComponent(playlistFile(title, whole))}`;
  const copy = () => {
    field.current?.select();
    // The clipboard API is missing on plain http, which is what a LAN has.
    const done = document.execCommand('copy');
    setCopied(done);
    if (done) setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <section className={styles.other} aria-label="Other players">
      <span className={styles.row}>
        <a
          className={styles.link}
          data-testid="open-in-vlc"
          href={link ?? file}
          {...(link === null && { download: fileName(title) })}
        >
          <MonitorPlay size={16} aria-hidden="true" /> Open in VLC
        </a>
        <button type="button" className={styles.link} data-testid="copy-stream" onClick={copy}>
          {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          {copied ? 'Copied' : 'Copy the address for a television'}
        </button>
      </span>
      <input
        ref={field}
        className={styles.address}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
        data-testid="stream-address"
        value={url}
      />
    </section>
  );
}
