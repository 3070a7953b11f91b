"""The parts that curves are written with: weights of the start and of the end, accurate in the tail."""

from collections.abc import Callable
from typing import Any, TypeAlias

from ..algebra.checks import Symbolic, is_known, is_settled, whole
from ..algebra.nodes import Join, Schedule, Time, Warp, lasting_constant, lift, warped
from ..algebra.ops import turns

Weight: TypeAlias = Callable[[Schedule, float], Schedule]
"""A share of the whole as a function of the steps that have passed, t, and of all, n."""


def blended(start: float, end: float, steps: float, rise: Weight, fall: Weight) -> Schedule:
    """``s(t) = start * fall(t) + end * rise(t)`` for `steps` steps, where ``rise + fall == 1``.

    Only the weight of the larger of the two values is computed, since it is that one's relative accuracy
    that shows (both, where the values are not known yet); at both ends the value is exact.
    """

    def blend(t: Schedule, n: float) -> Schedule:
        if not (is_settled(start) and is_settled(end)):
            return start * fall(t, n) + end * rise(t, n)
        large, small, weight = (end, start, rise) if abs(start) < abs(end) else (start, end, fall)
        share = weight(t, n)
        return large * share + small * (1 - share) if small else large * share

    return lasting(steps, end, blend)


def lasting(steps: float, end: float, term: Weight) -> Schedule:
    """``term(t, n)`` for n = `steps` steps; a curve of no steps has arrived at its `end`."""
    if is_settled(steps) and steps == 0:
        return lasting_constant(end, 0)
    t = Time()
    if is_known(steps):
        curve = warped(term(t, steps), t, steps)
        at_once: Any = steps == 0
        return at_once.either(lasting_constant(end, 0), curve) if isinstance(steps, Symbolic) else curve
    arrived = (steps == 0) * 1.0  # of a step, so that nothing is divided by zero
    n = steps + arrived
    return Warp(term(t, n), t + arrived, steps)


Half: TypeAlias = Callable[[Schedule], Schedule]


def two_halves(first: Half, second: Half, half: float, rest: float) -> Schedule:
    """``first(t)`` for `half` steps, then ``second(left)`` of the steps that are left of `rest`."""
    return Join((Warp(first(Time()), Time(), half), Warp(second(Time()), rest - Time(), rest)))


def sine_squared(x: Schedule) -> Schedule:
    """``sin(x)**2``, which is ``(1 - cos(2x))/2`` without the cancellation."""
    return lift("square", lift("sin", x))


def one_minus_power(steps: float, power: float) -> Schedule:
    """``1 - ((n - t)/n)**power`` for n = `steps`, accurate where it is small: near step 0."""
    half = whole(turns(steps, 2))  # none of a single step, at whose end the logarithm is infinite
    return two_halves(
        lambda t: -lift("expm1", power * lift("log1p", -(t / steps))),
        lambda left: 1 - lift("pow", left / steps, power),
        half,
        steps - half,
    )
