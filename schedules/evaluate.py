"""One fold over the five nodes, read twice: as Python source for numbers, and on arrays of any library.

`Evaluator.fold` is the meaning of a term. What differs between evaluators is only what a value is (a piece
of source, an array, a low-rank number in `schedules.grid`) and how a constant, an operation, a clip and a
join act on it.
"""

import functools
import itertools
import math
import sys
from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast

import numpy as np

from .check import ScheduleError, demand, refusal, settled
from .core import Call, Constant, Join, Lift, Op, Schedule, Time, Warp, level_of, lift, same
from .ops import INLINE, INTEGRAL, NUMBERS, SINGULAR, SYMMETRIC, TEMPLATES, bound
from .tree import Line, program, run

V = TypeVar("V")


class Clock(NamedTuple, Generic[V]):
    """A time as an evaluator sees it: its value, and what is known of it: ``low <= value <= high``."""

    value: V
    low: float = -math.inf
    high: float = math.inf

    def held(self, value: V, steps: float) -> "Clock[V]":
        """This time held within [0, steps], where it is `value`."""
        if not settled(steps):
            return Clock(value, 0, max(self.high, 0))
        return Clock(value, min(max(self.low, 0), steps), min(max(self.high, 0), steps))


class Evaluator(ABC, Generic[V]):
    """The fold. A subterm that occurs more than once is folded once per clock."""

    def __init__(self, term: Schedule) -> None:
        self.shared = term.shared
        self.memo: dict[tuple[int, int], tuple[Clock[V], V]] = {}  # holds the clocks: ids must not be reused

    def fold(self, term: Schedule, time: Clock[V]) -> V:
        """The value of `term` at `time`."""
        if id(term) not in self.shared:
            return self.evaluate(term, time)
        key = (id(term), id(time.value))
        if key not in self.memo:
            self.memo[key] = time, self.share(self.evaluate(term, time))
        return self.memo[key][1]

    def share(self, value: V) -> V:
        """`value` in a form that is cheap to use again."""
        return value

    def evaluate(self, term: Schedule, time: Clock[V]) -> V:
        """The five equations."""
        match term:
            case Constant(value) | Warp(Constant(value)):
                return self.constant(value)
            case Time():
                return self.clip(time, math.inf).value
            case Lift(op, args):
                return self.lift(op, [self.fold(arg, time) for arg in args])
            case Warp(inner, clock):
                return self.fold(inner, self.warp(clock, self.clip(time, term.cut)))
            case Join():
                return self.join(term, time)
            case Call():
                return self.fold(term.body, time)
            case _:
                raise ScheduleError(f"evaluate: term={type(term).__name__}: not one of the five nodes")

    def warp(self, clock: Schedule, time: Clock[V]) -> Clock[V]:
        """The time that `clock` shows at `time`."""
        return time if isinstance(clock, Time) else Clock(self.fold(clock, time), *image(clock, time.low, time.high))

    @abstractmethod
    def constant(self, value: float) -> V:
        """A number as a value."""

    @abstractmethod
    def lift(self, op: Op, args: list[V]) -> V:
        """An operation on values."""

    @abstractmethod
    def clip(self, time: Clock[V], steps: float) -> Clock[V]:
        """`time` held within [0, steps]; no work where that is known already."""

    @abstractmethod
    def join(self, term: Join, time: Clock[V]) -> V:
        """The part that `time` falls in, at its own local time."""


def image(clock: Schedule, low: float, high: float) -> tuple[float, float]:
    """Bounds of a clock over times in [low, high], where its form shows them: it saves clips that do nothing."""
    match clock:
        case Time():
            return max(low, 0), high
        case Constant(value) if settled(value):
            return value, value
        case Lift("remainder", (_, Constant(period))) if settled(period) and period > 0:
            return 0, period
        case Lift("divide" | "floor_divide" as op, (a, Constant(value))) if settled(value):
            first, last = (bound(op, NUMBERS)(x, value) for x in image(a, low, high))
            if not math.isnan(first + last):  # a floor has no value at inf
                return min(first, last), max(first, last)
        case Lift("add" | "subtract" | "multiply" as op, (a, b)) if isinstance(a, Constant) or isinstance(b, Constant):
            ends = [bound(op, NUMBERS)(x, y) for x in image(a, low, high) for y in image(b, low, high)]
            if not any(map(math.isnan, ends)):  # inf - inf
                return min(ends), max(ends)
        case _:
            pass
    return -math.inf, math.inf


