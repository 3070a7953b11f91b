"""A schedule as a figure of matplotlib; and the sample points that every picture of a curve is drawn through.

Curves are drawn at whole steps only, since these are what a training run uses.
"""

import importlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..algebra.checks import EVER, Count, ScheduleError, accept, brief
from ..algebra.nodes import Schedule
from ..evaluate.low_rank import Array
from .table import segments, shortened, step_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes


COLUMNS = 1_000  # of a picture: within one, the first, last, lowest and highest value are all that can be seen


FINE = 2**18  # steps that are looked at: enough for any tooth of a curve that a column can show


HIGHEST = 1e300  # beyond, matplotlib overflows while it makes room around a curve


def horizon_of(schedules: Sequence[Schedule], steps: int | None = None) -> float:
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
    return seen(s, horizon_of([s], steps), columns)


def seen(s: Schedule, end: float, columns: int) -> tuple[Array, Array]:
    """What `samples` gives, up to a step that is known."""
    last = math.floor(end)
    knots = np.array([step_from(begin) for begin, _ in segments(s) if 0 < begin <= last], np.int64)
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


def extra_module(name: str) -> Any:
    """A module of the ``plot`` extra."""
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        package = name.partition(".")[0]
        remedy = "pip install 'schedule-algebra[plot]'"
        raise ScheduleError(f"plot: {package} is not installed ({fault}); {remedy}") from None


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
    end = horizon_of([s], steps)
    axes: Any = dressed(extra_module("matplotlib.pyplot").subplots()[1]) if ax is None else ax
    _curve(axes, s, end, style)
    return axes


def _curve(axes: Any, s: Schedule, end: float, style: dict[str, Any]) -> None:
    times, values = seen(s, end, COLUMNS)
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
    end = horizon_of(schedules, steps)
    picture = extra_module("matplotlib.figure").Figure(
        figsize=(8, 4 + 0.2 * len(schedules)), dpi=150, layout="constrained"
    )
    ax = dressed(picture.subplots())
    for s in schedules:
        _curve(ax, s, end, {})
    picture.legend(loc="outside upper left", frameon=False, fontsize="small")
    return picture
