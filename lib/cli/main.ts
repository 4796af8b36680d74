#!/usr/bin/env node
// The command `evenkeel`. Exit status: 0 done, 1 failed, 2 wrong usage, 130 and 143 interrupted by SIGINT and SIGTERM.
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { infoCommand } from './info.js';
import { initCommand } from './init.js';
import { studyCommand } from './study.js';
import { workerCommand } from './worker.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

const program = new Command('evenkeel')
  .description(
    'Weight initialisation for Node at BLAS speed: checkpoints initialised straight to disk, and studies of how signals travel through deep networks.',
  )
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'evenkeel:')) })
  .showHelpAfterError('Add --help for the options.');
// Sub-commands take over the settings above.
for (const command of [studyCommand(version), initCommand(version), workerCommand(), infoCommand()]) {
  program.addCommand(command.copyInheritedSettings(program));
  for (const inner of command.commands) inner.copyInheritedSettings(program);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what was wrong.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`evenkeel: ${message.replace(/^evenkeel: /, '')}\n`);
    // Settings in the environment are usage, too.
    process.exitCode = message.startsWith('EVENKEEL_') ? 2 : 1;
  }
}
