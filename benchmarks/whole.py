"""Whole curves against NumPy by hand, on one thread: ``python -m benchmarks.whole``.

Short ones against their formulas on slices, long ones that come again or stand still against ``np.full``.
"""

import math
import os
import time
from collections.abc import Callable

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before the libraries that read them

import numpy as np  # noqa: E402 -- after the threads are set

from schedules import (  # noqa: E402 -- the same
    Schedule,
    cosine,
    cosine_warmup,
    cycle,
    linear,
    multistep,
    repeat,
    sgdr,
    stretch,
    wsd,
)

LONG = 10**6


def least(functions: list[Callable[[], object]], rounds: int = 31, times: int = 3) -> list[float]:
    """The least processor time of each function, all of them in turn in every round."""
    found = [math.inf] * len(functions)
    for _ in range(rounds):
        for place, function in enumerate(functions):
            begin = time.process_time()
            for _ in range(times):
                function()
            found[place] = min(found[place], (time.process_time() - begin) / times)
    return found


def fall(n: int) -> np.ndarray:
    """Half a cosine."""
    return 0.5 * (1 + np.cos(np.arange(n) * (math.pi / n)))


def rise(n: int) -> np.ndarray:
    """A line."""
    return np.arange(n) / n


def row(name: str, s: Schedule, n: int, by_hand: Callable[[], object]) -> None:
    """One line of the table."""
    ours, theirs = least([lambda: s.values(n), by_hand])
    print(f"{name:34}{n:9}{ours * 1e6:11.0f}{theirs * 1e6:11.0f}{ours / theirs:8.2f}")


def main() -> None:
    """Print the table."""
    print(f"{'values(n)':34}{'n':>9}{'us':>11}{'by hand':>11}{'ratio':>8}")
    for n in (100, 1_000, 3_000, 10_000):
        w = n // 10
        row("cosine", cosine(1.0, 0.0, n), n, lambda n=n: fall(n))
        warm = cosine_warmup(1.0, n, warmup=w)
        row("cosine_warmup", warm, n, lambda n=n, w=w: np.concatenate((rise(w), fall(n - w))))
        flat = wsd(1.0, n, warmup=w, cooldown=w)
        row("wsd", flat, n, lambda n=n, w=w: np.concatenate((rise(w), np.ones(n - 2 * w), 1 - rise(w))))
    full = lambda: np.full(LONG, 0.5)  # noqa: E731 -- the yardstick
    row("repeat, 100 rounds", repeat(cosine(1.0, 0.0, LONG // 100), 100), LONG, full)
    row("cycle of 10 steps", cycle(linear(0.0, 1.0, 10)), LONG, full)
    row("sgdr, 5 rounds", sgdr(1.0, LONG // 5, 5), LONG, full)
    row("1,000 milestones", multistep(1.0, 0.999, range(1_000, LONG, 1_000)), LONG, full)
    row("cosine", cosine(1.0, 0.0, LONG), LONG, full)
    for depth in (17, 35, 70):
        s = linear(0.0, 1.0, 100)
        for _ in range(depth):
            s = stretch(s, 1.01)
        row(f"{depth} nested stretches", s, 1_000, lambda: fall(1_000))


if __name__ == "__main__":
    main()
