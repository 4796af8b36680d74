// The rules of docs/architecture.md that a script can check.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = (folder: string, pattern: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => pattern.test(name))
    .sort();
const read = (name: string) => readFileSync(join(root, name), 'utf8');

const sources = files('lib', /\.ts$/);

/** The layer a file belongs to: its folder, or its name. */
const layerOf = (name: string) => /^lib\/(\w+)/.exec(name)![1]!;

/** Files that a file imports, by path from the root. */
const imports = new Map(
  sources.map((name) => {
    const paths = [
      ...read(name).matchAll(/^\s*(?:import|export)\b[^'"]*?\bfrom\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm),
    ];
    const targets = paths.map((match) => resolve(root, dirname(name), (match[1] ?? match[2])!.replace(/\.js$/, '.ts')));
    return [name, targets.map((target) => relative(root, target))];
  }),
);

/**
 * A file may import from its own layer and from those after it. Layers in one row may not import one another.
 */
const order = [
  ['index'],
  ['cli'],
  ['study'],
  ['checkpoint'],
  ['nn', 'optim', 'tfjs'],
  ['init'],
  ['linalg', 'scope', 'async', 'message'],
  ['creation', 'combine'],
  ['tensor'],
  ['fill', 'autograd', 'format'],
  ['graph'],
  ['ops'],
  ['random'],
  ['rng'],
  ['blas'],
  ['job'],
  ['run'],
  ['claims'],
  ['view'],
  ['memory'],
  ['native'],
  ['loader'],
  ['shape'],
  ['dtype', 'arguments', 'special', 'heap', 'root', 'blas_core', 'columns', 'units', 'paths'],
  ['errors'],
];
const depth = new Map(order.flatMap((row, i) => row.map((layer) => [layer, i] as const)));

describe('imports', () => {
  it('find files, all in known layers', () => {
    for (const [name, targets] of imports) {
      expect(depth.has(layerOf(name)), `${name} is in no layer: add it to the order`).toBe(true);
      for (const target of targets) expect(sources, `${name} imports`).toContain(target);
    }
    expect([...imports.values()].flat().length).toBeGreaterThan(80);
  });

  it('point one way', () => {
    const wrong = [...imports].flatMap(([name, targets]) =>
      targets
        .filter((target) => {
          const [from, to] = [layerOf(name), layerOf(target)];
          return from !== to && depth.get(from)! >= depth.get(to)!;
        })
        .map((target) => `${name} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('go round in no circles', () => {
    const done = new Set<string>();
    const visit = (name: string, path: string[]): void => {
      expect(path, `a circle: ${[...path, name].join(' -> ')}`).not.toContain(name);
      if (done.has(name)) return;
      for (const target of imports.get(name)!) visit(target, [...path, name]);
      done.add(name);
    };
    for (const name of sources) visit(name, []);
  });

  it('keep tensors out of operations, and native code behind the gate', () => {
    const importers = (target: string) =>
      [...imports].filter(([, targets]) => targets.includes(target)).map(([name]) => name);
    const low = /^lib\/(ops\/.*|run|random|fill|view|shape|autograd|graph)\.ts$/;
    for (const tensor of sources.filter((name) => name.startsWith('lib/tensor/'))) {
      expect(importers(tensor).filter((name) => low.test(name))).toEqual([]);
    }
    const mayConfigure = /^lib\/(run|job|memory|index)\.ts$|^lib\/(cli|study)\//;
    expect(importers('lib/native.ts').filter((name) => !mayConfigure.test(name))).toEqual([]);
    const callers = sources.filter((name) => /\bnative\.(run|bindPlan)\(/.test(read(name)));
    expect(callers).toEqual(['lib/run.ts']);
  });

  it('index.ts only names', () => {
    const rest = read('lib/index.ts')
      .replace(/\/\/.*/g, '')
      .replace(/export (type )?(\{[^}]*\}|\* as \w+) from '[^']+';/g, '');
    expect(rest.trim()).toBe('');
  });
});

describe('native code', () => {
  const native = files('native', /\.(cc|h|def)$/);
  const without = (name: string) => read(name).replace(/\/\/.*/g, '');

  it.each<[string, RegExp, RegExp]>([
    ['Node-API', /#include\s*[<"](node_api|napi|js_native_api)\.h/, /^native\/(addon|bridge)\.(cc|h)$/],
    ['BLAS', /#include\s*[<"]cblas\.h/, /^native\/blas(\.cc|\/routines\.h|\/scratch\.cc)$/],
    ['LAPACK', /\b[sd](geqrf|orgqr|gesdd)_\b/, /^native\/lapack\.cc$/],
    ['Highway', /#include\s*[<"]hwy\//, /^native\/simd\//],
    ['threads', /\bstd::j?thread\b|#include\s*<thread>|\bpthread_create\b/, /^native\/parallel\.cc$/],
    // Electron's V8 refuses ArrayBuffers on memory that is not its own (napi_no_external_buffers_allowed).
    [
      'foreign memory',
      /napi_create_external_\w*buffer|node_api_create_(external|buffer_from)|Buffer(<\w+>)?::New/,
      /^$/,
    ],
    ['OpenMP', /#\s*pragma\s+omp|#include\s*<omp\.h>/, /^$/],
  ])('%s has one home', (_, pattern, home) => {
    const users = native.filter((name) => pattern.test(without(name)));
    expect(users.filter((name) => !home.test(name))).toEqual([]);
    if (home.source !== '^$') expect(users.length).toBeGreaterThan(0);
  });

  it('the random transforms contain no fused multiply-add', () => {
    const transforms = native.filter((name) =>
      /simd\/(deal|discrete|distributions|truncated_normal|store|pcg|random|mt19937)|rng\//.test(name),
    );
    expect(transforms.length).toBeGreaterThan(3);
    // torch's stream needs them, one by one, as torch's compiler made them: those files say so with std::fma or MulAdd.
    const pcg = transforms.filter((name) => !/mt/.test(name));
    expect(pcg.filter((name) => /\b(MulAdd|NegMulAdd|MulSub|fma)\s*\(/.test(without(name)))).toEqual([]);
    expect(read('CMakeLists.txt')).toContain('-ffp-contract=off');
  });
});

describe('files', () => {
  it('are short', () => {
    const long = [...sources, ...files('native', /\.(cc|h)$/)]
      .map((name) => [name, read(name).split('\n').length] as const)
      .filter(([, lines]) => lines > 450);
    expect(long).toEqual([]);
  });

  /** Files without a test of their own, and where they are tested. */
  const elsewhere: Readonly<Record<string, string>> = {
    'lib/blas/choices.ts': 'test/blas/arguments.test.ts',
    'lib/blas/gemm.ts': 'test/blas/level3.test.ts',
    'lib/blas/index.ts': 'test/blas/arguments.test.ts',
    'lib/blas/loops.ts': 'test/blas/level1.test.ts',
    'lib/blas/main_form.ts': 'test/blas/level2.test.ts',
    'lib/blas/matrix.ts': 'test/blas/level3.test.ts',
    'lib/blas/operand.ts': 'test/blas/arguments.test.ts',
    'lib/blas/packed.ts': 'test/blas/level2.test.ts',
    'lib/blas/rotations.ts': 'test/blas/level1.test.ts',
    'lib/blas/triangular.ts': 'test/blas/level2.test.ts',
    'lib/blas/updates.ts': 'test/blas/level2.test.ts',
    'lib/arguments.ts': 'test/tensor.test.ts',
    'lib/claims.ts': 'test/async.test.ts',
    'lib/fill.ts': 'test/random.test.ts',
    'lib/job.ts': 'test/async.test.ts',
    'lib/native.ts': 'test/index.test.ts',
    'lib/loader/elf.ts': 'test/loader/index.test.ts',
    'lib/loader/platform.ts': 'test/loader/index.test.ts',
    'lib/loader/explain.ts': 'test/loader/index.test.ts',
    'lib/loader/installed.ts': 'test/loader/index.test.ts',
    'lib/paths.ts': 'test/checkpoint/safetensors/file.test.ts',
    'lib/run.ts': 'test/tensor.test.ts',
    'lib/special.ts': 'test/init/verify.test.ts',
    'lib/checkpoint/files.ts': 'test/checkpoint/safetensors/file.test.ts',
    'lib/checkpoint/npy/header.ts': 'test/checkpoint/npy/npy.test.ts',
    'lib/checkpoint/safetensors/dtypes.ts': 'test/checkpoint/safetensors/header.test.ts',
    'lib/checkpoint/safetensors/elements.ts': 'test/checkpoint/safetensors/file.test.ts',
    'lib/checkpoint/safetensors/slices.ts': 'test/checkpoint/safetensors/file.test.ts',
    'lib/checkpoint/dtype_names.ts': 'test/checkpoint/model/source.test.ts',
    'lib/checkpoint/model/checkpoint.ts': 'test/checkpoint/model/source.test.ts',
    'lib/checkpoint/model/description.ts': 'test/checkpoint/model/source.test.ts',
    'lib/checkpoint/model/huggingface/bert.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/families.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/family.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/gpt2.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/gpt_neox.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/llama.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/mistral.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/qwen2.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/resnet.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/rows.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/scheme.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/huggingface/vit.ts': 'test/checkpoint/model/huggingface/config.test.ts',
    'lib/checkpoint/model/module.ts': 'test/checkpoint/model/source.test.ts',
    'lib/checkpoint/model/presets.ts': 'test/checkpoint/model/plan.test.ts',
    'lib/checkpoint/model/validate.ts': 'test/checkpoint/model/spec.test.ts',
    'lib/init/basic.ts': 'test/init.test.ts',
    'lib/init/checks.ts': 'test/init.test.ts',
    'lib/init/gains.ts': 'test/init.test.ts',
    'lib/init/worker.ts': 'test/init/async.test.ts',
    'lib/init/index.ts': 'test/init.test.ts',
    'lib/init/scaling.ts': 'test/init.test.ts',
    'lib/init/table.ts': 'test/init/rules.test.ts',
    'lib/init/presets.ts': 'test/init/rules.test.ts',
    'lib/init/target.ts': 'test/init/verify.test.ts',
    'lib/nn/functional/async.ts': 'test/async.test.ts',
    'lib/nn/activations.ts': 'test/nn/torch.test.ts',
    'lib/nn/batchnorm.ts': 'test/nn/torch.test.ts',
    'lib/nn/conv.ts': 'test/nn/torch.test.ts',
    'lib/nn/convtranspose.ts': 'test/nn/torch.test.ts',
    'lib/nn/dropout.ts': 'test/nn/torch.test.ts',
    'lib/nn/embedding.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/activation.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/conv.ts': 'test/nn/functional.test.ts',
    'lib/nn/functional/convtranspose.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/dropout.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/embedding.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/geometry.ts': 'test/nn/functional.test.ts',
    'lib/nn/functional/index.ts': 'test/nn/functional.test.ts',
    'lib/nn/functional/linear.ts': 'test/nn/functional.test.ts',
    'lib/nn/functional/loss.ts': 'test/nn/golden.test.ts',
    'lib/nn/functional/normalise.ts': 'test/nn/torch.test.ts',
    'lib/nn/functional/pad.ts': 'test/nn/golden.test.ts',
    'lib/nn/functional/pool.ts': 'test/nn/torch.test.ts',
    'lib/nn/index.ts': 'test/index.test.ts',
    'lib/nn/layernorm.ts': 'test/nn/torch.test.ts',
    'lib/nn/layers.ts': 'test/nn/module.test.ts',
    'lib/nn/linear.ts': 'test/nn/module.test.ts',
    'lib/nn/losses.ts': 'test/nn/arguments.test.ts',
    'lib/nn/pooling.ts': 'test/nn/torch.test.ts',
    'lib/nn/parameter.ts': 'test/nn/module.test.ts',
    'lib/nn/python.ts': 'test/nn/module.test.ts',
    'lib/nn/state.ts': 'test/nn/module.test.ts',
    'lib/tfjs/core.ts': 'test/tfjs/backend.test.ts',
    'lib/tfjs/draws.ts': 'test/tfjs/random.test.ts',
    'lib/tfjs/index.ts': 'test/tfjs/interop.test.ts',
    'lib/tfjs/kernel.ts': 'test/tfjs/kernels.test.ts',
    ...Object.fromEntries(
      ['conv', 'elementwise', 'index', 'layout', 'matmul', 'normalise', 'pool', 'reduce', 'rows'].map((family) => [
        `lib/tfjs/kernels/${family}.ts`,
        'test/tfjs/kernels.test.ts',
      ]),
    ),
    'lib/tfjs/register.ts': 'test/tfjs/backend.test.ts',
    'lib/optim/adam.ts': 'test/optim/optimizer.test.ts',
    'lib/optim/index.ts': 'test/index.test.ts',
    'lib/optim/sgd.ts': 'test/optim/optimizer.test.ts',
    'lib/optim/update.ts': 'test/optim/optimizer.test.ts',
  };

  it('have tests', () => {
    // The studies and the command are tested through what they print, initialised checkpoints through what is written.
    const checked = sources.filter((name) => !/^lib\/(study|cli|rng|ops|tensor|checkpoint\/initialize)\//.test(name));
    const bare = checked.filter((name) => {
      const mirror = name.replace(/^lib/, 'test').replace(/\.ts$/, '.test.ts');
      return !existsSync(join(root, elsewhere[name] ?? mirror));
    });
    expect(bare).toEqual([]);
    expect(Object.keys(elsewhere).filter((name) => !sources.includes(name))).toEqual([]);
  });

  it.each(files('test', /\.test\.ts$/))('%s leaves no test out by mistake', (name) => {
    expect(read(name)).not.toMatch(/\b(it|test|describe)\.only\b/);
  });
});
