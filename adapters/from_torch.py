"""From PyTorch: the schedules of `torch.optim.lr_scheduler`, read off live schedulers.

>>> import torch
>>> from torch.optim import lr_scheduler
>>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
>>> from_torch(lr_scheduler.StepLR(optimizer, 30, gamma=0.5))
(step_decay(0.1, 0.5, 30),)

What PyTorch does is reproduced at every step, quirks and all:

- ``CosineAnnealingLR`` climbs again after T_max, up to the base learning rate, and so on for ever; where it starts from
  another learning rate than its base, it climbs to the base all the same.
- ``OneCycleLR`` reaches its end at step ``total_steps - 1``, its peak at ``pct_start * total_steps - 1``, a fraction of
  a step as a rule, and allows one more step, which leaves the end again: the cosine climbs, the line goes on, below
  zero even (a bug). After that step PyTorch raises; the schedule holds. A rise shorter than a step is skipped, and the
  fall is entered in its midst.
- ``ConstantLR`` and ``LinearLR`` with ``total_iters=0`` keep their first factor for ever (a bug); so does
  ``ConstantLR`` where ``total_iters`` is no whole number, and ``MultiStepLR`` skips such milestones. At a milestone of
  ``SequentialLR``, ``ConstantLR`` with ``total_iters=0`` is the base learning rate instead.
- ``SequentialLR`` resets the learning rate to the base of the scheduler that takes over; but ``MultiplicativeLR`` and
  ``SWALR`` go on from the learning rate that is there, the former multiplying by ``lr_lambda(0)`` too, which it does
  not do on its own.
- Where a ``SequentialLR`` begins with another or with a ``ChainedScheduler``, that is stepped to its step 0 (a bug):
  an inner ``SequentialLR`` runs a step ahead, and its milestones come early; ``ExponentialLR``, ``PolynomialLR``,
  ``MultiplicativeLR``, ``CosineAnnealingLR`` and ``SWALR`` in it have made a step too many.
- ``ChainedScheduler`` runs its members one after the other on one learning rate: factors multiply, and one that
  computes from the base alone (``LambdaLR``, ``CyclicLR``, ``OneCycleLR``, warm restarts) overwrites all before it.
- All of them start from the learning rates that are in the optimizer, which other schedulers may have changed as they
  were built: building a scheduler is its step 0. A base, though, is what the learning rate was when the first scheduler
  was built, and step 0 of ``CyclicLR`` is that too, whatever its ``base_lr``.
- ``ReduceLROnPlateau`` never reduces by ``eps`` or less, so that tiny learning rates stay.
"""

import copy
import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from torch import Tensor
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

from schedules import (
    Constant,
    Join,
    Plateau,
    Schedule,
    ScheduleError,
    Warp,
    constant,
    cosine,
    custom,
    cycle,
    every,
    exp_range,
    exponential_decay,
    join,
    linear,
    multistep,
    polynomial,
    repeat,
    step_decay,
    triangular,
    triangular2,
)

__all__ = ["from_torch", "momentum_from_torch", "plateau_from_torch"]


def from_torch(scheduler: LRScheduler) -> tuple[Schedule, ...]:
    """The learning rates of a scheduler of PyTorch as schedules, one for each param group.

    ``from_torch(scheduler)[g](k)`` is ``get_last_lr()[g]`` after k calls of ``step()``: absolute values, for
    ``ScheduleLR(optimizer, from_torch(scheduler))``. Functions given to the scheduler become `custom`; all else is an
    expression that `parse` reads.

    Args:
        scheduler: a scheduler that was just built, and not stepped.

    Raises:
        ScheduleError: the scheduler has been stepped; there is no formula for its class; or it does what no schedule
            says, as a chain where a factor acts for one step only.

    >>> import torch
    >>> from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    >>> parts = [LinearLR(optimizer, 0.1, total_iters=10), CosineAnnealingLR(optimizer, 90)]
    >>> from_torch(SequentialLR(optimizer, parts, milestones=[10]))
    (linear(0.05, 0.5, 10) >> cycle(cosine(0.5, 0.0, 90) >> cosine(0.0, 0.5, 90)),)
    """
    _check(scheduler)
    rates = [_plain(rate) for rate in scheduler.get_last_lr()]
    return tuple(_play(scheduler, group, rate) for group, rate in enumerate(rates))


