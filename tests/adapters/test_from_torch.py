"""`schedules.adapters.from_torch` against the live schedulers of PyTorch."""

import copy
import math
import pickle
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import SWALR

from schedules import Plateau, ScheduleError, parse
from schedules.adapters.from_torch import from_torch, momentum_from_torch, plateau_from_torch

STEPS = 300


def sgd(*rates):
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates or (0.1,)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    optimizer.step()
    optimizer._opt_called = True  # or PyTorch warns where a nested scheduler is stepped as it is built
    return optimizer


def live(scheduler, steps=STEPS, key=None):
    """The learning rates of a live scheduler after 0, 1, ... steps, as long as it bears to be stepped."""
    scheduler.optimizer.step()  # which PyTorch warns about if it is not done first
    groups = scheduler.optimizer.param_groups

    def now():
        return [group[key] for group in groups] if key else [float(lr) for lr in scheduler.get_last_lr()]

    rows = [now()]
    for _ in range(steps):
        try:
            scheduler.step()
        except (ValueError, ZeroDivisionError, NotImplementedError):  # PyTorch fails: OneCycleLR beyond its end, nests
            break
        rows.append(now())
    return np.array(rows)


def agree(schedules, found):
    """The largest error, in parts of the largest value."""
    own = np.stack([s.values(len(found)) for s in schedules], axis=1)
    error = np.abs(own - found).max() / (np.abs(found).max() or 1.0)
    assert error <= 1e-9, (schedules, int(np.abs(own - found).max(axis=1).argmax()))
    last = len(found) - 1
    assert [s(last) for s in schedules] == pytest.approx(own[last].tolist(), rel=1e-9, abs=1e-12)
    return error


# -- random schedulers, as functions of the optimizer -----------------------------------------------------


rates = st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=3)
lengths = st.integers(1, 120)
factors = st.floats(0.05, 1.0)
gammas = st.floats(0.3, 1.05) | st.sampled_from([0.1, 0.5, 1.0, 0.0, -0.5])
floors = st.just(0.0) | st.floats(0.0, 0.2)
functions = st.sampled_from(
    [lambda k: 0.97**k, lambda k: 1.0 + 0.3 * math.sin(k), lambda k: 1.0 / (1 + k), lambda k: [1.0, 0.5, 0.7][k % 3]]
)
ratios = st.sampled_from([lambda _: 0.98, lambda k: 1.0 + 0.3 * math.sin(k), lambda k: [1.0, 0.9, 1.05][k % 3]])


def of(kind, **arguments):
    """Schedulers of one class, with these arguments; those that PyTorch itself refuses are not drawn."""
    return st.fixed_dictionaries(arguments).map(lambda given: lambda optimizer: kind(optimizer, **given))


