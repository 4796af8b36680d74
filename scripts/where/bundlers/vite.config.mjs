export default {
  build: {
    target: 'node20',
    outDir: 'out',
    lib: {
      entry: 'main.mjs',
      formats: ['es', 'cjs'],
      fileName: (format) => (format === 'es' ? 'main.mjs' : 'main.cjs'),
    },
    rollupOptions: { external: [/^evenkeel(\/|$)/, /^node:/] },
  },
};
