# ruff: noqa: ARG001, N802, N803, PLR0917 -- names and arguments are those of MMEngine
"""MMEngine: its parameter schedulers by their own names, and the lists of its configs.

Each takes the learning rate of the optimizer in place of the optimizer; t counts what the scheduler is stepped by:
epochs, or iterations with ``by_epoch=False``. A list of configs, chained as the library chains it, is `build`:

>>> from schedules.dialects import mmengine
>>> warmup = dict(type="LinearLR", start_factor=0.001, by_epoch=False, end=500)
>>> decay = dict(type="CosineAnnealingLR", begin=500, end=10_000, by_epoch=False)
>>> mmengine.build(0.1, [warmup, decay])
linear(0.0001, 0.1, 499) >> constant(0.1, steps=1) >> cosine(0.1, 0.0, 9500)[:9499]

Where the peer counts in its own way:

- **The last step is the one before `end`**: ``LinearLR(end=20)`` is there after 19 steps, `ConstantLR` lasts one less
  than it says, and `PolyLR` counts ``end - begin - 1``. From there on the value stays.
- **A cosine stops short**: `T_max` is ``end - begin`` if it is not given, and the last step is one earlier.
- **What begins later starts from the value that is there**, and has it for a step once more. A cosine that goes on
  beyond `T_max` climbs to the learning rate of the optimizer all the same.
- **A `ConstantLR` or `LinearLR` of a single step** multiplies, and never takes it back.
- **`OneCycleLR` and `CosineRestartLR` overwrite the value that is there.** Building a `OneCycleLR` also replaces the
  learning rate from which all that are built after it compute.
- **At the end of an epoch** what is stepped by iterations comes first.

Source: ``mmengine.optim.scheduler`` of MMEngine 0.10.7.
"""

import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, cast

from ..algebra.checks import (
    Amount,
    Count,
    Counts,
    Factor,
    Kind,
    Positive,
    Share,
    Switch,
    ThresholdMode,
    Value,
    Values,
    Whole,
    accept,
    choice,
    demand,
    each,
    integer,
    refusal,
)
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import every, join
from ..library.curves import constant, cosine, linear, polynomial
from ..library.plateau import Plateau
from . import torch

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineRestartLR",
    "ExponentialLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolyLR",
    "ReduceOnPlateauLR",
    "StepLR",
    "build",
]

INF = int(1e9)
"""The end of what never ends."""

_EVER = INF // 2  # steps: what lasts as long as this is not seen to end


_Milestones = Annotated[Sequence[int], Kind("this is a list of whole numbers", each(integer))]
_Strategy = Annotated[str, choice("cos", "linear")]
_Rule = Annotated[str, choice("less", "greater")]


# -- what multiplies the value that is there -----------------------------------------------------------------


@checked
def ConstantLR(
    lr: Value, factor: Share = 1 / 3, begin: Whole = 0, end: Count = INF, by_epoch: Switch = True
) -> Schedule:
    """``constant(lr * factor, steps=end - begin - 1) >> constant(lr)`` from `begin` on.

    A single step is for ever.

    Args:
        lr: the learning rate of the optimizer.
        factor: what multiplies it, from 0 to 1.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, or the factor is not in [0, 1], or 0 (by which the peer divides).

    Source: ``mmengine.optim.ConstantLR``.

    >>> ConstantLR(0.1, 0.5, end=5)
    constant(0.05, steps=4) >> constant(0.1)
    """
    steps = _length("ConstantLR", begin, end)
    if steps == 1 or steps >= _EVER:
        return _from(lr, begin, constant(lr * factor))
    demand(factor > 0, "ConstantLR", "factor", factor, "the peer divides by it at the end; use a small factor")
    return _from(lr, begin, constant(lr * factor, steps=steps - 1) >> constant(lr))


