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
A `Call` is a term that remembers how it was written and stands for its body of the five nodes.

Nodes are normalised as they are made, so ``==`` sees through ways of writing: joins are flat, constants
are folded, parts of no length vanish, and neutral elements (``+ 0``, ``* 1``) drop out.
"""

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
)

from .check import FINITE, OPERAND, Endless, Kind, ScheduleError, accept, brief, demand, number, refusal, settled, whole
from .ops import ARITY, NUMBERS, UFUNCS, WHOLE, bound

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

P = ParamSpec("P")
R = TypeVar("R")
Op: TypeAlias = str | Callable[[Any], Any]


class Schedule:
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

    __match_args__: ClassVar[tuple[str, ...]] = ()
    __iter__: ClassVar[None] = None  # a schedule is a function of real time: nothing to iterate over
    _function: Callable[[float], float] | None

    steps: float
    """The duration, in steps; ``inf`` for an endless schedule."""

    depth: int
    """How deep the term is nested."""

    # -- a term ------------------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[Any, ...]:
        """What the node was made of, in order."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    @property
    def children(self) -> "tuple[Schedule, ...]":
        """The terms that the node was made of."""
        return ()

    @property
    def tracers(self) -> tuple[Any, ...]:
        """The numbers in the term that are not settled yet."""
        return self._survey[0]

    @property
    def shared(self) -> frozenset[int]:
        """The ids of the compound subterms that occur more than once."""
        return self._survey[1]

    @functools.cached_property
    def _survey(self) -> tuple[tuple[Any, ...], frozenset[int]]:
        tracers: list[Any] = []
        seen: set[int] = set()
        again: set[int] = set()
        pending: list[Schedule] = [self]
        while pending:
            node = pending.pop()
            number = node.value if isinstance(node, Constant) else node.steps if isinstance(node, Warp) else 0
            if not settled(number):
                tracers.append(number)
            if id(node) in seen:
                again.add(id(node))
            elif node.children:
                seen.add(id(node))
                pending.extend(node.children)
        return tuple(tracers), frozenset(again)

    @functools.cached_property
    def plain(self) -> bool:
        """Whether the term is one formula throughout: no join and no warp in it."""
        return not isinstance(self, Join | Warp) and all(child.plain for child in self.children)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Schedule) and type(self) is type(other) and self.fields == other.fields
        )

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self.fields))  # once, since a term may hold another in many places

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

    def __repr__(self) -> str:
        from .text import write

        return write(self)

    # -- a function of time ------------------------------------------------------------------------

    def __call__(self, step: Any) -> Any:
        """``s(step)``: a Python number gives a ``float``, an array gives an array of its own library.

        >>> import numpy as np
        >>> from schedules import linear
        >>> linear(0.0, 1.0, 4)(np.arange(6))
        array([0.  , 0.25, 0.5 , 0.75, 1.  , 1.  ])
        """
        kind = type(step)  # pyright: ignore[reportUnknownVariableType] -- it may be anything
        if kind is int or kind is float:
            return (self._function or self.function())(step)
        from .evaluate import on_array

        return on_array(self, step)

    def function(self) -> Callable[[float], float]:
        """The bare compiled function of this schedule, for hot loops: Python number in, ``float`` out.

        >>> from schedules import linear
        >>> lr = linear(0.0, 1.0, 4).function()
        >>> [lr(step) for step in range(3)]
        [0.0, 0.25, 0.5]
        """
        if self._function is None:
            from .evaluate import compiled

            self.__dict__["_function"] = compiled(self)
        assert self._function is not None  # noqa: S101 -- tells the type checker what the line above did
        return self._function

    def values(self, steps: int | None = None, *, start: int = 0, dtype: Any = float, out: Any = None) -> "np.ndarray":
        """``[s(start), s(start + 1), ..., s(start + steps - 1)]``, a whole curve at memory speed.

        Args:
            steps: how many values; None means the rest of the duration.
            start: the first step.
            dtype: the float type of the array, when `out` is not given.
            out: an array of shape (steps,) to write into.

        Returns:
            An array of shape (steps,): `out` if it is given.

        Raises:
            ScheduleError: the schedule is endless and `steps` is None, or `out` has another shape.

        The curve agrees with ``s(t)`` to a few units in the last place, not bit by bit.

        >>> from schedules import linear
        >>> linear(0.0, 1.0, 4).values()
        array([0.  , 0.25, 0.5 , 0.75])
        """
        from .grid import values

        return values(self, steps, start=start, dtype=dtype, out=out)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray":
        if copy is False:
            raise ValueError("a schedule holds no array to share; use np.asarray(s)")
        return self.values(dtype=float if dtype is None else dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> "Schedule":
        name = ufunc.__name__
        if method != "__call__" or options or (name not in UFUNCS and name not in _OTHER_UFUNCS):
            raise ScheduleError(
                f"{name}: {brief(self)}: no such operation on schedules; take its values first: s.values()"
            )
        return lift(UFUNCS[name], *inputs) if name in UFUNCS else _OTHER_UFUNCS[name](*inputs)

    # -- an algebra --------------------------------------------------------------------------------

    def __rshift__(self, other: Any) -> "Schedule":
        return Join((self, as_schedule(other, "join")))

    def __rrshift__(self, other: Any) -> "Schedule":
        return Join((as_schedule(other, "join"), self))

    def __add__(self, other: Any) -> "Schedule":
        return lift("add", self, other)

    def __radd__(self, other: Any) -> "Schedule":
        return lift("add", other, self)

    def __sub__(self, other: Any) -> "Schedule":
        return lift("subtract", self, other)

    def __rsub__(self, other: Any) -> "Schedule":
        return lift("subtract", other, self)

    def __mul__(self, other: Any) -> "Schedule":
        return lift("multiply", self, other)

    def __rmul__(self, other: Any) -> "Schedule":
        return lift("multiply", other, self)

    def __truediv__(self, other: Any) -> "Schedule":
        return lift("divide", self, other)

    def __rtruediv__(self, other: Any) -> "Schedule":
        return lift("divide", other, self)

    def __floordiv__(self, other: Any) -> "Schedule":
        return lift("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> "Schedule":
        return lift("floor_divide", other, self)

    def __mod__(self, other: Any) -> "Schedule":
        return lift("remainder", self, other)

    def __rmod__(self, other: Any) -> "Schedule":
        return lift("remainder", other, self)

    def __pow__(self, other: Any) -> "Schedule":
        return lift("pow", self, other)

    def __rpow__(self, other: Any) -> "Schedule":
        return lift("pow", other, self)

    def __neg__(self) -> "Schedule":
        return lift("negative", self)

    def __pos__(self) -> "Schedule":
        return self

    def __abs__(self) -> "Schedule":
        return lift("abs", self)

    def __getitem__(self, span: Any) -> "Schedule":
        """``s[a:b](t) == s(a + t)`` for b - a steps; see `schedules.combinators.part`."""
        from .combinators import sliced

        return sliced(self, span)

    # -- faces -------------------------------------------------------------------------------------

    def describe(self, steps: int | None = None) -> Any:
        """A table of the segments: first step, last step, shape, value from, value to.

        >>> from schedules import cosine, linear
        >>> print((linear(0.0, 1e-3, 100) >> cosine(1e-3, 0.0, 900)).describe())
        first  last  shape                    from   to
        0      99    linear(0.0, 0.001, 100)  0      0.00099
        100    999   cosine(0.001, 0.0, 900)  0.001  3.04617e-09
        """
        from .plot import describe

        return describe(self, steps)

    def plot(self, ax: "Axes | None" = None, steps: int | None = None, **style: Any) -> "Axes":
        """Draw the curve with matplotlib (the ``plot`` extra) and return the axes."""
        from .plot import draw

        return draw(self, ax, steps, **style)

    def _repr_html_(self) -> str:
        from .plot import html

        return html(self)


ScheduleLike: TypeAlias = Schedule | float

_OTHER_UFUNCS: dict[str, Callable[[Any, Any], Any]] = {  # what NumPy asks where its numbers stand on the left
    "right_shift": lambda a, b: Join((a, b)),
    "equal": lambda a, b: isinstance(a, Schedule) and a == b,
    "not_equal": lambda a, b: not (isinstance(a, Schedule) and a == b),
}


MAX_DEPTH = 150  # of nesting: every fold, and Python's own, goes as deep


def loose(kind: type[Any], *fields: Any) -> Any:
    """A node of this kind as it is, with no check and no normal form."""
    node = object.__new__(kind)
    node.__dict__.update(zip(kind.__match_args__, fields, strict=True), _function=None, depth=1)
    return node


def _node(kind: type[Any], *fields: Any) -> Any:
    """A node that knows how deep it is nested."""
    node = loose(kind, *fields)
    depth = 1 + max((child.depth for child in node.children), default=0)
    demand(
        depth <= MAX_DEPTH, kind.__name__, "depth", depth, f"at most {MAX_DEPTH}; combine terms in groups, not in a row"
    )
    node.__dict__["depth"] = depth
    return node


class Constant(Schedule):
    """``s(t) = value``; it has no length of its own, so nothing can be joined after it."""

    __match_args__ = ("value",)
    value: float
    steps = 0

    def __new__(cls, value: Any) -> "Constant":
        return _node(cls, FINITE("constant", "value", value))


class Time(Schedule):
    """``s(t) = t``, endless: the clock that all others are made from.

    >>> from schedules import Time
    >>> (Time() / 4)(1)
    0.25
    """

    steps = math.inf

    def __new__(cls) -> "Time":
        return _node(cls)


class Lift(Schedule):
    """``s(t) = op(a(t), b(t), ...)``, as long as the longest of the args.

    `op` is a name of `schedules.ops`, or any Python callable of one number.
    """

    __match_args__ = ("op", "args")
    op: Op
    args: tuple[Schedule, ...]

    def __new__(cls, op: Op, args: Iterable[Any]) -> Schedule:
        args = tuple(as_schedule(arg, op if isinstance(op, str) else "custom") for arg in args)
        _check_op(op, len(args))
        return _simpler(op, args) or _node(cls, op, args)

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.args

    @functools.cached_property
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- computed on first use
        return functools.reduce(longer, (arg.steps for arg in self.args))


class Warp(Schedule):
    """``s(t) = term(clock(t))`` for `steps` steps, where the clock is itself a schedule.

    >>> from schedules import Time, Warp, linear
    >>> Warp(linear(0.0, 1.0, 10), Time() * 2, 5)(3)
    0.6
    """

    __match_args__ = ("term", "clock", "steps")
    term: Schedule
    clock: Schedule

    def __new__(cls, term: Any, clock: Any, steps: float = math.inf) -> Schedule:
        term, clock = as_schedule(term, "Warp"), as_schedule(clock, "Warp")
        steps = accept(Endless, "Warp", "steps", steps)
        if same(term.steps, steps) and (isinstance(clock, Time) or (isinstance(term, Constant) and clock != ORIGIN)):
            return term  # no transform of time changes a bare constant
        known = level_of(term)
        return _node(cls, term, clock, steps) if known is None else _node(cls, Constant(known), ORIGIN, steps)

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.term, self.clock

    @functools.cached_property
    def cut(self) -> float:
        """The step beyond which time has to be held: `steps`, or inf where the term has come to its own end by then."""
        from .evaluate import image

        if not settled(self.steps):
            return self.steps
        arrived, _ = image(self.clock, self.steps, math.inf)
        return math.inf if settled(self.term.steps) and self.term.steps <= arrived else self.steps


ORIGIN = Constant(0)  # the clock of a constant that has a length


class Join(Schedule):
    """``s(t) = parts[i](t - knots[i])`` for the last i with ``knots[i] <= t``: one after the other."""

    __match_args__ = ("parts",)
    parts: tuple[Schedule, ...]

    def __new__(cls, parts: Iterable[Any]) -> Schedule:
        flat = tuple(_flat(parts))
        if not flat:
            raise ScheduleError("join: parts=(): there is nothing to join; give at least one schedule")
        for place, part in enumerate(flat[:-1], start=1):
            _check_inner(place, len(flat), part)
        lasting = *(part for part in flat[:-1] if not same(part.steps, 0)), flat[-1]
        return lasting[0] if len(lasting) == 1 else _node(cls, lasting)

    @property
    def children(self) -> tuple[Schedule, ...]:
        return self.parts

    @functools.cached_property
    def knots(self) -> tuple[float, ...]:
        """The step at which each part begins."""
        return self._ends[:-1]

    def span(self, place: int) -> tuple[float, float]:
        """The time that a part covers; the first also covers what comes before, the last what comes after."""
        last = len(self.parts) - 1
        return self.knots[place] if place else -math.inf, self.knots[place + 1] if place < last else math.inf

    @functools.cached_property
    def levels(self) -> tuple[float, ...]:
        """The values of the parts, if all are constant by their form, else nothing."""
        found = [level_of(part) for part in self.parts]
        return () if None in found else cast("tuple[float, ...]", tuple(found))

    @functools.cached_property
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- computed on first use
        return self._ends[-1]

    @functools.cached_property
    def _ends(self) -> tuple[float, ...]:
        ends: list[Any] = [0]
        for part in self.parts:
            knot, length = ends[-1], part.steps
            ends.append(reaching(knot + length, lambda end, knot=knot: end - knot, length))
        return tuple(ends)


class Call(Schedule):
    """A named schedule: it remembers its maker and the arguments, and stands for its `body`."""

    __match_args__ = ("maker", "args")
    maker: "Maker"
    args: tuple[Any, ...]

    def __new__(cls, maker: "Maker", args: tuple[Any, ...]) -> Schedule:
        call = _node(cls, maker, args)
        # a call that does nothing to an argument is that argument: stretch(s, 1), warmup(s, 0), s[:]
        return next((arg for arg in args if arg is call.body), call)

    @functools.cached_property
    def body(self) -> Schedule:
        """The term that this call stands for."""
        name, first = self.maker.__name__, self.maker.positional
        args = accepted(self.maker, self.args)
        keywords = dict(list(args.items())[first:])
        try:
            body = self.maker.__wrapped__(*list(args.values())[:first], **keywords)
        except ScheduleError as fault:
            raise fault if str(fault).startswith(f"{name}:") else ScheduleError(f"{name}: {fault}") from None
        except ArithmeticError as fault:
            raise ScheduleError(f"{name}: {keywords or self.args}: {fault}; choose smaller values") from None
        return as_schedule(body, name)

    @property
    def children(self) -> tuple[Schedule, ...]:
        return (self.body,)

    @property
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- that of the body
        return self.body.steps

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name, the defaults among them."""
        return dict(zip(self.maker.defaults, self.args, strict=True))


class Maker(Protocol):
    """What `named` makes of a function: the same function, which now remembers its calls."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[..., Schedule]
    defaults: dict[str, Any]
    """Each parameter with its default, `inspect.Parameter.empty` where it has none."""
    positional: int
    """How many of the parameters come before the keyword-only ones."""
    kinds: Callable[[], dict[str, Kind]]
    """The rule of each parameter."""

    def __call__(self, *args: Any, **kwargs: Any) -> Schedule: ...


MAKERS: dict[str, Maker] = {}
"""Every named schedule by its name: the vocabulary of `schedules.parse`."""


def named(function: Callable[P, Schedule]) -> Callable[P, Schedule]:
    """``named(f)(x)`` is a schedule that prints as ``f(x)`` and behaves as the term that ``f(x)`` returns.

    Arguments are checked by their annotations (`schedules.check`: ``Steps``, ``Value``, ``Count``, ...); any
    other annotation takes numbers, schedules, lists of these, and named schedules themselves.
    The name then works in `parse`, on the command line, in configs and in checkpoints.

    Raises:
        ScheduleError: the name is taken by another function, or the function has ``*args`` or ``**kwargs``.

    >>> from schedules import Schedule, Steps, Time, Value, named, parse
    >>> @named
    ... def parabola(peak: Value, steps: Steps) -> Schedule:
    ...     x = Time() / steps
    ...     return (4 * peak * x * (1 - x))[:steps]
    >>> parabola(0.1, steps=100)
    parabola(0.1, 100)
    >>> parse("parabola(0.1, 100) >> constant(0.0)")(50)
    0.1
    """
    name = function.__name__
    bind, kinds = _binder(function)
    free = name.isidentifier() and name not in _RESERVED
    demand(free, "named", "function", function, "the name is taken by expressions, or is no name; choose another")

    @functools.wraps(function)
    def maker(*args: Any, **kwargs: Any) -> Schedule:
        return Call(typed, tuple(bind(args, kwargs).values()))

    signature = inspect.signature(function)
    plain = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    cast("Any", maker).__signature__ = inspect.Signature(plain)  # what help() shows: the rules have no short names
    typed = cast("Maker", maker)
    typed.defaults = {key: parameter.default for key, parameter in signature.parameters.items()}
    typed.kinds = kinds
    typed.positional = sum(p.kind is not p.KEYWORD_ONLY for p in signature.parameters.values())
    taken = MAKERS.setdefault(name, typed)
    if (taken.__module__, taken.__qualname__) != (function.__module__, function.__qualname__):
        raise ScheduleError(f"named: function={name}: the name is taken by {taken.__module__}; choose another")
    MAKERS[name] = typed  # the same function, defined again: a reloaded module or notebook cell
    return cast("Callable[P, Schedule]", maker)


_RESERVED = frozenset(
    (*ARITY, *WHOLE, "join", "scale", "constant", "Time", "Warp", "inf", "pi", "True", "False", "None")
)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, its arguments checked by their annotations as those of `named` ones are."""
    bind, _ = _binder(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> R:
        return cast("Callable[..., R]", function)(**bind(args, kwargs))

    return cast("Callable[P, R]", call)


Binder: TypeAlias = Callable[[Any, Any], dict[str, Any]]


def _binder(function: Callable[..., Any]) -> tuple[Binder, Callable[[], dict[str, Kind]]]:
    """What makes arguments of positions and keywords, each accepted by its rule, defaults filled in; and the rules."""
    signature, name = inspect.signature(function), function.__name__
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ScheduleError(f"named: function={name}: a named schedule has no *{parameter.name}; take a list")

    @functools.cache
    def kinds() -> dict[str, Kind]:
        hints = get_type_hints(function, include_extras=True)
        return {parameter: _kind(hints.get(parameter)) for parameter in signature.parameters}

    def bind(args: Any, kwargs: Any) -> dict[str, Any]:
        try:
            for word in kwargs.keys() - signature.parameters.keys():
                raise TypeError(f"got an unexpected keyword argument {word!r}")
            bound_arguments = signature.bind(*args, **kwargs)
        except TypeError as fault:
            raise ScheduleError(f"{name}: {fault}; call it as {name}({_plain(signature)})") from None
        bound_arguments.apply_defaults()
        given = bound_arguments.arguments
        return {key: kind(name, key, given[key]) for key, kind in kinds().items()}

    return bind, kinds


def accepted(maker: Maker, args: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments of a call by name, each accepted by its rule."""
    rules = zip(maker.kinds().items(), args, strict=True)
    return {key: kind(maker.__name__, key, arg) for (key, kind), arg in rules}


def _plain(signature: inspect.Signature) -> str:
    """The parameters, as one would call them."""
    texts: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in texts:
            texts.append("*")
        texts.append(parameter.name if parameter.default is parameter.empty else _default(parameter))
    return ", ".join(texts)


def _default(parameter: inspect.Parameter) -> str:
    return f"{parameter.name}={brief(parameter.default)}"


def _kind(annotation: Any) -> Kind:
    """The rule that an annotation stands for."""
    choices = get_args(annotation)
    own = [choice for choice in choices if isinstance(choice, Kind)]
    if own:
        return own[0]
    if type(None) in choices:
        inner = _kind(next(choice for choice in choices if choice is not type(None)))
        return Kind(
            f"{inner.wants}, or None",
            lambda value: None if value is None else inner.convert(value),
            static=inner.static,
        )
    if annotation is Schedule or Schedule in choices:
        return Kind(
            OPERAND.wants, lambda value: value if isinstance(value, Schedule) else Constant(OPERAND.convert(value))
        )
    return Kind("this is a number, a schedule or a list of these", _anything, static=annotation is int)


def _by_name(value: Any) -> Any:
    """A named schedule, where its name is given: configs have nothing but text."""
    return MAKERS.get(value, value) if isinstance(value, str) else value


def _anything(value: Any) -> Any:
    value = _by_name(value)
    if isinstance(value, Schedule) or hasattr(value, "positional"):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(_anything, cast("list[Any]", value)))
    return number(value)


def _shape(value: Any) -> Any:
    value = _by_name(value)
    defaults = dict[str, Any](getattr(value, "defaults", {}))
    missing = [name for name, default in defaults.items() if default is inspect.Parameter.empty]
    if missing != ["start", "end", "steps"]:
        raise TypeError
    return value


Shape: TypeAlias = Annotated[
    Callable[[float, float, float], Schedule],
    Kind(
        "this is a named curve of (start, end, steps) itself, such as linear or cosine; decorate your own with @named",
        _shape,
    ),
]
"""A named curve by itself, not called: a function of (start, end, steps)."""


# -- normal forms ----------------------------------------------------------------------------------


def as_schedule(value: Any, function: str) -> Schedule:
    """`value` itself if it is a schedule, the constant that it stands for if it is a number."""
    return value if isinstance(value, Schedule) else Constant(OPERAND(function, "operand", value))


def lift(op: Op, *args: Any) -> Schedule:
    """``lift(op, a, b)(t) = op(a(t), b(t))``: an operation on values becomes one on schedules."""
    return Lift(op, args)


def level(value: Any, steps: Any) -> Schedule:
    """``s(t) = value`` for `steps` steps, none of them too: a part that vanishes from a join."""
    return Warp(Constant(value), ORIGIN, steps)


def level_of(term: Schedule) -> float | None:
    """The one value of a term that is constant by its form, else None."""
    match term:
        case Constant(value):
            return value
        case Warp(Constant(value)):
            return value
        case _:
            return None


def longer(a: Any, b: Any) -> Any:
    """``max(a, b)`` of two durations, tracers among them."""
    if settled(a) and settled(b):
        return max(a, b)
    settled_ones = [x for x in (a, b) if settled(x)]
    if settled_ones:
        if settled_ones[0] == 0:
            return b if settled(a) else a
        if settled_ones[0] == math.inf:
            return math.inf
    from array_api_compat import array_namespace

    xp = array_namespace(*(x for x in (a, b) if not settled(x)))
    return xp.maximum(a, b)


def reaching(length: Any, clock: Callable[[Any], Any], goal: Any) -> Any:
    """`length`, or the float after it where rounding would make the clock fall short of its goal by then."""
    if settled(length) and settled(goal) and clock(length) < goal:
        return math.nextafter(length, math.inf)
    return whole(length)


def closed(term: Schedule) -> Schedule:
    """`term`, whose last part, if a bare constant, counts as having a length: none."""
    match term:
        case Constant(value):
            return level(value, 0)
        case Join((*parts, Constant(value))):
            return _node(Join, (*parts, level(value, 0)))
        case _:
            return term


_LEFT_NEUTRAL = {"add": 0, "multiply": 1}
_RIGHT_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1, "pow": 1}
_LEFT_ZERO = frozenset(("multiply", "divide"))
_RIGHT_ZERO = frozenset(("multiply",))
_BY_NONZERO = frozenset(("divide", "floor_divide", "remainder"))
_OPERATORS = frozenset(("add", "subtract", "multiply", "divide", "floor_divide", "remainder", "negative", "square"))


