"""Schedules from values: the named parts of a curve of which only its values are known.

The curve is cut where one part gives way to another, from left to right: at each place every family of curves is fitted
to ever longer windows, and the one that reaches farthest is taken, the simplest of those that reach as far. A family is
``c + a * g(t)``, where g has no number to be found (a line), one (a rate, a timescale) or two (a cosine's length and
phase, a power and its origin). These are estimated in closed form and polished; c and a are then a linear problem. At
last each number is rounded to the fewest digits with which the part still has all its values.
"""

import math
from typing import Any, NamedTuple, cast

import numpy as np

from ..algebra.checks import Count, ScheduleError, accept, brief, demand, refusal
from ..algebra.nodes import Schedule
from ..library.combinators import cycle, every, join
from ..library.curves import (
    constant,
    replay,
    step_decay,
)
from .families import FAMILIES, LEVEL, Array, Family, Fit, fits, rounded, shorter, summed

DOUBLE, SINGLE = 9e-13, 3.9 * 2.0**-23  # of the peak: what rounding is allowed
_FIRST = 8  # points of the first window
_WIDE = 512  # points, after which a simple family is taken at once
_BLIND = 256  # points, up to which windows that do not fit are no reason to stop, if values are rounded
_SLACK = 1.6  # how much farther off a curve may be than the rounded values, before its numbers are rounded
_LEAP = 16  # times the bound: no curve that bends leaves a level or a line so fast
_MOST = 100  # parts; the rest is a recording
_SCRAPS = 24  # parts that say little; what has more of them is no curve of these


