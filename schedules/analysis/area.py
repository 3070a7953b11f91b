"""How much: the sum of the values of a schedule, in closed form where there is one."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from ..algebra.bounds import cut, span
from ..algebra.checks import Whole, brief, demand, refusal
from ..algebra.named import checked
from ..algebra.nodes import Join, Schedule, Warp
from ..evaluate.fold import Clock
from ..evaluate.grid import Grid
from ..evaluate.low_rank import BLOCK, Affine, Dense, Lookup, LowRank, Mesh, Number, is_count
from ..evaluate.pieces import Line, Piece, pieces, runs, table_of
from ..library.combinators import scale
from .shape import check_settled


@checked
def total(s: Schedule, start: Whole = 0, stop: Whole | None = None) -> float:
    """``s(start) + s(start + 1) + ... + s(stop - 1)``: the area under the curve, one column a step.

    In closed form for what is constant or straight; as the product of two sums, of about sqrt(n) terms each, for n
    steps of what has an addition theorem (cosines, exponentials, their products with straight lines, ...); for a cycle
    from one round; for the rest, step by step.

    Args:
        s: the schedule.
        start: the first step.
        stop: the step before which to end; None means the end of s.

    Raises:
        ScheduleError: s is endless and `stop` is None, or the sum is beyond all floats.

    >>> from schedules import cosine
    >>> total(cosine(1e-3, 0.0, 10_000)), total(cosine(1e-3, 0.0, 10_000), 9_000)
    (5.0005..., 0.0081964...)
    """
    end = _last("total", s, stop)
    line = Line(Affine(start, 1), start.__add__)
    with np.errstate(all="ignore"):  # what overflows is refused below
        try:
            result = math.fsum(_sums(s, line, 0, max(end - start, 0)))
        except (OverflowError, ValueError):  # inf - inf
            result = math.inf
    demand(math.isfinite(result), "total", "s", s, "its sum is beyond all numbers; scale it down, or take fewer steps")
    return result


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


def _sums(term: Schedule, line: Line, a: int, b: int) -> Iterator[float]:
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
                yield from _READINGS[reading[0]](inner, reading[1], int(low), int(high) + 1)
            case _:
                for start in range(piece.start, piece.stop, TOGETHER):
                    yield _added(piece, start, min(start + TOGETHER, piece.stop))


def _added(piece: Piece, start: int, stop: int) -> float:
    """The sum of a piece at the indices in [start, stop)."""
    mesh = Mesh(stop - start)
    clock = Clock[Number](piece.line.affine.after(start), *piece.line.bounds(start, stop))
    return _sum(Grid(piece.term, mesh).fold(piece.term, clock), mesh)


TOGETHER = 2**36  # steps that are added up together: a mesh of them has sides of a few MB


def _rounds(term: Schedule, period: int, a: int, b: int) -> Iterator[float]:
    """The sum over steps [a, b) of a term that is read round and round."""
    (first, begin), (last, end), time = divmod(a, period), divmod(b, period), Line(Affine(0, 1), int)
    if first < last:
        yield from _sums(term, time, begin, period)
        yield (last - first - 1) * math.fsum(_sums(term, time, 0, period))
        begin = 0
    yield from _sums(term, time, begin, end)


def _each(term: Schedule, times: int, a: int, b: int) -> Iterator[float]:
    """The sum over steps [a, b) of a term, each value of which is read many times."""
    (first, spent), (last, some), time = divmod(a, times), divmod(b, times), Line(Affine(0, 1), int)
    yield times * math.fsum(_sums(term, time, first, last))
    yield -spent * float(term(first))
    yield some * float(term(last))


_READINGS: dict[str, Callable[[Schedule, int, int, int], Iterator[float]]] = {
    "remainder": _rounds,
    "floor_divide": _each,
}


def _sum(value: Number, mesh: Mesh) -> float:
    """The sum of a number over the indices of a mesh."""
    match value:
        case int() | float():
            return value * mesh.size
        case Affine(first, stride, divisor, factor):
            return (first * mesh.size + stride * (mesh.size * (mesh.size - 1) // 2)) / divisor * factor
        case LowRank(terms):
            rest = mesh.rows * mesh.width - mesh.size  # columns of the last row that belong to the one before
            return math.fsum(
                part for u, v in terms for part in (float(u[:-1].sum() * v.sum()), float(u[-1] * v[rest:].sum()))
            )
        case Dense() | Lookup():
            return math.fsum(_blocks(value, mesh))


def _blocks(value: Dense | Lookup, mesh: Mesh) -> Iterator[float]:
    """The sums of a number over blocks of indices; the last block overlaps the one before it."""
    done = 0
    for rows, steps in mesh.blocks(BLOCK):
        block = np.broadcast_to(value.block(mesh, rows, steps), steps.stop - steps.start)
        yield float(block[done - steps.start :].sum())
        done = steps.stop
