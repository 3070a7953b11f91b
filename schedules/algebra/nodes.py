"""Terms: what a schedule is, before anyone evaluates it.

A schedule is a duration and a function of time. Five nodes generate all of them:

=========================== ================================== ====================
node                        value at t                         duration
=========================== ================================== ====================
``Constant(v)``             ``v``                              0
``Time()``                  ``t``                              inf
``Lift(op, args)``          ``op(a(t), b(t), ...)``            max over the args
``Warp(term, clock, d)``    ``term(clock(t))``                 ``d``
``Join(parts)``             the part that t falls in, at its   sum
                            own local time; at a knot the
                            later part
=========================== ================================== ====================

Time starts at 0, and every schedule holds outside its duration: ``s(t) == s(clip(t, 0, s.steps))``.
Nodes are normalised as they are made, so ``==`` sees through ways of writing: joins are flat, constants are
folded, parts of no length vanish, and neutral elements (``+ 0``, ``* 1``) drop out.
"""

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NoReturn, SupportsFloat, TypeAlias, cast

from .checks import ENDLESS, FINITE, OPERAND, OPERANDS, ScheduleError, brief, is_settled, refusal, surely_equal
from .forms import Op, check_op, ends, folded, longer, name_of, neutral
from .handed import Handed
from .lazy import lazy
from .survey import Surveyed


