/**
 * The only place where the page reads time. Monotonic milliseconds since the page was opened; tests shift it
 * from outside by patching `performance.now` before the page loads.
 */
export const clock = {
  now(): number {
    return performance.now();
  },
};
