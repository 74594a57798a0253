import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { precompress } from './scripts/precompress';
import { renderBlocking } from './scripts/render-blocking';

const api = process.env.PORTBOOK_API ?? 'http://127.0.0.1:8080';
// In a container the published port arrives from outside; on a laptop nobody else needs the dev server.
const inContainer = existsSync('/.dockerenv') || existsSync('/run/.containerenv');

export default defineConfig({
  plugins: [renderBlocking(), precompress()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  server: {
    host: inContainer ? '0.0.0.0' : 'localhost',
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/v1', '/healthz', '/readyz', '/version', '/openapi.json'].map((path) => [path, api]),
    ),
  },
  build: {
    // Everything is a file of its own: the content security policy allows no inline code and no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
