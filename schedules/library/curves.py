"""Curves: the shapes that everything else is composed of.

A curve from `start` to `end` weighs the two: ``start * fall(t) + end * rise(t)``, where rise goes from 0 to
1 and fall = 1 - rise. Each weight is counted from the end where it vanishes, so that a decay keeps its
relative accuracy down to its last step, where ``1 - rise`` would have nothing but rounding left.
"""

import math
from collections.abc import Callable

from ..algebra.checks import (
    Count,
    Endless,
    Function,
    Milestones,
    Period,
    Points,
    Positive,
    Record,
    Steps,
    Switch,
    Value,
    Values,
    demand,
    whole,
)
from ..algebra.lists import after, counted, length
from ..algebra.named import checked, named
from ..algebra.nodes import Constant, Join, Schedule, Time, Warp, lasting_constant, lift
from ..algebra.ops import turns
from .recording import Recording, fractal_order
from .weights import blended, lasting, one_minus_power, sine_squared, two_halves


@checked
def constant(value: Value, *, steps: Endless | None = None) -> Schedule:
    """``s(t) = value``, for `steps` steps.

    Without `steps` it has no length of its own: a fine last part of a join, and an error before one.

    Args:
        value: the value everywhere (a learning rate, say).
        steps: the duration in steps; inf makes it endless.

    Raises:
        ScheduleError: the value is not finite, or the duration is negative.

    >>> constant(0.1, steps=100) >> constant(0.01)
    constant(0.1, steps=100) >> constant(0.01)
    """
    return Constant(value) if steps is None else lasting_constant(value, steps)


@named
def linear(start: Value, end: Value, steps: Steps) -> Schedule:
    """``s(t) = start * (n - t)/n + end * t/n`` for n = `steps`.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps; with 0 it is `end` at once.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative or not finite.

    >>> linear(0.1, 0.0, 4)([0, 1, 2, 3, 4])
    array([0.1  , 0.075, 0.05 , 0.025, 0.   ])
    """
    return blended(start, end, steps, lambda t, n: t / n, lambda t, n: (n - t) / n)


@named
def polynomial(start: Value, end: Value, steps: Steps, *, power: Positive = 1.0) -> Schedule:
    """``s(t) = end + (start - end) * ((n - t)/n)**power`` for n = `steps`.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps.
        power: the exponent, above zero; 1 is a straight line.

    Raises:
        ScheduleError: a value is not finite, the duration is negative, or the power is not positive.

    Source: the "poly" policy of DeepLab (Chen et al. 2016, arXiv:1606.00915), power 0.9.

    >>> polynomial(0.1, 0.0, 10, power=2.0)(5)
    0.025
    """
    return blended(
        start, end, steps, lambda _, n: one_minus_power(n, power), lambda t, n: lift("pow", (n - t) / n, power)
    )


@named
def cosine(start: Value, end: Value, steps: Steps) -> Schedule:
    """``s(t) = end + (start - end) * (1 + cos(pi*t/n))/2`` for n = `steps`.

    Computed as ``start * sin(pi/2 * (n-t)/n)**2 + end * sin(pi/2 * t/n)**2``, which is the same and does not
    cancel near the end.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative or not finite.

    Source: Loshchilov and Hutter 2017, SGDR (arXiv:1608.03983), equation 5, without restarts.

    >>> cosine(0.1, 0.0, 100)([0, 50, 100])
    array([0.1 , 0.05, 0.  ])
    """

    def weight(count: Schedule, n: float) -> Schedule:
        return sine_squared(count * (math.pi / 2 / n))

    return blended(start, end, steps, weight, lambda t, n: weight(n - t, n))


