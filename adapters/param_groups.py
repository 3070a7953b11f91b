"""The param groups of a PyTorch optimizer as a table: which of their numbers are written, and from which schedules.

What is there decides how it is written: a number is replaced, a tensor is filled in place, and of a tuple (``betas``)
one entry is replaced. So nothing that others put into a group is taken for something else.
"""

import dataclasses
import fnmatch
import functools
import numbers
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import torch
from torch import Tensor

from schedules import Schedule, ScheduleError, constant, free_names, parse
from schedules.adapters.functions import described, functions_of

__all__ = ["Form", "Group", "Setting", "Table", "plain"]

Group: TypeAlias = dict[str, Any]

Form: TypeAlias = Schedule | str | float | Sequence[Schedule | str | float] | Mapping[str, Schedule | str | float]
"""One schedule for all param groups, one for each in order, or one for each by the group's ``name``."""

Source: TypeAlias = Schedule | str

Damping: TypeAlias = Callable[[float], float]
"""What a plateau makes of a learning rate."""

FEW = 8  # tensors, up to which it is quicker to fill them one by one


# -- what the user says ---------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Setting:
    """A hyperparameter and its schedules: one, one a group in order, or one a pattern of the groups' names."""

    name: str
    form: Source | tuple[Source, ...] | dict[str, Source]
    relative: bool
    """Whether they multiply each group's own value."""
    names: Mapping[str, float]
    """What names in texts stand for, besides the group's own values."""

    @classmethod
    def of(cls, name: str, form: Any, relative: bool, names: Mapping[str, float]) -> "Setting":
        """The setting of an argument, numbers made constants."""
        argument = "schedule" if name == "lr" else name
        match form:
            case Mapping():
                items = cast("Mapping[Any, Any]", form).items()
                return cls(name, {str(key): _source(argument, one) for key, one in items}, relative, names)
            case Sequence() if not isinstance(form, str):
                return cls(name, tuple(_source(argument, one) for one in cast("Sequence[Any]", form)), relative, names)
            case _:
                return cls(name, _source(argument, form), relative, names)

    @functools.cached_property
    def text(self) -> Any:
        """The schedules as text without addresses, in plain containers."""
        form = self.form
        if isinstance(form, dict):
            return {key: _written(one) for key, one in form.items()}
        return [_written(one) for one in form] if isinstance(form, tuple) else _written(form)

    @property
    def sources(self) -> list[Source]:
        """All that is given."""
        form = self.form
        return list(form.values() if isinstance(form, dict) else form if isinstance(form, tuple) else (form,))

    @functools.cached_property
    def _functions(self) -> list[Any]:
        return [found for one in self.sources if isinstance(one, Schedule) for found in functions_of(one)]

    def functions(self) -> list[str]:
        """The Python functions in the schedules, with what they hold."""
        return list(map(described, self._functions))

    def of_groups(self, groups: Sequence[Group]) -> list[tuple[Any, Source]]:
        """The schedule of each group, and the place or the pattern that it is given by."""
        form = self.form
        if isinstance(form, tuple):
            if len(form) != len(groups):
                raise self.refusal(f"{len(form)} schedules, {len(groups)} groups; give each one")
            return list(enumerate(form))
        if not isinstance(form, dict):
            return [("*", form)] * len(groups)
        names = [str(group.get("name")) for group in groups]
        found = [next((item for item in form.items() if fnmatch.fnmatchcase(name, item[0])), None) for name in names]
        if None in found:
            raise self.refusal(f'schedules for {sorted(form)}, groups {names}; give each one, or all others one as "*"')
        return cast("list[tuple[Any, Source]]", found)

    def waiting(self, groups: Sequence[Group]) -> list[str]:
        """The names, no patterns, that are no group's."""
        names = [str(group.get("name")) for group in groups]
        given = self.form if isinstance(self.form, dict) else ()
        return [name for name in given if name not in names and not any(sign in name for sign in "*?[")]

    @functools.cached_property
    def starts_from_own(self) -> bool:
        """Whether a schedule is given by the groups' own values."""
        return self.relative or any(map(self.names_own, self.sources))

    def names_own(self, source: Source) -> bool:
        """Whether a text names the group's own value."""
        return isinstance(source, str) and self.name in free_names(source)

    def read(self, source: Source, own: Mapping[str, float]) -> Schedule:
        """A schedule, its text read with a group's own values."""
        if isinstance(source, Schedule):
            return source
        try:
            if self.relative and self.names_own(source):
                raise ScheduleError(f"{self.name} is each group's own value already; leave relative out")
            return _parsed(source, *{**self.names, **own}.items())
        except ScheduleError as fault:
            argument = "schedule" if self.name == "lr" else self.name
            raise ScheduleError(f"ScheduleLR: {argument}={source!r}: {fault}") from None

    def refusal(self, why: str) -> ScheduleError:
        """An error that names the hyperparameter."""
        return ScheduleError(f"ScheduleLR: {self.name}: {why}")


