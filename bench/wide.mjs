// A network too wide for its weights: depth 3, batch 2, ReLU and He's initialisation at width 65,536, forward and backward,
// matrix-free and in law; and in PyTorch, with weights in memory, forward alone: a layer at a time, since one takes 17 GB.
//
//   node bench/wide.mjs [--width 65536] [--depth 3] [--batch 2] [--threads 2]
//
// Each in a process of its own, once. PyTorch in the Python that EVENKEEL_BENCH_PYTHON names, if it does.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({
  options: {
    width: { type: 'string', default: '65536' },
    depth: { type: 'string', default: '3' },
    batch: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
});
const sizes = [values.width, values.depth, values.batch].map(Number);
const [width, depth, batch] = sizes;

const study = (layer) => `
  import * as ek from 'evenkeel';
  import { InLawLinear, studyLinear } from 'evenkeel/study';
  const generator = new ek.Generator(0);
  const init = { initialiser: 'kaimingNormal', nonlinearity: 'relu' };
  const x = ek.randn([${batch}, ${width}], { generator }).requiresGrad_();
  const gradient = ek.randn([${batch}, ${width}], { generator });
  const start = performance.now();
  let h = x;
  for (let layer = 0; layer < ${depth}; layer++) h = ${layer}.call(h).relu();
  const forward = performance.now() - start;
  h.backward(gradient);
  const all = performance.now() - start;
  console.log(JSON.stringify({ forward, all, megabytes: process.resourceUsage().maxRSS / 1024 }));`;

const torch = `
import json, resource, time, torch
torch.set_num_threads(${values.threads})
h = torch.randn(${batch}, ${width})
start = time.perf_counter()
with torch.no_grad():
  for layer in range(${depth}):
    weight = torch.empty(${width}, ${width})
    torch.nn.init.kaiming_normal_(weight, nonlinearity="relu")
    h = torch.relu(h @ weight.T)
    del weight
forward = 1e3 * (time.perf_counter() - start)
print(json.dumps({"forward": forward, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))`;

const node = (source) => [process.execPath, ['--input-type=module', '--eval', source]];
const python = process.env.EVENKEEL_BENCH_PYTHON;
const programs = {
  'matrix-free': node(study(`studyLinear(${width}, ${width}, { init, materialize: 'never', generator })`)),
  'in law': node(study(`new InLawLinear(${width}, ${width}, { std: Math.sqrt(2 / ${width}), generator })`)),
  ...(python ? { 'PyTorch, materialised': [python, ['-c', torch]] } : {}),
};

console.log(`width ${width}, depth ${depth}, batch ${batch}, ${values.threads} threads`);
for (const [name, [command, args]] of Object.entries(programs)) {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, EVENKEEL_THREADS: values.threads },
  });
  const { forward, all, megabytes } = JSON.parse(stdout);
  const seconds = (ms) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(ms < 1000 ? 3 : 1)} s`).padStart(10);
  const memory = `${megabytes.toFixed(0)} MB`.padStart(10);
  console.log(`${name.padEnd(24)} forward ${seconds(forward)}   and backward ${seconds(all)}   peak ${memory}`);
}
