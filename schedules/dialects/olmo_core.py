# ruff: noqa: N802 -- the functions have the names of the peer's classes
"""OLMo-core: its registered schedulers by their own names.

Each takes the learning rate and the total first, where the peer reads them off its optimizer and its trainer, then the
peer's own arguments by name. t counts what the total counts: steps, or tokens with ``units="tokens"``.

>>> from schedules.dialects import olmo_core
>>> olmo_core.CosWithWarmup(4e-4, 10_000, warmup=2_000)
linear(0.0, 0.0004, 2000) >> cosine(0.0004, 4e-05, 8000)

Where the peer counts in its own way:

- **Fractions of the total are rounded**, a half to the even number.
- **A warmup that is too long comes first**: what follows has begun by then, and jumps in.
- **`WSDS` gives the step between two periods to the earlier one**, which has its lowest learning rate there; the first
  period is shorter by the warmup.
- **`HalfCosWithWarmup` rises to the middle**, ``(lr + lr * alpha_f)/2``.
- **`SequentialScheduler` gives the step between two schedulers to the earlier one**, and the next begins at its step 1.
- **Without a warmup** the peer divides by zero at step 0, or at the end without a decay; here they are none.

A ``t_max`` of a scheduler's own takes the place of the total; `CosWithWarmupAndLinearDecay` has both. Beyond the total
these schedules hold.

Source: ``olmo_core.optim.scheduler`` of OLMo-core 3.0.0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from ..algebra.checks import (
    Amount,
    Count,
    Counts,
    Positive,
    Share,
    Value,
    Values,
    Whole,
    accept,
    choice,
    demand,
    refusal,
)
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import join
from ..library.curves import constant, cosine, exponential, inverse_sqrt, linear
from ..library.recipes import power
from . import torch

__all__ = [
    "WSD",
    "WSDS",
    "ComposableScheduler",
    "ComposableSchedulerStage",
    "ConstantScheduler",
    "ConstantWithWarmup",
    "CosWithWarmup",
    "CosWithWarmupAndLinearDecay",
    "ExponentialScheduler",
    "HalfCosWithWarmup",
    "InvSqrtWithWarmup",
    "LinearWithWarmup",
    "OverrideDecay",
    "PowerLR",
    "SequentialScheduler",
]

Scheduler: TypeAlias = Callable[[float, int], Schedule]
"""A function of this module, with all its arguments but the first two."""


_Shape = Annotated[str, choice("linear", "cosine")]


# -- a warmup, and what follows ----------------------------------------------------------------------------


@checked
def ConstantScheduler(lr: Value, t_max: Whole) -> Schedule:  # noqa: ARG001 -- all of them have a total
    """``constant(lr)``.

    Args:
        lr: the learning rate.
        t_max: the total, which is not used.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``ConstantScheduler`` of OLMo-core.

    >>> ConstantScheduler(0.1, 100)
    constant(0.1)
    """
    return constant(lr)


@checked
def ConstantWithWarmup(
    lr: Value,
    t_max: Whole,
    *,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    warmup_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, warmup) >> constant(lr)``.

    Args:
        lr: the learning rate after the warmup.
        t_max: the total.
        warmup: the length of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        warmup_min_lr: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range, or not one of `warmup` and `warmup_fraction` is given.

    Source: ``ConstantWithWarmup`` of OLMo-core.

    >>> ConstantWithWarmup(0.1, 100, warmup_fraction=0.1)
    linear(0.0, 0.1, 10) >> constant(0.1)
    """
    return _rise("ConstantWithWarmup", warmup_min_lr, lr, (warmup, warmup_fraction), t_max) >> constant(lr)


