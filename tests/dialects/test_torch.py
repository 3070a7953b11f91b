"""`schedules.dialects.torch` against the live schedulers of PyTorch."""

import copy
import inspect
import math
import pickle
import re
from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import SWALR

from schedules import Plateau, ScheduleError, parse
from schedules.adapters.from_torch import from_torch
from schedules.dialects import torch as dialect

PEERS = {name: getattr(lrs, name) for name in lrs.__all__ if name != "LRScheduler"} | {"SWALR": SWALR}
FAR = 40  # steps past the last knot

rates = st.sampled_from([0.1, 1.0, 0.5]) | st.floats(1e-4, 2.0)
lengths = st.sampled_from([1, 2]) | st.integers(1, 90)
wholes = st.sampled_from([0, 1, 2]) | st.integers(0, 90)
spans = wholes | st.floats(0.0, 60.0)
shares = st.sampled_from([0.0, 1.0, 0.5]) | st.floats(0.0, 1.0)
starts = st.just(1.0) | st.floats(1e-3, 1.0)
gammas = st.sampled_from([0.1, 0.5, 1.0, 0.0, -0.5]) | st.floats(-1.05, 1.05)
floors = st.sampled_from([0.0, 0.1]) | st.floats(0.0, 0.5)
strategies = st.sampled_from(["cos", "linear"])
functions = st.sampled_from(
    [lambda k: 0.97**k, lambda k: 1.0 + 0.3 * math.sin(k), lambda k: 1.0 / (1 + k), lambda k: [1.0, 0.5, 0.7][k % 3]]
)
ratios = st.sampled_from([lambda _: 0.98, lambda k: 1.0 + 0.3 * math.sin(k), lambda k: [1.0, 0.9, 1.05][k % 3]])


def options(required=None, **optional):
    """Keywords: what is optional keeps its default now and then."""
    return st.fixed_dictionaries(required or {}, optional=optional)


