"""Whole curves at memory speed: on a regular grid a smooth schedule is a matrix of low rank.

Write the index of a step as ``offsets[k] + j``, row k and column j of a matrix of about sqrt(n) by sqrt(n).
Then time is ``u[k] + v[j]``, of rank 2; a constant has rank 1; so has ``c**time``, and ``sin(time)`` has rank 2,
by the addition theorems. Sums add ranks and products multiply them, so the ordinary fold over such numbers
ends in one matrix product that writes the curve. Angles and times are counted from the lower end of each row, so
the terms of that product are not negative and nothing cancels: a decay keeps a few ulp of its value.

The curve is cut at its knots first (`pieces`), so that within a piece every join has one part and no clip
acts. What has no addition theorem (sqrt, minimum, a Python function) is evaluated as usual, for that
subterm alone, in blocks that fit the cache.

Matrix products round differently from ``s(t)``: the two agree to a few ulp, not bit by bit.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

from .check import Kind, brief, number, refusal, settled
from .core import Call, Constant, Join, Lift, Op, Schedule, Time, Warp
from .evaluate import Clock, Evaluator, NumPy, active, image, namespace, on_array

Array: TypeAlias = "np.ndarray[Any, Any]"

CHUNK = 2**21  # steps that are evaluated together: memory is the output and a few of these
BLOCK = 2**15  # steps that stay in the cache while an ordinary subterm is evaluated
PRODUCTS = 2**18  # multiplications that a matrix library takes on in one thread
LONGEST = 2**59  # steps: no array is longer
MAX_RANK = 16  # beyond, a product is evaluated as usual


def values(s: Schedule, steps: Any, *, start: Any = 0, dtype: Any = float, out: Any = None) -> Array:
    """``[s(start), ..., s(start + steps - 1)]``; see `Schedule.values`."""
    first = _COUNT("values", "start", start)
    count = _COUNT("values", "steps", _rest(s, first) if steps is None else steps)
    curve = np.empty(count, _float_dtype(dtype)) if out is None else _accepted(out, count)
    with np.errstate(all="ignore"):  # as for single values: what overflows is inf
        for begin in range(0, count, CHUNK):
            write(s, first + begin, curve[begin : begin + CHUNK])
    return curve


def _rest(s: Schedule, first: int) -> int:
    if s.steps == math.inf:
        raise refusal("values", "steps", None, f"{brief(s)} is endless; say how many: values(steps=1000)")
    return max(math.ceil(s.steps) - first, 0)


def _accepted(out: Any, count: int) -> Array:
    array: Array = out
    if (
        not isinstance(out, np.ndarray)
        or array.shape != (count,)
        or array.dtype.kind != "f"
        or not array.flags.writeable
    ):
        raise refusal(
            "values", "out", array, f"this is a NumPy array of {count} floats to write to, of shape ({count},)"
        )
    return array


def _whole(value: Any) -> int:
    result = number(value)
    if not isinstance(result, int) or not 0 <= result < LONGEST:
        raise ValueError
    return result


_COUNT = Kind(f"this is a whole number of steps, from 0 to {LONGEST - 1}", _whole)


def _float_dtype(dtype: Any) -> Any:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind != "f":
        raise refusal("values", "dtype", dtype, "this is a float type of NumPy, such as np.float32")
    return found


def write(term: Schedule, start: int, out: Array) -> None:
    """Write the values of `term` from step `start` on into `out`."""
    line = Line(Affine(start, 1), start.__add__)
    for piece in pieces(term, line, 0, len(out)) if len(out) else ():
        mesh = Mesh(piece.stop - piece.start)
        low, high = piece.line.bounds(piece.start, piece.stop)
        clock = Clock[Number](piece.line.affine.after(piece.start), low, high)
        mesh.write(Grid(piece.term, mesh).fold(piece.term, clock), out[piece.start : piece.stop])


# -- where to cut ------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A time that runs evenly along the indices: for tables, and index by index in the arithmetic of ``s(t)``."""

    affine: "Affine"
    at: Callable[[int], float]

    def bounds(self, a: int, b: int) -> tuple[float, float]:
        """The least and the largest time at indices in [a, b)."""
        first, last = self.at(a), self.at(b - 1)
        return (first, last) if first <= last else (last, first)

    def local(self, knot: float) -> "Line":
        """The time since `knot`."""
        return Line(self.affine.plus(-knot), functools.partial(_since, knot, self.at)) if knot else self

    def through(self, clock: Schedule) -> "Line | None":
        """The time that a clock shows; None if it does not run evenly by its form."""
        if isinstance(clock, Time):
            return self
        affine = shown(clock, self.affine)
        return None if affine is None else Line(affine, functools.partial(_shown_at, clock, self.at))


