"""Families of curves, fitted to values: what `schedules.analysis.recognise` knows, and how it is written.

A family is ``c + a * g(t; numbers)``. Its numbers are estimated in closed form and polished by the method of Gauss and
Newton; c and a are then a linear problem.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..algebra.nodes import Schedule, Time, lift
from ..library.combinators import cycle, reverse
from ..library.curves import (
    constant,
    cosine,
    exponential,
    exponential_decay,
    inverse_sqrt,
    inverse_time,
    linear,
    one_minus_sqrt,
    polynomial,
    tanh_decay,
)
from ..library.recipes import power

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Numbers: TypeAlias = tuple[float, ...]

_SEEN = 48  # points that a curve is fitted to
_NEAR = 1e-6  # steps: an origin that is as near to a window as that is its end
_FEW = 7  # digits
_POLISHED = 2  # guesses
_HUGE = 1e100  # where a shape is of no use


@dataclass(frozen=True)
class Family:
    """Curves ``c + a * g(t; numbers)``."""

    name: str
    points: int
    """How many values show that it is this one."""
    shape: Callable[[Array, Numbers], Array]
    guesses: Callable[[Array], Sequence[Numbers]]
    write: Callable[["Fit", int], Schedule | None]
    level: bool = False
    from_zero: bool = False
    """Whether c is 0."""

    def solved(self, seen: "_Seen", numbers: Numbers) -> "Fit | None":
        """With the c and the a that fit best."""
        t, values, weights = seen
        if self.level:
            return Fit(self, (), float(values[0] + values[-1]) / 2, 0.0)
        g = self.shape(t, numbers)
        scale = float(np.abs(g).max())
        if not 0 < scale < _HUGE:
            return None
        if self.from_zero:
            return Fit(self, numbers, 0.0, float((weights * g) @ (weights * values) / ((weights * g) @ (weights * g))))
        squares = weights**2 / float(weights @ weights)
        middle, mean = float(squares @ g), float(squares @ values)
        spread = squares * (g - middle)
        square = float(spread @ (g - middle))
        if square <= 1e-30 * scale**2:
            return None
        a = float(spread @ (values - mean)) / square
        return Fit(self, numbers, mean - a * middle, a)

    def fit(self, values: Array, bound: Array, near: Sequence[Numbers] = ()) -> "Fit | None":
        """The curve that fits best at some of the places, near one of the guesses."""
        places = np.unique(np.linspace(0, len(values) - 1, _SEEN).round().astype(int))
        seen = _Seen(places.astype(float), values[places], bound.max() / bound[places])
        goal = 4e-16 * float(np.abs(values).max())
        known = [fit for numbers in near if (fit := self.solved(seen, numbers)) is not None]
        for fit in known:
            if fits(fit, values, bound):
                return fit
        tried = [*known, *(self.solved(seen, numbers) for numbers in self.guesses(values) if _finite(numbers))]
        ranked = sorted((fit.error(seen), place, fit) for place, fit in enumerate(tried) if fit is not None)
        best, least = None, math.inf
        for error, _, fit in ranked[:_POLISHED]:
            better = self.polished(seen, fit) if fit.numbers and error > goal else fit
            if (error := better.error(seen)) < least:
                best, least = better, error
            if least <= goal:
                break
        return best

    def polished(self, seen: "_Seen", best: "Fit") -> "Fit":
        """Gauss and Newton: the residue against what a little more of each number would do."""
        t, values, weights = seen
        for _ in range(6):
            now, error = best.values(t), best.error(seen)
            if error <= 2e-16 * float(np.abs(values).max()):
                break
            columns: list[Array] = []
            for place, number in enumerate(best.numbers):
                step = 1e-6 * (abs(number) or 1.0)
                other = self.solved(seen, _with(best.numbers, place, number + step))
                other = other or self.solved(seen, _with(best.numbers, place, number + (step := -step)))
                if other is None:
                    return best
                columns.append(weights * (other.values(t) - now) / step)
            slopes = np.stack(columns, 1)
            if not np.all(np.isfinite(slopes)):
                return best
            change = np.linalg.lstsq(slopes, weights * (values - now), rcond=None)[0]
            better = self.solved(seen, tuple((best.numbers + change).tolist()))
            if better is None or better.error(seen) >= error:
                break
            slow = better.error(seen) > 0.5 * error
            best = better
            if slow:
                break
        return best


def _finite(numbers: Numbers) -> bool:
    return all(map(math.isfinite, numbers))


def _with(numbers: Numbers, place: int, number: float) -> Numbers:
    return (*numbers[:place], number, *numbers[place + 1 :])


class _Seen(NamedTuple):
    """Some places of a window, their values, and how much each counts: more where it is known better."""

    t: Array
    values: Array
    weights: Array


@dataclass(frozen=True)
class Fit:
    """A curve of a family, from the start of a window on."""

    family: Family
    numbers: Numbers
    c: float
    a: float

    def at(self, count: int) -> Array:
        """Its values at so many steps."""
        return self.values(np.arange(count, dtype=float))

    def values(self, t: Array) -> Array:
        """Its values at times."""
        return self.c + self.a * self.family.shape(t, self.numbers) if self.a else np.full(t.shape, self.c)

    def error(self, seen: "_Seen") -> float:
        """How far it is off, at the worst; inf where it is none."""
        off = (seen.weights * np.abs(self.values(seen.t) - seen.values)).max()
        return float(off) if np.isfinite(off) else math.inf

    @property
    def origin(self) -> float | None:
        """How many steps before its window it began, if it has a beginning of its own."""
        if self.family.name == "cosine":
            return self.numbers[1]
        return -self.numbers[0] if self.family.name == "power" and self.numbers[1] > 0 > self.numbers[0] else None


def fits(fit: Fit | None, values: Array, bound: Array) -> bool:
    """Whether a curve has all the values of a window, within a bound for each."""
    return fit is not None and bool(np.all(np.abs(fit.at(len(values)) - values) <= bound))


def _ratio(a: Array, b: Array) -> tuple[float, float]:
    """The slope and the offset of b against a."""
    spread = a - a.mean()
    slope = float(spread @ (b - b.mean())) / (float(spread @ spread) or math.nan)
    return slope, float(b.mean() - slope * a.mean())


def _rates(values: Array) -> list[Numbers]:
    seen = np.flatnonzero(np.abs(values) > 1e-9 * np.abs(values).max())
    last = int(seen[-1])
    ratio = values[last] / values[0] if last and values[0] else 0.0
    return [(ratio ** (1 / last),)] if ratio > 0 else []


def _shifted_rates(values: Array) -> list[Numbers]:
    m = (len(values) - 1) // 2
    ratio = (values[2 * m] - values[m]) / (values[m] - values[0]) if values[m] != values[0] else -1.0
    return [(ratio ** (1 / m),)] if ratio > 0 and ratio != 1 else []


def _waves(values: Array) -> list[Numbers]:
    """Half a period and a phase in steps: the second difference of a wave is in proportion to its height."""
    found: list[Numbers] = []
    for m in {1, max(1, (len(values) - 1) // 3)}:  # a short one for quick waves, a long one for slow ones
        slope, _ = _ratio(values[m:-m], values[2 * m :] - 2 * values[m:-m] + values[: -2 * m])
        omega = math.acos(max(1 + slope / 2, -1.0)) / m if slope < 0 else 0.0
        if omega:
            t = np.arange(len(values)) * omega
            basis = np.stack([np.ones(len(t)), np.cos(t), np.sin(t)], 1)
            _, even, odd = np.linalg.lstsq(basis, values, rcond=None)[0]
            phase = math.atan2(-odd, even)  # of even * cos(t) + odd * sin(t) = height * cos(t + phase)
            found += [(math.pi / omega, phase % math.pi / omega), (math.pi / omega, 0.0)]
    return found


def _powers(values: Array) -> list[Numbers]:
    """An origin and an exponent: ``v' (t - origin) = p (v - c)``; and those that a transform makes a line."""
    t = np.arange(len(values), dtype=float)
    guesses: list[Numbers] = []
    span = len(values) - 1
    if np.all(values > 0) or np.all(values < 0):
        for power_ in (-0.5, -1.0):
            slope, offset = _ratio(t, np.abs(values) ** (1 / power_))
            guesses.append((-offset / slope if slope else math.nan, power_))
    square, linear_, offset = np.linalg.lstsq(
        np.stack([values, t, np.ones(len(t))], 1) / [float(np.abs(values).max()) or 1.0, span, 1.0],
        values**2,
        rcond=None,
    )[0]
    a, b = square / (float(np.abs(values).max()) or 1.0) / 2, linear_ / span
    guesses.append((-(offset + a * a) / b if b else math.nan, 0.5))
    m = max(1, span // 16)
    slope = (values[2 * m :] - values[: -2 * m]) / (2 * m)
    inner, times = values[m:-m], t[m:-m]
    top, fast = float(np.abs(inner).max()) or 1.0, float(np.abs(slope).max()) or 1.0
    columns = np.stack([slope / fast, inner / top, np.ones(len(inner))], 1)
    origin, exponent, _ = np.linalg.lstsq(columns, times * slope / fast, rcond=None)[0]
    guesses.append((float(origin), float(exponent) * fast / top))
    guesses += [(float(span), 2.0), (float(origin), 2.0)]
    return guesses


def _bends(values: Array) -> list[Numbers]:
    """The argument of a tanh at first, and how fast it grows: the slope is a parabola in the value."""
    m = max(1, (len(values) - 1) // 8)
    slope, inner = (values[2 * m :] - values[: -2 * m]) / (2 * m), values[m:-m]
    top = float(np.abs(inner).max()) or 1.0
    columns = np.stack([np.ones(len(inner)), inner / top, (inner / top) ** 2], 1)
    at_zero, tilt, bend = np.linalg.lstsq(columns, slope, rcond=None)[0] * [1.0, 1 / top, 1 / top**2]
    rate = math.sqrt(max(tilt * tilt / 4 - at_zero * bend, 0.0))  # the slope is rate * a * (1 - ((v - c) / a)**2)
    start = -(bend * values[0] + tilt / 2) / rate if rate else math.nan  # (v - c) / a
    return [(math.atanh(start), rate)] if abs(start) < 1 else []


def _logs(values: Array) -> list[Numbers]:
    slope = (values[2:] - values[:-2]) / 2
    t = np.arange(1.0, len(values) - 1)
    minus, _ = _ratio(slope, t * slope)
    return [(-minus,), (1.0,)]


def _power_shape(t: Array, numbers: Numbers) -> Array:
    """``|(t - origin) / unit|**p``, on one side of the origin."""
    x = t - numbers[0]
    if -_NEAR < x[0] < 0:
        x = np.maximum(x, 0.0)
    elif 0 < x[-1] < _NEAR:
        x = np.minimum(x, 0.0)
    return np.abs(x / _unit(numbers[0])) ** numbers[1] if x[0] * x[-1] >= 0 else np.full(t.shape, math.nan)


def _unit(origin: float) -> float:
    """What times are measured by, so that no power of them overflows."""
    return max(1.0, abs(origin))


def _cosine_shape(t: Array, numbers: Numbers) -> Array:
    """From 1 to 0 in so many steps, and up and down for ever: each time from the nearer end."""
    half, phase = numbers
    if half <= 0:
        return np.full(t.shape, math.nan)
    angle = np.abs(((t + phase) / half + 1) % 2 - 1)
    return np.where(angle < 0.5, 1 - np.sin(math.pi / 2 * angle) ** 2, np.sin(math.pi / 2 * (1 - angle)) ** 2)


# -- how they are written ------------------------------------------------------------------------------------


def _cut(s: Schedule, start: float, steps: float) -> Schedule:
    if start:
        return s[start : start + steps] if isinstance(start, int) else s[start:][:steps]
    return s if s.steps == steps else s[:steps]


def _write_cosine(fit: Fit, steps: int) -> Schedule:
    half, phase = map(_tidy, fit.numbers)
    top, low = summed(fit.c, fit.a), fit.c
    fall = cosine(top, low, half)
    return _cut(fall if phase + steps <= half else cycle(fall >> cosine(low, top, half)), phase, steps)


def _write_exponential(fit: Fit, steps: int) -> Schedule | None:
    (rate,) = fit.numbers
    end = float(f"{fit.a * rate**steps:.12g}")
    if abs(end / fit.a) > 1 / _HUGE and not fit.c and _digits(end) < min(_digits(rate), 7):
        return exponential(fit.a, end, steps)
    return fit.c + exponential_decay(fit.a, rate)[:steps] if rate > 0 else None


def _write_power(fit: Fit, steps: int) -> Schedule | None:
    origin, exponent = fit.numbers
    before, unit = _tidy(-origin), _unit(origin)
    if exponent < 0:
        if before <= 0:
            return None
        height = summed(0.0, fit.a * (before / unit) ** exponent)
        if exponent == -0.5:
            return fit.c + inverse_sqrt(height, timescale=before)[:steps]
        if exponent == -1:
            return fit.c + inverse_time(height, 1 / before)[:steps]
        return fit.c + power(height, -exponent, timescale=before)[:steps]
    if before > 0 or origin == 0:  # it has risen from its origin
        whole = before + steps
        top = summed(fit.c, fit.a * (whole / unit) ** exponent)
        rise = one_minus_sqrt(fit.c, top, whole) if exponent == 0.5 else None
        return _cut(rise or reverse(polynomial(top, fit.c, whole, power=exponent)), before, steps)
    return _cut(
        polynomial(summed(fit.c, fit.a * (origin / unit) ** exponent), fit.c, _tidy(origin), power=exponent), 0, steps
    )


def _write_tanh(fit: Fit, steps: int) -> Schedule:
    lower, rate = fit.numbers
    start, end = summed(fit.c, -fit.a), summed(fit.c, fit.a)
    return tanh_decay(start, end, steps, lower=lower, upper=float(f"{lower + rate * steps:.12g}"))


def _write_log(fit: Fit, steps: int) -> Schedule | None:
    (before,) = fit.numbers
    if before <= 0:
        return None
    return (fit.c + fit.a * math.log(before) + fit.a * lift("log1p", Time() / before))[:steps]


def _tidy(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _line(fit: Fit, steps: int) -> Schedule:
    return linear(fit.c, summed(fit.c, fit.a * steps), steps)


def summed(a: float, b: float) -> float:
    """The sum with the fewest digits, within rounding."""
    slack = 4e-16 * max(abs(a), abs(b))
    return next((x for x in shorter(a + b) if abs(x - (a + b)) <= slack), a + b)


def _digits(number: float) -> int:
    """How many significant digits it takes to write a number."""
    return next(digits for digits in range(1, 18) if float(f"{number:.{digits}g}") == number)


LEVEL = Family(
    "constant", 1, lambda t, _: np.ones(t.shape), lambda _: [()], lambda fit, n: constant(fit.c, steps=n), level=True
)
_COSINE = Family("cosine", 6, _cosine_shape, _waves, _write_cosine)
FAMILIES = (
    LEVEL,
    Family("linear", 3, lambda t, _: t, lambda _: [()], _line),
    Family("exponential", 4, lambda t, n: n[0] ** t, _rates, _write_exponential, from_zero=True),
    _COSINE,
    Family("power", 6, _power_shape, _powers, _write_power),
    Family("tanh", 6, lambda t, n: np.tanh(n[0] + n[1] * t), _bends, _write_tanh),
    Family("logarithm", 5, lambda t, n: np.log(t + n[0]), _logs, _write_log),
    Family("shifted exponential", 5, lambda t, n: n[0] ** t, _shifted_rates, _write_exponential),
)


def rounded(fit: Fit, values: Array, bound: Array, steps: int) -> Fit:
    """A curve with the fewest digits: first those that give its form, then its levels, at both of its ends."""
    if fit.family.from_zero and (other := _between_levels(fit, values, bound, steps)):
        return other
    for place in range(len(fit.numbers)):
        for number in shorter(fit.numbers[place]):
            seen = _Seen(np.arange(float(steps)), values, bound.max() / bound)
            other = fit.family.solved(seen, _with(fit.numbers, place, number))
            if other is not None and fits(other, values, bound):
                fit = other
                break
    c, a = fit.c, fit.a
    ends = np.array(_ends(fit, steps))
    first, last = c + a * ends[0], c + a * ends[1]
    for one in shorter(float(first)):
        if other := _between(fit, ends, (one, float(last)), values, bound):
            fit, first = other, one
            break
    for one in shorter(float(last)) if not fit.family.from_zero else ():
        if other := _between(fit, ends, (float(first), one), values, bound):
            fit = other
            break
    return fit


def _between_levels(fit: Fit, values: Array, bound: Array, steps: int) -> Fit | None:
    """An exponential from one number of few digits to another."""
    for start in shorter(fit.a)[1:_FEW]:
        for end in shorter(fit.a * fit.numbers[0] ** steps)[1:_FEW]:
            if start * end > 0:
                other = replace(fit, numbers=((end / start) ** (1 / steps),), a=start)
                if fits(other, values, bound):
                    return other
    return None


def _ends(fit: Fit, steps: int) -> tuple[float, float]:
    """The shape where a curve is written to start and to end."""
    if fit.family.name == "linear":
        return 0.0, float(steps)
    if fit.family.name == "tanh":
        return -1.0, 1.0
    if fit.family.name != "power":
        return 1.0, 0.0
    origin, exponent = fit.numbers
    if exponent > 0 >= origin:
        return 0.0, ((steps - origin) / _unit(origin)) ** exponent
    return (abs(origin) / _unit(origin)) ** exponent, 0.0


def _between(fit: Fit, ends: Array, levels: tuple[float, float], values: Array, bound: Array) -> Fit | None:
    """The same curve between other levels, if it still has the values."""
    if fit.family.level:
        other = replace(fit, c=levels[0])
    elif ends[0] == ends[1] or not np.all(np.isfinite(ends)):
        return None
    else:
        a = (levels[1] - levels[0]) / float(ends[1] - ends[0])
        other = replace(fit, c=levels[0] - a * float(ends[0]), a=a)
        if ends[1] == 0:
            other = replace(other, c=levels[1])
    return other if fits(other, values, bound) else None


def shorter(number: float) -> list[float]:
    """A number with ever more digits."""
    return list(dict.fromkeys((0.0, *(float(f"{number:.{digits}g}") for digits in range(1, 18)))))
