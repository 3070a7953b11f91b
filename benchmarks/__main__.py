"""Ratios against peers, measured side by side in one run: ``python -m benchmarks``.

Absolute times depend on the machine; the ratios are what to read. Each pair is timed in turn, again and again,
so that a drift of the machine's speed falls on both.
"""

import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import lrsched
import numpy as np

from schedules import Schedule, cosine, cosine_warmup, exponential, join, linear, multistep, one_cycle, sgdr, wsd

STEPS = 10**6


def main() -> None:
    """Print every table."""
    scalars()
    for steps in (STEPS, 10 * STEPS):
        curves(steps)
    memory(10**8)
    imports()
    steps_of_torch()
    joins_in_jax()
    sweep_in_jax()
    ulps_in_jax()
    for name in ("arrays", "whole", "construction"):  # on one thread, which a process settles before it imports NumPy
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


def timed(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time of each function in seconds, all of them in turn in every round."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(found) for name, found in times.items()}


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}")
    for row in (head, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# -- one value at a time -----------------------------------------------------------------------------


def by_hand(peak: float, end: float, warmup: int, steps: int) -> Callable[[int], float]:
    """Warmup and cosine as one writes them for one project."""
    cos, pi, decay = math.cos, math.pi, steps - warmup

    def schedule(t: int) -> float:
        if t < warmup:
            return peak * t / warmup
        if t >= steps:
            return end
        return end + (peak - end) * 0.5 * (1 + cos(pi * (t - warmup) / decay))

    return schedule


def scalars() -> None:
    """A call at one step."""
    steps = range(0, 10_000, 7)
    rows: list[list[str]] = []
    for end in (0.0, 1e-5):
        s = cosine_warmup(1e-3, 10_000, warmup=1_000, end=end)
        decay = lrsched.cosine(base_lr=1e-3, min_lr=end, total_steps=9_000)
        peer = lrsched.with_warmup(decay, warmup_steps=1_000, start_lr=0.0)
        calls = {
            "by hand, a closure": by_hand(1e-3, end, 1_000, 10_000),
            "s.function()": s.function(),
            "s(t)": s,
            "lrsched": peer,
        }
        found = timed({name: lambda call=call: [call(t) for t in steps] for name, call in calls.items()}, 300)
        rows += [
            [f"to {end}", name, f"{seconds / len(steps) * 1e9:.0f}", f"{seconds / found['by hand, a closure']:.2f}"]
            for name, seconds in found.items()
        ]
    table("One value: warmup and cosine", ["decay", "call", "ns", "ratio to by hand"], rows)


# -- whole curves ------------------------------------------------------------------------------------


def sliced(parts: Sequence[tuple[str, float, float, int]]) -> Callable[[], Any]:
    """Linear and cosine parts, each written by its formula into its slice."""

    def curve() -> Any:
        out = np.empty(sum(length for *_, length in parts))
        begin = 0
        for shape, start, end, length in parts:
            t = np.arange(length)
            weight = t / length if shape == "linear" else 0.5 * (1 - np.cos(np.pi * t / length))
            out[begin : begin + length] = start + (end - start) * weight
            begin += length
        return out

    return curve


def curves(steps: int) -> None:
    """Whole curves of so many steps."""
    tenth = steps // 10
    phases = [("linear", i + 0.5, i + 1.0, tenth) if i % 2 else ("cosine", i + 1.0, i + 0.5, tenth) for i in range(10)]
    shapes = {"linear": linear, "cosine": cosine}
    warm = [("linear", 0.0, 1e-3, steps // 100), ("cosine", 1e-3, 0.0, steps - steps // 100)]
    up = 3 * tenth
    once = [("cosine", 0.04, 1.0, up), ("cosine", 1.0, 4e-6, steps - up)]
    first = steps // 255
    rounds = [("cosine", 1.0, 0.0, first * 2**k) for k in range(8)]
    cases: list[tuple[str, Schedule, Callable[[], Any] | None]] = [
        ("warmup + cosine", cosine_warmup(1e-3, steps, warmup=steps // 100), sliced(warm)),
        ("one_cycle", one_cycle(1.0, steps), sliced(once)),
        ("ten phases", join(*(shapes[name](a, b, n) for name, a, b, n in phases)), sliced(phases)),
        ("sgdr, 8 rounds", sgdr(1.0, first, 8, stretch=2.0), sliced(rounds)),
        ("1,000 milestones", multistep(1.0, 0.999, list(range(steps // 1001, steps, steps // 1001))[:1000]), None),
    ]
    rows: list[list[str]] = []
    for name, s, formula in cases:
        functions: dict[str, Callable[[], object]] = {
            "full": lambda: np.full(steps, 0.5),
            "values": lambda s=s: s.values(steps),
        }
        if formula is not None:
            functions["formula"] = formula
        found = timed(functions, max(10, 60 * STEPS // steps))
        rows.append(
            [
                name,
                f"{found['full'] * 1e3:.2f}",
                f"{found['values'] * 1e3:.2f}",
                f"{found['values'] / found['full']:.2f}",
                f"{found['formula'] / found['values']:.1f}" if formula else "-",
            ]
        )
    head = ["schedule", "np.full, ms", "values, ms", "ratio to np.full", "times faster than sliced np.cos"]
    table(f"Whole curves of {steps:,} steps, float64, a new array each time", head, rows)


# -- memory and imports ------------------------------------------------------------------------------

_PEAK = """
import numpy, sys
from schedules import cosine_warmup
def peak():
    lines = open('/proc/self/status').read().splitlines()
    return int(next(line for line in lines if line.startswith('VmHWM')).split()[1]) / 1024
s = cosine_warmup(1e-3, {steps}, warmup=1000)
s.values(1000)
before = peak()
s.values({steps})
print(peak() - before - {steps} * 8 / 2**20)
"""


def memory(steps: int) -> None:
    """Peak memory beyond the output."""
    try:
        extra = subprocess.run(
            [sys.executable, "-c", _PEAK.format(steps=steps)], check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):  # no /proc here
        extra = "nan"
    table("Peak memory of values()", ["steps", "beyond the output, MB"], [[f"{steps:,}", f"{float(extra):.1f}"]])


def imports() -> None:
    """Whole processes that import and end."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}  # all but the first find their modules compiled

    def process(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    found = timed({code: process(code) for code in ("pass", "import numpy", "import schedules")}, 15)
    rows = [[code, f"{seconds * 1e3:.0f}", f"{seconds / found['import numpy']:.2f}"] for code, seconds in found.items()]
    table("Importing, a whole process", ["python -c", "ms", "ratio to import numpy"], rows)


# -- PyTorch -----------------------------------------------------------------------------------------


def steps_of_torch() -> None:
    """A step of the scheduler, against writes by hand and PyTorch's own cosine."""
    from . import torch_steps

    torch_steps.main()


# -- JAX ---------------------------------------------------------------------------------------------


def seconds(function: Callable[[], object]) -> float:
    """The time of one call, in seconds."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def joins_in_jax() -> None:
    """The program of one step of a join of many lines, and its time in a loop, against Optax."""
    import jax
    import jax.numpy as jnp
    import optax

    loops = 100_000
    jax.jit(jnp.sin).lower(1.0).compile()  # the first compilation sets up the compiler
    rows: list[list[str]] = []
    for parts in (4, 10, 100, 1_000):
        levels = np.random.default_rng(parts).uniform(0.1, 1.0, parts + 1).tolist()
        lengths = [loops // parts + place % 7 for place in range(parts)]
        pieces = list(zip(levels, levels[1:], lengths, strict=False))
        knots = np.cumsum(lengths)[:-1].tolist()
        makers: dict[str, Callable[[], Callable[[Any], Any]]] = {
            "schedules": lambda pieces=pieces: join(*(linear(a, b, n) for a, b, n in pieces)),
            "optax": lambda pieces=pieces, knots=knots: optax.join_schedules(
                [optax.linear_schedule(a, b, n) for a, b, n in pieces], knots
            ),
        }
        compiling: dict[str, float] = {}
        for name, make in makers.items():
            schedule = make()
            begin = time.perf_counter()
            lowered = jax.jit(schedule).lower(jnp.int32(0))
            lowered.compile()
            compiling[name] = time.perf_counter() - begin
            program = f"{len(lowered.as_text().splitlines()):,}"
            step = float("nan")
            if parts < 1_000 or name == "schedules":  # a loop over a thousand parts of Optax compiles for minutes
                loop = jax.jit(lambda x, f=schedule: jax.lax.fori_loop(0, loops, lambda i, total: total + f(i), x))
                loop(0.0).block_until_ready()
                step = min(seconds(lambda loop=loop: loop(0.0).block_until_ready()) for _ in range(3)) / loops
            ratio = "" if name == "schedules" else f"{compiling['optax'] / compiling['schedules']:.1f}"
            rows.append([f"{parts:,}", name, program, f"{compiling[name] * 1e3:.0f}", f"{step * 1e6:.3f}", ratio])
    head = [
        "parts",
        "library",
        "lines of HLO",
        "trace and compile, ms",
        "a step in a loop, us",
        "times longer to compile",
    ]
    table("JAX: a join of straight lines", head, rows)


def sweep_in_jax() -> None:
    """Ten thousand schedules over ten thousand steps at once, against a loop over schedules of Optax."""
    import jax
    import jax.numpy as jnp
    import optax

    steps = 10_000
    every_step = jnp.arange(steps)
    peaks, warmups, cooldowns = np.geomspace(1e-4, 1e-2, 25), np.arange(100, 2_100, 100), np.arange(500, 4_500, 200)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(peaks, warmups, cooldowns)])
    sweep = jax.jit(
        jax.vmap(lambda peak, warmup, cooldown: wsd(peak, steps, warmup=warmup, cooldown=cooldown)(every_step))
    )
    arrays = [jnp.asarray(axis) for axis in grid]
    sweep(*arrays).block_until_ready()
    ours = min(seconds(lambda: sweep(*arrays).block_until_ready()) for _ in range(3))

    def theirs(peak: float, warmup: int, cooldown: int) -> Any:
        parts = [
            optax.linear_schedule(0.0, peak, warmup),
            optax.constant_schedule(peak),
            optax.linear_schedule(peak, 0.0, cooldown),
        ]
        return optax.join_schedules(parts, [warmup, steps - cooldown])(every_step)

    some = grid[:, :: grid.shape[1] // 100].T.tolist()
    loop = seconds(lambda: [theirs(p, int(w), int(c)).block_until_ready() for p, w, c in some])
    loop *= grid.shape[1] / len(some)
    rows = [["schedules, one vmap", f"{ours:.2f}", "1"], ["optax, a loop", f"{loop:.1f}", f"{loop / ours:.0f}"]]
    head = ["sweep", "seconds", "times longer"]
    table(f"JAX: {grid.shape[1]:,} schedules over {steps:,} steps (the loop measured on {len(some)})", head, rows)


def ulps_in_jax() -> None:
    """The largest error in float32, in ulp of the value, over steps all over the curve and near both ends."""
    import jax
    import jax.numpy as jnp
    import optax

    makers: dict[str, tuple[Callable[..., Schedule], Callable[..., Any]]] = {
        "linear to 0": (lambda n: linear(1e-3, 0.0, n), lambda n: optax.linear_schedule(1e-3, 0.0, n)),
        "cosine to 0": (lambda n: cosine(1e-3, 0.0, n), lambda n: optax.cosine_decay_schedule(1e-3, n)),
        "exponential": (
            lambda n: exponential(1e-3, 1e-6, n),
            lambda n: optax.exponential_decay(1e-3, n, 1e-3),
        ),
    }
    rows: list[list[str]] = []
    for name, (ours, theirs) in makers.items():
        for n in (10**4, 10**6, 2**31 - 1):
            inner = np.random.default_rng(n).integers(0, n, 10_000)
            steps = np.unique(np.concatenate([np.arange(1_000), n - 1 - np.arange(1_000), inner]))
            exact = ours(n)(steps)
            ulp = np.spacing(exact.astype(np.float32)).astype(float)
            found = [
                np.max(np.abs(np.asarray(jax.jit(schedule)(jnp.asarray(steps, jnp.int32)), float) - exact) / ulp)
                for schedule in (ours(n), theirs(n))
            ]
            rows.append([name, f"{n:,}", *(f"{error:.3g}" for error in found)])
    head = ["curve", "steps", "schedules, ulp", "optax, ulp"]
    table("JAX: the largest error in float32, in ulp of the value (against float64)", head, rows)


if __name__ == "__main__":
    main()
