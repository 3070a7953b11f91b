"""Lists whose length may be a symbol: what is made of each item is then said once, for any."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

from .checks import Floats, Symbolic

T = TypeVar("T")
P = ParamSpec("P")


def counted(times: Any, make: Callable[[Any], T]) -> tuple[T, ...]:
    """``(make(0), make(1), ..., make(times - 1))``."""
    return times.counted(make) if isinstance(times, Symbolic) else tuple(map(make, range(times)))


def length(items: Sequence[Any] | Floats) -> int:
    """``len(items)``."""
    return items.length() if isinstance(items, Symbolic) else len(items)


def after(first: T, items: Sequence[T]) -> Sequence[T]:
    """``(first, *items)``."""
    return items.after(first) if isinstance(items, Symbolic) else (first, *items)


def plain_function(function: Callable[P, T]) -> Callable[P, T]:
    """A function of numbers in plain Python; of symbols it is a call of itself, as other languages have its source."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        symbol = next((arg for arg in args if isinstance(arg, Symbolic)), None)
        return function(*args, **kwargs) if symbol is None else cast("T", symbol.called(function, args))

    return call
