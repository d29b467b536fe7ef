/**
 * The room's socket: connects, keeps connected, probes the server's clock. Never gives up unless the server says
 * that there is nothing to come back to. Knows messages, not what they mean for the screen.
 */
import type { ClientMessage, Resume, ServerMessage } from "../api/types";
import { clock } from "../clock";
import { ClockFilter } from "../sync/clock_filter";
import { backoff } from "./backoff";
import { ProbePlan } from "./probe_plan";

export type Link = "connecting" | "open" | "lost" | "closed";

export interface ConnectionEvents {
  link(link: Link): void;
  message(message: ServerMessage): void;
  /** The server will not have us: why, as a close code. */
  refused(code: number): void;
  /** For each `hello`: who we were. */
  resume(): Resume | undefined;
}

const VERSION = 1;
const CLOSE_UNAUTHORIZED = 4401;
const CLOSE_NO_SUCH_ROOM = 4404;
const CLOSE_REPLACED = 4409;
const FINAL = new Set([CLOSE_UNAUTHORIZED, CLOSE_NO_SUCH_ROOM, CLOSE_REPLACED]);
/** Without an answer to a probe for this long the link is dead, whatever the browser thinks. */
const SILENCE_MAX_MS = 8_000;
const WATCH_MS = 1_000;

export class Connection {
  readonly serverClock = new ClockFilter();
  private socket: WebSocket | null = null;
  private attempt = 0;
  private lastHeard = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  private probes = new ProbePlan(() => this.send({ t: "ping", c0: clock.now() }));
  private wake = () => {
    if (document.hidden) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.probes.burst();
    else if (this.retry !== undefined) this.connect();
  };

  constructor(
    private url: string,
    private token: string,
    private events: ConnectionEvents,
  ) {
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("online", this.wake);
    this.connect();
  }

  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("online", this.wake);
    this.drop();
    this.events.link("closed");
  }

  private connect(): void {
    this.drop();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.lastHeard = clock.now();
    this.watch = setInterval(() => this.listen(), WATCH_MS);
    socket.onopen = () => {
      const resume = this.events.resume();
      this.send({ t: "hello", v: VERSION, token: this.token, ...(resume ? { resume } : {}) });
    };
    socket.onmessage = (event) => this.receive(event.data, clock.now());
    socket.onclose = (event) => this.lost(event.code);
  }

  private receive(data: unknown, at: number): void {
    this.lastHeard = at;
    const message = parse(data);
    if (!message) return;
    if (message.t === "pong") {
      if (this.probes.counts()) {
        this.serverClock.add({ c0: message.c0, s1: message.s1, s2: message.s2, c3: at });
      }
      return;
    }
    if (message.t === "welcome") {
      this.attempt = 0;
      this.probes.start();
      this.events.link("open");
    }
    this.events.message(message);
  }

  /** A link can die without a word: notice by silence. */
  private listen(): void {
    if (clock.now() - this.lastHeard > SILENCE_MAX_MS) this.lost(0);
  }

  private lost(code: number): void {
    this.drop();
    if (this.stopped) return;
    if (FINAL.has(code)) {
      this.stopped = true;
      this.events.refused(code);
      return;
    }
    this.events.link("lost");
    this.retry = setTimeout(() => this.connect(), backoff(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearInterval(this.watch);
    this.retry = undefined;
    this.probes.stop();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const value = JSON.parse(data) as ServerMessage;
    return typeof value === "object" && value !== null && typeof value.t === "string" ? value : null;
  } catch {
    return null;
  }
}