def counts(clock: Schedule) -> bool:
    """Whether a clock shows whole numbers at whole times, by its form."""
    match clock:
        case Constant(value):
            return isinstance(value, int)
        case Lift(op, args):
            return op in INTEGRAL and all(map(counts, args))
        case _:
            return isinstance(clock, Time)


def active(term: Join, low: float, high: float) -> list[tuple[int, float, float]]:
    """The parts of a join that times in [low, high] can meet, each with the bounds of its local time."""
    knots = term.knots
    if not all(map(settled, knots)):
        return [(place, -math.inf, math.inf) for place in range(len(knots))]
    parts: list[tuple[int, float, float]] = []
    first = max(bisect(knots, low) - 1, 0)
    for place in range(first, max(bisect(knots, high), first + 1)):
        start, end = term.span(place)
        parts.append((place, max(low, start) - knots[place], min(high, end) - knots[place]))
    return parts


# -- numbers: the fold prints Python source ----------------------------------------------------------


class Expr(NamedTuple):
    """A piece of Python source; `atomic` if it may be written twice, `floating` if it is surely a float."""

    text: str
    atomic: bool
    floating: bool


LONG = 200  # characters of an expression, beyond which it goes into a variable: parentheses nest only so deep
MANY = 32  # a join of more parts looks its part up by bisection instead of branching
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
        args = [self.bind(arg) if template.count(f"{{{place}}}") > 1 else arg for place, arg in enumerate(args)]
        floating = [arg.floating for arg in args]
        exact = all(floating) if op in SYMMETRIC else any(floating) or op not in INTEGRAL
        result = Expr(template.format(*(arg.text for arg in args)), False, exact)
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
        if len(parts) > MANY or len(self.margin) > INDENTED:
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
        return float(on_array(term, np.float64(step)))


# -- arrays: the fold calls the step's own library ---------------------------------------------------


SINGLE = 32  # the bits of a float32
_TINY = 2.0**-100  # a factor beyond its inverse would overflow a float32
FEW = 8  # a join of more parts looks the numbers of its part up, so that no program grows with their count


