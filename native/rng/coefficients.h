// Polynomials of the normal distributions, fitted by scripts/fit-polynomials.py. Part of the frozen random law: a
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

template <typename T>
struct QuantileCoefficients;

// The normal quantile: the z whose tail Q(z) is q, from w = -ln(4 q (1 - q)), as z = (1 - 2 q) P (after M. Giles,
// "Approximating the erfinv function", GPU Computing Gems Jade Edition, 2011, 109-116; the polynomials are ours):
//   w < kSplit                    P(w - kBodyMiddle)
//   sqrt(w) < kFarSplit           P(sqrt(w) - kTailMiddle); float: beyond as well
//   double, beyond                P(sqrt(w) - kFarTailMiddle)
template <>
struct QuantileCoefficients<float> {
  static constexpr float kSplit = 6.25f;
  static constexpr float kBodyMiddle = 3.125f;
  static constexpr float kBody[11] = {
      2.33862066f, 0.339634955f, -0.00853298325f, -0.00104749063f, 0.000264174596f, -1.96454857e-05f,
      -1.96851602e-06f, 6.02893238e-07f, -3.42366526e-08f, -6.56001431e-09f, 9.01944908e-10f,
  };
  static constexpr float kTailMiddle = 4.3125f;
  static constexpr float kTail[11] = {
      5.8765521f, 1.42844093f, 0.000845990609f, -0.000787349069f, 0.000295144302f, -8.24267699e-05f, 3.34659558e-06f,
      -7.69719372e-06f, 1.5366415e-05f, -5.6890708e-06f, 4.0183059e-07f,
  };
};

template <>
struct QuantileCoefficients<double> {
  static constexpr double kSplit = 6.25;
  static constexpr double kBodyMiddle = 3.125;
  static constexpr double kBody[22] = {
      2.3386207100265932, 0.33963495870114185, -0.0085328991772705507, -0.0010475115695112009, 0.00026408204955301676,
      -1.9632852798065185e-05, -1.9310650467422597e-06, 5.988894085345175e-07, -4.1111725776483837e-08,
      -5.8161292507643807e-09, 1.4866463933220621e-09, -7.6590211621646098e-11, -1.8352164080375749e-11,
      3.7253739724323375e-12, -1.1475255390060562e-13, -5.7481428786546482e-14, 9.3164024119704271e-15,
      4.14958249368357e-17, -1.8278397496808824e-16, 1.5225951089234522e-17, 1.5555415273681302e-18,
      -2.2723050366192922e-19,
  };
  static constexpr double kTailMiddle = 3.25;
  static constexpr double kTail[18] = {
      4.3612728551653301, 1.4216508658102542, 0.007595620204024784, -0.0053050099464222135, 0.0035234312028398864,
      -0.0023875821956948979, 0.0013481547540156005, -0.00050209878830975501, 3.398529718131615e-05,
      9.6568807194352376e-05, -6.6919132320545201e-05, 1.7644718483218293e-05, 4.1379789789441493e-06,
      -5.6804326267207042e-06, 2.1181448811613083e-06, 3.0003125282262061e-08, -3.8183143857634345e-07,
      1.2651875666065908e-07,
  };
  static constexpr double kFarSplit = 4;
  static constexpr double kFarTailMiddle = 5.85;
  static constexpr double kFarTail[22] = {
      8.07298422929696, 1.4279933358390771, -0.00063699161946507651, -8.0830496690067653e-05, 3.6762543366129656e-05,
      -9.1324376205896905e-06, 1.9097872742248963e-06, -3.6689766633823808e-07, 6.6856366632243409e-08,
      -1.1739089824092968e-08, 2.0407872757872091e-09, -3.6785787001262855e-10, 5.5735101741224775e-11,
      -1.1369427976050685e-11, 1.7259584561954235e-11, -8.5132382197051498e-12, -8.3502821983964759e-13,
      3.861824859503475e-13, 8.849906048448451e-13, -3.2576433658880461e-13, -2.9267501559853972e-14,
      1.7744185244243935e-14,
  };
};

// (1 + z) Q(z) / phi(z) as a polynomial in (z - 5) / (z + 5), z >= 0 (the variable of M. M. Shepherd and J. G. Laframboise,
// "Chebyshev Approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", Mathematics of Computation 36, 1981).
inline constexpr double kMills[26] = {
    1.1568486282918946, -0.2294875382521129, 0.077781598868735535, 0.025072179301611923, -0.066177600778993637,
    0.061505045841014135, -0.038026592187757446, 0.016348231269208802, -0.0042012903107142147, 1.9530732913887198e-05,
    0.00045704381850665164, -0.00013437474601263254, -2.4805459620395695e-05, 2.271112262721585e-05,
    -1.7723143472007014e-07, -3.2805656308053657e-06, 3.2196639043057649e-07, 4.9681584216165521e-07,
    -6.7377810793331437e-08, -8.231932197183057e-08, 1.0079117121285918e-08, 1.4007229505290035e-08,
    -1.0831837325786163e-09, -2.0381549181126535e-09, 6.2620742348930336e-11, 1.7303547481985155e-10,
};

}  // namespace evenkeel
