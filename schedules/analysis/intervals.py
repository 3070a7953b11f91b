"""Intervals: bounds of a formula and of its slope over a whole span of times.

Source: Moore 1966, Interval Analysis, chapters 3 and 4.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from ..algebra.checks import EVER
from ..algebra.nodes import Constant, Lift, Schedule
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


def _positive(x: Interval) -> Interval:
    return Interval(max(x.low, 0.0), max(x.high, 0.0))


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


def value_at(formula: Schedule, t: float) -> float:
    """The value of a formula at t, as ``s(t)`` computes it; at inf its limit, or its last value if none is known."""
    if t == math.inf:
        limit = range_over(formula, Interval(t, t), {})
        return limit.low if limit.low == limit.high else value_at(formula, EVER)
    match formula:
        case Constant(value):
            return value
        case Lift(str(op), args):
            return computed(op, *(value_at(arg, t) for arg in args))
        case _:
            return t


_ONE = point(1.0)


Slopes: TypeAlias = Callable[[Interval, Sequence[Interval]], tuple[Interval, ...]]


def _power_slopes(value: Interval, args: Sequence[Interval]) -> tuple[Interval, ...]:
    x, y = args
    return y * _power(x, y - _ONE), value * _above(0.0, "log")(x)


def _geometric_slopes(value: Interval, args: Sequence[Interval]) -> tuple[Interval, ...]:
    base, _, n = args
    return EVERYTHING, _divide(value * _above(0.0, "log")(base), n), EVERYTHING


SLOPES: dict[str, Slopes] = {
    "multiply": lambda _, args: (args[1], args[0]),
    "divide": lambda value, args: (_inverse(args[1]), -_divide(value, args[1])),
    "square": lambda _, args: (args[0] + args[0],),
    "pow": _power_slopes,
    "geometric": _geometric_slopes,
    "sin": lambda _, args: (_cosine(args[0]),),
    "cos": lambda _, args: (-_sine(args[0]),),
    "tanh": lambda value, _: (_ONE - _square(value),),
    "exp": lambda value, _: (value,),
    "expm1": lambda value, _: (value + _ONE,),
    "log": lambda _, args: (_inverse(_positive(args[0])),),
    "log1p": lambda _, args: (_inverse(_positive(args[0] + _ONE)),),
    "sqrt": lambda value, _: (_inverse(value + value),),
}
"""The slopes of an operation in each argument, given its own image and those of the arguments."""


Terms: TypeAlias = dict[Schedule, tuple[float, float]]


Memo: TypeAlias = dict[int, Any]


@functools.lru_cache(maxsize=4096)
def linear_form(formula: Schedule) -> tuple[float, Terms]:
    """A formula as ``constant + sum of factor * term``: each term with its factor, and what that is the sum of.

    What is the same term is counted once, so that ``a * f + b * (1 - f)`` is ``b + (a - b) * f``.
    """
    match formula:
        case Constant(value):
            return value, {}
        case Lift("add", (a, b)):
            return _sum(a, b, 1)
        case Lift("subtract", (a, b)):
            return _sum(a, b, -1)
        case Lift("negative", (a,)):
            return _times(a, -1)
        case Lift("multiply", (Constant(value), a)) | Lift("multiply", (a, Constant(value))):
            return _times(a, value)
        case Lift("divide", (a, Constant(value))) if value:
            return _times(a, 1 / value)
        case _:
            return 0.0, {formula: (1.0, 1.0)}


def _sum(a: Schedule, b: Schedule, sign: int) -> tuple[float, Terms]:
    (first, terms), (second, others) = linear_form(a), _times(b, sign)
    both = dict(terms)
    for term, (factor, gross) in others.items():
        known, sum_of = both.get(term, (0.0, 0.0))
        both[term] = known + factor, sum_of + gross
    return first + second, both


def _times(a: Schedule, value: float) -> tuple[float, Terms]:
    constant, terms = linear_form(a)
    scaled = {term: (factor * value, gross * abs(value)) for term, (factor, gross) in terms.items()}
    return constant * value, scaled


def range_over(formula: Schedule, x: Interval, memo: Memo) -> Interval:
    """Bounds of a formula over all times in x."""
    constant, terms = linear_form(formula)
    found = point(constant)
    for term, (factor, _) in terms.items():
        found += _range_of_term(term, x, memo) * point(factor)
    return found


def _range_of_term(term: Schedule, x: Interval, memo: Memo) -> Interval:
    if not isinstance(term, Lift):
        return x
    if id(term) not in memo:
        memo[id(term)] = IMAGES[cast("str", term.op)](*(range_over(arg, x, memo) for arg in term.args))
        bounds, _ = _slope_of(term, x, memo) if x.high < math.inf else (EVERYTHING, 0.0)
        if not bounds.has(0):  # it goes one way: from one end to the other
            ends = [value_at(term, t) for t in x.ends]
            memo[id(term)] = hull_of((min(ends),), (max(ends),))
    return memo[id(term)]


def slope(formula: Schedule, x: Interval, memo: Memo) -> tuple[Interval, float]:
    """Bounds of the slope of a formula over all times in x, and the size of what they are the sum of."""
    _, terms = linear_form(formula)
    found, size = point(0.0), 0.0
    for term, (factor, gross) in terms.items():
        bounds, inner = _slope_of(term, x, memo)
        found += bounds * point(factor)
        size += inner * gross if inner and gross else 0.0
    return found, size


def _slope_of(term: Schedule, x: Interval, memo: Memo) -> tuple[Interval, float]:
    if not isinstance(term, Lift):
        return _ONE, 1.0
    if -id(term) not in memo:
        images = [range_over(arg, x, memo) for arg in term.args]
        value = IMAGES[cast("str", term.op)](*images)
        found, size = point(0.0), 0.0
        for arg, partial in zip(term.args, SLOPES[cast("str", term.op)](value, images), strict=True):
            inner, gross = slope(arg, x, memo)
            found += partial * inner
            size += partial.size * gross if partial.size and gross else 0.0
        memo[-id(term)] = found, size
    return memo[-id(term)]
