"""The settled conventions, as tables; and the schedulers of others, run live beside the same thing said here."""

import itertools
import math
import warnings

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch.optim import lr_scheduler
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, SequentialSampler

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
    np.testing.assert_allclose(np.asarray(s(torch.tensor(steps, dtype=float))), found, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.asarray(s(jnp.asarray(steps))), found, rtol=1e-5, atol=1e-6)
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


# -- Optax, live ---------------------------------------------------------------------------------------

OPTAX = {
    "constant": (optax.constant_schedule(0.3), constant(0.3)),
    "linear": (optax.linear_schedule(0.3, 0.1, 100), linear(0.3, 0.1, 100)),
    "linear, later": (optax.linear_schedule(0.0, 0.3, 100, 40), sc.shift(linear(0.0, 0.3, 100), 40)),
    "polynomial": (optax.polynomial_schedule(0.3, 0.1, 2.5, 100), sc.polynomial(0.3, 0.1, 100, power=2.5)),
    "cosine": (optax.cosine_decay_schedule(0.3, 100), cosine(0.3, 0.0, 100)),
    "cosine with alpha": (optax.cosine_decay_schedule(0.3, 100, alpha=0.2), cosine(0.3, 0.06, 100)),
    "cosine with exponent": (
        optax.cosine_decay_schedule(0.3, 100, alpha=0.2, exponent=1.5),
        0.3 * (0.8 * cosine(1.0, 0.0, 100) ** 1.5 + 0.2),
    ),
    "exponential": (optax.exponential_decay(0.3, 20, 0.5), sc.exponential_decay(0.3, 0.5, every=20)),
    "exponential stairs": (optax.exponential_decay(0.3, 20, 0.5, staircase=True), sc.step_decay(0.3, 0.5, 20)),
    "exponential with end": (
        optax.exponential_decay(0.3, 20, 0.5, end_value=0.05),
        sc.maximum(sc.exponential_decay(0.3, 0.5, every=20), 0.05),
    ),
    "exponential, later": (
        optax.exponential_decay(0.3, 20, 0.5, transition_begin=40),
        sc.shift(sc.exponential_decay(0.3, 0.5, every=20), 40),
    ),
    "piecewise constant": (
        optax.piecewise_constant_schedule(0.3, {50: 0.5, 100: 0.1}),
        sc.piecewise([0.3, 0.15, 0.015], [50, 100]),
    ),
    "piecewise linear": (
        optax.piecewise_interpolate_schedule("linear", 0.3, {50: 0.5, 100: 2.0}),
        sc.interpolate([(0, 0.3), (50, 0.15), (100, 0.3)]),
    ),
    "piecewise cosine": (
        optax.piecewise_interpolate_schedule("cosine", 0.3, {50: 0.5, 100: 2.0}),
        cosine(0.3, 0.15, 50) >> cosine(0.15, 0.3, 50),
    ),
    "warmup, constant": (optax.warmup_constant_schedule(0.0, 0.3, 40), linear(0.0, 0.3, 40) >> 0.3),
    "warmup, cosine": (
        optax.warmup_cosine_decay_schedule(0.01, 0.3, 40, 200, 0.03),
        sc.cosine_warmup(0.3, 200, warmup=40, start=0.01, end=0.03),
    ),
    "warmup, exponential": (
        optax.warmup_exponential_decay_schedule(0.0, 0.3, 40, 20, 0.5),
        warmup(sc.exponential_decay(0.3, 0.5, every=20), 40),
    ),
    "one cycle": (
        optax.cosine_onecycle_schedule(200, 0.3, pct_start=0.25, div_factor=10.0, final_div_factor=100.0),
        sc.one_cycle(0.3, 200, rise=0.25, div=10.0, final_div=100.0),
    ),
    "sgdr": (
        optax.sgdr_schedule([
            {"init_value": 0.0, "peak_value": 0.3, "decay_steps": 100, "warmup_steps": 20, "end_value": 0.1},
            {"init_value": 0.1, "peak_value": 0.2, "decay_steps": 90, "warmup_steps": 10, "end_value": 0.0},
        ]),
        sc.cosine_warmup(0.3, 100, warmup=20, end=0.1) >> sc.cosine_warmup(0.2, 90, warmup=10, start=0.1),
    ),
    "join": (
        optax.join_schedules([optax.linear_schedule(0.0, 0.3, 50), optax.cosine_decay_schedule(0.3, 80)], [50]),
        linear(0.0, 0.3, 50) >> cosine(0.3, 0.0, 80),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), OPTAX.values(), ids=OPTAX)
