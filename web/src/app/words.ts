/** Numbers and lists as people read them. */

/** 3723000 as 1:02:03. */
export function clockTime(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** A length for a poster: 1 h 32 min, 47 min, 30 s. */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How far off somebody is: +3 ms, −120 ms, +2.4 s. */
export function offset(ms: number): string {
  const sign = ms < -0.5 ? '−' : '+';
  const size = Math.abs(ms);
  return size < 1_000 ? `${sign}${Math.round(size)} ms` : `${sign}${(size / 1000).toFixed(1)} s`;
}

/** Ann, Ben and Cy. */
export function names(list: string[]): string {
  const last = list[list.length - 1] ?? '';
  return list.length < 2 ? last : `${list.slice(0, -1).join(', ')} and ${last}`;
}

/** The hour of a message, as this device writes it. */
export function hour(atMs: number): string {
  return new Date(atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** As the server reads codes: case, dashes and look-alike letters do not matter. */
export function normalCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}
