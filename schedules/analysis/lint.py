"""What looks like a mistake in a schedule, found in one walk along it."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..algebra.checks import Count, brief, refusal
from ..algebra.named import Call, checked
from ..algebra.nodes import Constant, Join, Schedule
from .courses import Exhausted, Heading, Work
from .phases import Phase, Walk
from .shape import Span, check_settled, first_in, jumps_of, spans_of
from .slopes import ROUNDING

MARGIN = 0.01  # of the peak: what is less far from the floor has come down to it


SHOWN = 3  # findings of a kind that are told apart


PATIENCE = 2_000  # looks at phases and spans, after which the rest is not looked at


class Finding(NamedTuple):
    """What looks like a mistake, and the step at which it shows; it prints as one line."""

    step: float
    text: str

    def __str__(self) -> str:
        return f"step {self.step:g}: {self.text}"


@checked
def lint(s: Schedule, *, steps: Count | None = None) -> tuple[Finding, ...]:
    """What one would wish to have known before training for n = `steps` updates with s; nothing if all seems well.

    - A value is no finite number, or negative, or stays at 0 for more than one update, or the first update is at 0.
    - There is a jump, other than from one constant to another. (Restarts are jumps, too.)
    - A phase is shorter than a step, so that one update at most sees it.
    - The training is longer than s, or shorter; or its last update is still above the end of s by 1% of the peak.
    - The peak is never used, since it is not at a whole step.

    What turns too often to be followed all along is looked at as far as it was, and the last finding says so.

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
    check_settled("lint", s)
    if steps is None and s.steps == math.inf:
        raise refusal("lint", "steps", None, f"{brief(s)} is endless; say how many updates: steps=1000")
    run = Run(s, math.ceil(s.steps) if steps is None else steps)
    return tuple(sorted((finding for rule in _RULES for finding in rule(run)), key=lambda finding: finding.step))


class Run:
    """A schedule, how many updates it is used for, and what it does over these."""

    def __init__(self, s: Schedule, updates: int) -> None:
        self.s = s
        self.updates = updates
        self.phases, self.seen = followed(s, updates)
        """The phases that were looked at, and the step up to which they are."""
        self.jumps = jumps_of(s, self.phases)
        self.spans = spans_of(s, self.phases)
        self.used = [(s(step), step) for step in self._ends()]
        """The values of the updates at the ends of each span, with the steps: the largest of all is among them."""
        self.finite = [(value, step) for value, step in self.used if math.isfinite(value)]
        self.peak = max((abs(value) for value, _ in self.finite), default=0.0)
        """The largest magnitude of an update."""

    def _ends(self) -> Iterator[int]:
        """The start of a span may have a value of its own, as a jump that is reversed has; so the next step counts."""
        for span in self.spans:
            steps = _whole(span)
            yield from dict.fromkeys((*steps[:2], *steps[-1:]))

    def zeros(self, span: Span) -> range:
        """The steps of a span at which s stays at 0."""
        inside = _whole(span)
        if span.way != "stays" or not inside or self.s(inside[-1]) != 0:
            return inside[:0]
        return inside if self.s(inside[0]) == 0 else inside[1:]


def followed(s: Schedule, stop: float) -> tuple[list[Phase], float]:
    """The phases of s up to a step, or as many as the work allows; and the step up to which they are."""
    walk, found = Walk(s, stop, Work(PATIENCE)), list[Phase]()
    try:
        for phase in walk:
            _ = phase.spans
            found.append(phase)
    except Exhausted:
        return found, found[-1].stop if found else 0.0
    return found, stop


def _whole(span: Span | Heading | Phase) -> range:
    """The whole steps of a span."""
    return range(math.ceil(span.start), math.ceil(span.stop))


def _unseen(run: Run) -> Iterator[Finding]:
    if run.seen < run.updates:
        yield Finding(run.seen, "from here on nothing was looked at: it turns too often; lint a part: s[a:b]")


def _infinite(run: Run) -> Iterator[Finding]:
    broken = next(((value, step) for value, step in run.used if not math.isfinite(value)), None)
    if broken is not None:
        value, at = broken
        before = max((step for _, step in run.finite if step < at), default=-1)
        while at - before > 1:  # within one span
            middle = (before + at) // 2
            before, at = (middle, at) if math.isfinite(run.s(middle)) else (before, middle)
        yield Finding(at, f"is {value:g}, which no training survives")


def _negative(run: Run) -> Iterator[Finding]:
    steps = (first_in(run.s, phase, -ROUNDING * run.peak, -1) for phase in run.phases)
    step = next((step for step in steps if step is not None), None)
    if step is not None:
        lowest, at = min((run.s(step), step), *run.finite)
        yield Finding(step, f"is negative; the lowest value is {lowest:g}, at step {at}")


def _zero(run: Run) -> Iterator[Finding]:
    for span in run.spans:
        steps = run.zeros(span)
        if len(steps) > 1:
            last = "last " * (steps[-1] == run.updates - 1)
            yield Finding(steps[0], f"stays at 0 for the {last}{len(steps)} updates, which change nothing")


def _nothing_first(run: Run) -> Iterator[Finding]:
    if run.spans and run.s(0) == 0 and len(run.zeros(run.spans[0])) < 2:
        yield Finding(0, "the first update is at 0 and changes nothing; s[1:] begins one step later")


def _jumps(run: Run) -> Iterator[Finding]:
    constant = {
        edge for span in run.spans if span.way == "stays" for edge in (("before", span.stop), ("after", span.start))
    }
    found = (
        Finding(jump.step, f"jumps from {jump.before:g} to {jump.after:g}")
        for jump in run.jumps
        if jump.step <= run.updates - 1 and not {("before", jump.step), ("after", jump.step)} <= constant
    )
    return _few(found, "jumps")


def _short(run: Run) -> Iterator[Finding]:
    found = (
        Finding(phase.start, f"a phase of {phase.stop - phase.start:g} steps: no more than one update sees it")
        for phase in run.phases
        if phase.knot and phase.stop - phase.start < 1 - ROUNDING * max(phase.start, 1.0)
    )
    return _few(found, "a phase is shorter than a step")


def _few(found: Iterable[Finding], kind: str) -> Iterator[Finding]:
    """The first findings of a kind, and how many more there are."""
    listed = [*found]
    yield from listed[:SHOWN]
    if listed[SHOWN:]:
        yield Finding(listed[SHOWN].step, f"{kind}, as at {len(listed) - SHOWN - 1} more steps from here on")


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
    last = run.updates - 1  # what comes after it is not used anyway
    times = ((phase, t) for phase in run.phases for span in phase.spans for t in span[:2] if t <= last)
    reached = max((value for phase, t in times if math.isfinite(value := phase.limit(t))), default=-math.inf)
    highest, at = max(run.finite, default=(math.inf, 0))
    if reached - highest > ROUNDING * abs(reached):
        yield Finding(at, f"the peak, {reached:g}, is never used, since it is at no whole step; {highest:g} is")


_RULES = (_infinite, _negative, _zero, _nothing_first, _jumps, _short, _length, _floor, _peak, _unseen)
