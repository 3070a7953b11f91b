"""What the integers of a library cannot hold: whole times and numbers beyond them are floats there."""

import math
from bisect import bisect
from typing import Any

from ..algebra.bounds import cut, reach
from ..algebra.checks import is_settled
from ..algebra.nodes import Lift, Schedule, Warp
from .fold import Clock, Evaluator
from .namespaces import as_floats, is_whole, largest_integer, rounding


class Bounded(Evaluator[Any]):
    """The part of the fold over arrays of the namespace `xp` that minds the largest of its integers."""

    def __init__(self, term: Schedule, xp: Any) -> None:
        super().__init__(term)
        self.xp = xp
        self.largest = largest_integer(xp)

    def constant(self, value: Any) -> Any:
        return fitting(value, self.largest)

    def evaluate(self, term: Schedule, time: Clock[Any]) -> Any:
        """The value; where whole numbers would go beyond those of the library, by way of floats."""
        clock, end = (term.clock, cut(term)) if isinstance(term, Warp) else (term, math.inf)
        if isinstance(clock, Lift) and time.high < math.inf and is_whole(self.xp, time.value):
            high = min(time.high, end) if is_settled(end) else time.high
            if reach(clock, time.low, high) > self.largest:
                return self.split(term, clock, self.clip(time, term.steps))
        return super().evaluate(term, time)

    def split(self, term: Schedule, clock: Schedule, time: Clock[Any]) -> Any:
        """A term in integers for as long as they hold all of its clock, in floats from then on."""
        last = bisect(range(self.largest), False, key=lambda t: reach(clock, time.low, t) > self.largest) - 1
        near = super().evaluate(term, self.clip(time, last)) if last >= 0 else None
        if near is not None and reach(clock, time.low, time.high) <= self.largest * (1 + rounding(self.xp)):
            return near  # floats cannot tell the rest apart, or there is none
        far = super().evaluate(term, time._replace(value=as_floats(self.xp, time.value)))
        return far if near is None else self.xp.where(time.value > last, far, as_floats(self.xp, near))


def fitting(value: Any, largest: int) -> Any:
    """A number; as a float, if it is a whole one beyond the integers of a library."""
    return float(value) if isinstance(value, int) and abs(value) > largest else value
