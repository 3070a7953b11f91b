# ruff: noqa: ARG005 -- the slopes of all operations have one signature
"""Formulas: the value, the bounds and the slope of what is one smooth expression of the time.

A formula is a term of constants, the time and smooth operations. Its slope is a formula, too, by the chain rule; so
bounds of the slope of a slope tell where a slope goes one way, and where it can change its sign.

Source: Moore 1966, Interval Analysis, chapters 3 and 4.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from ..algebra.checks import EVER
from ..algebra.nodes import Constant, Lift, Schedule, Time, unchecked
from .intervals import EVERYTHING, IMAGES, Interval, computed, hull_of, point

SLACK = 1e-14  # of a time, or of a span: how far rounding may move a knot or a turn
ROUNDING = 1e-12  # of the terms that a value is the sum of: less is what rounding left of nothing


TIME = Time()


# -- made of formulas ----------------------------------------------------------------------------------


def numeric(value: float) -> Schedule:
    """The formula of a number, which may be infinite."""
    return unchecked(Constant, value)


def applied(op: str, *args: Schedule) -> Schedule:
    """An operation on formulas, as ``s(t)`` does it; on constants it is done."""
    if all(isinstance(arg, Constant) for arg in args):
        return numeric(computed(op, *(cast("Constant", arg).value for arg in args)))
    return _one_of_each(op, args)


@functools.lru_cache(maxsize=2**14)
def _one_of_each(op: str, args: tuple[Schedule, ...]) -> Schedule:
    """A formula, the same one whenever it is asked for: what is equal is found to be so at once."""
    return unchecked(Lift, op, args)


def smooth(term: Schedule) -> bool:
    """Whether a term is one formula, with a slope everywhere."""
    if "smooth" not in term.__dict__:
        term.__dict__["smooth"] = isinstance(term, Constant | Time) or (
            isinstance(term, Lift) and term.op in PARTIALS and all(map(smooth, term.args))
        )
    return term.__dict__["smooth"]


# -- values --------------------------------------------------------------------------------------------


Memo: TypeAlias = dict[int, Any]


def value_at(formula: Schedule, t: float) -> float:
    """The value of a formula at t, as ``s(t)`` computes it; at inf its limit, or its last value if none is known."""
    if t == math.inf:
        limit = range_over(formula, Interval(t, t), {})
        return limit.low if limit.low == limit.high else value_at(formula, EVER)
    return _value(formula, t, {})


def _value(formula: Schedule, t: float, memo: Memo) -> float:
    match formula:
        case Constant(value):
            return value
        case Lift(str(op), args):
            if id(formula) not in memo:
                values = [_value(arg, t, memo) for arg in args]
                if op in _DOMAINS and values[0] < _DOMAINS[op]:
                    values[0] = _within(values[0], _DOMAINS[op], ROUNDING * size_at(args[0], t))
                memo[id(formula)] = computed(op, *values)
            return memo[id(formula)]
        case _:
            return t


_DOMAINS = {"sqrt": 0.0, "log": 0.0, "log1p": -1.0, "pow": 0.0}  # where operations begin


def _within(x: float, edge: float, rounding: float) -> float:
    """What only rounding puts outside of the domain of an operation, at its edge."""
    return edge if edge - x <= rounding else x


def size_at(formula: Schedule, t: float) -> float:
    """The size of what the value of a formula at t is the sum of."""
    constant, terms = linear_form(formula)
    return abs(constant) + sum(gross * abs(value_at(term, t)) for term, (_, gross) in terms.items() if gross)


# -- sums ----------------------------------------------------------------------------------------------


Terms: TypeAlias = dict[Schedule, tuple[float, float]]


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


# -- slopes --------------------------------------------------------------------------------------------


Slopes: TypeAlias = Callable[[Callable[..., Any], Callable[[float], Any], Any, Sequence[Any]], tuple[Any, ...]]


PARTIALS: dict[str, Slopes] = {
    "add": lambda do, num, value, args: (num(1.0), num(1.0)),
    "subtract": lambda do, num, value, args: (num(1.0), num(-1.0)),
    "negative": lambda do, num, value, args: (num(-1.0),),
    "multiply": lambda do, num, value, args: (args[1], args[0]),
    "divide": lambda do, num, value, args: (
        do("divide", num(1.0), args[1]),
        do("negative", do("divide", value, args[1])),
    ),
    "square": lambda do, num, value, args: (do("add", args[0], args[0]),),
    "pow": lambda do, num, value, args: (
        do("multiply", args[1], do("pow", args[0], do("subtract", args[1], num(1.0)))),
        do("multiply", value, do("log", args[0])),
    ),
    "geometric": lambda do, num, value, args: (
        None,
        do("divide", do("multiply", value, do("log", args[0])), args[2]),
        None,
    ),
    "sin": lambda do, num, value, args: (do("cos", args[0]),),
    "cos": lambda do, num, value, args: (do("negative", do("sin", args[0])),),
    "tanh": lambda do, num, value, args: (do("subtract", num(1.0), do("square", value)),),
    "exp": lambda do, num, value, args: (value,),
    "expm1": lambda do, num, value, args: (do("add", value, num(1.0)),),
    "log": lambda do, num, value, args: (do("divide", num(1.0), args[0]),),
    "log1p": lambda do, num, value, args: (do("divide", num(1.0), do("add", args[0], num(1.0))),),
    "sqrt": lambda do, num, value, args: (do("divide", num(0.5), value),),
}
"""The slopes of an operation in each argument, None where they are not known: of formulas and of intervals alike.

Given what does an operation, what makes a number, the value of this operation, and its arguments.
"""


@functools.lru_cache(maxsize=4096)
def derivative(formula: Schedule) -> Schedule | None:
    """The slope of a formula as a formula; None where it is not known."""
    if not isinstance(formula, Lift):
        return numeric(float(isinstance(formula, Time)))
    found = numeric(0.0)
    slopes = PARTIALS[cast("str", formula.op)](applied, numeric, formula, formula.args)
    for arg, partial in zip(formula.args, slopes, strict=True):
        inner = derivative(arg)
        if inner is None:
            return None
        if inner != numeric(0.0):
            if partial is None:
                return None
            found = _added(found, _multiplied(partial, inner))
    return found


def _added(a: Schedule, b: Schedule) -> Schedule:
    return b if a == numeric(0.0) else a if b == numeric(0.0) else applied("add", a, b)


def _multiplied(a: Schedule, b: Schedule) -> Schedule:
    if numeric(0.0) in (a, b):
        return numeric(0.0)
    return b if a == numeric(1.0) else a if b == numeric(1.0) else applied("multiply", a, b)


def _image(op: str, *args: Interval) -> Interval:
    return IMAGES[op](*args)


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
        memo[id(term)] = _image(cast("str", term.op), *(range_over(arg, x, memo) for arg in term.args))
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
        return point(1.0), 1.0
    if -id(term) not in memo:
        images = tuple(range_over(arg, x, memo) for arg in term.args)
        op = cast("str", term.op)
        found, size = point(0.0), 0.0
        slopes = PARTIALS[op](_image, point, _image(op, *images), images)
        for arg, partial in zip(term.args, slopes, strict=True):
            inner, gross = slope(arg, x, memo)
            if gross:
                across = EVERYTHING if partial is None else partial
                found += across * inner
                size += across.size * gross if across.size else 0.0
        memo[-id(term)] = found, size
    return memo[-id(term)]
