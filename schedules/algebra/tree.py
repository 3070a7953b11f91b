"""A term as its numbers and its form: ``unflatten(form, children) == s`` for ``children, form = flatten(s)``.

The children of a node are the numbers and schedules in it, and the form is all else: names, operations, counts of
rounds, and what is endless. Two schedules of one form differ in their numbers only, so a library of arrays can stack
them, trace them, and go through a whole list of them in one program.
"""

from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Any, TypeAlias, cast

from .checks import Kind, is_settled, whole
from .named import Call
from .nodes import ORIGIN, Constant, Join, Lift, Schedule, Time, Warp, unchecked

Form: TypeAlias = tuple[Any, ...]
"""What remains of a node without its children: hashable, and equal for nodes of the same kind."""


Children: TypeAlias = dict[Any, Any]
"""The children of a node by name or place, in order."""


_HOLE = ...  # stands in a form where a child was


def flatten(term: Schedule, leaf: Callable[[Any], Any] = lambda number: number) -> tuple[Children, Form]:
    """The children of a node and its form.

    Args:
        term: the schedule.
        leaf: what is done to each number.

    >>> from schedules import cosine
    >>> children, form = flatten(cosine(0.1, 0.0, 90))
    >>> children
    {'start': 0.1, 'end': 0.0, 'steps': 90}
    >>> unflatten(form, [0.1, 0.0, 45])
    cosine(0.1, 0.0, 45)
    """
    if "tree" in term.__dict__:
        return term.__dict__["tree"]
    kept = term.__dict__.get("flat")
    if kept is None or kept[0] is not leaf:
        kept = term.__dict__["flat"] = leaf, *_flattened(term, leaf)
    return kept[1:]


def _flattened(term: Schedule, leaf: Callable[[Any], Any]) -> tuple[Children, Form]:
    kind, static, given = _fields(term)
    children = {key: _mapped(leaf, value) for key, value in given.items() if key not in static and _varies(value)}
    return children, (kind, tuple((key, _HOLE if key in children else value) for key, value in given.items()))


def unflatten(form: Form, children: Iterable[Any]) -> Schedule:
    """The node of a form with other children, which may be anything: they are checked when the schedule is used."""
    kind, given = form
    children = tuple(children)
    rest = iter(children)
    fields = {key: next(rest) if value is _HOLE else value for key, value in given}
    node = _MAKE[kind](fields)
    node.__dict__["tree"] = dict(zip((key for key, value in given if value is _HOLE), children, strict=True)), form
    return node


def leaves(value: Any) -> Iterator[Any]:
    """The numbers in a schedule, all the way down, in the order of its text.

    >>> from schedules import cosine, linear
    >>> list(leaves(linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)))
    [0.0, 0.1, 10, 0.1, 0.0, 90]
    """
    if isinstance(value, Schedule):
        value = tuple(flatten(value)[0].values())
    if isinstance(value, tuple):
        yield from (number for item in cast("tuple[Any, ...]", value) for number in leaves(item))
    else:
        yield value


def with_leaves(value: Any, given: Iterable[Any]) -> Any:
    """``with_leaves(s, leaves(s)) == s``: the schedule with other numbers, which may be anything.

    >>> from schedules import linear
    >>> with_leaves(linear(0.0, 0.1, 10), [0.1, 0.2, 20])
    linear(0.1, 0.2, 20)
    """
    rest = iter(given)
    if isinstance(value, Schedule):
        children, form = flatten(value)
        return unflatten(form, [with_leaves(child, rest) for child in children.values()])
    if isinstance(value, tuple):
        return tuple(with_leaves(item, rest) for item in cast("tuple[Any, ...]", value))
    return next(rest)


def _fields(term: Schedule) -> tuple[str, frozenset[str], Children]:
    """The kind of a node, its fields that belong to the form, and all its fields."""
    match term:
        case Warp(Constant(value), _, steps):
            return "level", frozenset(), {"value": value, "steps": steps}
        case Lift(op, args):
            return "Lift", frozenset(("op",)), {"op": op, **dict(enumerate(args))}
        case Join(parts):
            return "Join", frozenset(), dict(enumerate(parts))
        case Call(maker):
            arguments = term.arguments
            static = frozenset(name for name, kind in maker.kinds().items() if kind.settles(arguments))
            return "Call", static, {"maker": maker, **arguments}
        case _:
            return type(term).__name__, frozenset(), dict(zip(term.__match_args__, term.fields, strict=True))


def _made_call(fields: Children) -> Schedule:
    maker, *args = fields.values()
    kinds = maker.kinds().values()
    return unchecked(Call, maker, tuple(_accepted(kind, arg) for kind, arg in zip(kinds, args, strict=True)))


_MAKE: dict[str, Callable[[Children], Schedule]] = {
    "Constant": lambda fields: unchecked(Constant, fields["value"]),
    "Time": lambda _: Time(),
    "Lift": lambda fields: unchecked(Lift, fields["op"], tuple(value for key, value in fields.items() if key != "op")),
    "level": lambda fields: unchecked(Warp, unchecked(Constant, fields["value"]), ORIGIN, _whole(fields["steps"])),
    "Warp": lambda fields: unchecked(Warp, fields["term"], fields["clock"], _whole(fields["steps"])),
    "Join": lambda fields: unchecked(Join, tuple(fields.values())),
    "Call": _made_call,
}


def _varies(value: Any) -> bool:
    """Whether a field is a child: a schedule, a finite number or a tracer, or a list of such."""
    if isinstance(value, tuple):
        return all(map(_varies, cast("tuple[Any, ...]", value)))
    if is_settled(value):
        return not isinstance(value, bool) and isfinite(value)
    return isinstance(value, Schedule) or hasattr(value, "shape")


def _mapped(leaf: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_mapped(leaf, item) for item in cast("tuple[Any, ...]", value))
    return leaf(value) if is_settled(value) else value


def _accepted(kind: Kind, value: Any) -> Any:
    """A number as an argument's rule has it; what the rule does not accept is left for the call to complain of."""
    try:
        return kind.convert(value) if _settled(value) else value
    except (TypeError, ValueError):
        return value


def _settled(value: Any) -> bool:
    return all(map(_settled, cast("tuple[Any, ...]", value))) if isinstance(value, tuple) else is_settled(value)


def _whole(steps: Any) -> Any:
    return whole(steps) if is_settled(steps) else steps
