// tfjs-core's own tests on a backend, in a process of their own: `suite.mjs FOLDER '{"backend", "seed", "async"}'`, where FOLDER
// has the transpiled core. The last line of standard output is {"total", "passed", "failed", "skipped"}.
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder, text] = process.argv.slice(2);
/** `seed`: of the order of specs, which is that of the files without one. `async`: no synchronous reads. */
const { backend, seed, async: isAsync, filter } = JSON.parse(text);

const require = createRequire(import.meta.url);
const core = (name) => require(path.join(folder, 'dist', name));

// What specs print belongs to them.
const print = console.log;
for (const name of ['log', 'warn', 'error', 'info', 'debug', 'table']) console[name] = () => {};
console.time = console.timeEnd = () => {};

const jasmineRequire = require('jasmine-core');
const { jasmine: interfaces } = jasmineRequire.noGlobals?.() ?? {};
const jasmine = jasmineRequire.boot ? jasmineRequire.boot(jasmineRequire) : interfaces;
Object.assign(globalThis, { jasmine });

core('index.js');
core('public/chained_ops/register_all_chained_ops.js');
core('register_all_gradients.js');
const { registerBackend, engine } = core('globals.js');
const { getKernelsForBackend, registerKernel } = core('kernel_registry.js');
if (backend === 'cpu') require('@tensorflow/tfjs-backend-cpu');
else await import('../../dist/tfjs/index.js');

/** The backend without readSync, which backends have not whose memory is elsewhere; its start takes a while, too. */
function registerAsync() {
  const name = `async-${backend}`;
  const inner = engine().findBackend(backend);
  const proxy = new Proxy(inner, {
    get(target, property) {
      if (property === 'readSync') throw new Error('a synchronous read');
      const value = target[property];
      if (property === 'read') {
        return (id) => {
          const values = value.call(target, id);
          return new Promise((resolve) => setImmediate(() => resolve(values)));
        };
      }
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value),
  });
  registerBackend(name, async () => proxy);
  for (const { kernelName, kernelFunc, setupFunc } of getKernelsForBackend(backend)) {
    const call = (args) => kernelFunc({ ...args, backend: args.backend === proxy ? inner : args.backend });
    registerKernel({ kernelName, backendName: name, kernelFunc: call, setupFunc });
  }
  return name;
}

const name = isAsync ? registerAsync() : backend;
core('jasmine_util.js').setTestEnvs([{ name, backendName: name, isDataSync: !isAsync }]);
core('tests.js');

const counts = { total: 0, passed: 0, failed: 0, skipped: 0 };
const env = jasmine.getEnv();
env.configure({
  random: seed !== undefined,
  seed: seed === undefined ? undefined : String(seed),
  specFilter: filter ? (spec) => spec.getFullName().includes(filter) : undefined,
});
const report = (result) => {
  for (const { message, stack } of result.failedExpectations) {
    print(
      `FAILED ${result.fullName ?? result.description}\n  ${message}\n${(stack ?? '').split('\n').slice(0, 6).join('\n')}`,
    );
  }
};
env.addReporter({
  specDone(result) {
    counts.total++;
    if (result.status === 'passed') counts.passed++;
    else if (result.status === 'failed') counts.failed++;
    else counts.skipped++;
    report(result);
  },
  suiteDone: report,
  jasmineDone: report,
});
const done = await env.execute();
// A failure outside of specs, too.
if (done.overallStatus === 'failed' && counts.failed === 0) counts.failed = 1;
print(JSON.stringify(counts));
process.exit(counts.failed > 0 ? 1 : 0);
