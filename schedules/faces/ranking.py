"""What theory says of several schedules, as a table and as a figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..algebra.checks import extra_module
from ..theory.averages import update_shares
from ..theory.bounds import bound_along
from ..theory.laws import MultiPowerLaw
from ..theory.ranking import Ranked
from ..theory.rates import rates
from .figure import dressed
from .table import shortened

POINTS = 60  # of a curve along training


def ranking(rows: Sequence[Ranked]) -> str:
    """The rows of `schedules.theory.rank` as aligned text.

    >>> from schedules import cosine, linear
    >>> from schedules.theory import rank
    >>> print(ranking(rank([cosine(1e-3, 0.0, 1_000), linear(1e-3, 0.0, 1_000)])))
    bound  peak   area    start   schedule
    1.000  1.000  0.5005  0.9512  linear(0.001, 0.0, 1000)
    1.029  0.972  0.5005  0.9512  cosine(0.001, 0.0, 1000)
    """
    head = ("bound", "peak", "area", "start", *(["loss"] if rows and rows[0].loss is not None else []), "schedule")
    cells: list[tuple[str, ...]] = [head]
    for row in rows:
        loss = [] if row.loss is None else [f"{row.loss:.4f}"]
        numbers = (f"{row.bound:.3f}", f"{row.peak:.3f}", f"{row.area:.4g}", f"{row.start:.4g}")
        cells.append((*numbers, *loss, shortened(repr(row.schedule), 80)))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def outlook(rows: Sequence[Ranked], steps: int | None = None, *, weight_decay: Any, law: MultiPowerLaw | None) -> Any:
    """A figure of matplotlib: the shares of the updates, the bound along training and the predicted losses."""
    panels = ["share of each update", "bound along training", *(["predicted loss"] if law else [])]
    picture = extra_module("matplotlib.figure").Figure(figsize=(4.5 * len(panels), 4), dpi=150, layout="constrained")
    axes = [dressed(ax) for ax in picture.subplots(1, len(panels))]
    for row in rows:
        eta = rates("rank", row.schedule, steps)
        at = np.unique(np.linspace(max(1, len(eta) // POINTS), len(eta), POINTS).astype(int))
        curves = [(np.arange(len(eta)), update_shares(eta, weight_decay).shares), (at, bound_along(eta, at))]
        if law is not None:
            after = at[at > eta.argmax()] - 1
            curves.append((after, law.predict(eta, after, warmup=int(eta.argmax()))))
        for ax, (x, y), title in zip(axes, curves, panels, strict=True):
            ax.plot(x, y, label=shortened(repr(row.schedule), 80) if ax is axes[0] else None)
            ax.set(title=title, xlabel="update")
    axes[1].set(yscale="log")
    picture.legend(loc="outside upper left", frameon=False, fontsize="small")
    return picture
