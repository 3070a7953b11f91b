"""Control by a metric: what is no function of the step is a pure state machine.

``state = plateau.update(state, metric)``, and the learning rate is ``plateau.apply(s(t), state)``. The machine only
compares, adds and multiplies, so the same code runs in Python and, on arrays, inside a compiled loop.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from .check import Kind, accept, number, settled, whole

__all__ = ["Plateau", "PlateauState"]


class PlateauState(NamedTuple):
    """What the machine remembers: plain numbers, so that any checkpoint holds it."""

    scale: float
    """What multiplies the learning rate."""
    best: float
    """The best metric so far."""
    bad: int
    """How many updates there were since then, without an improvement."""
    rest: int
    """How many updates are left in which nothing counts as bad."""


def _choice(*options: str) -> Any:
    def convert(value: Any) -> str:
        if value not in options:
            raise ValueError
        return value

    return Annotated[str, Kind(f"this is {' or '.join(map(repr, options))}", convert)]


def _number(wants: str, holds: Callable[[float], bool]) -> Any:
    def convert(value: Any) -> float:
        result = whole(number(value))
        if settled(result) and not holds(result):
            raise ValueError
        return result

    return Annotated[float, Kind(wants, convert)]


_COUNT = _number("this is a whole number of updates >= 0", lambda n: isinstance(n, int) and n >= 0)
_AMOUNT = _number("this is a finite number >= 0", lambda x: 0 <= x < math.inf)
_RULES: dict[str, Any] = {
    "mode": _choice("min", "max"),
    "factor": _number("this is a number above 0 and below 1", lambda x: 0 < x < 1),
    "patience": _COUNT,
    "threshold": _AMOUNT,
    "threshold_mode": _choice("rel", "abs"),
    "cooldown": _COUNT,
    "min_lr": _AMOUNT,
    "eps": _AMOUNT,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plateau:
    """``apply(lr, state) = max(lr * state.scale, min_lr)``, where `factor` multiplies the scale at each plateau.

    A plateau is more than `patience` updates in a row without a metric better than the best by `threshold`.

    Args:
        mode: ``"min"`` if less is better, ``"max"`` if more is.
        factor: what multiplies the scale at a plateau, above 0 and below 1.
        patience: how many updates without an improvement are borne.
        threshold: by how much a metric has to be better, as a fraction of the best or in its own units.
        threshold_mode: ``"rel"`` for a fraction, ``"abs"`` for a difference.
        cooldown: for how many updates after a reduction nothing counts as bad.
        min_lr: the floor under the learning rate.
        eps: the least reduction of the learning rate that is made.

    Raises:
        ScheduleError: an argument is out of its range.

    Source: PyTorch's ``ReduceLROnPlateau``, with the same defaults.

    >>> plateau = Plateau(factor=0.5, patience=1)
    >>> state = plateau.init()
    >>> for metric in (1.0, 0.9, 0.9, 0.9):
    ...     state = plateau.update(state, metric)
    >>> plateau.apply(0.1, state)
    0.05
    """

    mode: str = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: str = "rel"
    cooldown: int = 0
    min_lr: float = 0.0
    eps: float = 1e-8

    def __post_init__(self) -> None:
        for name, rule in _RULES.items():
            object.__setattr__(self, name, accept(rule, "Plateau", name, getattr(self, name)))

    def init(self) -> PlateauState:
        """The state before the first metric."""
        return PlateauState(1.0, math.inf if self.mode == "min" else -math.inf, 0, 0)

    def update(self, state: PlateauState, metric: Any, lr: Any = 1.0) -> PlateauState:
        """The state after one more metric.

        Args:
            state: the state so far.
            metric: what was measured; NaN is no improvement.
            lr: the learning rate that the schedule gives now, of which a reduction is judged by `eps` and `min_lr`.
        """
        better = self._better(metric, state.best)
        resting = state.rest > 0
        bad = _where(resting, 0, _where(better, 0, state.bad + 1))
        plateau = bad > self.patience
        lower = state.scale * self.factor
        drop = self.apply(lr, state) - self.apply(lr, state._replace(scale=lower))
        return PlateauState(
            _where(plateau, _where(drop > self.eps, lower, state.scale), state.scale),
            _where(better, metric, state.best),
            _where(plateau, 0, bad),
            _where(plateau, self.cooldown, _where(resting, state.rest - 1, state.rest)),
        )

    def apply(self, lr: Any, state: PlateauState) -> Any:
        """``max(lr * state.scale, min_lr)``: the learning rate to use where the schedule gives `lr`."""
        scaled = lr * state.scale
        return _where(scaled < self.min_lr, self.min_lr, scaled)

    def _better(self, metric: Any, best: Any) -> Any:
        margin = self.threshold if self.mode == "max" else -self.threshold
        goal = best * (1.0 + margin) if self.threshold_mode == "rel" else best + margin
        return metric > goal if self.mode == "max" else metric < goal


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """``yes if condition else no``, for arrays too."""
    if isinstance(condition, bool):
        return yes if condition else no
    from .evaluate import namespace

    return namespace(condition).where(condition, yes, no)
