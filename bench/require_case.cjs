// How long a fresh process takes to load the package: disk cache warm, everything else cold.
const start = performance.now();
require('evenkeel');
console.log(JSON.stringify({ ms: performance.now() - start }));
