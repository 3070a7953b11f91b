"""What the form of a term shows: the times that a clock can show, and the parts of a join that they meet."""

import math
from bisect import bisect

from .checks import is_settled
from .nodes import Constant, Join, Lift, Schedule, Time, Warp
from .ops import INTEGRAL, NUMBERS, bound


def image(clock: Schedule, low: float, high: float) -> tuple[float, float]:
    """Bounds of a clock over times in [low, high], where its form shows them: it saves clips that do nothing."""
    match clock:
        case Time():
            return max(low, 0), high
        case Constant(value) if is_settled(value):
            return value, value
        case Lift("remainder", (_, Constant(period))) if is_settled(period) and period > 0:
            return 0, period
        case Lift("divide" | "floor_divide" as op, (a, Constant(value))) if is_settled(value):
            first, last = (bound(op, NUMBERS)(x, value) for x in image(a, low, high))
            if not math.isnan(first + last):  # a floor has no value at inf
                return min(first, last), max(first, last)
        case Lift("add" | "subtract" | "multiply" as op, (a, b)) if isinstance(a, Constant) or isinstance(b, Constant):
            ends = [bound(op, NUMBERS)(x, y) for x in image(a, low, high) for y in image(b, low, high)]
            if not any(map(math.isnan, ends)):  # inf - inf
                return min(ends), max(ends)
        case _:
            pass
    return -math.inf, math.inf


def counts(clock: Schedule) -> bool:
    """Whether a clock shows whole numbers at whole times, by its form."""
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
