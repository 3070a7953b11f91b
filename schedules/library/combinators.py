"""Combinators: schedules from schedules.

A time transform is a `Warp` with a small clock, and a clock is itself a schedule.
"""

import math
from collections.abc import Sequence
from typing import Any

from ..algebra.checks import (
    EVER,
    MAX_ROUNDS,
    Endless,
    Growth,
    Index,
    Period,
    Positive,
    Steps,
    Switch,
    Times,
    Value,
    accept,
    brief,
    demand,
    is_known,
    is_settled,
    refusal,
    surely_equal,
    whole,
)
from ..algebra.forms import length_reaching, longer, parted
from ..algebra.lists import counted, plain_function
from ..algebra.named import Call, Shape, named
from ..algebra.nodes import (
    Constant,
    Join,
    Lift,
    Schedule,
    ScheduleLike,
    Time,
    Warp,
    as_schedule,
    lasting_constant,
    lift,
    nested,
)
from .curves import linear


def join(*parts: ScheduleLike | Sequence[ScheduleLike]) -> Schedule:
    """``s(t) = parts[i](t - knots[i])``: one after the other, each in its own local time; ``a >> b`` for two.

    At a knot the later part counts. Parts of no length vanish, and the last may be endless.

    Args:
        parts: schedules, in order, or lists of them; a number stands for a constant.

    Raises:
        ScheduleError: there are no parts; one before the last is endless, or a bare constant, which has no length.

    >>> from schedules import constant
    >>> join(linear(0.0, 1.0, 4), constant(1.0, steps=10), linear(1.0, 0.0, 4))(16)
    0.5
    """
    return Join(parts)


def scale(s: ScheduleLike, factor: ScheduleLike) -> Schedule:
    """``scale(s, factor)(t) = factor * s(t)``; the factor may be a schedule.

    Args:
        s: the schedule.
        factor: what multiplies its values: a number, or a schedule.

    Raises:
        ScheduleError: an argument is no schedule and no finite number.

    >>> scale(linear(0.0, 1.0, 4), 2.0)(1)
    0.5
    """
    return as_schedule(factor, "scale") * as_schedule(s, "scale")


def minimum(a: ScheduleLike, b: ScheduleLike) -> Schedule:
    """``minimum(a, b)(t) = min(a(t), b(t))``.

    Args:
        a: a schedule or a value.
        b: another; the result is as long as the longer of them.

    Raises:
        ScheduleError: an argument is no schedule and no finite number.

    >>> minimum(linear(0.0, 1.0, 4), 0.5)(3)
    0.5
    """
    return lift("minimum", as_schedule(a, "minimum"), as_schedule(b, "minimum"))


def maximum(a: ScheduleLike, b: ScheduleLike) -> Schedule:
    """``maximum(a, b)(t) = max(a(t), b(t))``.

    Args:
        a: a schedule or a value.
        b: another; the result is as long as the longer of them.

    Raises:
        ScheduleError: an argument is no schedule and no finite number.

    >>> maximum(linear(0.0, 1.0, 4), 0.5)(1)
    0.5
    """
    return lift("maximum", as_schedule(a, "maximum"), as_schedule(b, "maximum"))


@named
def clip(s: Schedule, low: Value, high: Value) -> Schedule:
    """``clip(s, low, high)(t) = min(max(s(t), low), high)``.

    Args:
        s: the schedule.
        low: the floor under its values.
        high: the ceiling over them.

    Raises:
        ScheduleError: low is above high.

    >>> clip(linear(0.0, 1.0, 4), 0.3, 0.6)([0, 2, 4])
    array([0.3, 0.5, 0.6])
    """
    demand(low <= high, "clip", "low", low, f"it is above high={high!r}; swap them")
    return minimum(maximum(s, low), high)


