"""OLMo-core: a scheduler whose learning rate is a text in the config.

``_CLASS_`` names it, in YAML and JSON::

    scheduler:
      _CLASS_: schedules.adapters.olmo_core.TextScheduler
      schedule: wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)
"""

import functools
from dataclasses import dataclass
from typing import Any

from olmo_core.optim.scheduler import Scheduler  # pyright: ignore[reportMissingImports] -- not among the extras

from schedules import Schedule, parse

__all__ = ["TextScheduler"]


@dataclass
class TextScheduler(Scheduler):
    """``lr = schedule(current)``, where ``lr`` in the text is the group's initial one and ``steps`` the whole run.

    With ``units: tokens`` the schedule is over tokens, and ``steps`` in the text is how many there are.

    Args:
        schedule: the text.
    """

    schedule: str = "constant(lr)"

    def get_lr(self, initial_lr: Any, current: int, t_max: int) -> Any:
        lr = initial_lr.item() if hasattr(initial_lr, "item") else initial_lr
        return _read(self.schedule, lr, t_max)(current)


@functools.lru_cache
def _read(text: str, lr: float, steps: int) -> Schedule:
    return parse(text, lr=lr, steps=steps)
