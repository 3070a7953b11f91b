"""The vocabulary in JavaScript: what each named schedule makes of its arguments, traced and printed.

A function in JavaScript is made for each named one: it asks what that asks, refuses what that refuses, and puts the
five nodes and the other named ones together as that does. The nodes themselves, and what calls these functions, are of
the page that they are made for.
"""

import ast
import inspect
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from ..algebra.checks import Kind, ScheduleError
from ..algebra.named import MAKERS, Call, Maker
from ..algebra.nodes import Constant, Join, Lift, Schedule, Time, Warp
from ..algebra.ops import ARITY, INLINE, TEMPLATES
from ..evaluate.fold import Clock
from ..evaluate.numbers import Expr
from ..library.recording import Recording
from .javascript import RESERVED, Script, primitives, translated, written
from .source import HELPERS, Module, tidy
from .tracing import (
    MARKS,
    PLAIN,
    AnyCurve,
    Choice,
    Either,
    Items,
    Letter,
    Opaque,
    Pairs,
    Repeated,
    Truth,
    explored,
    source_of,
    spelt_as,
)

Tree = Any
"""A `Choice`, an error, or what a function returns."""


def vocabulary_js(names: Mapping[str, Maker] | None = None) -> str:
    """JavaScript that puts every named schedule, by its name, into ``MAKERS``, and every operation into ``OPERATIONS``.

    Args:
        names: the named schedules; None means all that are known now, but those of yours that cannot be traced (their
            Python asks for more than operations on numbers and schedules): nothing else can write them.

    Raises:
        ScheduleError: one of `names` cannot be traced.
    """
    rules: dict[str, str] = {}
    known, made = (MAKERS, _maker_if_traced) if names is None else (names, _maker)
    lines = [f"MAKERS.{name} = {text};" for name, maker in known.items() if (text := made(maker, rules))]
    lines += [f"OPERATIONS.{op} = {_operation(op)};" for op in ARITY]
    text = "\n".join(lines)
    helpers = [HELPERS["_replay"].strip(), *(source_of(PLAIN[name]) for name in sorted(PLAIN) if f"{name}(" in text)]
    before = translated("\n".join(helpers))
    table = "\n".join(f"const {name} = {rule};" for rule, name in rules.items())
    return f"{primitives(before + text)}{before}\n{table}\n{text}\n"


def _maker_if_traced(maker: Maker, rules: dict[str, str]) -> str | None:
    """The function of one named schedule; None for one of yours whose Python is more than can be traced."""
    try:
        return _maker(maker, rules)
    except Exception:  # whatever other people's functions do with what they are traced with
        if maker.__module__.startswith("schedules."):
            raise
        return None


def _maker(maker: Maker, rules: dict[str, str]) -> str | None:
    """The function of one named schedule; None for one that takes a Python function."""
    name, kinds = maker.__name__, maker.kinds()
    if any(_sort(kind) == "function" for kind in kinds.values()):
        return None
    parameters = [_parameter(key, kinds[key], default, rules) for key, default in maker.defaults.items()]
    body = "\n".join(_indented(_traced(maker)))
    arguments = ", ".join(map(_word, maker.defaults))
    return f'named("{name}", {maker.positional}, [{", ".join(parameters)}], ({arguments}) => {{\n{body}\n}})'


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _word(name: str) -> str:
    return f"{name}_" if name in RESERVED else name


def _operation(op: str) -> str:
    names = "abc"[: ARITY[op]]
    value = INLINE.get(op, TEMPLATES[op]).format(*names)
    return _arrow(tidy(f"def piece({', '.join(names)}):\n    return {value}"))


def _arrow(function: str) -> str:
    """A function of Python as an arrow of JavaScript."""
    head, *lines = translated(function).splitlines()
    parameters = head[len("function piece") : -2]
    if len(lines) == 2:
        return f"{parameters} => {lines[0].strip().removeprefix('return ').removesuffix(';')}"
    return f"{parameters} => {{ {' '.join(map(str.strip, lines[:-1]))} }}"


def _js(text: str) -> str:
    """An expression of Python in JavaScript."""
    return written(ast.parse(text, mode="eval").body, 1)


# -- arguments ---------------------------------------------------------------------------------------


def _takes(kind: Kind, value: Any) -> bool:
    try:
        kind.convert(value)
    except (TypeError, ValueError, OverflowError, KeyError, AttributeError):
        return False
    return True


def _sort(kind: Kind) -> str:
    """What a rule takes: found by trying."""
    if _takes(kind, math.sin):
        return "function"
    tries = {"switch": True, "shape": "linear", "schedule": Time(), "number": 1, "pairs": ((1, 1),), "list": (1,)}
    takes = {sort for sort, value in tries.items() if _takes(kind, value)}
    if takes >= {"schedule", "list"}:
        return "any"
    return next(sort for sort in ("pairs", "list", "schedule", "number", "shape", "switch") if sort in takes)


