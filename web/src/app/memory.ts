/** What this device has learned, kept between visits. Storage may be full or forbidden; then nothing is kept. */

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`wp.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`wp.${key}`, value);
  } catch {
    // Not kept, then.
  }
}

export function recallNumber(key: string, otherwise: number): number {
  const text = recall(key);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : otherwise;
}
