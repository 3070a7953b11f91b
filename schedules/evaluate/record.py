"""Recorded array programs: the fold over arrays, run once, as a straight-line function of one library's own calls."""

import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..algebra.bounds import active, span
from ..algebra.checks import is_settled
from ..algebra.nodes import Join, Schedule
from ..algebra.ops import INTEGRAL, SINGULAR, TEMPLATES
from .arrays import NESTED, Arrays, at_array
from .fold import Clock
from .libraries import (
    ASCENDING,
    CURVE,
    MAX_STEPS,
    ArrayKind,
    Program,
    executed,
    functions_of,
    is_one,
    kind_of,
    like,
    namespace_of,
)
from .namespaces import as_steps, asarray, default_dtype, dtype_range, float_like, is_jax, is_whole
from .stacked import numbers

PARTED = 16  # parts: up to so many, NumPy evaluates each on its own steps


class UnrecordedError(Exception):
    """A term asks for more than operations on arrays."""


class Symbol:
    """An array that is being recorded: what it is called, and the dtype that it will have; a table is known."""

    __slots__ = ("device", "dtype", "table", "tape", "text")

    def __init__(self, tape: "Tape", text: str, dtype: Any, table: Any = None) -> None:
        self.tape, self.text, self.dtype, self.device, self.table = tape, text, dtype, tape.device, table

    def __getitem__(self, index: "Symbol") -> "Symbol":
        return self.tape.write("take({}, {})", self.dtype, self, index)

    def __bool__(self) -> bool:
        raise UnrecordedError


def _infix(name: str, sign: str, *, whole: bool = True, truth: bool = False) -> None:
    """Give symbols an operator, on their left and on their right."""

    def write(tape: "Tape", a: Any, b: Any) -> Symbol:
        dtype = tape.library.bool if truth else tape.common(a, b) if whole else tape.real
        return tape.write(f"{{}} {sign} {{}}", dtype, a, b)

    def left(a: Symbol, b: Any) -> Symbol:
        return write(a.tape, a, b)

    def right(b: Symbol, a: Any) -> Symbol:
        return write(b.tape, a, b)

    setattr(Symbol, f"__{name}__", left)
    if not truth:
        setattr(Symbol, f"__r{name}__", right)


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "floordiv": "//", "mod": "%"}.items():
    _infix(_name, _sign)
_infix("and", "&")
_infix("rshift", ">>")
_infix("truediv", "/", whole=False)
for _name, _sign in {"lt": "<", "gt": ">", "eq": "==", "le": "<=", "ge": ">="}.items():
    _infix(_name, _sign, truth=True)


