// evenkeel study merge: the files of a study's shares, joined.
import { Command } from 'commander';
import { usage } from './arguments.js';

/** How many of the cells that are missing are named. */
const named = 5;

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('Joins files that shares of one propagation study wrote (--cells).')
    .argument('<output>', 'the file to make')
    .argument('<files...>', 'the files to join')
    .addHelpText('after', '\nExit status 1 where cells are missing; the file is made all the same.');
  return command.action(async (output: string, files: string[]) => {
    const { mergeStudies } = await import('../study/sweep/merge.js');
    const { describeCell } = await import('../study/sweep/grid.js');
    const say = (message: string) => process.stderr.write(`evenkeel: ${message}\n`);
    const { total, missing } = usage(command, () => mergeStudies(output, files, say));
    process.stdout.write(`${total - missing.length} of ${total} cells are in ${output}\n`);
    if (missing.length === 0) return;
    for (const cell of missing.slice(0, named)) say(`missing: ${describeCell(cell)}`);
    if (missing.length > named) say(`missing: ${missing.length - named} more`);
    process.exitCode = 1;
  });
}
