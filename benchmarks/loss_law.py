"""A law that reads the whole schedule, fitted to real losses; then a better schedule, by its gradient.

``python -m benchmarks.loss_law`` trains a linear model on noisy examples with a few schedules, fits the Multi-Power
Law to some of the loss curves (`schedules.theory.MultiPowerLaw`), and follows the gradient of the loss that it
predicts, through the law and through the schedule, to the numbers of the schedule. Then it trains with what it found.
"""

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from schedules import Schedule, constant, cosine, exponential, interpolate, linear, parse
from schedules.theory import MultiPowerLaw

STEPS, WARMUP, PEAK = 4_000, 200, 0.1
FEATURES, BATCH, NOISE = 400, 2, 0.3
CHUNK = 20  # steps between two losses that the law is fitted to
LEFT = STEPS - WARMUP
KNOTS = [0, 800, 1_400, 1_900, 2_300, 2_600, 2_900, 3_200, 3_450, 3_650, LEFT]  # of the schedule that is looked for

AT = np.arange(WARMUP + CHUNK - 1, STEPS, CHUNK)  # updates after which losses are looked at


def ramped(decay: Schedule) -> Schedule:
    """The schedule of a run: a ramp to the peak, and what follows."""
    return linear(0.0, PEAK, WARMUP) >> decay


FITTED = {
    "constant": ramped(constant(PEAK, steps=LEFT)),
    "cosine": ramped(cosine(PEAK, 0.0, LEFT)),
    "two steps": ramped(constant(PEAK, steps=1_500) >> constant(0.3 * PEAK, steps=LEFT - 1_500)),
    "exponential": ramped(exponential(PEAK, 0.1 * PEAK, LEFT)),
}
WSD = ramped(constant(PEAK, steps=LEFT - 800) >> linear(PEAK, 0.0, 800))  # the law has not seen it


# -- real losses -------------------------------------------------------------------------------------


def losses(s: Schedule, seeds: int) -> jax.Array:
    """The loss after each step of SGD, a mean over seeds: least squares, with features and weights of power laws."""
    rank = jnp.arange(1.0, FEATURES + 1)
    scales, target = rank**-0.75, rank**-0.4

    def update(weights: jax.Array, step_and_key: Any) -> tuple[jax.Array, jax.Array]:
        step, key = step_and_key
        draw, noise = jax.random.split(key)
        inputs = scales * jax.random.normal(draw, (BATCH, FEATURES))
        errors = inputs @ (weights - target) - NOISE * jax.random.normal(noise, (BATCH,))
        weights = weights - s(step) * (errors @ inputs) / BATCH
        return weights, jnp.sum((scales * (weights - target)) ** 2) / 2

    def run(key: jax.Array) -> jax.Array:
        keys = jax.random.split(key, STEPS)
        return jax.lax.scan(update, jnp.zeros(FEATURES), (jnp.arange(STEPS), keys))[1]

    return jax.vmap(run)(jax.random.split(jax.random.key(0), seeds)).mean(0)


train = jax.jit(losses, static_argnums=(0, 1))


def known(curve: jax.Array) -> np.ndarray:
    """The losses that the law is fitted to and measured by."""
    return np.asarray(curve, dtype=float)[AT]


# -- the law, and the schedule -----------------------------------------------------------------------


def fitted(curves: dict[str, np.ndarray]) -> MultiPowerLaw:
    """The law that is nearest to the losses."""
    runs = [(FITTED[name], dict(zip(AT.tolist(), curve.tolist(), strict=True))) for name, curve in curves.items()]
    return MultiPowerLaw.fit(runs, warmup=WARMUP)


def improved(law: MultiPowerLaw) -> Schedule:
    """The schedule with the least final loss that the law predicts: knots and levels move from where they begin."""
    levels = [PEAK, *(round(PEAK * (1 - (knot / LEFT) ** 2) + 1e-4, 5) for knot in KNOTS[1:])]
    return law.improve(ramped(interpolate(list(zip(KNOTS, levels, strict=True)))), warmup=WARMUP)


# -- the report --------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A schedule, its real losses, and those that the law predicts."""

    schedule: Schedule
    real: np.ndarray
    predicted: np.ndarray

    @property
    def error(self) -> float:
        """The mean relative error of the prediction."""
        return float(np.abs(self.predicted / self.real - 1).mean())


def experiment(seeds: int) -> tuple[dict[str, Run], dict[str, Run]]:
    """The runs that the law was fitted to, and those that it was not."""
    real = {name: known(train(s, seeds)) for name, s in FITTED.items()}
    law = fitted(real)
    new = {"wsd": WSD, "found": improved(law)}
    real |= {name: known(train(s, seeds)) for name, s in new.items()}
    runs = {name: Run(s, real[name], law.predict(s, AT, warmup=WARMUP)) for name, s in (FITTED | new).items()}
    return {name: runs[name] for name in FITTED}, {name: runs[name] for name in new}


def draw(runs: dict[str, Run], path: Path) -> None:
    """The schedules on the left, their losses on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    rates, curves = figure.subplots(1, 2)
    for (name, run), color in zip(runs.items(), ("#0072B2", "#E69F00", "#009E73"), strict=True):
        rates.plot(run.schedule.values(STEPS), color=color, label=name)
        curves.plot(AT, run.real, color=color, label=f"{name}, trained: {float(run.real[-1]):.5f}")
        curves.plot(AT, run.predicted, color=color, linestyle="--", linewidth=1)
    curves.plot([], [], color="gray", linestyle="--", linewidth=1, label="predicted by the law")
    curves.set(yscale="log", xlabel="update", title="loss")
    rates.set(xlabel="update", title="learning rate")
    for axes in (rates, curves):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the table, and draw the picture if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, help="draw the schedules and losses into this file")
    parser.add_argument("--seeds", type=int, default=64, help="training runs whose mean is a loss curve")
    options = parser.parse_args()
    begin = time.perf_counter()
    seen, new = experiment(options.seeds)
    print(f"{'schedule':12} {'final loss':>10} {'predicted':>10} {'mean error of the law':>22}")
    for name, run in (seen | new).items():
        print(f"{name:12} {run.real[-1]:10.5f} {run.predicted[-1]:10.5f} {run.error:21.1%}", end="")
        print("" if name in seen else "  (not fitted)")
    found = new["found"].schedule
    assert parse(repr(found)) == found  # noqa: S101 -- what is printed is the schedule
    print(f"\nfound in {time.perf_counter() - begin:.0f} s: {found}")
    if options.output:
        draw({"cosine": seen["cosine"], **new}, options.output)


if __name__ == "__main__":
    main()
