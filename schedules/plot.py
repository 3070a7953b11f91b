"""Faces: a table of a schedule's segments, and its picture for matplotlib, for a terminal and for a notebook.

The libraries that draw are an extra, ``pip install 'schedule-algebra[plot]'``; the table and the picture in
notebooks need nothing.
"""

import html as markup
import importlib
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .check import ScheduleError, Steps, accept, brief, refusal
from .core import Call, Constant, Join, Lift, Schedule, level_of, lift

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array: TypeAlias = "np.ndarray[Any, Any]"

BUCKETS = 1000  # of steps, each drawn by at most four points
CHUNK = 2**20  # steps that are evaluated together
WIDTH, HEIGHT = 100, 25  # characters


# -- the table ---------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One segment: its first and last step, its shape, and the values at these two steps."""

    first: int
    last: float
    shape: str
    start: float
    end: float


class Table(tuple[Row, ...]):
    """The segments of a schedule, in order: rows to read, or to print."""

    __slots__ = ()

    def __str__(self) -> str:
        lines = [_HEAD, *(_cells(row) for row in self)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in _HEAD)
        body = "".join(f"<tr>{''.join(f'<td>{markup.escape(cell)}</td>' for cell in _cells(row))}</tr>" for row in self)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_HEAD = ("first", "last", "shape", "from", "to")


def _cells(row: Row) -> tuple[str, ...]:
    return f"{row.first}", f"{row.last}", row.shape, f"{row.start:.6g}", f"{row.end:.6g}"


def describe(s: Schedule, steps: float | None = None) -> Table:
    """The segments of s: the parts of its join, also under a name or an operation with numbers.

    Args:
        s: the schedule.
        steps: how much of it; None means all. Where it goes on for ever, the last step is inf.

    Raises:
        ScheduleError: `steps` is no number of steps.

    >>> from schedules import wsd
    >>> [(row.first, row.last, row.shape) for row in describe(2 * wsd(0.1, 100, warmup=10, cooldown=20))]
    [(0, 9, '2 * linear(0.0, 0.1, 10)'), (10, 79, 'constant(0.2, steps=70)'), (80, 99, '2 * linear(0.1, 0.0, 20)')]
    """
    found = list(segments(s))
    settles = s.steps == 0 or isinstance(found[-1][1], Constant)
    stop = _stop(math.inf if settles else s.steps, steps)
    rows: list[Row] = []
    for (begin, shape), end in zip(found, [*(begin for begin, _ in found[1:]), stop], strict=True):
        first, last = math.ceil(begin), _before(min(end, stop))
        if first <= last:
            rows.append(Row(first, last, repr(shape), s(first), s(last)))
    return Table(rows)


def _before(end: float) -> float:
    """The last whole step before `end`."""
    return end if math.isinf(end) else math.ceil(end) - 1


def _stop(length: float, steps: float | None) -> float:
    return length if steps is None else accept(Steps, "describe", "steps", steps)


def segments(term: Schedule) -> Iterator[tuple[float, Schedule]]:
    """The parts that a term falls into, each with the step at which it begins."""
    match term:
        case Call():
            parts = list(segments(term.body))
            yield from parts if len(parts) > 1 else ((0, term),)
        case Join():
            for knot, part in zip(term.knots, term.parts, strict=True):
                yield from ((knot + begin, shape) for begin, shape in segments(part))
        case Lift(op, args) if sum(level_of(arg) is None for arg in args) == 1:
            place = next(place for place, arg in enumerate(args) if level_of(arg) is None)
            for begin, shape in segments(args[place]):  # operations distribute over joins
                yield begin, lift(op, *args[:place], shape, *args[place + 1 :])
        case _:
            yield 0, term


# -- the points of a picture ---------------------------------------------------------------------------


def samples(s: Schedule, steps: float | None = None) -> tuple[Array, Array]:
    """Steps and values that show every jump and every extreme of the curve, however long it is.

    Each run of steps is shown by its first, lowest, highest and last value; a short curve by all values.

    Raises:
        ScheduleError: s is endless, and `steps` is None.

    >>> from schedules import linear
    >>> samples(linear(0.0, 1.0, 2))
    (array([0., 1., 2.]), array([0. , 0.5, 1. ]))
    """
    stop = _stop(s.steps or 1, steps)
    if math.isinf(stop):
        raise refusal("plot", "steps", steps, f"{brief(s)} is endless; say how much of it: steps=10_000")
    count = math.ceil(stop)
    width = max(math.ceil(count / BUCKETS), 1)
    chunk = width * math.ceil(CHUNK / width)
    places: list[Array] = []
    found: list[Array] = []
    for begin in range(0, count, chunk):
        curve = s.values(min(chunk, count - begin), start=begin)
        kept = _telling(curve, width)
        places.append(begin + kept)
        found.append(curve[kept])
    return np.concatenate([*places, np.array([float(stop)])]), np.concatenate([*found, np.array([s(stop)])])


