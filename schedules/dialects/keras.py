"""Keras: the classes of ``keras.optimizers.schedules`` by their own names and arguments, and ``ReduceLROnPlateau``.

Each gives what the class gives at every whole step, and optimizers of Keras ask for no others. Keras computes in
float32 by default; these agree with what it computes in float64.

>>> from schedules.dialects import keras
>>> keras.CosineDecay(0.0, 900, warmup_target=0.1, warmup_steps=100)
linear(0.0, 0.1, 100) >> cosine(0.1, 0.0, 900)

What Keras does in its own way, and these do too:

- `PiecewiseConstantDecay` still uses the earlier value at a boundary, and the next one from the step after it.
- `PolynomialDecay` that cycles spreads its fall over all rounds so far, so that its second round begins half-way down,
  and it is at its end in the last step of each round.
- `CosineDecay` forgets `warmup_steps` where there is no `warmup_target`, and its `alpha` is a fraction of the peak
  (keras-team/keras#21772).
- `CosineDecayRestarts` multiplies by `m_mul` what lies above its floor; the floor is the same in all rounds.

Where Keras goes wrong, these do not:

- Where ``t_mul`` is not 1, `CosineDecayRestarts` finds the round by a quotient of logarithms. Rounding may put the
  first step of a round into the round before, and that step then has the floor in place of the peak (the third round
  of ``t_mul=1.5`` on PyTorch, in float32). Here every round begins at its peak. With ``t_mul < 1`` Keras gives NaN
  once the rounds have shrunk to nothing; here that is an error.
- Errors are also: a negative rate in `ExponentialDecay` without `staircase` (NaN in Keras) and in `InverseTimeDecay` (a
  pole), a negative power in `PolynomialDecay` (inf at its end), and boundaries of `PiecewiseConstantDecay` that are out
  of order (Keras adds values up). Without boundaries, an ``IndexError`` in Keras, its one value is used.

A `name` is taken and forgotten. The callback ``LearningRateScheduler`` needs no dialect: it takes any schedule in
epochs.

Source: ``learning_rate_schedule.py`` and ``reduce_lr_on_plateau.py`` of Keras 3.15.
"""

# ruff: noqa: ARG001, N802, PLR0917 -- names and arguments are those of Keras

import math
from collections.abc import Sequence
from typing import Annotated, Any

from ..algebra.checks import (
    Amount,
    Factor,
    Kind,
    Period,
    Steps,
    Switch,
    Value,
    Values,
    Whole,
    choice,
    demand,
    number,
    refusal,
)
from ..algebra.named import checked
from ..algebra.nodes import Schedule, Time
from ..library.combinators import every, maximum, repeat
from ..library.curves import (
    constant,
    cosine,
    exponential_decay,
    inverse_time,
    linear,
    piecewise,
    polynomial,
    step_decay,
)
from ..library.plateau import Plateau

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "ReduceLROnPlateau",
]


