"""Control by a metric: what is no function of the step is a pure state machine.

``state = plateau.update(state, metric)``, and the learning rate is ``plateau.apply(s(t), state)``. The machine only
compares, adds and multiplies, so the same code runs in Python and, on arrays, inside a compiled loop.
"""

import dataclasses
import inspect
import math
from typing import Any, NamedTuple, cast

from ..algebra.checks import Amount, Factor, Mode, ThresholdMode, Whole, accept
from ..algebra.named import readable

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

    mode: Mode = "min"
    factor: Factor = 0.1
    patience: Whole = 10
    threshold: Amount = 1e-4
    threshold_mode: ThresholdMode = "rel"
    cooldown: Whole = 0
    min_lr: Amount = 0.0
    eps: Amount = 1e-8

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = accept(field.type, "Plateau", field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)

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


cast("Any", Plateau).__signature__ = readable(inspect.signature(Plateau))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """``yes if condition else no``, for arrays too."""
    if isinstance(condition, bool):
        return yes if condition else no
    from ..evaluate.namespaces import namespace

    return namespace(condition).where(condition, yes, no)
