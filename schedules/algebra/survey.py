"""What is in a term, found by walking through it once, however often it holds a subterm."""

from typing import Any, ClassVar, NamedTuple, cast

from .checks import is_settled
from .lazy import lazy


class Survey(NamedTuple):
    """What is in a term."""

    tracers: tuple[Any, ...]
    shared: frozenset[int]
    asks: bool


class Surveyed:
    """A node of a term: what it was made of, whether another is the same, and what is below it."""

    __match_args__: ClassVar[tuple[str, ...]] = ()

    numbers: ClassVar[tuple[str, ...]] = ()
    """The names of the node's own numbers."""

    op: Any = ""
    """What the node applies to the terms that it was made of, if it is an operation."""

    bends: ClassVar[bool] = False
    """Whether the node changes its formula, or its time, along the way."""

    bare: bool = False
    """Whether the term ends in a constant that has no length of its own."""

    @property
    def fields(self) -> tuple[Any, ...]:
        """What the node was made of, in order."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    @property
    def children(self) -> "tuple[Any, ...]":
        """The terms that the node was made of."""
        return ()

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and alike(self, cast("Surveyed", other)))

    def __hash__(self) -> int:
        return self._hash

    @lazy
    def _hash(self) -> int:
        return hash((type(self).__name__, self.fields))  # once, since a term may hold another in many places

    @property
    def tracers(self) -> tuple[Any, ...]:
        """The numbers in the term that are not settled yet."""
        return self._survey.tracers

    @property
    def shared(self) -> frozenset[int]:
        """The ids of the compound subterms that occur more than once."""
        return self._survey.shared

    @property
    def asks(self) -> bool:
        """Whether the term asks a Python function that knows numbers only, no arrays."""
        return self._survey.asks

    @lazy
    def _survey(self) -> Survey:
        tracers: list[Any] = []
        seen: set[int] = set()
        again: set[int] = set()
        asks = False
        pending: list[Surveyed] = [self]
        while pending:
            node = pending.pop()
            if (key := id(node)) in seen:
                again.add(key)
                continue
            if node.numbers:  # operations, joins and the time have none
                own = [getattr(node, name) for name in node.numbers]
                tracers += [number for number in own if not is_settled(number)]
            if children := node.children:
                seen.add(key)
                pending.extend(children)
                asks = asks or not (isinstance(node.op, str) or hasattr(node.op, "on_array"))
        return Survey(tuple(tracers), frozenset(again), asks)

    @lazy
    def plain(self) -> bool:
        """Whether the term is one formula throughout: no join and no warp in it."""
        return not self.bends and all(child.plain for child in self.children)


def alike(one: Surveyed, other: Surveyed) -> bool:
    """Whether two terms were made alike: each pair of their nodes is compared once."""
    pending: list[tuple[Any, Any]] = [(one, other)]
    met: set[tuple[int, int]] = set()
    while pending:
        a, b = pending.pop()
        if a is b or (id(a), id(b)) in met:
            continue
        if isinstance(a, Surveyed) and type(a) is type(b):
            met.add((id(a), id(b)))
            a, b = a.fields, b.fields
        if isinstance(a, tuple) and isinstance(b, tuple):
            a, b = cast("tuple[Any, ...]", a), cast("tuple[Any, ...]", b)
            if len(a) != len(b):
                return False
            pending.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True
