"""A schedule as a table of its segments."""

import html as markup
import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..algebra.checks import Count, ScheduleError, accept
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Schedule, Warp, constant_value, lift
from ..evaluate.low_rank import Affine
from ..evaluate.pieces import shown
from ..library.combinators import shift, stretch
from ..text.formula import quoted
from ..text.symbols import denoised

LONGEST = 100_000  # characters of a shape


class Row(NamedTuple):
    """One segment: its first and last whole step and the values there; the last step may be inf, with no value."""

    first: int
    last: float
    shape: str
    start: float
    end: float | None


class Table(tuple[Row, ...]):
    """The segments of a schedule in order, one `Row` each; it prints as aligned text."""

    __slots__ = ()

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The texts of the table, its head first."""
        rows = [(str(row.first), str(row.last), row.shape, _short(row.start), _short(row.end)) for row in self]
        return [("first", "last", "shape", "from", "to"), *rows]

    def __str__(self) -> str:
        cells = [tuple(shortened(cell, 80) for cell in row) for row in self.cells]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = ("".join(f"<td>{markup.escape(shortened(cell, 400))}</td>" for cell in row) for row in self.cells)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head.replace('td>', 'th>')}</tr></thead><tbody>{body}</tbody></table>"


def _short(value: float | None) -> str:
    return "..." if value is None else f"{value:g}"


def shortened(text: str, width: int) -> str:
    """`text`, its middle left out where it is longer than `width`."""
    half = (width - 5) // 2
    return text if len(text) <= width else f"{text[:half]} ... {text[-half:]}"


def describe(s: Schedule, steps: int | None = None) -> Table:
    """The segments of s: first step, last step, shape, value from, value to.

    Segments are the parts that follow one another in s: those of its joins, looking through names (``wsd`` shows its
    phases), pointwise operations with a number (``0.5 * (a >> b)`` shows two), slices, shifts and stretches. A part
    without a whole step in it is left out. What never ends has inf as its last step, and a last value only if constant.

    Args:
        s: the schedule.
        steps: the steps to describe, as in ``s[:steps]``; None means all of them.

    Raises:
        ScheduleError: `steps` is not a whole number >= 1.

    >>> from schedules import constant, wsd
    >>> describe(wsd(1.0, 100, warmup=10, cooldown=20) >> constant(0.5))
    first  last  shape                     from  to
    0      9     linear(0.0, 1.0, 10)      0     0.9
    10     79    constant(1.0, steps=70)   1     1
    80     99    linear(1.0, 0.0, 20)      1     0.05
    100    inf   constant(0.5)             0.5   0.5
    """
    limit = math.inf if steps is None else accept(Count, "describe", "steps", steps)
    parts: list[tuple[float, Schedule | None]] = [*segments(s)]
    end = s.steps if parts[-1][0] < s.steps else math.inf  # a last part of no length is one that holds
    held = [(end, None)] if end < limit < math.inf else []
    edges = [step_from(begin) for begin, _ in parts + held] + [step_from(end)] * (not held) + [limit]
    spans = zip(edges, edges[1:], [part for _, part in parts + held], strict=False)
    return Table(_row(s, int(first), min(stop, limit), part) for first, stop, part in spans if first < min(stop, limit))


def _row(s: Schedule, first: int, stop: float, part: Schedule | None) -> Row:
    """The segment [first, stop) of s; no part means that s has ended, and holds."""
    shape = "holds" if part is None else _NUMBER.sub(_denoised, quoted(part, LONGEST))
    if stop < math.inf:
        last = int(stop) - 1
        return Row(first, last, shape, _value(s, first), _value(s, last))
    constant = part is not None and (part.steps == 0 or constant_value(part) is not None)
    return Row(first, stop, shape, _value(s, first), s(first) if constant else None)


_NUMBER = re.compile(r"\d+\.\d{12,}(e[-+]\d+)?")  # with more digits than one writes
_MOMENT = 1e-14  # of a time: how far rounding may move it


def _denoised(number: re.Match[str]) -> str:
    return repr(denoised(float(number[0])))


def _value(s: Schedule, step: int) -> float:
    """The value at a step; 0 where rounding the time could make it so, to either side."""
    value = s(step)
    return 0.0 if abs(value) <= min(abs(value - s(step + side * _MOMENT * step)) for side in (-1, 1)) else value


def step_from(step: float) -> float:
    """The first whole step from a time on."""
    return math.ceil(step) if step < math.inf else step


def segments(term: Schedule, begin: float = 0) -> list[tuple[float, Schedule]]:
    """The parts of a term that follow one another, each with the time at which it begins."""
    match term:
        case Join(parts):
            return [
                phase for knot, part in zip(term.knots, parts, strict=True) for phase in segments(part, begin + knot)
            ]
        case Call() if _readable(inner := segments(term.body, begin)):
            return inner
        case Lift(op, args) if len(varying := [arg for arg in args if not isinstance(arg, Constant)]) == 1:
            try:
                return [
                    (knot, lift(op, *(part if arg is varying[0] else arg for arg in args)))
                    for knot, part in segments(varying[0], begin)
                ]
            except ScheduleError:  # a part is constant, and not in the domain of the operation
                return [(begin, term)]
        case Warp(inner, clock, steps) if (
            constant_value(term) is None and (time := shown(clock, Affine(0, 1))) and time.stride * time.factor > 0
        ):
            return [(begin + knot, part) for knot, part in _seen_through(inner, time, steps)] or [(begin, term)]
        case Warp() if term.steps == 0 and (value := constant_value(term)) is not None:  # so a slice ends in what holds
            return [(begin, Constant(value))]
        case _:
            return [(begin, term)]


def _seen_through(term: Schedule, time: Affine, steps: float) -> Iterator[tuple[float, Schedule]]:
    """The segments of a term whose time runs evenly at another pace, or from another step on; none if it is one."""
    scale = time.factor / time.divisor
    first, pace = time.first * scale, time.stride * scale
    parts = segments(term)
    for (knot, part), (end, _) in (
        itertools.pairwise([*parts, (term.steps or math.inf, term)]) if len(parts) > 1 else ()
    ):
        start = max((knot - first) / pace, 0.0) if knot else 0.0
        if start < min((end - first) / pace, steps) or (end == knot and start <= steps):
            offset = 0 if start else first - knot
            moved = part[offset:] if offset > 0 else shift(part, -offset) if offset < 0 else part
            yield start, moved if pace == 1 else stretch(moved, 1 / pace)


def _readable(parts: list[tuple[float, Schedule]]) -> bool:
    """Whether there are several parts, each written in names and operators only."""
    return len(parts) > 1 and not any(_bare(part) for _, part in parts)


def _bare(term: Schedule) -> bool:
    """Whether a term is written with a warp, by itself or in what it is made of."""
    pending, seen = [term], set[int]()
    while pending:
        node = pending.pop()
        if isinstance(node, Call) or id(node) in seen:
            continue
        if isinstance(node, Warp) and constant_value(node) is None:
            return True
        seen.add(id(node))
        pending += node.children
    return False
