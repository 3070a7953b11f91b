"""Every evaluator against the textbook equations to 40 digits.

One zoo of expressions makes both sides.
"""

import functools
import math
import random
from typing import NamedTuple

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax.numpy as jnp
import numpy as np
import optax
import oracle
import pytest
import torch
from zoo import ZOO, part, recording

import schedules as sc

LENGTHS = (10, 100, 12345, 10**5, 10**7)


everywhere = pytest.mark.parametrize("n", LENGTHS)
everything = pytest.mark.parametrize("name", ZOO)


class Reference(NamedTuple):
    """The oracle at some steps, each value as the sum of two floats: more digits than any error needs."""

    steps: list[float]
    high: np.ndarray
    low: np.ndarray

    def error(self, found):
        """How far `found` is off, without its sign."""
        return np.abs((np.asarray(found, float) - self.high) - self.low)

    def relative(self, found):
        """The error in proportion to the value; zeros have to be zeros, and subnormal values are exempt."""
        assert not np.any(np.asarray(found)[self.high == 0])
        tiny = np.abs(self.high) < np.finfo(float).tiny
        return np.where(tiny, 0, self.error(found) / np.where(tiny, 1, np.abs(self.high)))

    def where(self, wanted):
        """The reference at some of its steps."""
        places = [i for i, step in enumerate(self.steps) if wanted(step)]
        return Reference([self.steps[i] for i in places], self.high[places], self.low[places])


def refer(exact, steps):
    """The oracle at a list of steps."""
    values = [exact(step) for step in steps]
    high = [float(value) for value in values]
    return Reference(list(steps), np.array(high), np.array([float(v - h) for v, h in zip(values, high, strict=True)]))


# -- every curve and every recipe, by number, by array and by grid -------------------------------------


def places(exact, n):
    """Both ends, beyond the end, the knots and their neighbours, and anywhere, fractions included."""
    end = n if math.isinf(exact.steps) else float(exact.steps)
    last, chance = math.ceil(end), random.Random(n)  # noqa: S311 -- a fixed sample, no secret
    knots = [k for knot in exact.knots for k in range(math.floor(knot) - 1, math.ceil(knot) + 2)]
    whole = {*range(10), *range(max(last - 10, 0), last + 2), last + 10, 2 * last, *knots}
    whole |= {chance.randrange(last) for _ in range(12)}
    parts = {chance.uniform(0, end) for _ in range(8)} | {k + 0.25 for k in knots} | {last - 0.125, last + 0.5}
    return [*sorted(step for step in whole if step >= 0), *sorted(part for part in parts if part >= 0)]


@functools.cache
def reference(name, n):
    """The oracle at the places of an entry, and its peak there."""
    exact = ZOO[name](oracle, n)
    found = refer(exact, places(exact, n))
    return found, np.max(np.abs(found.high))


def is_whole(step):
    return isinstance(step, int)


@functools.cache
def whole_reference(name, n):
    """The same at whole steps, those of a grid."""
    return reference(name, n)[0].where(is_whole)


def windows(steps, margin=10):
    """Ranges of whole steps about the given ones; near ones share a range."""
    start = stop = None
    for step in steps:
        if stop is not None and step > stop:
            yield range(start, stop)
            start = None
        start, stop = max(step - margin, 0) if start is None else start, step + margin
    yield range(start, stop)


def by_windows(s, steps):
    """The values at whole steps, from one grid about each place."""
    spans = list(windows(steps))
    known = {}
    for span in spans:
        known |= zip(span, s.values(len(span), start=span.start).tolist(), strict=True)
    return [known[step] for step in steps]


def check(error, peak, found, tolerance=1e-12):
    worst = int(np.argmax(error))
    assert np.all(np.isfinite(found.high))
    assert error[worst] <= tolerance * peak, f"{error[worst] / peak:.3g} of the peak at step {found.steps[worst]}"


@everything
@everywhere
def test_scalars(name, n):
    s, (found, peak) = ZOO[name](sc, n), reference(name, n)
    check(found.error([s(step) for step in found.steps]), peak, found)
    whole = whole_reference(name, n)
    check(whole.error([s(float(step)) for step in whole.steps]), peak, whole)


