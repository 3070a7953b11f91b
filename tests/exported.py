"""Terms to export, and steps to look at them: random ones, and those where languages differ."""

import math

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from strategies import STEPS, terms

import schedules as sc
from schedules import Time


def drawn(count):
    """Random terms."""
    found = []
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]

    @settings(max_examples=count, phases=[Phase.generate], deadline=None, derandomize=True, suppress_health_check=quiet)
    @given(terms)
    def collect(s):
        found.append(s)

    collect()
    return found


def sampled(s):
    """Steps all over a schedule: whole and fractional, its knots, and outside of it."""
    end = int(min(s.steps, 3 * STEPS))
    inner = np.random.default_rng(end).uniform(0, end + 2, 12).tolist()
    knots = [knot for part in (s, *s.children) for knot in getattr(part, "knots", ())][:20]
    beside = [math.nextafter(knot, side) for knot in knots for side in (-math.inf, math.inf)]
    return [*range(end + 2), -1, -0.5, 0.0, 0.5, end / 3, 10**9, 1e15, *inner, *knots, *beside]


VALUES = [0.0, -0.0, 0.5, 0.1, 0.1, -3.0]

ODD = [
    # what Python refuses
    1 / Time(),
    1 / (Time() - 5),
    (Time() - 5) / (Time() - 5),
    (Time() - 5) // (5 - Time()),
    Time() % (Time() - 5),
    np.log(Time() - 5),
    np.log1p(Time() - 6),
    np.sqrt(5 - Time()),
    np.exp(Time()),
    np.expm1(Time() * 100),
    (5 - Time()) ** -1,
    (5 - Time()) ** 0.5,
    (-2.0) ** (Time() * 1000),
    np.sin(Time() * 1e300 * 1e300),
    np.cos(Time() * 1e300 * 1e300) + 1,
    1 / (1 + np.exp(Time() * 10)),
    sc.exponential_decay(-1.0, 1.1),
    sc.step_decay(1.0, -2.0, 3),
    sc.step_decay(-1.0, 0.0, 3),
    sc.tanh_decay(1.0, 0.5, 10, lower=-300.0, upper=300.0),
    # tables
    sc.replay(VALUES),
    sc.replay(VALUES, interpolate=False),
    sc.replay([0.0, 0.0]),
    sc.stretch(sc.replay(VALUES), 2.5) >> sc.cycle(sc.replay([1.0])),
    sc.join(*(sc.linear(k / 7, 1 / (1 + k), 2) for k in range(60))),
    sc.join(*((sc.cosine if k % 3 else sc.exponential)(0.5, 0.1 + k, 1.5) for k in range(60))),
    sc.piecewise(range(100), range(99)) * sc.linear(1.0, 0.0, 50),
    sc.repeat(sc.cosine(1.0, 0.1, 2), math.inf, stretch=1.5, scale=0.5),
    sc.join(*(sc.repeat(sc.join(*(sc.linear(j, 1.0, 1) for j in range(40))), 2)[: k + 1] for k in range(34))),
    sc.cycle(sc.join(*(sc.replay([k, 1.0])[1:] for k in range(40)))),
    # forms of numbers
    sc.constant(3),
    sc.constant(3, steps=5) >> sc.constant(-1),
    sc.constant(10**200) * Time(),
    sc.linear(-1e-300, 5e-324, 7),
    sc.clip(-sc.linear(0, 1, 7), -0.5, -0.0),
    Time() * -0.0,
    -Time() / -3,
    Time() ** 2 - Time() // -3 % -7,
    abs(np.tanh(Time() - 3)) * np.minimum(Time(), 4) - np.maximum(2, Time() % 5),
]
