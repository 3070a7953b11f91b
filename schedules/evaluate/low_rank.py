"""Low-rank numbers: on a regular grid a smooth schedule is a matrix of low rank.

Write the index of a step as ``offsets[k] + j``, row k and column j of a matrix of about sqrt(n) by sqrt(n).
Then time is ``u[k] + v[j]``, of rank 2; a constant has rank 1; so has ``c**time``, and ``sin(time)`` has rank 2,
by the addition theorems. Sums add ranks and products multiply them. Angles and times are counted from the lower end of
each row, so the terms of the matrix product are not negative and nothing cancels: a decay keeps a few ulp of its value.
"""

import itertools
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"


BLOCK = 2**15  # steps that stay in the cache while an ordinary subterm is evaluated


PRODUCTS = 2**18  # multiplications that a matrix library takes on in one thread


MAX_RANK = 16  # beyond, a product is evaluated as usual


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
        elif isinstance(value, Dense | Lookup | Shared) or out.dtype != float or not out.flags.c_contiguous:
            for rows, span in self.blocks(4 * BLOCK if isinstance(value, Lookup) else BLOCK):
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
        first, stride = self.first, self.stride
        if max(abs(first), abs(first + stride * mesh.size)) > sys.maxsize:
            first, stride = float(first), float(stride)  # beyond the integers of NumPy
        if stride < 0:
            u = first + stride * (mesh.offsets + (mesh.width - 1))
            v = -stride * mesh.columns[::-1]
        else:
            u, v = first + stride * mesh.offsets, stride * mesh.columns
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


class Lookup(NamedTuple):
    """``read(a, b)`` at the indices in [a, b): what is looked up."""

    read: Callable[[int, int], Array]

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:  # noqa: ARG002 -- one signature for all numbers
        """The values at a span of indices."""
        return self.read(span.start, span.stop)


class Shared(NamedTuple):
    """A number that is used in several places: the block that was asked for last is kept."""

    number: Dense
    last: dict[tuple[int, int], Array]

    def block(self, mesh: Mesh, rows: slice, span: slice) -> Array:
        """The values at a span of indices."""
        key = span.start, span.stop
        if key not in self.last:
            block = self.number.block(mesh, rows, span)
            self.last.clear()
            self.last[key] = block
        return self.last[key]


Number: TypeAlias = float | Affine | LowRank | Dense | Lookup | Shared


def holds(value: Number) -> bool:
    """Whether no product and no sum of a low-rank number is beyond all floats."""
    if not isinstance(value, LowRank):
        return True
    return bool(np.isfinite(sum(np.abs(u).max() * np.abs(v).max() for u, v in value.terms)))


def is_count(time: Number) -> TypeGuard[Affine]:
    """Whether a time counts whole steps, one at a time."""
    return isinstance(time, Affine) and isinstance(time.first, int) and time[1:] == (1, 1, 1)


AFFINE: dict[str, Callable[[Affine, float], Affine]] = {
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
