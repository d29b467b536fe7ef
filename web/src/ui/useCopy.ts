import { useEffect, useRef, useState } from 'react';

const COPIED_MS = 2_000;

/**
 * Copies what stands in a field. The clipboard API is missing on plain http, which is what a LAN has; the old way can
 * be refused too, and then the field is to be shown for copying by hand.
 */
export function useCopy() {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    const before = document.activeElement;
    field.current?.select();
    const done = document.execCommand('copy');
    setOutcome(done ? 'copied' : 'failed');
    clearTimeout(timer.current);
    if (!done) return;
    if (before instanceof HTMLElement) before.focus();
    timer.current = setTimeout(() => setOutcome(null), COPIED_MS);
  };
  return { field, copy, copied: outcome === 'copied', failed: outcome === 'failed' };
}
