"""Analysis against brute force: whatever is said of a schedule is looked for among its values."""

import itertools
import math

import numpy as np
import pytest
from agreement import magnitude
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import durations, finite, lengths, terms, values

import schedules as sc
from schedules import ScheduleError
from schedules.analysis import phases

HORIZON = 130  # steps of an endless schedule that are looked at


def horizon(s):
    return min(s.steps, HORIZON)


def just(t, side):
    """A time next to t, and near enough that no slope makes a difference."""
    return t + side * 1e-11 * max(t, 1.0)


def times(end, fine=16):
    """Times all over [0, end]."""
    return np.linspace(0.0, end, math.ceil(end) * fine + 1)


# -- phases --------------------------------------------------------------------------------------------


@given(terms, st.lists(st.floats(0.001, 0.999), min_size=3, max_size=3))
def test_between_knots_a_schedule_is_one_formula(s, shares):
    scale = magnitude(s)
    for phase in phases.Walk(s, horizon(s), phases.Work(10**6)):
        for share in shares:
            t = phase.start + share * (phase.stop - phase.start)
            assert phase.limit(t) == pytest.approx(s(t), rel=1e-12, abs=1e-12 * scale), (s, t)


lines = st.lists(st.tuples(st.integers(0, 30), st.integers(-4, 4)), min_size=2, max_size=6).map(
    lambda points: sc.interpolate(sorted(points))
)
broken_lines = st.recursive(
    lines | st.lists(st.integers(-4, 4), min_size=1, max_size=6).map(sc.replay),
    lambda deeper: st.one_of(
        st.builds(lambda a, b: a >> b, deeper, deeper),
        st.builds(lambda a, b: a + b, deeper, deeper),
        st.builds(sc.every, deeper, st.integers(1, 4)),
        st.builds(sc.stretch, deeper, st.integers(1, 3)),
        st.builds(sc.shift, deeper, st.integers(0, 9)),
        st.builds(lambda a, b, n: a[b : b + n], deeper, st.integers(0, 9), st.integers(0, 30)),
        st.builds(sc.reverse, deeper),
        st.builds(lambda a, n: sc.cycle(a[: a.steps + 1])[:n], deeper, st.integers(0, 40)),
    ),
    max_leaves=4,
)


@given(broken_lines)
def test_knots_of_straight_lines_are_where_they_bend(s):
    """With all knots at whole steps, a line bends where it is not half way between its neighbours."""
    found = set(sc.knots(s))
    assert all(float(knot).is_integer() and 0 < knot <= s.steps for knot in found)
    for t in range(1, math.ceil(s.steps) + 1):
        around = [s(t + place / 8) for place in (-3, -2, -1, 1, 2, 3)]
        before, after = 2 * around[2] - around[1], 2 * around[3] - around[4]  # drawn on up to t
        bends = abs(before - after) > 1e-9 or abs((around[1] - around[0]) - (around[5] - around[4])) > 1e-9
        assert not bends or t in found, (s, t)


def test_a_curve_that_is_computed_in_halves_has_no_knot_there():
    assert sc.knots(sc.exponential(1.0, 0.01, 100)) == (100,)
    assert sc.knots(sc.polynomial(0.1, 1.0, 100, power=3.0)) == (100,)
    assert sc.knots(sc.k_decay(1.0, 0.1, 100, k=2.0)) == (100,)


def test_knots_of_minima_are_where_they_cross():
    assert sc.knots(sc.minimum(sc.linear(0.0, 1.0, 100), sc.cosine(1.0, 0.0, 100))) == (50, 100)
    falls, stays_high = sc.cosine(1.0, 0.0, 30), sc.inverse_sqrt(0.75, timescale=5)
    knot, _ = sc.knots(sc.maximum(falls, stays_high)[:30])
    assert falls(knot) == pytest.approx(stays_high(knot), rel=1e-12)


def test_knots_of_a_clock_that_is_no_straight_line():
    halves = sc.linear(0.0, 1.0, 50) >> sc.linear(1.0, 0.0, 50)
    there_and_back = sc.Warp(halves, 100 * sc.cosine(0.0, 1.0, 60), 60)
    assert sc.knots(there_and_back) == (30, 60)
    assert sc.bounds(there_and_back) == pytest.approx((0.0, 1.0), abs=1e-12)


# -- jumps ---------------------------------------------------------------------------------------------


