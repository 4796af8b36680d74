// npm run where:check: evenkeel as packed, in the places where Node code lives: bundlers, Next.js, Jest, worker threads and
// processes, Bun, Deno, yarn's Plug'n'Play, read-only file systems. Projects and versions are in scripts/where/. Needs this
// platform's binary (`npm run prebuild -- --target …`) and npm's registry. `npm run where:check -- jest` runs the rows whose
// names contain "jest"; the last line says how many passed and failed.
import { rmSync } from 'node:fs';
import { chooseRows, runRows } from './lib/rows.mjs';
import { main, step } from './lib/run.mjs';
import { thisPlatform } from './pack/here.mjs';
import { packAll } from './pack/tarballs.mjs';
import { platforms } from './prebuild/platforms.mjs';
import { folder } from './where/project.mjs';
import { bundlerRows } from './where/rows/bundlers.mjs';
import { jestRows, nextRows } from './where/rows/frameworks.mjs';
import { nodeRows, otherRuntimeRows, yarnRow } from './where/rows/runtimes.mjs';
import { electronRow, noMounts, readOnlyRows } from './where/rows/systems.mjs';

main(async () => {
  const here = thisPlatform();
  const others = platforms.filter((platform) => platform !== here);
  try {
    const packed = await step('packing', () => packAll([here], others));
    const files = packed.map(({ file }) => file);
    const both = files.slice(0, 2);
    const readOnly = noMounts();
    const rows = [
      ...nodeRows(both),
      ...bundlerRows(both),
      ...nextRows(both),
      ...jestRows(both),
      ...otherRuntimeRows(both),
      yarnRow(files),
      ...(readOnly === undefined ? readOnlyRows(both) : []),
      ...(process.platform === 'linux' ? [electronRow(both, here)] : []),
    ];
    if (readOnly !== undefined) console.log(`skipped: read-only file systems (${readOnly})`);
    return await runRows(chooseRows(rows, process.argv.slice(2)), (said, took) =>
      console.log(`ok (${took()}): ${said}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
