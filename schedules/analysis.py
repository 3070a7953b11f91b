"""Analysis: what a schedule does, read off its structure.

A schedule is cut at its knots into phases, each of which is one formula; bounds of its slope tell where a formula
rises and falls (`schedules.spans`). So what is said here holds for all times, not for samples: a peak between two
steps is found, and a year of steps takes no longer than a minute of them.

Two things are known at whole steps only: Python functions, which are taken to be straight in between, and how
schedules differ (`diff`), for which all steps are compared.

>>> from schedules import bounds, cosine, jumps, knots, linear, total
>>> s = linear(0.0, 1e-3, 1000) >> cosine(1e-3, 0.0, 9000)
>>> knots(s), jumps(s), bounds(s), total(s)
((1000, 10000), (), Bounds(low=0.0, high=0.001), 5.0)
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from .check import Count, Endless, ScheduleError, Value, Whole, brief, demand, refusal
from .combinators import scale
from .core import Call, Constant, Join, Schedule, Warp, checked
from .evaluate import Clock
from .grid import (
    BLOCK,
    CHUNK,
    Affine,
    Dense,
    Grid,
    Line,
    LowRank,
    Mesh,
    Number,
    Piece,
    Table,
    is_count,
    pieces,
    runs,
    table_of,
)
from .spans import EVER, ROUNDING, Phase, Range, extent, reached, walk

PATIENCE = 20_000  # phases, after which a schedule is taken to go on for ever
MARGIN = 0.01  # of the peak: what is less far from the floor has come down to it
SHOWN = 3  # jumps that are told apart

Way: TypeAlias = Literal["rises", "falls", "stays"]
_WAYS: dict[int, Way] = {1: "rises", -1: "falls", 0: "stays"}


# -- where and which way -----------------------------------------------------------------------------


@checked
def knots(s: Schedule, *, steps: Endless | None = None) -> tuple[float, ...]:
    """The times t > 0 at which one formula gives way to another: where parts of s meet, clip, drop or end.

    Args:
        s: the schedule.
        steps: up to which step to look; None means the end of s.

    Raises:
        ScheduleError: the knots go on for ever, as those of a cycle do, and `steps` is None.

    >>> from schedules import clip, linear, wsd
    >>> knots(wsd(1.0, 100, warmup=10, cooldown=20))
    (10, 80, 100)
    >>> knots(clip(linear(1.0, 0.0, 100), 0.25, 1.0))
    (75, 100)
    """
    return tuple(phase.stop for phase in _phases("knots", s, _end(s, steps)) if phase.knot)


class Jump(NamedTuple):
    """A step at which the value changes at once."""

    step: float
    before: float
    after: float


@checked
def jumps(s: Schedule, *, steps: Endless | None = None) -> tuple[Jump, ...]:
    """The times t at which s is not continuous, with ``s(t - 0)`` and ``s(t + 0)``, the values before and after.

    Where s(t) itself is further from the value after, as at a jump that is reversed, it takes the place of the one
    before.

    Args:
        s: the schedule.
        steps: up to which step to look; None means the end of s.

    Raises:
        ScheduleError: the knots go on for ever, as those of a cycle do, and `steps` is None.

    >>> from schedules import cosine, linear
    >>> jumps(linear(0.0, 1e-3, 500) >> cosine(2e-3, 0.0, 9_500))
    (Jump(step=500, before=0.001, after=0.002),)
    """
    end = _end(s, steps)
    found = list(_phases("jumps", s, math.nextafter(end, math.inf)))
    return tuple(jump for jump in _jumps_of(s, found) if jump.step <= end)


def _jumps_of(s: Schedule, found: list[Phase]) -> list[Jump]:
    """The jumps from phase to phase."""
    starts = found[:1] + [after for before, after in itertools.pairwise(found) if before.knot]
    before = {phase.stop: phase.limit(phase.stop) for phase in found if phase.knot}
    knots: list[Jump] = []
    for phase in starts:
        step, after, value = phase.start, phase.limit(phase.start), float(s(phase.start))
        sides = (before.get(step, value), value)
        knots.append(Jump(step, max(sides, key=lambda side: abs(side - after)), after))
    peak = max((abs(value) for knot in knots for value in knot[1:]), default=0.0)
    return [knot for knot in knots if abs(knot.after - knot.before) > ROUNDING * peak]


class Span(NamedTuple):
    """The times from `start` to `stop`, over which a schedule goes one way."""

    start: float
    stop: float
    way: Way


@checked
def monotone(s: Schedule, *, steps: Endless | None = None) -> tuple[Span, ...]:
    """The longest spans without a jump over which s rises, falls or stays, in order.

    Args:
        s: the schedule.
        steps: up to which step to look; None means the end of s.

    Raises:
        ScheduleError: the spans go on for ever, as those of a cycle do, and `steps` is None.

    >>> from schedules import one_cycle
    >>> for span in monotone(one_cycle(1.0, 100)):
    ...     print(span)
    Span(start=0, stop=30, way='rises')
    Span(start=30, stop=100, way='falls')
    """
    whole = list(_phases("monotone", s, _end(s, steps)))
    breaks = {jump.step for jump in _jumps_of(s, whole)}
    found: list[Span] = []
    for start, stop, direction in (span for phase in whole for span in phase.spans()):
        span = Span(start, stop, _WAYS[direction])
        joined = found and found[-1].way == span.way and start not in breaks
        found[-1:] = [span._replace(start=found[-1].start)] if joined else [*found[-1:], span]
    return tuple(found)


class Bounds(NamedTuple):
    """The least and the largest value."""

    low: float
    high: float


@checked
def bounds(s: Schedule, *, steps: Endless | None = None) -> Bounds:
    """``(inf s(t), sup s(t))`` over all times t >= 0: the least and the largest value.

    A peak between two steps counts, and so does what s only tends to: just before a jump, and for ever.

    Args:
        s: the schedule.
        steps: how many steps to look at, ``0 <= t < steps``; None means for ever.

    Raises:
        ScheduleError: s goes on for ever in a way that its structure does not bound, and `steps` is None.

    >>> from schedules import inverse_sqrt, linear, triangular
    >>> bounds(linear(0.0, 1.0, 10) >> inverse_sqrt(1.0, timescale=10))
    Bounds(low=0.0, high=1.0)
    >>> bounds(triangular(1e-4, 1e-3, 2_000))
    Bounds(low=0.0001, high=0.001)
    """
    end = math.inf if steps is None else steps
    phases = _phases("bounds", s, end)
    whole, last = extent(s, 0, end), extent(s, EVER) if end == math.inf else None
    seen = Range(s(0), s(0)) if last is None or last.low < last.high else last
    for count, phase in enumerate(phases, start=1):
        seen = seen.hull(reached(s, [phase]))
        if count.bit_count() == 1 and phase.stop < end and _inside(extent(s, phase.stop, end), seen):
            break
    return Bounds(max(seen.low, whole.low), min(seen.high, whole.high))


def _inside(inner: Range, outer: Range) -> bool:
    rounding = ROUNDING * outer.size
    return outer.low - rounding <= inner.low and inner.high <= outer.high + rounding


@checked
def first(
    s: Schedule, *, below: Value | None = None, above: Value | None = None, steps: Endless | None = None
) -> int | None:
    """``min {t = 0, 1, 2, ... : s(t) < below}``, or ``> above``: the first whole step there; None if there is none.

    Args:
        s: the schedule.
        below: the value that s is to fall below.
        above: or the value that it is to rise above.
        steps: how many steps to look at; None means for ever.

    Raises:
        ScheduleError: not one of `below` and `above` is given, or s goes on for ever and `steps` is None.

    >>> from schedules import cosine
    >>> first(cosine(1e-3, 0.0, 10_000), below=1e-4)
    7952
    """
    if (below is None) == (above is None):
        raise ScheduleError(f"first: below={below}, above={above}: one of the two; first(s, below=1e-4), say")
    sign, level = (1, below) if below is not None else (-1, above)
    assert level is not None  # noqa: S101 -- tells the type checker what the lines above did

    def beyond(t: int) -> bool:
        return (s(t) - level) * sign < 0

    end = math.inf if steps is None else math.ceil(steps)
    for count, phase in enumerate(_phases("first", s, end), start=1):
        for start, stop, _ in phase.spans():
            inside = range(math.ceil(start), math.ceil(min(stop, EVER)))
            for part in (inside[:1], inside[1:2], inside[2:]):  # the start may have a value of its own: a jump reversed
                if part and beyond(part[-1]):
                    return _least(part, beyond)
        if count.bit_count() == 1 and phase.stop < end:
            rest = extent(s, phase.stop, end)
            if (rest.low if sign > 0 else -rest.high) >= level * sign:
                break
    return None


def _least(steps: range, holds: Callable[[int], bool]) -> int:
    """The first step at which a condition holds, which holds from then on, and at the last."""
    low, high = steps[0], steps[-1]
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


def _end(s: Schedule, steps: float | None) -> float:
    return s.steps if steps is None else steps


def _phases(function: str, s: Schedule, end: float) -> Iterator[Phase]:
    """The phases of s up to `end`, if they come to an end."""
    _check_settled(function, s)
    return _counted(function, s, end)


def _counted(function: str, s: Schedule, end: float) -> Iterator[Phase]:
    for count, phase in enumerate(walk(s, end)):
        if count >= PATIENCE and end == math.inf:
            raise refusal(function, "steps", None, f"{brief(s)} goes on for ever; say how far to look: steps=1000")
        yield phase


def _check_settled(function: str, s: Schedule) -> None:
    demand(not s.tracers, function, "s", s, "its numbers are being traced; look at it outside of the traced function")


# -- how much ----------------------------------------------------------------------------------------


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
    _check_settled(function, s)
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
                spans = [(place, *join.span(place)) for place in range(len(join.parts))]
                for place, start, stop in runs(piece.line, spans, piece.start, piece.stop):
                    yield join.levels[place] * (stop - start)
            case Warp(inner, clock) as warp if (
                (reading := table_of(clock)) and is_count(piece.line.affine) and low >= 0 and high <= warp.cut
            ):
                yield from _READINGS[reading[0]](inner, reading[1], int(low), int(high) + 1)
            case _:
                for start in range(piece.start, piece.stop, LONG):
                    yield _added(piece, start, min(start + LONG, piece.stop))


def _added(piece: Piece, start: int, stop: int) -> float:
    """The sum of a piece at the indices in [start, stop)."""
    mesh = Mesh(stop - start)
    clock = Clock[Number](piece.line.affine.after(start), *piece.line.bounds(start, stop))
    return _sum(Grid(piece.term, mesh).fold(piece.term, clock), mesh)


LONG = 2**36  # steps that are added up together: a mesh of them has sides of a few MB


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
        case Dense() | Table():
            return math.fsum(_blocks(value, mesh))


def _blocks(value: Dense | Table, mesh: Mesh) -> Iterator[float]:
    """The sums of a number over blocks of indices; the last block overlaps the one before it."""
    done = 0
    for rows, span in mesh.blocks(BLOCK):
        block = np.broadcast_to(value.block(mesh, rows, span), span.stop - span.start)
        yield float(block[done - span.start :].sum())
        done = span.stop


# -- what differs ------------------------------------------------------------------------------------


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

    Rounding is what is within 1e-12 of the largest value. All of the steps are compared, at memory speed.

    Args:
        a: a schedule.
        b: another.
        steps: how many steps to compare; None means those of the longer one, and the value that holds after it.

    Raises:
        ScheduleError: a schedule is endless and `steps` is None.

    >>> from schedules import cosine, cosine_warmup, linear
    >>> diff(linear(0.0, 1.0, 10) >> cosine(1.0, 0.0, 90), cosine_warmup(1.0, 100, warmup=10))
    >>> print(diff(cosine(1.0, 0.0, 100), linear(1.0, 0.0, 100)))
    first at step 1: 0.9997532801828658 and 0.99; most at step 78: by 0.105257
    """
    if a == b:
        return None
    count = _compared(a, b) if steps is None else steps
    starts = range(0, count, CHUNK)
    largest, at, peak = 0.0, 0, 0.0
    for start in starts:
        gaps, size = _apart(a, b, start, min(CHUNK, count - start))
        largest, at = max((largest, at), (float(gaps.max()), start + int(gaps.argmax())), key=lambda gap: gap[0])
        peak = max(peak, size)
    if largest <= ROUNDING * peak:
        return None
    for start in starts:
        gaps, _ = _apart(a, b, start, min(CHUNK, count - start))
        if gaps.max() > ROUNDING * peak:
            step = start + int((gaps > ROUNDING * peak).argmax())
            return Difference(step, a(step), b(step), largest, at)
    return None


