"""Where a schedule has its knots and jumps, which way it goes, and how far.

A schedule is cut at its knots into phases, each of which is one formula; bounds of its slope tell where a formula
rises and falls. So what is said here holds for all times, not for samples: a peak between two steps is found, and a
year of steps takes no longer than a minute of them. Python functions are known at whole steps only, and taken to be
straight in between.

>>> from schedules import bounds, cosine, jumps, knots, linear, total
>>> s = linear(0.0, 1e-3, 1000) >> cosine(1e-3, 0.0, 9000)
>>> knots(s), jumps(s), bounds(s), total(s)
((1000, 10000), (), Bounds(low=0.0, high=0.001), 5.0)
"""

import contextlib
import itertools
import math
from bisect import bisect
from collections.abc import Generator
from typing import Literal, NamedTuple, TypeAlias

from ..algebra.checks import EVER, Endless, ScheduleError, Value, brief, demand, refusal
from ..algebra.named import checked
from ..algebra.nodes import Constant, Schedule
from .courses import Exhausted, Work
from .intervals import point
from .phases import Phase, Walk, extent, period_of, range_of
from .slopes import ROUNDING, SLACK, size_at

PATIENCE = 20_000  # looks at phases and spans, after which a schedule is taken to go on for ever


SCANNED = 2**17  # steps that are looked at one by one, where rounding decides


Way: TypeAlias = Literal["rises", "falls", "stays"]


_WAYS: dict[int, Way] = {1: "rises", -1: "falls", 0: "stays"}


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
    with looking("knots", s, _end("knots", s, steps)) as phases:
        return tuple(phase.stop for phase in phases if phase.knot)


class Jump(NamedTuple):
    """A step at which the value changes at once."""

    step: float
    before: float
    after: float

    def __repr__(self) -> str:
        """Without the last digits, which are of rounding."""
        return f"Jump(step={self.step:.12g}, before={self.before:.12g}, after={self.after:.12g})"


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
    end = _end("jumps", s, steps)
    with looking("jumps", s, math.nextafter(end, math.inf)) as phases:
        return tuple(jump for jump in jumps_of(s, list(phases)) if jump.step <= end)


def jumps_of(s: Schedule, found: list[Phase]) -> list[Jump]:
    """The jumps from phase to phase, but for what rounding the time makes of a continuous change."""
    starts = found[:1] + [after for before, after in itertools.pairwise(found) if before.knot]
    earlier = {phase.stop: phase for phase in found if phase.knot}
    knots: list[tuple[Jump, float, float]] = []
    for phase in starts:
        step, after, value = phase.start, phase.limit(phase.start), float(s(phase.start))
        before = earlier[step].limit(step) if step in earlier else value
        jump = Jump(step, max(before, value, key=lambda side: abs(side - after)), after)
        knots.append((jump, _blurred(earlier[step], step) if step in earlier else 0.0, _blurred(phase, step)))
    peak = max((abs(value) for jump, _, _ in knots for value in jump[1:] if math.isfinite(value)), default=0.0)
    return [
        Jump(jump.step, _settled(jump.before, early), _settled(jump.after, late))
        for jump, early, late in knots
        if abs(jump.after - jump.before) > ROUNDING * peak + early + late
    ]


def _settled(value: float, blur: float) -> float:
    """A value to the digits that are known of it."""
    return round(value, math.floor(-math.log10(blur)) - 1) if blur and math.isfinite(value) else value


def _blurred(phase: Phase, t: float) -> float:
    """How much the value of a phase at its end t changes where rounding moves t."""
    inside = t + SLACK * max(t, 1.0) * (1 if t == phase.start else -1)
    change = abs(phase.limit(inside) - phase.limit(t))
    return change if phase.start < inside < phase.stop and math.isfinite(change) else 0.0


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
    with looking("monotone", s, _end("monotone", s, steps)) as phases:
        return tuple(spans_of(s, list(phases)))


