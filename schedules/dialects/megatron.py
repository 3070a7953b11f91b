# ruff: noqa: N802 -- the peer's class keeps its name
"""Megatron: the learning rate and the weight decay of Megatron-LM's ``OptimizerParamScheduler``.

The peer moves by an increment at each call. These functions give what it writes once it has moved by t in all.

>>> from schedules.dialects import megatron
>>> megatron.get_lr(0.0, 3e-4, 3e-5, 2_000, 100_000, lr_decay_style="cosine")
linear(0.0, 0.0003, 2000) >> cosine(0.0003, 3e-05, 98000)

Where the peer counts in its own way:

- **A step is a sample.** Its training loop moves it by the global batch size, and multiplies what it is told in
  iterations by it: so a schedule of samples is ``stretch(s, 1 / global_batch_size)`` of iterations. What it is told in
  iterations may be given in iterations here as well, but for an inverse square root without a warmup.
- **`lr_decay_steps` counts from the start of the warmup** and includes it.
- **A phase includes its end**: where values jump, they do so one step later than elsewhere. The warmup is at `max_lr`
  at ``t = lr_warmup_steps`` even if a decay is under way by then, and `min_lr` follows an inverse square root from
  ``t = lr_decay_steps + 1`` on.
- **Without a warmup** `init_lr` is never used, and the inverse square root uses `max_lr` for two steps.

A warmup need not be whole, as ``lr_warmup_fraction * lr_decay_steps`` often is not. Groups of parameters with a
``max_lr``, ``min_lr``, ``start_wd`` or ``end_wd`` of their own have schedules of their own.

Source: ``megatron.core.optimizer_param_scheduler`` of Megatron Core 0.16.1.
"""

import math
from collections.abc import Callable
from typing import Annotated, NamedTuple, TypeAlias

from ..algebra.checks import Amount, Period, Steps, Value, choice, demand, is_settled, surely_equal
from ..algebra.forms import longer, parted
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import maximum
from ..library.curves import constant, cosine, exponential, inverse_sqrt, linear, one_minus_sqrt

__all__ = ["OptimizerParamScheduler", "ParamSchedules", "get_lr", "get_wd"]

_Style = Annotated[str, choice("constant", "linear", "cosine", "inverse-square-root", "WSD")]
_Decay = Annotated[str, choice("exponential", "linear", "cosine", "minus_sqrt")]
_Growth = Annotated[str, choice("constant", "linear", "cosine")]

_Curve: TypeAlias = Callable[[float, float, float], Schedule]


