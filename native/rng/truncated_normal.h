// Truncated normals by inversion: what a fill works out once, in double precision, from its parameters. Elements follow
// from it and their words: TruncatedNormalFromWord in rng/reference.cc, TruncatedNormalDistribution in simd/.
//
// Only IEEE operations and our own polynomials here too: every bit of it shows in the numbers that users get.
#pragma once

#include "rng/element.h"

namespace evenkeel {

// With alpha and beta the bounds in standard deviations from the mean, after reflection where that brings them closer to
// the upper tail (`flip` is all ones then: words count from the other end), and t = (word + 1/2) 2^-bits:
//
// kNarrow: (beta - alpha) max(1, |alpha|, |beta|) <= 1/16. The quantile function is a short power series of t.
// kTail: alpha >= 5. v = Q(z)/Q(alpha) = 1 - t (1 - Q(beta)/Q(alpha)). With s = sqrt(1 - 2 ln v / alpha^2), the distance
//   from the bound is alpha (s - 1) times a polynomial, so that it is accurate however far out the bound is.
// kBody: the rest. The tail mass Q(z), or Q(-z) for the words below `threshold`, is a sum of positive terms; the normal
//   quantile of it is one of three polynomials (rng/coefficients.h).
template <typename T>
struct TruncatedNormal {
  enum class Kind : uint8_t { kNarrow, kBody, kTail };
  static constexpr int kTerms = sizeof(T) == 4 ? 8 : 18;

  Kind kind = Kind::kNarrow;
  Word<T> flip = 0;
  T base = 0, scale = 0;       // value = base + scale times the quantile, the distance or the power series,
  T lowest = 0, highest = 0;   // then forced between these.

  Word<T> threshold = 0;       // kBody: words below it are in the lower half of the normal distribution
  T lower = 0, upper = 0;      // kBody: the masses outside the bounds
  T mass = 0;                  // kBody: that between them, times 2^-bits
  T covered = 0, ratio = 0;    // kTail: 1 - Q(beta)/Q(alpha), Q(beta)/Q(alpha), times 2^-bits
  T inverse_square = 0;        // kTail: 1/alpha^2
  T to_unit = 0;               // kTail: takes alpha^2 (s - 1) to [0, 2], for the polynomial of the number less 1
  T polynomial[kTerms] = {};   // kNarrow, kTail

  // Of bounds a <= b, which may be infinite. `lowest` and `highest` are the element type's numbers inside [a, b].
  TruncatedNormal(double mean, double std, double a, double b, T lowest, T highest);
};

// For a fill of elements of type Out. Where no number of the type lies between the bounds, all become the one nearest a.
template <typename Out>
TruncatedNormal<Made<Out>> TruncatedNormalOf(double mean, double std, double a, double b) {
  Made<Out> lowest = AtLeast<Out>(a);
  Made<Out> highest = AtMost<Out>(b);
  if (!(lowest <= highest)) lowest = highest = NearestOf<Out>(a);
  return TruncatedNormal<Made<Out>>(mean, std, a, b, lowest, highest);
}

// Q(z)/phi(z), z >= 0, and Q(z): Mills' ratio and the mass of the upper tail.
double MillsRatio(double z);
double UpperTail(double z);

}  // namespace evenkeel
