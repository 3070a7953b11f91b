"""From the last run to the next: rates from its gradients, and a batch that grows instead of a rate that falls."""

from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import Positive, accept, demand
from ..algebra.nodes import Schedule
from ..library.combinators import join
from ..library.curves import constant
from .rates import array, later, rates


def refined(gradient_norms: Any) -> np.ndarray:
    """``eta_t ~ w_t * sum_{p>t} w_p`` with ``w_t = G_t**-2``, its peak 1: rates for the next run from the last one's.

    Updates with small gradients get large steps, and the end anneals by itself, to 0; constant norms give linear
    decay. `schedules.replay` makes a schedule of the values.

    Args:
        gradient_norms: the norm of the gradient at each update of the last run, each above 0. They are noisy: smooth
            them first, by a running median over a tenth of the run, say.

    Raises:
        ScheduleError: there is no list of two or more norms, or one is not above 0.

    Source: Defazio et al. 2023 (arXiv:2310.07831), algorithm 1.

    >>> refined([2.0, 2.0, 2.0, 1.0, 1.0])
    array([0.625 , 0.5625, 0.5   , 1.    , 0.    ])
    """
    norms = array("refined", "gradient_norms", gradient_norms)
    good = len(norms) > 1 and bool(np.isfinite(norms).all() and (norms > 0).all())
    demand(good, "refined", "gradient_norms", gradient_norms, "this is a list of two or more finite numbers > 0")
    weights = (norms.min() / norms) ** 2
    found = weights * (later(weights) - weights)
    return found / found.max()


class Seesaw(NamedTuple):
    """The learning rate and the batch size, as schedules of the same updates."""

    rate: Schedule
    batch: Schedule


def seesaw(s: Schedule, batch: float) -> Seesaw:
    """``(peak * 2**(-k/2), batch * 2**k)`` from where ``s = peak * 2**-k``: the batch doubles as the rate falls.

    That loses as little as the decay does, in fewer updates: one of the k-th phase sees the data of ``2**k`` updates of
    s. Up to its peak, s stays as it is. The last phase is the one after which less than an update would be left.

    Args:
        s: the schedule for a constant batch, finite: a cosine with its warm-up, say.
        batch: the size of that batch, in samples or tokens.

    Raises:
        ScheduleError: s is endless, or not above 0 at its peak.

    Source: Meterez et al. 2025, Seesaw (arXiv:2510.14717), theorem 1.

    >>> from schedules import linear
    >>> rate, size = seesaw(linear(1.0, 0.0, 1_000), 256)
    >>> rate.steps, rate(500), size
    (668, 0.7071067811865475, constant(256.0, steps=500) >> constant(512.0, steps=125) >> constant(1024.0, ...)
    """
    size, known = accept(Positive, "seesaw", "batch", batch), rates("seesaw", s)
    peak, top, steps = known.max(), int(known.argmax()), len(known)
    demand(bool(peak), "seesaw", "s", s, "all its values are 0; there is nothing to halve")
    fallen = np.minimum.accumulate(known[top:])
    found = [Seesaw(s[:top], constant(size, steps=top))] if top else []
    done, k, last = top, 0, False  # done are updates of s
    while not last:
        knot = top + np.count_nonzero(fallen > peak / 2 ** (k + 1))
        last = steps - knot < 2 ** (k + 1)
        updates = round(((steps if last else knot) - done) / 2**k)
        if updates:
            found.append(Seesaw(constant(peak / 2 ** (k / 2), steps=updates), constant(size * 2**k, steps=updates)))
        done, k = done + updates * 2**k, k + 1
    return Seesaw(*(join(*parts) for parts in zip(*found, strict=True)))
