"""Transformers: the schedules of ``transformers.get_scheduler`` by their own names, for a learning rate.

The peer takes an optimizer and multiplies its learning rate. These functions take the learning rate in its place, and
give what ``scheduler.get_last_lr()`` says after t calls of ``step()``. Step counts are whole numbers, as there.

>>> from schedules.dialects import transformers
>>> transformers.get_scheduler("linear", 0.001, num_warmup_steps=100, num_training_steps=1000)
linear(0.0, 0.001, 100) >> linear(0.001, 0.0, 900)

Where the peers count in their own way:

- Warmup counts t/W for W warmup steps. Only ``cosine_warmup_with_min_lr`` counts (t + 1)/W, and is a step ahead in
  its cosine too.
- ``cosine``, ``cosine_with_min_lr`` and ``cosine_warmup_with_min_lr`` do not hold at their end: they climb back up.
  To hold, cut them where training ends: ``s[:num_training_steps]``.
- Training steps that do not go beyond the warmup are no error. From the end of the warmup ``linear`` is at 0 and
  ``polynomial`` at its end, ``cosine_with_restarts`` uses `lr` for one more step, and the other cosines swing between
  `lr` and their floor from one step to the next.

What follows a metric is no function of the step: ``reduce_lr_on_plateau`` is a `Plateau`, ``greedy`` a `Greedy`.

Source: ``optimization.py`` of Transformers 5.23.
"""

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from ..algebra.checks import (
    Amount,
    Count,
    Factor,
    Mode,
    Period,
    Positive,
    Switch,
    ThresholdMode,
    Value,
    Whole,
    accept,
    choice,
    demand,
    refusal,
    surely_equal,
)
from ..algebra.forms import parted
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import cycle, fit, reverse
from ..library.curves import constant, cosine, inverse_sqrt, linear, one_minus_sqrt, polynomial
from ..library.plateau import Plateau

__all__ = [
    "Greedy",
    "GreedyState",
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_greedy_schedule",
    "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_reduce_on_plateau_schedule",
    "get_scheduler",
    "get_wsd_schedule",
]


_Ramp = Annotated[str, choice("linear", "cosine", "1-sqrt")]


# -- functions of the step -----------------------------------------------------------------------------


@checked
def get_constant_schedule(lr: Value) -> Schedule:
    """``s(t) = lr``.

    Args:
        lr: the learning rate of the optimizer.

    Raises:
        ScheduleError: it is not finite.

    Source: ``get_constant_schedule`` of Transformers.

    >>> get_constant_schedule(0.001)
    constant(0.001)
    """
    return constant(lr)


@checked
def get_constant_schedule_with_warmup(lr: Value, num_warmup_steps: Whole) -> Schedule:
    """``linear(0, lr, W) >> constant(lr)`` for W = `num_warmup_steps`.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps.

    Raises:
        ScheduleError: the learning rate is not finite, or the length no whole number >= 0.

    Source: ``get_constant_schedule_with_warmup`` of Transformers.

    >>> get_constant_schedule_with_warmup(0.001, 100)
    linear(0.0, 0.001, 100) >> constant(0.001)
    """
    return linear(0.0, lr, num_warmup_steps) >> constant(lr)


@checked
def get_linear_schedule_with_warmup(lr: Value, num_warmup_steps: Whole, num_training_steps: Whole) -> Schedule:
    """``linear(0, lr, W) >> linear(lr, 0, T - W)`` for W warmup and T training steps; 0 from T on.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps.
        num_training_steps: the length of the whole in steps; if it is in the warmup, the warmup is finished first.

    Raises:
        ScheduleError: the learning rate is not finite, or a length no whole number >= 0.

    Source: ``get_linear_schedule_with_warmup`` of Transformers.

    >>> get_linear_schedule_with_warmup(0.001, 100, 1000)
    linear(0.0, 0.001, 100) >> linear(0.001, 0.0, 900)
    """
    return linear(0.0, lr, num_warmup_steps) >> linear(lr, 0.0, max(0, num_training_steps - num_warmup_steps))


