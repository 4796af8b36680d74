// The README's chart, from the results of a run:
//
//   npm run -s bench -- --json > results.json
//   node bench/chart.mjs results.json [FOLDER]
//
// writes speed.svg and speed.png, and the same for dark pages, to FOLDER (docs/images).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { caption, shape } from './chart/data.mjs';
import { drawsText, toPng, toSvg } from './chart/render.mjs';
import { specification, themeNames } from './chart/spec.mjs';

/** Twice the size at which pages show it. */
const pngWidth = 2200;

async function main([file, folder = fileURLToPath(new URL('../docs/images', import.meta.url))]) {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  if (!drawsText()) throw new Error('the system has no font for the PNG; on Debian, fonts-dejavu-core has one');
  const data = shape(results);
  mkdirSync(folder, { recursive: true });
  for (const theme of themeNames) {
    const svg = await toSvg(specification(data, caption(results, data.libraries), theme));
    const target = path.join(folder, theme === 'light' ? 'speed' : `speed-${theme}`);
    writeFileSync(`${target}.svg`, svg);
    writeFileSync(`${target}.png`, toPng(svg, pngWidth));
    process.stdout.write(`${target}.svg, ${target}.png\n`);
  }
}

const args = process.argv.slice(2);
if (args.length < 1 || args.length > 2 || args[0].startsWith('-')) {
  process.stderr.write('usage: node bench/chart.mjs results.json [FOLDER]\n');
  process.exitCode = 2;
} else {
  try {
    await main(args);
  } catch (error) {
    process.stderr.write(`chart: ${error.message}\n`);
    process.exitCode = 1;
  }
}