def _rule(kind: Kind) -> str:
    sort = _sort(kind)
    rule: dict[str, Any] = {"sort": sort, "wants": kind.wants}
    if sort in ("number", "list"):
        one = kind.convert(1 if sort == "number" else (1,))
        rule["float"] = isinstance(one if sort == "number" else one[0], float)
        rule["whole"] = not any(_takes(kind, x if sort == "number" else (x,)) for x in (0.5, 1.5))
    if sort in ("list", "pairs"):
        rule["least"] = int(not _takes(kind, ()))
        rule["below"] = _takes(kind, (-1,))
        rule["ascending"] = not _takes(kind, ((2, 1), (1, 1)) if sort == "pairs" else (2, 1))
    accepts = getattr(kind.convert, "accepts", None)
    if sort == "number" and _takes(kind, None):
        rule["none"] = True
    text = json.dumps(rule, separators=(",", ":"))
    return f"{text[:-1]}, accepts: x => {_condition(accepts)}}}" if accepts else text


def _condition(accepts: Callable[[Any], Any]) -> str:
    """A condition on a number, traced."""
    if accepts is math.isfinite:
        return "Number.isFinite(x)"

    def text(tree: Tree) -> str:
        if isinstance(tree, Choice):
            yes, no = text(tree.yes), text(tree.no)
            question = _js(tree.condition)
            return f"{question} && {yes}" if no == "false" else f"({question} ? {yes} : {no})"
        return _js(tree.text) if isinstance(tree, Truth) else str(tree).lower()

    return text(explored("", lambda: accepts(Letter("x")))).replace(" && true", "")


def _parameter(name: str, kind: Kind, default: Any, rules: dict[str, str]) -> str:
    rule = rules.setdefault(_rule(kind), f"R{len(rules)}")
    if default is inspect.Parameter.empty:
        return f'["{name}", {rule}]'
    return f'["{name}", {rule}, {Nodes().value(default)}]'


# -- what a call makes -------------------------------------------------------------------------------


def _traced(maker: Maker) -> Iterator[str]:
    """The statements of a named schedule, for each choice of its switches."""
    kinds = maker.kinds()
    switches = [name for name, kind in kinds.items() if _sort(kind) == "switch"]
    for answers in itertools.product((False, True), repeat=len(switches)):
        chosen = dict(zip(switches, answers, strict=True))
        given = {name: chosen.get(name, _symbol(name, kind)) for name, kind in kinds.items()}
        lines = statements(_tree(maker, given), Nodes().returned)
        if all(answers):
            yield from lines
        else:
            test = " && ".join(f"{'' if answer else '!'}{_word(name)}" for name, answer in chosen.items())
            yield f"if ({test}) {{"
            yield from _indented(lines)
            yield "}"


def _tree(maker: Maker, given: dict[str, Any]) -> Tree:
    """All that a maker does with some symbols; one that looks into a schedule is traced for a number in its place."""
    tree = _explored(maker, given)
    for name, value in given.items():
        if isinstance(tree, ScheduleError) and isinstance(value, Opaque):
            other = _explored(maker, given | {name: Constant(Letter(f"{value.text}.value"))})
            tree = tree if isinstance(other, ScheduleError) else Choice(f"{value.text}.settled", other, tree)
    return tree


def _explored(maker: Maker, given: dict[str, Any]) -> Tree:
    values = list(given.items())
    args, keywords = [value for _, value in values[: maker.positional]], dict(values[maker.positional :])
    return explored(maker.__name__, lambda: maker.__wrapped__(*args, **keywords))


def _symbol(name: str, kind: Kind) -> Any:
    sort, word = _sort(kind), _word(name)
    match sort:
        case "schedule":
            return Opaque(word)
        case "shape":
            return AnyCurve(word)
        case "pairs":
            return Pairs(word)
        case "list":
            return Items(word)
        case _:
            return Letter(word, floating=sort == "number" and isinstance(kind.convert(1), float))


