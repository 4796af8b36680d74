// Shell commands of the documentation, taken apart.
import { type Block, root } from './pages.js';

/** A command of a block: its words, without what the shell does around it. */
export interface Command {
  readonly page: string;
  readonly line: number;
  readonly words: readonly string[];
}

/** The words of a line of shell, quotes taken away, up to a comment, a pipe or a redirection. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)) {
    if (/^(#|[|<>&;]|\d?>)/.test(word)) break;
    words.push(word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, a, b, c) => a ?? b ?? c));
  }
  return words;
}

/** The commands of a block of shell, or of one whose language is not named and that looks like one. */
export function commandsOf({ page, line, language, code, notRun }: Block): Command[] {
  if (notRun !== undefined || !['sh', 'bash', 'console', ''].includes(language)) return [];
  const commands: Command[] = [];
  const lines = code.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    let text = lines[i]!.replace(/^\$ /, '');
    while (text.endsWith('\\') && i + 1 < lines.length) text = text.slice(0, -1) + lines[++i]!;
    for (const part of text.split(/ && |; /)) {
      const words = wordsOf(part.trim());
      // Settings of the environment before a command are no words of it.
      while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
      if (words[0] === 'npx' || words[0] === 'exec') words.shift();
      if (words[0] && /^(evenkeel|npm|node|vitest|biome|tsc|\.ci\/run)$/.test(words[0])) {
        commands.push({ page, line: line + first, words: words.filter((word) => word !== '…' && word !== '...') });
      }
    }
  }
  return commands;
}

/** What is wrong with a command that names files and scripts of this repository, or undefined. */
export function repositoryProblem(
  words: readonly string[],
  scripts: ReadonlySet<string>,
  exists: (path: string) => boolean,
): string | undefined {
  const [name, ...rest] = words;
  if (name === 'npm' && rest[0] === 'run') {
    const script = rest.slice(1).find((word) => !word.startsWith('-'));
    return script === undefined || scripts.has(script) ? undefined : `package.json has no script ${script}`;
  }
  if (name === 'node' || name === 'vitest') {
    const file = rest.find((word) => /^(scripts|examples|bench|test|dist)\//.test(word));
    // Words of vitest are beginnings of names.
    return file === undefined || exists(root + file) ? undefined : `there is no ${file}`;
  }
  return undefined;
}
