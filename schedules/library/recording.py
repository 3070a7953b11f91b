"""Lists of values as functions of the step."""

from typing import Any

import numpy as np

from ..algebra.checks import Floats, Symbolic
from ..algebra.lists import plain_function
from ..evaluate.namespaces import array_like, gathered


class Recording:
    """A function of the step that reads a list of values."""

    is_table = True  # it gives the same at the same step, always

    def __init__(self, values: Floats, interpolate: bool) -> None:
        self.values, self.interpolate = values, interpolate
        if isinstance(values, Symbolic):
            return
        self.array = np.asarray(values, float)
        self.half = np.append(np.diff(self.array / 2), 0.0) * interpolate  # a whole one may be beyond all floats
        self.slope = self.half + self.half

    def __call__(self, step: float) -> float:
        """The value at a Python number."""
        place = min(int(step), len(self.array) - 1)
        return float(self.array[place] + 2 * (step - place) * self.half[place])

    def on_array(self, xp: Any, steps: Any) -> Any:
        """The values at an array of steps, in its own library and on its device."""
        array, half = (array_like(xp, table, steps) for table in (self.array, self.half))
        known = xp.where(steps == steps, steps, 0)  # noqa: PLR0124 -- so that NaN, which equals nothing, finds a place
        start = xp.clip(known // 1, 0, len(self.array) - 1)
        place = xp.astype(start, xp.int32)
        return gathered(xp, array, place) + 2 * (steps - start) * gathered(xp, half, place)


@plain_function
def fractal_order(steps: int) -> list[int]:
    """The places of 1, 2, 4, ... learning rates: each is followed by what complements it at its own scale."""
    order = [0]
    while len(order) < steps:
        order = [place for early in order for place in (early, 2 * len(order) - 1 - early)]
    return order
