"""What users write, as type checkers see it: all passes ``mypy --strict`` and pyright, but for what says why not."""

from typing import Any

import numpy as np

from schedules import (
    Plateau,
    Schedule,
    Steps,
    Time,
    Value,
    constant,
    cosine,
    cosine_warmup,
    explain,
    in_tokens,
    join,
    linear,
    named,
    one_minus_sqrt,
    parse,
    replay,
    suggest,
    total_updates,
    wsd,
)

s: Schedule = linear(0.0, 1e-3, 100) >> cosine(1e-3, 0.0, 900)


def lr(step: int) -> float:
    return s(step)


def lrs(steps: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "np.ndarray[tuple[int], np.dtype[np.floating[Any]]]":
    return s(steps)


def peak_of(schedule: Schedule) -> float:
    return float(schedule.values().max())


@named
def own_recipe(peak: Value, steps: Steps, *, warmup: Steps = 100) -> Schedule:
    """``linear(0, peak, warmup) >> cosine(peak, 0, steps - warmup)``."""
    return linear(0.0, peak, warmup) >> cosine(peak, 0.0, steps - warmup)


lasts: float = s.steps
rows = s.describe()
first: int = rows[0].first
scaled: Schedule = 0.5 * s + 1e-5 - s / 2
numbers: Schedule = s * np.float32(2) + np.int64(1)
part: Schedule = s[10:-10]
wave: Schedule = abs(-(Time() % 10)) ** 2
from_text: Schedule = parse("cosine(lr, 0.0, steps)", lr=1e-3, steps=900)
recipe: Schedule = wsd(1e-3, total_updates(1_000, 10), warmup=10, cooldown=20, shape=one_minus_sqrt)
mine: Schedule = join(own_recipe(1e-3, 1_000), constant(1e-4))
formula: str = explain(cosine_warmup(1e-3, 1_000, warmup=100))
state = Plateau(patience=3).update(Plateau().init(), 1.0)
scale: float = state.scale
recorded: Schedule = replay(np.asarray([1.0, 0.5]))
over_tokens: Schedule = in_tokens(s, 524_288)
suggested: float = suggest(np.asarray([0.1, 0.2, 0.3]), [3.0, 1.0, 2.0], method="minimum")


def wrong() -> None:
    """What a type checker refuses."""
    s >> "cosine(1e-3, 0, 900)"  # type: ignore[operator] # pyright: ignore -- a text is parsed first
    cosine("0.1", 0.0, 900)  # type: ignore[arg-type] # pyright: ignore -- so is a number
    cosine_warmup(1e-3, 1_000)  # type: ignore[call-arg] # pyright: ignore -- it has no default
    word: str = s(3)  # type: ignore[assignment] # pyright: ignore -- it is a number
    print(word)
