// BLAS on typed arrays: docs/blas.md. Names only.

export type { AsyncOptions } from '../job.js';
export { dgemmAsync, dgemmBatchedAsync, sgemmAsync, sgemmBatchedAsync } from './async.js';
export type { Diag, Order, Side, Transpose, Uplo } from './choices.js';
export { ConjTrans, Left, Lower, NonUnit, NoTrans, Right, Trans, Unit, Upper } from './choices.js';
export { dgemm, dgemmBatched, sgemm, sgemmBatched } from './gemm.js';
export {
  dasum,
  daxpy,
  dcopy,
  ddot,
  dnrm2,
  drot,
  drotm,
  dscal,
  dsdot,
  dswap,
  idamax,
  isamax,
  sasum,
  saxpy,
  scopy,
  sdot,
  sdsdot,
  snrm2,
  srot,
  srotm,
  sscal,
  sswap,
} from './level1.js';
export { dgemv, dger, dsymv, sgemv, sger, ssymv } from './level2.js';
export { dsymm, dsyr2k, dsyrk, dtrmm, dtrsm, ssymm, ssyr2k, ssyrk, strmm, strsm } from './level3.js';
export {
  dgbmv,
  dsbmv,
  dspmv,
  dspr,
  dspr2,
  dtbmv,
  dtbsv,
  dtpmv,
  dtpsv,
  sgbmv,
  ssbmv,
  sspmv,
  sspr,
  sspr2,
  stbmv,
  stbsv,
  stpmv,
  stpsv,
} from './packed.js';
export { drotg, drotmg, srotg, srotmg } from './rotations.js';
export { dtrmv, dtrsv, strmv, strsv } from './triangular.js';
export { dsyr, dsyr2, ssyr, ssyr2 } from './updates.js';
export {
  asum,
  axpy,
  copy,
  dot,
  gbmv,
  gemm,
  gemv,
  ger,
  iamax,
  nrm2,
  rot,
  rotg,
  rotm,
  rotmg,
  sbmv,
  scal,
  spmv,
  spr,
  spr2,
  swap,
  symm,
  symv,
  syr,
  syr2,
  syr2k,
  syrk,
  tbmv,
  tbsv,
  tpmv,
  tpsv,
  trmm,
  trmv,
  trsm,
  trsv,
} from './whole.js';
