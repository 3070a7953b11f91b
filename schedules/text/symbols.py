"""Symbols: formulas built in the normal form that one would write, without what rounding added to a number."""

import ast
import functools
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from ..library.equations import Formula

DIGITS = 12  # of a number that a formula shows; more are a rounding error, if so few are as near as 4 ulp


NOISE = 1e-15


T = ast.Name("t")


def numeral(value: float) -> Formula:
    """A number without what rounding added to it; a simple share of pi is written as such."""
    if not math.isfinite(value):
        return negative(ast.Name("inf")) if value < 0 else ast.Name("inf")
    value = denoised(value)
    if value < 0:
        return ast.UnaryOp(ast.USub(), numeral(-value))
    share = Fraction(value / math.pi).limit_denominator(10**7)
    if 0 < share.numerator <= 4 and len(repr(value)) > DIGITS and near(float(share) * math.pi, value):
        over = ast.Name("pi") if share.numerator == 1 else binary(ast.Mult)(numeral(share.numerator), ast.Name("pi"))
        return over if share.denominator == 1 else binary(ast.Div)(over, numeral(share.denominator))
    return ast.Constant(int(value) if value.is_integer() and value < 1e15 else value)


def denoised(value: float) -> float:
    """A number without what rounding added to it."""
    short = float(f"{value:.{DIGITS}g}")
    return short if near(short, value) else float(value)


def near(a: float, b: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return abs(a - b) <= NOISE * abs(b)


def number_of(node: Formula) -> float | None:
    """The number that a formula is, if it is one."""
    match node:
        case ast.Constant(value) if isinstance(value, int | float):
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(value)) if isinstance(value, int | float):
            return -value
        case _:
            return None


def decimal(node: Formula) -> Decimal | None:
    """The same as a decimal number, which sums and products of short ones are exact in."""
    value = number_of(node)
    return None if value is None else Decimal(repr(value))


def call(name: str, *args: Formula) -> Formula:
    """``name(args)``."""
    return ast.Call(ast.Name(name), list(args), [])


def binary(op: Callable[[], ast.operator]) -> Callable[[Formula, Formula], Formula]:
    """The operation on formulas that an operator writes."""
    return lambda a, b: ast.BinOp(a, op(), b)


def short_result(operation: Callable[[Decimal, Decimal], Decimal], a: Formula, b: Formula) -> Formula | None:
    """The number that an operation gives on two numbers, if it is a short one."""
    x, y = decimal(a), decimal(b)
    if x is None or y is None:
        return None
    result = operation(x, y)
    return numeral(float(result)) if len(result.normalize().as_tuple().digits) <= DIGITS else None


def plus(a: Formula, b: Formula) -> Formula:
    """``a + b``."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := short_result(Decimal.__add__, a, b)) is not None:
            return result
        case 0, _, _, _:
            return b
        case _, 0, _, _:
            return a
        case _ if (opposite := without_sign(b)) is not None:
            return minus(a, opposite)
        case _, None, ast.UnaryOp(ast.USub(), operand), _:
            return minus(b, operand)
        case float() | int(), None, _, ast.BinOp(_, ast.Add() | ast.Sub(), shift) if _is_number(shift):
            return plus(b, a)
        case None, float() | int(), ast.BinOp(inner, ast.Add(), shift), _ if _is_number(shift):
            return plus(inner, plus(shift, b))
        case None, float() | int(), ast.BinOp(inner, ast.Sub(), shift), _ if _is_number(shift):
            return minus(inner, minus(shift, b))
        case None, float() | int(), ast.BinOp(shift, ast.Sub(), inner), _ if _is_number(shift):
            return minus(plus(shift, b), inner)
        case float() | int(), None, _, ast.BinOp(shift, ast.Sub(), inner) if _is_number(shift):
            return minus(plus(a, shift), inner)
        case _:
            return ast.BinOp(a, ast.Add(), b)


def minus(a: Formula, b: Formula) -> Formula:
    """``a - b``; a shift of what is shifted already is one shift."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := short_result(Decimal.__sub__, a, b)) is not None:
            return result
        case _, 0, _, _:
            return a
        case 0, _, _, _:
            return negative(b)
        case _ if (opposite := without_sign(b)) is not None:
            return plus(a, opposite)
        case None, float() | int(), ast.BinOp(inner, ast.Sub(), shift), _ if _is_number(shift):
            return minus(inner, plus(shift, b))
        case None, float() | int(), ast.BinOp(inner, ast.Add(), shift), _ if _is_number(shift):
            return plus(inner, minus(shift, b))
        case None, float() | int(), ast.BinOp(shift, ast.Sub(), inner), _ if _is_number(shift):
            return minus(minus(shift, b), inner)
        case float() | int(), None, _, ast.BinOp(inner, ast.Sub(), shift) if _is_number(shift):
            return minus(plus(a, shift), inner)
        case float() | int(), None, _, ast.BinOp(inner, ast.Add(), shift) if _is_number(shift):
            return minus(minus(a, shift), inner)
        case float() | int(), None, _, ast.BinOp(shift, ast.Sub(), inner) if _is_number(shift):
            return plus(inner, minus(a, shift))
        case _:
            return ast.BinOp(a, ast.Sub(), b)