LEAVES = {
    "StepLR": of(lrs.StepLR, step_size=lengths, gamma=gammas),
    "MultiStepLR": of(lrs.MultiStepLR, milestones=st.lists(st.integers(-2, 200), max_size=5), gamma=gammas),
    "ConstantLR": of(lrs.ConstantLR, factor=factors, total_iters=st.integers(0, 120)),
    "LinearLR": of(
        lrs.LinearLR, start_factor=factors, end_factor=st.floats(0.0, 1.0), total_iters=lengths | st.floats(1, 120)
    ),
    "ExponentialLR": of(lrs.ExponentialLR, gamma=gammas),
    "PolynomialLR": of(lrs.PolynomialLR, total_iters=lengths, power=st.just(1.0) | st.floats(0.3, 4.0)),
    "MultiplicativeLR": of(lrs.MultiplicativeLR, lr_lambda=ratios),
    "LambdaLR": of(lrs.LambdaLR, lr_lambda=functions),
    "CosineAnnealingLR": of(lrs.CosineAnnealingLR, T_max=lengths, eta_min=floors),
    "CosineAnnealingWarmRestarts": of(
        lrs.CosineAnnealingWarmRestarts, T_0=lengths, T_mult=st.integers(1, 3), eta_min=floors
    ),
    "CyclicLR": of(
        lrs.CyclicLR,
        base_lr=st.floats(0.0, 0.1),
        max_lr=st.floats(0.1, 1.0),
        step_size_up=lengths | st.floats(0.5, 50.0),
        step_size_down=st.none() | st.integers(0, 80),
        mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
        gamma=gammas,
        scale_fn=st.none() | functions.map(lambda fn: lambda k: fn(int(k))),
        scale_mode=st.sampled_from(["cycle", "iterations"]),
    ),
    "OneCycleLR": of(
        lrs.OneCycleLR,
        max_lr=st.floats(0.01, 1.0),
        total_steps=st.integers(2, 350),
        pct_start=st.floats(0.0, 0.5) | st.sampled_from([0.0, 0.3, 0.25, 0.5]),
        anneal_strategy=st.sampled_from(["cos", "linear"]),
        three_phase=st.booleans(),
        div_factor=st.floats(1.0, 50.0),
        final_div_factor=st.floats(1.0, 1e4),
    ),
    "SWALR": of(
        SWALR,
        swa_lr=st.floats(1e-3, 1.0),
        anneal_epochs=st.integers(0, 100),
        anneal_strategy=st.sampled_from(["cos", "linear"]),
    ),
}
leaves = st.one_of(*LEAVES.values())
overwriting = [LEAVES[name] for name in ("LambdaLR", "CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR")]
multiplied = [LEAVES[name] for name in ("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR")]
multiplied += [LEAVES[name] for name in ("PolynomialLR", "MultiplicativeLR")]


def sequential(first, others=leaves):
    def build(drawn):
        head, tail, gaps = drawn
        milestones = np.cumsum(gaps[: len(tail)]).tolist()
        return lambda optimizer: lrs.SequentialLR(optimizer, [make(optimizer) for make in [head, *tail]], milestones)

    gaps = st.lists(st.integers(0, 90), min_size=3, max_size=3)
    return st.tuples(first, st.lists(others, max_size=3), gaps).map(build)


def chained(members):
    lists = st.lists(members, min_size=1, max_size=4)
    return lists.map(lambda makers: lambda optimizer: lrs.ChainedScheduler([make(optimizer) for make in makers]))


factor = st.one_of(*multiplied)
then_factors = st.tuples(st.one_of(*overwriting), st.lists(factor, min_size=1, max_size=3)).map(
    lambda drawn: lambda optimizer: lrs.ChainedScheduler([make(optimizer) for make in (drawn[0], *drawn[1])])
)
flat = sequential(leaves) | chained(factor) | chained(leaves) | then_factors
nested = sequential(flat, leaves) | sequential(leaves, flat) | chained(flat) | chained(chained(factor) | factor)
deep = sequential(nested) | chained(nested)


def built(make, base, earlier=lambda _: None):
    """A live scheduler, or None where PyTorch itself cannot build it."""
    optimizer = sgd(*base)
    try:
        earlier(optimizer)
        return make(optimizer)
    except (ZeroDivisionError, NotImplementedError):
        return None


@pytest.mark.parametrize("name", LEAVES)
def test_every_class(name):
    ran, worst = 0, 0.0

    @given(LEAVES[name], rates)
    def run(make, base):
        nonlocal ran, worst
        scheduler = built(make, base)
        if scheduler is None:
            return
        schedules = from_torch(scheduler)
        worst = max(worst, agree(schedules, live(scheduler)))
        ran += 1

    run()
    print(f"\n{name}: {ran} live schedulers, worst error {worst:.1e} of the peak")
    assert ran >= 90


def reason(message):
    """The class that a refusal names, and where that stands."""
    _, name, why = message.split(": ", 2)
    places = [place for place in ("in a ChainedScheduler", "at a milestone") if place in why]
    assert places, message
    return f"{name} {places[0]}"


