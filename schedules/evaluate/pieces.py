"""Where a curve is cut: into pieces along which no join changes part and no clip sets in."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..algebra.bounds import active, cut, image, span
from ..algebra.checks import is_settled
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Schedule, Time, Warp
from .low_rank import AFFINE, Affine, is_count


class Line(NamedTuple):
    """A time that runs evenly along the indices: for tables, and index by index in the arithmetic of ``s(t)``."""

    affine: "Affine"
    at: Callable[[int], float]

    def bounds(self, a: int, b: int) -> tuple[float, float]:
        """The least and the largest time at indices in [a, b)."""
        first, last = self.at(a), self.at(b - 1)
        return (first, last) if first <= last else (last, first)

    def local(self, knot: float) -> "Line":
        """The time since `knot`."""
        return Line(self.affine.plus(-knot), _kept(functools.partial(_since, knot, self.at))) if knot else self

    def through(self, clock: Schedule) -> "Line | None":
        """The time that a clock shows; None if it does not run evenly by its form."""
        if isinstance(clock, Time):
            return self
        affine = shown(clock, self.affine)
        return None if affine is None else Line(affine, _kept(functools.partial(_shown_at, clock, self.at)))


_kept = functools.lru_cache(maxsize=16)
"""Keeps the times that were asked for last: a line within others asks all of them."""


def shown(clock: Schedule, time: "Affine") -> "Affine | None":
    """What a clock makes of an affine time, if by its form it is time shifted and scaled; else None."""
    match clock:
        case Time():
            return time
        case Lift("add" | "subtract" | "multiply" | "divide" as op, (inner, Constant(value))) if is_settled(value):
            found = shown(inner, time)
            return found and AFFINE[op](found, value)
        case Lift("add" | "multiply" as op, (Constant(value), inner)) if is_settled(value):
            found = shown(inner, time)
            return found and AFFINE[op](found, value)
        case Lift("subtract", (Constant(value), inner)) if is_settled(value):
            found = shown(inner, time)
            return found and found.times(-1).plus(value)
        case _:
            return None


def _since(knot: float, at: Callable[[int], float], index: int) -> float:
    return at(index) - knot


def _shown_at(clock: Schedule, at: Callable[[int], float], index: int) -> float:
    time = at(index)
    return image(clock, time, time)[0]


class Piece(NamedTuple):
    """A term along a line, for indices in [start, stop) between which no join changes part and no clip sets in."""

    term: Schedule
    line: Line
    start: int
    stop: int


def pieces(term: Schedule, line: Line, a: int, b: int) -> Iterator[Piece]:
    """The pieces that [a, b) falls into, in order."""
    match term:
        case Call():
            yield from pieces(term.body, line, a, b)
        case Join() if not (term.levels and is_count(line.affine)):
            spans = [(place, *span(term, place)) for place, _, _ in active(term, *line.bounds(a, b))]
            for place, start, stop in runs(line, spans, a, b):
                yield from pieces(term.parts[place], line.local(term.knots[place]), start, stop)
        case Warp(inner, clock):
            spans = [(0, -math.inf, 0), (1, 0, cut(term)), (0, cut(term), math.inf)]
            for within, start, stop in runs(line, spans, a, b):
                for local, c, d in even(clock, line, start, stop) if within else ((None, start, stop),):
                    yield from pieces(inner, local, c, d) if local else (Piece(term, line, c, d),)
        case Lift() if not term.plain:
            for start, stop in itertools.pairwise(sorted({a, b} | edges(term, line, a, b, set()))):
                yield Piece(term, line, start, stop)
        case _:
            yield Piece(term, line, a, b)


def edges(term: Schedule, line: Line, a: int, b: int, seen: set[int]) -> set[int]:
    """Where the pieces begin of all that an operation is applied to, each of its operands once."""
    found: set[int] = set()
    if id(term) in seen:
        return found
    seen.add(id(term))
    if isinstance(term, Lift) and not term.plain:
        return found.union(*(edges(arg, line, a, b, seen) for arg in term.args))
    return found.union(piece.start for piece in pieces(term, line, a, b))


def even(clock: Schedule, line: Line, a: int, b: int) -> Iterator[tuple[Line | None, int, int]]:
    """The runs of [a, b) along which a clock shows an even time, and that time; None where it is read from a table."""
    reading = table_of(clock)
    if reading is None or not is_count(line.affine):
        yield line.through(clock), a, b
    elif reading[0] == "remainder" and reading[1] >= b - a:  # at most two rounds
        start = int(line.at(a)) // reading[1] * reading[1]
        wrap = min(a + start + reading[1] - int(line.at(a)), b)
        yield line.local(start), a, wrap
        if wrap < b:
            yield line.local(start + reading[1]), wrap, b
    else:
        yield None, a, b


def runs(line: Line, spans: list[tuple[int, float, float]], a: int, b: int) -> list[tuple[int, int, int]]:
    """The runs of indices in [a, b) with times in each span [low, high), in order, with the spans' tags."""
    first, last = line.at(a), line.at(b - 1)
    found: list[tuple[int, int, int]] = []
    for tag, low, high in spans:
        if low <= first < high and low <= last < high:
            return [(tag, a, b)]
        if first <= last:
            start, stop = first_reaching(line.at, low, a, b), first_reaching(line.at, high, a, b)
        else:  # time runs backwards: it falls below `high`, then below `low`
            start, stop = (first_reaching(lambda i: -line.at(i), _above(-end), a, b) for end in (high, low))
        if start < stop:
            found.append((tag, start, stop))
    return sorted(found, key=lambda run: run[1])


def _above(x: float) -> float:
    return math.nextafter(x, math.inf)


def first_reaching(at: Callable[[int], float], knot: float, a: int, b: int) -> int:
    """The first index in [a, b) whose time reaches `knot`, else b: a guess by proportion, set right exactly."""
    first, last = at(a), at(b - 1)
    if last < knot or knot == math.inf:  # which no time is beyond
        return b
    if first >= knot:
        return a
    guess = min(max(a + math.ceil((knot - first) / (last - first) * (b - 1 - a)), a + 1), b - 1)
    low, high, probes = a, b - 1, [guess, guess - 1]  # at(low) < knot <= at(high)
    while high - low > 1:
        probe = probes.pop() if probes else (low + high) // 2
        if low < probe < high:
            low, high = (low, probe) if at(probe) >= knot else (probe, high)
    return high


def table_of(clock: Schedule) -> tuple[str, int] | None:
    """How a clock reads a table of its term (round and round, or each entry many times), and its period."""
    match clock:
        case Lift("remainder" | "floor_divide" as op, (Time(), Constant(int(period)))) if period > 0:
            return op, period
        case _:
            return None
