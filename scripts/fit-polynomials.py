#!/usr/bin/env python3
"""Fits polynomials and prints the constants of native/rng/coefficients.h (the normal distributions) and of
native/simd/erf_coefficients.h (the error function).

Needs mpmath. Each polynomial is a weighted minimax fit (Remez exchange, in 60 digits). Rounding the coefficients to the
target format would spoil it, so they are rounded one at a time, lowest power first, and those of higher power are
fitted again around the rounded ones.

    python3 scripts/fit-polynomials.py
"""

import functools
import struct

import mpmath as mp

mp.mp.dps = 60
GRID = 1500


def remez(target, weight, powers, low, high):
    """The c for which max |weight (target - sum c[k] x^powers[k])| on [low, high] is least, and that maximum."""
    n = len(powers)
    grid = [low + (high - low) * (1 - mp.cos(mp.pi * i / GRID)) / 2 for i in range(GRID + 1)]
    values = [(target(x), weight(x)) for x in grid]
    usable = [i for i in range(GRID + 1) if values[i][1] != 0]
    reference = [usable[int((len(usable) - 1) * i / n)] for i in range(n + 1)]
    for _ in range(40):
        a, b = mp.matrix(n + 1, n + 1), mp.matrix(n + 1, 1)
        for row, i in enumerate(reference):
            f, w = values[i]
            for k, power in enumerate(powers):
                a[row, k] = grid[i] ** power
            a[row, n] = (-1) ** row / w
            b[row] = f
        solution = mp.lu_solve(a, b)
        c = [solution[k] for k in range(n)]
        error = [w * (f - sum(ck * x**p for ck, p in zip(c, powers))) for x, (f, w) in zip(grid, values)]
        # The largest error of each run of one sign.
        peaks = []
        for i in usable:
            if peaks and (error[i] > 0) == (error[peaks[-1]] > 0):
                if abs(error[i]) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        if len(peaks) < n + 1 or peaks == reference:
            break
        reference = peaks
    return c, max(abs(e) for e in error)


def round_to(value, fmt):
    return mp.mpf(struct.unpack(fmt, struct.pack(fmt, float(value)))[0])


def fit(name, target, weight, terms, low, high, fmt):
    fixed = []
    for k in range(terms):
        rest = lambda x: target(x) - sum(c * x**i for i, c in enumerate(fixed))
        c, best = remez(rest, weight, list(range(k, terms)), mp.mpf(low), mp.mpf(high))
        if k == 0:
            exact = best
        fixed.append(round_to(c[0], fmt))
    grid = [mp.mpf(low) + (mp.mpf(high) - low) * i / 4000 for i in range(4001)]
    final = max(abs(weight(x) * (target(x) - sum(c * x**i for i, c in enumerate(fixed)))) for x in grid)
    print(f"// {name}: relative error {float(final):.2g} ({float(exact):.2g} before rounding)")
    show(fixed, fmt)


def show(coefficients, fmt):
    for c in coefficients:
        print(f"{float(c):.9g}f," if fmt == "f" else f"{float(c):.17g},")


def fit_centred(name, target, terms, low, high, fmt):
    """As fit(), of target(x) in powers of x - (low + high) / 2, relative, and all coefficients rounded at once: there is
    no lowest power that counts most."""
    low, high = mp.mpf(low), mp.mpf(high)
    middle, half = (low + high) / 2, (high - low) / 2
    c, exact = remez(lambda x: target(x + middle), lambda x: 1 / target(x + middle), list(range(terms)), -half, half)
    c = [round_to(value, fmt) for value in c]
    grid = [half * (i - 2000) / 2000 for i in range(4001)]
    final = max(abs(sum(ck * x**k for k, ck in enumerate(c)) / target(x + middle) - 1) for x in grid)
    print(f"// {name}: relative error {float(final):.2g} ({float(exact):.2g} before rounding)")
    show(c, fmt)


def series(f, x, limit, at_zero):
    return at_zero if x < limit else f(x)


def log_target(a):  # (-2 ln(1 - a) - 2 a) / a^2
    return series(lambda x: (-2 * mp.log1p(-x) - 2 * x) / x**2, a, mp.mpf("1e-12"), 1 + 2 * a / 3)


def log_weight(a):  # relative to the whole -2 ln(1 - a)
    return a**2 / (-2 * mp.log1p(-a)) if a > 0 else mp.mpf(0)


def atanh_target(t):  # (4 atanh(s) - 4 s) / s^3, t = s^2
    s = mp.sqrt(t)
    return series(lambda _: (4 * mp.atanh(s) - 4 * s) / s**3, t, mp.mpf("1e-16"), mp.mpf(4) / 3 + 4 * t / 5)


