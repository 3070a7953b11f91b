"""Stand-alone source: a schedule as a Python function that needs nothing but ``math``.

The printer is that of ``s.function()``. Here constants are written where they are used, a long join is a table, and
what Python would refuse (a division by zero, an overflow) is done by small functions that are printed along.
"""

import ast
import builtins
import keyword
import math
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, cast

from ..algebra.checks import Name, demand, refusal
from ..algebra.named import checked
from ..algebra.nodes import Join, Op, Schedule
from ..algebra.ops import NUMBERS, bound, geometric_template
from ..evaluate.fold import Clock
from ..evaluate.namespaces import on_numbers
from ..evaluate.numbers import Expr, Source, as_float
from ..library.recording import Recording
from .formula import quoted

WIDTH = 100  # characters of a line of numbers, and of the name of a part
QUOTED = 2_000  # characters of an expression that is quoted whole

Limits = tuple[float, float]
UNLIMITED: Limits = -math.inf, math.inf


@checked
def to_python(s: Schedule, name: Name = "schedule") -> str:
    '''Python source of ``def name(t)``, which equals ``s(t)`` bit by bit and imports ``math`` only.

    It is that at every step up to 2**53. Where Python has no answer (1/0, an overflow) both give that of IEEE 754, s by
    asking NumPy for the whole value: if an infinity inside of it leads to a finite value, the last bit may differ.

    Args:
        s: the schedule.
        name: the name of the function.

    Returns:
        The text of a module: ``import math``, tables if there are any, and the function.

    Raises:
        ScheduleError: there is a Python function in s, which has no source here, or a number that is being traced;
            or the name is no name, or one that the function needs itself.

    >>> from schedules import linear
    >>> print(to_python(linear(0.1, 0.0, 100) >> linear(0.0, 0.1, 50), name="lr"))
    def lr(t: float) -> float:
        """The value to use for update number t, counted from 0.
    <BLANKLINE>
        linear(0.1, 0.0, 100) >> linear(0.0, 0.1, 50)
        """
        if t < 100:
            # linear(0.1, 0.0, 100)
            x0 = 0 if t < 0 else t
            return 0.1 * ((100 - x0) / 100)
        else:
            # linear(0.0, 0.1, 50)
            x1 = t - 100
            x2 = 50 if x1 > 50 else x1
            return 0.1 * (x2 / 50)
    '''
    taken = keyword.iskeyword(name) or name in _TAKEN or name.startswith("_")
    demand(not taken, "to_python", "name", name, "this is a name that is free, such as lr")
    demand(not s.tracers, "to_python", "s", s, "its numbers are being traced; export it outside of the traced function")
    module = Module(name)
    body = Standalone(s, module).function(name, "t: float")
    text = commented("\n\n\n".join((*module.helpers.values(), *module.tables, _documented(body, s))))
    return f"import math\n\n\n{text}" if "math." in _code(body, module) else text


_TAKEN = frozenset((*dir(builtins), "math"))


def _code(body: str, module: "Module") -> str:
    return "\n".join((body, *module.helpers.values(), *module.tables))


def _documented(function: str, s: Schedule) -> str:
    """A function with its docstring, which quotes the schedule."""
    head, body = function.split("\n", 1)
    doc = f'    """The value to use for update number t, counted from 0.\n\n    {quoted(s, QUOTED)}\n    """'
    return f"{head}\n{doc}\n{body}"


