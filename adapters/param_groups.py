"""The param groups of a PyTorch optimizer as a table: which of their numbers are written, and from which schedules.

What is there decides how it is written: a number is replaced, a tensor is filled in place, and of a tuple (``betas``)
one entry is replaced. So nothing that others put into a group is taken for something else.
"""

import fnmatch
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import torch
from torch import Tensor

from schedules import Schedule, ScheduleError, constant

__all__ = ["Form", "Group", "Setting", "Table", "plain"]

Group: TypeAlias = dict[str, Any]

Form: TypeAlias = Schedule | float | Sequence[Schedule | float] | Mapping[str, Schedule | float]
"""One schedule for all param groups, one for each in order, or one for each by the group's ``name``."""

Damping: TypeAlias = Callable[[float], float]
"""What a plateau makes of a learning rate."""

FEW = 8  # tensors, up to which it is quicker to fill them one by one


# -- what the user says ------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """A hyperparameter, its schedules, and whether they multiply each group's own value."""

    name: str
    form: Schedule | tuple[Schedule, ...] | dict[str, Schedule]
    relative: bool

    @property
    def argument(self) -> str:
        """What it is called where it is given."""
        return "schedule" if self.name == "lr" else self.name

    def text(self) -> Any:
        """Its schedules as text, in plain containers."""
        form = self.form
        if isinstance(form, dict):
            return {key: repr(schedule) for key, schedule in form.items()}
        return [repr(schedule) for schedule in form] if isinstance(form, tuple) else repr(form)

    def of_groups(self, groups: Sequence[Group]) -> list[tuple[Any, Schedule]]:
        """The schedule of each group, and the place or the pattern by which it is given."""
        form = self.form
        if isinstance(form, Schedule):
            return [(None, form)] * len(groups)
        if isinstance(form, tuple):
            if len(form) != len(groups):
                raise self.refusal(f"{len(form)} schedules, {len(groups)} groups; give each one")
            return list(enumerate(form))
        names = [str(group.get("name")) for group in groups]
        found = [next((item for item in form.items() if fnmatch.fnmatchcase(name, item[0])), None) for name in names]
        if None in found:
            raise self.refusal(f'schedules for {sorted(form)}, groups {names}; give each one, or all others one as "*"')
        return cast("list[tuple[Any, Schedule]]", found)

    def refusal(self, why: str) -> ScheduleError:
        """An error that names the hyperparameter."""
        return ScheduleError(f"ScheduleLR: {self.name}: {why}")


def setting(name: str, form: Any, relative: bool) -> Setting:
    """The setting of an argument, numbers made constants."""
    made = Setting(name, form, relative)
    match form:
        case Mapping():
            items = cast("Mapping[Any, Any]", form).items()
            return made._replace(form={str(key): _schedule(made.argument, value) for key, value in items})
        case list() | tuple():
            return made._replace(form=tuple(_schedule(made.argument, value) for value in cast("list[Any]", form)))
        case _:
            return made._replace(form=_schedule(made.argument, form))


def _schedule(argument: str, value: Any) -> Schedule:
    try:
        return value if isinstance(value, Schedule) else constant(value)
    except ScheduleError:
        wants = "a schedule, a sequence or a mapping of schedules, such as cosine(0.1, 0.0, 900)"
        raise ScheduleError(f"ScheduleLR: {argument}={value!r}: this is {wants}") from None


# -- where it stands -----------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """Where a hyperparameter stands in a param group: under a key, or at a place of the tuple there."""

    key: str
    place: int | None = None

    def read(self, group: Group) -> Any:
        """What stands there."""
        return group[self.key] if self.place is None else group[self.key][self.place]

    def put(self, group: Group, value: Any) -> None:
        """Put something else there."""
        group[self.key] = value if self.place is None else _replaced(group[self.key], self.place, value)


_BETAS = {"momentum": 0, "beta1": 0, "beta2": 1}
"""What optimizers of Adam's kind keep in one tuple."""


def _cell(name: str, group: Group) -> Cell:
    if name in _BETAS and name not in group and "betas" in group:
        return Cell("betas", _BETAS[name])
    if not _is_number(group.get(name)):
        known = [key for key, value in group.items() if _is_number(value)]
        raise ScheduleError(f"ScheduleLR: {name}: no number of this name in the param group; there are {known}")
    return Cell(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int | Tensor) and not isinstance(value, bool)