def _text(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError
    return value


def _boundaries(values: Any) -> tuple[int, ...]:
    steps = tuple(int(number(value)) for value in values)  # towards zero, as Keras makes steps of them
    if list(steps) != sorted(steps):
        raise ValueError("sort them first")
    return steps


_Boundaries = Annotated[Sequence[float], Kind("this is a list of steps in ascending order", _boundaries)]
_Name = Annotated[str | None, Kind("a name is a text", _text)]
_Mode = Annotated[str, choice("auto", "min", "max")]


# -- functions of the step -----------------------------------------------------------------------------


@checked
def ExponentialDecay(
    initial_learning_rate: Value,
    decay_steps: Period,
    decay_rate: Value,
    staircase: Switch = False,
    name: _Name = "ExponentialDecay",
) -> Schedule:
    """``s(t) = initial_learning_rate * decay_rate**(t/decay_steps)``, the exponent rounded down if `staircase`.

    Args:
        initial_learning_rate: the value at step 0.
        decay_steps: the steps in which `decay_rate` is gained.
        decay_rate: the factor gained.
        staircase: whether it is gained at once, at the end of those steps.
        name: forgotten.

    Raises:
        ScheduleError: `decay_steps` is not positive, or the rate is negative and there is no staircase.

    Source: ``keras.optimizers.schedules.ExponentialDecay``.

    >>> ExponentialDecay(0.1, 1000, 0.96), ExponentialDecay(0.1, 1000, 0.96, staircase=True)
    (exponential_decay(0.1, 0.96, every=1000), step_decay(0.1, 0.96, 1000))
    """
    if staircase:
        return step_decay(initial_learning_rate, decay_rate, decay_steps)
    real = "powers of it are no real numbers between whole exponents; use a rate >= 0, or staircase=True"
    demand(decay_rate >= 0, "ExponentialDecay", "decay_rate", decay_rate, real)
    if decay_rate == 0:
        return step_decay(initial_learning_rate, 0.0, 1)
    return exponential_decay(initial_learning_rate, decay_rate, every=decay_steps)


@checked
def PiecewiseConstantDecay(boundaries: _Boundaries, values: Values, name: _Name = "PiecewiseConstant") -> Schedule:
    """``s(t) = values[how many boundaries are < t]``: the value changes in the step after a boundary.

    Args:
        boundaries: steps in ascending order; fractions are cut off.
        values: one more than the boundaries.
        name: forgotten.

    Raises:
        ScheduleError: the boundaries are not in ascending order, or not one fewer than the values.

    Source: ``keras.optimizers.schedules.PiecewiseConstantDecay``.

    >>> PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    piecewise([0.1, 0.01, 0.001], (101, 201))
    """
    if len(values) != len(boundaries) + 1:
        wants = f"{len(values)} values have {len(values) - 1} boundaries between them"
        raise refusal("PiecewiseConstantDecay", "boundaries", boundaries, wants)
    return piecewise(values, [max(boundary + 1, 0) for boundary in boundaries])


@checked
def PolynomialDecay(
    initial_learning_rate: Value,
    decay_steps: Period,
    end_learning_rate: Value = 0.0001,
    power: Amount = 1.0,
    cycle: Switch = False,
    name: _Name = "PolynomialDecay",
) -> Schedule:
    """``s(t) = end + (initial - end) * (1 - t/n)**power`` for n = `decay_steps`; with `cycle`, n * max(ceil(t/n), 1).

    Args:
        initial_learning_rate: the value at step 0.
        decay_steps: the steps after which it is at its end: once, or at each multiple of them if it cycles.
        end_learning_rate: the value at the end.
        power: the exponent, >= 0.
        cycle: whether it rises again after its end, to a part of its height.
        name: forgotten.

    Raises:
        ScheduleError: `decay_steps` is not positive, or the power is negative.

    Source: ``keras.optimizers.schedules.PolynomialDecay``.

    >>> PolynomialDecay(0.1, 1000), PolynomialDecay(0.1, 1000, 0.0, power=2.0)
    (linear(0.1, 0.0001, 1000), polynomial(0.1, 0.0, 1000, power=2.0))
    >>> PolynomialDecay(1.0, 100, 0.0, cycle=True)([0, 99, 100, 101, 150, 200])
    array([1.   , 0.01 , 0.   , 0.495, 0.25 , 0.   ])
    """
    if power == 0:
        return constant(initial_learning_rate, steps=math.inf if cycle else decay_steps)
    if cycle:
        end = decay_steps * maximum(-(-Time() // decay_steps), 1)
        return end_learning_rate + (initial_learning_rate - end_learning_rate) * ((end - Time()) / end) ** power
    if power == 1:
        return linear(initial_learning_rate, end_learning_rate, decay_steps)
    return polynomial(initial_learning_rate, end_learning_rate, decay_steps, power=power)


@checked
def InverseTimeDecay(
    initial_learning_rate: Value,
    decay_steps: Period,
    decay_rate: Amount,
    staircase: Switch = False,
    name: _Name = "InverseTimeDecay",
) -> Schedule:
    """``s(t) = initial_learning_rate / (1 + decay_rate * t/decay_steps)``, the quotient rounded down if `staircase`.

    Args:
        initial_learning_rate: the value at step 0.
        decay_steps: the steps that `decay_rate` counts.
        decay_rate: how fast it falls, >= 0.
        staircase: whether it falls at the end of those steps only.
        name: forgotten.

    Raises:
        ScheduleError: `decay_steps` is not positive, or the rate is negative.

    Source: ``keras.optimizers.schedules.InverseTimeDecay``.

    >>> InverseTimeDecay(0.1, 1000, 0.5), InverseTimeDecay(0.1, 1000, 0.5, staircase=True)
    (inverse_time(0.1, 0.5, every=1000), every(inverse_time(0.1, 0.5), 1000))
    """
    if decay_rate == 0:
        return constant(initial_learning_rate, steps=math.inf)
    if staircase:
        return every(inverse_time(initial_learning_rate, decay_rate), decay_steps)
    return inverse_time(initial_learning_rate, decay_rate, every=decay_steps)


@checked
def CosineDecay(
    initial_learning_rate: Value,
    decay_steps: Period,
    alpha: Value = 0.0,
    name: _Name = "CosineDecay",
    warmup_target: Value | None = None,
    warmup_steps: Steps = 0,
) -> Schedule:
    """``linear(initial, target, warmup_steps) >> cosine(target, alpha * target, decay_steps)``.

    Without a target, ``cosine(initial, alpha * initial, decay_steps)``, whatever `warmup_steps` are.

    Args:
        initial_learning_rate: the value at step 0.
        decay_steps: the length of the cosine in steps, without the warmup.
        alpha: the value at the end, as a fraction of the value that the cosine begins with.
        name: forgotten.
        warmup_target: the value at the end of the warmup; None for no warmup.
        warmup_steps: the length of the warmup in steps.

    Raises:
        ScheduleError: `decay_steps` is not positive, or `warmup_steps` is negative.

    Source: ``keras.optimizers.schedules.CosineDecay``.

    >>> CosineDecay(0.1, 900, alpha=0.25)
    cosine(0.1, 0.025, 900)
    """
    if warmup_target is None:
        return cosine(initial_learning_rate, alpha * initial_learning_rate, decay_steps)
    warmup = linear(initial_learning_rate, warmup_target, warmup_steps)
    return warmup >> cosine(warmup_target, alpha * warmup_target, decay_steps)


@checked
def CosineDecayRestarts(
    initial_learning_rate: Value,
    first_decay_steps: Period,
    t_mul: Value = 2.0,
    m_mul: Value = 1.0,
    alpha: Value = 0.0,
    name: _Name = "SGDRDecay",
) -> Schedule:
    """``s(t) = alpha * lr + m_mul**i * cosine((1 - alpha) * lr, 0, n)`` in round i, of n = first * t_mul**i steps.

    Args:
        initial_learning_rate: the value at step 0, lr.
        first_decay_steps: the length of the first round in steps.
        t_mul: how many times longer each round is than the last: 1, or at least 1.01.
        m_mul: what multiplies the height of each round above the floor.
        alpha: the floor, as a fraction of `initial_learning_rate`.
        name: forgotten.

    Raises:
        ScheduleError: the first round has no length, or the rounds shrink.

    Source: ``keras.optimizers.schedules.CosineDecayRestarts``.

    >>> CosineDecayRestarts(0.1, 1000)
    repeat(cosine(0.1, 0.0, 1000), inf, stretch=2.0)
    >>> CosineDecayRestarts(0.1, 1000, t_mul=1.0, m_mul=0.9, alpha=0.5)
    0.05 + repeat(cosine(0.05, 0.0, 1000), inf, scale=0.9)
    """
    shrinking = "rounds that shrink come to nothing, and Keras gives NaN from there on; use t_mul >= 1"
    demand(t_mul >= 1, "CosineDecayRestarts", "t_mul", t_mul, shrinking)
    first = cosine((1 - alpha) * initial_learning_rate, 0.0, first_decay_steps)
    return alpha * initial_learning_rate + repeat(first, math.inf, stretch=t_mul, scale=m_mul)


# -- what follows a metric -----------------------------------------------------------------------------


@checked
def ReduceLROnPlateau(
    monitor: _Name = "val_loss",
    factor: Factor = 0.1,
    patience: Whole = 10,
    verbose: Whole = 0,
    mode: _Mode = "auto",
    min_delta: Value = 1e-4,
    cooldown: Whole = 0,
    min_lr: Amount = 0.0,
) -> Plateau:
    """The `Plateau` that lowers a constant learning rate in the epochs in which the callback of Keras does.

    Keras counts in its own way: it acts in the last of `patience` bad epochs, not in the one after, takes a `patience`
    of 0 for 1, and lets bad epochs count in the last epoch of its cooldown already. The numbers here are the ones that
    do the same.

    It differs where the first metric is NaN, which Keras remembers as the best, so that nothing is better ever after;
    where the learning rate is below `min_lr` from the start, which Keras leaves there; and where a scheduled learning
    rate is to be lowered, which Keras refuses (tensorflow/tensorflow#36612).

    Args:
        monitor: the name of the metric, for `mode`; give it to `schedules.adapters.keras.PlateauCallback`.
        factor: what multiplies the learning rate at a plateau, above 0 and below 1.
        patience: how many epochs without an improvement make a plateau.
        verbose: forgotten.
        mode: ``"min"`` if less is better, ``"max"`` if more is; ``"auto"`` knows that of losses only.
        min_delta: by how much a metric has to be better; the sign is dropped.
        cooldown: the epochs after a reduction, the last of which counts again.
        min_lr: the floor under the learning rate.

    Raises:
        ScheduleError: an argument is out of its range, or the direction of the metric is not known.

    Source: ``keras.callbacks.ReduceLROnPlateau``.

    >>> ReduceLROnPlateau(patience=5, factor=0.2)
    Plateau(mode='min', factor=0.2, patience=4, threshold=0.0001, threshold_mode='abs', cooldown=0, min_lr=0.0, eps=0.0)
    """
    if mode == "auto":
        loss = str(monitor).removeprefix("val_") == "loss"
        demand(loss, "ReduceLROnPlateau", "monitor", monitor, "which way is better? say so by mode='min' or mode='max'")
        mode = "min"
    return Plateau(
        mode=mode,
        factor=factor,
        patience=max(patience - 1, 0),
        threshold=abs(min_delta),
        threshold_mode="abs",
        cooldown=max(cooldown - 1, 0),
        min_lr=min_lr,
        eps=0.0,
    )
