// A TCP relay between a page and the server that can be cut like a cable: open connections die, new ones are refused.
import { createServer, connect } from 'node:net';

/**
 * @param {string} target   URL of the server
 * @returns {Promise<{url: string, cut: () => void, heal: () => void, open: () => number, close: () => Promise<void>}>}
 */
export async function startProxy(target) {
  const { hostname, port } = new URL(target);
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  let connected = true;
  const server = createServer((client) => {
    if (!connected) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.setNoDelay(true);
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const drop = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut() {
      connected = false;
      drop();
    },
    heal() {
      connected = true;
    },
    open: () => sockets.size / 2,
    async close() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