@checked
def WSD(
    lr: Value,
    t_max: Whole,
    *,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    decay: Whole | None = None,
    decay_fraction: Share | None = 0.1,
    warmup_min_lr: Amount = 0.0,
    decay_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, warmup) >> constant(lr) >> linear(lr, decay_min_lr, decay)``, as long as the total.

    Args:
        lr: the learning rate of the stable phase.
        t_max: the total.
        warmup: the length of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        decay: the length of the decay; with it, ``decay_fraction=None``.
        decay_fraction: its length as a part of the total.
        warmup_min_lr: the learning rate to begin with.
        decay_min_lr: the learning rate to end with.

    Raises:
        ScheduleError: a number is out of its range, or not one of a length and its fraction is given.

    Source: ``WSD`` of OLMo-core.

    >>> WSD(0.1, 100, warmup=10)
    linear(0.0, 0.1, 10) >> constant(0.1, steps=80) >> linear(0.1, 0.0, 10)
    """
    rise = _rise("WSD", warmup_min_lr, lr, (warmup, warmup_fraction), t_max)
    fall = linear(lr, decay_min_lr, _length("WSD", "decay", decay, decay_fraction, t_max))
    return _ending(rise, constant(lr, steps=t_max), fall, t_max)


@checked
def PowerLR(
    lr: Value,
    t_max: Whole,
    *,
    b: Value = -0.51,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    warmup_min_lr: Amount = 0.0,
    decay: Whole | None = None,
    decay_fraction: Share | None = 0.1,
    decay_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, W) >> power(lr, -b, timescale=W) >> linear(..., decay_min_lr, decay)``.

    Args:
        lr: the learning rate at the end of the warmup.
        t_max: the total.
        b: the exponent, below zero.
        warmup: the length W of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        warmup_min_lr: the learning rate to begin with.
        decay: the length of the decay; with it, ``decay_fraction=None``.
        decay_fraction: its length as a part of the total.
        decay_min_lr: the learning rate to end with.

    Raises:
        ScheduleError: a number is out of its range, the exponent is not below zero, or not one of a length and its
            fraction is given; there is no warmup, or no room before the decay (where the peer divides by zero).

    Source: ``PowerLR`` of OLMo-core.

    >>> PowerLR(0.1, 1_000, warmup=100)
    linear(0.0, 0.1, 100) >> power(0.1, 0.51, timescale=100)[:800] >> linear(0.0326..., 0.0, 100)
    """
    demand(b < 0, "PowerLR", "b", b, "it is below zero, so that the learning rate falls")
    rise = _rise("PowerLR", warmup_min_lr, lr, (warmup, warmup_fraction), t_max)
    steps, down = rise.steps, _length("PowerLR", "decay", decay, decay_fraction, t_max)
    demand(steps > 0, "PowerLR", "warmup", steps, "the peer divides by it; use one step")
    demand(down < t_max, "PowerLR", "decay", down, f"it leaves nothing of t_max={t_max!r}; shorten it")
    at = lr * ((t_max - down) / steps) ** b
    return _ending(rise, power(lr, -b, timescale=steps), linear(at, decay_min_lr, down), t_max)


@checked
def LinearWithWarmup(
    lr: Value,
    t_max: Whole,
    *,
    alpha_f: Amount = 0.1,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    warmup_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, warmup) >> linear(lr, lr * alpha_f, t_max - warmup)``.

    Args:
        lr: the learning rate at the end of the warmup.
        t_max: the total.
        alpha_f: the last learning rate as a part of it.
        warmup: the length of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        warmup_min_lr: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range, or not one of `warmup` and `warmup_fraction` is given.

    Source: ``LinearWithWarmup`` of OLMo-core.

    >>> LinearWithWarmup(0.1, 100, warmup=10, alpha_f=0.0)
    linear(0.0, 0.1, 10) >> linear(0.1, 0.0, 90)
    """
    rise = _rise("LinearWithWarmup", warmup_min_lr, lr, (warmup, warmup_fraction), t_max)
    return rise >> linear(lr, lr * alpha_f, max(t_max - rise.steps, 0))


@checked
def InvSqrtWithWarmup(
    lr: Value,
    t_max: Whole,
    *,
    alpha_f: Amount = 0.1,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    warmup_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, W) >> e + (lr - e) * inverse_sqrt(1, timescale=W)`` for e = lr * `alpha_f`.

    Args:
        lr: the learning rate at the end of the warmup.
        t_max: the total.
        alpha_f: what it tends to, as a part of it.
        warmup: the length W of the warmup; this, or `warmup_fraction`. Without any it is e at once.
        warmup_fraction: its length as a part of the total.
        warmup_min_lr: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range, or not one of `warmup` and `warmup_fraction` is given.

    Source: ``InvSqrtWithWarmup`` of OLMo-core.

    >>> InvSqrtWithWarmup(0.1, 100, warmup=10, alpha_f=0.0)
    linear(0.0, 0.1, 10) >> inverse_sqrt(0.1, timescale=10)
    """
    rise, low = _rise("InvSqrtWithWarmup", warmup_min_lr, lr, (warmup, warmup_fraction), t_max), lr * alpha_f
    return rise >> (low + inverse_sqrt(lr - low, timescale=rise.steps)) if rise.steps else constant(low)


