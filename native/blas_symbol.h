// What OpenBLAS's functions are called. Builds that bundle it take one whose symbols have a prefix (EVENKEEL_BLAS_PREFIX), so
// that it never mixes with another one in the process.
#pragma once

#if defined(EVENKEEL_BLAS_PREFIX)
#define EVENKEEL_BLAS_JOIN(prefix, name) prefix##name
#define EVENKEEL_BLAS_EXPAND(prefix, name) EVENKEEL_BLAS_JOIN(prefix, name)
#define EVENKEEL_BLAS(name) EVENKEEL_BLAS_EXPAND(EVENKEEL_BLAS_PREFIX, name)
#else
#define EVENKEEL_BLAS(name) name
#endif
