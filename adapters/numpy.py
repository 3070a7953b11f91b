"""NumPy: arrays from schedules, and schedules from arrays.

>>> from schedules import linear
>>> from schedules.adapters.numpy import from_array, to_array
>>> from_array(to_array(linear(1.0, 0.0, 4)))(2)
0.5
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from schedules import Schedule, ScheduleError, replay

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]


def to_array(s: Schedule, steps: int | None = None, *, dtype: npt.DTypeLike = np.float64) -> FloatArray:
    """``[s(0), s(1), ..., s(steps - 1)]``.

    Args:
        s: the schedule.
        steps: how many values; None means the whole duration.
        dtype: the float type of the array.

    Returns:
        An array of shape (steps,).

    Raises:
        ScheduleError: s is endless and `steps` is None, or `dtype` is no float type.

    >>> from schedules import linear
    >>> to_array(linear(0.0, 1.0, 4), dtype=np.float32)
    array([0.  , 0.25, 0.5 , 0.75], dtype=float32)
    """
    return s.values(steps, dtype=dtype)


def from_array(values: npt.ArrayLike, *, interpolate: bool = True) -> Schedule:
    """``s(i) = values[i]`` at whole steps, straight lines between them; the last value holds.

    Args:
        values: one value a step, of shape (n,): n steps.
        interpolate: False keeps each value until the next whole step.

    Raises:
        ScheduleError: the array is empty, not of one dimension, or not of finite numbers.

    >>> from_array([0.0, 1.0, 0.0])([0.5, 1, 9])
    array([0.5, 1. , 0. ])
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise ScheduleError(
            f"from_array: values of shape {array.shape} and dtype {array.dtype}: "
            "this is an array of numbers of one dimension; flatten or convert it first"
        )
    return replay(array.tolist(), interpolate=interpolate)
