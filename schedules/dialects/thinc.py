"""Thinc: its schedules, which are those of spaCy's configs, by their registered names.

>>> from schedules.dialects import thinc
>>> thinc.warmup_linear(2e-5, 250, 20_000)
linear(0.0, 2e-05, 250) >> linear(2e-05, 0.0, 19750)

Where the peer counts in its own way:

- **`slanted_triangular` and `cyclic_triangular` are a step ahead**: they begin at the second place of their curve.
- **`slanted_triangular` goes on falling** after its last step, below zero in the end; the length of its rise is rounded
  down, and that of its fall comes from the rise, so that it ends a few steps early.
- **`decaying` is not linear**: it is ``1 / (1 + decay * t)``.
- **The values are also used as batch sizes**, and are not rounded.

Source: ``thinc.schedules`` of thinc 9.1.
"""

from ..algebra.checks import Amount, Count, Factor, Positive, Steps, Value, Whole, demand
from ..algebra.named import checked
from ..algebra.nodes import Schedule, Time
from ..library import curves, recipes
from ..library.combinators import join, maximum, minimum
from ..library.curves import exponential_decay, inverse_time, linear, step_decay

__all__ = [
    "compounding",
    "constant",
    "constant_then",
    "cyclic_triangular",
    "decaying",
    "slanted_triangular",
    "warmup_linear",
]


@checked
def constant(rate: Value) -> Schedule:
    """``s(t) = rate``.

    Args:
        rate: the value.

    Raises:
        ScheduleError: it is no finite number.

    Source: ``constant.v1`` of thinc.

    >>> constant(0.001)
    constant(0.001)
    """
    return curves.constant(rate)


@checked
def constant_then(rate: Value, steps: Steps, schedule: Schedule) -> Schedule:
    """``s(t) = rate`` for ``t < steps``, and ``schedule(t)`` from there on, which has not waited.

    Args:
        rate: the value at first.
        steps: for how many steps.
        schedule: what follows, in the time of the whole.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``constant_then.v1`` of thinc.

    >>> constant_then(0.001, 10, linear(0.1, 0.0, 100))
    constant(0.001, steps=10) >> linear(0.1, 0.0, 100)[10:]
    """
    return join(curves.constant(rate, steps=steps), schedule[steps:])


@checked
def decaying(base_rate: Value, decay: Amount, *, t: Amount = 0.0) -> Schedule:
    """``s(step) = base_rate / (1 + decay * (step + t))``, endless.

    Args:
        base_rate: the value at the start.
        decay: how fast it falls.
        t: how many steps are over already.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``decaying.v1`` of thinc.

    >>> decaying(0.001, 1e-4)
    inverse_time(0.001, 0.0001)
    """
    return inverse_time(base_rate, decay)[t:] if decay else curves.constant(base_rate)


@checked
def compounding(start: Value, stop: Value, compound: Amount, *, t: Amount = 0.0) -> Schedule:
    """``s(step) = start * compound**(step + t)``, but not beyond `stop`.

    Args:
        start: the value at the start.
        stop: the value that is not passed: a lower bound if it is below `start`, else an upper one.
        compound: what multiplies it at every step.
        t: how many steps are over already.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``compounding.v1`` of thinc.

    >>> compounding(100.0, 1000.0, 1.001)
    minimum(exponential_decay(100.0, 1.001), 1000.0)
    """
    grown = exponential_decay(start, compound) if compound else step_decay(start, 0.0, 1)
    return (maximum if start > stop else minimum)(grown[t:], stop)


@checked
def slanted_triangular(
    max_rate: Value, num_steps: Count, *, cut_frac: Factor = 0.1, ratio: Positive = 32, t: Amount = 0.0
) -> Schedule:
    """``linear(max/ratio, max, cut) >> linear(max, max/ratio, cut * (1/cut_frac - 1)) >> ...``, from step ``t + 1`` on.

    The rise takes ``cut = int(num_steps * cut_frac)`` steps; what falls goes on falling.

    Args:
        max_rate: the highest value.
        num_steps: the length of the whole in steps.
        cut_frac: the fraction of it that rises, above 0 and below 1.
        ratio: how many times smaller the ends are.
        t: how many steps are over already.

    Raises:
        ScheduleError: a number is out of its range, or the rise has no step (where the peer divides by zero).

    Source: ``slanted_triangular.v1`` of thinc, of Howard and Ruder 2018 (arXiv:1801.06146), equation 3.

    >>> slanted_triangular(1.0, 100)([0, 9, 98])
    array([0.128..., 1.        , 0.042...])
    """
    cut = int(num_steps * cut_frac)
    demand(cut > 0, "slanted_triangular", "cut_frac", cut_frac, f"of num_steps={num_steps!r} that is no step")
    low, down = max_rate / ratio, cut * (1 / cut_frac - 1)
    fall = max_rate - (max_rate - low) * (Time() / down)
    return (linear(low, max_rate, cut) >> fall)[t + 1 :]


@checked
def warmup_linear(initial_rate: Value, warmup_steps: Whole, total_steps: Whole) -> Schedule:
    """``linear(0, initial_rate, warmup_steps) >> linear(initial_rate, 0, total_steps - warmup_steps)``.

    Without room for a decay it is 0 after the warmup.

    Args:
        initial_rate: the value at the end of the warmup.
        warmup_steps: the length of the warmup in steps.
        total_steps: the length of the whole in steps.

    Raises:
        ScheduleError: a length is no whole number.

    Source: ``warmup_linear.v1`` of thinc.

    >>> warmup_linear(2e-5, 250, 20_000)
    linear(0.0, 2e-05, 250) >> linear(2e-05, 0.0, 19750)
    """
    return linear(0.0, initial_rate, warmup_steps) >> linear(initial_rate, 0.0, max(total_steps - warmup_steps, 0))


@checked
def cyclic_triangular(min_lr: Value, max_lr: Value, period: Count) -> Schedule:
    """``triangular(min_lr, max_lr, period)[1:]``: up and down for ever.

    Args:
        min_lr: the lowest value.
        max_lr: the highest.
        period: the length of each slope in steps.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``cyclic_triangular.v1`` of thinc, of Smith 2017 (arXiv:1506.01186).

    >>> cyclic_triangular(0.001, 0.1, 10)
    triangular(0.001, 0.1, 10)[1:]
    """
    return recipes.triangular(min_lr, max_lr, period)[1:]
