"""Whole curves at memory speed: the fold over low-rank numbers, piece by piece.

The curve is cut at its knots first (`schedules.evaluate.pieces`), so that within a piece every join has one part and no
clip acts; the fold ends in one matrix product that writes the piece. What has no addition theorem (sqrt, minimum, a
Python function) is evaluated as usual, for that subterm alone, in blocks that fit the cache.

Matrix products round differently from ``s(t)``: the two agree to a few ulp, not bit by bit.
"""

import functools
import itertools
import math
from typing import Any

import numpy as np

from ..algebra.bounds import active, cut
from ..algebra.checks import Kind, brief, number, refusal
from ..algebra.lazy import lazy
from ..algebra.nodes import Constant, Join, Op, Schedule, Warp
from .arrays import NumPy
from .fold import Clock, Evaluator
from .libraries import MAX_STEPS
from .low_rank import BLOCK, THEOREMS, Affine, Array, Dense, Lookup, Mesh, Number, Shared, holds, is_count
from .namespaces import namespace
from .pieces import Line, Piece, pieces, table_of
from .record import on_array, on_curve

CHUNK = 2**21  # steps that are evaluated together: memory is the output and a few of these


SHORT = 64  # steps: so few are quicker one by one


MEDIUM = 2**14  # steps: so few are quicker by the recorded program


def values(s: Schedule, steps: Any, *, start: Any = 0, dtype: Any = float, out: Any = None) -> Array:
    """``[s(start), ..., s(start + steps - 1)]``; see `Schedule.values`."""
    first = _COUNT("values", "start", start)
    count = _COUNT("values", "steps", _rest(s, first) if steps is None else steps)
    curve = np.empty(count, _float_dtype(dtype)) if out is None else _accepted(out, count)
    with np.errstate(all="ignore"):  # as for single values: what overflows is inf
        if count > MEDIUM or s.tracers or (s.asks and count > SHORT):
            for begin in range(0, count, CHUNK):
                write_values(s, first + begin, curve[begin : begin + CHUNK])
        elif count > SHORT:
            curve[:] = on_curve(s, first, count)
        else:
            curve[:] = list(map(s.function(), range(first, first + count)))
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
    """Write the values of `term` from step `start` on into `out`; what comes again at the same times is copied."""
    line = Line(Affine(start, 1), start.__add__)
    written: dict[Any, Array] = {}
    for piece in pieces(term, line, 0, len(out)) if len(out) else ():
        here = out[piece.start : piece.stop]
        key = piece.term if _hashable(piece.term) else id(piece.term), len(here), piece.line.affine.after(piece.start)
        if key in written:
            here[:] = written[key]
        else:
            write_piece(piece, here)
            written[key] = here


def _hashable(term: Schedule) -> bool:
    try:
        hash(term)
    except TypeError:  # a Python function in it is not
        return False
    return True


def write_piece(piece: Piece, out: Array) -> None:
    """Write one piece into `out`."""
    term, affine = piece.term, piece.line.affine.after(piece.start)
    counts = is_count(affine)
    reading = table_of(term.clock) if isinstance(term, Warp) and counts else None
    if isinstance(term, Warp) and reading and reading[0] == "remainder":
        write_rounds(term.term, reading[1], int(affine.first), out)
    elif isinstance(term, Join) and term.levels and counts:
        write_levels(np.asarray(term.levels, float), _ends(term, int(affine.first)), out)
    elif term.asks and not reading:  # step by step, each once, with the numbers of s(t)
        out[:] = list(map(term.function(), map(piece.line.at, range(piece.start, piece.stop))))
    else:
        mesh = Mesh(len(out))
        low, high = piece.line.bounds(piece.start, piece.stop)
        grid = Grid(term, mesh)
        value = grid.fold(term, Clock[Number](affine, low, high))
        held = grid.held and holds(value)
        mesh.write(value if held else Dense(functools.partial(on_array, term), (affine,)), out)


def write_rounds(term: Schedule, period: int, first: int, out: Array) -> None:
    """Write a term round and round from step `first` on: one round, and copies of it."""
    done, ahead = period, period - first % period
    write_values(term, first % period, out[:ahead])
    write_values(term, 0, out[ahead:period])
    while done < len(out):
        rounds = max(min(done, BLOCK) // period, 1) * period  # as many as stay in the cache
        size = min(rounds, len(out) - done)
        out[done : done + size] = out[:size]
        done += size


def write_levels(levels: Array, ends: Array, out: Array) -> None:
    """Write each level up to its end: long runs one by one, short ones together."""
    first, last = np.searchsorted(ends, (0, len(out) - 1), side="right")
    if (last - first) * LONG > len(out):
        out[:] = read_levels(levels, ends, 0, len(out))
        return
    stops = np.minimum(ends[first : last + 1], len(out)).astype(int).tolist()
    for level, (begin, stop) in zip(levels[first : last + 1].tolist(), itertools.pairwise((0, *stops)), strict=True):
        out[begin:stop] = level


LONG = 256  # steps: a run of as many is written by itself


def _ends(term: Join, first: int) -> Array:
    """The index at which each part ends, where step `first` has the index 0."""
    return np.ceil(np.asarray([*term.knots[1:], math.inf])) - first


class Grid(Evaluator[Number]):
    """The fold over low-rank numbers, on the mesh of one piece."""

    def __init__(self, term: Schedule, mesh: Mesh) -> None:
        super().__init__(term)
        self.mesh = mesh
        self.held = True  # unless a number that an ordinary operation needs is beyond all floats

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
        if not any(isinstance(arg, tuple) for arg in args):
            return self.numpy.lift(op, args)
        theorem = THEOREMS.get(op) if isinstance(op, str) else None
        known = theorem(self.mesh, *args) if theorem else None
        if known is not None:
            return known
        self.held = self.held and all(map(holds, args))
        return Dense(functools.partial(self.ordinary, op), tuple(args))

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
            return Lookup(
                functools.partial(read_levels, np.asarray(term.levels, float), _ends(term, int(time.value.first)))
            )
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