@functools.lru_cache
def _parsed(text: str, *names: tuple[str, float]) -> Schedule:
    """`parse`, once for groups with the same own values."""
    return parse(text, **dict(names))


def _source(argument: str, value: Any) -> Source:
    try:
        return value if isinstance(value, Schedule | str) else constant(value)
    except ScheduleError:
        wants = "a schedule, a text, or a sequence or a mapping of them, such as cosine(0.1, 0.0, 900)"
        raise ScheduleError(f"ScheduleLR: {argument}={value!r}: this is {wants}") from None


def _written(source: Source) -> str:
    return source if isinstance(source, str) else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(source))


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
    if isinstance(value, Tensor):
        return value.numel() == 1
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


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
    starts_from_own: bool

    @property
    def initial(self) -> str:
        """The key under which the own value is kept in the group, as PyTorch's schedulers keep ``initial_lr``."""
        return f"initial_{self.name}"


class Table:
    """What is written at each step: each schedule once, with the groups that its values go to.

    Each cell holds what was written last. Where one does not, others were there: a group was exchanged, a number or a
    tensor put in place of the other. Then the groups are taken over anew.

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
        self.doubts = [
            doubt
            for name, row in self.rows.items()
            for doubt in _doubts(row, before.rows[name] if before else [], step)
        ]
        for place, entries in enumerate(zip(*self.rows.values(), strict=True)):
            names: dict[Cell, str] = {}
            for entry in entries:
                if names.setdefault(entry.cell, entry.name) != entry.name:
                    both = f"{names[entry.cell]} and {entry.name}"
                    raise ScheduleError(f"ScheduleLR: {both}: these are one number in group {place}; give one of them")
        lines: dict[Schedule, int] = {}
        self._plan: dict[tuple[int, float, bool, Cell], list[int]] = {}
        for row in self.rows.values():
            for place, entry in enumerate(row):
                line = lines.setdefault(entry.schedule, len(lines))
                self._plan.setdefault((line, entry.factor, entry.name == "lr", entry.cell), []).append(place)
        self.schedules = list(lines)
        self._functions = [schedule.function() for schedule in lines]
        self._count = -1  # of groups, once they are taken over
        self._numbers: list[tuple[Callable[[list[Group]], Sequence[Group]] | None, list[list[Any]]]] = []
        self._tensors: list[tuple[int, float, bool, Cell, list[int], list[Tensor]]] = []

    def fits(self, groups: list[Group]) -> bool:
        """Whether these are the groups that it was made for."""
        return len(groups) == len(self.groups) and all(map(operator.is_, groups, self.groups))

    def take(self) -> None:
        """Take the groups over: see what their cells hold, and keep their own values in them."""
        entries = [entry for row in self.rows.values() for entry in row]
        for entry in entries:
            entry.group[entry.initial] = entry.own
        _own_tensors(entries)
        self._count, self._numbers, self._tensors = len(self.groups), [], []
        columns: dict[tuple[int, ...], list[list[Any]]] = {}  # by the groups that they are written into
        for (line, factor, is_rate, cell), places in self._plan.items():
            held = [cell.read(self.groups[place]) for place in places]
            numbers = [place for place, there in zip(places, held, strict=True) if not isinstance(there, Tensor)]
            taken = float("nan")  # an object of its own, which is there until the first value is written
            tuples: dict[Any, Any] = {}  # groups with equal tuples share one
            for place in numbers:
                cell.put(self.groups[place], taken)
                group = self.groups[place]
                group[cell.key] = tuples.setdefault(group[cell.key], group[cell.key])
            if numbers:
                columns.setdefault(tuple(numbers), []).append([line, factor, is_rate, *cell, taken])
            if tensors := [there for there in held if isinstance(there, Tensor)]:
                others = sorted(set(places) - set(numbers))
                self._tensors.append((line, factor, is_rate, cell, others, tensors))
        self._numbers = [(_picking(places, self._count), found) for places, found in columns.items()]

    def at(self, step: float) -> list[float]:
        """The values of the schedules at a step, each asked once.

        Raises:
            ScheduleError: a schedule has no finite value there.
        """
        values: list[float] = []
        for function in self._functions:
            value = function(step)
            if value - value:  # inf or nan, whose difference is nan
                remedy = "make it finite there, or begin later with first_step"
                raise ScheduleError(f"ScheduleLR: {self.schedules[len(values)]!r} is {value} at step {step}; {remedy}")
            values.append(value)
        return values

    def write(self, groups: list[Group], values: list[float], damp: Damping | None) -> bool:
        """Write values of the schedules into the groups, learning rates as `damp` has them.

        Returns:
            Whether each cell held what was left there; if not, not all is written.
        """
        if len(groups) != self._count:
            return False
        for pick, columns in self._numbers:
            chosen = groups if pick is None else pick(groups)
            for column in columns:
                line, factor, is_rate, key, entry, last = column
                number = values[line] * factor
                if is_rate and damp is not None:
                    number = damp(number)
                if entry is None:
                    for group in chosen:
                        if group[key] is not last:
                            return False
                        group[key] = number
                elif not _write_entries(chosen, key, entry, last, number):
                    return False
                column[-1] = number
        for line, factor, is_rate, cell, places, tensors in self._tensors:
            number = values[line] * factor
            if any(cell.read(groups[place]) is not there for place, there in zip(places, tensors, strict=True)):
                return False
            _fill(tensors, damp(number) if is_rate and damp is not None else number)
        return True

    def rates(self, values: list[float], damp: Damping | None) -> list[float]:
        """The learning rate of each group."""
        known = dict(zip(self.schedules, values, strict=True))
        rates = [known[entry.schedule] * entry.factor for entry in self.rows["lr"]]
        return rates if damp is None else list(map(damp, rates))

    def names(self) -> list[str]:
        """The groups' names, or their places."""
        return [str(group.get("name", place)) for place, group in enumerate(self.groups)]


