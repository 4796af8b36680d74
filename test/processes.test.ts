// The library as built, in the processes, threads and module systems that Node has.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { library, node, script } from './process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fine = { code: 0, signal: null, stdout: 'fine\n', stderr: '' };

/** What every process draws. */
const numbers = 'lib.randn([1000], { generator: new lib.Generator(3) }).sum().item()';

describe.runIf(existsSync(fileURLToPath(library)))('as built', () => {
  it('four workers and the main thread; one ends while a product runs off its thread', async () => {
    const { code, signal, stdout, stderr } = await script(`
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      const code = "import(" + JSON.stringify(${JSON.stringify(library)}) + ").then(async (lib) => {" +
        "const { parentPort } = await import('node:worker_threads');" +
        "const busy = lib.matmulAsync(lib.randn(1200, 1200), lib.randn(1200, 1200));" +
        "await new Promise((resolve) => setTimeout(resolve, 30));" +
        "parentPort.postMessage(${numbers}); await busy; })";
      const wanted = ${numbers};
      for (let round = 0; round < 2; round++) {
        const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true }));
        const exits = workers.map((worker) => once(worker, 'exit'));
        const said = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
        if (said.some((sum) => sum !== wanted)) throw new Error('wrong: ' + said);
        for (const worker of [workers[0], workers[2]]) worker.terminate();
        const codes = (await Promise.all(exits)).flat();
        // On a busy machine the product may be done before the worker is ended.
        if (!/^[01],0,[01],0$/.test(codes.join())) throw new Error('ended with ' + codes);
      }
      const product = await lib.matmulAsync(lib.ones(300, 300), lib.ones(300, 300));
      if (product.sum().item() !== 300 ** 3) throw new Error('wrong product');
      console.log('fine');`);
    expect({ code, signal, stdout, stderr }).toEqual(fine);
  });

  it('two processes of a cluster, and a child with a channel', async () => {
    const ended = await script(`
      import { fork } from 'node:child_process';
      import cluster from 'node:cluster';
      import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      import { join } from 'node:path';
      const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cluster-'));
      const file = join(folder, 'child.mjs');
      writeFileSync(file, 'import * as lib from ' + JSON.stringify(${JSON.stringify(library)}) + ';' +
        'process.send(${numbers}, () => process.disconnect());');
      const answer = (child) => new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => reject(new Error('ended with ' + code)));
      });
      cluster.setupPrimary({ exec: file, execArgv: [] });
      const said = await Promise.all([cluster.fork(), cluster.fork(), fork(file, { execArgv: [] })].map(answer));
      rmSync(folder, { recursive: true });
      if (said.some((sum) => sum !== ${numbers})) throw new Error('wrong: ' + said);
      console.log('fine');`);
    expect(ended).toEqual(fine);
  });

  // Only loaders other than Node's get the CommonJS files; here Node is made to.
  it.each(['.', './study', './checkpoint', './blas'])('require and import of %s are one instance', async (entry) => {
    const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      exports: Record<string, Record<string, string>>;
    };
    const files = exports[entry]!;
    expect(Object.keys(files)).toEqual(['types', 'module-sync', 'require', 'default']);
    const { stdout, stderr } = await node([
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module';
       const require = createRequire(${JSON.stringify(`${root}package.json`)});
       const [byFile, byName, imported] = [require(${JSON.stringify(files.require)}), require('evenkeel${entry.slice(1)}'),
         await import('evenkeel${entry.slice(1)}')];
       console.log(byFile === byName, byName === imported, Object.keys(imported).length > 3);`,
    ]);
    expect({ stdout, stderr }).toEqual({ stdout: 'true true true\n', stderr: '' });
  });
});