def _telling(curve: Array, width: int) -> Array:
    """The indices of the first, lowest, highest and last value of each run of `width`."""
    runs = np.pad(curve, (0, -len(curve) % width), mode="edge").reshape(-1, width)
    begins = np.arange(len(runs)) * width
    index = np.concatenate([begins, begins + runs.argmin(1), begins + runs.argmax(1), begins + width - 1])
    return np.unique(np.minimum(index, len(curve) - 1))


def _visible(places: Array, found: Array) -> tuple[Array, Array]:
    """The points that a picture can show: those with finite values."""
    finite = np.isfinite(found)
    return places[finite], found[finite]


def shown(s: Schedule, schedules: Sequence[Schedule], steps: float | None) -> float | None:
    """How much of s to draw beside others: what was asked for; of an endless one, as much as the longest other."""
    others = [other.steps for other in schedules if 0 < other.steps < math.inf]
    return max(others, default=None) if steps is None and not 0 < s.steps < math.inf else steps


# -- pictures ------------------------------------------------------------------------------------------


def draw(s: Schedule, ax: "Axes | None" = None, steps: float | None = None, **style: Any) -> "Axes":
    """Draw the curve of s with matplotlib.

    Args:
        s: the schedule.
        ax: the axes to draw into; None makes a figure of its own.
        steps: how much of it; None means all.
        style: what ``Axes.plot`` takes; the label is the expression unless given.

    Raises:
        ScheduleError: s is endless and `steps` is None, or matplotlib is not installed.
    """
    axes: Any = _library("matplotlib.pyplot").subplots(figsize=(8, 4), layout="constrained")[1] if ax is None else ax
    places, found = samples(s, steps)
    axes.plot(places, found, **({"label": brief(s)} | style))
    axes.set(xlabel="step", ylabel="value")
    axes.grid(visible=True, alpha=0.3)
    axes.margins(x=0.01)
    return axes


def figure(schedules: Sequence[Schedule], steps: float | None = None) -> Any:
    """A matplotlib figure of several schedules, with a legend."""
    size = 8, 4 + 0.25 * len(schedules)
    picture = _library("matplotlib.figure").Figure(figsize=size, dpi=150, layout="constrained")
    axes = picture.subplots()
    for s in schedules:
        draw(s, axes, shown(s, schedules, steps))
    picture.legend(loc="outside lower left", fontsize="small", frameon=False)
    return picture


def terminal(schedules: Sequence[Schedule], steps: float | None = None, *, colour: bool = False) -> str:
    """A picture of several schedules in characters, with a legend below it."""
    plotext = _library("plotext")
    plotext.clear_figure()
    plotext.plot_size(min(plotext.terminal_width() or WIDTH, WIDTH), HEIGHT)
    legend: list[str] = []
    heights: set[float] = set()
    for s, marker in zip(schedules, itertools.cycle("•x+o*#@%"), strict=False):
        places, found = _visible(*samples(s, shown(s, schedules, steps)))
        plotext.plot(places.tolist(), found.tolist(), marker=marker)
        legend.append(f"  {marker} {brief(s)}")
        heights |= {*found.tolist()}
    ticks = np.linspace(min(heights, default=0), max(heights, default=1), 6).tolist()
    plotext.yticks(ticks, [f"{tick:.3g}" for tick in ticks])
    plotext.xlabel("step")
    picture = str(plotext.build())
    return "\n".join([picture if colour else plotext.uncolorize(picture), *legend])


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ScheduleError(
            f"plot: {package} is not installed; install it: pip install 'schedule-algebra[plot]'"
        ) from None


# -- notebooks -----------------------------------------------------------------------------------------


def html(s: Schedule) -> str:
    """The expression and its curve, as HTML that needs no other file."""
    span = (s.steps or 1) if s.steps < math.inf else 4 * list(segments(s))[-1][0] or 1000
    note = "" if s.steps < math.inf else ", endless"
    return (
        f"<div><code>{markup.escape(brief(s))}</code>{_svg(*_visible(*samples(s, span)))}"
        f"<small>steps 0 to {span:g}{note}</small></div>"
    )


def _svg(places: Array, found: Array) -> str:
    width, height, margin = 480, 140, 18
    if not len(found):
        return ""
    low, high = float(found.min()), float(found.max())
    x = places / places[-1] * width
    y = margin + (high - found) / ((high - low) or 1) * (height - 2 * margin)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="display:block">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        f'<g font-size="11" fill="currentColor" opacity="0.7"><text x="2" y="12">{high:.6g}</text>'
        f'<text x="2" y="{height - 4}">{low:.6g}</text></g></svg>'
    )