@given(terms)
def test_jumps_are_where_values_change_at_once(s):
    end, scale = horizon(s), magnitude(s)
    found = sc.jumps(s, steps=end)
    for jump in found:
        assert jump.before != jump.after
        before = s(jump.step) if s(jump.step) == jump.before else s(just(jump.step, -1))
        assert before == pytest.approx(jump.before, rel=1e-3, abs=1e-3 * scale)
        assert s(just(jump.step, 1)) == pytest.approx(jump.after, rel=1e-3, abs=1e-3 * scale)


def narrowed(s, low, high):
    """The ends of an interval after it has been halved, to the half with more of a change, as long as floats allow."""
    while low < (middle := (low + high) / 2) < high and high - low > 1e-12 * high:
        low, high = (middle, high) if abs(s(high) - s(middle)) > abs(s(middle) - s(low)) else (low, middle)
    return low, high


@given(terms)
def test_no_jump_is_missed(s):
    end, scale = horizon(s), magnitude(s)
    found = np.array([jump.step for jump in sc.jumps(s, steps=end)])
    grid = times(end, 4)
    changes = np.abs(np.diff(s(grid)))
    for place in np.argsort(changes)[-8:].tolist():  # where there is most of a change
        low, high = narrowed(s, float(grid[place]), float(grid[place + 1]))
        if abs(s(high) - s(low)) > 1e-4 * scale:
            assert np.abs(found - low).min(initial=math.inf) < 1e-9 * max(low, 1.0), (s, low)


# -- bounds, monotone ----------------------------------------------------------------------------------


@given(terms)
def test_no_value_is_out_of_bounds(s):
    low, high = sc.bounds(s)
    rounding = 1e-12 * max(magnitude(s), abs(low) if math.isfinite(low) else 0)
    for t in (*times(min(s.steps, 300.0), 8).tolist(), 1e3, 1e6, 1e9, 1e15):
        assert low - rounding <= s(t) <= high + rounding, (s, t)


@given(terms, durations.filter(bool))
def test_bounds_are_reached(s, end):
    low, high = sc.bounds(s, steps=end)
    near = [
        s(min(max(just(t, side), 0.0), just(end, -1)))  # bounds are of 0 <= t < end
        for span in sc.monotone(s, steps=end)
        for t in span[:2]
        for side in (-1, 0, 1)
    ]
    scale = magnitude(s)
    assert min(near) == pytest.approx(low, rel=1e-3, abs=1e-3 * scale)
    assert max(near) == pytest.approx(high, rel=1e-3, abs=1e-3 * scale)


@given(finite)
def test_bounds_of_all_are_those_of_long_enough(s):
    assert sc.bounds(s) == pytest.approx(sc.bounds(s, steps=s.steps + 1), rel=1e-12)


@given(terms)
def test_spans_go_one_way(s):
    end = horizon(s)
    found = sc.monotone(s, steps=end)
    rounding = 1e-11 * magnitude(s)
    broken = {jump.step for jump in sc.jumps(s, steps=end)}
    assert [span.start for span in found] == [0, *(span.stop for span in found)][: len(found)]
    assert not found or found[-1].stop == end
    for a, b in itertools.pairwise(found):
        assert a.way != b.way or b.start in broken
    for start, stop, way in found:
        width = stop - start
        inside = [s(start + share * width) for share in (1e-3, 0.2, 0.35, 0.5, 0.75, 0.9, 0.999)]
        for before, after in itertools.pairwise(inside):
            if way == "stays":
                assert after == pytest.approx(before, rel=1e-9, abs=rounding)
            else:
                assert (after - before) * (1 if way == "rises" else -1) >= -rounding


def test_turns_are_found_between_samples():
    bump = sc.minimum(sc.maximum(1 - 40 * abs(sc.Time() - 50.53), 0.0), 1.0)[:100]  # 0.05 steps wide
    assert sc.bounds(bump) == pytest.approx((0.0, 1.0), abs=1e-12)
    rises, falls = (span for span in sc.monotone(bump) if span.way != "stays")
    assert (rises.start, rises.stop, falls.stop) == pytest.approx((50.505, 50.53, 50.555))
    turn = sc.cosine(1.0, 0.0, 100) * sc.linear(0.0, 1.0, 100)
    (a, b) = sc.monotone(turn)
    assert (a.way, b.way) == ("rises", "falls")
    assert sc.bounds(turn).high == pytest.approx(turn(a.stop), rel=1e-15)
    assert max(turn(a.stop - 0.01), turn(a.stop + 0.01)) < turn(a.stop)


