/** Posts a message each so many ms; the first message says how many. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<number>) => void;
  postMessage(data: null): void;
};
scope.onmessage = (event) => {
  setInterval(() => scope.postMessage(null), event.data);
};
