"""`schedules.dialects.megatron` against the live scheduler of Megatron Core."""

import math

import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError, stretch
from schedules.adapters.torch import ScheduleLR
from schedules.dialects import megatron as dialect

VERSION = "0.16.1"
BEYOND = 12  # steps past the end


@pytest.fixture(scope="module")
def megatron(pytestconfig):
    (found,) = peers.modules(
        peers.unpacked(pytestconfig, f"megatron-core=={VERSION}"),
        "megatron.core.optimizer_param_scheduler",
        around={"megatron.core.utils": {"log_single_rank": "megatron.core._rank_utils"}},
    )
    return found


def sgd():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)


def live(megatron, steps, increment=1, **arguments):
    """The learning rates and weight decays that a live scheduler writes."""
    optimizer = sgd()
    scheduler = megatron.OptimizerParamScheduler(optimizer, **arguments)
    (group,) = optimizer.param_groups
    found = [(group["lr"], group["weight_decay"])]
    for _ in range(steps):
        scheduler.step(increment)
        found.append((group["lr"], group["weight_decay"]))
    return map(list, zip(*found, strict=True))


NO_WD = {"start_wd": 0.0, "end_wd": 0.0, "wd_incr_steps": 0, "wd_incr_style": "constant"}

peaks = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-6, 2.0)
lengths = st.sampled_from([0, 1, 2]) | st.integers(0, 60)
shares = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(0.0, 1.0)


@st.composite
def rates(draw):
    """Arguments of the learning rate over their whole space: warmups longer than the room for a decay among them."""
    peak, style = draw(peaks), draw(st.sampled_from(["constant", "linear", "cosine", "inverse-square-root", "WSD"]))
    total = draw(st.sampled_from([1, 2, 3]) | st.integers(1, 80))
    warmup = draw(st.integers(0, total - 1) | st.sampled_from([0, min(1, total - 1), total - 1]))
    arguments = {
        "init_lr": peak * draw(shares | st.floats(-1.0, 0.0)),
        "max_lr": peak,
        "min_lr": peak * draw(shares),
        "lr_warmup_steps": draw(st.just(warmup) | st.floats(0.0, total - 0.5)),
        "lr_decay_steps": total,
        "lr_decay_style": style,
    }
    if style == "WSD" or draw(st.booleans()):
        arguments["wsd_decay_steps"] = draw(lengths | st.just(total))
        arguments["lr_wsd_decay_style"] = draw(st.sampled_from(["exponential", "linear", "cosine", "minus_sqrt"]))
    return arguments


@given(rates())
def test_learning_rate(megatron, arguments):
    found, _ = live(megatron, arguments["lr_decay_steps"] + BEYOND, **arguments, **NO_WD)
    assert_follows(dialect.get_lr(**arguments), found)


@given(rates(), st.sampled_from([2, 8, 3, 24, 100]))
def test_samples(megatron, arguments, batch):
    """What it is told in iterations its training loop multiplies by the batch size, which is then its increment."""
    steps = int(arguments["lr_decay_steps"]) + BEYOND
    in_samples = {name: value * batch if name.endswith("_steps") else value for name, value in arguments.items()}
    found, _ = live(megatron, steps, batch, **in_samples, **NO_WD)
    assert_follows(stretch(dialect.get_lr(**in_samples), 1 / batch), found)
    if arguments["lr_decay_style"] != "inverse-square-root" or arguments["lr_warmup_steps"] >= 1:
        assert_follows(dialect.get_lr(**arguments), found)


@given(shares, shares, lengths.filter(bool), st.sampled_from(["constant", "linear", "cosine"]))
def test_weight_decay(megatron, start, more, steps, style):
    wd = {
        "start_wd": start,
        "end_wd": start if style == "constant" else start + more,
        "wd_incr_steps": steps,
        "wd_incr_style": style,
    }
    rate = {"init_lr": 0.0, "max_lr": 0.1, "min_lr": 0.0, "lr_warmup_steps": 0, "lr_decay_steps": 9}
    arguments = wd | rate | {"lr_decay_style": "linear"}
    _, found = live(megatron, steps + BEYOND, **arguments)
    assert_follows(dialect.get_wd(**wd), found)
    both = dialect.OptimizerParamScheduler(**arguments)
    assert both == (dialect.get_lr(**rate, lr_decay_style="linear"), dialect.get_wd(**wd))


def test_weight_decay_that_grows_in_no_time(megatron):
    wd = {"start_wd": 0.1, "end_wd": 0.2, "wd_incr_steps": 0, "wd_incr_style": "linear"}
    rate = {"init_lr": 0.0, "max_lr": 0.1, "min_lr": 0.0, "lr_warmup_steps": 0, "lr_decay_steps": 9}
    with pytest.raises(ZeroDivisionError):
        live(megatron, 1, **rate, **wd, lr_decay_style="linear")
    assert dialect.get_wd(**wd)(0) == 0.2