def test_optax(theirs, ours):
    steps = jnp.arange(300)
    golden = jax.vmap(theirs)(steps)  # not all of theirs take more than one step at once
    np.testing.assert_allclose(ours(steps), golden, rtol=0, atol=3e-7)
    np.testing.assert_allclose(ours.values(300), golden, rtol=0, atol=3e-7)
    assert ours(150) == pytest.approx(float(theirs(150)), abs=3e-7)


# -- PyTorch, live -------------------------------------------------------------------------------------

BASE = 0.3


def rates(make, steps, base=BASE):
    """The learning rates that an optimizer of PyTorch is given in each of its updates."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR uses a part of PyTorch that PyTorch deprecates
        scheduler = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return found


def torch_cycle(mode, **options):
    """A CyclicLR without its cycling of the momentum."""
    return lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.3, mode=mode, cycle_momentum=False, **options)


def torch_one_cycle(steps, pct, **options):
    """A OneCycleLR of so many steps, and ours: PyTorch counts its phases to their last steps, not to their ends."""
    rise = (pct * steps - 1) / (steps - 1)
    ours = sc.one_cycle(
        0.3, steps - 1, rise=rise, div=10.0, final_div=100.0,
        shape=linear if "anneal_strategy" in options else cosine, three_phase="three_phase" in options,
    )  # fmt: skip
    options |= {"pct_start": pct, "div_factor": 10.0, "final_div_factor": 100.0, "cycle_momentum": False}
    return lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=steps, **options), ours, steps


TORCH = {
    "StepLR": (lambda o: lr_scheduler.StepLR(o, 30, 0.5), sc.step_decay(BASE, 0.5, 30), 300),
    "MultiStepLR": (
        lambda o: lr_scheduler.MultiStepLR(o, [50, 50, 90], 0.5), sc.multistep(BASE, 0.5, [50, 50, 90]), 300,
    ),
    "ConstantLR": (lambda o: lr_scheduler.ConstantLR(o, 0.25, 40), constant(BASE / 4, steps=40) >> BASE, 300),
    "LinearLR": (lambda o: lr_scheduler.LinearLR(o, 0.25, 0.75, 100), linear(BASE / 4, BASE * 0.75, 100), 300),
    "ExponentialLR": (lambda o: lr_scheduler.ExponentialLR(o, 0.99), sc.exponential_decay(BASE, 0.99), 300),
    "PolynomialLR": (lambda o: lr_scheduler.PolynomialLR(o, 200, 2.5), sc.polynomial(BASE, 0.0, 200, power=2.5), 300),
    "CosineAnnealingLR": (lambda o: lr_scheduler.CosineAnnealingLR(o, 200, 0.01), cosine(BASE, 0.01, 200), 201),
    "warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 40, 1, 0.01), cycle(cosine(BASE, 0.01, 40)), 300,
    ),
    "longer warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 20, 2, 0.01),
        sc.sgdr(BASE, 20, 4, end=0.01, stretch=2.0), 300,
    ),
    "thrice longer warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10, 3),
        sc.repeat(cosine(BASE, 0.0, 10), math.inf, stretch=3.0), 300,
    ),
    "OneCycleLR, cos": torch_one_cycle(250, 0.3),
    "OneCycleLR, linear": torch_one_cycle(250, 0.3, anneal_strategy="linear"),
    "OneCycleLR, cos, three phases": torch_one_cycle(250, 0.3, three_phase=True),
    "OneCycleLR, linear, three phases": torch_one_cycle(250, 0.3, anneal_strategy="linear", three_phase=True),
    "OneCycleLR, phases that end between steps": torch_one_cycle(211, 0.37, three_phase=True),
    "CyclicLR, triangular": (torch_cycle("triangular", step_size_up=40), sc.triangular(0.1, 0.3, 40), 300),
    "CyclicLR, triangular2": (torch_cycle("triangular2", step_size_up=40), sc.triangular2(0.1, 0.3, 40), 300),
    "CyclicLR, exp_range": (
        torch_cycle("exp_range", step_size_up=40, gamma=0.99), sc.exp_range(0.1, 0.3, 40, rate=0.99), 300,
    ),
    "CyclicLR, uneven": (
        torch_cycle("triangular", step_size_up=40, step_size_down=60),
        cycle(linear(0.1, 0.3, 40) >> linear(0.3, 0.1, 60)), 300,
    ),
    "LambdaLR": (
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step) ** 0.5),
        BASE * sc.custom(lambda t: (1 + t) ** -0.5), 300,
    ),
    "LambdaLR, inverse time": (
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + 0.1 * step)), sc.inverse_time(BASE, 0.1), 300,
    ),
    "SequentialLR": (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.25, 1.0, 40), lr_scheduler.ExponentialLR(o, 0.99)], [40]),
        warmup(sc.exponential_decay(BASE, 0.99), 40, start=BASE / 4), 300,
    ),
    "ChainedScheduler": (
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.LinearLR(o, 0.25, 1.0, 40), lr_scheduler.ExponentialLR(o, 0.99)]),
        linear(0.25, 1.0, 40) * sc.exponential_decay(BASE, 0.99), 300,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "s", "steps"), TORCH.values(), ids=TORCH)
def test_torch(make, s, steps):
    golden = rates(make, steps)
    assert len(golden) >= 200
    np.testing.assert_allclose([s(t) for t in range(len(golden))], golden, rtol=0, atol=1e-9 * BASE)
    np.testing.assert_allclose(s.values(len(golden)), golden, rtol=0, atol=1e-9 * BASE)


def test_where_torch_climbs_back_this_holds():
    golden = rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 50, 0.0), 101)
    s = cosine(BASE, 0.0, 50)
    assert golden[100] == pytest.approx(BASE)
    assert s(100) == 0.0


# -- counting updates ----------------------------------------------------------------------------------


def simulated(samples, batch_size, *, epochs, accumulation, world_size, drop_last, shared="samples"):
    """The updates of one process, counted in a loop over the loader of PyTorch or Accelerate."""
    data, rank = range(samples), world_size - 1
    if shared == "samples":
        sampler = DistributedSampler(data, num_replicas=world_size, rank=rank, shuffle=False)
        loader = DataLoader(data, batch_size=batch_size, sampler=sampler, drop_last=drop_last, collate_fn=list)
    else:
        accelerate = pytest.importorskip("accelerate.data_loader", reason="the loader of Accelerate is not installed")
        loader = accelerate.BatchSamplerShard(
            BatchSampler(SequentialSampler(data), batch_size, drop_last), world_size, rank
        )
    updates = 0
    for _ in range(epochs):
        batches = list(loader)
        updates += sum(place % accumulation == 0 or place == len(batches) for place in range(1, len(batches) + 1))
    return updates


CHOICES = {
    "epochs": [1, 2],
    "accumulation": [1, 2, 3, 5],
    "world_size": [1, 2, 3],
    "drop_last": [False, True],
    "shared": ["samples", "batches"],
}


@pytest.mark.parametrize("samples", [1, 2, 7, 12, 13])
def test_total_updates_is_what_a_loop_counts(samples):
    for batch_size, *choice in itertools.product([1, 3, 4, 20], *CHOICES.values()):
        options = dict(zip(CHOICES, choice, strict=True))
        expected = simulated(samples, batch_size, **options)
        if expected == 0:
            with pytest.raises(ScheduleError, match=f"total_updates: drop_last=True: no batch of {batch_size} is full"):
                sc.total_updates(samples, batch_size, **options)
        else:
            found = sc.total_updates(samples, batch_size, **options)
            assert (type(found), found) == (int, expected), (batch_size, options)


def test_total_updates_of_real_runs():
    assert sc.total_updates(50_000, 128, epochs=200) == 391 * 200
    assert sc.total_updates(50_000, 128, epochs=200, drop_last=True) == 390 * 200
    assert sc.total_updates(1_281_167, 256, epochs=90, world_size=8) == 626 * 90
    assert sc.total_updates(1_281_167, 256, epochs=90, world_size=8, accumulation=4) == 157 * 90


def test_total_updates_counts_in_integers():
    assert sc.total_updates(10**15, 1) == 10**15
    assert sc.total_updates(10**17 + 1, 1, world_size=2) == (10**17 + 2) // 2