@checked
def CosWithWarmup(
    lr: Value,
    t_max: Whole,
    *,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    alpha_f: Amount = 0.1,
    warmup_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, warmup) >> cosine(lr, lr * alpha_f, t_max - warmup)``.

    Args:
        lr: the learning rate at the end of the warmup.
        t_max: the total.
        warmup: the length of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        alpha_f: the last learning rate as a part of it.
        warmup_min_lr: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range, or not one of `warmup` and `warmup_fraction` is given.

    Source: ``CosWithWarmup`` of OLMo-core.

    >>> CosWithWarmup(0.1, 100, warmup=10, alpha_f=0.0)
    linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)
    """
    rise = _rise("CosWithWarmup", warmup_min_lr, lr, (warmup, warmup_fraction), t_max)
    return rise >> cosine(lr, lr * alpha_f, max(t_max - rise.steps, 0))


@checked
def HalfCosWithWarmup(
    lr: Value,
    t_max: Whole,
    *,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    alpha_f: Amount = 0.1,
    warmup_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, (lr + e)/2, W) >> cosine(lr, e, 2 * (t_max - W))[t_max - W:]`` for e = lr * `alpha_f`.

    Args:
        lr: the learning rate of the whole cosine.
        t_max: the total.
        warmup: the length W of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        alpha_f: the last learning rate as a part of the first.
        warmup_min_lr: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range, or not one of `warmup` and `warmup_fraction` is given.

    Source: ``HalfCosWithWarmup`` of OLMo-core.

    >>> HalfCosWithWarmup(0.1, 100, warmup=10, alpha_f=0.0)
    linear(0.0, 0.05, 10) >> cosine(0.1, 0.0, 180)[90:]
    """
    low = lr * alpha_f
    rise = _rise("HalfCosWithWarmup", warmup_min_lr, low + (lr - low) / 2, (warmup, warmup_fraction), t_max)
    left = max(t_max - rise.steps, 0)
    return rise >> cosine(lr, low, 2 * left)[left:]


@checked
def CosWithWarmupAndLinearDecay(
    lr: Value,
    t_max: Whole,
    *,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    alpha_f: Amount = 0.1,
    warmup_min_lr: Amount = 0.0,
    decay: Whole | None = None,
    decay_fraction: Share | None = 0.1,
    decay_min_lr: Amount = 0.0,
    cosine_t_max: Whole | None = None,
) -> Schedule:
    """``s[:t_max - decay] >> linear(s(t_max - decay), decay_min_lr, decay)`` for the `CosWithWarmup` s.

    Args:
        lr: the learning rate at the end of the warmup.
        t_max: the total.
        warmup: the length of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the total.
        alpha_f: where the cosine would end, as a part of `lr`.
        warmup_min_lr: the learning rate to begin with.
        decay: the length of the decay; with it, ``decay_fraction=None``.
        decay_fraction: its length as a part of the total.
        decay_min_lr: the learning rate to end with.
        cosine_t_max: the total of s, which is the peer's ``t_max`` of the scheduler's own; None for the same. The
            decay ends at the trainer's.

    Raises:
        ScheduleError: a number is out of its range, the decay is longer than the total, or not one of a length and its
            fraction is given.

    Source: ``CosWithWarmupAndLinearDecay`` of OLMo-core.

    >>> CosWithWarmupAndLinearDecay(0.1, 100, warmup=0, alpha_f=0.0, decay=50, decay_fraction=None)
    cosine(0.1, 0.0, 100)[:50] >> linear(0.0500..., 0.0, 50)
    """
    name = "CosWithWarmupAndLinearDecay"
    down = _length(name, "decay", decay, decay_fraction, t_max)
    demand(down <= t_max, name, "decay", down, f"it is longer than t_max={t_max!r}")
    warmups: dict[str, Any] = {"warmup": warmup, "warmup_fraction": warmup_fraction, "warmup_min_lr": warmup_min_lr}
    s = CosWithWarmup(lr, t_max if cosine_t_max is None else cosine_t_max, alpha_f=alpha_f, **warmups)
    return torch.cut(s >> constant(s(s.steps)), t_max - down) >> linear(s(t_max - down), decay_min_lr, down)