@named
def part(s: Schedule, start: Steps, stop: Endless) -> Schedule:
    """``part(s, a, b)(t) = s(a + t)`` for b - a steps, written ``s[a:b]``.

    Beyond the end of s its last value holds, so ``s[:n]`` lasts n steps whatever s is. Ends may be left open,
    and a negative one counts from the end of s.

    Args:
        s: the schedule.
        start: the step of s at which the part begins.
        stop: the step of s at which it ends; inf if it never does.

    Raises:
        ScheduleError: the part would begin before step 0 or end before it begins; a negative end counts from
            the end of an endless schedule; or the slice has a stride (use `stretch` or `every`).

    >>> s = linear(0.0, 1.0, 10)
    >>> s[2:5](1), s[-2:](0), s[:1000].steps
    (0.3, 0.8, 1000)
    """
    demand(start <= stop, "part", "stop", stop, f"s[a:b] ends before it begins, at {start!r}; swap them")
    return Warp(_with_end(s), Time() + start, length_reaching(stop - start, lambda length: length + start, stop))


def _with_end(term: Schedule) -> Schedule:
    """`term`, whose last part, if a bare constant, counts as having a length: none."""
    match term:
        case Constant(value):
            return lasting_constant(value, 0)
        case Join((*parts, last)) if last.bare:
            return nested(Join, (*parts, _with_end(last)))
        case Lift(op, args) if term.bare:
            return nested(Lift, op, tuple(arg if isinstance(arg, Constant) else _with_end(arg) for arg in args))
        case Call() if term.bare:
            return _with_end(term.body)
        case _:
            return term


def sliced(s: Schedule, span: Any) -> Schedule:
    """What ``s[span]`` means: open and negative ends resolved into steps of s."""
    if type(span) is not slice or span.step is not None:
        raise refusal("s[a:b]", "index", span, "take a part with s[a:b], a value with s(step)")
    start = 0 if span.start is None else _from_end(s, "a", span.start)
    stop = longer(s.steps, start) if span.stop is None else _from_end(s, "b", span.stop)
    return part(s, start, stop)


def _from_end(s: Schedule, name: str, index: Any) -> float:
    step = accept(Index, "s[a:b]", name, index)
    if not is_settled(step) or step >= 0:
        return step
    if s.steps == math.inf:
        raise refusal("s[a:b]", name, step, f"{brief(s)} is endless, so nothing counts from its end; cut it: s[:1000]")
    demand(-step <= s.steps, "s[a:b]", name, step, f"it reaches back before step 0 of {s.steps}")
    return s.steps + step


@named
def warmup(s: Schedule, steps: Steps, *, start: Value = 0.0, overlap: Switch = False) -> Schedule:
    """``linear(start, s(0), steps) >> s``; with `overlap`, ``start * (1 - x) + s(t) * x`` for x = min(t/steps, 1).

    A ramp put in front of s, ending where s begins. With `overlap` it is laid over the first steps of s
    instead, and the whole lasts no longer than s (the factors ``linear_warmup * rsqrt_decay`` of T5X). To ramp
    up to the peak and go on with s at its own time, as timm does, write ``linear(start, s(0), W) >> s[W:]``.

    Update 0 uses `start`, update k uses the fraction k/W. The other conventions in use are expressions:
    (k+1)/W is ``warmup(s, W)[1:]``, and (k+1)/(W+1) is ``warmup(s, W + 1)[1:]``.

    Args:
        s: what to warm up to.
        steps: the length of the ramp in steps; 0 changes nothing.
        start: the value at step 0.
        overlap: lay the ramp over s, instead of putting it in front.

    Raises:
        ScheduleError: the duration is negative or not finite.

    >>> warmup(linear(1.0, 0.0, 4), 4)([0, 2, 4, 6])
    array([0. , 0.5, 1. , 0.5])
    >>> warmup(linear(1.0, 0.0, 4), 4, overlap=True)([0, 2, 4, 6])
    array([0.  , 0.25, 0.  , 0.  ])
    """
    if overlap:
        ramp = linear(0.0, 1.0, steps)
        return s * ramp + start * (1 - ramp)
    return linear(start, s(0), steps) >> s


@named
def cycle(s: Schedule) -> Schedule:
    """``cycle(s)(t) = s(t mod s.steps)``, endless.

    Args:
        s: one round, of a finite duration.

    Raises:
        ScheduleError: s has no length, or is endless.

    >>> cycle(linear(0.0, 1.0, 4))([3, 4, 5])
    array([0.75, 0.  , 0.25])
    """
    _round("cycle", s)
    return Warp(s, Time() % s.steps)