def _compared(a: Schedule, b: Schedule) -> int:
    for name, s in (("a", a), ("b", b)):
        demand(s.steps < math.inf, "diff", name, s, "it is endless; say how many steps to compare: steps=1000")
    return math.ceil(max(a.steps, b.steps)) + 1


def _apart(a: Schedule, b: Schedule, start: int, count: int) -> tuple["np.ndarray[Any, Any]", float]:
    """How far the values of two schedules are apart, and the largest magnitude of all that are finite."""
    x, y = a.values(count, start=start), b.values(count, start=start)
    with np.errstate(invalid="ignore"):  # inf - inf
        gaps = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    sizes = np.abs(np.concatenate((x, y)))
    return np.nan_to_num(gaps, nan=np.inf), float(sizes.max(where=np.isfinite(sizes), initial=0.0))


# -- what looks like a mistake -----------------------------------------------------------------------


class Finding(NamedTuple):
    """What looks like a mistake, and the step at which it shows; it prints as one line."""

    step: float
    text: str

    def __str__(self) -> str:
        return f"step {self.step:g}: {self.text}"


@checked
def lint(s: Schedule, *, steps: Count | None = None) -> tuple[Finding, ...]:
    """What one would wish to have known before training for n = `steps` updates with s; nothing if all seems well.

    - A value is negative, or stays at 0 for more than one update, or the first update is at 0.
    - There is a jump, other than from one constant to another. (Restarts are jumps, too.)
    - The training is longer than s, or shorter; or its last update is still above the end of s by 1% of the peak.
    - The peak is never used, since it is not at a whole step.

    Args:
        s: the schedule.
        steps: how many updates the training has; None means as many as s lasts.

    Raises:
        ScheduleError: s is endless and `steps` is None.

    >>> from schedules import cosine, linear
    >>> for finding in lint(linear(1e-5, 1e-3, 500) >> cosine(2e-3, 0.0, 9_500), steps=20_000):
    ...     print(finding)
    step 500: jumps from 0.001 to 0.002
    step 10000: stays at 0 for the last 10000 updates, which change nothing
    step 10000: the schedule ends, and its last value, 0, holds for the rest of 20000 updates
    """
    if steps is None and s.steps == math.inf:
        raise refusal("lint", "steps", None, f"{brief(s)} is endless; say how many updates: steps=1000")
    count = math.ceil(s.steps) if steps is None else steps
    run = Run(s, count, monotone(s, steps=count))
    return tuple(sorted((finding for rule in _RULES for finding in rule(run)), key=lambda finding: finding.step))