def shown(clock: Schedule, time: "Affine") -> "Affine | None":
    """What a clock makes of an affine time, if by its form it is time shifted and scaled; else None."""
    match clock:
        case Time():
            return time
        case Lift("add" | "subtract" | "multiply" | "divide" as op, (inner, Constant(value))) if settled(value):
            found = shown(inner, time)
            return found and _AFFINE[op](found, value)
        case Lift("add" | "multiply" as op, (Constant(value), inner)) if settled(value):
            found = shown(inner, time)
            return found and _AFFINE[op](found, value)
        case Lift("subtract", (Constant(value), inner)) if settled(value):
            found = shown(inner, time)
            return found and found.times(-1).plus(value)
        case _:
            return None


def _since(knot: float, at: Callable[[int], float], index: int) -> float:
    return at(index) - knot


def _shown_at(clock: Schedule, at: Callable[[int], float], index: int) -> float:
    time = at(index)
    return image(clock, time, time)[0]


class Piece(NamedTuple):
    """A term along a line, for indices in [start, stop) between which no join changes part and no clip sets in."""

    term: Schedule
    line: Line
    start: int
    stop: int


def pieces(term: Schedule, line: Line, a: int, b: int) -> Iterator[Piece]:
    """The pieces that [a, b) falls into, in order."""
    match term:
        case Call():
            yield from pieces(term.body, line, a, b)
        case Join() if not (term.levels and is_count(line.affine)):
            spans = [(place, *term.span(place)) for place, _, _ in active(term, *line.bounds(a, b))]
            for place, start, stop in runs(line, spans, a, b):
                yield from pieces(term.parts[place], line.local(term.knots[place]), start, stop)
        case Warp(inner, clock):
            spans = [(0, -math.inf, 0), (1, 0, term.cut), (0, term.cut, math.inf)]
            for within, start, stop in runs(line, spans, a, b):
                for local, c, d in even(clock, line, start, stop) if within else ((None, start, stop),):
                    yield from pieces(inner, local, c, d) if local else (Piece(term, line, c, d),)
        case Lift(_, args) if not term.plain:
            edges = {a, b}.union(*((piece.start for piece in pieces(arg, line, a, b)) for arg in args))
            for start, stop in itertools.pairwise(sorted(edges)):
                yield Piece(term, line, start, stop)
        case _:
            yield Piece(term, line, a, b)


def even(clock: Schedule, line: Line, a: int, b: int) -> Iterator[tuple[Line | None, int, int]]:
    """The runs of [a, b) along which a clock shows an even time, and that time; None where it is read from a table."""
    reading = table_of(clock)
    if reading is None or not is_count(line.affine):
        yield line.through(clock), a, b
    elif reading[0] == "remainder" and reading[1] >= b - a:  # at most two rounds
        start = int(line.at(a)) // reading[1] * reading[1]
        wrap = min(a + start + reading[1] - int(line.at(a)), b)
        yield line.local(start), a, wrap
        if wrap < b:
            yield line.local(start + reading[1]), wrap, b
    else:
        yield None, a, b