@named
def exponential(start: Value, end: Value, steps: Steps) -> Schedule:
    """``s(t) = start * (end/start)**(t/n)`` for n = `steps`: geometric interpolation.

    Each half is counted from its own end: ``end * (start/end)**((n - t)/n)`` in the second.

    Args:
        start: the value at step 0, not zero.
        end: the value from step `steps` on, exactly; of the same sign as `start`.
        steps: the duration in steps.

    Raises:
        ScheduleError: start and end are not of one sign (no power of a ratio leads to zero or across it).

    >>> exponential(1.0, 0.01, 2)([0, 1, 2])
    array([1.  , 0.1 , 0.01])
    """
    for name, value in (("start", start), ("end", end)):
        demand(value != 0, "exponential", name, value, "no ratio leads to or from zero; use a small value instead")
    demand((start > 0) == (end > 0), "exponential", "end", end, f"it needs the sign of start={start!r}")

    def ratio(base: float, other: float, n: float) -> Callable[[Schedule], Schedule]:
        return lambda count: base * lift("pow", other / base, count / n)

    def both(_: Schedule, n: float) -> Schedule:
        rest = whole(turns(n, 2))  # none of a single step, whose start and end are then exact all the same
        return two_halves(ratio(start, end, n), ratio(end, start, n), n - rest, rest)

    return lasting(steps, end, both)


@named
def one_minus_sqrt(start: Value, end: Value, steps: Steps) -> Schedule:
    """``s(t) = start + (end - start) * sqrt(t/n)`` for n = `steps`: the 1-sqrt cooldown of WSD.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative or not finite.

    Source: Haegele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations
    (arXiv:2405.18392), equation 1.

    >>> one_minus_sqrt(1.0, 0.0, 100)([0, 25, 100])
    array([1. , 0.5, 0. ])
    """

    def rise(t: Schedule, n: float) -> Schedule:
        return lift("sqrt", t / n)

    return blended(start, end, steps, rise, lambda t, n: (n - t) / n / (1 + rise(t, n)))


@named
def tanh_decay(start: Value, end: Value, steps: Steps, *, lower: Value = -6.0, upper: Value = 3.0) -> Schedule:
    """``s(t) = end + (start - end)/2 * (1 - tanh(lower + (upper - lower) * t/n))`` for n = `steps`.

    The two values are asymptotes: with the usual bounds it begins 6e-6 of the way and stops 0.25% short.

    Args:
        start: the value that it comes from.
        end: the value that it tends to.
        steps: the duration in steps.
        lower: the argument of tanh at step 0.
        upper: the argument of tanh at step `steps`.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative or not finite.

    Source: Hsueh, Li and Wu 2019, Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification
    (arXiv:1806.01593), equation 3.

    >>> round(tanh_decay(1.0, 0.0, 90)(60), 6)
    0.5
    """

    def logistic(end: float, count: Schedule, n: float) -> Schedule:
        return 1 / (1 + lift("exp", 2 * end) * lift("exp", count * (2 * (lower - upper) / n)))

    return blended(start, end, steps, lambda t, n: logistic(-lower, t, n), lambda t, n: logistic(upper, n - t, n))


@named
def rex(start: Value, end: Value, steps: Steps) -> Schedule:
    """``s(t) = end + (start - end) * z / (1/2 + z/2)`` for z = (n - t)/n and n = `steps`.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative or not finite.

    Source: Chen, Wolfe and Kyrillidis 2022, REX: Revisiting Budgeted Training with an Improved Schedule
    (arXiv:2107.04197), section 3.

    >>> rex(1.0, 0.0, 10)(5)
    0.6666666666666666
    """

    def rise(t: Schedule, n: float) -> Schedule:
        return t / (n + (n - t))

    def fall(t: Schedule, n: float) -> Schedule:
        left = n - t
        return 2 * left / (n + left)

    return blended(start, end, steps, rise, fall)


@named
def k_decay(start: Value, end: Value, steps: Steps, *, k: Positive = 1.0) -> Schedule:
    """``s(t) = end + (start - end) * (1 + cos(pi * (t/n)**k))/2`` for n = `steps`.

    Args:
        start: the value at step 0.
        end: the value from step `steps` on, exactly.
        steps: the duration in steps.
        k: the order; 1 is `cosine`, more stays high for longer.

    Raises:
        ScheduleError: a value is not finite, the duration is negative, or k is not positive.

    Source: Zhang and Li 2020, k-decay: A New Method for Learning Rate Schedule (arXiv:2004.05909), with the
    cosine of timm's ``k_decay`` option.

    >>> k_decay(1.0, 0.0, 100, k=2.0)(50) == cosine(1.0, 0.0, 100)(25)
    True
    """

    def fall(t: Schedule, n: float) -> Schedule:
        return sine_squared(math.pi / 2 * Warp(one_minus_power(n, k), n - t, n))

    return blended(start, end, steps, lambda t, n: sine_squared(math.pi / 2 * lift("pow", t / n, k)), fall)


