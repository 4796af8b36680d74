// The pages of the documentation, taken apart: fenced blocks with their markers, links, headings, names of scripts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a page, or an example of a docstring. */
export interface Block {
  /** The file, from the root, and the line of the first line of code. */
  readonly page: string;
  readonly line: number;
  /** js, ts, sh, json, ...; '' for a block of plain text. */
  readonly language: string;
  readonly code: string;
  /** Why it is not run, of `<!-- not run: reason -->` above it. */
  readonly notRun?: string;
  /** `<!-- continues -->`: the program goes on from the block above. */
  readonly continues: boolean;
  /** `<!-- run -->` above commands: they are run, not only parsed. */
  readonly run: boolean;
}

/** All pages: those at the root, in docs/ and beside the examples and benchmarks. */
export const pages: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'examples/README.md',
  'bench/README.md',
].sort();

export const read = (name: string) => readFileSync(root + name, 'utf8');

/** The blocks of a page. Throws where a marker stands above nothing, or a fence is left open. */
export function blocksOf(page: string, text = read(page)): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let markers: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const marker = /^\s*<!-- (not run: .+|continues|run) -->$/.exec(lines[i]!);
    const fence = /^(\s*)```(\S*)/.exec(lines[i]!);
    if (marker) markers.push(marker[1]!);
    else if (fence) {
      const [, indent, language] = fence as unknown as [string, string, string];
      const end = lines.findIndex((line, j) => j > i && line.trim() === '```');
      if (end < 0) throw new Error(`${page}:${i + 1}: the fence is left open`);
      const code = lines.slice(i + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
      const notRun = markers.find((text) => text.startsWith('not run: '))?.slice('not run: '.length);
      blocks.push({
        page,
        line: i + 2,
        language,
        code: `${code.join('\n')}\n`,
        ...(notRun === undefined ? {} : { notRun }),
        continues: markers.includes('continues'),
        run: markers.includes('run'),
      });
      markers = [];
      i = end;
    } else if (lines[i]!.trim() !== '' && markers.length > 0) {
      throw new Error(`${page}:${i + 1}: no block stands below the marker "${markers[0]}"`);
    }
  }
  if (markers.length > 0) throw new Error(`${page}: no block stands below the marker "${markers[0]}"`);
  return blocks;
}

/** The examples of docstrings that are programs: those that import what they use. */
export function examplesOf(source: string): Block[] {
  const text = read(source);
  return [...text.matchAll(/@example\n((?: *\*(?!\/).*\n)+)/g)].map((match) => {
    const own = match[1]!.split(/\n *\* @/)[0]!;
    const code = own.replace(/^ *\* ?/gm, '').replace(/^```.*$/gm, '');
    const line = text.slice(0, match.index).split('\n').length + 1;
    return { page: source, line, language: 'js', code, continues: false, run: false };
  });
}

/** The text of a page without its blocks. */
const prose = (text: string) => text.replace(/^\s*```[\s\S]*?^\s*```$/gm, '');

/** Targets of links that stay in the repository, and of pictures. */
export function linksOf(page: string): string[] {
  const text = prose(read(page)).replace(/`[^`]*`/g, '');
  const found = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(([, a, b]) => (a ?? b)!);
  return found.filter((target) => !/^[a-z]+:/.test(target));
}

/** GitHub's names for the headings of a page. */
export function anchorsOf(page: string): string[] {
  return [...prose(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Names of npm scripts that a page tells people to run, in its text and in its blocks. */
export function npmScriptsOf(page: string): string[] {
  const found = [...read(page).matchAll(/npm (?:run (?:-s |--silent )?)([\w:-]+)|npm (start|test)\b/g)];
  return [...new Set(found.map(([, a, b]) => (a ?? b)!))];
}

export { existsSync };
