"""Python functions in a schedule, and what tells them apart in a checkpoint: a name alone does not.

>>> from functools import partial
>>> def decay(total, step):
...     return 1 - step / total
>>> described(partial(decay, 10_000))
'partial(decay(1), 10000)'
"""

import dataclasses
import dis
import functools
import hashlib
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import numpy as np

from schedules import Lift, Schedule

__all__ = ["described", "functions_of"]

LONGEST = 200  # characters of what a function holds, beyond which a digest stands for it
DEEPEST = 8  # levels of functions and containers in one another


def functions_of(schedule: Schedule) -> Iterator[Callable[[Any], Any]]:
    """The Python functions in a schedule, each once."""
    seen: set[int] = set()
    pending = [schedule]
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            pending.extend(node.children)
            if isinstance(node, Lift) and not isinstance(node.op, str):
                yield node.op


def described(function: object) -> str:
    """A function as text, with the values that it holds and no address: the same in every process.

    That is its name, the numbers in its code, its defaults and the variables around it; of a partial the arguments, of
    an object that is called its attributes. What a function reads elsewhere as it runs (a global variable) is not seen.
    """
    return _text(function, DEEPEST, itself=True)


class _Held(NamedTuple):
    """What a value is called, and what it holds."""

    name: str
    items: tuple[Any, ...] = ()
    named: dict[str, Any] = {}  # noqa: RUF012 -- it is never written
    itself: bool = False
    """Whether what it holds is what is called, in place of it."""


def _text(value: Any, depth: int, *, itself: bool = False) -> str:
    if isinstance(value, bool | int | float | complex | str | bytes | None):
        return _short(repr(value.item() if isinstance(value, np.generic) else value))
    held = _held(value, itself=itself) if depth else _Held(type(value).__name__)
    texts = [_text(item, depth - 1, itself=held.itself) for item in held.items]
    texts += [f"{key}={_text(item, depth - 1, itself=held.itself)}" for key, item in held.named.items()]
    return held.name + _short(f"({', '.join(texts)})" if texts else "")


def _held(value: Any, *, itself: bool) -> _Held:
    """What a value holds; of an object that is neither a function nor called in its place, nothing."""
    kind = type(value).__name__
    match value:
        case np.ndarray():
            return _Held(kind, tuple(cast("list[Any]", value.ravel().tolist())))
        case list() | tuple() | set() | frozenset():
            items = cast("list[Any]", value)
            return _Held(kind, tuple(sorted(items, key=repr) if isinstance(value, set | frozenset) else items))
        case dict():
            return _Held(kind, named={str(key): item for key, item in cast("dict[Any, Any]", value).items()})
        case functools.partial():
            return _Held("partial", (value.func, *value.args), value.keywords, itself=True)
        case types.FunctionType():
            return _Held(value.__name__, _numbers(value), _variables(value))
        case types.MethodType() | types.BuiltinMethodType() | types.MethodWrapperType():
            owner = value.__self__
            return _Held(value.__name__, () if owner is None or inspect.ismodule(owner) else (owner,))
        case type():
            return _Held(value.__name__)
        case _ if dataclasses.is_dataclass(value):
            fields = [field.name for field in dataclasses.fields(value) if field.compare]
            return _Held(kind, named={name: getattr(value, name) for name in fields}, itself=itself)
        case _:
            return _Held(kind, named=dict(vars(value)) if itself and hasattr(value, "__dict__") else {})


def _numbers(function: types.FunctionType) -> tuple[float, ...]:
    """The numbers in the code of a function."""
    loads = (one.argval for one in dis.get_instructions(function) if one.opname in _LOADS)
    return tuple(sorted({number for number in loads if type(number) in (int, float)}))


_LOADS = ("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST")  # as the versions of Python have it


def _variables(function: types.FunctionType) -> dict[str, Any]:
    """The defaults of a function, and the variables around it."""
    parameters = inspect.signature(function).parameters.values()
    defaults = {one.name: one.default for one in parameters if one.default is not one.empty}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return defaults | {name: cell.cell_contents for name, cell in cells if cell != types.CellType()}


def _short(text: str) -> str:
    """A text, of which a digest stands for what is too long."""
    return text if len(text) <= LONGEST else f"{text[:50]}... {hashlib.sha256(text.encode()).hexdigest()[:16]}"
