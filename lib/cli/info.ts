// evenkeel info: what is loaded.
import { Command } from 'commander';
import { usage } from './arguments.js';
import { plural } from './report.js';

export function infoCommand(): Command {
  const command = new Command('info')
    .description('Prints what is loaded: versions, BLAS, instruction sets, threads.')
    .option('--json', 'print one JSON object and nothing else');
  return command.action(async (flags: { json?: true }) => {
    const { info, native } = await import('../native.js');
    const loaded = usage(command, () => ({ ...info(), simdTargets: native.info().simdTargets, node: process.version }));
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(loaded)}\n`);
      return;
    }
    const { version, blas, simd, simdTargets, napi, platform, prebuilt, file, node } = loaded;
    const lines: [name: string, value: string][] = [
      ['evenkeel', version],
      ['BLAS', `${blas.library} ${blas.version}, tuned for ${blas.core}`],
      ['SIMD', `${simd} (available: ${simdTargets.join(', ')})`],
      ['threads', plural(blas.threads, 'thread')],
      ['addon', `${prebuilt ? 'prebuilt' : 'built here'}, Node-API ${napi}`],
      ['from', file],
      ['platform', `${platform}, Node ${node}`],
    ];
    process.stdout.write(lines.map(([name, value]) => `${name.padEnd(10)}${value}\n`).join(''));
  });
}
