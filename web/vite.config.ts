import { defineConfig } from 'vite';

/** Where `npm start` serves; only the development server looks there. */
const SERVER = 'http://localhost:4747';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // What our signing needs (Ed25519, Uint8Array.toBase64) came later than this syntax.
    target: 'es2024',
    assetsInlineLimit: 0, // no data: addresses, the content policy allows our own origin only
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // A worker is a script: servers give .mjs no type that browsers accept.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith('.mjs'))
            ? 'assets/[name]-[hash].js'
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: { proxy: { '/api': SERVER, '/healthz': SERVER } },
});
