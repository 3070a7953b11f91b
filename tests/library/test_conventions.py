"""The settled conventions, as tables; and the schedulers of others, run live beside the same thing said here."""

import itertools
import math

import numpy as np
import pytest
from agreement import other_arrays

import schedules as sc
from schedules import ScheduleError, constant, cosine, cycle, join, linear, warmup

CURVES = [
    linear, cosine, sc.polynomial, sc.exponential, sc.one_minus_sqrt, sc.rex, sc.k_decay,
    lambda a, b, n: sc.polynomial(a, b, n, power=3.0), lambda a, b, n: sc.k_decay(a, b, n, k=2.5),
]  # fmt: skip
curves = pytest.mark.parametrize("curve", CURVES)


def everywhere(s, steps):
    """The values at steps, the same from every evaluator."""
    found = [s(step) for step in steps]
    assert s(np.asarray(steps)).tolist() == pytest.approx(found, rel=1e-12, abs=1e-15)
    for array, tolerance in other_arrays(steps):
        np.testing.assert_allclose(np.asarray(s(array)), found, **tolerance)
    if all(isinstance(step, int) and step >= 0 for step in steps):
        curve = s.values(max(steps) + 1)
        np.testing.assert_allclose(curve[list(steps)], found, rtol=1e-12, atol=1e-15)
    return found


# -- holding -------------------------------------------------------------------------------------------

AFTER = [20, 21, 25, 39, 40, 41, 60, 100, 12_345, 10**6, 10**9]


@curves
@pytest.mark.parametrize("floor", [0.001, 0.1, 0.25])
def test_a_decay_holds_at_its_floor(curve, floor):
    assert everywhere(curve(1.0, floor, 20), AFTER[:-3]) == [floor] * len(AFTER[:-3])
    assert [curve(1.0, floor, 20)(t) for t in (*AFTER, math.inf)] == [floor] * (len(AFTER) + 1)


@curves
@pytest.mark.parametrize(("start", "end"), [(1.0, 0.1), (0.1, 1.0), (1.0, 1 / 3), (3e-4, 3e-5)])
def test_a_curve_runs_from_start_to_end_and_no_further(curve, start, end):
    s = curve(start, end, 20)
    values = [s(t / 8) for t in range(-16, 400)]
    assert min(values) == min(start, end)
    assert max(values) == max(start, end)
    sign = 1 if end > start else -1
    assert all(sign * (b - a) >= -1e-15 for a, b in itertools.pairwise(values))
    assert (s(0), s(-5), s(20), s(21)) == (start, start, end, end)


def test_a_cosine_does_not_climb_back():
    s = cosine(1.0, 0.0, 10)
    assert everywhere(s, [10, 15, 20, 30, 1_000]) == [0.0] * 5


@pytest.mark.parametrize(
    "recipe",
    [
        sc.wsd(1.0, 100, warmup=10, cooldown=20, end=0.1),
        sc.wsd(1.0, 100, warmup=10, cooldown=20, end=0.1, shape=cosine),
        sc.wsd(1.0, 100, warmup=10, cooldown=20, end=0.1, shape=sc.one_minus_sqrt),
        sc.cosine_warmup(1.0, 100, warmup=10, end=0.1),
        sc.linear_warmup(1.0, 100, warmup=10, end=0.1),
        sc.polynomial_warmup(1.0, 100, warmup=10, end=0.1, power=2.0),
        sc.flat_cosine(1.0, 100, end=0.1),
        sc.sgdr(1.0, 50, 2, end=0.1),
        sc.one_cycle(1.0, 100, div=5.0, final_div=2.0),
        sc.one_cycle(1.0, 100, div=5.0, final_div=2.0, three_phase=True),
        sc.slanted_triangular(1.0, 100, ratio=10.0),
        sc.lr_range_test(1.0, 0.1, 100),
    ],
    ids=repr,
)
def test_recipes_hold_at_their_floor(recipe):
    assert recipe.steps == 100
    assert [recipe(t) for t in (100, 100.5, 101, 150, 199, 10**6, math.inf)] == [0.1] * 7
    assert np.all(recipe.values(400)[60:] >= 0.1)
    assert np.all(recipe.values(400)[100:] == 0.1)


def test_before_the_start_it_holds_too():
    for s in (
        linear(0.25, 1.0, 4),
        cosine(0.25, 1.0, 4) >> 3,
        cycle(linear(0.25, 1.0, 4)),
        sc.step_decay(0.25, 0.5, 3),
    ):
        assert everywhere(s, [-10, -1, -0.5, 0]) == [0.25] * 4


# -- no length -----------------------------------------------------------------------------------------


@curves
def test_a_curve_of_no_steps_is_at_its_end(curve):
    s = curve(1.0, 0.5, 0)
    assert s.steps == 0
    assert everywhere(s, [-1, 0, 0.5, 1, 100]) == [0.5] * 5


