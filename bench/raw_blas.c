// The peer of the matrix benchmarks: the same OpenBLAS in a plain C loop, with nothing around it.
//
//   raw_blas CASE N THREADS SECONDS
//   raw_blas CASE N THREADS -
//
// prints one line of JSON for a round of SECONDS; or, once {} has said that it is warm, one for each line on standard
// input that holds a number of seconds: {"name","n","threads","ms","best","calls","core"}, where ms is the median time of one call and
// best the shortest, both in milliseconds. Short calls are timed in batches, so that the clock's own cost does not show.
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kChainLength = 100, kMaxSamples = 1 << 20 };
static const double kBatchMs = 2, kWarmUpMs = 100;  // the same as the other implementations'

typedef struct {
  size_t n;
  void *a, *b, *c;
  uint64_t state;
} Work;

typedef void (*Step)(Work*);

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

// pcg32 (PCG-XSH-RR 64/32, O'Neill 2014), one draw at a time.
static uint32_t pcg32(uint64_t* state) {
  const uint64_t old = *state;
  *state = old * 6364136223846793005u + 1442695040888963407u;
  const uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
  const uint32_t turn = (uint32_t)(old >> 59);
  return (shifted >> turn) | (shifted << ((32u - turn) & 31u));
}

static void sgemv(Work* w) {
  const int n = (int)w->n;
  cblas_sgemv(CblasRowMajor, CblasNoTrans, n, n, 1.0f, w->a, n, w->b, 1, 0.0f, w->c, 1);
}

static void dgemv(Work* w) {
  const int n = (int)w->n;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, n, n, 1.0, w->a, n, w->b, 1, 0.0, w->c, 1);
}

static void sgemm(Work* w) {
  const int n = (int)w->n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, w->a, n, w->b, n, 0.0f, w->c, n);
}

static void dgemm(Work* w) {
  const int n = (int)w->n;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, w->a, n, w->b, n, 0.0, w->c, n);
}

// n floats set to one value: what writing the memory costs.
static void fill(Work* w) { memset(w->c, 0x3f, w->n * sizeof(float)); }

// The signal-propagation chain as one would write it in C: a fresh n x n matrix of Box-Muller normals, scaled by
// 1 / sqrt(n), times the running vector; a hundred times.
static void chain(Work* w) {
  const int n = (int)w->n;
  const size_t count = w->n * w->n;
  const float scale = 1.0f / sqrtf((float)n);
  float* matrix = w->a;
  float* x = w->b;
  float* y = w->c;
  for (int i = 0; i < n; i++) x[i] = 1.0f;
  for (int step = 0; step < kChainLength; step++) {
    for (size_t i = 0; i < count; i += 2) {
      const float u = ((float)(pcg32(&w->state) >> 8) + 0.5f) * 0x1p-24f;
      const float angle = 6.2831853f * ((float)(pcg32(&w->state) >> 8) * 0x1p-24f);
      const float radius = sqrtf(-2.0f * logf(u));
      matrix[i] = radius * cosf(angle);
      if (i + 1 < count) matrix[i + 1] = radius * sinf(angle);
    }
    cblas_sscal((int)count, scale, matrix, 1);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, n, n, 1.0f, matrix, n, x, 1, 0.0f, y, 1);
    float* previous = x;
    x = y;
    y = previous;
  }
}

// Only the BLAS of the chain, on one matrix: what is left when random numbers cost nothing.
static void chain_blas(Work* w) {
  const int n = (int)w->n;
  float* x = w->b;
  float* y = w->c;
  for (int step = 0; step < kChainLength; step++) {
    cblas_sscal(n * n, 1.0f, w->a, 1);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, n, n, 1.0f, w->a, n, x, 1, 0.0f, y, 1);
    float* previous = x;
    x = y;
    y = previous;
  }
}

typedef struct {
  const char* name;
  Step step;
  size_t element;
  int a_rank, b_rank, c_rank;  // powers of n
} Case;

static const Case kCases[] = {
    {"sgemv", sgemv, sizeof(float), 2, 1, 1},  {"dgemv", dgemv, sizeof(double), 2, 1, 1},
    {"sgemm", sgemm, sizeof(float), 2, 2, 2},  {"dgemm", dgemm, sizeof(double), 2, 2, 2},
    {"fill", fill, sizeof(float), 0, 0, 1},    {"chain", chain, sizeof(float), 2, 1, 1},
    {"chain_blas", chain_blas, sizeof(float), 2, 1, 1},
};

