// What is said of matrices beside their elements, in @stdlib/blas's words or in cblas's numbers.
import { argumentError, describe } from '../errors.js';

/** How a matrix lies in memory: row after row, or column after column. */
export type Order = 'row-major' | 'column-major' | 101 | 102;
/** Whether a matrix is used as it is, or its transpose; of real matrices the conjugate transpose is the transpose. */
export type Transpose = 'no-transpose' | 'transpose' | 'conjugate-transpose' | 111 | 112 | 113;
/** Which triangle of a matrix is used. */
export type Uplo = 'upper' | 'lower' | 121 | 122;
/** Whether the diagonal of a triangular matrix is all ones, and not read. */
export type Diag = 'non-unit' | 'unit' | 131 | 132;
/** On which side of the product the symmetric or triangular matrix stands. */
export type Side = 'left' | 'right' | 141 | 142;

function checker(name: string, no: readonly (string | number)[], yes: readonly (string | number)[]) {
  return (call: string, value: unknown, argument = name): boolean => {
    if (value === no[0] || value === no[1]) return false;
    if (value === yes[0] || value === yes[1] || (yes.length > 2 && yes.includes(value as string))) return true;
    const words = [...no, ...yes].map(describe).join(', ');
    throw argumentError(call, `${argument} must be one of ${words}, got ${describe(value)}`);
  };
}

export const isColumnMajor = checker('order', ['row-major', 101], ['column-major', 102]);
export const isTransposed = checker('trans', ['no-transpose', 111], ['transpose', 112, 'conjugate-transpose', 113]);
export const isLower = checker('uplo', ['upper', 121], ['lower', 122]);
export const isUnit = checker('diag', ['non-unit', 131], ['unit', 132]);
export const isRight = checker('side', ['left', 141], ['right', 142]);

/** cblas's numbers, as nblas exports them. */
export const NoTrans = 111;
export const Trans = 112;
export const ConjTrans = 113;
export const Upper = 121;
export const Lower = 122;
export const NonUnit = 131;
export const Unit = 132;
export const Left = 141;
export const Right = 142;