class Run(NamedTuple):
    """A schedule, how many updates it is used for, and the spans of these."""

    s: Schedule
    updates: int
    spans: tuple[Span, ...]

    @property
    def used(self) -> list[tuple[float, int]]:
        """The values of the updates at the ends of each span, with the steps: the largest of all is among them.

        The start of a span may have a value of its own, as a jump that is reversed has; so the next step counts too.
        """
        ends = [step for steps in map(_whole, self.spans) for step in dict.fromkeys((*steps[:2], *steps[-1:]))]
        return [(self.s(step), step) for step in ends]

    @property
    def peak(self) -> float:
        """The largest magnitude of an update."""
        return max((abs(value) for value, _ in self.used), default=0.0)

    def zeros(self, span: Span) -> range:
        """The steps of a span at which s stays at 0."""
        inside = _whole(span)
        if span.way != "stays" or not inside or self.s(inside[-1]) != 0:
            return inside[:0]
        return inside if self.s(inside[0]) == 0 else inside[1:]


def _whole(span: Span) -> range:
    """The whole steps of a span."""
    return range(math.ceil(span.start), math.ceil(span.stop))


def _negative(run: Run) -> Iterator[Finding]:
    step = first(run.s, below=-ROUNDING * run.peak, steps=run.updates)
    if step is not None:
        lowest, at = min(run.used)
        yield Finding(step, f"is negative; the lowest value is {lowest:g}, at step {at}")


