"""`schedules.dialects.transformers` against the live schedulers of Transformers."""

import math
import warnings

import numpy as np
import pytest
import torch
import transformers as peer
from hypothesis import assume, given
from hypothesis import strategies as st
from transformers import optimization

from schedules import Plateau, ScheduleError, parse
from schedules.dialects import transformers as dialect

BEYOND = 12  # steps past the end

rates = st.sampled_from([1e-3, 0.1, 1.0]) | st.floats(1e-5, 2.0)
counts = st.sampled_from([0, 1, 2, 3]) | st.integers(0, 60)
waves = st.sampled_from([0.5, 1.0, 0.0, 2.0, -0.5]) | st.floats(0.01, 5.0)
ratios = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(0.0, 1.5)
ramps = st.sampled_from(["linear", "cosine", "1-sqrt"])


@st.composite
def floors(draw):
    """A floor, given in one way or the other."""
    return {draw(st.sampled_from(["min_lr", "min_lr_rate"])): draw(ratios)}


def options(**arguments):
    """Some of these arguments: what is left out keeps its default."""
    return st.fixed_dictionaries({}, optional=arguments)


KEYWORDS = {
    "constant": st.just({}),
    "constant_with_warmup": st.just({}),
    "linear": st.just({}),
    "cosine": options(num_cycles=waves),
    "cosine_with_restarts": options(num_cycles=st.integers(1, 60) | st.floats(0.1, 6.0)),
    "polynomial": options(lr_end=st.floats(0.0, 9e-6), power=st.sampled_from([0.5, 1.0, 2.0]) | st.floats(0.1, 4.0)),
    "inverse_sqrt": options(timescale=st.integers(1, 100)),
    "cosine_with_min_lr": st.builds(dict.__or__, floors(), options(num_cycles=waves)),
    "cosine_warmup_with_min_lr": st.builds(
        dict.__or__, floors(), options(num_cycles=waves, warmup_lr_rate=st.floats(0.0, 1.5))
    ),
    "warmup_stable_decay": st.builds(
        lambda decay, others: {"num_decay_steps": decay} | others,
        counts,
        options(num_stable_steps=counts, warmup_type=ramps, decay_type=ramps, min_lr_ratio=ratios, num_cycles=waves),
    ),
}


def sgd(lr):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)
    optimizer._opt_called = True  # or PyTorch warns that the optimizer has not been stepped
    return optimizer


def live(scheduler, steps):
    """What a live scheduler uses for the updates 0, 1, ..."""
    lrs = scheduler.get_last_lr()
    for _ in range(steps):
        scheduler.step()
        lrs += scheduler.get_last_lr()
    return np.array(lrs)


def agree(s, found):
    """Equal at every step, within 1e-12 of the peak, by numbers and as a whole curve; and a config."""
    peak = np.abs(found).max(initial=1e-300)
    own = np.array([s(t) for t in range(len(found))])
    assert np.abs(own - found).max() <= 1e-12 * peak, (s, int(np.abs(own - found).argmax()))
    assert parse(repr(s)) == s
    return own, peak


@pytest.mark.parametrize("name", KEYWORDS)
@given(lr=rates, warmup=counts, extra=st.integers(-5, 60) | st.sampled_from([-60, 0, 1, 2]), data=st.data())
def test_every_name_of_get_scheduler(name, lr, warmup, extra, data):
    keywords = data.draw(KEYWORDS[name])
    training = max(0, warmup + extra)
    assume(not (name == "polynomial" and training == warmup))  # where the peer divides by zero
    assume(keywords.get("num_cycles") != training - warmup or training - warmup < 22)  # where its restarts are late
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of WSD: both lengths are given
        scheduler = peer.get_scheduler(name, sgd(lr), warmup, training, keywords)
    s = dialect.get_scheduler(name, lr, warmup, training, keywords)
    steps = max(warmup, training, sum(value for key, value in keywords.items() if key.endswith("steps"))) + BEYOND
    own, peak = agree(s, live(scheduler, steps))
    if keywords.get("num_cycles", 1) <= 20:  # where rounding moves no restart
        assert np.abs(s.values(steps + 1) - own).max() <= 1e-12 * peak