def atanh_weight(t):
    s = mp.sqrt(t)
    return s**3 / (4 * mp.atanh(s)) if t > 0 else mp.mpf(0)


def sin_target(t):  # sin(pi/2 g) / g, t = g^2
    g = mp.sqrt(t)
    return mp.sin(mp.pi / 2 * g) / g if t > 0 else mp.pi / 2


def sin_weight(t):
    return 1 / sin_target(t)


def mills(z):  # Q(z) / phi(z)
    if z > 200:  # terms of the asymptotic series far below 60 digits
        term, total = 1 / z, 1 / z
        for k in range(1, 30):
            term *= -(2 * k - 1) / z**2
            total += term
        return total
    return mp.erfc(z / mp.sqrt(2)) / 2 * mp.exp(z * z / 2) * mp.sqrt(2 * mp.pi)


@functools.lru_cache(maxsize=None)
def mills_target(u):  # (1 + z) Q(z) / phi(z), u = (z - 5) / (z + 5)
    if u >= 1:
        return mp.mpf(1)
    z = 5 * (1 + u) / (1 - u)
    return (1 + z) * mills(z)


@functools.lru_cache(maxsize=None)
def quantile_target(w):  # z / (1 - 2 q), Q(z) = q, w = -ln(4 q (1 - q))
    if w < mp.mpf("1e-25"):
        return mp.sqrt(mp.pi / 2)
    x = mp.sqrt(-mp.expm1(-w))  # 1 - 2 q
    if w < 2:
        return mp.sqrt(2) * mp.erfinv(x) / x
    log_q = -w - mp.log(2 * (1 + x))
    z = mp.sqrt(-2 * log_q)
    while True:  # Newton's method on ln Q
        step = (mp.log(mp.erfc(z / mp.sqrt(2)) / 2) - log_q) * mills(z)
        z += step
        if abs(step) < mp.mpf("1e-50"):
            return z / x


def quantile_of_root(v):
    return quantile_target(v * v)


def erf_target(s):  # erf(x) / x - 1, s = x^2
    x = mp.sqrt(s)
    return (mp.erf(x) / x if x > 0 else 2 / mp.sqrt(mp.pi)) - 1


def erf_weight(s):  # relative to erf(x) / x
    return 1 / (erf_target(s) + 1)


@functools.lru_cache(maxsize=None)
def erfcx_target(t):  # (x + 3) exp(x^2) erfc(x), t = (x - 3) / (x + 3)
    x = 3 * (1 + t) / (1 - t)
    return (x + 3) * mills(x * mp.sqrt(2)) * mp.sqrt(2 / mp.pi)


if __name__ == "__main__":
    fit("float kLog", log_target, log_weight, 8, 0, 0.5, "f")
    fit("float kSin", sin_target, sin_weight, 5, 0, 1, "f")
    fit("double kLog", atanh_target, atanh_weight, 9, 0, mp.mpf(1) / 9, "d")
    fit("double kSin", sin_target, sin_weight, 8, 0, 1, "d")
    # Words of 32 bits reach w = 36.6, of 64 bits 58.7, from bounds 5 standard deviations away.
    fit_centred("float kBody", quantile_target, 11, 0, 6.25, "f")
    fit_centred("float kTail", quantile_of_root, 11, 2.5, 6.125, "f")
    fit_centred("double kBody", quantile_target, 22, 0, 6.25, "d")
    fit_centred("double kTail", quantile_of_root, 18, 2.5, 4, "d")
    fit_centred("double kFarTail", quantile_of_root, 22, 4, 7.7, "d")
    fit_centred("kMills", mills_target, 26, -1, 1, "d")
    for terms in (8, 18):
        print(f"// the upper half of the {terms} Chebyshev nodes")
        show([mp.cos(mp.pi * (2 * i + 1) / (2 * terms)) for i in range(terms // 2)], "d")
    print("// Gauss and Legendre's rule of 6 nodes: the positive nodes, their weights")
    nodes = [mp.findroot(lambda x: mp.legendre(6, x), x0) for x0 in (0.24, 0.66, 0.93)]
    show(nodes, "d")
    show([2 * (1 - x * x) / (6 * mp.legendre(5, x)) ** 2 for x in nodes], "d")
    fit("float kErf", erf_target, erf_weight, 7, 0, 1, "f")
    fit("double kErf", erf_target, erf_weight, 12, 0, 1, "d")
    # Beyond 11 and 28 erfc is 0 in float and in double.
    fit_centred("float kErfcx", erfcx_target, 10, -1, mp.mpf(8) / 14, "f")
    fit_centred("double kErfcx", erfcx_target, 23, -1, mp.mpf(25) / 31, "d")