class Arrays(Evaluator[Any]):
    """The fold over arrays of the namespace `xp`; constants stay Python numbers, so no dtype changes."""

    singular = SINGULAR

    def __init__(self, term: Schedule, xp: Any) -> None:
        super().__init__(term)
        self.xp = xp
        self.largest = int(xp.iinfo(default_dtype(xp, "integral")).max)
        self.short = xp.finfo(default_dtype(xp, "real floating")).bits == SINGLE

    def constant(self, value: float) -> Any:
        return float(value) if isinstance(value, int) and abs(value) > self.largest else value

    def evaluate(self, term: Schedule, time: Clock[Any]) -> Any:
        """The value; in floats, where whole numbers would go beyond those of the library."""
        if self.overflows(term, time.low, time.high):
            time = time._replace(value=self.xp.astype(time.value, float_like(self.xp, time.value)))
        return super().evaluate(term, time)

    def warp(self, clock: Schedule, time: Clock[Any]) -> Clock[Any]:
        """The time that `clock` shows; held before it would go beyond the whole numbers of the library."""
        if self.overflows(clock, time.low, time.high):
            last = bisect(range(self.largest), False, key=lambda t: self.overflows(clock, time.low, t)) - 1
            time = self.clip(time, last)
        return super().warp(clock, time)

    def overflows(self, term: Schedule, low: float, high: float) -> bool:
        """Whether a term of whole numbers goes beyond those of the library at whole times in [low, high]."""
        return (
            isinstance(term, Lift)
            and high < math.inf
            and counts(term)
            and self.largest < image(term, low, high)[1] < math.inf
        )

    def lift(self, op: Op, args: list[Any]) -> Any:
        if not isinstance(op, str):
            return self.call(op, args[0])
        if all(isinstance(arg, int | float) for arg in args):
            return on_numbers(op, args)
        if isinstance(args[0], int | float):
            if op in SYMMETRIC:
                args = args[::-1]  # PyTorch takes a number in the second place only
        elif op in self.singular:
            return self.gentle(op, *args)
        t, factor = self.scaling(op, args)
        if factor:
            return self.fine(t, factor)
        value = bound(op, self.xp)(*args)
        return self.sharpened(value, *args) if op in ("pow", "geometric") else value

    def scaling(self, op: str, args: list[Any]) -> tuple[Any, float]:
        """Whole times and the number that multiplies them, in a library whose floats are short; else a factor of 0."""
        match op, args:
            case "divide", [t, int() | float() as divisor] if abs(divisor) > _TINY:
                factor = 1 / divisor
            case "multiply", [float() as factor, t] | [t, float() as factor] if abs(factor) < 1 / _TINY:
                pass
            case _:
                return None, 0.0
        return t, factor if self.short and self.xp.isdtype(t.dtype, "integral") else 0.0

    def fine(self, t: Any, factor: float) -> Any:
        """``t * factor`` for whole t, rounded once.

        The two halves of t, of 15 bits and a sign, times the first 9 bits of the factor are exact in a float32; so is
        what their sum loses.
        """
        xp = self.xp
        mantissa, exponent = math.frexp(factor)
        head = math.ldexp(round(mantissa * 2**9), exponent - 9)
        halves = (t >> 16) + (t >> 15 & 1), (t & 32767) - (t & 32768), t
        high, low, whole_t = (xp.astype(half, default_dtype(xp, "real floating")) for half in halves)
        high, low = high * (head * 2**16), low * head
        total = high + low
        return total + ((low - (total - high)) + whole_t * (factor - head))

    def gentle(self, op: str, x: Any, *rest: Any) -> Any:
        """An operation whose slope at 0 is infinite: it counts as none there, since inf * 0 would spoil a gradient."""
        origin = on_numbers(op, [0.0, *rest]) if all(isinstance(arg, int | float) for arg in rest) else 0.0
        return self.xp.where(x == 0, origin, bound(op, self.xp)(self.xp.where(x == 0, 1, x), *rest))

    def sharpened(self, power: Any, base: Any, exponent: Any, unit: Any = 1) -> Any:
        """``power = base**(exponent/unit)``, without what a float32 loses by rounding the base to itself first."""
        residue = _residue(base)
        if not residue or self.xp.finfo(power.dtype).bits != SINGLE:
            return power
        return power * self.xp.exp(exponent * (residue / unit))

    def call(self, function: Any, step: Any) -> Any:
        """A Python callable on steps: one by one, or all at once if it has ``on_array(xp, steps)`` (or in JAX)."""
        if type(step) in (int, float):
            return function(step)
        if hasattr(function, "on_array"):
            return function.on_array(self.xp, step)
        if is_jax(self.xp):
            return function(step)
        flat = [float(function(x)) for x in self.xp.reshape(step, (-1,)).tolist()]
        return self.xp.reshape(array_like(self.xp, flat, step), step.shape)

    def clip(self, time: Clock[Any], steps: float) -> Clock[Any]:
        value = time.value  # no minimum and maximum: at an end they would have half a slope
        if not settled(steps) or time.high > steps:
            value = self.xp.where(value > steps, steps, value)
        if time.low < 0:
            value = self.xp.where(value < 0, 0, value)
        return time.held(value, steps)

    def join(self, term: Join, time: Clock[Any]) -> Any:
        """Nested ``where``; each part clips time to its own, so none is asked for a value it was not built for."""
        parts = active(term, time.low, time.high)
        if len(parts) > FEW:
            return self.gather(term, [place for place, _, _ in parts], time)
        result = self.part(term, parts[0][0], time)
        for index, _, _ in parts[1:]:
            result = self.xp.where(time.value < term.knots[index], result, self.part(term, index, time))
        return result

    def gather(self, term: Join, places: list[int], time: Clock[Any]) -> Any:
        """Each distinct program of the parts once, with the numbers of the part that each step falls in."""
        table = Table(self.xp, time.value, [term.knots[place] for place in places])
        programs: dict[tuple[Line, ...], dict[int, list[Any]]] = {}
        for row, place in enumerate(places):
            lines, numbers = program(term.parts[place], self.rounded if table.bits == SINGLE else lambda node: node)
            programs.setdefault(lines, {})[row] = numbers
        result: Any = None
        for lines, members in programs.items():
            first = next(iter(members.values()))
            columns = zip(*(members.get(row, first) for row in range(len(places))), strict=True)
            body = run(lines, [table.read(column) for column in columns])
            value = table.full(type(self)(body, self.xp).fold(body, Clock(table.local, min(time.low, 0), time.high)))
            mine = table.read([row in members for row in range(len(places))])
            result = value if result is None else self.xp.where(mine, value, result)
        return result

    def rounded(self, node: Schedule) -> Schedule:
        """A power of a number with that number as a float32 has it, and the `sharpened` rest of the logarithm."""
        match node:
            case Lift("pow" | "geometric" as op, (Constant(base), exponent, *unit)) if _residue(base):
                rest = lift("exp", exponent * (_residue(base) / (level_of(unit[0]) or 1 if unit else 1)))
                return lift(op, float(np.float32(base)), exponent, *unit) * rest
            case _:
                return node

    def part(self, term: Join, index: int, time: Clock[Any]) -> Any:
        """One part of a join at its local time, as an array."""
        knot = term.knots[index]
        local = time if _is_zero(knot) else Clock(time.value - knot)
        if isinstance(knot, int) and self.xp.isdtype(time.value.dtype, "integral"):  # which does not round
            local = Clock(local.value, time.low - knot, time.high - knot)
        value = self.fold(term.parts[index], local)
        return array_like(self.xp, value, time.value) if isinstance(value, int | float) else value