def runs(line: Line, spans: list[tuple[int, float, float]], a: int, b: int) -> list[tuple[int, int, int]]:
    """The runs of indices in [a, b) with times in each span [low, high), in order, with the spans' tags."""
    first, last = line.at(a), line.at(b - 1)
    found: list[tuple[int, int, int]] = []
    for tag, low, high in spans:
        if low <= first < high and low <= last < high:
            return [(tag, a, b)]
        if first <= last:
            start, stop = crossing(line.at, low, a, b), crossing(line.at, high, a, b)
        else:  # time runs backwards: it falls below `high`, then below `low`
            start, stop = (crossing(lambda i: -line.at(i), _above(-end), a, b) for end in (high, low))
        if start < stop:
            found.append((tag, start, stop))
    return sorted(found, key=lambda run: run[1])


def _above(x: float) -> float:
    return math.nextafter(x, math.inf)


def crossing(at: Callable[[int], float], knot: float, a: int, b: int) -> int:
    """The first index in [a, b) whose time reaches `knot`, else b: a guess by proportion, set right exactly."""
    first, last = at(a), at(b - 1)
    if first >= knot:
        return a
    if last < knot:
        return b
    index = min(max(a + math.ceil((knot - first) / (last - first) * (b - 1 - a)), a + 1), b - 1)
    while at(index - 1) >= knot:
        index -= 1
    while at(index) < knot:
        index += 1
    return index


def table_of(clock: Schedule) -> tuple[str, int] | None:
    """How a clock reads a table of its term (round and round, or each entry many times), and its period."""
    match clock:
        case Lift("remainder" | "floor_divide" as op, (Time(), Constant(int(period)))) if period > 0:
            return op, period
        case _:
            return None


# -- low-rank numbers --------------------------------------------------------------------------------


