# ruff: noqa: N802 -- the functions have the names of the peer's classes
"""Composer: its schedulers by their own names, as what multiplies the learning rate.

The peer's schedulers give a multiplier, and so do these: ``0.1 * LinearScheduler(...)`` is a learning rate. Times are
the peer's texts: ``"30ep"`` epochs, ``"500ba"`` batches, ``"0.5dur"`` a part of the whole; and ``sp``, ``tok`` and
``iter``, samples, tokens and iterations.

>>> from schedules.dialects import composer
>>> 0.1 * composer.CosineAnnealingWithWarmupScheduler("10ba", max_duration="2ep", dataloader_len=500)
0.1 * (linear(0.0, 1.0, 10) >> cosine(1.0, 0.0, 990))

What the peer reads off its trainer is given by name: `max_duration`, as it is told to the trainer, for ``dur``;
`dataloader_len`, the batches of an epoch, for ``ep``; and `ssr`, the scale schedule ratio, with which the peer
multiplies `max_duration` and all times but that of a warmup.

Where the peer counts in its own way:

- **t counts batches**, unless times are given in samples, tokens or iterations: it then counts these, and a time in
  another unit is an error. A schedule of tokens is ``stretch(s, 1 / tokens_per_batch)`` of batches.
- **Every time is rounded down** to a whole number of these, after all that multiplies it.
- **`t_max` counts from the start of the warmup**, and is no shorter than the run where there is one.
- **`scale_warmup` scales the slope of a warmup, not its end** (mosaicml/composer#3941): with a ratio above 1 it jumps
  to the peak from below, with a ratio below 1 it is there early and waits. A warmup in ``dur`` is scaled in any case,
  as `max_duration` is.
- **A `t_max` that is rounded down to nothing** is over at once (where the peer divides by zero).

Source: ``composer.optim.scheduler`` of Composer 0.32.1.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, cast

from ..algebra.checks import MAX_ROUNDS, Amount, Count, Kind, Positive, Switch, Value, demand, each
from ..algebra.named import checked
from ..algebra.nodes import Schedule
from ..library.combinators import cycle, join, repeat
from ..library.curves import constant, cosine, exponential_decay, linear, multistep, polynomial, step_decay

__all__ = [
    "ConstantScheduler",
    "ConstantWithWarmupScheduler",
    "CosineAnnealingScheduler",
    "CosineAnnealingWarmRestartsScheduler",
    "CosineAnnealingWithWarmupScheduler",
    "ExponentialScheduler",
    "LinearScheduler",
    "LinearWithWarmupScheduler",
    "MultiStepScheduler",
    "MultiStepWithWarmupScheduler",
    "PolynomialScheduler",
    "PolynomialWithWarmupScheduler",
    "StepScheduler",
]

_FORM = re.compile(r"(.+)(ep|ba|sp|tok|iter|dur)", re.IGNORECASE)


def _split(text: str) -> tuple[float, str]:
    """The number of a time, whole unless it is a part of the duration, and its unit."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError
    amount, unit = float(found[1]), found[2].lower()
    if not 0 <= amount < math.inf or not (unit == "dur" or amount.is_integer()):
        raise ValueError
    return (amount if unit == "dur" else int(amount)), unit