@everything
@everywhere
def test_arrays(name, n):
    s, (found, peak), whole = ZOO[name](sc, n), reference(name, n), whole_reference(name, n)
    check(found.error(s(np.array(found.steps, float))), peak, found)
    check(whole.error(s(np.array(whole.steps))), peak, whole)


@everything
@everywhere
def test_grids(name, n):
    s, peak, whole = ZOO[name](sc, n), reference(name, n)[1], whole_reference(name, n)
    check(whole.error(by_windows(s, whole.steps)), peak, whole)


LONG = {"linear", "cosine_warmup", "one_cycle three_phase", "wsd one_minus_sqrt"}  # written whole at 10**7 too


@pytest.mark.parametrize(("name", "n"), [(name, n) for name in ZOO for n in LENGTHS if n <= 10**5 or name in LONG])
def test_whole_grids(name, n):
    s, peak, whole = ZOO[name](sc, n), reference(name, n)[1], whole_reference(name, n)
    curve = s.values(whole.steps[-2] + 1)  # the last is far beyond the end
    inside = whole.where(lambda step: step < len(curve))
    check(inside.error(curve[inside.steps]), peak, inside)


# -- the tail keeps its digits -------------------------------------------------------------------------


ENDS = {"to 0": (1.0, 0.0), "to 1e-5": (1.0, 1e-5), "3e-4 to 3e-5": (3e-4, 3e-5), "from 0": (0.0, 1.0)}

SHAPES = {
    "linear": lambda m, a, b, n: m.linear(a, b, n),
    "polynomial 0.9": lambda m, a, b, n: m.polynomial(a, b, n, power=0.9),
    "polynomial 2": lambda m, a, b, n: m.polynomial(a, b, n, power=2.0),
    "polynomial 3.5": lambda m, a, b, n: m.polynomial(a, b, n, power=3.5),
    "cosine": lambda m, a, b, n: m.cosine(a, b, n),
    "one_minus_sqrt": lambda m, a, b, n: m.one_minus_sqrt(a, b, n),
    "tanh_decay": lambda m, a, b, n: m.tanh_decay(a, b, n),
    "rex": lambda m, a, b, n: m.rex(a, b, n),
    "k_decay 0.5": lambda m, a, b, n: m.k_decay(a, b, n, k=0.5),
    "k_decay 1.5": lambda m, a, b, n: m.k_decay(a, b, n, k=1.5),
    "k_decay 3": lambda m, a, b, n: m.k_decay(a, b, n, k=3.0),
}


def between(shape, start, end):
    return lambda m, n: SHAPES[shape](m, start, end, n)