def test_two_that_cancel_stay():
    assert [span.way for span in sc.monotone(sc.cosine(1.0, 0.0, 90) + sc.cosine(0.0, 1.0, 90))] == ["stays"]
    assert [span.way for span in sc.monotone(sc.linear(1.0, 0.1, 9) - sc.linear(1.0, 0.1, 9))] == ["stays"]


@pytest.mark.parametrize("length", [9, 900, 1e-9])
def test_no_span_is_made_by_rounding_where_the_slope_is_zero_at_an_end(length):
    rises, falls = sc.monotone(sc.cosine(1.0, 0.1, length) * sc.cosine(0.1, 1.0, length))
    assert (rises.start, rises.way, falls.way) == (0, "rises", "falls")
    assert (rises.stop, falls.stop) == (falls.start, length)
    assert rises.stop == pytest.approx(length / 2)


ENDLESS = {
    sc.triangular(1e-4, 1e-3, 2_000): (1e-4, 1e-3),
    sc.triangular2(0.25, 1.0, 10.5): (0.25, 1.0),
    sc.exp_range(0.0, 1.0, 10, rate=0.5): (0.0, 0.1 / math.log(2) / math.e),
    sc.step_decay(1.0, 0.5, 10): (0.0, 1.0),
    sc.step_decay(-1.0, 0.5, 10): (-1.0, 0.0),
    sc.exponential_decay(1.0, 0.9): (0.0, 1.0),
    sc.inverse_time(2.0, 0.1) + 1: (1.0, 3.0),
    sc.noam(512, 4000): (0.0, 512**-0.5 * 4000**-0.5),
    sc.cycle(sc.rex(1.0, 0.1, 10)): (0.1, 1.0),
    sc.cycle(sc.sgdr(1.0, 10, 3, scale=2.0)): (0.0, 4.0),
    sc.repeat(sc.cosine(1.0, 0.5, 10), math.inf, stretch=2.0): (0.5, 1.0),
    sc.Time() / 4: (0.0, math.inf),
    sc.constant(0.1): (0.1, 0.1),
    sc.linear(0.0, 1.0, 9) >> sc.constant(3.0): (0.0, 3.0),
}


@pytest.mark.parametrize("s", ENDLESS, ids=repr)
def test_bounds_of_what_never_ends(s):
    assert sc.bounds(s) == pytest.approx(ENDLESS[s], rel=1e-12)


# -- first ---------------------------------------------------------------------------------------------


@given(terms, st.integers(0, HORIZON), st.sampled_from([-1, 1]), st.sampled_from(["below", "above"]))
def test_first(s, step, sign, which):
    level = s(step) + sign * 1e-7 * magnitude(s)
    known = [t for t in range(HORIZON) if (s(t) < level if which == "below" else s(t) > level)]
    assert sc.first(s, **{which: level}, steps=HORIZON) == (known[0] if known else None)
    if known:
        assert sc.first(s, **{which: level}) == known[0]


def test_a_reversed_jump_has_its_value_at_one_step_only():
    back = sc.reverse(sc.cosine(0.0, 1.0, 3) >> sc.constant(5.0))
    s = sc.constant(0.5, steps=2) >> back
    assert [s(t) for t in range(1, 6)] == pytest.approx([0.5, 5.0, 0.75, 0.25, 0.0])
    assert sc.bounds(s) == sc.bounds(sc.cycle(s)) == (0.0, 5.0)
    assert sc.first(s, above=2.0) == 2
    assert sc.first(s, above=0.7) == 2
    assert sc.jumps(back) == ((0, 5.0, 1.0),)
    assert sc.jumps(s) == ((2, 5.0, 1.0),)
    low = sc.constant(0.5, steps=2) >> sc.reverse(sc.cosine(0.0, 1.0, 3) >> sc.constant(0.0))
    assert sc.first(low, above=0.7) == 3
    assert sc.bounds(low).high == 1.0


