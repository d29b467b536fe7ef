import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The engines watching must work on: LG webOS 5, iOS 14, an old Firefox. */
const engines = ['chrome68', 'safari14', 'firefox90'];
const server = 'http://127.0.0.1:8420';

export default defineConfig({
  plugins: [react()],
  // Fonts are never looked for on another host.
  resolve: {
    alias: { 'lfa-ponyfill': new URL('./src/player/subtitles/no_fonts.ts', import.meta.url).pathname },
  },
  worker: { format: 'es' },
  build: { target: engines, cssTarget: engines, sourcemap: false, modulePreload: { polyfill: true } },
  server: {
    proxy: { '/api': { target: server, ws: true }, '/stream': { target: server } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
