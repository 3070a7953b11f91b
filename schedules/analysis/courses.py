"""Courses: over which times a formula rises, falls or stays, and when it comes to a value.

Which way a formula goes is read off bounds of its slope over a whole span of times. Where these do not tell, bounds of
the slope of the slope may: a slope that goes one way changes its sign once at most, and that place is narrowed down.
Else the span is halved. So no turn is missed between two samples.
"""

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from ..algebra.checks import EVER
from ..algebra.nodes import Schedule
from .intervals import Interval
from .slopes import ROUNDING, SLACK, TIME, derivative, linear_form, size_at, slope, value_at

RESOLUTION = 2.0**-30  # of a span, to which a turn is located where nothing is known of the slope of the slope


DOUBTS = 24  # spans in a row that nothing is known of, after which a formula may be the same all along


LOOK = 4  # phases of straight lines, in the time of which one looks at a span of what is not straight


SAMPLES = 33  # times at which it is looked at then


V = TypeVar("V")


class Work:
    """How many spans and phases may be looked at, where a schedule turns without end; and what was found once."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.known: dict[int, tuple[object, Any]] = {}  # holds the terms: ids must not be reused

    def spend(self, effort: int) -> None:
        """One more look."""
        self.left -= effort
        if self.left < 0:
            raise Exhausted

    def once(self, key: object, look: Callable[[], V]) -> V:
        """What is found out about something, for which it is looked at once."""
        if id(key) not in self.known:
            self.known[id(key)] = key, look()
        return self.known[id(key)][1]


class Exhausted(Exception):  # noqa: N818 -- no error: what is known by then is used
    """The work allowed for has been done."""


class Heading(NamedTuple):
    """The times from `start` to `stop`, over which a schedule rises (1), falls (-1) or stays (0)."""

    start: float
    stop: float
    direction: int


def headings(formula: Schedule, a: float, b: float, work: Work) -> Iterator[Heading]:
    """The longest spans of [a, b] over which a formula goes one way, in order, each found when it is asked for."""
    start, known, gap = a, None, None
    least = SLACK * (b - a) if b < math.inf else 0.0
    for low, _, way in _ways(formula, a, b, work):
        if way is None:
            gap = low if gap is None else gap
            continue
        if known not in (None, way):
            turn = low if gap is None else (gap + low) / 2  # in the middle of what nothing is known of
            if b - turn <= least:
                break
            if turn - start > least:
                yield Heading(start, turn, known)
                start = turn
        known, gap = way, None
    yield Heading(start, b, _trend(formula, a, b) if known is None else known)


def _ways(formula: Schedule, a: float, b: float, work: Work) -> Iterator[tuple[float, float, int | None]]:
    """Spans that [a, b] falls into, in order, each with its direction, or None where it is not known."""
    if linear_form(formula)[1].keys() <= {TIME}:
        yield a, b, direction(formula, a, b)
        return
    pending, unknown = [(a, b)], 0
    while pending:
        low, high = pending.pop()
        work.spend(LOOK)
        unknown += 1
        if (way := direction(formula, low, high)) is not None:
            yield low, high, way
            unknown = 0
        elif found := _turning(formula, low, high):
            yield from found
            unknown = 0
        elif unknown == DOUBTS and _flat(formula, a, b):
            yield low, b, None
            return
        elif high - low > max(RESOLUTION * (high - a), ROUNDING * max(low, 1.0)) and low < EVER:
            middle = (low + high) / 2 if high < math.inf else 2 * low + 1
            pending += [(middle, high), (low, middle)]
        else:
            yield low, high, None


def _turning(formula: Schedule, low: float, high: float) -> list[tuple[float, float, int | None]]:
    """The spans that one turn at most divides [low, high] into; none if the slope of the slope does not tell."""
    tangent = derivative(formula) if high < math.inf else None
    bend = None if tangent is None else direction(tangent, low, high)
    if tangent is None or not bend:
        return []
    first, last = (_sign(tangent, t) * bend for t in (low, high))
    if math.isnan(first + last):
        return []
    if first >= 0 or last <= 0:
        return [(low, high, int(math.copysign(1, first + last)) * bend)]
    _, turn = narrowed(lambda t: value_at(tangent, t) * bend, low, high)
    return [(low, turn, -bend), (turn, high, bend)]


def _flat(formula: Schedule, a: float, b: float) -> bool:
    """Whether a formula has one value, but for rounding: what is smooth and the same on a part is so all over."""
    last = min(b, a + EVER)
    times = [a + (last - a) * place / (SAMPLES - 1) for place in range(SAMPLES)]
    values, rounding = [value_at(formula, t) for t in times], ROUNDING * size_at(formula, a)
    return max(values) - min(values) <= rounding


def _sign(formula: Schedule, t: float) -> float:
    """The sign of a formula at t, 0 if it is nothing but rounding."""
    value, size = value_at(formula, t), size_at(formula, t)
    rounding = ROUNDING * size if size < math.inf else 0.0
    return value if math.isnan(value) else (value > rounding) - (value < -rounding)


def _trend(formula: Schedule, a: float, b: float) -> int:
    """Which way the ends of a span point."""
    first, last = value_at(formula, a), value_at(formula, b)
    rounding = ROUNDING * max(size_at(formula, a), size_at(formula, min(b, EVER)))
    return 0 if abs(last - first) <= rounding else 1 if last > first else -1


def direction(formula: Schedule, a: float, b: float) -> int | None:
    """The sign of the slope all over [a, b], but for rounding; None if the bounds do not tell."""
    bounds, gross = slope(formula, Interval(a, b), {})
    rounding = ROUNDING * gross if gross < math.inf else 0.0
    rises, falls = bounds.low >= -rounding, bounds.high <= rounding
    return None if not (rises or falls) else 0 if rises and falls else 1 if rises else -1


def narrowed(gap: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Times next to each other between which a gap that rises from below 0 is closed.

    Each round takes the secant, with a margin for how much the gap may bend, and halves what is left if that is much.
    """
    below, above, span, bent = gap(low), gap(high), high - low, 0.0
    while (width := high - low) > 4 * sys.float_info.epsilon * max(high, ROUNDING):
        secant = low - below * width / (above - below)
        margin = max(bent * width * width / span, 2 * sys.float_info.epsilon * high)
        for probe in (secant - margin, secant + margin, (low + high) / 2):
            if low < probe < high and not (probe == (low + high) / 2 and 4 * (high - low) < width):
                value = gap(probe)
                low, below, high, above = (low, below, probe, value) if value >= 0 else (probe, value, high, above)
        bent = 1 / 8
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if gap(middle) >= 0 else (middle, high)
    return low, high