@checked
def get_cosine_schedule_with_warmup(
    lr: Value, num_warmup_steps: Whole, num_training_steps: Whole, *, num_cycles: Value = 0.5
) -> Schedule:
    """``lr * (1 + cos(2 pi c u/n))/2`` after the warmup, for c = `num_cycles`, u = t - W and n = max(1, T - W).

    It does not end at T: the wave goes on, so that the usual half of one climbs back to `lr` in n steps more.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, W.
        num_training_steps: the length of the whole in steps, T.
        num_cycles: how many waves there are between W and T; 0.5 goes down once.

    Raises:
        ScheduleError: a number is not finite, or a length no whole number >= 0.

    Source: ``get_cosine_schedule_with_warmup`` of Transformers.

    >>> get_cosine_schedule_with_warmup(0.001, 100, 1000)
    linear(0.0, 0.001, 100) >> cycle(cosine(0.001, 0.0, 900) >> cosine(0.0, 0.001, 900))
    """
    decay = max(1, num_training_steps - num_warmup_steps)
    return linear(0.0, lr, num_warmup_steps) >> _wave(lr, 0.0, decay, num_cycles)


@checked
def get_cosine_with_hard_restarts_schedule_with_warmup(
    lr: Value, num_warmup_steps: Whole, num_training_steps: Whole, *, num_cycles: Positive = 1
) -> Schedule:
    """``lr * (1 + cos(pi * (c u/n mod 1)))/2`` after the warmup, for c, u and n as there; 0 from u = n on.

    Cycles begin where ``u/n * c`` in double precision is whole, as there: from 22 cycles on, rounding puts some of them
    a step late. (Only cycles of one step each, c = n, are at `lr` throughout.)

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, W.
        num_training_steps: the length of the whole in steps, T; n = max(1, T - W).
        num_cycles: how many times it goes down from `lr` to 0, above 0 (with none the peer stays at `lr` up to T).

    Raises:
        ScheduleError: a number is not finite, a length no whole number >= 0, or there are no cycles.

    Source: ``get_cosine_with_hard_restarts_schedule_with_warmup`` of Transformers.

    >>> get_cosine_with_hard_restarts_schedule_with_warmup(0.001, 100, 1000, num_cycles=3)
    linear(0.0, 0.001, 100) >> fit(cycle(cosine(0.001, 0.0, 1))[:3], 900) >> constant(0.0)
    """
    decay = max(1, num_training_steps - num_warmup_steps)
    if surely_equal(num_cycles, 1):
        return linear(0.0, lr, num_warmup_steps) >> cosine(lr, 0.0, decay)
    rounds = cycle(cosine(lr, 0.0, 1))[:num_cycles]
    return linear(0.0, lr, num_warmup_steps) >> fit(rounds, decay) >> constant(0.0)


@checked
def get_polynomial_decay_schedule_with_warmup(
    lr: Value,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    *,
    lr_end: Value = 1e-7,
    power: Positive = 1.0,
) -> Schedule:
    """``linear(0, lr, W) >> polynomial(lr, lr_end, T - W, power=power)``; `lr_end` from T on.

    Where T = W, the peer divides by zero at that step; this is at `lr_end`.

    Args:
        lr: the learning rate of the optimizer. (The peer takes it from ``optimizer.defaults``, so that a param group
            with another one ends in proportion.)
        num_warmup_steps: the length of the warmup in steps, W.
        num_training_steps: the length of the whole in steps, T.
        lr_end: the learning rate at the end, below `lr`.
        power: the exponent, above zero (0 would keep `lr` up to T itself).

    Raises:
        ScheduleError: `lr_end` is not below `lr`, a number is not finite, the power is not positive, or a length is
            no whole number >= 0.

    Source: ``get_polynomial_decay_schedule_with_warmup`` of Transformers.

    >>> get_polynomial_decay_schedule_with_warmup(0.001, 100, 1000, power=2.0)
    linear(0.0, 0.001, 100) >> polynomial(0.001, 1e-07, 900, power=2.0)
    """
    function = "get_polynomial_decay_schedule_with_warmup"
    demand(lr > lr_end, function, "lr_end", lr_end, f"it is to be below lr={lr!r}; give a smaller one")
    decay = max(0, num_training_steps - num_warmup_steps)
    return linear(0.0, lr, num_warmup_steps) >> polynomial(lr, lr_end, decay, power=power)


