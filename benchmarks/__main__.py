"""Ratios against peers, measured side by side in one run: ``python -m benchmarks``.

Absolute times depend on the machine; the ratios are what to read. Each pair is timed in turn, again and again,
so that a drift of the machine's speed falls on both.
"""

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import lrsched
import numpy as np

from schedules import Schedule, cosine, cosine_warmup, join, linear, multistep, one_cycle, sgdr

STEPS = 10**6


def main() -> None:
    """Print every table."""
    scalars()
    for steps in (STEPS, 10 * STEPS):
        curves(steps)
    memory(10**8)
    imports()
    steps_of_torch()


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

    def process(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    found = timed({code: process(code) for code in ("pass", "import numpy", "import schedules")}, 15)
    rows = [[code, f"{seconds * 1e3:.0f}", f"{seconds / found['import numpy']:.2f}"] for code, seconds in found.items()]
    table("Importing, a whole process", ["python -c", "ms", "ratio to import numpy"], rows)


# -- PyTorch -----------------------------------------------------------------------------------------


def steps_of_torch() -> None:
    """A step of the scheduler, against PyTorch's own cosine."""
    import torch

    from schedules.adapters.torch import ScheduleLR

    def optimizer(groups: int) -> torch.optim.Optimizer:
        found = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)], lr=0.1)
        found.step()
        return found

    rows: list[list[str]] = []
    calls = range(2_000)
    for groups in (1, 10, 100):
        theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer(groups), STEPS)
        theirs.optimizer.step()
        ours = ScheduleLR(optimizer(groups), cosine(0.1, 0.0, STEPS))
        schedulers = {"theirs": theirs.step, "ours": ours.step}
        found = timed({name: lambda step=step: [step() for _ in calls] for name, step in schedulers.items()}, 9)
        microseconds = {name: seconds / len(calls) * 1e6 for name, seconds in found.items()}
        ratio = found["theirs"] / found["ours"]
        rows.append([f"{groups}", f"{microseconds['theirs']:.2f}", f"{microseconds['ours']:.2f}", f"{ratio:.1f}"])
    head = ["groups", "CosineAnnealingLR, us", "ScheduleLR, us", "times less"]
    table("A step of the scheduler", head, rows)


if __name__ == "__main__":
    main()
