/** A person's gestures, as commands for the room. The only place where commands are made. */
import type { ClientMessage, Command, CommandKind, State } from "../api/types";

export interface Wish {
  kind: CommandKind;
  pos?: number;
  delta?: number;
  media?: string;
}

let count = 0;
const page = Math.random().toString(36).slice(2, 8);

/** An id that is unique on this connection and all that follow it. */
export function nextId(): string {
  count += 1;
  return `${page}-${count}`;
}

/** The command for a wish, based on the state its person was looking at. */
export function command(wish: Wish, seen: Pick<State, "epoch" | "rev"> | null): ClientMessage & Command {
  const base = { epoch: seen?.epoch ?? 0, rev: seen?.rev ?? 0 };
  return { t: "cmd", id: nextId(), base, ...wish };
}
