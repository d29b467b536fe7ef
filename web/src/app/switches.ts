/** What the address switches. `?controller=off` lets a test show that without correction people drift apart. */
declare global {
  interface Window {
    __watchparty?: { controller: "on" | "off" };
  }
}

export function controllerIsOn(): boolean {
  const off = new URLSearchParams(location.search).get("controller") === "off";
  window.__watchparty = { controller: off ? "off" : "on" };
  return !off;
}