@named
def repeat(s: Schedule, times: Times, *, stretch: Growth = 1.0, scale: Value = 1.0) -> Schedule:
    """``s >> scale * stretch(s, stretch) >> scale**2 * stretch(s, stretch**2) >> ...``, `times` rounds.

    Args:
        s: the first round.
        times: how many rounds; inf never ends (and needs ``stretch >= 1``).
        stretch: how many times longer each round is than the last (T_mult of SGDR).
        scale: what multiplies the values of each round.

    Raises:
        ScheduleError: s has no length or is endless, or endless rounds would shrink.

    >>> repeat(linear(1.0, 0.0, 2), 3, stretch=2.0, scale=0.5)([0, 2, 6])
    array([1.  , 0.5 , 0.25])
    """
    _round("repeat", s)
    if times < math.inf:
        alike = surely_equal(stretch, 1) and surely_equal(scale, 1)
        rounds = _same_rounds if alike and _exact_multiples(s.steps, times) else _rounds
        return Join(rounds(s, times, stretch, scale))
    demand(
        is_known(stretch), "repeat", "stretch", stretch, "how many rounds there are is settled with it; use a number"
    )
    demand(stretch >= 1, "repeat", "stretch", stretch, "endless rounds do not shrink; use stretch >= 1")
    if stretch == 1:
        return cycle(s) * lift("pow", scale, Time() // s.steps)
    rounds = endless_rounds(s.steps if is_known(s.steps) else 1, stretch)
    demand(rounds <= MAX_ROUNDS, "repeat", "stretch", stretch, "rounds grow too slowly; use 1, or at least 1.01")
    return Join(_rounds(s, rounds, stretch, scale))[: math.inf]


@plain_function
def endless_rounds(shortest: float, stretch: float) -> int:
    """How many rounds there are before any training ends, each longer than the last."""
    return max(1 + math.ceil(math.log(EVER / shortest) / math.log(stretch)), 1)


def _rounds(s: Schedule, times: float, factor: float, level: float) -> tuple[Schedule, ...]:
    return counted(times, lambda k: level**k * stretch(s, whole(factor**k)))


def _same_rounds(s: Schedule, times: float, *_: float) -> tuple[Schedule, Schedule]:
    """All rounds but the last as one, and the last, which ends where s ends."""
    return Warp(s, Time() % s.steps, (times - 1) * s.steps), s


def _exact_multiples(steps: float, times: float) -> bool:
    """Whether so many multiples of a duration are floats: of 33.6, say, they are not, and each knot is rounded."""
    return is_settled(steps) and steps.as_integer_ratio()[0] * times <= EVER


@named
def shift(s: Schedule, steps: Steps) -> Schedule:
    """``shift(s, n)(t) = s(t - n)``: s begins n steps later, and its first value holds until then.

    Args:
        s: the schedule.
        steps: by how many steps it is put off.

    Raises:
        ScheduleError: the duration is negative (to begin earlier, slice: ``s[n:]``) or not finite.

    >>> shift(linear(0.0, 1.0, 4), 2)([0, 2, 4])
    array([0. , 0. , 0.5])
    """
    return Warp(s, Time() - steps, length_reaching(s.steps + steps, lambda end: end - steps, s.steps))


@named
def stretch(s: Schedule, factor: Positive) -> Schedule:
    """``stretch(s, f)(t) = s(t/f)``, f times as long.

    Args:
        s: the schedule.
        factor: how many times longer it gets; below 1 it gets shorter.

    Raises:
        ScheduleError: the factor is not a finite number above zero.

    >>> stretch(linear(0.0, 1.0, 4), 2.0)([2, 8])
    array([0.25, 1.  ])
    """
    factor = whole(factor) if is_settled(s.steps) else factor  # no library of arrays has integers as large as Python's
    return Warp(s, Time() / factor, length_reaching(s.steps * factor, lambda end: end / factor, s.steps))


@named
def fit(s: Schedule, steps: Period) -> Schedule:
    """``fit(s, n)(t) = s(t/n * s.steps)``: s stretched or squeezed to last n steps.

    Args:
        s: the schedule, of a finite duration.
        steps: the new duration in steps.

    Raises:
        ScheduleError: s is endless or has no length, or n is not a finite number above zero.

    >>> fit(linear(0.0, 1.0, 4) >> linear(1.0, 0.0, 4), 80)([40, 60])
    array([1. , 0.5])
    """
    _finite("fit", s)
    return s if surely_equal(s.steps, steps) else Warp(s, Time() / steps * s.steps, steps)


@named
def every(s: Schedule, n: Period) -> Schedule:
    """``every(s, n)(t) = s(floor(t/n))``: time advances once in n steps.

    A schedule in epochs, stepped per batch: ``every(cosine(0.1, 0.0, 90), batches_per_epoch)``.

    Args:
        s: the schedule, whose time is counted in n steps each.
        n: how many steps each of its values is used for.

    Raises:
        ScheduleError: n is not a finite number above zero.

    >>> every(linear(0.0, 1.0, 4), 10)([9, 10, 19, 20])
    array([0.  , 0.25, 0.25, 0.5 ])
    """
    return Warp(s, Time() // n, length_reaching(s.steps * n, lambda end: end // n, s.steps // 1))


@named
def reverse(s: Schedule) -> Schedule:
    """``reverse(s)(t) = s(s.steps - t)``.

    Args:
        s: the schedule, of a finite duration.

    Raises:
        ScheduleError: s is endless.

    >>> reverse(linear(0.0, 1.0, 4))([0, 1, 4])
    array([1.  , 0.75, 0.  ])
    """
    demand(s.steps < math.inf, "reverse", "s", s, "it is endless and has no last step; cut it: s[:1000]")
    return Warp(s, s.steps - Time(), s.steps)


@named
def cooldown(s: Schedule, at: Steps, steps: Steps, *, end: Value = 0.0, shape: Shape = linear) -> Schedule:
    """``s[:at] >> shape(s(at), end, steps)``: branch a decay off a running schedule.

    Args:
        s: the running schedule; equal to the result before step `at`.
        at: the step of the branch.
        steps: the length of the decay in steps.
        end: the value at its end, exactly.
        shape: a named curve of (start, end, steps): `linear`, `cosine`, `one_minus_sqrt`, ...

    Raises:
        ScheduleError: a duration is negative or not finite, or the shape is no named curve.

    >>> from schedules import constant
    >>> cooldown(constant(1.0), 100, 10)([99, 100, 105, 110])
    array([1. , 1. , 0.5, 0. ])
    """
    return s[:at] >> shape(s(at), end, steps)


@named
def retarget(s: Schedule, at: Steps, steps: Steps) -> Schedule:
    """``s[:at] >> fit(s[at:], steps - at)``: keep the first `at` steps, fit the rest into a new total length.

    Args:
        s: the schedule that is running.
        at: the steps already done.
        steps: the new duration, from the start of s, in steps.

    Raises:
        ScheduleError: s is endless or ends before `at`, or the new length does not go beyond `at`.

    >>> retarget(linear(1.0, 0.0, 10), 5, 25)([5, 15, 25])
    array([0.5 , 0.25, 0.  ])
    """
    demand(at < s.steps, "retarget", "at", at, f"s lasts {s.steps} steps; branch before its end")
    demand(steps > at, "retarget", "steps", steps, f"the new length goes beyond at={at!r}")
    kept, rest = parted(steps, at)
    return s[:kept] >> fit(s[at:], rest)


def _round(function: str, s: Schedule) -> None:
    """Refuse what cannot come again and again."""
    _finite(function, s)
    demand(
        not s.bare, function, "s", s, "its last constant has no length and would be lost; give it one, or cut: s[:9]"
    )


def _finite(function: str, s: Schedule) -> None:
    demand(s.steps < math.inf, function, "s", s, "it is endless; cut it: s[:1000]")
    demand(s.steps > 0, function, "s", s, "it lasts 0 steps; give it a length")
