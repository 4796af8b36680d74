// Mutation test of native/guard.cc: breaks one comparison at a time, compiles, runs the guard's tests, and expects them
// to fail. A mutant that passes shows a check that no test needs; it is printed, and the exit code is 1.
//
//   node scripts/mutate-guard.mjs            all mutants
//   node scripts/mutate-guard.mjs 86 98      those of these lines
//   node scripts/mutate-guard.mjs signature  of native/guard_signature.cc, which is a part of it
//
// The mutants: every comparison flipped (< becomes <= and >=, == becomes !=, ...); every condition, and every operand of &&
// and ||, replaced by true and by false, but a Require's whole condition by true alone; && and || swapped; each call of a
// function that checks (RequireSize, CheckGemm, ...) left out. Binary < and > are told from templates by the spaces around
// them, which clang-format puts there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withLock } from './lib/lock.mjs';
import { Failure, main, must, root, run, seconds } from './lib/run.mjs';
import { buildNativeTests } from './lib/targets.mjs';

const preset = 'release';
const signature = process.argv.includes('signature');
const source = signature ? 'native/guard_signature.cc' : 'native/guard.cc';
const test = signature ? 'signature_test' : 'guard_test';
/** A test run takes 0.1 s; one that hangs counts as failed. */
const timeout = 20;
const flips = { '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '==': ['!='], '!=': ['=='] };

/** The text with comments, strings and preprocessor lines blanked out, everything else in its place. */
function blank(text) {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*#[^\n]*/gm;
  return text.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
}

/** Walks from `at` to the end of the operand there: an unmatched bracket, or one of the `stops` outside brackets. */
function extent(code, at, step, stops) {
  const [open, close] = step > 0 ? ['([{', ')]}'] : [')]}', '([{'];
  let depth = 0;
  let i = at;
  for (; i >= 0 && i < code.length; i += step) {
    if (depth === 0 && (close.includes(code[i]) || stops.some((stop) => code.startsWith(stop, i)))) break;
    // A brace at the end of `if (x) {` is none of an operand's brackets.
    if (depth === 0 && '{}'.includes(code[i])) break;
    if (open.includes(code[i])) depth++;
    if (close.includes(code[i])) depth--;
  }
  return i;
}

/** The operand around an operator: [start, end), without the white space around it. */
function around(code, from, to, stops) {
  let start = extent(code, from - 1, -1, stops) + 1;
  // What is left of the stop, and `return`, do not belong to the operand.
  const lead = code.slice(start).match(/^(?:[&|=?:\s]|return\b)*/)[0];
  start += lead.length;
  let end = extent(code, to, 1, stops);
  while (/\s/.test(code[end - 1])) end--;
  return [start, end];
}

function makeMutants(text) {
  const code = blank(text);
  const mutants = new Map();
  const add = (start, end, replacement) => {
    if (text.slice(start, end) !== replacement)
      mutants.set(`${start} ${end} ${replacement}`, { start, end, replacement });
  };
  const isRequire = (start) => /\bRequire\($/.test(code.slice(0, start));
  const replace = (start, end) => {
    add(start, end, 'true');
    // A Require of false fails whatever the plan.
    if (!isRequire(start)) add(start, end, 'false');
  };
  const ends = [';', ',', ' ? ', ' : ', ' = '];
  const operands = [...ends, '&&', '||'];
  for (const { 0: op, index } of code.matchAll(/(?<= )(<=|>=|==|!=|<|>)(?= )/g)) {
    for (const flipped of flips[op]) add(index, index + op.length, flipped);
    replace(...around(code, index, index + op.length, operands));
  }
  for (const { 0: op, index } of code.matchAll(/&&|\|\|/g)) {
    add(index, index + 2, op === '&&' ? '||' : '&&');
    replace(...around(code, index, index + 2, ends));
    replace(...around(code, index, index, operands));
    replace(...around(code, index + 2, index + 2, operands));
  }
  // Conditions without a comparison in them.
  for (const { 0: head, index } of code.matchAll(/\b(?:if|while|Require) ?\(/g)) {
    const start = index + head.length;
    const end = extent(code, start, 1, [',']);
    if (!/^bool /.test(code.slice(start, end))) replace(start, end);
  }
  for (const { 0: not, index } of code.matchAll(/!(?!=)/g)) add(index, index + not.length, '');
  // Calls of checks: a definition is not followed by a semicolon.
  for (const { 0: head, index } of code.matchAll(/\b(?:Require|Check)\w+\(/g)) {
    const end = extent(code, index + head.length, 1, []) + 1;
    if (code[end] === ';') add(index, end, '');
  }
  return [...mutants.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}

function lineOf(text, at) {
  return text.slice(0, at).split('\n').length;
}

function describe(text, { start, end, replacement }) {
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const lineEnd = text.indexOf('\n', end);
  const mutated = `${text.slice(lineStart, start)}${replacement}${text.slice(end, lineEnd)}`;
  return `${source}:${lineOf(text, start)}  ${text.slice(start, end)}  ->  ${replacement || '(nothing)'}\n    ${mutated.trim()}`;
}

/** The commands with which ninja compiles the guard and links its tests, as lists of words. */
async function commands() {
  const build = path.join(root, `build-${preset}`);
  const lines = (await must('ninja', ['-C', build, '-t', 'commands', test])).split('\n');
  const words = (line) => line.split(/\s+/).filter((word) => word !== '');
  const compile = lines.find((line) => line.includes(` -c ${path.join(root, source)}`));
  const link = lines
    .find((line) => line.includes(` -o Release/${test} `))
    ?.replace(/^: && /, '')
    .split(' && ')[0];
  if (!compile || !link) throw new Failure(`ninja does not say how ${test} is built`);
  return { build, compile: words(compile), link: words(link) };
}

/** The words of a command with the value of `-o` replaced, and the options that only ninja needs left out. */
function withOutput(words, output) {
  const result = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word === '-MD') continue;
    const takesValue = word === '-o' || word === '-MT' || word === '-MF';
    if (takesValue) i++;
    if (word === '-o') result.push(word, output);
    else if (!takesValue) result.push(/^-O[0-3s]$/.test(word) ? '-O0' : word);
  }
  return result;
}

/** Compiles the text in place of the guard and runs the tests: true if they pass, undefined if it does not compile. */
async function passes(text, folder, { build, compile, link }) {
  const file = path.join(folder, 'guard.cc');
  const object = path.join(folder, 'guard.o');
  const program = path.join(folder, test);
  writeFileSync(file, text);
  const compiled = await run(
    compile[0],
    withOutput(compile, object)
      .map((word) => (word === path.join(root, source) ? file : word))
      .concat('-w'),
    { cwd: build },
  );
  if (compiled.code !== 0) return undefined;
  // The object comes before the library, which holds the original.
  const linking = withOutput(link, program);
  const library = linking.findIndex((word) => word.endsWith('.a'));
  linking.splice(library, 0, object);
  await must(link[0], linking, { cwd: build });
  const limited = `ulimit -v 8000000; ulimit -c 0; exec timeout -k 1 ${timeout} "$0" --gtest_brief=1 --gtest_fail_fast`;
  return (await run('sh', ['-c', limited, program])).code === 0;
}

main(async () => {
  const start = performance.now();
  const lines = new Set(
    process.argv
      .slice(2)
      .filter((word) => word !== 'signature')
      .map(Number),
  );
  await withLock(() => buildNativeTests(preset));
  const tools = await commands();
  const text = readFileSync(path.join(root, source), 'utf8');
  const mutants = makeMutants(text).filter((mutant) => lines.size === 0 || lines.has(lineOf(text, mutant.start)));
  const scratch = path.join(root, `build-${preset}`, 'mutants');
  mkdirSync(scratch, { recursive: true });
  const survivors = [];
  const broken = [];
  let next = 0;
  const worker = async () => {
    const folder = mkdtempSync(path.join(scratch, 'm-'));
    while (next < mutants.length) {
      const mutant = mutants[next++];
      const mutated = text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
      const passed = await passes(mutated, folder, tools);
      if (passed === undefined) broken.push(mutant);
      if (passed === true) survivors.push(mutant);
    }
  };
  try {
    const folder = mkdtempSync(path.join(scratch, 'original-'));
    if (!(await passes(text, folder, tools))) throw new Failure(`${test} fails without any mutation`);
    await Promise.all(Array.from({ length: Math.min(2, os.availableParallelism()) }, worker));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const report = (list, what) => {
    for (const mutant of list.sort((a, b) => a.start - b.start)) console.log(`${what}: ${describe(text, mutant)}`);
  };
  report(broken, 'does not compile');
  report(survivors, 'survived');
  const killed = mutants.length - survivors.length - broken.length;
  const others = broken.length > 0 ? `, ${broken.length} did not compile` : '';
  console.log(
    `${killed} of ${mutants.length} mutants of ${source} killed, ${survivors.length} survived${others}; ${seconds(start)}`,
  );
  return survivors.length + broken.length > 0 || mutants.length === 0 ? 1 : 0;
});