@pytest.mark.parametrize("kind", ["flat", "nested", "deep"])
def test_schedulers_of_schedulers(kind):
    ran, worst, refused = 0, 0.0, Counter()

    @given({"flat": flat, "nested": nested, "deep": deep}[kind], rates)
    def run(make, base):
        nonlocal ran, worst
        scheduler = built(make, base)
        if scheduler is None:
            return
        try:
            schedules = from_torch(scheduler)
        except ScheduleError as refusal:
            refused[reason(str(refusal))] += 1
            return
        worst = max(worst, agree(schedules, live(scheduler)))
        ran += 1

    run()
    print(f"\n{kind}: {ran} live schedulers, worst error {worst:.1e} of the peak; refused {dict(refused)}")
    assert ran >= 40


@given(leaves, leaves, rates)
def test_what_another_scheduler_left_in_the_optimizer(earlier, make, base):
    scheduler = built(make, base, earlier)
    assume(scheduler is not None)
    agree(from_torch(scheduler), live(scheduler))


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lrs.LambdaLR(o, [lambda k: 0.9**k, lambda k: 1.0 / (1 + k)]),
        lambda o: lrs.MultiplicativeLR(o, [lambda _: 0.9, lambda k: k / (1 + k)]),
        lambda o: lrs.CyclicLR(o, [0.1, 0.2], [0.5, 0.1], 7, 3),
        lambda o: lrs.OneCycleLR(o, [0.1, 0.2], 50),
        lambda o: SWALR(o, [0.01, 0.3], 20),
    ],
)
def test_settings_of_each_group(make):
    scheduler = make(sgd(0.1, 0.2))
    first, second = schedules = from_torch(scheduler)
    assert first != second
    agree(schedules, live(scheduler, 50))


# -- readable ---------------------------------------------------------------------------------------------


def warm(k):
    return min(1.0, (k + 1) / 10)


def sequence(optimizer, members, *milestones):
    return lrs.SequentialLR(optimizer, [make(optimizer) for make in members], list(milestones))


def chain(optimizer, *members):
    return lrs.ChainedScheduler([make(optimizer) for make in members])


