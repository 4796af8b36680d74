// Polynomials of the normal distribution, fitted by scripts/fit-polynomials.py. Part of the frozen random law: a
// change of any bit here changes the numbers that users get.
#pragma once

namespace evenkeel {

template <typename T>
struct NormalCoefficients;

// A radius word stands for u1 = 2^-k (1 - a), 0 <= a <= 1/2, so that r^2 = -2 ln u1 = k 2 ln 2 + -2 ln(1 - a): a sum of
// terms that are all positive. `kLog` has the rest of -2 ln(1 - a) once its first term is taken off:
//   float:   -2 ln(1 - a) = 2 a + a^2 P(a)
//   double:  -2 ln(1 - a) = 4 atanh s = 4 s + s^3 P(s^2), s = a / (2 - a)
// `kSin`: sin(pi/2 g) = g Q(g^2), 0 <= g <= 1.
template <>
struct NormalCoefficients<float> {
  static constexpr float kTwoLn2 = 1.38629436f;
  static constexpr float kLog[8] = {
      0.999990463f, 0.66726315f, 0.487380624f, 0.52727282f, -0.361477077f, 2.41648865f, -3.27809978f, 2.82859159f,
  };
  static constexpr float kSin[5] = {
      1.57079637f, -0.645965099f, 0.0796959326f, -0.00468310434f, 0.000155929229f,
  };
};

template <>
struct NormalCoefficients<double> {
  static constexpr double kTwoLn2 = 1.3862943611198906;
  static constexpr double kLog[9] = {
      1.333333333333554,   0.79999999992096749, 0.57142858116281603, 0.44444385794405122, 0.36365628570314168,
      0.30728583995114583, 0.27172696312064321, 0.19805291683435947, 0.3548026950712585,
  };
  static constexpr double kSin[8] = {
      1.5707963267948963,     -0.64596409750621275,   0.079692626245510517,  -0.004681754130377763,
      0.00016044116641506008, -3.5988059532258745e-06, 5.6879625970347127e-08, -6.4390396856731638e-10,
  };
};

}  // namespace evenkeel
