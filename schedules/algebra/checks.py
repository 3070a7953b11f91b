"""The door: what an argument must be, said once by its annotation and checked for every schedule.

``Steps = Annotated[float, Kind(...)]`` is a plain ``float`` to a type checker and a rule to
:func:`schedules.named`, which applies the rule of each parameter before the body runs. Numbers that
are not settled yet (the tracers of JAX) pass as they are: rules see settled numbers only.
"""

import functools
import importlib
import itertools
import math
import numbers
import operator
import re
import reprlib
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeGuard, cast

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = Sequence[float] | np.ndarray[Any, np.dtype[Any]]  # an array is no Sequence by its type
else:
    Floats = Sequence[float]

EVER = 2**53  # steps: no run is longer, and whole floats are exact up to here


class ScheduleError(ValueError, ArgumentTypeError):
    """What every bad argument, expression or command raises; it names the value and the remedy.

    It is an error of argparse as well, which shows the message of no other: ``add_argument("--lr", type=parse)``.

    >>> from schedules import cosine
    >>> cosine(1e-3, 0.0, -5)
    Traceback (most recent call last):
        ...
    schedules.algebra.checks.ScheduleError: cosine: steps=-5: a duration is a finite number of steps >= 0; ...
    """


def is_settled(number: object) -> TypeGuard[float]:
    """Whether a number is known now: a Python ``int`` or ``float``, not a tracer."""
    return isinstance(number, _SETTLED)


_SETTLED = int, float


