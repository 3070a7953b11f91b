"""What a schedule does between its knots: one smooth formula at a time, and which way it goes.

A walk cuts a term into phases, along which no join changes part, no clip sets in and no floor jumps, so that on each
the term is one formula of t.
"""

import functools
import math
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..algebra.bounds import active, span
from ..algebra.checks import EVER, whole
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Op, Schedule, Time, Warp
from ..evaluate.fold import Clock, Evaluator
from ..library.equations import equation_of
from ..library.recording import Recording
from .courses import Course, Exhausted, Heading, Work, crossing, headings
from .intervals import EVERYTHING, IMAGES, Interval, hull_of, point
from .slopes import ROUNDING, TIME, applied, numeric, range_over, smooth, value_at

MAX_COURSES = 256  # that are kept from phase to phase


@dataclass(frozen=True)
class Phase:
    """A schedule from `start` up to `stop`, where it is one formula; `knot` tells whether another one begins there."""

    start: float
    stop: float
    formula: Schedule
    knot: bool
    work: Work

    @functools.cached_property
    def spans(self) -> list[Heading]:
        """Where the formula rises, falls or stays."""
        return list(headings(self.formula, self.start, self.stop, self.work))

    def limit(self, t: float) -> float:
        """The value that the formula tends to at t, from within the phase."""
        return value_at(self.formula, t)

    def reached(self, s: Schedule) -> Interval:
        """From the least to the largest value of s, or what it tends to; a reversed jump has a value of its own."""
        ends = [s(self.start)] + [self.limit(t) for span in self.spans for t in (span.start, span.stop)]
        return hull_of(tuple(ends), tuple(ends))


class Walk:
    """The phases of s from step 0 up to `stop`, one after the other; a cycle has no end of them."""

    def __init__(self, s: Schedule, stop: float, work: Work) -> None:
        self.s = s
        self.stop = stop
        self.work = work
        self.now = 0.0
        self.courses: dict[Schedule, Course] = {}

    def __iter__(self) -> Iterator[Phase]:
        while (now := self.now) < self.stop:
            self.work.spend(1)
            branch = Branch(self, now)
            formula = branch.fold(self.s, Clock(TIME, 0, math.inf))
            end = min(branch.end, self.stop)
            yield Phase(whole(now), end, formula, branch.knot and branch.end <= self.stop, self.work)
            self.now = branch.end

    def heading(self, x: Schedule, now: float, stop: float) -> Heading:
        """Which way a formula goes at a time, and how long; what was found is kept for the next phase."""
        course = self.courses.get(x)
        if not (course and (heading := course.at(now))):
            if len(self.courses) >= MAX_COURSES:
                self.courses.clear()
            self.courses[x] = course = Course(x, now, stop, self.work)
            heading = next(course.rest)
            course.found.append(heading)
        return heading


class Branch(Evaluator[Schedule]):
    """The fold that gives the formula of a term right after a time `now`, and the `end` up to which it holds."""

    def __init__(self, walk: Walk, now: float) -> None:
        super().__init__(walk.s)
        self.walk = walk
        self.now = now
        self.soon = now + 2 * ROUNDING * max(now, 1.0)
        self.end = math.inf
        self.knot = False
        self.seams = 0

    def evaluate(self, term: Schedule, time: Clock[Schedule]) -> Schedule:
        """The formula of a term; a curve with one equation is one formula, even if it is computed as two."""
        seam = isinstance(term, Call) and equation_of(term.maker) is not None
        self.seams += seam
        formula = super().evaluate(term, time)
        self.seams -= seam
        return formula

    def constant(self, value: float) -> Schedule:
        return numeric(value)

    def lift(self, op: Op, args: list[Schedule]) -> Schedule:
        if not isinstance(op, str):
            return self.read(op, args[0])
        return _CHOICES[op](self, *args) if op in _CHOICES else applied(op, *args)

    def clip(self, time: Clock[Schedule], steps: float) -> Clock[Schedule]:
        edges = [0] * (time.low < 0) + [steps] * (time.high > steps)
        if not edges:
            return time
        below = self.side(time.value, edges)
        held = [self.constant(0)] * (time.low < 0) + [time.value] + [self.constant(steps)] * (time.high > steps)
        return time.held(held[below], steps)

    def join(self, term: Join, time: Clock[Schedule]) -> Schedule:
        index = max(self.side(time.value, term.knots, seam=self.seams > 0), 1) - 1
        knot, (start, end) = term.knots[index], span(term, index)
        local = applied("subtract", time.value, self.constant(knot)) if knot else time.value
        return self.fold(term.parts[index], Clock(local, max(time.low, start) - knot, min(time.high, end) - knot))

    def read(self, function: Callable[[Any], Any], x: Schedule) -> Schedule:
        """A Python function: known at whole steps, and taken to be straight in between, as a recording is."""
        if isinstance(x, Constant):
            return self.constant(float(function(x.value)))
        recorded = isinstance(function, Recording)
        turns = self.turns(x, 1, seam=not recorded)
        if math.isnan(turns):
            return self.constant(turns)
        first = int(turns)
        value = float(function(first))
        slope = function.slope[first] if recorded else float(function(first + 1)) - value
        since = applied("subtract", x, self.constant(first))
        return applied("add", self.constant(value), applied("multiply", self.constant(float(slope)), since))

    def turns(self, x: Schedule, n: float, *, seam: bool = False) -> float:
        """``floor(x/n)``; NaN where x has no value."""
        quotient = value_at(x, self.soon) // n
        if math.isnan(quotient):
            return quotient
        if math.isinf(quotient):  # rounds shorter than the time from one float to the next
            raise Exhausted
        first = int(quotient)
        return first - 1 + self.side(x, [first * n, (first + 1) * n], seam=seam)

    def side(self, x: Schedule, edges: Sequence[float], *, seam: bool = False) -> int:
        """How many of the edges are at or below x right after now; the formula holds until x comes to the next."""
        count = bisect(edges, value_at(x, self.soon))
        if isinstance(x, Constant):
            return count
        heading = self.walk.heading(x, self.now, min(self.end, self.walk.stop))
        if heading.stop < min(self.end, self.walk.stop):
            self.stop(heading.stop, seam=True)
        if heading.direction and 0 <= count - (heading.direction < 0) < len(edges):
            edge = edges[count - (heading.direction < 0)]
            self.stop(crossing(x, edge, self.soon, self.end, heading.direction), seam=seam)
        return count

    def stop(self, end: float, *, seam: bool) -> None:
        """The formula holds up to `end` at most; what follows is another one, unless it is a seam."""
        end = max(end, self.soon)
        if end < self.end:
            self.end, self.knot = end, not seam
        elif end == self.end < math.inf:
            self.knot = self.knot or not seam


