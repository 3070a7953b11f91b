"""Text: ``repr`` writes a schedule as one would, `parse` reads it back without executing anything."""

import ast
import functools
import keyword
import math
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, isfunction
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

from ..algebra.checks import FINITE, Kind, ScheduleError, demand, number
from ..algebra.named import MAKERS, Call, shapes_like
from ..algebra.nodes import Constant, Join, Lift, Schedule, ScheduleLike, Time, Warp, as_schedule, lift
from ..algebra.ops import ARITY, WHOLE
from ..library import combinators
from ..library.curves import constant

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MAX_LENGTH = 200_000  # characters
MAX_NESTING = 100  # of nesting
MAX_INTEGER = 2**63
MANY_PARTS = 100  # parts of a join, beyond which it is written as a call

GROUP = "schedules.named"
"""The group of entry points by which packages offer their named schedules, each under its own name."""

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


def parse(text: "str | ScheduleLike", /, **names: ScheduleLike) -> Schedule:
    """The schedule that `text` writes, read without executing any code: ``parse(repr(s)) == s``.

    Names of schedules (your own `named` ones too), numbers, lists, keyword arguments, operators and slices;
    ``round``, ``floor`` and ``ceil`` for whole steps, and a name in quotes for the name. A line may break
    anywhere, and ``#`` begins a comment. Length, depth and the size of integers are bounded.

    Args:
        text: an expression such as ``"linear(0, 1e-3, 1000) >> cosine(1e-3, 0, 9000)"``; a schedule is itself,
            and a number a constant.
        names: what other names in the text stand for: numbers or schedules. The text may leave some unused.

    Raises:
        ScheduleError: with the position of the fault; a name is left without a value, or a name that is given is
            one of a schedule or an operation.

    >>> parse("linear(0, 1e-3, 1000) >> 0.5 * cosine(2e-3, 0, 9000)")(1000)
    0.001
    >>> parse("wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)", lr=3e-4, steps=100_000)
    wsd(0.0003, 100000, warmup=3000, cooldown=20000)
    """
    known = named_values(names)
    if isinstance(text, str):
        return Reader(text, known).schedule()
    return text if isinstance(text, Schedule) else Constant(_TEXT("parse", "text", text))


def free_names(text: "str | ScheduleLike", /) -> tuple[str, ...]:
    """The names in `text` that `parse` has to be given, in order of appearance.

    Args:
        text: an expression; a schedule or a number has no names.

    Raises:
        ScheduleError: with the position of the fault, if the text is no expression.

    >>> free_names("wsd(lr, steps, warmup=0.03 * steps, cooldown=1_000, shape=cosine)")
    ('lr', 'steps')
    """
    return Reader(text, {}).free() if isinstance(text, str) else parse(text) and ()


_TEXT = Kind("give the expression as a str, a schedule or a finite number", FINITE.convert)
_NAMED = Kind("this is a number or a schedule; make one of a text with parse", number)


def named_values(names: Mapping[str, Any]) -> dict[str, Any]:
    """What names in a text stand for, checked: numbers and schedules."""
    return {name: _given(name, value) for name, value in names.items()}


def _given(name: str, value: Any) -> Any:
    """What a name stands for."""
    free = name.isidentifier() and not keyword.iskeyword(name) and not _is_word(name)
    demand(free, "parse", name, value, "the name is taken by expressions, or is no name; choose another")
    return value if isinstance(value, Schedule) else _NAMED("parse", name, value)


