"""Tracing: what a function of numbers and schedules does, found by calling it with symbols.

A symbol writes down what is done to it, as Python. Where a function asks whether something holds, it is called once for
each answer; so what comes out is a tree of questions, at whose leaves are terms, values, or the errors that are raised.
"""

import ast
import inspect
import itertools
import math
import textwrap
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from ..algebra.checks import ScheduleError, Symbolic
from ..algebra.nodes import Schedule


class Choice(NamedTuple):
    """A question, and what follows from each answer."""

    condition: str
    yes: Any
    no: Any


class Path:
    """One way through a function: the questions that were asked, and the answers."""

    def __init__(self, function: str, answers: tuple[bool, ...]) -> None:
        self.function, self.answers = function, answers
        self.known: dict[str, bool] = {}

    def decide(self, condition: str) -> bool:
        """The answer to a question; one that is new is taken to be yes."""
        if condition not in self.known:
            place = len(self.known)
            self.known[condition] = self.answers[place] if place < len(self.answers) else True
        return self.known[condition]


_PATH: ContextVar[Path | None] = ContextVar("_PATH", default=None)
"""The way that is taken now, in each thread its own."""


def explored(function: str, run: Callable[[], Any], answers: tuple[bool, ...] = ()) -> Any:
    """All that comes of calling `run`: its result or its error, or a `Choice` between such."""
    path = Path(function, answers)
    outer = _PATH.set(path)
    try:
        result = run()
    except ScheduleError as fault:
        result = fault
    finally:
        _PATH.reset(outer)
    if len(path.known) == len(answers):
        return result
    question = list(path.known)[len(answers)]
    return Choice(question, *(explored(function, run, (*answers, answer)) for answer in (True, False)))


MARKS: dict[str, str] = {}
"""The text of each symbol by what stands for it in a message."""


def spelt_as(value: Any) -> str:
    """A number or a symbol in Python."""
    if isinstance(value, Letter | Truth | Items):
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        return f"({'-' * (value < 0)}math.inf)"
    return f"({value!r})" if isinstance(value, int | float) and value < 0 else repr(value)


class Written(Symbolic):
    """What is written as Python."""

    __slots__ = ("text",)
    __hash__ = object.__hash__

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        mark = f"\x01{next(_COUNTERS)}\x02"
        MARKS[mark] = f"{spec or 'f' * getattr(self, 'floating', False)}\x03{self.text}"
        return mark

    def called(self, function: Callable[..., Any], args: tuple[Any, ...]) -> "Items | Letter":
        """A call of a plain function, whose source goes along."""
        name = function.__name__
        PLAIN[name] = function
        text = f"{name}({', '.join(map(spelt_as, args))})"
        return Items(text) if "list" in str(inspect.signature(function).return_annotation) else Letter(text)


PLAIN: dict[str, Callable[..., Any]] = {}
"""The plain functions that symbols were given to."""


class Truth(Written):
    """A condition."""

    def __bool__(self) -> bool:
        path = _PATH.get()
        return path is None or path.decide(self.text)

    def judged(self, function: str) -> bool:
        """A condition of the function that is traced is a question; one of another, which it calls, is its own."""
        path = _PATH.get()
        return path is None or function != path.function or bool(self)

    def either(self, yes: Any, no: Any) -> "Either":
        """The schedule that this condition chooses."""
        return Either(self, yes, no)

    def __and__(self, other: Any) -> "Truth":
        return Truth(f"({self.text} and {spelt_as(other)})")

    def __eq__(self, other: object) -> "Truth":  # type: ignore[override] -- a symbol
        return Truth(f"({self.text} == {spelt_as(other)})")

    def __mul__(self, factor: Any) -> "Letter":
        return Letter(f"({spelt_as(factor)} if {self.text} else 0)")

    __rmul__ = __mul__
    __hash__ = object.__hash__


class Letter(Written):
    """A number."""

    __slots__ = ("floating",)
    shape = ()
    requires_grad = True  # so that it passes as a number whose library follows it
    __hash__ = object.__hash__

    def __init__(self, text: str, floating: bool = False) -> None:
        super().__init__(text)
        self.floating = floating

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return Letter

    @staticmethod
    def maximum(a: Any, b: Any) -> "Letter":
        """The larger of two."""
        return Letter(f"max({spelt_as(a)}, {spelt_as(b)})")

    def __bool__(self) -> bool:
        return bool(Truth(f"({self.text} != 0)"))

    def __index__(self) -> int:
        raise TypeError("a symbol is no index; use schedules.algebra.lists")

    def __neg__(self) -> "Letter":
        return Letter(f"(-{self.text})")

    def __abs__(self) -> "Letter":
        return Letter(f"abs({self.text})")

    def counted(self, make: Callable[[Any], Any]) -> tuple[Any, ...]:
        """One part that stands for all."""
        name = f"k{next(_COUNTERS)}"
        path = _PATH.get()
        made = explored(path.function if path else "", lambda: make(Letter(name)))
        return (Repeated(name, self.text, made),)