def _zero(run: Run) -> Iterator[Finding]:
    for span in run.spans:
        steps = run.zeros(span)
        if len(steps) > 1:
            last = "last " * (steps[-1] == run.updates - 1)
            yield Finding(steps[0], f"stays at 0 for the {last}{len(steps)} updates, which change nothing")


def _nothing_first(run: Run) -> Iterator[Finding]:
    if run.updates and run.s(0) == 0 and len(run.zeros(run.spans[0])) < 2:
        yield Finding(0, "the first update is at 0 and changes nothing; s[1:] begins one step later")


def _jumps(run: Run) -> Iterator[Finding]:
    constant = {
        edge for span in run.spans if span.way == "stays" for edge in (("before", span.stop), ("after", span.start))
    }
    found = [
        jump
        for jump in jumps(run.s, steps=run.updates - 1)
        if not {("before", jump.step), ("after", jump.step)} <= constant
    ]
    for jump in found[:SHOWN]:
        yield Finding(jump.step, f"jumps from {jump.before:g} to {jump.after:g}")
    if found[SHOWN:]:
        yield Finding(found[SHOWN].step, f"jumps, as at {len(found) - SHOWN - 1} more steps from here on")


def _length(run: Run) -> Iterator[Finding]:
    s, updates = run.s, run.updates
    if updates < s.steps < math.inf:
        yield Finding(updates, f"the training ends, {s.steps - updates:g} steps before the schedule does")
    elif s.steps <= updates - 1 and not _holds(s):
        last = f"its last value, {s(s.steps):g}, holds for the rest of {updates} updates"
        yield Finding(math.ceil(s.steps), f"the schedule ends, and {last}")


def _holds(s: Schedule) -> bool:
    """Whether a schedule ends with a constant that has no length, and so is meant to hold."""
    while isinstance(s, Call | Join):
        s = s.body if isinstance(s, Call) else s.parts[-1]
    return isinstance(s, Constant)


def _floor(run: Run) -> Iterator[Finding]:
    if run.s.steps < math.inf and run.updates:
        last, end = run.s(run.updates - 1), run.s(run.s.steps)
        if last - end > MARGIN * run.peak:
            yield Finding(run.updates - 1, f"the last update is at {last:g}, and never comes down to the end, {end:g}")


def _peak(run: Run) -> Iterator[Finding]:
    highest, at = max(run.used, default=(0.0, 0))
    reached = bounds(run.s, steps=run.updates - 1).high if run.updates > 1 else highest
    if reached - highest > ROUNDING * abs(reached):
        yield Finding(at, f"the peak, {reached:g}, is never used, since it is at no whole step; {highest:g} is")


_RULES = (_negative, _zero, _nothing_first, _jumps, _length, _floor, _peak)