@checked
def get_inverse_sqrt_schedule(lr: Value, num_warmup_steps: Whole, *, timescale: Period | None = None) -> Schedule:
    """``linear(0, lr, W) >> inverse_sqrt(lr, timescale)``, endless.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, W.
        timescale: the steps after the warmup in which it falls by the square root of two; W if None, 10,000 if that
            is 0.

    Raises:
        ScheduleError: the timescale is not above zero, the learning rate is not finite, or the length no whole
            number >= 0.

    Source: ``get_inverse_sqrt_schedule`` of Transformers.

    >>> get_inverse_sqrt_schedule(0.001, 100)
    linear(0.0, 0.001, 100) >> inverse_sqrt(0.001, timescale=100)
    """
    scale = (num_warmup_steps or 10_000) if timescale is None else timescale
    return linear(0.0, lr, num_warmup_steps) >> inverse_sqrt(lr, timescale=scale)


@checked
def get_cosine_with_min_lr_schedule_with_warmup(
    lr: Value,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    *,
    num_cycles: Value = 0.5,
    min_lr: Amount | None = None,
    min_lr_rate: Amount | None = None,
) -> Schedule:
    """`get_cosine_schedule_with_warmup`, whose wave goes down to `min_lr` instead of 0; it climbs back up after T.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps; it begins at 0, below the floor.
        num_training_steps: the length of the whole in steps, T.
        num_cycles: how many waves there are between the two; 0.5 goes down once.
        min_lr: the lowest learning rate of the wave.
        min_lr_rate: the same as a fraction of `lr`; give one of the two.

    Raises:
        ScheduleError: both floors are given or none, one is negative (the peer clips at 0), a number is not finite,
            or a length is no whole number >= 0.

    Source: ``get_cosine_with_min_lr_schedule_with_warmup`` of Transformers.

    >>> get_cosine_with_min_lr_schedule_with_warmup(0.001, 100, 1000, min_lr=1e-05)
    linear(0.0, 0.001, 100) >> cycle(cosine(0.001, 1e-05, 900) >> cosine(1e-05, 0.001, 900))
    """
    floor = _floor("get_cosine_with_min_lr_schedule_with_warmup", lr, min_lr, min_lr_rate)
    decay = max(1, num_training_steps - num_warmup_steps)
    return linear(0.0, lr, num_warmup_steps) >> _wave(lr, floor, decay, num_cycles)


@checked
def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    lr: Value,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    *,
    num_cycles: Value = 0.5,
    min_lr: Amount | None = None,
    min_lr_rate: Amount | None = None,
    warmup_lr_rate: Value | None = None,
) -> Schedule:
    """`get_cosine_with_min_lr_schedule_with_warmup`, one step ahead: ``s(t) = that(t + 1)``.

    So step 0 is at lr/W, the last step of the warmup is at `lr`, and the floor is reached at T - 1.
    With `warmup_lr_rate` the ramp is ``linear(warmup_lr_rate * lr, lr, W - 1)`` instead, for W steps.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, W.
        num_training_steps: the length of the whole in steps, T.
        num_cycles: how many waves there are between the two; 0.5 goes down once.
        min_lr: the lowest learning rate of the wave.
        min_lr_rate: the same as a fraction of `lr`; give one of the two.
        warmup_lr_rate: the learning rate at step 0, as a fraction of `lr`.

    Raises:
        ScheduleError: both floors are given or none, one is negative (the peer clips at 0), a number is not finite,
            or a length is no whole number >= 0.

    Source: ``get_cosine_with_min_lr_schedule_with_warmup_lr_rate`` of Transformers.

    >>> get_cosine_with_min_lr_schedule_with_warmup_lr_rate(0.001, 100, 1000, min_lr=1e-05)
    (linear(0.0, 0.001, 100) >> cycle(cosine(0.001, 1e-05, 900) >> cosine(1e-05, 0.001, 900)))[1:]
    """
    floor = _floor("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", lr, min_lr, min_lr_rate)
    wave = _wave(lr, floor, max(1, num_training_steps - num_warmup_steps), num_cycles)
    if warmup_lr_rate is None:
        return (linear(0.0, lr, num_warmup_steps) >> wave)[1:]
    ramp = linear(warmup_lr_rate * lr, lr, max(1, num_warmup_steps - 1))
    return ramp[:num_warmup_steps] >> wave[1:]


