// Processes that run a case each.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How long an answer may take, in milliseconds. */
export const patience = 120_000;

/** A child process that is sent lines, and answers each with a line of JSON. */
export class Child {
  #process;
  #answers = [];
  #waiting = [];
  #errors = '';
  #ended;

  constructor(command, args, env = {}) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.#answers.push(line);
      this.#deliver();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    // A child that died says so when the next answer is due.
    this.#process.stdin.on('error', () => {});
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('close', (code, signal) =>
      this.#end(`${signal ?? `exit status ${code}`}: ${lastLine(this.#errors)}`),
    );
  }

  #end(reason) {
    this.#ended ??= reason;
    this.#deliver();
  }

  #deliver() {
    while (this.#waiting.length > 0 && (this.#answers.length > 0 || this.#ended !== undefined)) {
      this.#waiting.shift()(this.#answers.shift());
    }
  }

  send(line) {
    this.#process.stdin.write(`${line}\n`);
  }

  ask(line) {
    this.send(line);
    return this.answer();
  }

  async answer() {
    const late = setTimeout(() => this.#process.kill('SIGKILL'), patience);
    const line = await new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#deliver();
    });
    clearTimeout(late);
    if (line === undefined) throw new Error(this.#ended);
    const answer = JSON.parse(line);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async close() {
    this.#process.stdin.end();
    if (this.#ended !== undefined) return;
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await new Promise((resolve) => this.#process.once('close', resolve));
    clearTimeout(late);
  }
}

/** What went wrong: of a stack trace, the line that names the error. */
function lastLine(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'no message').trim();
}