@curves
def test_parts_of_no_length_vanish(curve):
    s, nothing = linear(0.0, 1.0, 4), curve(7.0, 9.0, 0)
    assert nothing >> s == s == constant(5.0, steps=0) >> s
    assert s >> nothing >> s == s >> s == s >> constant(5.0, steps=0) >> s
    assert join(nothing, nothing, s) == s
    assert (nothing >> s).steps == 4
    assert everywhere(nothing >> s, [0, 1, 4]) == [0.0, 0.25, 1.0]


def test_a_last_part_of_no_length_gives_the_value_that_holds():
    s = linear(0.0, 1.0, 4) >> constant(0.5, steps=0)
    assert s.steps == 4
    assert everywhere(s, [3, 4, 5]) == [0.75, 0.5, 0.5]
    assert (s >> linear(2.0, 3.0, 4))(4) == 2.0
    assert s == linear(0.0, 1.0, 4) >> constant(0.5, steps=0)


def test_a_warmup_of_no_steps_changes_nothing():
    assert sc.cosine_warmup(1.0, 10, warmup=0)(0) == 1.0
    np.testing.assert_array_equal(sc.cosine_warmup(1.0, 10, warmup=0).values(12), cosine(1.0, 0.0, 10).values(12))
    assert warmup(cosine(1.0, 0.0, 10), 0) == cosine(1.0, 0.0, 10)
    np.testing.assert_array_equal(
        warmup(cosine(1.0, 0.0, 10), 0, overlap=True).values(12), cosine(1.0, 0.0, 10).values(12)
    )


def test_a_bare_constant_is_no_part_before_the_last():
    with pytest.raises(
        ScheduleError, match=r"part 1 of 2, constant\(0\.1\), lasts 0 steps; give it a length: constant\("
    ):
        constant(0.1) >> linear(0.1, 0.0, 5)
    with pytest.raises(
        ScheduleError, match=r"part 2 of 3, constant\(0\.1\), lasts 0 steps; give it a length: constant\("
    ):
        linear(0.0, 0.1, 5) >> 0.1 >> linear(0.1, 0.0, 5)


# -- knots ---------------------------------------------------------------------------------------------


def test_at_a_knot_the_later_part_counts():
    s = constant(1.0, steps=3) >> constant(2.0, steps=2.5) >> constant(3.0)
    assert s.steps == 5.5
    assert everywhere(s, [0, 2, 2.999, 3, 3.001, 5, 5.499, 5.5, 6]) == [1, 1, 1, 2, 2, 2, 2, 3, 3]
    assert everywhere(sc.multistep(1.0, 0.5, [0, 3, 3, 5]), [0, 1, 2, 3, 4, 5]) == [0.5] * 3 + [0.125] * 2 + [0.0625]
    assert everywhere(sc.piecewise([1.0, 2.0, 3.0], [0, 2]), [-1, 0, 1, 2, 3]) == [2, 2, 2, 3, 3]
    assert everywhere(sc.interpolate([(0, 1.0), (4, 2.0), (4, 5.0), (6, 6.0)]), [0, 2, 3, 4, 5, 6]) == [
        1,
        1.5,
        1.75,
        5,
        5.5,
        6,
    ]
    assert everywhere(cycle(linear(0.0, 1.0, 4)), [3, 4, 5, 8]) == [0.75, 0.0, 0.25, 0.0]
    assert everywhere(sc.step_decay(1.0, 0.5, 4), [3, 4, 7, 8]) == [1.0, 0.5, 0.5, 0.25]


# -- warmup --------------------------------------------------------------------------------------------

FLAT = constant(1.0, steps=6)
TABLES = {
    "k/W": (warmup(FLAT, 4), [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0], 10),
    "(k+1)/W": (warmup(FLAT, 4)[1:], [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0], 9),
    "(k+1)/(W+1)": (warmup(FLAT, 5)[1:], [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0], 10),
    "k/W from a start": (warmup(FLAT, 4, start=0.2), [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0], 10),
    "k/W over a decay": (warmup(linear(1.0, 0.0, 8), 4, overlap=True), [0.0, 0.21875, 0.375, 0.46875, 0.5, 0.375], 8),
    "k/W before a decay": (warmup(linear(1.0, 0.0, 4), 4), [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0], 8),
    "(k+1)/W before a decay": (warmup(linear(1.0, 0.0, 4), 4)[1:], [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0], 7),
    "(k+1)/(W+1) before a decay": (warmup(linear(1.0, 0.0, 4), 5)[1:], [0.2, 0.4, 0.6, 0.8, 1.0, 0.75, 0.5, 0.25], 8),
    "trapezoid": (sc.trapezoid(1.0, 11, warmup=4, cooldown=4), [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 0.75, 0.5], 11),
    "linear_warmup": (sc.linear_warmup(1.0, 8, warmup=4), [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0], 8),
    "cosine_warmup": (
        sc.cosine_warmup(2.0, 8, warmup=4),
        [0.0, 0.5, 1.0, 1.5, 2.0, 1.7071067811865475, 1.0, 0.2928932188134524, 0.0, 0.0],
        8,
    ),
    "1-sqrt cooldown": (sc.one_minus_sqrt(1.0, 0.0, 4), [1.0, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0.0, 0.0], 4),
}  # fmt: skip


