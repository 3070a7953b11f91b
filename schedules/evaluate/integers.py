"""What the integers of a library cannot hold: whole times and numbers beyond them are floats there, or held."""

import math
from bisect import bisect
from typing import Any

from ..algebra.bounds import counts, image
from ..algebra.nodes import Lift, Schedule
from .fold import Clock, Evaluator
from .namespaces import default_dtype, float_like


class Bounded(Evaluator[Any]):
    """The part of the fold over arrays of the namespace `xp` that minds the largest of its integers."""

    def __init__(self, term: Schedule, xp: Any) -> None:
        super().__init__(term)
        self.xp = xp
        self.largest = int(xp.iinfo(default_dtype(xp, "integral")).max)

    def constant(self, value: float) -> Any:
        return float(value) if isinstance(value, int) and abs(value) > self.largest else value

    def evaluate(self, term: Schedule, time: Clock[Any]) -> Any:
        """The value; in floats, where whole numbers would go beyond those of the library."""
        if self.overflows(term, time.low, time.high):
            time = time._replace(value=self.xp.astype(time.value, float_like(self.xp, time.value)))
        return super().evaluate(term, time)

    def warp(self, clock: Schedule, time: Clock[Any]) -> Clock[Any]:
        """The time that `clock` shows; held before it would go beyond the whole numbers of the library."""
        if self.overflows(clock, time.low, time.high):
            last = bisect(range(self.largest), False, key=lambda t: self.overflows(clock, time.low, t)) - 1
            time = self.clip(time, last)
        return super().warp(clock, time)

    def overflows(self, term: Schedule, low: float, high: float) -> bool:
        """Whether a term of whole numbers goes beyond those of the library at whole times in [low, high]."""
        return (
            isinstance(term, Lift)
            and high < math.inf
            and counts(term)
            and self.largest < image(term, low, high)[1] < math.inf
        )
