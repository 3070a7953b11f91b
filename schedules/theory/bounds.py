"""How far from the minimum the last iterate of SGD may be: what a schedule's shape alone says of its loss.

For a convex function with learning rates ``eta_t = gamma * s(t)``, the last iterate is at most ``Omega(gamma) =
T1 * D**2 / gamma + T2 * gamma`` above the minimum. The bound agrees with large trainings in which of two schedules is
better, and in how the best learning rate moves with their length.

Source: Defazio et al. 2023 (arXiv:2310.07831), theorem 10 and (`refined`) algorithm 1;
Schaipp et al. 2025 (arXiv:2501.18965), theorem 1.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import demand
from .rates import NUMBERS, Rates, later, one_each, rates


class Scale(NamedTuple):
    """The factor of a schedule for which its bound is least, and that bound."""

    scale: float
    bound: float


def last_iterate_bound(s: Rates, steps: int | None = None, *, distance: float = 1.0, gradients: Any = 1.0) -> float:
    """``T1 * D**2 + T2``: how far above the minimum the last iterate of SGD is at most.

    ``T1 = 1 / (2 sum eta)`` and ``T2 = sum eta_t**2 G_t**2 / (2 sum eta) + 1/2 sum_{k<T} [eta_k / sum_{t>k} eta_t] *
    [sum_{t>=k} eta_t**2 G_t**2 / sum_{t>=k} eta_t]``.

    Args:
        s: the schedule, or its values.
        steps: how many updates; None means the duration of s.
        distance: D, from the first point to the minimum.
        gradients: G, a bound of the gradients' norms: one number, or one for each update.

    Raises:
        ScheduleError: a learning rate is negative, or all are 0.

    >>> from schedules import constant, linear
    >>> last_iterate_bound(linear(0.02, 0.0, 10_000)) < last_iterate_bound(constant(0.01, steps=10_000))
    True
    """
    start, noise = _terms("last_iterate_bound", s, steps, gradients)
    return start * distance**2 + noise


def best_scale(s: Rates, steps: int | None = None, *, distance: float = 1.0, gradients: Any = 1.0) -> Scale:
    """``gamma = D * sqrt(T1 / T2)``, for which ``gamma * s`` has the least bound ``2 * D * sqrt(T1 * T2)``.

    Arguments and errors are those of `last_iterate_bound`; of s only the shape counts.

    >>> from schedules import cosine, linear
    >>> best_scale(cosine(1.0, 0.0, 10_000)).bound / best_scale(linear(1.0, 0.0, 10_000)).bound
    1.0298...
    """
    start, noise = _terms("best_scale", s, steps, gradients)
    return Scale(distance * math.sqrt(start / noise), 2 * distance * math.sqrt(start * noise))


def transfer(s: Rates, other: Rates) -> float:
    """``peak(other) / peak(s)`` at their best scales: the factor of the best peak from one schedule to another.

    With s whose best peak is known, `other` may be another shape, or the same for another number of updates: its best
    peak is that of s times the factor. The errors are those of `last_iterate_bound`.

    >>> from schedules import cosine
    >>> transfer(cosine(1.0, 0.0, 1_000), cosine(1.0, 0.0, 4_000))
    0.5...
    """
    shapes = rates("transfer", s), rates("transfer", other, argument="other")
    before, after = (best_scale(shape).scale * max(shape) for shape in shapes)
    return float(after / before)


def bound_along(s: Rates, at: Any, *, distance: float = 1.0, gradients: Any = 1.0) -> np.ndarray:
    """``last_iterate_bound(s, t)`` for each t in `at`, numbers of updates: the bound along a training.

    The other arguments and the errors are those of `last_iterate_bound`.

    >>> from schedules import linear
    >>> bound_along(linear(0.1, 0.0, 100), [10, 100]).round(3)
    array([0.705, 0.204])
    """
    counts = [int(count) for count in NUMBERS("bound_along", "at", at)]
    known = rates("bound_along", s, max(counts, default=1))
    norms = one_each("bound_along", "gradients", gradients, len(known))
    return np.array([last_iterate_bound(known[:n], distance=distance, gradients=norms[:n]) for n in counts])


def refined(gradient_norms: Any) -> np.ndarray:
    """``eta_t ~ w_t * sum_{p>t} w_p`` with ``w_t = G_t**-2``, its peak 1: rates for the next run from the last one's.

    Updates with small gradients get large steps, and the end anneals by itself, to 0; constant norms give linear
    decay. `schedules.replay` makes a schedule of the values.

    Args:
        gradient_norms: the norm of the gradient at each update of the last run, each above 0. They are noisy: smooth
            them first, by a running median over a tenth of the run, say.

    Raises:
        ScheduleError: there is no list of two or more norms, or one is not above 0.

    >>> refined([2.0, 2.0, 2.0, 1.0, 1.0])
    array([0.625 , 0.5625, 0.5   , 1.    , 0.    ])
    """
    norms = NUMBERS("refined", "gradient_norms", gradient_norms)
    good = len(norms) > 1 and bool(np.isfinite(norms).all() and (norms > 0).all())
    demand(good, "refined", "gradient_norms", gradient_norms, "this is a list of two or more finite numbers > 0")
    weights = (norms.min() / norms) ** 2
    found = weights * (later(weights) - weights)
    return np.asarray(found / found.max())


def _terms(function: str, s: Rates, steps: int | None, gradients: Any) -> tuple[float, float]:
    """T1 and T2. An update of rate 0 is no update."""
    eta = rates(function, s, steps)
    norms = one_each(function, "gradients", gradients, len(eta))
    demand(bool(eta.any()), function, "s", s, "all its values are 0; with no update there is no bound")
    eta, norms = eta[eta > 0], norms[eta > 0]
    sums, squares = later(eta), later((eta * norms) ** 2)
    noise = squares[0] / sums[0] + np.sum(eta[:-1] / sums[1:] * (squares[:-1] / sums[:-1]))
    return float(0.5 / sums[0]), float(0.5 * noise)
