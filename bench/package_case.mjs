// One case in a package of BLAS calls: `package_case.mjs FOLDER PEER NAME`, where FOLDER has it installed and PEER is nblas or
// stdlib. Without NAME: {"version"}.
import { createRequire } from 'node:module';
import path from 'node:path';
import { cases } from './cases.mjs';
import { serve } from './measure.mjs';

const [folder, peer, name] = process.argv.slice(2);
const require = createRequire(path.resolve(folder, 'package.json'));
const load = {
  nblas: () => require('nblas'),
  stdlib: () => (routine) => require(`@stdlib/blas-base-${routine}`),
}[peer]();

if (name === undefined) {
  const { version } = require(peer === 'nblas' ? 'nblas/package.json' : '@stdlib/blas-base-sgemm/package.json');
  process.stdout.write(`${JSON.stringify({ version })}\n`);
} else {
  await serve(cases.find((row) => row.name === name)[peer](load));
}
