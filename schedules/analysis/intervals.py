"""Intervals: what an operation makes of all the numbers between two bounds.

Source: Moore 1966, Interval Analysis, chapters 3 and 4.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from ..algebra.ops import NUMBERS, bound
from ..evaluate.namespaces import on_numbers


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: float
    high: float

    def __add__(self, other: "Interval") -> "Interval":
        return hull_of((self.low + other.low,), (self.high + other.high,))

    def __sub__(self, other: "Interval") -> "Interval":
        return self + -other

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [x * y if x and y else 0.0 for x in self.ends for y in other.ends]  # 0 * inf is 0: a bound, no value
        return Interval(min(ends), max(ends))

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high

    @property
    def size(self) -> float:
        """The largest magnitude in it."""
        return max(abs(self.low), abs(self.high))

    def has(self, x: float) -> bool:
        """Whether x is inside, not at an end."""
        return self.low < x < self.high

    def hull(self, *others: "Interval") -> "Interval":
        """What contains both."""
        ranges = (self, *others)
        return Interval(min(each.low for each in ranges), max(each.high for each in ranges))


EVERYTHING = Interval(-math.inf, math.inf)


def hull_of(lows: tuple[float, ...], highs: tuple[float, ...]) -> Interval:
    """From the least to the largest; what is undefined, as ``inf - inf``, may be anything."""
    if any(map(math.isnan, (*lows, *highs))):
        return EVERYTHING
    return Interval(min(lows), max(highs))


def point(value: float) -> Interval:
    """A single number."""
    return Interval(value, value)


def _corners(op: str) -> Callable[..., Interval]:
    """The image under an operation that is monotone in each argument."""

    def corners(*args: Interval) -> Interval:
        found = tuple(computed(op, *ends) for ends in itertools.product(*(arg.ends for arg in args)))
        return hull_of(found, found)

    return corners


def _above(low: float, op: str) -> Callable[[Interval], Interval]:
    """The image under an increasing operation of the numbers from `low` on."""
    return lambda x: _corners(op)(Interval(max(x.low, low), max(x.high, low)))


def _square(x: Interval) -> Interval:
    return Interval(0.0, x.size**2) if x.has(0) else _corners("square")(x)


def _inverse(x: Interval) -> Interval:
    return EVERYTHING if x.has(0) else Interval(1 / x.high if x.high else -math.inf, 1 / x.low if x.low else math.inf)


def _divide(x: Interval, y: Interval) -> Interval:
    return x * _inverse(y)


def _power(x: Interval, y: Interval) -> Interval:
    if x.low < 0 and y.low < y.high:  # whole exponents, odd and even
        most = _corners("pow")(point(x.size), y).high
        return Interval(-most, most)
    return _corners("pow")(x, y).hull(*(_corners("pow")(point(0.0), y) for _ in range(x.has(0))))


def _geometric(base: Interval, t: Interval, n: Interval) -> Interval:
    return _power(base, _divide(t, n))


def _cosine(x: Interval) -> Interval:
    """A maximum at every even multiple of pi, a minimum at every odd one."""
    if not (math.isfinite(x.low) and math.isfinite(x.high)):
        return Interval(-1.0, 1.0)
    turns = range(math.ceil(x.low / math.pi), min(math.floor(x.high / math.pi), math.ceil(x.low / math.pi) + 1) + 1)
    found = (*map(math.cos, x.ends), *(-1.0 if turn % 2 else 1.0 for turn in turns))
    return Interval(min(found), max(found))


def _sine(x: Interval) -> Interval:
    quarter = math.pi / 2
    if x.low >= 0 and x.high <= quarter:  # where curves are, with the ends that they have
        return _corners("sin")(x)
    return _cosine(Interval(x.low - quarter, x.high - quarter))


def _floors(x: Interval, y: Interval) -> Interval:
    quotient = _divide(x, y)
    return Interval(*(math.floor(end) if math.isfinite(end) else end for end in quotient.ends))


def _remainder(x: Interval, y: Interval) -> Interval:
    turns = _floors(x, y)
    once = turns.low == turns.high and y.low == y.high
    return x + y * -turns if once else Interval(min(y.low, 0.0), max(y.high, 0.0))


def _abs(x: Interval) -> Interval:
    return Interval(0.0, x.size) if x.has(0) else _corners("abs")(x)


IMAGES: dict[str, Callable[..., Interval]] = {
    "add": Interval.__add__,
    "subtract": Interval.__sub__,
    "negative": Interval.__neg__,
    "multiply": Interval.__mul__,
    "divide": _divide,
    "square": _square,
    "pow": _power,
    "geometric": _geometric,
    "sin": _sine,
    "cos": _cosine,
    "tanh": _corners("tanh"),
    "exp": _corners("exp"),
    "expm1": _corners("expm1"),
    "log": _above(0.0, "log"),
    "log1p": _above(-1.0, "log1p"),
    "sqrt": _above(0.0, "sqrt"),
    "minimum": _corners("minimum"),
    "maximum": _corners("maximum"),
    "abs": _abs,
    "floor_divide": _floors,
    "remainder": _remainder,
}
"""What an operation makes of intervals."""


def computed(op: str, *args: float) -> float:
    """An operation on numbers; where Python raises, what IEEE 754 has."""
    try:
        return bound(op, NUMBERS)(*args)
    except (ArithmeticError, ValueError):
        return on_numbers(op, list(args))
