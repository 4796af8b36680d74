// The README's chart, from the results of a run, or of several with one set-up:
//
//   npm run -s bench -- --json > results.json
//   node bench/chart.mjs results.json
//
// writes speed.svg and speed.png, and the same for dark pages, to docs/images, or to the folder after --out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { caption, merge, shape } from './chart/data.mjs';
import { drawsText, toPng, toSvg } from './chart/render.mjs';
import { specification, themeNames } from './chart/spec.mjs';

/** Twice the size at which pages show it. */
const pngWidth = 1960;

const usage = 'usage: node bench/chart.mjs results.json... [--out FOLDER]\n';

async function draw(files, folder) {
  const results = merge(files.map((file) => JSON.parse(readFileSync(file, 'utf8'))));
  const data = shape(results);
  if (!drawsText()) throw new Error('the system has no font for the PNG; on Debian, fonts-dejavu-core has one');
  mkdirSync(folder, { recursive: true });
  for (const theme of themeNames) {
    const svg = await toSvg(specification(data, caption(results, data.libraries), theme));
    const target = path.join(folder, theme === 'light' ? 'speed' : `speed-${theme}`);
    writeFileSync(`${target}.svg`, svg);
    writeFileSync(`${target}.png`, toPng(svg, pngWidth));
    process.stdout.write(`${target}.svg, ${target}.png\n`);
  }
}

function argumentsOf(args) {
  try {
    const { positionals, values } = parseArgs({ args, allowPositionals: true, options: { out: { type: 'string' } } });
    return positionals.length > 0 ? { files: positionals, folder: values.out } : undefined;
  } catch {
    return undefined;
  }
}

const given = argumentsOf(process.argv.slice(2));
if (given === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  try {
    await draw(given.files, given.folder ?? fileURLToPath(new URL('../docs/images', import.meta.url)));
  } catch (error) {
    process.stderr.write(`chart: ${error.message}\n`);
    process.exitCode = 1;
  }
}
