"""Transformers: the learning rate of a ``Trainer`` is a text in its arguments.

>>> import transformers
>>> from schedules.adapters.transformers import scheduled_arguments, scheduled_trainer
>>> Trainer = scheduled_trainer(transformers.Trainer)
>>> Arguments = scheduled_arguments(transformers.TrainingArguments)
>>> parser = transformers.HfArgumentParser(Arguments)
>>> text = "wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)"
>>> parser.parse_args_into_dataclasses(["--learning_rate", "3e-4", "--schedule", text])[0].schedule == text
True

For TRL and all others that derive their trainers and arguments from these: ``scheduled_trainer(trl.SFTTrainer)``. Where
the arguments are given by somebody else's program, the text goes into ``lr_scheduler_kwargs``, which all of them have:
``lr_scheduler_kwargs: {schedule: "wsd(lr, steps, ...)"}``.
"""

import dataclasses
import functools
from typing import Any

from transformers import Trainer, TrainingArguments

from schedules import ScheduleError
from schedules.adapters.torch import ScheduleLR

__all__ = ["scheduled_arguments", "scheduled_trainer"]

_HELP = "The learning rate as a text, such as wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)."


@functools.cache
def scheduled_arguments(arguments: type[TrainingArguments]) -> type[Any]:
    """The same arguments and ``schedule``, a text; `scheduled_trainer` follows it.

    Args:
        arguments: ``TrainingArguments``, or what derives from it.
    """
    text = dataclasses.field(default=None, metadata={"help": _HELP})
    made: Any = dataclasses.make_dataclass(
        arguments.__name__, [("schedule", str | None, text)], bases=(arguments,), kw_only=True
    )
    made.__reduce__ = lambda self: (_remade, (arguments, dict(self.__dict__)))  # Trainer saves them with the model
    return made


def _remade(arguments: type[TrainingArguments], values: dict[str, Any]) -> Any:
    made = object.__new__(scheduled_arguments(arguments))
    made.__dict__.update(values)
    return made


def scheduled_trainer(trainer: type[Trainer]) -> type[Any]:
    """The same trainer, whose learning rate is the schedule in its arguments.

    In the text, ``steps`` is the number of updates of the run, and ``lr`` the own learning rate of each param group:
    ``learning_rate`` of the arguments, unless the optimizer was made otherwise.

    Args:
        trainer: ``Trainer``, or what derives from it. The text is ``args.schedule`` or
            ``args.lr_scheduler_kwargs["schedule"]``.

    Raises:
        ScheduleError: when training starts, if there is no text, or it cannot be read.
    """

    class Scheduled(trainer):
        """A trainer with a schedule."""

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            if self.lr_scheduler is None:
                used: Any = self.optimizer if optimizer is None else optimizer
                self.lr_scheduler = ScheduleLR(used, _text_of(self.args), steps=num_training_steps)
                self._created_lr_scheduler = True
            return self.lr_scheduler

    Scheduled.__name__ = Scheduled.__qualname__ = f"Scheduled{trainer.__name__}"
    return Scheduled


def _text_of(arguments: Any) -> Any:
    text = getattr(arguments, "schedule", None) or (arguments.lr_scheduler_kwargs or {}).get("schedule")
    if text is None:
        raise ScheduleError(
            "scheduled_trainer: args.schedule=None: give the text in the arguments, as schedule= of "
            'scheduled_arguments, or as lr_scheduler_kwargs={"schedule": "cosine_warmup(lr, steps, warmup=100)"}'
        )
    return text
