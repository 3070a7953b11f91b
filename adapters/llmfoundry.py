"""LLM Foundry, and Composer below it: a scheduler whose factor is a text in the config.

An installed ``schedule-algebra`` offers it to LLM Foundry under the name ``schedule``::

    scheduler:
      name: schedule
      schedule: wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)
"""

import functools
from typing import Any

from composer.optim import ComposerScheduler  # pyright: ignore[reportMissingImports] -- not among the extras

from schedules import Schedule, parse

__all__ = ["TextScheduler"]


class TextScheduler(ComposerScheduler):
    """``factor = schedule(t)`` of the optimizer's own learning rate, for t in batches or tokens, as the run counts.

    Composer multiplies each group's own learning rate, so ``lr`` in the text is 1; ``steps`` is the length of the run,
    in tokens where ``max_duration`` is, otherwise in batches.

    Args:
        schedule: the text.
    """

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    def __call__(self, state: Any, ssr: float = 1.0) -> float:
        total = state.max_duration
        unit = "token" if str(getattr(total.unit, "value", total.unit)) == "tok" else "batch"
        done = getattr(state.timestamp, unit)
        steps = total.value * (int(state.dataloader_len) if str(total.unit.value) == "ep" else 1)
        return _read(self.schedule, round(steps * ssr))(int(done))


@functools.lru_cache
def _read(text: str, steps: int) -> Schedule:
    return parse(text, lr=1.0, steps=steps)