def test_first_of_ever():
    assert sc.first(sc.cosine(1.0, 0.0, 10**15), below=0.25) == 666_666_666_666_667
    assert sc.first(sc.exponential_decay(1.0, 0.5, every=10), below=1e-9) == 299
    assert sc.first(sc.exponential_decay(1.0, 0.5, every=10), below=0.0) is None
    assert sc.first(sc.triangular(0.1, 1.0, 10), above=1.0) is None
    assert sc.first(sc.triangular(0.1, 1.0, 10), above=0.95) == 10
    assert sc.first(sc.linear(1.0, 0.0, 10), below=0.1, steps=10) is None
    assert sc.first(sc.linear(1.0, 0.0, 10), below=0.1) == 10


# -- totals --------------------------------------------------------------------------------------------


@given(terms, st.integers(0, 70), st.integers(0, 200))
def test_total_is_the_sum_over_steps(s, start, count):
    known = math.fsum(s(t) for t in range(start, start + count))
    rounding = 1e-12 * max(magnitude(s), max((abs(s(t)) for t in range(start, start + count)), default=0)) * (count + 1)
    assert sc.total(s, start, start + count) == pytest.approx(known, rel=1e-12, abs=rounding)
    if count:
        assert sc.mean(s, start, start + count) == pytest.approx(known / count, rel=1e-12, abs=rounding)


@given(finite)
def test_total_of_all(s):
    known = s.values()
    assert sc.total(s) == pytest.approx(math.fsum(known), rel=1e-12, abs=1e-12 * magnitude(s) * (len(known) + 1))


def test_total_of_powers_of_zero():
    assert sc.total(0.0 ** sc.Time(), 0, 6) == sc.total(sc.lift("geometric", 0.0, sc.Time(), 3), 0, 6) == 1.0