@named
def exponential_decay(start: Value, rate: Positive, *, every: Period = 1) -> Schedule:
    """``s(t) = start * rate**(t/every)``, endless.

    Args:
        start: the value at step 0.
        rate: the factor gained in `every` steps.
        every: the steps in which it is gained.

    Raises:
        ScheduleError: the rate or `every` is not positive.

    >>> exponential_decay(1.0, 0.5, every=10)([0, 10, 20])
    array([1.  , 0.5 , 0.25])
    """
    return start * lift("geometric", rate, Time(), every)


@named
def inverse_sqrt(start: Value, *, timescale: Period) -> Schedule:
    """``s(t) = start * sqrt(timescale / (timescale + t))``, endless.

    After a warmup of W = `timescale` steps this is ``peak * sqrt(W / step)`` of the step since the start of
    training, the decay of the Transformer: ``linear(0.0, peak, W) >> inverse_sqrt(peak, timescale=W)``.

    Args:
        start: the value at step 0.
        timescale: the steps after which it has fallen by the square root of two.

    Raises:
        ScheduleError: the timescale is not positive.

    Source: Vaswani et al. 2017, Attention Is All You Need (arXiv:1706.03762), equation 3.

    >>> inverse_sqrt(1.0, timescale=100)([0, 300])
    array([1. , 0.5])
    """
    return start * lift("sqrt", timescale / (timescale + Time()))


@named
def inverse_time(start: Value, rate: Positive, *, every: Period = 1) -> Schedule:
    """``s(t) = start / (1 + rate * t/every)``, endless.

    Args:
        start: the value at step 0.
        rate: how fast it falls, per `every` steps.
        every: the steps that `rate` counts.

    Raises:
        ScheduleError: the rate or `every` is not positive.

    >>> inverse_time(1.0, 0.5)([0, 2, 6])
    array([1.  , 0.5 , 0.25])
    >>> inverse_time(1.0, 0.5, every=100)([0, 200, 600])
    array([1.  , 0.5 , 0.25])
    """
    return start / (1 + rate * (Time() / every))


