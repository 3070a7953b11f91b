"""Faces: a schedule as a table, a figure, text for a terminal, and a cell of a notebook.

All curves are drawn through `samples`: whole steps only, since these are what a training run uses.
"""

import html as markup
import importlib
import itertools
import math
import shutil
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .check import Count, ScheduleError, accept, brief
from .combinators import shift, stretch
from .core import Call, Constant, Join, Lift, Schedule, Warp, level_of, lift
from .grid import Affine, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array: TypeAlias = "np.ndarray[Any, Any]"

COLUMNS = 1_000  # of a picture: within one, the first, last, lowest and highest value are all that can be seen
FINE = 2**18  # steps that are looked at: enough for any tooth of a curve that a column can show
HIGHEST = 1e300  # beyond, matplotlib overflows while it makes room around a curve
EVER = 2**53  # steps: no run is longer, and whole floats are exact up to here


# -- a table -----------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One segment: its first and last whole step and the values there; the last step may be inf, with no value."""

    first: int
    last: float
    shape: str
    start: float
    end: float | None


class Table(tuple[Row, ...]):
    """The segments of a schedule in order, one `Row` each; it prints as aligned text."""

    __slots__ = ()

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The texts of the table, its head first."""
        rows = [(str(row.first), str(row.last), row.shape, _short(row.start), _short(row.end)) for row in self]
        return [("first", "last", "shape", "from", "to"), *rows]

    def __str__(self) -> str:
        cells = [tuple(shortened(cell, 80) for cell in row) for row in self.cells]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = ("".join(f"<td>{markup.escape(shortened(cell, 400))}</td>" for cell in row) for row in self.cells)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head.replace('td>', 'th>')}</tr></thead><tbody>{body}</tbody></table>"


def _short(value: float | None) -> str:
    return "..." if value is None else f"{value:g}"


def shortened(text: str, width: int) -> str:
    """`text`, its middle left out where it is longer than `width`."""
    half = (width - 5) // 2
    return text if len(text) <= width else f"{text[:half]} ... {text[-half:]}"


def describe(s: Schedule, steps: int | None = None) -> Table:
    """The segments of s: first step, last step, shape, value from, value to.

    Segments are the parts that follow one another in s: those of its joins, looking through names (``wsd`` shows its
    phases), pointwise operations with a number (``0.5 * (a >> b)`` shows two), slices, shifts and stretches. A part
    without a whole step in it is left out. What never ends has inf as its last step, and a last value only if constant.

    Args:
        s: the schedule.
        steps: the steps to describe, as in ``s[:steps]``; None means all of them.

    Raises:
        ScheduleError: `steps` is not a whole number >= 1.

    >>> from schedules import constant, wsd
    >>> describe(wsd(1.0, 100, warmup=10, cooldown=20) >> constant(0.5))
    first  last  shape                     from  to
    0      9     linear(0.0, 1.0, 10)      0     0.9
    10     79    constant(1.0, steps=70)   1     1
    80     99    linear(1.0, 0.0, 20)      1     0.05
    100    inf   constant(0.5)             0.5   0.5
    """
    limit = math.inf if steps is None else accept(Count, "describe", "steps", steps)
    parts: list[tuple[float, Schedule | None]] = [*segments(s)]
    end = s.steps if parts[-1][0] < s.steps else math.inf  # a last part of no length is one that holds
    held = [(end, None)] if end < limit < math.inf else []
    edges = [_ceil(begin) for begin, _ in parts + held] + [_ceil(end)] * (not held) + [limit]
    spans = zip(edges, edges[1:], [part for _, part in parts + held], strict=False)
    return Table(_row(s, int(first), min(stop, limit), part) for first, stop, part in spans if first < min(stop, limit))


def _row(s: Schedule, first: int, stop: float, part: Schedule | None) -> Row:
    """The segment [first, stop) of s; no part means that s has ended, and holds."""
    shape = "holds" if part is None else repr(part)
    if stop < math.inf:
        last = int(stop) - 1
        return Row(first, last, shape, s(first), s(last))
    constant = part is not None and (part.steps == 0 or level_of(part) is not None)
    return Row(first, stop, shape, s(first), s(first) if constant else None)


def _ceil(step: float) -> float:
    return math.ceil(step) if step < math.inf else step


def segments(term: Schedule, begin: float = 0) -> list[tuple[float, Schedule]]:
    """The parts of a term that follow one another, each with the time at which it begins."""
    match term:
        case Join(parts):
            return [
                phase for knot, part in zip(term.knots, parts, strict=True) for phase in segments(part, begin + knot)
            ]
        case Call() if _readable(inner := segments(term.body, begin)):
            return inner
        case Lift(op, args) if len(varying := [arg for arg in args if not isinstance(arg, Constant)]) == 1:
            try:
                return [
                    (knot, lift(op, *(part if arg is varying[0] else arg for arg in args)))
                    for knot, part in segments(varying[0], begin)
                ]
            except ScheduleError:  # a part is constant, and not in the domain of the operation
                return [(begin, term)]
        case Warp(inner, clock, steps) if (
            level_of(term) is None and (time := shown(clock, Affine(0, 1))) and time.stride * time.factor > 0
        ):
            return [(begin + knot, part) for knot, part in _seen_through(inner, time, steps)] or [(begin, term)]
        case _:
            return [(begin, term)]


def _seen_through(term: Schedule, time: Affine, steps: float) -> Iterator[tuple[float, Schedule]]:
    """The segments of a term whose time runs evenly at another pace, or from another step on; none if it is one."""
    scale = time.factor / time.divisor
    first, pace = time.first * scale, time.stride * scale
    parts = segments(term)
    for (knot, part), (end, _) in (
        itertools.pairwise([*parts, (term.steps or math.inf, term)]) if len(parts) > 1 else ()
    ):
        start = max((knot - first) / pace, 0.0) if knot else 0.0
        if start < min((end - first) / pace, steps) or (end == knot and start <= steps):
            offset = first - knot + pace * start
            moved = part[offset:] if offset > 0 else shift(part, -offset) if offset < 0 else part
            yield start, moved if pace == 1 else stretch(moved, 1 / pace)


def _readable(parts: list[tuple[float, Schedule]]) -> bool:
    """Whether there are several parts, each written in names and operators only."""
    return len(parts) > 1 and not any(_bare(part) for _, part in parts)


def _bare(term: Schedule) -> bool:
    return not isinstance(term, Call) and (
        (isinstance(term, Warp) and level_of(term) is None) or any(map(_bare, term.children))
    )


# -- sample points -----------------------------------------------------------------------------------


def span(schedules: Sequence[Schedule], steps: int | None = None) -> float:
    """How much to draw: `steps`, or the longest of the durations; at least 1 step.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or `steps` is not a whole number >= 1.
    """
    if steps is not None:
        return min(accept(Count, "plot", "steps", steps), EVER)
    finite = [s.steps for s in schedules if s.steps < math.inf]
    if not finite:
        raise ScheduleError(f"plot: steps=None: {brief(schedules[0])} is endless; say how much to draw: steps=1000")
    return min(max(finite) or 1, EVER)


def samples(s: Schedule, steps: int | None = None, columns: int = COLUMNS) -> tuple[Array, Array]:
    """Whole steps from 0 to `steps`, and the end, with the values there: all that can be seen of the curve.

    Every step, if these are few. Otherwise the first, last, lowest and highest of each column of the picture, from
    many more steps and from both sides of every knot, so that no tooth and no jump is lost or blunted.

    Raises:
        ScheduleError: s is endless and `steps` is None, or `steps` is not a whole number >= 1.

    >>> from schedules import linear
    >>> samples(linear(0.0, 1.0, 4))
    (array([0, 1, 2, 3, 4]), array([0.  , 0.25, 0.5 , 0.75, 1.  ]))
    """
    return _seen(s, span([s], steps), columns)


def _seen(s: Schedule, end: float, columns: int) -> tuple[Array, Array]:
    last = math.floor(end)
    knots = np.array([_ceil(begin) for begin, _ in segments(s) if 0 < begin <= last], np.int64)
    even = np.linspace(0, last, min(last, FINE) + 1).astype(np.int64)
    times = np.unique(np.concatenate([even, knots - 1, knots, [end]]))
    with np.errstate(all="ignore"):
        values = s(times)
    if len(times) <= 4 * columns:
        return times, values
    places = np.array_split(np.arange(len(times)), columns)
    ends = [(place[0], place[-1], place[values[place].argmin()], place[values[place].argmax()]) for place in places]
    kept = np.unique(ends)
    return times[kept], values[kept]


def _module(name: str) -> Any:
    """A module of the ``plot`` extra."""
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        package = name.partition(".")[0]
        remedy = "pip install 'schedule-algebra[plot]'"
        raise ScheduleError(f"plot: {package} is not installed ({fault}); {remedy}") from None


# -- matplotlib --------------------------------------------------------------------------------------


def draw(s: Schedule, ax: "Axes | None" = None, steps: int | None = None, **style: Any) -> "Axes":
    """The curve of s on the axes of matplotlib.

    Args:
        s: the schedule.
        ax: the axes to draw on; None means those of a new figure.
        steps: the steps to draw; None means all of them.
        style: what ``Axes.plot`` takes: color, label, linestyle, ...

    Raises:
        ScheduleError: s is endless and `steps` is None, or matplotlib is not installed.
    """
    end = span([s], steps)
    axes: Any = dressed(_module("matplotlib.pyplot").subplots()[1]) if ax is None else ax
    _curve(axes, s, end, style)
    return axes


def _curve(axes: Any, s: Schedule, end: float, style: dict[str, Any]) -> None:
    times, values = _seen(s, end, COLUMNS)
    values = np.where(np.abs(values) < HIGHEST, values, np.nan)
    axes.plot(times, values, **{"label": shortened(repr(s), 90), **style})
    axes.set(xlabel=axes.get_xlabel() or "step", ylabel=axes.get_ylabel() or "value")


def dressed(ax: Any) -> Any:
    """New axes, made ready for curves."""
    ax.grid(alpha=0.3)
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def figure(schedules: Sequence[Schedule], steps: int | None = None) -> Any:
    """A figure of matplotlib with all the curves, as far as the longest, and a legend; it needs no display.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or matplotlib is not installed.
    """
    end = span(schedules, steps)
    picture = _module("matplotlib.figure").Figure(figsize=(8, 4 + 0.2 * len(schedules)), dpi=150, layout="constrained")
    ax = dressed(picture.subplots())
    for s in schedules:
        _curve(ax, s, end, {})
    picture.legend(loc="outside upper left", frameon=False, fontsize="small")
    return picture


# -- a terminal --------------------------------------------------------------------------------------

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
    end = span(schedules, steps)
    canvas = _module("plotext")
    width, height = shutil.get_terminal_size()
    curves = [_seen(s, end, width) for s in schedules]
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


class Frame(NamedTuple):
    """The lowest and the highest finite value of a picture, in units of `unit`: differences of floats may overflow."""

    low: float
    high: float
    unit: float

    @classmethod
    def around(cls, values: Array) -> "Frame":
        """The frame that the finite values fit in; with one level only, it is 1 high and that level is its floor."""
        finite = values[np.isfinite(values)]
        unit = float(np.abs(finite).max(initial=0)) or 1.0
        low, high = (float(end(finite / unit)) if len(finite) else 0.0 for end in (np.min, np.max))
        return cls(low, high if high > low else low + 1, unit)

    def heights(self, values: Array) -> Array:
        """The values as heights from 0 to 1."""
        return (values / self.unit - self.low) / (self.high - self.low)

    def value(self, height: float) -> float:
        """The value at a height."""
        return (self.low + height * (self.high - self.low)) * self.unit


# -- a notebook --------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, BOTTOM = 480, 150, 60, 20  # of the picture in a notebook, and its margins


def html(s: Schedule) -> str:
    """The curve as a picture of its own (SVG), the expression, and the duration: a cell of a notebook.

    An endless schedule is drawn for a while. What cannot be drawn (a Python function in it fails) says why.
    """
    try:
        end = span([s], horizon(s) if s.steps == math.inf else None)
        picture, note = _svg(*_seen(s, end, WIDTH // 2)), f"{s.steps} steps"
        if s.steps == math.inf:
            note = f"endless; the first {end} steps"
    except Exception as fault:  # a notebook shows what it can: the expression, and this
        picture, note = "", f"not drawn: {type(fault).__name__}: {fault}"
    expression, note = (markup.escape(shortened(text, 1000)) for text in (repr(s), note))
    return f"<div><code>{expression}</code>{picture}<small>{note}</small></div>"


def horizon(s: Schedule) -> int:
    """The steps that show an endless schedule: three times the longest finite time it is written with, else 1000."""
    return math.ceil(3 * _longest(s)) or 1000


def _longest(term: Schedule) -> float:
    if 0 < term.steps < math.inf:
        return term.steps
    match term:
        case Join(parts):
            return max(term.knots[-1], _longest(parts[-1]))
        case Call(_, args) if own := [arg for arg in args if isinstance(arg, Schedule)]:
            return max(map(_longest, own))
        case _:
            return max(map(_longest, term.children), default=0)


def _svg(times: Array, values: Array) -> str:
    """The curve with its lowest and highest value, its first and last step."""
    frame = Frame.around(values)
    across = LEFT + times / times[-1] * (WIDTH - LEFT - 10)
    down = 10 + (1 - frame.heights(values)) * (HEIGHT - BOTTOM - 20)
    breaks = np.flatnonzero(np.diff(np.isfinite(down))) + 1
    runs = zip(np.split(across, breaks), np.split(down, breaks), strict=True)
    lines = "".join(_polyline(x, y) for x, y in runs if np.isfinite(y[0]))
    labels = [
        (LEFT - 5, 14, "end", f"{frame.value(1):.3g}"),
        (LEFT - 5, HEIGHT - BOTTOM - 6, "end", f"{frame.value(0):.3g}"),
        (LEFT, HEIGHT - 5, "start", "0"),
        (WIDTH - 10, HEIGHT - 5, "end", str(times[-1])),
    ]
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in labels)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" style="display:block" '
        f'font-family="sans-serif" font-size="10" fill="currentColor">{texts}'
        f'<rect x="{LEFT}" y="5" width="{WIDTH - LEFT - 10}" height="{HEIGHT - BOTTOM - 10}" fill="none" '
        f'stroke="currentColor" stroke-opacity="0.3"/>{lines}</svg>'
    )


def _polyline(x: Array, y: Array) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.5" stroke-linejoin="round"/>'
