// The options that write reports, on a command made for the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { addReportOptions, type ReportFlags, writeReports } from '../../lib/cli/reports.js';
import { resultOf } from '../study/report/results.js';

const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-reports-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command with the options; its work is to write the reports of one cell. */
async function run(...args: string[]) {
  let worked = false;
  let files: string[] = [];
  let said = '';
  const command = new Command('some').exitOverride().configureOutput({
    writeErr: (text) => {
      said += text;
    },
  });
  addReportOptions(command).action(async (flags: ReportFlags) => {
    worked = true;
    files = await writeReports(flags, [resultOf({ depth: 3 })]);
  });
  const error = await command.parseAsync(args, { from: 'user' }).then(
    () => undefined,
    (reason: Error) => reason,
  );
  return { worked, files, said, error };
}

describe('reports from the command line', () => {
  it('are written where they are asked for', async () => {
    const [html, svg, png] = ['r.html', 'r.svg', 'r.png'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    const { files, error } = await run(
      '--html',
      html,
      '--svg',
      svg,
      '--png',
      png,
      '--title',
      'A <b>',
      '--theme',
      'dark',
    );
    expect(error).toBeUndefined();
    expect(files).toEqual([html, svg, png]);
    expect(readFileSync(html, 'utf8')).toContain('<title>A &lt;b&gt;</title>');
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^>]*aria-label="A &lt;b&gt;"><rect [^>]*fill="#0d1117"/);
    expect(readFileSync(png).subarray(1, 4).toString()).toBe('PNG');
  });

  it('are none unless asked for', async () => {
    expect(await run()).toMatchObject({ worked: true, files: [], error: undefined });
  });

  it.each([
    [['--html', '/no/such/folder/x.html'], /--html <file>.*no such folder/],
    [['--png', tmpdir()], /--png <file>.*that is a folder/],
    [['--theme', 'pink'], /pink.*Allowed choices are light, dark/],
  ])('that could not be written are refused before any work: %j', async (args, message) => {
    const { worked, said, error } = await run(...args);
    expect(worked).toBe(false);
    expect(error).toBeDefined();
    expect(said).toMatch(message);
  });
});
