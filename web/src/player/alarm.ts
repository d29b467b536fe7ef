/** Calls a function at a local time, to well under a millisecond. */
import { clock } from "../clock";

export interface Alarm {
  cancel(): void;
}

/** Timers fire up to 15 ms late under load; the last stretch is spun through a message channel instead. */
const SPIN_MS = 8;

export function alarmAt(at: number, ring: () => void): Alarm {
  let live = true;
  const channel = new MessageChannel();
  const done = () => {
    live = false;
    channel.port1.close();
  };
  channel.port1.onmessage = () => {
    if (!live) return;
    if (clock.now() >= at) {
      done();
      ring();
    } else {
      channel.port2.postMessage(0);
    }
  };
  const timer = setTimeout(() => channel.port2.postMessage(0), Math.max(0, at - clock.now() - SPIN_MS));
  return {
    cancel() {
      clearTimeout(timer);
      done();
    },
  };
}
