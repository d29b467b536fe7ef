import { useEffect, useState } from "react";
import { claimServer } from "../../api/client";

const PREFIX = "#setup=";

/**
 * The server's own screen shows a link with a secret after the `#`, where it is never sent or logged. Opening it
 * claims the server; the secret is taken off the address at once.
 */
export function useSetupLink(): string | null {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (!location.hash.startsWith(PREFIX)) return;
    const token = decodeURIComponent(location.hash.slice(PREFIX.length));
    history.replaceState(null, "", location.pathname);
    claimServer(token)
      .then(() => setSaid("This server is yours now."))
      .catch((reason: unknown) =>
        setSaid(reason instanceof Error ? reason.message : "The link did not work."),
      );
  }, []);
  return said;
}
