"""Text: ``repr`` writes a schedule as one would, `parse` reads it back without executing anything."""

import ast
import functools
import math
from collections.abc import Callable
from inspect import Parameter
from typing import Any, NoReturn, cast

from ..algebra.checks import ScheduleError
from ..algebra.named import MAKERS, Call
from ..algebra.nodes import Constant, Join, Lift, Schedule, Time, Warp, as_schedule, lift
from ..algebra.ops import ARITY
from ..library import combinators
from ..library.curves import constant

MAX_LENGTH = 200_000  # characters
MAX_NESTING = 100  # of nesting
MAX_INTEGER = 2**63
MANY_PARTS = 100  # parts of a join, beyond which it is written as a call

_JOIN, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)  # how tightly an expression binds

_INFIX = {
    "add": ("+", _SUM),
    "subtract": ("-", _SUM),
    "multiply": ("*", _PRODUCT),
    "divide": ("/", _PRODUCT),
    "floor_divide": ("//", _PRODUCT),
    "remainder": ("%", _PRODUCT),
}


# -- writing -----------------------------------------------------------------------------------------


def write(term: Schedule) -> str:
    """The expression that makes `term`."""
    return _written(term)[0]


def _written(term: Schedule) -> tuple[str, int]:
    """The expression, and how tightly it binds."""
    match term:
        case Constant(value):
            return f"constant({_literal(value)})", _ATOM
        case Time():
            return "Time()", _ATOM
        case Warp(Constant(value), _, steps):
            return f"constant({_literal(value)}, steps={_literal(steps)})", _ATOM
        case Warp(inner, clock, steps):
            return f"Warp({write(inner)}, {write(clock)}, {_literal(steps)})", _ATOM
        case Join(parts):
            if len(parts) > MANY_PARTS:  # as an operator is nested in its neighbour, and Python reads only so deep
                return f"join({', '.join(write(part) for part in parts)})", _ATOM
            return " >> ".join(_within(part, _SUM) for part in parts), _JOIN
        case Lift(op, args):
            return _operation(op, args)
        case Call(maker) if maker is cast("Any", combinators.part):
            s, start, stop = term.args
            end = "" if stop is s.steps or stop == s.steps else _literal(stop)
            return f"{_within(s, _ATOM)}[{_literal(start) if start else ''}:{end}]", _ATOM
        case Call(maker):
            return f"{maker.__name__}({', '.join(_arguments(term))})", _ATOM
        case _:
            return object.__repr__(term), _ATOM


def _operation(op: Any, args: tuple[Schedule, ...]) -> tuple[str, int]:
    if op in _INFIX:
        sign, level = _INFIX[op]
        return f"{_operand(args[0], level)} {sign} {_operand(args[1], level + 1)}", level
    if op == "pow":
        return f"{_operand(args[0], _ATOM)} ** {_operand(args[1], _SIGN)}", _POWER
    if op == "negative":
        return f"-{_within(args[0], _SIGN)}", _SIGN
    name = op if isinstance(op, str) else f"custom({_literal(op)})"
    return f"{name}({', '.join(_operand(arg, _JOIN) for arg in args)})", _ATOM


def _operand(term: Schedule, level: int) -> str:
    """An operand; a bare constant among operands is written as its number."""
    if isinstance(term, Constant):
        text = _literal(term.value)
        return f"({text})" if text.startswith("-") and level > _SUM else text
    return _within(term, level)


def _within(term: Schedule, level: int) -> str:
    text, own = _written(term)
    return text if own >= level else f"({text})"


def _arguments(call: Call) -> list[str]:
    texts: list[str] = []
    for place, (name, value) in enumerate(call.arguments.items()):
        default = call.maker.defaults[name]
        if place < call.maker.positional:
            texts.append(_literal(value))
        elif default is Parameter.empty or not _is_default(value, default):
            texts.append(f"{name}={_literal(value)}")
    return texts


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) in (int, float, bool, tuple) and value == default)