def _is_number(value: Any) -> bool:
    try:
        number(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _is_operand(value: Any) -> bool:
    return isinstance(value, Schedule) or _is_number(value)


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
_MEANT = {"min": ["minimum"], "max": ["maximum"], "exp": ["exponential"]}  # names that other languages have


def _of_numbers(function: Callable[..., Schedule], *args: Any, **kwargs: Any) -> Any:
    """What an operation gives: a number, if it is of numbers."""
    result = function(*args, **kwargs)
    operands = (*args, *kwargs.values())
    return result.value if isinstance(result, Constant) and all(map(_is_number, operands)) else result


def _rounded(name: str, rule: Callable[[Any], int], *args: Any) -> int:
    demand(len(args) == 1, name, "operands", len(args), f"{name} takes 1")
    return rule(FINITE(name, "operand", args[0]))


_OPERATIONS: dict[str, Callable[..., Any]] = {
    **{op: functools.partial(_of_numbers, functools.partial(lift, op)) for op in ARITY},
    **{name: functools.partial(_of_numbers, getattr(combinators, name)) for name in ("scale", "minimum", "maximum")},
    **{name: functools.partial(_rounded, name, rule) for name, rule in WHOLE.items()},
    "join": combinators.join,
    "constant": constant,
    "Time": Time,
    "Warp": Warp,
}


def _function(name: str) -> Callable[..., Any] | None:
    """What may be called by this name."""
    return None if name == "custom" else _OPERATIONS.get(name) or _maker(name)


def _maker(name: str) -> Callable[..., Any] | None:
    """A named schedule; if need be, that of an installed package."""
    return MAKERS.get(name) or (_offered(name) if name in _offers() else None)


@functools.cache
def _offers() -> "dict[str, EntryPoint]":
    """The named schedules that installed packages offer, not loaded yet."""
    from importlib.metadata import entry_points

    return {offer.name: offer for offer in entry_points(group=GROUP)}


def _offered(name: str) -> Callable[..., Any]:
    """The named schedule that a package offers."""
    offer = _offers()[name]
    try:
        offer.load()
        return MAKERS[name]
    except (ImportError, AttributeError, KeyError) as fault:
        raise ScheduleError(
            f"{name}: entry point {GROUP}: {offer.value} gives no schedule of this name ({fault}); "
            f"write {name} = module:{name} for a function under @named"
        ) from None


@functools.cache
def libraries() -> dict[str, str]:
    """The libraries whose dialects are spoken, and their modules; text knows them as users do, by name."""
    from importlib.util import find_spec
    from pkgutil import iter_modules

    spec = find_spec("schedules.dialects")
    assert spec is not None  # noqa: S101 -- it is part of this package
    return {found.name: f"{spec.name}.{found.name}" for found in iter_modules(spec.submodule_search_locations)}


def _dialect(library: str, name: str) -> Callable[..., Any]:
    """The schedule of another library by its own name."""
    modules = libraries()
    if library not in modules:
        raise ScheduleError(f"no library of this name; there are {', '.join(modules)}")
    module = import_module(modules[library])
    known = {name: getattr(module, name) for name in module.__all__ if isfunction(getattr(module, name))}
    if name not in known:
        raise ScheduleError(f"no schedule of this name; {library} has {', '.join(known)}")
    return known[name]


def _is_word(name: str) -> bool:
    """Whether a name means something by itself."""
    return name in _CONSTANTS or name in _OPERATIONS or name in MAKERS or name in _offers() or name in libraries()


def _elsewhere(name: str) -> list[str]:
    return [f"{library}.{name}" for library, path in libraries().items() if name in import_module(path).__all__]


Word: TypeAlias = "Callable[[Reader, ast.Call, int], Any]"
"""What reads a call of a word by itself: the reader, the unread call, and how deep it is nested."""

_BREAK = re.compile(r"#[^\r\n]*|\\?[\r\n]")  # comments and ends of lines are space
_SUFFIXED = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)([kmbt])\b", re.IGNORECASE)