def test_both_in_a_torch_optimizer(megatron):
    arguments = {
        "init_lr": 0.0,
        "max_lr": 1e-3,
        "min_lr": 1e-5,
        "lr_warmup_steps": 5,
        "lr_decay_steps": 40,
        "lr_decay_style": "inverse-square-root",
        "start_wd": 0.01,
        "end_wd": 0.1,
        "wd_incr_steps": 30,
        "wd_incr_style": "cosine",
    }
    lrs, wds = live(megatron, 50, **arguments)
    lr, weight_decay = dialect.OptimizerParamScheduler(**arguments)
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, lr, weight_decay=weight_decay)
    (group,) = optimizer.param_groups
    for known in zip(lrs, wds, strict=True):
        assert (group["lr"], group["weight_decay"]) == pytest.approx(known, rel=1e-12)
        optimizer.step()
        scheduler.step()


LR = {"init_lr": 0.0, "max_lr": 0.5, "min_lr": 0.1, "lr_warmup_steps": 10, "lr_decay_steps": 100}


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"lr_decay_style": "constant"}, "linear(0.0, 0.5, 10) >> constant(0.5)"),
        ({"lr_decay_style": "linear"}, "linear(0.0, 0.5, 10) >> linear(0.5, 0.1, 90)"),
        (
            {"lr_decay_style": "inverse-square-root", "min_lr": 0.0},
            "(linear(0.0, 0.5, 10) >> inverse_sqrt(0.5, timescale=10))[:101] >> constant(0.0)",
        ),
        (
            {"lr_decay_style": "WSD", "wsd_decay_steps": 30, "lr_wsd_decay_style": "minus_sqrt"},
            "linear(0.0, 0.5, 10) >> constant(0.5, steps=60) >> one_minus_sqrt(0.5, 0.1, 30)",
        ),
        (
            {"lr_decay_style": "WSD", "wsd_decay_steps": 95, "lr_wsd_decay_style": "cosine"},
            "linear(0.0, 0.5, 10) >> constant(0.5, steps=1) >> cosine(0.5, 0.1, 95)[6:]",
        ),
    ],
)
def test_texts(keywords, text):
    assert repr(dialect.get_lr(**LR | keywords)) == text


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"min_lr": 0.6}, "get_lr: min_lr=0.6: it is above max_lr=0.5"),
        ({"min_lr": -0.1}, "min_lr=-0.1: this is a finite number >= 0"),
        ({"init_lr": 0.6}, "init_lr=0.6: it is above max_lr=0.5"),
        ({"max_lr": math.nan}, "max_lr=nan: a value is a finite number"),
        ({"lr_warmup_steps": 100}, "lr_warmup_steps=100: the warmup is a part of lr_decay_steps=100"),
        ({"lr_warmup_steps": -1}, "lr_warmup_steps=-1: a duration"),
        ({"lr_decay_steps": 0}, "lr_decay_steps=0"),
        ({"lr_decay_steps": True}, "lr_decay_steps=True"),
        ({"lr_decay_style": "wsd"}, "lr_decay_style='wsd': this is 'constant' or 'linear'"),
        ({"lr_decay_style": "WSD"}, 'wsd_decay_steps=None: lr_decay_style="WSD" needs it; pass 10, say'),
        (
            {"lr_decay_style": "WSD", "wsd_decay_steps": 10},
            'lr_wsd_decay_style=None: lr_decay_style="WSD" needs it; pass "exponential", say',
        ),
        ({"lr_wsd_decay_style": "sqrt"}, "lr_wsd_decay_style='sqrt': this is 'exponential' or"),
    ],
)
def test_errors_name_the_argument(keywords, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.get_lr(**LR | {"lr_decay_style": "linear"} | keywords)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.2, 0.1, 9, "linear"), "get_wd: start_wd=0.2: it is above end_wd=0.1"),
        ((0.1, 0.2, 9, "constant"), 'start_wd=0.1: wd_incr_style="constant" stays, and end_wd=0.2'),
        ((-0.1, 0.2, 9, "linear"), "start_wd=-0.1: this is a finite number >= 0"),
        ((0.1, 0.2, -9, "linear"), "wd_incr_steps=-9"),
        ((0.1, 0.2, 9, "sqrt"), "wd_incr_style='sqrt': this is 'constant' or"),
    ],
)
def test_errors_of_the_weight_decay(arguments, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.get_wd(*arguments)
    assert message in str(caught.value)