class Symbolic:
    """A number, a condition or a list that stands for any, while a function is traced: it says what is made of it."""

    __slots__ = ()

    def judged(self, function: str) -> bool:
        """Whether a condition of a function is taken to hold."""
        raise NotImplementedError

    def either(self, yes: Any, no: Any) -> Any:
        """One of two schedules, as a condition holds or not."""
        raise NotImplementedError

    def counted(self, make: Callable[[Any], Any]) -> tuple[Any, ...]:
        """What is made of each number below this one."""
        raise NotImplementedError

    def length(self) -> Any:
        """How many items a list has."""
        raise NotImplementedError

    def called(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """What a plain function gives for arguments with symbols among them."""
        raise NotImplementedError

    def after(self, first: Any) -> Any:
        """The list with an item before it."""
        raise NotImplementedError


def is_known(number: object) -> bool:
    """Whether a number may be compared: it is settled, or a symbol."""
    return isinstance(number, (*_SETTLED, Symbolic))


def number(value: Any) -> float:
    """The Python ``int`` or ``float`` that `value` stands for; what is being differentiated or traced stays itself.

    Whole floats stay floats. Booleans, text, NaN and arrays raise ``TypeError`` or ``ValueError``.
    """
    kind = cast("type[Any]", type(value))
    if (kind is float and not math.isnan(value)) or (kind is int and -EVER < value < EVER):  # the usual case
        return value
    if isinstance(value, bool):
        raise TypeError("a boolean is not a number")
    if isinstance(value, str | bytes):
        raise TypeError("text is not a number; convert it first with float")
    if isinstance(value, numbers.Integral):
        float(value)  # an OverflowError, if it is beyond all floats
        return operator.index(value)
    if isinstance(value, numbers.Real):
        if math.isnan(value):
            raise ValueError("NaN is not a number")
        return float(value)
    if getattr(value, "shape", None) != ():
        raise TypeError("give one number; jax.vmap maps over a batch of schedules" if hasattr(value, "__len__") else "")
    return value if _followed(value) else number(value.item())


def _followed(value: Any) -> bool:
    """Whether its library follows what is done to a number: a tracer of JAX, a PyTorch tensor with a gradient."""
    jax = sys.modules.get("jax")
    return getattr(value, "requires_grad", False) or (jax is not None and isinstance(value, jax.core.Tracer))


def surely_equal(a: Any, b: Any) -> bool:
    """Whether two numbers are known to be equal; None equals nothing."""
    return a is not None and (a is b or (is_settled(a) and is_settled(b) and a == b))


def whole(value: float) -> float:
    """`value`, as an ``int`` where that loses nothing, so that step counts stay exact."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EVER:
        return int(value)
    return value


class Kind:
    """A rule for arguments: ``convert`` gives the accepted value or raises; ``wants`` says what is.

    A `static` argument decides the form of a term (a count of rounds, say), so it is never a tracer; it may be so
    beside some other arguments only.
    """

    def __init__(
        self,
        wants: str,
        convert: Callable[[Any], Any],
        *,
        static: Callable[[dict[str, Any]], bool] | bool = False,
    ) -> None:
        self.wants = wants
        self.convert = convert
        self.static = static

    def __repr__(self) -> str:
        return f"Kind({self.wants!r})"

    def settles(self, arguments: dict[str, Any]) -> bool:
        """Whether the argument is static in a call with these arguments."""
        return self.static(arguments) if callable(self.static) else self.static

    def __call__(self, function: str, argument: str, value: Any) -> Any:
        """`value` as accepted, or a `ScheduleError` that names everything."""
        if isinstance(value, Symbolic):
            return value
        try:
            return self.convert(value)
        except ScheduleError:
            raise
        except (TypeError, ValueError, OverflowError) as fault:
            detail = f" ({fault})" if str(fault) else ""
            raise refusal(function, argument, value, self.wants + detail) from None


def refusal(function: str, argument: str, value: object, wants: str) -> ScheduleError:
    """The one form of every message: ``function: argument=value: what is wanted; what to do``."""
    return ScheduleError(f"{function}: {argument}={brief(value)}: {wants}")


def brief(value: object) -> str:
    """The ``repr`` of a value, its middle left out where it is long; a function is its name."""
    return str(getattr(value, "__name__", None) or _BRIEF.repr(value))


_BRIEF = reprlib.Repr()
_BRIEF.maxother = _BRIEF.maxstring = _BRIEF.maxlong = 80  # characters


def accept(annotation: Any, function: str, argument: str, value: Any) -> Any:
    """`value` as the rule of an annotation accepts it: for functions that are no named schedules."""
    return annotation.__metadata__[0](function, argument, value)


def demand(holds: object, function: str, argument: str, value: object, wants: str) -> None:
    """Raise the `refusal` unless `holds`; a condition on tracers cannot be judged, and passes."""
    if isinstance(holds, Symbolic):
        holds = holds.judged(function)
    if isinstance(holds, bool) and not holds:
        raise refusal(function, argument, value, wants)


def extra_module(name: str, extra: str = "plot") -> Any:
    """A module of an extra of this package, loaded when it is asked for."""
    package = name.partition(".")[0]
    remedy = f"pip install 'schedule-algebra[{extra}]'"
    try:
        module = importlib.import_module(name)
    except ImportError as fault:
        raise ScheduleError(f"{extra}: {package} is not installed ({fault}); {remedy}") from None
    if wanted := _other_version(package):
        raise ScheduleError(f"{extra}: {wanted}; {remedy}")
    return module


@functools.cache
def _other_version(package: str) -> str:
    """Which version of a package is installed and which is needed, where these differ; else nothing."""
    from importlib import metadata

    try:
        found, needed = metadata.version(package), metadata.requires("schedule-algebra") or []
    except metadata.PackageNotFoundError:  # a checkout that is not installed says nothing
        return ""
    for line in needed:
        bounds = re.match(rf"{package}(?:\[.*?\])?([<>=\d.,]+)", line)
        if bounds and not all(_within(found, *bound) for bound in re.findall(r"(>=|<)([\d.]+)", bounds[1])):
            return f"{package} {found} is installed, and {package}{bounds[1]} is needed"
    return ""


def _within(version: str, sign: str, bound: str) -> bool:
    """Whether a version is on the right side of a bound."""
    least = [int(part) for part in bound.split(".")]
    given = [int(part) for part in re.findall(r"\d+", version)[: len(least)]]
    return given >= least if sign == ">=" else given < least


def _where(
    accepts: Callable[[float], bool], convert: Callable[[Any], Any], usual: type[Any] = float
) -> Callable[[Any], Any]:
    """The rule that converts and then accepts; numbers of the usual type need no conversion."""

    def checked(value: Any) -> Any:
        if type(value) is usual and accepts(value) and value < EVER:
            return value
        result = convert(value)
        if is_settled(result) and not accepts(result):
            raise ValueError
        return result

    cast("Any", checked).accepts = accepts
    return checked


def _steps(value: Any) -> float:
    return whole(number(value))


def _float(value: Any) -> float:
    result = number(value)
    return float(result) if is_settled(result) else result


def integer(value: Any) -> int:
    """The whole number that `value` stands for."""
    result = _steps(value)
    if not isinstance(result, int):
        raise TypeError
    return result


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _callable(value: Any) -> Any:
    if not callable(value) or hasattr(value, "positional"):  # a named schedule is a function of its arguments
        raise TypeError
    return value


def choice(*options: str) -> Kind:
    """The rule of an argument that is one of these texts."""

    def convert(value: Any) -> str:
        if value not in options:
            raise ValueError
        return value

    return Kind(f"this is {' or '.join(map(repr, options))}", convert, static=True)


def each(convert: Callable[[Any], Any], *, least: int = 0) -> Callable[[Any], tuple[Any, ...]]:
    """The rule of a list, from that of its items."""

    def converted(values: Any) -> tuple[Any, ...]:
        if isinstance(values, str | bytes):
            raise TypeError("text is not a list")
        items = tuple(convert(value) for value in values)
        if len(items) < least:
            raise ValueError(f"at least {least} needed")
        return items

    return converted


def _ascending(steps: tuple[float, ...]) -> tuple[float, ...]:
    if any(is_settled(a) and is_settled(b) and a > b for a, b in itertools.pairwise(steps)):
        raise ValueError("sort them first")
    return steps


def _point(pair: Any) -> tuple[float, float]:
    step, value = pair
    return _duration(step), _value(value)


def _points(pairs: Any) -> tuple[tuple[float, float], ...]:
    points = each(_point, least=1)(pairs)
    _ascending(tuple(step for step, _ in points))
    return points


_value = _where(math.isfinite, _float)

FINITE = Kind("a value is a finite number, such as a learning rate of 0.001", _where(math.isfinite, number))
"""A finite number, whole ones kept whole."""


def no_text(value: Any) -> Any:
    """A value that may be a schedule or numbers, which text is not yet."""
    if isinstance(value, str | bytes):
        raise TypeError("text is no schedule; leave out the quotes, or convert it first with parse")
    return value


OPERAND = Kind("this is a schedule or a finite number", lambda value: FINITE.convert(no_text(value)))
"""What a schedule is combined with, if it is no schedule."""


def _several(values: Any) -> Any:
    iter(no_text(values))
    return values


OPERANDS = Kind("this is a list of schedules and finite numbers", _several)
"""Several that are combined."""

_duration = _where(lambda steps: 0 <= steps < math.inf, _steps, int)

Value = Annotated[float, Kind("a value is a finite number, such as a learning rate of 0.001", _value)]
"""A finite number: a learning rate, a momentum, a factor."""

_positive = _where(lambda x: 0 < x < math.inf, _float)

Positive = Annotated[float, Kind("this is a finite number > 0", _positive)]
"""A finite number above zero."""

Growth = Annotated[
    float,
    Kind(
        "this is a finite number > 0",
        _positive,
        static=lambda arguments: arguments["times"] == math.inf,
    ),
]
"""A finite number above zero, that makes each round longer than the last: how many rounds endless ones are."""

Amount = Annotated[float, Kind("this is a finite number >= 0", _where(lambda x: 0 <= x < math.inf, number))]
"""A finite number, zero allowed: a floor, a threshold."""

Factor = Annotated[float, Kind("this is a number above 0 and below 1", _where(lambda x: 0 < x < 1, number))]
"""What makes a number smaller."""

Share = Annotated[float, Kind("this is a fraction of the whole, from 0 to 1", _where(lambda x: 0 <= x <= 1, _float))]
"""A part of the whole, in [0, 1]."""

Steps = Annotated[float, Kind("a duration is a finite number of steps >= 0; pass steps=1000, say", _duration)]
"""A duration in steps: finite, zero allowed."""

ENDLESS = Kind("a duration is a number of steps >= 0, or inf", _where(lambda steps: steps >= 0, _steps, int))
"""A duration, endless ones among them."""

Endless = Annotated[float, ENDLESS]
"""A duration in steps that may be endless."""

Period = Annotated[
    float,
    Kind(
        "this is a finite number of steps > 0; pass 1 for every step", _where(lambda x: 0 < x < math.inf, _steps, int)
    ),
]
"""A length in steps that something repeats after: finite, above zero."""

Index = Annotated[float, Kind("this is a number of steps; negative counts from the end", _steps)]
"""A step, or a negative number of steps from the end."""

_counted = _where(lambda n: n >= 1, integer, int)

Count = Annotated[int, Kind("this is a whole number >= 1", _counted, static=True)]
"""A whole number of at least one."""

Samples = Annotated[
    int, Kind("this is a whole number >= 1, such as len(dataset) or len(loader.dataset)", _counted, static=True)
]
"""How many samples there are."""

Counts = Annotated[Sequence[int], Kind("this is a list of whole numbers >= 1", each(_counted, least=1))]
"""One or more whole numbers of at least one: the lengths of periods, say."""

Whole = Annotated[
    int, Kind("this is a whole number >= 0; round it first", _where(lambda n: n >= 0, integer, int), static=True)
]
"""A whole number, zero allowed: a patience, say."""

MAX_ROUNDS = 10_000

Rounds = Annotated[
    int,
    Kind(
        f"this is a whole number of rounds, from 1 to {MAX_ROUNDS}",
        _where(lambda n: 1 <= n <= MAX_ROUNDS, integer, int),
        static=True,
    ),
]
"""How many rounds are written out, one after the other."""

Times = Annotated[
    float,
    Kind(
        f"this is a whole number of rounds, from 1 to {MAX_ROUNDS}, or inf; for more, cut an endless one: s[:steps]",
        _where(lambda n: n == math.inf or (1 <= n <= MAX_ROUNDS and n % 1 == 0), _steps, int),
        static=True,
    ),
]
"""How many times: so many rounds, or inf."""

Switch = Annotated[bool, Kind("this is True or False", _boolean)]
"""True or False, nothing that merely looks like it."""


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise TypeError
    return value


Name = Annotated[str, Kind("this is a name that is free, such as lr", _identifier)]
"""The name of a function that is written."""

Mode = Annotated[str, choice("min", "max")]
"""Whether less is better, or more."""

ThresholdMode = Annotated[str, choice("rel", "abs")]
"""Whether a threshold is a fraction, or a difference."""

Function = Annotated[Callable[[Any], Any], Kind("this is a callable of the step", _callable)]
"""Any Python callable of the step."""

Values = Annotated[Sequence[float], Kind("this is a list of finite numbers", each(_value, least=1))]
"""One or more finite numbers."""

Record = Annotated[Floats, Kind("this is a list of finite numbers", each(_value, least=1), static=True)]
"""One or more finite numbers that are data, not parameters."""

Milestones = Annotated[
    Sequence[float],
    Kind("this is a list of steps >= 0 in ascending order", lambda values: _ascending(each(_duration)(values))),
]
"""Steps in ascending order."""

Points = Annotated[
    Sequence[tuple[float, float]],
    Kind("this is a list of (step, value) pairs in ascending order of steps >= 0", _points),
]
"""(step, value) pairs in ascending order of steps."""