READABLE = [
    (
        lambda o: chain(o, lambda o: lrs.LambdaLR(o, warm), lambda o: lrs.StepLR(o, 3)),
        "0.1 * custom(warm) * (constant(1.0, steps=3) >> cycle(constant(0.1, steps=1) >> constant(1.0, steps=2)))",
    ),
    (
        lambda o: chain(
            o, lambda o: lrs.CosineAnnealingWarmRestarts(o, 10), lambda o: lrs.MultiStepLR(o, [4, 5, 9, 9], gamma=0.5)
        ),
        "cycle(cosine(0.1, 0.0, 10)) * (constant(1.0, steps=4) >> constant(0.5, steps=1) >> constant(0.5, steps=1) >> "
        "constant(1.0, steps=3) >> constant(0.25, steps=1) >> constant(1.0, steps=inf))",
    ),
    (lambda o: lrs.StepLR(o, 30), "step_decay(0.1, 0.1, 30)"),
    (lambda o: lrs.MultiStepLR(o, [80, 30], gamma=0.2), "multistep(0.1, 0.2, (30, 80))"),
    (lambda o: lrs.ConstantLR(o, 0.5, 4), "constant(0.05, steps=4) >> constant(0.1)"),
    (lambda o: lrs.ConstantLR(o, 0.0, 0), "constant(0.0)"),
    (lambda o: lrs.LinearLR(o, 0.5, 1.0, 4), "linear(0.05, 0.1, 4)"),
    (lambda o: lrs.ExponentialLR(o, 0.9), "exponential_decay(0.1, 0.9)"),
    (lambda o: lrs.ExponentialLR(o, 0.0), "step_decay(0.1, 0.0, 1)"),
    (lambda o: lrs.PolynomialLR(o, 10, 2.0), "polynomial(0.1, 0.0, 10, power=2.0)"),
    (lambda o: lrs.CosineAnnealingLR(o, 90, 0.01), "cycle(cosine(0.1, 0.01, 90) >> cosine(0.01, 0.1, 90))"),
    (lambda o: lrs.CosineAnnealingWarmRestarts(o, 10), "cycle(cosine(0.1, 0.0, 10))"),
    (lambda o: lrs.CosineAnnealingWarmRestarts(o, 10, 2), "repeat(cosine(0.1, 0.0, 10), inf, stretch=2.0)"),
    (lambda o: lrs.CyclicLR(o, 0.1, 0.5, 20), "triangular(0.1, 0.5, 20)"),
    (lambda o: lrs.CyclicLR(o, 0.1, 0.5, 20, mode="triangular2"), "triangular2(0.1, 0.5, 20)"),
    (lambda o: lrs.CyclicLR(o, 0.1, 0.5, 20, mode="exp_range", gamma=0.9), "exp_range(0.1, 0.5, 20, rate=0.9)"),
    (lambda o: lrs.CyclicLR(o, 0.1, 0.5, 2, 6), "cycle(linear(0.1, 0.5, 2) >> linear(0.5, 0.1, 6))"),
    (
        lambda o: lrs.CyclicLR(o, 0.1, 0.5, 2, 6, mode="triangular2"),
        "0.1 + cycle(linear(0.0, 0.4, 2) >> linear(0.4, 0.0, 6)) * step_decay(1.0, 0.5, 8)",
    ),
    (
        lambda o: lrs.CyclicLR(o, 0.1, 0.5, 2, scale_fn=warm),
        "0.1 + triangular(0.0, 0.4, 2) * every(custom(warm)[1:], 4)",
    ),
    (
        lambda o: lrs.CyclicLR(o, 0.1, 0.5, 2, scale_fn=warm, scale_mode="iterations"),
        "0.1 + triangular(0.0, 0.4, 2) * custom(warm)",
    ),
    (
        lambda o: lrs.OneCycleLR(o, 0.1, 100, anneal_strategy="cos"),
        "cosine(0.004, 0.1, 29) >> cosine(0.1, 4e-07, 70) >> cosine(4e-07, 0.1, 70)[:1]",
    ),
    (
        lambda o: lrs.OneCycleLR(o, 0.5, 8, pct_start=0.25, div_factor=2.0, final_div_factor=2.0, three_phase=True),
        "cosine(0.25, 0.5, 1) >> cosine(0.5, 0.25, 1) >> cosine(0.25, 0.125, 5) >> cosine(0.125, 0.25, 5)[:1]",
    ),
    (
        lambda o: lrs.OneCycleLR(o, 0.5, 6, pct_start=0.5, anneal_strategy="linear", div_factor=2.0),
        "linear(0.25, 0.5, 2) >> linear(0.5, 2.5e-05, 3) >> linear(2.5e-05, -0.16663333333333333, 1)",
    ),
    (lambda o: lrs.LambdaLR(o, warm), "0.1 * custom(warm)"),
    (
        lambda o: sequence(o, [lambda o: sequence(o, [lrs.ConstantLR, lrs.LinearLR], 10), lrs.ConstantLR], 20),
        "constant(0.03333333333333333, steps=5) >> constant(0.1, steps=4) >> linear(0.03333333333333333, 0.1, 5)[:11] "
        ">> constant(0.03333333333333333, steps=5) >> constant(0.1)",
    ),
    (lambda o: lrs.MultiplicativeLR(o, warm), "0.1 * custom(product_of_warm)"),
    (lambda o: SWALR(o, 0.02, 10), "cosine(0.1, 0.02, 10)"),
    (lambda o: SWALR(o, 0.02, 10, "linear"), "linear(0.1, 0.02, 10)"),
    (lambda o: SWALR(o, 0.02, 0), "constant(0.02)"),
    (
        lambda o: sequence(
            o,
            [lambda o: lrs.ConstantLR(o, 0.5, 100), lambda o: lrs.ExponentialLR(o, 0.5), lambda o: SWALR(o, 0.01, 5)],
            *(20, 23),
        ),
        "constant(0.05, steps=20) >> exponential_decay(0.1, 0.5)[:3] >> cosine(0.025, 0.01, 5)",
    ),
    (
        lambda o: sequence(o, [lambda o: lrs.StepLR(o, 9), lambda o: lrs.ConstantLR(o, 0.0, 0)], 3),
        "step_decay(0.1, 0.1, 9)[:3] >> constant(0.1)",
    ),
    (
        lambda o: chain(o, lambda o: lrs.LinearLR(o, 0.5, 1.0, 5), lambda o: lrs.StepLR(o, 30)),
        "linear(0.05, 0.1, 5) * step_decay(1.0, 0.1, 30)",
    ),
    (
        lambda o: chain(o, lambda o: lrs.LinearLR(o, 0.5, 1.0, 5), lambda o: lrs.CosineAnnealingLR(o, 90)),
        "cosine(0.1, 0.0, 90) * linear(0.5, 1.0, 5) >> cycle(cosine(0.0, 0.1, 90) >> cosine(0.1, 0.0, 90))",
    ),
]


