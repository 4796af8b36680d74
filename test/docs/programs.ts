// Blocks as programs: run in a folder of their own, where packages are found as in a user's project, and what they print
// held against the comments beside it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Block, root } from './pages.js';

/** A folder with a node_modules of links: evenkeel as it is built, and what is installed here. */
export function projectIn(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(root, join(modules, 'evenkeel'), 'dir');
  for (const name of readdirSync(`${root}node_modules`)) {
    if (!name.startsWith('.') && name !== 'evenkeel') {
      symlinkSync(`${root}node_modules/${name}`, join(modules, name), 'dir');
    }
  }
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
}

/** Blocks that continue others, joined to them: programs, each with the line that it begins at. */
export function programsOf(blocks: readonly Block[]): Block[] {
  const programs: Block[] = [];
  for (const block of blocks) {
    if (block.language !== 'js' && block.language !== 'ts') continue;
    const before = programs.at(-1);
    if (!block.continues) programs.push(block);
    else if (!before) throw new Error(`${block.page}:${block.line}: there is no block that it could continue`);
    else {
      // Lines in between are left empty, so that every line keeps its number.
      const gap = block.line - before.line - before.code.split('\n').length + 1;
      programs[programs.length - 1] = { ...before, code: before.code + '\n'.repeat(gap) + block.code };
    }
  }
  return programs;
}

/** What the comments of a program say that its calls of console.log print: by line, the lines of text. */
export function expectedOf(code: string): Map<number, string[]> {
  const expected = new Map<number, string[]>();
  const lines = code.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const call = /^\s*console\.log\(.*\);(?:\s*\/\/ (.*))?$/.exec(lines[i]!);
    if (!call) continue;
    const below: string[] = [];
    if (call[1] !== undefined) below.push(call[1]);
    else for (let j = i + 1; /^\s*\/\/ /.test(lines[j] ?? ''); j++) below.push(lines[j]!.replace(/^\s*\/\/ /, ''));
    if (below.length > 0) expected.set(i, below);
  }
  return expected;
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim();
const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/** Whether two texts are the same but for the last digits of fractions, which are good to one part in a hundred. */
export function sameButRounding(wanted: string, got: string): boolean {
  const [a, b] = [wanted, got].map((text) => text.match(number) ?? []) as unknown as [string[], string[]];
  if (wanted.replace(number, '#') !== got.replace(number, '#') || a.length !== b.length) return false;
  return a.every((text, i) => {
    const [x, y] = [Number(text), Number(b[i])];
    return x === y || (/[.e]/.test(text) && Math.abs(x - y) <= 0.01 * Math.max(Math.abs(x), Math.abs(y)));
  });
}

/** Whether the text printed is what a comment says. `…` stands for anything; spaces count as one. */
export function matches(wanted: readonly string[], printed: string): boolean {
  const parts = squeeze(wanted.map((line) => (line.trim() === '...' ? '…' : line)).join('\n')).split('…');
  let rest = squeeze(printed);
  for (const [i, part] of parts.entries()) {
    const text = squeeze(part);
    if (text === '') continue;
    const last = i === parts.length - 1;
    if (parts.length === 1) return sameButRounding(text, rest);
    // Windows of as many words as the part has.
    const words = rest.split(' ');
    const length = text.split(' ').length;
    const starts = i === 0 ? [0] : last ? [words.length - length] : words.keys();
    let found = -1;
    for (const start of starts) {
      if (start >= 0 && sameButRounding(text, words.slice(start, start + length).join(' '))) {
        found = start;
        break;
      }
    }
    if (found < 0) return false;
    rest = words.slice(found + length).join(' ');
  }
  return true;
}

/** What became of a program: its failure, or what each line's console.log printed. */
export interface Outcome {
  readonly error?: string;
  readonly printed: Record<string, string>;
}

// Runs files in turn, each in a thread of its own, where nothing of the others is left: no seed, no default generator.
const runner = `
import { format } from 'node:util';
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
if (isMainThread) {
  const [answer, ...files] = process.argv.slice(2);
  const outcomes = [];
  for (const file of files) {
    const worker = new Worker(new URL(import.meta.url), { workerData: file });
    let outcome = { printed: {}, error: 'ended without a word' };
    worker.on('message', (message) => { outcome = message; worker.terminate(); });
    worker.on('error', (error) => { outcome = { printed: {}, error: error?.stack ?? String(error) }; });
    await new Promise((resolve) => worker.on('exit', resolve));
    outcomes.push(outcome);
    writeFileSync(answer, JSON.stringify(outcomes));
  }
} else {
  const printed = {};
  globalThis.printAtLine = (line) => (...args) => { printed[line] = (printed[line] ?? '') + format(...args) + '\\n'; };
  globalThis.mustThrow = async (line, wanted, call) => {
    let thrown;
    try {
      await call();
    } catch (error) {
      thrown = error;
    }
    if (!thrown) throw new Error('line ' + line + ' did not throw');
    const text = thrown.name + (thrown.code ? ' [' + thrown.code + ']' : '') + ': ' + thrown.message;
    if (!text.includes(wanted)) throw new Error('line ' + line + ' threw ' + text);
  };
  let error;
  try {
    await import(workerData);
  } catch (thrown) {
    error = thrown?.stack ?? String(thrown);
  }
  parentPort.postMessage({ printed, error });
}`;

/** A line whose output is kept, and whose failure is expected where it says `// throws`. */
function instrumented(line: string, at: number): string {
  const throwing = /^(\s*)(?:await )?(.*?);\s*\/\/ throws:? ?(.*)$/.exec(line);
  if (throwing) {
    const [, indent, call, wanted] = throwing;
    return `${indent}await globalThis.mustThrow(${at + 1}, ${JSON.stringify(wanted)}, () => ${call});`;
  }
  return line.replaceAll('console.log(', `globalThis.printAtLine(${at})(`);
}

/** Runs programs in turn in the given folder, which stands for /tmp too. */
export function runPrograms(folder: string, programs: readonly Block[]): Outcome[] {
  writeFileSync(join(folder, 'runner.mjs'), runner);
  const files = programs.map((program, i) => {
    const lines = program.code.replaceAll('/tmp/', `${folder}/`).split('\n');
    let code = lines.map(instrumented).join('\n');
    if (program.language === 'ts') {
      code = ts.transpileModule(code, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      }).outputText;
    }
    const commonjs = /\brequire\(/.test(code) && !/^import /m.test(code);
    const name = `./program-${i}.${commonjs ? 'cjs' : 'mjs'}`;
    writeFileSync(join(folder, name), code);
    return name;
  });
  const answer = join(folder, 'answer.json');
  const child = spawnSync(process.execPath, ['--no-warnings', 'runner.mjs', answer, ...files], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 140_000,
  });
  let outcomes: Outcome[] = [];
  try {
    outcomes = JSON.parse(ts.sys.readFile(answer) ?? '[]') as Outcome[];
  } catch {
    // Nothing was written: the process says why.
  }
  const why = `${child.stderr}\nended with ${child.signal ?? child.status}`;
  return programs.map((_, i) => outcomes[i] ?? { error: why, printed: {} });
}
