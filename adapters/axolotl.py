"""Axolotl: a plugin that makes the learning rate of a text in the config.

::

    plugins:
      - schedules.adapters.axolotl.SchedulePlugin
    learning_rate: 3.0e-4
    schedule: wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)
"""

from typing import Any

from axolotl.integrations.base import BasePlugin  # pyright: ignore[reportMissingImports] -- not among the extras
from pydantic import BaseModel

from schedules.adapters.torch import ScheduleLR

__all__ = ["ScheduleArgs", "SchedulePlugin"]


class ScheduleArgs(BaseModel):
    """What the plugin adds to the config."""

    schedule: str | None = None


class SchedulePlugin(BasePlugin):
    """The learning rate is that of the text ``schedule``; without one, what the config says otherwise."""

    def get_input_args(self) -> str:
        return f"{__name__}.ScheduleArgs"

    def create_lr_scheduler(self, cfg: Any, trainer: Any, optimizer: Any, num_training_steps: int) -> Any:  # noqa: ARG002 -- as axolotl calls it
        return ScheduleLR(optimizer, cfg.schedule, steps=num_training_steps) if cfg.schedule else None