@named
def step_decay(start: Value, factor: Value, every: Period) -> Schedule:
    """``s(t) = start * factor**floor(t/every)``, endless.

    Args:
        start: the value at step 0.
        factor: what multiplies it at each drop.
        every: the steps between drops.

    Raises:
        ScheduleError: `every` is not positive.

    >>> step_decay(1.0, 0.5, 10)([9, 10, 20])
    array([1.  , 0.5 , 0.25])
    """
    return start * lift("pow", factor, Time() // every)


@named
def multistep(start: Value, factor: Value, milestones: Milestones) -> Schedule:
    """``s(t) = start * factor**(how many milestones are <= t)``, endless.

    Args:
        start: the value before the first milestone.
        factor: what multiplies it at each milestone; twice at one that is listed twice.
        milestones: steps, in ascending order.

    Raises:
        ScheduleError: the milestones are not steps >= 0 in ascending order.

    >>> multistep(1.0, 0.5, [10, 20])([9, 10, 20])
    array([1.  , 0.5 , 0.25])
    """
    return _levels(lambda count: start * factor**count, milestones)


@named
def piecewise(values: Values, boundaries: Milestones) -> Schedule:
    """``s(t) = values[how many boundaries are <= t]``, endless.

    Args:
        values: one more than the boundaries.
        boundaries: the steps at which the next value starts, in ascending order.

    Raises:
        ScheduleError: the boundaries are not ascending steps >= 0, or not one fewer than the values.

    >>> piecewise([0.1, 0.01], [100])([99, 100])
    array([0.1 , 0.01])
    """
    demand(
        length(values) == length(boundaries) + 1,
        "piecewise",
        "boundaries",
        boundaries,
        f"{length(values)} values have {length(values) - 1} boundaries between them",
    )
    return _levels(values.__getitem__, boundaries)


@named
def interpolate(points: Points) -> Schedule:
    """The straight lines through `points`, each a (step, value) pair; the first value holds before them.

    Two points at one step make a jump, at which the later value counts.

    Args:
        points: (step, value) pairs in ascending order of steps.

    Raises:
        ScheduleError: the list is empty, or the steps are not ascending and >= 0.

    >>> interpolate([(0, 0.0), (10, 1.0), (30, 0.0)])([5, 10, 20])
    array([0.5, 1. , 0.5])
    """

    def line(k: int) -> Schedule:
        (begin, a), (end, b) = points[k], points[k + 1]
        return linear(a, b, end - begin)

    first, value = points[0]
    return Join((constant(value, steps=first), *counted(length(points) - 1, line)))


@named
def replay(values: Record, *, interpolate: Switch = True) -> Schedule:
    """``s(i) = values[i]`` at whole steps i, straight lines between them, for ``len(values)`` steps.

    Args:
        values: one value a step.
        interpolate: False keeps each value until the next whole step.

    Raises:
        ScheduleError: the list is empty, or a value is not finite.

    >>> replay([0.0, 1.0, 0.0])([0.5, 1, 9])
    array([0.5, 1. , 0. ])
    """
    return Warp(lift(Recording(values, interpolate), Time()), Time(), length(values))


@named
def custom(fn: Function, *, steps: Endless = math.inf) -> Schedule:
    """``s(t) = fn(t)`` for any Python callable of the step.

    NumPy and PyTorch arrays are given to `fn` number by number, JAX arrays as they are. A callable with a
    method ``on_array(xp, steps)`` is given arrays of any library, with their namespace.

    Args:
        fn: a callable of the step (an ``int`` where the step is one).
        steps: the duration in steps; endless unless given.

    Raises:
        ScheduleError: `fn` is not callable, or the duration is negative.

    >>> custom(lambda step: 0.95**step)(2)
    0.9025
    """
    return Warp(lift(fn, Time()), Time(), steps)


def _levels(value: Callable[[int], float], boundaries: Milestones) -> Schedule:
    knots, last = after(0, boundaries), length(boundaries)

    def level(k: int) -> Schedule:
        return lasting_constant(value(k), whole(boundaries[k] - knots[k]))

    parts = counted(last, level)
    return Join((*parts, lasting_constant(value(last), math.inf)))


@named
def chebyshev(start: Positive, end: Positive, steps: Count, *, fractal: Switch = False) -> Schedule:
    """``s(t) = 1 / cosine(1/start, 1/end, n)(t + 1/2)`` for n = `steps`: the inverse roots of a Chebyshev polynomial.

    Of all n learning rates in a row, these bring gradient descent closest to the minimum of any quadratic whose
    curvatures lie between ``1/start`` and ``1/end`` (twice that of what is stable at once, if ``end = 1/curvature``).
    In their own order rounding errors and noise grow on the way; in the fractal order, where large ones follow small
    ones, they do not.

    Args:
        start: the highest learning rate: the inverse of the least curvature.
        end: the lowest: the inverse of the largest.
        steps: how many steps.
        fractal: whether they come in the fractal order; there are then 1, 2, 4, 8, ... steps.

    Raises:
        ScheduleError: a learning rate is not positive, or a fractal order is asked of other than a power of two.

    Source: Young 1953, On Richardson's method; the fractal order is of Agarwal, Goel and Zhang 2021, Acceleration via
    Fractal Learning Rate Schedules (arXiv:2103.01338), definition 2.

    >>> chebyshev(1.0, 0.1, 4)([0, 3])
    array([0.7448556 , 0.10354692])
    >>> chebyshev(1.0, 0.1, 4, fractal=True)(0) == chebyshev(1.0, 0.1, 4)(0)
    True
    """
    curve = (1 / cosine(1 / start, 1 / end, steps))[0.5 : steps + 0.5]
    if not fractal:
        return curve
    demand(steps & (steps - 1) == 0, "chebyshev", "steps", steps, "a fractal order takes 1, 2, 4, 8, ... steps")
    return Warp(curve, replay(fractal_order(steps), interpolate=False), steps)