@checked
def LinearLR(
    lr: Value,
    start_factor: Share = 1 / 3,
    end_factor: Share = 1.0,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
) -> Schedule:
    """``linear(lr * start_factor, lr * end_factor, end - begin - 1)`` from `begin` on.

    A single step stays at the first.

    Args:
        lr: the learning rate of the optimizer.
        start_factor: what multiplies it at first, above 0 and at most 1.
        end_factor: what multiplies it at last, from 0 to 1.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, a factor is not in [0, 1], or the first is 0 (by which the peer
            divides).

    Source: ``mmengine.optim.LinearLR``.

    >>> LinearLR(0.1, 0.5, end=5)
    linear(0.05, 0.1, 4)
    """
    steps = _length("LinearLR", begin, end)
    if steps == 1:
        return _from(lr, begin, constant(lr * start_factor))
    demand(start_factor > 0, "LinearLR", "start_factor", start_factor, "the peer divides by it; use a small factor")
    return _from(lr, begin, linear(lr * start_factor, lr * end_factor, steps - 1))


@checked
def StepLR(
    lr: Value, step_size: Count, gamma: Value = 0.1, begin: Whole = 0, end: Count = INF, by_epoch: Switch = True
) -> Schedule:
    """``s(t) = lr * gamma**floor((t - begin)/step_size)`` from `begin` on.

    Args:
        lr: the learning rate of the optimizer.
        step_size: the steps between drops.
        gamma: what multiplies it at each drop.
        begin: the step from which they count.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, or `step_size` is no whole number >= 1.

    Source: ``mmengine.optim.StepLR``.

    >>> StepLR(0.1, 30)
    step_decay(0.1, 0.1, 30)
    """
    return _placed(lr, torch.StepLR(lr, step_size, gamma), begin, _length("StepLR", begin, end))


@checked
def MultiStepLR(
    lr: Value,
    milestones: _Milestones,
    gamma: Value = 0.1,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
) -> Schedule:
    """``s(t) = lr * gamma**(how many milestones are <= t - begin)`` from `begin` on.

    Args:
        lr: the learning rate of the optimizer.
        milestones: the steps of the drops, counted from `begin`; one that is listed twice counts twice.
        gamma: what multiplies it at each drop.
        begin: the step from which they count.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, or the milestones are no whole numbers.

    Source: ``mmengine.optim.MultiStepLR``.

    >>> MultiStepLR(0.1, [8, 11])
    multistep(0.1, 0.1, (8, 11))
    """
    return _placed(lr, torch.MultiStepLR(lr, milestones, gamma), begin, _length("MultiStepLR", begin, end))


@checked
def ExponentialLR(lr: Value, gamma: Value, begin: Whole = 0, end: Count = INF, by_epoch: Switch = True) -> Schedule:
    """``s(t) = lr * gamma**(t - begin)`` from `begin` on.

    Args:
        lr: the learning rate of the optimizer.
        gamma: what multiplies it at every step.
        begin: the step from which they count.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, or a number is not finite.

    Source: ``mmengine.optim.ExponentialLR``.

    >>> ExponentialLR(0.1, 0.9, end=10)
    exponential_decay(0.1, 0.9)[:9]
    """
    return _placed(lr, torch.ExponentialLR(lr, gamma), begin, _length("ExponentialLR", begin, end))


# -- what goes on from the value that is there ---------------------------------------------------------------


@checked
def CosineAnnealingLR(
    lr: Value,
    T_max: Count | None = None,
    eta_min: Value | None = None,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
    eta_min_ratio: Value | None = None,
) -> Schedule:
    """``cosine(lr, eta_min, T_max)`` from `begin` on, up again after it, up to the step before `end`.

    Args:
        lr: the learning rate of the optimizer.
        T_max: half a period in steps; None for ``end - begin``.
        eta_min: the lowest learning rate, 0 if nothing else is said.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.
        eta_min_ratio: the lowest learning rate as a part of `lr`, in place of `eta_min`.

    Raises:
        ScheduleError: `end` is not after `begin`, or both `eta_min` and `eta_min_ratio` are given.

    Source: ``mmengine.optim.CosineAnnealingLR``.

    >>> CosineAnnealingLR(0.1, T_max=90, end=91), CosineAnnealingLR(0.1, end=90)
    (cosine(0.1, 0.0, 90), cosine(0.1, 0.0, 90)[:89])
    """
    steps = _length("CosineAnnealingLR", begin, end)
    low = _lowest("CosineAnnealingLR", lr, eta_min, eta_min_ratio, 0.0)
    return _placed(lr, _annealed(lr, lr, T_max or steps, low, steps), begin, steps)


