"""Schedules as text, for a terminal."""

import shutil
from collections.abc import Sequence
from itertools import cycle

import numpy as np

from ..algebra.nodes import Schedule
from .figure import Frame, extra_module, horizon_of, seen
from .table import shortened

COLORS = ("blue", "orange", "green", "red", "magenta", "cyan")


MARKERS = "•x+o*#@%"


HIGH = 24  # lines at most, the legend not counted


def terminal(schedules: Sequence[Schedule], steps: int | None = None, *, colour: bool = False) -> str:
    """The curves as text, as wide as the terminal, as far as the longest, with a legend below.

    Args:
        schedules: what to draw.
        steps: the steps to draw.
        colour: tell the curves apart by their colours, for a terminal; otherwise by their marks.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or plotext is not installed.
    """
    end = horizon_of(schedules, steps)
    canvas = extra_module("plotext")
    width, height = shutil.get_terminal_size()
    curves = [seen(s, end, width) for s in schedules]
    frame = Frame.around(np.concatenate([values for _, values in curves]))
    canvas.clear_figure()
    canvas.limit_size(False, False)
    canvas.plot_size(width, min(max(height - len(schedules) - 2, 10), HIGH))
    canvas.theme("clear")
    legend: list[str] = []
    for s, (times, values), color, mark in zip(schedules, curves, cycle(COLORS), cycle(MARKERS), strict=False):
        finite = np.isfinite(values)
        x, y = times[finite].tolist(), frame.heights(values[finite]).tolist()
        canvas.plot(x, y, color=color, marker="braille" if colour else mark)
        key = canvas.colorize("\u2812" if colour else mark, color)
        legend.append(f"  {key} {shortened(repr(s), width - 4)}")
    canvas.xlim(0, end)
    canvas.ylim(0, 1)
    canvas.yticks([tick / 4 for tick in range(5)], [f"{frame.value(tick / 4):.3g}" for tick in range(5)])
    ticks = sorted({int(end * tick // 4) for tick in range(5)})
    canvas.xticks(ticks, list(map(str, ticks)))
    text = "\n".join([canvas.build().rstrip("\n"), *legend])
    return text if colour else canvas.uncolorize(text)
