// Tables as text, for reports that print.

/**
 * Lines of cells as one text: each column as wide as its widest cell, two spaces between columns.
 *
 * @param left the columns whose text stands to the left; numbers stand to the right
 */
export function columns(lines: readonly (readonly string[])[], left: readonly number[]): string {
  const count = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: count }, (_, c) => Math.max(...lines.map((line) => line[c]?.length ?? 0)));
  const pad = (cell: string, c: number) => (left.includes(c) ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!));
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}