def _replaced(values: Sequence[Any], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def plain(value: Any) -> float:
    """The Python number that a tensor or a NumPy number stands for."""
    return value.item() if hasattr(value, "item") else value


# -- what is written -----------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """One hyperparameter of one group: ``schedule(t) * factor`` is written into the cell."""

    name: str
    group: Group
    cell: Cell
    there: float
    """What the group holds now."""
    own: float
    """The group's own value, which it had before any schedule."""
    schedule: Schedule
    factor: float

    @property
    def initial(self) -> str:
        """The key under which the own value is kept in the group, as PyTorch's schedulers keep ``initial_lr``."""
        return f"initial_{self.name}"


class Table:
    """What is written at each step: each schedule once, with the groups that its values go to.

    Args:
        settings: the hyperparameters.
        groups: the param groups of the optimizer.
        before: the table that it takes the place of, which knows its groups.
        step: the clock, at which new groups join.

    Raises:
        ScheduleError: the settings do not fit the groups, which stay as they are then.
    """

    def __init__(
        self, settings: Iterable[Setting], groups: Sequence[Group], before: "Table | None" = None, step: float = 0
    ) -> None:
        self.groups = list(groups)
        self.rows = {one.name: _entries(one, self.groups, before) for one in settings}
        entries = [entry for row in self.rows.values() for entry in row]
        self.doubts = [doubt for entry in entries if (doubt := _doubt(entry, before, step))]
        _own_tensors(entries)
        lines: dict[Schedule, dict[Any, list[Group]]] = {}
        for entry in entries:
            entry.group[entry.initial] = entry.own
            column = (*entry.cell, entry.factor, entry.name == "lr")
            lines.setdefault(entry.schedule, {}).setdefault(column, []).append(entry.group)
        self.schedules = list(lines)
        self.functions = [schedule.function() for schedule in lines]
        self.columns = [[(*column, members) for column, members in columns.items()] for columns in lines.values()]

    def fits(self, groups: list[Group]) -> bool:
        """Whether these are the groups that it was made for."""
        return len(groups) == len(self.groups) and all(map(operator.is_, groups, self.groups))

    def at(self, step: float) -> list[float]:
        """The values of the schedules at a step, each asked once.

        Raises:
            ScheduleError: a schedule has no finite value there.
        """
        values = [function(step) for function in self.functions]
        if not math.isfinite(sum(values)):  # or so large that it is said of each
            for schedule, value in zip(self.schedules, values, strict=True):
                if not math.isfinite(value):
                    raise ScheduleError(f"ScheduleLR: {schedule!r} is {value} at step {step}; {_REMEDY}")
        return values

    def write(self, values: list[float], damp: Damping | None) -> None:
        """Write values of the schedules into the groups, learning rates as `damp` has them."""
        for value, columns in zip(values, self.columns, strict=True):
            for key, place, factor, is_rate, groups in columns:
                number = damp(value * factor) if is_rate and damp is not None else value * factor
                seen = put = None
                tensors: list[Tensor] = []
                for group in groups:
                    there = group[key]
                    if there is not seen:  # groups that share what they hold share what takes its place
                        seen, put = there, number if type(there) is float else _settled(there, place, number, tensors)
                    group[key] = put
                if tensors:
                    _fill(tensors, number)

    def rates(self, values: list[float], damp: Damping | None) -> list[float]:
        """The learning rate of each group."""
        known = dict(zip(self.schedules, values, strict=True))
        rates = [known[entry.schedule] * entry.factor for entry in self.rows["lr"]]
        return rates if damp is None else list(map(damp, rates))

    def names(self) -> list[str]:
        """The groups' names, or their places."""
        return [str(group.get("name", place)) for place, group in enumerate(self.groups)]

    def own(self, name: str) -> list[float]:
        """The groups' own values of a hyperparameter."""
        return [entry.own for entry in self.rows[name]]


def _entries(one: Setting, groups: list[Group], before: Table | None) -> list[Entry]:
    """One hyperparameter in all groups."""
    given = one.of_groups(groups)
    entries: list[Entry] = []
    for group, (_, schedule) in zip(groups, given, strict=True):
        cell = _cell(one.name, group)
        there = plain(cell.read(group))
        own = plain(group.get(f"initial_{one.name}", there))
        entries.append(Entry(one.name, group, cell, there, own, schedule, own if one.relative else 1.0))
    if not one.relative:
        known = {id(group) for group in before.groups} if before else set[int]()
        shown = [entry.own if id(entry.group) in known else entry.there for entry in entries]
        _demand_alike(one, [key for key, _ in given], shown)
    return entries


def _demand_alike(one: Setting, keys: list[Any], values: list[float]) -> None:
    """Refuse one schedule for groups whose values differ, which it would make the same in silence."""
    alike: dict[Any, float] = {}
    for key, value in zip(keys, values, strict=True):
        if alike.setdefault(key, value) != value:
            what = "learning rates" if one.name == "lr" else f"values of {one.name}"
            relative = "True" if one.name == "lr" else f'("{one.name}",)'
            each = ", ".join("s" if value else "0.0" for value in values)
            raise ScheduleError(
                f"ScheduleLR: {one.argument}={one.text()}: the groups' own {what} differ, {values}, and it would "
                f"overwrite them; multiply them with relative={relative}, or give one schedule for each group: [{each}]"
            )


def _own_tensors(entries: list[Entry]) -> None:
    """Give a tensor that groups share to the first of those that get different values, and the others a copy."""
    owners: dict[int, tuple[Schedule, float]] = {}
    for entry in entries:
        value, wanted = entry.cell.read(entry.group), (entry.schedule, entry.factor)
        if isinstance(value, Tensor) and owners.setdefault(id(value), wanted) != wanted:
            entry.cell.put(entry.group, value.detach().clone())


def _doubt(entry: Entry, before: Table | None, step: float) -> str | None:
    """What is to be said where an own value that is made use of could be read in two ways."""
    return None


def _settled(there: Any, place: int | None, number: float, tensors: list[Tensor]) -> Any:
    """What takes the place of what is there; tensors stay, and are listed."""
    if place is not None:
        return _replaced(there, place, _settled(there[place], None, number, tensors))
    if not isinstance(there, Tensor):
        return number
    tensors.append(there)
    return there


def _fill(tensors: list[Tensor], number: float) -> None:
    """Write a number into tensors, in place: many of one kind at once."""
    if len(tensors) <= FEW:
        for tensor in tensors:
            tensor.fill_(number)
        return
    kinds: dict[Any, list[Tensor]] = {}
    for tensor in tensors:
        kinds.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    for (dtype, device), alike in kinds.items():
        torch._foreach_copy_(alike, [torch.tensor(number, dtype=dtype, device=device)] * len(alike))
