"""How schedules differ: what is not the same by its form is compared step by step."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import Count, demand
from ..algebra.named import Call, checked
from ..algebra.nodes import Join, Lift, Schedule, Warp, constant_value
from ..evaluate.grid import CHUNK
from ..evaluate.low_rank import Affine
from ..evaluate.pieces import Line, Piece, pieces
from .slopes import ROUNDING

COMPARED = 2**30  # steps that are compared one by one: some seconds


PIECES = 10_000  # pieces of a schedule that are told apart by their form


class Difference(NamedTuple):
    """Where two schedules differ first, with both values there, and where they differ most."""

    step: int
    a: float
    b: float
    largest: float
    at: int

    def __str__(self) -> str:
        where = f"first at step {self.step}: {self.a!r} and {self.b!r}"
        return f"{where}; most at step {self.at}: by {self.largest:.6g}"


@checked
def diff(a: Schedule, b: Schedule, *, steps: Count | None = None) -> Difference | None:
    """None if ``a(t) == b(t)`` for t = 0, 1, ..., steps - 1, but for rounding; else where they differ.

    Rounding is what is within 1e-12 of the largest value. What is equal part by part is equal without a look at any
    step; all other steps are compared, at memory speed.

    Args:
        a: a schedule.
        b: another.
        steps: how many steps to compare; None means those of the longer one, and the value that holds after it.

    Raises:
        ScheduleError: a schedule is endless and `steps` is None, or there are too many steps to compare.

    >>> from schedules import cosine, cosine_warmup, linear
    >>> diff(linear(0.0, 1.0, 10) >> cosine(1.0, 0.0, 90), cosine_warmup(1.0, 100, warmup=10))
    >>> print(diff(cosine(1.0, 0.0, 100), linear(1.0, 0.0, 100)))
    first at step 1: 0.9997532801828658 and 0.99; most at step ...: by 0.105257
    """
    if a == b:
        return None
    count = _compared(a, b) if steps is None else steps
    blocks = [block for span in apart(a, b, count) for block in _blocks(span)]
    asked = sum(map(len, blocks))
    wants = f"{asked} steps would have to be compared one by one; ask for fewer: steps={COMPARED}"
    demand(asked <= COMPARED, "diff", "steps", steps, wants)
    largest, at, peak = 0.0, 0, 0.0
    for block in blocks:
        gaps, size = _gaps(a, b, block)
        largest, at = max((largest, at), (float(gaps.max()), block[int(gaps.argmax())]), key=lambda gap: gap[0])
        peak = max(peak, size)
    if largest <= ROUNDING * peak:
        return None
    for block in blocks:
        gaps, _ = _gaps(a, b, block)
        if gaps.max() > ROUNDING * peak:
            step = block[int((gaps > ROUNDING * peak).argmax())]
            return Difference(step, a(step), b(step), largest, at)
    return None


def _blocks(steps: range) -> list[range]:
    """Steps in blocks that are compared together; more than can be compared stay one."""
    together = CHUNK if len(steps) <= COMPARED else len(steps)
    return [steps[start : start + together] for start in range(0, len(steps), together)]


def apart(a: Schedule, b: Schedule, count: int) -> list[range]:
    """The steps from 0 up to `count` at which two schedules are not the same by their form; all, if they are few."""
    if count <= CHUNK:
        return [range(count)]
    line = Line(Affine(0, 1), int)
    ones, others = (iter(pieces(s, line, 0, count)) for s in (a, b))
    found: list[range] = []
    one, other, start = next(ones), next(others), 0
    for _ in range(PIECES):
        stop = min(one.stop, other.stop)
        if not _same(one, other, start):
            joined = found and found[-1].stop == start
            found[-1:] = [range(found[-1].start, stop)] if joined else [*found[-1:], range(start, stop)]
        if stop == count:
            return found
        start = stop
        one, other = (next(rest) if piece.stop == stop else piece for piece, rest in ((one, ones), (other, others)))
    return [*found, range(start, count)]


def _same(one: Piece, other: Piece, start: int) -> bool:
    """Whether two pieces are one term at one time, by their form."""
    if one.line.affine.after(start) != other.line.affine.after(start):
        value, same = constant_value(one.term), constant_value(other.term)
        return value is not None and value == same
    return one.term == other.term or bare(one.term) == bare(other.term)


def bare(term: Schedule) -> Schedule:
    """A term with all names looked through."""
    known: dict[int, Schedule] = {}

    def look(term: Schedule) -> Schedule:
        if id(term) not in known:
            known[id(term)] = through(term)
        return known[id(term)]

    def through(term: Schedule) -> Schedule:
        match term:
            case Call():
                return look(term.body)
            case Lift(op, args):
                return Lift(op, map(look, args))
            case Warp(inner, clock, steps):
                return Warp(look(inner), look(clock), steps)
            case Join(parts):
                return Join(map(look, parts))
            case _:
                return term

    return look(term)


def _compared(a: Schedule, b: Schedule) -> int:
    for name, s in (("a", a), ("b", b)):
        demand(s.steps < math.inf, "diff", name, s, "it is endless; say how many steps to compare: steps=1000")
    return math.ceil(max(a.steps, b.steps)) + 1


def _gaps(a: Schedule, b: Schedule, steps: range) -> tuple["np.ndarray[Any, Any]", float]:
    """How far the values of two schedules are apart, and the largest magnitude of all that are finite."""
    x, y = a.values(len(steps), start=steps.start), b.values(len(steps), start=steps.start)
    with np.errstate(invalid="ignore"):  # inf - inf
        gaps = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    sizes = np.abs(np.concatenate((x, y)))
    return np.where(np.isnan(gaps), np.inf, gaps), float(sizes.max(where=np.isfinite(sizes), initial=0.0))
