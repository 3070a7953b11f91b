"""PyTorch: the schedulers of ``torch.optim.lr_scheduler``, and ``SWALR``, by their own names and arguments.

Each takes PyTorch's arguments with the learning rate of the optimizer in place of the optimizer, and gives what
``scheduler.get_last_lr()`` says after t calls of ``step()``, at every step from 0 on. There is no ``last_epoch``: what
goes on at step k is ``s[k:]``.

>>> from schedules.dialects import torch
>>> torch.CosineAnnealingLR(0.1, T_max=90)
cycle(cosine(0.1, 0.0, 90) >> cosine(0.0, 0.1, 90))

`SequentialLR` and `ChainedScheduler` start their members from other learning rates, in ways that depend on the class.
So these are given with all their arguments but `lr`, by name:

>>> from functools import partial
>>> warmup = partial(torch.LinearLR, start_factor=0.1, total_iters=10)
>>> torch.SequentialLR(0.5, [warmup, partial(torch.CosineAnnealingLR, T_max=90)], milestones=[10])
linear(0.05, 0.5, 10) >> cycle(cosine(0.5, 0.0, 90) >> cosine(0.0, 0.5, 90))

What PyTorch does is reproduced, quirks and all, and each docstring tells its own. Two concern many of them:

- All schedulers start from the learning rate that is in the optimizer, which others may have changed as they were
  built: building a scheduler is its step 0. The base learning rate, from which `LambdaLR`,
  `CosineAnnealingWarmRestarts` and the milestones of `SequentialLR` compute, is what it was when the first scheduler
  was built; but `OneCycleLR` sets it anew, for all that are built after it.
- A later `OneCycleLR` or `SWALR` on one optimizer overwrites the settings of an earlier one.

Where PyTorch divides by zero, this is an error, or has the value that suggests itself; each docstring says which.
Errors are also negative lengths, which PyTorch takes and which mean nothing.

Source: ``lr_scheduler.py`` and ``swa_utils.py`` of PyTorch 2.13.
"""

# ruff: noqa: ARG001, N802, N803, PLR0917 -- names and arguments are those of PyTorch

import dataclasses
import functools
import inspect
import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, TypeAlias, cast

from ..algebra.checks import (
    Amount,
    Count,
    Factor,
    Function,
    Kind,
    Mode,
    Period,
    Positive,
    ScheduleError,
    Share,
    Steps,
    Switch,
    ThresholdMode,
    Value,
    Whole,
    accept,
    brief,
    choice,
    demand,
    number,
    refusal,
    whole,
)
from ..algebra.named import checked
from ..algebra.nodes import Constant, Join, Schedule, Warp
from ..library.combinators import cycle, every, join, repeat, shift
from ..library.curves import constant, cosine, custom, exponential_decay, linear, multistep, polynomial, step_decay
from ..library.plateau import Plateau
from ..library.recipes import exp_range, triangular, triangular2

