"""Schedules from values: the named parts of a curve of which only its values are known.

The curve is cut where one part gives way to another, from left to right: at each place every family of curves is fitted
to ever longer windows, and the one that reaches farthest is taken, the simplest of those that reach as far. A family is
``c + a * g(t)``, where g has no number to be found (a line), one (a rate, a timescale) or two (a cosine's length and
phase, a power and its origin). These are estimated in closed form and polished; c and a are then a linear problem. At
last each number is rounded to the fewest digits with which the part still has all its values.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from ..algebra.checks import Count, ScheduleError, accept, brief, demand, refusal
from ..algebra.nodes import Schedule, Time, lift
from ..library.combinators import cycle, join, reverse
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
    replay,
    step_decay,
)
from ..library.recipes import power

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Numbers: TypeAlias = tuple[float, ...]

DOUBLE, SINGLE = 9e-13, 3.9 * 2.0**-23  # of the peak: what rounding is allowed
_FIRST = 8  # points of the first window
_WIDE = 512  # points, after which a simple family is taken at once
_SEEN = 48  # points that a curve is fitted to
_NEAR = 1e-6  # steps: an origin that is as near to a window as that is its end
_HUGE = 1e100  # where a shape is of no use
_BLIND = 64  # points, up to which windows that do not fit are no reason to stop, if values are rounded
_MOST = 100  # parts; the rest is a recording


def from_callable(f: Any, steps: int | None = None, *, digits: int | None = None) -> Schedule:
    """``s(t) == f(t)`` for t = 0, 1, ..., `steps` - 1, within rounding: an expression in named schedules.

    It is found from the values alone: knots where one curve gives way to another, and for each part the simplest that
    fits of a constant, a line, an exponential, a cosine, and powers (polynomials, 1-sqrt, inverse square roots) or
    logarithms; else the part is a `replay`. Levels that drop evenly are a `step_decay`, and what repeats is a `cycle`.
    Numbers are rounded as far as the values allow.

    Args:
        f: a callable of the step: the lambda of a ``LambdaLR``, an Optax function; or its values, as of a log.
        steps: how many values; None for all of an array.
        digits: to how many significant digits the values were printed; None for those of float64 or float32, which the
            values themselves show.

    Returns:
        A schedule, equal to the source within ``1e-12`` of the largest value (4 float32 ulp, half a digit).

    Raises:
        ScheduleError: `steps` is missing or no whole number above zero, or a value is no finite number.

    >>> import math
    >>> from_callable(lambda t: 1e-3 * min(t / 100, 0.5 * (1 + math.cos(math.pi * (t - 100) / 900))), 1_000)
    linear(0.0, 0.001, 100) >> cosine(0.001, 0.0, 900)
    >>> from_callable([0.1] * 30 + [0.05] * 30 + [0.025] * 30)
    step_decay(0.1, 0.5, 30)
    """
    values = _values(f, steps)
    if digits is not None:
        return _recognised(values, _printed(values, accept(Count, "from_callable", "digits", digits)))[0]
    peak = float(np.abs(values).max()) or 1.0
    found, replayed = _recognised(values, np.full(len(values), DOUBLE * peak))
    if replayed and np.array_equal(values, values.astype(np.float32)):
        found, replayed = _recognised(values, np.full(len(values), SINGLE * peak))
    return found


def _values(f: Any, steps: int | None) -> Array:
    given: Any = f
    if callable(f):
        count = accept(Count, "from_callable", "steps", steps)
        given = f.values(count) if isinstance(f, Schedule) else [float(cast("Any", f)(t)) for t in range(count)]
    try:
        values = np.asarray(given, float)
    except (TypeError, ValueError):
        raise refusal("from_callable", "f", f, "this is a callable of the step, or a list of numbers") from None
    demand(values.ndim == 1 and len(values) > 0, "from_callable", "f", f, "one value a step, at least one")
    if steps is not None:
        demand(len(values) >= steps, "from_callable", "steps", steps, f"there are {len(values)} values")
        values = values[:steps]
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ScheduleError(f"from_callable: f={brief(f)}: f({bad[0]}) is {values[bad[0]]}; values are finite numbers")
    return values


def _printed(values: Array, digits: int) -> Array:
    """Half a unit in the last digit of each value."""
    exponents = np.floor(np.log10(np.where(values == 0, 1.0, np.abs(values))))
    slack = 1e-9 * float(np.abs(values).max())  # of what was rounded twice
    return np.where(values == 0, 0.0, 0.5 * 10.0 ** (exponents - digits + 1)) * (1 + 1e-9) + slack * 10.0**-digits


def _recognised(values: Array, bound: Array) -> tuple[Schedule, bool]:
    with np.errstate(all="ignore"):  # a guess may lead anywhere
        return _found(values, bound)


# -- the whole -----------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A part: its first place, the place after its last, and its curve, if it has one."""

    begin: int
    end: int
    fit: "_Fit | None"


