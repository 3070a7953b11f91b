"""Series: sums of ``coefficient * i**k * exp(rate * i)`` over the indices i, in closed form.

Straight lines, powers of a number and the functions sin, cos and exp of straight lines are such sums, and so are sums
and products of these. Adding them up over twice as many indices takes the sums over once as many only:
``S_j(2m) = S_j(m) + exp(rate * m) * sum of C(j, l) * m**(j - l) * S_l(m)``, in which nothing cancels.

Source: Graham, Knuth and Patashnik 1994, Concrete Mathematics, section 2.6 (finite calculus).
"""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..algebra.bounds import active
from ..algebra.nodes import Join, Op, Schedule
from ..evaluate.fold import Clock, Evaluator
from ..evaluate.low_rank import Affine

Key: TypeAlias = tuple[int, Any]


Series: TypeAlias = dict[Key, Any]
"""The coefficient of each power and rate; longer numbers than floats, since what a rate is off by, the sum is, too."""


MAX_TERMS = 64  # of a series; what has more is added up step by step


ZERO, ONE, IMAGINARY = np.clongdouble(0), np.clongdouble(1), np.clongdouble(1j)


def of_number(value: float) -> Series:
    """A number, the same at all indices."""
    return {(0, ZERO): _long(value)}


def of_time(time: Affine) -> Series:
    """A time that runs evenly along the indices."""
    scale = _long(time.factor) / _long(time.divisor)
    return {(0, ZERO): _long(time.first) * scale, (1, ZERO): _long(time.stride) * scale}


def _long(value: float) -> Any:
    return np.longdouble(value) * ONE


def _plus(a: Series, b: Series) -> Series:
    return {key: a.get(key, ZERO) + b.get(key, ZERO) for key in a | b}


def _negative(a: Series) -> Series:
    return {key: -factor for key, factor in a.items()}


def _minus(a: Series, b: Series) -> Series:
    return _plus(a, _negative(b))


def _times(a: Series, b: Series) -> Series | None:
    if len(a) * len(b) > MAX_TERMS:
        return None
    found: Series = {}
    for (power, rate), factor in a.items():
        for (other, further), by in b.items():
            key = power + other, rate + further
            found[key] = found.get(key, ZERO) + factor * by
    return found


def _squared(a: Series) -> Series | None:
    return _times(a, a)


def _over(a: Series, b: Series) -> Series | None:
    divisor = single(b)
    return None if not divisor else {key: factor / divisor for key, factor in a.items()}


def single(a: Series) -> Any:
    """The number that a series is at all indices; None if it varies."""
    varies = any(factor for key, factor in a.items() if key != (0, ZERO))
    return None if varies else a.get((0, ZERO), ZERO)


def _exponential(a: Series, rate: Any = ONE) -> Series | None:
    """``exp(rate * a)`` of a straight line."""
    if not a.keys() <= {(0, ZERO), (1, ZERO)}:
        return None
    return {(0, a.get((1, ZERO), ZERO) * rate): np.exp(a.get((0, ZERO), ZERO) * rate)}


def _sine(a: Series) -> Series | None:
    up, down = _exponential(a, IMAGINARY), _exponential(a, -IMAGINARY)
    return None if up is None or down is None else _over(_minus(up, down), {(0, ZERO): 2 * IMAGINARY})


def _cosine(a: Series) -> Series | None:
    up, down = _exponential(a, IMAGINARY), _exponential(a, -IMAGINARY)
    return None if up is None or down is None else _over(_plus(up, down), of_number(2))


def _power(base: Series, a: Series) -> Series | None:
    value = single(base)
    if value is not None:
        return _exponential(a, np.log(value)) if value.real > 0 else None
    exponent = single(a)
    if exponent is None or exponent.real not in range(1, 1 + MAX_TERMS):
        return None
    return functools.reduce(_chained, [base] * (int(exponent.real) - 1), base)


def _chained(a: Series | None, b: Series) -> Series | None:
    return None if a is None else _times(a, b)


def _geometric(base: Series, a: Series, turn: Series) -> Series | None:
    turns = _over(a, turn)
    return None if turns is None else _power(base, turns)


RULES: dict[str, Callable[..., Series | None]] = {
    "add": _plus,
    "subtract": _minus,
    "negative": _negative,
    "multiply": _times,
    "divide": _over,
    "square": _squared,
    "pow": _power,
    "geometric": _geometric,
    "sin": _sine,
    "cos": _cosine,
    "exp": _exponential,
}
"""What an operation makes of series; None where the result is none."""


class Closed(Evaluator[Series | None]):
    """The fold over series, for times between which no join changes part and no clip sets in."""

    def constant(self, value: float) -> Series | None:
        return of_number(value)

    def lift(self, op: Op, args: list[Series | None]) -> Series | None:
        return RULES[op](*args) if isinstance(op, str) and op in RULES and None not in args else None

    def clip(self, time: Clock[Series | None], steps: float) -> Clock[Series | None]:
        if time.high <= 0 or time.low >= steps:
            edge = 0 if time.high <= 0 else steps
            return Clock(of_number(edge), edge, edge)
        inside = time.low >= 0 and time.high <= steps
        return time if inside else time.held(None, steps)

    def join(self, term: Join, time: Clock[Series | None]) -> Series | None:
        parts = active(term, time.low, time.high)
        if len(parts) > 1 or time.value is None:
            return None
        ((index, low, high),) = parts
        local = _minus(time.value, of_number(term.knots[index]))
        return self.fold(term.parts[index], Clock(local, low, high))


def closed(term: Schedule, time: Affine, low: float, high: float) -> Series | None:
    """A term at a time that runs evenly from low to high, as a series; None if it is none."""
    return Closed(term).fold(term, Clock(of_time(time), low, high))


def added_up(series: Series, count: int) -> float:
    """The sum of a series over the indices 0, 1, ..., count - 1."""
    highest: dict[Any, int] = {}
    for power, rate in series:
        highest[rate] = max(power, highest.get(rate, 0))
    sums = {rate: _sums(power, rate, count) for rate, power in highest.items()}
    parts = [complex(factor * sums[rate][power]).real for (power, rate), factor in series.items() if factor]
    return math.fsum(parts)


def _sums(highest: int, rate: Any, count: int) -> list[Any]:
    """``sum of i**j * exp(rate * i)`` over i < count, for all powers j up to the highest."""
    sums, done = [ZERO] * (highest + 1), 0
    for bit in bin(count)[2:]:
        ahead, step = np.exp(rate * np.longdouble(done)), np.longdouble(done)
        sums = [
            sums[j] + ahead * sum((math.comb(j, i) * step ** (j - i) * sums[i] for i in range(j + 1)), ZERO)
            for j in range(highest + 1)
        ]
        done *= 2
        if bit == "1":
            ahead, step = np.exp(rate * np.longdouble(done)), np.longdouble(done)
            sums = [sums[j] + ahead * step**j for j in range(highest + 1)]
            done += 1
    return sums