static void* buffer(size_t n, int rank, size_t element, uint64_t* state) {
  const size_t count = rank == 0 ? 1 : rank == 1 ? n : n * n;
  // 64 bytes more, to start on a cache line.
  char* memory = malloc(count * element + 64);
  if (memory == NULL) {
    fprintf(stderr, "raw_blas: out of memory\n");
    exit(1);
  }
  memory += 64 - (uintptr_t)memory % 64;
  // Small values, mean 0: a product chain neither overflows nor meets subnormal numbers.
  for (size_t i = 0; i < count; i++) {
    const double value = ((double)pcg32(state) * 0x1p-32 - 0.5) * 3.4 / sqrt((double)n);
    if (element == sizeof(float)) {
      ((float*)memory)[i] = (float)value;
    } else {
      ((double*)memory)[i] = value;
    }
  }
  return memory;
}

static int ascending(const void* left, const void* right) {
  const double a = *(const double*)left, b = *(const double*)right;
  return (a > b) - (a < b);
}

// Times batches of `batch` calls for about `seconds`, and prints the line.
static int run_round(const Case* chosen, Work* work, int threads, int batch, double seconds) {
  double* samples = malloc(kMaxSamples * sizeof *samples);
  if (samples == NULL) return 1;
  int count = 0;
  const double end = now_ms() + 1e3 * seconds;
  do {
    const double start = now_ms();
    for (int i = 0; i < batch; i++) chosen->step(work);
    samples[count++] = (now_ms() - start) / batch;
  } while ((count < 3 || now_ms() < end) && count < kMaxSamples);
  qsort(samples, (size_t)count, sizeof *samples, ascending);
  printf("{\"name\":\"%s\",\"n\":%zu,\"threads\":%d,\"ms\":%.9g,\"best\":%.9g,\"calls\":%ld,\"core\":\"%s\"}\n",
         chosen->name, work->n, threads, samples[count / 2], samples[0], (long)count * batch, openblas_get_corename());
  fflush(stdout);
  free(samples);
  return 0;
}

static int usage(void) {
  fprintf(stderr, "usage: raw_blas CASE N THREADS SECONDS|-\ncases:");
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; i++) fprintf(stderr, " %s", kCases[i].name);
  fprintf(stderr, "\n");
  return 2;
}

int main(int argc, char** argv) {
  if (argc != 5) return usage();
  const Case* chosen = NULL;
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; i++) {
    if (strcmp(argv[1], kCases[i].name) == 0) chosen = &kCases[i];
  }
  const long n = strtol(argv[2], NULL, 10);
  const int threads = (int)strtol(argv[3], NULL, 10);
  const int interactive = strcmp(argv[4], "-") == 0;
  const double seconds = strtod(argv[4], NULL);
  if (chosen == NULL || n < 1 || n > 1 << 28 || threads < 1 || !(interactive || seconds > 0)) return usage();
  if ((chosen->a_rank == 2 || chosen->c_rank == 2) && n > 1 << 15) return usage();

  openblas_set_num_threads(threads);
  Work work = {.n = (size_t)n, .state = 42};
  work.a = buffer(work.n, chosen->a_rank, chosen->element, &work.state);
  work.b = buffer(work.n, chosen->b_rank, chosen->element, &work.state);
  work.c = buffer(work.n, chosen->c_rank, chosen->element, &work.state);

  // Warm up, and see how long a call takes, to time batches of at least two milliseconds.
  chosen->step(&work);
  const double start = now_ms();
  long warm = 0;
  do {
    chosen->step(&work);
    warm++;
  } while (now_ms() - start < kWarmUpMs);
  const double estimate = (now_ms() - start) / (double)warm;
  const int batch = estimate < kBatchMs ? (int)(kBatchMs / estimate) + 1 : 1;

  if (!interactive) return run_round(chosen, &work, threads, batch, seconds);
  printf("{}\n");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    const int status = run_round(chosen, &work, threads, batch, strtod(line, NULL));
    if (status != 0) return status;
  }
  return 0;
}
