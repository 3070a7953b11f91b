"""Named schedules: a call that is remembered, and stands for a body of the five nodes."""

import functools
import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from types import FunctionType, UnionType
from typing import (
    Annotated,
    Any,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from .checks import OPERAND, Kind, ScheduleError, brief, demand, number
from .lazy import lazy
from .nodes import Constant, Schedule, as_schedule, check_depth, unchecked
from .ops import ARITY, WHOLE

P = ParamSpec("P")
R = TypeVar("R")


class Call(Schedule):
    """A named schedule: it remembers its maker and the arguments, and stands for its `body`."""

    __match_args__ = ("maker", "args")
    maker: "Maker"
    args: tuple[Any, ...]

    def __new__(cls, maker: "Maker", args: tuple[Any, ...]) -> Schedule:
        return _remembered(maker, accepted(maker, args))

    @lazy
    def body(self) -> Schedule:
        """The term that this call stands for."""
        return _expanded(self.maker, accepted(self.maker, self.args))

    @property
    def children(self) -> tuple[Schedule, ...]:
        return (self.body,)

    @property
    def steps(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- that of the body
        return self.body.steps

    @property
    def bare(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] -- that of the body
        return self.body.bare

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name, the defaults among them."""
        return dict(zip(self.maker.defaults, self.args, strict=True))

    def replace(self, **arguments: Any) -> Schedule:
        values = list((self.arguments | arguments).items())
        first = self.maker.positional
        return self.maker(*(value for _, value in values[:first]), **dict(values[first:]))

    def __reduce__(self) -> tuple[Any, ...]:
        return _recalled, self.fields


def _remembered(maker: "Maker", arguments: dict[str, Any]) -> Schedule:
    """The call with these arguments, which are accepted."""
    body = _expanded(maker, arguments)
    # a call that does nothing to an argument is that argument: stretch(s, 1), warmup(s, 0), s[:]
    for argument in arguments.values():
        if argument is body:
            return body
    call = unchecked(Call, maker, tuple(arguments.values()))
    call.__dict__.update(body=body, depth=body.depth + 1)
    return check_depth(call)


def _expanded(maker: "Maker", arguments: dict[str, Any]) -> Schedule:
    """What a maker makes of these arguments, which are accepted."""
    name, first, values = maker.__name__, maker.positional, list(arguments.values())
    keywords = dict(list(arguments.items())[first:])
    try:
        return as_schedule(maker.__wrapped__(*values[:first], **keywords), name)
    except ScheduleError as fault:
        raise fault if str(fault).startswith(f"{name}:") else ScheduleError(f"{name}: {fault}") from None
    except ArithmeticError as fault:
        raise ScheduleError(f"{name}: {keywords or tuple(values)}: {fault}; choose smaller values") from None


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

    Arguments are checked by their annotations (`schedules.algebra.checks`: ``Steps``, ``Value``, ``Count``, ...); any
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
    name = getattr(function, "__name__", "")
    free = name.isidentifier() and name not in _RESERVED
    wants = "the name is taken by expressions, or this is no function with a name; choose another"
    demand(free, "named", "function", function, wants)
    bind, kinds = _binder(function)

    @functools.wraps(function)
    def maker(*args: Any, **kwargs: Any) -> Schedule:
        return _remembered(typed, bind(args, kwargs))

    signature = inspect.signature(function)
    cast("Any", maker).__signature__ = readable(signature)
    typed = cast("Maker", maker)
    typed.defaults = {key: parameter.default for key, parameter in signature.parameters.items()}
    typed.kinds = kinds
    typed.positional = sum(p.kind is not p.KEYWORD_ONLY for p in signature.parameters.values())
    taken = MAKERS.setdefault(name, typed)
    if (taken.__module__, taken.__qualname__) != (function.__module__, function.__qualname__):
        raise ScheduleError(f"named: function={name}: the name is taken by {taken.__module__}; choose another")
    MAKERS[name] = typed  # the same function, defined again: a reloaded module or notebook cell
    return cast("Callable[P, Schedule]", maker)


def _recalled(maker: Maker, args: tuple[Any, ...]) -> Schedule:
    """The call of a maker out of a pickle, which may be a copy of the function that is known here, or news."""
    known = MAKERS.setdefault(maker.__name__, maker)
    if known is not maker and _definition(known) == _definition(maker):
        maker = known
    elif (known.__module__, known.__qualname__) == (maker.__module__, maker.__qualname__):
        MAKERS[maker.__name__] = maker  # defined again since
    return Call(maker, args)


def _definition(maker: Maker) -> tuple[Any, ...]:
    """What tells functions apart that were pickled by value."""
    function = cast("FunctionType", maker.__wrapped__)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return function.__module__, function.__qualname__, function.__code__, function.__defaults__, cells


_RESERVED = frozenset(
    (*ARITY, *WHOLE, "join", "scale", "constant", "Time", "Warp", "inf", "pi", "True", "False", "None")
)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, its arguments checked by their annotations as those of `named` ones are."""
    bind, _ = _binder(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> R:
        return cast("Callable[..., R]", function)(**bind(args, kwargs))

    cast("Any", call).__signature__ = readable(inspect.signature(function))
    return cast("Callable[P, R]", call)


class _Words(str):
    """What a signature shows in the place of an object."""

    __slots__ = ()
    __repr__ = str.__str__


def readable(signature: inspect.Signature) -> inspect.Signature:
    """A signature as people read it: plain types without the rules, functions by their names."""

    def read(parameter: inspect.Parameter) -> inspect.Parameter:
        default = parameter.default
        name = _Words(default.__name__) if hasattr(default, "positional") else default
        return parameter.replace(annotation=_word_of(parameter.annotation), default=name)

    parameters = [*map(read, signature.parameters.values())]
    return signature.replace(parameters=parameters, return_annotation=_word_of(signature.return_annotation))


def _word_of(annotation: Any) -> Any:
    return annotation if annotation is inspect.Parameter.empty else _Words(spelt(annotation))


def spelt(annotation: Any) -> str:
    """An annotation as one would write the plain type."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return spelt(args[0])
    if origin in (Union, UnionType):
        return " | ".join(map(spelt, args))
    if isinstance(annotation, list):
        return f"[{', '.join(map(spelt, cast('list[Any]', annotation)))}]"
    if isinstance(annotation, str):
        return annotation
    name = _WORDS.get(annotation) or getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(map(spelt, args))}]" if args else name


_WORDS: dict[Any, str] = {type(None): "None", Ellipsis: "..."}


Binder: TypeAlias = Callable[[Any, Any], dict[str, Any]]


def _binder(function: Callable[..., Any]) -> tuple[Binder, Callable[[], dict[str, Kind]]]:
    """What makes arguments of positions and keywords, each accepted by its rule, defaults filled in; and the rules."""
    signature, name = inspect.signature(function), function.__name__
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ScheduleError(f"named: function={name}: a named schedule has no *{parameter.name}; take a list")

    rules: dict[str, Kind] = {}  # a plain dict, which goes along where a function is pickled by value

    def kinds() -> dict[str, Kind]:
        if not rules and signature.parameters:
            hints = get_type_hints(function, include_extras=True)
            rules.update({parameter: _kind(hints.get(parameter)) for parameter in signature.parameters})
        return rules

    defaults = {key: p.default for key, p in signature.parameters.items() if p.default is not p.empty}
    names = [key for key, p in signature.parameters.items() if p.kind is not p.KEYWORD_ONLY]

    def bind(args: Any, kwargs: Any) -> dict[str, Any]:
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        accepts = kinds()
        if len(args) > len(names) or given.keys() != accepts.keys() or not kwargs.keys().isdisjoint(names[: len(args)]):
            raise _misfit(name, signature, args, kwargs)
        return {key: kind(name, key, given[key]) for key, kind in accepts.items()}

    return bind, kinds


def _misfit(name: str, signature: inspect.Signature, args: Any, kwargs: dict[str, Any]) -> ScheduleError:
    """What is wrong with the arguments of a call, in Python's words."""
    try:
        for word in kwargs.keys() - signature.parameters.keys():
            close = get_close_matches(str(word), [*signature.parameters], n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise TypeError(f"got an unexpected keyword argument {word!r}{meant}")
        signature.bind(*args, **kwargs)
    except TypeError as fault:
        return ScheduleError(f"{name}: {fault}; call it as {name}({_plain(signature)})")
    raise AssertionError(name)  # pragma: no cover -- what does not fit, does not bind


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
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(map(_anything, cast("Sequence[Any]", value)))
    return number(value)


def _shape(value: Any) -> Any:
    value = _by_name(value)
    if not _is_shape(value):
        meant = shapes_like(value if isinstance(value, str) else getattr(value, "__name__", ""))
        raise TypeError(f"did you mean {' or '.join(meant)}?" if meant else "")
    return value


def _is_shape(value: Any) -> bool:
    defaults = dict[str, Any](getattr(value, "defaults", {}))
    return [name for name, default in defaults.items() if default is inspect.Parameter.empty] == [
        "start",
        "end",
        "steps",
    ]


def shapes_like(word: str) -> list[str]:
    """The named curves of (start, end, steps) with a word in their name, as `one_minus_sqrt` has ``sqrt``."""
    return [name for name, maker in MAKERS.items() if word and word in name and _is_shape(maker)]


Shape: TypeAlias = Annotated[
    Callable[[float, float, float], Schedule],
    Kind(
        "this is a named curve of (start, end, steps), such as linear, cosine or one_minus_sqrt; yours have @named",
        _shape,
    ),
]
"""A named curve by itself, not called: a function of (start, end, steps)."""