class Reader:
    """Evaluates the few kinds of syntax that schedules are written in."""

    def __init__(self, text: str, names: Mapping[str, Any], words: "Mapping[str, Word] | None" = None) -> None:
        if len(text) > MAX_LENGTH:
            raise ScheduleError(f"parse: text of {len(text)} characters: at most {MAX_LENGTH} are read")
        plain = _BREAK.sub(lambda found: " " * len(found[0]), text)
        self.text = plain.strip()
        self.skipped = len(plain) - len(plain.lstrip())
        self.names = names
        self.words = words or {}
        try:
            self.tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as fault:
            raise self.no_syntax(fault, text) from None
        except (ValueError, RecursionError, MemoryError) as fault:
            raise ScheduleError(f"parse: {str(fault) or 'nested too deeply'}: {_excerpt(text)}") from None

    def no_syntax(self, fault: SyntaxError, text: str) -> ScheduleError:
        """The error of a text that Python cannot read."""
        if found := _SUFFIXED.search(self.text):
            from fractions import Fraction

            exact = Fraction(found[1]) * 1000 ** (1 + "kmbt".index(found[2].lower()))
            instead = f"{int(exact):_}" if exact.denominator == 1 else repr(float(exact))
            return ScheduleError(
                f"parse: at character {self.skipped + found.start() + 1}: {found[0]!r}: write {instead}"
            )
        place = self.skipped + fault.offset if fault.offset else len(text) + 1
        sign = self.text[fault.offset - 1 : fault.offset] if fault.offset else ""
        why = {";": "join parts with >>", ":": "give the expression alone, without a name"}.get(sign, fault.msg)
        return ScheduleError(f"parse: at character {place}: {why}: {_excerpt(text)}")

    def fail(self, node: ast.AST, why: str) -> NoReturn:
        """Raise with the position of a node, in characters from 1."""
        ahead = self.text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
        excerpt = ast.get_source_segment(self.text, node) or self.text
        raise ScheduleError(f"parse: at character {self.skipped + len(ahead) + 1}: {_excerpt(excerpt)}: {why}")

    def free(self) -> tuple[str, ...]:
        """The names that mean nothing by themselves, in order of appearance."""
        nodes = list(ast.walk(self.tree))
        heads = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        heads |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in heads]
        names.sort(key=lambda node: node.col_offset)
        return tuple(dict.fromkeys(node.id for node in names if not _is_word(node.id)))

    def schedule(self) -> Schedule:
        """The schedule that the whole text writes."""
        value = self.read(self.tree, 0)
        if not _is_operand(value):
            self.fail(self.tree, "this is no schedule; write one, such as constant(0.1), without quotes")
        try:
            return as_schedule(value, "constant")
        except ScheduleError as fault:
            self.fail(self.tree, str(fault))

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
            case ast.Constant(None | bool() | float() | str() as value):
                return value
            case ast.Constant(int(value)):
                return self.bounded(node, value)
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
            case ast.Call(ast.Name(name)) if name in self.words:
                return self.words[name](self, node, depth)
            case ast.Call(ast.Name() | ast.Attribute(ast.Name()) as name, arguments, keywords):
                return self.call(node, self.function(node, name), arguments, keywords, depth)
            case ast.Name(name):
                return self.name(node, name)
            case _:
                return self.fail(node, "only names of schedules, numbers, lists, operators and slices are read")

    def name(self, node: ast.Name, name: str) -> Any:
        """What stands for a name by itself: a number, a schedule, or a named one that is not called."""
        for known in (self.names, _CONSTANTS):
            if name in known:
                return known[name]
        if maker := _maker(name):
            return maker
        if _is_word(name) or name == "custom":
            self.fail(node, self.unknown(name))
        free = [name for name in self.free() if name not in self.names]
        return self.fail(
            node,
            f"{self.unknown(name)}; free is {', '.join(free)}, given is {', '.join(self.names) or 'nothing'}; "
            f"give {', '.join(f'{name}=...' for name in free)}",
        )

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
        return self.bounded(node, operation(left, right))

    def bounded(self, node: ast.AST, value: Any) -> Any:
        """`value`, if it is no integer that could grow without bound."""
        return (
            self.fail(node, "the number is too large")
            if isinstance(value, int) and abs(value) >= MAX_INTEGER
            else value
        )

    def operand(self, node: ast.AST, value: Any) -> Any:
        """`value`, if an operator takes it."""
        if not _is_operand(value):
            self.fail(node, "operators take schedules and numbers")
        return value

    def function(self, node: ast.Call, name: ast.Name | ast.Attribute) -> Callable[..., Any]:
        """What is called: a schedule by its name, or that of another library by both names."""
        if isinstance(name, ast.Attribute):
            return _dialect(cast("ast.Name", name.value).id, name.attr)
        return _function(name.id) or self.fail(node, self.unknown(name.id, called=True))

    def call(
        self, node: ast.Call, function: Callable[..., Any], arguments: list[ast.expr], keywords: list[Any], depth: int
    ) -> Any:
        """What a call gives."""
        given = [self.read(argument, depth) for argument in arguments]
        named = {word.arg: self.read(word.value, depth) for word in keywords}
        if None in named or len(named) < len(keywords):
            self.fail(node, "write each argument once and by its name")
        return self.bounded(node, function(*given, **cast("dict[str, Any]", named)))

    def unknown(self, name: str, *, called: bool = False) -> str:
        """A hint at the name that was meant."""
        from difflib import get_close_matches

        if name == "custom":
            return "a Python function has no text form; build custom(...) in Python"
        if name in libraries():
            return f"this is a library; call one of its schedules: {name}.NAME(...)"
        if name in self.names:
            return "this stands for a number or a schedule, and cannot be called"
        if _function(name):
            return "; did you mean the shape ".join([f"this is a function; call it: {name}(...)", *shapes_like(name)])
        known = (*self.names, *_CONSTANTS, *_OPERATIONS, *MAKERS, *_offers(), *self.words)
        close = " or ".join(_MEANT.get(name) or (called and _elsewhere(name)) or get_close_matches(name, known, n=1))
        return f"no schedule of this name{f'; did you mean {close}?' if close else ''}"
