"""Numbers: the fold prints Python source, which is compiled once for all terms of one shape."""

import functools
import itertools
import math
import sys
from bisect import bisect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..algebra.bounds import active
from ..algebra.nodes import Join, Op, Schedule
from ..algebra.ops import INLINE, INTEGRAL, SYMMETRIC, TEMPLATES
from .arrays import at_array
from .fold import Clock, Evaluator
from .record import on_array


class Expr(NamedTuple):
    """A piece of Python source; `atomic` if it may be written twice, `floating` if it is surely a float."""

    text: str
    atomic: bool
    floating: bool


LONG = 200  # characters of an expression, beyond which it goes into a variable: parentheses nest only so deep


BRANCHES = 32  # a join of more parts looks its part up by bisection instead of branching


INDENTED = 200  # spaces, beyond which it does so too: Python indents 100 times at most


class Source(Evaluator[Expr]):
    """The fold that prints a Python function body, line by line."""

    def __init__(self, term: Schedule) -> None:
        super().__init__(term)
        self.lines: list[str] = []
        self.constants: list[Any] = []
        self.names = map("x{}".format, itertools.count())
        self.margin = ""

    def emit(self, line: str) -> None:
        """One more line of the body."""
        self.lines.append(self.margin + line)

    def bind(self, expr: Expr) -> Expr:
        """`expr` in a variable of its own, so that it can be used twice."""
        if expr.atomic:
            return expr
        name = next(self.names)
        self.emit(f"{name} = {expr.text}")
        return Expr(name, True, expr.floating)

    def parameter(self, value: Any) -> str:
        """The name of a constant of the function."""
        self.constants.append(value)
        return f"c{len(self.constants) - 1}"

    def share(self, value: Expr) -> Expr:
        return self.bind(value)

    def constant(self, value: float) -> Expr:
        return Expr(self.parameter(value), True, isinstance(value, float))

    def template(self, op: str, args: list[Expr]) -> str:  # noqa: ARG002 -- stand-alone source looks at them
        """How an operation on `args` is written."""
        return INLINE.get(op, TEMPLATES[op])

    def lift(self, op: Op, args: list[Expr]) -> Expr:
        if not isinstance(op, str):
            return Expr(f"{self.parameter(op)}({args[0].text})", False, False)
        template = self.template(op, args)
        twice = repeated(template)
        args = [self.bind(arg) if place in twice else arg for place, arg in enumerate(args)]
        floating = [arg.floating for arg in args]
        exact = all(floating) if op in SYMMETRIC else any(floating) or op not in INTEGRAL
        result = Expr(template.format(*[arg.text for arg in args]), False, exact)
        return self.bind(result) if len(result.text) > LONG else result

    def clip(self, time: Clock[Expr], steps: float) -> Clock[Expr]:
        below, above = time.low < 0, time.high > steps
        if not below and not above:
            return time
        t = self.bind(time.value).text
        text = t
        if above:
            text = f"{(end := self.parameter(steps))} if {t} > {end} else {text}"
        if below:
            text = f"0 if {t} < 0 else {text}"
        clipped = self.bind(Expr(text, False, time.value.floating and not below and isinstance(steps, float)))
        return time.held(clipped, steps)

    def join(self, term: Join, time: Clock[Expr]) -> Expr:
        t = self.bind(time.value)
        parts = active(term, time.low, time.high)
        if len(parts) > BRANCHES or len(self.margin) > INDENTED:
            return self.look_up(term, t)
        result = Expr(next(self.names), True, True)
        self.branch(term, parts, t, result)
        return result

    def branch(self, term: Join, parts: list[tuple[int, float, float]], t: Expr, result: Expr) -> None:
        """A balanced tree of ``if``, each leaf of which assigns a part's value to `result`."""
        if len(parts) > 1:
            middle = len(parts) // 2
            for head, half in (
                (f"if {t.text} < {self.parameter(term.knots[parts[middle][0]])}:", parts[:middle]),
                ("else:", parts[middle:]),
            ):
                self.emit(head)
                outer, memo = self.margin, dict(self.memo)
                self.margin += "    "
                self.branch(term, half, t, result)
                self.margin, self.memo = outer, memo
            return
        self.emit(f"{result.text} = {as_float(self.leaf(term, *parts[0], t))}")

    def leaf(self, term: Join, index: int, low: float, high: float, t: Expr) -> Expr:
        """The value of one part at its local time, which is in [low, high]."""
        knot = term.knots[index]
        local = t if knot == 0 else self.bind(Expr(f"{t.text} - {self.parameter(knot)}", False, t.floating))
        return self.fold(term.parts[index], Clock(local, low, high))

    def look_up(self, term: Join, t: Expr) -> Expr:
        """The part by bisection; each part is a function, compiled when first needed."""
        knots, parts = self.parameter(term.knots), self.parameter(term.parts)
        index = self.bind(Expr(f"max(bisect({knots}, {t.text}) - 1, 0)", False, False)).text
        return self.bind(Expr(f"{parts}[{index}]({t.text} - {knots}[{index}])", False, True))


@functools.cache
def repeated(template: str) -> list[int]:
    """The places of the operands that a template names more than once."""
    return [place for place in range(3) if template.count(f"{{{place}}}") > 1]


def as_float(expr: Expr) -> str:
    """The text of an expression that is a ``float`` when evaluated."""
    return expr.text if expr.floating else f"float({expr.text})"


def compiled(term: Schedule) -> Callable[[float], float]:
    """The term as a Python function of one number, compiled from printed source."""
    if term.tracers:
        return functools.partial(on_array, term)
    source = Source(term)
    source.margin = "            "
    value = source.fold(term, Clock(Expr("t", True, False)))
    source.emit(f"return {as_float(value)}")
    make = factory("\n".join(source.lines), len(source.constants))
    return make(functools.partial(ieee, term), *source.constants)


@functools.lru_cache(maxsize=4096)
def factory(body: str, constants: int) -> Callable[..., Callable[[float], float]]:
    """What makes functions of one shape, given the constants: terms of the same shape compile once."""
    names = "".join(f", c{index}" for index in range(constants))
    text = (
        f"def make(ieee{names}):\n    def schedule(t):\n        try:\n{body}\n"
        "        except (ArithmeticError, ValueError):\n            return ieee(t)\n    return schedule"
    )
    scope: dict[str, Any] = {**vars(math), "bisect": bisect}
    exec(text, scope)  # noqa: S102 -- the text is printed from a term by the fold above
    return scope["make"]


def ieee(term: Schedule, step: float) -> float:
    """The value where Python raises and IEEE 754 has an answer (an overflow is inf), through NumPy."""
    if isinstance(step, int):  # which may be beyond all floats
        step = max(min(step, int(sys.float_info.max)), -int(sys.float_info.max))
    with np.errstate(all="ignore"):
        return float(at_array(term, np.float64(step)))
