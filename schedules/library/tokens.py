"""Times other than updates: schedules over tokens or samples, and the sizes of batches."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from ..algebra.checks import MAX_ROUNDS, Count, demand, is_settled, refusal, surely_equal
from ..algebra.named import Call, named
from ..algebra.nodes import Constant, Join, Lift, Schedule, ScheduleLike, Time, Warp, as_schedule
from .combinators import maximum, part
from .curves import linear


@named
def to_multiple(s: Schedule, n: Count) -> Schedule:
    """``to_multiple(s, n)(t) = n * max(1, floor(s(t)/n + 1/2))``: whole multiples of n, at least one of them.

    Sizes of batches, in multiples of what all devices take at once.

    Args:
        s: the sizes.
        n: what they are multiples of.

    Raises:
        ScheduleError: n is not a whole number >= 1.

    >>> to_multiple(linear(8.0, 64.0, 100), 16)([0, 10, 50, 100])
    array([16., 16., 32., 64.])
    """
    return n * maximum((s / n + 0.5) // 1, 1)


@named
def in_tokens(s: Schedule, batch: ScheduleLike) -> Schedule:
    """``in_tokens(s, batch)(t) = s(batch(0) + batch(1) + ... + batch(t - 1))``: s over tokens, by updates.

    What s counts (tokens, samples) has been seen before update t. The sum has a closed form, so nothing is recorded;
    it lasts until all that s counts is seen.

    Args:
        s: a schedule over tokens or samples.
        batch: how many of them an update takes: a number, or a schedule of constant and linear parts (`interpolate`,
            `piecewise`, joins, slices, multiples by numbers) or `to_multiple` of one. Its parts last whole numbers of
            updates.

    Raises:
        ScheduleError: the batch is no such schedule, a part of it lasts a fraction of an update, or it is negative, or
            zero at its end.

    >>> from schedules import interpolate, wsd
    >>> s = wsd(3e-4, 300_000_000_000, warmup=3_000_000_000, cooldown=60_000_000_000)
    >>> in_tokens(s, 4_000_000)([0, 375, 750, 60_000])
    array([0.     , 0.00015, 0.0003 , 0.0003 ])
    >>> in_tokens(s, interpolate([(0, 1_000_000), (1_000, 4_000_000)])).steps
    75376
    """
    sizes = as_schedule(batch, "in_tokens")
    ramps = list(_ramps(sizes))
    for ramp in ramps:
        _check(ramp, sizes)
    demand(not surely_equal(ramps[-1].last, 0), "in_tokens", "batch", batch, "it is zero at its end")
    seen = _seen(ramps)
    return Warp(s, seen, _updates(s.steps, seen, ramps))


class _Ramp(NamedTuple):
    """``first + rise * t / over`` at update t, for so many steps; it ends, and holds, at t = `steps`."""

    first: float
    rise: float
    over: float
    steps: float

    @property
    def last(self) -> float:
        return self.first if surely_equal(self.rise, 0) else self.first + self.rise * self.steps / self.over

    def mapped(self, factor: float, offset: float) -> "_Ramp":
        return self._replace(first=self.first * factor + offset, rise=self.rise * factor)

    def sum(self) -> Schedule:
        """``batch(0) + ... + batch(t - 1)``: whole for whole sizes, as it is divided once."""
        if surely_equal(self.rise, 0):
            return 1.0 * self.first * Time()  # tokens outgrow the integers of some libraries
        return Time() * (2 * self.over * self.first - self.rise + self.rise * Time()) / (2 * self.over)

    def total(self) -> float:
        """The sum over all its steps."""
        if surely_equal(self.rise, 0):
            return self.first * self.steps
        return self.steps * (2 * self.over * self.first + self.rise * (self.steps - 1)) / (2 * self.over)


def _ramps(term: Schedule) -> Iterator[_Ramp]:
    """The constant and linear parts of a term."""
    match term:
        case Constant(value):
            yield _Ramp(value, 0, 1, 0)
        case Warp(Constant(value), _, steps):
            yield _Ramp(value, 0, 1, steps)
        case Join(parts):
            for inner in parts:
                yield from _ramps(inner)
        case Lift("add" | "subtract" | "multiply" | "divide" | "negative" as op, args):
            yield from _lifted(term, op, args)
        case Call(maker, (start, end, steps)) if maker is linear:
            yield _Ramp(end, 0, 1, 0) if surely_equal(steps, 0) else _Ramp(start, end - start, steps, steps)
        case Call(maker, (inner, _)) if maker is to_multiple:
            yield from _stairs(term, _ramps(inner))
        case Call(maker, (inner, start, stop)) if maker is part:
            yield from _cut(term, _ramps(inner), start, stop)
        case Call():
            yield from _ramps(term.body)
        case _:
            wants = "its sum has no closed form; put it together of constants, linear, interpolate and to_multiple"
            raise refusal("in_tokens", "batch", term, wants)


def _lifted(term: Schedule, op: str, args: tuple[Schedule, ...]) -> Iterator[_Ramp]:
    """The parts of an operation with a number."""
    match op, args:
        case "negative", (inner,):
            factor, offset = -1, 0
        case "multiply", (inner, Constant(value)) | (Constant(value), inner):
            factor, offset = value, 0
        case "divide", (inner, Constant(value)):
            factor, offset = 1 / value, 0
        case "add", (inner, Constant(value)) | (Constant(value), inner):
            factor, offset = 1, value
        case "subtract", (inner, Constant(value)):
            factor, offset = 1, -value
        case "subtract", (Constant(value), inner):
            factor, offset = -1, value
        case _:
            raise refusal("in_tokens", "batch", term, "of the two sides of an operation one is a number")
    for ramp in _ramps(inner):
        yield ramp.mapped(factor, offset)


def _cut(term: Schedule, ramps: Iterator[_Ramp], start: float, stop: float) -> Iterator[_Ramp]:
    """What lies between two steps, and the value there at the end, which holds."""
    demand(not term.tracers, "in_tokens", "batch", term, "it is cut, so its numbers have to be known")
    begin, held = 0, 0.0
    for ramp in ramps:
        low, high = max(start - begin, 0), min(stop - begin, ramp.steps)
        if low < high:
            yield ramp._replace(first=ramp.first + ramp.rise * low / ramp.over, steps=high - low)
        if begin <= stop < math.inf:
            held = ramp._replace(steps=min(stop - begin, ramp.steps)).last
        begin += ramp.steps
    if stop < math.inf:
        yield _Ramp(held, 0, 1, max(stop - max(begin, start), 0))
        yield _Ramp(held, 0, 1, 0)


def _stairs(term: Schedule, ramps: Iterator[_Ramp]) -> Iterator[_Ramp]:
    """The levels of a schedule that is monotone on each of these ramps."""
    demand(not term.tracers, "in_tokens", "batch", term, "its levels are counted, so its numbers have to be known")
    size, begin = term.function(), 0
    for ramp in ramps:
        _check(ramp, term)
        if not ramp.rise:
            yield _Ramp(size(begin), 0, 1, ramp.steps)
            begin += ramp.steps
            continue
        end = int(begin + ramp.steps)
        for _ in range(MAX_ROUNDS):
            level = size(begin)
            run = bisect_left(range(int(begin), end), True, key=lambda step, level=level: size(step) != level)
            yield _Ramp(level, 0, 1, run)
            begin += run
            if begin == end:
                break
        demand(begin == end, "in_tokens", "batch", term, f"it has more than {MAX_ROUNDS} levels; take larger multiples")
    if begin < math.inf:
        yield _Ramp(size(begin), 0, 1, 0)


def _check(ramp: _Ramp, batch: Schedule) -> None:
    """Refuse what no sizes of batches are."""
    whole = not is_settled(ramp.steps) or isinstance(ramp.steps, int) or ramp.steps == math.inf
    demand(whole, "in_tokens", "batch", batch, f"a part of it lasts {ramp.steps} updates; make that a whole number")
    demand(
        not any(is_settled(end) and end < 0 for end in (ramp.first, ramp.last)),
        "in_tokens",
        "batch",
        batch,
        "it is below zero",
    )


def _seen(ramps: list[_Ramp]) -> Schedule:
    """``batch(0) + ... + batch(t - 1)``."""
    total, parts = 0, list[Schedule]()
    for ramp in ramps:
        if surely_equal(ramp.steps, math.inf):
            return Join((*parts, total + ramp.sum()))
        parts.append(Warp(total + ramp.sum(), Time(), ramp.steps))
        total = total + ramp.total()
    return Join((*parts, total + 1.0 * ramps[-1].last * Time()))


def _updates(goal: float, seen: Schedule, ramps: list[_Ramp]) -> float:
    """The updates after which so much is seen; endless where numbers are not known that would tell."""
    if seen.tracers or not is_settled(goal):
        return -(-1.0 * goal // ramps[0].last) if len(ramps) == 1 else math.inf
    if goal == math.inf:
        return math.inf
    sum_at, high = seen.function(), 1
    while sum_at(high) < goal:
        high *= 2
    return bisect_left(range(high + 1), goal, key=sum_at)