@checked
def WSDS(
    lr: Value,
    t_max: Whole,  # noqa: ARG001 -- all of them have a total
    *,
    period_lengths: Counts,
    period_lr_multipliers: Values | None = None,
    warmup: Whole | None = None,
    warmup_fraction: Share | None = None,
    decay: Whole | None = None,
    decay_fraction: Share | None = None,
    warmup_min_lr: Amount = 0.0,
    decay_min_lr: Amount = 0.0,
) -> Schedule:
    """``linear(warmup_min_lr, lr, W) >> (constant(lr) >> linear(lr, decay_min_lr, D)) >> ...``, a pair for each period.

    Args:
        lr: the learning rate of the stable phases.
        t_max: the total, which is not used.
        period_lengths: the lengths of the periods, of which the first includes the warmup.
        period_lr_multipliers: what multiplies the learning rate of each.
        warmup: the length W of the warmup; this, or `warmup_fraction`.
        warmup_fraction: its length as a part of the first period.
        decay: the length D of each decay; this, or `decay_fraction`.
        decay_fraction: its length as a part of each period.
        warmup_min_lr: the learning rate to begin with.
        decay_min_lr: the learning rate at the end of each period.

    Raises:
        ScheduleError: a number is out of its range, not one of a length and its fraction is given, or a warmup and a
            decay do not fit into their period.

    Source: ``WSDS`` of OLMo-core, of Wen et al. 2024 (arXiv:2410.05192).

    >>> WSDS(0.1, 200, period_lengths=[100, 100], warmup=10, decay=20)
    linear(0.0, 0.1, 10) >> constant(0.1, steps=70) >> linear(0.1, 0.0, 20) >> constant(0.0, steps=1) >>
    constant(0.1, steps=79) >> linear(0.1, 0.0, 20)
    """
    count = len(period_lengths)
    factors = period_lr_multipliers or (1.0,) * count
    wanted = f"{count} periods have {count} of them"
    demand(len(factors) == count, "WSDS", "period_lr_multipliers", period_lr_multipliers, wanted)
    rise = _rise("WSDS", warmup_min_lr, lr * factors[0], (warmup, warmup_fraction), period_lengths[0])
    parts = [rise]
    for place, (length, factor) in enumerate(zip(period_lengths, factors, strict=True)):
        fall = _length("WSDS", "decay", decay, decay_fraction, length)
        stable = length - fall - (0 if place else int(rise.steps))
        demand(stable >= 0, "WSDS", "decay", fall, f"it does not fit into a period of {length}, warmup included")
        decline = linear(lr * factor, decay_min_lr, fall)
        if not place:
            parts += [constant(lr * factor, steps=stable), decline]
        elif stable:
            parts += [constant(decay_min_lr, steps=1), constant(lr * factor, steps=stable - 1), decline]
        else:
            parts += [constant(decay_min_lr, steps=1), decline[1:]]
    return join(*parts)


