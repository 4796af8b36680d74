// npm run build: the addon (through cmake-js and ninja), then the JavaScript. See CONTRIBUTING.md.
//
//   node scripts/build.mjs                          both
//   node scripts/build.mjs native [-DNAME=VALUE]    build/Release/evenkeel.node and raw_blas
//   node scripts/build.mjs ts                       dist/
//   node scripts/build.mjs native-tests PRESET      build-PRESET/, a preset of CMakePresets.json
import { withLock } from './lib/lock.mjs';
import { Failure, main, step } from './lib/run.mjs';
import { buildNativeTests, native, ts } from './lib/targets.mjs';

const usage = 'usage: node scripts/build.mjs [native [-DNAME=VALUE ...] | ts | native-tests PRESET]';

main(async () => {
  const [what, ...rest] = process.argv.slice(2);
  const defines = what === 'native' ? rest : [];
  if (defines.some((define) => !/^-D\w+(:\w+)?=./.test(define))) throw new Failure(usage);
  await withLock(async () => {
    if (what === undefined || what === 'native') await step(native.name, () => native.build(defines));
    if (what === undefined || what === 'ts') await step(ts.name, () => ts.build());
    if (what === 'native-tests' && rest.length === 1) {
      await step(`compiling the native tests (${rest[0]})`, () => buildNativeTests(rest[0]));
    } else if (what !== undefined && what !== 'native' && what !== 'ts') {
      throw new Failure(usage);
    }
  });
});
