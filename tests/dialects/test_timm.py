"""`schedules.dialects.timm` against the live schedulers of timm."""

import math
import warnings
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import assume, given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import timm as dialect

VERSION = "1.0.31"
BEYOND = 12  # steps past the end


@pytest.fixture(scope="module")
def timm(pytestconfig):
    """The schedulers of timm, which needs torchvision as a whole, and that has no CPU build in the registry."""
    (found,) = peers.modules(peers.unpacked(pytestconfig, f"timm=={VERSION}"), "timm.scheduler")
    return found


# -- live schedulers ------------------------------------------------------------------------------------


def sgd(lr):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)


def live(timm, name, lr, steps, keywords):
    """What a live scheduler writes for 0, 1, ... steps; NaN where it fails or writes a complex number."""
    optimizer = sgd(lr)
    scheduler = getattr(timm, name)(optimizer, **keywords)
    call = scheduler.step if keywords.get("t_in_epochs", True) else scheduler.step_update
    lrs = []
    for t in range(steps + 1):
        try:
            call(t)
            value = optimizer.param_groups[0]["lr"]
        except (TypeError, ValueError, ZeroDivisionError):
            value = math.nan
        lrs.append(math.nan if isinstance(value, complex) else value)
    return np.array(lrs)


rates = st.sampled_from([0.1, 1.0]) | st.floats(1e-4, 2.0)
lengths = st.sampled_from([1, 2, 3]) | st.integers(1, 40)
factors = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.5)
warmups = {
    "warmup_t": st.sampled_from([0, 1, 2]) | st.integers(0, 50),
    "warmup_lr_init": st.sampled_from([0.0, 1e-5]) | st.floats(0.0, 0.5),
    "t_in_epochs": st.booleans(),
}
prefixed = warmups | {"warmup_prefix": st.booleans()}
powers = st.sampled_from([0.5, 1.0, 2.0]) | st.floats(0.3, 3.0)
cycles = prefixed | {
    "lr_min": st.just(0.0) | st.floats(0.0, 0.2),
    "cycle_mul": st.sampled_from([1.0, 1, 2, 3.0, 1.5, 1.25, 0.5, 0.75, 1.1, 2.7, 0.8]),
    "cycle_decay": factors,
    "cycle_limit": st.integers(0, 4),
}


def keywords_of(optional, **required):
    """Some of the optional arguments, and all of the required ones."""
    return st.fixed_dictionaries(required, optional=optional)


def uncertain(t_initial, keywords, steps):
    """The steps at which the peer is not where its equation has it, as restarts that rounding puts off.

    That equation is read here in exact arithmetic, and the peer's index of the cycle in its own.
    """
    mul = keywords.get("cycle_mul", 1)
    warmup = keywords.get("warmup_t", 0)
    if mul == 1:
        return {}
    total = steps + 1
    lengths = (Fraction(t_initial) * Fraction(mul) ** i for i in range(60))
    knots = [Fraction(0), *accumulate(lengths)]
    found = {}
    for t in range(warmup, total):
        own = t - warmup if keywords.get("warmup_prefix") else t
        exact = next((i for i, (a, b) in enumerate(pairwise(knots)) if a <= own < b), 60)
        begin = knots[min(exact, 59)]
        argument = 1 - own / t_initial * (1 - mul)
        if argument <= 1e-9:
            found[t] = None  # shrinking cycles are over
            continue
        index = math.floor(math.log(argument, mul))
        near = any(0 < abs(own - knot) < 1e-9 for knot in knots)
        rest = own - (1 - mul**index) / (1 - mul) * t_initial
        if near or index != exact or not 0 <= rest <= mul**index * t_initial:
            found[t] = exact if own == begin and not near else None
    return found


CYCLIC = {
    "CosineLRScheduler": cycles | {"k_decay": powers},
    "TanhLRScheduler": cycles | {"lb": st.floats(-8.0, -1.0), "ub": st.floats(0.0, 4.0)},
    "PolyLRScheduler": cycles | {"k_decay": powers, "power": powers},
}


@pytest.mark.parametrize("name", CYCLIC)
@given(lr=rates, t_initial=lengths, data=st.data())
def test_cycles(timm, name, lr, t_initial, data):
    keywords = data.draw(keywords_of(CYCLIC[name]))
    s = getattr(dialect, name)(lr, t_initial, **keywords)
    steps = keywords.get("warmup_t", 0) + 5 * t_initial + BEYOND
    apart = uncertain(t_initial, keywords, steps)
    assume(name != "TanhLRScheduler" or keywords.get("warmup_t", 0) not in apart)  # to which its warmup rises
    assert_follows(s, live(timm, name, lr, steps, keywords | {"t_initial": t_initial}), apart=apart)
    for t, index in apart.items():
        if index is not None and index < keywords.get("cycle_limit", 1) and name != "TanhLRScheduler":
            restart = lr * keywords.get("cycle_decay", 1.0) ** index
            assert s(t) == pytest.approx(restart, rel=1e-12)


