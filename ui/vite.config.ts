/** The window's build: ui/ becomes dist/src/ui/, one script and one style at the start, the other pages as they are opened. */
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses hold under any base path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/src/ui',
    emptyOutDir: true,
    target: 'es2022',
    // As they are: all of these know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    rolldownOptions: {
      input: ['index.html', 'login.html', 'api.html'].map((page) => path.join(import.meta.dirname, page)),
      // A slow machine is nothing to warn of.
      checks: { bundlerTimings: false },
    },
    // The Content-Security-Policy allows no data: but in pictures, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 200,
  },
});
