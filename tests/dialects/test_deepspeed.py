"""`schedules.dialects.deepspeed` against the live schedulers of DeepSpeed."""

import logging

import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.adapters.torch import ScheduleLR
from schedules.dialects import deepspeed as dialect
from schedules.dialects import torch as torch_dialect

VERSION = "0.19.8"
BEYOND = 12  # steps past the end


@pytest.fixture(scope="module")
def deepspeed(pytestconfig):
    root = peers.unpacked(pytestconfig, f"deepspeed=={VERSION}")
    (found,) = peers.modules(
        root,
        "deepspeed.runtime.lr_schedules",
        around={
            "deepspeed.utils": {"logger": "deepspeed.utils.logging"},
            "deepspeed.utils.torch": {"required_torch_version": None},
        },
    )
    found.logger.setLevel(logging.ERROR)
    return found


def adam(lr=1.0):
    return torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=lr)


def live(make, steps, lr=1.0):
    """What an optimizer has at each update: its learning rates and its momenta."""
    optimizer = adam(lr)
    scheduler = make(optimizer)
    (group,) = optimizer.param_groups
    found = [(group["lr"], group["betas"][0])]
    for _ in range(steps):
        scheduler.step()
        found.append((group["lr"], group["betas"][0]))
    return map(list, zip(*found, strict=True))


def agree(deepspeed, name, arguments, steps, lr):
    found, _ = live(lambda optimizer: getattr(deepspeed, name)(optimizer, **arguments), steps, lr)
    scale = max(map(abs, (lr, *(value for key, value in arguments.items() if key.endswith("lr") and value))))
    assert_follows(getattr(dialect, name)(lr, **arguments), found, peak=scale)
    assert dialect.from_config({"type": name, "params": arguments}, lr) == getattr(dialect, name)(lr, **arguments)


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-6, 2.0)
lows = st.sampled_from([0.0, 1e-5]) | st.floats(1e-9, 2.0)
warmups = st.sampled_from([1, 2, 3]) | st.integers(1, 50)
totals = st.sampled_from([0, 1, 2, 3]) | st.integers(0, 90)
lengths = st.sampled_from([1, 2, 3]) | st.integers(1, 40)
stairs = st.sampled_from([0, 1, 2]) | st.integers(0, 12)
decays = st.sampled_from([0.0, 1.0]) | st.floats(1e-3, 2.0)

SPACES = {
    "WarmupLR": {"warmup_min_lr": lows, "warmup_max_lr": st.none() | rates},
    "WarmupDecayLR": {"total_num_steps": totals, "warmup_min_lr": lows, "warmup_max_lr": rates},
    "WarmupCosineLR": {
        "total_num_steps": totals,
        "warmup_min_ratio": lows,
        "cos_min_ratio": st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.5),
    },
}


@pytest.mark.parametrize("name", SPACES)
@given(st.data(), rates)
def test_warmups(deepspeed, name, data, lr):
    warmup = {"warmup_num_steps": warmups, "warmup_type": st.sampled_from(["log", "linear"])}
    arguments = data.draw(st.fixed_dictionaries(SPACES[name] | warmup))
    steps = max(arguments["warmup_num_steps"], arguments.get("total_num_steps", 0))
    agree(deepspeed, name, arguments, steps + BEYOND, lr)


RANGE_TEST = {
    "lr_range_test_min_lr": lows,
    "lr_range_test_step_size": lengths,
    "lr_range_test_step_rate": decays,
    "lr_range_test_staircase": st.booleans(),
}


@given(rates, st.fixed_dictionaries(RANGE_TEST))
def test_range_test(deepspeed, lr, arguments):
    steps = 3 * arguments["lr_range_test_step_size"] + BEYOND
    agree(deepspeed, "LRRangeTest", arguments, steps, lr)


@st.composite
def cycles(draw):
    """Arguments of a cycle over their whole space: lengths of one step and none, stairs shorter than a step."""
    arguments = {
        "cycle_first_step_size": draw(lengths),
        "cycle_second_step_size": draw(st.none() | st.just(0) | lengths),
        "cycle_first_stair_count": draw(stairs),
        "cycle_second_stair_count": draw(st.none() | stairs),
        "decay_step_size": draw(st.just(0) | lengths | st.floats(0.5, 9.0)),
    }
    rate = {"cycle_min_lr": draw(lows), "cycle_max_lr": draw(rates), "decay_lr_rate": draw(decays)}
    momentum = {"cycle_min_mom": draw(lows), "cycle_max_mom": draw(rates), "decay_mom_rate": draw(decays)}
    return arguments, rate, momentum


