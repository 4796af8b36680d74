// Checkpoints made straight to disk: GPT-2 small (124 M parameters) and a Llama of 1.1 G parameters, in bfloat16; against `dd` with
// fsync of as many bytes, and PyTorch that draws the same tensors and saves them with safetensors.
//
//   node bench/checkpoint.mjs [--folder .] [--rounds 5]
//
// Takes turns, each in a process of its own; needs 5 GB of disk, and 5 GB of memory for PyTorch, which is run in the Python that
// EVENKEEL_BENCH_PYTHON names (with torch and safetensors), if it does.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({
  options: { folder: { type: 'string', default: '.' }, rounds: { type: 'string', default: '5' } },
});
const configs = {
  'GPT-2 small': { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] },
  'Llama, 1.1 G parameters': {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    ...{ vocab_size: 32000, hidden_size: 2048, intermediate_size: 5632, num_hidden_layers: 22 },
    ...{ num_attention_heads: 32, num_key_value_heads: 4 },
  },
};
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const python = process.env.EVENKEEL_BENCH_PYTHON;

const torch = `
import json, os, resource, sys, time, torch
from safetensors.torch import save_file
tensors = json.loads(sys.argv[1])
start = time.perf_counter()
state = {}
for tensor in tensors:
  made = torch.empty(tensor["shape"], dtype=torch.bfloat16)
  state[tensor["name"]] = made.normal_(tensor["mean"], tensor["std"]) if tensor["std"] else made.fill_(tensor["mean"])
drawn = time.perf_counter() - start
save_file(state, sys.argv[2])
file = os.open(sys.argv[2], os.O_RDONLY)
os.fsync(file)
print(json.dumps({"seconds": time.perf_counter() - start, "drawn": drawn,
  "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))`;

const ours = `
import { initializeCheckpoint } from 'evenkeel/checkpoint';
const [folder, model] = process.argv.slice(1);
const start = performance.now();
await initializeCheckpoint(folder, { model, seed: 0, dtype: 'bf16' });
console.log(JSON.stringify({
  seconds: (performance.now() - start) / 1000,
  megabytes: process.resourceUsage().maxRSS / 1024,
}));`;

const folder = mkdtempSync(join(values.folder, 'evenkeel-bench-'));
const run = async (command, ...args) => {
  return promisify(execFile)(command, args, { maxBuffer: 1 << 26, cwd: fileURLToPath(new URL('..', import.meta.url)) });
};
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

async function measure(name, config) {
  const model = join(folder, 'config.json');
  writeFileSync(model, JSON.stringify(config));
  const plan = JSON.parse(
    (
      await run(
        process.execPath,
        main,
        'init',
        join(folder, 'plan'),
        '--model',
        model,
        '--dtype',
        'bf16',
        '--dry-run',
        '--json',
      )
    ).stdout,
  );
  const out = join(folder, 'out');
  const tensors = JSON.stringify(plan.tensors.map(({ name, shape, mean, std }) => ({ name, shape, mean, std })));
  const peers = {
    evenkeel: async () =>
      JSON.parse((await run(process.execPath, '--input-type=module', '--eval', ours, out, model)).stdout),
    dd: async () => {
      const count = Math.ceil(plan.bytes / (1 << 24));
      const start = performance.now();
      await run('dd', 'if=/dev/zero', `of=${out}`, 'bs=16M', `count=${count}`, 'conv=fsync');
      return { seconds: ((performance.now() - start) / 1000) * (plan.bytes / (count * (1 << 24))) };
    },
    ...(python ? { PyTorch: async () => JSON.parse((await run(python, '-c', torch, tensors, out)).stdout) } : {}),
  };
  const results = Object.fromEntries(Object.keys(peers).map((peer) => [peer, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [peer, once] of Object.entries(peers)) {
      // What the last one wrote is not to be waited for by the next.
      await run('sync');
      results[peer].push(await once());
      rmSync(out, { recursive: true, force: true });
    }
  }
  console.log(`\n${name}: ${(plan.bytes / 1e9).toFixed(2)} GB in bfloat16, medians of ${values.rounds} rounds`);
  const base = median(results.evenkeel.map(({ seconds }) => seconds));
  for (const [peer, runs] of Object.entries(results)) {
    const times = runs.map(({ seconds }) => seconds);
    const seconds = median(times);
    const memory = Math.max(...runs.map(({ megabytes }) => megabytes ?? 0));
    const drawn = runs[0].drawn === undefined ? '' : `, ${median(runs.map((r) => r.drawn)).toFixed(2)} s of it drawing`;
    console.log(
      `${peer.padEnd(9)} ${seconds.toFixed(2).padStart(6)} s (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)}) ` +
        `${(plan.bytes / 1e6 / seconds).toFixed(0).padStart(5)} MB/s` +
        `${memory === 0 ? '' : `, peak ${memory.toFixed(0)} MB`}${drawn}${peer === 'evenkeel' ? '' : `; its time over ours ${(seconds / base).toFixed(2)}`}`,
    );
  }
}

try {
  for (const [name, config] of Object.entries(configs)) await measure(name, config);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
