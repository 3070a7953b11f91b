"""From PyTorch: the schedules of `torch.optim.lr_scheduler`, read off live schedulers.

>>> import torch
>>> from torch.optim import lr_scheduler
>>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
>>> from_torch(lr_scheduler.StepLR(optimizer, 30, gamma=0.5))
(step_decay(0.1, 0.5, 30),)

What PyTorch does is reproduced at every step, quirks and all; `schedules.dialects.torch` has the formulas and tells the
quirks. Read off a live scheduler is what its arguments do not say:

- All schedulers start from the learning rates that are in the optimizer, which others may have changed as they were
  built: building a scheduler is its step 0. A base, though, is what the learning rate was when the first scheduler was
  built, and step 0 of ``CyclicLR`` is that too, whatever its ``base_lr``.
- ``OneCycleLR`` and ``SWALR`` keep their learning rates in the optimizer, where a later one overwrites them.
- ``CosineAnnealingLR`` climbs to its base, also where it starts from another learning rate.
- Where a ``SequentialLR`` begins with another or with a ``ChainedScheduler``, the clocks in that are ahead.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from torch import Tensor
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

from schedules import Plateau, Schedule, ScheduleError
from schedules.dialects import torch as dialect

__all__ = ["from_torch", "momentum_from_torch", "plateau_from_torch"]

P = ParamSpec("P")
R = TypeVar("R")


def _naming_itself(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, whose errors begin with its name."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ScheduleError as fault:
            raise ScheduleError(f"{function.__name__}: {fault}") from None

    return call


@_naming_itself
def from_torch(scheduler: LRScheduler) -> tuple[Schedule, ...]:
    """The learning rates of a scheduler of PyTorch as schedules, one for each param group.

    ``from_torch(scheduler)[g](k)`` is ``get_last_lr()[g]`` after k calls of ``step()``: absolute values, for
    ``ScheduleLR(optimizer, from_torch(scheduler))``. Functions given to the scheduler become `custom`; all else is an
    expression that `parse` reads.

    Args:
        scheduler: a scheduler that was just built, and not stepped.

    Raises:
        ScheduleError: the scheduler has been stepped; there is no formula for its class; or it does what no schedule
            says, as a chain where a factor acts for one step only.

    >>> import torch
    >>> from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    >>> parts = [LinearLR(optimizer, 0.1, total_iters=10), CosineAnnealingLR(optimizer, 90)]
    >>> from_torch(SequentialLR(optimizer, parts, milestones=[10]))
    (linear(0.05, 0.5, 10) >> cycle(cosine(0.5, 0.0, 90) >> cosine(0.0, 0.5, 90)),)
    """
    _check(scheduler)
    rates = [_plain(rate) for rate in scheduler.get_last_lr()]
    return tuple(_read(scheduler, place).schedule(rate) for place, rate in enumerate(rates))


@_naming_itself
def momentum_from_torch(scheduler: LRScheduler) -> tuple[Schedule, ...]:
    """The momentum (or ``betas[0]``) that ``OneCycleLR`` and ``CyclicLR`` cycle, one schedule for each param group.

    Args:
        scheduler: a scheduler that was just built, and not stepped.

    Raises:
        ScheduleError: the scheduler does not cycle momentum, or has been stepped.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    >>> momentum_from_torch(torch.optim.lr_scheduler.CyclicLR(optimizer, 0.01, 0.1, step_size_up=20))
    (triangular(0.9, 0.8, 20),)
    """
    if not isinstance(scheduler, OneCycleLR | CyclicLR) or not scheduler.cycle_momentum:
        raise _refusal(scheduler, "it cycles no momentum; OneCycleLR and CyclicLR do, with cycle_momentum=True")
    _check(scheduler)
    if isinstance(scheduler, OneCycleLR):
        phases, groups = _phases(scheduler), scheduler.optimizer.param_groups
        levels = [(_plain(group["base_momentum"]), _plain(group["max_momentum"])) for group in groups]
        return tuple(dialect.OneCycleMomentum(**phases, base_momentum=low, max_momentum=high) for low, high in levels)
    pairs = zip(scheduler.base_momentums, scheduler.max_momentums, strict=True)
    return tuple(dialect.CyclicMomentum(_plain(low), _plain(high), **_waves(scheduler)) for low, high in pairs)


@_naming_itself
def plateau_from_torch(scheduler: ReduceLROnPlateau) -> Plateau:
    """The `Plateau` that decides as a ``ReduceLROnPlateau`` does.

    Args:
        scheduler: the scheduler; what it has seen so far is not taken over.

    Raises:
        ScheduleError: it is another scheduler, its param groups have different floors, or a learning rate is below its
            floor already (PyTorch leaves it there, a `Plateau` lifts it).

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> plateau_from_torch(torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)).patience
    3
    """
    if type(scheduler) is not ReduceLROnPlateau:
        raise _refusal(scheduler, "this is no ReduceLROnPlateau; use from_torch")
    floors = {_plain(floor) for floor in scheduler.min_lrs}
    if len(floors) != 1:
        raise _refusal(scheduler, f"min_lr differs among its groups, {scheduler.min_lrs}; use one")
    (floor,) = floors
    lowest = min(_plain(group["lr"]) for group in scheduler.optimizer.param_groups)
    names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "eps")
    return dialect.ReduceLROnPlateau(lowest, **_attributes(scheduler, *names), min_lr=floor)


# -- what a scheduler was built with, for one param group --------------------------------------------------


def _read(s: Any, place: int) -> dialect.Built:
    group = {
        key: _plain(s.optimizer.param_groups[place][key]) for key in _KEPT & s.optimizer.param_groups[place].keys()
    }
    function = getattr(dialect, type(s).__name__)
    ahead = s.last_epoch if isinstance(s, SequentialLR) else s._step_count - 1 if isinstance(s, SWALR) else 0
    return dialect.Built(function, _ARGUMENTS[type(s)](s, place), _base(s, place), group, ahead)


def _base(s: Any, place: int) -> float:
    return _plain(s.optimizer.param_groups[place]["initial_lr"] if _of_many(s) else s.base_lrs[place])


def _attributes(s: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(s, name) for name in names}


def _named(*names: str) -> Callable[[Any, int], dict[str, Any]]:
    """The arguments that the scheduler keeps under their own names."""
    return lambda s, _: _attributes(s, *names)


def _lambda(s: Any, place: int) -> dict[str, Any]:
    return {"lr_lambda": s.lr_lambdas[place]}


def _waves(s: CyclicLR) -> dict[str, Any]:
    up = s.total_size * s.step_ratio  # rounded, once divided and multiplied again
    up = round(up) if math.isclose(up, round(up), rel_tol=1e-15) else up
    own = s._scale_fn_custom  # beside which the mode is not looked at
    return {
        "step_size_up": up,
        "step_size_down": s.total_size - up,
        "mode": s.mode if own is None else "triangular",
        "gamma": s.gamma,
        "scale_fn": own,
        "scale_mode": "cycle" if s.scale_mode == "cycle" else "iterations",
    }


def _cyclic(s: CyclicLR, place: int) -> dict[str, Any]:
    return {"base_lr": _plain(s.base_lrs[place]), "max_lr": _plain(s.max_lrs[place])} | _waves(s)


def _phases(s: OneCycleLR) -> dict[str, Any]:
    return {
        "total_steps": s.total_steps,
        "pct_start": (s._schedule_phases[0]["end_step"] + 1) / s.total_steps,
        "anneal_strategy": s._anneal_func_type,
        "three_phase": len(s._schedule_phases) == 3,
    }


def _one_cycle(s: OneCycleLR, place: int) -> dict[str, Any]:
    return {"max_lr": _plain(s.optimizer.param_groups[place]["max_lr"])} | _phases(s)


def _averaged(s: Any, place: int) -> dict[str, Any]:
    return {
        "swa_lr": _plain(s.optimizer.param_groups[place]["swa_lr"]),
        "anneal_epochs": s.anneal_epochs,
        "anneal_strategy": s._anneal_strategy,
    }


def _chained(s: Any, place: int) -> dict[str, Any]:
    return {"schedulers": [_read(member, place) for member in s._schedulers]}


def _sequential(s: Any, place: int) -> dict[str, Any]:
    return _chained(s, place) | {"milestones": list(s._milestones)}


_KEPT = {"initial_lr", "max_lr", "min_lr", "swa_lr"}
"""What schedulers keep in a param group."""

_ARGUMENTS: dict[type, Callable[[Any, int], dict[str, Any]]] = {
    StepLR: _named("step_size", "gamma"),
    MultiStepLR: lambda s, _: {"milestones": list(s.milestones.elements()), "gamma": s.gamma},
    ConstantLR: _named("factor", "total_iters"),
    LinearLR: _named("start_factor", "end_factor", "total_iters"),
    ExponentialLR: _named("gamma"),
    PolynomialLR: _named("total_iters", "power"),
    MultiplicativeLR: _lambda,
    LambdaLR: _lambda,
    CosineAnnealingLR: _named("T_max", "eta_min"),
    CosineAnnealingWarmRestarts: _named("T_0", "T_mult", "eta_min"),
    CyclicLR: _cyclic,
    OneCycleLR: _one_cycle,
    SWALR: _averaged,
    SequentialLR: _sequential,
    ChainedScheduler: _chained,
}


def _of_many(scheduler: LRScheduler) -> bool:
    return isinstance(scheduler, SequentialLR | ChainedScheduler)


def _plain(value: Any) -> float:
    return value.item() if isinstance(value, Tensor) else value


def _check(scheduler: LRScheduler) -> None:
    """Refuse what has no formula, and what is not at its step 0 any more."""
    _check_member(scheduler, 0)
    there = [_plain(group["lr"]) for group in scheduler.optimizer.param_groups]
    last = [_plain(rate) for rate in scheduler.get_last_lr()]
    if there != last:
        raise _refusal(
            scheduler,
            f"the learning rates are {there} now, and were {last} when it was built; give it an optimizer of its own",
        )


def _check_member(scheduler: LRScheduler, level: int) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        raise _refusal(scheduler, "it follows a metric, and is no function of the step; use plateau_from_torch")
    if type(scheduler) not in _ARGUMENTS:
        remedy = "write its formula with custom(fn), or record its learning rates and use replay([...])"
        raise _refusal(scheduler, f"no formula is known for this class; {remedy}")
    done = 0 if isinstance(scheduler, ChainedScheduler) else scheduler.last_epoch
    done -= level if isinstance(scheduler, SequentialLR) else 0  # its own clock is ahead: see above
    if done > 0:
        raise _refusal(
            scheduler, f"it has made {done} steps; build it anew, and set the step where the schedule is run"
        )
    if isinstance(scheduler, SequentialLR | ChainedScheduler):
        for member in scheduler._schedulers:
            _check_member(member, level + isinstance(scheduler, SequentialLR))


def _refusal(scheduler: object, why: str) -> ScheduleError:
    return ScheduleError(f"{type(scheduler).__name__}: {why}")