class Schedule(Surveyed, Handed):
    """``s(t)``: the value to use for update number t, counted from 0; it lasts ``s.steps`` steps.

    Immutable, hashable, picklable, and safe to share between threads. Built by the functions of this
    package and by operators: ``a >> b`` joins; ``+ - * / **`` and unary minus act pointwise, with
    numbers on either side; ``s[a:b]`` is the part of s from step a to step b.

    >>> from schedules import cosine, linear
    >>> s = linear(0.0, 1e-3, 1000) >> cosine(1e-3, 0.0, 9000)
    >>> s
    linear(0.0, 0.001, 1000) >> cosine(0.001, 0.0, 9000)
    >>> s(500), s.steps
    (0.0005, 10000)
    """

    __iter__: ClassVar[None] = None  # a schedule is a function of real time: nothing to iterate over
    _function: Callable[[float], float] | None = None

    steps: float
    """The duration, in steps; ``inf`` for an endless schedule."""

    depth: int = 1
    """How deep the term is nested."""

    # -- a term ------------------------------------------------------------------------------------

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.fields

    def __copy__(self) -> "Schedule":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Schedule":
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise refusal("Schedule", name, value, "schedules never change; build a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise refusal("Schedule", name, getattr(self, name, None), "schedules never change; build a new one")

    # -- an algebra --------------------------------------------------------------------------------

    def __rshift__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return joined((self, as_schedule(other, "join")))

    def __rrshift__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return joined((as_schedule(other, "join"), self))

    def __add__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("add", self, other)

    def __radd__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("add", other, self)

    def __sub__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("subtract", self, other)

    def __rsub__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("subtract", other, self)

    def __mul__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("multiply", self, other)

    def __rmul__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("multiply", other, self)

    def __truediv__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("divide", self, other)

    def __rtruediv__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("divide", other, self)

    def __floordiv__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("floor_divide", self, other)

    def __rfloordiv__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("floor_divide", other, self)

    def __mod__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("remainder", self, other)

    def __rmod__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("remainder", other, self)

    def __pow__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("pow", self, other)

    def __rpow__(self, other: "Schedule | SupportsFloat") -> "Schedule":
        return lift("pow", other, self)

    def __neg__(self) -> "Schedule":
        return lift("negative", self)

    def __pos__(self) -> "Schedule":
        return self

    def __abs__(self) -> "Schedule":
        return lift("abs", self)


ScheduleLike: TypeAlias = Schedule | float

MAX_DEPTH = 150  # of nesting: every fold, and Python's own, goes as deep


def unchecked(kind: type[Any], *fields: Any) -> Any:
    """A node of this kind as it is, with no check and no normal form."""
    node = object.__new__(kind)
    own = node.__dict__
    for name, field in zip(kind.__match_args__, fields):  # noqa: B905 -- the keyword takes as long as all the rest
        own[name] = field
    return node


def nested(kind: type[Any], *fields: Any) -> Any:
    """A node that knows how deep it is nested."""
    node = unchecked(kind, *fields)
    node.__dict__["depth"] = 1 + max([child.depth for child in node.children])
    return check_depth(node)


def check_depth(node: Any) -> Any:
    """The node, unless it is nested too deep."""
    if node.depth > MAX_DEPTH:
        raise refusal(
            type(node).__name__, "depth", node.depth, f"at most {MAX_DEPTH}; combine terms in groups, not in a row"
        )
    return node


# -- the five nodes ----------------------------------------------------------------------------------


class Constant(Schedule):
    """``s(t) = value``; it has no length of its own, so nothing can be joined after it."""

    __match_args__ = ("value",)
    value: float
    steps = 0
    numbers = ("value",)
    bare = True

    def __new__(cls, value: Any) -> "Constant":
        return unchecked(cls, FINITE("constant", "value", value))


class Time(Schedule):
    """``s(t) = t``, endless: the clock that all others are made from.

    >>> from schedules import Time
    >>> (Time() / 4)(1)
    0.25
    """

    steps = math.inf

    def __new__(cls) -> "Time":
        return unchecked(cls)


class Lift(Schedule):
    """``s(t) = op(a(t), b(t), ...)``, as long as the longest of the args.

    `op` is a name of `schedules.algebra.ops`, or any Python callable of one number.
    """

    __match_args__ = ("op", "args")
    op: Op
    args: tuple[Schedule, ...]

    def __new__(cls, op: Op, args: Iterable[Any]) -> Schedule:
        return lift(op, *OPERANDS(name_of(op), "operands", args))

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.args

    @lazy
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- computed on first use
        return longest(self.args)

    @lazy
    def bare(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] -- computed on first use
        return all(arg.bare for arg in self.args)


class Warp(Schedule):
    """``s(t) = term(clock(t))`` for `steps` steps, where the clock is itself a schedule.

    >>> from schedules import Time, Warp, linear
    >>> Warp(linear(0.0, 1.0, 10), Time() * 2, 5)(3)
    0.6
    """

    __match_args__ = ("term", "clock", "steps")
    term: Schedule
    clock: Schedule
    numbers = ("steps",)
    bends = True

    def __new__(cls, term: Any, clock: Any, steps: float = math.inf) -> Schedule:
        return warped(as_schedule(term, "Warp"), as_schedule(clock, "Warp"), ENDLESS("Warp", "steps", steps))

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.term, self.clock


def warped(term: Schedule, clock: Schedule, steps: Any) -> Schedule:
    """The `Warp` of what is accepted already, in normal form."""
    still = isinstance(clock, Time) or (isinstance(term, Constant) and clock != ORIGIN)
    if still and surely_equal(term.steps, steps):
        return term  # no transform of time changes a bare constant
    value = constant_value(term)
    return nested(Warp, term, clock, steps) if value is None else lasting_constant(value, steps)


ORIGIN = Constant(0)  # the clock of a constant that has a length


class Join(Schedule):
    """``s(t) = parts[i](t - knots[i])`` for the last i with ``knots[i] <= t``: one after the other."""

    __match_args__ = ("parts",)
    parts: tuple[Schedule, ...]
    bends = True

    def __new__(cls, parts: Iterable[Any]) -> Schedule:
        return joined(OPERANDS("join", "operands", parts))

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.parts

    @lazy
    def knots(self) -> tuple[float, ...]:
        """The step at which each part begins."""
        return self._ends[:-1]

    @lazy
    def levels(self) -> tuple[float, ...]:
        """The values of the parts, if all are constant by their form, else nothing."""
        found = [constant_value(part) for part in self.parts]
        return () if None in found else cast("tuple[float, ...]", tuple(found))

    @lazy
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- computed on first use
        return self._ends[-1]

    @property
    def bare(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] -- that of the last part
        return self.parts[-1].bare

    @lazy
    def _ends(self) -> tuple[float, ...]:
        return ends(part.steps for part in self.parts)


def joined(parts: Iterable[Any]) -> Schedule:
    """The `Join` of schedules, numbers and lists of them, in normal form."""
    flat = [*_flat(parts)]
    if not flat:
        raise ScheduleError("join: parts=(): there is nothing to join; give at least one schedule")
    for place, part in enumerate(flat[:-1], start=1):
        _check_inner(place, len(flat), part)
    lasting = *[part for part in flat[:-1] if not surely_equal(part.steps, 0)], flat[-1]
    return nested(Join, lasting) if len(lasting) > 1 else flat[-1]


def _flat(parts: Iterable[Any]) -> Iterator[Schedule]:
    for part in parts:
        if isinstance(part, list | tuple):
            yield from _flat(cast("list[Any]", part))
        else:
            term = as_schedule(part, "join")
            yield from term.parts if isinstance(term, Join) else (term,)


def _check_inner(place: int, count: int, part: Schedule) -> None:
    if not (part.bare or surely_equal(part.steps, math.inf)):
        return
    where = f"join: part {place} of {count}, {brief(part)},"
    if isinstance(part, Constant):
        raise ScheduleError(f"{where} lasts 0 steps; give it a length: constant({part.value!r}, steps=1000)")
    if part.bare:
        raise ScheduleError(f"{where} ends in a constant of no length; give it one, or cut: s[:1000]")
    raise ScheduleError(f"{where} is endless, so what follows never starts; cut it: s[:1000]")


# -- what nodes are made with ------------------------------------------------------------------------


def as_schedule(value: Any, function: str) -> Schedule:
    """`value` itself if it is a schedule, the constant that it stands for if it is a number."""
    return value if isinstance(value, Schedule) else unchecked(Constant, OPERAND(function, "operand", value))


def lift(op: Op, *args: Any) -> Schedule:
    """``lift(op, a, b)(t) = op(a(t), b(t))``: an operation on values becomes one on schedules."""
    check_op(op, len(args))
    name = name_of(op)
    terms = tuple([as_schedule(arg, name) for arg in args])
    values = [constant_value(term) for term in terms]
    if (value := folded(op, values)) is not None:
        bare = all(isinstance(term, Constant) for term in terms)
        return Constant(value) if bare else lasting_constant(value, longest(terms))
    if (place := neutral(op, values)) is not None and surely_equal(terms[place].steps, longest(terms)):
        return terms[place]
    return nested(Lift, op, terms)


def lasting_constant(value: Any, steps: Any) -> Schedule:
    """``s(t) = value`` for `steps` steps, none of them too: a part that vanishes from a join."""
    return nested(Warp, Constant(value), ORIGIN, steps)


def constant_value(term: Schedule) -> float | None:
    """The one value of a term that is constant by its form, else None."""
    level = term.term if isinstance(term, Warp) else term
    return level.value if isinstance(level, Constant) else None


def longest(terms: Iterable[Schedule]) -> float:
    """The longest duration of all."""
    lengths = [term.steps for term in terms]
    return max(lengths) if all(map(is_settled, lengths)) else functools.reduce(longer, lengths)
