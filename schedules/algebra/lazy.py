"""An attribute that is computed when it is first asked for, with no lock: a fork finds none held."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 -- a decorator, as property is
    """``node.name`` is ``compute(node)``, kept in the node.

    Threads that ask at once may compute it twice; one of the results is kept, and all of them get that one.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, node: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, node: object, owner: Any = None) -> T: ...
    def __get__(self, node: object | None, owner: Any = None) -> Self | T:
        return self if node is None else node.__dict__.setdefault(self.name, self.compute(node))
