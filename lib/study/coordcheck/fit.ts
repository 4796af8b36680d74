// Straight lines through logarithms: how a measured size grows with the width.

/** An exponent of the width, and how sure it is. */
export interface Slope {
  /** The exponent a of size ~ width^a. */
  readonly slope: number;
  /** Its standard error; null where there are too few measurements to tell. */
  readonly standardError: number | null;
}

/**
 * The exponent with which sizes grow with the width: the least-squares slope of log2(size) against log2(width). Each repeat has an
 * intercept of its own, since its data may be common to all widths; the standard error is that of the residuals.
 *
 * @param sizes one row for each repeat, with a size for each width
 * @returns null where a size is 0 or not finite
 */
export function fitSlope(widths: readonly number[], sizes: readonly (readonly number[])[]): Slope | null {
  if (!sizes.every((row) => row.every((size) => size > 0 && size < Infinity))) return null;
  const centred = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const x = centred(widths.map(Math.log2));
  const y = sizes.map((row) => centred(row.map(Math.log2)));
  const spread = sizes.length * x.reduce((sum, value) => sum + value ** 2, 0);
  const slope = y.reduce((sum, row) => row.reduce((part, value, i) => part + value * x[i]!, sum), 0) / spread;
  const degrees = sizes.length * (widths.length - 1) - 1;
  const squares = y.reduce((sum, row) => row.reduce((part, value, i) => part + (value - slope * x[i]!) ** 2, sum), 0);
  return { slope, standardError: degrees > 0 ? Math.sqrt(squares / degrees / spread) : null };
}