@checked
def PolyLR(
    lr: Value,
    eta_min: Value = 0.0,
    power: Positive = 1.0,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
) -> Schedule:
    """``polynomial(lr, eta_min, end - begin - 1, power=power)`` from `begin` on.

    Args:
        lr: the learning rate of the optimizer.
        eta_min: the learning rate at the end.
        power: the exponent, above zero.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`, or the power is not above zero.

    Source: ``mmengine.optim.PolyLR``.

    >>> PolyLR(0.1, power=0.9, end=101)
    polynomial(0.1, 0.0, 100, power=0.9)
    """
    steps = _length("PolyLR", begin, end)
    fall = polynomial(lr, eta_min, steps - 1, power=power) if steps > 1 else constant(lr)
    return _from(lr, begin, fall)


# -- what overwrites the value that is there -----------------------------------------------------------------


@checked
def OneCycleLR(
    lr: Value,
    eta_max: Value = 0.0,
    total_steps: Count | None = None,
    pct_start: Share = 0.3,
    anneal_strategy: _Strategy = "cos",
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: Switch = False,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
) -> Schedule:
    """``shape(eta_max/div, eta_max, r * n - 1) >> shape(eta_max, eta_max/div/final_div, n - r * n)``, from `begin` on.

    n is `total_steps` and r is `pct_start`: PyTorch's ``OneCycleLR``.

    Args:
        lr: the learning rate of the optimizer, which is there before `begin`.
        eta_max: the highest learning rate.
        total_steps: the number of steps; None for ``end - begin``. Beyond, the peer raises an error.
        pct_start: the fraction of the steps that rises.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape of each phase.
        div_factor: how many times the first learning rate is smaller than the highest.
        final_div_factor: how many times the last is smaller than the first.
        three_phase: fall to the first learning rate as fast as it rose, and then to the last.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    A rise of no step, by which the peer divides, is none.

    Raises:
        ScheduleError: `end` is not after `begin`, or what PyTorch's raises.

    Source: ``mmengine.optim.OneCycleLR``.

    >>> OneCycleLR(0.1, 0.1, pct_start=0.25, div_factor=10.0, end=100)
    cosine(0.01, 0.1, 24) >> cosine(0.1, 1e-06, 75)
    """
    steps = _length("OneCycleLR", begin, end)
    cycle = torch.OneCycleLR(
        eta_max,
        eta_max,
        total_steps or steps,
        pct_start=pct_start,
        anneal_strategy=anneal_strategy,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
        three_phase=three_phase,
    )
    return _placed(lr, cycle, begin, steps)


@checked
def CosineRestartLR(
    lr: Value,
    periods: Counts,
    restart_weights: Values = (1,),
    eta_min: Value | None = None,
    eta_min_ratio: Value | None = None,
    begin: Whole = 0,
    end: Count = INF,
    by_epoch: Switch = True,
) -> Schedule:
    """``cosine(lr * w, eta_min, n) >> ...`` for each weight w and period n, from `begin` on; the last step is not made.

    Args:
        lr: the learning rate of the optimizer.
        periods: the length of each round.
        restart_weights: what multiplies the learning rate at the start of each.
        eta_min: the lowest learning rate; this or `eta_min_ratio`.
        eta_min_ratio: the lowest learning rate as a part of `lr`.
        begin: the step at which it begins.
        end: the step after its last.
        by_epoch: whether a step is an epoch; it changes nothing here.

    Raises:
        ScheduleError: `end` is not after `begin`; there are not as many weights as periods; or not one of `eta_min` and
            `eta_min_ratio` is given.

    Source: ``mmengine.optim.CosineRestartLR``.

    >>> CosineRestartLR(0.1, [10, 20], [1, 0.5], eta_min=0)
    cosine(0.1, 0.0, 10) >> cosine(0.05, 0.0, 20)[:19]
    """
    name = "CosineRestartLR"
    demand(
        len(periods) == len(restart_weights), name, "restart_weights", restart_weights, f"give {len(periods)} of them"
    )
    low = _lowest(name, lr, eta_min, eta_min_ratio, None)
    rounds = (cosine(lr * weight, low, steps) for weight, steps in zip(restart_weights, periods, strict=True))
    return _placed(lr, _held(join(*rounds), sum(periods) - 1), begin, _length(name, begin, end))


