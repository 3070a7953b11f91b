"""Arrays: ``s(steps)`` beside code by hand and Optax, on one thread: ``python -m benchmarks.arrays``."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before the libraries that read them
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import itertools  # noqa: E402 -- after the threads are set
import time  # noqa: E402 -- after the threads are set
from collections.abc import Callable  # noqa: E402 -- the same
from typing import Any  # noqa: E402 -- the same

import numpy as np  # noqa: E402 -- the same

from schedules import Schedule, cosine, cosine_warmup, interpolate, join, linear, multistep, wsd  # noqa: E402 -- the same

from .__main__ import table  # noqa: E402 -- the same

PEAK, END = 1e-3, 1e-5


def main() -> None:
    """Print every table."""
    for n in (10**3, 10**4, 10**5, 10**6):
        in_numpy(n)
    for n in (10**3, 10**6):
        in_torch(n)
    one_number()
    in_jax()
    open_numbers()


def least(functions: dict[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """The least time of each function in microseconds, all of them in turn in every round."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - begin)
    return {name: min(found) * 1e6 for name, found in times.items()}


def compared(what: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 15) -> list[str]:
    """A row: our time, theirs, and the ratio."""
    found = least({"ours": ours, "theirs": theirs}, rounds)
    return [what, f"{found['ours']:,.0f}", f"{found['theirs']:,.0f}", f"{found['ours'] / found['theirs']:.2f}"]