@checked
def get_lr(
    init_lr: Value,
    max_lr: Value,
    min_lr: Amount,
    lr_warmup_steps: Steps,
    lr_decay_steps: Period,
    *,
    lr_decay_style: _Style,
    wsd_decay_steps: Steps | None = None,
    lr_wsd_decay_style: _Decay | None = None,
) -> Schedule:
    """``linear(init_lr, max_lr, W) >> decay(max_lr, min_lr, N - W)`` for W = `lr_warmup_steps`, N = `lr_decay_steps`.

    The decay is that of the style: none of ``"constant"``, a curve of ``"linear"`` and ``"cosine"``,
    ``max(min_lr, max_lr * sqrt(W/t))`` of ``"inverse-square-root"``. ``"WSD"`` comes down in the last
    `wsd_decay_steps`, along a line, a cosine, ``2 * 0.5**x - 1`` or ``1 - sqrt(x)``; a longer warmup hides the first.

    Args:
        init_lr: the learning rate at the start of the warmup.
        max_lr: the learning rate at its end.
        min_lr: the learning rate at the end of the decay, and afterwards.
        lr_warmup_steps: the length of the warmup in steps.
        lr_decay_steps: the length of the whole in steps, the warmup included.
        lr_decay_style: ``"constant"``, ``"linear"``, ``"cosine"``, ``"inverse-square-root"`` or ``"WSD"``.
        wsd_decay_steps: the length of the decay of ``"WSD"`` in steps; others take and ignore it.
        lr_wsd_decay_style: ``"exponential"``, ``"linear"``, ``"cosine"`` or ``"minus_sqrt"``; others ignore it.

    Raises:
        ScheduleError: a number is out of its range; a learning rate is above `max_lr`; the warmup is as long as the
            whole; or ``"WSD"`` lacks the length or the style of its decay (the peer fails when it comes to it).

    Source: ``OptimizerParamScheduler.get_lr`` of Megatron Core.

    >>> get_lr(0, 3e-4, 3e-5, 100, 1_000, lr_decay_style="WSD", wsd_decay_steps=200, lr_wsd_decay_style="linear")
    linear(0.0, 0.0003, 100) >> constant(0.0003, steps=700) >> linear(0.0003, 3e-05, 200)
    """
    name = "get_lr"
    demand(min_lr <= max_lr, name, "min_lr", min_lr, f"it is above max_lr={max_lr!r}; lower it")
    demand(init_lr <= max_lr, name, "init_lr", init_lr, f"it is above max_lr={max_lr!r}; lower it")
    whole = f"the warmup is a part of lr_decay_steps={lr_decay_steps!r}; shorten it"
    demand(lr_warmup_steps < lr_decay_steps, name, "lr_warmup_steps", lr_warmup_steps, whole)
    rise = linear(init_lr, max_lr, lr_warmup_steps)
    match lr_decay_style:
        case "constant":
            return rise >> constant(max_lr)
        case "linear" | "cosine":
            return rise >> _CURVES[lr_decay_style](max_lr, min_lr, lr_decay_steps - lr_warmup_steps)
        case "inverse-square-root":
            begin = longer(lr_warmup_steps, 1)
            fall = inverse_sqrt(max_lr, timescale=begin)
            late = rise >> constant(max_lr, steps=begin - lr_warmup_steps) >> _floored(fall, min_lr)
        case _:
            needs = 'lr_decay_style="WSD" needs it; pass {}, say'
            demand(wsd_decay_steps is not None, name, "wsd_decay_steps", None, needs.format(lr_decay_steps // 10))
            demand(lr_wsd_decay_style is not None, name, "lr_wsd_decay_style", None, needs.format('"exponential"'))
            decay = _CURVES[lr_wsd_decay_style or ""](max_lr, min_lr, wsd_decay_steps or 0)
            if not surely_equal(decay.steps, 0):
                return rise >> _ending(max_lr, decay, lr_warmup_steps, lr_decay_steps)
            late = rise >> constant(max_lr)
    return late[: lr_decay_steps + 1] >> constant(min_lr)


@checked
def get_wd(start_wd: Amount, end_wd: Amount, wd_incr_steps: Steps, wd_incr_style: _Growth) -> Schedule:
    """``s(t) = start_wd + (end_wd - start_wd) * growth(t/n)`` for n = `wd_incr_steps`: the weight decay.

    Args:
        start_wd: the weight decay at step 0.
        end_wd: the weight decay from step `wd_incr_steps` on, no less than `start_wd`.
        wd_incr_steps: how many steps it grows for. No steps are no growth (where the peer divides by zero).
        wd_incr_style: ``"constant"``, ``"linear"`` or ``"cosine"``.

    Raises:
        ScheduleError: a number is out of its range, the weight decay would fall, or ``"constant"`` would grow.

    Source: ``OptimizerParamScheduler.get_wd`` of Megatron Core.

    >>> get_wd(0.01, 0.1, 1_000, "cosine")
    cosine(0.01, 0.1, 1000)
    """
    demand(start_wd <= end_wd, "get_wd", "start_wd", start_wd, f"it is above end_wd={end_wd!r}; lower it")
    if wd_incr_style == "constant":
        stays = f'wd_incr_style="constant" stays, and end_wd={end_wd!r}; use "linear"'
        demand(start_wd == end_wd, "get_wd", "start_wd", start_wd, stays)
        return constant(end_wd)
    return _CURVES[wd_incr_style](start_wd, end_wd, wd_incr_steps)


class ParamSchedules(NamedTuple):
    """What the peer writes into the optimizer, by the names that it has there."""

    lr: Schedule
    """The learning rate."""
    weight_decay: Schedule
    """The weight decay."""


def OptimizerParamScheduler(
    init_lr: float,
    max_lr: float,
    min_lr: float,
    lr_warmup_steps: float,
    lr_decay_steps: float,
    *,
    lr_decay_style: str,
    start_wd: float,
    end_wd: float,
    wd_incr_steps: float,
    wd_incr_style: str,
    wsd_decay_steps: float | None = None,
    lr_wsd_decay_style: str | None = None,
) -> ParamSchedules:
    """``(get_lr(...), get_wd(...))``: the learning rate and the weight decay.

    ``schedules.adapters.torch.ScheduleLR`` writes both: ``ScheduleLR(optimizer, lr, weight_decay=weight_decay)``.

    Args:
        init_lr: the learning rate at the start of the warmup.
        max_lr: the learning rate at its end.
        min_lr: the learning rate at the end of the decay, and afterwards.
        lr_warmup_steps: the length of the warmup in steps.
        lr_decay_steps: the length of the whole in steps, the warmup included.
        lr_decay_style: ``"constant"``, ``"linear"``, ``"cosine"``, ``"inverse-square-root"`` or ``"WSD"``.
        start_wd: the weight decay at step 0.
        end_wd: the weight decay from step `wd_incr_steps` on.
        wd_incr_steps: how many steps the weight decay grows for.
        wd_incr_style: ``"constant"``, ``"linear"`` or ``"cosine"``.
        wsd_decay_steps: the length of the decay of ``"WSD"`` in steps.
        lr_wsd_decay_style: ``"exponential"``, ``"linear"``, ``"cosine"`` or ``"minus_sqrt"``.

    Raises:
        ScheduleError: what `get_lr` and `get_wd` raise.

    Source: ``OptimizerParamScheduler`` of Megatron Core.

    >>> lr = {"init_lr": 0.0, "max_lr": 3e-4, "min_lr": 0.0, "lr_warmup_steps": 0, "lr_decay_steps": 1_000}
    >>> wd = {"start_wd": 0.1, "end_wd": 0.1, "wd_incr_steps": 1_000, "wd_incr_style": "constant"}
    >>> OptimizerParamScheduler(**lr, **wd, lr_decay_style="linear")
    ParamSchedules(lr=linear(0.0003, 0.0, 1000), weight_decay=constant(0.1))
    """
    lr = get_lr(
        init_lr,
        max_lr,
        min_lr,
        lr_warmup_steps,
        lr_decay_steps,
        lr_decay_style=lr_decay_style,
        wsd_decay_steps=wsd_decay_steps,
        lr_wsd_decay_style=lr_wsd_decay_style,
    )
    return ParamSchedules(lr, get_wd(start_wd, end_wd, wd_incr_steps, wd_incr_style))


# -- what they share -------------------------------------------------------------------------------------


def _exponential(start: float, end: float, steps: float) -> Schedule:
    """``end + (start - end) * (2 * 0.5**(t/n) - 1)``."""
    return end + (start - end) * (2 * exponential(1.0, 0.5, steps) - 1)


_CURVES: dict[str, _Curve] = {
    "linear": linear,
    "cosine": cosine,
    "exponential": _exponential,
    "minus_sqrt": one_minus_sqrt,
}


def _ending(max_lr: float, decay: Schedule, begin: float, end: float) -> Schedule:
    """From `begin` on, `max_lr` and then `decay`, which ends at `end`; what it would have of it before is not seen."""
    *_, stable = parted(end, decay.steps, begin)
    if not is_settled(stable) or stable >= 0:
        return constant(max_lr, steps=stable) >> decay
    rest = math.floor(begin) + 1 - begin if begin > 0 else 0  # of the step at which a warmup ends
    return constant(max_lr, steps=rest) >> decay[rest - stable :]


def _floored(fall: Schedule, floor: float) -> Schedule:
    return fall if surely_equal(floor, 0) else maximum(fall, floor)
