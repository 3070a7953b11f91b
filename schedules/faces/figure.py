"""A schedule as a figure of matplotlib; and the sample points that every picture of a curve is drawn through.

Curves are drawn at whole steps only, since these are what a training run uses.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..algebra.checks import EVER, Count, ScheduleError, Whole, accept, brief, demand, extra_module
from ..algebra.nodes import Schedule, as_schedule
from ..evaluate.low_rank import Array
from .table import segments, shortened, step_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes


COLUMNS = 1_000  # of a picture: within one, the first, last, lowest and highest value are all that can be seen


FINE = 2**18  # steps that are looked at: enough for any tooth of a curve that a column can show


HIGHEST = 1e300  # beyond, matplotlib overflows while it makes room around a curve


class Curve(NamedTuple):
    """What can be seen of a schedule: steps, the values there, and what it is called."""

    times: Array
    values: Array
    label: str


def curves(
    schedules: Sequence[Schedule],
    steps: int | None,
    *,
    start: int = 0,
    labels: Sequence[str] = (),
    columns: int = COLUMNS,
) -> list[Curve]:
    """All that is drawn of some schedules, in one picture.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None; `steps` is no whole number >= 1, `start` none
            >= 0; the picture would begin where the last of them has ended; or labels do not fit the schedules.
    """
    for s in schedules:
        demand(not isinstance(s, list | tuple | dict), "plot", "schedules", s, "spread it: plot(*schedules)")
    schedules = [as_schedule(s, "plot") for s in schedules]
    begin = accept(Whole, "plot", "start", start)
    end = horizon_of(schedules, steps, begin)
    demand(
        len(labels) in (0, len(schedules)), "plot", "labels", labels, f"give one for each of {len(schedules)} curves"
    )
    names = labels or [repr(s) for s in schedules]
    return [Curve(*seen(s, end, columns, begin), name) for s, name in zip(schedules, names, strict=True)]


def horizon_of(schedules: Sequence[Schedule], steps: int | None = None, start: int = 0) -> float:
    """The step at which a picture ends: `steps` after its start, or the end of the longest; at least 1 step.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or `steps` is not a whole number >= 1.
    """
    if not schedules:
        raise ScheduleError("plot: schedules=(): nothing to draw; give one or more")
    if steps is not None:
        return min(start + accept(Count, "plot", "steps", steps), EVER)
    finite = [s.steps for s in schedules if s.steps < math.inf]
    if not finite:
        raise ScheduleError(f"plot: steps=None: {brief(schedules[0])} is endless; say how much to draw: steps=1000")
    end = min(max(finite) or start + 1, EVER)
    demand(start < end, "plot", "start", start, f"nothing is left from there on; the longest lasts {end} steps")
    return end


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
    return seen(s, horizon_of([s], steps), columns)


def seen(s: Schedule, end: float, columns: int, begin: int = 0) -> tuple[Array, Array]:
    """What `samples` gives, between two steps that are known."""
    last = math.floor(end)
    knots = np.array([step_from(knot) for knot, _ in segments(s) if begin < knot <= last], np.int64)
    even = np.linspace(begin, last, min(last - begin, FINE) + 1).astype(np.int64)
    times = np.unique(np.concatenate([even, knots - 1, knots, [end]]))
    with np.errstate(all="ignore"):
        values = s(times)
    if len(times) <= 4 * columns:
        return times, values
    places = np.array_split(np.arange(len(times)), columns)
    ends = [(place[0], place[-1], place[values[place].argmin()], place[values[place].argmax()]) for place in places]
    kept = np.unique(ends)
    return times[kept], values[kept]


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


def plot(
    *schedules: Schedule,
    ax: "Axes | None" = None,
    steps: int | None = None,
    start: int = 0,
    log: bool = False,
    title: str | None = None,
    labels: Sequence[str] = (),
    **style: Any,
) -> "Axes":
    """The curves of some schedules on one pair of axes of matplotlib; several get a legend, above the curves.

    Args:
        schedules: what to draw.
        ax: the axes to draw on; None means those of a new figure.
        steps: how many steps to draw; None means to the end of the longest.
        start: the first step to draw.
        log: a logarithmic axis of values, on which nothing is seen at 0 and below.
        title: a line over the picture.
        labels: what the legend calls the curves; else each is its expression.
        style: what ``Axes.plot`` takes: color, label, linestyle, ...

    Raises:
        ScheduleError: there is nothing to draw; all are endless and `steps` is None; or matplotlib is not installed.

    >>> from schedules import cosine, linear
    >>> plot(linear(1.0, 0.0, 100), cosine(1.0, 0.0, 100), labels=["line", "cosine"]).get_xlabel()
    'step'
    """
    found = curves(schedules, steps, start=start, labels=labels)
    axes: Any = extra_module("matplotlib.pyplot").subplots(layout="constrained")[1] if ax is None else ax
    return _painted(dressed(axes) if ax is None else ax, found, log=log, title=title, **style)


def figure(schedules: Sequence[Schedule], steps: int | None = None, **options: Any) -> Any:
    """A figure of matplotlib with all the curves and a legend; it needs no display.

    Raises:
        ScheduleError: all schedules are endless and `steps` is None, or matplotlib is not installed.
    """
    size = (8, 4 + 0.2 * len(schedules))
    picture = extra_module("matplotlib.figure").Figure(figsize=size, dpi=150, layout="constrained")
    plot(*schedules, ax=dressed(picture.subplots()), steps=steps, **options)
    _legend(picture.axes[0])
    return picture


def _painted(axes: Any, found: Sequence[Curve], *, log: bool, title: str | None, **style: Any) -> Any:
    """The axes, with the curves on them."""
    for times, values, label in found:
        shown = np.where(np.abs(values) < HIGHEST, values, np.nan)
        axes.plot(times, shown, **{"label": shortened(label, 90), **style})
    axes.set(xlabel=axes.get_xlabel() or "step", ylabel=axes.get_ylabel() or "value")
    if log:
        axes.set_yscale("log")
    if len(found) > 1:
        _legend(axes)
    if title:
        entries = len(found) if len(found) > 1 else 0
        axes.set_title(title, loc="left", pad=8 + 13 * entries)
    return axes


def _legend(axes: Any) -> None:
    """A legend above the axes, where it hides no curve."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, frameon=False, fontsize="small")


def dressed(ax: Any) -> Any:
    """New axes, made ready for curves."""
    ax.grid(alpha=0.3)
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
