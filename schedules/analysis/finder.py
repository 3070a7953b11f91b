"""Learning-rate finders: what a sweep over learning rates suggests."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from ..algebra.checks import FINITE, Floats, Kind, choice, demand, each
from ..algebra.named import checked

_RATES = "this is a list of finite numbers; those of a schedule are sweep.values()"
_LOSSES = "this is a list of finite numbers; leave out what comes after they have blown up, and its rates"
_floats = each(lambda value: float(FINITE.convert(value)), least=1)
_Rates = Annotated[Floats, Kind(_RATES, _floats)]
_Losses = Annotated[Floats, Kind(_LOSSES, _floats)]
_Method = Annotated[str, choice("valley", "slide", "steepest", "minimum")]


@checked
def suggest(rates: _Rates, losses: _Losses, *, method: _Method = "valley") -> float:
    """``rates[i]`` for the i that a method picks: the learning rate that a sweep suggests.

    The methods are fastai's, over the losses as they are given: smooth them first, and leave out what comes after they
    have blown up.

    - ``"valley"``: half way along the longest falling subsequence of the losses.
    - ``"slide"``: where a window of 15 points, which goes left from the end until the slopes of the losses at its two
      ends are within 0.005 of each other, began before that.
    - ``"steepest"``: where the loss falls fastest against the logarithm of the rate.
    - ``"minimum"``: a tenth of the rate of the lowest loss.

    Args:
        rates: the learning rates of the sweep, ascending and above zero.
        losses: the loss at each.
        method: one of the four.

    Returns:
        A learning rate.

    Raises:
        ScheduleError: there are not as many losses as rates, or fewer than two, or than 16 of ``"slide"``; rates are
            not positive and ascending; or the method is none of these.

    Source: ``fastai.callback.schedule`` (Howard and Gugger 2020, arXiv:2002.04688).

    >>> from schedules import lr_range_test
    >>> rates = lr_range_test(1e-5, 1.0, 100).values(101)
    >>> round(suggest(rates, (rates - 0.1) ** 2, method="minimum"), 6)
    0.01
    """
    x, y = np.asarray(rates, float), np.asarray(losses, float)
    demand(len(x) == len(y), "suggest", "losses", losses, f"{len(x)} rates have {len(x)} losses, not {len(y)}")
    demand(len(x) > 1, "suggest", "rates", rates, "two or more are needed")
    rising = bool(x[0] > 0 and np.all(np.diff(x) > 0))
    demand(rising, "suggest", "rates", rates, "they ascend, above zero; sort both by the rates")
    return float(_METHODS[method](x, y))


def _valley(x: Any, y: Any) -> float:
    lengths = np.ones(len(y), int)
    for place in range(1, len(y)):
        before = lengths[:place][y[:place] > y[place]]
        lengths[place] = 1 + (before.max() if before.size else 0)
    end = int(lengths.argmax())
    start = end - int(lengths[end]) if end else 0
    return x[start + (end - start) // 3 + (end - start) // 6]


def _slide(x: Any, y: Any) -> float:
    demand(len(y) > _WIDTH, "suggest", "losses", tuple(y), f"the window takes more than {_WIDTH}; sweep more finely")
    slope = np.gradient(y)
    unsteady = np.abs(slope[_WIDTH:] - slope[:-_WIDTH]) > 0.005
    steady = np.flatnonzero(~unsteady)
    return x[min(int(steady[-1]) + 1 if steady.size else 0, len(x) - 1 - _WIDTH)]


_WIDTH = 15  # of the window of a slide, in points


def _steepest(x: Any, y: Any) -> float:
    return x[int((np.diff(y) / np.diff(np.log(x))).argmin())]


def _minimum(x: Any, y: Any) -> float:
    return x[int(y.argmin())] / 10


_METHODS: dict[str, Callable[[Any, Any], float]] = {
    "valley": _valley,
    "slide": _slide,
    "steepest": _steepest,
    "minimum": _minimum,
}
