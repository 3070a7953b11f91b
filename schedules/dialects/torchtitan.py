# ruff: noqa: N802 -- the peer's class keeps its name
"""Torchtitan: its schedule of a linear warmup, a stable phase and a decay, for a learning rate.

The peer multiplies the learning rates of its optimizers. These functions take a learning rate, and give what it is
after t calls of ``step()``. Step counts are whole numbers, as there.

>>> from schedules.dialects import torchtitan
>>> torchtitan.LRSchedulersContainer(1.0, 1_000, warmup_steps=100, decay_ratio=0.2, decay_type="cosine")
(linear(0.0, 1.0, 100) >> constant(1.0, steps=701) >> cycle(cosine(1.0, 0.0, 200) >> cosine(0.0, 1.0, 200)))[1:]

Where the peer counts in its own way:

- **Everything is a step ahead.** No update is at 0, and the peak of W warmup steps is reached at ``t = W - 1``.
- **The stable phase has one step more**, a virtual last one, so that the decay comes to its floor when training ends,
  at ``t = total_steps``, one step after the last update (pytorch/torchtitan#1284).
- **Past the end nothing holds.** The decay goes on as its formula does: ``"linear"`` and ``"sqrt"`` fall below the
  floor and below zero, ``"cosine"`` climbs again. To hold the floor, cut the schedule there: ``s[:total_steps]``.

Source: ``torchtitan.components.optimizer.lr_scheduler`` of torchtitan 0.3.0.
"""

from typing import Annotated

from ..algebra.checks import Amount, Value, Whole, choice
from ..algebra.named import checked
from ..algebra.nodes import Schedule, Time
from ..library.combinators import cycle
from ..library.curves import constant, cosine, linear, one_minus_sqrt

__all__ = ["LRSchedulersContainer", "linear_warmup_stable_decay"]

_Decay = Annotated[str, choice("linear", "sqrt", "cosine")]


@checked
def linear_warmup_stable_decay(
    lr: Value,
    warmup_steps: Whole,
    stable_steps: Whole,
    decay_steps: Whole,
    *,
    lr_decay_type: _Decay,
    min_lr_factor: Value,
) -> Schedule:
    """``(linear(0, lr, W) >> constant(lr, steps=S) >> decay(lr, min_lr_factor * lr, D))[1:]``.

    W, S and D are the steps of warmup, stable phase and decay. A decay of no steps is none: `lr` stays (where the peer
    fails once it gets there).

    Args:
        lr: the learning rate of the optimizer.
        warmup_steps: the length of the warmup in steps.
        stable_steps: the length of the stable phase in steps.
        decay_steps: the length of the decay in steps.
        lr_decay_type: ``"linear"``, ``"sqrt"`` (one minus the root of the progress) or ``"cosine"``.
        min_lr_factor: the learning rate at the end of the decay, in parts of `lr`.

    Raises:
        ScheduleError: a number of steps is no whole number >= 0, or the type is none of these.

    Source: ``linear_warmup_stable_decay`` of torchtitan; the shape is that of Hu et al. 2024, MiniCPM
    (arXiv:2404.06395).

    >>> linear_warmup_stable_decay(1.0, 10, 50, 40, lr_decay_type="linear", min_lr_factor=0.0)
    (linear(0.0, 1.0, 10) >> constant(1.0, steps=50) >> linear(1.0, 0.0, 40) >> Time() / (-40))[1:]
    """
    rise = linear(0.0, lr, warmup_steps) >> constant(lr, steps=stable_steps)
    low = lr * min_lr_factor
    match lr_decay_type if decay_steps else "none":
        case "none":
            fall = constant(lr)
        case "linear":
            fall = linear(lr, low, decay_steps) >> low + (lr - low) * (Time() / -decay_steps)
        case "sqrt":
            fall = one_minus_sqrt(lr, low, decay_steps) >> lr - (lr - low) * (1 + Time() / decay_steps) ** 0.5
        case _:
            fall = cycle(cosine(lr, low, decay_steps) >> cosine(low, lr, decay_steps))
    return (rise >> fall)[1:]


@checked
def LRSchedulersContainer(
    lr: Value,
    training_steps: Whole,
    *,
    warmup_steps: Amount = 200,
    total_steps: Whole | None = None,
    decay_ratio: Amount | None = None,
    decay_type: _Decay = "linear",
    min_lr_factor: Value = 0.0,
) -> Schedule:
    """`linear_warmup_stable_decay` of ``W, N + 1 - W - D, D`` steps, for N = `total_steps` and ``D = decay_ratio * N``.

    A warmup of more steps than there are is cut, and so is a decay for which it leaves no room.

    Args:
        lr: the learning rate of the optimizer.
        training_steps: the length of the training in steps.
        warmup_steps: the length of the warmup in steps, rounded down.
        total_steps: the length of the schedule in steps, if it is not that of the training.
        decay_ratio: the length of the decay in parts of the whole, rounded to steps; without one all but the warmup.
        decay_type: ``"linear"``, ``"sqrt"`` or ``"cosine"``.
        min_lr_factor: the learning rate at the end of the decay, in parts of `lr`.

    Raises:
        ScheduleError: a number is out of its range, or the type is none of these.

    Source: ``LRSchedulersContainer.Config`` of torchtitan.

    >>> LRSchedulersContainer(0.5, 1_000, warmup_steps=100, decay_type="cosine")
    (linear(0.0, 0.5, 100) >> constant(0.5, steps=1) >> cycle(cosine(0.5, 0.0, 900) >> cosine(0.0, 0.5, 900)))[1:]
    """
    total = training_steps if total_steps is None else total_steps
    warmup = min(int(warmup_steps), total)
    room = total - warmup
    decay = room if decay_ratio is None else min(round(total * decay_ratio), room)
    return linear_warmup_stable_decay(
        lr, warmup, room + 1 - decay, decay, lr_decay_type=decay_type, min_lr_factor=min_lr_factor
    )