def _found(values: Array, bound: Array) -> tuple[Schedule, bool]:
    """The expression, and whether anything in it is but replayed."""
    period = _period(values, bound)
    if period:
        found, replayed = _found(values[:period], bound[:period])
        short = period - found.steps
        whole = (
            found[:period] if short < 0 else join(found, constant(found(found.steps), steps=short)) if short else found
        )
        return _checked(cycle(whole), values, bound), replayed
    parts = _gathered(_parts(values, bound))
    stairs = _stairs(parts, values, bound)
    if stairs is not None:
        return stairs, False
    pieces = [_written(part, values, bound, part is parts[-1]) for part in parts]
    return _checked(join(*pieces), values, bound), any(part.fit is None for part in parts)


def _agrees(s: Schedule, values: Array, bound: Array) -> bool:
    return bool(np.all(np.abs(s.values(len(values)) - values) <= bound * 1.01))


def _checked(s: Schedule, values: Array, bound: Array) -> Schedule:
    """`s`, or a recording where it is off anywhere."""
    return s if _agrees(s, values, bound) else replay(values.tolist())


def _period(values: Array, bound: Array) -> int:
    """After how many steps the values come again, at least twice; 0 if they do not."""
    if len(values) < 4 or np.ptp(values) <= 2 * bound.max():
        return 0
    head = values[: max(2, min(4, len(values) // 4))]
    places = np.arange(2, len(values) // 2 + 1)
    near = places[np.abs(values[places] - head[0]) <= 2 * bound[places]]
    for place in near[:64].tolist():
        if np.all(np.abs(values[place:] - values[:-place]) <= 2 * bound[place:]):
            return place if np.ptp(values[:place]) > 2 * bound.max() else 0
    return 0


def _parts(values: Array, bound: Array) -> list[_Part]:
    """The parts from left to right. A knot belongs to both sides if the later curve goes through it too."""
    parts: list[_Part] = []
    place, count = 0, len(values)
    while place < count and len(parts) < _MOST:
        long = bool(parts) and parts[-1].end - parts[-1].begin > 1
        begin = place - 1 if long and not _jumps(values, bound, place) else place
        fit, reach = _farthest(values[begin:], bound[begin:])
        end = begin + reach
        if begin < place and reach < _FIRST:  # it may have jumped
            other, reach = _farthest(values[place:], bound[place:])
            if place + reach > end or end - begin <= 2:
                fit, begin, end = other, place, place + reach
        if long:
            begin, fit = _pulled(parts[-1].begin, (begin, end), fit, values, bound)
        if parts and begin < parts[-1].end:
            parts[-1] = parts[-1]._replace(end=begin)
        if end - begin < 3 and not fit.family.level:
            fit = _Fit(_LEVEL, (), values[begin], 0.0)
            end = begin + 1
        parts.append(_Part(begin, end, fit))
        place = end
    if place < count:
        parts.append(_Part(place, count, None))
    return [part for part in parts if part.end > part.begin]


def _jumps(values: Array, bound: Array, place: int) -> bool:
    """Whether the values stay from a place on, and come from elsewhere."""
    ahead = values[place : place + _FIRST]
    level = len(ahead) == _FIRST and bool(np.all(np.abs(ahead - ahead[0]) <= bound[place]))
    return level and abs(values[place - 1] - ahead[0]) > 2 * bound[place]


def _pulled(before: int, span: tuple[int, int], fit: "_Fit", values: Array, bound: Array) -> tuple[int, "_Fit"]:
    """Where a curve really begins, if the one before reaches a little into it: at its own origin."""
    begin, end = span
    origin = fit.origin
    back = round(origin) if origin is not None else 0
    first = begin - back
    if back <= 0 or abs(origin or 0.0) > 0.4 * (end - begin) or first <= before:
        return begin, fit
    moved = fit.family.fit(values[first:end], bound[first:end])
    held = moved if moved is not None and _fits(moved, values[first:end], bound[first:end]) else None
    return (first, held) if held is not None else (begin, fit)


def _gathered(parts: list[_Part]) -> list[_Part]:
    """Places that have nothing in common, one by one, are one recording."""
    found: list[_Part] = []
    run: list[_Part] = []
    for part in [*parts, None]:
        if part is not None and (part.end - part.begin == 1 or part.fit is None):
            run.append(part)
            continue
        few = len(run) < 4 and all(part.fit for part in run)
        found += run if few else [_Part(run[0].begin, run[-1].end, None)]
        run = []
        if part is not None:
            found.append(part)
    return found


def _stairs(parts: Sequence[_Part], values: Array, bound: Array) -> Schedule | None:
    """Levels of one length that change by one factor, as a `step_decay`."""
    levels = [float(values[part.begin]) for part in parts[:2] if part.fit and part.fit.family.level]
    if len(parts) < 3 or len(levels) < 2 or not levels[0]:
        return None
    factor = levels[1] / levels[0]
    for number in _shorter(factor):
        s = step_decay(_sum(levels[0], 0.0), number, parts[0].end)
        if math.isclose(number, factor, rel_tol=1e-4) and _agrees(s, values, bound):
            return s
    return None


# -- families of curves --------------------------------------------------------------------------------------


class _Family(NamedTuple):
    """Curves ``c + a * g(t; numbers)``."""

    name: str
    points: int
    """How many values show that it is this one."""
    shape: Callable[[Array, Numbers], Array]
    guesses: Callable[[Array], Sequence[Numbers]]
    write: Callable[["_Fit", int], Schedule | None]
    level: bool = False
    from_zero: bool = False
    """Whether c is 0."""

    def solved(self, seen: "_Seen", numbers: Numbers) -> "_Fit | None":
        """With the c and the a that fit best."""
        t, values, weights = seen
        if self.level:
            return _Fit(self, (), float(values[0] + values[-1]) / 2, 0.0)
        g = self.shape(t, numbers)
        scale = float(np.abs(g).max())
        if not 0 < scale < _HUGE:
            return None
        if self.from_zero:
            return _Fit(self, numbers, 0.0, float((weights * g) @ (weights * values) / ((weights * g) @ (weights * g))))
        squares = weights**2 / float(weights @ weights)
        middle, mean = float(squares @ g), float(squares @ values)
        spread = squares * (g - middle)
        square = float(spread @ (g - middle))
        if square <= 1e-30 * scale**2:
            return None
        a = float(spread @ (values - mean)) / square
        return _Fit(self, numbers, mean - a * middle, a)

    def fit(self, values: Array, bound: Array, near: Sequence[Numbers] = ()) -> "_Fit | None":
        """The curve that fits best at some of the places, near one of the guesses."""
        places = np.unique(np.linspace(0, len(values) - 1, _SEEN).round().astype(int))
        seen = _Seen(places.astype(float), values[places], bound.max() / bound[places])
        goal = 4e-16 * float(np.abs(values).max())
        best, least = None, math.inf
        for numbers in (*near, *self.guesses(values)):
            if all(map(math.isfinite, numbers)):
                fit = self.polished(seen, numbers) if numbers else self.solved(seen, numbers)
                if fit is not None and (error := fit.error(seen)) < least:
                    best, least = fit, error
                if least <= goal:
                    break
        return best

    def polished(self, seen: "_Seen", numbers: Numbers) -> "_Fit | None":
        """Gauss and Newton: the residue against what a little more of each number would do."""
        t, values, weights = seen
        best = self.solved(seen, numbers)
        for _ in range(6):
            if best is None:
                return None
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


def _with(numbers: Numbers, place: int, number: float) -> Numbers:
    return (*numbers[:place], number, *numbers[place + 1 :])


class _Seen(NamedTuple):
    """Some places of a window, their values, and how much each counts: more where it is known better."""

    t: Array
    values: Array
    weights: Array


class _Fit(NamedTuple):
    """A curve of a family, from the start of a window on."""

    family: _Family
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


def _fits(fit: _Fit | None, values: Array, bound: Array) -> bool:
    return fit is not None and bool(np.all(np.abs(fit.at(len(values)) - values) <= bound))


def _farthest(values: Array, bound: Array) -> tuple[_Fit, int]:
    """The curve that follows the values farthest from the first on, and how many it follows."""
    best, reach = _Fit(_LEVEL, (), float(values[0]), 0.0), 1
    enough = 2 * _FIRST if _sharp(values, bound) else _WIDE
    for family in _FAMILIES:
        fit, end = _reach(family, values, bound)
        if fit is not None and end > reach and end >= family.points:
            best, reach = fit, end
        if reach == len(values) or (reach >= enough and not best.numbers):
            break
    return best, reach


def _sharp(values: Array, bound: Array) -> bool:
    """Whether a few values show what a curve is."""
    return float(bound[0]) < 1e-9 * float(np.abs(values).max())


def _reach(family: _Family, values: Array, bound: Array) -> tuple[_Fit | None, int]:
    """How many values a family follows: in windows twice as long each time, and then by halves."""
    count = len(values)
    best: _Fit | None = None
    good, bad = 0, count + 1
    sharp = _sharp(values, bound)

    def tried(size: int) -> _Fit | None:
        fit = family.fit(values[:size], bound[:size], (best.numbers,) if best else ())
        return fit if _fits(fit, values[:size], bound[:size]) else None

    sizes = [size for size in (family.points, *(_FIRST << power for power in range(40))) if size <= count]
    for size in dict.fromkeys((*sizes, count) if sizes else ()):
        fit = tried(size)
        if fit is not None:
            best, good = fit, size
        elif good or size >= (_FIRST if sharp else _BLIND):
            bad = size
            break
    if best is not None:  # the curve itself shows how far it goes on
        off = ~(np.abs(best.at(count) - values) <= bound)  # NaN where it is not defined
        beyond = int(off.argmax()) if off.any() else count
        good = max(good, min(beyond, bad - 1))
    while best is not None and bad - good > 1 and good < count:
        middle = (good + bad) // 2
        fit = tried(middle)
        best, good, bad = (fit, middle, bad) if fit is not None else (best, good, middle)
    return best, good


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
    m = max(1, (len(values) - 1) // 3)
    bend = values[2 * m :] - 2 * values[m:-m] + values[: -2 * m]
    slope, _ = _ratio(values[m:-m], bend)
    if not -4 < slope < 0:
        return []
    omega = math.acos(1 + slope / 2) / m
    if not omega:
        return []
    t = np.arange(len(values)) * omega
    basis = np.stack([np.ones(len(t)), np.cos(t), np.sin(t)], 1)
    _, even, odd = np.linalg.lstsq(basis, values, rcond=None)[0]
    phase = math.atan2(-odd, even)  # of even * cos(t) + odd * sin(t) = height * cos(t + phase)
    return [(math.pi / omega, phase % math.pi / omega), (math.pi / omega, 0.0)]


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


def _logs(values: Array) -> list[Numbers]:
    slope = (values[2:] - values[:-2]) / 2
    t = np.arange(1.0, len(values) - 1)
    minus, _ = _ratio(slope, t * slope)
    return [(-minus,), (1.0,)]


def _power_shape(t: Array, numbers: Numbers) -> Array:
    """``|t - origin|**p``, on one side of the origin."""
    x = t - numbers[0]
    if -_NEAR < x[0] < 0:
        x = np.maximum(x, 0.0)
    elif 0 < x[-1] < _NEAR:
        x = np.minimum(x, 0.0)
    return np.abs(x) ** numbers[1] if x[0] * x[-1] >= 0 else np.full(t.shape, math.nan)


def _cosine_shape(t: Array, numbers: Numbers) -> Array:
    """From 1 to 0 in so many steps, and no farther."""
    half, phase = numbers
    angle = (t + phase) / half
    if half <= 0 or angle[0] < -1e-9 or angle[-1] > 1 + 1e-6:
        return np.full(t.shape, math.nan)
    return np.where(angle < 0.5, 1 - np.sin(math.pi / 2 * angle) ** 2, np.sin(math.pi / 2 * (1 - angle)) ** 2)


# -- how they are written ------------------------------------------------------------------------------------


def _cut(s: Schedule, start: float, steps: float) -> Schedule:
    if start:
        return s[start : start + steps] if isinstance(start, int) else s[start:][:steps]
    return s if s.steps == steps else s[:steps]


def _write_cosine(fit: _Fit, steps: int) -> Schedule:
    half, phase = map(_tidy, fit.numbers)
    return _cut(cosine(_sum(fit.c, fit.a), fit.c, half), phase, steps)


def _write_exponential(fit: _Fit, steps: int) -> Schedule | None:
    (rate,) = fit.numbers
    end = float(f"{fit.a * rate**steps:.12g}")
    if end and not fit.c and _digits(end) < min(_digits(rate), 7):
        return exponential(fit.a, end, steps)
    return fit.c + exponential_decay(fit.a, rate)[:steps] if rate > 0 else None


def _write_power(fit: _Fit, steps: int) -> Schedule | None:
    origin, exponent = fit.numbers[0], fit.numbers[1]
    before = _tidy(-origin)
    if exponent < 0:
        if before <= 0:
            return None
        height = _sum(0.0, fit.a * before**exponent)
        if exponent == -0.5:
            return fit.c + inverse_sqrt(height, timescale=before)[:steps]
        if exponent == -1:
            return fit.c + inverse_time(height, 1 / before)[:steps]
        return fit.c + power(height, -exponent, timescale=before)[:steps]
    if before > 0 or origin == 0:  # it has risen from its origin
        whole = before + steps
        top = _sum(fit.c, fit.a * whole**exponent)
        rise = one_minus_sqrt(fit.c, top, whole) if exponent == 0.5 else None
        return _cut(rise or reverse(polynomial(top, fit.c, whole, power=exponent)), before, steps)
    return _cut(polynomial(_sum(fit.c, fit.a * origin**exponent), fit.c, _tidy(origin), power=exponent), 0, steps)


def _write_log(fit: _Fit, steps: int) -> Schedule | None:
    (before,) = fit.numbers
    if before <= 0:
        return None
    return (fit.c + fit.a * math.log(before) + fit.a * lift("log1p", Time() / before))[:steps]


def _tidy(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _line(fit: _Fit, steps: int) -> Schedule:
    return linear(fit.c, _sum(fit.c, fit.a * steps), steps)


def _sum(a: float, b: float) -> float:
    """The sum with the fewest digits, within rounding."""
    slack = 4e-16 * max(abs(a), abs(b))
    return next((x for x in _shorter(a + b) if abs(x - (a + b)) <= slack), a + b)


def _digits(number: float) -> int:
    """How many significant digits it takes to write a number."""
    return next(digits for digits in range(1, 18) if float(f"{number:.{digits}g}") == number)


_LEVEL = _Family(
    "constant", 1, lambda t, _: np.ones(t.shape), lambda _: [()], lambda fit, n: constant(fit.c, steps=n), level=True
)
_COSINE = _Family("cosine", 6, _cosine_shape, _waves, _write_cosine)
_FAMILIES = (
    _LEVEL,
    _Family("linear", 3, lambda t, _: t, lambda _: [()], _line),
    _Family("exponential", 4, lambda t, n: n[0] ** t, _rates, _write_exponential, from_zero=True),
    _COSINE,
    _Family("power", 6, _power_shape, _powers, _write_power),
    _Family("logarithm", 5, lambda t, n: np.log(t + n[0]), _logs, _write_log),
    _Family("shifted exponential", 5, lambda t, n: n[0] ** t, _shifted_rates, _write_exponential),
)


def _written(part: _Part, values: Array, bound: Array, last: bool) -> Schedule:
    """A part with its numbers rounded, as a schedule; a recording where that does not have its values."""
    steps, here, near = part.end - part.begin, values[part.begin : part.end], bound[part.begin : part.end]
    if part.fit is not None:
        for fit in (_rounded(part.fit, here, near, steps), part.fit):
            try:
                s = fit.family.write(fit, steps)
            except ScheduleError:
                continue
            if s is not None and _agrees(s, here, near):
                return s if s.steps == steps or last else join(s, constant(s(s.steps), steps=steps - s.steps))
    return replay(here.tolist())


def _rounded(fit: _Fit, values: Array, bound: Array, steps: int) -> _Fit:
    """A curve with the fewest digits: first those that give its form, then its levels, at both of its ends."""
    for place in range(len(fit.numbers)):
        end = float(f"{fit.a * fit.numbers[0] ** steps:.10g}") if fit.family.from_zero else 0.0
        if end and _digits(end) < 7:
            continue  # it is written by its end
        for number in _shorter(fit.numbers[place]):
            seen = _Seen(np.arange(float(steps)), values, bound.max() / bound)
            other = fit.family.solved(seen, _with(fit.numbers, place, number))
            if other is not None and _fits(other, values, bound):
                fit = other
                break
    c, a = fit.c, fit.a
    ends = np.array(_ends(fit, steps))
    first, last = c + a * ends[0], c + a * ends[1]
    for one in _shorter(float(first)):
        if other := _between(fit, ends, (one, float(last)), values, bound):
            fit, first = other, one
            break
    for one in _shorter(float(last)) if not fit.family.from_zero else ():
        if other := _between(fit, ends, (float(first), one), values, bound):
            fit = other
            break
    return fit


def _ends(fit: _Fit, steps: int) -> tuple[float, float]:
    """The shape where a curve is written to start and to end."""
    if fit.family.name == "linear":
        return 0.0, float(steps)
    if fit.family.name != "power":
        return 1.0, 0.0
    origin, exponent = fit.numbers
    if exponent > 0 >= origin:
        return 0.0, (steps - origin) ** exponent
    return abs(origin) ** exponent, 0.0


def _between(fit: _Fit, ends: Array, levels: tuple[float, float], values: Array, bound: Array) -> _Fit | None:
    """The same curve between other levels, if it still has the values."""
    if fit.family.level:
        other = fit._replace(c=levels[0])
    elif ends[0] == ends[1] or not np.all(np.isfinite(ends)):
        return None
    else:
        a = (levels[1] - levels[0]) / float(ends[1] - ends[0])
        other = fit._replace(c=levels[0] - a * float(ends[0]), a=a)
        if ends[1] == 0:
            other = other._replace(c=levels[1])
    return other if _fits(other, values, bound) else None


def _shorter(number: float) -> list[float]:
    """A number with ever more digits."""
    return list(dict.fromkeys((0.0, *(float(f"{number:.{digits}g}") for digits in range(1, 18)))))