_COUNTERS = itertools.count()


def _operator(name: str, form: str, kind: Callable[[str], Any] = Letter) -> None:
    def left(a: Letter, b: Any) -> Any:
        return NotImplemented if isinstance(b, Schedule) else kind(form.format(a.text, spelt_as(b)))

    def right(b: Letter, a: Any) -> Any:
        return NotImplemented if isinstance(a, Schedule) else kind(form.format(spelt_as(a), b.text))

    setattr(Letter, f"__{name}__", left)
    setattr(Letter, f"__r{name}__", right)


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%"}.items():
    _operator(_name, f"({{}} {_sign} {{}})")
_operator("pow", "math.pow({}, {})")
_operator("and", "({} & {})")
for _name, _sign in {"lt": "<", "gt": ">", "le": "<=", "ge": ">=", "eq": "==", "ne": "!="}.items():
    _operator(_name, f"({{}} {_sign} {{}})", Truth)


class Items(Written):
    """A list."""

    def __getitem__(self, place: Any) -> Any:
        return Letter(f"{self.text}[{spelt_as(place)}]")

    def length(self) -> Letter:
        """How many items there are."""
        return Letter(f"len({self.text})")

    def after(self, first: Any) -> "Items":
        """The list with an item before it."""
        return Items(f"({spelt_as(first)}, *{self.text})")


class Pairs(Items):
    """A list of pairs."""

    def __getitem__(self, place: Any) -> Any:
        pair = Items(f"{self.text}[{spelt_as(place)}]")
        return pair[0], pair[1]


class Opaque(Schedule):
    """A schedule of which nothing is known but what to write for it."""

    __match_args__ = ("text",)
    text: str
    numbers = ("steps",)

    def __new__(cls, text: str, bare: Any = None) -> "Opaque":
        node = object.__new__(cls)
        bare = Truth(f"{text}.bare") if bare is None else bare
        node.__dict__.update(text=text, depth=1, steps=Letter(f"{text}.steps"), bare=bare)
        return node

    def __call__(self, step: Any) -> Any:
        return Letter(f"{self.text}.at({spelt_as(step)})")

    def __repr__(self) -> str:
        return format(Letter(self.text))


class Either(Schedule):
    """One of two schedules, as a condition holds or not."""

    __match_args__ = ("condition", "yes", "no")
    condition: "Truth"
    yes: Schedule
    no: Schedule
    numbers = ("steps",)

    def __new__(cls, condition: "Truth", yes: Schedule, no: Schedule) -> "Either":
        node = object.__new__(cls)
        steps = Letter(f"({spelt_as(yes.steps)} if {condition.text} else {spelt_as(no.steps)})")
        node.__dict__.update(condition=condition, yes=yes, no=no, depth=1, steps=steps)
        return node


class Repeated(Schedule):
    """Parts of a join, one or several for each number below a count."""

    __match_args__ = ("name", "times", "made")
    name: str
    times: str
    made: Any
    numbers = ("steps",)

    def __new__(cls, name: str, times: str, made: Any) -> "Repeated":
        node = object.__new__(cls)
        node.__dict__.update(name=name, times=times, made=made, depth=1, steps=Letter("(0)"))
        return node


class AnyCurve:
    """A named curve that is an argument."""

    positional = 3
    __name__ = "shape"

    def __init__(self, text: str) -> None:
        self.text = text
        self.defaults = dict.fromkeys(("start", "end", "steps"), inspect.Parameter.empty)

    def __call__(self, *args: Any) -> Schedule:
        return Opaque(f"{self.text}({', '.join(map(spelt_as, args))})", bare=False)


def source_of(function: Callable[..., Any]) -> str:
    """The source of a plain function, without its types and its words."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)  # noqa: S101 -- of which the source was asked
    tree.decorator_list, tree.returns, tree.body = [], None, tree.body[1:]
    known = cast("Any", function).__globals__
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(known.get(node.id), int | float):
            node.id = repr(known[node.id])
    return ast.unparse(tree)
