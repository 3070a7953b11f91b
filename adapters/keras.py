"""Keras: a schedule is the learning rate of any optimizer, and is saved with the model, as text.

>>> import keras
>>> from schedules import cosine_warmup
>>> from schedules.adapters.keras import ScheduleLR
>>> optimizer = keras.optimizers.AdamW(ScheduleLR(cosine_warmup(1e-3, 1_000, warmup=100)))
>>> optimizer.get_config()["learning_rate"]["config"]
{'schedule': 'cosine_warmup(0.001, 1000, warmup=100)'}

It runs on the TensorFlow, JAX, PyTorch and NumPy backends of Keras. Three things to know of Keras:

- The clock is training steps, of all calls of ``fit`` together: a schedule in epochs is ``every(s, batches)``, or
  ``stretch(s, batches)`` to move within an epoch too. With ``gradient_accumulation_steps=k`` Keras counts batches,
  not updates: write ``every(s, k)``.
- The learning rate is the only setting that Keras takes from a schedule. Its weight decay is multiplied by the
  learning rate, and so follows the schedule by itself.
- ``keras.callbacks.ReduceLROnPlateau`` refuses every schedule (tensorflow/tensorflow#36612): use `PlateauCallback`.
"""

from typing import Any, cast

import keras

from schedules import Plateau, Schedule, ScheduleError, maximum, parse

__all__ = ["PlateauCallback", "ScheduleLR"]


@keras.saving.register_keras_serializable(package="schedules")
class ScheduleLR(keras.optimizers.schedules.LearningRateSchedule):
    """``lr = schedule(step)``, where step counts the training steps of the optimizer from 0.

    Give it to any optimizer as ``learning_rate=``. A saved model holds the text of the schedule and the step, so that a
    loaded one goes on at its step; import this module before loading, and the modules of your own named schedules.

    Args:
        schedule: absolute learning rates, by training step.

    Raises:
        ScheduleError: the argument is no schedule, or Keras runs on a backend whose arrays no schedule can read; when
            the model is saved: the schedule has no text.

    Values have the type of ``keras.config.floatx()``, which is float32 by default.

    >>> from schedules import linear
    >>> lr = ScheduleLR(linear(0.0, 1.0, 4))
    >>> float(lr(1)), lr
    (0.25, ScheduleLR(linear(0.0, 1.0, 4)))
    >>> ScheduleLR.from_config(lr.get_config()).schedule == lr.schedule
    True
    """

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        if not isinstance(schedule, Schedule):  # pyright: ignore[reportUnnecessaryIsInstance] -- for those without a checker
            wants = "this is a schedule, such as cosine(0.1, 0.0, 900); make one of a text with schedules.parse"
            raise ScheduleError(f"ScheduleLR: schedule={schedule!r}: {wants}")
        if (backend := keras.backend.backend()) not in BACKENDS:
            raise ScheduleError(
                f"ScheduleLR: KERAS_BACKEND={backend}: its arrays do not follow the array API standard; set the "
                f"environment variable to one of {', '.join(BACKENDS)} before you import keras, or give a schedule in "
                "epochs to keras.callbacks.LearningRateScheduler, which calls it in Python"
            )
        self.schedule = schedule

    def __call__(self, step: Any) -> Any:
        given = step.value if isinstance(step, keras.Variable) else step  # TensorFlow takes a variable for a tensor
        steps, floatx = keras.ops.convert_to_tensor(given), keras.config.floatx()
        if floatx == "float64":  # whole steps would give the float of the backend, which does not know of floatx
            steps = keras.ops.cast(steps, floatx)
        return keras.ops.cast(self.schedule(steps), floatx)

    def get_config(self) -> dict[str, Any]:
        text = repr(self.schedule)
        try:
            fault = "" if parse(text) == self.schedule else "its text is read as another schedule"
        except ScheduleError as found:
            fault = str(found)
        if fault:
            raise ScheduleError(
                f"ScheduleLR: schedule={text}: there is no text of it to save ({fault}); put the Python function into "
                "a schedule with a name, by @schedules.named, and import that before you load"
            )
        return {"schedule": text}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ScheduleLR":
        return cls(parse(config["schedule"]))

    def __repr__(self) -> str:
        return f"ScheduleLR({self.schedule!r})"


BACKENDS = ("tensorflow", "jax", "torch", "numpy")


class PlateauCallback(keras.callbacks.Callback):
    """``lr = max(schedule(step) * scale, min_lr)``, where `plateau` lowers the scale at the end of an epoch.

    For an optimizer with a `ScheduleLR`. The damped schedule takes its place, so a saved model keeps what was reached,
    and the train function is made anew at each plateau: where Keras compiles, that is one more compilation. Each
    call of ``fit`` begins with no metric remembered, as with the callbacks of Keras.

    Args:
        plateau: when and by how much.
        monitor: the name of the metric in the logs of an epoch.

    Raises:
        ScheduleError: the plateau is none; in ``fit``: the learning rate is no `ScheduleLR`, its schedule has no text,
            or there is no such metric.

    >>> from schedules import Plateau
    >>> callback = PlateauCallback(Plateau(patience=2, factor=0.5), monitor="val_loss")
    """

    def __init__(self, plateau: Plateau, monitor: str = "val_loss") -> None:
        super().__init__()
        if not isinstance(plateau, Plateau):  # pyright: ignore[reportUnnecessaryIsInstance] -- the same
            raise ScheduleError(f"PlateauCallback: plateau={plateau!r}: this is a schedules.Plateau")
        self.plateau, self.monitor = plateau, monitor

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 -- as Keras calls it
        self.state = self.plateau.init()
        self._begun = self._now = _schedule_of(self._optimizer)
        self._apply()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 -- as Keras calls it
        known = logs or {}
        if self.monitor not in known:
            raise ScheduleError(
                f"PlateauCallback: monitor={self.monitor!r}: this epoch has {sorted(known)}; name one of these, and "
                "validate in every epoch"
            )
        updates = cast("Any", keras.ops.convert_to_numpy(self._optimizer.iterations))  # which devices may share
        step = int(updates) * (self._optimizer.gradient_accumulation_steps or 1)
        self.state = self.plateau.update(self.state, float(known[self.monitor]), self._begun(step))
        self._apply()

    @property
    def _optimizer(self) -> Any:
        """The optimizer that has the schedule; Keras wraps it to train in half precision."""
        outer = cast("Any", self.model).optimizer
        return getattr(outer, "inner_optimizer", outer)

    def _apply(self) -> None:
        """Train on with the schedule as the plateau has it."""
        damped = self.state.scale * self._begun
        damped = maximum(damped, self.plateau.min_lr) if self.plateau.min_lr else damped
        if damped != self._now:
            self._optimizer.learning_rate = ScheduleLR(damped)
            self._now = damped
            cast("Any", self.model).make_train_function(force=True)


def _schedule_of(optimizer: Any) -> Schedule:
    """The schedule in an optimizer."""
    config = optimizer.get_config()["learning_rate"]
    rate = keras.optimizers.schedules.deserialize(config) if isinstance(config, dict) else config
    schedule = getattr(rate, "schedule", None)
    if not isinstance(schedule, Schedule):
        raise ScheduleError(
            f"PlateauCallback: learning_rate={rate!r}: this is a ScheduleLR; for a number, ScheduleLR(constant(0.1))"
        )
    return schedule
