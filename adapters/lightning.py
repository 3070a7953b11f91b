"""Lightning: schedules in the configs of ``LightningCLI``, as text.

>>> from schedules.adapters.lightning import ScheduledCLI

`ScheduledCLI` is ``LightningCLI``; a `ScheduleLR` of this module in its config steps with every update, and its text
knows ``steps``, the updates of the run::

    optimizer:
      class_path: torch.optim.AdamW
      init_args: {lr: 3.0e-4}
    lr_scheduler:
      class_path: schedules.adapters.lightning.ScheduleLR
      init_args:
        schedule: wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)

Importing this module lets jsonargparse fill parameters annotated ``Schedule`` from text, in any program.
"""

from typing import Any

from jsonargparse.typing import register_type
from lightning.pytorch.cli import LightningCLI

from schedules import Schedule, parse
from schedules.adapters import torch

__all__ = ["ScheduleLR", "ScheduledCLI"]

register_type(Schedule, serializer=repr, deserializer=parse)


class ScheduleLR(torch.ScheduleLR):
    """The scheduler of `schedules.adapters.torch` whose text waits for the total, which `ScheduledCLI` gives.

    Args:
        optimizer: any optimizer of PyTorch.
        schedule: the text.
        relative: the schedule multiplies each group's own learning rate instead.
    """

    def __init__(self, optimizer: Any, schedule: str, relative: bool = False) -> None:  # pyright: ignore[reportMissingSuperCall] -- it waits
        self.waiting = optimizer, schedule, relative

    def __getattr__(self, name: str) -> Any:
        wants = "it waits for the updates of the run, which ScheduledCLI gives: use that instead of LightningCLI"
        raise AttributeError(f"schedules.adapters.lightning.ScheduleLR: {name}: {wants}")

    def begun(self, steps: float) -> torch.ScheduleLR:
        """The scheduler of a run of so many updates."""
        optimizer, schedule, relative = self.waiting
        return torch.ScheduleLR(optimizer, schedule, steps=steps, relative=relative)


class ScheduledCLI(LightningCLI):
    """``LightningCLI`` whose schedules know the number of updates, and step with them."""

    @staticmethod
    def configure_optimizers(lightning_module: Any, optimizer: Any, lr_scheduler: Any = None) -> Any:
        if not isinstance(lr_scheduler, torch.ScheduleLR):
            return LightningCLI.configure_optimizers(lightning_module, optimizer, lr_scheduler)
        if isinstance(lr_scheduler, ScheduleLR):
            lr_scheduler = lr_scheduler.begun(lightning_module.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": lr_scheduler, "interval": "step"}}