def momentum_from_torch(scheduler: LRScheduler) -> tuple[Schedule, ...]:
    """The momentum (or ``betas[0]``) that ``OneCycleLR`` and ``CyclicLR`` cycle, one schedule for each param group.

    Args:
        scheduler: a scheduler that was just built, and not stepped.

    Raises:
        ScheduleError: the scheduler does not cycle momentum, or has been stepped.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    >>> momentum_from_torch(torch.optim.lr_scheduler.CyclicLR(optimizer, 0.01, 0.1, step_size_up=20))
    (triangular(0.9, 0.8, 20),)
    """
    if not isinstance(scheduler, OneCycleLR | CyclicLR) or not scheduler.cycle_momentum:
        why = "it cycles no momentum; OneCycleLR and CyclicLR do, with cycle_momentum=True"
        raise _refusal(scheduler, why, "momentum_from_torch")
    _check(scheduler)
    if isinstance(scheduler, OneCycleLR):
        return tuple(_phases(scheduler, group, "momentum") for group in scheduler.optimizer.param_groups)
    pairs = zip(scheduler.max_momentums, scheduler.base_momentums, strict=True)
    return tuple(_waves(scheduler, _plain(high), _plain(low)) for high, low in pairs)


def plateau_from_torch(scheduler: ReduceLROnPlateau) -> Plateau:
    """The `Plateau` that decides as a ``ReduceLROnPlateau`` does.

    Args:
        scheduler: the scheduler; what it has seen so far is not taken over.

    Raises:
        ScheduleError: it is another scheduler, its param groups have different floors, or a learning rate is below its
            floor already (PyTorch leaves it there, a `Plateau` lifts it).

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> plateau_from_torch(torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)).patience
    3
    """
    if type(scheduler) is not ReduceLROnPlateau:
        raise _refusal(scheduler, "this is no ReduceLROnPlateau; use from_torch", "plateau_from_torch")
    floors = {_plain(floor) for floor in scheduler.min_lrs}
    if len(floors) != 1:
        raise _refusal(
            scheduler, f"min_lr differs among its groups, {scheduler.min_lrs}; use one", "plateau_from_torch"
        )
    (floor,) = floors
    rates = [_plain(group["lr"]) for group in scheduler.optimizer.param_groups]
    if min(rates) < floor:
        raise _refusal(
            scheduler, f"a learning rate of {rates} is below min_lr={floor}; lower the floor", "plateau_from_torch"
        )
    return Plateau(
        mode=scheduler.mode,
        factor=scheduler.factor,
        patience=scheduler.patience,
        threshold=scheduler.threshold,
        threshold_mode=scheduler.threshold_mode,
        cooldown=scheduler.cooldown,
        min_lr=floor,
        eps=scheduler.eps,
    )


# -- one scheduler at a time: the curve that begins with the learning rate that is there ----------------


def _play(scheduler: LRScheduler, group: int, start: float) -> Schedule:
    """The learning rates of a group from a step 0 on, where they are `start`."""
    kind = type(scheduler)
    if kind in _FACTORS:
        first = _FACTORS[kind](scheduler, group, 1.0)(0)
        base = _plain(scheduler.base_lrs[group])
        if first == 0:  # ConstantLR of factor 0 and no length, MultiStepLR that begins with gamma=0
            return constant(start)
        return _FACTORS[kind](scheduler, group, base if _near(base * first, start) else start / first)
    if kind in _CURVES:
        curve = _CURVES[kind](scheduler, group)
        return curve if _near(curve(0), start) else constant(start, steps=1) >> curve[1:]
    return _OTHERS[kind](scheduler, group, start)


