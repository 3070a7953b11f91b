"""torchtitan: an override that makes the learning rate of a text.

``--override.imports 'schedules.adapters.torchtitan.schedule={"text": "wsd(lr, steps, warmup=0.03 * steps,
cooldown=0.2 * steps)"}'``, on the command line of any of its configs.
"""

from dataclasses import dataclass
from typing import Any

from torchtitan.components.optimizer.lr_scheduler import (  # pyright: ignore[reportMissingImports] -- not among the extras
    LRSchedulersContainer,
)
from torchtitan.config.override import derive, override  # pyright: ignore[reportMissingImports] -- the same

from schedules.adapters.torch import ScheduleLR

__all__ = ["ScheduledLRs", "schedule"]


class ScheduledLRs(LRSchedulersContainer):
    """The schedulers of all optimizers of a run; a checkpoint holds the step, as torchtitan's own does."""

    @dataclass(kw_only=True, slots=True)
    class Config(LRSchedulersContainer.Config):
        """The text; ``lr`` in it is each group's own learning rate, ``steps`` the total."""

        text: str = "constant(lr)"

        def build(self, *, optimizers: Any, training_steps: int) -> "ScheduledLRs":
            steps = training_steps if self.total_steps is None else self.total_steps
            return ScheduledLRs(optimizers, self.text, steps)

    def __init__(self, optimizers: Any, text: str, steps: int) -> None:
        self.schedulers = [ScheduleLR(optimizer, text, steps=steps) for optimizer in optimizers]


@override(target=LRSchedulersContainer.Config, description="the learning rate of a text")
def schedule(config: Any, text: str) -> Any:
    """The config of the schedulers, with a text in the place of its own settings."""
    return derive(config, ScheduledLRs.Config, text=text)
