"""Learning rates as theory reads them: one number for each update, all of them >= 0."""

from typing import Any, TypeAlias

import numpy as np

from ..algebra.checks import Kind, ScheduleError, demand, no_text
from ..algebra.nodes import Schedule

Rates: TypeAlias = Schedule | np.ndarray | list[float]
"""A schedule, or the learning rates themselves, one for each update."""


def rates(function: str, s: Rates, steps: int | None = None, *, argument: str = "s") -> np.ndarray:
    """``[s(0), ..., s(steps - 1)]``: the learning rates of the updates, checked to be >= 0."""
    values: np.ndarray = s.values(steps) if isinstance(s, Schedule) else NUMBERS(function, argument, s)[:steps]
    demand(len(values) > 0, function, argument, s, "it has no updates; give it a duration: s[:1000]")
    good = bool(np.isfinite(values).all() and (values >= 0).all())
    demand(good, function, argument, s, "its values are no learning rates; each is a finite number >= 0")
    return values


def _numbers(values: Any) -> np.ndarray:
    found = np.asarray(no_text(values), dtype=float)
    if found.ndim != 1:
        raise TypeError
    return found


NUMBERS = Kind("this is a list of numbers, one for each update", _numbers)
"""An array of floats of one dimension."""


def one_each(function: str, argument: str, value: Any, count: int) -> np.ndarray:
    """A number for each update: those of a schedule or a list, or one number for all."""
    if isinstance(value, Schedule):
        return value.values(count)
    found = np.full(count, float(value)) if np.ndim(value) == 0 else NUMBERS(function, argument, value)
    if len(found) != count:
        raise ScheduleError(f"{function}: {argument} of length {len(found)}: there are {count} updates; give one each")
    return found


def later(values: np.ndarray) -> np.ndarray:
    """``sum(values[k:])`` for each k."""
    return np.cumsum(values[::-1])[::-1]