def crossing(x: Schedule, edge: float, a: float, b: float, direction: int) -> float:
    """The time in (a, b] at which x, which goes in one direction, comes to an edge; inf if it does not.

    But for rounding, it is a whole step, or b, where it is one of them.
    """

    def gap(t: float) -> float:
        return (value_at(x, t) - edge) * direction

    low, high = a, float(min(b, EVER))
    if not (low < high and gap(high) >= 0):
        return math.inf
    if abs(gap(high)) <= ROUNDING * abs(gap(low)):
        return b
    _, found = narrowed(gap, low, high) if gap(low) < 0 else (low, low)
    return round(found) if abs(found - round(found)) <= ROUNDING * max(found, 1.0) else found


class Course:
    """Which way a formula goes from a time on, as far as it was asked for."""

    def __init__(self, formula: Schedule, start: float, stop: float, work: Work) -> None:
        self.stop = stop
        self.found = [Heading(start, start, 0)]
        self.rest = headings(formula, start, stop, work)

    def at(self, t: float) -> Heading | None:
        """The heading at t; None if the course begins later, or has ended by then."""
        if not self.found[0].start <= t < self.stop:
            return None
        while self.found[-1].stop <= t:
            self.found.append(next(self.rest))
        return next(heading for heading in reversed(self.found) if heading.start <= t)
