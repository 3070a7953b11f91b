"""Whole curves are those of s(t): near the largest float, of Python functions, of rounds and levels, deep in clocks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import finite, values

import schedules as sc
from schedules import cosine, cycle, linear, repeat, stretch
from schedules.adapters.jax import stack

LARGE = 1.7e308

EXTREME = {
    "a sum of both ends": cosine(LARGE, -LARGE, 700),
    "a line": linear(-LARGE, LARGE, 700),
    "an operand": sc.maximum(cosine(LARGE, -LARGE, 700), 0.0),
    "a record": sc.replay([LARGE, -LARGE] * 350, interpolate=False),
    "a record with lines": sc.replay([LARGE, -LARGE] * 350),
    "a clock": sc.every(cosine(LARGE, -LARGE, 350), 2),
    "a clock beyond all floats": stretch(linear(0, 1, 10), 5e-324),
}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("s", EXTREME.values(), ids=EXTREME)
def test_no_value_is_lost_near_the_largest_float(s):
    expected = [s(t) for t in range(700)]
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(s.values(700), expected, rtol=1e-12, atol=1e-12 * max(map(abs, expected)))


# -- Python functions ----------------------------------------------------------------------------------

TABLE = [1 / (1 + t) for t in range(1_000)]


def asked(make, **run):
    """The steps that a Python function is asked for, and the curve."""
    steps = []

    def function(t):
        steps.append(t)
        return TABLE[t]  # no float is a place in it, and nothing is beyond its end

    return make(sc.custom(function, steps=1_000)).values(**run), steps


@pytest.mark.parametrize(
    ("make", "expected"),
    {
        "itself": (lambda s: s, range(1_000)),
        "in a formula": (lambda s: 2 * s + cosine(1.0, 0.0, 1_000), range(1_000)),
        "in a join": (lambda s: linear(0.0, 1.0, 300) >> s[:400], range(400)),
        "reversed": (lambda s: sc.reverse(s[:999]), range(999, 0, -1)),
        "in rounds": (lambda s: cycle(s[:7])[:700], range(7)),
        "slowly": (lambda s: sc.every(s[:350], 2), range(350)),
    }.values(),
)
def test_a_function_is_asked_for_whole_steps_once_each_and_for_no_other(make, expected):
    _, steps = asked(make)
    assert steps == list(expected)
    assert {type(step) for step in steps} == {int}


def test_a_part_of_a_curve_asks_for_that_part():
    curve, steps = asked(lambda s: s, start=500, steps=300)
    assert steps == list(range(500, 800))
    assert curve.tolist() == TABLE[500:800]


# -- rounds, levels, clocks ----------------------------------------------------------------------------


@given(finite, st.integers(1, 30), st.integers(2, 40), st.integers(0, 200))
def test_rounds_are_those_of_single_steps(s, period, times, start):
    for term in (repeat(s[:period], times), cycle(s[:period])):
        expected = np.asarray([term(t) for t in range(start, start + 450)])
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(term.values(450, start=start), expected, rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("gap", [1, 2.5, 40, 1_000])
@pytest.mark.parametrize("start", [0, 333])
def test_levels_begin_at_their_milestones(gap, start):
    s = sc.multistep(1.0, 0.9, [gap * (k + 1) for k in range(30)])
    assert s.values(3_000, start=start).tolist() == [s(t) for t in range(start, start + 3_000)]


def test_what_comes_again_is_copied():
    one = cosine(1.0, 0.25, 300)
    curve = sc.join(one, linear(0.0, 1.0, 300), one, cosine(1.0, 0.25, 300)).values()
    assert curve[:300].tolist() == curve[600:900].tolist() == curve[900:].tolist()


@given(values, st.integers(1, 70))
def test_clocks_within_clocks(end, depth):
    s = linear(0.0, end, 100)
    for _ in range(depth):
        s = stretch(s, 1.01)
    expected = [s(t) for t in range(300)]
    np.testing.assert_allclose(s.values(300), expected, atol=1e-12 * max(end, 1))


# -- what small changes of the formulas would break ----------------------------------------------------


@given(st.floats(0.1, 2.0), st.integers(1, 20), st.integers(0, 40))
def test_a_warmup_laid_over_starts_where_it_is_told(start, steps, t):
    s = cosine(1.0, 0.0, 40)
    x = min(t / steps, 1)
    assert sc.warmup(s, steps, start=start, overlap=True)(t) == pytest.approx(start * (1 - x) + s(t) * x, abs=1e-12)


@given(st.floats(0.25, 7.0), st.integers(0, 100))
def test_every_counts_turns_of_any_length(n, t):
    s = sc.every(linear(0.0, 10.0, 10), n)
    assert s(t) == min(t // n, 10)
    assert s.steps >= 10 * n
    assert s(s.steps) == 10.0


def test_every_of_a_fraction_lasts_that_fraction():
    assert sc.every(linear(0.0, 1.0, 2.5), 2).steps == 5


# -- endless rounds in JAX -----------------------------------------------------------------------------

ENDLESS = [
    repeat(linear(1.0, 0.0, 4), math.inf),
    repeat(linear(1.0, 0.0, 4), math.inf, scale=0.5),
    repeat(linear(1.0, 0.0, 4), math.inf, stretch=2.0),
]


@pytest.mark.parametrize("s", ENDLESS, ids=repr)
def test_endless_rounds_are_traced_and_stacked(s):
    t = jnp.arange(0, 40, 3)
    np.testing.assert_allclose(jax.jit(lambda s, t: s(t))(s, t), [s(x) for x in t.tolist()], rtol=1e-6)
    doubled = stack([s, jax.tree.map(lambda number: number * 1.0, s)])
    np.testing.assert_allclose(jax.vmap(lambda s: s(t))(doubled), [s(t), s(t)], rtol=1e-6)


def test_a_growth_that_is_traced_has_no_rounds():
    with pytest.raises(sc.ScheduleError, match=r"repeat: stretch=.*use a number"):
        jax.jit(lambda factor: repeat(linear(0.0, 1.0, 4), math.inf, stretch=factor)(5))(2.0)
