"""What the form of a term shows: no clock leaves its bounds, no part is met that is not told, and none in vain."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import schedules as sc
from schedules import Time, Warp
from schedules.algebra.bounds import UNBOUNDED, active, beyond, cut, image, reach, spread
from schedules.algebra.ops import ARITY, INTEGRAL, NUMBERS, bound
from schedules.algebra.tree import leaves, with_leaves

numbers = st.integers(-6, 6).map(lambda k: k / 2)
ranges = st.tuples(numbers, numbers).map(sorted).map(tuple)


def points(between):
    """Numbers of a range, by halves: its ends among them."""
    low, high = between
    return [low + k / 2 for k in range(int(2 * (high - low)) + 1)]


@pytest.mark.parametrize("op", sorted(INTEGRAL | {"divide"}))
@given(x=ranges, y=ranges)
def test_no_value_is_out_of_bounds(op, x, y):
    args = (x, y)[: ARITY[op]]
    low, high = spread(op, *args)
    if ("divide" in op or op == "remainder") and y[0] <= 0 <= y[1]:
        assert (low, high) == UNBOUNDED
        return
    found = [bound(op, NUMBERS)(*values) for values in itertools.product(*map(points, args))]
    assert low <= min(found)
    assert max(found) <= high
    if op == "remainder":
        assert (low, high) in ((0, min(x[1], y[1])), x, (min(y[0], 0), max(y[1], 0)))
        assert y[0] < 0 or x[0] < 0 or high <= x[1], "within the first round nothing is added"
    elif op in ("abs", "square") or len(args) == 2:
        assert {low, high} <= {0, *found}, "these ends are reached"


def test_what_is_beyond_all_floats_may_be_anything():
    assert spread("multiply", (0, math.inf), (0, 1)) == UNBOUNDED
    assert spread("square", (1e200, 1e300)) == (math.inf, math.inf)
    assert spread("floor_divide", (0, math.inf), (1, 2)) == UNBOUNDED


def test_images_of_clocks():
    assert image(Time(), -5, 7) == (0, 7)
    assert image(Time(), 3, 7) == (3, 7)
    assert image(Time() / 4 + 1, 2, 4) == (1.5, 2)
    assert image((Time() - 5) % 3, 0, 9) == (0, 3)
    assert image(sc.linear(0.0, 1.0, 5), 0, 5) == UNBOUNDED
    assert image(sc.constant(0.5), 0, 5) == (0.5, 0.5)
    assert reach(3 - Time() * Time(), 0, 4) == 16
    assert reach(Time() / 2, 0, 4) == 0, "it counts no whole numbers"


@pytest.mark.parametrize(
    ("term", "most"),
    [
        (Time() * 3, 30),
        (abs(7 - Time() * 2) + 4, 20),
        (Warp(sc.linear(0.0, 1.0, 9), Time() * 3, 20), 30),
        (Warp(sc.linear(0.0, 1.0, 9), Time() * 3, 5), 15),
        (Warp(sc.linear(0.0, 1.0, 9), 40 - Time()), 40),
        (Warp(sc.linear(0.0, 1.0, 9), 3 * (40 - Time())), 120),
        (Warp(Time() * 5, 3 * (40 - Time())), 600),
        (Warp(Time() * 5, Time() + 2), 60),
        (sc.constant(0.5, steps=4) >> Warp(Time() * 5, Time() * 2), 60),
        (sc.step_decay(1.0, 0.5, 3), 10),
    ],
    ids=repr,
)
def test_the_largest_whole_number_on_the_way(term, most):
    assert not beyond(term, 0, 10, most)
    assert beyond(term, 0, 10, most - 1)


JOIN = sc.join(*(sc.linear(0.0, 1.0, n) for n in (3, 2.5, 4)))


@given(st.integers(-2, 12), st.integers(0, 12), st.sampled_from([0, 0.5]))
def test_the_parts_that_times_can_meet(low, length, half):
    low, high = low + half, low + length + half
    knots = 0, 3, 5.5
    met = {sum(low + k / 2 >= knot for knot in knots[1:]) for k in range(2 * length + 1)}
    found = active(JOIN, low, high)
    assert [place for place, _, _ in found] == sorted(met)
    ends = -math.inf, 3, 5.5, math.inf
    for place, start, stop in found:
        assert start == max(low, ends[place]) - knots[place]
        assert stop == min(high, ends[place + 1]) - knots[place]


def test_parts_of_open_numbers_can_all_be_met():
    levels = sc.join(*(sc.constant(1.0 / n, steps=n) for n in (3, 2, 4)))
    open_numbers = with_leaves(levels, map(Fraction, leaves(levels)))  # a Fraction stands for a tracer
    assert active(open_numbers, 1, 2) == [(place, -math.inf, math.inf) for place in range(3)]
    assert not beyond(open_numbers, 0, 10, 0)
    assert cut(open_numbers.parts[0]) == 3


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3))
def test_time_is_held_where_the_inner_term_goes_on(inner, steps, factor):
    term = Warp(sc.linear(0.0, 1.0, inner), Time() * factor, steps)
    assume(isinstance(term, Warp))
    assert cut(term) == (math.inf if inner <= steps * factor else steps)