@pytest.mark.parametrize("name", CYCLIC)
def test_ever_more_cycles(timm, name):
    keywords = {"t_initial": 3, "cycle_mul": 2, "cycle_limit": 10_000}
    s = getattr(dialect, name)(0.1, **keywords)
    assert_follows(s, live(timm, name, 0.1, 1_000, keywords))
    assert s(2.0**52) > 0


def test_a_restart_that_rounding_puts_off(timm):
    keywords = {"t_initial": 8, "cycle_mul": 3.0, "cycle_limit": 6}
    found = live(timm, "CosineLRScheduler", 0.1, 970, keywords)
    s = dialect.CosineLRScheduler(0.1, **keywords)
    assert uncertain(8, keywords, 970) == {968: 5}
    assert (found[968], s(968)) == (0.0, 0.1)
    assert found[969] == pytest.approx(s(969), rel=1e-12)


def test_shrinking_cycles_end(timm):
    keywords = {"t_initial": 8, "cycle_mul": 0.5, "cycle_limit": 2, "lr_min": 0.01}
    found = live(timm, "CosineLRScheduler", 0.1, 20, keywords)
    s = dialect.CosineLRScheduler(0.1, **keywords)
    assert np.isnan(found[16:]).all()
    assert [s(t) for t in range(12, 20)] == [0.01] * 8


@given(
    lr=rates,
    decay_t=lengths | st.floats(0.5, 30.0),
    keywords=keywords_of(prefixed | {"decay_rate": factors | st.just(-0.5)}),
)
def test_steps(timm, lr, decay_t, keywords):
    found = live(timm, "StepLRScheduler", lr, 120, keywords | {"decay_t": decay_t})
    assert_follows(dialect.StepLRScheduler(lr, decay_t, **keywords), found)


@given(
    lr=rates,
    milestones=st.lists(st.integers(0, 60), max_size=5).map(sorted),
    keywords=keywords_of(prefixed | {"decay_rate": factors | st.just(-0.5)}),
)
def test_milestones(timm, lr, milestones, keywords):
    found = live(timm, "MultiStepLRScheduler", lr, 120, keywords | {"decay_t": milestones})
    assert_follows(dialect.MultiStepLRScheduler(lr, milestones, **keywords), found)


@given(lr=rates, t_initial=lengths, data=st.data())
def test_wsd(timm, lr, t_initial, data):
    timescale = data.draw(st.floats(0.5, 50.0))
    options = {
        "lr_min": st.just(0.0) | st.floats(0.0, 0.2) | st.floats(1.0, 3.0),
        "stable_fn": st.sampled_from(["constant", "rsqrt", "power"]),
        "stable_timescale": st.just(timescale),
        "stable_power": powers,
        "decay_fn": st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"]),
        "decay_power": powers,
        "decay_ratio": st.floats(0.01, 0.9),
    }
    keywords = data.draw(keywords_of(warmups | options))
    if keywords.get("stable_fn", "constant") != "constant" and not keywords.get("warmup_t"):
        keywords["stable_timescale"] = timescale
    lengths = {"t_initial": t_initial, "decay_t": data.draw(st.integers(1, t_initial))}
    s = dialect.WSDLRScheduler(lr, **lengths, **keywords)
    steps = keywords.get("warmup_t", 0) + t_initial + BEYOND
    assert_follows(s, live(timm, "WSDLRScheduler", lr, steps, keywords | lengths))


@pytest.mark.parametrize("stable_fn", ["constant", "rsqrt"])
def test_wsd_with_a_function(timm, stable_fn):
    keywords = {"t_initial": 40, "decay_t": 15, "warmup_t": 7, "lr_min": 0.01, "stable_fn": stable_fn}
    keywords["decay_fn"] = lambda x: (1 - x) ** 3
    found = live(timm, "WSDLRScheduler", 0.1, 60, keywords)
    s = dialect.WSDLRScheduler(0.1, **keywords)
    assert [s(t) for t in range(61)] == pytest.approx(found.tolist(), rel=1e-12)


