// npm run docs: the API reference as static pages, in docs/api/ (not committed). Entry points are those of package.json.
import { readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** The source of each subpath, and what users import it as: './dist/study/index.js' is made from lib/study/index.ts. */
const entries = Object.entries(manifest.exports)
  .filter(([, target]) => target.default?.startsWith('./dist/'))
  .map(([subpath, target]) => ({
    source: target.default.replace(/^\.\/dist\/(.*)\.js$/, 'lib/$1.ts'),
    specifier: subpath.replace('.', manifest.name),
  }));

/** Calls modules what users import, and not after their files. */
function nameModules(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kind !== ReflectionKind.Module) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const entry = entries.find(({ source }) => file?.endsWith(`/${source}`));
    if (entry) reflection.name = entry.specifier;
  });
}

export default {
  name: manifest.name,
  entryPoints: entries.map(({ source }) => source),
  plugin: [nameModules],
  out: 'docs/api',
  tsconfig: 'tsconfig.json',
  readme: 'README.md',
  projectDocuments: ['docs/*.md'],
  includeVersion: true,
  excludeInternal: true,
  excludePrivate: true,
  // Pages are the same from the same sources, wherever they are made.
  disableGit: true,
  disableSources: true,
  hideGenerator: true,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: false },
  highlightLanguages: [
    'typescript',
    'javascript',
    'json',
    'jsonc',
    'bash',
    'sh',
    'yaml',
    'cpp',
    'docker',
    'python',
    'html',
  ],
  // Types that stand in signatures and are no one's business: tables that others are made of, the graph, what hooks ask of
  // a module, TensorFlow.js's own.
  intentionallyNotExported: [
    ...['rows', 'algorithms', 'causes', 'nonlinearities', 'Initialisers', 'OptionsOf', 'RandomLayerOptions'],
    ...['Node', 'TensorView', 'Runnable', 'Maybe', 'AnyClass', 'AnyOptimizer', 'Internals', 'Law'],
    ...['randomOps', 'TfSeed', 'tfjs/draws.ts:DType'],
    // The signatures of BLAS's functions, one for several of them.
    ...['blas/async.ts:Async', 'blas/gemm.ts:BatchedArguments', 'blas/gemm.ts:GemmArguments', 'blas/level1.ts:Axpy'],
    ...['blas/level1.ts:AxpyAt', 'blas/level1.ts:Dot', 'blas/level1.ts:DotAt', 'blas/level1.ts:Measure'],
    ...['blas/level1.ts:MeasureAt', 'blas/level1.ts:Pair', 'blas/level1.ts:PairAt', 'blas/level1.ts:Scal'],
    ...['blas/level1.ts:ScalAt', 'blas/main_form.ts:Main', 'blas/rotations.ts:Rotg', 'blas/rotations.ts:Rotmg'],
  ],
};
