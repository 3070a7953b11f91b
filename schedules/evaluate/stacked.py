"""A join of many parts as one program: parts that share a form are evaluated once, with columns of their numbers."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..algebra.bounds import beyond, cut
from ..algebra.checks import is_settled, surely_equal
from ..algebra.named import Call
from ..algebra.nodes import Constant, Join, Lift, Schedule, Time, Warp, unchecked
from .float32 import SINGLE, split_powers
from .fold import Clock
from .integers import fitting
from .namespaces import array_like, asarray, device_of, float_like, gathered, is_jax, is_whole, largest_integer

FEW = 16  # rows, of which a compiler selects sooner than it looks up


def stacked(
    xp: Any, term: Join, places: list[int], time: Clock[Any], fold: Callable[[Schedule, Clock[Any]], Any]
) -> Any:
    """A join at `time`: each distinct program of its parts once, with the numbers of the part that a step falls in."""
    columns = Columns(xp, time.value, term, places)
    programs: dict[tuple[Instruction, ...], dict[int, list[Any]]] = {}
    for row, place in enumerate(places):
        lines, given = program(term.parts[place], time, columns)
        programs.setdefault(lines, {})[row] = given
    result: Any = None
    for lines, members in programs.items():
        first = next(iter(members.values()))
        given = zip(*(members.get(row, first) for row in range(len(places))), strict=True)
        body = run(lines, [columns.read(column) for column in given])
        value = columns.full(fold(body, Clock(columns.local, min(time.low, 0), time.high)))
        mine = columns.read([row in members for row in range(len(places))])
        result = value if result is None else xp.where(mine, value, result)
    return result


def looked_up(xp: Any, term: Join, places: list[int], time: Clock[Any]) -> Any:
    """A join of constants at `time`: one search and one look-up."""
    columns = Columns(xp, time.value, term, places)
    return columns.full(columns.read([term.levels[place] for place in places]))


class Columns:
    """Columns of numbers with a row for each part of a join, read at the row that each step falls in."""

    def __init__(self, xp: Any, steps: Any, term: Join, places: list[int]) -> None:
        self.xp = xp
        self.steps = steps
        self.known: dict[tuple[Any, ...], Any] = {}
        self.passed: list[Any] = []  # whether a step is in a later row than the first, the second, ...
        self.bits = xp.finfo(float_like(xp, steps)).bits
        self.largest = largest_integer(xp)
        self.whole = is_whole(xp, steps)
        knots = [term.knots[place] for place in places]
        if not all(map(is_settled, knots)):  # one sum for all, where as many would make a program that grows
            edges = xp.cumulative_sum(self.column([part.steps for part in term.parts[:-1]]))
            self.index = self.search(xp.ceil(edges) if self.whole else edges)
            self.local = steps - gathered(xp, xp.concat([edges[:1] * 0, edges]), self.index)
            return
        edges = [math.ceil(knot) if self.whole else knot for knot in knots[1:]]
        if is_jax(xp) and len(knots) <= FEW:
            self.passed = [steps >= edge for edge in numbers(edges, self.largest).tolist()]
        else:
            self.index = self.search(self.column(edges))
        starts = [math.floor(knot) for knot in knots]
        self.local = steps - self.read(starts)  # whole numbers first: they are exact
        if starts != knots:
            self.local = self.local - self.read([knot - start for knot, start in zip(knots, starts, strict=True)])

    def search(self, edges: Any) -> Any:
        """The row that each step falls in."""
        return self.xp.searchsorted(self.xp.astype(edges, self.steps.dtype), self.steps, side="right")

    def column(self, values: Sequence[Any]) -> Any:
        """Numbers as an array of the library: whole ones as integers, the others in the float type of the steps."""
        if all(map(is_settled, values)):
            found = numbers(values, self.largest)
            whole = found.dtype.kind in "bi"
            return asarray(self.xp, found, device_of(self.steps)) if whole else array_like(self.xp, found, self.steps)
        return self.xp.stack([array_like(self.xp, value, self.steps) for value in values])

    def read(self, values: Sequence[Any]) -> Any:
        """The number of the row at each step: one number if it is the same in every row."""
        if all(value is values[0] or surely_equal(value, values[0]) for value in values):
            return values[0]
        if not all(map(is_settled, values)):
            return self.chosen(values)
        key = (*map(type, values), *values)
        if key not in self.known:
            self.known[key] = self.chosen(values)
        return self.known[key]

    def chosen(self, values: Sequence[Any]) -> Any:
        """The number of the row: looked up, or of few rows selected, which does not break a loop that is compiled."""
        if not self.passed:
            return gathered(self.xp, self.column(values), self.index)
        settled = all(map(is_settled, values))
        value, *rest = numbers(values, self.largest).tolist() if settled else values
        for passed, later in zip(self.passed, rest, strict=True):
            value = self.xp.where(passed, later, value)
        return value

    def full(self, value: Any) -> Any:
        """A value as an array, if it is a number."""
        return array_like(self.xp, value, self.steps) if isinstance(value, int | float) else value


def numbers(values: Sequence[float], largest: int) -> "np.ndarray[Any, Any]":
    """Numbers as an array of NumPy: of integers, if all are whole and a library's integers hold them."""
    fit = all(isinstance(value, int) and abs(value) <= largest for value in values)
    return np.asarray(values, None if fit else float)


