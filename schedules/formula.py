"""Formulas: a schedule as one would print it in a paper, in plain text or in LaTeX.

A formula is a Python syntax tree, so a row of the plain text is Python too. The named curves give the equation that
their documentation opens with; all else follows from the five nodes.
"""

import ast
import functools
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar, cast

from .check import ScheduleError, demand
from .core import Call, Join, Op, Schedule, level_of
from .curves import Recording
from .evaluate import Clock, Evaluator, active

MAX_SIZE = 20_000  # symbols, beyond which no one reads a formula
DIGITS = 12  # of a number that a formula shows; more are a rounding error, if so few are as near as 4 ulp
ROUNDING = 1e-15
ENOUGH = 7  # digits of a longer number in LaTeX, which is for reading

Formula = ast.expr

V = TypeVar("V")


def explain(s: Schedule, *, latex: bool = False) -> str:
    """The formula of s as text: ``s(t) = ...`` with the times at which each row holds.

    Before step 0 and after its last row a schedule holds. Each row of the plain text is Python, ``value if condition``,
    over the names of ``math``; it agrees with ``s(t)`` but for rounding.

    Args:
        s: the schedule.
        latex: LaTeX for display mode instead, with the ``cases`` environment of amsmath.

    Raises:
        ScheduleError: a number in s is being traced, or the formula would be longer than anyone reads.

    >>> from schedules import cosine, linear
    >>> print(explain(linear(0, 1e-3, 1000) >> cosine(1e-3, 0, 9000)))
    s(t) = 0.001 * t / 1000                                if 0 <= t < 1000
           0.001 * (1 + cos(pi * (t - 1000) / 9000)) / 2   if 1000 <= t <= 10000
    """
    demand(not s.tracers, "explain", "s", s, "its numbers are being traced; explain it outside of the traced function")
    found = rows(s)
    try:
        if any(size(row.value, ast.iter_child_nodes) > MAX_SIZE for row in found):
            raise ScheduleError(f"explain: s={quoted(s, 80)}: its formula is too long to read; explain its parts")
        return _latex(found) if latex else _plain(found)
    except RecursionError:
        remedy = "its formula is nested too deeply; explain its parts"
        raise ScheduleError(f"explain: s={quoted(s, 80)}: {remedy}") from None


class Row(NamedTuple):
    """A value, and the condition on t under which it holds; None if it always does."""

    value: Formula
    condition: Formula | None


def rows(s: Schedule) -> list[Row]:
    """The cases of a schedule, in order of time."""
    end = math.inf if level_of(_last(s)) is not None else s.steps
    value = Cases(s).fold(s, Clock(TIME, 0, min(end, sys.float_info.max)))
    found: list[Row] = []
    first = 0.0
    while isinstance(value, ast.IfExp):
        match value.test:
            case ast.Compare(ast.Name("t"), [ast.Lt()], [knot]):
                last = cast("float", number_of(knot))
            case _:
                break
        found.append(Row(value.body, _within(first, last, ast.Lt())))
        first, value = last, value.orelse
    always = not found and level_of(_last(s)) is not None
    return [*found, Row(value, None if always else _within(first, end, ast.LtE()))]


def _last(s: Schedule) -> Schedule:
    while isinstance(s, Call | Join):
        s = s.body if isinstance(s, Call) else s.parts[-1]
    return s


def _within(first: float, last: float, below: ast.cmpop) -> Formula:
    if last == math.inf:
        return ast.Compare(TIME, [ast.GtE()], [number(first)])
    return ast.Compare(number(first), [ast.LtE(), below], [TIME, number(last)])


def quoted(s: Schedule, longest: int) -> str:
    """The expression of a schedule, cut short; dots where a part that is shared would be written too often."""
    text = repr(s) if size(s, _written) <= MAX_SIZE else "..."
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _written(s: Schedule) -> list[Schedule]:
    """The schedules that are written in the expression of one."""
    return [arg for arg in s.args if isinstance(arg, Schedule)] if isinstance(s, Call) else list(s.children)


def size(root: V, children: Callable[[V], Iterable[V]]) -> int:
    """The number of nodes, where one that is shared counts as often as it is printed."""
    known: dict[int, int] = {}

    def count(node: V) -> int:
        if id(node) not in known:
            known[id(node)] = 1 + sum(map(count, children(node)))
        return known[id(node)]

    return count(root)


# -- the fold ----------------------------------------------------------------------------------------


