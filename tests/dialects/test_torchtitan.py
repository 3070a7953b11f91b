"""`schedules.dialects.torchtitan` against the live schedulers of torchtitan."""

import math

import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import torchtitan as dialect

VERSION = "0.3.0"
BEYOND = 12  # steps past the end


@pytest.fixture(scope="module")
def torchtitan(pytestconfig):
    package = "torchtitan.components.optimizer"
    (found,) = peers.modules(
        peers.unpacked(pytestconfig, f"torchtitan=={VERSION}"),
        f"{package}.lr_scheduler",
        around={
            "torchtitan.config": {"Configurable": "torchtitan.config.configurable"},
            f"{package}.optimizer": {"OptimizersContainer": None},
        },
    )
    return found


def live(torchtitan, lr, training_steps, steps, **keywords):
    """What a live scheduler writes; NaN from where it fails."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)
    config = torchtitan.LRSchedulersContainer.Config(**keywords)
    scheduler = config.build(optimizers=[optimizer], training_steps=training_steps)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        try:
            scheduler.step()
            found.append(optimizer.param_groups[0]["lr"])
        except AssertionError:
            found.append(math.nan)
    return found


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-6, 2.0)
lengths = st.sampled_from([0, 1, 2]) | st.integers(0, 60)
ratios = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0.0, 1.5)
options = {
    "warmup_steps": lengths | st.integers(0, 400) | st.floats(0.0, 30.0),
    "total_steps": st.none() | lengths,
    "decay_ratio": st.none() | ratios,
    "decay_type": st.sampled_from(["linear", "sqrt", "cosine"]),
    "min_lr_factor": ratios,
}


@given(rates, lengths, st.fixed_dictionaries({}, optional=options))
def test_every_argument(torchtitan, lr, training_steps, keywords):
    s = dialect.LRSchedulersContainer(lr, training_steps, **keywords)
    total = keywords.get("total_steps")
    steps = (training_steps if total is None else total) + BEYOND
    found = live(torchtitan, lr, training_steps, steps, **keywords)
    failed = [t for t, value in enumerate(found) if math.isnan(value)]
    assert_follows(s, found, apart=failed)
    assert {s(t) for t in failed} <= {lr}
    if failed:  # there is no decay
        assert failed[0] == steps - BEYOND + 1


def test_a_cut_at_the_end_holds_the_floor(torchtitan):
    for decay_type in ("linear", "sqrt", "cosine"):
        keywords = {"warmup_steps": 5, "decay_type": decay_type, "min_lr_factor": 0.1}
        s = dialect.LRSchedulersContainer(0.5, 40, **keywords)
        assert_follows(s[:40], live(torchtitan, 0.5, 40, 40, **keywords))
        assert s[:40](99) == pytest.approx(0.05, rel=1e-12) != s(99)


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        (
            {"warmup_steps": 10},
            "(linear(0.0, 0.5, 10) >> constant(0.5, steps=1) >> linear(0.5, 0.0, 90) >> 0.5 * (Time() / (-90)))[1:]",
        ),
        (
            {"warmup_steps": 0, "decay_ratio": 0.25, "decay_type": "cosine", "min_lr_factor": 0.5},
            "(constant(0.5, steps=76) >> cycle(cosine(0.5, 0.25, 25) >> cosine(0.25, 0.5, 25)))[1:]",
        ),
        ({"warmup_steps": 100}, "(linear(0.0, 0.5, 100) >> constant(0.5, steps=1) >> constant(0.5))[1:]"),
    ],
)
def test_texts(keywords, text):
    assert repr(dialect.LRSchedulersContainer(0.5, 100, **keywords)) == text


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((math.inf, 9), {}, "LRSchedulersContainer: lr=inf"),
        ((0.5, 9.5), {}, "training_steps=9.5: this is a whole number >= 0"),
        ((0.5, -9), {}, "training_steps=-9"),
        ((0.5, 9), {"warmup_steps": -1}, "warmup_steps=-1"),
        ((0.5, 9), {"total_steps": "9"}, "total_steps='9'"),
        ((0.5, 9), {"decay_ratio": -0.1}, "decay_ratio=-0.1"),
        ((0.5, 9), {"decay_type": "1-sqrt"}, "decay_type='1-sqrt': this is 'linear' or 'sqrt' or 'cosine'"),
        ((0.5, 9), {"min_lr_factor": math.nan}, "min_lr_factor=nan"),
        ((0.5, 9), {"min_lr_factor": True}, "min_lr_factor=True"),
    ],
)
def test_errors_name_the_argument(arguments, keywords, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.LRSchedulersContainer(*arguments, **keywords)
    assert message in str(caught.value)


def test_phases_of_no_steps():
    phases = {"lr_decay_type": "linear", "min_lr_factor": 0.0}
    assert dialect.linear_warmup_stable_decay(0.5, 0, 0, 2, **phases)(0) == 0.25
    assert dialect.linear_warmup_stable_decay(0.5, 0, 0, 0, **phases)(0) == 0.5
    with pytest.raises(ScheduleError, match=r"decay_steps=1\.5"):
        dialect.linear_warmup_stable_decay(0.5, 0, 0, 1.5, **phases)
