#include "rng/truncated_normal.h"

#include "rng/polynomial.h"

namespace evenkeel {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// exp(x), x <= 1.
double Exp(double x) {
  if (!(x > -745)) return 0;
  constexpr double kLn2High = 0.693147180369123816490;  // 33 bits: the product with a whole number below 2^20 is exact
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1;
  for (int i = 14; i > 0; --i) sum = 1 + sum * r / i;
  return std::ldexp(sum, static_cast<int>(k));
}

// ln v, 0 < v <= 1.
double Log(double v) {
  int exponent;
  const double mantissa = std::frexp(v, &exponent);
  return -0.5 * (-exponent * NormalCoefficients<double>::kTwoLn2 + LogTail(1 - mantissa));
}

// phi(z)/Q(z), the derivative of -ln Q(z).
double Hazard(double z) { return 1 / MillsRatio(z); }

// Gauss and Legendre's rule of 6 nodes.
template <typename F>
double Integral(F&& f, double from, double to) {
  constexpr double kNodes[3] = {0.2386191860831969, 0.66120938646626448, 0.93246951420315205};
  constexpr double kWeights[3] = {0.46791393457269104, 0.36076157304813861, 0.17132449237917036};
  const double middle = 0.5 * (from + to);
  const double half = 0.5 * (to - from);
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += kWeights[i] * (f(middle - half * kNodes[i]) + f(middle + half * kNodes[i]));
  return half * sum;
}

// Nodes of Chebyshev's polynomial of degree n, the upper half: the others are their negatives.
template <int n>
struct ChebyshevNodes;
template <>
struct ChebyshevNodes<8> {
  static constexpr double kUpper[4] = {0.98078528040323043, 0.83146961230254524, 0.55557023301960218,
                                       0.19509032201612828};
};
template <>
struct ChebyshevNodes<18> {
  static constexpr double kUpper[9] = {0.99619469809174555, 0.96592582628906831, 0.90630778703664994,
                                       0.8191520442889918,  0.70710678118654757, 0.57357643635104605,
                                       0.42261826174069944, 0.25881904510252074, 0.08715574274765818};
};

// The polynomial of degree n - 1 through values[i] at the nodes in rising order.
template <int n>
void Interpolate(const double (&nodes)[n], const double (&values)[n], double (&coefficients)[n]) {
  // Its coefficients in Chebyshev's polynomials, and those polynomials' own, by their recurrence.
  double at[2][n], own[2][n] = {};
  for (int i = 0; i < n; ++i) at[0][i] = 1, at[1][i] = nodes[i], coefficients[i] = 0;
  own[0][0] = own[1][1] = 1;
  for (int k = 0; k < n; ++k) {
    double(&t)[n] = at[k % 2];
    double(&next)[n] = at[(k + 1) % 2];
    double weight = 0;
    for (int i = 0; i < n; ++i) weight += values[i] * t[i];
    weight *= (k == 0 ? 1.0 : 2.0) / n;
    double(&c)[n] = own[k % 2];
    double(&c_next)[n] = own[(k + 1) % 2];
    for (int i = 0; i <= k; ++i) coefficients[i] += weight * c[i];
    if (k == 0) continue;  // the pair is T[0], T[1] already
    // T[k + 1] = 2 x T[k] - T[k - 1], in the place of T[k - 1].
    for (int i = 0; i < n; ++i) next[i] = 2 * nodes[i] * t[i] - next[i];
    for (int i = n; i-- > 0;) c_next[i] = (i > 0 ? 2 * c[i - 1] : 0) - c_next[i];
  }
}

// kNarrow: coefficients p of y = t (p[0] + p[1] t + ...), where y in [0, 1] is how far t takes us from alpha to
// alpha + h. The density falls as exp(-alpha s - s^2/2) there, so that y' = c exp(alpha h y + h^2 y^2 / 2).
template <int n>
void NarrowSeries(double alpha, double h, double (&p)[n]) {
  const double first = alpha * h;
  const double second = 0.5 * h * h;
  const double c = Integral([&](double y) { return Exp(-(first * y + second * y * y)); }, 0, 1);
  double exponent[n + 1] = {};     // of the power series above
  double exponential[n + 1] = {1};
  double square[n + 1] = {};       // y^2
  p[0] = c;
  for (int k = 1; k < n; ++k) {
    for (int i = 1; i < k; ++i) square[k] += p[i - 1] * p[k - i - 1];
    exponent[k] = first * p[k - 1] + second * square[k];
    for (int i = 1; i <= k; ++i) exponential[k] += i * exponent[i] * exponential[k - i];
    exponential[k] /= k;
    p[k] = c * exponential[k] / (k + 1);
  }
}

// kTail: the polynomial of 2 y/largest - 1 that makes (z - alpha) / (alpha y), y = s - 1, from 0 to `largest`.
template <int n>
void TailPolynomial(double alpha, double largest, double (&coefficients)[n]) {
  double nodes[n], values[n];
  for (int i = 0; i < n / 2; ++i) {
    nodes[n - 1 - i] = ChebyshevNodes<n>::kUpper[i];
    nodes[i] = -nodes[n - 1 - i];
  }
  // -ln v is the integral of the hazard from alpha to z: from node to node by Newton's method. Differences of ln Q would
  // lose what the distance is small against.
  double z = 0, log = 0;  // z - alpha
  for (int i = 0; i < n; ++i) {
    const double y = 0.5 * (nodes[i] + 1) * largest;
    const double step = 0.5 * alpha * alpha * y * (2 + y) - log;
    log += step;
    const double before = z;
    z += step / Hazard(alpha + before);
    for (int k = 0; k < 4; ++k) {
      const double done = Integral([&](double u) { return Hazard(alpha + u); }, before, z);
      z -= (done - step) / Hazard(alpha + z);
    }
    values[i] = z / (alpha * y);
  }
  Interpolate(nodes, values, coefficients);
}

}  // namespace

