export default {
  serverExternalPackages: ['evenkeel'],
  // With `output: 'standalone'`, and on platforms that trace files: the binary and the worker threads' files.
  outputFileTracingIncludes: { '/*': ['./node_modules/@evenkeel/**/*', './node_modules/evenkeel/dist/**/*'] },
  output: 'standalone',
};