def test_there_are_no_further_names():
    assert set(dialect._SCHEDULERS) == {kind.value for kind in peer.SchedulerType}
    assert set(dialect._SCHEDULERS) == set(KEYWORDS) | {"reduce_lr_on_plateau", "greedy"}
    for kind, function in optimization.TYPE_TO_SCHEDULER_FUNCTION.items():
        assert dialect._SCHEDULERS[kind.value].__name__ == function.__name__
    assert dialect.get_scheduler(peer.SchedulerType.LINEAR, 0.1, 1, 9) == dialect.get_scheduler("linear", 0.1, 1, 9)


@given(lr=rates, warmup=counts, power=st.floats(0.5, 3.0))
def test_a_polynomial_of_no_steps_is_at_its_end(lr, warmup, power):
    s = dialect.get_polynomial_decay_schedule_with_warmup(lr, warmup, warmup, power=power)
    assert [s(warmup), s(warmup + 1)] == [1e-7, 1e-7]
    with pytest.raises(ZeroDivisionError):
        live(peer.get_scheduler("polynomial", sgd(lr), warmup, warmup, {"power": power}), warmup)


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "text"),
    [
        ("constant", (), {}, "constant(0.5)"),
        ("constant_with_warmup", (10,), {}, "linear(0.0, 0.5, 10) >> constant(0.5)"),
        ("linear", (0, 100), {}, "linear(0.5, 0.0, 100)"),
        ("cosine", (0, 100), {}, "cycle(cosine(0.5, 0.0, 100) >> cosine(0.0, 0.5, 100))"),
        ("cosine", (5, 5), {}, "linear(0.0, 0.5, 5) >> cycle(cosine(0.5, 0.0, 1) >> cosine(0.0, 0.5, 1))"),
        ("cosine", (5, 9), {"num_cycles": 0}, "linear(0.0, 0.5, 5) >> constant(0.5)"),
        ("cosine_with_restarts", (10, 110), {}, "linear(0.0, 0.5, 10) >> cosine(0.5, 0.0, 100)"),
        ("polynomial", (0, 100), {"lr_end": 0.0}, "polynomial(0.5, 0.0, 100)"),
        ("inverse_sqrt", (0,), {}, "inverse_sqrt(0.5, timescale=10000)"),
        (
            "cosine_warmup_with_min_lr",
            (10, 110),
            {"min_lr": 0.1, "warmup_lr_rate": 0.5},
            "linear(0.25, 0.5, 9)[:10] >> cycle(cosine(0.5, 0.1, 100) >> cosine(0.1, 0.5, 100))[1:]",
        ),
        (
            "warmup_stable_decay",
            (10, 100),
            {"num_decay_steps": 20, "warmup_type": "1-sqrt", "decay_type": "1-sqrt"},
            "reverse(one_minus_sqrt(0.5, 0.0, 10)) >> constant(0.5, steps=70) >> one_minus_sqrt(0.5, 0.0, 20)",
        ),
        (
            "warmup_stable_decay",
            (10, 20),
            {"num_decay_steps": 15},
            "linear(0.0, 0.5, 10) >> cosine(0.5, 0.0, 15)[5:]",
        ),
    ],
)
def test_texts(name, arguments, keywords, text):
    assert repr(dialect.get_scheduler(name, 0.5, *arguments, scheduler_specific_kwargs=keywords)) == text


# -- metrics -------------------------------------------------------------------------------------------


metrics = st.lists(st.sampled_from([1.0, 0.5, 0.1, -1.0, math.nan]) | st.floats(-2.0, 2.0), max_size=60)
runs = st.lists(st.tuples(st.sampled_from([0.5, 0.9, 1.0]), st.integers(1, 12)), max_size=8)
stretches = runs.map(lambda runs: [value / (1 + k) for value, count in runs for k in range(count)])
amounts = st.sampled_from([0.0, 1e-4]) | st.floats(0.0, 0.1)
either = options(
    mode=st.sampled_from(["min", "max"]),
    factor=st.floats(0.1, 0.9),
    patience=st.integers(0, 4),
    threshold=amounts,
    threshold_mode=st.sampled_from(["rel", "abs"]),
    cooldown=st.integers(0, 3),
    eps=amounts,
)


@given(lr=rates, keywords=either, floor=st.floats(0.0, 1.0), metrics=metrics | stretches)
def test_reduce_lr_on_plateau(lr, keywords, floor, metrics):
    keywords = keywords | {"min_lr": floor * lr}
    scheduler = peer.get_scheduler("reduce_lr_on_plateau", sgd(lr), scheduler_specific_kwargs=keywords)
    plateau = dialect.get_scheduler("reduce_lr_on_plateau", lr, scheduler_specific_kwargs=keywords)
    state = plateau.init()
    for metric in metrics:
        scheduler.step(metric)
        state = plateau.update(state, metric, lr)
        assert plateau.apply(lr, state) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12)


