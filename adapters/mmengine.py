"""MMEngine: a parameter scheduler whose learning rate is a text in the config.

::

    custom_imports = dict(imports=["schedules.adapters.mmengine"])
    param_scheduler = dict(
        type="ScheduleLR", schedule="wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)", by_epoch=False
    )
"""

from typing import Any

from mmengine.optim.scheduler import _ParamScheduler  # pyright: ignore[reportMissingImports] -- not among the extras
from mmengine.registry import PARAM_SCHEDULERS  # pyright: ignore[reportMissingImports] -- the same

from schedules.adapters import torch

__all__ = ["ScheduleLR"]


@PARAM_SCHEDULERS.register_module()
class ScheduleLR(_ParamScheduler):
    """`schedules.adapters.torch.ScheduleLR` in a ``Runner``, stepped with every iteration, or with every epoch.

    Args:
        optimizer: the optimizer, or MMEngine's wrapper of it.
        schedule: text, in which ``lr`` is each group's own learning rate, or whatever else `ScheduleLR` takes.
        steps: what ``steps`` is in the text; None means `end`.
        end: the iterations of the run, or its epochs; the runner gives it.
        by_epoch: the clock is epochs.
        epoch_length: of no use here; the runner gives it.
        settings: other arguments of `ScheduleLR`.
    """

    def __init__(  # pyright: ignore[reportMissingSuperCall] -- that would count and write by itself
        self,
        optimizer: Any,
        schedule: Any,
        *,
        steps: float | None = None,
        end: float | None = None,
        by_epoch: bool = False,
        epoch_length: int | None = None,  # noqa: ARG002 -- as the runner calls it
        **settings: Any,
    ) -> None:
        self.by_epoch = by_epoch
        self.param_name = "lr"
        self.optimizer = optimizer
        total = end if steps is None else steps
        self.inner = torch.ScheduleLR(getattr(optimizer, "optimizer", optimizer), schedule, steps=total, **settings)

    @property
    def last_step(self) -> Any:
        """The steps that have been made."""
        return self.inner.last_epoch

    def step(self) -> None:
        self.inner.step()

    def get_last_value(self) -> list[Any]:
        return self.inner.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return self.inner.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.inner.load_state_dict(state_dict)
