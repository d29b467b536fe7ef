/** This tab's place in a room, kept through a reload: who it was, and the secret that proves it. */
interface Place {
  member: number;
  key: string;
}

const name = (code: string) => `wp.place.${code}`;

export function placeIn(code: string): Place | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(name(code)) ?? "null") as Partial<Place> | null;
    if (typeof value?.member !== "number" || typeof value.key !== "string") return null;
    return { member: value.member, key: value.key };
  } catch {
    return null;
  }
}

export function keepPlace(code: string, place: Place): void {
  try {
    sessionStorage.setItem(name(code), JSON.stringify(place));
  } catch {
    // A reload will be a new guest, then.
  }
}

export function forgetPlace(code: string): void {
  try {
    sessionStorage.removeItem(name(code));
  } catch {
    // Nothing was kept.
  }
}