# -- what follows a metric -----------------------------------------------------------------------------------


@checked
def ReduceOnPlateauLR(
    lr: Value,
    rule: _Rule = "less",
    factor: Factor = 0.1,
    patience: Whole = 10,
    threshold: Amount = 1e-4,
    threshold_rule: ThresholdMode = "rel",
    cooldown: Whole = 0,
    min_value: Amount = 0.0,
    eps: Amount = 1e-8,
) -> Plateau:
    """The `Plateau` that decides as the library does; the learning rate is ``apply(lr, state)``.

    Args:
        lr: the learning rate of the optimizer.
        rule: ``"less"`` if less is better, ``"greater"`` if more is.
        factor: what multiplies the learning rate at a plateau, above 0 and below 1.
        patience: how many metrics in a row without an improvement are borne.
        threshold: by how much a metric has to be better, as a fraction of the best or in its own units.
        threshold_rule: ``"rel"`` for a fraction, ``"abs"`` for a difference.
        cooldown: for how many metrics after a reduction nothing counts as bad.
        min_value: the floor under the learning rate.
        eps: the least reduction that is made.

    Raises:
        ScheduleError: an argument is out of its range, or `lr` is below its floor already.

    Source: ``mmengine.optim.ReduceOnPlateauLR``.

    >>> ReduceOnPlateauLR(0.1, "greater", patience=3).mode
    'max'
    """
    mode: Literal["min", "max"] = "min" if rule == "less" else "max"
    return torch.ReduceLROnPlateau(
        lr, mode, factor, patience, threshold, cast("Any", threshold_rule), cooldown, min_value, eps
    )


# -- lists of them -------------------------------------------------------------------------------------------

Config: TypeAlias = Mapping[str, Any]
"""A scheduler as the library's configs have it: ``dict(type="LinearLR", start_factor=0.001, ...)``."""


def build(
    lr: float,
    schedulers: Config | Sequence[Config],
    epoch_length: int | None = None,
    *,
    max_epochs: int | None = None,
    max_iters: int | None = None,
    param: str = "lr",
) -> Schedule:
    """The learning rate under a list of configs, all of which act at each step, one after the other.

    t counts iterations if `epoch_length` is given, else what all of the schedulers are stepped by.

    Args:
        lr: the learning rate of the optimizer.
        schedulers: configs as ``param_scheduler`` has them: ``dict(type="LinearLR", by_epoch=False, end=500)``.
        epoch_length: the iterations of an epoch.
        max_epochs: the epochs of the run, where what is stepped by epochs and has no `end` comes to it.
        max_iters: its iterations, where what is stepped by iterations does; else `max_epochs` of them.
        param: whose schedulers these are, of the list: ``"lr"`` or ``"momentum"``.

    Raises:
        ScheduleError: a type or an argument is none of the library's; epochs and iterations are mixed, or converted,
            without an `epoch_length`; or schedulers act at the same time whose values no schedule says: any but those
            that multiply.

    Source: ``Runner.build_param_scheduler`` and ``ParamSchedulerHook`` of MMEngine.

    >>> warmup = dict(type="LinearLR", start_factor=0.5, by_epoch=False, end=11)
    >>> build(0.1, [warmup, dict(type="MultiStepLR", milestones=[8, 11], end=12)], epoch_length=100)
    linear(0.05, 0.1, 10) * every(multistep(1.0, 0.1, (8, 11))[:11], 100)
    """
    configs = [schedulers] if isinstance(schedulers, Mapping) else list(schedulers)
    value = accept(Value, "build", "lr", lr)
    if epoch_length is not None:
        accept(Count, "build", "epoch_length", epoch_length)
    iterations = epoch_length * max_epochs if epoch_length and max_epochs else None
    run = _Run(epoch_length, max_epochs or INF, max_iters or iterations or INF)
    chosen = [config for config in configs if _scheduled(config) == param]
    if epoch_length is None:
        kinds = {bool(config.get("by_epoch", True)) for config in chosen}
        demand(len(kinds) < 2, "build", "epoch_length", None, "some count epochs and some iterations; give it")
    members = list[_Member]()
    base = value
    for config in chosen:
        member = run.member(config, base)
        if member.make is OneCycleLR:
            why = "it replaces what an earlier one computes from; use one for the whole"
            demand(all(other.make is not OneCycleLR for other in members), "build", "type", "OneCycleLR", why)
            base = member.arguments.get("eta_max", 0.0) / member.arguments.get("div_factor", 25.0)
        members.append(member)
    return _chained(value, sorted(members, key=lambda member: member.begin))


