// The example of a report in docs/studies.md, as SVG for light and dark pages, and as PNG:
//
//     node scripts/report-image.mjs [FOLDER]
//
// writes to docs/images or to the folder. Numbers are those of any machine; their last digits may differ with BLAS's kernels.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportPng, reportSvg, study } from 'evenkeel/study';

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url));
const { results, failures } = await study({
  ...{ width: 128, depth: 40, activation: 'tanh', sigmaW: [1, 1.304, 2], sigmaB: 0.2 },
  ...{ batch: 8, repeats: 20, spectrum: 'all', seed: 0 },
});
if (failures.length > 0) throw new Error(failures[0].message);
mkdirSync(folder, { recursive: true });
const title = 'tanh on both sides of the edge of chaos';
const pictures = {
  'report.svg': await reportSvg(results, { title }),
  'report-dark.svg': await reportSvg(results, { title, theme: 'dark' }),
  'report.png': await reportPng(results, { title }),
};
for (const [name, picture] of Object.entries(pictures)) {
  writeFileSync(path.join(folder, name), picture);
  process.stdout.write(`${path.join(folder, name)}\n`);
}
