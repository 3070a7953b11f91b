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
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from schedules import Plateau, PlateauState, Schedule, ScheduleError, constant
from schedules.adapters.from_torch import from_torch, momentum_from_torch, plateau_from_torch

__all__ = ["ScheduleLR", "from_torch", "momentum_from_torch", "plateau_from_torch"]

Form: TypeAlias = Schedule | float | Sequence[Schedule | float] | Mapping[str, Schedule | float]
"""One schedule for all param groups, one for each in order, or one for each by the group's ``name``."""

Group: TypeAlias = dict[str, Any]

WINDOW = 4096  # steps that are evaluated ahead


class ScheduleLR(LRScheduler):
    """``group["lr"] = schedule(t)`` for each param group, where t counts the calls of `step`.

    Nothing is computed from the learning rate that is there, so whatever else wrote it is overwritten, a run
    resumes from the step alone, and the optimizer is not patched.

    Args:
        optimizer: any optimizer of PyTorch.
        schedule: absolute learning rates; one schedule for all groups, a sequence with one for each, or a mapping
            from the groups' names.
        relative: the schedule multiplies each group's own learning rate instead.
        plateau: multiplies the learning rate by less and less as a metric stalls; give metrics to `step`.
        hyperparameters: schedules of other settings of the groups, in the same forms: ``weight_decay=``, ``momentum=``
            (which is ``betas[0]`` in optimizers of Adam's kind), any key of the param groups.

    Raises:
        ScheduleError: one absolute schedule is given to groups whose learning rates differ, a sequence or a mapping
            does not fit the groups, or no group knows a hyperparameter.

    The values agree with ``schedule(t)`` to a few units in the last place, and are the same bits in every run.

    >>> import torch
    >>> from schedules import linear
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    >>> scheduler = ScheduleLR(optimizer, linear(1.0, 0.0, 4), relative=True, momentum=linear(0.9, 0.5, 4))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]
    (0.07500000000000001, 0.8)
    """

    _step_count = 1  # trainers count it up between updates; the clock is last_epoch alone

    def __init__(  # pyright: ignore[reportMissingSuperCall] -- PyTorch's would patch optimizer.step and step at once
        self,
        optimizer: Optimizer,
        schedule: Form,
        *,
        relative: bool = False,
        plateau: Plateau | None = None,
        **hyperparameters: Form,
    ) -> None:
        _demand("optimizer", optimizer, Optimizer, "an optimizer of PyTorch")
        _demand("relative", relative, bool, "True or False")
        _demand("plateau", plateau, Plateau | None, "a schedules.Plateau, or None")
        self.optimizer = optimizer
        self.last_epoch = 0
        self.relative = relative
        self.plateau = plateau
        self.plateau_state = plateau.init() if plateau else None
        self._before = self.plateau_state
        self._forms = {"lr": _settled("schedule", schedule)}
        self._forms |= {name: _settled(name, form) for name, form in hyperparameters.items()}
        self._groups: list[Group] = []
        self._count = self._begin = 0
        self._apply()

    # -- a run -------------------------------------------------------------------------------------

    def step(self, metric: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- no epoch: that is last_epoch
        """The next step of the clock: call it after ``optimizer.step()``, per batch, epoch or validation.

        Args:
            metric: what was measured, for the `plateau`; None between validations.

        Raises:
            ScheduleError: there is a metric, and no plateau that takes it.
        """
        if metric is not None or self.plateau is not None:
            self._measure(metric)
        self.last_epoch += 1
        row = self.last_epoch - self._begin
        if row >= WINDOW or self.optimizer.param_groups is not self._groups or len(self._groups) != self._count:
            self._apply()
        elif self._simple:
            for group, values in self._simple:
                group["lr"] = values[row]
        else:
            self._write(row)

    def _measure(self, metric: Any) -> None:
        """Let the plateau take a metric, if there is one."""
        self._before = self.plateau_state
        if metric is None:
            return
        if self.plateau is None or self.plateau_state is None:
            raise ScheduleError(
                f"ScheduleLR.step: metric={metric!r}: there is no plateau to take it; build with plateau=Plateau(...), "
                "or call step() with nothing: the clock counts by itself"
            )
        row = self.last_epoch - self._begin
        lr = max(entry.values[row] for entry in self._plan if entry.key == "lr")
        self.plateau_state = self.plateau.update(self.plateau_state, float(metric), lr)

    def _apply(self) -> None:
        """Write the values of this step, after whatever there is to prepare."""
        groups: list[Group] = self.optimizer.param_groups
        if groups is not self._groups or len(groups) != self._count:  # loaded, or added to
            self._bind(groups)
        self._begin = self.last_epoch // WINDOW * WINDOW
        for entry in self._plan:
            entry.look_ahead(self._begin)
        plain = self.plateau is None and all(entry.put is _put_number and entry.key == "lr" for entry in self._plan)
        self._simple = [(group, entry.values) for entry in self._plan for group in entry.members] if plain else []
        self._write(self.last_epoch - self._begin)

    def _write(self, row: int) -> None:
        """Write the values of one row of the window into the groups."""
        for entry in self._plan:
            entry.put(entry.members, entry.key, self._damped(entry, row, self.plateau_state))

    def _damped(self, entry: "_Entry", row: int, state: PlateauState | None) -> float:
        """The value of an entry; learning rates as the plateau has them."""
        value = entry.values[row]
        return self.plateau.apply(value, state) if self.plateau and state and entry.key == "lr" else value

    def _bind(self, groups: list[Group]) -> None:
        """Plan what is written where: one entry for all groups that get the same value in the same way."""
        for group in groups:
            group.setdefault("initial_lr", _plain(group["lr"]))
        self.base_lrs = [_plain(group["initial_lr"]) for group in groups]
        entries: dict[Any, _Entry] = {}
        for name, form in self._forms.items():
            for group, base, schedule in zip(groups, self.base_lrs, self._each(name, form, groups), strict=True):
                key, put = _target(name, group)
                factor = _plain(base) if self.relative and name == "lr" else 1.0
                entry = entries.setdefault((key, schedule, factor, put), _Entry(key, schedule, factor, put))
                entry.members.append(group)
        self._plan = list(entries.values())
        self._groups, self._count = groups, len(groups)

    def _each(self, name: str, form: "_Settled", groups: list[Group]) -> Iterable[Schedule]:
        """The schedule of each group."""
        match form:
            case Schedule():
                if name == "lr" and not self.relative and len(set(self.base_lrs)) > 1:
                    raise ScheduleError(
                        f"ScheduleLR: schedule={form!r}: the groups' own learning rates differ, {self.base_lrs}, and "
                        "it would overwrite them; multiply them with relative=True, or give one schedule for each group"
                    )
                return [form] * len(groups)
            case dict():
                names = [str(group.get("name")) for group in groups]
                if sorted(names) != sorted(form):
                    raise ScheduleError(
                        f"ScheduleLR: {name}: schedules for {sorted(form)}, groups {names}; give each one"
                    )
                return [form[group] for group in names]
            case _:
                if len(form) != len(groups):
                    raise ScheduleError(
                        f"ScheduleLR: {name}: {len(form)} schedules, {len(groups)} groups; give each one"
                    )
                return form

    # -- what is asked of a scheduler --------------------------------------------------------------

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates that the next ``optimizer.step()`` will use, one for each group."""
        return [_copy(group["lr"]) for group in self.optimizer.param_groups]

    get_lr = get_last_lr

    @property
    def _last_lr(self) -> list[float | Tensor]:  # pyright: ignore[reportIncompatibleVariableOverride] -- never out of date
        return self.get_last_lr()

    @property
    def last_applied(self) -> dict[str, float]:
        """The learning rates that the latest ``optimizer.step()`` used, by the groups' names; none before it."""
        step = self.last_epoch - 1
        values: dict[int, float] = {}
        for entry in self._plan if step >= 0 else ():
            if entry.key == "lr":
                value = self._damped(entry.at(step), 0, self._before)
                values |= dict.fromkeys(map(id, entry.members), value)
        return {name: values[id(group)] for name, group in self._named() if id(group) in values}

    def _named(self) -> list[tuple[str, Group]]:
        return [(str(group.get("name", place)), group) for place, group in enumerate(self.optimizer.param_groups)]

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and texts: the step, the schedules as text, the state of the plateau."""
        return {
            "last_epoch": self.last_epoch,
            "base_lrs": list(self.base_lrs),
            "relative": self.relative,
            "schedules": {name: _text(form) for name, form in self._forms.items()},
            "plateau": None if self.plateau is None else dataclasses.asdict(self.plateau),
            "plateau_state": None if self.plateau_state is None else [float(x) for x in self.plateau_state],
            "plateau_before": None if self._before is None else [float(x) for x in self._before],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        If it is of another schedule, that is said in a warning, and the run goes on at the same step with this one:
        the way to extend a run. The state of a scheduler of PyTorch is taken for its step.
        """
        own, found = self.state_dict(), dict(state_dict)
        for name in ("schedules", "relative", "plateau"):
            if found.get(name) != own[name]:
                warnings.warn(
                    f"ScheduleLR.load_state_dict: {name} was {found.get(name)}, and is {own[name]} now; "
                    f"going on at step {found['last_epoch']}",
                    stacklevel=2,
                )
        self.last_epoch = int(found["last_epoch"])
        if self.plateau is not None:
            self.plateau_state = _state(found.get("plateau_state")) or self.plateau_state
            self._before = _state(found.get("plateau_before")) or self.plateau_state
        for group, base in zip(self.optimizer.param_groups, found.get("base_lrs", ()), strict=False):
            group["initial_lr"] = _plain(base)
        self._count = -1  # so that all is bound anew
        self._apply()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_groups": [], "_plan": [], "_simple": [], "_count": -1}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._apply()

    def __repr__(self) -> str:
        schedules = ", ".join(f"{name}={_text(form)}" for name, form in self._forms.items())
        return f"ScheduleLR({type(self.optimizer).__name__}, {schedules}, last_epoch={self.last_epoch})"


class _Entry:
    """What is written at each step: a schedule times a factor, evaluated ahead, into some groups.

    The windows begin at the same steps in every run, so that a resumed run sees the same bits.
    """

    def __init__(
        self, key: str, schedule: Schedule, factor: float, put: Callable[[list[Group], str, float], None]
    ) -> None:
        self.key, self.schedule, self.factor, self.put = key, schedule, factor, put
        self.members: list[Group] = []
        self.values: list[float] = []

    def look_ahead(self, begin: int) -> None:
        """Fill the window that begins at a step."""
        self.values = (self.schedule.values(WINDOW, start=begin) * self.factor).tolist()

    def at(self, step: int) -> "_Entry":
        """An entry whose window begins with the value at one step."""
        other = _Entry(self.key, self.schedule, self.factor, self.put)
        begin = step // WINDOW * WINDOW
        other.look_ahead(begin)
        other.values = other.values[step - begin :]
        return other


def _demand(name: str, value: Any, kind: Any, wants: str) -> None:
    if not isinstance(value, kind):
        raise ScheduleError(f"ScheduleLR: {name}={value!r}: this is {wants}")


def _put_number(groups: list[Group], key: str, value: float) -> None:
    for group in groups:
        group[key] = value


def _put_tensor(groups: list[Group], key: str, value: float) -> None:
    for group in groups:
        group[key].fill_(value)


def _put_beta(groups: list[Group], key: str, value: float) -> None:
    for group in groups:
        first, *rest = group[key]
        group[key] = (first.fill_(value) if isinstance(first, Tensor) else value, *rest)


def _target(name: str, group: Group) -> tuple[str, Callable[[list[Group], str, float], None]]:
    """The key that a hyperparameter has in a group, and how it is written."""
    if name == "momentum" and "momentum" not in group and "betas" in group:
        return "betas", _put_beta
    if name not in group or isinstance(group[name], bool | tuple | list | str | None):
        known = [
            key
            for key, value in group.items()
            if isinstance(value, float | int | Tensor) and not isinstance(value, bool)
        ]
        raise ScheduleError(f"ScheduleLR: {name}: no number of this name in the param group; there are {known}")
    return name, _put_tensor if isinstance(group[name], Tensor) else _put_number


_Settled: TypeAlias = Schedule | tuple[Schedule, ...] | dict[str, Schedule]


def _settled(name: str, form: Any) -> _Settled:
    """A form, its numbers made constants."""
    match form:
        case Mapping():
            return {str(key): _one(name, value) for key, value in cast("Mapping[Any, Any]", form).items()}
        case list() | tuple():
            return tuple(_one(name, value) for value in cast("list[Any]", form))
        case _:
            return _one(name, form)


def _one(name: str, value: Any) -> Schedule:
    try:
        return value if isinstance(value, Schedule) else constant(value)
    except ScheduleError:
        wants = "a schedule, a sequence or a mapping of schedules, such as cosine(0.1, 0.0, 900)"
        raise ScheduleError(f"ScheduleLR: {name}={value!r}: this is {wants}") from None


def _text(form: _Settled) -> Any:
    """A form as text, in plain containers."""
    if isinstance(form, Mapping):
        return {key: repr(schedule) for key, schedule in form.items()}
    return repr(form) if isinstance(form, Schedule) else [repr(schedule) for schedule in form]


def _state(values: Any) -> PlateauState | None:
    """A state of the plateau from plain numbers."""
    if values is None:
        return None
    scale, best, bad, rest = values
    return PlateauState(scale, best, int(bad), int(rest))


def _plain(value: Any) -> float:
    return value.item() if isinstance(value, Tensor) else value


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