class Mesh:
    """The indices 0, 1, ..., size - 1 as the rows of a matrix.

    Row k begins at ``offsets[k]``. The last row ends with the last index, and overlaps the one before it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.width = math.isqrt(size)
        self.rows = -(-size // self.width)
        self.offsets = np.minimum(np.arange(self.rows) * self.width, size - self.width)
        self.columns = np.arange(self.width)
        self.row_ones = np.ones(self.rows)
        self.column_ones = np.ones(self.width)

    def write(self, value: "Number", out: Array) -> None:
        """Write a number into `out`, of shape (size,)."""
        if isinstance(value, int | float):
            out.fill(value)
        elif isinstance(value, Dense | Table) or out.dtype != float or not out.flags.c_contiguous:
            for rows, span in self.blocks(4 * BLOCK if isinstance(value, Table) else BLOCK):
                out[span] = value.block(self, rows, span)
        else:
            u, v = value.matrices(self)
            whole = self.rows - 1
            product(u[:whole], v, out[: whole * self.width].reshape(whole, self.width))
            product(u[whole:], v, out[self.size - self.width :].reshape(1, self.width))

    def blocks(self, size: int) -> Iterator[tuple[slice, slice]]:
        """Blocks of whole rows with about `size` steps, each as rows and as indices."""
        group = max(size // self.width, 1)
        for row in range(0, self.rows - 1, group):
            stop = min(row + group, self.rows - 1)
            yield slice(row, stop), slice(row * self.width, stop * self.width)
        yield slice(self.rows - 1, self.rows), slice(self.size - self.width, self.size)


def product(u: Array, v: Array, out: Array) -> None:
    """``out = u @ v``, in blocks too small for a matrix library to start threads: on busy machines they wait long."""
    group = max(PRODUCTS // v.size, 1)
    for row in range(0, len(u), group):
        np.matmul(u[row : row + group], v, out=out[row : row + group])


class Affine(NamedTuple):
    """``(first + stride * i) / divisor * factor`` at index i: a time, exact as long as it is whole."""

    first: float
    stride: float
    divisor: float = 1
    factor: float = 1

    def after(self, index: int) -> "Affine":
        """The same time, counted from an index on."""
        return self._replace(first=self.first + self.stride * index)

    def plus(self, value: float) -> "Affine":
        """The sum with a constant."""
        if self.divisor == 1 and self.factor == 1:
            return Affine(self.first + value, self.stride)
        if self.factor == 1 and isinstance(value, int) and isinstance(self.divisor, int):
            return Affine(self.first + value * self.divisor, self.stride, self.divisor)
        first, stride = (x / self.divisor * self.factor for x in (self.first, self.stride))
        return Affine(first + value, stride)

    def times(self, value: float) -> "Affine":
        """The product with a constant."""
        if self.divisor == 1 and self.factor == 1 and isinstance(value, int):
            return Affine(self.first * value, self.stride * value)
        return self._replace(factor=self.factor * value)

    def over(self, value: float) -> "Affine":
        """The quotient by a constant."""
        if self.divisor == 1 and self.factor == 1:
            return self._replace(divisor=value)
        return self._replace(factor=self.factor / value)

    def tables(self, mesh: Mesh, dtype: Any = float) -> tuple[Array, Array]:
        """U and v with ``u[k] + v[j]`` the time in row k and column j, and v not negative before scaling."""
        if self.stride < 0:
            u = self.first + self.stride * (mesh.offsets + (mesh.width - 1))
            v = -self.stride * mesh.columns[::-1]
        else:
            u, v = self.first + self.stride * mesh.offsets, self.stride * mesh.columns
        return u.astype(dtype) / self.divisor * self.factor, v.astype(dtype) / self.divisor * self.factor

    def low_rank(self, mesh: Mesh) -> "LowRank":
        """The same as a low-rank number."""
        u, v = self.tables(mesh)
        return LowRank(((u, mesh.column_ones), (mesh.row_ones, v)))

    def matrices(self, mesh: Mesh) -> tuple[Array, Array]:
        """The two factors of the matrix."""
        return self.low_rank(mesh).matrices(mesh)

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:  # noqa: ARG002 -- one signature for all numbers
        """The values at a span of indices."""
        time: Array = np.arange(span.start, span.stop, dtype=float)
        time *= self.stride
        time += self.first
        time /= self.divisor
        time *= self.factor
        return time


class LowRank(NamedTuple):
    """``sum of u[k] * v[j]`` over the terms (u, v), in row k and column j."""

    terms: tuple[tuple[Array, Array], ...]

    def matrices(self, mesh: Mesh) -> tuple[Array, Array]:
        """The two factors of the matrix; a rank of 1 is made 2 by a zero, which matrix libraries are faster at."""
        terms = self.terms if len(self.terms) > 1 else (*self.terms, (0 * mesh.row_ones, mesh.column_ones))
        return np.array([u for u, _ in terms]).T, np.array([v for _, v in terms])

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:  # noqa: ARG002 -- one signature for all numbers
        """The values of some rows."""
        u, v = self.matrices(mesh)
        return np.matmul(u[rows], v).reshape(-1)


class Dense(NamedTuple):
    """``function(*args)`` elementwise, block by block: what has no addition theorem."""

    function: Callable[..., Any]
    args: "tuple[Number, ...]"

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:
        """The values at a span of indices."""
        args = [arg if isinstance(arg, int | float) else arg.block(mesh, rows, span) for arg in self.args]
        return self.function(*args)


class Table(NamedTuple):
    """``read(a, b)`` at the indices in [a, b): what is looked up."""

    read: Callable[[int, int], Array]

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:  # noqa: ARG002 -- one signature for all numbers
        """The values at a span of indices."""
        return self.read(span.start, span.stop)


Number: TypeAlias = float | Affine | LowRank | Dense | Table


class Grid(Evaluator[Number]):
    """The fold over low-rank numbers, on the mesh of one piece."""

    def __init__(self, term: Schedule, mesh: Mesh) -> None:
        super().__init__(term)
        self.mesh = mesh

    @functools.cached_property
    def numpy(self) -> NumPy:
        """The ordinary evaluation of what is not low-rank."""
        return NumPy(Constant(0), namespace(np.float64(0)))

    def evaluate(self, term: Schedule, time: Clock[Number]) -> Number:
        if isinstance(term, Warp) and (reading := table_of(term.clock)):
            clipped = self.clip(time, term.cut).value
            if is_count(clipped):
                return self.table(term.term, *reading, int(clipped.first))
        return super().evaluate(term, time)

    def constant(self, value: float) -> Number:
        return value

    def lift(self, op: Op, args: list[Number]) -> Number:
        if not any(isinstance(arg, tuple) for arg in args):
            return self.numpy.lift(op, args)
        theorem = THEOREMS.get(op) if isinstance(op, str) else None
        known = theorem(self.mesh, *args) if theorem else None
        return Dense(functools.partial(self.ordinary, op), tuple(args)) if known is None else known

    def ordinary(self, op: Op, *blocks: Array) -> Array:
        """An operation on blocks of values."""
        return self.numpy.lift(op, list(blocks))

    def clip(self, time: Clock[Number], steps: float) -> Clock[Number]:
        if time.high <= 0 or time.low >= steps:
            edge = 0 if time.high <= 0 else steps
            return Clock(edge, edge, edge)
        if time.low >= 0 and time.high <= steps:
            return time
        held = self.lift("maximum", [self.lift("minimum", [time.value, steps]), 0])
        return time.held(held, steps)

    def join(self, term: Join, time: Clock[Number]) -> Number:
        if term.levels and is_count(time.value):
            ends = np.ceil(np.asarray([*term.knots[1:], math.inf])) - time.value.first
            return Table(functools.partial(read_levels, np.asarray(term.levels, float), ends))
        parts = active(term, time.low, time.high)
        if len(parts) > 1:
            return Dense(functools.partial(on_array, term), (time.value,))
        ((index, low, high),) = parts
        local = self.lift("subtract", [time.value, term.knots[index]])
        return self.fold(term.parts[index], Clock(local, low, high))

    def table(self, term: Schedule, reading: str, period: int, first: int) -> Number:
        """A term whose values are read round and round, or each `period` times, from step `first` on."""
        if reading == "floor_divide":
            start = first // period
            entries = np.empty((first + self.mesh.size - 1) // period - start + 1)
            write(term, start, entries)
            return Table(functools.partial(read_each, entries, period, first % period))
        if first % period + self.mesh.size <= period:  # within one round
            low, high = first % period, first % period + self.mesh.size - 1
            return self.fold(term, Clock[Number](Affine(low, 1), low, high))
        entries = np.empty(period)
        write(term, 0, entries)
        return Table(functools.partial(read_round, entries, first % period))


def read_levels(levels: Array, ends: Array, a: int, b: int) -> Array:
    """Each level up to its end."""
    first, last = np.searchsorted(ends, (a, b - 1), side="right")
    counts = np.diff(np.clip(ends[first : last + 1], a, b), prepend=a)
    return np.repeat(levels[first : last + 1], counts.astype(int))


def read_each(entries: Array, times: int, first: int, a: int, b: int) -> Array:
    """Each entry so many times."""
    start, stop = (first + a) // times, (first + b - 1) // times + 1
    return np.repeat(entries[start:stop], times)[(first + a) % times :][: b - a]


def read_round(entries: Array, first: int, a: int, b: int) -> Array:
    """The entries, round and round."""
    head = entries[(first + a) % len(entries) :][: b - a]
    return np.concatenate((head, np.resize(entries, b - a - len(head)))) if len(head) < b - a else head


def is_count(time: Number) -> TypeGuard[Affine]:
    """Whether a time counts whole steps, one at a time."""
    return isinstance(time, Affine) and isinstance(time.first, int) and time[1:] == (1, 1, 1)


# -- theorems: what operations do to low-rank numbers, None where there is none ------------------------


_AFFINE: dict[str, Callable[[Affine, float], Affine]] = {
    "add": Affine.plus,
    "subtract": lambda time, value: time.plus(-value),
    "multiply": Affine.times,
    "divide": Affine.over,
}


def _low_rank(mesh: Mesh, value: Number) -> LowRank | None:
    if isinstance(value, int | float):
        return LowRank(((np.full(mesh.rows, float(value)), mesh.column_ones),))
    return value.low_rank(mesh) if isinstance(value, Affine) else value if isinstance(value, LowRank) else None


def _add(mesh: Mesh, a: Number, b: Number) -> Number | None:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Affine) and isinstance(other, int | float):
            return one.plus(other)
    left, right = _low_rank(mesh, a), _low_rank(mesh, b)
    if left is None or right is None:
        return None
    merged: dict[int, tuple[Array, Array]] = {}
    for u, v in (*left.terms, *right.terms):
        merged[id(v)] = (merged[id(v)][0] + u, v) if id(v) in merged else (u, v)
    return LowRank(tuple(merged.values()))


def _subtract(mesh: Mesh, a: Number, b: Number) -> Number | None:
    opposite = _negative(mesh, b)
    return None if opposite is None else _add(mesh, a, opposite)


def _negative(mesh: Mesh, a: Number) -> Number | None:
    return _multiply(mesh, a, -1)


def _multiply(mesh: Mesh, a: Number, b: Number) -> Number | None:
    for one, other in ((a, b), (b, a)):
        if isinstance(other, int | float):
            return _scaled(one, other)
    left, right = _low_rank(mesh, a), _low_rank(mesh, b)
    if left is None or right is None or len(left.terms) * len(right.terms) > MAX_RANK:
        return None
    return LowRank(tuple((u * w, v * x) for u, v in left.terms for w, x in right.terms))


def _scaled(a: Number, factor: float) -> Number | None:
    match a:
        case Affine():
            return a.times(factor)
        case LowRank(terms):
            return LowRank(tuple((u * factor, v) for u, v in terms))
        case int() | float():
            return a * factor
        case _:
            return None


def _divide(mesh: Mesh, a: Number, b: Number) -> Number | None:  # noqa: ARG001 -- one signature for all theorems
    if not isinstance(b, int | float):
        return None
    return a.over(b) if isinstance(a, Affine) else _scaled(a, 1 / b)


def _square(mesh: Mesh, a: Number) -> Number | None:
    root = _low_rank(mesh, a)
    if root is None or len(root.terms) ** 2 > MAX_RANK:
        return None
    squares = [(u * u, v * v) for u, v in root.terms]
    doubles = [(2 * u * w, v * x) for (u, v), (w, x) in itertools.combinations(root.terms, 2)]
    return LowRank((*squares, *doubles))


def _sin(mesh: Mesh, a: Number) -> Number | None:
    if not isinstance(a, Affine):
        return None
    u, v = a.tables(mesh)
    return LowRank(((np.sin(u), np.cos(v)), (np.cos(u), np.sin(v))))


def _cos(mesh: Mesh, a: Number) -> Number | None:
    if not isinstance(a, Affine):
        return None
    u, v = a.tables(mesh)
    return LowRank(((np.cos(u), np.cos(v)), (-np.sin(u), np.sin(v))))


def _pow(mesh: Mesh, base: Number, a: Number) -> Number | None:
    if not isinstance(a, Affine) or not isinstance(base, int | float) or base <= 0:
        return None
    return _exponential(mesh, a, np.log(np.longdouble(base)))


def _geometric(mesh: Mesh, base: Number, a: Number, turn: Number) -> Number | None:
    return _pow(mesh, base, a.over(turn)) if isinstance(a, Affine) and isinstance(turn, int | float) else None


def _exp(mesh: Mesh, a: Number) -> Number | None:
    return _exponential(mesh, a, np.longdouble(1)) if isinstance(a, Affine) else None


def _exponential(mesh: Mesh, a: Affine, rate: np.longdouble) -> LowRank:
    """``exp(rate * (u + v)) = exp(rate * u) * exp(rate * v)``.

    The exponents are kept to more digits than a float has: what they are off by, the value is off by too.
    """

    def exp(x: Array) -> Array:
        exponent = x * rate
        leading = exponent.astype(float)
        return np.exp(leading) * (1 + (exponent - leading).astype(float))

    u, v = a.tables(mesh, np.longdouble)
    return LowRank(((exp(u), exp(v)),))


THEOREMS: dict[str, Callable[..., Number | None]] = {
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "multiply": _multiply,
    "divide": _divide,
    "square": _square,
    "sin": _sin,
    "cos": _cos,
    "pow": _pow,
    "geometric": _geometric,
    "exp": _exp,
}