def times(a: Formula, b: Formula) -> Formula:
    """``a * b``, the number in front."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := short_result(Decimal.__mul__, a, b)) is not None:
            return result
        case (0, _, _, _) | (_, 0, _, _):
            return numeral(0)
        case 1, _, _, _:
            return b
        case _, 1, _, _:
            return a
        case -1, _, _, _:
            return negative(b)
        case None, None, _, ast.BinOp(ast.Name("pi") as pi, ast.Div(), divisor):
            return over(times(pi, a), divisor)
        case None, float() | int(), _, _:
            return times(b, a)
        case float() | int(), None, _, ast.BinOp(factor, ast.Mult(), inner) if _is_number(factor):
            product = short_result(Decimal.__mul__, a, factor)
            return times(product, inner) if product is not None else ast.BinOp(a, ast.Mult(), b)
        case _:
            return ast.BinOp(a, ast.Mult(), b)


def over(a: Formula, b: Formula) -> Formula:
    """``a / b``; a quotient of numbers stays one, unless it is a short number."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := short_result(Decimal.__truediv__, a, b)) is not None:
            return result
        case _, 1, _, _:
            return a
        case 0, _, _, _:
            return numeral(0)
        case _, float() | int(), ast.BinOp(inner, ast.Div(), divisor), _ if _is_number(divisor):
            product = short_result(Decimal.__mul__, divisor, b)
            return over(inner, product) if product is not None else ast.BinOp(a, ast.Div(), b)
        case _:
            return ast.BinOp(a, ast.Div(), b)


def to_the_power(a: Formula, b: Formula) -> Formula:
    """``a ** b``."""
    return a if number_of(b) == 1 else ast.BinOp(a, ast.Pow(), b)


def square(a: Formula) -> Formula:
    """``a ** 2``."""
    return to_the_power(a, numeral(2))


def geometric(base: Formula, time: Formula, unit: Formula) -> Formula:
    """``base ** (time/unit)``."""
    return to_the_power(base, over(time, unit))


def negative(a: Formula) -> Formula:
    """``-a``."""
    match a:
        case ast.UnaryOp(ast.USub(), operand):
            return operand
        case ast.BinOp(left, ast.Sub(), right):
            return minus(right, left)
        case _:
            return a if number_of(a) == 0 else ast.UnaryOp(ast.USub(), a)


def without_sign(node: Formula) -> Formula | None:
    """What stands behind the minus sign that a formula begins with, if it does."""
    match node:
        case ast.UnaryOp(ast.USub(), operand):
            return operand
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            opposite = without_sign(left)
            return None if opposite is None else OPERATORS[type(op)](opposite, right)
        case _:
            return None


def _is_number(node: Formula) -> bool:
    return number_of(node) is not None


OPERATORS: dict[type[ast.operator], Callable[[Formula, Formula], Formula]] = {
    ast.Add: plus,
    ast.Sub: minus,
    ast.Mult: times,
    ast.Div: over,
    ast.Pow: to_the_power,
    ast.FloorDiv: binary(ast.FloorDiv),
    ast.Mod: binary(ast.Mod),
}


BUILD: dict[str, Callable[..., Formula]] = {
    "add": plus,
    "subtract": minus,
    "multiply": times,
    "divide": over,
    "floor_divide": binary(ast.FloorDiv),
    "remainder": binary(ast.Mod),
    "negative": negative,
    "square": square,
    "pow": to_the_power,
    "geometric": geometric,
    "minimum": functools.partial(call, "min"),
    "maximum": functools.partial(call, "max"),
}
"""What writes each operation that is no function of ``math``."""
