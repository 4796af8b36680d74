// Options that write a study's report to files.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { CellResult } from '../study/cell/cell.js';
import type { ReportKind, ThemeName } from '../study/report/index.js';

/** What `addReportOptions` adds to a command's flags. */
export interface ReportFlags {
  html?: string;
  svg?: string;
  png?: string;
  title?: string;
  theme?: ThemeName;
}

/** What reports there are: options are called that. */
export const reportKinds = ['html', 'svg', 'png'] as const satisfies readonly ReportKind[];
const wanted = (flags: ReportFlags) => reportKinds.filter((kind) => flags[kind] !== undefined);

/**
 * Adds --html, --svg, --png, --title and --theme to a command. What would keep a report from being written at the end, a package that is not
 * installed or a folder that is not there, is said before the command's work begins.
 */
export function addReportOptions(command: Command): Command {
  return command
    .optionsGroup('Reports of propagation studies (any of the first three makes it one):')
    .option('--html <file>', 'write a page with interactive charts (takes the package vega)')
    .option('--svg <file>', 'write the charts as an SVG picture (takes vega)')
    .option('--png <file>', 'write them as a PNG picture (takes vega, @resvg/resvg-js, dejavu-fonts-ttf)')
    .option('--title <text>', 'heading of the page and the pictures')
    .addOption(new Option('--theme <name>', 'colours of the pictures').choices(['light', 'dark']).default('light'))
    .hook('preAction', () => checkReports(command, command.opts()));
}

async function checkReports(command: Command, flags: ReportFlags): Promise<void> {
  const needed = wanted(flags);
  if (needed.length === 0) return;
  for (const kind of needed) checkPlace(command, kind, flags[kind]!);
  const { checkPackages } = await import('../study/report/index.js');
  checkPackages(needed.map((kind) => `--${kind}`).join(', '), needed);
}

/** Whether a file can be written, as far as one can know beforehand. */
function checkPlace(command: Command, kind: ReportKind, file: string): void {
  const refuse = (why: string) => command.error(`error: option '--${kind} <file>' got '${file}': ${why}`);
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) refuse('there is no such folder.');
  const exists = existsSync(file);
  if (exists && statSync(file).isDirectory()) refuse('that is a folder.');
  try {
    accessSync(exists ? file : folder, constants.W_OK);
  } catch {
    refuse('it may not be written.');
  }
}

/** Writes the reports that the flags ask for; resolves to the files. */
export async function writeReports(flags: ReportFlags, results: readonly CellResult[]): Promise<string[]> {
  const needed = wanted(flags);
  if (needed.length === 0) return [];
  const { reportHtml, reportPng, reportSvg } = await import('../study/report/index.js');
  const heading = flags.title === undefined ? {} : { title: flags.title };
  const look = { ...heading, ...(flags.theme === undefined ? {} : { theme: flags.theme }) };
  const makers: Readonly<Record<ReportKind, () => string | Uint8Array | Promise<string | Uint8Array>>> = {
    html: () => reportHtml(results, heading),
    svg: () => reportSvg(results, look),
    png: () => reportPng(results, look),
  };
  const files: string[] = [];
  for (const kind of needed) {
    await writeFile(flags[kind]!, await makers[kind]());
    files.push(flags[kind]!);
  }
  return files;
}
