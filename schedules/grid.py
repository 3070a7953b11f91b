"""Whole curves at memory speed: on a regular grid a smooth schedule is a matrix of low rank.

Write the index of a step as ``offsets[k] + j``, row k and column j of a matrix of about sqrt(n) by sqrt(n).
Then time is ``u[k] + v[j]``, of rank 2; a constant has rank 1; so has ``c**time``, and ``sin(time)`` has rank 2,
by the addition theorems. Sums add ranks and products multiply them, so the ordinary fold over such numbers
ends in one matrix product that writes the curve. Angles and times are counted from the lower end of each row, so
the terms of that product are not negative and nothing cancels: a decay keeps a few ulp of its value.

The curve is cut at its knots first (`cuts`), so that between two cuts every join has one part and no clip
acts. What has no addition theorem (sqrt, minimum, a Python function) is evaluated as usual, for that
subterm alone, in blocks that fit the cache.

Matrix products round differently from ``s(t)``: the two agree to a few ulp, not bit by bit.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

from .check import Kind, demand, number, refusal, settled
from .core import Call, Constant, Join, Lift, Op, Schedule, Time, Warp
from .evaluate import Clock, Evaluator, NumPy, active, image, namespace, on_array
from .ops import TEMPLATES

Array: TypeAlias = "np.ndarray[Any, Any]"

CHUNK = 2**21  # steps that are evaluated together: memory is the output and a few of these
BLOCK = 2**15  # steps that stay in the cache while an ordinary subterm is evaluated
MAX_RANK = 16  # beyond, a product is evaluated as usual


def values(s: Schedule, steps: Any, *, start: Any = 0, dtype: Any = float, out: Any = None) -> Array:
    """``[s(start), ..., s(start + steps - 1)]``; see `Schedule.values`."""
    first = _COUNT("values", "start", start)
    if steps is None:
        demand(s.steps < math.inf, "values", "steps", None, f"{s} is endless; say how many: values(steps=1000)")
        steps = max(math.ceil(s.steps) - first, 0)
    count = _COUNT("values", "steps", steps)
    if out is None:
        out = np.empty(count, _float_dtype(dtype))
    elif not isinstance(out, np.ndarray) or out.shape != (count,) or out.dtype.kind != "f":
        raise refusal("values", "out", out, f"this is a NumPy array of {count} floats, of shape ({count},)")
    for begin in range(0, count, CHUNK):
        write(s, first + begin, out[begin : begin + CHUNK])
    return out


def _whole(value: Any) -> int:
    result = number(value)
    if not isinstance(result, int) or result < 0:
        raise ValueError
    return result


_COUNT = Kind("this is a whole number of steps >= 0", _whole)


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
    edges = [0, *sorted(set(cuts(term, lambda index: start + index, 0, len(out)))), len(out)]
    for a, b in itertools.pairwise(edges):
        if a < b:
            piece = Grid(term, Mesh(b - a))
            time = Clock[Number](Affine(start + a, 1), start + a, start + b - 1)
            piece.mesh.write(piece.fold(term, time), out[a:b])


# -- where to cut ------------------------------------------------------------------------------------


def cuts(term: Schedule, at: Callable[[int], float], a: int, b: int) -> Iterator[int]:
    """The indices in (a, b) at which another part of a join begins, or a time starts or stops to be clipped.

    ``at(i)`` is the time at index i, in the arithmetic of ``s(t)``, and monotone.
    """
    match term:
        case Lift(_, args):
            for arg in args:
                yield from cuts(arg, at, a, b)
        case Call():
            yield from cuts(term.body, at, a, b)
        case Join() if not term.levels:
            low, high = sorted((at(a), at(b - 1)))
            for place, _, _ in active(term, low, high):
                for c, d in inside(at, *term.span(place), a, b):
                    yield from (c, d)
                    yield from cuts(term.parts[place], _local(at, term.knots[place]), c, d)
        case Warp(inner, clock, steps):
            for c, d in inside(at, 0, steps, a, b):
                yield from (c, d)
                if not isinstance(clock, Time) and (table_of(clock) or not is_affine(clock)):
                    return
                yield from cuts(inner, _through(clock, at), c, d)
        case _:
            return


def inside(at: Callable[[int], float], low: float, high: float, a: int, b: int) -> Iterator[tuple[int, int]]:
    """The run of indices in [a, b) whose time is in [low, high), if there are any."""
    if at(a) <= at(b - 1):
        c, d = crossing(at, low, a, b), crossing(at, high, a, b)
    else:  # time runs backwards
        c, d = (crossing(lambda index: -at(index), _above(-bound_), a, b) for bound_ in (high, low))
    if c < d:
        yield c, d


def _above(x: float) -> float:
    return math.nextafter(x, math.inf)


def crossing(at: Callable[[int], float], knot: float, a: int, b: int) -> int:
    """The first index in [a, b) whose time reaches `knot`, else b; a guess by proportion, then exact."""
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


def _local(at: Callable[[int], float], knot: float) -> Callable[[int], float]:
    return (lambda index: at(index) - knot) if knot else at


def _through(clock: Schedule, at: Callable[[int], float]) -> Callable[[int], float]:
    if isinstance(clock, Time):
        return at

    def shown(index: int) -> float:
        time = at(index)
        return image(clock, Clock(None, time, time))[0]

    return shown


def is_affine(clock: Schedule) -> bool:
    """Whether a clock runs evenly by its form: time, shifted and scaled by constants."""
    match clock:
        case Time():
            return True
        case Lift("add" | "subtract" | "multiply", (a, Constant(value))) | Lift(
            "add" | "subtract" | "multiply", (Constant(value), a)
        ):
            return settled(value) and is_affine(a)
        case Lift("divide", (a, Constant(value))):
            return settled(value) and is_affine(a)
        case _:
            return False


def table_of(clock: Schedule) -> str | None:
    """How a clock reads a table of its term: round and round, or each entry many times; else None."""
    match clock:
        case Lift("remainder" | "floor_divide" as op, (Time(), Constant(int(period)))) if period > 0:
            return op
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
            for rows, span in self.blocks():
                out[span] = value.block(self, rows, span)
        else:
            u, v = value.matrices(self)
            whole = self.rows - 1
            product(u[:whole], v, out[: whole * self.width].reshape(whole, self.width))
            product(u[whole:], v, out[self.size - self.width :].reshape(1, self.width))

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Blocks of whole rows that fit the cache, each as rows and as indices."""
        group = max(BLOCK // self.width, 1)
        for row in range(0, self.rows - 1, group):
            stop = min(row + group, self.rows - 1)
            yield slice(row, stop), slice(row * self.width, stop * self.width)
        yield slice(self.rows - 1, self.rows), slice(self.size - self.width, self.size)


def product(u: Array, v: Array, out: Array) -> None:
    """``out = u @ v``; rank 1 is an outer product, which is faster without the matrix library."""
    if len(v) == 1:
        np.multiply(u, v, out=out)
    else:
        np.matmul(u, v, out=out)


class Affine(NamedTuple):
    """``(first + stride * i) / divisor * factor`` at index i: a time, exact as long as it is whole."""

    first: float
    stride: float
    divisor: float = 1
    factor: float = 1

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
        """u and v with ``u[k] + v[j]`` the time in row k and column j, and v not negative before scaling."""
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
        time = self.first + self.stride * np.arange(span.start, span.stop)
        time = time if self.divisor == 1 else time / self.divisor
        return time if self.factor == 1 else time * self.factor


class LowRank(NamedTuple):
    """``sum of u[k] * v[j]`` over the terms (u, v), in row k and column j."""

    terms: tuple[tuple[Array, Array], ...]

    def matrices(self, mesh: Mesh) -> tuple[Array, Array]:  # noqa: ARG002 -- one signature for all numbers
        """The two factors of the matrix."""
        return np.array([u for u, _ in self.terms]).T, np.array([v for _, v in self.terms])

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:
        """The values of some rows."""
        u, v = self.matrices(mesh)
        out = np.empty((rows.stop - rows.start, mesh.width))
        product(u[rows], v, out)
        return out.reshape(-1)


class Dense(NamedTuple):
    """``function(*args)`` elementwise, block by block: what has no addition theorem."""

    function: Callable[..., Any]
    args: "tuple[Number, ...]"

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:
        """The values at a span of indices."""
        args = [arg if isinstance(arg, int | float) else arg.block(mesh, rows, span) for arg in self.args]
        return self.function(*args)


class Table(NamedTuple):
    """Values that are known already."""

    array: Array

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:  # noqa: ARG002 -- one signature for all numbers
        """The values at a span of indices."""
        return self.array[span]


Number: TypeAlias = float | Affine | LowRank | Dense | Table


class Grid(Evaluator[Number]):
    """The fold over low-rank numbers, on a mesh that lies between two cuts."""

    def __init__(self, term: Schedule, mesh: Mesh) -> None:
        super().__init__(term)
        self.mesh = mesh
        self.numpy = NumPy(term, namespace(np.float64(0)))

    def evaluate(self, term: Schedule, time: Clock[Number]) -> Number:
        if isinstance(term, Warp) and table_of(term.clock):
            clipped = self.clip(time, term.steps)
            if is_count(clipped.value):
                return self.table(term, clipped.value)
        return super().evaluate(term, time)

    def constant(self, value: float) -> Number:
        return value

    def lift(self, op: Op, args: list[Number]) -> Number:
        if all(isinstance(arg, int | float) for arg in args):
            return float(self.numpy.lift(op, [np.float64(arg) if op in TEMPLATES else arg for arg in args]))
        theorem = THEOREMS.get(op) if isinstance(op, str) else None
        known = theorem(self.mesh, *args) if theorem else None
        return Dense(lambda *blocks: self.numpy.lift(op, list(blocks)), tuple(args)) if known is None else known

    def clip(self, time: Clock[Number], steps: float) -> Clock[Number]:
        if 0 <= time.low and time.high <= steps:
            return time
        if time.high <= 0 or time.low >= steps:
            edge = 0 if time.high <= 0 else steps
            return Clock(edge, edge, edge)
        held = self.lift("maximum", [self.lift("minimum", [time.value, steps]), 0])
        return Clock(held, max(time.low, 0), min(time.high, steps))

    def join(self, term: Join, time: Clock[Number]) -> Number:
        if term.levels and is_count(time.value):
            knots = np.ceil(np.asarray([*term.knots[1:], math.inf])) - time.value.first
            counts = np.diff(np.clip(knots, 0, self.mesh.size), prepend=0)
            return Table(np.repeat(np.asarray(term.levels, float), counts.astype(int)))
        parts = active(term, time.low, time.high)
        if len(parts) > 1:
            return Dense(lambda steps: on_array(term, steps), (time.value,))
        ((index, low, high),) = parts
        local = self.lift("subtract", [time.value, term.knots[index]])
        return self.fold(term.parts[index], Clock(local, low, high))

    def table(self, term: Warp, time: Affine) -> Table:
        """A term that its clock reads from a table, round and round or each entry many times."""
        period, first, size = term.clock.args[1].value, int(time.first), self.mesh.size  # type: ignore[attr-defined]
        if table_of(term.clock) == "floor_divide":
            entries = np.empty((first + size - 1) // period - first // period + 1)
            write(term.term, first // period, entries)
            return Table(np.repeat(entries, period)[first % period :][:size])
        out = np.empty(size)
        head = min(period - first % period, size)
        write(term.term, first % period, out[:head])
        if head < size:
            turn = np.empty(min(period, size - head))
            write(term.term, 0, turn)
            out[head:] = np.resize(turn, size - head)
        return Table(out)


def is_count(time: Number) -> TypeGuard[Affine]:
    """Whether a time counts whole steps, one at a time."""
    return isinstance(time, Affine) and isinstance(time.first, int) and time[1:] == (1, 1, 1)


# -- theorems: what operations do to low-rank numbers, None where there is none ------------------------


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
    """``base**(u + v) = base**u * base**v``; the short tables are worth the longest floats there are."""
    if not isinstance(a, Affine) or not isinstance(base, int | float) or base <= 0:
        return None
    u, v = a.tables(mesh, np.longdouble)
    return LowRank(((np.power(np.longdouble(base), u).astype(float), np.power(np.longdouble(base), v).astype(float)),))


def _geometric(mesh: Mesh, base: Number, a: Number, turn: Number) -> Number | None:
    return _pow(mesh, base, a.over(turn)) if isinstance(a, Affine) and isinstance(turn, int | float) else None


def _exp(mesh: Mesh, a: Number) -> Number | None:
    if not isinstance(a, Affine):
        return None
    u, v = a.tables(mesh, np.longdouble)
    return LowRank(((np.exp(u).astype(float), np.exp(v).astype(float)),))


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