TAILS = {f"{shape} {ends}": between(shape, *ENDS[ends]) for shape in SHAPES for ends in ENDS} | {
    "constant": lambda m, n: m.constant(0.1, steps=n),
    "exponential to 1e-5": lambda m, n: m.exponential(1.0, 1e-5, n),
    "exponential to 1e-8": lambda m, n: m.exponential(1.0, 1e-8, n),
    "exponential up": lambda m, n: m.exponential(1e-5, 1.0, n),
    "exponential_decay 0.1 every n": lambda m, n: m.exponential_decay(1.0, 0.1, every=n),
    "exponential_decay 0.5 every n/20": lambda m, n: m.exponential_decay(1.0, 0.5, every=part(n, 20)),
    "exponential_decay 0.96 every 1000": lambda m, _n: m.exponential_decay(0.3, 0.96, every=1000),
    "exponential_decay 0.9": lambda m, _n: m.exponential_decay(1.0, 0.9),
    "exponential_decay 0.999": lambda m, _n: m.exponential_decay(1.0, 0.999),
    "exponential_decay 0.99999": lambda m, _n: m.exponential_decay(1.0, 0.99999),
    "exponential_decay 1.000001": lambda m, _n: m.exponential_decay(1e-5, 1.000001),
    "inverse_sqrt": lambda m, _n: m.inverse_sqrt(1.0, timescale=1000),
    "inverse_time": lambda m, _n: m.inverse_time(0.3, 0.7, every=100),
    "step_decay": lambda m, n: m.step_decay(1.0, 0.3, part(n, 20)),
    "multistep": lambda m, n: m.multistep(1.0, 0.1, [n // 3, n // 2, n - 1]),
    "piecewise": lambda m, n: m.piecewise([0.1, 0.3, 1e-7], [n // 3, n - 2]),
    "interpolate": lambda m, n: m.interpolate([(0, 0.0), (n // 2, 1.0), (n, 0.0)]),
    "replay": lambda m, n: m.replay(recording(n)),
}

SHORT, FAR = (100, 9973), (10**5, 1234567, 10**7)


def near_both_ends(n):
    """Some 300 whole steps: the first and the last, and the way between them by ratios from either end."""
    ratios = np.geomspace(1, n, 60).astype(int).tolist()
    evenly = np.linspace(0, n, 40).astype(int).tolist()
    return sorted({*range(min(50, n)), *range(max(n - 60, 0), n + 3), *ratios, *(n - r for r in ratios), *evenly})


@functools.cache
def tail(name, n):
    """The oracle near both ends."""
    return refer(TAILS[name](oracle, n), near_both_ends(n))


tails = pytest.mark.parametrize("name", TAILS)


def check_relative(error, steps, tolerance):
    worst = int(np.argmax(error))
    assert error[worst] < tolerance, f"relative error {error[worst]:.3g} at step {steps[worst]}"


@tails
@pytest.mark.parametrize("n", SHORT + FAR)
def test_tails_in_double_precision(name, n):
    s, found = TAILS[name](sc, n), tail(name, n)
    check_relative(found.relative([s(step) for step in found.steps]), found.steps, 1e-14)
    check_relative(found.relative(s(np.array(found.steps))), found.steps, 1e-14)


SINGLE = {
    "numpy": lambda steps: np.asarray(steps, np.float32),  # exact up to 2**24
    "jax": lambda steps: jnp.asarray(steps, jnp.int32),
    "torch": torch.as_tensor,
}


def single_error(s, steps, library):
    """The relative error of float32 against our double precision; subnormal float32 values are exempt."""
    exact = s(steps)
    found = np.asarray(s(SINGLE[library](steps)))
    assert found.dtype == np.float32
    normal = np.abs(exact) >= np.finfo(np.float32).tiny
    assert np.all(found[exact == 0] == 0)
    return np.where(normal, np.abs(found.astype(float) - exact) / np.where(normal, np.abs(exact), 1), 0)


@tails
@pytest.mark.parametrize("n", SHORT + FAR)
@pytest.mark.parametrize("library", SINGLE)
def test_tails_in_single_precision(name, n, library):
    steps = np.arange(n + 3) if n in SHORT else np.array(near_both_ends(n))
    check_relative(single_error(TAILS[name](sc, n), steps, library), steps, 1e-6)


# -- grids to the last bits ----------------------------------------------------------------------------


PIECES = {
    "linear": lambda m, n: m.linear(1.0, 0.0, n),
    "linear to 1e-5": lambda m, n: m.linear(0.3, 1e-5, n),
    "linear up": lambda m, n: m.linear(0.0, 0.3, n),
    "cosine": lambda m, n: m.cosine(1.0, 0.0, n),
    "cosine to 1e-5": lambda m, n: m.cosine(0.3, 1e-5, n),
    "cosine up": lambda m, n: m.cosine(0.0, 0.3, n),
    "exponential": lambda m, n: m.exponential(1.0, 1e-8, n),
    "exponential up": lambda m, n: m.exponential(1e-5, 0.3, n),
    "exponential_decay": lambda m, n: m.exponential_decay(1.0, 1e-4, every=n),
    "linear after linear": lambda m, n: m.join(m.linear(0.0, 0.3, 77), m.linear(0.3, 0.0, n - 77)),
    "cosine after linear": lambda m, n: m.join(m.linear(0.0, 0.3, 77), m.cosine(0.3, 0.0, n - 77)),
    "exponential after linear": lambda m, n: m.join(m.linear(0.0, 0.3, 77), m.exponential(0.3, 1e-5, n - 77)),
}

pieces = pytest.mark.parametrize("name", PIECES)


def ulps(found, values):
    return found.error(values) / np.spacing(np.abs(found.high))


@functools.cache
def piece(name, n):
    """The oracle near both ends of a piece."""
    return refer(PIECES[name](oracle, n), near_both_ends(n))


@pieces
@pytest.mark.parametrize("n", [100, 12345, 10**5, 10**6, 10**7])
def test_whole_grids_keep_eight_ulp(name, n):
    found = piece(name, n)
    error = ulps(found, PIECES[name](sc, n).values(n + 3)[found.steps])
    assert error.max() <= 8, f"{error.max():.3g} ulp at step {found.steps[int(np.argmax(error))]}"


@pieces
@pytest.mark.parametrize("n", [100, 12345, 10**5, 10**6, 10**7])
def test_windows_keep_eight_ulp(name, n):
    found = piece(name, n)
    error = ulps(found, by_windows(PIECES[name](sc, n), found.steps))
    assert error.max() <= 8, f"{error.max():.3g} ulp at step {found.steps[int(np.argmax(error))]}"


# -- restarts are where they are -----------------------------------------------------------------------


def in_single_precision(s, steps):
    """The values at whole steps by JAX and by PyTorch, in their default float32."""
    yield s(jnp.asarray(steps, jnp.int32)).tolist()
    yield s(torch.tensor(steps)).tolist()


def in_double_precision(s, steps):
    """The values at whole steps one by one, as an array, and as grids of one step."""
    yield [s(step) for step in steps]
    yield s(np.array(steps)).tolist()
    yield [s.values(1, start=step)[0] for step in steps]


def test_a_repeated_cosine_restarts_at_its_start():
    s = sc.repeat(sc.cosine(1.0, 0.0, 10), 8, stretch=3)
    assert s(1210) == s.values(2000)[1210] == 1.0
    for values in (*in_double_precision(s, [1210]), *in_single_precision(s, [1210])):
        assert values == [1.0]


def restarts(first, factor):
    return [first * (factor**i - 1) // (factor - 1) for i in range(8)]


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("first", range(1, 21))
@pytest.mark.parametrize(("start", "end"), [(1.0, 0.0), (1.0, 0.25)])
def test_sgdr_restarts_at_its_start(first, factor, start, end):
    s, steps = sc.sgdr(start, first, 8, end=end, stretch=factor), restarts(first, factor)
    for values in (*in_double_precision(s, steps), *in_single_precision(s, steps)):
        assert values == [start] * 8


@pytest.mark.parametrize("end", [0.0, 1e-5, 1e-3, 0.01911])
@pytest.mark.parametrize("start", [0.0583, 0.1, 0.3, 0.7])
def test_sgdr_restarts_at_any_start(start, end):
    s, steps = sc.sgdr(start, 10, 8, end=end, stretch=2), restarts(10, 2)
    by_number, by_array, by_grid = in_double_precision(s, steps)
    assert by_number == by_array == [start] * 8
    np.testing.assert_array_max_ulp(by_grid, np.full(8, start), maxulp=2)  # a matrix product sums in another order


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("first", range(1, 21))
def test_whole_grids_restart_within_eight_ulp(first, factor):
    s, steps = sc.sgdr(1.0, first, 8, stretch=factor), restarts(first, factor)
    np.testing.assert_allclose(s.values()[steps], 1.0, rtol=0, atol=8 * np.spacing(1.0))


# -- the peer, for contrast ----------------------------------------------------------------------------


def test_optax_loses_the_tail_that_we_keep():
    n = 10**5
    step = jnp.asarray(n - 10, jnp.int32)
    exact = float(oracle.cosine(1.0, 0.0, n)(n - 10))
    theirs, ours = (float(s(step)) / exact - 1 for s in (optax.cosine_decay_schedule(1.0, n), sc.cosine(1.0, 0.0, n)))
    assert abs(theirs) > 0.01
    assert abs(ours) < 1e-6