def statements(tree: Tree, leaf: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    """The statements of a tree of choices."""
    if isinstance(tree, ScheduleError):
        yield _refusal(tree)
    elif not isinstance(tree, Choice):
        yield from leaf(tree)
    elif isinstance(tree.no, ScheduleError):
        yield f"if (!({_js(tree.condition)})) {_refusal(tree.no)}"
        yield from statements(tree.yes, leaf)
    else:
        yield f"if ({_js(tree.condition)}) {{"
        yield from _indented(statements(tree.yes, leaf))
        yield "}"
        yield from statements(tree.no, leaf)


def _refusal(fault: ScheduleError) -> str:
    text = str(fault).replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")

    def said(mark: re.Match[str]) -> str:
        spec, _, symbol = MARKS[mark[0]].partition("\x03")
        return f"${{say({_js(symbol)}, {json.dumps(spec)})}}"

    message = re.sub("\x01[0-9]+\x02", said, text)
    return f"refuse(`{message}`);"


class Nodes:
    """The printer of terms as what makes them; numbers that take work are computed once, before."""

    def __init__(self) -> None:
        self.constants: dict[str, str] = {}

    def returned(self, made: Any) -> Iterator[str]:
        """The statements that return a term, or several."""
        own = Nodes()
        several = cast("tuple[Schedule, ...]", made)
        text = f"[{', '.join(map(own.node, several))}]" if isinstance(made, tuple) else own.node(made)
        yield from (f"const {name} = {_js(value)};" for value, name in own.constants.items())
        yield f"return {text};"

    def number(self, value: Any) -> str:
        """A number, or the name of one that is computed."""
        text = spelt_as(value)
        if not isinstance(value, Letter) or re.fullmatch(r"\w+", text):
            return text
        return self.constants.setdefault(text, f"c{len(self.constants)}")

    def value(self, value: Any) -> str:
        """An argument."""
        if isinstance(value, Schedule):
            return self.node(value)
        if isinstance(value, tuple):
            return f"[{', '.join(map(self.value, cast('tuple[Any, ...]', value)))}]"
        if value is None or isinstance(value, bool):
            return json.dumps(value)
        if hasattr(value, "positional"):
            return value.text if isinstance(value, AnyCurve) else f"MAKERS.{value.__name__}"
        return _js(spelt_as(value))

    def node(self, term: Schedule) -> str:
        """What makes a term."""
        match term:
            case Opaque(text):
                return _js(text)
            case Either(condition, yes, no):
                return f"({_js(condition.text)} ? {self.node(yes)} : {self.node(no)})"
            case Repeated():
                return f"join([{self.part(term)}])"
            case Constant(value):
                return f"constant({_js(self.number(value))})"
            case Time():
                return "time"
            case Warp(Constant(value), _, steps):
                return f"constant({_js(self.number(value))}, {_js(self.number(steps))})"
            case Warp(inner, clock, steps):
                return f"warp({self.node(inner)}, {self.node(clock)}, {_js(self.number(steps))})"
            case Join(parts):
                return f"join([{', '.join(map(self.part, parts))}])"
            case Lift():
                return Pointwise(term, self).printed()
            case Call(maker, args):
                return f"MAKERS.{maker.__name__}({', '.join(map(self.value, args))})"
            case _:
                raise ScheduleError(f"vocabulary_js: {type(term).__name__}: not one of the five nodes")

    def part(self, term: Schedule) -> str:
        """What makes a part of a join, or as many as there are."""
        if not isinstance(term, Repeated):
            return self.node(term)
        body = " ".join(line.strip() for line in statements(term.made, self.returned))
        return f"...counted({_js(term.times)}, {term.name} => {{ {body} }})"


class Pointwise(Script):
    """The printer of operations: what is no operation, number or time is an argument of theirs."""

    def __init__(self, term: Schedule, nodes: Nodes) -> None:
        super().__init__(term, Module("piece"))
        self.nodes = nodes
        self.given: dict[int, tuple[str, Schedule]] = {}

    def printed(self) -> str:
        """The operation over its arguments."""
        self.margin = "    "
        value = self.fold(self.term, Clock(Expr("t", True, False), 0))
        self.emit(f"return {value.text}")
        names = ", ".join(name for name, _ in self.given.values())
        body = tidy(f"def piece({names}):\n" + "\n".join(self.lines))
        terms = ", ".join(self.nodes.node(term) for _, term in self.given.values())
        return f"lift({_arrow(body)}, [{terms}])"

    def parameter(self, value: Any) -> str:
        return self.nodes.number(value)

    def evaluate(self, term: Schedule, time: Clock[Expr]) -> Expr:
        if isinstance(term, Constant | Lift):
            return super().evaluate(term, time)
        key = 0 if isinstance(term, Time) else id(term)
        name, _ = self.given.setdefault(key, ("t" if key == 0 else f"a{len(self.given)}", term))
        return Expr(name, True, False)

    def replayed(self, op: Any, t: Expr) -> Expr:
        if isinstance(op, Recording) and isinstance(op.values, Items):
            values = op.values.text
            if op.interpolate:
                return Expr(f"_replay((*{values}, {values}[len({values}) - 1]), {t.text})", False, True)
            return Expr(f"{values}[min(int({t.text}), len({values}) - 1)]", False, True)
        return super().replayed(op, t)