class Cases(Evaluator[Formula]):
    """The fold that gives formulas."""

    def evaluate(self, term: Schedule, time: Clock[Formula]) -> Formula:
        equation = equation_of(term.maker) if isinstance(term, Call) else None
        if equation is None or term.steps == 0:
            return super().evaluate(term, time)
        t = self.clip(time, term.steps).value
        given = {name: number(value) for name, value in cast("Call", term).arguments.items()}
        return filled(equation, {**given, "t": t})

    def constant(self, value: float) -> Formula:
        return number(value)

    def lift(self, op: Op, args: list[Formula]) -> Formula:
        if not isinstance(op, str):
            name = "replay" if isinstance(op, Recording) else getattr(op, "__name__", "f")
            return call(name if name.isidentifier() else "f", *args)
        return BUILD[op](*args) if op in BUILD else call(op, *args)

    def clip(self, time: Clock[Formula], steps: float) -> Clock[Formula]:
        value = time.value
        if time.low < 0:
            value = call("max", value, number(0))
        if time.high > steps:
            value = call("min", value, number(steps))
        return time.held(value, steps)

    def join(self, term: Join, time: Clock[Formula]) -> Formula:
        (last, *earlier) = reversed(active(term, time.low, time.high))
        result, end = self.part(term, last, time), term.knots[last[0]]
        for part in earlier:
            result = ast.IfExp(before(time.value, end), self.part(term, part, time), result)
            end = term.knots[part[0]]
        return result

    def part(self, term: Join, part: tuple[int, float, float], time: Clock[Formula]) -> Formula:
        """One part at its local time."""
        index, low, high = part
        local = minus(time.value, number(term.knots[index]))
        return self.fold(term.parts[index], Clock(local, low, high))


def before(time: Formula, knot: float) -> Formula:
    """``time < knot``, solved for what the clock is made of where that is exact."""
    match time:
        case ast.BinOp(inner, ast.Sub(), other) if (shift := number_of(other)) is not None:
            return before(inner, knot + shift)
        case ast.BinOp(inner, ast.Add(), other) if (shift := number_of(other)) is not None:
            return before(inner, knot - shift)
        case ast.BinOp(inner, ast.Div(), other) if (factor := number_of(other) or 0) > 0:
            return before(inner, knot * factor)
        case _:
            return ast.Compare(time, [ast.Lt()], [number(knot)])


@functools.cache
def equation_of(maker: Any) -> Formula | None:
    """The right side of the equation that the documentation of a curve of this package opens with."""
    if maker.__module__ != "schedules.curves":
        return None
    match = re.match(r"``s\(t\) = (.+?)``(?: for (.+?))?(?:[.:,]|$)", maker.__doc__ or "")
    try:
        tree = ast.parse(match[1], mode="eval").body if match else None
    except SyntaxError:  # it is in words
        return None
    for definition in re.split(" and |, ", (match and match[2]) or ""):
        name, _, meaning = definition.replace("`", "").partition(" = ")
        if meaning and tree:
            tree = _Named({name: ast.parse(meaning, mode="eval").body}).visit(tree)
    nodes = list(ast.walk(tree)) if tree else []
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return tree if called <= FUNCTIONS and names <= {*maker.defaults, "t", "pi", *FUNCTIONS} else None


class _Named(ast.NodeTransformer):
    """Names replaced by what they stand for."""

    def __init__(self, meanings: dict[str, Formula]) -> None:
        self.meanings = meanings

    def visit_Name(self, node: ast.Name) -> Formula:
        return self.meanings.get(node.id, node)


def filled(equation: Formula, meanings: dict[str, Formula]) -> Formula:
    """An equation with its names replaced, simplified on the way."""

    def fill(node: Formula) -> Formula:
        match node:
            case ast.Name(name):
                return meanings.get(name, node)
            case ast.BinOp(left, op, right):
                return OPERATORS[type(op)](fill(left), fill(right))
            case ast.UnaryOp(_, operand):
                return negative(fill(operand))
            case ast.Call(ast.Name("floor"), [ast.BinOp(left, ast.Div(), right)]):
                return binary(ast.FloorDiv)(fill(left), fill(right))
            case ast.Call(ast.Name(name), args):
                return call(name, *map(fill, args))
            case _:
                return node

    return fill(equation)


# -- building, in the normal form that one would write -----------------------------------------------


TIME = ast.Name("t")


def number(value: float) -> Formula:
    """A number without what rounding added to it; a simple share of pi is written as such."""
    if not math.isfinite(value):
        return negative(ast.Name("inf")) if value < 0 else ast.Name("inf")
    value = _denoised(value)
    if value < 0 or (value == 0 and math.copysign(1, value) < 0):
        return ast.UnaryOp(ast.USub(), number(-value)) if value else ast.Constant(0)
    share = Fraction(value / math.pi).limit_denominator(10**7)
    if 0 < share.numerator <= 4 and len(repr(value)) > DIGITS and _near(float(share) * math.pi, value):
        over = ast.Name("pi") if share.numerator == 1 else binary(ast.Mult)(number(share.numerator), ast.Name("pi"))
        return over if share.denominator == 1 else binary(ast.Div)(over, number(share.denominator))
    return ast.Constant(int(value) if value.is_integer() and value < 1e15 else value)


