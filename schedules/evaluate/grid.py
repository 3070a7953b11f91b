"""Whole curves at memory speed: the fold over low-rank numbers, piece by piece.

The curve is cut at its knots first (`schedules.evaluate.pieces`), so that within a piece every join has one part and no
clip acts; the fold ends in one matrix product that writes the piece. What has no addition theorem (sqrt, minimum, a
Python function) is evaluated as usual, for that subterm alone, in blocks that fit the cache.

Matrix products round differently from ``s(t)``: the two agree to a few ulp, not bit by bit.
"""

import functools
import math
from typing import Any

import numpy as np

from ..algebra.bounds import active, cut
from ..algebra.checks import Kind, brief, number, refusal, whole
from ..algebra.lazy import lazy
from ..algebra.nodes import Constant, Join, Op, Schedule, Warp
from .arrays import NumPy
from .fold import Clock, Evaluator
from .low_rank import THEOREMS, Affine, Array, Dense, Lookup, Mesh, Number, Shared, is_count
from .namespaces import namespace
from .pieces import Line, pieces, table_of
from .record import on_array

CHUNK = 2**21  # steps that are evaluated together: memory is the output and a few of these


MAX_STEPS = 2**59  # steps: no array is longer


def values(s: Schedule, steps: Any, *, start: Any = 0, dtype: Any = float, out: Any = None) -> Array:
    """``[s(start), ..., s(start + steps - 1)]``; see `Schedule.values`."""
    first = _COUNT("values", "start", start)
    count = _COUNT("values", "steps", _rest(s, first) if steps is None else steps)
    curve = np.empty(count, _float_dtype(dtype)) if out is None else _accepted(out, count)
    with np.errstate(all="ignore"):  # as for single values: what overflows is inf
        for begin in range(0, count, CHUNK):
            write_values(s, first + begin, curve[begin : begin + CHUNK])
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
    if not isinstance(result, int) or not 0 <= result < MAX_STEPS:
        raise ValueError
    return result


_COUNT = Kind(f"this is a whole number of steps, from 0 to {MAX_STEPS - 1}", _whole)


def _float_dtype(dtype: Any) -> Any:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind != "f":
        raise refusal("values", "dtype", dtype, "this is a float type of NumPy, such as np.float32")
    return found


def write_values(term: Schedule, start: int, out: Array) -> None:
    """Write the values of `term` from step `start` on into `out`."""
    line = Line(Affine(start, 1), start.__add__)
    for piece in pieces(term, line, 0, len(out)) if len(out) else ():
        if piece.term.asks:  # step by step, each once, with the numbers of s(t)
            times = map(piece.line.at, range(piece.start, piece.stop))
            out[piece.start : piece.stop] = list(map(piece.term.function(), times))
            continue
        mesh = Mesh(piece.stop - piece.start)
        low, high = piece.line.bounds(piece.start, piece.stop)
        clock = Clock[Number](piece.line.affine.after(piece.start), low, high)
        mesh.write(Grid(piece.term, mesh).fold(piece.term, clock), out[piece.start : piece.stop])


class Grid(Evaluator[Number]):
    """The fold over low-rank numbers, on the mesh of one piece."""

    def __init__(self, term: Schedule, mesh: Mesh) -> None:
        super().__init__(term)
        self.mesh = mesh

    @lazy
    def numpy(self) -> NumPy:
        """The ordinary evaluation of what is not low-rank."""
        return NumPy(Constant(0), namespace(np.float64(0)))

    def evaluate(self, term: Schedule, time: Clock[Number]) -> Number:
        if isinstance(term, Warp) and (reading := table_of(term.clock)):
            clipped = self.clip(time, cut(term)).value
            if is_count(clipped):
                return self.table(term.term, *reading, int(clipped.first))
        return super().evaluate(term, time)

    def share(self, value: Number) -> Number:
        return Shared(value, {}) if isinstance(value, Dense) else value

    def constant(self, value: float) -> Number:
        return value

    def lift(self, op: Op, args: list[Number]) -> Number:
        if not isinstance(op, str):
            args = list(map(counted, args))
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
        held = self.lift("minimum", [time.value, steps]) if time.high > steps else time.value
        return time.held(self.lift("maximum", [held, 0]) if time.low < 0 else held, steps)

    def join(self, term: Join, time: Clock[Number]) -> Number:
        if term.levels and is_count(time.value):
            ends = np.ceil(np.asarray([*term.knots[1:], math.inf])) - time.value.first
            return Lookup(functools.partial(read_levels, np.asarray(term.levels, float), ends))
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
            write_values(term, start, entries)
            return Lookup(functools.partial(read_each, entries, period, first % period))
        if first % period + self.mesh.size <= period:  # within one round
            low, high = first % period, first % period + self.mesh.size - 1
            return self.fold(term, Clock[Number](Affine(low, 1), low, high))
        entries = np.empty(period)
        write_values(term, 0, entries)
        return Lookup(functools.partial(read_round, entries, first % period))


def counted(time: Number) -> Number:
    """A time whose whole numbers are integers: a Python function is given an ``int`` where the step is one."""
    match time:
        case Dense(function, args):
            return Dense(function, tuple(map(counted, args)))
        case Affine(int(), int(), 1, 1):
            return Lookup(functools.partial(read_count, time))
        case int() | float():
            return whole(time)
        case _:
            return time


def read_count(time: Affine, a: int, b: int) -> Array:
    """Whole times as integers."""
    return np.arange(a, b) * time.stride + time.first


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
