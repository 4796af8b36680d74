// Polynomials and the logarithm of the random law, in scalar code.
#pragma once

#include <algorithm>

#include "rng/coefficients.h"

namespace evenkeel {

// Estrin's scheme, whose order of operations is part of the law.
template <typename T, int n>
T Polynomial(const T (&coefficients)[n], T x) {
  T terms[n];
  std::copy(coefficients, coefficients + n, terms);
  for (int left = n; left > 1; left = (left + 1) / 2) {
    for (int k = 0; k < left / 2; ++k) terms[k] = terms[2 * k] + terms[2 * k + 1] * x;
    if (left % 2 == 1) terms[left / 2] = terms[left - 1];
    x = x * x;
  }
  return terms[0];
}

// -2 ln(1 - a) for 0 <= a <= 1/2; see coefficients.h.
inline float LogTail(float a) {
  const float two_a = a + a;
  return two_a + a * a * Polynomial(NormalCoefficients<float>::kLog, a);
}

inline double LogTail(double a) {
  const double s = a / (2.0 - a);
  const double t = s * s;
  return 4.0 * s + s * t * Polynomial(NormalCoefficients<double>::kLog, t);
}

}  // namespace evenkeel