@checked
def ExponentialScheduler(lr: Positive, t_max: Whole, *, lr_min: Positive = 1e-9) -> Schedule:
    """``exponential(lr_min, lr, t_max)``: a sweep up.

    Args:
        lr: the learning rate at the end.
        t_max: the total.
        lr_min: the learning rate to begin with.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``ExponentialScheduler`` of OLMo-core.

    >>> ExponentialScheduler(0.1, 100, lr_min=1e-5)
    exponential(1e-05, 0.1, 100)
    """
    return exponential(lr_min, lr, t_max)


# -- of many -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OverrideDecay:
    """A decay that takes the place of a schedule from `start` on, from the learning rate that is there."""

    start: int
    duration: int
    shape: Literal["linear", "cosine"] = "linear"
    end_lr: float | None = None
    """The last learning rate; this, or `end_lr_fraction`."""
    end_lr_fraction: float | None = None
    """The last learning rate as a part of the optimizer's."""

    def over(self, s: Schedule, lr: float) -> Schedule:
        """``s[:start] >> shape(s(start), end_lr, duration)``."""
        start: int = accept(Whole, "OverrideDecay", "start", self.start)
        steps = _duration("OverrideDecay", self.duration)
        end = _level("OverrideDecay", "end_lr", lr, self.end_lr, self.end_lr_fraction)
        if end is None:
            raise refusal("OverrideDecay", "end_lr", None, "give this, or end_lr_fraction")
        return s[:start] >> _curve("OverrideDecay", self.shape)(s(start), end, steps)


@dataclass(frozen=True)
class ComposableSchedulerStage:
    """A stage of a `ComposableScheduler`, a line or a cosine, from the end of the one before it if no start is said."""

    duration: int
    shape: Literal["linear", "cosine"] = "linear"
    start_lr: float | None = None
    start_lr_fraction: float | None = None
    """The first learning rate as a part of the optimizer's."""
    end_lr: float | None = None
    """The last learning rate; this, or `end_lr_fraction`."""
    end_lr_fraction: float | None = None
    """The last learning rate as a part of the optimizer's."""

    def levels(self, lr: float, before: float) -> tuple[float, float]:
        """The first and the last learning rate, after what was there before."""
        name = "ComposableSchedulerStage"
        start = _level(name, "start_lr", lr, self.start_lr, self.start_lr_fraction)
        end = _level(name, "end_lr", lr, self.end_lr, self.end_lr_fraction)
        if end is None:
            raise refusal(name, "end_lr", None, "give this, or end_lr_fraction")
        return before if start is None else start, end


def ComposableScheduler(
    lr: float, t_max: int, *, stages: Sequence[ComposableSchedulerStage], override_decay: OverrideDecay | None = None
) -> Schedule:
    """``shape(start, end, duration) >> ...``: stage after stage; then the last end, or an `OverrideDecay`.

    Args:
        lr: the learning rate of the optimizer.
        t_max: the total, which is not used.
        stages: the stages.
        override_decay: a decay that takes their place.

    Raises:
        ScheduleError: there is no stage, a number of one is out of its range, or it lacks its end.

    Source: ``ComposableScheduler`` of OLMo-core.

    >>> stages = [ComposableSchedulerStage(10, start_lr=0.0, end_lr_fraction=1.0)]
    >>> stages += [ComposableSchedulerStage(90, "cosine", end_lr_fraction=0.0)]
    >>> ComposableScheduler(0.1, 100, stages=stages)
    linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)
    """
    name = "ComposableScheduler"
    level = accept(Value, name, "lr", lr)
    accept(Whole, name, "t_max", t_max)
    demand(len(stages) > 0, name, "stages", stages, "this is a list of one stage or more")
    parts: list[Schedule] = []
    for stage in stages:
        start, level = stage.levels(lr, level)
        parts.append(_curve(name, stage.shape)(start, level, _duration("ComposableSchedulerStage", stage.duration)))
    s = join(*parts)
    return override_decay.over(s, lr) if override_decay else s