def _time(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    _split(value)
    return value


def _duration(value: object) -> str:
    if _split(_time(value))[1] == "dur":
        raise ValueError
    return cast("str", value)


_WANTS = 'a number >= 0 and its unit: "30ep", "500ba", "0.5dur", "1e6sp", "1e9tok"'

_Time = Annotated[str, Kind(f"this is {_WANTS}", _time, static=True)]
_Times = Annotated[Sequence[str], Kind(f"this is a list, and each of it {_WANTS}", each(_time), static=True)]
_Duration = Annotated[str, Kind('this is the length of the run and its unit: "90ep", "5000ba"', _duration, static=True)]


# -- without a warmup ------------------------------------------------------------------------------------


@checked
def StepScheduler(
    step_size: _Time,
    gamma: Value = 0.1,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = gamma**floor(t/step_size)``.

    Args:
        step_size: the time between drops.
        gamma: what multiplies the learning rate at each drop.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, or the step size is rounded down to nothing.

    Source: ``StepScheduler`` of Composer.

    >>> StepScheduler("30ep", dataloader_len=100)
    step_decay(1.0, 0.1, 3000)
    """
    run = _Run("StepScheduler", max_duration, dataloader_len, ssr)
    return step_decay(1.0, gamma, run.period("step_size", step_size))


@checked
def MultiStepScheduler(
    milestones: _Times,
    gamma: Value = 0.1,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = gamma**(how many milestones are <= t)``.

    Args:
        milestones: the times of the drops, in any order.
        gamma: what multiplies the learning rate at each drop.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, or the times are in different units.

    Source: ``MultiStepScheduler`` of Composer.

    >>> MultiStepScheduler(["30ep", "60ep"], dataloader_len=100, ssr=0.5)
    multistep(1.0, 0.1, (1500, 3000))
    """
    run = _Run("MultiStepScheduler", max_duration, dataloader_len, ssr)
    return multistep(1.0, gamma, run.milestones(milestones))


@checked
def ConstantScheduler(
    alpha: Value = 1.0,
    t_max: _Time = "1dur",
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = alpha`` for ``t < t_max``, and 1 from there on.

    Args:
        alpha: the multiplier until then.
        t_max: how long it is used.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``ConstantScheduler`` of Composer.

    >>> ConstantScheduler(0.5, "0.1dur", max_duration="1000ba")
    constant(0.5, steps=100) >> constant(1.0)
    """
    run = _Run("ConstantScheduler", max_duration, dataloader_len, ssr)
    return constant(alpha, steps=run.length("t_max", t_max)) >> constant(1.0)


@checked
def LinearScheduler(
    alpha_i: Value = 1.0,
    alpha_f: Value = 0.0,
    t_max: _Time = "1dur",
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = alpha_i + (alpha_f - alpha_i) * min(t/t_max, 1)``.

    Args:
        alpha_i: the multiplier at first.
        alpha_f: the multiplier at the end, and afterwards.
        t_max: the time of the end.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``LinearScheduler`` of Composer.

    >>> LinearScheduler(max_duration="90ep", dataloader_len=100)
    linear(1.0, 0.0, 9000)
    """
    run = _Run("LinearScheduler", max_duration, dataloader_len, ssr)
    return linear(alpha_i, alpha_f, run.length("t_max", t_max))


@checked
def ExponentialScheduler(
    gamma: Positive,
    decay_period: _Time = "1ep",
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = gamma**(t/decay_period)``.

    Args:
        gamma: what multiplies the learning rate in each period, above zero (a negative one is complex in the peer).
        decay_period: the time in which it does.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, or the period is rounded down to nothing.

    Source: ``ExponentialScheduler`` of Composer.

    >>> ExponentialScheduler(0.9, dataloader_len=100)
    exponential_decay(1.0, 0.9, every=100)
    """
    run = _Run("ExponentialScheduler", max_duration, dataloader_len, ssr)
    return exponential_decay(1.0, gamma, every=run.period("decay_period", decay_period))


@checked
def CosineAnnealingScheduler(
    t_max: _Time = "1dur",
    alpha_f: Value = 0.0,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = alpha_f + (1 - alpha_f) * (1 + cos(pi * min(t/t_max, 1)))/2``.

    Args:
        t_max: the time of the end.
        alpha_f: the multiplier at the end, and afterwards.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``CosineAnnealingScheduler`` of Composer.

    >>> CosineAnnealingScheduler("0.9dur", max_duration="1000ba")
    cosine(1.0, 0.0, 900)
    """
    run = _Run("CosineAnnealingScheduler", max_duration, dataloader_len, ssr)
    return cosine(1.0, alpha_f, run.length("t_max", t_max))


@checked
def CosineAnnealingWarmRestartsScheduler(
    t_0: _Time,
    t_mult: Amount = 1.0,
    alpha_f: Value = 0.0,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``cosine(1, alpha_f, n) >> cosine(1, alpha_f, int(t_mult * n)) >> ...`` for n = `t_0`, endless.

    The length of each round is rounded down. Rounds that shrink come to nothing: `alpha_f` then holds (where the peer
    raises an error).

    Args:
        t_0: the length of the first round.
        t_mult: how many times longer each round is than the last.
        alpha_f: the multiplier at the end of each round.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, the first round is rounded down to nothing, or the rounds grow so
            slowly that there are too many.

    Source: ``CosineAnnealingWarmRestartsScheduler`` of Composer.

    >>> CosineAnnealingWarmRestartsScheduler("10ep", 2.0, dataloader_len=100)
    repeat(cosine(1.0, 0.0, 1000), inf, stretch=2.0)
    """
    name = "CosineAnnealingWarmRestartsScheduler"
    length, rounds = _Run(name, max_duration, dataloader_len, ssr).period("t_0", t_0), list[Schedule]()
    if t_mult >= 1 and t_mult == int(t_mult):
        return repeat(cosine(1.0, alpha_f, length), math.inf, stretch=t_mult)
    while 0 < length < 2**53:  # steps: no run is longer
        demand(len(rounds) < MAX_ROUNDS, name, "t_mult", t_mult, "rounds grow too slowly; use 1, or at least 1.01")
        rounds.append(cosine(1.0, alpha_f, length))
        longer = int(t_mult * length)
        if longer == length:
            return join(*rounds[:-1], cycle(rounds[-1]))
        length = longer
    return join(*rounds)


@checked
def PolynomialScheduler(
    power: Positive,
    t_max: _Time = "1dur",
    alpha_f: Value = 0.0,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``s(t) = alpha_f + (1 - alpha_f) * (1 - min(t/t_max, 1))**power``.

    Args:
        power: the exponent, above zero.
        t_max: the time of the end.
        alpha_f: the multiplier at the end, and afterwards.
        max_duration: the length of the run, for a time in ``dur``.
        dataloader_len: the batches of an epoch, for a time in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range.

    Source: ``PolynomialScheduler`` of Composer.

    >>> PolynomialScheduler(2.0, max_duration="1000ba")
    polynomial(1.0, 0.0, 1000, power=2.0)
    """
    run = _Run("PolynomialScheduler", max_duration, dataloader_len, ssr)
    return polynomial(1.0, alpha_f, run.length("t_max", t_max), power=power)


# -- with a warmup ---------------------------------------------------------------------------------------


@checked
def MultiStepWithWarmupScheduler(
    t_warmup: _Time,
    milestones: _Times,
    gamma: Value = 0.1,
    scale_warmup: Switch = False,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``linear(0, 1, t_warmup)``, then `MultiStepScheduler`, of which the warmup hides the beginning.

    Args:
        t_warmup: the length of the warmup.
        milestones: the times of the drops, from the start of the warmup, in any order.
        gamma: what multiplies the learning rate at each drop.
        scale_warmup: scale the slope of the warmup by `ssr`.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, or the times are in different units.

    Source: ``MultiStepWithWarmupScheduler`` of Composer.

    >>> MultiStepWithWarmupScheduler("5ep", ["30ep", "60ep"], dataloader_len=100)
    linear(0.0, 1.0, 500) >> multistep(1.0, 0.1, (3000, 6000))[500:]
    """
    run = _Run("MultiStepWithWarmupScheduler", max_duration, dataloader_len, ssr)
    warmup, unit = run.converted("t_warmup", t_warmup, 1)
    drops = multistep(1.0, gamma, run.milestones(milestones, unit))
    return run.rise(1.0, t_warmup, scale_warmup) >> drops[warmup:]


@checked
def ConstantWithWarmupScheduler(
    t_warmup: _Time,
    alpha: Value = 1.0,
    t_max: _Time = "1dur",
    scale_warmup: Switch = False,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``linear(0, alpha, t_warmup) >> constant(alpha)``; unlike `ConstantScheduler` it stays after `t_max`.

    Args:
        t_warmup: the length of the warmup.
        alpha: the multiplier after it.
        t_max: no less than the length of the run, and of no effect.
        scale_warmup: scale the slope of the warmup by `ssr`.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, the times are in different units, or `t_max` is shorter than the
            run.

    Source: ``ConstantWithWarmupScheduler`` of Composer.

    >>> ConstantWithWarmupScheduler("100ba", max_duration="1000ba")
    linear(0.0, 1.0, 100) >> constant(1.0)
    """
    run = _Run("ConstantWithWarmupScheduler", max_duration, dataloader_len, ssr)
    return run.warmed(alpha, lambda _: constant(alpha), t_warmup, t_max, scale_warmup)


@checked
def LinearWithWarmupScheduler(
    t_warmup: _Time,
    alpha_i: Value = 1.0,
    alpha_f: Value = 0.0,
    t_max: _Time = "1dur",
    scale_warmup: Switch = False,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``linear(0, alpha_i, t_warmup) >> linear(alpha_i, alpha_f, t_max - t_warmup)``.

    Args:
        t_warmup: the length of the warmup.
        alpha_i: the multiplier after it.
        alpha_f: the multiplier at the end, and afterwards.
        t_max: the time of the end, from the start of the warmup. Without time for it there is no decay.
        scale_warmup: scale the slope of the warmup by `ssr`.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, the times are in different units, or `t_max` is shorter than the
            run.

    Source: ``LinearWithWarmupScheduler`` of Composer.

    >>> LinearWithWarmupScheduler("0.1dur", max_duration="90ep", dataloader_len=100)
    linear(0.0, 1.0, 900) >> linear(1.0, 0.0, 8100)
    """
    run = _Run("LinearWithWarmupScheduler", max_duration, dataloader_len, ssr)
    return run.warmed(alpha_i, lambda rest: linear(alpha_i, alpha_f, rest), t_warmup, t_max, scale_warmup)


@checked
def CosineAnnealingWithWarmupScheduler(
    t_warmup: _Time,
    t_max: _Time = "1dur",
    alpha_f: Value = 0.0,
    scale_warmup: Switch = False,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``linear(0, 1, t_warmup) >> cosine(1, alpha_f, t_max - t_warmup)``.

    Args:
        t_warmup: the length of the warmup.
        t_max: the time of the end, from the start of the warmup. Without time for it there is no decay.
        alpha_f: the multiplier at the end, and afterwards.
        scale_warmup: scale the slope of the warmup by `ssr`.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, the times are in different units, or `t_max` is shorter than the
            run.

    Source: ``CosineAnnealingWithWarmupScheduler`` of Composer.

    >>> CosineAnnealingWithWarmupScheduler("100ba", alpha_f=0.1, max_duration="1000ba", ssr=0.5)
    linear(0.0, 1.0, 100) >> cosine(1.0, 0.1, 400)
    """
    run = _Run("CosineAnnealingWithWarmupScheduler", max_duration, dataloader_len, ssr)
    return run.warmed(1.0, lambda rest: cosine(1.0, alpha_f, rest), t_warmup, t_max, scale_warmup)


@checked
def PolynomialWithWarmupScheduler(
    t_warmup: _Time,
    power: Positive = 2.0,
    t_max: _Time = "1dur",
    alpha_f: Value = 0.0,
    scale_warmup: Switch = False,
    *,
    max_duration: _Duration | None = None,
    dataloader_len: Count | None = None,
    ssr: Positive = 1.0,
) -> Schedule:
    """``linear(0, 1, t_warmup) >> polynomial(1, alpha_f, t_max - t_warmup, power=power)``.

    Args:
        t_warmup: the length of the warmup.
        power: the exponent, above zero.
        t_max: the time of the end, from the start of the warmup. Without time for it there is no decay.
        alpha_f: the multiplier at the end, and afterwards.
        scale_warmup: scale the slope of the warmup by `ssr`.
        max_duration: the length of the run, for times in ``dur``.
        dataloader_len: the batches of an epoch, for times in ``ep``.
        ssr: the scale schedule ratio of the run.

    Raises:
        ScheduleError: a number is out of its range, the times are in different units, or `t_max` is shorter than the
            run.

    Source: ``PolynomialWithWarmupScheduler`` of Composer.

    >>> PolynomialWithWarmupScheduler("100ba", max_duration="1000ba")
    linear(0.0, 1.0, 100) >> polynomial(1.0, 0.0, 900, power=2.0)
    """
    run = _Run("PolynomialWithWarmupScheduler", max_duration, dataloader_len, ssr)
    return run.warmed(1.0, lambda rest: polynomial(1.0, alpha_f, rest, power=power), t_warmup, t_max, scale_warmup)


# -- what they share -------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """What the peer reads off its trainer, to convert the times of a scheduler into whole numbers of one unit."""

    scheduler: str
    max_duration: str | None
    dataloader_len: int | None
    ssr: float

    def converted(self, argument: str, text: str, ratio: float) -> tuple[int, str]:
        """A time that is multiplied with a ratio, and its unit; a part of the duration is one of what is scaled."""
        amount, unit = _split(text)
        factors = [ratio]
        if unit == "dur":
            wants = f'{argument}={text!r} is a part of it; pass max_duration="90ep", say'
            demand(self.max_duration is not None, self.scheduler, "max_duration", None, wants)
            total, unit = _split(self.max_duration or "")
            factors = [int(total * self.ssr)]
            wants = f"max_duration={self.max_duration!r} is rounded down to 0; choose a larger one"
            demand(factors[0] > 0, self.scheduler, "ssr", self.ssr, wants)
        if unit == "ep":
            wants = "an epoch is so many batches; pass dataloader_len=1000, say"
            demand(self.dataloader_len is not None, self.scheduler, "dataloader_len", None, wants)
            factors, unit = [self.dataloader_len or 1, *factors], "ba"
        return int(math.prod(factors, start=amount)), unit

    def length(self, argument: str, text: str) -> int:
        """A time."""
        return self.converted(argument, text, self.ssr)[0]

    def period(self, argument: str, text: str) -> int:
        """A time after which something repeats."""
        found = self.length(argument, text)
        demand(found > 0, self.scheduler, argument, text, "it is rounded down to 0; make it longer")
        return found

    def milestones(self, texts: Sequence[str], unit: str | None = None) -> list[int]:
        """Times in ascending order."""
        found = [self.converted("milestones", text, self.ssr) for text in texts]
        units = {other for _, other in found} | {unit or other for _, other in found}
        demand(
            len(units) < 2, self.scheduler, "milestones", texts, f"{' and '.join(sorted(units))} do not mix; use one"
        )
        return sorted(count for count, _ in found)

    def rise(self, peak: float, t_warmup: str, scale_warmup: bool) -> Schedule:
        """The warmup, which goes to the peak in a time that may be scaled, but lasts one that is not."""
        lasts, _ = self.converted("t_warmup", t_warmup, 1)
        slope, _ = self.converted("t_warmup", t_warmup, self.ssr if scale_warmup else 1)
        return linear(0.0, peak, slope) if slope == lasts else linear(0.0, peak, slope)[:lasts]

    def warmed(
        self, peak: float, decay: Callable[[int], Schedule], t_warmup: str, t_max: str, scale_warmup: bool
    ) -> Schedule:
        """The warmup, and a decay for the rest of `t_max`, if there is one."""
        (warmup, unit), (end, other) = self.converted("t_warmup", t_warmup, 1), self.converted("t_max", t_max, self.ssr)
        demand(
            unit == other, self.scheduler, "t_max", t_max, f"t_warmup={t_warmup!r} is in another unit; use one for both"
        )
        if self.max_duration is not None and (self.dataloader_len or _split(self.max_duration)[1] != "ep"):
            run, other = self.converted("t_max", "1dur", 1)
            wants = f"it ends before max_duration={self.max_duration!r} does; make it longer"
            demand(unit != other or end >= run, self.scheduler, "t_max", t_max, wants)
        return self.rise(peak, t_warmup, scale_warmup) >> (decay(end - warmup) if end > warmup else constant(peak))