def _denoised(value: float) -> float:
    short = float(f"{value:.{DIGITS}g}")
    return short if _near(short, value) else float(value)


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= ROUNDING * abs(b)


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


def folded(operation: Callable[[Decimal, Decimal], Decimal], a: Formula, b: Formula) -> Formula | None:
    """The number that an operation gives on two numbers, if it is a short one."""
    x, y = decimal(a), decimal(b)
    if x is None or y is None:
        return None
    result = operation(x, y)
    return number(float(result)) if len(result.normalize().as_tuple().digits) <= DIGITS else None


def plus(a: Formula, b: Formula) -> Formula:
    """``a + b``."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := folded(Decimal.__add__, a, b)) is not None:
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
        case float() | int(), float() | int(), _, _ if (result := folded(Decimal.__sub__, a, b)) is not None:
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
        case float() | int(), float() | int(), _, _ if (result := folded(Decimal.__mul__, a, b)) is not None:
            return result
        case (0, _, _, _) | (_, 0, _, _):
            return number(0)
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
            product = folded(Decimal.__mul__, a, factor)
            return times(product, inner) if product is not None else ast.BinOp(a, ast.Mult(), b)
        case _:
            return ast.BinOp(a, ast.Mult(), b)


def over(a: Formula, b: Formula) -> Formula:
    """``a / b``; a quotient of numbers stays one, unless it is a short number."""
    match number_of(a), number_of(b), a, b:
        case float() | int(), float() | int(), _, _ if (result := folded(Decimal.__truediv__, a, b)) is not None:
            return result
        case _, 1, _, _:
            return a
        case 0, _, _, _:
            return number(0)
        case _, float() | int(), ast.BinOp(inner, ast.Div(), divisor), _ if _is_number(divisor):
            product = folded(Decimal.__mul__, divisor, b)
            return over(inner, product) if product is not None else ast.BinOp(a, ast.Div(), b)
        case _:
            return ast.BinOp(a, ast.Div(), b)


def power(a: Formula, b: Formula) -> Formula:
    """``a ** b``."""
    return a if number_of(b) == 1 else ast.BinOp(a, ast.Pow(), b)


def square(a: Formula) -> Formula:
    """``a ** 2``."""
    return power(a, number(2))


def geometric(base: Formula, time: Formula, unit: Formula) -> Formula:
    """``base ** (time/unit)``."""
    return power(base, over(time, unit))


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
    ast.Pow: power,
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
    "pow": power,
    "geometric": geometric,
    "minimum": functools.partial(call, "min"),
    "maximum": functools.partial(call, "max"),
}
"""What writes each operation that is no function of ``math``."""

FUNCTIONS = frozenset(("abs", "sin", "cos", "tanh", "exp", "expm1", "log", "log1p", "sqrt", "floor", "min", "max"))


# -- plain text --------------------------------------------------------------------------------------


def _plain(found: Sequence[Row]) -> str:
    """A row for each case, its condition in a column of its own."""
    values = [_text(row.value) for row in found]
    width = max(map(len, values))
    lines = [
        f"{value:{width}}   if {_text(row.condition)}" if row.condition is not None else value
        for value, row in zip(values, found, strict=True)
    ]
    return "s(t) = " + "\n       ".join(lines)


def _text(node: Formula) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.IfExp) else text


# -- LaTeX -------------------------------------------------------------------------------------------


NEXT = " \\\\\n"  # between two cases

_REST, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)  # how tightly an expression binds


def _latex(found: Sequence[Row]) -> str:
    """One line, or the cases one below the other."""
    pairs = [(math_of(row.value), None if row.condition is None else math_of(row.condition)) for row in found]
    if len(pairs) == 1:
        ((value, condition),) = pairs
        return f"s(t) = {value}" if condition is None else rf"s(t) = {value} \quad \text{{for }} {condition}"
    lines = [rf"  {value} & \text{{if }} {condition}" for value, condition in pairs]
    return f"s(t) = \\begin{{cases}}\n{NEXT.join(lines)}\n\\end{{cases}}"


def math_of(node: Formula) -> str:
    """A formula in LaTeX."""
    return _set(node)[0]


def _set(node: Formula) -> tuple[str, int]:
    """A formula in LaTeX, and how tightly it binds."""
    match node:
        case ast.Constant(value):
            text = _digits(cast("float", value))
            return text, _PRODUCT if "10^" in text else _ATOM
        case ast.Name(name):
            return {"pi": r"\pi", "inf": r"\infty"}.get(name, name), _ATOM
        case ast.UnaryOp(_, operand):
            return f"-{_within_of(operand, _SIGN)}", _SUM
        case ast.BinOp(left, op, right):
            return _operation(left, op, right)
        case ast.Call(ast.Name(name), args):
            return _applied(name, args)
        case ast.Compare(left, ops, rights):
            signs = (_SIGNS[type(op)] for op in ops)
            return " ".join((math_of(left), *(f"{s} {math_of(x)}" for s, x in zip(signs, rights, strict=True)))), _SUM
        case ast.IfExp():
            return _choice(node), _ATOM
        case _:
            return ast.unparse(node), _ATOM


_SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: r"\leq", ast.GtE: r"\geq"}


def _digits(value: float) -> str:
    """A number: a power of ten apart where there are many zeros."""
    if isinstance(value, int):
        return str(value)
    digits = DIGITS if _near(float(f"{value:.{DIGITS}g}"), value) else ENOUGH
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    if -3 < int(exponent) < digits:
        return f"{value:.{digits}g}"
    return f"10^{{{int(exponent)}}}" if mantissa == "1" else rf"{mantissa} \times 10^{{{int(exponent)}}}"


def _within_of(node: Formula, level: int) -> str:
    text, own = _set(node)
    return text if own >= level else rf"\left({text}\right)"


def _operation(left: Formula, op: ast.operator, right: Formula) -> tuple[str, int]:
    match op:
        case ast.Add() | ast.Sub():
            sign = "+" if isinstance(op, ast.Add) else "-"
            return f"{_within_of(left, _SUM)} {sign} {_within_of(right, _PRODUCT)}", _SUM
        case ast.Mult():
            return f"{_within_of(left, _PRODUCT)} {_dot(right)}{_within_of(right, _PRODUCT)}", _PRODUCT
        case ast.Div():
            match left:
                case ast.BinOp(factor, ast.Mult(), inner) if isinstance(number_of(factor), float):
                    return rf"{_within_of(factor, _PRODUCT)} \cdot {_fraction(inner, right)}", _PRODUCT
                case ast.UnaryOp(_, operand):
                    return f"-{_fraction(operand, right)}", _SUM
                case _:
                    return _fraction(left, right), _PRODUCT
        case ast.FloorDiv():
            return rf"\left\lfloor {_fraction(left, right)} \right\rfloor", _ATOM
        case ast.Mod():
            return rf"{_within_of(left, _POWER)} \bmod {_within_of(right, _POWER)}", _REST
        case _:
            return _raised(left, right), _POWER


def _dot(right: Formula) -> str:
    """What stands before a factor: nothing before a letter or a parenthesis, else a dot."""
    text = _within_of(right, _PRODUCT)
    return "" if re.match(r"[a-z]|\\(pi|left\()", text) else r"\cdot "


def _fraction(above: Formula, below: Formula) -> str:
    return rf"\frac{{{math_of(above)}}}{{{math_of(below)}}}"


def _raised(base: Formula, exponent: Formula) -> str:
    match base:
        case ast.Call(ast.Name("sin" | "cos" | "tanh" as name), [arg]) if number_of(exponent) == 2:
            return rf"\{name}^{{2}}\left({math_of(arg)}\right)"
        case _:
            return f"{_within_of(base, _ATOM)}^{{{_inline(exponent)}}}"


def _inline(node: Formula) -> str:
    """A quotient on one line, if it is that simple."""
    match node:
        case ast.BinOp(ast.Name() | ast.Constant() as above, ast.Div(), ast.Constant() as below):
            return f"{math_of(above)}/{math_of(below)}"
        case _:
            return math_of(node)


def _applied(name: str, args: list[Formula]) -> tuple[str, int]:
    inner = ", ".join(map(math_of, args))
    match name:
        case "sqrt":
            return rf"\sqrt{{{inner}}}", _ATOM
        case "exp":
            return f"e^{{{inner}}}", _POWER
        case "expm1":
            return f"e^{{{inner}}} - 1", _SUM
        case "log1p":
            return _applied("log", [plus(number(1), args[0])])
        case "abs":
            return rf"\left|{inner}\right|", _ATOM
        case "floor":
            return rf"\left\lfloor {inner} \right\rfloor", _ATOM
        case "log":
            return rf"\ln\left({inner}\right)", _ATOM
        case "sin" | "cos" | "tanh" | "min" | "max":
            return rf"\{name}\left({inner}\right)", _ATOM
        case _:
            text = name.replace("_", r"\_")
            return rf"\mathrm{{{text}}}\left({inner}\right)", _ATOM


def _choice(node: ast.IfExp) -> str:
    """Cases inside of a formula."""
    lines: list[str] = []
    rest: Formula = node
    while isinstance(rest, ast.IfExp):
        lines.append(rf"{math_of(rest.body)} & \text{{if }} {math_of(rest.test)}")
        rest = rest.orelse
    lines.append(rf"{math_of(rest)} & \text{{otherwise}}")
    return rf"\begin{{cases}} {NEXT.join(lines)} \end{{cases}}"
