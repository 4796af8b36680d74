// Values as Python writes them: what torch prints between a module's parentheses.

/** A float: `0.5`, `1.0`, `1e-05`; None for null. */
export function pythonFloat(x: number | null): string {
  if (x === null) return 'None';
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
  const [digits, exponent] = x.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 16) return Number.isInteger(x) ? `${x}.0` : String(x);
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

export function pythonBool(flag: boolean): string {
  return flag ? 'True' : 'False';
}

/** A tuple; one number has a comma after it. */
export function pythonTuple(sizes: readonly number[]): string {
  return `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
}
