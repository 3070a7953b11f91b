"""A law that reads the whole schedule, fitted to real losses; then a better schedule, by its gradient.

``python -m benchmarks.loss_law`` trains a linear model on noisy examples with a few schedules, fits the Multi-Power
Law to some of the loss curves (Luo et al. 2025, arXiv:2503.12811), and follows the gradient of the loss that it
predicts, through the law and through the schedule, to the numbers of the schedule. Then it trains with what it found.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from schedules import Schedule, constant, cosine, exponential, interpolate, linear, parse

STEPS, WARMUP, PEAK = 4_000, 200, 0.1
FEATURES, BATCH, NOISE = 400, 2, 0.3
CHUNK = 20  # steps between two losses that the law is fitted to
LEFT = STEPS - WARMUP
KNOTS = [0, 800, 1_400, 1_900, 2_300, 2_600, 2_900, 3_200, 3_450, 3_650, LEFT]  # of the schedule that is looked for

Law = dict[str, jax.Array]


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


def thinned(curve: jax.Array) -> jax.Array:
    """A loss curve after the warmup, at the end of each chunk of steps."""
    return curve[WARMUP:].reshape(-1, CHUNK)[:, -1]


# -- the law -----------------------------------------------------------------------------------------


def predicted(law: Law, s: Schedule) -> jax.Array:
    """``L0 + A * (S(t) + SW)**-alpha - B * sum((r[k-1] - r[k]) * G(r[k]**-gamma * S(k, t)), k <= t)``, thinned.

    r are the rates of the chunks, S(k, t) is the sum of the rates from k to t, SW that of the warmup, and
    ``G(x) = 1 - (C*x + 1)**-beta``.
    """
    p = {name: jnp.exp(value) for name, value in law.items()}
    rates = s(WARMUP + CHUNK * jnp.arange(LEFT // CHUNK)) + 1e-9 * PEAK
    areas = jnp.cumsum(rates) * CHUNK
    since = jnp.maximum(areas[:, None] - areas[None, :] + (rates * CHUNK)[None, :], 0.0)
    drops = -jnp.diff(rates, prepend=PEAK)
    gains = 1 - (p["C"] * rates[None, :] ** -p["gamma"] * since + 1) ** -p["beta"]
    decayed = jnp.tril(drops * gains).sum(1)
    return p["L0"] + p["A"] * (areas + PEAK * WARMUP / 2) ** -p["alpha"] - p["B"] * decayed


def descended(loss: Callable[[Any], jax.Array], start: Any, steps: int, rate: Schedule) -> Any:
    """Where Adam ends."""
    optimizer = optax.adam(rate)

    def update(carry: Any, _: None) -> tuple[Any, None]:
        point, state = carry
        updates, state = optimizer.update(jax.grad(loss)(point), state)
        return (optax.apply_updates(point, updates), state), None

    return jax.lax.scan(update, (start, optimizer.init(start)), length=steps)[0][0]


def fitted(curves: list[jax.Array]) -> Law:
    """The law that is nearest to the losses, by a Huber loss of logarithms as in the paper."""
    found = jnp.stack(curves)

    def distance(law: Law) -> jax.Array:
        guesses = jnp.stack([predicted(law, s) for s in FITTED.values()])
        return optax.huber_loss(jnp.log(jnp.maximum(guesses, 1e-6)), jnp.log(found), delta=0.01).mean()

    start = {"L0": 1e-4, "A": 0.05, "alpha": 0.6, "B": 0.1, "C": 1.0, "beta": 0.5, "gamma": 0.5}
    logs = {name: jnp.log(value) for name, value in start.items()}
    return jax.jit(lambda law: descended(distance, law, 6_000, cosine(0.03, 0.0, 6_000)))(logs)


# -- the schedule ------------------------------------------------------------------------------------


def through(levels: jax.Array) -> Schedule:
    """The schedule through fractions of the peak at the knots, which may be traced."""
    return ramped(
        interpolate([(0, PEAK), *((knot, PEAK * level) for knot, level in zip(KNOTS[1:], levels, strict=True))])
    )


def improved(law: Law) -> Schedule:
    """The schedule with the least final loss that the law predicts, with three digits a number."""

    def final(x: jax.Array) -> jax.Array:
        return jnp.log(predicted(law, through(jax.nn.sigmoid(x)))[-1])

    start = jnp.linspace(4.0, -2.0, len(KNOTS) - 1)
    x = jax.jit(lambda x: descended(final, x, 1_500, cosine(0.05, 0.0, 1_500)))(start)
    points = [(0, PEAK), *zip(KNOTS[1:], (float(f"{PEAK * y:.3g}") for y in jax.nn.sigmoid(x).tolist()), strict=True)]
    return ramped(interpolate(points))


# -- the report --------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A schedule, its real losses, and those that the law predicts."""

    schedule: Schedule
    real: jax.Array
    predicted: jax.Array

    @property
    def error(self) -> float:
        """The mean relative error of the prediction."""
        return float(jnp.abs(self.predicted / self.real - 1).mean())


def experiment(seeds: int) -> tuple[dict[str, Run], dict[str, Run]]:
    """The runs that the law was fitted to, and those that it was not."""
    real = {name: thinned(train(s, seeds)) for name, s in FITTED.items()}
    law = fitted(list(real.values()))
    known = {name: Run(s, real[name], predicted(law, s)) for name, s in FITTED.items()}
    new = {"wsd": WSD, "found": improved(law)}
    return known, {name: Run(s, thinned(train(s, seeds)), predicted(law, s)) for name, s in new.items()}


def draw(runs: dict[str, Run], path: Path) -> None:
    """The schedules on the left, their losses on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    rates, curves = figure.subplots(1, 2)
    steps = WARMUP + CHUNK * jnp.arange(1, LEFT // CHUNK + 1)
    for (name, run), color in zip(runs.items(), ("#0072B2", "#E69F00", "#009E73"), strict=True):
        rates.plot(run.schedule.values(STEPS), color=color, label=name)
        curves.plot(steps, run.real, color=color, label=f"{name}, trained: {float(run.real[-1]):.5f}")
        curves.plot(steps, run.predicted, color=color, linestyle="--", linewidth=1)
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
    known, new = experiment(options.seeds)
    print(f"{'schedule':12} {'final loss':>10} {'predicted':>10} {'mean error of the law':>22}")
    for name, run in (known | new).items():
        print(f"{name:12} {run.real[-1]:10.5f} {run.predicted[-1]:10.5f} {run.error:21.1%}", end="")
        print("" if name in known else "  (not fitted)")
    found = new["found"].schedule
    assert parse(repr(found)) == found  # noqa: S101 -- what is printed is the schedule
    print(f"\nfound in {time.perf_counter() - begin:.0f} s: {found}")
    if options.output:
        draw({"cosine": known["cosine"], **new}, options.output)


if __name__ == "__main__":
    main()
