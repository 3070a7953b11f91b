"""What the form of a term shows: the times that a clock can show, and the parts of a join that they meet."""

import itertools
import math
from bisect import bisect
from typing import TypeAlias

from .checks import is_settled
from .named import Call
from .nodes import Constant, Join, Lift, Schedule, Time, Warp
from .ops import INTEGRAL, NUMBERS, bound

Bounds: TypeAlias = tuple[float, float]
"""The least and the largest value."""

UNBOUNDED = -math.inf, math.inf


def image(clock: Schedule, low: float, high: float) -> Bounds:
    """Bounds of a clock over times in [low, high], where its form shows them: it saves clips that do nothing."""
    return _images(clock, low, high)[id(clock)]


def reach(clock: Schedule, low: float, high: float) -> float:
    """The largest number, without its sign, that a clock of whole numbers is known to come to on its way."""
    if not counts(clock):
        return 0
    ends = (abs(end) for image in _images(clock, low, high).values() for end in image)
    return max((end for end in ends if end < math.inf), default=0)


def _images(clock: Schedule, low: float, high: float) -> dict[int, Bounds]:
    """The bounds of a clock and of all its subterms, by their ids."""
    known: dict[int, Bounds] = {}

    def look(term: Schedule) -> Bounds:
        match term:
            case Time():
                return max(low, 0), high
            case Constant(value) if is_settled(value):
                return value, value
            case Lift(str(op), args) if op == "divide" or op in INTEGRAL:
                return spread(op, *map(bounds, args))
            case _:
                return UNBOUNDED

    def bounds(term: Schedule) -> Bounds:
        if id(term) not in known:
            known[id(term)] = look(term)
        return known[id(term)]

    bounds(clock)
    return known


def beyond(term: Schedule, low: float, high: float, largest: int) -> bool:
    """Whether a term comes to whole numbers beyond `largest` on its way, at whole times in [low, high]."""
    match term:
        case Lift(_, args):
            return reach(term, low, high) > largest or any(beyond(arg, low, high, largest) for arg in args)
        case Warp(inner, clock):
            high = min(high, term.steps) if is_settled(term.steps) else high
            if beyond(clock, max(low, 0), high, largest):
                return True
            return counts(clock) and beyond(inner, *image(clock, max(low, 0), high), largest)
        case Join(parts):
            return any(beyond(parts[place], start, end, largest) for place, start, end in active(term, low, high))
        case Call():
            return beyond(term.body, low, high, largest)
        case _:
            return False


def spread(op: str, *args: Bounds) -> Bounds:
    """Bounds of an operation on values within these bounds."""
    match op, args:
        case "remainder", ((low, high), (start, stop)):
            if start <= 0 <= stop:
                return UNBOUNDED
            within = start > 0 and low >= 0  # of the first round, nothing changes
            return (low if high < start else 0, min(high, stop)) if within else (min(start, 0), max(stop, 0))
        case "divide" | "floor_divide", (_, (start, stop)) if start <= 0 <= stop:
            return UNBOUNDED
        case "abs" | "square", ((low, high),) if low < 0 < high:
            return 0, max(spread(op, (low, low))[1], spread(op, (high, high))[1])
        case _:
            try:
                ends = [bound(op, NUMBERS)(*values) for values in itertools.product(*args)]
            except ArithmeticError:  # beyond all floats, or a floor of inf
                return UNBOUNDED
            return UNBOUNDED if any(map(math.isnan, ends)) else (min(ends), max(ends))  # of inf - inf, say


def counts(clock: Schedule) -> bool:
    """Whether a clock shows whole numbers at whole times, by its form."""
    if "counts" not in clock.__dict__:
        clock.__dict__["counts"] = _counts(clock)
    return clock.__dict__["counts"]


def _counts(clock: Schedule) -> bool:
    match clock:
        case Constant(value):
            return isinstance(value, int)
        case Lift(op, args):
            return op in INTEGRAL and all(map(counts, args))
        case _:
            return isinstance(clock, Time)


def active(term: Join, low: float, high: float) -> list[tuple[int, float, float]]:
    """The parts of a join that times in [low, high] can meet, each with the bounds of its local time."""
    knots = term.knots
    if not all(map(is_settled, knots)):
        return [(place, -math.inf, math.inf) for place in range(len(knots))]
    parts: list[tuple[int, float, float]] = []
    first = max(bisect(knots, low) - 1, 0)
    for place in range(first, max(bisect(knots, high), first + 1)):
        start, end = span(term, place)
        parts.append((place, max(low, start) - knots[place], min(high, end) - knots[place]))
    return parts


def span(term: Join, place: int) -> tuple[float, float]:
    """The time that a part covers; the first also covers what comes before, the last what comes after."""
    last = len(term.parts) - 1
    return term.knots[place] if place else -math.inf, term.knots[place + 1] if place < last else math.inf


def cut(term: Warp) -> float:
    """The step beyond which time has to be held: the duration, or inf where the inner term has ended by then."""
    if "cut" not in term.__dict__:
        term.__dict__["cut"] = _cut(term)
    return term.__dict__["cut"]


def _cut(term: Warp) -> float:
    if not is_settled(term.steps):
        return term.steps
    arrived, _ = image(term.clock, term.steps, math.inf)
    return math.inf if is_settled(term.term.steps) and term.term.steps <= arrived else term.steps