def on_numbers(op: str, args: list[float]) -> float:
    """An operation on numbers as IEEE 754 has it, where Python would raise: an overflow is inf."""
    with np.errstate(all="ignore"):
        return float(bound(op, namespace(np.float64(0)))(*map(np.float64, args)))


def _residue(base: Any) -> float:
    """What the logarithm of a number loses when the number is rounded to a float32, folded in double precision."""
    near = float(np.float32(base)) if settled(base) else 0.0
    return math.log1p((base - near) / near) if near else 0.0


class Table:
    """Columns of numbers with a row for each part of a join, read at the row that each step falls in."""

    def __init__(self, xp: Any, steps: Any, knots: list[Any]) -> None:
        self.xp = xp
        self.steps = steps
        self.known: dict[tuple[Any, ...], Any] = {}
        self.bits = xp.finfo(float_like(xp, steps)).bits
        whole_steps = xp.isdtype(steps.dtype, "integral")
        edges = self.column([math.ceil(knot) if whole_steps and settled(knot) else knot for knot in knots[1:]])
        self.index = xp.searchsorted(xp.astype(edges, steps.dtype), steps, side="right")
        starts = [math.floor(knot) if settled(knot) else knot for knot in knots]
        self.local = steps - self.read(starts)  # whole numbers first: they are exact
        if starts != knots:
            self.local = self.local - self.read([knot - start for knot, start in zip(knots, starts, strict=True)])

    def column(self, values: Sequence[Any]) -> Any:
        """Numbers as an array of the library: whole ones as integers, the others in the float type of the steps."""
        if all(isinstance(value, int) for value in values):
            return self.xp.asarray(np.asarray(values), device=device_of(self.steps))
        if all(map(settled, values)):
            return array_like(self.xp, np.asarray(values), self.steps)
        return self.xp.stack([array_like(self.xp, value, self.steps) for value in values])

    def read(self, values: Sequence[Any]) -> Any:
        """The number of the row at each step: one number if it is the same in every row."""
        if all(value is values[0] or same(value, values[0]) for value in values):
            return values[0]
        if not all(map(settled, values)):
            return self.column(values)[self.index]
        key = (*map(type, values), *values)
        if key not in self.known:
            self.known[key] = self.column(values)[self.index]
        return self.known[key]

    def full(self, value: Any) -> Any:
        """A value as an array, if it is a number."""
        return array_like(self.xp, value, self.steps) if isinstance(value, int | float) else value


class NumPy(Arrays):
    """Arrays of NumPy, where each part of a join is evaluated on its own steps only, and nothing has a gradient."""

    singular = frozenset[str]()

    def join(self, term: Join, time: Clock[Any]) -> Any:
        steps = np.asarray(time.value)
        flat = steps.reshape(-1)
        index = np.searchsorted(np.asarray(term.knots[1:]), flat, side="right")
        order = np.argsort(index, kind="stable")
        bounds = np.searchsorted(index, np.arange(len(term.parts) + 1), sorter=order)
        out = np.empty(flat.shape, float_like(self.xp, flat))
        for place in np.unique(index).tolist():
            mine = order[bounds[place] : bounds[place + 1]]
            out[mine] = self.part(term, place, Clock(flat[mine], time.low, time.high))
        return out.reshape(steps.shape)


