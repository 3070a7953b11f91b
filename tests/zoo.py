"""A zoo of every curve and recipe: ``m`` is the library or the oracle, ``n`` a length in steps."""

import math


def part(n, count):
    """One of `count` parts of n steps."""
    return max(n // count, 1)


def recording(n):
    """A list of values, as long as lists are."""
    return [math.sin(1.0 + i) for i in range(min(n, 10**4))]


CURVES = {
    "constant": lambda m, n: m.constant(0.1, steps=n),
    "linear": lambda m, n: m.linear(1.0, 0.0, n),
    "linear up": lambda m, n: m.linear(1e-5, 0.3, n),
    "linear through zero": lambda m, n: m.linear(-0.7, 0.3, n),
    "polynomial": lambda m, n: m.polynomial(1.0, 0.0, n, power=0.9),
    "polynomial up": lambda m, n: m.polynomial(1e-5, 0.3, n, power=3.5),
    "cosine": lambda m, n: m.cosine(1.0, 0.0, n),
    "cosine to 1e-5": lambda m, n: m.cosine(3e-4, 1e-5, n),
    "cosine up": lambda m, n: m.cosine(0.0, 0.3, n),
    "exponential": lambda m, n: m.exponential(1.0, 1e-8, n),
    "exponential up": lambda m, n: m.exponential(1e-5, 0.3, n),
    "one_minus_sqrt": lambda m, n: m.one_minus_sqrt(1.0, 0.0, n),
    "one_minus_sqrt up": lambda m, n: m.one_minus_sqrt(1e-5, 0.3, n),
    "tanh_decay": lambda m, n: m.tanh_decay(1.0, 0.0, n),
    "tanh_decay bounds": lambda m, n: m.tanh_decay(0.3, 1e-5, n, lower=-2.0, upper=7.5),
    "rex": lambda m, n: m.rex(1.0, 0.0, n),
    "rex up": lambda m, n: m.rex(1e-5, 0.3, n),
    "k_decay": lambda m, n: m.k_decay(1.0, 0.0, n, k=1.5),
    "k_decay up": lambda m, n: m.k_decay(1e-5, 0.3, n, k=0.5),
    "exponential_decay": lambda m, n: m.exponential_decay(1.0, 0.1, every=n),
    "exponential_decay per step": lambda m, _n: m.exponential_decay(0.3, 0.99999),
    "inverse_sqrt": lambda m, n: m.inverse_sqrt(1.0, timescale=part(n, 10)),
    "inverse_time": lambda m, n: m.inverse_time(0.3, 0.7, every=part(n, 10)),
    "step_decay": lambda m, n: m.step_decay(1.0, 0.3, part(n, 10)),
    "multistep": lambda m, n: m.multistep(1.0, 0.1, [n // 3, n // 2, n // 2, n - 1]),
    "piecewise": lambda m, n: m.piecewise([0.1, 0.3, 0.01], [n // 3, n - 2]),
    "interpolate": lambda m, n: m.interpolate([(n // 5, 0.1), (n // 2, 1.0), (n // 2, 0.7), (n, 1e-5)]),
    "replay": lambda m, n: m.replay(recording(n)),
    "replay held": lambda m, n: m.replay(recording(n), interpolate=False),
}

RECIPES = {
    "wsd": lambda m, n: m.wsd(1.0, n, warmup=part(n, 10), cooldown=part(n, 5), start=1e-7, end=1e-5),
    "wsd cosine": lambda m, n: m.wsd(0.3, n, warmup=part(n, 10), cooldown=part(n, 3), shape=m.cosine),
    "wsd one_minus_sqrt": lambda m, n: m.wsd(3e-4, n, warmup=part(n, 100), cooldown=part(n, 5), shape=m.one_minus_sqrt),
    "trapezoid": lambda m, n: m.trapezoid(0.3, n, warmup=part(n, 10), cooldown=part(n, 5)),
    "cosine_warmup": lambda m, n: m.cosine_warmup(3e-4, n, warmup=part(n, 50), start=1e-7, end=3e-5),
    "linear_warmup": lambda m, n: m.linear_warmup(5e-5, n, warmup=part(n, 10)),
    "polynomial_warmup": lambda m, n: m.polynomial_warmup(0.3, n, warmup=part(n, 10), power=2.0, end=1e-7),
    "flat_cosine": lambda m, n: m.flat_cosine(0.3, n),
    "flat_cosine 0.72": lambda m, n: m.flat_cosine(0.3, n, flat=0.72, end=1e-5),
    "one_cycle": lambda m, n: m.one_cycle(0.3, n),
    "one_cycle three_phase": lambda m, n: m.one_cycle(0.3, n, rise=0.4, three_phase=True),
    "one_cycle linear": lambda m, n: m.one_cycle(0.3, n, rise=0.25, div=10.0, shape=m.linear),
    "one_cycle linear three_phase": lambda m, n: m.one_cycle(0.3, n, shape=m.linear, three_phase=True),
    "sgdr": lambda m, n: m.sgdr(0.3, n, 4),
    "sgdr stretch": lambda m, n: m.sgdr(0.3, part(n, 5), 4, end=1e-3, stretch=2.0),
    "sgdr stretch and scale": lambda m, n: m.sgdr(1.0, part(n, 5), 5, stretch=1.5, scale=0.7),
    "sgdr scale above an end": lambda m, n: m.sgdr(1.0, part(n, 5), 4, end=0.1, stretch=3.0, scale=0.5),
    "noam": lambda m, n: m.noam(512, part(n, 5), factor=2.0),
    "triangular": lambda m, n: m.triangular(1e-4, 0.3, part(n, 7)),
    "triangular2": lambda m, n: m.triangular2(1e-4, 0.3, part(n, 7)),
    "exp_range": lambda m, n: m.exp_range(1e-4, 0.3, part(n, 7), rate=0.9997),
    "slanted_triangular": lambda m, n: m.slanted_triangular(0.01, n),
    "power": lambda m, n: m.power(0.3, 0.51, timescale=part(n, 10)),
    "wsd_s": lambda m, n: m.wsd_s(0.3, [n // 2, n], warmup=part(n, 10), cooldown=part(n, 5), end=1e-5),
    "chebyshev": lambda m, n: m.chebyshev(1.0, 0.02, n),
    "chebyshev fractal": lambda m, _: m.chebyshev(1.0, 0.02, 16, fractal=True),
    "lr_range_test": lambda m, n: m.lr_range_test(1e-7, 10.0, n),
    "lr_range_test linear": lambda m, n: m.lr_range_test(1e-7, 10.0, n, shape=m.linear),
}

ZOO = CURVES | RECIPES