class Tape:
    """A namespace whose operations write lines; what it does not define is that of the library."""

    def __init__(self, library: Any, dtype: Any, device: Any) -> None:
        self.library, self.device = library, device
        self.integer = default_dtype(library, "integral")
        self.lines: dict[str, str] = {}  # each name by its text: the same is written once
        self.constants: list[Any] = []
        self.places: dict[tuple[str, str | int], int] = {}
        self.steps = Symbol(self, "t", dtype)
        self.real = float_like(library, self.steps)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.library, name)

    def write(self, form: str, dtype: Any, *args: Any) -> Symbol:
        """One more line, with names for the arguments."""
        text = form.format(*map(self.name, args))
        return Symbol(self, self.lines.setdefault(text, f"x{len(self.lines)}"), dtype)

    def name(self, value: Any) -> str:
        """What a value is called: a constant is an argument, so that all terms of one form share their lines."""
        if isinstance(value, Symbol):
            return value.text
        key = (type(value).__name__, repr(value) if is_settled(value) else id(value))
        if key not in self.places:
            self.places[key] = len(self.constants)
            self.constants.append(value)
        return f"c{self.places[key]}"

    def common(self, *args: Any) -> Any:
        """The dtype of whole numbers if all are, else of floats."""
        floats = [arg.dtype for arg in args if isinstance(arg, Symbol) and self.isdtype(arg.dtype, "real floating")]
        wide = [dtype for dtype in floats if dtype != self.real]
        return (wide or floats or [self.real if any(isinstance(arg, float) for arg in args) else self.integer])[0]

    def where(self, condition: Symbol, a: Any, b: Any) -> Symbol:
        return self.write("where({}, {}, {})", self.common(a, b), condition, a, b)

    def astype(self, value: Symbol, dtype: Any) -> Symbol:
        if value.dtype == dtype:
            return value
        if value.table is not None:
            return self.asarray(value.table, dtype, self.device)
        return self.write("astype({}, {})", dtype, value, dtype)

    def clip(self, value: Symbol, low: Any, high: Any) -> Symbol:
        return self.write("clip({}, {}, {})", value.dtype, value, low, high)

    def exp(self, value: Symbol) -> Symbol:
        return self.write("exp({})", self.common(value, 0.0), value)

    def searchsorted(self, edges: Symbol, steps: Symbol, *, side: str) -> Symbol:
        assert side == "right"  # noqa: S101 -- the only side that joins have
        return self.write("search({}, {})", self.integer, edges, steps)

    def asarray(self, values: Any, dtype: Any = None, device: Any = None) -> Symbol:
        own = np if is_jax(self.library) else self.library  # an array of JAX could be one of a trace that ends
        table = asarray(own, values, device, dtype=dtype)
        if own is np and table.dtype.kind in "iuf" and dtype is None:
            table = table.astype(self.integer if table.dtype.kind in "iu" else self.real)
        return Symbol(self, self.name(table), table.dtype, table)

    def stack(self, _: Any) -> Any:
        raise UnrecordedError


class Recorder(Arrays):
    """The fold over arrays, which writes what it would compute."""

    def __init__(self, term: Schedule, tape: Tape, library: str) -> None:
        super().__init__(term, tape)
        self.library = library
        self.numpy = library in ("numpy", ASCENDING)
        self.clamps = self.numpy or library == "torch"  # there a bound has no half slope
        self.singular = frozenset[str]() if self.numpy else SINGULAR

    def another(self, term: Schedule) -> Arrays:
        return Recorder(term, self.xp, self.library)

    def apply(self, op: str, *args: Any) -> Symbol:
        whole = op in INTEGRAL
        return self.xp.write(TEMPLATES[op], self.xp.common(*args) if whole else self.xp.common(*args, 0.0), *args)

    def join(self, term: Join, time: Clock[Any]) -> Any:
        places = [place for place, _, _ in active(term, time.low, time.high)]
        ascends = self.library == ASCENDING and time.value is self.xp.steps
        few = 1 if ascends else NESTED  # parts that are not worth it
        if not self.numpy or term.levels or not few < len(places) <= PARTED:
            return super().join(term, time)
        edges = numbers([term.knots[place] for place in places[1:]], self.largest)
        library, line = (ASCENDING, "in_order({}, {}, {})") if ascends else ("numpy", "by_parts({}, {}, {})")
        programs = tuple(self.program(term, place, time, library) for place in places)
        return self.xp.write(line, self.xp.real, time.value, edges, programs)

    def program(self, term: Join, place: int, time: Clock[Any], library: str) -> Program:
        """One part of a join, as a function of the join's time."""
        tape = Tape(self.xp.library, time.value.dtype, self.xp.device)
        recorder = Recorder(term, tape, library)
        low, high = (time.low, time.high) if not is_whole(self.xp, time.value) else within(term, place, time)
        return finished(tape, library, recorder.part(term, place, Clock(tape.steps, low, high)))

    def call(self, function: Any, step: Any) -> Any:
        if type(step) in (int, float) or getattr(function, "is_table", False):
            return super().call(function, step)
        raise UnrecordedError

    def held(self, value: Any, low: Any, high: Any) -> Any:
        ends = {word: end for word, end in (("min", low), ("max", high)) if end is not None}
        if not (ends and self.clamps and isinstance(value, Symbol)) or not all(map(is_settled, ends.values())):
            return super().held(value, low, high)
        words = "".join(f", {word}={{}}" for word in ends)
        return self.xp.write(f"clamp({{}}{words})", self.xp.common(value, *ends.values()), value, *ends.values())