@checked
def get_wsd_schedule(
    lr: Value,
    num_warmup_steps: Whole,
    num_decay_steps: Whole,
    *,
    num_training_steps: Whole | None = None,
    num_stable_steps: Whole | None = None,
    warmup_type: _Ramp = "linear",
    decay_type: _Ramp = "cosine",
    min_lr_ratio: Amount = 0,
    num_cycles: Value = 0.5,
) -> Schedule:
    """``ramp(min_lr, lr, W) >> constant(lr, steps=S) >> decay(lr, min_lr, D)`` for min_lr = `min_lr_ratio` * lr.

    S is `num_stable_steps` if it is given, else what W and D leave of `num_training_steps`. If that is less than
    nothing, the warmup hides the beginning of the decay.

    Args:
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, W.
        num_decay_steps: the length of the decay in steps, D.
        num_training_steps: the length of the whole in steps; of no effect beside `num_stable_steps`.
        num_stable_steps: the length of the stable phase in steps.
        warmup_type: ``"linear"``, ``"cosine"`` or ``"1-sqrt"``: the decay of that name backwards.
        decay_type: ``"linear"``, ``"cosine"`` or ``"1-sqrt"``.
        min_lr_ratio: the learning rate at step 0 and at the end, as a fraction of `lr`.
        num_cycles: how many waves a cosine decay has; after anything but a half it jumps to its end.

    Raises:
        ScheduleError: neither a stable phase nor a whole is given, a type is unknown, the ratio is negative (with which
            the peer ends below zero), a number is not finite, or a length is no whole number >= 0.

    Source: ``get_wsd_schedule`` of Transformers.

    >>> get_wsd_schedule(0.001, 100, 200, num_training_steps=1000)
    linear(0.0, 0.001, 100) >> constant(0.001, steps=700) >> cosine(0.001, 0.0, 200)
    """
    floor = min_lr_ratio * lr
    ramp = _ramp(warmup_type, floor, lr, num_warmup_steps)
    decay = _decay(decay_type, lr, floor, num_decay_steps, num_cycles)
    if num_stable_steps is not None:
        stable = num_stable_steps
    elif num_training_steps is not None:
        *_, stable = parted(num_training_steps, num_warmup_steps, num_decay_steps)
    else:
        raise refusal("get_wsd_schedule", "num_training_steps", None, "give it, or num_stable_steps")
    hidden = min(max(-stable, 0), num_decay_steps)
    return ramp >> constant(lr, steps=max(stable, 0)) >> decay[hidden:]


# -- machines that follow a metric ---------------------------------------------------------------------


def get_reduce_on_plateau_schedule(lr: float, **kwargs: Any) -> Plateau:
    """The `Plateau` that decides as PyTorch's ``ReduceLROnPlateau`` does; the learning rate is ``apply(lr, state)``.

    Args:
        lr: the learning rate of the optimizer.
        kwargs: ``mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps``, with PyTorch's defaults.

    Raises:
        ScheduleError: an argument is unknown or out of its range, or `lr` is below `min_lr` (where PyTorch leaves it).

    Source: ``get_reduce_on_plateau_schedule`` of Transformers.

    >>> get_reduce_on_plateau_schedule(0.001, factor=0.5, patience=3).patience
    3
    """
    function = "get_reduce_on_plateau_schedule"
    rate = accept(Value, function, "lr", lr)
    known = [field.name for field in dataclasses.fields(Plateau)]
    for name, value in kwargs.items():
        demand(name in known, function, name, value, f"no such argument; there are {', '.join(known)}")
    plateau = Plateau(**kwargs)
    demand(rate >= plateau.min_lr, function, "lr", lr, f"it is below min_lr={plateau.min_lr!r}; lower that")
    return plateau