__all__ = [
    "SWALR",
    "Built",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "CyclicMomentum",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "OneCycleMomentum",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

Scheduler: TypeAlias = Callable[..., Schedule]
"""A function of this module, with all its arguments but `lr`."""


def _steps(values: Any) -> tuple[float, ...]:
    return tuple(sorted(whole(number(value)) for value in values))


def _ascending(values: Any) -> tuple[int, ...]:
    steps = tuple(whole(number(value)) for value in values)
    if not all(isinstance(step, int) for step in steps) or list(steps) != sorted(steps):
        raise ValueError
    return cast("tuple[int, ...]", steps)


def _members(schedulers: Any) -> tuple[Scheduler, ...]:
    members = tuple(schedulers)
    if not members:
        raise ValueError("at least one needed")
    for member in members:
        _parts(member)
    return members


_Milestones = Annotated[Sequence[float], Kind("this is a list of step numbers", _steps)]
_Knots = Annotated[Sequence[int], Kind("these are whole numbers in ascending order", _ascending)]
_Members = Annotated[
    Sequence[Scheduler],
    Kind("these are functions of this module, their arguments given by name: partial(StepLR, step_size=30)", _members),
]
_Strategy = Annotated[str, choice("cos", "linear")]
_Wave = Annotated[str, choice("triangular", "triangular2", "exp_range")]
_ScaleMode = Annotated[str, choice("cycle", "iterations")]


# -- what multiplies the learning rate -------------------------------------------------------------------


@checked
def StepLR(lr: Value, step_size: Count, gamma: Value = 0.1) -> Schedule:
    """``s(t) = lr * gamma**floor(t/step_size)``.

    Args:
        lr: the learning rate of the optimizer.
        step_size: the steps between drops.
        gamma: what multiplies it at each drop.

    Raises:
        ScheduleError: `step_size` is no whole number >= 1 (PyTorch divides by zero at step 1, if it is 0).

    Source: ``torch.optim.lr_scheduler.StepLR``.

    >>> StepLR(0.1, 30)
    step_decay(0.1, 0.1, 30)
    """
    return step_decay(lr, gamma, step_size)


@checked
def MultiStepLR(lr: Value, milestones: _Milestones, gamma: Value = 0.1) -> Schedule:
    """``s(t) = lr * gamma**(how many milestones are <= t)``.

    Milestones that are negative or no whole numbers are never met, as there.

    Args:
        lr: the learning rate of the optimizer.
        milestones: the steps of the drops, in any order; one that is listed twice counts twice.
        gamma: what multiplies it at each drop.

    Raises:
        ScheduleError: the milestones are no list of numbers, or a number is not finite.

    Source: ``torch.optim.lr_scheduler.MultiStepLR``.

    >>> MultiStepLR(0.1, [80, 30])
    multistep(0.1, 0.1, (30, 80))
    """
    return multistep(lr, gamma, [step for step in milestones if step >= 0 and step % 1 == 0])


@checked
def ConstantLR(lr: Value, factor: Share = 1 / 3, total_iters: Steps = 5) -> Schedule:
    """``constant(lr * factor, steps=total_iters) >> constant(lr)``.

    With a `total_iters` that is 0 or no whole number, ``lr * factor`` is kept for ever, as PyTorch does: it waits for
    the step that equals it (pytorch/pytorch#192655).

    Args:
        lr: the learning rate of the optimizer.
        factor: what multiplies it at first, from 0 to 1.
        total_iters: for how many steps.

    Raises:
        ScheduleError: the factor is 0, by which PyTorch divides at the end (pytorch/pytorch#185006), or is not in
            [0, 1]; or the length is negative.

    Source: ``torch.optim.lr_scheduler.ConstantLR``.

    >>> ConstantLR(0.1, 0.5, 4), ConstantLR(0.1, 0.5, 0)
    (constant(0.05, steps=4) >> constant(0.1), constant(0.05))
    """
    if total_iters == 0 or total_iters % 1:
        return constant(lr * factor)
    if factor == 0:
        why = "PyTorch divides by it at total_iters; use a small factor, or SequentialLR"
        raise refusal("ConstantLR", "factor", 0, why)
    return constant(lr * factor, steps=total_iters) >> constant(lr)


@checked
def LinearLR(lr: Value, start_factor: Share = 1 / 3, end_factor: Share = 1.0, total_iters: Steps = 5) -> Schedule:
    """``linear(lr * start_factor, lr * end_factor, total_iters)``.

    With a `total_iters` below 1, ``lr * start_factor`` is kept for ever, as PyTorch does (pytorch/pytorch#193682). A
    fraction of a step at the end is not made.

    Args:
        lr: the learning rate of the optimizer.
        start_factor: what multiplies it at step 0, above 0.
        end_factor: what multiplies it at the end.
        total_iters: the length in steps.

    Raises:
        ScheduleError: the first factor is 0, a factor is not in [0, 1], or the length is negative.

    Source: ``torch.optim.lr_scheduler.LinearLR``.

    >>> LinearLR(0.1, 0.5, total_iters=4)
    linear(0.05, 0.1, 4)
    """
    demand(start_factor > 0, "LinearLR", "start_factor", start_factor, "PyTorch divides by it; use a small factor")
    first, end = lr * start_factor, lr * end_factor
    return constant(first) if total_iters < 1 else cut(linear(first, end, total_iters), math.floor(total_iters))


@checked
def ExponentialLR(lr: Value, gamma: Value) -> Schedule:
    """``s(t) = lr * gamma**t``.

    Args:
        lr: the learning rate of the optimizer.
        gamma: what multiplies it at every step; one that is not positive gives a `step_decay`.

    Raises:
        ScheduleError: a number is not finite.

    Source: ``torch.optim.lr_scheduler.ExponentialLR``.

    >>> ExponentialLR(0.1, 0.9), ExponentialLR(0.1, -0.9)
    (exponential_decay(0.1, 0.9), step_decay(0.1, -0.9, 1))
    """
    return exponential_decay(lr, gamma) if gamma > 0 else step_decay(lr, gamma, 1)


@checked
def PolynomialLR(lr: Value, total_iters: Steps = 5, power: Value = 1.0) -> Schedule:
    """``s(t) = lr * (1 - t/total_iters)**power``, and 0 from there on.

    With a `total_iters` below 1 or a power of 0 it is `lr` for ever, as there. A fraction of a step at the end is not
    made.

    Args:
        lr: the learning rate of the optimizer.
        total_iters: the length in steps.
        power: the exponent, >= 0.

    Raises:
        ScheduleError: the power is negative (PyTorch divides by zero at `total_iters`), or the length is.

    Source: ``torch.optim.lr_scheduler.PolynomialLR``.

    >>> PolynomialLR(0.1, 10, power=2.0)
    polynomial(0.1, 0.0, 10, power=2.0)
    """
    if total_iters < 1 or power == 0:
        return constant(lr)
    why = "PyTorch divides by zero at total_iters; use a power above zero"
    demand(power > 0, "PolynomialLR", "power", power, why)
    return cut(polynomial(lr, 0.0, total_iters, power=power), math.floor(total_iters))


@checked
def MultiplicativeLR(lr: Value, lr_lambda: Function) -> Schedule:
    """``s(t) = lr * lr_lambda(1) * lr_lambda(2) * ... * lr_lambda(t)``.

    Args:
        lr: the learning rate of the optimizer.
        lr_lambda: a function of the step, an ``int``; it is called once for each.

    Raises:
        ScheduleError: `lr_lambda` is not callable.

    Source: ``torch.optim.lr_scheduler.MultiplicativeLR``.

    >>> MultiplicativeLR(0.1, lambda step: 0.5)([0, 1, 2])
    array([0.1  , 0.05 , 0.025])
    """
    return lr * custom(_Product(lr_lambda))


# -- what computes each learning rate from the base --------------------------------------------------------


@checked
def LambdaLR(lr: Value, lr_lambda: Function) -> Schedule:
    """``s(t) = lr * lr_lambda(t)``.

    Args:
        lr: the learning rate of the optimizer.
        lr_lambda: a function of the step, an ``int`` where the step is whole.

    Raises:
        ScheduleError: `lr_lambda` is not callable.

    Source: ``torch.optim.lr_scheduler.LambdaLR``.

    >>> LambdaLR(0.1, lambda step: 1 / (1 + step))([0, 1, 3])
    array([0.1  , 0.05 , 0.025])
    """
    return lr * custom(_Counted(lr_lambda))


@checked
def CosineAnnealingWarmRestarts(lr: Value, T_0: Count, T_mult: Count = 1, eta_min: Value = 0.0) -> Schedule:
    """``cosine(lr, eta_min, T_0) >> cosine(lr, eta_min, T_mult * T_0) >> ...``, endless.

    Args:
        lr: the learning rate of the optimizer, to which each round goes back.
        T_0: the length of the first round in steps.
        T_mult: how many times longer each round is than the last.
        eta_min: the lowest learning rate.

    Raises:
        ScheduleError: a length is no whole number >= 1.

    Source: ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``.

    >>> CosineAnnealingWarmRestarts(0.1, 10), CosineAnnealingWarmRestarts(0.1, 10, T_mult=2)
    (cycle(cosine(0.1, 0.0, 10)), repeat(cosine(0.1, 0.0, 10), inf, stretch=2.0))
    """
    period = cosine(lr, eta_min, T_0)
    return cycle(period) if T_mult == 1 else repeat(period, math.inf, stretch=T_mult)


@checked
def CyclicLR(
    lr: Value,
    base_lr: Value,
    max_lr: Value,
    step_size_up: Period = 2000,
    step_size_down: Steps | None = None,
    mode: _Wave = "triangular",
    gamma: Value = 1.0,
    scale_fn: Function | None = None,
    scale_mode: _ScaleMode = "cycle",
) -> Schedule:
    """``base_lr + (max_lr - base_lr) * wave(t) * scale``: `triangular`, `triangular2`, `exp_range`, or your own scale.

    Its momentum is `CyclicMomentum`.

    Args:
        lr: the learning rate of the optimizer, which is overwritten.
        base_lr: the learning rate at step 0 and at the end of each cycle.
        max_lr: the learning rate at the top, if nothing scales it.
        step_size_up: the steps to the top.
        step_size_down: the steps back; None for as many.
        mode: the scale is 1 for ``"triangular"``, ``0.5**cycle`` for ``"triangular2"``, where cycles count from 0, and
            ``gamma**t`` for ``"exp_range"``.
        gamma: the factor of ``"exp_range"``.
        scale_fn: a scale of your own, in place of that of the mode.
        scale_mode: ``"cycle"``, if it is a function of the cycle, counted from 1, and ``"iterations"`` if of the step.

    Raises:
        ScheduleError: the way up has no length (PyTorch divides by it), the way back a negative one, or a mode is
            unknown.

    Source: ``torch.optim.lr_scheduler.CyclicLR``.

    >>> CyclicLR(0.1, 0.001, 0.01, 20), CyclicLR(0.1, 0.001, 0.01, 20, mode="triangular2")
    (triangular(0.001, 0.01, 20), triangular2(0.001, 0.01, 20))
    """
    return _waves(base_lr, max_lr, step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode)


@checked
def CyclicMomentum(
    base_momentum: Value = 0.8,
    max_momentum: Value = 0.9,
    step_size_up: Period = 2000,
    step_size_down: Steps | None = None,
    mode: _Wave = "triangular",
    gamma: Value = 1.0,
    scale_fn: Function | None = None,
    scale_mode: _ScaleMode = "cycle",
) -> Schedule:
    """The momentum that `CyclicLR` cycles beside its learning rate: from `max_momentum` to `base_momentum` and back.

    Args:
        base_momentum: the momentum where the learning rate is highest, if nothing scales it.
        max_momentum: the momentum at step 0 and at the end of each cycle.
        step_size_up: the steps in which it falls, as the learning rate rises.
        step_size_down: the steps back; None for as many.
        mode: as in `CyclicLR`.
        gamma: as there.
        scale_fn: as there.
        scale_mode: as there.

    Raises:
        ScheduleError: as there.

    Source: ``torch.optim.lr_scheduler.CyclicLR`` with ``cycle_momentum=True``.

    >>> CyclicMomentum(step_size_up=20)
    triangular(0.9, 0.8, 20)
    """
    return _waves(max_momentum, base_momentum, step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode)


@checked
def OneCycleLR(
    lr: Value,
    max_lr: Value,
    total_steps: Count | None = None,
    epochs: Count | None = None,
    steps_per_epoch: Count | None = None,
    pct_start: Share = 0.3,
    anneal_strategy: _Strategy = "cos",
    *,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: Switch = False,
) -> Schedule:
    """``shape(first, peak, p*n - 1) >> shape(peak, last, n - p*n)`` for n steps, p = `pct_start`; and a step beyond.

    Here peak = `max_lr`, first = peak / `div_factor` and last = first / `final_div_factor`. With `three_phase` it is
    ``shape(first, peak, p*n - 1) >> shape(peak, first, p*n - 1) >> shape(first, last, n + 1 - 2*p*n)``.

    The end is reached at step n - 1. PyTorch allows one step more, which leaves the end again: the cosine climbs, the
    line goes on, below zero even (pytorch/pytorch#91765). After that step PyTorch raises; here the value holds. To hold
    from the end on, cut it: ``s[: n - 1]``.

    The rise ends a fraction of a step off, as a rule. A rise that is shorter than a step is skipped, and the fall
    entered in its midst. Where the rise has no length, PyTorch divides by zero; here it is left out, so that step 0 is
    the peak (the first learning rate with `three_phase`). Where the last phase has none, PyTorch fails at step n; here
    the value holds.

    Its momentum is `OneCycleMomentum`.

    Args:
        lr: the learning rate of the optimizer, which is overwritten.
        max_lr: the highest learning rate.
        total_steps: the number of steps, n.
        epochs: the number of epochs; n = `epochs` * `steps_per_epoch`, if `total_steps` is not given.
        steps_per_epoch: the steps in an epoch.
        pct_start: the fraction of the steps that rises.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape of each phase.
        div_factor: how many times the first learning rate is smaller than the highest.
        final_div_factor: how many times the last is smaller than the first.
        three_phase: fall to the first learning rate as fast as it rose, and then to the last.

    Raises:
        ScheduleError: the number of steps is not given; `pct_start` is not in [0, 1]; or two rises of `three_phase` do
            not fit into the steps, where PyTorch never comes to its third phase.

    Source: ``torch.optim.lr_scheduler.OneCycleLR``.

    >>> OneCycleLR(0.1, 0.1, 100, pct_start=0.25, div_factor=10.0)
    cosine(0.01, 0.1, 24) >> cosine(0.1, 1e-06, 75) >> cosine(1e-06, 0.1, 75)[:1]
    """
    levels = _levels(max_lr, div_factor, final_div_factor)
    steps = _total("OneCycleLR", total_steps, epochs, steps_per_epoch)
    return _one_cycle("OneCycleLR", levels, steps, pct_start, anneal_strategy, three_phase)


@checked
def OneCycleMomentum(
    total_steps: Count | None = None,
    epochs: Count | None = None,
    steps_per_epoch: Count | None = None,
    pct_start: Share = 0.3,
    anneal_strategy: _Strategy = "cos",
    base_momentum: Value = 0.85,
    max_momentum: Value = 0.95,
    *,
    three_phase: Switch = False,
) -> Schedule:
    """The momentum that `OneCycleLR` cycles beside its learning rate: `max_momentum`, `base_momentum`, and back.

    Args:
        total_steps: the number of steps.
        epochs: the number of epochs, if `total_steps` is not given.
        steps_per_epoch: the steps in an epoch.
        pct_start: the fraction of the steps in which it falls, as the learning rate rises.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape of each phase.
        base_momentum: the momentum where the learning rate is highest.
        max_momentum: the momentum at step 0 and at the end.
        three_phase: rise as fast as it fell, and then stay.

    Raises:
        ScheduleError: as in `OneCycleLR`.

    Source: ``torch.optim.lr_scheduler.OneCycleLR`` with ``cycle_momentum=True``.

    >>> OneCycleMomentum(100, pct_start=0.25)
    cosine(0.95, 0.85, 24) >> cosine(0.85, 0.95, 75) >> cosine(0.95, 0.85, 75)[:1]
    """
    levels = (max_momentum, base_momentum, max_momentum)
    steps = _total("OneCycleMomentum", total_steps, epochs, steps_per_epoch)
    return _one_cycle("OneCycleMomentum", levels, steps, pct_start, anneal_strategy, three_phase)


# -- what goes on from the learning rate that is there, in its own way ---------------------------------------


@checked
def CosineAnnealingLR(lr: Value, T_max: Count, eta_min: Value = 0.0) -> Schedule:
    """``s(t) = eta_min + (lr - eta_min) * (1 + cos(pi*t/T_max))/2``, endless: it climbs again after `T_max`.

    To hold at the end, cut it: ``s[:T_max]``.

    Args:
        lr: the learning rate of the optimizer.
        T_max: half a period in steps.
        eta_min: the lowest learning rate.

    Raises:
        ScheduleError: `T_max` is no whole number >= 1 (PyTorch divides by zero at step 1, if it is 0).

    Source: ``torch.optim.lr_scheduler.CosineAnnealingLR``.

    >>> CosineAnnealingLR(0.1, 90, eta_min=0.01)
    cycle(cosine(0.1, 0.01, 90) >> cosine(0.01, 0.1, 90))
    """
    return cycle(cosine(lr, eta_min, T_max) >> cosine(eta_min, lr, T_max))


@checked
def SWALR(lr: Value, swa_lr: Value, anneal_epochs: Whole = 10, anneal_strategy: _Strategy = "cos") -> Schedule:
    """``shape(lr, swa_lr, anneal_epochs)``.

    Args:
        lr: the learning rate of the optimizer.
        swa_lr: the learning rate at the end.
        anneal_epochs: the length in steps; with 0 it is `swa_lr` at once.
        anneal_strategy: ``"cos"`` or ``"linear"``, the shape.

    Raises:
        ScheduleError: the length is no whole number >= 0, or the shape is unknown.

    Source: ``torch.optim.swa_utils.SWALR``.

    >>> SWALR(0.1, 0.05), SWALR(0.1, 0.05, anneal_strategy="linear")
    (cosine(0.1, 0.05, 10), linear(0.1, 0.05, 10))
    """
    return _SHAPES[anneal_strategy](lr, swa_lr, anneal_epochs) if anneal_epochs else constant(swa_lr)


# -- schedulers of schedulers --------------------------------------------------------------------------------


@checked
def SequentialLR(lr: Value, schedulers: _Members, milestones: _Knots) -> Schedule:
    """``join(a[:m], b[: n - m], c)`` for milestones m, n: one scheduler after the other, each from the base.

    That holds where each of them begins at the base learning rate, and also:

    - `MultiplicativeLR` and `SWALR` go on from the learning rate that is there, the former multiplying by
      ``lr_lambda(0)`` too, which it does not do on its own.
    - `ConstantLR` with ``total_iters=0`` is the base learning rate, and negative milestones of `MultiStepLR` count.
    - After a `OneCycleLR` in the list the base is its first learning rate.
    - Where it begins with another `SequentialLR` or a `ChainedScheduler`, that one is stepped to its step 0
      (pytorch/pytorch#196243): an inner `SequentialLR` runs a step ahead, and its milestones come early;
      `ExponentialLR`, `PolynomialLR`, `MultiplicativeLR`, `CosineAnnealingLR` and `SWALR` in it have made a step too
      many.

    Args:
        lr: the learning rate of the optimizer.
        schedulers: functions of this module without their `lr`: ``partial(StepLR, step_size=30)``. They are taken to be
            built in this order, on an optimizer of their own.
        milestones: the steps at which the second, third, ... begins.

    Raises:
        ScheduleError: the milestones are no whole numbers in ascending order, or not one fewer than the schedulers; a
            `SequentialLR` or `ChainedScheduler` begins at a milestone (PyTorch fails with NotImplementedError); or a
            `LinearLR` or `PolynomialLR` of no length does (PyTorch divides by it).

    Source: ``torch.optim.lr_scheduler.SequentialLR``.

    >>> from functools import partial
    >>> SequentialLR(0.1, [partial(ConstantLR, factor=0.5, total_iters=9), partial(ExponentialLR, gamma=0.9)], [5])
    constant(0.05, steps=5) >> exponential_decay(0.1, 0.9)
    """
    return _run(functools.partial(SequentialLR, schedulers=schedulers, milestones=milestones), lr)


@checked
def ChainedScheduler(lr: Value, schedulers: _Members) -> Schedule:
    """``a * b * ...``: all the schedulers at each step, one after the other on one learning rate.

    Factors multiply. What computes from the base alone (`LambdaLR`, `CyclicLR`, `OneCycleLR`, warm restarts)
    overwrites all before it, and a factor after it acts for one step: `StepLR` at the step of its drop alone. The chain
    begins with the learning rate that building them leaves. `CosineAnnealingLR` down to 0 is a factor too, up to
    `T_max`; it then climbs to the base.

    Args:
        lr: the learning rate of the optimizer.
        schedulers: functions of this module without their `lr`: ``partial(StepLR, step_size=30)``. They are taken to be
            built in this order, on an optimizer of their own.

    Raises:
        ScheduleError: the list is empty, or the chain does what no schedule says, as where a factor acts for one step.

    Source: ``torch.optim.lr_scheduler.ChainedScheduler``.

    >>> from functools import partial
    >>> ChainedScheduler(0.1, [partial(LinearLR, start_factor=0.5), partial(StepLR, step_size=30)])
    linear(0.05, 0.1, 5) * step_decay(1.0, 0.1, 30)
    """
    return _run(functools.partial(ChainedScheduler, schedulers=schedulers), lr)


# -- what follows a metric -----------------------------------------------------------------------------------


@checked
def ReduceLROnPlateau(
    lr: Value,
    mode: Mode = "min",
    factor: Factor = 0.1,
    patience: Whole = 10,
    threshold: Amount = 1e-4,
    threshold_mode: ThresholdMode = "rel",
    cooldown: Whole = 0,
    min_lr: Amount = 0.0,
    eps: Amount = 1e-8,
) -> Plateau:
    """The `Plateau` that decides as PyTorch does; the learning rate is ``apply(lr, state)``.

    It never reduces by `eps` or less, so that tiny learning rates stay.

    Args:
        lr: the learning rate of the optimizer.
        mode: ``"min"`` if less is better, ``"max"`` if more is.
        factor: what multiplies the learning rate at a plateau, above 0 and below 1.
        patience: how many metrics in a row without an improvement are borne.
        threshold: by how much a metric has to be better, as a fraction of the best or in its own units.
        threshold_mode: ``"rel"`` for a fraction, ``"abs"`` for a difference.
        cooldown: for how many metrics after a reduction nothing counts as bad.
        min_lr: the floor under the learning rate.
        eps: the least reduction that is made.

    Raises:
        ScheduleError: an argument is out of its range, or `lr` is below its floor already (PyTorch leaves it there, a
            `Plateau` lifts it).

    Source: ``torch.optim.lr_scheduler.ReduceLROnPlateau``.

    >>> ReduceLROnPlateau(0.1, factor=0.5, patience=3).patience
    3
    """
    demand(lr >= min_lr, "ReduceLROnPlateau", "lr", lr, f"it is below min_lr={min_lr!r}; lower the floor")
    return Plateau(
        mode=mode,
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        cooldown=cooldown,
        min_lr=min_lr,
        eps=eps,
    )


# -- waves and phases ----------------------------------------------------------------------------------------

Line: TypeAlias = Callable[[float, float, float], Schedule]

_SHAPES: dict[str, Line] = {"cos": cosine, "linear": linear}


def _waves(
    start: float,
    end: float,
    step_size_up: float,
    step_size_down: float | None,
    mode: str,
    gamma: float,
    scale_fn: Callable[[Any], Any] | None,
    scale_mode: str,
) -> Schedule:
    """From `start` to `end` and back again, for ever, with the heights that the mode gives."""
    up, down = step_size_up, step_size_up if step_size_down is None else step_size_down
    total, even = up + down, up == down

    def wave(low: float, high: float) -> Schedule:
        return triangular(low, high, up) if even else cycle(linear(low, high, up) >> linear(high, low, down))

    if scale_fn is not None:
        height = custom(_Counted(scale_fn))
        by_step = scale_mode != "cycle"
        return start + wave(0.0, end - start) * (height if by_step else every(height[1:], total))
    match mode:
        case "triangular":
            return wave(start, end)
        case "triangular2":
            halved = step_decay(1.0, 0.5, total)
            return triangular2(start, end, up) if even else start + wave(0.0, end - start) * halved
        case _:  # exp_range
            if even and gamma > 0:
                return exp_range(start, end, up, rate=gamma)
            return start + wave(0.0, end - start) * ExponentialLR(1.0, gamma)


def _levels(max_lr: float, div_factor: float, final_div_factor: float) -> tuple[float, float, float]:
    """The first, the highest and the last learning rate."""
    first = max_lr / div_factor
    return first, max_lr, first / final_div_factor


def _total(function: str, total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise refusal(function, "total_steps", None, "give it, or both epochs and steps_per_epoch")
    return epochs * steps_per_epoch


def _one_cycle(
    function: str,
    levels: tuple[float, float, float],
    total_steps: int,
    pct_start: float,
    anneal_strategy: str,
    three_phase: bool,
) -> Schedule:
    """The phases of one cycle between three levels, the learning rate's or the momentum's, and a step beyond."""
    shape = _SHAPES[anneal_strategy]
    first, peak, last = levels
    rise = _rounded(pct_start * total_steps) - 1
    ends = [rise, 2 * rise] if three_phase else [rise]
    *phases, (a, b) = pairwise((first, peak, first, last) if three_phase else levels)
    parts: list[Schedule] = []
    begin = 0.0
    for (low, high), end in zip(phases, ends, strict=True):
        if end > 0:
            parts.append(_later(shape(low, high, end - begin), -begin))
        begin = end
    steps = total_steps - 1 - begin
    why = "its second phase ends after its last; use a pct_start of at most 0.5 with three_phase"
    demand(steps >= 0, function, "pct_start", pct_start, why)
    parts.append(_later(_overrun(shape, a, b, steps), -begin) if steps else constant(a))
    return join(*parts)


def _later(s: Schedule, steps: float) -> Schedule:
    """A phase without the steps that it should have begun before step 0."""
    return s[steps:] if steps > 0 else s


def _overrun(shape: Line, a: float, b: float, steps: float) -> Schedule:
    """``shape(a, b, steps)`` and a step beyond, where the formula leads."""
    fall = shape(a, b, steps)
    if shape is linear:
        return fall >> linear(b, b + (b - a) / steps, 1)
    climb = shape(b, a, steps)
    return fall >> cut(climb, 1) if steps >= 1 else cycle(fall >> climb)[: steps + 1]


# -- functions of the step -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Counted:
    """A function of the step that is given an ``int`` at whole steps, as PyTorch gives it, from an array too."""

    fn: Callable[[Any], Any]

    @property
    def __name__(self) -> str:
        return _name(self.fn)

    def __call__(self, step: Any) -> Any:
        if not isinstance(step, int | float):
            return self.fn(step)
        return _plain(self.fn(int(step) if step == step // 1 else step))


@dataclasses.dataclass(frozen=True)
class _Product:
    """``fn(1) * fn(2) * ... * fn(step)``."""

    fn: Callable[[int], Any]
    known: list[list[float]] = dataclasses.field(default_factory=lambda: [[1.0]], compare=False, repr=False)

    @property
    def __name__(self) -> str:
        return f"product_of_{_name(self.fn)}"

    def __call__(self, step: float) -> float:
        (products,) = self.known
        if step >= len(products):
            products = list(products)
            while step >= len(products):
                products.append(products[-1] * _plain(self.fn(len(products))))
            self.known[0] = products  # all at once, so that threads see a whole list
        return products[int(step)]


def _name(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", None) or type(fn).__name__


def _plain(value: Any) -> Any:
    """The number in an array or tensor of one."""
    return value.item() if hasattr(value, "item") else value


# -- how schedulers of schedulers compose --------------------------------------------------------------------

Group: TypeAlias = Mapping[str, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Built:
    """A scheduler on one param group of an optimizer, with what PyTorch remembers of how it was built.

    This is what `schedules.adapters.torch.from_torch` reads off live schedulers, whatever was built before them.
    """

    scheduler: Scheduler
    """The function of this module."""
    arguments: Mapping[str, Any]
    """Its arguments but for `lr`, by name; the `schedulers` in them are built ones."""
    base_lr: float
    """The base learning rate: ``base_lrs`` of the scheduler."""
    group: Group
    """The param group, where `OneCycleLR` and `SWALR` keep their learning rates."""
    ahead: int = 0
    """How far its own clock, ``last_epoch`` of `SequentialLR` or ``_step_count - 1`` of `SWALR`, is beyond step 0."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", _complete(self.scheduler, self.arguments))

    def schedule(self, lr: float) -> Schedule:
        """The learning rates from step 0 on, where it is `lr`.

        Args:
            lr: the learning rate that building the scheduler, and others beside it, left in the optimizer.

        Raises:
            ScheduleError: there is no schedule for it: see `SequentialLR` and `ChainedScheduler`.
        """
        if self.scheduler in _FACTORS:
            first = self.factor(0)
            if first == 0:  # ConstantLR of factor 0 and no length, MultiStepLR that begins with gamma=0
                return constant(lr)
            return self.scheduler(self.base_lr if _near(self.base_lr * first, lr) else lr / first, **self.arguments)
        if self.scheduler in _CURVES:
            return self.curve if _near(self.curve(0), lr) else constant(lr, steps=1) >> self.curve[1:]
        return _OTHERS[self.scheduler](self, lr)

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.scheduler.__name__

    @property
    def members(self) -> "tuple[Built, ...]":
        """The schedulers that a `SequentialLR` or `ChainedScheduler` is made of."""
        return tuple(self.arguments["schedulers"])

    @property
    def milestones(self) -> tuple[int, ...]:
        """The steps at which the second, third, ... of a `SequentialLR` begins."""
        found = accept(_Knots, self.name, "milestones", self.arguments["milestones"])
        between = len(self.members) - 1
        wants = f"{between + 1} schedulers have {between} milestones between them"
        demand(len(found) == between, self.name, "milestones", found, wants)
        return found

    @property
    def factor(self) -> Schedule:
        """What multiplies the learning rate that was there before step 0."""
        return self.scheduler(1.0, **self.arguments)

    @property
    def curve(self) -> Schedule:
        """What overwrites the learning rate that is there."""
        if self.scheduler is not OneCycleLR:
            return self.scheduler(self.base_lr, **self.arguments)
        levels = (self.group["initial_lr"], self.group["max_lr"], self.group["min_lr"])
        steps = _total(self.name, *(self.arguments[key] for key in ("total_steps", "epochs", "steps_per_epoch")))
        form = (self.arguments[key] for key in ("pct_start", "anneal_strategy", "three_phase"))
        return _one_cycle(self.name, levels, steps, *form)


def _run(scheduler: Scheduler, lr: float) -> Schedule:
    """The learning rates of a scheduler that is built on an optimizer of its own."""
    group = {"lr": lr}
    return _build(scheduler, group).schedule(group["lr"])


def _build(scheduler: Scheduler, group: dict[str, float]) -> Built:
    """What PyTorch does as it builds a scheduler, its members first: it leaves its step 0 in the group."""
    function, arguments = _parts(scheduler)
    if function in _OF_MANY:
        arguments |= {"schedulers": [_build(member, group) for member in arguments["schedulers"]]}
    elif function is CyclicLR:
        group["lr"] = arguments["base_lr"]
    elif function is OneCycleLR:
        levels = _levels(*(arguments[key] for key in ("max_lr", "div_factor", "final_div_factor")))
        group |= zip(("initial_lr", "max_lr", "min_lr"), levels, strict=True)
    elif function is SWALR:
        group["swa_lr"] = arguments["swa_lr"]
    base = group.setdefault("initial_lr", group["lr"])
    built = Built(function, arguments, base, group)
    if function is SequentialLR:
        built, group["lr"] = _at_clock(built, base, 0)
    elif function is CyclicLR:
        group["lr"] = base  # of which its own base_lr takes the place a moment later
    elif function is not ChainedScheduler:
        _, group["lr"] = _begun(built, group["lr"])
    return built


def _parts(scheduler: Any) -> tuple[Scheduler, dict[str, Any]]:
    """The function and the arguments of a scheduler that is given without its `lr`."""
    function, given, named = scheduler, (), dict[str, Any]()
    if isinstance(scheduler, functools.partial):
        function, given, named = cast("tuple[Any, Any, Any]", (scheduler.func, scheduler.args, scheduler.keywords))
    if function not in _ALL or given:
        raise TypeError(f"not so {brief(cast('object', scheduler))}")
    arguments = _complete(function, named)
    for member in arguments.get("schedulers", ()):
        _parts(member)
    return function, arguments


def _complete(scheduler: Scheduler, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the defaults among them, checked unless they hold schedulers, which check their own."""
    if scheduler not in _OF_MANY:
        scheduler(1.0, **arguments)
    signature = inspect.signature(scheduler)
    try:
        bound = signature.bind(1.0, **arguments)
    except TypeError as fault:
        raise ScheduleError(f"{scheduler.__name__}: {fault}; give {', '.join(signature.parameters)}") from None
    bound.apply_defaults()
    return {key: value for key, value in bound.arguments.items() if key != "lr"}


Entered: TypeAlias = tuple[Built, float]
"""A scheduler at its step 0, and the learning rate that it left."""


def _begun(b: Built, lr: float) -> Entered:
    """The step 0 of building it, where the learning rate is `lr`."""
    if b.scheduler in _OF_MANY:
        return _stepped(b, lr)
    if b.scheduler in _FACTORS:
        return b, lr * b.factor(0)
    if b.scheduler in _CURVES:
        return b, b.curve(0)
    return b, b.group["swa_lr"] if b.scheduler is SWALR and not b.arguments["anneal_epochs"] else lr


def _stepped(b: Built, lr: float) -> Entered:
    """The step 0 that a call of ``step()`` makes, as an outer `SequentialLR` calls it: a step too many for some."""
    given = b.arguments
    match b.name:
        case "SequentialLR":
            return _at_clock(b, lr, b.ahead + 1)
        case "ChainedScheduler":
            members: list[Built] = []
            for member in b.members:
                built, lr = _stepped(member, lr)
                members.append(built)
            return dataclasses.replace(b, arguments={**given, "schedulers": members}), lr
        case "ExponentialLR":
            return b, lr * given["gamma"]
        case "MultiplicativeLR":
            return b, lr * _plain(given["lr_lambda"](0))
        case "PolynomialLR":
            steps = given["total_iters"]
            _demand(steps, b, "PyTorch divides by its length of 0 where it begins a nested scheduler; leave it out")
            return b, lr * (steps / (steps + 1)) ** given["power"]
        case "CosineAnnealingLR":
            low, steps = given["eta_min"], given["T_max"]
            if steps == 1:
                return b, lr + b.base_lr - low
            return b, low + (lr - low) / CosineAnnealingLR(1.0, steps)(1)
        case "SWALR":
            return dataclasses.replace(b, ahead=b.ahead + 1), _averaged(b, lr)(1)
        case _:
            return _begun(b, lr)


def _at_clock(b: Built, lr: float, clock: int) -> Entered:
    """The step 0 of a `SequentialLR` whose own clock shows `clock`: that of the member whose turn it is."""
    place = bisect_right(b.milestones, clock)
    member = b.members[place]
    if clock == 0:
        member, lr = _begun(member, lr)
    elif clock in b.milestones:
        lr = _taken_over(member, lr)
    else:
        member, lr = _stepped(member, lr)
    members = [*b.members[:place], member, *b.members[place + 1 :]]
    return dataclasses.replace(b, arguments={**b.arguments, "schedulers": members}, ahead=clock), lr


def _taken_over(b: Built, before: float) -> float:
    """The learning rate at a milestone of `SequentialLR`, after the one `before`."""
    given = b.arguments
    match b.name:
        case "SequentialLR" | "ChainedScheduler":
            why = "put it first, or its members into the outer SequentialLR"
            raise _refused(b, f"at a milestone of SequentialLR PyTorch fails with NotImplementedError; {why}")
        case "MultiplicativeLR":
            return before * _plain(given["lr_lambda"](0))
        case "SWALR":
            return before if given["anneal_epochs"] else b.group["swa_lr"]
        case "CosineAnnealingLR":
            return b.base_lr
        case "ConstantLR" if given["total_iters"] == 0:
            return b.base_lr
        case "MultiStepLR":
            return b.base_lr * given["gamma"] ** sum(step <= 0 for step in given["milestones"])
        case "LinearLR" | "PolynomialLR":
            _demand(given["total_iters"], b, "PyTorch divides by its length of 0 at a milestone; leave it out")
            return b.base_lr * b.factor(0)
        case _:
            return b.curve(0) if b.scheduler in _CURVES else b.base_lr * b.factor(0)


def _annealed(b: Built, lr: float, factor: Schedule | None = None) -> Schedule:
    """The cosine from `lr` down; it climbs to the base all the same."""
    low, steps = b.arguments["eta_min"], b.arguments["T_max"]
    if factor is None and _near(lr, b.base_lr):
        return CosineAnnealingLR(b.base_lr, steps, low)
    first = cosine(lr, low, steps)
    return (first if factor is None else first * factor) >> CosineAnnealingLR(low, steps, b.base_lr)


def _averaged(b: Built, lr: float) -> Schedule:
    """`SWALR` from `lr` on, which it has at step `ahead` of its curve."""
    end, steps, strategy = b.group["swa_lr"], b.arguments["anneal_epochs"], b.arguments["anneal_strategy"]
    if steps <= b.ahead:
        return constant(end) if _near(lr, end) else constant(lr, steps=1) >> constant(end)
    if not b.ahead:
        return SWALR(lr, end, steps, strategy)
    left = SWALR(1.0, 0.0, steps, strategy)(b.ahead)
    return SWALR(end + (lr - end) / left, end, steps, strategy)[b.ahead :]


def _sequential(b: Built, lr: float) -> Schedule:
    knots = [max(step - b.ahead, 0) for step in b.milestones]
    parts: list[Schedule] = []
    for member, begin, end in zip(b.members, [0, *knots], [*knots, math.inf], strict=True):
        if begin == end:
            continue
        start = _taken_over(member, parts[-1](parts[-1].steps - 1)) if parts else lr
        curve = member.schedule(start)
        parts.append(_placed(curve if end == math.inf else cut(curve, end - begin), begin))
    return join(*parts)


def _placed(s: Schedule, begin: int) -> Schedule:
    """The parts of s for a longer join, in which s begins at step `begin`, so that its whole knots stay whole.

    Phases of `OneCycleLR` end at fractions of a step, whose rounding errors are others there than they are at step 0.
    """
    if not isinstance(s, Join):
        return s
    parts: list[Schedule] = [constant(0.0, steps=begin)]
    for part, end in zip(s.parts, (*s.knots[1:], s.steps), strict=True):
        length = part.steps if end % 1 else begin + end - join(*parts).steps
        parts.append(part if length == part.steps else part[:length])
    return join(*parts[1:])


def _chained(b: Built, lr: float) -> Schedule:
    members = list(_links(b))
    *before, last = members
    if not before or _overwrites(last):
        return last.schedule(lr)
    others = [member for member in members if member.scheduler not in _FACTORS]
    if not others:
        return _product(members, lr)
    link = others[-1]
    if len(others) == 1 and link.scheduler is CosineAnnealingLR:
        factor = functools.reduce(operator.mul, (member.factor for member in members if member is not link))
        if link.arguments["eta_min"] == 0 and factor.steps <= link.arguments["T_max"]:
            return _annealed(link, lr / factor(0), factor)
        raise _refused(
            link,
            "in a ChainedScheduler, its recurrence mixes with the other members unless eta_min=0 and all of them "
            "are constant from T_max on; say what is meant: SequentialLR, or a product such as "
            "step_decay(1.0, 0.1, 30) * cosine(0.1, 0.0, 90)",
        )
    if link.scheduler in _CURVES:
        later = members[members.index(link) + 1 :]
        s = functools.reduce(operator.mul, map(_turns, later), link.curve)
        return s if _near(s(0), lr) else constant(lr, steps=1) >> s[1:]
    raise _refused(
        link,
        "in a ChainedScheduler, it sets the learning rate at some steps and multiplies it at others; put it last, if "
        "it is to overwrite the others, or say what is meant as a product of schedules such as "
        "cosine(0.1, 0.0, 90) * step_decay(1.0, 0.1, 30)",
    )


def _turns(b: Built) -> Schedule:
    """What each step of a factor multiplies the learning rate by, from step 1 on; 1 at step 0."""
    given, one = b.arguments, constant(1.0, steps=1)
    match b.name:
        case "StepLR":
            size, drop = given["step_size"], constant(given["gamma"], steps=1)
            return constant(1.0, steps=size) >> cycle(drop >> constant(1.0, steps=size - 1))
        case "MultiStepLR":
            at = Counter(step for step in given["milestones"] if step > 0 and step % 1 == 0)
            knots = [0, *(step + after for step in sorted(at) for after in (0, 1)), math.inf]
            values = [1.0, *(value for step in sorted(at) for value in (given["gamma"] ** at[step], 1.0))]
            return join(
                *(constant(v, steps=end - begin) for v, (begin, end) in zip(values, pairwise(knots), strict=True))
            )
        case "ConstantLR" if not isinstance(b.factor, Constant):
            n = given["total_iters"]
            return constant(1.0, steps=n) >> constant(1 / given["factor"], steps=1) >> constant(1.0)
        case "ExponentialLR":
            return one >> constant(given["gamma"])
        case "MultiplicativeLR":
            return one >> custom(_Counted(given["lr_lambda"]))[1:]
        case "LinearLR" | "PolynomialLR" if b.factor.steps:
            return (b.factor / shift(b.factor, 1))[: b.factor.steps + 1] >> constant(1.0)
        case _:
            return constant(1.0)


def _product(members: Sequence[Built], lr: float) -> Schedule:
    """``lr`` times the factors of all members; the first of them is written with its learning rates."""
    first, *others = members
    factors = [member.factor for member in others]
    rest = math.prod(factor(0) for factor in factors)
    return functools.reduce(operator.mul, factors, first.schedule(lr / rest if rest else 0.0))


def _links(b: Built) -> Iterator[Built]:
    """The members of a chain and of the chains in it, in the order that they act in."""
    for member in b.members:
        yield from _links(member) if member.scheduler is ChainedScheduler else (member,)


def _overwrites(b: Built) -> bool:
    """Whether it computes each learning rate from the base alone."""
    if b.scheduler is SequentialLR:
        return all(map(_overwrites, b.members))
    return _overwrites(list(_links(b))[-1]) if b.scheduler is ChainedScheduler else b.scheduler in _CURVES


_FACTORS: tuple[Scheduler, ...] = (  # each step multiplies the learning rate that is there
    StepLR,
    MultiStepLR,
    ConstantLR,
    LinearLR,
    ExponentialLR,
    PolynomialLR,
    MultiplicativeLR,
)
_CURVES: tuple[Scheduler, ...] = (LambdaLR, CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR)  # each overwrites it
_OF_MANY: tuple[Scheduler, ...] = (SequentialLR, ChainedScheduler)
_OTHERS: dict[Scheduler, Callable[[Built, float], Schedule]] = {
    CosineAnnealingLR: _annealed,
    SWALR: _averaged,
    SequentialLR: _sequential,
    ChainedScheduler: _chained,
}
_ALL: tuple[Scheduler, ...] = (*_FACTORS, *_CURVES, *_OTHERS)


def cut(s: Schedule, steps: float) -> Schedule:
    """The first steps of s, as one would write them."""
    match s:
        case Constant(value) | Warp(Constant(value)):
            return constant(value, steps=steps)
        case Join((first, *rest)) if isinstance(first.steps, int):  # or the lengths would not add up exactly
            if first.steps >= steps:
                return cut(first, steps)
            return first >> cut(join(*rest), steps - first.steps)
        case _:
            return s if s.steps == steps else s[:steps]


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12)


def _rounded(steps: float) -> float:
    """A length without the rounding error of a product."""
    return round(steps) if math.isclose(steps, round(steps), rel_tol=2e-15) else steps


def _demand(steps: float, b: Built, why: str) -> None:
    if steps == 0:
        raise _refused(b, why)


def _refused(b: Built, why: str) -> ScheduleError:
    return ScheduleError(f"{b.name}: {why}")
