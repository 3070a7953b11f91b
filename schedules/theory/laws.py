"""The Multi-Power Law: the whole loss curve of a training from the whole schedule.

The loss falls with the sum of the learning rates, and by each decay of the learning rate, the more the longer ago it
was. Seven constants, fitted to two or three runs, predict the curves of other schedules; so the law tells which
schedule is best, and its gradient leads there.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..algebra.checks import ScheduleError, Whole, accept, demand, extra_module, whole
from ..algebra.nodes import Schedule
from ..algebra.tree import leaves, with_leaves
from .rates import NUMBERS, Rates, rates


@dataclass(frozen=True)
class MultiPowerLaw:
    """``L(t) = L0 + A * (S1(t) + S_W)**-alpha - LD(t)``, the Multi-Power Law of a model, its data and its batch.

    ``LD(t) = B * sum_{k=1..t} (eta_{k-1} - eta_k) * (1 - (C * eta_k**-gamma * S_k(t) + 1)**-beta)``, where ``S_k(t) =
    sum_{tau=k..t} eta_tau``, S1 is the sum of all learning rates since the warm-up, and S_W that of the warm-up.

    Args:
        L0: the loss that no training falls below.
        A, alpha: the size of the power law, and its exponent.
        B, C: how much a decay of the learning rate by 1 lets the loss fall in the end, and how fast.
        beta, gamma: the exponents in the sum of the learning rates since the decay, and in the rate after it.

    Source: Luo et al. 2025 (arXiv:2503.12811), equations 1 and 2.

    >>> from schedules import constant, cosine
    >>> law = LAWS["100M"]
    >>> law.predict(cosine(3e-4, 0.0, 20_000), 19_999) < law.predict(constant(3e-4, steps=20_000), 19_999)
    True
    """

    L0: float
    A: float
    alpha: float
    B: float
    C: float
    beta: float
    gamma: float

    def __post_init__(self) -> None:
        for name, value in self.__dict__.items():
            demand(0 <= value < math.inf, "MultiPowerLaw", name, value, "each constant is a finite number >= 0")

    def predict(self, s: Rates, at: Any, *, warmup: int = 0) -> Any:
        """``L(t)`` for each t in `at`: the losses after these updates, in an array like it; for one number a float.

        Args:
            s: the schedule, or its values.
            at: numbers of updates, counted from 0 as s counts them: the last of s is ``s.steps - 1``.
            warmup: how many updates of s are warm-up; they count by their sum S_W alone.

        Raises:
            ScheduleError: an update in `at` is of the warm-up, or beyond the values.

        >>> from schedules import wsd
        >>> s = wsd(3e-4, 20_000, warmup=1_000, cooldown=4_000)
        >>> LAWS["400M"].predict(s, [9_999, 19_999], warmup=1_000).round(3)
        array([2.792, 2.559])
        """
        updates = np.asarray(at)
        warmup = accept(Whole, "predict", "warmup", warmup)
        good = updates.dtype.kind in "iu" and updates.size and updates.min() >= warmup
        demand(bool(good), "predict", "at", at, "these are whole numbers of updates, after the warm-up")
        eta = rates("predict", s, int(updates.max()) + 1)
        demand(len(eta) > int(updates.max()), "predict", "at", at, f"there are only {len(eta)} values")
        losses = _losses(self, _course(np, eta, updates.ravel(), warmup)).reshape(updates.shape)
        return losses if updates.shape else float(losses)

    @classmethod
    def fit(cls, runs: Iterable[tuple[Rates, Any]], *, warmup: int = 0) -> "MultiPowerLaw":
        """The law whose losses are nearest to those of real runs, by a Huber loss of their logarithms.

        Two or three runs are enough if they differ: one whose learning rate stays, and one or two in which it decays.
        SciPy (the ``theory`` extra) looks for the constants, from the best point of a coarse grid.

        Args:
            runs: pairs of a schedule and its losses, which are ``{update: loss}``, or a list of one for each update;
                a few hundred are plenty, as means if they are noisy.
            warmup: how many updates of each schedule are warm-up; their losses are not looked at.

        Raises:
            ScheduleError: there are fewer losses than constants, or one is not above 0.

        >>> from schedules import constant, cosine
        >>> known, at = LAWS["25M"], range(20, 1_000, 20)
        >>> runs = [constant(3e-4, steps=1_000), cosine(3e-4, 0.0, 1_000)]
        >>> law = MultiPowerLaw.fit([(s, dict(zip(at, known.predict(s, at)))) for s in runs])
        >>> abs(law.predict(runs[1], 999) / known.predict(runs[1], 999) - 1) < 1e-3
        True
        """
        optimize = extra_module("scipy.optimize", "theory")
        warmup = accept(Whole, "fit", "warmup", warmup)
        seen = [_run(s, losses, warmup) for s, losses in runs]
        found = np.concatenate([losses for _, losses in seen] or [np.empty(0)])
        demand(len(found) > 7, "fit", "runs", runs, "seven constants need more losses: give two or three runs")

        def predicted(*constants: float) -> np.ndarray:
            return np.concatenate([_losses(cls(*constants), course) for course, _ in seen])

        def residuals(logs: np.ndarray) -> Any:
            return np.log(np.maximum(predicted(*np.exp(logs).tolist()), 1e-9) / found)

        peak, area = max(course.rates.max() for course, _ in seen), max(course.area.max() for course, _ in seen)
        start = np.log(_start(predicted, found, peak, area))
        return cls(*np.exp(optimize.least_squares(residuals, start, loss="huber", f_scale=HUBER).x).tolist())

    def improve(self, s: Schedule, *, warmup: int = 0) -> Schedule:
        """``argmin L(s.steps - 1)`` over the numbers of s: the same expression, with the least last loss.

        Every number of s moves along the gradient of the predicted loss (JAX and SciPy, the ``theory`` extra), as far
        as the schedule keeps its duration, its peak and its warm-up; zeros stay zeros. Its numbers are rounded to three
        digits where that is enough. What has most to gain is a curve with many: `interpolate` through ten points, say.

        Args:
            s: the schedule to begin with.
            warmup: how many updates of s are warm-up.

        Raises:
            ScheduleError: s is endless, or has no number that may move.

        >>> from schedules import interpolate
        >>> s = interpolate([(0, 3e-4), (1_000, 2e-4), (2_000, 1e-5)])
        >>> better = LAWS["400M"].improve(s)
        >>> better.steps, LAWS["400M"].predict(better, 1_999) < LAWS["400M"].predict(s, 1_999)
        (2000, True)
        """
        values = rates("improve", s)
        demand(any(leaves(s)), "improve", "s", s, "it has no numbers to move; write its points by interpolate")
        return _improved(self, s, accept(Whole, "improve", "warmup", warmup), values)


LAWS = {
    "25M": MultiPowerLaw(3.040, 0.525, 0.508, 363.8, 2.066, 0.583, 0.641),
    "100M": MultiPowerLaw(2.651, 0.601, 0.453, 437.9, 2.132, 0.598, 0.655),
    "400M": MultiPowerLaw(2.375, 0.654, 0.429, 523.4, 2.025, 0.594, 0.635),
}
"""The published fits, for Llama-like models of 25M, 100M and 400M parameters: Luo et al. 2025."""

ROUNDS = 20  # of a descent
HUBER = 0.01  # a relative error of the loss above which it counts by its size, not by its square
CHANGES = 1_000  # of the learning rate, which a fit reads a schedule by
PAIRS = 2**17  # of a change and an update, so many of which are taken one by one: a megabyte
FAR, TERMS = 8, 18  # so many radii away a series replaces a block; it ends with a relative 8**-18 = 6e-17


def _improved(law: MultiPowerLaw, s: Schedule, warmup: int, values: np.ndarray) -> Schedule:
    """A descent over factors of the numbers of s, in rounds, each as far as the numbers may go."""
    jax, jnp, optimize = (extra_module(name, "theory") for name in ("jax", "jax.numpy", "scipy.optimize"))

    def curve(given: Any) -> Any:
        return with_leaves(s, given)(jnp.arange(len(values)))

    def loss(logs: Any, given: Any) -> Any:
        course = _course(jnp, curve(given * jnp.exp(logs)), np.array([len(values) - 1]), warmup)
        return _losses(law, course, jnp)[0]

    compiled, slope = jax.jit(curve), jax.jit(jax.value_and_grad(loss))

    def allowed(given: np.ndarray) -> bool:
        """Whether there is a schedule with these numbers, of the same duration and warm-up, and no higher."""
        try:
            steps = with_leaves(s, map(whole, given.tolist())).steps
        except (ScheduleError, ArithmeticError):
            return False
        found, error = np.asarray(compiled(given)), 1e-9 * values.max()
        same = steps == s.steps and np.abs(found - values)[:warmup].max(initial=0.0) <= error
        return bool(same and found.min() >= 0 and found.max() <= values.max() + error)

    def reach(given: np.ndarray, log: np.ndarray) -> float:
        """Half of how far the logarithm of one number may go one way: so far, two neighbours may go together."""
        return next((part / 2 for part in 0.5 ** np.arange(14) if allowed(given * np.exp(part * log))), 0.0)

    with jax.enable_x64(True):
        old = list(leaves(s))
        given, before, ways = np.array(old, dtype=float), math.inf, math.log(10) * np.eye(len(old))
        for _ in range(ROUNDS):
            box = [(-math.log(10) * reach(given, -way), math.log(10) * reach(given, way)) for way in ways]
            found = optimize.minimize(slope, 0 * given, (given,), "L-BFGS-B", jac=True, bounds=box, tol=1e-10)
            moved = given * np.exp(found.x)
            if not allowed(moved) or before - found.fun < 1e-5 * found.fun:
                break
            given, before = moved, float(found.fun)
        for digits in (3, 4, 6, 17):  # as few as it may have; what was whole is whole
            pairs = zip(old, given.tolist(), strict=True)
            short = [round(new) if isinstance(was, int) else float(f"{new:.{digits}g}") for was, new in pairs]
            if allowed(np.array(short, dtype=float)):
                return with_leaves(s, short)
    return s


class _Course(NamedTuple):
    """What the law reads of a schedule: its changes, and how far it is where the loss is asked for."""

    drops: Any  # eta_{k-1} - eta_k
    rates: Any  # eta_k
    before: Any  # the sum of the learning rates before change k
    area: Any  # S1(t) + S_W


def _course(xp: Any, eta: Any, at: np.ndarray, warmup: int, most: float = math.inf) -> _Course:
    """In arrays of `xp`; changes are taken together so that there are at most so many, each in its group's middle."""
    changes = np.arange(warmup, len(eta))
    if xp is np:  # the others drop nothing
        changes = changes[np.diff(eta[warmup:], prepend=-1.0) != 0]
    size = math.ceil(len(changes) / most) or 1
    groups = np.pad(changes, (0, -len(changes) % size), "edge").reshape(-1, size)
    ends, middles = groups[:, -1], groups[:, (size - 1) // 2]
    sums = xp.append(xp.zeros(1), xp.cumsum(eta))
    return _Course(-xp.diff(eta[ends], prepend=eta[warmup]), eta[middles], sums[middles], sums[at + 1])


def _losses(law: MultiPowerLaw, course: _Course, xp: Any = np) -> Any:
    """``L0 + A * (S1 + S_W)**-alpha - LD``, in arrays of `xp`."""
    with np.errstate(all="ignore"):
        fallen = _by_halves(law, course) if xp is np else _fallen(law, course, course.area, xp)
        return law.L0 + law.A * course.area**-law.alpha - law.B * fallen


def _fallen(law: MultiPowerLaw, course: _Course, area: Any, xp: Any = np) -> Any:
    """``LD / B`` where the learning rates sum to `area`, change by change; none counts before it came."""
    since = xp.maximum(area[:, None] - course.before, 0.0)
    return (1 - (_speed(law, course, xp) * since + 1) ** -law.beta) @ course.drops


def _speed(law: MultiPowerLaw, course: _Course, xp: Any = np) -> Any:
    """``C * eta_k**-gamma``, finite at 0 too."""
    return law.C * xp.maximum(course.rates, 1e-100) ** -law.gamma


def _by_halves(law: MultiPowerLaw, course: _Course) -> np.ndarray:
    """``LD / B``: where a block of changes is long past by a series, else by its halves, at last change by change.

    With ``origin = before - 1 / speed`` the power in LD is ``(speed * (area - origin))**-beta``, and around the middle
    m of a block ``(area - origin)**-beta = sum_j (beta)_j / j! * (origin - m)**j * (area - m)**(-beta - j)``.
    """
    areas, places = np.unique(course.area, return_inverse=True)
    speed, orders, fallen = _speed(law, course), np.arange(1, TERMS), np.zeros(len(areas))
    origins, weights = course.before - 1 / speed, course.drops * speed**-law.beta
    factors = np.cumprod(np.append(1.0, (law.beta + orders - 1) / orders))
    blocks = [(0, len(speed), len(areas))]
    for begin, end, last in blocks:  # the areas before the last one are not done yet
        block = slice(begin, end)
        origin, drops = origins[block], course.drops[block]
        middle, radius = (origin.max() + origin.min()) / 2, np.ptp(origin) / 2 or 1.0
        past = np.maximum(course.before[end - 1], middle + (FAR + law.beta) * radius)  # nan, if nothing ever is
        first, far = np.minimum(np.searchsorted(areas, (course.before[begin], past)), last).tolist()
        if far < last:
            away = areas[far:last] - middle
            moments = weights[block] @ np.vander((origin - middle) / radius, TERMS, increasing=True)
            series = np.vander(radius / away, TERMS, increasing=True) @ (factors * moments)
            fallen[far:last] += drops.sum() - away**-law.beta * series
        if (end - begin) * (far - first) > PAIRS and end - begin > 1:
            blocks += [(begin, (begin + end) // 2, far), ((begin + end) // 2, end, far)]
        else:
            part = _Course(drops, course.rates[block], course.before[block], areas)
            fallen[first:far] += _fallen(law, part, areas[first:far])
    return fallen[places]


def _run(s: Rates, losses: Any, warmup: int) -> tuple[_Course, np.ndarray]:
    """What is known of a run."""
    pairs = losses.items() if hasattr(losses, "items") else enumerate(NUMBERS("fit", "runs", losses).tolist())
    seen = {int(update): float(loss) for update, loss in sorted(pairs) if update >= warmup}
    good = bool(seen) and all(0 < loss < math.inf for loss in seen.values())
    demand(good, "fit", "runs", losses, "losses are finite numbers > 0, some of them after the warm-up")
    eta = rates("fit", s, max(seen) + 1)
    demand(len(eta) > max(seen), "fit", "runs", s, f"it has {len(eta)} updates and a loss after update {max(seen)}")
    return _course(np, eta, np.array(list(seen)), warmup, CHANGES), np.array(list(seen.values()))


def _start(predicted: Callable[..., np.ndarray], found: np.ndarray, peak: float, area: float) -> list[float]:
    """The best constants on a coarse grid. The law is linear in L0, A and B: least squares finds them at each point."""
    optimize = extra_module("scipy.optimize", "theory")
    least = 1e-3 * found.min() * np.array([1.0, area**-0.5, 1 / peak])  # of L0, A and B
    tried: list[tuple[float, list[float]]] = []
    for alpha, reach, beta, gamma in itertools.product((0.3, 0.5, 0.8), (30, 1_000), (0.3, 0.7), (0.3, 0.7)):
        speed = reach * peak**gamma / area
        columns = [predicted(l0, a, alpha, b, speed, beta, gamma) for l0, a, b in np.eye(3)]
        sizes, error = optimize.nnls(np.stack(columns, 1), found)
        l0, a, b = np.maximum(sizes, least)
        tried.append((error, [l0, a, alpha, b, speed, beta, gamma]))
    return min(tried)[1]
