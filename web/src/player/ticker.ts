/** Ticks from a worker: timers of a hidden page are slowed to one a second, those of its workers are not. */
import TickWorker from "./tick.worker?worker";

export function startTicker(periodMs: number, tick: () => void): () => void {
  try {
    const worker = new TickWorker();
    worker.onmessage = tick;
    worker.postMessage(periodMs);
    return () => worker.terminate();
  } catch {
    const timer = setInterval(tick, periodMs);
    return () => clearInterval(timer);
  }
}