def _entries(one: Setting, groups: list[Group], before: Table | None) -> list[Entry]:
    """One hyperparameter in all groups."""
    given = one.of_groups(groups)
    entries: list[Entry] = []
    for group, (_, source) in zip(groups, given, strict=True):
        cell = _cell(one.name, group)
        there = plain(cell.read(group))
        own = plain(group.get(f"initial_{one.name}", there))
        rate = plain(group.get("initial_lr", group["lr"]))
        schedule, factor = one.read(source, {"lr": rate, one.name: own}), own if one.relative else 1.0
        starts_from_own = one.relative or one.names_own(source)
        entries.append(Entry(one.name, group, cell, there, own, schedule, factor, starts_from_own))
    alike: dict[Any, float] = {}
    shown = [entry.own if before and entry.initial in entry.group else entry.there for entry in entries]
    for (key, _), entry, value in zip(given, entries, shown, strict=True):
        if not entry.starts_from_own and alike.setdefault(key, value) != value:
            raise _overwriting(one, shown)
    return entries


def _overwriting(one: Setting, values: list[float]) -> ScheduleError:
    """The refusal of one schedule for groups whose own values differ: it would make them the same in silence."""
    what, relative = ("learning rates", "True") if one.name == "lr" else (f"{one.name}", f'("{one.name}",)')
    each = ", ".join("s" if value else "0.0" for value in values)
    return one.refusal(
        f"schedule={one.text!r}: the groups' own {what} differ, {values}, and it would overwrite them; multiply them "
        f"with relative={relative}, or give one schedule for each group: [{each}]"
    )


def _own_tensors(entries: list[Entry]) -> None:
    """Give a tensor that groups share to the first of those that get different values, and the others a copy."""
    owners: dict[int, tuple[Schedule, float]] = {}
    for entry in entries:
        value, wanted = entry.cell.read(entry.group), (entry.schedule, entry.factor)
        if isinstance(value, Tensor) and owners.setdefault(id(value), wanted) != wanted:
            entry.cell.put(entry.group, value.detach().clone())


def _doubts(row: list[Entry], before: list[Entry], step: float) -> Iterator[str]:
    """What is to be said where the own value that a schedule starts from could be another."""
    known = {id(entry.group) for entry in before}
    loaded = len(row) == len(before) and known.isdisjoint(id(entry.group) for entry in row)
    for place, entry in enumerate(row):
        (name, group, _, there, own, schedule, *_), initial = entry, entry.initial
        if not entry.starts_from_own or id(group) in known:
            continue
        if loaded:
            if own != before[place].own:
                yield f"{initial} of group {place} was {before[place].own}, and is {own} as loaded, which counts"
        elif before:
            now = schedule.function()(step) * entry.factor
            if initial not in group and now != there:
                yield (
                    f"group {place} joined at step {step} with {name}={there}; that is taken for its own value, of "
                    f"which the schedule makes {now} there; put {initial}=... into the group to say what is meant"
                )
        elif own != there:
            yield (
                f"group {place} has {initial}={own} and {name}={there}; the schedule starts from the former, as those "
                f"of PyTorch do; take {initial} out of the group before, to start from the latter"
            )


def _picking(places: Sequence[int], count: int) -> Callable[[list[Group]], Sequence[Group]] | None:
    """What picks the items at some places of a list of so many; None for all of them."""
    if len(places) == count:
        return None
    first, last = places[0], places[-1]
    in_a_row = last - first + 1 == len(places)
    return operator.itemgetter(slice(first, last + 1)) if in_a_row else operator.itemgetter(*places)


def _write_entries(groups: Sequence[Group], key: str, entry: int, last: float, number: float) -> bool:
    """Write a number into tuples, if each holds what was left there."""
    seen = new = None
    for group in groups:
        there = group[key]
        if there is not seen:  # groups that share a tuple share the next
            if there[entry] is not last:
                return False
            seen, new = there, (*there[:entry], number, *there[entry + 1 :])
        group[key] = new
    return True


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
        source = torch.tensor(number, dtype=dtype, device=device)
        torch._foreach_copy_(alike, [source] * len(alike))  # pyright: ignore[reportPrivateImportUsage] -- there is no other