def test_a_plateau_has_the_defaults_of_the_peer():
    assert dialect.get_scheduler("reduce_lr_on_plateau", 0.1) == Plateau()


@given(
    lr=rates,
    keywords=st.builds(
        dict.__or__,
        either,
        options(
            warmup=st.integers(0, 3),
            min_lr=st.floats(0.0, 1.0),
            max_lr=st.floats(0.0, 2.0),
            smooth=st.booleans(),
            window_size=st.integers(1, 6),
            reset_start=st.integers(0, 4),
        ),
    ),
    metrics=metrics | stretches,
)
def test_greedy(lr, keywords, metrics):
    scheduler = peer.get_scheduler("greedy", sgd(lr), scheduler_specific_kwargs=keywords)
    greedy = dialect.get_scheduler("greedy", lr, scheduler_specific_kwargs=keywords)
    state = greedy.init()
    for metric in metrics:
        scheduler.step(metric)
        state = greedy.update(state, metric)
        assert state.lr == scheduler.get_last_lr()[0]
        assert (state.bad, state.good) == (scheduler.num_bad_epochs, scheduler.num_good_epochs)


# -- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "message"),
    [
        ("cosin", (1, 9), {}, "get_scheduler: name='cosin': this is one of linear, cosine, cosine_with_restarts"),
        ("linear", (1,), {}, "missing a required argument: 'num_training_steps'"),
        ("linear", (), {}, "missing a required argument: 'num_warmup_steps'"),
        ("linear", (0.5, 9), {}, "num_warmup_steps=0.5: this is a whole number >= 0; round it"),
        ("linear", (-1, 9), {}, "num_warmup_steps=-1"),
        ("linear", (1, 9), {"num_cycles": 2}, "unexpected keyword argument 'num_cycles'"),
        ("linear", (1, 9), {"num_warmup_steps": 2}, "get_scheduler: num_warmup_steps=2"),
        ("cosine", (1, 9), {"num_cycles": math.inf}, "num_cycles=inf"),
        ("cosine_with_restarts", (1, 9), {"num_cycles": 0}, "num_cycles=0"),
        ("polynomial", (1, 9), {"lr_end": 0.5}, "lr_end=0.5: it is to be below lr=0.5"),
        ("polynomial", (1, 9), {"power": 0.0}, "power=0.0"),
        ("inverse_sqrt", (1,), {"timescale": 0}, "timescale=0"),
        ("cosine_with_min_lr", (1, 9), {}, "min_lr=None: min_lr_rate=None: give one"),
        ("cosine_with_min_lr", (1, 9), {"min_lr": 0.1, "min_lr_rate": 0.1}, "min_lr=0.1: min_lr_rate=0.1: give one"),
        ("cosine_warmup_with_min_lr", (1, 9), {"min_lr": -0.1}, "min_lr=-0.1: this is a finite number >= 0"),
        ("warmup_stable_decay", (1,), {"num_decay_steps": 2}, "num_training_steps=None: give it, or num_stable_steps"),
        ("warmup_stable_decay", (1, 9), {}, "missing a required argument: 'num_decay_steps'"),
        (
            "warmup_stable_decay",
            (1, 9),
            {"num_decay_steps": 2, "decay_type": "sqrt"},
            "decay_type='sqrt': this is 'linear' or 'cosine' or '1-sqrt'",
        ),
        ("reduce_lr_on_plateau", (), {"patients": 3}, "patients=3: no such argument"),
        ("reduce_lr_on_plateau", (), {"factor": 1.0}, "factor=1.0"),
        ("reduce_lr_on_plateau", (), {"min_lr": 0.6}, "lr=0.5: it is below min_lr=0.6"),
        ("greedy", (), {"factor": 1.0}, "factor=1.0: this is a number above 0 and below 1"),
        ("greedy", (), {"verbose": True}, "unexpected keyword argument 'verbose'"),
    ],
)
def test_errors_name_the_argument(name, arguments, keywords, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.get_scheduler(name, 0.5, *arguments, scheduler_specific_kwargs=keywords)
    assert message in str(caught.value)
