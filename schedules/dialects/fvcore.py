# ruff: noqa: N802 -- the functions have the names of the peer's classes
"""Fvcore: its param schedulers, of the fraction of the training that is done.

The peer's schedulers are functions of ``where``, from 0 to 1. So all of these schedules last 1, and `fit` makes them
last as many steps as the training, as the peer does that asks for ``where = t / steps``.

>>> from schedules import fit
>>> from schedules.dialects import fvcore
>>> parts = [fvcore.LinearParamScheduler(0.001, 0.1), fvcore.CosineParamScheduler(0.1, 0.0)]
>>> fit(fvcore.CompositeParamScheduler(parts, [0.1, 0.9], ["rescaled", "fixed"]), 1_000)([0, 50, 100, 1_000])
array([0.001     , 0.0505    , 0.09755283, 0.        ])

Where the peer counts in its own way:

- **Everything switches 1e-6 early**, so that rounding does not put it off: what belongs at 0.3 comes at 0.299999. Of a
  million steps and more that is a whole one.
- **A part that is rescaled begins in time all the same.** In the last 1e-6 before, the peer asks it for a little less
  than its start; these schedules hold its start.
- **Beyond 1 there is nothing.** The peer raises an error or goes on as a formula does; these schedules hold their end.

Source: ``fvcore.common.param_scheduler`` of fvcore 0.1.5.post20221221, which Detectron2 uses as well.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Annotated

from ..algebra.checks import Count, Kind, Period, Positive, Rounds, Value, Values, choice, demand, each, integer
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import join, shift, stretch
from ..library.curves import constant, cosine, exponential_decay, linear, piecewise, polynomial

__all__ = [
    "CompositeParamScheduler",
    "ConstantParamScheduler",
    "CosineParamScheduler",
    "ExponentialParamScheduler",
    "LinearParamScheduler",
    "MultiStepParamScheduler",
    "PolynomialDecayParamScheduler",
    "StepParamScheduler",
    "StepWithFixedGammaParamScheduler",
]

_EARLY = 1e-6  # WHERE_EPSILON


_Milestones = Annotated[Sequence[float], Kind("this is a list of whole numbers", each(integer), static=True)]


@checked
def ConstantParamScheduler(value: Value) -> Schedule:
    """``s(where) = value``.

    Args:
        value: what it is all the time.

    Raises:
        ScheduleError: the value is no finite number.

    Source: ``ConstantParamScheduler`` of fvcore.

    >>> ConstantParamScheduler(0.1)
    constant(0.1, steps=1)
    """
    return constant(value, steps=1)


@checked
def CosineParamScheduler(start_value: Value, end_value: Value) -> Schedule:
    """``s(where) = end_value + (start_value - end_value) * (1 + cos(pi * where))/2``.

    Args:
        start_value: the value at 0.
        end_value: the value at 1.

    Raises:
        ScheduleError: a value is no finite number.

    Source: ``CosineParamScheduler`` of fvcore.

    >>> CosineParamScheduler(0.1, 0.001)
    cosine(0.1, 0.001, 1)
    """
    return cosine(start_value, end_value, 1)


@checked
def ExponentialParamScheduler(start_value: Value, decay: Positive) -> Schedule:
    """``s(where) = start_value * decay**where``.

    Args:
        start_value: the value at 0.
        decay: what it is multiplied with by 1, above zero.

    Raises:
        ScheduleError: the value is no finite number, or the decay not above zero (where the peer drops at once, or
            becomes complex).

    Source: ``ExponentialParamScheduler`` of fvcore.

    >>> ExponentialParamScheduler(2.0, 0.02)
    exponential_decay(2.0, 0.02)[:1]
    """
    return exponential_decay(start_value, decay)[:1]


@checked
def LinearParamScheduler(start_value: Value, end_value: Value) -> Schedule:
    """``s(where) = end_value * where + start_value * (1 - where)``.

    Args:
        start_value: the value at 0.
        end_value: the value at 1.

    Raises:
        ScheduleError: a value is no finite number.

    Source: ``LinearParamScheduler`` of fvcore.

    >>> LinearParamScheduler(0.0001, 0.01)
    linear(0.0001, 0.01, 1)
    """
    return linear(start_value, end_value, 1)


@checked
def PolynomialDecayParamScheduler(base_value: Value, power: Positive) -> Schedule:
    """``s(where) = base_value * (1 - where)**power``.

    Args:
        base_value: the value at 0.
        power: the exponent, above zero.

    Raises:
        ScheduleError: the value is no finite number, or the power not above zero (where the peer stays, or rises
            beyond all numbers).

    Source: ``PolynomialDecayParamScheduler`` of fvcore.

    >>> PolynomialDecayParamScheduler(0.1, 0.9)
    polynomial(0.1, 0.0, 1, power=0.9)
    """
    return polynomial(base_value, 0.0, 1, power=power)


@checked
def MultiStepParamScheduler(
    values: Values, num_updates: Count | None = None, milestones: _Milestones | None = None
) -> Schedule:
    """``s(where) = values[how many milestones are <= (where + 1e-6) * num_updates]``.

    Args:
        values: the value of each range.
        num_updates: where the last range ends; if that is not given, the last of the milestones says it.
        milestones: where the others end; without them all ranges but the last have ``ceil(num_updates / len(values))``.

    Raises:
        ScheduleError: there are neither updates nor milestones, not as many milestones as the values need, fewer
            updates than values, or milestones that are not in ascending order between 0 and the updates.

    Source: ``MultiStepParamScheduler`` of fvcore.

    >>> MultiStepParamScheduler([0.1, 0.01, 0.001], 100, [30, 60])
    piecewise([0.1, 0.01, 0.001], (0.299999, 0.599999))[:1]
    """
    name = "MultiStepParamScheduler"
    if milestones is None:
        demand(num_updates is not None, name, "num_updates", num_updates, "give it, or milestones")
        updates, width = num_updates or 1, math.ceil((num_updates or 1) / len(values))
        ends = [width * (index + 1) for index in range(len(values) - 1)]
        remedy = "the ranges do not fit; give milestones"
    else:
        needed = len(values) - (num_updates is not None)
        wants = f"{len(values)} values and these updates need {needed} of them"
        demand(len(milestones) == needed, name, "milestones", milestones, wants)
        ends, updates = (milestones, num_updates) if num_updates is not None else (milestones[:-1], milestones[-1])
        remedy = "milestones ascend, above 0 and below it"
    demand(updates >= len(values), name, "num_updates", updates, f"it is at least the number of values, {len(values)}")
    demand(all(a < b for a, b in itertools.pairwise((0, *ends, updates))), name, "num_updates", updates, remedy)
    return _ranges(values, [end / updates for end in ends])


@checked
def StepParamScheduler(num_updates: Period, values: Values) -> Schedule:
    """``s(where) = values[floor((where + 1e-6) * len(values))]``, the last one up to the end.

    Args:
        num_updates: of no effect.
        values: the value of each range, which are of equal length.

    Raises:
        ScheduleError: `num_updates` is not above zero, or there is no value.

    Source: ``StepParamScheduler`` of fvcore.

    >>> StepParamScheduler(120, [0.1, 0.01])
    piecewise((0.1, 0.01), [0.499999])[:1]
    """
    del num_updates
    return _ranges(values, [index / len(values) for index in range(1, len(values))])


@checked
def StepWithFixedGammaParamScheduler(
    base_value: Positive, num_decays: Rounds, gamma: Positive, num_updates: Count
) -> Schedule:
    """``s(where) = base_value * gamma**floor((where + 1e-6) * (num_decays + 1))``.

    Args:
        base_value: the value at 0, above zero.
        num_decays: how many times it is multiplied.
        gamma: what it is multiplied with, above zero.
        num_updates: of no effect.

    Raises:
        ScheduleError: a number is not above zero, or not a whole one where there is no other.

    Source: ``StepWithFixedGammaParamScheduler`` of fvcore.

    >>> StepWithFixedGammaParamScheduler(1.0, 3, 0.5, 120)
    piecewise([1.0, 0.5, 0.25, 0.125], [0.249999, 0.499999, 0.749999])[:1]
    """
    values = [base_value * gamma**index for index in range(num_decays + 1)]
    return StepParamScheduler(num_updates, values)


def _schedule(value: object) -> Schedule:
    if not isinstance(value, Schedule):
        raise TypeError
    return value


_SCALINGS = choice("rescaled", "fixed")

_Parts = Annotated[
    Sequence[Schedule], Kind("this is a list of one schedule or more", each(_schedule, least=1), static=True)
]
_Scalings = Annotated[
    Sequence[str], Kind("this is a list of 'rescaled' and 'fixed'", each(_SCALINGS.convert), static=True)
]


@checked
def CompositeParamScheduler(schedulers: _Parts, lengths: Values, interval_scaling: _Scalings) -> Schedule:
    """``s(where) = parts[i](where)`` from ``lengths[0] + ... + lengths[i - 1] - 1e-6`` on, for i = 0, 1, ...

    Each part is a scheduler as it is if that is ``"fixed"``, so that only a section of it is seen; if it is
    ``"rescaled"``, it is squeezed into its length: ``shift(stretch(scheduler, length), begin)``.

    Args:
        schedulers: schedules that last 1, such as the others of this module.
        lengths: the part of the whole that each has. They add up to 1, and the last makes up for rounding. A scheduler
            of length 0 is left out (if it is the last, the peer asks it for the value at 1).
        interval_scaling: ``"rescaled"`` or ``"fixed"`` for each.

    Raises:
        ScheduleError: the lists are empty or differ in length; a length is negative; or the sum is not 1, within 0.001.

    Source: ``CompositeParamScheduler`` of fvcore.

    >>> parts = [ConstantParamScheduler(0.5), CosineParamScheduler(0.5, 0.0)]
    >>> CompositeParamScheduler(parts, [0.25, 0.75], ["rescaled", "rescaled"])([0, 0.25, 0.625, 1])
    array([0.5 , 0.5 , 0.25, 0.  ])
    >>> CompositeParamScheduler([LinearParamScheduler(0, 1), ConstantParamScheduler(1)], [0.5, 0.5], ["fixed"] * 2)
    linear(0.0, 1.0, 1)[:0.499999] >> constant(1.0, steps=1)[0.499999:]
    """
    name, count = "CompositeParamScheduler", len(schedulers)
    demand(len(lengths) == count, name, "lengths", lengths, f"{count} schedulers have {count} of them")
    demand(
        len(interval_scaling) == count, name, "interval_scaling", interval_scaling, f"{count} schedulers have {count}"
    )
    demand(
        all(length >= 0 for length in lengths), name, "lengths", lengths, "they are parts of the whole, none negative"
    )
    demand(abs(sum(lengths) - 1) < 1e-3, name, "lengths", lengths, f"they add up to 1, not {sum(lengths)!r}")
    seen = [place for place, length in enumerate(lengths) if length > 0]
    ends = list(itertools.accumulate(lengths[place] for place in seen))
    begins = [0.0, *ends[:-1]]
    knots = [0.0, *(max(end - _EARLY, 0.0) for end in ends[:-1]), 1]

    def part(place: int, begin: float) -> Schedule:
        if interval_scaling[place] == "fixed":
            return schedulers[place]
        length = lengths[place] if place < seen[-1] else 1 - begin
        return shift(stretch(schedulers[place], length), begin)

    return join(
        *(part(place, begin)[a:b] for place, begin, (a, b) in zip(seen, begins, itertools.pairwise(knots), strict=True))
    )


# -- what they share -------------------------------------------------------------------------------------


def _ranges(values: Sequence[float], ends: Sequence[float]) -> Schedule:
    """One value after the other, each up to a little before its end."""
    return piecewise(values, [max(end - _EARLY, 0.0) for end in ends])[:1]
