"""MLX: the schedules of ``mlx.optimizers``, and those of the configs of mlx-lm.

Each takes the peer's arguments and gives what the peer computes in float32, here in float64.

>>> from schedules.dialects import mlx
>>> mlx.join_schedules([mlx.linear_schedule(0.0, 0.1, 10), mlx.cosine_decay(0.1, 90)], [10])
linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)

Where the peer counts in its own way:

- **A join asks a schedule beyond its end**: where the boundary is later than the schedule before it, that one holds.
- **The warmup of mlx-lm is joined a step late**, at ``warmup + 1``: the peak is used twice, by the last step of the
  warmup and by the first step of what follows (ml-explore/mlx#2617).

Source: ``mlx.optimizers.schedulers`` of MLX 0.32 and ``mlx_lm.tuner.utils`` of mlx-lm 0.32.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, cast

from ..algebra.checks import Amount, Count, Kind, Milestones, Value, demand, each, refusal
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library import curves
from ..library.combinators import join
from ..library.curves import constant, cosine, linear

__all__ = ["build_schedule", "cosine_decay", "exponential_decay", "join_schedules", "linear_schedule", "step_decay"]


def _schedule(value: Any) -> Schedule:
    if not isinstance(value, Schedule):
        raise TypeError
    return value


_Schedules = Annotated[Sequence[Schedule], Kind("this is a list of one schedule or more", each(_schedule, least=1))]


@checked
def exponential_decay(init: Value, decay_rate: Amount) -> Schedule:
    """``s(t) = init * decay_rate**t``, endless.

    Args:
        init: the value at step 0.
        decay_rate: what multiplies it at every step.

    Raises:
        ScheduleError: the rate is negative, or a number is not finite.

    Source: ``mlx.optimizers.exponential_decay``.

    >>> exponential_decay(0.1, 0.9)
    exponential_decay(0.1, 0.9)
    """
    return curves.exponential_decay(init, decay_rate) if decay_rate else curves.step_decay(init, 0.0, 1)


@checked
def step_decay(init: Value, decay_rate: Value, step_size: Count) -> Schedule:
    """``s(t) = init * decay_rate**floor(t/step_size)``, endless.

    Args:
        init: the value at step 0.
        decay_rate: what multiplies it at each drop.
        step_size: the steps between drops.

    Raises:
        ScheduleError: the size is no whole number above zero.

    Source: ``mlx.optimizers.step_decay``.

    >>> step_decay(0.1, 0.9, 10)
    step_decay(0.1, 0.9, 10)
    """
    return curves.step_decay(init, decay_rate, step_size)


@checked
def cosine_decay(init: Value, decay_steps: Count, end: Value = 0.0) -> Schedule:
    """``cosine(init, end, decay_steps)``.

    Args:
        init: the value at step 0.
        decay_steps: the length of the decay in steps.
        end: the value from there on.

    Raises:
        ScheduleError: the length is no whole number above zero.

    Source: ``mlx.optimizers.cosine_decay``.

    >>> cosine_decay(0.1, 1000)
    cosine(0.1, 0.0, 1000)
    """
    return cosine(init, end, decay_steps)


@checked
def linear_schedule(init: Value, end: Value, steps: Count) -> Schedule:
    """``linear(init, end, steps)``.

    Args:
        init: the value at step 0.
        end: the value from step `steps` on.
        steps: the length in steps.

    Raises:
        ScheduleError: the length is no whole number above zero.

    Source: ``mlx.optimizers.linear_schedule``.

    >>> linear_schedule(0.0, 0.1, 100)
    linear(0.0, 0.1, 100)
    """
    return linear(init, end, steps)


@checked
def join_schedules(schedules: _Schedules, boundaries: Milestones) -> Schedule:
    """``schedules[i](t - boundaries[i - 1])`` for the last boundary that is <= t.

    Args:
        schedules: schedules, each from its own step 0.
        boundaries: the steps at which the second, third, ... begins.

    Raises:
        ScheduleError: there are none, there is not one boundary between each two, or they do not ascend (where the peer
            skips schedules).

    Source: ``mlx.optimizers.join_schedules``.

    >>> join_schedules([constant(0.1), constant(0.01)], [100])
    constant(0.1, steps=100) >> constant(0.01)
    """
    between = len(schedules) - 1
    why = f"{len(schedules)} schedules have {between} boundaries between them"
    demand(len(boundaries) == between, "join_schedules", "boundaries", boundaries, why)
    spans = (end - begin for begin, end in pairwise((0, *boundaries)))
    parts = (_lasting(s, steps) for s, steps in zip(schedules, spans, strict=False))
    return join(*parts, schedules[-1])


def build_schedule(schedule_config: Mapping[str, Any]) -> Schedule:
    """The ``lr_schedule`` of a config of mlx-lm: ``{name: cosine_decay, arguments: [1e-5, 1000], warmup: 100}``.

    Args:
        schedule_config: the `name` of a schedule and its `arguments`, the first of them its learning rate; for how many
            steps to `warmup`, and from which `warmup_init`.

    Raises:
        ScheduleError: a key is missing or unknown, or the schedule is none of these.

    Source: ``mlx_lm.tuner.utils.build_schedule``.

    >>> build_schedule({"name": "cosine_decay", "arguments": [1e-5, 1000], "warmup": 100})
    linear(0.0, 1e-05, 100) >> constant(1e-05, steps=1) >> cosine(1e-05, 0.0, 1000)
    """
    known = ("name", "arguments", "warmup", "warmup_init")
    for key in schedule_config:
        demand(key in known, "build_schedule", "key", key, f"these are {', '.join(known)}")
    name, given = schedule_config.get("name"), schedule_config.get("arguments")
    if name not in _SCHEDULES:
        raise refusal("build_schedule", "name", name, f"this is one of {', '.join(_SCHEDULES)}")
    arguments = list(cast("list[Any]", given)) if isinstance(given, list | tuple) else []
    if not arguments:
        raise refusal("build_schedule", "arguments", arguments, "this is a list that begins with the learning rate")
    s = _SCHEDULES[name](*arguments)
    steps = schedule_config.get("warmup") or 0
    if not steps:
        return s
    rise = linear_schedule(schedule_config.get("warmup_init", 0.0), arguments[0], steps)
    return join_schedules([rise, s], [steps + 1])


_SCHEDULES: dict[str, Callable[..., Schedule]] = {
    make.__name__: make for make in (cosine_decay, exponential_decay, linear_schedule, step_decay)
}


def _lasting(s: Schedule, steps: float) -> Schedule:
    """`s` for so many steps, as one would write it."""
    if s.steps > steps:
        return s[:steps]
    return s >> constant(s(s.steps), steps=steps - s.steps) if s.steps else constant(s(0), steps=steps)