def spans_of(s: Schedule, phases: list[Phase]) -> list[Span]:
    """The spans of phases, as long as they can be without a jump."""
    breaks = {jump.step for jump in jumps_of(s, phases)}
    found: list[Span] = []
    for start, stop, direction in (span for phase in phases for span in phase.spans):
        span = Span(start, stop, _WAYS[direction])
        joined = found and found[-1].way == span.way and start not in breaks
        found[-1:] = [span._replace(start=found[-1].start)] if joined else [*found[-1:], span]
    return found


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
        ScheduleError: s goes on for ever in a way that its structure does not bound, and `steps` is None; or it has no
            value somewhere, as 0/0 has none.

    >>> from schedules import inverse_sqrt, linear, triangular
    >>> bounds(linear(0.0, 1.0, 10) >> inverse_sqrt(1.0, timescale=10))
    Bounds(low=0.0, high=1.0)
    >>> bounds(triangular(1e-4, 1e-3, 2_000))
    Bounds(low=0.0001, high=0.001)
    """
    check_settled("bounds", s)
    end = math.inf if steps is None else steps
    with looking("bounds", s, end) as walk:
        low, high = range_of(s, end, walk.work).ends
        demand(
            not (math.isnan(low) or math.isnan(high)),
            "bounds",
            "s",
            s,
            "it has no value at some step; lint(s) tells where",
        )
        return Bounds(low, high)


@checked
def first(
    s: Schedule, *, below: Value | None = None, above: Value | None = None, steps: Endless | None = None
) -> int | None:
    """``min {t = 0, 1, 2, ... : s(t) < below}``, or ``> above``: the first whole step there; None if there is none.

    What counts are the floats that ``s(t)`` gives at whole steps: where rounding puts one beyond, it is beyond.

    Args:
        s: the schedule.
        below: the value that s is to fall below.
        above: or the value that it is to rise above.
        steps: how many steps to look at; None means for ever.

    Raises:
        ScheduleError: not one of `below` and `above` is given; s goes on for ever and `steps` is None; or rounding
            decides at more steps than can be looked at one by one.

    >>> from schedules import cosine
    >>> first(cosine(1e-3, 0.0, 10_000), below=1e-4)
    7952
    """
    if (below is None) == (above is None):
        raise ScheduleError(f"first: below={below}, above={above}: one of the two; first(s, below=1e-4), say")
    sign, level = (-1, below) if below is not None else (1, above)
    assert level is not None  # noqa: S101 -- tells the type checker what the lines above did
    end, period = math.inf if steps is None else math.ceil(steps), period_of(s)
    end = min(end, period) if isinstance(period, int) else end
    with looking("first", s, end) as walk:
        for count, phase in enumerate(walk, start=1):
            step = first_in(s, phase, level, sign)
            if step is not None:
                return step
            if count.bit_count() == 1 and phase.stop < end:
                rest = extent(s, phase.stop, end, walk.work) * point(sign)
                if rest.high <= level * sign:
                    break
    return None


def first_in(s: Schedule, phase: Phase, level: float, sign: int) -> int | None:
    """The first whole step of a phase at which s is above a level, or below it if the sign is negative."""

    def beyond(t: int) -> float:
        return (s(t) - level) * sign

    def near(t: int) -> bool:  # beyond, or so near that rounding decides
        size = size_at(phase.formula, t)
        return beyond(t) >= -ROUNDING * max(abs(level), size if size < math.inf else 0.0)

    for span in phase.spans:
        inside = range(math.ceil(span.start), math.ceil(min(span.stop, EVER)))
        for t in inside[:2]:  # the start may have a value of its own: a jump reversed
            if beyond(t) > 0:
                return t
        rest = inside[2:] if not isinstance(phase.formula, Constant) else inside[:0]
        if span.direction == sign:
            rest = rest[bisect(rest, False, key=near) :]
        elif span.direction:
            rest = rest[: bisect(rest, False, key=lambda t: not near(t))]
        elif rest and not (near(rest[0]) or near(rest[-1])):
            continue
        for t in rest[:SCANNED]:
            if beyond(t) > 0:
                return t
        if len(rest) > SCANNED and s(rest[-1]) != s(rest[0]):
            wants = f"s is within rounding of it for {len(rest)} steps from step {rest[0]} on; ask for one further off"
            raise refusal("first", "above" if sign > 0 else "below", level, wants)
    return None


def _end(function: str, s: Schedule, steps: float | None) -> float:
    if steps is None and s.steps == math.inf and period_of(s) not in (None, 1):
        raise _endless(function, s)
    return s.steps if steps is None else steps


def _endless(function: str, s: Schedule) -> ScheduleError:
    return refusal(function, "steps", None, f"{brief(s)} goes on for ever; say how far to look: steps=1000")


@contextlib.contextmanager
def looking(function: str, s: Schedule, end: float) -> Generator[Walk]:
    """The phases of s up to `end`; an error, if they are too many to be looked at."""
    check_settled(function, s)
    walk = Walk(s, end, Work(PATIENCE if end < math.inf else PATIENCE // 2))
    try:
        yield walk
    except Exhausted:
        if min(end, s.steps) == math.inf:
            raise _endless(function, s) from None
        far = f"{brief(s)} turns too often up to there; it was followed up to step {walk.now:g}"
        raise refusal(function, "steps", end, f"{far}, so ask for no more: steps={max(int(walk.now), 1)}") from None


def check_settled(function: str, s: Schedule) -> None:
    """Refuse a schedule whose numbers are being traced."""
    demand(not s.tracers, function, "s", s, "its numbers are being traced; look at it outside of the traced function")
