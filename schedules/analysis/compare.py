"""How schedules differ, for which all steps are compared; and what in one looks like a mistake."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import Count, brief, demand, refusal
from ..algebra.named import Call, checked
from ..algebra.nodes import Constant, Join, Schedule
from ..evaluate.grid import CHUNK
from .phases import ROUNDING
from .shape import Span, bounds, first, jumps, monotone

MARGIN = 0.01  # of the peak: what is less far from the floor has come down to it


SHOWN = 3  # jumps that are told apart


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
