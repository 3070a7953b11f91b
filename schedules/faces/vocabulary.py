"""The names that there are: by kind, a line for each; and what is known of one."""

import importlib
import inspect
import itertools
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from ..algebra.checks import ScheduleError
from ..algebra.named import MAKERS

KINDS = ("curves", "combinators", "recipes", "tokens")
"""The files of the library that schedules are written with."""


def vocabulary() -> dict[str, dict[str, Callable[..., Any]]]:
    """The functions that schedules are written with, by kind and name; those of others are "yours"."""
    package = importlib.import_module("schedules")
    own = {name: item for name in package.__all__ if inspect.isfunction(item := getattr(package, name))}
    found: dict[str, dict[str, Callable[..., Any]]] = {
        kind: {name: item for name, item in own.items() if item.__module__ == f"schedules.library.{kind}"}
        for kind in KINDS
    }
    others = {name: maker for name, maker in MAKERS.items() if not maker.__module__.startswith("schedules.")}
    return found | ({"yours": dict(sorted(others.items()))} if others else {})


def listing(kinds: tuple[str, ...] = ()) -> str:
    """The names of some kinds, or of all, a line for each.

    Raises:
        ScheduleError: there is no such kind.

    >>> print(listing(("recipes",)).splitlines()[1][:60])
      cosine_warmup       linear(start, peak, warmup) >> cosine(
    """
    found = vocabulary()
    for kind in kinds:
        if kind not in found:
            raise ScheduleError(f"list: {kind}: there are {', '.join(found)}")
    blocks = ([kind, *map(_line, found[kind].items())] for kind in kinds or found)
    return "\n".join(itertools.chain.from_iterable(blocks))


def _line(named: tuple[str, Callable[..., Any]]) -> str:
    name, function = named
    return f"  {name:18}  {(inspect.getdoc(function) or '').partition(chr(10))[0].replace('`', '')}"


def manual(name: str) -> str:
    """What is known of a name: how it is called, its equation, its arguments, an example.

    Args:
        name: a public name, one of your own, or one of a dialect, such as ``"torch.StepLR"``.

    Raises:
        ScheduleError: there is no such name.

    >>> print(manual("linear").splitlines()[0])
    linear(start: float, end: float, steps: float) -> Schedule
    """
    item = _found(name)
    called = f"{name}{inspect.signature(item)}" if callable(item) else name
    return f"{called}\n\n{inspect.getdoc(item) or ''}".replace("``", "`").rstrip()


def _found(name: str) -> Any:
    package = importlib.import_module("schedules")
    if name in package.__all__ or name in MAKERS:
        return MAKERS.get(name) or getattr(package, name)
    library, _, own = name.rpartition(".")
    try:
        return getattr(importlib.import_module(f"schedules.dialects.{library}"), own)
    except (ImportError, AttributeError):
        close = get_close_matches(name, [*package.__all__, *MAKERS], n=1)
        hint = f"did you mean {close[0]}?" if close else "see schedules list"
        raise ScheduleError(f"help: {name}: no such name; {hint}") from None
