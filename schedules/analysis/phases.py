"""What a schedule does between its knots: one smooth formula at a time, and which way it goes.

`walk` cuts a term into phases, along which no join changes part, no clip sets in and no floor jumps, so that on each
the term is one formula of t. Which way a formula goes is read off bounds of its slope over a whole interval, which is
halved until the slope has one sign there: no turn is missed between two samples.
"""

import itertools
import math
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from ..algebra.bounds import active, span
from ..algebra.checks import EVER, whole
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Op, Schedule, Time, Warp, unchecked
from ..evaluate.fold import Clock, Evaluator
from ..library.curves import Recording
from ..library.equations import equation_of
from .intervals import (
    EVERYTHING,
    IMAGES,
    SLOPES,
    Interval,
    computed,
    hull_of,
    linear_form,
    point,
    range_over,
    slope,
    value_at,
)

ROUNDING = 1e-12  # of the terms that a slope is the sum of: less is what rounding left of nothing


LEVELS = 60  # of halving an interval whose slope has no one sign yet


RESOLUTION = 2.0**-30  # of an interval, to which a turn is located


MAX_UNKNOWN = 256  # intervals without a sign, beyond which it is rounding that has none


TIME = Time()


class Phase(NamedTuple):
    """A schedule from `start` up to `stop`, where it is one formula; `knot` tells whether another one begins there."""

    start: float
    stop: float
    formula: Schedule
    knot: bool

    def spans(self) -> "list[Heading]":
        """Where the formula rises, falls or stays."""
        return directions(self.formula, self.start, self.stop)

    def limit(self, t: float) -> float:
        """The value that the formula tends to at t, from within the phase."""
        return value_at(self.formula, t)


def walk(s: Schedule, stop: float = math.inf) -> Iterator[Phase]:
    """The phases of s from step 0 up to `stop`, one after the other; a cycle has no end of them."""
    now = 0.0
    while now < stop:
        branch = Branch(s, now)
        formula = branch.fold(s, Clock(TIME, 0, math.inf))
        yield Phase(whole(now), min(branch.end, stop), formula, branch.knot and branch.end <= stop)
        now = branch.end


