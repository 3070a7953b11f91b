"""Several schedules side by side: what theory says of each."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..algebra.checks import OPERANDS, brief, demand
from ..algebra.nodes import Schedule, as_schedule
from ..analysis.area import total
from ..library.curves import linear
from .averages import update_shares
from .bounds import best_scale, transfer
from .laws import MultiPowerLaw
from .rates import rates


class Ranked(NamedTuple):
    """What theory says of a schedule; the bound and the peak are relative to those of linear decay to 0."""

    schedule: Schedule
    bound: float
    peak: float
    area: float
    start: float
    loss: float | None


def rank(
    schedules: Iterable[Schedule],
    steps: int | None = None,
    *,
    weight_decay: Any = 0.1,
    law: MultiPowerLaw | None = None,
) -> list[Ranked]:
    """``bound(s) / bound(linear)``, ``peak(s) / peak(linear)``, ``sum eta``, ``prod (1 - eta lambda)`` and ``L``.

    There is a row for each schedule, the least bound first, or the least loss if there is a law.

    Args:
        schedules: the schedules to compare.
        steps: how many updates of each; None means its duration.
        weight_decay: lambda of AdamW, for how much the start still counts for in the end.
        law: predicts the last losses; None leaves them out. A rise at the beginning is taken for the warm-up.

    Raises:
        ScheduleError: a schedule is endless and `steps` is None, or its values are no learning rates.

    >>> from schedules import cosine, linear
    >>> for row in rank([cosine(1e-3, 0.0, 1_000), linear(1e-3, 0.0, 1_000)]):
    ...     print(row.schedule, round(row.bound, 3), round(row.area, 2))
    linear(0.001, 0.0, 1000) 1.0 0.5
    cosine(0.001, 0.0, 1000) 1.029 0.5
    """
    rows: list[Ranked] = []
    for s in [as_schedule(s, "rank") for s in OPERANDS("rank", "schedules", schedules)]:
        demand(steps is not None or s.steps < math.inf, "rank", "steps", steps, f"{brief(s)} is endless; say how many")
        eta = rates("rank", s, steps)
        decay = linear(1.0, 0.0, len(eta))
        loss = None if law is None else law.predict(eta, len(eta) - 1, warmup=int(eta.argmax()))
        bound = best_scale(eta).bound / best_scale(decay).bound
        start = update_shares(eta, weight_decay).start
        rows.append(Ranked(s, bound, transfer(decay, eta), total(s, stop=len(eta)), start, loss))
    return sorted(rows, key=lambda row: row.bound if row.loss is None else row.loss)