@st.composite
def one_cycles(draw, **optional):
    """The steps of one cycle in either way, and what `optional` adds; two rises fit into the steps."""
    steps = draw(st.sampled_from([1, 2, 3, 4, 10]) | st.integers(1, 120))
    given_steps = {"total_steps": steps}
    if draw(st.booleans()):
        epochs = draw(st.sampled_from([n for n in range(1, steps + 1) if steps % n == 0]))
        given_steps = {"epochs": epochs, "steps_per_epoch": steps // epochs}
    phases = draw(options(anneal_strategy=strategies, three_phase=st.booleans()))
    most = 0.5 if phases.get("three_phase") else 1.0
    on_a_step = st.integers(0, int(most * steps)).map(lambda k: k / steps)
    fraction = st.floats(0.0, most).map(lambda share: round(share, 2))  # or phases of 1e-9 steps magnify rounding
    start = draw(options(pct_start=st.sampled_from([0.0, most]) | fraction | on_a_step))
    return given_steps | phases | start | draw(options(**optional))


waves = {
    "step_size_down": st.none() | wholes,
    "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
    "gamma": gammas,
    "scale_fn": st.none() | functions.map(lambda fn: lambda k: fn(int(k))),
    "scale_mode": st.sampled_from(["cycle", "iterations"]),
}
halves = {"step_size_up": lengths | st.integers(1, 100).map(lambda k: k / 4)}

LEAVES = {
    "StepLR": options({"step_size": lengths}, gamma=gammas),
    "MultiStepLR": options(
        {"milestones": st.lists(st.integers(-2, 100) | st.sampled_from([0, 1, 2, 2.5, -0.5, math.inf]), max_size=6)},
        gamma=gammas,
    ),
    "ConstantLR": options(factor=starts, total_iters=spans),
    "LinearLR": options(start_factor=starts, end_factor=shares, total_iters=spans),
    "ExponentialLR": options({"gamma": gammas}),
    "PolynomialLR": options(total_iters=spans, power=st.sampled_from([0.0, 1.0, 2.0]) | st.floats(0.1, 4.0)),
    "MultiplicativeLR": options({"lr_lambda": ratios}),
    "LambdaLR": options({"lr_lambda": functions}),
    "CosineAnnealingLR": options({"T_max": lengths}, eta_min=floors),
    "CosineAnnealingWarmRestarts": options({"T_0": lengths}, T_mult=st.integers(1, 4), eta_min=floors),
    "CyclicLR": options({"base_lr": floors, "max_lr": rates} | halves, **waves),
    "OneCycleLR": one_cycles(div_factor=st.floats(0.5, 50.0), final_div_factor=st.floats(0.5, 1e4)).flatmap(
        lambda given: rates.map(lambda peak: given | {"max_lr": peak})
    ),
    "SWALR": options({"swa_lr": rates}, anneal_epochs=wholes, anneal_strategy=strategies),
}


def sgd(lr=0.1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr, momentum=0.9)
    optimizer.step()
    optimizer._opt_called = True  # or PyTorch warns where a nested scheduler is stepped as it is built
    return optimizer


def live(scheduler, steps, key="lr"):
    """What a live scheduler uses for the updates 0, 1, ..., as long as it bears to be stepped."""
    scheduler.optimizer.step()  # which PyTorch warns about if it is not done first
    (group,) = scheduler.optimizer.param_groups
    found = [float(group[key])]
    for _ in range(steps):
        try:
            scheduler.step()
        except (ValueError, ZeroDivisionError, NotImplementedError):
            break
        found.append(float(group[key]))
    return np.array(found)


def agree(s, found, tolerance=1e-12):
    """Equal at every step, by numbers and as a whole curve, in parts of the largest value; and a config."""
    peak = np.abs(found).max(initial=1e-300)
    own = np.array([s(t) for t in range(len(found))])
    error = np.abs(own - found).max() / peak
    assert error <= tolerance, (s, int(np.abs(own - found).argmax()))
    assert np.abs(s.values(len(found)) - own).max() <= 1e-12 * peak
    assert "custom" in repr(s) or parse(repr(s)) == s
    return error


def horizon(arguments):
    """A number of steps that goes far beyond every length among the arguments, and two rounds of a cycle."""
    spans = [
        value for key, value in arguments.items() if any(word in key for word in ("step", "iters", "epochs", "T_"))
    ]
    spans += arguments.get("milestones", ())
    return FAR + 3 * int(max((n for n in spans if n is not None and math.isfinite(n)), default=10))


@pytest.mark.parametrize("name", LEAVES)
def test_every_class(name):
    ran, worst = 0, 0.0

    @given(LEAVES[name], rates)
    def run(arguments, lr):
        nonlocal ran, worst
        s = getattr(dialect, name)(lr, **arguments)
        try:
            scheduler = PEERS[name](sgd(lr), **arguments)
        except ZeroDivisionError:
            assert name == "OneCycleLR"  # a rise of no length, where the peak is at step 0
            below = arguments.get("div_factor", 25.0) if arguments.get("three_phase") else 1.0
            assert s(0) == pytest.approx(arguments["max_lr"] / below, rel=1e-12)
            return
        worst = max(worst, agree(s, live(scheduler, horizon(arguments))))
        ran += 1

    run()
    print(f"\n{name}: {ran} live schedulers, worst error {worst:.1e} of the peak")
    assert ran >= 60


@pytest.mark.parametrize("half", [1_000, 10_000])
def test_a_long_cosine(half):
    """Each step of PyTorch divides by 1 + cos(pi*(t-1)/T_max), which comes near 0, so that errors grow: 3e-10 here."""
    found = live(lrs.CosineAnnealingLR(sgd(), half, eta_min=0.01), 3 * half)
    agree(dialect.CosineAnnealingLR(0.1, half, eta_min=0.01), found, tolerance=1e-9)


def test_there_are_no_further_names():
    others = {"Built", "CyclicMomentum", "OneCycleMomentum"}
    assert set(dialect.__all__) - others == PEERS.keys()
    assert set(LEAVES) | {"SequentialLR", "ChainedScheduler", "ReduceLROnPlateau"} == PEERS.keys()


@pytest.mark.parametrize("name", PEERS)
def test_arguments_and_defaults_are_those_of_the_peer(name):
    """`lr` comes in place of the optimizer; momentum has its own function, and `last_epoch` is a slice."""

    def parameters(function):
        return {key: p.default for key, p in inspect.signature(function).parameters.items()}

    momentum = {"cycle_momentum", "base_momentum", "max_momentum"}
    theirs = {key: default for key, default in parameters(PEERS[name]).items() if key not in momentum | {"last_epoch"}}
    assert theirs.pop("optimizer") in (inspect.Parameter.empty, None)
    ours = parameters(getattr(dialect, name))
    assert ours.pop("lr") is inspect.Parameter.empty
    assert ours == theirs
    assert list(ours) == list(theirs)


# -- momentum ---------------------------------------------------------------------------------------------


def with_momentum(kind, arguments):
    try:
        scheduler = kind(sgd(), **arguments)
    except ZeroDivisionError:
        assume(False)
    return live(scheduler, horizon(arguments), key="momentum")


levels = st.sampled_from([0.0, 0.9]) | st.floats(0.01, 1.0)
momenta = {"base_momentum": levels, "max_momentum": levels}


@given(one_cycles(**momenta))
def test_momentum_of_one_cycle(arguments):
    found = with_momentum(partial(lrs.OneCycleLR, max_lr=0.1), arguments)
    agree(dialect.OneCycleMomentum(**arguments), found)


@given(options(halves, **waves, **momenta))
def test_momentum_of_a_cyclic_scheduler(arguments):
    found = with_momentum(partial(lrs.CyclicLR, base_lr=0.1, max_lr=0.2), arguments)
    agree(dialect.CyclicMomentum(**arguments), found)


@pytest.mark.parametrize("kind", [lrs.OneCycleLR, lrs.CyclicLR])
def test_defaults_of_momentum_are_those_of_the_peer(kind):
    theirs = inspect.signature(kind).parameters
    ours = {lrs.OneCycleLR: dialect.OneCycleMomentum, lrs.CyclicLR: dialect.CyclicMomentum}[kind]
    for key, parameter in inspect.signature(ours).parameters.items():
        assert parameter.default == theirs[key].default


# -- schedulers of schedulers: each is drawn as a name with arguments, and built on both sides ----------------


def node(name, arguments):
    return st.tuples(st.just(name), arguments)


leaves = st.one_of(node(name, arguments) for name, arguments in LEAVES.items())
factors = st.one_of(
    node(name, LEAVES[name])
    for name in (
        "StepLR",
        "MultiStepLR",
        "ConstantLR",
        "LinearLR",
        "ExponentialLR",
        "PolynomialLR",
        "MultiplicativeLR",
    )
)


@st.composite
def sequential(draw, first=leaves, others=leaves):
    members = [draw(first), *draw(st.lists(others, max_size=3))]
    gaps = st.sampled_from([0, 1, 2]) | st.integers(0, 50)
    milestones = np.cumsum([draw(gaps) for _ in members[1:]], dtype=int).tolist()
    return "SequentialLR", {"schedulers": members, "milestones": milestones}


def chained(members):
    return node("ChainedScheduler", st.lists(members, min_size=1, max_size=4).map(lambda list_: {"schedulers": list_}))


chains = (
    chained(factors) | chained(leaves) | chained(st.one_of(factors, node("CosineAnnealingLR", LEAVES["ConstantLR"])))
)
chains = chained(factors) | chained(leaves)
annealed = st.tuples(factors, node("CosineAnnealingLR", options({"T_max": st.integers(60, 90)})))
flat = sequential() | chains | annealed.map(lambda pair: ("ChainedScheduler", {"schedulers": list(pair)}))
nested = sequential(flat) | sequential(leaves, flat) | chained(flat) | chained(chained(factors) | factors)
deep = sequential(nested) | chained(nested)


def built(drawn, optimizer):
    """The live scheduler, its members built first, in their order."""
    name, arguments = drawn
    if "schedulers" not in arguments:
        return PEERS[name](optimizer, **arguments)
    arguments = arguments | {"schedulers": [built(member, optimizer) for member in arguments["schedulers"]]}
    return PEERS[name](optimizer=optimizer, **arguments)


def unbuilt(drawn):
    """The function of the dialect, without its `lr`."""
    name, arguments = drawn
    if "schedulers" in arguments:
        arguments = arguments | {"schedulers": [unbuilt(member) for member in arguments["schedulers"]]}
    return partial(getattr(dialect, name), **arguments)


@pytest.mark.parametrize("kind", ["sequential", "chained", "nested", "deep"])
def test_schedulers_of_schedulers(kind):
    ran, worst, refused = 0, 0.0, Counter()

    @given({"sequential": sequential(), "chained": flat, "nested": nested, "deep": deep}[kind], rates)
    def run(drawn, lr):
        nonlocal ran, worst
        try:
            scheduler = built(drawn, sgd(lr))
        except (ZeroDivisionError, NotImplementedError):
            return
        try:
            s = unbuilt(drawn)(lr)
        except ScheduleError as fault:
            refusal = str(fault)
            refused[refusal.partition(":")[0]] += 1
            with pytest.raises(ScheduleError, match=re.escape(f"from_torch: {refusal}")):
                from_torch(scheduler)
            return
        found = live(scheduler, 200)
        worst = max(worst, agree(s, found))
        ran += 1

    run()
    print(f"\n{kind}: {ran} live schedulers, worst error {worst:.1e} of the peak; refused {dict(refused)}")
    assert ran >= 35


@given(st.integers(1, 60), st.integers(2, 60), st.floats(0.05, 0.95).map(lambda share: round(share, 2)))
@example(12, 17, 0.3)
def test_a_cycle_ends_at_its_milestone(before, steps, rise):
    """Its phases end between steps; what follows begins at a whole one."""
    cycle = ("OneCycleLR", {"max_lr": 0.1, "total_steps": steps, "pct_start": rise})
    members = [("StepLR", {"step_size": 9}), cycle, ("StepLR", {"step_size": 1})]
    drawn = "SequentialLR", {"schedulers": members, "milestones": [before, before + steps]}
    try:
        scheduler = built(drawn, sgd())
    except ZeroDivisionError:
        return
    agree(unbuilt(drawn)(0.1), live(scheduler, before + steps + 5))


# -- what follows a metric ---------------------------------------------------------------------------------


metrics = st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0])