def cases(n: int, xp: Any, take: Callable[[Any, Any], Any], search: Callable[[Any, Any], Any]) -> Any:
    """Schedules over n steps, each with the function of the steps that one writes by hand."""
    w, rng = n // 10, np.random.default_rng(n)
    yield (
        "cosine",
        cosine(PEAK, END, n),
        lambda t: END + (PEAK - END) * 0.5 * (1 + xp.cos(np.pi * xp.clip(t, 0, n) / n)),
    )
    yield (
        "warmup and cosine",
        cosine_warmup(PEAK, n, warmup=w),
        lambda t: xp.where(t < w, PEAK * t / w, 0.5 * PEAK * (1 + xp.cos(np.pi * (xp.clip(t, w, n) - w) / (n - w)))),
    )
    yield (
        "wsd",
        wsd(PEAK, n, warmup=w, cooldown=w),
        lambda t: xp.where(t < w, PEAK * t / w, xp.where(t < n - w, PEAK, PEAK * (n - xp.clip(t, 0, n)) / w)),
    )
    levels = rng.uniform(0.1, 1.0, 11).tolist()
    yield "ten phases", phases(levels, w), lambda t: by_hand(xp, levels, w, t)
    knots = np.sort(rng.choice(n, min(1_000, n // 2), replace=False))
    values, edges = take(0.999 ** np.arange(len(knots) + 1), None), take(knots, None)
    yield f"{len(knots):,} milestones", multistep(1.0, 0.999, knots.tolist()), lambda t: values[search(edges, t)]


def phases(levels: list[float], length: int) -> Schedule:
    """Ten phases, linear and cosine in turn."""
    ends = list(itertools.pairwise(levels))
    return join(*((linear, cosine)[place % 2](a, b, length) for place, (a, b) in enumerate(ends)))


def by_hand(xp: Any, levels: list[float], length: int, t: Any) -> Any:
    """The same, as one writes it."""
    result: Any = None
    for place in reversed(range(10)):
        a, b = levels[place], levels[place + 1]
        x = xp.clip(t - place * length, 0, length) / length
        value = b + (a - b) * 0.5 * (1 + xp.cos(np.pi * x)) if place % 2 else a + (b - a) * x
        result = value if result is None else xp.where(t < (place + 1) * length, value, result)
    return result


HEAD = ["schedule", "s(steps), us", "by hand, us", "ratio"]


def in_numpy(n: int) -> None:
    """Random whole steps in NumPy."""
    t = np.random.default_rng(0).integers(0, n, n)
    rows = [
        compared(name, lambda s=s: s(t), lambda hand=hand: hand(t), 15 if n < STEPS else 5)
        for name, s, hand in cases(n, np, lambda x, _: x, lambda edges, t: np.searchsorted(edges, t, side="right"))
    ]
    xs, ys = np.linspace(0, n, 1_001), np.random.default_rng(1).uniform(0.1, 1.0, 1_001)
    points = interpolate(list(zip(xs.tolist(), ys.tolist(), strict=True)))
    rows.append(compared("1,001 points, np.interp", lambda: points(t), lambda: np.interp(t, xs, ys), 5))
    if n == 10**3:
        s, w = wsd(PEAK, n, warmup=n // 10, cooldown=n // 10), n // 10
        rows.append(
            compared("wsd, np.interp", lambda: s(t), lambda: np.interp(t, [0, w, n - w, n], [0, PEAK, PEAK, 0]))
        )
    table(f"NumPy, {n:,} random steps, float64", HEAD, rows)


STEPS = 10**6


def in_torch(n: int) -> None:
    """Random whole steps in PyTorch, in float32."""
    import torch

    torch.set_num_threads(1)
    t = torch.from_numpy(np.random.default_rng(0).integers(0, n, n))
    rows = [
        compared(name, lambda s=s: s(t), lambda hand=hand: hand(t), 15 if n < STEPS else 5)
        for name, s, hand in cases(
            n,
            torch,
            lambda x, _: torch.from_numpy(x.astype(np.float32 if x.dtype == float else int)),
            lambda edges, t: torch.searchsorted(edges, t, right=True),
        )
    ]
    table(f"PyTorch, {n:,} random steps, float32 (ours exact for any whole step)", HEAD, rows)


def one_number() -> None:
    """A 0-d array, in PyTorch and in JAX."""
    import jax.numpy as jnp
    import optax
    import torch

    s = cosine_warmup(PEAK, 1_000, warmup=100)
    peer: Any = optax.warmup_cosine_decay_schedule(0.0, PEAK, 100, 1_000)
    tensor, count = torch.tensor(300), jnp.int32(300)
    hand = torch.tensor(1.0)
    rows = [
        compared("PyTorch, against one operation", lambda: s(tensor), lambda: hand * 2, 300),
        compared("JAX, against Optax", lambda: s(count), lambda: peer(count).block_until_ready(), 30),
    ]
    table("One number in an array, eager", ["library", "s(step), us", "other, us", "ratio"], rows)


def in_jax() -> None:
    """Lines after one another, compiled: an array of steps, and a loop."""
    rows = [row for parts in (2, 10, 32, 100) for row in lines_in_jax(parts)]
    table("JAX, compiled, against optax.join_schedules", ["program", "schedules, us", "Optax, us", "ratio"], rows)


def lines_in_jax(parts: int) -> list[list[str]]:
    """So many lines after one another."""
    import jax
    import jax.numpy as jnp
    import optax

    levels, length = np.random.default_rng(parts).uniform(0.1, 1.0, parts + 1).tolist(), STEPS // parts
    ends = list(itertools.pairwise(levels))
    ours: Any = join(*(linear(a, b, length) for a, b in ends))
    lines = [optax.linear_schedule(a, b, length) for a, b in ends]
    theirs: Any = optax.join_schedules(lines, [length * k for k in range(1, parts)])
    steps = jnp.arange(STEPS)
    arrays = [jax.jit(s) for s in (ours, theirs)]
    loops = [
        jax.jit(lambda x, s=s: jax.lax.fori_loop(0, 100_000, lambda i, total: total + s(i * 10), x))
        for s in (ours, theirs)
    ]
    runs = {"an array of 10^6": (arrays, steps), "100,000 steps of a loop": (loops, jnp.float32(0))}
    return [
        compared(
            f"{parts} lines, {what}",
            lambda f=pair[0], x=x: f(x).block_until_ready(),
            lambda f=pair[1], x=x: f(x).block_until_ready(),
            5,
        )
        for what, (pair, x) in runs.items()
    ]


def open_numbers(parts: int = 100) -> None:
    """A schedule as an argument of a compiled function: three numbers a part, which JAX takes one by one."""
    import jax
    import jax.numpy as jnp

    import schedules.adapters.jax  # noqa: F401 -- makes schedules pytrees

    s = join(*(linear(k / parts, (k + 1) / parts, 10) for k in range(parts)))
    held = jax.tree.map(jnp.float32, s)
    t = jnp.int32(10 * parts // 2)
    given: Any = jax.jit(lambda s, t: s(t))
    static: Any = jax.jit(s)
    alone: Any = jax.jit(lambda leaves: jnp.stack(leaves).sum())
    rows = [
        compared(
            f"{parts} lines, {what}",
            lambda term=term: given(term, t).block_until_ready(),
            lambda term=term: alone(jax.tree.leaves(term)).block_until_ready(),
            50,
        )
        for what, term in (("Python numbers", s), ("numbers of JAX", held))
    ]
    rows.append(compared("the same, static", lambda: static(t).block_until_ready(), lambda: alone([t]), 50))
    head = ["jit(lambda s, t: s(t))(s, t)", "a call, us", "that many numbers alone, us", "ratio"]
    table("JAX: a schedule as an argument", head, rows)


if __name__ == "__main__":
    main()