@dataclass(frozen=True)
class _Member:
    """A scheduler of a list, in the time of the list."""

    make: Callable[..., Schedule]
    arguments: Mapping[str, Any]
    begin: int
    length: int
    """In its own steps."""
    tick: int
    """The time that a step of its own takes."""
    base: float
    """What it computes from, beside the value that is there."""

    @property
    def end(self) -> float:
        """The time after its last step."""
        return math.inf if self.length >= _EVER else self.begin + self.length * self.tick

    @property
    def multiplies(self) -> bool:
        """Whether each of its steps multiplies the value that is there."""
        if self.make is CosineAnnealingLR:
            in_time = self.length <= (self.arguments.get("T_max") or self.length) + 1
            return in_time and not (self.arguments.get("eta_min") or self.arguments.get("eta_min_ratio"))
        return self.make in _FACTORS or (self.make is PolyLR and not self.arguments.get("eta_min"))

    def curve(self, value: float) -> Schedule:
        """Its values from `begin` on, where `value` was there before."""
        given = dict(self.arguments)
        if self.make is CosineAnnealingLR:
            low = _lowest("CosineAnnealingLR", self.base, given.get("eta_min"), given.get("eta_min_ratio"), 0.0)
            fall = _annealed(value, self.base, given.get("T_max") or self.length, low, self.length)
            s = _placed(value, fall, 0, self.length)
        else:
            s = self.make(self.base if self.make is CosineRestartLR else value, **given, begin=0, end=self.length)
        return s if self.tick == 1 else every(s, self.tick)


@dataclass(frozen=True)
class _Run:
    """What the configs of a run are built with."""

    epoch_length: int | None
    max_epochs: int
    max_iters: int

    def member(self, config: Config, base: float) -> _Member:
        """The scheduler of a config, and its arguments in its own steps."""
        given = {key: value for key, value in config.items() if key not in ("type", "param_name", "verbose")}
        name = _kind(config)
        make = _SCHEDULERS[name]
        by_epoch, converted = given.pop("by_epoch", True), given.pop("convert_to_iter_based", False)
        begin, end = given.pop("begin", 0), given.pop("end", self.max_epochs if by_epoch else self.max_iters)
        if converted:
            wants = "converted from epochs to iterations, which takes by_epoch=True and an epoch_length"
            demand(bool(by_epoch and self.epoch_length), "build", "convert_to_iter_based", True, wants)
            by_epoch, length = False, self.epoch_length or 1
            given |= {key: _times(given[key], length) for key in _IN_STEPS if given.get(key) is not None}
            begin, end = int(begin * length), end if end == INF else int(end * length)
        tick = self.epoch_length if by_epoch and self.epoch_length else 1
        known = inspect.signature(make).parameters
        for key, value in given.items():
            demand(key in known and key != "lr", name, key, value, f"it has {', '.join(list(known)[1:])}")
        checked_begin, checked_end = accept(Whole, name, "begin", begin), accept(Count, name, "end", end)
        make(base, **given, begin=checked_begin, end=checked_end)
        return _Member(make, given, checked_begin * tick, checked_end - checked_begin, tick, base)


_SCHEDULERS: dict[str, Callable[..., Schedule]] = {
    make.__name__: make
    for make in (
        ConstantLR,
        CosineAnnealingLR,
        CosineRestartLR,
        ExponentialLR,
        LinearLR,
        MultiStepLR,
        OneCycleLR,
        PolyLR,
        StepLR,
    )
}
_FACTORS = (ConstantLR, ExponentialLR, LinearLR, MultiStepLR, StepLR)
_IN_STEPS = ("T_max", "milestones", "periods", "step_size", "total_steps")