@given(
    options(
        mode=st.sampled_from(["min", "max"]),
        factor=st.floats(0.01, 0.99),
        patience=st.integers(0, 4),
        threshold=st.sampled_from([0.0, 1e-4, 1.0]) | st.floats(0.0, 2.0),
        threshold_mode=st.sampled_from(["rel", "abs"]),
        cooldown=st.integers(0, 4),
        min_lr=st.sampled_from([0.0, 0.05, 1.0]) | st.floats(0.0, 1.0),
        eps=st.sampled_from([0.0, 1e-8, 0.05]),
    ),
    st.lists(metrics, max_size=60),
)
def test_plateau(arguments, seen):
    scheduler = lrs.ReduceLROnPlateau(sgd(1.0), **arguments)
    plateau = dialect.ReduceLROnPlateau(1.0, **arguments)
    assert plateau == Plateau(**arguments)
    state = plateau.init()
    for metric in seen:
        scheduler.step(metric)
        state = plateau.update(state, metric, 1.0)
        assert plateau.apply(1.0, state) == scheduler.get_last_lr()[0]


# -- readable ----------------------------------------------------------------------------------------------


def warm(k):
    return min(1.0, (k + 1) / 10)


WARMUP = partial(dialect.LinearLR, start_factor=0.1, total_iters=10)