def on_array(term: Schedule, step: Any) -> Any:
    """The term at every step of an array, in the array's own library, shape, float dtype and device."""
    single = isinstance(step, np.generic)
    if isinstance(step, list | tuple):
        step = _array(cast("list[float]", step))
    for number in term.tracers:
        demand(getattr(number, "shape", ()) == (), "s(step)", "s", term, "these are many; jax.vmap maps over a batch")
    example = term.tracers[0] if term.tracers else step
    xp = namespace(example)
    if isinstance(step, int | float):
        step = xp.asarray(step, dtype=getattr(example, "dtype", None))
    steps = as_steps(xp, step)
    evaluator = NumPy(term, xp) if is_numpy(xp) else Arrays(term, xp)
    value, dtype = evaluator.fold(term, Clock(steps, *extent(xp, steps))), float_like(xp, steps)
    if not hasattr(value, "dtype"):
        value = xp.full_like(steps, value, dtype=dtype)
    value = value if value.dtype == dtype else xp.astype(value, dtype)
    value = value if value.shape == steps.shape else xp.broadcast_to(value, steps.shape)
    return value[()] if single else value


def _array(steps: Sequence[float]) -> Any:
    try:
        return np.asarray(steps)
    except ValueError as fault:
        raise refusal("s(step)", "step", steps, f"a step is a real number or an array of them ({fault})") from None


_NAMESPACES: dict[type, Any] = {}


def namespace(array: Any) -> Any:
    """The array-API namespace of an array, found once per type."""
    kind = cast("type[Any]", type(array))
    if kind not in _NAMESPACES:
        import array_api_compat

        wanted = f"s(step): step={array!r}: a step is a real number or an array of them"
        if isinstance(array, bool | complex | str):
            raise ScheduleError(wanted)
        if isinstance(array, np.generic | int | float):
            array = np.asarray(array)
        try:
            _NAMESPACES[kind] = array_api_compat.array_namespace(array)
        except TypeError:
            raise ScheduleError(wanted) from None
    return _NAMESPACES[kind]


def as_steps(xp: Any, step: Any) -> Any:
    """Steps as they are if they are floats, in the library's own integers if they are whole."""
    if xp.isdtype(step.dtype, "real floating"):
        return step
    if not xp.isdtype(step.dtype, "integral"):
        raise ScheduleError(f"s(step): step.dtype={step.dtype}: steps are real numbers; convert the array first")
    integer = default_dtype(xp, "integral")
    if step.dtype == integer:
        return step
    largest = xp.iinfo(integer).max
    return xp.astype(xp.minimum(step, largest) if xp.iinfo(step.dtype).max > largest else step, integer)


def extent(xp: Any, steps: Any) -> tuple[float, float]:
    """The least and the largest value that steps of their dtype can have."""
    if xp.isdtype(steps.dtype, "real floating"):
        return -math.inf, math.inf
    return int(xp.iinfo(steps.dtype).min), int(xp.iinfo(steps.dtype).max)


def float_like(xp: Any, step: Any) -> Any:
    """The float dtype of values at `step`: its own, or the library's default for whole steps."""
    return step.dtype if xp.isdtype(step.dtype, "real floating") else default_dtype(xp, "real floating")


def default_dtype(xp: Any, kind: str) -> Any:
    """The dtype that a library gives to Python numbers of this kind, as configured now."""
    return xp.__array_namespace_info__().default_dtypes()[kind]


def array_like(xp: Any, values: Any, step: Any) -> Any:
    """Floats as an array to go with `step`: same library, device and float dtype."""
    return xp.asarray(values, dtype=float_like(xp, step), device=device_of(step))


def device_of(array: Any) -> Any:
    """The device that an array lies on."""
    import array_api_compat

    return array_api_compat.device(array)  # pyright: ignore[reportUnknownMemberType] -- its types name other libraries


def is_jax(xp: Any) -> bool:
    """Whether a namespace is JAX's."""
    return xp.__name__.partition(".")[0] == "jax"


def is_numpy(xp: Any) -> bool:
    """Whether a namespace is NumPy's."""
    return xp.__name__ in ("numpy", "array_api_compat.numpy")


def _is_zero(number: Any) -> bool:
    return settled(number) and number == 0