def _simpler(op: Op, args: tuple[Schedule, ...]) -> Schedule | None:
    """The normal form of an operation that is no operation: constants folded, neutral elements dropped."""
    if not isinstance(op, str):
        return None
    levels = [level_of(arg) for arg in args]
    if all(level is not None and (settled(level) or op in _OPERATORS) for level in levels):
        return _constant(_folded(op, levels), args)
    if len(args) == 2:
        (a, b), (left, right) = args, levels
        demand(not (same(right, 0) and op in _BY_NONZERO), op, "divisor", right, "nothing is divided by zero")
        if same(left, _LEFT_NEUTRAL.get(op)) and _lasts(b, a):
            return b
        if same(right, _RIGHT_NEUTRAL.get(op)) and _lasts(a, b):
            return a
        if (same(left, 0) and op in _LEFT_ZERO) or (same(right, 0) and op in _RIGHT_ZERO):
            return _constant(0.0, args)
    return None


def _folded(op: str, levels: list[Any]) -> float:
    try:
        return bound(op, NUMBERS)(*levels)
    except (ArithmeticError, ValueError) as fault:
        raise ScheduleError(f"{op}: operands={levels}: {fault}; choose operands inside its domain") from None


def _constant(value: float, args: tuple[Schedule, ...]) -> Schedule:
    """A constant as long as `args`."""
    if all(isinstance(arg, Constant) for arg in args):
        return Constant(value)
    return level(value, functools.reduce(longer, (arg.steps for arg in args)))


def _lasts(a: Schedule, b: Schedule) -> bool:
    return same(longer(a.steps, b.steps), a.steps)


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are known to be equal; None equals nothing."""
    return a is not None and (a is b or (settled(a) and settled(b) and a == b))


def _check_op(op: Op, count: int) -> None:
    if isinstance(op, str):
        demand(op in ARITY, "Lift", "op", op, f"this is one of {', '.join(ARITY)}, or a callable")
        demand(count == ARITY[op], op, "operands", count, f"{op} takes {ARITY[op]}")
    else:
        demand(callable(op) and count == 1, "Lift", "op", op, "this is a name or a callable of one number")


def _flat(parts: Iterable[Any]) -> Iterator[Schedule]:
    for part in parts:
        term = as_schedule(part, "join")
        yield from term.parts if isinstance(term, Join) else (term,)


def _check_inner(place: int, count: int, part: Schedule) -> None:
    where = f"join: part {place} of {count}, {brief(part)},"
    if isinstance(part, Constant):
        raise ScheduleError(f"{where} lasts 0 steps; give it a length: constant({part.value!r}, steps=1000)")
    if same(part.steps, math.inf):
        raise ScheduleError(f"{where} is endless, so what follows never starts; cut it: s[:1000]")
