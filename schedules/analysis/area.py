"""How much: the sum of the values of a schedule, in closed form where there is one."""

import math
from collections.abc import Iterator

import numpy as np

from ..algebra.bounds import cut, span
from ..algebra.checks import ScheduleError, Whole, brief, demand, refusal
from ..algebra.named import checked
from ..algebra.nodes import Join, Schedule, Warp
from ..evaluate.fold import Clock
from ..evaluate.grid import Grid
from ..evaluate.low_rank import BLOCK, Affine, Dense, Lookup, LowRank, Mesh, Number, Shared, is_count
from ..evaluate.pieces import Line, Piece, pieces, runs, table_of
from ..library.combinators import scale
from .series import added_up, closed
from .shape import check_settled

ADDED = 2**28  # steps that are added up one by one: some seconds


@checked
def total(s: Schedule, start: Whole = 0, stop: Whole | None = None) -> float:
    """``s(start) + s(start + 1) + ... + s(stop - 1)``: the area under the curve, one column a step.

    In closed form for straight lines, cosines, exponentials, and for sums and products of these; for a cycle from one
    round; for the rest, step by step.

    Args:
        s: the schedule.
        start: the first step.
        stop: the step before which to end; None means the end of s.

    Raises:
        ScheduleError: s is endless and `stop` is None; the sum is beyond all floats; or there are too many steps to be
            added up one by one.

    >>> from schedules import cosine
    >>> total(cosine(1e-3, 0.0, 10_000)), total(cosine(1e-3, 0.0, 10_000), 9_000)
    (5.0005..., 0.0081964...)
    """
    end = _last("total", s, stop)
    line = Line(Affine(start, 1), start.__add__)
    with np.errstate(all="ignore"):  # what overflows is refused below
        try:
            result = math.fsum(Area().along(s, line, 0, max(end - start, 0)))
        except ScheduleError:
            raise
        except (OverflowError, ValueError):  # inf - inf
            result = math.inf
    demand(math.isfinite(result), "total", "s", s, "its sum is beyond all numbers; scale it down, or take fewer steps")
    return result


@checked
def mean(s: Schedule, start: Whole = 0, stop: Whole | None = None) -> float:
    """``total(s, start, stop) / (stop - start)``: the average value of a step.

    Args:
        s: the schedule.
        start: the first step.
        stop: the step before which to end; None means the end of s.

    Raises:
        ScheduleError: s is endless and `stop` is None, or there is no step.

    >>> from schedules import linear
    >>> mean(linear(1.0, 0.0, 100))
    0.505
    """
    count = _last("mean", s, stop) - start
    demand(count > 0, "mean", "stop", stop, f"there is no step from start={start!r} on; a mean needs one")
    return total(s, start, stop) / count


def _last(function: str, s: Schedule, stop: int | None) -> int:
    check_settled(function, s)
    if stop is None and s.steps == math.inf:
        raise refusal(function, "stop", None, f"{brief(s)} is endless; say how much: {function}(s, 0, 1000)")
    return math.ceil(s.steps) if stop is None else stop


@checked
def match_area(s: Schedule, t: Schedule) -> Schedule:
    """``s * (total(t) / total(s))``: s scaled so that its area is that of t.

    Schedules of one area move the weights about as far; so this is how to compare two shapes, WSD with cosine, say.

    Args:
        s: the schedule to scale.
        t: the schedule whose area it is to have.

    Raises:
        ScheduleError: one of them is endless, or the area of s is 0.

    >>> from schedules import cosine, wsd
    >>> match_area(wsd(1.0, 100, warmup=0, cooldown=20), cosine(1.0, 0.0, 100))
    0.55801104972375... * wsd(1.0, 100, warmup=0, cooldown=20)
    """
    area = total(s)
    demand(area != 0, "match_area", "s", s, "its area is 0, which no factor changes; add a constant first")
    return scale(s, total(t) / area)


class Area:
    """The sums of a term over spans of steps, each found once."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int, int], float] = {}

    def along(self, term: Schedule, line: Line, a: int, b: int) -> Iterator[float]:
        """Numbers whose sum is that of a term at the indices in [a, b) of a line."""
        for piece in pieces(term, line, a, b) if a < b else ():
            low, high = piece.line.bounds(piece.start, piece.stop)
            match piece.term:
                case Join() as join if join.levels:
                    spans = [(place, *span(join, place)) for place in range(len(join.parts))]
                    for place, start, stop in runs(piece.line, spans, piece.start, piece.stop):
                        yield join.levels[place] * (stop - start)
                case Warp(inner, clock) as warp if (
                    (reading := table_of(clock)) and is_count(piece.line.affine) and low >= 0 and high <= cut(warp)
                ):
                    read = self.rounds if reading[0] == "remainder" else self.each
                    yield from read(inner, reading[1], int(low), int(high) + 1)
                case _:
                    yield _added(piece)

    def over(self, term: Schedule, a: int, b: int) -> float:
        """The sum of a term over the steps in [a, b)."""
        if (id(term), a, b) not in self.known:
            self.known[id(term), a, b] = math.fsum(self.along(term, Line(Affine(0, 1), int), a, b))
        return self.known[id(term), a, b]

    def rounds(self, term: Schedule, period: int, a: int, b: int) -> Iterator[float]:
        """The sum over steps [a, b) of a term that is read round and round."""
        (first, begin), (last, end) = divmod(a, period), divmod(b, period)
        if first < last:
            yield self.over(term, begin, period)
            yield (last - first - 1) * self.over(term, 0, period)
            begin = 0
        yield self.over(term, begin, end)

    def each(self, term: Schedule, times: int, a: int, b: int) -> Iterator[float]:
        """The sum over steps [a, b) of a term, each value of which is read many times."""
        (first, spent), (last, some) = divmod(a, times), divmod(b, times)
        yield times * self.over(term, first, last)
        yield -spent * float(term(first))
        yield some * float(term(last))


def _added(piece: Piece) -> float:
    """The sum of a piece: in closed form, else step by step."""
    count, line = piece.stop - piece.start, piece.line
    series = closed(piece.term, line.affine.after(piece.start), *line.bounds(piece.start, piece.stop))
    if series is not None:
        return added_up(series, count)
    remedy = f"has no sum in closed form over {count} steps; take fewer than {ADDED}"
    demand(count < ADDED, "total", "s", piece.term, remedy)
    mesh = Mesh(count)
    clock = Clock[Number](line.affine.after(piece.start), *line.bounds(piece.start, piece.stop))
    value = Grid(piece.term, mesh).fold(piece.term, clock)
    return value * count if isinstance(value, int | float) else math.fsum(_blocks(value, mesh))


def _blocks(value: Affine | LowRank | Dense | Lookup | Shared, mesh: Mesh) -> Iterator[float]:
    """The sums of a number over blocks of indices; the last block overlaps the one before it."""
    done = 0
    for rows, steps in mesh.blocks(BLOCK):
        block = np.broadcast_to(value.block(mesh, rows, steps), steps.stop - steps.start)
        yield float(block[done - steps.start :].sum())
        done = steps.stop
