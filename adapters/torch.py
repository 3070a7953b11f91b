"""PyTorch: a schedule drives any optimizer, behind the interface that every trainer knows.

>>> import torch
>>> from schedules import cosine_warmup
>>> from schedules.adapters.torch import ScheduleLR
>>> optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(3))])
>>> scheduler = ScheduleLR(optimizer, cosine_warmup(1e-3, 1_000, warmup=100))
>>> for _ in range(50):
...     optimizer.step()
...     scheduler.step()
>>> scheduler.get_last_lr()
[0.0005]
"""

import dataclasses
import functools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from schedules import Plateau, PlateauState, ScheduleError, Steps
from schedules.adapters.from_torch import from_torch, momentum_from_torch, plateau_from_torch
from schedules.adapters.param_groups import Damping, Form, Setting, Table, plain

__all__ = ["ScheduleLR", "from_torch", "momentum_from_torch", "plateau_from_torch"]


class ScheduleLR(LRScheduler):
    """``group["lr"] = schedule(t)`` for each param group, where t counts the calls of `step`.

    It is a clock, ``last_epoch``: each call of `step` moves it on by one and writes the values of its schedules there.
    Nothing is computed from the learning rate that is there, so whatever else wrote it is overwritten, a run resumes
    from the step alone, and the optimizer is not patched. Each schedule is asked for the step at hand and no other.

    Args:
        optimizer: any optimizer of PyTorch.
        schedule: absolute learning rates, as a schedule or a text; one for all groups, a sequence with one for each, or
            a mapping from patterns of the groups' names, ``{"*.bias": ..., "*": ...}``: the first that fits counts.
        steps: what the name ``steps`` stands for in schedules that are text:
            ``"wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)"``, where ``lr`` is each group's own learning
            rate, and the name of a hyperparameter the group's own value of it.
        relative: the schedule multiplies each group's own learning rate instead; or the names of all hyperparameters
            that are multiplied, ``("lr", "weight_decay")``. A group's own value is what it had before any schedule,
            which is kept in the group as ``initial_lr``, ``initial_weight_decay``, ...
        plateau: multiplies the learning rate by less and less as a metric stalls; give metrics to `step`.
        first_step: the step to begin at.
        hyperparameters: schedules of other settings of the groups, in the same forms: ``weight_decay=``, ``momentum=``
            (which is ``betas[0]`` in optimizers of Adam's kind), ``beta1=``, ``beta2=``, any key of the param groups.

    Raises:
        ScheduleError: one absolute schedule is given to groups whose own values differ, a sequence or a mapping
            does not fit the groups, no group knows a hyperparameter, or a schedule has no finite value.

    >>> import torch
    >>> from schedules import linear
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    >>> scheduler = ScheduleLR(optimizer, linear(1.0, 0.0, 4), relative=True, momentum=linear(0.9, 0.5, 4))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]
    (0.07500000000000001, 0.8)
    """

    last_epoch: float
    """The step whose values are in the groups; it may be set, and counts from there."""

    _step_count = 1  # trainers count it up between updates; the clock is last_epoch alone

    def __init__(  # pyright: ignore[reportMissingSuperCall] -- PyTorch's would patch optimizer.step and step at once
        self,
        optimizer: Optimizer,
        schedule: Form,
        *,
        steps: float | None = None,
        relative: bool | Sequence[str] = False,
        plateau: Plateau | None = None,
        first_step: float = 0,
        **hyperparameters: Form,
    ) -> None:
        _demand("optimizer", optimizer, Optimizer, "an optimizer of PyTorch")
        _demand("plateau", plateau, Plateau | None, "a schedules.Plateau, or None")
        for name in _UNKNOWN.keys() & hyperparameters.keys():
            raise ScheduleError(f"ScheduleLR: {name}={hyperparameters[name]!r}: {_UNKNOWN[name]}")
        forms = {"lr": schedule, **hyperparameters}
        self.relative = _multiplied(relative, forms)
        self.optimizer = optimizer
        self.plateau = plateau
        self.plateau_state = plateau.init() if plateau else None
        self._names = {} if steps is None else {"steps": _steps("steps", steps)}
        self._settings = [Setting.of(name, form, name in self.relative, self._names) for name, form in forms.items()]
        self._table: Table | None = None
        self._now: _Moment | None = None
        self._used: _Moment | None = None
        self._applied: dict[str, float] = {}
        self._go(_steps("first_step", first_step), self.plateau_state)
        for name, found in [(one.name, one.waiting(optimizer.param_groups)) for one in self._settings]:
            if found:
                warnings.warn(
                    f"ScheduleLR: {name}: no group is called {' or '.join(map(repr, found))} so far; there are "
                    f"{[group.get('name') for group in optimizer.param_groups]}",
                    stacklevel=2,
                )

    # -- a run -------------------------------------------------------------------------------------

    def step(self, metric: Any = None, *, amount: float = 1) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- no epoch: that is last_epoch
        """The next step of the clock: call it after ``optimizer.step()``, per batch, epoch or validation.

        Args:
            metric: what was measured, for the `plateau`; None between validations.
            amount: by how much the clock goes on: the tokens of this batch, where the schedules are over tokens.

        Raises:
            ScheduleError: there is a metric and no plateau that takes it, the amount is no number of steps, or a
                schedule has no finite value there; nothing has changed then.
        """
        state = self.plateau_state if metric is None else self._judged("step", metric)
        ahead = amount if amount == 1 else _steps("amount", amount)
        self._go(self.last_epoch + ahead, state)

    def measure(self, metric: Any) -> None:
        """Give the plateau a metric; the clock stays, and the learning rate is what it has now.

        Args:
            metric: what was measured.

        Raises:
            ScheduleError: there is no plateau that takes it.
        """
        state, (step, table, values, _) = self._judged("measure", metric), self._moment()
        if not table.write(self.optimizer.param_groups, values, self._damping(state)):
            table.take()
            table.write(self.optimizer.param_groups, values, self._damping(state))
        self._now, self.plateau_state = (step, table, values, state), state

    def _judged(self, method: str, metric: Any) -> PlateauState:
        """The state of the plateau after a metric."""
        if self.plateau is None or self.plateau_state is None:
            raise ScheduleError(
                f"ScheduleLR.{method}: metric={metric!r}: there is no plateau to take it; build with "
                "plateau=Plateau(...), or call step() with nothing: the clock counts by itself"
            )
        _, table, values, _ = self._moment()
        return self.plateau.update(self.plateau_state, float(metric), max(table.rates(values, None)))

    def _moment(self) -> "_Moment":
        """What the clock's step has: as written, unless others moved the clock or the groups since."""
        table, now = self._bound(self.last_epoch), self._now
        if now is None or now[:2] != (self.last_epoch, table):
            return self.last_epoch, table, table.at(self.last_epoch), self.plateau_state
        return now

    def _go(self, step: float, state: PlateauState | None) -> None:
        """Write the values of a step, and set the clock to it."""
        table, groups = self._table, self.optimizer.param_groups
        damp = None if state is None else self._damping(state)
        if table is None or table.doubts:
            table = self._bound(step)
        values = table.at(step)
        if not table.write(groups, values, damp):  # others were there
            if not table.fits(groups):
                table = self._bound(step)
                values = table.at(step)
            table.take()
            table.write(groups, values, damp)
        self.last_epoch = step
        self.plateau_state = state
        self._used = self._now
        self._now = step, table, values, state

    def _bound(self, step: float) -> Table:
        """The table of the groups that are there now."""
        table, groups = self._table, self.optimizer.param_groups
        if table is None or table.doubts or not table.fits(groups):
            for doubt in table.doubts if table else ():
                warnings.warn(f"ScheduleLR: {doubt}", stacklevel=4)
            table = self._table = Table(self._settings, groups, table, step)
        return table

    def _damping(self, state: PlateauState | None) -> Damping | None:
        """What the plateau makes of a learning rate."""
        return functools.partial(self.plateau.apply, state=state) if self.plateau and state else None

    # -- what is asked of a scheduler --------------------------------------------------------------

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates that the next ``optimizer.step()`` will use, one for each group."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return [rate.clone() if isinstance(rate, Tensor) else rate for rate in rates]

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at ``last_epoch``, one for each group.

        Whoever counts the clock up and asks for them, as ignite does, finds the other hyperparameters written.
        """
        if self._now is None or self._now[0] != self.last_epoch:
            self._go(self.last_epoch, self.plateau_state)
        rates = self._rates(self._moment())
        pairs = zip(self.get_last_lr(), rates, strict=True)
        return [there.fill_(rate) if isinstance(there, Tensor) else rate for there, rate in pairs]

    def _update_lr(self, epoch: float | None = None) -> None:
        """What PyTorch's ``SequentialLR`` calls at a milestone."""
        self._go(self.last_epoch + 1 if epoch is None else epoch, self.plateau_state)

    @property
    def _last_lr(self) -> list[float | Tensor]:  # pyright: ignore[reportIncompatibleVariableOverride] -- never out of date
        return self.get_last_lr()

    @_last_lr.setter
    def _last_lr(self, rates: object) -> None:  # pyright: ignore[reportIncompatibleVariableOverride] -- the same
        """Nothing: it is read off the groups."""

    @property
    def base_lrs(self) -> list[float]:  # pyright: ignore[reportIncompatibleVariableOverride] -- as it is in the groups
        """The groups' own learning rates, which they had before any schedule."""
        return [plain(group.get("initial_lr", group["lr"])) for group in self.optimizer.param_groups]

    @property
    def last_applied(self) -> dict[str, float]:
        """The learning rates that the latest ``optimizer.step()`` used, by the groups' names; none before it."""
        used = self._used
        return dict(zip(used[1].names(), self._rates(used), strict=True)) if used else dict(self._applied)

    def _rates(self, moment: "_Moment") -> list[float]:
        _, table, values, state = moment
        return table.rates(values, self._damping(state))

    # -- checkpoints -------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and texts: the step, the schedules as text, the state of the plateau."""
        return {
            "last_epoch": self.last_epoch,
            "base_lrs": self.base_lrs,
            "relative": list(self.relative),
            "schedules": {one.name: one.text for one in self._settings},
            "names": dict(self._names),
            "functions": {one.name: found for one in self._settings if (found := one.functions())},
            "plateau": None if self.plateau is None else dataclasses.asdict(self.plateau),
            "plateau_state": None if self.plateau_state is None else [float(x) for x in self.plateau_state],
            "last_applied": self.last_applied,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        If it is of another schedule, that is said in a warning, and the run goes on at the same step with this one:
        the way to extend a run. The state of a scheduler of PyTorch is taken for its step. Own learning rates are those
        of the state, if it has any.

        Raises:
            ScheduleError: this is no state of a scheduler; nothing has changed then.
        """
        found = _Saved.read(state_dict, len(self.optimizer.param_groups), self.plateau)
        for name, was, now in found.changes(self.state_dict()):
            message = f"ScheduleLR.load_state_dict: {name} was {was}, and is {now} now; going on at step {found.step}"
            warnings.warn(message, stacklevel=2)
        own = self.base_lrs
        if found.bases not in ([], own) and any(one.starts_from_own for one in self._settings):
            warnings.warn(
                f"ScheduleLR.load_state_dict: the groups' own learning rates are {own}, and {found.bases} in the "
                "state, which count; take base_lrs out of it to keep the others",
                stacklevel=2,
            )
        for group, base in zip(self.optimizer.param_groups, found.bases, strict=False):
            group["initial_lr"] = base
        self._table = Table(self._settings, self.optimizer.param_groups, self._table, found.step)
        self._table.doubts.clear()  # the state has told
        self._go(found.step, found.plateau_state or self.plateau_state)
        self._used, self._applied = None, found.applied

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None, "_now": None, "_used": None, "_applied": self.last_applied}

    def __repr__(self) -> str:
        schedules = ", ".join(f"{one.name}={one.text}" for one in self._settings)
        return f"ScheduleLR({type(self.optimizer).__name__}, {schedules}, last_epoch={self.last_epoch})"


_Moment: TypeAlias = tuple[float, Table, list[float], PlateauState | None]
"""What was written: the step, the table, the values of its schedules, and the state of the plateau."""


class _Saved(NamedTuple):
    """A checkpoint, checked whole."""

    given: dict[str, Any]
    step: float
    bases: list[float]
    plateau_state: PlateauState | None
    applied: dict[str, float]

    @classmethod
    def read(cls, state: Any, groups: int, plateau: Plateau | None) -> "_Saved":
        """What a state says, for so many param groups."""
        wanted = "this is a dictionary, as state_dict() of a scheduler gives it"
        if not isinstance(state, Mapping):
            raise ScheduleError(f"ScheduleLR.load_state_dict: state_dict={state!r}: {wanted}")
        given = dict(cast("Mapping[str, Any]", state))

        def take(key: str, default: Any, convert: Callable[[Any], Any], wants: str) -> Any:
            try:
                return convert(given.get(key, default))
            except (TypeError, ValueError, AttributeError):
                what = f"{key}={given[key]!r}" if key in given else f"{key} is missing"
                raise ScheduleError(f"ScheduleLR.load_state_dict: {what}: {wants}; nothing is loaded") from None

        return cls(
            given,
            take("last_epoch", None, _number, "this is the step, a number"),
            take("base_lrs", [], lambda rates: _numbers(rates, 0, groups), f"these are {groups} numbers, one a group"),
            take("plateau_state", None, _state, "these are four numbers: scale, best, bad, rest") if plateau else None,
            take(
                "last_applied", {}, lambda rates: dict(zip(rates, map(_number, rates.values()), strict=True)), "rates"
            ),
        )

    def changes(self, now: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """What was otherwise where the state was taken: its name, what it was and what it is now."""
        relative = self.given.get("relative")
        given = self.given | {"relative": ["lr"] if relative is True else list(relative or ())}
        for name in ("schedules", "names", "functions", "relative", "plateau"):
            was = given.get(name, now[name] if name in ("names", "functions") else None)
            if was != now[name]:
                yield name, was, now[name]


def _number(value: Any) -> float:
    """A finite number, as one of Python."""
    number = plain(value)
    if isinstance(number, bool) or not math.isfinite(number):
        raise ValueError
    return number


def _numbers(values: Any, *counts: int) -> list[float]:
    """So many finite numbers."""
    numbers = list(map(_number, values))
    if len(numbers) not in counts:
        raise ValueError
    return numbers


def _state(values: Any) -> PlateauState | None:
    """A state of the plateau from plain numbers, of which the best metric may be infinite."""
    if values is None:
        return None
    scale, best, bad, rest = values
    _numbers((scale, bad, rest), 3)
    return PlateauState(scale, best + 0.0, int(bad), int(rest))


def _demand(name: str, value: Any, kind: Any, wants: str) -> None:
    if not isinstance(value, kind):
        raise ScheduleError(f"ScheduleLR: {name}={value!r}: this is {wants}")


def _steps(name: str, value: Any) -> Any:
    """A number of steps >= 0."""
    return cast("Any", Steps).__metadata__[0]("ScheduleLR", name, value)


def _multiplied(relative: Any, forms: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the hyperparameters that are multiplied."""
    if isinstance(relative, bool):
        return ("lr",) if relative else ()
    if not isinstance(relative, list | tuple) or not set(cast("list[Any]", relative)) <= forms.keys():
        raise ScheduleError(
            f"ScheduleLR: relative={relative!r}: this is True or False, or names of what has a schedule: {[*forms]}"
        )
    return tuple(cast("list[str]", relative))


_UNKNOWN = {
    "last_epoch": "the clock begins at first_step=..., the number of the next update: one more than last_epoch; a run "
    "goes on with load_state_dict",
    "verbose": "print get_last_lr() where you want to see it",
}
"""What other schedulers take, and what is written here for it."""
