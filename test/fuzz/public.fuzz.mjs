// Calls everything that the package exports with arguments of all kinds (calls.mjs), in one process after another: what ends
// one, hangs or eats memory is found by the one that watches. Prints what it found, each with the command that repeats it.
//
//   node test/fuzz/public.fuzz.mjs [--seconds N] [--seed S] [--only TEXT] [--all]
//
// `--only Tensor#` calls what has that in its name; `--all` goes on after a finding and does not shrink it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { entries, readTypes } from './types.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});

/** Seconds of one process, after which another begins with a new seed. */
const batchSeconds = 60;
/** Seconds that one case may take before it is said to hang. */
const patience = 60;
/** Until its first case, and after its last. */
const beginning = 60;
/** The same where a large number was given: it may be an amount of work, so nobody waits for it, and it is no finding. */
const impatience = 3;
const isWork = (text) => /[1-9]\d{3}|e\d|Infinity|long array/.test(text);
const largest = 4e9;

const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const types = path.join(folder, 'types.json');
const log = path.join(folder, 'case');
const reported = path.join(folder, 'report.json');
writeFileSync(
  types,
  JSON.stringify({ entries: entries.map(({ name, module }) => ({ name, module })), ...readTypes() }),
);

/** Runs calls.mjs; resolves to `{ report }`, or to `{ problem, text }` where it did not end well. */
function batch(args) {
  const work = mkdtempSync(path.join(folder, 'work-'));
  const script = fileURLToPath(new URL('calls.mjs', import.meta.url));
  // Memory that a call asks for in vain is an error, and not the end of the machine. Node itself reserves some gigabytes.
  // A sanitizer reserves far more, and has limits of its own.
  const isLimited = process.platform === 'linux' && process.env.LD_PRELOAD === undefined;
  const limited = isLimited ? ['sh', '-c', 'ulimit -v 24000000; exec "$@"', 'sh'] : [];
  const [command, ...rest] = [
    ...limited,
    process.execPath,
    '--no-warnings',
    script,
    '--types',
    types,
    '--log',
    log,
    '--report',
    reported,
    ...args,
  ];
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd: work,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: '' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr = (stderr + data).slice(-20_000);
    });
    rmSync(log, { force: true });
    let last = '';
    let since = performance.now();
    let problem;
    const read = () => {
      try {
        return readFileSync(log, 'utf8');
      } catch {
        return '';
      }
    };
    const timer = setInterval(() => {
      const now = read();
      if (now !== last) {
        last = now;
        since = performance.now();
      } else if (performance.now() - since > 1000 * (now === '' ? beginning : isWork(now) ? impatience : patience)) {
        problem = 'hangs';
        child.kill('SIGKILL');
      }
      try {
        const pages = Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]);
        if (pages * 4096 > largest) {
          problem = `takes ${(pages * 4096) / 1e9} GB of memory`;
          child.kill('SIGKILL');
        }
      } catch {
        // It has ended, or this is no Linux.
      }
    }, 250);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      rmSync(work, { recursive: true, force: true });
      if (code === 0) resolve({ stdout, stderr });
      else
        resolve({
          problem: problem ?? `ends with ${signal ?? code}: ${stderr}`,
          text: read().replace(/^\d+ /, ''),
          stdout,
        });
    });
  });
}

function readReport() {
  try {
    return JSON.parse(readFileSync(reported, 'utf8'));
  } catch {
    return undefined;
  } finally {
    rmSync(reported, { force: true });
  }
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const seedOf = () => (options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed));

if (options.replay !== undefined) {
  const { stdout, problem } = await batch(['--replay', options.replay]);
  process.stdout.write(stdout);
  if (problem) console.log(problem);
  process.exit(problem ? 1 : 0);
}

const total = { cases: 0, calls: 0, succeeded: 0, endless: 0, processes: 0 };
const counts = {};
const findings = new Map();
const deadline = performance.now() + 1000 * Number(options.seconds);
let seed = seedOf();
console.error(`seed ${seed}`);
for (; performance.now() < deadline - 1000 && (options.all || findings.size === 0); seed++) {
  const seconds = Math.min(batchSeconds, (deadline - performance.now()) / 1000);
  const args = ['--seed', String(seed), '--seconds', seconds.toFixed(0), '--only', options.only];
  const { problem, text, stderr: written } = await batch([...args, ...(options.all ? ['--all'] : [])]);
  // What the address sanitizer cannot allocate is an error of the call, as it is without.
  const stderr = written?.replace(/^==\d+==WARNING: AddressSanitizer failed to allocate .*\n/gm, '');
  total.processes++;
  if (problem !== undefined) {
    if (/^(hangs|takes)/.test(problem) && isWork(text)) {
      total.endless++;
      if (options.all) console.log('endless', text.slice(0, 600));
    } else findings.set(`${problem} ${text.slice(0, 80)}`, { message: problem, case: text });
  } else if (stderr.trim() !== '') {
    findings.set(stderr.slice(0, 80), { message: `wrote to stderr: ${stderr}`, case: [] });
  }
  const report = readReport();
  if (report === undefined) continue;
  for (const name of ['cases', 'calls', 'succeeded']) total[name] += report.took[name];
  for (const [call, { calls, succeeded, ms }] of Object.entries(report.counts)) {
    counts[call] ??= { calls: 0, succeeded: 0, ms: 0 };
    const sum = counts[call];
    sum.calls += calls;
    sum.succeeded += succeeded;
    sum.ms += ms;
  }
  for (const [signature, finding] of Object.entries(report.findings)) findings.set(signature, finding);
}
for (const { message, case: steps } of findings.values()) {
  const text = typeof steps === 'string' ? steps : JSON.stringify(steps);
  console.log(`${message}\n  node test/fuzz/public.fuzz.mjs --replay ${quote(text)}\n`);
}
const names = Object.keys(counts);
const report = {
  seed: seed - total.processes,
  ...total,
  functions: names.length,
  called: names.filter((name) => counts[name].calls > 0).length,
  succeededOnce: names.filter((name) => counts[name].succeeded > 0).length,
  findings: findings.size,
};
if (options.all) {
  console.log('never succeeded:', names.filter((name) => counts[name].succeeded === 0).join(' '));
  const slow = names.sort((a, b) => counts[b].ms - counts[a].ms).slice(0, 12);
  console.log(
    'most time:',
    slow.map((name) => `${name} ${Math.round(counts[name].ms)} ms/${counts[name].calls}`).join(', '),
  );
}
console.log(JSON.stringify(report));
process.exit(findings.size > 0 ? 1 : 0);