class Module:
    """What is printed before the function: helpers, each once, and tables."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.helpers: dict[str, str] = {}
        self.tables: list[str] = []

    def helper(self, name: str) -> str:
        """The name of a helper, which is printed from now on."""
        self.helpers[name] = HELPERS[name].strip()
        return name

    def table(self, kind: str, rows: Iterable[str], *, lines: bool = False) -> str:
        """The name of a new table; its rows one on a line, or as many as fit."""
        name, separator = f"_{self.name}_{kind}{len(self.tables)}", ",\n" if lines else ", "
        text = f"{separator.join(rows)},"
        body = text if lines else textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
        self.tables.append(f"{name} = (\n{textwrap.indent(body, '    ')}\n)")
        return name


# -- the printer -------------------------------------------------------------------------------------


class Standalone(Source):
    """The printer of source, with constants in place and the range of each value known as far as its form shows it.

    The ranges tell where Python could raise: only there an operation becomes a helper.
    """

    def __init__(self, term: Schedule, module: Module, *, inline: bool = True) -> None:
        super().__init__(term)
        self.module = module
        self.inline = inline
        self.ranges: dict[str, Limits] = {}
        self.last = UNLIMITED
        self.term = term

    def function(self, name: str, parameters: str) -> str:
        """The term as a function of `t`."""
        self.margin = "    "
        value = self.fold(self.term, Clock(Expr("t", True, False)))
        self.emit(f"return {as_float(value)}")
        return tidy(f"def {name}({parameters}) -> float:\n" + "\n".join(self.lines))

    def range(self, expr: Expr) -> Limits:
        """The bounds of an expression."""
        return self.ranges.get(expr.text, UNLIMITED)

    def known(self, expr: Expr, bounds: Limits) -> Expr:
        """`expr`, with its bounds noted."""
        self.ranges[expr.text] = bounds
        return expr

    def bind(self, expr: Expr) -> Expr:
        return self.known(super().bind(expr), self.range(expr))

    def parameter(self, value: Any) -> str:
        return repr(value) if self.inline else super().parameter(value)

    def constant(self, value: float) -> Expr:
        return self.known(super().constant(value), (value, value))

    def clip(self, time: Clock[Expr], steps: float) -> Clock[Expr]:
        held = super().clip(time, steps)
        self.known(held.value, (max(held.low, -_LARGEST), min(held.high, _LARGEST)))
        return held

    def template(self, op: str, args: list[Expr]) -> str:
        template = super().template(op, args)
        if op not in TOTAL or not risky(op, *map(self.range, args)):
            return template
        helper = self.module.helper
        if op == "geometric":
            turns, rest = "{1} // {2}", "{1} % {2} / {2}"
            if risky("divide", *map(self.range, args[1:])):
                rest = f"{helper('_divide')}({helper('_remainder')}({{1}}, {{2}}), {{2}})"
                turns = f"{helper('_floor_divide')}({{1}}, {{2}})"
            return geometric_template(turns, rest, helper("_power"))
        return f"{helper(TOTAL[op])}({', '.join(('{0}', '{1}')[: len(args)])})"

    def lift(self, op: Op, args: list[Expr]) -> Expr:
        if not isinstance(op, str):
            return self.replayed(op, args[0])
        return self.known(super().lift(op, args), interval(op, *map(self.range, args)))

    def replayed(self, op: Callable[[Any], Any], t: Expr) -> Expr:
        """A recording as the table of its values; no other Python function has a source."""
        if not isinstance(op, Recording):
            raise refusal(
                "to_python", "custom", op, "this has no source; write it with operations, or record it: replay(values)"
            )
        values = op.array.tolist()
        if any(op.slope):
            name = self.module.table("values", map(_literal, (*values, values[-1])))
            return Expr(f"{self.module.helper('_replay')}({name}, {t.text})", False, True)
        name = self.module.table("values", (_literal(op(place)) for place in range(len(values))))
        return Expr(f"{name}[min(int({t.text}), {len(values) - 1})]", False, True)

    def branch(self, term: Join, parts: list[tuple[int, float, float]], t: Expr, result: Expr) -> None:
        found, before = self.range(result) if result.text in self.ranges else None, dict(self.ranges)
        super().branch(term, parts, t, result)
        mine = self.last if len(parts) == 1 else self.range(result)
        self.ranges = before
        self.known(result, (min(mine[0], found[0]), max(mine[1], found[1])) if found else mine)

    def leaf(self, term: Join, index: int, low: float, high: float, t: Expr) -> Expr:
        if (low, high) != (-math.inf, math.inf):  # it is not the only part
            self.emit(f"mark({quoted(term.parts[index], WIDTH)!r})")
        value = super().leaf(term, index, low, high, t)
        self.last = self.range(value)
        return value

    def look_up(self, term: Join, t: Expr) -> Expr:
        """The part by bisection, of a table: what differs between parts of one form are the numbers in its row."""
        forms: dict[str, tuple[str, list[Any]]] = {}
        rows: list[str] = []
        pieces = [Standalone(part, self.module, inline=False) for part in term.parts]
        texts = [piece.function("piece", "t") for piece in pieces]
        for text in dict.fromkeys(texts):
            members = [piece.constants for piece, other in zip(pieces, texts, strict=True) if other == text]
            forms[text] = self.form(text, [list(column) for column in zip(*members, strict=True)])
        places = dict.fromkeys(forms, 0)
        for text in texts:
            name, columns = forms[text]
            numbers = (repr(column[places[text]]) for column in columns)
            rows.append(f"({', '.join((name, *numbers))},)" if not columns else f"({', '.join((name, *numbers))})")
            places[text] += 1
        knots = self.module.table("knots", map(repr, term.knots))
        table = self.module.table("parts", rows, lines=True)
        return self.bind(Expr(f"{self.module.helper('_look_up')}({knots}, {table}, {t.text})", False, True))

    def form(self, text: str, columns: list[list[Any]]) -> tuple[str, list[list[Any]]]:
        """The name of a function that parts share, and the numbers that it takes: a column for each that differs."""
        kept: dict[str, list[Any]] = {}
        words: dict[str, str] = {}
        for place, column in enumerate(columns):
            key = repr(column)
            if len(set(map(repr, column))) == 1:
                words[f"c{place}"] = repr(column[0])
            elif key in kept:
                words[f"c{place}"] = f"c{list(kept).index(key)}"
            else:
                words[f"c{place}"] = f"c{len(kept)}"
                kept[key] = column
        name = f"_{self.module.name}_part{len(self.module.tables)}"
        body = re.sub(r"\bc\d+\b", lambda word: words[word[0]], text)
        parameters = ", ".join(("t", *(f"c{place}" for place in range(len(kept)))))
        self.module.tables.append(tidy(body.replace("def piece(t)", f"def {name}({parameters})", 1)))
        return name, list(kept.values())


def _literal(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"math.{value!r}".replace("math.-", "-math.")


# -- where Python would raise ------------------------------------------------------------------------


_LARGEST = sys.float_info.max  # no step is larger

TOTAL: dict[str, str] = {
    "divide": "_divide",
    "floor_divide": "_floor_divide",
    "remainder": "_remainder",
    "pow": "_power",
    "geometric": "_power",
    "exp": "_exp",
    "expm1": "_expm1",
    "log": "_log",
    "log1p": "_log1p",
    "sqrt": "_sqrt",
    "sin": "_sin",
    "cos": "_cos",
}
"""The helper that stands for an operation where Python could raise."""


def risky(op: str, a: Limits, b: Limits = UNLIMITED, unit: Limits = (1.0, 1.0)) -> bool:
    """Whether Python could raise for operands within these bounds."""
    match op:
        case "divide" | "floor_divide" | "remainder":
            return b[0] <= 0 <= b[1]
        case "pow":
            above = a[0] > 0 or (a[0] == 0 and b[0] >= 0)
            return not above or math.inf in interval(op, a, b) or math.inf in a
        case "geometric":
            return unit[0] <= 0 or risky("pow", a, interval("divide", b, unit)) or risky("pow", a, (-1.0, 1.0))
        case "exp" | "expm1":
            return a[1] > math.log(_LARGEST)
        case "log" | "sqrt":
            return a[0] < 0 or (op == "log" and a[0] == 0)
        case "log1p":
            return a[0] <= -1
        case _:
            return math.inf in (a[1], -a[0])


def interval(op: str, *args: Limits) -> Limits:
    """Bounds of an operation on operands within bounds."""
    match op, args:
        case "sin" | "cos", _:
            return -1.0, 1.0
        case "square" | "abs", ((low, high),):
            ends = [_at(op, low), _at(op, high)]
            return 0.0 if low <= 0 <= high else min(ends), max(ends)
        case "remainder", (_, (low, high)):
            return (0.0, high) if low > 0 else UNLIMITED
        case "divide" | "floor_divide", (_, (low, high)) if low <= 0 <= high:
            return UNLIMITED
        case "pow", ((low, _), _) if low < 0:
            return UNLIMITED
        case "geometric", (base, time, unit):
            turns = interval("pow", base, interval("floor_divide", time, unit))
            return interval("multiply", turns, interval("pow", base, (0.0, 1.0)))
        case _, ((low, high),):
            ends = [_at(op, low), _at(op, high)]
        case _, (one, other):
            ends = [_at(op, x, y) for x in one for y in other]
        case _:
            return UNLIMITED
    return UNLIMITED if any(map(math.isnan, ends)) else (min(ends), max(ends))


def _at(op: str, *args: float) -> float:
    try:
        return float(bound(op, NUMBERS)(*args))
    except (ArithmeticError, ValueError):
        return on_numbers(op, list(args))


def _guarded(function: str, answer: str) -> str:
    """The text of a helper: a function of ``math`` where it has a value, else the answer of IEEE 754."""
    return f"""
