"""One fold over the five nodes: what a term means.

Evaluators differ in what a value is only (a piece of source, an array, a low-rank number, an interval, a formula),
and in how a constant, an operation, a clip and a join act on it.
"""

import math
from abc import ABC, abstractmethod
from typing import Generic, NamedTuple, TypeVar

from ..algebra.bounds import cut, image
from ..algebra.checks import ScheduleError, is_settled
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Op, Schedule, Time, Warp

V = TypeVar("V")


class Clock(NamedTuple, Generic[V]):
    """A time as an evaluator sees it: its value, and what is known of it: ``low <= value <= high``."""

    value: V
    low: float = -math.inf
    high: float = math.inf

    def held(self, value: V, steps: float) -> "Clock[V]":
        """This time held within [0, steps], where it is `value`."""
        if not is_settled(steps):
            return Clock(value, 0, max(self.high, 0))
        return Clock(value, min(max(self.low, 0), steps), min(max(self.high, 0), steps))


class Evaluator(ABC, Generic[V]):
    """The fold. A subterm that occurs more than once is folded once per clock."""

    def __init__(self, term: Schedule) -> None:
        self.shared = term.shared
        self.memo: dict[tuple[int, int], tuple[Clock[V], V]] = {}  # holds the clocks: ids must not be reused

    def fold(self, term: Schedule, time: Clock[V]) -> V:
        """The value of `term` at `time`."""
        if id(term) not in self.shared:
            return self.evaluate(term, time)
        key = (id(term), id(time.value))
        if key not in self.memo:
            self.memo[key] = time, self.share(self.evaluate(term, time))
        return self.memo[key][1]

    def share(self, value: V) -> V:
        """`value` in a form that is cheap to use again."""
        return value

    def evaluate(self, term: Schedule, time: Clock[V]) -> V:
        """The five equations."""
        match term:
            case Lift(op, args):
                return self.lift(op, [self.fold(arg, time) for arg in args])
            case Constant(value) | Warp(Constant(value)):
                return self.constant(value)
            case Time():
                return self.clip(time, math.inf).value
            case Warp(inner, clock):
                return self.fold(inner, self.warp(clock, self.clip(time, cut(term))))
            case Join():
                return self.join(term, time)
            case Call():
                return self.fold(term.body, time)
            case _:
                raise ScheduleError(f"evaluate: term={type(term).__name__}: not one of the five nodes")

    def warp(self, clock: Schedule, time: Clock[V]) -> Clock[V]:
        """The time that `clock` shows at `time`."""
        return time if isinstance(clock, Time) else Clock(self.fold(clock, time), *image(clock, time.low, time.high))

    @abstractmethod
    def constant(self, value: float) -> V:
        """A number as a value."""

    @abstractmethod
    def lift(self, op: Op, args: list[V]) -> V:
        """An operation on values."""

    @abstractmethod
    def clip(self, time: Clock[V], steps: float) -> Clock[V]:
        """`time` held within [0, steps]; no work where that is known already."""

    @abstractmethod
    def join(self, term: Join, time: Clock[V]) -> V:
        """The part that `time` falls in, at its own local time."""
