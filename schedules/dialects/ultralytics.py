# ruff: noqa: PLR0917 -- arguments are those of Ultralytics
"""Ultralytics: what its trainer writes into the optimizer at each batch, as a function of the batch.

The factors `linear` and `one_cycle` count epochs, as the trainer's ``lf`` does; `lr`, `bias_lr` and `momentum` count
batches from the start of the training, warmup included. Arguments have the names that the trainer's settings have;
`num_batches` is the number of batches in an epoch.

>>> from schedules.dialects import ultralytics
>>> ultralytics.lr(0.01, epochs=100, num_batches=50, warmup_epochs=0.0)
every(linear(0.01, 0.0001, 100), 50)

Where the peer counts in its own way:

- **It steps once an epoch**, and every batch of an epoch has one learning rate, but in the warmup.
- **A warmup interpolates at each batch to the learning rate of the epoch that the batch is in**, not to the highest: it
  rises in pieces. Its last batch is the one of number ``nw = round(warmup_epochs * num_batches)``.
- **The warmup leaves at least one epoch**: `warmup_epochs` is at most ``epochs - 1``.
- **The bias has a warmup of its own**, down from `warmup_bias_lr`.

Source: ``ultralytics.engine.trainer`` of Ultralytics 8.4.
"""

import math

from ..algebra.checks import Amount, Count, Switch, Value
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library import curves
from ..library.combinators import cycle, every, join
from ..library.curves import constant, cosine

__all__ = ["bias_lr", "linear", "lr", "momentum", "one_cycle"]


@checked
def linear(lrf: Value = 0.01, *, epochs: Count = 100) -> Schedule:
    """``linear(1, lrf, epochs)``: what multiplies the learning rate, of the epoch.

    Args:
        lrf: the last learning rate as a fraction of the first.
        epochs: the number of epochs.

    Raises:
        ScheduleError: the epochs are no whole number above zero.

    Source: ``BaseTrainer._setup_scheduler`` of Ultralytics.

    >>> linear(0.01, epochs=100)
    linear(1.0, 0.01, 100)
    """
    return curves.linear(1.0, lrf, epochs)


@checked
def one_cycle(y1: Value = 0.0, y2: Value = 1.0, steps: Count = 100) -> Schedule:
    """``s(t) = y1 + (y2 - y1) * (1 - cos(pi*t/steps))/2``, endless: it swings back.

    Args:
        y1: the first value.
        y2: the value at step `steps`.
        steps: half a period in steps.

    Raises:
        ScheduleError: the steps are no whole number above zero.

    Source: ``ultralytics.utils.torch_utils.one_cycle``.

    >>> one_cycle(1.0, 0.01, 100)[:100]
    cycle(cosine(1.0, 0.01, 100) >> cosine(0.01, 1.0, 100))[:100]
    """
    return cycle(cosine(y1, y2, steps) >> cosine(y2, y1, steps))


@checked
def lr(
    lr0: Value = 0.01,
    lrf: Value = 0.01,
    *,
    epochs: Count = 100,
    num_batches: Count,
    cos_lr: Switch = False,
    warmup_epochs: Amount = 3.0,
) -> Schedule:
    """``lr0 * lf(epoch)``, after a warmup that is at batch t on the line from 0 to that of its epoch.

    Args:
        lr0: the first learning rate.
        lrf: the last as a fraction of the first.
        epochs: the number of epochs.
        num_batches: the batches of an epoch.
        cos_lr: fall along a cosine instead of a line.
        warmup_epochs: the length of the warmup in epochs.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``BaseTrainer`` of Ultralytics.

    >>> s = lr(0.01, num_batches=100)
    >>> s([0, 150, 300, 301, 9_999])
    array([0.        , 0.00495..., 0.0097..., 0.0097..., 0.0001...])
    """
    return _warmed(0.0, lr0, lrf, epochs, num_batches, cos_lr, warmup_epochs)


@checked
def bias_lr(
    lr0: Value = 0.01,
    lrf: Value = 0.01,
    *,
    epochs: Count = 100,
    num_batches: Count,
    cos_lr: Switch = False,
    warmup_epochs: Amount = 3.0,
    warmup_bias_lr: Value = 0.1,
) -> Schedule:
    """As `lr`, from `warmup_bias_lr` instead of 0: the learning rate of the biases.

    Args:
        lr0: the first learning rate.
        lrf: the last as a fraction of the first.
        epochs: the number of epochs.
        num_batches: the batches of an epoch.
        cos_lr: fall along a cosine instead of a line.
        warmup_epochs: the length of the warmup in epochs.
        warmup_bias_lr: the learning rate at the start of the warmup.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``BaseTrainer`` of Ultralytics.

    >>> s = bias_lr(0.01, num_batches=100)
    >>> s([0, 300, 301])
    array([0.1   , 0.0097..., 0.0097...])
    """
    return _warmed(warmup_bias_lr, lr0, lrf, epochs, num_batches, cos_lr, warmup_epochs)


@checked
def momentum(
    momentum: Value = 0.937,
    *,
    epochs: Count = 100,
    num_batches: Count,
    warmup_epochs: Amount = 3.0,
    warmup_momentum: Value = 0.8,
) -> Schedule:
    """``linear(warmup_momentum, momentum, nw)`` for ``nw = round(warmup_epochs * num_batches)``.

    Args:
        momentum: the momentum after the warmup.
        epochs: the number of epochs.
        num_batches: the batches of an epoch.
        warmup_epochs: the length of the warmup in epochs.
        warmup_momentum: the momentum at its start.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``BaseTrainer`` of Ultralytics.

    >>> momentum(num_batches=100)
    linear(0.8, 0.937, 300)
    """
    steps = _warmup(epochs, num_batches, warmup_epochs)
    return curves.linear(warmup_momentum, momentum, steps) if steps else constant(momentum)


def _warmup(epochs: int, num_batches: int, warmup_epochs: float) -> int:
    """The number of the last batch of the warmup; 0 if there is none."""
    return round(min(warmup_epochs, epochs - 1) * num_batches)


def _warmed(
    start: float, lr0: float, lrf: float, epochs: int, num_batches: int, cos_lr: bool, warmup_epochs: float
) -> Schedule:
    last = _warmup(epochs, num_batches, warmup_epochs)
    decay = cosine(lr0, lr0 * lrf, epochs) if cos_lr else curves.linear(lr0, lr0 * lrf, epochs)
    curve = every(decay, num_batches)
    if not last:
        return curve
    rises = [
        curves.linear(start, decay(epoch), last)[epoch * num_batches : min((epoch + 1) * num_batches, last + 1)]
        for epoch in range(math.ceil((last + 1) / num_batches))
    ]
    return join(*rises, curve[last + 1 :])