@pytest.mark.parametrize(("make", "text"), READABLE, ids=[text for _, text in READABLE])
def test_readable(make, text):
    scheduler = make(sgd(0.1))
    (s,) = from_torch(scheduler)
    assert repr(s) == text
    assert "custom" in text or parse(text) == s
    agree([s], live(scheduler))


def test_a_function_is_called_with_whole_numbers_and_can_be_pickled():
    (s,) = from_torch(lrs.LambdaLR(sgd(1.0), [0.1, 0.2, 0.3, 0.4].__getitem__))
    assert s.values(4).tolist() == [s(k) for k in range(4)] == [0.1, 0.2, 0.3, 0.4]
    for kind in (lrs.LambdaLR, lrs.MultiplicativeLR):
        (s,), (same,) = (from_torch(kind(sgd(1.0), warm)) for _ in range(2))
        s(30)
        assert s == same == pickle.loads(pickle.dumps(s)) == copy.deepcopy(s)  # noqa: S301 -- our own bytes
        assert hash(s) == hash(same)


def test_tensor_learning_rates():
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = torch.tensor(0.25)
    (s,) = from_torch(lrs.StepLR(optimizer, 30))
    assert repr(s) == "step_decay(0.25, 0.1, 30)"


# -- momentum, plateau ------------------------------------------------------------------------------------


@given(LEAVES["OneCycleLR"] | LEAVES["CyclicLR"], rates)
def test_momentum(make, base):
    scheduler = built(make, base)
    if scheduler is not None:
        agree(momentum_from_torch(scheduler), live(scheduler, key="momentum"))


def test_momentum_is_beta1_too():
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
    (s,) = momentum_from_torch(lrs.OneCycleLR(optimizer, 0.1, 100, anneal_strategy="linear"))
    assert repr(s).startswith("linear(0.95, 0.85, 29) >> linear(0.85, ")


metrics = st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0])


@given(
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.01, 0.99),
            "patience": st.integers(0, 4),
            "threshold": st.sampled_from([0.0, 1e-4, 1.0]) | st.floats(0.0, 2.0),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 4),
            "min_lr": st.sampled_from([0.0, 0.05, 1.0]) | st.floats(0.0, 1.0),
            "eps": st.sampled_from([0.0, 1e-8, 0.05]),
        }
    ),
    st.lists(metrics, max_size=60),
)
def test_plateau(arguments, seen):
    scheduler = lrs.ReduceLROnPlateau(sgd(1.0), **arguments)
    plateau = plateau_from_torch(scheduler)
    assert plateau == Plateau(**arguments)
    state = plateau.init()
    for metric in seen:
        scheduler.step(metric)
        state = plateau.update(state, metric)
        assert plateau.apply(1.0, state) == scheduler.get_last_lr()[0]


