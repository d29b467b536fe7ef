import { useEffect, useState } from "react";
import { fetchLibraryStatus } from "../../api/client";
import type { LibraryStatus } from "../../api/types";
import styles from "./ScanLine.module.css";

const BUSY_MS = 1_000;
const QUIET_MS = 15_000;

/** How the scan of the folders goes; asked often only while there is one. */
export function useScan(): LibraryStatus | null {
  const [scan, setScan] = useState<LibraryStatus | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let live = true;
    const look = async () => {
      let status: LibraryStatus | null = null;
      try {
        status = await fetchLibraryStatus();
      } catch {
        // The line stays away; the library itself says what is wrong.
      }
      if (!live) return;
      setScan(status);
      timer = setTimeout(look, status?.running ? BUSY_MS : QUIET_MS);
    };
    void look();
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, []);
  return scan;
}

export function ScanLine({ scan }: { scan: LibraryStatus | null }) {
  if (!scan) return null;
  const offline = scan.offline.length > 0 && (
    <p className={styles.offline}>Not reachable at the moment: {scan.offline.join(", ")}</p>
  );
  if (!scan.running) return offline || null;
  return (
    <div className={styles.scan} role="status" data-testid="scan-line">
      <span className={styles.bar} aria-hidden="true">
        <span />
      </span>
      <span className={styles.text}>
        Looking through the folders: {scan.seen} found{scan.current ? `, now ${scan.current}` : ""}
      </span>
      {offline}
    </div>
  );
}