Instruction: TypeAlias = tuple[Any, ...]
"""A node of a program: its kind, its operation, the places of its children, and types instead of numbers."""


def program(term: Schedule, time: Clock[Any], columns: Columns) -> tuple[tuple[Instruction, ...], list[Any]]:
    """A term down to its five nodes, as the lines that all terms of its form share; and its numbers.

    A term that goes beyond the integers of the library on its way is of no form but its own.
    """
    if columns.whole and beyond(term, min(time.low, 0), time.high, columns.largest):
        return ((term,),), []
    short = columns.bits == SINGLE
    lines: list[Instruction] = []
    found: list[Any] = []
    places: dict[int, int] = {}
    seen: list[Schedule] = []  # kept, so that no id is used again

    def number(value: Any) -> type[Any]:
        value = fitting(value, columns.largest)
        found.append(value)
        return type(value)  # pyright: ignore[reportUnknownVariableType] -- a number, or a tracer of any library

    def line(node: Schedule) -> Instruction:
        match node:
            case Constant(value):
                return Constant, number(value)
            case Lift(op, args):
                return Lift, op, *map(visit, args)
            case Warp(inner, clock, steps):
                ends = is_settled(steps) and steps == math.inf
                return (
                    Warp,
                    visit(inner),
                    visit(clock),
                    steps if ends else number(steps),
                    surely_equal(cut(node), math.inf),
                )
            case Join(parts):
                return Join, *map(visit, parts)
            case _:
                return (Time,)

    def visit(node: Schedule) -> int:
        while isinstance(node, Call):
            node = node.body
        key = id(node)
        if key not in places:
            seen.append(node)
            lines.append(line(split_powers(node) if short else node))
            places[key] = len(lines) - 1
        return places[key]

    visit(term)
    return tuple(lines), found


def run(lines: Iterable[Instruction], numbers: Iterable[Any]) -> Schedule:
    """The term of a program with these numbers."""
    nodes: list[Schedule] = []
    rest = iter(numbers)
    given: list[Any]
    for kind, *given in lines:
        if kind is Constant:
            node = unchecked(Constant, next(rest))
        elif kind is Lift:
            op, *args = given
            node = unchecked(Lift, op, tuple(map(nodes.__getitem__, args)))
        elif kind is Warp:
            inner, clock, steps, holds = given
            node = unchecked(Warp, nodes[inner], nodes[clock], next(rest) if isinstance(steps, type) else steps)
            if holds:
                node.__dict__["cut"] = math.inf
        elif kind is Join:
            node = unchecked(Join, tuple(map(nodes.__getitem__, given)))
        else:
            node = Time() if kind is Time else kind
        nodes.append(node)
    return nodes[-1]