@given(cycles(), st.booleans())
def test_one_cycle(deepspeed, cycle, cycle_momentum):
    arguments, rate, momentum = cycle
    everything = arguments | rate | momentum | {"cycle_momentum": cycle_momentum}
    steps = arguments["cycle_first_step_size"] + (arguments["cycle_second_step_size"] or 40) + BEYOND
    lrs, momenta = live(lambda optimizer: deepspeed.OneCycle(optimizer, **everything), steps)
    s = dialect.OneCycle(1.0, **everything)
    assert_follows(s, lrs, peak=max(rate["cycle_min_lr"], rate["cycle_max_lr"]))
    assert dialect.from_config({"type": "OneCycle", "params": everything}, 1.0) == s
    if cycle_momentum:
        low, high = momentum["cycle_min_mom"], momentum["cycle_max_mom"]
        assert_follows(dialect.OneCycleMomentum(**arguments, **momentum), momenta, peak=max(low, high, *momenta))
    else:
        assert set(momenta) == {0.9}


def test_a_run_of_the_dialect_in_torch(deepspeed):
    """As in the engine, the scheduler is stepped after each update."""
    arguments = {"total_num_steps": 40, "warmup_num_steps": 7, "warmup_type": "linear"}
    found, _ = live(lambda optimizer: deepspeed.WarmupCosineLR(optimizer, **arguments), 50, 0.3)
    optimizer = adam(0.3)
    scheduler = ScheduleLR(optimizer, dialect.WarmupCosineLR(0.3, **arguments))
    own = []
    for _ in found:
        own.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert own == pytest.approx(found, rel=1e-12, abs=1e-13)


def test_configs_name_schedulers_of_torch():
    found = dialect.from_config({"type": "StepLR", "params": {"step_size": 3}}, 0.1)
    assert found == torch_dialect.StepLR(0.1, 3)


def test_there_are_no_further_schedulers(deepspeed):
    classes = {name for name, value in vars(deepspeed).items() if isinstance(value, type) and hasattr(value, "get_lr")}
    assert classes == set(dialect.__all__) - {"OneCycleMomentum", "from_config"}
    assert set(deepspeed.VALID_LR_SCHEDULES) == classes


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("WarmupLR", {"warmup_num_steps": 0}, "warmup_num_steps=0: this is a whole number >= 1"),
        ("WarmupLR", {"warmup_num_steps": 2.5}, "warmup_num_steps=2.5"),
        ("WarmupLR", {"warmup_type": "cosine"}, "warmup_type='cosine': this is 'log' or 'linear'"),
        ("WarmupLR", {"warmup_max_lr": "auto"}, "warmup_max_lr='auto'"),
        ("WarmupDecayLR", {"total_num_steps": -1}, "total_num_steps=-1"),
        ("WarmupDecayLR", {"total_steps": 1}, "total_steps=1: WarmupDecayLR has no such param; it has total_num_steps"),
        ("WarmupCosineLR", {}, "missing a required argument: 'total_num_steps'"),
        ("WarmupCosineLR", {"total_num_steps": 9, "cos_min_ratio": -0.1}, "cos_min_ratio=-0.1"),
        ("LRRangeTest", {"lr_range_test_step_size": 0}, "lr_range_test_step_size=0"),
        ("OneCycle", {"cycle_min_lr": 0.1, "cycle_max_lr": 1.0, "cycle_first_step_size": 0}, "cycle_first_step_size=0"),
        ("OneCycle", {"cycle_min_lr": [0.1], "cycle_max_lr": 1.0}, "cycle_min_lr=[0.1]"),
        ("WarmUpLR", {}, "from_config: type='WarmUpLR': this is one of WarmupLR, WarmupDecayLR"),
        ("WarmupLR", {"lr": 0.1}, "lr=0.1: WarmupLR has no such param"),
    ],
)
def test_errors_name_the_argument(name, arguments, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.from_config({"type": name, "params": arguments}, 0.1)
    assert message in str(caught.value)
