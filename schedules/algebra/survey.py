"""What is in a term, found by walking through it once."""

import functools
from typing import Any, ClassVar

from .checks import ScheduleError, is_settled


class Surveyed:
    """The numbers of a term that are open, and the subterms that it holds in several places."""

    numbers: ClassVar[tuple[str, ...]] = ()
    """The names of the node's own numbers."""

    bends: ClassVar[bool] = False
    """Whether the node changes its formula, or its time, along the way."""

    @property
    def children(self) -> "tuple[Any, ...]":
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
        pending: list[Surveyed] = [self]
        while pending:
            node = pending.pop()
            own = (getattr(node, name) for name in node.numbers)
            tracers += [number for number in own if not is_settled(number)]
            if id(node) in seen:
                again.add(id(node))
            elif node.children:
                seen.add(id(node))
                pending.extend(node.children)
        return tuple(tracers), frozenset(again)

    @functools.cached_property
    def plain(self) -> bool:
        """Whether the term is one formula throughout: no join and no warp in it."""
        return not self.bends and all(child.plain for child in self.children)


def refuse_bare_end(part: Any, where: str) -> None:
    """Refuse what would be cut off by what is joined after it: a constant without a length, at the end of a part."""
    bare = _bare_end(part)
    if bare is not None:
        what = "lasts 0 steps" if bare is part else f"ends in constant({bare.value!r}), which lasts 0 steps"
        raise ScheduleError(f"{where} {what}; give it a length: constant({bare.value!r}, steps=1000)")


def _bare_end(term: Any) -> Any:
    """The constant without a length that a term ends in, or None."""
    match type(term).__name__:  # the nodes are made with this
        case "Constant":
            return term
        case "Join":
            return _bare_end(term.parts[-1])
        case "Lift":
            ends = [_bare_end(arg) for arg in term.args if type(arg).__name__ != "Constant"]
            return None if None in ends else next(iter(ends), None)
        case "Warp" | "Time":
            return None  # it has a length of its own
        case _:
            return _bare_end(term.children[0])