def SequentialScheduler(
    lr: float,
    t_max: int,
    *,
    schedulers: Sequence[Scheduler],
    schedulers_max: Sequence[int],
    override_decay: OverrideDecay | None = None,
) -> Schedule:
    """One after the other, each from the last learning rate of the one before: ``a[:n + 1] >> b[1:]`` for a and b.

    Args:
        lr: the learning rate of the optimizer.
        t_max: the total.
        schedulers: functions of this module, all their arguments but the first two given:
            ``partial(WSD, warmup=10)``.
        schedulers_max: how long each runs, but for the last.
        override_decay: a decay that takes their place.

    Raises:
        ScheduleError: there are not as many lengths as schedulers, but for the last; or a scheduler's own.

    Source: ``SequentialScheduler`` of OLMo-core.

    >>> from functools import partial
    >>> warmup, decay = partial(ConstantWithWarmup, warmup=10), partial(LinearWithWarmup, warmup=0, alpha_f=0.0)
    >>> SequentialScheduler(0.1, 110, schedulers=[warmup, decay], schedulers_max=[10])([5, 10, 60, 110])
    array([0.05, 0.1 , 0.05, 0.  ])
    """
    name = "SequentialScheduler"
    level: float = accept(Value, name, "lr", lr)
    left: int = accept(Count, name, "t_max", t_max)
    demand(len(schedulers) > 0, name, "schedulers", schedulers, "this is a list of one function or more")
    lengths: list[int] = [accept(Count, name, "schedulers_max", steps) for steps in schedulers_max][: len(schedulers)]
    lengths = lengths[:-1] if len(lengths) == len(schedulers) else lengths
    wanted = f"{len(schedulers)} schedulers have {len(schedulers) - 1} of them"
    demand(len(lengths) == len(schedulers) - 1, name, "schedulers_max", schedulers_max, wanted)
    parts: list[Schedule] = []
    for make, steps in zip(schedulers, lengths, strict=False):
        parts.append(make(level, min(left, steps))[1 if parts else 0 : steps + 1])
        level, left = make(level, steps)(steps), left - steps
        demand(left > 0, name, "t_max", t_max, "the schedulers before the last take all of it")
    last = schedulers[-1](level, left)
    s = join(*parts, last[1:]) if parts else last
    return override_decay.over(s, lr) if override_decay else s


# -- what they share -----------------------------------------------------------------------------------------


def _length(function: str, name: str, steps: int | None, fraction: float | None, total: int) -> int:
    """A length that is given as a number or as a fraction of a total."""
    one = (steps is None) != (fraction is None)
    demand(one, function, name, steps, f"give this or {name}_fraction, one of them; the other is None")
    return round(total * (fraction or 0.0)) if steps is None else steps


def _rise(function: str, low: float, high: float, length: tuple[int | None, float | None], total: int) -> Schedule:
    """A warmup, as long as its number or its fraction of a total says."""
    steps = _length(function, "warmup", *length, total)
    demand(not steps or low < high, function, "warmup_min_lr", low, f"it is below the learning rate of {high!r}")
    return linear(low, high, steps)


def _ending(rise: Schedule, middle: Schedule, fall: Schedule, total: int) -> Schedule:
    """A rise, what follows it, and a fall that ends at `total`; what the fall would have of the rise is not seen."""
    begin = int(rise.steps)
    room = total - int(fall.steps) - begin
    if room >= 0:
        return join(rise, torch.cut(middle, room), fall)
    rest = 1 if begin else 0  # of the step at which the rise ends
    return join(rise, constant(rise(begin), steps=rest), fall[rest - room :])


def _curve(function: str, shape: str) -> Callable[[float, float, float], Schedule]:
    return linear if accept(_Shape, function, "shape", shape) == "linear" else cosine


def _duration(function: str, steps: int) -> int:
    return accept(Count, function, "duration", steps)


def _level(function: str, name: str, lr: float, value: float | None, fraction: float | None) -> float | None:
    demand(value is None or fraction is None, function, f"{name}_fraction", fraction, f"give this or {name}, not both")
    if value is not None:
        return accept(Amount, function, name, value)
    return None if fraction is None else lr * accept(Amount, function, f"{name}_fraction", fraction)
