# ruff: noqa: ARG001, N802, PLR0917 -- names and arguments are those of DeepSpeed
"""DeepSpeed: the schedulers of its configs by their own names, and the configs themselves.

Each takes the learning rate of the optimizer in place of the optimizer, and gives what update t uses: the engine steps
its scheduler after every update.

>>> from schedules.dialects import deepspeed
>>> params = {"total_num_steps": 10_000, "warmup_max_lr": 3e-4, "warmup_type": "linear"}
>>> deepspeed.from_config({"type": "WarmupDecayLR", "params": params}, lr=1e-3)
constant(0.0, steps=1) >> linear(0.0, 0.0003, 1000) >> linear(0.0003, 0.0, 9000)

Where the peer counts in its own way:

- **A warmup begins twice.** Building the scheduler sets the first update to the minimum, and its first ``step()`` sets
  the second to the minimum again: all that follows is a step late (deepspeedai/DeepSpeed#5731).
- **The usual warmup is a logarithm**, ``log(t)/log(W)``, which is at 0.7 of the way after an eighth of 1,000 steps. Ask
  for ``warmup_type="linear"``.
- **No warmup is shorter than two steps** (deepspeedai/DeepSpeed#771).
- **The cosine is a step ahead of its warmup**: where the others stay at the peak for a step, it has begun to fall.
- **`warmup_min_ratio` begins at the second update**; the first is at 0 (deepspeedai/DeepSpeed#5287).
- **The momentum of one cycle begins low**: the first update has the lowest, where the second is next to the highest.

Groups of parameters with values of their own have schedules of their own.

Source: ``deepspeed.runtime.lr_schedules`` of DeepSpeed 0.19.8.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

from ..algebra.checks import Amount, Count, Switch, Value, Whole, choice, refusal
from ..algebra.named import checked
from ..algebra.nodes import Schedule, Time, lift
from ..library.combinators import reverse
from ..library.curves import constant, cosine, inverse_time, linear
from . import torch

__all__ = [
    "LRRangeTest",
    "OneCycle",
    "OneCycleMomentum",
    "WarmupCosineLR",
    "WarmupDecayLR",
    "WarmupLR",
    "from_config",
]

_Rise = Annotated[str, choice("log", "linear")]


# -- warmups ---------------------------------------------------------------------------------------------


@checked
def WarmupLR(
    lr: Value,
    warmup_min_lr: Value = 0.0,
    warmup_max_lr: Value | None = None,
    warmup_num_steps: Count = 1000,
    warmup_type: _Rise = "log",
) -> Schedule:
    """``s(t) = min + (max - min) * log(t)/log(W)`` from 1 to W = `warmup_num_steps`, and `max` from there on.

    Linear it is ``min + (max - min) * (t - 1)/W``, up to ``t = W + 1``. The first update has the minimum.

    Args:
        lr: the learning rate of the optimizer, and the maximum if there is no other.
        warmup_min_lr: the learning rate at first.
        warmup_max_lr: the learning rate after the warmup.
        warmup_num_steps: the length of the warmup in steps; 1 is 2.
        warmup_type: ``"log"`` or ``"linear"``.

    Raises:
        ScheduleError: the length is no whole number above zero, or the type is another.

    Source: ``WarmupLR`` of DeepSpeed.

    >>> WarmupLR(0.1, warmup_num_steps=100, warmup_type="linear")
    constant(0.0, steps=1) >> linear(0.0, 0.1, 100) >> constant(0.1)
    """
    peak = lr if warmup_max_lr is None else warmup_max_lr
    return _rise(warmup_min_lr, warmup_min_lr, peak, warmup_num_steps, warmup_type) >> constant(peak)


@checked
def WarmupDecayLR(
    lr: Value,
    total_num_steps: Whole,
    warmup_min_lr: Value = 0.0,
    warmup_max_lr: Value = 0.001,
    warmup_num_steps: Count = 1000,
    warmup_type: _Rise = "log",
) -> Schedule:
    """`WarmupLR`, then ``linear(max, min, total_num_steps - W)``; the minimum at once if that is no step.

    Args:
        lr: the learning rate of the optimizer, which the peer does not use.
        total_num_steps: the length of the whole in steps, the warmup included; its last step comes one step later.
        warmup_min_lr: the learning rate at first, and at the end.
        warmup_max_lr: the learning rate after the warmup.
        warmup_num_steps: the length of the warmup in steps; 1 is 2.
        warmup_type: ``"log"`` or ``"linear"``.

    Raises:
        ScheduleError: a length is no whole number, or the type is another.

    Source: ``WarmupDecayLR`` of DeepSpeed.

    >>> WarmupDecayLR(0.1, 1_000, warmup_max_lr=0.1, warmup_num_steps=100, warmup_type="linear")
    constant(0.0, steps=1) >> linear(0.0, 0.1, 100) >> linear(0.1, 0.0, 900)
    """
    decay = max(total_num_steps - _least(warmup_num_steps), 0)
    rise = _rise(warmup_min_lr, warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type)
    return rise >> linear(warmup_max_lr, warmup_min_lr, decay)


@checked
def WarmupCosineLR(
    lr: Value,
    total_num_steps: Whole,
    warmup_min_ratio: Value = 0.0,
    warmup_num_steps: Count = 1000,
    cos_min_ratio: Amount = 0.0001,
    warmup_type: _Rise = "log",
) -> Schedule:
    """A warmup as of `WarmupLR`, then ``cosine(lr, lr * cos_min_ratio, total_num_steps - W)[1:]``.

    Args:
        lr: the learning rate of the optimizer: the peak.
        total_num_steps: the length of the whole in steps, the warmup included.
        warmup_min_ratio: the part of it at which the warmup begins, but for the first update, which has 0.
        warmup_num_steps: the length W of the warmup in steps; 1 is 2.
        cos_min_ratio: the part of it that is left at the end.
        warmup_type: ``"log"`` or ``"linear"``.

    Raises:
        ScheduleError: a length is no whole number, the last ratio is negative, or the type is another.

    Source: ``WarmupCosineLR`` of DeepSpeed.

    >>> WarmupCosineLR(0.1, 1_000, warmup_num_steps=100, cos_min_ratio=0.0, warmup_type="linear")
    constant(0.0, steps=1) >> linear(0.0, 0.1, 100) >> cosine(0.1, 0.0, 900)[1:]
    """
    decay = max(total_num_steps - _least(warmup_num_steps), 1)
    rise = _rise(0.0, lr * warmup_min_ratio, lr, warmup_num_steps, warmup_type)
    return rise >> cosine(lr, lr * cos_min_ratio, decay)[1:]


# -- tests and cycles ------------------------------------------------------------------------------------


@checked
def LRRangeTest(
    lr: Value,
    lr_range_test_min_lr: Value = 1e-3,
    lr_range_test_step_size: Count = 2000,
    lr_range_test_step_rate: Value = 1.0,
    lr_range_test_staircase: Switch = False,
) -> Schedule:
    """``s(t) = min * (1 + rate * t/size)``, endless: a test of how large a learning rate may be.

    Args:
        lr: the learning rate of the optimizer, which the peer does not use.
        lr_range_test_min_lr: the learning rate to begin with.
        lr_range_test_step_size: the steps in which it grows by `lr_range_test_step_rate`.
        lr_range_test_step_rate: by what part of the first it grows in these.
        lr_range_test_staircase: let it grow all at once, after each of these.

    Raises:
        ScheduleError: the size is no whole number above zero.

    Source: ``LRRangeTest`` of DeepSpeed.

    >>> LRRangeTest(0.1, 1e-3, 100)([0, 50, 100])
    array([0.001 , 0.0015, 0.002 ])
    """
    size = lr_range_test_step_size
    count = Time() // size if lr_range_test_staircase else Time() / size
    return lr_range_test_min_lr * (1 + lr_range_test_step_rate * count)


@checked
def OneCycle(
    lr: Value,
    cycle_min_lr: Value,
    cycle_max_lr: Value,
    decay_lr_rate: Amount = 0.0,
    cycle_first_step_size: Count = 2000,
    cycle_second_step_size: Whole | None = None,
    cycle_first_stair_count: Whole = 0,
    cycle_second_stair_count: Whole | None = None,
    decay_step_size: Amount = 0,
    cycle_momentum: Switch = True,
    cycle_min_mom: Value = 0.8,
    cycle_max_mom: Value = 0.9,
    decay_mom_rate: Value = 0.0,
) -> Schedule:
    """``linear(min, max, a) >> linear(max, min, b) >> inverse_time(min, decay_lr_rate, every=decay_step_size)``.

    Args:
        lr: the learning rate of the optimizer, which the peer does not use.
        cycle_min_lr: the learning rate at the ends of the cycle.
        cycle_max_lr: the learning rate at its peak.
        decay_lr_rate: how fast it falls after the cycle; 0 for not at all.
        cycle_first_step_size: the steps `a` of the rise.
        cycle_second_step_size: the steps `b` of the fall; None for as many.
        cycle_first_stair_count: in how many stairs it rises; 0 for every step.
        cycle_second_stair_count: in how many it falls; None for as many.
        decay_step_size: the steps that `decay_lr_rate` counts; 0 for no decay.
        cycle_momentum: whether `OneCycleMomentum` acts as well.
        cycle_min_mom: its lowest momentum.
        cycle_max_mom: its highest.
        decay_mom_rate: how fast it rises after the cycle.

    Raises:
        ScheduleError: a length is no whole number of steps, or a decay is negative.

    Source: ``OneCycle`` of DeepSpeed.

    >>> OneCycle(0.1, 0.0001, 0.01, 0.5, 100, decay_step_size=10)
    linear(0.0001, 0.01, 100) >> linear(0.01, 0.0001, 100) >> inverse_time(0.0001, 0.5, every=10)
    """
    steps = cycle_first_step_size, cycle_second_step_size
    cycle = _cycle(cycle_min_lr, cycle_max_lr, *steps, cycle_first_stair_count, cycle_second_stair_count)
    decays = decay_lr_rate > 0 and decay_step_size > 0
    return cycle >> (
        inverse_time(cycle_min_lr, decay_lr_rate, every=decay_step_size) if decays else constant(cycle_min_lr)
    )


@checked
def OneCycleMomentum(
    cycle_first_step_size: Count = 2000,
    cycle_second_step_size: Whole | None = None,
    cycle_first_stair_count: Whole = 0,
    cycle_second_stair_count: Whole | None = None,
    decay_step_size: Amount = 0,
    cycle_min_mom: Value = 0.8,
    cycle_max_mom: Value = 0.9,
    decay_mom_rate: Value = 0.0,
) -> Schedule:
    """``linear(max, min, a) >> linear(min, max, b) >> max * (1 + decay_mom_rate * t/decay_step_size)`` but at 0.

    The momentum, the first of the ``betas``, that `OneCycle` sets: against the learning rate. The first update has the
    minimum.

    Args:
        cycle_first_step_size: the steps `a` of the fall.
        cycle_second_step_size: the steps `b` of the rise; None for as many.
        cycle_first_stair_count: in how many stairs it falls; 0 for every step.
        cycle_second_stair_count: in how many it rises; None for as many.
        decay_step_size: the steps that `decay_mom_rate` counts; 0 for no change after the cycle.
        cycle_min_mom: the momentum at the peak of the cycle.
        cycle_max_mom: the momentum at its ends.
        decay_mom_rate: how fast it rises after the cycle.

    Raises:
        ScheduleError: a length is no whole number of steps, or `decay_step_size` is negative.

    Source: ``OneCycle`` of DeepSpeed.

    >>> OneCycleMomentum(100)
    constant(0.8, steps=1) >> (linear(0.9, 0.8, 100) >> linear(0.8, 0.9, 100))[1:] >> constant(0.9)
    """
    steps = cycle_first_step_size, cycle_second_step_size
    cycle = _cycle(cycle_max_mom, cycle_min_mom, *steps, cycle_first_stair_count, cycle_second_stair_count)
    grows = decay_mom_rate != 0 and decay_step_size > 0
    after = cycle_max_mom * (1 + decay_mom_rate * (Time() / decay_step_size)) if grows else constant(cycle_max_mom)
    return constant(cycle_min_mom, steps=1) >> cycle[1:] >> after


# -- configs ---------------------------------------------------------------------------------------------


def from_config(config: Mapping[str, Any], lr: float) -> Schedule:
    """The schedule of the section ``"scheduler"`` of a config: ``{"type": "WarmupLR", "params": {...}}``.

    As there, a type that is none of these is one of PyTorch (`schedules.dialects.torch`).

    Args:
        config: the section, of a type and its params.
        lr: the learning rate of the optimizer.

    Raises:
        ScheduleError: the type is unknown, or a param is wrong; ``"auto"`` is for Transformers to fill in.

    Source: ``_scheduler_from_config`` of DeepSpeed's engine.

    >>> from_config({"type": "WarmupLR", "params": {"warmup_num_steps": 10, "warmup_type": "linear"}}, lr=0.1)
    constant(0.0, steps=1) >> linear(0.0, 0.1, 10) >> constant(0.1)
    """
    kind: Any = config.get("type")
    if kind not in _SCHEDULERS and kind not in torch.__all__:
        raise refusal("from_config", "type", kind, f"this is one of {', '.join(_SCHEDULERS)}, or of PyTorch's")
    make = cast("Callable[..., Schedule]", _SCHEDULERS.get(kind) or getattr(torch, kind))
    params = dict(config.get("params") or {})
    known = inspect.signature(make).parameters
    for name, value in params.items():
        if name not in known or name == "lr":
            wanted = ", ".join(list(known)[1:])
            raise refusal("from_config", name, value, f"{kind} has no such param; it has {wanted}")
    return make(lr, **params)


_SCHEDULERS = {make.__name__: make for make in (WarmupLR, WarmupDecayLR, WarmupCosineLR, LRRangeTest, OneCycle)}


# -- what they share -------------------------------------------------------------------------------------


def _least(steps: int) -> int:
    return max(steps, 2)


def _rise(first: float, low: float, high: float, steps: int, kind: str) -> Schedule:
    """The update that building makes, and a warmup of so many steps, which is `high` after the last of them."""
    steps = _least(steps)
    if kind == "linear":
        ramp = linear(low, high, steps)
    else:
        ramp = (low + (high - low) * (lift("log1p", Time()) / math.log(steps)))[: steps - 1] >> constant(high, steps=1)
    return constant(first, steps=1) >> ramp


def _cycle(
    start: float, turn: float, first: int, second: int | None, up_stairs: int, down_stairs: int | None
) -> Schedule:
    """From `start` to `turn` and back."""
    back = first if second is None else second
    stairs = up_stairs if down_stairs is None else down_stairs
    down = reverse(_stairs(start, turn, back, stairs)) if stairs and back else linear(turn, start, back)
    return (_stairs(start, turn, first, up_stairs) if up_stairs else linear(start, turn, first)) >> down


def _stairs(start: float, end: float, steps: int, count: int) -> Schedule:
    """So many stairs, of whole steps each."""
    return (start + (end - start) * (Time() * count // steps / count))[:steps]