READABLE = [
    (dialect.StepLR(0.1, 30), "step_decay(0.1, 0.1, 30)"),
    (dialect.MultiStepLR(0.1, range(80, 10, -30), 0.2), "multistep(0.1, 0.2, [20, 50, 80])"),
    (dialect.MultiStepLR(0.1, []), "multistep(0.1, 0.1, [])"),
    (dialect.ConstantLR(0.3), "constant(0.09999999999999999, steps=5) >> constant(0.3)"),
    (dialect.ConstantLR(0.1, 0.5, 0), "constant(0.05)"),
    (dialect.LinearLR(0.1, 0.5, total_iters=0), "constant(0.05)"),
    (dialect.LinearLR(0.1, 0.5, total_iters=2.5), "linear(0.05, 0.1, 2.5)[:2]"),
    (dialect.PolynomialLR(0.1, 10), "polynomial(0.1, 0.0, 10)"),
    (dialect.PolynomialLR(0.1, 10, 0), "constant(0.1)"),
    (dialect.ExponentialLR(0.1, 0.0), "step_decay(0.1, 0.0, 1)"),
    (dialect.CosineAnnealingLR(0.1, 90), "cycle(cosine(0.1, 0.0, 90) >> cosine(0.0, 0.1, 90))"),
    (dialect.CosineAnnealingWarmRestarts(0.1, 10, 2), "repeat(cosine(0.1, 0.0, 10), inf, stretch=2.0)"),
    (dialect.CyclicLR(9.0, 0.1, 0.5, 2, 0), "cycle(linear(0.1, 0.5, 2) >> linear(0.5, 0.1, 0))"),
    (dialect.CyclicLR(9.0, 0.1, 0.5, 2, mode="exp_range", gamma=0.9), "exp_range(0.1, 0.5, 2, rate=0.9)"),
    (
        dialect.CyclicLR(9.0, 0.1, 0.5, 2, scale_fn=warm, scale_mode="iterations"),
        "0.1 + triangular(0.0, 0.4, 2) * custom(warm)",
    ),
    (
        dialect.OneCycleLR(9.0, 0.1, epochs=10, steps_per_epoch=10),
        "cosine(0.004, 0.1, 29) >> cosine(0.1, 4e-07, 70) >> cosine(4e-07, 0.1, 70)[:1]",
    ),
    (
        dialect.OneCycleLR(9.0, 0.5, 6, pct_start=0.5, anneal_strategy="linear", div_factor=2.0),
        "linear(0.25, 0.5, 2) >> linear(0.5, 2.5e-05, 3) >> linear(2.5e-05, -0.16663333333333333, 1)",
    ),
    (dialect.SWALR(0.1, 0.02, 0), "constant(0.02)"),
    (dialect.LambdaLR(0.1, warm), "0.1 * custom(warm)"),
    (dialect.MultiplicativeLR(0.1, warm), "0.1 * custom(product_of_warm)"),
    (
        dialect.SequentialLR(0.5, [WARMUP, partial(dialect.CosineAnnealingWarmRestarts, T_0=90)], [10]),
        "linear(0.05, 0.5, 10) >> cycle(cosine(0.5, 0.0, 90))",
    ),
    (dialect.SequentialLR(0.5, [dialect.LinearLR], []), "linear(0.16666666666666666, 0.5, 5)"),
    (
        dialect.SequentialLR(
            1.0,
            [partial(dialect.OneCycleLR, max_lr=0.5, total_steps=9, pct_start=0.0, div_factor=2), dialect.ConstantLR],
            [0],
        ),
        "constant(0.08333333333333333, steps=5) >> constant(0.25)",
    ),
    (
        dialect.ChainedScheduler(0.5, [WARMUP, partial(dialect.StepLR, step_size=30)]),
        "linear(0.05, 0.5, 10) * step_decay(1.0, 0.1, 30)",
    ),
    (
        dialect.ChainedScheduler(0.5, [WARMUP, partial(dialect.CosineAnnealingWarmRestarts, T_0=9)]),
        "cycle(cosine(0.5, 0.0, 9))",
    ),
]