def _kind(config: Config) -> str:
    """The name of a config's scheduler, as one of the learning rate."""
    given = str(config.get("type"))
    stem = next((given.removesuffix(end) for end in ("LR", "Momentum", "ParamScheduler") if given.endswith(end)), "")
    name = f"{stem}LR"
    metric = "it follows a metric, not the step: make it apart" if name == "ReduceOnPlateauLR" else ""
    demand(name in _SCHEDULERS, "build", "type", given, metric or f"this is one of {', '.join(_SCHEDULERS)}")
    return name


def _scheduled(config: Config) -> str:
    """The parameter that a config's scheduler sets."""
    _kind(config)
    given = str(config.get("type"))
    return (
        str(config.get("param_name")) if given.endswith("Scheduler") else "lr" if given.endswith("LR") else "momentum"
    )


def _times(value: Any, factor: int) -> Any:
    return [item * factor for item in cast("list[Any]", value)] if isinstance(value, list | tuple) else value * factor


def _chained(value: float, members: Sequence[_Member]) -> Schedule:
    """The members in the order of their beginnings; those that overlap are one part, of their product."""
    parts, now = list[Schedule](), 0.0
    pending = list(members)
    while pending:
        together, end = [pending.pop(0)], math.inf
        while (end := max(member.end for member in together)) and pending and pending[0].begin < end:
            together.append(pending.pop(0))
        begin = together[0].begin
        s = _together(value, together)
        parts += [constant(value, steps=begin - now), s if s.steps == math.inf else s[: s.steps]]
        now, value = begin + s.steps, s(s.steps) if s.steps < math.inf else math.nan
    found = join(*parts) if parts else None
    return found if found and (now == math.inf or found(now) == value) else join(*parts, constant(value))


def _together(value: float, members: Sequence[_Member]) -> Schedule:
    first, *others = members
    for member in members if others else ():
        if not member.multiplies:
            why = "it acts at the same time as another scheduler, and does not multiply; let them follow each other"
            raise refusal("build", "type", member.make.__name__, f"{why} with begin and end")
    factors = [constant(1.0, steps=other.begin - first.begin) >> other.curve(1.0) for other in others]
    return functools.reduce(operator.mul, factors, first.curve(value))


# -- what they share -----------------------------------------------------------------------------------------


def _length(function: str, begin: int, end: int) -> int:
    demand(end > begin, function, "end", end, f"it comes after begin={begin!r}")
    return end - begin


def _lowest(function: str, lr: float, eta_min: float | None, ratio: float | None, default: float | None) -> float:
    demand(eta_min is None or ratio is None, function, "eta_min_ratio", ratio, "give this or eta_min, not both")
    low = default if ratio is None and eta_min is None else lr * ratio if eta_min is None and ratio else eta_min or 0.0
    if low is None:
        raise refusal(function, "eta_min", None, "give this, or eta_min_ratio")
    return low


def _annealed(lr: float, base: float, half: int, low: float, steps: int) -> Schedule:
    """Down from `lr` in so many steps, and up to `base` again if there are more."""
    if steps <= half + 1:
        return cosine(lr, low, half)
    if lr == base:
        return torch.CosineAnnealingLR(base, half, low)
    return cosine(lr, low, half) >> torch.CosineAnnealingLR(low, half, base)


def _from(lr: float, begin: int, s: Schedule) -> Schedule:
    return constant(lr, steps=begin) >> s


def _placed(lr: float, s: Schedule, begin: int, steps: int) -> Schedule:
    """`s` from `begin` on, for so many steps, whose last value stays."""
    return _from(lr, begin, s if steps >= _EVER or s.steps <= steps - 1 else _held(s, steps - 1))


def _held(s: Schedule, last: float) -> Schedule:
    """`s` up to a step whose value stays, as one would write it."""
    found = torch.cut(s, last)
    return found if found(last) == s(last) else found >> constant(s(last))