def _literal(value: Any) -> str:
    if isinstance(value, Constant):
        return _literal(value.value)
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        open_, close = "()" if len(items) == 2 and not any(isinstance(i, tuple) for i in items) else "[]"
        return f"{open_}{', '.join(map(_literal, items))}{close}"
    return getattr(value, "__name__", None) or repr(value)


# -- reading -----------------------------------------------------------------------------------------


def parse(text: str) -> Schedule:
    """The schedule that `text` writes, read without executing any code: ``parse(repr(s)) == s``.

    Names of schedules (your own `named` ones too), numbers, lists, keyword arguments, operators and slices;
    nothing else. Length, depth and the size of integers are bounded.

    Args:
        text: an expression such as ``"linear(0, 1e-3, 1000) >> cosine(1e-3, 0, 9000)"``.

    Raises:
        ScheduleError: with the position of the fault.

    >>> parse("linear(0, 1e-3, 1000) >> 0.5 * cosine(2e-3, 0, 9000)")(1000)
    0.001
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- for those without a checker
        raise ScheduleError(f"parse: text={text!r}: give the expression as a str")
    if len(text) > MAX_LENGTH:
        raise ScheduleError(f"parse: text of {len(text)} characters: at most {MAX_LENGTH} are read")
    reader = _Reader(text)
    try:
        tree = ast.parse(reader.text, mode="eval").body
    except SyntaxError as fault:
        place = reader.place(fault.lineno or 1, fault.offset - 1) if fault.offset else len(text) + 1
        raise ScheduleError(f"parse: at character {place}: {fault.msg}: {_excerpt(text)}") from None
    except (ValueError, RecursionError, MemoryError) as fault:
        raise ScheduleError(f"parse: {str(fault) or 'nested too deeply'}: {_excerpt(text)}") from None
    return reader.schedule(tree)


def _is_operand(value: Any) -> bool:
    return isinstance(value, int | float | Schedule) and not isinstance(value, bool)


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
}

_CONSTANTS: dict[str, Any] = {"inf": math.inf, "pi": math.pi}


def _functions() -> dict[str, Any]:
    """What may be called by name."""
    ops = {op: functools.partial(_lifted, op) for op in ARITY}
    others = {name: getattr(combinators, name) for name in ("join", "scale", "minimum", "maximum")}
    known = {**ops, **MAKERS, **others, "constant": constant, "Time": Time, "Warp": Warp}
    return {name: function for name, function in known.items() if name != "custom"}


def _lifted(op: str, *args: Any) -> Schedule:
    return lift(op, *args)


class _Reader:
    """Evaluates the few kinds of syntax that schedules are written in."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.skipped = len(text) - len(text.lstrip())

    def place(self, line: int, column: int) -> int:
        """The number of a character in the whole text, counted from 1."""
        before = self.text.split("\n")[: line - 1]
        return self.skipped + sum(len(text) + 1 for text in before) + column + 1

    def fail(self, node: ast.AST, why: str) -> NoReturn:
        """Raise with the position of a node."""
        line: int = getattr(node, "lineno", 1)
        ahead = self.text.split("\n")[line - 1].encode()[: getattr(node, "col_offset", 0)]
        place = self.place(line, len(ahead.decode(errors="ignore")))
        excerpt = ast.get_source_segment(self.text, node) or self.text
        raise ScheduleError(f"parse: at character {place}: {_excerpt(excerpt)}: {why}")

    def schedule(self, node: ast.expr) -> Schedule:
        """The schedule that the whole text writes."""
        value = self.read(node, 0)
        if not _is_operand(value):
            self.fail(node, "this is no schedule; write one, such as constant(0.1)")
        try:
            return as_schedule(value, "constant")
        except ScheduleError as fault:
            self.fail(node, str(fault))

    def read(self, node: ast.AST, depth: int) -> Any:
        """The value of a piece of syntax."""
        if depth > MAX_NESTING:
            self.fail(node, f"nested more than {MAX_NESTING} deep")
        try:
            return self.visit(node, depth + 1)
        except ScheduleError as fault:
            if str(fault).startswith("parse:"):
                raise
            self.fail(node, str(fault))
        except (ArithmeticError, TypeError, ValueError, RecursionError) as fault:
            self.fail(node, str(fault) or type(fault).__name__)

    def visit(self, node: ast.AST, depth: int) -> Any:
        """One case for each kind of syntax."""
        match node:
            case ast.Constant(value) if value is None or isinstance(value, bool):
                return value
            case ast.Constant(float(value)):
                return value
            case ast.Constant(int(value)):
                return value if abs(value) < MAX_INTEGER else self.fail(node, "the number is too large")
            case ast.List(items) | ast.Tuple(items):
                return tuple(self.read(item, depth) for item in items)
            case ast.UnaryOp(ast.USub() | ast.UAdd() as sign, inner):
                value = self.operand(inner, self.read(inner, depth))
                return -value if isinstance(sign, ast.USub) else value
            case ast.BinOp():
                return self.chain(node, depth)
            case ast.Subscript(inner, ast.Slice(low, high, None)):
                start, stop = (None if end is None else self.read(end, depth) for end in (low, high))
                return self.read(inner, depth)[start:stop]
            case ast.Call(ast.Name(name), arguments, keywords):
                return self.call(node, name, arguments, keywords, depth)
            case ast.Name(name):
                known = _CONSTANTS | MAKERS
                return known[name] if name in known else self.fail(node, self.unknown(name))
            case _:
                return self.fail(node, "only names of schedules, numbers, lists, operators and slices are read")

    def chain(self, node: ast.BinOp, depth: int) -> Any:
        """Operators of one precedence, left to right and not by recursion: joins may have many parts."""
        pending: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            pending.append(left)
            left = left.left
        parts = [self.read(left, depth)]
        for current in reversed(pending):
            right = self.read(current.right, depth)
            if isinstance(current.op, ast.RShift):
                parts.append(right)
            else:
                parts = [self.apply(current, self.joined(parts), right)]
        return self.joined(parts)

    def joined(self, parts: list[Any]) -> Any:
        """Parts between ``>>`` as one value."""
        return parts[0] if len(parts) == 1 else combinators.join(*parts)

    def apply(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        """One operator; on two numbers, in floats where a whole result could grow without bound."""
        operation = _OPERATORS.get(type(node.op))
        if operation is None:
            self.fail(node, "no such operator on schedules; use >> + - * / // % **")
        self.operand(node, left)
        self.operand(node, right)
        if isinstance(left, int) and isinstance(right, int) and isinstance(node.op, ast.Pow):
            left = float(left)
        result = operation(left, right)
        if isinstance(result, int) and abs(result) >= MAX_INTEGER:
            self.fail(node, "the number is too large")
        return result

    def operand(self, node: ast.AST, value: Any) -> Any:
        """`value`, if an operator takes it."""
        if not _is_operand(value):
            self.fail(node, "operators take schedules and numbers")
        return value

    def call(self, node: ast.Call, name: str, arguments: list[ast.expr], keywords: list[Any], depth: int) -> Any:
        """A schedule by its name."""
        functions = _functions()
        if name not in functions:
            self.fail(node, self.unknown(name))
        given = [self.read(argument, depth) for argument in arguments]
        named = {word.arg: self.read(word.value, depth) for word in keywords}
        if None in named or len(named) < len(keywords):
            self.fail(node, "write each argument once and by its name")
        return functions[name](*given, **named)

    def unknown(self, name: str) -> str:
        """A hint at the name that was meant."""
        from difflib import get_close_matches

        if name == "custom":
            return "a Python function has no text form; build custom(...) in Python"
        if name in _functions():
            return f"this is a function; call it: {name}(...)"
        close = get_close_matches(name, _functions(), n=1)
        return f"no schedule of this name{f'; did you mean {close[0]}?' if close else ''}"
