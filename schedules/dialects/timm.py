# ruff: noqa: N802 -- the functions have the names of the peer's classes
"""timm: its learning-rate schedulers by their own names, for a learning rate.

The peer takes an optimizer. These functions take its learning rate in that place, and give what the scheduler writes
when it is told that t epochs, or updates, are done.

>>> from schedules.dialects import timm
>>> timm.CosineLRScheduler(0.1, 300, warmup_t=5, warmup_lr_init=1e-5)
linear(1e-05, 0.1, 5) >> cosine(0.1, 0.0, 300)[5:]

Where the peer counts in its own way:

- **The warmup hides the beginning of the schedule**, unless `warmup_prefix` puts it in front: it rises to `lr`, and
  the schedule goes on from ``s(warmup_t)``, a little lower (huggingface/pytorch-image-models#1242). Tanh alone rises
  to where it goes on. Step and multi-step put it in front by default, WSD always.
- **A milestone m counts from t = m - 1 on** in `MultiStepLRScheduler`.
- **After its last cycle** a schedule holds `lr_min`. Tanh jumps there.
- **Cycles that grow** (``cycle_mul > 1``) begin where a quotient of logarithms says. Where rounding puts that late, as
  for the fifth restart of ``cycle_mul=3``, the peer stays at `lr_min` for that step; where rounding makes a time less
  than 0, a fractional `k_decay` makes it complex, or an error. These functions restart in time.
- **Cycles that shrink** (``cycle_mul < 1``) are over after ``t_initial / (1 - cycle_mul)`` steps. The peer fails
  from there on (a logarithm below zero), even if its cycles were over before; these functions hold `lr_min`.
- **Until its first call** the peer leaves the optimizer at `warmup_lr_init`, or at `lr` where there is no warmup. That
  is not what ``step(0)`` writes, and ``s(0)`` is, where a tanh, a milestone of 0 or 1, or no cycles come first.

`t_in_epochs` says which call moves the peer: ``step(epochs)`` if it is True, ``step_update(updates)`` if not. The
function of t is the same. So it is taken and changes nothing: t counts epochs or updates, as the lengths that are
given do. A schedule in epochs that is stepped once an update is ``every(s, updates_per_epoch)``.

The noise of the peer is random, so it is no function of the step: ``noise_range_t`` and the like are errors.

Source: ``timm.scheduler`` of timm 1.0.31.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeAlias, cast

from ..algebra.checks import (
    MAX_ROUNDS,
    Amount,
    Kind,
    Milestones,
    Mode,
    Period,
    Positive,
    Steps,
    Switch,
    Value,
    choice,
    demand,
    is_settled,
    number,
    refusal,
    surely_equal,
    whole,
)
from ..algebra.named import checked
from ..algebra.nodes import Schedule, Time, Warp
from ..library.combinators import fit, join, maximum, reverse
from ..library.curves import (
    constant,
    cosine,
    custom,
    exponential,
    inverse_sqrt,
    linear,
    multistep,
    one_minus_sqrt,
    polynomial,
    step_decay,
    tanh_decay,
)
from ..library.curves import k_decay as k_decay_curve
from ..library.plateau import Plateau
from ..library.recipes import sgdr

__all__ = [
    "CosineLRScheduler",
    "MultiStepLRScheduler",
    "PlateauLRScheduler",
    "PolyLRScheduler",
    "StepLRScheduler",
    "TanhLRScheduler",
    "WSDLRScheduler",
]

_Curve: TypeAlias = Callable[[float, float, float], Schedule]


def _count(value: Any) -> int:
    result = whole(number(value))
    if not isinstance(result, int) or not 0 <= result <= MAX_ROUNDS:
        raise ValueError
    return result


_DECAYS = choice("linear", "1-sqrt", "cosine", "power", "exp")

_Cycles = Annotated[int, Kind(f"this is a whole number of cycles, from 0 to {MAX_ROUNDS}", _count)]
_Stable = Annotated[str, choice("constant", "rsqrt", "power")]
_Decay = Annotated[
    str | Callable[[float], float],
    Kind(
        f"{_DECAYS.wants}, or a callable of the progress",
        lambda value: value if callable(value) else _DECAYS.convert(value),
    ),
]


@checked
def CosineLRScheduler(
    lr: Value,
    t_initial: Period,
    *,
    lr_min: Amount = 0.0,
    cycle_mul: Positive = 1.0,
    cycle_decay: Value = 1.0,
    cycle_limit: _Cycles = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    warmup_prefix: Switch = False,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
    k_decay: Positive = 1.0,
) -> Schedule:
    """``cosine(lr * cycle_decay**i, lr_min, t_initial * cycle_mul**i)`` for i = 0, 1, ...; then `lr_min`.

    With a `k_decay` of k each cycle is the curve of that name, ``(1 + cos(pi * (t/n)**k))/2``.

    Args:
        lr: the learning rate of the optimizer.
        t_initial: the length of the first cycle in steps.
        lr_min: the learning rate at the end of each cycle, and afterwards.
        cycle_mul: how many times longer each cycle is than the last.
        cycle_decay: what multiplies the learning rate of each restart.
        cycle_limit: how many cycles.
        warmup_t: the length of the warmup in steps.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        warmup_prefix: put the warmup in front, instead of letting it hide the first steps of the cosine.
        t_in_epochs: of no effect: t is counted as the lengths are.
        k_decay: more stays high for longer; 1 is a cosine.

    Raises:
        ScheduleError: a number is out of its range, or the restarts grow beyond all numbers.

    Source: ``CosineLRScheduler`` of timm.

    >>> CosineLRScheduler(0.1, 10, cycle_mul=2, cycle_decay=0.5, cycle_limit=3)
    sgdr(0.1, 10, 3, stretch=2.0, scale=0.5)
    """
    if cycle_limit > 1 and surely_equal(k_decay, 1):
        count = _needed(t_initial, cycle_mul, cycle_limit)
        cycles = sgdr(lr, t_initial, count, end=lr_min, stretch=cycle_mul, scale=cycle_decay)
    else:
        curve = cosine if surely_equal(k_decay, 1) else partial(k_decay_curve, k=k_decay)
        cycles = _cycles(
            "CosineLRScheduler",
            curve,
            lr,
            t_initial,
            lr_min,
            cycle_mul=cycle_mul,
            cycle_decay=cycle_decay,
            cycle_limit=cycle_limit,
        )
    return _warmed(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)


@checked
def TanhLRScheduler(
    lr: Value,
    t_initial: Period,
    *,
    lb: Value = -7.0,
    ub: Value = 3.0,
    lr_min: Amount = 0.0,
    cycle_mul: Positive = 1.0,
    cycle_decay: Value = 1.0,
    cycle_limit: _Cycles = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Amount = 0.0,
    warmup_prefix: Switch = False,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
) -> Schedule:
    """``tanh_decay(lr * cycle_decay**i, lr_min, t_initial * cycle_mul**i)`` for i = 0, 1, ...; then `lr_min`.

    Without `warmup_prefix` the warmup rises to where the tanh goes on, not to `lr`.

    Args:
        lr: the learning rate of the optimizer.
        t_initial: the length of the first cycle in steps.
        lb: the argument of tanh at the beginning of a cycle.
        ub: the argument of tanh at its end, above `lb`.
        lr_min: the learning rate that each cycle tends to, and that is held afterwards.
        cycle_mul: how many times longer each cycle is than the last.
        cycle_decay: what multiplies the learning rate of each restart.
        cycle_limit: how many cycles.
        warmup_t: the length of the warmup in steps.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        warmup_prefix: put the warmup in front, instead of letting it hide the first steps of the tanh.
        t_in_epochs: of no effect: t is counted as the lengths are.

    Raises:
        ScheduleError: a number is out of its range, `ub` is not above `lb`, or the restarts grow beyond all numbers.

    Source: ``TanhLRScheduler`` of timm.

    >>> TanhLRScheduler(0.1, 300)
    tanh_decay(0.1, 0.0, 300, lower=-7.0) >> constant(0.0)
    """
    demand(lb < ub, "TanhLRScheduler", "lb", lb, f"it is to be below ub={ub!r}; swap them")
    curve = partial(tanh_decay, lower=lb, upper=ub)
    cycles = _cycles(
        "TanhLRScheduler",
        curve,
        lr,
        t_initial,
        lr_min,
        cycle_mul=cycle_mul,
        cycle_decay=cycle_decay,
        cycle_limit=cycle_limit,
    )
    whole_curve = cycles >> constant(lr_min) if cycle_limit else cycles
    peak = lr if warmup_prefix else whole_curve(warmup_t)
    return _warmed(whole_curve, peak, warmup_t, warmup_lr_init, warmup_prefix)


@checked
def PolyLRScheduler(
    lr: Value,
    t_initial: Period,
    *,
    power: Positive = 0.5,
    lr_min: Amount = 0.0,
    cycle_mul: Positive = 1.0,
    cycle_decay: Value = 1.0,
    cycle_limit: _Cycles = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    warmup_prefix: Switch = False,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
    k_decay: Positive = 1.0,
) -> Schedule:
    """``polynomial(lr * cycle_decay**i, lr_min, t_initial * cycle_mul**i, power=power)``, i = 0, 1, ...; then `lr_min`.

    With a `k_decay` of k the time of each cycle is warped: ``lr_min + (lr - lr_min) * (1 - (t/n)**k)**power``.

    Args:
        lr: the learning rate of the optimizer.
        t_initial: the length of the first cycle in steps.
        power: the exponent, above zero.
        lr_min: the learning rate at the end of each cycle, and afterwards.
        cycle_mul: how many times longer each cycle is than the last.
        cycle_decay: what multiplies the learning rate of each restart.
        cycle_limit: how many cycles.
        warmup_t: the length of the warmup in steps.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        warmup_prefix: put the warmup in front, instead of letting it hide the first steps of the polynomial.
        t_in_epochs: of no effect: t is counted as the lengths are.
        k_decay: more stays high for longer.

    Raises:
        ScheduleError: a number is out of its range, or the restarts grow beyond all numbers.

    Source: ``PolyLRScheduler`` of timm.

    >>> PolyLRScheduler(0.1, 300, warmup_t=5, warmup_prefix=True)
    linear(0.0, 0.1, 5) >> polynomial(0.1, 0.0, 300, power=0.5)
    """
    curve = partial(_polynomial, power=power, k=k_decay)
    cycles = _cycles(
        "PolyLRScheduler",
        curve,
        lr,
        t_initial,
        lr_min,
        cycle_mul=cycle_mul,
        cycle_decay=cycle_decay,
        cycle_limit=cycle_limit,
    )
    return _warmed(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)


@checked
def StepLRScheduler(
    lr: Value,
    decay_t: Period,
    *,
    decay_rate: Value = 1.0,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    warmup_prefix: Switch = True,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
) -> Schedule:
    """``lr * decay_rate**floor(t/decay_t)``, endless, behind a warmup or partly hidden by it.

    Args:
        lr: the learning rate of the optimizer.
        decay_t: the steps between drops.
        decay_rate: what multiplies it at each drop.
        warmup_t: the length of the warmup in steps.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        warmup_prefix: put the warmup in front, as is the default here.
        t_in_epochs: of no effect: t is counted as the lengths are.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``StepLRScheduler`` of timm.

    >>> StepLRScheduler(0.1, 30, decay_rate=0.1, warmup_t=5)
    linear(0.0, 0.1, 5) >> step_decay(0.1, 0.1, 30)
    """
    return _warmed(step_decay(lr, decay_rate, decay_t), lr, warmup_t, warmup_lr_init, warmup_prefix)


@checked
def MultiStepLRScheduler(
    lr: Value,
    decay_t: Milestones,
    *,
    decay_rate: Value = 1.0,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    warmup_prefix: Switch = True,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
) -> Schedule:
    """``lr * decay_rate**(how many milestones are <= t + 1)``, endless: each counts one step early.

    That is meant to stay (huggingface/pytorch-image-models#2745, #2753), since trained models depend on it.

    Args:
        lr: the learning rate of the optimizer.
        decay_t: the milestones, in ascending order (the peer bisects lists in any order, and finds what it finds).
        decay_rate: what multiplies it at each milestone.
        warmup_t: the length of the warmup in steps.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        warmup_prefix: put the warmup in front, as is the default here.
        t_in_epochs: of no effect: t is counted as the lengths are.

    Raises:
        ScheduleError: a number is out of its range, or the milestones are not ascending.

    Source: ``MultiStepLRScheduler`` of timm.

    >>> MultiStepLRScheduler(0.1, [30, 60], decay_rate=0.1)
    multistep(0.1, 0.1, (30, 60))[1:]
    """
    drops = multistep(lr, decay_rate, decay_t)[1:]
    return _warmed(drops, lr, warmup_t, warmup_lr_init, warmup_prefix)


@checked
def WSDLRScheduler(
    lr: Value,
    t_initial: Period,
    decay_t: Period,
    *,
    lr_min: Amount = 0.0,
    stable_fn: _Stable = "constant",
    stable_timescale: Period | None = None,
    stable_power: Positive = 0.5,
    decay_fn: _Decay = "1-sqrt",
    decay_power: Positive = 0.5,
    decay_ratio: Positive = 0.1,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    t_in_epochs: Switch = True,  # noqa: ARG001 -- t counts either
) -> Schedule:
    """``linear(warmup_lr_init, lr, warmup_t) >> (lr_min + (max(lr * stable, lr_min) - lr_min) * decay)[:t_initial]``.

    The decay is 1 for ``t_initial - decay_t`` steps, and then falls to 0 while the stable function goes on.

    Args:
        lr: the learning rate of the optimizer.
        t_initial: the length of what follows the warmup, in steps.
        decay_t: the length of the decay at its end, in steps.
        lr_min: the floor, and the learning rate at the end.
        stable_fn: ``"constant"``; ``"rsqrt"``, ``(1 + t/timescale)**-0.5``; or ``"power"``, by `stable_power`.
        stable_timescale: the timescale of these in steps; `warmup_t` if None.
        stable_power: the exponent of ``"power"``.
        decay_fn: of the progress x: ``"linear"``, 1 - x; ``"1-sqrt"``; ``"cosine"``; ``"power"``, 1 - x**decay_power;
            ``"exp"``, ``(r**x - r)/(1 - r)`` for r = `decay_ratio`; or any callable that is 1 at 0 (it has no text).
        decay_power: the exponent of ``"power"``.
        decay_ratio: what ``"exp"`` would fall to, if it were not drawn down to 0; below 1.
        warmup_t: the length of the warmup in steps, always in front.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        t_in_epochs: of no effect: t is counted as the lengths are.

    Raises:
        ScheduleError: the decay does not fit in, a function or a timescale is missing, or a number is out of its range.

    Source: ``WSDLRScheduler`` of timm.

    >>> WSDLRScheduler(0.1, 100, 20, warmup_t=5)
    linear(0.0, 0.1, 5) >> constant(0.1, steps=80) >> one_minus_sqrt(0.1, 0.0, 20)
    >>> WSDLRScheduler(0.1, 100, 20, warmup_t=5, stable_fn="rsqrt", decay_fn="linear")
    linear(0.0, 0.1, 5) >> (inverse_sqrt(0.1, timescale=5) * (constant(1.0, steps=80) >> linear(1.0, 0.0, 20)))[:100]
    """
    name = "WSDLRScheduler"
    demand(decay_t <= t_initial, name, "decay_t", decay_t, f"it is a part of t_initial={t_initial!r}; shorten it")
    demand(decay_ratio < 1, name, "decay_ratio", decay_ratio, "this is a number above 0 and below 1")
    fall = partial(_fall, decay_fn, power=decay_power, ratio=decay_ratio)
    if stable_fn == "constant":
        high = lr if surely_equal(lr_min, 0) else max(lr, lr_min)
        body = constant(high, steps=t_initial - decay_t) >> fall(high, lr_min, decay_t)
    else:
        scale = warmup_t if stable_timescale is None else stable_timescale
        demand(scale > 0, name, "stable_timescale", stable_timescale, "it is warmup_t, which is 0; give a number > 0")
        stable = _stable(lr, scale, stable_power if stable_fn == "power" else 0.5)
        above = stable if surely_equal(lr_min, 0) else maximum(stable, lr_min) - lr_min
        body = (lr_min + above * (constant(1.0, steps=t_initial - decay_t) >> fall(1.0, 0.0, decay_t)))[:t_initial]
    return linear(warmup_lr_init, lr, warmup_t) >> body


@checked
def PlateauLRScheduler(
    lr: Value,
    *,
    decay_rate: Value = 0.1,
    patience_t: Steps = 10,
    threshold: Value = 1e-4,
    cooldown_t: Steps = 0,
    warmup_t: Steps = 0,
    warmup_lr_init: Value = 0.0,
    lr_min: Value = 0.0,
    mode: Mode = "max",
) -> tuple[Schedule, Plateau]:
    """``(linear(warmup_lr_init, lr, warmup_t) >> constant(lr), Plateau(...))``, the two that ``ScheduleLR`` takes.

    The peer is told a metric with each epoch, counted from 1, and hears it from epoch ``warmup_t + 1`` on: give the
    plateau none before. (``step(0)`` of a peer without a warmup writes `warmup_lr_init`, of which nothing is kept.)

    Args:
        lr: the learning rate of the optimizer.
        decay_rate: what multiplies the learning rate at a plateau, above 0 and below 1.
        patience_t: how many metrics without an improvement are borne.
        threshold: by how much a metric has to be better, as a fraction of the best.
        cooldown_t: for how many metrics after a reduction nothing counts as bad.
        warmup_t: the length of the warmup in epochs.
        warmup_lr_init: the learning rate at step 0 of a warmup.
        lr_min: the floor under the learning rate.
        mode: ``"max"`` if more is better, as is the default here, ``"min"`` if less is.

    Raises:
        ScheduleError: a number is out of its range, or `lr` is below `lr_min` (where the peer leaves it).

    Source: ``PlateauLRScheduler`` of timm, which is deprecated there.

    >>> schedule, plateau = PlateauLRScheduler(0.1, patience_t=3, warmup_t=5)
    >>> schedule, plateau.patience
    (linear(0.0, 0.1, 5) >> constant(0.1), 3)
    """
    demand(lr >= lr_min, "PlateauLRScheduler", "lr", lr, f"it is below lr_min={lr_min!r}; lower that")
    plateau = Plateau(
        mode=mode,
        factor=decay_rate,
        patience=cast("int", patience_t),
        threshold=threshold,
        cooldown=cast("int", cooldown_t),
        min_lr=lr_min,
    )
    return linear(warmup_lr_init, lr, warmup_t) >> constant(lr), plateau


# -- what they share -------------------------------------------------------------------------------------


def _cycles(
    function: str,
    curve: _Curve,
    lr: float,
    t_initial: float,
    lr_min: float,
    *,
    cycle_mul: float,
    cycle_decay: float,
    cycle_limit: int,
) -> Schedule:
    """One cycle after the other; the last holds its end, which is that of all if there are none."""
    try:
        cycles = [
            curve(lr * cycle_decay**i, lr_min, whole(t_initial * cycle_mul**i))
            for i in range(_needed(t_initial, cycle_mul, cycle_limit))
        ]
    except OverflowError:
        raise refusal(function, "cycle_decay", cycle_decay, "the restarts grow beyond all numbers; use 1") from None
    return join(*cycles) if cycles else constant(lr_min)


def _needed(t_initial: float, cycle_mul: float, cycle_limit: int) -> int:
    """How many cycles begin while whole floats are exact: no run is longer."""
    if not (is_settled(t_initial) and is_settled(cycle_mul)) or cycle_mul <= 1:
        return cycle_limit
    return min(cycle_limit, 1 + math.ceil(max(0.0, math.log(2.0**53 / t_initial, cycle_mul))))


def _warmed(s: Schedule, peak: float, warmup_t: float, warmup_lr_init: float, warmup_prefix: bool) -> Schedule:
    """A warmup in front of s, or instead of its first steps."""
    return linear(warmup_lr_init, peak, warmup_t) >> (s if warmup_prefix or surely_equal(warmup_t, 0) else s[warmup_t:])


def _polynomial(start: float, end: float, steps: float, *, power: float, k: float) -> Schedule:
    """A polynomial, whose time runs as ``(t/n)**k``."""
    if surely_equal(k, 1) or surely_equal(steps, 0):
        return polynomial(start, end, steps, power=power)
    return Warp(polynomial(start, end, 1, power=power), (Time() / steps) ** k, steps)


def _fall(
    kind: str | Callable[[float], float], high: float, low: float, steps: float, *, power: float, ratio: float
) -> Schedule:
    """The decay of a name, from high to low."""
    match kind:
        case "linear":
            return linear(high, low, steps)
        case "1-sqrt":
            return one_minus_sqrt(high, low, steps)
        case "cosine":
            return cosine(high, low, steps)
        case "power":
            return reverse(polynomial(low, high, steps, power=power))
        case "exp":
            return low + (high - low) / (1 - ratio) * (exponential(1.0, ratio, steps) - ratio)
        case _:
            return low + (high - low) * fit(custom(cast("Any", kind), steps=1), steps)


def _stable(lr: float, scale: float, power: float) -> Schedule:
    return inverse_sqrt(lr, timescale=scale) if surely_equal(power, 0.5) else lr * (1 + Time() / scale) ** -power
