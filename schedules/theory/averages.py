"""Averages that stand for a decay: of updates by AdamW, of checkpoints by merging, of samples by a growing batch.

``w_t = (1 - eta_t lambda) w_{t-1} + eta_t lambda * (-u_t / lambda)``: AdamW with updates u_t is an exponential moving
average of them. So the schedule says how much each update, and the start, still counts for in the end.
"""

from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import Positive, accept, demand
from ..algebra.nodes import Schedule
from ..library.combinators import join
from ..library.curves import constant
from .rates import NUMBERS, Rates, one_each, rates


class Shares(NamedTuple):
    """How much each update counts for in the last weights, and how much the start does: they sum to 1."""

    shares: np.ndarray
    start: float


def update_shares(s: Rates, weight_decay: Any, steps: int | None = None) -> Shares:
    """``c_i = eta_i lambda * prod_{j>i} (1 - eta_j lambda)``, and ``prod_j (1 - eta_j lambda)`` of the start.

    Args:
        s: the schedule of the learning rate, or its values.
        weight_decay: lambda, multiplied by the learning rate as in PyTorch: a number, a schedule, or one an update.
        steps: how many updates; None means the duration of s.

    Raises:
        ScheduleError: eta * lambda is not between 0 and 1.

    Source: Wang and Aitchison 2024 (arXiv:2405.13698); Bergsma et al. 2025 (arXiv:2502.15938).

    >>> from schedules import linear
    >>> update_shares(linear(1.0, 0.0, 4), 0.5)
    Shares(shares=array([0.205..., 0.246..., 0.21875 , 0.125   ]), start=0.205...)
    """
    mixed = _mixed("update_shares", s, weight_decay, steps)
    kept = np.append(np.cumprod(1 - mixed[::-1])[::-1], 1.0)  # what is left of the weights before each update
    return Shares(mixed * kept[1:], float(kept[0]))


def timescale(s: Rates, weight_decay: Any, steps: int | None = None) -> np.ndarray:
    """``1 / (eta_t lambda)``: how many updates the average of AdamW reaches back over, at each update; inf at 0.

    Arguments, errors and source are those of `update_shares`.

    >>> from schedules import linear
    >>> timescale(linear(1e-3, 0.0, 4), 0.1)
    array([10000.        , 13333.33333333, 20000.        , 40000.        ])
    """
    with np.errstate(divide="ignore"):
        return 1 / _mixed("timescale", s, weight_decay, steps)


def merge_weights(decay: Rates, checkpoints: Any) -> np.ndarray:
    """``c_0 = 1 - w_1``, ``c_j = w_j - w_{j+1}``, ``c_k = w_k``: merged so, checkpoints equal those of a decay.

    There is a weight for each checkpoint of a constant learning rate, and they sum to 1; w_j is the mean of the decay
    from the (j-1)-th to the j-th.

    Args:
        decay: the decay from the constant rate, or from 1, its values falling; it begins at the first checkpoint.
        checkpoints: how many updates after the first checkpoint each was saved, the first itself 0, ascending.

    Raises:
        ScheduleError: the checkpoints are not in order, or the decay rises.

    Source: Tian et al. 2025, WSM (arXiv:2507.17634), theorem 3.1.

    >>> from schedules import linear
    >>> merge_weights(linear(1.0, 0.0, 4), [0, 1, 2, 3, 4])
    array([0.  , 0.25, 0.25, 0.25, 0.25])
    """
    saved = NUMBERS("merge_weights", "checkpoints", checkpoints)
    good = len(saved) > 1 and saved[0] == 0 and (np.diff(saved) >= 1).all() and not (saved % 1).any()
    wants = "these are ascending whole numbers of updates, from 0"
    demand(bool(good), "merge_weights", "checkpoints", checkpoints, wants)
    known = rates("merge_weights", decay, int(saved[-1]), argument="decay")
    good = len(known) >= saved[-1] and known[0] > 0 and (np.diff(known) <= 1e-12 * known[0]).all()
    demand(bool(good), "merge_weights", "decay", decay, "this falls, from above 0, and lasts to the last checkpoint")
    means = np.add.reduceat(known / known[0], saved[:-1].astype(int)) / np.diff(saved)
    padded = np.concatenate(([1.0], means, [0.0]))
    return padded[:-1] - padded[1:]


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


def _mixed(function: str, s: Rates, weight_decay: Any, steps: int | None) -> np.ndarray:
    """``eta_t lambda``: the weight of each update as it comes in."""
    eta = rates(function, s, steps)
    mixed: np.ndarray = eta * one_each(function, "weight_decay", weight_decay, len(eta))
    wants = "eta * lambda is to lie between 0 and 1; choose it smaller"
    demand(bool(((mixed >= 0) & (mixed <= 1)).all()), function, "weight_decay", weight_decay, wants)
    return mixed