@given(
    lr=rates,
    keywords=keywords_of(
        {
            "decay_rate": st.floats(0.1, 0.9),
            "patience_t": st.integers(0, 4),
            "threshold": st.floats(0.0, 0.1),
            "cooldown_t": st.integers(0, 3),
            "warmup_t": st.integers(0, 6),
            "warmup_lr_init": st.floats(0.0, 0.1),
            "mode": st.sampled_from(["min", "max"]),
        }
    ),
    floor=st.floats(0.0, 1.0),
    metrics=st.lists(st.sampled_from([1.0, 0.5, math.nan]) | st.floats(-2.0, 2.0), max_size=40),
)
def test_plateau(timm, lr, keywords, floor, metrics):
    keywords = keywords | {"lr_min": floor * lr}
    optimizer = sgd(lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it is deprecated
        scheduler = timm.PlateauLRScheduler(optimizer, **keywords)
    schedule, plateau = dialect.PlateauLRScheduler(lr, **keywords)
    state = plateau.init()
    for epoch, metric in enumerate(metrics, start=1):
        scheduler.step(epoch, metric)
        if epoch > keywords.get("warmup_t", 0):
            state = plateau.update(state, metric, lr)
            found = plateau.apply(schedule(epoch), state)
        else:
            found = schedule(epoch)
        assert found == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


def test_there_are_no_further_schedulers(timm):
    found = {name for name in vars(timm) if name.endswith("LRScheduler")}
    assert found == set(dialect.__all__)


@pytest.mark.parametrize(
    ("s", "text"),
    [
        (dialect.CosineLRScheduler(0.5, 100), "cosine(0.5, 0.0, 100)"),
        (dialect.CosineLRScheduler(0.5, 100, k_decay=2.0), "k_decay(0.5, 0.0, 100, k=2.0)"),
        (dialect.CosineLRScheduler(0.5, 100, cycle_limit=0), "constant(0.0)"),
        (
            dialect.CosineLRScheduler(0.5, 100, cycle_limit=3, lr_min=0.1, warmup_t=5, warmup_prefix=True),
            "linear(0.0, 0.5, 5) >> sgdr(0.5, 100, 3, end=0.1)",
        ),
        (
            dialect.TanhLRScheduler(0.5, 100, ub=4.0),
            "tanh_decay(0.5, 0.0, 100, lower=-7.0, upper=4.0) >> constant(0.0)",
        ),
        (
            dialect.PolyLRScheduler(0.5, 100, warmup_t=5),
            "linear(0.0, 0.5, 5) >> polynomial(0.5, 0.0, 100, power=0.5)[5:]",
        ),
        (
            dialect.PolyLRScheduler(0.5, 100, k_decay=2.0),
            "Warp(polynomial(0.5, 0.0, 1, power=0.5), (Time() / 100) ** 2.0, 100)",
        ),
        (
            dialect.StepLRScheduler(0.5, 30, decay_rate=0.1, warmup_t=5, warmup_prefix=False),
            "linear(0.0, 0.5, 5) >> step_decay(0.5, 0.1, 30)[5:]",
        ),
        (dialect.MultiStepLRScheduler(0.5, [30, 60], decay_rate=0.1), "multistep(0.5, 0.1, (30, 60))[1:]"),
        (
            dialect.WSDLRScheduler(0.5, 90, 30, decay_fn="power", decay_power=2.0),
            "constant(0.5, steps=60) >> reverse(polynomial(0.0, 0.5, 30, power=2.0))",
        ),
    ],
)
def test_texts(s, text):
    assert repr(s) == text


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "message"),
    [
        ("CosineLRScheduler", (0,), {}, "CosineLRScheduler: t_initial=0"),
        ("CosineLRScheduler", (9,), {"lr_min": -0.1}, "lr_min=-0.1: this is a finite number >= 0"),
        ("CosineLRScheduler", (9,), {"cycle_limit": 1.5}, "cycle_limit=1.5: this is a whole number of cycles"),
        ("CosineLRScheduler", (9,), {"cycle_limit": -1}, "cycle_limit=-1"),
        ("CosineLRScheduler", (9,), {"cycle_mul": 0}, "cycle_mul=0"),
        ("CosineLRScheduler", (9,), {"k_decay": 0}, "k_decay=0"),
        ("CosineLRScheduler", (9,), {"warmup_t": -1}, "warmup_t=-1"),
        ("CosineLRScheduler", (9,), {"noise_range_t": (3, 4)}, "unexpected keyword argument 'noise_range_t'"),
        ("CosineLRScheduler", (9,), {"t_in_epochs": 1}, "t_in_epochs=1: this is True or False"),
        ("TanhLRScheduler", (9,), {"lb": 3.0}, "lb=3.0: it is to be below ub=3.0"),
        ("TanhLRScheduler", (9,), {"cycle_decay": 1e200, "cycle_limit": 4}, "cycle_decay=1e+200: the restarts grow"),
        ("PolyLRScheduler", (9,), {"power": 0.0}, "power=0.0"),
        ("StepLRScheduler", (0,), {}, "decay_t=0"),
        ("MultiStepLRScheduler", ([3, 1],), {}, "decay_t=[3, 1]: this is a list of steps >= 0 in ascending order"),
        ("WSDLRScheduler", (9, 10), {}, "decay_t=10: it is a part of t_initial=9"),
        ("WSDLRScheduler", (9, 3), {"decay_fn": "sqrt"}, "decay_fn='sqrt': this is 'linear' or '1-sqrt'"),
        ("WSDLRScheduler", (9, 3), {"stable_fn": "rsqrt"}, "stable_timescale=None: it is warmup_t, which is 0"),
        ("WSDLRScheduler", (9, 3), {"decay_ratio": 1.0}, "decay_ratio=1.0"),
        ("PlateauLRScheduler", (), {"lr_min": 0.6}, "lr=0.5: it is below lr_min=0.6"),
        ("PlateauLRScheduler", (), {"decay_rate": 1.0}, "factor=1.0"),
        ("PlateauLRScheduler", (), {"mode": "least"}, "mode='least': this is 'min' or 'max'"),
    ],
)
def test_errors_name_the_argument(name, arguments, keywords, message):
    with pytest.raises(ScheduleError) as caught:
        getattr(dialect, name)(0.5, *arguments, **keywords)
    assert message in str(caught.value)