double MillsRatio(double z) {
  if (z > 1e8) return 1 / z;
  return Polynomial(kMills, (z - 5) / (z + 5)) / (1 + z);
}

double UpperTail(double z) {
  if (z < 0) return 1 - UpperTail(-z);
  return 0.3989422804014327 * MillsRatio(z) * Exp(-0.5 * z * z);
}

template <typename T>
TruncatedNormal<T>::TruncatedNormal(double mean, double std, double a, double b, T lowest_value, T highest_value)
    : lowest(lowest_value), highest(highest_value) {
  constexpr int kBits = 8 * sizeof(T);
  const double word = std::ldexp(1.0, -kBits);
  if (!(a < b) || !(std > 0)) {
    base = static_cast<T>(std::min(std::max(mean, a), b));
    return;
  }
  double alpha = (a - mean) / std;
  double beta = (b - mean) / std;
  const double h = (b - a) / std;
  double terms[kTerms];
  if (h * std::max({1.0, std::abs(alpha), std::abs(beta)}) <= 1.0 / 16) {
    NarrowSeries(alpha, h, terms);
    std::copy(terms, terms + kTerms, polynomial);
    base = static_cast<T>(a);
    scale = static_cast<T>(b - a);
    return;
  }
  const bool reflect = alpha + beta < 0;
  if (reflect) {
    std::swap(alpha, beta);
    alpha = -alpha;
    beta = -beta;
    flip = ~Word<T>{0};
  }
  if (alpha >= 5) {
    kind = Kind::kTail;
    base = static_cast<T>(reflect ? b : a);
    scale = static_cast<T>((reflect ? -std : std) / alpha);
    // Q(beta)/Q(alpha)
    const double left = beta < kInfinity && h < kInfinity
                            ? Exp(-h * (0.5 * (alpha + beta))) * (MillsRatio(beta) / MillsRatio(alpha))
                            : 0;
    ratio = static_cast<T>(left * word);
    covered = static_cast<T>((1 - left) * word);
    inverse_square = static_cast<T>(1 / alpha / alpha);
    // Beyond, 1 is within 2^-52 of the polynomial.
    polynomial[0] = 1;
    if (alpha < 1e8) {
      const double largest_log = std::min(left > 0 ? -Log(left) : kInfinity, (kBits + 1) * 0.6931471805599453 + 0.01);
      const double r = 2 * largest_log / (alpha * alpha);
      const double largest = r / (1 + std::sqrt(1 + r));
      TailPolynomial(alpha, largest, terms);
      std::copy(terms, terms + kTerms, polynomial);
      to_unit = static_cast<T>(2 / largest / alpha / alpha);
    }
    return;
  }
  kind = Kind::kBody;
  base = static_cast<T>(mean);
  scale = static_cast<T>(reflect ? -std : std);
  const double above = UpperTail(beta);
  const double below = alpha < 0 ? UpperTail(-alpha) : 0;
  const double between = alpha < 0 ? 1 - (below + above) : UpperTail(alpha) - above;
  lower = static_cast<T>(below);
  upper = static_cast<T>(above);
  mass = static_cast<T>(between * word);
  // alpha <= 0 <= beta, |alpha| <= beta: never more than half of the words.
  if (alpha < 0) threshold = static_cast<Word<T>>(std::min((0.5 - below) / between, 0.5) / word);
}

template struct TruncatedNormal<float>;
template struct TruncatedNormal<double>;

}  // namespace evenkeel
