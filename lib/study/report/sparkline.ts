// Numbers over the layers as a row of blocks, one character for one or several of them.

/** How a row of blocks is made. */
export interface SparklineOptions {
  /** Characters. */
  readonly width: number;
  /** Block characters; otherwise ASCII. */
  readonly unicode: boolean;
  /** Whether values are logarithms, which the row spans; otherwise they are shares, and it spans 0 to 1. */
  readonly log: boolean;
}

const blocks = [...'▁▂▃▄▅▆▇█'];
const marks = [...'_.-=+*#@'];

/** Logarithms that differ by less than this, a factor of ten in all, make a row that is not stretched to all blocks. */
const leastSpan = Math.LN10;

/**
 * A row of blocks. Where there are more values than characters, each shows one of them at even distances, the first and the last
 * among them. null leaves a gap, as does the logarithm of 0; x stands for what is not finite.
 *
 * @example
 * sparkline([0, 0.5, 1], { width: 3, unicode: true, log: false }); // '▁▅█'
 */
export function sparkline(values: readonly (number | null)[], { width, unicode, log }: SparklineOptions): string {
  const count = Math.min(width, values.length);
  const picked = Array.from({ length: count }, (_, i) =>
    count === 1 ? values.at(-1)! : values[Math.round((i * (values.length - 1)) / (count - 1))]!,
  );
  const finite = values.filter((x): x is number => x !== null && Number.isFinite(x));
  let [low, high] = log ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (high - low < leastSpan && log) {
    const middle = (low + high) / 2;
    [low, high] = [middle - leastSpan / 2, middle + leastSpan / 2];
  }
  const levels = unicode ? blocks : marks;
  const level = (x: number | null) => {
    if (x === null || (log && x === -Infinity)) return ' ';
    if (!Number.isFinite(x)) return unicode ? '×' : 'x';
    const share = Math.min(1, Math.max(0, (x - low) / (high - low)));
    return levels[Math.round(share * (levels.length - 1))]!;
  };
  return picked.map(level).join('');
}