def _{function}(x):
    try:
        return math.{function}(x)
    except (OverflowError, ValueError):
        return {answer}
"""


HELPERS: dict[str, str] = {
    "_divide": """
def _divide(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)
""",
    "_floor_divide": """
def _floor_divide(a, b):
    try:
        return a // b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)
""",
    "_remainder": """
def _remainder(a, b):
    try:
        return a % b
    except ZeroDivisionError:
        return math.nan
""",
    "_power": """
def _power(a, b):
    try:
        return math.pow(a, b)
    except (OverflowError, ValueError):
        if a < 0 and b % 1 != 0:
            return math.nan
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
""",
    "_exp": _guarded("exp", "math.inf"),
    "_expm1": _guarded("expm1", "math.inf"),
    "_log": _guarded("log", "-math.inf if x == 0 else math.nan"),
    "_log1p": _guarded("log1p", "-math.inf if x == -1 else math.nan"),
    "_sqrt": _guarded("sqrt", "math.nan"),
    "_sin": _guarded("sin", "math.nan"),
    "_cos": _guarded("cos", "math.nan"),
    "_replay": '''
def _replay(values, t):
    """The straight line between two values."""
    place = min(int(t), len(values) - 2)
    return values[place] + (t - place) * (values[place + 1] - values[place])
''',
    "_look_up": '''
def _look_up(knots, parts, t):
    """The part of the last knot that t has reached, at its own time."""
    low, high = 0, len(knots)
    while low < high:
        middle = (low + high) // 2
        if t < knots[middle]:
            high = middle
        else:
            low = middle + 1
    part, *numbers = parts[max(low - 1, 0)]
    return part(t - knots[max(low - 1, 0)], *numbers)
''',
}
"""Functions that are printed before the one that needs them."""


# -- layout ------------------------------------------------------------------------------------------


def tidy(function: str) -> str:
    """The text of a function as one would write it: no needless parentheses and variables."""
    tree = cast("ast.FunctionDef", ast.parse(function).body[0])
    tree.body = _returning(tree.body)
    _Tidy().visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


def commented(text: str) -> str:
    """Source with comments for its marks."""
    return re.sub(r"(?m)^( *)mark\((.*)\)$", lambda mark: f"{mark[1]}# {ast.literal_eval(mark[2])}", text)


def _returning(body: list[ast.stmt]) -> list[ast.stmt]:
    """Branches that end in an assignment of what is returned after them return it themselves."""
    match body:
        case [*rest, ast.If() as last, ast.Return(ast.Name(name))] if _assigns(last, name):
            return [*rest, _sunk(last)]
        case [*rest, ast.Assign([ast.Name(target)], value), ast.Return(ast.Name(name))] if target == name:
            return [*rest, ast.Return(value)]
        case _:
            return body


def _assigns(statement: ast.stmt, name: str) -> bool:
    match statement:
        case ast.If(_, body, orelse):
            return bool(orelse) and _assigns(body[-1], name) and _assigns(orelse[-1], name)
        case ast.Assign([ast.Name(target)]):
            return target == name
        case _:
            return False


def _sunk(statement: ast.stmt) -> ast.stmt:
    match statement:
        case ast.If(test, body, orelse):
            return ast.If(test, *([*branch[:-1], _sunk(branch[-1])] for branch in (body, orelse)))
        case ast.Assign(_, value):
            return ast.Return(value)
        case _:
            return statement


class _Tidy(ast.NodeTransformer):
    """Functions of ``math`` by their full name, variables numbered from 0, and no number compared with itself."""

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if re.fullmatch(r"x\d+", node.id):
            node.id = self.numbers.setdefault(node.id, f"x{len(self.numbers)}")
        elif node.id in _MATHS:
            return ast.Attribute(ast.Name("math", ast.Load()), node.id, ast.Load())
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        match node.values:
            case [holds, ast.Compare(left, [ast.NotEq()], [right])] if isinstance(
                _unsigned(left), ast.Constant
            ) and ast.dump(left) == ast.dump(right):
                return self.visit(holds)
            case _:
                return cast("ast.expr", self.generic_visit(node))


def _unsigned(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) else node


_MATHS = frozenset(("pow", "sin", "cos", "tanh", "exp", "expm1", "log", "log1p", "sqrt"))
