"""Faces: a schedule as a table, a figure, text for a terminal, and a cell of a notebook.

All curves are drawn through `samples`: whole steps only, since these are what a training run uses.
"""

import html as markup
import importlib
import math
import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .check import Count, ScheduleError, accept, brief, refusal
from .core import Call, Constant, Join, Lift, Schedule, Warp, level_of, lift

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array: TypeAlias = "np.ndarray[Any, Any]"

COLUMNS = 1_000  # of a picture: within one, the first, last, lowest and highest value are all that can be seen
FINE = 2**18  # steps that are looked at: enough for any tooth of a curve that a column can show
EVER = 2**53  # steps: no run is longer, and whole floats are exact up to here


# -- a table -----------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One segment: its first and last whole step and the values there; None for what never comes."""

    first: int
    last: int | None
    shape: str
    start: float
    end: float | None


class Table(tuple[Row, ...]):
    """The segments of a schedule in order, one `Row` each; it prints as aligned text."""

    __slots__ = ()

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The texts of the table, its head first."""
        rows = [(_whole(row.first), _whole(row.last), row.shape, _short(row.start), _short(row.end)) for row in self]
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


def _whole(step: int | None) -> str:
    return "..." if step is None else str(step)


def _short(value: float | None) -> str:
    return "..." if value is None else f"{value:g}"


def shortened(text: str, width: int) -> str:
    """`text`, its middle left out where it is longer than `width`."""
    half = (width - 5) // 2
    return text if len(text) <= width else f"{text[:half]} ... {text[-half:]}"


def describe(s: Schedule, steps: int | None = None) -> Table:
    """The segments of s: first step, last step, shape, value from, value to.

    Segments are the parts that follow one another in s: those of its joins, looking through names
    (``wsd`` shows its phases) and through pointwise operations with a number (``0.5 * (a >> b)`` shows two). A part
    without a whole step in it is left out. What never ends has no last step, and no last value unless it is constant.

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
    100    ...   constant(0.5)             0.5   0.5
    """
    limit = math.inf if steps is None else accept(Count, "describe", "steps", steps)
    parts: list[tuple[float, Schedule | None]] = [*phases(s)]
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
    return Row(first, None, shape, s(first), s(first) if constant else None)


def _ceil(step: float) -> float:
    return math.ceil(step) if step < math.inf else step


def phases(term: Schedule, begin: float = 0) -> list[tuple[float, Schedule]]:
    """The parts of a term that follow one another, each with the time at which it begins."""
    match term:
        case Join(parts):
            return [phase for knot, part in zip(term.knots, parts, strict=True) for phase in phases(part, begin + knot)]
        case Call() if _readable(inner := phases(term.body, begin)):
            return inner
        case Lift(op, args) if len(varying := [arg for arg in args if not isinstance(arg, Constant)]) == 1:
            try:
                return [
                    (knot, lift(op, *(part if arg is varying[0] else arg for arg in args)))
                    for knot, part in phases(varying[0], begin)
                ]
            except ScheduleError:  # a part is constant, and not in the domain of the operation
                return [(begin, term)]
        case _:
            return [(begin, term)]


def _readable(parts: list[tuple[float, Schedule]]) -> bool:
    """Whether there are several parts, each written in names and operators only."""
    return len(parts) > 1 and not any(_bare(part) for _, part in parts)


def _bare(term: Schedule) -> bool:
    return not isinstance(term, Call) and (
        (isinstance(term, Warp) and level_of(term) is None) or any(map(_bare, term.children))
    )


# -- sample points -----------------------------------------------------------------------------------


def span(schedules: Sequence[Schedule], steps: int | None = None) -> int:
    """The number of steps to draw: `steps`, or the longest duration (at least 1).

    Raises:
        ScheduleError: a schedule is endless and `steps` is None, or `steps` is not a whole number >= 1.
    """
    if steps is not None:
        return min(accept(Count, "plot", "steps", steps), EVER)
    longest = max(schedules, key=lambda s: s.steps)
    if longest.steps == math.inf:
        raise ScheduleError(f"plot: steps=None: {brief(longest)} is endless; say how many steps to draw, such as 1000")
    return min(max(math.ceil(longest.steps), 1), EVER)


def samples(s: Schedule, steps: int | None = None, columns: int = COLUMNS) -> tuple[Array, Array]:
    """Whole steps from 0 to `steps`, that included, and the values there: all that can be seen of the curve.

    Every step, if these are few. Otherwise the first, last, lowest and highest of each column of the picture, from
    many more steps and from both sides of every knot, so that no tooth and no jump is lost or blunted.

    Raises:
        ScheduleError: s is endless and `steps` is None, or `steps` is not a whole number >= 1.

    >>> from schedules import linear
    >>> samples(linear(0.0, 1.0, 4))
    (array([0, 1, 2, 3, 4]), array([0.  , 0.25, 0.5 , 0.75, 1.  ]))
    """
    last = span([s], steps)
    knots = [math.ceil(begin) for begin, _ in phases(s) if 0 < begin <= last]
    even = np.linspace(0, last, min(last, FINE) + 1).astype(np.int64)
    times = np.unique(np.concatenate([even, np.array(knots, np.int64), np.array(knots, np.int64) - 1]))
    with np.errstate(all="ignore"):
        values = s(times)
    if len(times) <= 4 * columns:
        return times, values
    kept: set[int] = set()
    for column in np.array_split(np.arange(len(times)), columns):
        kept |= {column[0], column[-1], column[values[column].argmin()], column[values[column].argmax()]}
    places = np.array(sorted(kept))
    return times[places], values[places]


def _module(name: str) -> Any:
    """A module of the ``plot`` extra."""
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        raise ScheduleError(f"plot: {name}: {fault}; pip install 'schedule-algebra[plot]'") from None


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
    times, values = samples(s, steps)
    if ax is None:
        ax = dressed(_module("matplotlib.pyplot").subplots()[1])
    ax.plot(times, values, **{"label": shortened(repr(s), 90), **style})
    ax.set(xlabel=ax.get_xlabel() or "step", ylabel=ax.get_ylabel() or "value")
    return ax


def dressed(ax: "Axes") -> "Axes":
    """New axes, made ready for curves."""
    ax.grid(alpha=0.3)
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def figure(schedules: Sequence[Schedule], steps: int | None = None) -> Any:
    """A figure of matplotlib with all the curves and a legend; it needs no display.

    Raises:
        ScheduleError: a schedule is endless and `steps` is None, or matplotlib is not installed.
    """
    steps = span(schedules, steps)
    picture = _module("matplotlib.figure").Figure(figsize=(8, 4 + 0.2 * len(schedules)), dpi=150, layout="constrained")
    ax = dressed(picture.subplots())
    for s in schedules:
        draw(s, ax, steps)
    picture.legend(loc="outside upper left", frameon=False, fontsize="small")
    return picture


# -- a terminal --------------------------------------------------------------------------------------

COLORS = ("blue", "orange", "green", "red", "magenta", "cyan")
MARKERS = ("braille", "*", "o", "+", "x", "#")


def terminal(schedules: Sequence[Schedule], steps: int | None = None) -> str:
    """The curves as text, as wide as the terminal, with a legend above.

    Curves differ by colour; where the output is no terminal, or NO_COLOR is set, by their marks.

    Raises:
        ScheduleError: a schedule is endless and `steps` is None, or plotext is not installed.
    """
    steps = span(schedules, steps)
    canvas = _module("plotext")
    width, height = shutil.get_terminal_size()
    colored = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    curves = [samples(s, steps, width) for s in schedules]
    frame = Frame.around(np.concatenate([values for _, values in curves]))
    canvas.clear_figure()
    canvas.limit_size(False, False)
    canvas.plot_size(width, min(max(height - len(schedules) - 2, 10), 24))
    canvas.theme("clear")
    legend: list[str] = []
    for place, (s, (times, values)) in enumerate(zip(schedules, curves, strict=True)):
        color, marker = (COLORS[place % len(COLORS)], "braille") if colored else (None, MARKERS[place % len(MARKERS)])
        finite = np.isfinite(values)
        canvas.plot(times[finite].tolist(), frame.heights(values[finite]).tolist(), marker=marker, color=color)
        key = "\u2812\u2812" if marker == "braille" else 2 * marker
        legend.append(f"{canvas.colorize(key, color)} {shortened(repr(s), width - 4)}")
    canvas.ylim(0, 1)
    canvas.yticks([tick / 4 for tick in range(5)], [f"{frame.value(tick / 4):.3g}" for tick in range(5)])
    ticks = sorted({steps * tick // 4 for tick in range(5)})
    canvas.xticks(ticks, list(map(str, ticks)))
    text = "\n".join([*legend, canvas.build()])
    return text if colored else canvas.uncolorize(text)


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
        steps = span([s], horizon(s) if s.steps == math.inf else None)
        picture, note = _svg(*samples(s, steps, WIDTH // 2)), f"{s.steps} steps"
        if s.steps == math.inf:
            note = f"endless; the first {steps} steps"
    except Exception as fault:  # a notebook shows what it can: the expression, and this
        picture, note = "", f"not drawn: {type(fault).__name__}: {fault}"
    expression, note = (markup.escape(shortened(text, 1000)) for text in (repr(s), note))
    return f"<div>{picture}<div><code>{expression}</code></div><div><small>{note}</small></div></div>"


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
    path: list[str] = []
    pen = "M"
    for x, y in zip(across.tolist(), down.tolist(), strict=True):
        if math.isfinite(y):
            path.append(f"{pen}{x:.1f},{y:.1f}")
        pen = "L" if math.isfinite(y) else "M"
    labels = [
        (LEFT - 5, 14, "end", f"{frame.value(1):.3g}"),
        (LEFT - 5, HEIGHT - BOTTOM - 6, "end", f"{frame.value(0):.3g}"),
        (LEFT, HEIGHT - 5, "start", "0"),
        (WIDTH - 10, HEIGHT - 5, "end", str(times[-1])),
    ]
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in labels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="10" fill="currentColor">{texts}'
        f'<rect x="{LEFT}" y="5" width="{WIDTH - LEFT - 10}" height="{HEIGHT - BOTTOM - 10}" fill="none" '
        f'stroke="currentColor" stroke-opacity="0.3"/>'
        f'<path d="{"".join(path)}" fill="none" stroke="#1f77b4" stroke-width="1.5" stroke-linejoin="round"/></svg>'
    )