# what multiplies: `base` is the learning rate before the first factor


def _step(s: StepLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    return step_decay(base, s.gamma, _whole(s, "step_size", s.step_size))


def _multistep(s: MultiStepLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    milestones = sorted(m for m in s.milestones.elements() if m >= 0 and m == int(m))
    return multistep(base, s.gamma, milestones)


def _constant(s: ConstantLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    first, steps = constant(base * s.factor), s.total_iters
    if steps <= 0 or steps != int(steps):
        return first
    if s.factor == 0:
        raise _refusal(s, "factor=0: PyTorch divides by it at total_iters; use a small factor, or SequentialLR")
    return _cut(first, steps) >> constant(base)


def _linear(s: LinearLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    first, end = base * s.start_factor, base * s.end_factor
    return constant(first) if s.total_iters < 1 else _cut(linear(first, end, s.total_iters), math.floor(s.total_iters))


def _exponential(s: ExponentialLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    return _powers(base, s.gamma)


def _polynomial(s: PolynomialLR, group: int, base: float) -> Schedule:  # noqa: ARG001 -- one signature for all
    if s.total_iters < 1 or s.power == 0:
        return constant(base)
    if s.power < 0:
        raise _refusal(s, f"power={s.power}: PyTorch divides by zero at total_iters; use a power above zero")
    return _cut(polynomial(base, 0.0, s.total_iters, power=s.power), math.floor(s.total_iters))


def _multiplicative(s: MultiplicativeLR, group: int, base: float) -> Schedule:
    return base * custom(_Product(s.lr_lambdas[group]))


# what overwrites


def _lambda(s: LambdaLR, group: int) -> Schedule:
    return _plain(s.base_lrs[group]) * custom(_Counted(s.lr_lambdas[group]))


def _restarts(s: CosineAnnealingWarmRestarts, group: int) -> Schedule:
    period = cosine(_plain(s.base_lrs[group]), s.eta_min, s.T_0)
    return cycle(period) if s.T_mult == 1 else repeat(period, math.inf, stretch=s.T_mult)


def _cyclic(s: CyclicLR, group: int) -> Schedule:
    return _waves(s, _plain(s.base_lrs[group]), _plain(s.max_lrs[group]))


def _one_cycle(s: OneCycleLR, group: int) -> Schedule:
    return _phases(s, s.optimizer.param_groups[group], "lr")


# what goes on from the learning rate that is there, in its own way


def _cosine(s: CosineAnnealingLR, group: int, start: float, factor: Schedule | None = None) -> Schedule:
    base, low, steps = _plain(s.base_lrs[group]), s.eta_min, _whole(s, "T_max", s.T_max)
    fall, climb = cosine(base, low, steps), cosine(low, base, steps)
    if factor is None and _near(start, base):
        return cycle(fall >> climb)
    first, again = cosine(start, low, steps), cycle(climb >> fall)
    return (first if factor is None else first * factor) >> again


def _swa(s: SWALR, group: int, start: float) -> Schedule:
    end = _plain(s.optimizer.param_groups[group]["swa_lr"])
    done = s._step_count - 1  # at a step 0 that came of `step`, as in a chain, it is further than it should be
    if s.anneal_epochs <= done:
        return constant(end) if _near(start, end) else constant(start, steps=1) >> constant(end)
    alpha = s.anneal_func(done / s.anneal_epochs)
    shape = cosine if s._anneal_strategy == "cos" else linear
    curve = shape((start - alpha * end) / (1 - alpha), end, s.anneal_epochs)
    return curve[done:] if done else curve


def _sequential(s: SequentialLR, group: int, start: float) -> Schedule:
    milestones = list(s._milestones)
    if milestones != sorted(milestones) or any(m != int(m) for m in milestones):
        raise _refusal(s, f"milestones={milestones}: these are whole numbers in ascending order")
    knots = [max(int(m) - s.last_epoch, 0) for m in milestones]  # its own clock may be ahead: see above
    begins, ends = [0, *knots], [*knots, math.inf]
    parts: list[Schedule] = []
    for member, begin, end in zip(s._schedulers, begins, ends, strict=True):
        if begin == end:
            continue
        if parts:
            if type(member) in _OTHERS_OF_MANY:
                raise _refusal(
                    member,
                    "at a milestone of SequentialLR PyTorch fails with NotImplementedError; put it first, or "
                    "its members into the outer SequentialLR",
                )
            start = _taken_over(member, group, parts[-1](parts[-1].steps - 1))
        curve = _play(member, group, start)
        parts.append(curve if end == math.inf else _cut(curve, end - begin))
    return join(*parts)


def _taken_over(member: LRScheduler, group: int, before: float) -> float:
    """The learning rate at a milestone of ``SequentialLR``, after the one `before`."""
    kind = type(member)
    if kind is SWALR:
        return before if member.anneal_epochs else _plain(member.optimizer.param_groups[group]["swa_lr"])  # pyright: ignore[reportAttributeAccessIssue] -- of SWALR
    if isinstance(member, MultiplicativeLR):
        return before * member.lr_lambdas[group](0)
    if kind in _CURVES:
        return _CURVES[kind](member, group)(0)
    twin: Any = copy.copy(member)
    twin.last_epoch = 0
    try:
        return _plain(twin._get_closed_form_lr()[group])
    except ZeroDivisionError:
        raise _refusal(member, "PyTorch divides by its length of 0 at a milestone; leave it out") from None


def _chained(s: ChainedScheduler, group: int, start: float) -> Schedule:
    members = list(_links(s))
    *before, last = members
    if not before or _overwrites(last):
        return _play(last, group, start)
    others = [member for member in members if type(member) not in _FACTORS]
    if not others:
        return _product(members, group, start)
    link = others[-1]
    if len(others) == 1 and isinstance(link, CosineAnnealingLR):
        factors = [_FACTORS[type(member)](member, group, 1.0) for member in members if member is not link]
        factor = functools.reduce(operator.mul, factors)
        if link.eta_min == 0 and factor.steps <= link.T_max:
            return _cosine(link, group, start / factor(0), factor)
        raise _refusal(
            link,
            "in a ChainedScheduler, its recurrence mixes with the other members unless eta_min=0 and all of them "
            "are constant from T_max on; say what is meant: SequentialLR, or a product such as "
            "step_decay(1.0, 0.1, 30) * cosine(0.1, 0.0, 90)",
        )
    why = "computes from the base learning rate alone, so that the factors after it act for one step"
    what = why if _overwrites(link) else "sets the learning rate at some steps and multiplies it at others"
    raise _refusal(
        link,
        f"in a ChainedScheduler, it {what}; put it last, if it is to overwrite the others, or say what is meant "
        "as a product of schedules, from_torch(a)[0] * step_decay(1.0, 0.1, 30)",
    )


def _product(members: Sequence[LRScheduler], group: int, start: float) -> Schedule:
    """``start`` times the factors of all members; the first of them is written with its learning rates."""
    first, *others = members
    factors = [_FACTORS[type(member)](member, group, 1.0) for member in others]
    rest = math.prod(factor(0) for factor in factors)
    product = _play(first, group, start / rest if rest else 0.0)
    for factor in factors:
        product = product * factor
    return product


def _links(s: ChainedScheduler) -> Iterator[LRScheduler]:
    """The members of a chain and of the chains in it, in the order that they act in."""
    for member in s._schedulers:
        yield from _links(member) if isinstance(member, ChainedScheduler) else (member,)


def _overwrites(s: LRScheduler) -> bool:
    """Whether it computes each learning rate from the base alone."""
    if isinstance(s, SequentialLR):
        return all(_overwrites(member) for member in s._schedulers)
    return _overwrites(list(_links(s))[-1]) if isinstance(s, ChainedScheduler) else type(s) in _CURVES


Factor: TypeAlias = Callable[[Any, int, Any], Schedule]

_FACTORS: dict[type, Factor] = {  # each step multiplies the learning rate that is there
    StepLR: _step,
    MultiStepLR: _multistep,
    ConstantLR: _constant,
    LinearLR: _linear,
    ExponentialLR: _exponential,
    PolynomialLR: _polynomial,
    MultiplicativeLR: _multiplicative,
}
_CURVES: dict[type, Callable[[Any, int], Schedule]] = {  # each step overwrites it
    LambdaLR: _lambda,
    CosineAnnealingWarmRestarts: _restarts,
    CyclicLR: _cyclic,
    OneCycleLR: _one_cycle,
}
_OTHERS_OF_MANY: dict[type, Factor] = {SequentialLR: _sequential, ChainedScheduler: _chained}
_OTHERS: dict[type, Factor] = {CosineAnnealingLR: _cosine, SWALR: _swa} | _OTHERS_OF_MANY


# -- the parts that they are made of ----------------------------------------------------------------------


def _waves(s: CyclicLR, start: float, end: float) -> Schedule:
    """From `start` to `end` and back again, for ever, with the heights that the mode gives."""
    up = _rounded(s.total_size * s.step_ratio)
    down = _rounded(s.total_size - up)
    total, even, scale = up + down, up == down, s._scale_fn_custom

    def wave(low: float, high: float) -> Schedule:
        return triangular(low, high, up) if even else cycle(linear(low, high, up) >> linear(high, low, down))

    if scale is not None:
        height = custom(_Counted(scale))
        by_step = s.scale_mode != "cycle"
        return start + wave(0.0, end - start) * (height if by_step else every(height[1:], total))
    match s.mode:
        case "triangular":
            return wave(start, end)
        case "triangular2":
            halved = step_decay(1.0, 0.5, total)
            return triangular2(start, end, up) if even else start + wave(0.0, end - start) * halved
        case _:  # exp_range
            if even and s.gamma > 0:
                return exp_range(start, end, up, rate=s.gamma)
            return start + wave(0.0, end - start) * _powers(1.0, s.gamma)


def _phases(s: OneCycleLR, group: dict[str, Any], key: str) -> Schedule:
    """The phases of ``OneCycleLR``, of the learning rate or the momentum, and a step beyond."""
    shape = cosine if s._anneal_func_type == "cos" else linear
    *phases, last = [
        (phase["end_step"], _plain(group[phase[f"start_{key}"]]), _plain(group[phase[f"end_{key}"]]))
        for phase in s._schedule_phases
    ]
    parts, begin = [], 0.0
    for end, a, b in phases:
        if end > 0:
            parts.append(_later(shape(a, b, _rounded(end - begin)), -begin))
        begin = end
    end, a, b = last
    steps = _rounded(end - begin)
    if steps < 0:
        raise _refusal(s, "its second phase ends after its last; use a pct_start of at most 0.5 with three_phase")
    if steps > 0:  # or PyTorch fails at its last step
        parts.append(_later(_overrun(shape, a, b, steps), -begin))
    return join(*parts)


def _later(s: Schedule, steps: float) -> Schedule:
    """A phase without the steps that it should have begun before step 0."""
    return s[_rounded(steps) :] if steps > 0 else s


def _overrun(shape: Callable[[float, float, float], Schedule], a: float, b: float, steps: float) -> Schedule:
    """``shape(a, b, steps)`` and a step beyond, where the formula leads."""
    fall = shape(a, b, steps)
    if shape is linear:
        return fall >> linear(b, b + (b - a) / steps, 1)
    climb = shape(b, a, steps)
    return fall >> _cut(climb, 1) if steps >= 1 else cycle(fall >> climb)[: steps + 1]


def _powers(start: float, rate: float) -> Schedule:
    """``start * rate**t``."""
    return exponential_decay(start, rate) if rate > 0 else step_decay(start, rate, 1)


def _cut(s: Schedule, steps: float) -> Schedule:
    """The first steps of s, as one would write them."""
    match s:
        case Constant(value) | Warp(Constant(value)):
            return constant(value, steps=steps)
        case Join((first, *rest)) if isinstance(first.steps, int):  # or the lengths would not add up exactly
            if first.steps >= steps:
                return _cut(first, steps)
            return first >> _cut(join(*rest), steps - first.steps)
        case _:
            return s if s.steps == steps else s[:steps]


@dataclasses.dataclass(frozen=True)
class _Counted:
    """A function of the step that is given an ``int`` at whole steps, as PyTorch gives it, from an array too."""

    fn: Callable[[Any], Any]

    @property
    def __name__(self) -> str:
        return _name(self.fn)

    def __call__(self, step: float) -> float:
        whole = isinstance(step, int | float) and step == step // 1
        return _plain(self.fn(int(step) if whole else step))


@dataclasses.dataclass(frozen=True)
class _Product:
    """``fn(1) * fn(2) * ... * fn(step)``."""

    fn: Callable[[int], Any]
    known: list[list[float]] = dataclasses.field(default_factory=lambda: [[1.0]], compare=False, repr=False)

    @property
    def __name__(self) -> str:
        return f"product_of_{_name(self.fn)}"

    def __call__(self, step: float) -> float:
        (products,) = self.known
        if step >= len(products):
            products = list(products)
            while step >= len(products):
                products.append(products[-1] * _plain(self.fn(len(products))))
            self.known[0] = products  # all at once, so that threads see a whole list
        return products[int(step)]


def _name(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", None) or type(fn).__name__


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12)


def _rounded(steps: float) -> float:
    """A length without the rounding errors of PyTorch's fractions of it."""
    return round(steps) if abs(steps - round(steps)) < 1e-9 else steps  # steps


def _plain(value: Any) -> float:
    return value.item() if isinstance(value, Tensor) else value


def _whole(scheduler: LRScheduler, name: str, steps: float) -> int:
    if steps < 1 or steps != int(steps):
        raise _refusal(scheduler, f"{name}={steps}: this is a whole number of steps >= 1, as PyTorch counts them")
    return int(steps)


def _check(scheduler: LRScheduler) -> None:
    """Refuse what has no formula, and what is not at its step 0 any more."""
    _check_member(scheduler, 0)
    there = [_plain(group["lr"]) for group in scheduler.optimizer.param_groups]
    last = [_plain(rate) for rate in scheduler.get_last_lr()]
    if there != last:
        raise _refusal(
            scheduler,
            f"the learning rates are {there} now, and were {last} when it was built; give it an optimizer of its own",
        )


def _check_member(scheduler: LRScheduler, level: int) -> None:
    kind = type(scheduler)
    if isinstance(scheduler, ReduceLROnPlateau):
        raise _refusal(scheduler, "it follows a metric, and is no function of the step; use plateau_from_torch")
    if kind not in _FACTORS and kind not in _CURVES and kind not in _OTHERS:
        remedy = "write its formula with custom(fn), or record its learning rates and use replay([...])"
        raise _refusal(scheduler, f"no formula is known for this class; {remedy}")
    done = 0 if isinstance(scheduler, ChainedScheduler) else scheduler.last_epoch
    done -= level if isinstance(scheduler, SequentialLR) else 0  # its own clock is ahead: see above
    if done > 0:
        raise _refusal(
            scheduler, f"it has made {done} steps; build it anew, and set the step where the schedule is run"
        )
    if isinstance(scheduler, SequentialLR | ChainedScheduler):
        for member in scheduler._schedulers:
            _check_member(member, level + isinstance(scheduler, SequentialLR))


def _refusal(scheduler: object, why: str, function: str = "from_torch") -> ScheduleError:
    return ScheduleError(f"{function}: {type(scheduler).__name__}: {why}")