def test_totals_of_very_many_steps():
    n = 10**12
    assert sc.total(sc.constant(0.5, steps=n)) == n / 2
    assert sc.total(sc.linear(1.0, 0.0, n)) == pytest.approx((n + 1) / 2, rel=1e-14)
    assert sc.total(sc.cosine(1.0, 0.0, n)) == pytest.approx((n + 1) / 2, rel=1e-13)
    assert sc.total(sc.exponential_decay(1.0, 0.5), 0, n) == pytest.approx(2.0, rel=1e-14)
    assert sc.total(sc.triangular(0.0, 1.0, 500), 0, n) == pytest.approx(n / 2, rel=1e-14)
    assert sc.total(sc.every(sc.linear(1.0, 0.0, 1_000), n // 1_000)) == pytest.approx(n * 0.5005, rel=1e-14)
    assert sc.total(sc.multistep(1.0, 0.5, [n // 2]), 0, n) == n * 0.75
    assert sc.total(sc.linear(1.0, 0.5, 10), 0, n) == pytest.approx(n / 2 + 2.75, rel=1e-14)


@given(finite, finite)
def test_matched_areas(s, t):
    assume(abs(sc.total(s)) > 1e-3)
    area = sc.total(t)
    assert sc.total(sc.match_area(s, t)) == pytest.approx(area, rel=1e-9, abs=1e-9)


# -- diff ----------------------------------------------------------------------------------------------


@given(finite, finite, st.integers(1, 90))
def test_diff_of_any_two(a, b, steps):
    known = [abs(a(t) - b(t)) for t in range(steps)]
    rounding = 1e-12 * max(max(abs(a(t)), abs(b(t))) for t in range(steps))
    assume(not any(rounding / 9 < gap < 9 * rounding for gap in known))
    found = sc.diff(a, b, steps=steps)
    if max(known) <= rounding:
        assert found is None
    else:
        assert found.step == next(t for t, gap in enumerate(known) if gap > rounding)
        assert (found.a, found.b) == (a(found.step), b(found.step))
        assert found.largest == pytest.approx(max(known), rel=1e-9)
        assert known[found.at] == pytest.approx(max(known), rel=1e-9)


@given(finite, durations, values)
def test_diff_finds_what_was_changed(s, k, level):
    other = s[:k] >> sc.constant(level, steps=3) >> s[k + 3 :]
    changed = [t for t in range(math.ceil(other.steps) + 1) if abs(s(t) - other(t)) > 1e-9]
    found = sc.diff(s, other)
    assert (found and found.step) == (changed[0] if changed else None) or abs(found.a - found.b) < 1e-9


@given(terms)
def test_no_difference(s):
    assert sc.diff(s, s) is None
    assert sc.diff(s, sc.parse(repr(s)), steps=20) is None
    assert sc.diff(s, s[:30] >> s[30:], steps=60) is None or s.steps % 1  # a fractional end is met by rounding


def test_diff_beyond_a_block():
    n = 5_000_000
    found = sc.diff(sc.constant(1.0, steps=n), sc.constant(1.0, steps=n - 1) >> sc.constant(1.5))
    assert found == (n - 1, 1.0, 1.5, 0.5, n - 1)
    assert str(found) == "first at step 4999999: 1.0 and 1.5; most at step 4999999: by 0.5"
    assert sc.diff(sc.exponential_decay(1.0, 1e200), sc.exponential_decay(1.0, 1e200) * 1, steps=9) is None


# -- lint ----------------------------------------------------------------------------------------------


def texts(s, steps=None):
    return [str(finding) for finding in sc.lint(s, steps=steps)]


def test_nothing_to_say():
    assert texts(sc.wsd(1.0, 1_000, warmup=20, cooldown=200, start=1e-3)) == []
    assert texts(sc.multistep(0.1, 0.1, [30, 60]), 90) == []
    assert texts(sc.cosine(0.1, 0.01, 90) >> sc.constant(0.01), 300) == []
    assert texts(sc.every(sc.cosine(0.1, 0.0, 90), 400)) == []
    assert texts(sc.triangular(1e-4, 1e-3, 20), 200) == []
    assert texts(sc.constant(0.1), 100) == []


FINDINGS = [
    (
        sc.linear(0.5, -0.5, 100),
        None,
        [
            "step 51: is negative; the lowest value is -0.49, at step 99",
            "step 99: the last update is at -0.49, and never comes down to the end, -0.5",
        ],
    ),
    (
        sc.linear(1.0, 0.0, 50) >> sc.constant(0.0, steps=50),
        None,
        ["step 50: stays at 0 for the last 50 updates, which change nothing"],
    ),
    (
        sc.constant(0.0, steps=5) >> sc.linear(0.1, 1.0, 50),
        None,
        ["step 0: stays at 0 for the 5 updates, which change nothing", "step 5: jumps from 0 to 0.1"],
    ),
    (
        sc.cosine_warmup(1.0, 1_000, warmup=100),
        None,
        ["step 0: the first update is at 0 and changes nothing; s[1:] begins one step later"],
    ),
    (sc.linear(0.1, 1.0, 500) >> sc.cosine(2.0, 0.1, 9_500), None, ["step 500: jumps from 1 to 2"]),
    (
        sc.sgdr(1.0, 100, 7, end=0.1),
        None,
        [
            "step 100: jumps from 0.1 to 1",
            "step 200: jumps from 0.1 to 1",
            "step 300: jumps from 0.1 to 1",
            "step 400: jumps, as at 2 more steps from here on",
        ],
    ),
    (
        sc.linear(1.0, 0.1, 90),
        100,
        ["step 90: the schedule ends, and its last value, 0.1, holds for the rest of 100 updates"],
    ),
    (
        sc.linear(1.0, 0.1, 100),
        90,
        [
            "step 89: the last update is at 0.199, and never comes down to the end, 0.1",
            "step 90: the training ends, 10 steps before the schedule does",
        ],
    ),
    (sc.linear(1.0, 0.0, 10), None, ["step 9: the last update is at 0.1, and never comes down to the end, 0"]),
    (
        sc.one_cycle(1.0, 1_005),
        None,
        ["step 302: the peak, 1, is never used, since it is at no whole step; 0.999999 is"],
    ),
    (
        sc.one_cycle(1.0, 1_000) >> sc.constant(0.1, steps=1),
        1_001,
        ["step 1000: jumps from 4e-06 to 0.1"],
    ),
]


@pytest.mark.parametrize(("s", "steps", "known"), FINDINGS, ids=repr)
def test_lint(s, steps, known):
    assert texts(s, steps) == known


def test_one_step_of_its_own_hides_no_zeros():
    def back(value, rest):  # `value` at step 0 only
        return sc.reverse(sc.constant(rest, steps=9) >> sc.constant(value))

    assert "step 1: stays at 0 for the last 8 updates, which change nothing" in texts(back(1.0, 0.0))
    assert texts(back(0.0, 1.0)) == [
        "step 0: the first update is at 0 and changes nothing; s[1:] begins one step later",
        "step 0: jumps from 0 to 1",
    ]


@given(terms, st.integers(2, HORIZON))
def test_lint_against_all_updates(s, steps):
    used = [s(t) for t in range(steps)]
    peak = max(map(abs, used))
    found = [finding.text for finding in sc.lint(s, steps=steps)]
    said = lambda what: any(what in text for text in found)  # noqa: E731 -- read below as a word
    assume(not any(1e-13 * peak < -value < 1e-11 * peak for value in used))
    assert said("negative") == (min(used) < -1e-12 * peak)
    assert said("first update is at 0") <= (used[0] == 0)
    assert said("stays at 0") <= any(a == b == 0 for a, b in itertools.pairwise(used))
    assert said("training ends") == (steps < s.steps < math.inf)
    top = max(s(t) for t in np.linspace(0, steps - 1, 8 * steps).tolist())
    assert said("the peak") or top <= max(used) + 1e-9 * peak


# -- errors --------------------------------------------------------------------------------------------

CYCLE = sc.cycle(sc.linear(1.0, 0.0, 10))
BAD = [
    (lambda: sc.knots(CYCLE), r"knots: steps=None: .*goes on for ever; .*steps=1000"),
    (lambda: sc.jumps(CYCLE), r"jumps: steps=None: .*goes on for ever"),
    (lambda: sc.monotone(CYCLE), r"monotone: steps=None: .*goes on for ever"),
    (lambda: sc.knots(CYCLE, steps=-1), "knots: steps=-1"),
    (lambda: sc.knots(CYCLE, steps=True), "knots: steps=True"),
    (lambda: sc.bounds("cosine"), "bounds: s='cosine'"),
    (lambda: sc.bounds(CYCLE, steps=math.nan), "bounds: steps=nan"),
    (lambda: sc.bounds(sc.custom(math.sin)), "bounds: steps=None: .*goes on for ever"),
    (lambda: sc.first(CYCLE), "first: below=None, above=None: one of the two"),
    (lambda: sc.first(CYCLE, below=1.0, above=2.0), "first: below=1.0, above=2.0: one of the two"),
    (lambda: sc.first(CYCLE, below=math.nan), "first: below=nan"),
    (lambda: sc.first(sc.custom(math.sin), below=-2.0), "first: steps=None: .*goes on for ever"),
    (lambda: sc.total(CYCLE), r"total: stop=None: .*endless; .*total\(s, 0, 1000\)"),
    (lambda: sc.total(CYCLE, -1), "total: start=-1"),
    (lambda: sc.total(CYCLE, 0, 1.5), "total: stop=1.5"),
    (lambda: sc.total(sc.exponential_decay(1e300, 1e9), 0, 9), "total: s=.*beyond all numbers"),
    (lambda: sc.mean(CYCLE), r"mean: stop=None: .*endless; .*mean\(s, 0, 1000\)"),
    (lambda: sc.mean(sc.linear(1.0, 0.0, 10), 10), "mean: stop=None: there is no step"),
    (lambda: sc.match_area(sc.linear(0.0, 0.0, 9), sc.linear(1.0, 0.0, 9)), "match_area: s=.*its area is 0"),
    (lambda: sc.match_area(sc.linear(1.0, 0.0, 9), CYCLE), "total: stop=None"),
    (lambda: sc.diff(CYCLE, sc.linear(1.0, 0.0, 9)), "diff: a=.*endless; .*steps=1000"),
    (lambda: sc.diff(CYCLE, CYCLE * 2, steps=0), "diff: steps=0"),
    (lambda: sc.lint(CYCLE), "lint: steps=None: .*endless; .*steps=1000"),
    (lambda: sc.lint(CYCLE, steps="many"), "lint: steps='many'"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input(call, message):
    with pytest.raises(ScheduleError, match=message):
        call()


def test_traced_numbers_are_refused():
    jax = pytest.importorskip("jax")

    for function in (sc.knots, sc.bounds, sc.total, sc.mean, sc.lint, sc.monotone):
        with pytest.raises(ScheduleError, match="traced"):
            jax.jit(lambda peak, function=function: function(sc.linear(0.0, peak, 10)))(1.0)


@given(finite, lengths)
def test_functions_are_known_at_whole_steps(s, n):
    own = sc.custom(s.function(), steps=n)
    used = [own(t) for t in range(math.floor(n) + 1)]
    low, high = sc.bounds(own)
    scale = 1e-9 * magnitude(s)
    assert low - scale <= min(used)
    assert max(used) <= high + scale
    assert sc.total(own) == pytest.approx(math.fsum(own(t) for t in range(math.ceil(n))), rel=1e-12, abs=scale)