def _least(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return b if branch.side(applied("subtract", a, b), [0]) else a


def _largest(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return a if branch.side(applied("subtract", a, b), [0]) else b


def _absolute(branch: Branch, a: Schedule) -> Schedule:
    return a if branch.side(a, [0]) else applied("negative", a)


def _floor(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    if isinstance(b, Constant) and b.value > 0:
        return branch.constant(branch.turns(a, b.value))
    return branch.constant(branch.turns(applied("divide", a, b), 1))


def _rest(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return applied("subtract", a, applied("multiply", _floor(branch, a, b), b))


_CHOICES: dict[str, Callable[..., Schedule]] = {
    "minimum": _least,
    "maximum": _largest,
    "abs": _absolute,
    "floor_divide": _floor,
    "remainder": _rest,
}
"""The operations that choose between formulas."""


def range_of(s: Schedule, stop: float, work: Work) -> Interval:
    """From the least to the largest value of s at times from 0 up to `stop`, or what it tends to there."""
    stop = min(stop, period_of(s) or stop)
    whole, last = extent(s, 0, stop, work), extent(s, EVER, stop, work) if stop == math.inf else None
    seen = point(s(0)) if last is None or last.low < last.high else last
    for count, phase in enumerate(Walk(s, stop, work), start=1):
        seen = seen.hull(phase.reached(s))
        if count.bit_count() == 1 and phase.stop < stop and _inside(extent(s, phase.stop, stop, work), seen):
            break
    return Interval(max(seen.low, whole.low), min(seen.high, whole.high))


def _inside(inner: Interval, outer: Interval) -> bool:
    rounding = ROUNDING * outer.size
    return outer.low - rounding <= inner.low and inner.high <= outer.high + rounding


@functools.lru_cache(maxsize=4096)
def period_of(term: Schedule) -> float | None:
    """The time after which a term is the same again, by its form; None if it never is, or not for all one knows."""
    match term:
        case Call():
            return period_of(term.body)
        case Warp(_, Lift("remainder", (Time(), Constant(period))), math.inf):
            return period
        case Constant() | Warp(Constant()):
            return 1
        case Lift(str(), args):
            periods = {period_of(arg) for arg in args}
            whole_ones = [period for period in periods if isinstance(period, int)]
            return math.lcm(*whole_ones) if len(whole_ones) == len(periods) else None
        case _:
            return None


def extent(s: Schedule, start: float, stop: float, work: Work) -> Interval:
    """Bounds of s over all times from `start` to `stop`, however many phases it has there."""
    return Extent(s, work).fold(s, Clock(Interval(start, stop), start, stop))


class Extent(Evaluator[Interval]):
    """The fold that bounds a term over a whole interval of times."""

    def __init__(self, term: Schedule, work: Work) -> None:
        super().__init__(term)
        self.work = work

    def evaluate(self, term: Schedule, time: Clock[Interval]) -> Interval:
        match term:
            case Warp(inner, Lift("remainder", (Time(), Constant(period)))) if _covers(time.value, period):
                return self.work.once(inner, lambda: range_of(inner, period, self.work))
            case Lift() if smooth(term):
                return range_over(term, self.clip(time, math.inf).value, {})
            case _:
                return super().evaluate(term, time)

    def constant(self, value: float) -> Interval:
        return point(value)

    def lift(self, op: Op, args: list[Interval]) -> Interval:
        return IMAGES[op](*args) if isinstance(op, str) else EVERYTHING

    def clip(self, time: Clock[Interval], steps: float) -> Clock[Interval]:
        low, high = (min(max(end, 0), steps) for end in time.value.ends)
        return Clock(Interval(low, high), low, high)

    def join(self, term: Join, time: Clock[Interval]) -> Interval:
        found: list[Interval] = []
        for index, low, high in active(term, *time.value.ends):
            found.append(self.fold(term.parts[index], Clock(Interval(low, high), low, high)))
        return found[0].hull(*found)


def _covers(time: Interval, period: float) -> bool:
    return time.high - time.low >= period