def from_callable(f: Any, steps: int | None = None, *, digits: int | None = None) -> Schedule:
    """``s(t) == f(t)`` for t = 0, 1, ..., `steps` - 1, within rounding: an expression in named schedules.

    It is found from the values alone: knots where one curve gives way to another, and for each part the simplest that
    fits of a constant, a line, an exponential, a cosine, and powers (polynomials, 1-sqrt, inverse square roots) or
    logarithms; else the part is a `replay`, as is what comes after 100 parts, or after 24 short ones. Levels
    of one length are a `step_decay` or `every` so many steps of a curve, and what repeats is a `cycle`. Numbers are
    rounded as far as the values allow.

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
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if replayed and np.array_equal(values, single):
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
    """A part: its first place, the place after its last, and its curve, if it has one; or how it is written."""

    begin: int
    end: int
    fit: "Fit | None"
    stairs: Schedule | None = None


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
    loose = bound if _sharp(values, bound) else _SLACK * bound  # what fits best is not what was rounded
    parts = _gathered(_parts(values, loose))
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
    while place < count and len(parts) < _MOST and sum(_scrap(part, count) for part in parts) < _SCRAPS:
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
            fit = Fit(LEVEL, (), values[begin], 0.0)
            end = begin + 1
        stairs = None
        if fit.family.level and end - begin > 1 and (reach := _levels(values[begin:], bound[begin:], end - begin)):
            stairs = _stairs(values[begin : begin + reach], bound[begin : begin + reach], end - begin)
            end = begin + reach if stairs else end
        parts.append(_Part(begin, end, fit, stairs))
        place = end
    if place < count:
        parts.append(_Part(place, count, None))
    return [part for part in parts if part.end > part.begin]


def _scrap(part: _Part, count: int) -> bool:
    """Whether a part says little: a curve of hardly more values than numbers that give it, or a hundredth of all."""
    level = part.fit is not None and part.fit.family.level and part.stairs is None
    few = _FIRST if level else max(3 * _FIRST, count // _MOST)
    return part.end - part.begin < few


def _jumps(values: Array, bound: Array, place: int) -> bool:
    """Whether the values stay from a place on, and come from elsewhere."""
    ahead = values[place : place + _FIRST]
    level = len(ahead) == _FIRST and bool(np.all(np.abs(ahead - ahead[0]) <= bound[place]))
    return level and abs(values[place - 1] - ahead[0]) > 2 * bound[place]


def _pulled(before: int, span: tuple[int, int], fit: "Fit", values: Array, bound: Array) -> tuple[int, "Fit"]:
    """Where a curve really begins, if the one before reaches a little into it: at its own origin."""
    begin, end = span
    origin = fit.origin
    back = round(origin) if origin is not None else 0
    first = begin - back
    if back <= 0 or abs(origin or 0.0) > 0.4 * (end - begin) or first <= before:
        return begin, fit
    moved = fit.family.fit(values[first:end], bound[first:end])
    held = moved if moved is not None and fits(moved, values[first:end], bound[first:end]) else None
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


def _levels(values: Array, bound: Array, steps: int) -> int:
    """How many of the first values are levels of so many steps, three or more of them, each apart from the next."""
    count = len(values) // steps
    blocks, near = (x[: count * steps].reshape(count, steps) for x in (values, 2 * bound))
    broken = np.flatnonzero(np.ptp(blocks, 1) > near[:, 0])
    joined = np.flatnonzero(np.abs(np.diff(blocks[:, 0])) <= near[1:, 0])
    count = min([count, *broken[:1].tolist(), *joined[:1].tolist()])
    rest = values[count * steps :]
    ends = len(rest) < steps and bool(np.all(np.abs(rest - rest[:1]) <= 2 * bound[count * steps :]))
    return (len(values) if ends else count * steps) if count > 2 else 0


def _stairs(values: Array, bound: Array, steps: int) -> Schedule | None:
    """Levels of so many steps: a `step_decay`, or any other curve at `every` so many."""
    factor = float(values[steps] / values[0]) if values[0] else 0.0
    for number in shorter(factor):
        if number and math.isclose(number, factor, rel_tol=1e-4):
            s = step_decay(summed(float(values[0]), 0.0), number, steps)
            if _agrees(s, values, bound):
                return s
    levels, replayed = _found(values[::steps], bound[::steps])
    return None if replayed else every(levels, steps)


def _farthest(values: Array, bound: Array) -> tuple[Fit, int]:
    """The curve that follows the values farthest from the first on, and how many it follows."""
    best, reach = Fit(LEVEL, (), float(values[0]), 0.0), 1
    for family in FAMILIES:
        fit, end = _reach(family, values, bound, reach)
        if fit is not None and end > reach and end >= family.points:
            best, reach = fit, end
        simple = not best.numbers and reach >= 2 * _FIRST
        if reach == len(values) or (simple and (reach >= _WIDE or _leaps(best, values, bound, reach))):
            break
    return best, reach


def _leaps(fit: Fit, values: Array, bound: Array, place: int) -> bool:
    """Whether it is plain that a curve ends here: the next value is far off, or a few values show what a curve is."""
    off = abs(float(fit.values(np.array([float(place)]))[0]) - values[place])
    return bool(off > _LEAP * bound[place]) or _sharp(values, bound)


def _sharp(values: Array, bound: Array) -> bool:
    """Whether a few values show what a curve is."""
    return float(bound.max()) < 1e-9 * float(np.abs(values).max())


def _reach(family: Family, values: Array, bound: Array, least: int) -> tuple[Fit | None, int]:
    """How many values a family follows, if more than the least: in windows twice as long each time, then by halves."""
    count = len(values)
    best: Fit | None = None
    good, bad = 0, count + 1
    sharp = _sharp(values, bound)

    def tried(size: int) -> Fit | None:
        near = (tuple(map(float, map(round, best.numbers))), best.numbers) if best else ()
        fit = family.fit(values[:size], bound[:size], near)
        return fit if fits(fit, values[:size], bound[:size]) else None

    sizes = [size for size in (family.points, *(_FIRST << power for power in range(40))) if size <= count]
    for size in dict.fromkeys((*sizes, count) if sizes else ()):
        fit = tried(size)
        if fit is not None:
            best, good = fit, size
        elif size >= (_FIRST if sharp else _BLIND):
            bad = size
            break
    if best is not None:  # the curve itself shows how far it goes on
        off = ~(np.abs(best.at(count) - values) <= bound)  # NaN where it is not defined
        beyond = int(off.argmax()) if off.any() else count
        good = max(good, min(beyond, bad - 1))
    while best is not None and bad - good > 1 and good < count:
        middle = max((good + bad) // 2, min(least + 1, bad - 1))
        fit = tried(middle)
        if fit is None and middle <= least + 1:
            break
        best, good, bad = (fit, middle, bad) if fit is not None else (best, good, middle)
    return best, good


def _written(part: _Part, values: Array, bound: Array, last: bool) -> Schedule:
    """A part with its numbers rounded, as a schedule; a recording where that does not have its values."""
    steps, here, near = part.end - part.begin, values[part.begin : part.end], bound[part.begin : part.end]
    if part.stairs is not None and _agrees(part.stairs, here, near):
        return part.stairs if last else part.stairs[:steps]
    if part.fit is not None:
        tries = (rounded(part.fit, here, slack * near, steps) for slack in (1.0, _SLACK))
        for fit in (*tries, part.fit):
            try:
                s = fit.family.write(fit, steps)
            except ScheduleError:
                continue
            if s is not None and _agrees(s, here, near):
                return s if s.steps == steps or last else join(s, constant(s(s.steps), steps=steps - s.steps))
    return replay(here.tolist())