@pytest.mark.parametrize(("s", "text"), READABLE, ids=[text for _, text in READABLE])
def test_readable(s, text):
    assert repr(s) == text
    assert "custom" in text or parse(text) == s


def test_functions_can_be_pickled_and_compared():
    for function in (dialect.LambdaLR, dialect.MultiplicativeLR):
        s, same = function(0.1, warm), function(0.1, warm)
        s(30)
        assert s == same == pickle.loads(pickle.dumps(s)) == copy.deepcopy(s)  # noqa: S301 -- our own bytes
        assert s.values(4).tolist() == [s(k) for k in range(4)]


# -- where PyTorch fails -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "rise", "text"),
    [
        (10, 0.1, "cosine(0.1, 4e-07, 9) >> cosine(4e-07, 0.1, 9)[:1]"),
        (1, 1.0, "constant(0.1)"),
    ],
)
def test_a_cycle_that_does_not_rise_begins_at_its_peak(steps, rise, text):
    with pytest.raises(ZeroDivisionError):
        lrs.OneCycleLR(sgd(), 0.1, steps, pct_start=rise)
    assert repr(dialect.OneCycleLR(0.1, 0.1, steps, pct_start=rise)) == text


def test_a_cycle_that_does_not_fall_stays_at_its_peak():
    s = dialect.OneCycleLR(0.1, 0.1, 10, pct_start=1.0)
    assert len(live(lrs.OneCycleLR(sgd(), 0.1, 10, pct_start=1.0), 20)) == 10  # and then PyTorch divides by zero
    assert [s(9), s(10), s(99)] == [0.1, 0.1, 0.1]


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_after_the_step_beyond_a_cycle_holds(strategy):
    s = dialect.OneCycleLR(0.1, 0.1, 10, anneal_strategy=strategy)
    assert len(live(lrs.OneCycleLR(sgd(), 0.1, 10, anneal_strategy=strategy), 20)) == 11
    assert s(11) == s(99) == s(10) != s(9)


