"""JavaScript: a schedule as a function that needs nothing else, of the source that is printed for Python.

The printer is that of `to_python`; what it prints is read as a syntax tree and written again. Nothing is
guarded: numbers of JavaScript are those of IEEE 754, as are its answers to a division by zero.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

from ..algebra.checks import Name, ScheduleError, demand
from ..algebra.named import checked
from ..algebra.nodes import Op, Schedule
from ..evaluate.numbers import Expr, Source
from .formula import quoted
from .source import QUOTED, Module, Standalone

RESERVED = frozenset(
    re.findall(
        r"\w+",
        "abstract arguments await boolean break byte case catch char class const continue debugger default delete do "
        "double else enum eval export extends false final finally float for function goto if implements import in "
        "instanceof int interface let long native new null package private protected public return short static super "
        "switch synchronized this throw throws transient true try typeof undefined var void volatile while with yield "
        "Infinity NaN Math t",
    )
)

PRIMITIVES = {
    "_remainder": """
function _remainder(a, b) { // with the sign of b
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}
""",
    "_floor_divide": """
function _floor_divide(a, b) { // whole turns, exact where the quotient is rounded
  if (b === 0) return a / b;
  const rest = a % b;
  const turns = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0);
  const floor = Math.floor(turns);
  return turns - floor > 0.5 ? floor + 1 : floor;
}
""",
}
"""The operators that JavaScript has not, or has with another sign."""


@checked
def to_js(s: Schedule, name: Name = "schedule") -> str:
    """JavaScript of ``export function name(t)``, which equals ``s(t)`` to 4 ulp of its peak, and needs nothing else.

    It is the same bit by bit where only ``+ - * /`` and square roots are used; the sines and powers of JavaScript
    differ from those of C in the last bit.

    Args:
        s: the schedule.
        name: the name of the function.

    Returns:
        The text of an ES module: tables if there are any, and the function.

    Raises:
        ScheduleError: there is a Python function in s, which has no source here, or a number that is being traced;
            or the name is no name, or one that the function needs itself.

    >>> from schedules import linear
    >>> print(to_js(linear(0.1, 0.0, 100) >> linear(0.0, 0.1, 50), name="lr"))
    /** The value to use for update number t, counted from 0.
     *
     * linear(0.1, 0.0, 100) >> linear(0.0, 0.1, 50)
     */
    export function lr(t) {
      if (t < 100) {
        // linear(0.1, 0.0, 100)
        const x0 = t < 0 ? 0 : t;
        return 0.1 * ((100 - x0) / 100);
      } else {
        // linear(0.0, 0.1, 50)
        const x1 = t - 100;
        const x2 = x1 > 50 ? 50 : x1;
        return 0.1 * (x2 / 50);
      }
    }
    """
    free = name not in RESERVED and not name.startswith("_")
    demand(free, "to_js", "name", name, "this is a name that is free, such as lr")
    demand(not s.tracers, "to_js", "s", s, "its numbers are being traced; export it outside of the traced function")
    module = Module(name)
    body = Script(s, module).function(name, "t: float")
    text = translated("\n\n\n".join((*module.helpers.values(), *module.tables, body)))
    doc = f"The value to use for update number t, counted from 0.\n\n{quoted(s, QUOTED)}".replace("*/", "* /")
    lines = "\n".join(f" * {line}".rstrip() for line in doc.splitlines())[3:]
    head, function, rest = text.rpartition(f"function {name}(")
    return f"{primitives(text)}{head}/** {lines}\n */\nexport {function}{rest}"


class Script(Standalone):
    """The printer of stand-alone source where nothing raises: no operation is guarded."""

    def template(self, op: str, args: list[Expr]) -> str:
        return Source.template(self, op, args)

    def constant(self, value: float) -> Expr:
        return Source.constant(self, value)

    def lift(self, op: Op, args: list[Expr]) -> Expr:
        return Source.lift(self, op, args) if isinstance(op, str) else self.replayed(op, args[0])


def primitives(text: str) -> str:
    """The functions that a text needs besides those of JavaScript."""
    return "".join(f"{body.strip()}\n\n" for name, body in PRIMITIVES.items() if f"{name}(" in text)


# -- writing -----------------------------------------------------------------------------------------


def translated(text: str) -> str:
    """JavaScript of the few kinds of Python that are printed."""
    return "\n\n".join("\n".join(statement(node, Counter())) for node in ast.parse(text).body)


def statement(node: ast.stmt, names: Counter[str]) -> Iterator[str]:
    """The lines of a statement; a name that is assigned once is a constant."""
    match node:
        case ast.FunctionDef(name, ast.arguments(args=parameters), body):
            own = Counter(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
            yield f"function {name}({', '.join(parameter.arg for parameter in parameters)}) {{"
            if again := [name for name, count in own.items() if count > 1]:
                yield f"  let {', '.join(again)};"
            yield from block(body, own)
            yield "}"
        case ast.If(test, body, orelse):
            yield f"if ({written(test)}) {{"
            yield from block(body, names)
            yield "} else {"
            yield from block(orelse, names)
            yield "}"
        case ast.While(test, body):
            yield f"while ({written(test)}) {{"
            yield from block(body, names)
            yield "}"
        case ast.Assign([target], value):
            first = target.elts[0] if isinstance(target, ast.Tuple) else target
            once = isinstance(first, ast.Name) and names[first.id] <= 1
            yield f"{'const ' * once}{written(target)} = {written(value)};"
        case ast.Return(ast.expr() as value):
            yield f"return {written(value)};"
        case ast.Expr(ast.Call(ast.Name("mark"), [ast.Constant(str(text))])):
            yield f"// {text}"
        case ast.Expr(ast.Constant(str(text))):
            yield f"// {text}"
        case _:
            _unknown(node)


def block(body: list[ast.stmt], names: Counter[str]) -> Iterator[str]:
    """The lines of statements, further in."""
    for node in body:
        for line in statement(node, names):
            yield f"  {line}"


BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.BitAnd: ("&", 4),
    ast.Add: ("+", 6),
    ast.Sub: ("-", 6),
    ast.Mult: ("*", 7),
    ast.Div: ("/", 7),
}
COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "===",
    ast.NotEq: "!==",
}
CALLED = {"min": "Math.min", "max": "Math.max", "abs": "Math.abs", "int": "Math.trunc"}
NAMES = {"inf": "Infinity", "nan": "NaN", "True": "true", "False": "false"}


def written(node: ast.expr, level: int = 0) -> str:
    """An expression, in parentheses where it binds less tightly than its level."""
    text, own = _expression(node)
    return text if own >= level else f"({text})"


def _expression(node: ast.expr) -> tuple[str, int]:
    match node:
        case ast.Constant(float() | int() as value):
            return _number(value), 10 if value >= 0 else 8
        case ast.Name(name):
            return NAMES.get(name, name), 10
        case ast.Attribute(ast.Name("math"), name):
            return NAMES.get(name, f"Math.{name}"), 10
        case ast.Attribute(value, name):
            return f"{written(value, 10)}.{name}", 10
        case ast.Call(ast.Name("len"), [argument]):
            return f"{written(argument, 10)}.length", 10
        case ast.Call(ast.Name("float"), [argument]):
            return _expression(argument)
        case ast.Call(function, arguments):
            name = CALLED.get(function.id) if isinstance(function, ast.Name) else None
            return f"{name or written(function, 10)}({', '.join(map(written, arguments))})", 10
        case ast.Subscript(value, index):
            return f"{written(value, 10)}[{written(index)}]", 10
        case ast.Tuple(items) | ast.List(items):
            return f"[{', '.join(map(written, items))}]", 10
        case ast.Starred(value):
            return f"...{written(value, 1)}", 1
        case _:
            return _operation(node)


def _operation(node: ast.expr) -> tuple[str, int]:
    match node:
        case ast.ListComp(item, [*outer, last]):
            text = f"{written(last.iter, 10)}.map({written(last.target)} => {written(item, 1)})"
            for loop in reversed(outer):
                text = f"{written(loop.iter, 10)}.flatMap({written(loop.target)} => {text})"
            return text, 10
        case ast.IfExp(test, body, orelse):
            return f"{written(test, 2)} ? {written(body, 1)} : {written(orelse, 1)}", 1
        case ast.BoolOp(op, values):
            sign, level = ("||", 2) if isinstance(op, ast.Or) else ("&&", 3)
            return f" {sign} ".join(written(value, level + 1) for value in values), level
        case ast.Compare(left, [op], [right]):
            return f"{written(left, 6)} {COMPARED[type(op)]} {written(right, 6)}", 5
        case ast.BinOp(left, ast.FloorDiv() | ast.Mod() as op, right):
            name = "_floor_divide" if isinstance(op, ast.FloorDiv) else "_remainder"
            return f"{name}({written(left)}, {written(right)})", 10
        case ast.BinOp(left, op, right):
            sign, level = BINARY[type(op)]
            return f"{written(left, level)} {sign} {written(right, level + 1)}", level
        case ast.UnaryOp(op, operand):
            return f"{'!' if isinstance(op, ast.Not) else '-'}{written(operand, 9)}", 8
        case _:
            return _unknown(node)


def _number(value: float) -> str:
    text = repr(float(value)) if isinstance(value, int) and abs(value) > 2**53 else repr(value)
    return text.removesuffix(".0") if math.isfinite(value) else "Infinity"


def _unknown(node: ast.AST) -> NoReturn:
    raise ScheduleError(f"to_js: {ast.unparse(node)}: this has no JavaScript")