@pytest.mark.parametrize(("s", "golden", "steps"), TABLES.values(), ids=TABLES)
def test_golden_tables(s, golden, steps):
    assert s.steps == steps
    assert everywhere(s, list(range(len(golden)))) == pytest.approx(golden, rel=1e-15, abs=1e-15)


def test_the_paper_counts_noam_from_one():
    s = sc.noam(512, 10, factor=2.0)[1:]
    golden = [2.0 * 512**-0.5 * min(k**-0.5, k * 10**-1.5) for k in range(1, 40)]
    assert everywhere(s, list(range(39))) == pytest.approx(golden, rel=1e-13)


# -- Transformers, by their formulas -------------------------------------------------------------------

N, W = 230, 30


def ramp(after, whole=N - W):
    """The multiplier of a scheduler of Transformers: a warmup, and then a function of the fraction done since."""
    return lambda step: step / max(1, W) if step < W else after((step - W) / max(1, whole))


THEIRS = {
    "constant": (ramp(lambda _: 1.0), linear(0.0, 0.3, W) >> 0.3),
    "linear": (ramp(lambda x: max(0.0, 1 - x)), sc.linear_warmup(0.3, N, warmup=W)),
    "cosine": (ramp(lambda x: max(0.0, 0.5 * (1 + math.cos(math.pi * x)))), sc.cosine_warmup(0.3, N, warmup=W)),
    "cosine, hard restarts": (
        ramp(lambda x: 0.0 if x >= 1 else max(0.0, 0.5 * (1 + math.cos(math.pi * ((4 * x) % 1))))),
        warmup(sc.repeat(cosine(0.3, 0.0, (N - W) / 4), 4), W),
    ),
    "cosine with a floor": (
        ramp(lambda x: max(0.0, 0.5 * (1 + math.cos(math.pi * x)) * 0.9 + 0.1)),
        sc.cosine_warmup(0.3, N, warmup=W, end=0.03),
    ),
    "polynomial": (
        ramp(lambda x: ((0.3 - 1e-4) * (1 - min(x, 1)) ** 2.5 + 1e-4) / 0.3),
        sc.polynomial_warmup(0.3, N, warmup=W, power=2.5, end=1e-4),
    ),
    "inverse square root": (ramp(lambda k: ((k + 50) / 50) ** -0.5, 1), warmup(sc.inverse_sqrt(0.3, timescale=50), W)),
    "wsd": (
        ramp(lambda k: 1.0 if k < 100 else max(0.0, 0.5 * (1 + math.cos(math.pi * min(k - 100, 50) / 50))), 1),
        sc.wsd(0.3, W + 150, warmup=W, cooldown=50, shape=cosine),
    ),
}


@pytest.mark.parametrize(("multiplier", "s"), THEIRS.values(), ids=THEIRS)
def test_transformers(multiplier, s):
    golden = [0.3 * multiplier(step) for step in range(N + 1)]
    assert everywhere(s, list(range(N + 1))) == pytest.approx(golden, rel=1e-9, abs=3e-10)


# -- counting updates ----------------------------------------------------------------------------------


def test_total_updates_of_real_runs():
    assert sc.total_updates(50_000, 128, epochs=200) == 391 * 200
    assert sc.total_updates(50_000, 128, epochs=200, drop_last=True) == 390 * 200
    assert sc.total_updates(1_281_167, 256, epochs=90, world_size=8) == 626 * 90
    assert sc.total_updates(1_281_167, 256, epochs=90, world_size=8, accumulation=4) == 157 * 90


def test_total_updates_counts_in_integers():
    assert sc.total_updates(10**15, 1) == 10**15
    assert sc.total_updates(10**17 + 1, 1, world_size=2) == (10**17 + 2) // 2


def test_an_update_needs_a_full_batch_where_others_are_dropped():
    assert sc.total_updates(4, 4, drop_last=True) == sc.total_updates(3, 4) == 1
    with pytest.raises(sc.ScheduleError, match="no batch of 4 is full"):
        sc.total_updates(3, 4, drop_last=True)


@pytest.mark.parametrize("samples", [[1, 2, 3], {"train": 1}, 10.5, "1000", None])
def test_total_updates_of_a_loader_says_what_to_pass(samples):
    with pytest.raises(sc.ScheduleError, match=r"total_updates: samples=.*len\(dataset\) or len\(loader.dataset\)"):
        sc.total_updates(samples, 32)