class GreedyState(NamedTuple):
    """What `Greedy` remembers: plain numbers, so that any checkpoint holds it."""

    lr: float
    """The learning rate to use."""
    best: float
    """The best metric so far."""
    bad: int
    """How many updates in a row were no improvement."""
    good: int
    """How many updates in a row were one."""
    cooldown: int
    """How many updates are left, after a reduction, in which nothing counts."""
    warmup: int
    """How many are left after an increase."""
    left: int
    """How many reductions at the floor are left before all begins anew."""
    window: tuple[float, ...]
    """The latest metrics, if they are smoothed."""
    total: float
    """The running sum of `window`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Greedy:
    """``lr / factor`` after more than `patience` improvements in a row, ``lr * factor`` after as many failures.

    Made by `get_greedy_schedule`, which says what the fields mean. The learning rate is ``state.lr``.
    """

    lr: float
    mode: str
    factor: float
    patience: int
    threshold: float
    threshold_mode: str
    cooldown: int
    warmup: int
    min_lr: float
    max_lr: float
    eps: float
    smooth: bool
    window_size: int
    reset_start: int

    def init(self) -> GreedyState:
        """The state before the first metric."""
        best = math.inf if self.mode == "min" else -math.inf
        return GreedyState(self.lr, best, 0, 0, 0, 0, self.reset_start, (), 0.0)

    def update(self, state: GreedyState, metric: float) -> GreedyState:
        """The state after one more metric; NaN is no improvement."""
        state, metric = self._smoothed(state, float(metric))
        if state.cooldown > 0:
            return state._replace(cooldown=state.cooldown - 1, bad=0, good=0)
        if state.warmup > 0:
            return state._replace(warmup=state.warmup - 1, bad=0, good=0)
        if self._better(metric, state.best):
            state = state._replace(best=metric, bad=0, good=state.good + 1)
        else:
            state = state._replace(bad=state.bad + 1, good=0)
        if state.good > self.patience:
            return self._raised(state)._replace(warmup=self.warmup, good=0)
        if state.bad > self.patience:
            return self._lowered(state)._replace(cooldown=self.cooldown, bad=0)
        return state

    def _smoothed(self, state: GreedyState, metric: float) -> tuple[GreedyState, float]:
        if not self.smooth:
            return state, metric
        window, total = (*state.window, metric), state.total + metric
        if len(window) > self.window_size:
            total, window = total - window[0], window[1:]
        return state._replace(window=window, total=total), total / len(window)

    def _better(self, metric: float, best: float) -> bool:
        margin = self.threshold if self.mode == "max" else -self.threshold
        goal = best * (1.0 + margin) if self.threshold_mode == "rel" else best + margin
        return metric > goal if self.mode == "max" else metric < goal

    def _raised(self, state: GreedyState) -> GreedyState:
        higher = min(state.lr / self.factor, self.max_lr)
        return state._replace(lr=higher if higher - state.lr > self.eps else state.lr, left=self.reset_start)

    def _lowered(self, state: GreedyState) -> GreedyState:
        lower = max(state.lr * self.factor, self.min_lr)
        lr = lower if state.lr - lower > self.eps else state.lr
        if lr > self.min_lr:
            return state._replace(lr=lr)
        return state._replace(lr=lr, left=state.left - 1) if state.left > 1 else self.init()


@checked
def get_greedy_schedule(
    lr: Value,
    *,
    mode: Mode = "min",
    factor: Factor = 0.95,
    patience: Whole = 10,
    threshold: Amount = 1e-6,
    threshold_mode: ThresholdMode = "abs",
    cooldown: Whole = 0,
    warmup: Whole = 0,
    min_lr: Amount = 1e-3,
    max_lr: Amount = 1.0,
    eps: Amount = 1e-8,
    smooth: Switch = False,
    window_size: Count = 50,
    reset_start: Whole = 500,
) -> Greedy:
    """The pure state machine of ``GreedyLR``: ``state = greedy.update(state, metric)``, and then ``state.lr``.

    It raises the learning rate while the metric improves, and lowers it where it does not. One that begins below
    `min_lr` is never lowered.

    Args:
        lr: the learning rate of the optimizer, of the beginning.
        mode: ``"min"`` if less is better, ``"max"`` if more is.
        factor: what the learning rate is multiplied with or divided by, above 0 and below 1.
        patience: more than so many improvements, or failures, in a row change the learning rate.
        threshold: by how much a metric has to be better, as a fraction of the best or in its own units.
        threshold_mode: ``"rel"`` for a fraction, ``"abs"`` for a difference.
        cooldown: for how many updates after a reduction nothing counts.
        warmup: for how many updates after an increase nothing counts.
        min_lr: the floor.
        max_lr: the ceiling.
        eps: the least change of the learning rate that is made.
        smooth: judge the mean of the latest metrics.
        window_size: how many these are.
        reset_start: after so many reductions in a row at the floor all begins anew, at `lr`.

    Raises:
        ScheduleError: an argument is out of its range.

    Source: ``GreedyLR`` of Transformers, without ``verbose``; arXiv:2512.14527.

    >>> greedy = get_greedy_schedule(0.1, patience=0, factor=0.5)
    >>> state = greedy.update(greedy.init(), 1.0)
    >>> state.lr, greedy.update(state, 2.0).lr
    (0.2, 0.1)
    """
    return Greedy(**locals())


# -- by name ---------------------------------------------------------------------------------------------

_SCHEDULERS: dict[str, Callable[..., Any]] = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "cosine_with_restarts": get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": get_polynomial_decay_schedule_with_warmup,
    "constant": get_constant_schedule,
    "constant_with_warmup": get_constant_schedule_with_warmup,
    "inverse_sqrt": get_inverse_sqrt_schedule,
    "reduce_lr_on_plateau": get_reduce_on_plateau_schedule,
    "cosine_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": get_wsd_schedule,
    "greedy": get_greedy_schedule,
}


def get_scheduler(
    name: str,
    lr: float,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """The schedule of a name, of which the arguments that it does not take are ignored, as they are there.

    Args:
        name: ``linear``, ``cosine``, ``cosine_with_restarts``, ``polynomial``, ``constant``, ``constant_with_warmup``,
            ``inverse_sqrt``, ``cosine_with_min_lr``, ``cosine_warmup_with_min_lr``, ``warmup_stable_decay``,
            ``reduce_lr_on_plateau`` or ``greedy``; or a ``SchedulerType``.
        lr: the learning rate of the optimizer.
        num_warmup_steps: the length of the warmup in steps, where there is one.
        num_training_steps: the length of the whole in steps, where it has one.
        scheduler_specific_kwargs: further arguments of the function for this name.

    Returns:
        A `Schedule`; a `Plateau` for ``reduce_lr_on_plateau``, a `Greedy` for ``greedy``.

    Raises:
        ScheduleError: the name is unknown, an argument that it needs is missing, or one is out of its range.

    Source: ``get_scheduler`` of Transformers.

    >>> get_scheduler("cosine_with_min_lr", 0.001, 0, 900, {"min_lr_rate": 0.1})[:900]
    cycle(cosine(0.001, 0.0001, 900) >> cosine(0.0001, 0.001, 900))[:900]
    """
    key = getattr(name, "value", name)
    if key not in _SCHEDULERS:
        raise refusal("get_scheduler", "name", name, f"this is one of {', '.join(_SCHEDULERS)}")
    function = _SCHEDULERS[key]
    counts = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    taken = inspect.signature(function).parameters.keys()
    given = {argument: count for argument, count in counts.items() if argument in taken and count is not None}
    further = {} if key in ("constant", "constant_with_warmup") else dict(scheduler_specific_kwargs or {})
    for argument in counts.keys() & further.keys():
        raise refusal("get_scheduler", argument, further[argument], "give it beside scheduler_specific_kwargs")
    return function(lr, **given, **further)


# -- what they share -------------------------------------------------------------------------------------


def _wave(high: float, low: float, steps: float, cycles: float) -> Schedule:
    """``low + (high - low) * (1 + cos(2 pi * cycles * t / steps))/2``, endless."""
    if surely_equal(cycles, 0):
        return constant(high)
    half = steps / (2 * abs(cycles))
    return cycle(cosine(high, low, half) >> cosine(low, high, half))


def _ramp(kind: str, low: float, high: float, steps: float) -> Schedule:
    """A decay backwards."""
    if kind == "1-sqrt":
        return reverse(one_minus_sqrt(high, low, steps))
    return (linear if kind == "linear" else cosine)(low, high, steps)


def _decay(kind: str, high: float, low: float, steps: float, cycles: float) -> Schedule:
    """A curve from high to low; of a cosine as many waves as are wanted, and then a jump."""
    if kind == "cosine" and steps and not surely_equal(cycles, 0.5):
        return _wave(high, low, steps, cycles)[:steps] >> constant(low)
    return {"linear": linear, "cosine": cosine, "1-sqrt": one_minus_sqrt}[kind](high, low, steps)


def _floor(function: str, lr: float, min_lr: float | None, min_lr_rate: float | None) -> float:
    """The lowest learning rate, of the two ways to give it."""
    if min_lr is not None and min_lr_rate is None:
        return min_lr
    if min_lr is None and min_lr_rate is not None:
        return lr * min_lr_rate
    raise refusal(function, "min_lr", min_lr, f"min_lr_rate={min_lr_rate!r}: give one of the two")