def within(term: Join, place: int, time: Clock[Any]) -> tuple[float, float]:
    """The least and the largest whole time at which a join is in one of its parts."""
    start, stop = span(term, place)
    return max(time.low, start), min(time.high, math.ceil(stop) - 1 if stop < math.inf else stop)


# -- programs ----------------------------------------------------------------------------------------


def recorded(term: Schedule, kind: ArrayKind) -> Program | None:
    """The term as a function of arrays of one kind; None if it cannot be recorded."""
    xp = namespace_of(kind.library)
    if term.tracers or not xp.isdtype(kind.dtype, ("integral", "real floating")):
        return None
    tape = Tape(xp, kind.dtype, kind.device)
    steps = as_steps(tape, tape.steps)
    if is_whole(xp, steps) and steps.dtype != tape.integer:  # unsigned, and beyond the integers
        return None
    bounds = (0, 2 * MAX_STEPS) if kind.library == ASCENDING else dtype_range(xp, steps)
    try:
        value = Recorder(term, tape, kind.library).fold(term, Clock(steps, *bounds))
    except UnrecordedError:
        return None
    return finished(tape, kind.library, value)


def finished(tape: Tape, library: str, value: Any) -> Program:
    """The program that gives a value of what a tape has recorded."""
    if not isinstance(value, Symbol):
        value = tape.write("full_like({}, {}, dtype={})", tape.real, tape.steps, value, tape.real)
    result = tape.astype(value, tape.real).text
    lines = needed({name: text for text, name in tape.lines.items()}, result)
    return program_factory(library, "\n".join(lines), result, len(tape.constants))(*tape.constants)


def needed(texts: dict[str, str], result: str) -> list[str]:
    """The lines that a result needs, in order; what no later line reads is let go, so that its memory is used again."""
    wanted, lines = {result}, list[str]()
    for name, text in reversed(texts.items()):
        if name in wanted:
            last = sorted(set(re.findall(r"\bx\d+\b", text)) - wanted)
            wanted.update(last)
            lines.append(f"        {name} = {text}" + (f"; del {', '.join(last)}" if last else ""))
    return lines[::-1]


@functools.lru_cache(maxsize=4096)
def program_factory(library: str, body: str, result: str, constants: int) -> Callable[..., Program]:
    """What makes programs of one form, given the constants: terms of the same form compile once."""
    names = ", ".join(f"c{place}" for place in range(constants))
    text = f"def make({names}):\n    def program(t):\n{body}\n        return {result}\n    return program"
    scope = functions_of(library)
    exec(text, scope)  # noqa: S102 -- the text is written by the fold above
    return scope["make"]


# -- arrays ------------------------------------------------------------------------------------------


def on_array(term: Schedule, step: Any) -> Any:
    """The term at every step of an array, in the array's own library, shape, float dtype and device."""
    kind = kind_of(step)
    if kind is None:
        if np.ma.isMaskedArray(step):
            return np.ma.MaskedArray(on_array(term, step.data), step.mask)
        return at_array(term, step)
    if is_one(kind, step) and not term.tracers:
        return like(kind, term.function()(step.item()), step)
    prepare(term, *kind)
    program = term.__dict__["programs"][kind]
    if program is None and kind.library != "jax":
        return at_array(term, step)
    return executed(kind, program or functools.partial(at_array, term), step)


def on_curve(term: Schedule, first: int, count: int) -> Any:
    """The term at so many whole steps from the first on, in NumPy."""
    prepare(term, *CURVE)
    program, steps = term.__dict__["programs"][CURVE], np.arange(first, first + count)
    return at_array(term, steps) if program is None else program(steps)


def prepare(term: Schedule, *fields: Any) -> None:
    """See to it that the program for arrays of a kind is recorded."""
    kind = ArrayKind(*fields)
    programs = term.__dict__.setdefault("programs", {})
    if kind not in programs:
        programs[kind] = recorded(term, kind)


prepare._dynamo_marked_constant = True  # type: ignore[attr-defined] -- PyTorch's compiler calls it, and looks no further
