"""Formulas: a schedule as one would print it in a paper, in plain text or in LaTeX.

A formula is a Python syntax tree, so a row of the plain text is Python too. The named curves give the equation that
their documentation opens with; all else follows from the five nodes.
"""

import ast
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar, cast

from ..algebra.bounds import active
from ..algebra.checks import ScheduleError, Switch, demand
from ..algebra.named import Call, checked
from ..algebra.nodes import Join, Op, Schedule, constant_value
from ..evaluate.fold import Clock, Evaluator
from ..library.equations import Formula, equation_of
from ..library.recording import Recording
from .latex import in_latex
from .symbols import BUILD, OPERATORS, T, binary, call, minus, negative, number_of, numeral

MAX_SIZE = 20_000  # symbols, beyond which no one reads a formula


V = TypeVar("V")


class Explained(str):
    """A formula as text; a notebook typesets it."""

    __slots__ = ("rows",)
    rows: "list[Case]"

    def _repr_latex_(self) -> str:
        return f"$$\n{in_latex(self.rows)}\n$$"


@checked
def explain(s: Schedule, *, latex: Switch = False) -> str:
    """The formula of s as text: ``s(t) = ...`` with the times at which each row holds. A notebook typesets it.

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
        text = Explained(in_latex(found) if latex else _plain(found))
        text.rows = found
        return text
    except RecursionError:
        remedy = "its formula is nested too deeply; explain its parts"
        raise ScheduleError(f"explain: s={quoted(s, 80)}: {remedy}") from None


class Case(NamedTuple):
    """A value, and the condition on t under which it holds; None if it always does."""

    value: Formula
    condition: Formula | None


def rows(s: Schedule) -> list[Case]:
    """The cases of a schedule, in order of time."""
    end = math.inf if constant_value(_last(s)) is not None else s.steps
    value = Cases(s).fold(s, Clock(T, 0, min(end, sys.float_info.max)))
    found: list[Case] = []
    first = 0.0
    while isinstance(value, ast.IfExp):
        match value.test:
            case ast.Compare(ast.Name("t"), [ast.Lt()], [knot]):
                last = cast("float", number_of(knot))
            case _:
                break
        found.append(Case(value.body, _within(first, last, ast.Lt())))
        first, value = last, value.orelse
    always = not found and constant_value(_last(s)) is not None
    return [*found, Case(value, None if always else _within(first, end, ast.LtE()))]


def _last(s: Schedule) -> Schedule:
    while isinstance(s, Call | Join):
        s = s.body if isinstance(s, Call) else s.parts[-1]
    return s


def _within(first: float, last: float, below: ast.cmpop) -> Formula:
    if last == math.inf:
        return ast.Compare(T, [ast.GtE()], [numeral(first)])
    return ast.Compare(numeral(first), [ast.LtE(), below], [T, numeral(last)])


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


class Cases(Evaluator[Formula]):
    """The fold that gives formulas."""

    def evaluate(self, term: Schedule, time: Clock[Formula]) -> Formula:
        equation = equation_of(term.maker) if isinstance(term, Call) else None
        if equation is None or term.steps == 0:
            return super().evaluate(term, time)
        t = self.clip(time, term.steps).value
        given = {name: numeral(value) for name, value in cast("Call", term).arguments.items()}
        return filled(equation, {**given, "t": t})

    def constant(self, value: float) -> Formula:
        return numeral(value)

    def lift(self, op: Op, args: list[Formula]) -> Formula:
        if not isinstance(op, str):
            name = "replay" if isinstance(op, Recording) else getattr(op, "__name__", "f")
            return call(name if name.isidentifier() else "f", *args)
        return BUILD[op](*args) if op in BUILD else call(op, *args)

    def clip(self, time: Clock[Formula], steps: float) -> Clock[Formula]:
        value = time.value
        if time.low < 0:
            value = call("max", value, numeral(0))
        if time.high > steps:
            value = call("min", value, numeral(steps))
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
        local = minus(time.value, numeral(term.knots[index]))
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
            return ast.Compare(time, [ast.Lt()], [numeral(knot)])


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


def _plain(found: Sequence[Case]) -> str:
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
