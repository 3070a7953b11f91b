"""Schedules as text, for a terminal."""

import shutil
from collections.abc import Sequence
from itertools import cycle

import numpy as np

from ..algebra.checks import extra_module
from ..algebra.nodes import Schedule
from .figure import Curve, Frame, curves
from .table import shortened

COLORS = ("blue", "orange", "green", "red", "magenta", "cyan")


MARKERS = "•x+o*#@%"


HIGH = 24  # lines at most, the legend not counted


def terminal(
    schedules: Sequence[Schedule],
    steps: int | None = None,
    *,
    colour: bool = False,
    start: int = 0,
    log: bool = False,
    title: str | None = None,
    labels: Sequence[str] = (),
) -> str:
    """The curves as text, as wide as the terminal, as far as the longest, with a legend below.

    Args:
        schedules: what to draw.
        steps: how many steps to draw.
        colour: tell the curves apart by their colours, for a terminal; otherwise by their marks.
        start: the first step to draw.
        log: a logarithmic axis of values, on which nothing is seen at 0 and below.
        title: a line over the picture.
        labels: what the legend calls the curves; else each is its expression.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or plotext is not installed.
    """
    plotext = extra_module("plotext")
    width, height = shutil.get_terminal_size()
    found = [_scaled(curve, log=log) for curve in curves(schedules, steps, start=start, labels=labels, columns=width)]
    frame = Frame.around(np.concatenate([curve.values for curve in found]))
    picture = plotext.figure
    picture.clear()
    picture.theme("colorless")  # the terminal has its own
    picture.plot_size(width, min(max(height - len(schedules) - 2 - bool(title), 10), HIGH))
    legend: list[str] = []
    for (times, values, label), color, mark in zip(found, cycle(COLORS), cycle(MARKERS), strict=False):
        finite = np.isfinite(values)
        x, y = times[finite].tolist(), frame.heights(values[finite]).tolist()
        picture.draw(picture.signal(x, y, marker=plotext.marker("braille" if colour else mark, color)).lines())
        key = plotext.colorize("\u2812" if colour else mark, color).string(not colour)
        legend.append(f"  {key} {shortened(label, width - 4)}")
    first, end = found[0].times[0], found[0].times[-1]
    heights = [frame.value(tick / 4) for tick in range(5)]
    ticks = sorted({int(first + (end - first) * tick // 4) for tick in range(5)})
    picture.ruler("x").lim(first, end).ticks(ticks, list(map(str, ticks)))
    picture.ruler("y").lim(0, 1).ticks([tick / 4 for tick in range(5)], [f"{10**v if log else v:.3g}" for v in heights])
    return "\n".join([*([title] if title else []), picture.build().string(not colour).rstrip("\n"), *legend])


def _scaled(curve: Curve, *, log: bool) -> Curve:
    """A curve by its heights in the picture, where they are logarithms if it is so asked."""
    if not log:
        return curve
    with np.errstate(all="ignore"):
        heights = np.log10(np.where(curve.values > 0, curve.values, np.nan))
    return curve._replace(values=heights)