def sequence(*members):
    return [partial(dialect.StepLR, step_size=3), *members]


ERRORS = [
    (lambda: dialect.StepLR(0.1, 0), "StepLR: step_size=0: this is a whole number >= 1"),
    (lambda: dialect.StepLR(0.1, 2.5), r"StepLR: step_size=2\.5"),
    (lambda: dialect.StepLR(math.inf, 2), "StepLR: lr=inf: a value is a finite number"),
    (lambda: dialect.StepLR(0.1), "StepLR: missing .* step_size"),
    (lambda: dialect.MultiStepLR(0.1, 30), "MultiStepLR: milestones=30: this is a list of step numbers"),
    (lambda: dialect.MultiStepLR(0.1, ["30"]), "MultiStepLR: milestones"),
    (lambda: dialect.ConstantLR(0.1, 0), "ConstantLR: factor=0: PyTorch divides by it"),
    (lambda: dialect.ConstantLR(0.1, 1.5), r"ConstantLR: factor=1\.5: this is a fraction"),
    (lambda: dialect.ConstantLR(0.1, 0.5, -1), "ConstantLR: total_iters=-1: a duration"),
    (lambda: dialect.LinearLR(0.1, 0.0), r"LinearLR: start_factor=0\.0: PyTorch divides by it"),
    (lambda: dialect.LinearLR(0.1, end_factor=2), "LinearLR: end_factor=2"),
    (lambda: dialect.ExponentialLR(0.1, math.nan), "ExponentialLR: gamma=nan"),
    (lambda: dialect.PolynomialLR(0.1, power=-1.0), r"PolynomialLR: power=-1\.0: PyTorch divides by zero"),
    (lambda: dialect.MultiplicativeLR(0.1, 0.9), r"MultiplicativeLR: lr_lambda=0\.9: this is a callable"),
    (lambda: dialect.LambdaLR(0.1, [warm]), "LambdaLR: lr_lambda="),
    (lambda: dialect.CosineAnnealingLR(0.1, 0), "CosineAnnealingLR: T_max=0"),
    (lambda: dialect.CosineAnnealingWarmRestarts(0.1, 0), "CosineAnnealingWarmRestarts: T_0=0"),
    (lambda: dialect.CosineAnnealingWarmRestarts(0.1, 5, 0), "CosineAnnealingWarmRestarts: T_mult=0"),
    (lambda: dialect.CyclicLR(0.1, 0.1, 0.2, 0), "CyclicLR: step_size_up=0"),
    (lambda: dialect.CyclicLR(0.1, 0.1, 0.2, 5, -1), "CyclicLR: step_size_down=-1"),
    (lambda: dialect.CyclicLR(0.1, 0.1, 0.2, mode="saw"), "CyclicLR: mode='saw': this is 'triangular' or"),
    (lambda: dialect.CyclicLR(0.1, 0.1, 0.2, scale_mode="x"), "CyclicLR: scale_mode='x'"),
    (lambda: dialect.CyclicMomentum(step_size_up=0), "CyclicMomentum: step_size_up=0"),
    (lambda: dialect.OneCycleLR(0.1, 0.1), "OneCycleLR: total_steps=None: give it, or both"),
    (lambda: dialect.OneCycleLR(0.1, 0.1, epochs=5), "OneCycleLR: total_steps=None: give it, or both"),
    (lambda: dialect.OneCycleLR(0.1, 0.1, 0), "OneCycleLR: total_steps=0"),
    (lambda: dialect.OneCycleLR(0.1, 0.1, 10, pct_start=1.5), r"OneCycleLR: pct_start=1\.5"),
    (lambda: dialect.OneCycleLR(0.1, 0.1, 10, div_factor=0), "OneCycleLR: div_factor=0"),
    (lambda: dialect.OneCycleLR(0.1, 0.1, 10, anneal_strategy="x"), "OneCycleLR: anneal_strategy='x'"),
    (
        lambda: dialect.OneCycleLR(0.1, 0.1, 10, pct_start=0.7, three_phase=True),
        r"OneCycleLR: pct_start=0\.7: its second phase .* at most 0\.5",
    ),
    (dialect.OneCycleMomentum, "OneCycleMomentum: total_steps=None"),
    (lambda: dialect.SWALR(0.1, 0.2, -1), "SWALR: anneal_epochs=-1"),
    (lambda: dialect.ReduceLROnPlateau(0.1, min_lr=0.2), r"ReduceLROnPlateau: lr=0\.1: it is below min_lr=0\.2; lower"),
    (lambda: dialect.ReduceLROnPlateau(0.1, factor=1.0), r"ReduceLROnPlateau: factor=1\.0"),
    (lambda: dialect.SequentialLR(0.1, [], []), "SequentialLR: schedulers=.*at least one"),
    (lambda: dialect.SequentialLR(0.1, [lambda lr: lr], []), "SequentialLR: schedulers=.*partial.*lambda"),
    (lambda: dialect.SequentialLR(0.1, [partial(dialect.StepLR, 30)], []), "SequentialLR: schedulers=.*by name"),
    (lambda: dialect.SequentialLR(0.1, [dialect.StepLR], []), "StepLR: missing .* step_size"),
    (lambda: dialect.SequentialLR(0.1, [partial(dialect.LinearLR, gama=1)], []), "LinearLR: .*gama"),
    (lambda: dialect.SequentialLR(0.1, [dialect.ChainedScheduler], []), "ChainedScheduler: missing .* schedulers"),
    (
        lambda: dialect.ChainedScheduler(0.1, [partial(dialect.ChainedScheduler, schedulers=[warm])]),
        "ChainedScheduler: schedulers=.*not so warm",
    ),
    (lambda: dialect.ChainedScheduler(0.1, []), "ChainedScheduler: schedulers=.*at least one"),
    (lambda: dialect.SequentialLR(0.1, sequence(), [3]), r"SequentialLR: milestones=.*1 schedulers have 0"),
    (lambda: dialect.SequentialLR(0.1, sequence(WARMUP), [2.5]), "SequentialLR: milestones=.*whole numbers"),
    (lambda: dialect.SequentialLR(0.1, sequence(WARMUP, WARMUP), [9, 3]), "SequentialLR: milestones=.*ascending order"),
    (
        lambda: dialect.SequentialLR(0.1, sequence(partial(dialect.ChainedScheduler, schedulers=[WARMUP])), [9]),
        "ChainedScheduler: at a milestone .* put it first",
    ),
    (
        lambda: dialect.SequentialLR(0.1, sequence(partial(dialect.LinearLR, total_iters=0)), [9]),
        "LinearLR: PyTorch divides by its length of 0 at a milestone; leave it out",
    ),
    (
        lambda: dialect.SequentialLR(
            0.1, [partial(dialect.ChainedScheduler, schedulers=[partial(dialect.PolynomialLR, total_iters=0)])], []
        ),
        "PolynomialLR: PyTorch divides by its length of 0 .* leave it out",
    ),
    (
        lambda: dialect.ChainedScheduler(0.1, sequence(partial(dialect.CosineAnnealingLR, T_max=30))),
        "CosineAnnealingLR: in a ChainedScheduler.*product",
    ),
    (
        lambda: dialect.ChainedScheduler(
            0.1, [*sequence(), partial(dialect.SequentialLR, schedulers=[WARMUP], milestones=[])]
        ),
        "SequentialLR: in a ChainedScheduler",
    ),
]


@pytest.mark.parametrize(("make", "message"), ERRORS, ids=[message for _, message in ERRORS])
def test_errors(make, message):
    with pytest.raises(ScheduleError, match=message):
        make()
