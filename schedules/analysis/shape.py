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

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from ..algebra.checks import EVER, Endless, ScheduleError, Value, brief, demand, refusal
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from .intervals import Interval
from .phases import ROUNDING, Phase, extent, reached, walk

PATIENCE = 20_000  # phases, after which a schedule is taken to go on for ever


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
    return tuple(phase.stop for phase in phases_of("knots", s, _end(s, steps)) if phase.knot)


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
    found = list(phases_of("jumps", s, math.nextafter(end, math.inf)))
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
    whole = list(phases_of("monotone", s, _end(s, steps)))
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
    phases = phases_of("bounds", s, end)
    whole, last = extent(s, 0, end), extent(s, EVER) if end == math.inf else None
    seen = Interval(s(0), s(0)) if last is None or last.low < last.high else last
    for count, phase in enumerate(phases, start=1):
        seen = seen.hull(reached(s, [phase]))
        if count.bit_count() == 1 and phase.stop < end and _inside(extent(s, phase.stop, end), seen):
            break
    return Bounds(max(seen.low, whole.low), min(seen.high, whole.high))


def _inside(inner: Interval, outer: Interval) -> bool:
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
    for count, phase in enumerate(phases_of("first", s, end), start=1):
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


def phases_of(function: str, s: Schedule, end: float) -> Iterator[Phase]:
    """The phases of s up to `end`, if they come to an end."""
    check_settled(function, s)
    return _counted(function, s, end)


def _counted(function: str, s: Schedule, end: float) -> Iterator[Phase]:
    for count, phase in enumerate(walk(s, end)):
        if count >= PATIENCE and end == math.inf:
            raise refusal(function, "steps", None, f"{brief(s)} goes on for ever; say how far to look: steps=1000")
        yield phase


def check_settled(function: str, s: Schedule) -> None:
    """Refuse a schedule whose numbers are being traced."""
    demand(not s.tracers, function, "s", s, "its numbers are being traced; look at it outside of the traced function")