# -- refused ----------------------------------------------------------------------------------------------


class Mine(lrs.StepLR):
    """A class of someone's own."""


def stepped(optimizer):
    scheduler = lrs.StepLR(optimizer, 30)
    optimizer.step()
    scheduler.step()
    return scheduler


def not_alone(optimizer):
    scheduler = lrs.StepLR(optimizer, 30)
    lrs.ConstantLR(optimizer)
    return scheduler


REFUSED = [
    (lrs.ReduceLROnPlateau, "ReduceLROnPlateau: .* plateau_from_torch"),
    (lambda o: Mine(o, 30), "Mine: no formula .* custom"),
    (stepped, "StepLR: it has made 1 steps; build it anew"),
    (not_alone, r"StepLR: the learning rates are \[0.03.*give it an optimizer of its own"),
    (lambda o: lrs.StepLR(o, 2.5), "StepLR: step_size=2.5: .*whole"),
    (lambda o: lrs.CosineAnnealingLR(o, 2.5), "CosineAnnealingLR: T_max=2.5: .*whole"),
    (lambda o: lrs.ConstantLR(o, 0.0), "ConstantLR: factor=0: PyTorch divides"),
    (lambda o: lrs.PolynomialLR(o, power=-1.0), "PolynomialLR: power=-1.0: PyTorch divides"),
    (lambda o: lrs.OneCycleLR(o, 0.1, 100, pct_start=0.7, three_phase=True), "OneCycleLR: .*pct_start of at most 0.5"),
    (
        lambda o: chain(
            o,
            lambda o: sequence(o, [lambda o: lrs.LambdaLR(o, warm), lambda o: lrs.StepLR(o, 3)], 5),
            lambda o: lrs.StepLR(o, 3),
        ),
        "SequentialLR: in a ChainedScheduler.*put it last",
    ),
    (
        lambda o: chain(o, lambda o: lrs.StepLR(o, 3), lambda o: lrs.CosineAnnealingLR(o, 30)),
        "CosineAnnealingLR: in a ChainedScheduler.*product",
    ),
    (
        lambda o: sequence(o, [lambda o: lrs.StepLR(o, 3), lambda o: chain(o, lambda o: lrs.StepLR(o, 3))], 10),
        "ChainedScheduler: at a milestone.*put it first",
    ),
    (
        lambda o: sequence(o, [lambda o: lrs.StepLR(o, 3), lambda o: lrs.LinearLR(o, total_iters=0)], 10),
        "LinearLR: PyTorch divides .* leave it out",
    ),
    (lambda o: sequence(o, [lambda o: lrs.StepLR(o, 3)] * 3, 20, 10), "SequentialLR: milestones=.* ascending order"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused(make, message):
    with pytest.raises(ScheduleError, match=f"from_torch: {message}"):
        from_torch(make(sgd(0.1)))


def test_no_momentum_and_no_plateau():
    with pytest.raises(ScheduleError, match="momentum_from_torch: StepLR: it cycles no momentum"):
        momentum_from_torch(lrs.StepLR(sgd(), 30))
    with pytest.raises(ScheduleError, match="momentum_from_torch: OneCycleLR: it cycles no momentum"):
        momentum_from_torch(lrs.OneCycleLR(sgd(), 0.1, 10, cycle_momentum=False))
    with pytest.raises(ScheduleError, match="plateau_from_torch: StepLR: this is no ReduceLROnPlateau"):
        plateau_from_torch(lrs.StepLR(sgd(), 30))
    with pytest.raises(ScheduleError, match="min_lr differs"):
        plateau_from_torch(lrs.ReduceLROnPlateau(sgd(0.1, 0.2), min_lr=[0.0, 0.1]))
    with pytest.raises(ScheduleError, match="lower the floor"):
        plateau_from_torch(lrs.ReduceLROnPlateau(sgd(0.1), min_lr=0.2))