class Branch(Evaluator[Schedule]):
    """The fold that gives the formula of a term right after a time `now`, and the `end` up to which it holds."""

    def __init__(self, term: Schedule, now: float) -> None:
        super().__init__(term)
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
        return unchecked(Constant, value)

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
        first = self.turns(x, 1, seam=not recorded)
        value = float(function(first))
        slope = function.slope[first] if recorded else float(function(first + 1)) - value
        since = applied("subtract", x, self.constant(first))
        return applied("add", self.constant(value), applied("multiply", self.constant(float(slope)), since))

    def turns(self, x: Schedule, n: float, *, seam: bool = False) -> int:
        """``floor(x/n)``."""
        first = int(value_at(x, self.soon) // n)
        return first - 1 + self.side(x, [first * n, (first + 1) * n], seam=seam)

    def side(self, x: Schedule, edges: Sequence[float], *, seam: bool = False) -> int:
        """How many of the edges are at or below x right after now; the formula holds until x comes to the next."""
        count = bisect(edges, value_at(x, self.soon))
        heading, *further = directions(x, self.now, self.end)
        if further:
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


def applied(op: str, *args: Schedule) -> Schedule:
    """An operation on formulas, as ``s(t)`` does it; on constants it is done."""
    if all(isinstance(arg, Constant) for arg in args):
        return unchecked(Constant, computed(op, *(cast("Constant", arg).value for arg in args)))
    return unchecked(Lift, op, args)


def crossing(x: Schedule, edge: float, a: float, b: float, direction: int) -> float:
    """The time in (a, b] at which x, which goes in one direction, comes to an edge; inf if it does not.

    But for rounding, it is a whole step, or b, where it is one of them.
    """

    def beyond(t: float) -> bool:
        return (value_at(x, t) - edge) * direction >= 0

    low, high = a, float(min(b, EVER))
    if not (low < high and beyond(high)):
        return math.inf
    if abs(value_at(x, high) - edge) <= ROUNDING * abs(value_at(x, low) - edge):
        return b
    constant, terms = linear_form(x)
    if terms.keys() == {TIME}:  # a straight line: the answer but for rounding
        guess = (edge - constant) / terms[TIME][0]
        for probe in (guess * (1 - ROUNDING), guess * (1 + ROUNDING)):
            if low < probe < high:
                low, high = (low, probe) if beyond(probe) else (probe, high)
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return round(high) if abs(high - round(high)) <= ROUNDING * max(high, 1.0) else high


class Heading(NamedTuple):
    """The times from `start` to `stop`, over which a schedule rises (1), falls (-1) or stays (0)."""

    start: float
    stop: float
    direction: int


def directions(formula: Schedule, a: float, b: float) -> list[Heading]:
    """The spans of [a, b] over which a formula goes one way, in order."""
    found: list[Heading] = []
    unknown = [(a, b)]
    for _ in range(LEVELS):
        halves: list[tuple[float, float]] = []
        for low, high in unknown:
            way = direction(formula, low, high)
            if way is not None:
                found.append(Heading(low, high, way))
            elif high - low > RESOLUTION * (high - a) and low < EVER:
                middle = (low + high) / 2 if high < math.inf else 2 * low + 1
                halves += [(low, middle), (middle, high)]
        unknown = halves
        if not unknown or len(unknown) > MAX_UNKNOWN:
            break
    found += [Heading(low, high, trend(formula, low, high)) for low, high in unknown]
    return merged(sorted(found), a, b) or [Heading(a, b, trend(formula, a, b))]


def merged(spans: list[Heading], a: float, b: float) -> list[Heading]:
    """Spans as long as they can be, without gaps: a turn is in the middle of the gap that is left around it."""
    runs = [list(run) for _, run in itertools.groupby(spans, key=lambda span: span.direction)]
    gaps = [(before[-1].stop + after[0].start) / 2 for before, after in itertools.pairwise(runs)]
    edges = [a, *gaps, b]
    return [Heading(edges[place], edges[place + 1], run[0].direction) for place, run in enumerate(runs)]


def trend(formula: Schedule, a: float, b: float) -> int:
    """Which way the ends of an interval point."""
    first, last = value_at(formula, a), value_at(formula, b)
    return 0 if abs(last - first) <= ROUNDING * max(abs(first), abs(last)) else 1 if last > first else -1


def direction(formula: Schedule, a: float, b: float) -> int | None:
    """The sign of the slope all over [a, b], but for rounding; None if the bounds do not tell."""
    bounds, gross = slope(formula, Interval(a, b), {})
    rounding = ROUNDING * gross if gross < math.inf else 0.0
    rises, falls = bounds.low >= -rounding, bounds.high <= rounding
    return None if not (rises or falls) else 0 if rises and falls else 1 if rises else -1


def reached(s: Schedule, phases: Iterable[Phase]) -> Interval:
    """From the least to the largest value that phases of s reach, or tend to; a reversed jump has one of its own."""
    values: list[float] = []
    for phase in phases:
        values.append(s(phase.start))
        values += [phase.limit(t) for span in phase.spans() for t in (span.start, span.stop)]
    return hull_of(tuple(values), tuple(values))


def extent(s: Schedule, start: float, stop: float = math.inf) -> Interval:
    """Bounds of s over all times from `start` to `stop`, however many phases it has there."""
    time = Interval(start, stop)
    return Extent(s).fold(s, Clock(time, start, stop))


class Extent(Evaluator[Interval]):
    """The fold that bounds a term over a whole interval of times."""

    def evaluate(self, term: Schedule, time: Clock[Interval]) -> Interval:
        match term:
            case Warp(inner, Lift("remainder", (Time(), Constant(period)))) if _covers(time.value, period):
                return reached(inner, walk(inner, period))
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


def smooth(term: Schedule) -> bool:
    """Whether a term is one formula, with a slope everywhere."""
    match term:
        case Lift(op, args):
            return (op in SLOPES or op in _LINEAR) and all(map(smooth, args))
        case _:
            return isinstance(term, Constant | Time)


_LINEAR = frozenset(("add", "subtract", "negative"))
