import { useCallback, useEffect, useRef, useState } from "react";

const QUIET_AFTER_MS = 3_000;

/** Whether the controls may go away: the film runs and nobody has stirred for a while. */
export function useQuiet(playing: boolean) {
  const [quiet, setQuiet] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stir = useCallback(() => {
    setQuiet(false);
    clearTimeout(timer.current);
    if (playing) timer.current = setTimeout(() => setQuiet(true), QUIET_AFTER_MS);
  }, [playing]);
  useEffect(() => {
    stir();
    document.addEventListener("keydown", stir);
    return () => {
      document.removeEventListener("keydown", stir);
      clearTimeout(timer.current);
    };
  }, [stir]);
  return { quiet: quiet && playing, stir };
}
