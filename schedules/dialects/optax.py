"""Optax: the schedules of ``optax.schedules`` by their own names and arguments, and ``contrib.reduce_on_plateau``.

Each gives what the peer gives at every step. Optax computes in float32 by default; these agree with what it computes
in float64. In float32 it loses digits in high powers: of a rate, of a cosine, and of what is left of a polynomial.

>>> from schedules.dialects import optax
>>> optax.warmup_cosine_decay_schedule(0.0, 0.1, 100, 1000)
linear(0.0, 0.1, 100) >> cosine(0.1, 0.0, 900)

What Optax does in its own way, and these do too:

- The `decay_steps` of a cosine with a warmup are those of the whole, warmup included.
- `linear_schedule` and `polynomial_schedule` of no steps stay at `init_value`, and do not go to `end_value`.
- `warmup_cosine_decay_schedule` forgets `end_value` where `peak_value` is 0, and stays at 0.
- `piecewise_constant_schedule` and `piecewise_interpolate_schedule` multiply: each scale is that of the value before.
- The `exponent` of a cosine bends what lies above its floor only.

Where Optax goes wrong, these do not:

- `warmup_constant_schedule` without warmup steps stays at `init_value` for ever; here it is at its peak.
- `linear_onecycle_schedule` and `cosine_onecycle_schedule` keep their phases in a dictionary by last step, so that of
  two phases which end in one step the first is forgotten: with ``pct_start=1.0`` the peak is never reached. Here the
  phase of no length is left out.
- `piecewise_interpolate_schedule` does not reach the end of a stretch that is shorter than one step.
- What Optax only writes to a log, and holds `init_value` instead, is an error: a negative number of steps, and in
  `exponential_decay` no steps or a rate of 0. So are other values that it takes and spoils: a negative rate without
  `staircase` (NaN), a negative power or exponent (inf), a `pct_start` above `pct_final`, boundaries below 0 or out of
  order, and boundaries that are too few or too many (it drops schedules).

Source: ``optax/schedules`` and ``optax/contrib/_reduce_on_plateau.py`` of Optax 0.2.8.
"""

# ruff: noqa: PLR0917 -- names and arguments are those of Optax

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, TypeAlias, cast

from ..algebra.checks import (
    FINITE,
    OPERAND,
    Amount,
    Factor,
    Kind,
    Milestones,
    Period,
    Positive,
    Share,
    Steps,
    Switch,
    Value,
    Whole,
    choice,
    demand,
    refusal,
    whole,
)
from ..algebra.named import checked
from ..algebra.nodes import Constant, Schedule
from ..library.combinators import join, maximum, minimum
from ..library.curves import constant, cosine, linear, multistep, piecewise, polynomial, step_decay
from ..library.curves import exponential_decay as exponential_curve
from ..library.plateau import Plateau

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_onecycle_schedule",
    "linear_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "reduce_on_plateau",
    "sgdr_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]

_Pairs: TypeAlias = tuple[tuple[float, float], ...]


def _pairs(scales: Any) -> _Pairs:
    items: dict[Any, Any] = dict(scales or {})
    pairs = tuple(sorted((whole(FINITE.convert(step)), FINITE.convert(scale)) for step, scale in items.items()))
    if any(step < 0 or scale < 0 for step, scale in pairs):
        raise ValueError("below 0")
    return pairs


def _list(values: Any) -> list[Any]:
    if isinstance(values, str | Mapping):
        raise TypeError
    return list(values)


def _schedules(values: Any) -> list[Schedule]:
    parts = [value if isinstance(value, Schedule) else constant(OPERAND.convert(value)) for value in _list(values)]
    if not parts:
        raise ValueError("at least 1 needed")
    return parts


def _cycles(values: Any) -> list[dict[str, Any]]:
    cycles = [dict(value) for value in _list(values)]
    if not cycles or any("decay_steps" not in cycle for cycle in cycles):
        raise ValueError("at least 1 needed, each with its decay_steps")
    return cycles


_Scales = Annotated[
    Mapping[float, float] | None, Kind("this is a dictionary of a scale >= 0 for each step >= 0, or None", _pairs)
]
_Schedules = Annotated[
    Sequence[Any], Kind("this is a list of schedules; schedules.custom makes one of a function", _schedules)
]
_Cycles = Annotated[
    Iterable[Mapping[str, Any]],
    Kind("this is a list of dictionaries of the arguments of warmup_cosine_decay_schedule", _cycles),
]
_Shape = Annotated[str, choice("linear", "cosine")]


# -- curves --------------------------------------------------------------------------------------------


@checked
def constant_schedule(value: Value) -> Schedule:
    """``s(t) = value``.

    Args:
        value: the value everywhere.

    Raises:
        ScheduleError: the value is not finite.

    Source: ``optax.constant_schedule``.

    >>> constant_schedule(0.1)
    constant(0.1)
    """
    return constant(value)


@checked
def linear_schedule(
    init_value: Value, end_value: Value, transition_steps: Steps, transition_begin: Steps = 0
) -> Schedule:
    """``constant(init_value, steps=transition_begin) >> linear(init_value, end_value, transition_steps)``.

    Args:
        init_value: the value before the transition.
        end_value: the value after it.
        transition_steps: its length in steps; with 0 there is none, and `init_value` stays.
        transition_begin: the step at which it begins.

    Raises:
        ScheduleError: a value is not finite, or a duration is negative.

    Source: ``optax.linear_schedule``.

    >>> linear_schedule(0.1, 0.0, 100), linear_schedule(0.1, 0.0, 100, transition_begin=10)
    (linear(0.1, 0.0, 100), constant(0.1, steps=10) >> linear(0.1, 0.0, 100))
    """
    return polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


@checked
def polynomial_schedule(
    init_value: Value, end_value: Value, power: Amount, transition_steps: Steps, transition_begin: Steps = 0
) -> Schedule:
    """``s(t) = end_value + (init_value - end_value) * (1 - (t - b)/n)**power`` for n steps from step b on.

    Args:
        init_value: the value before the transition.
        end_value: the value after it.
        power: the exponent, >= 0.
        transition_steps: the length of the transition in steps, n; with 0 there is none, and `init_value` stays.
        transition_begin: the step at which it begins, b.

    Raises:
        ScheduleError: a value is not finite, a duration is negative, or the power is negative.

    Source: ``optax.polynomial_schedule``.

    >>> polynomial_schedule(0.1, 0.0, 2, 100, transition_begin=10)
    constant(0.1, steps=10) >> polynomial(0.1, 0.0, 100, power=2.0)
    """
    if transition_steps == 0 or power == 0:
        return constant(init_value)
    if power == 1:
        transition = linear(init_value, end_value, transition_steps)
    else:
        transition = polynomial(init_value, end_value, transition_steps, power=power)
    return constant(init_value, steps=transition_begin) >> transition


@checked
def exponential_decay(
    init_value: Value,
    transition_steps: Period,
    decay_rate: Value,
    transition_begin: Steps = 0,
    staircase: Switch = False,
    end_value: Value | None = None,
) -> Schedule:
    """``s(t) = init_value * decay_rate**((t - b)/transition_steps)`` from step b on, rounded down if `staircase`.

    With an `end_value` e it is ``maximum(s, e)`` if it falls (``decay_rate < 1``), else ``minimum(s, e)``.

    Args:
        init_value: the value until the decay begins.
        transition_steps: the steps in which `decay_rate` is gained.
        decay_rate: the factor gained; not 0.
        transition_begin: the step at which the decay begins, b.
        staircase: whether the factor is gained at once, at the end of those steps.
        end_value: the floor under a decay, or the ceiling over a growth.

    Raises:
        ScheduleError: `transition_steps` is not positive, the rate is 0, or it is negative without a staircase.

    Source: ``optax.exponential_decay``.

    >>> exponential_decay(0.1, 1000, 0.96), exponential_decay(0.1, 1000, 0.5, 10, staircase=True, end_value=0.01)
    (exponential_decay(0.1, 0.96, every=1000),
     maximum(constant(0.1, steps=10) >> step_decay(0.1, 0.5, 1000), 0.01))
    """
    held = "Optax holds init_value here and only logs it; if you want that, use constant_schedule(init_value)"
    demand(decay_rate != 0, "exponential_decay", "decay_rate", decay_rate, held)
    if staircase:
        decay = step_decay(init_value, decay_rate, transition_steps)
    else:
        real = "powers of it are no real numbers between whole exponents; use a rate > 0, or staircase=True"
        demand(decay_rate > 0, "exponential_decay", "decay_rate", decay_rate, real)
        decay = exponential_curve(init_value, decay_rate, every=transition_steps)
    whole_run = constant(init_value, steps=transition_begin) >> decay
    if end_value is None:
        return whole_run
    return maximum(whole_run, end_value) if decay_rate < 1 else minimum(whole_run, end_value)


@checked
def cosine_decay_schedule(
    init_value: Value, decay_steps: Period, alpha: Value = 0.0, exponent: Amount = 1.0
) -> Schedule:
    """``s(t) = init_value * (alpha + (1 - alpha) * ((1 + cos(pi*t/n))/2)**exponent)`` for n = `decay_steps`.

    Args:
        init_value: the value at step 0.
        decay_steps: the length of the decay in steps.
        alpha: the value at its end, as a fraction of `init_value`.
        exponent: what bends the cosine; 1 leaves it as it is.

    Raises:
        ScheduleError: `decay_steps` is not positive, or the exponent is negative.

    Source: ``optax.cosine_decay_schedule``.

    >>> cosine_decay_schedule(0.1, 100, alpha=0.5), cosine_decay_schedule(0.1, 100, exponent=2.0)
    (cosine(0.1, 0.05, 100), 0.1 * cosine(1.0, 0.0, 100) ** 2.0)
    """
    return _bent_cosine(init_value, alpha * init_value, decay_steps, exponent)


def _bent_cosine(start: float, end: float, steps: float, exponent: float) -> Schedule:
    if exponent == 1:
        return cosine(start, end, steps)
    return end + (start - end) * cosine(1.0, 0.0, steps) ** exponent


# -- pieces --------------------------------------------------------------------------------------------


@checked
def piecewise_constant_schedule(init_value: Value, boundaries_and_scales: _Scales = None) -> Schedule:
    """``s(t) = init_value`` times the scale of each boundary that is <= t.

    Args:
        init_value: the value before the first boundary.
        boundaries_and_scales: the scale by which the value is multiplied at each step.

    Raises:
        ScheduleError: a boundary or a scale is negative.

    Source: ``optax.piecewise_constant_schedule``.

    >>> piecewise_constant_schedule(1.0, {30: 0.1, 80: 0.1}), piecewise_constant_schedule(1.0, {30: 0.5, 80: 0.1})
    (multistep(1.0, 0.1, (30, 80)), piecewise([1.0, 0.5, 0.05], (30, 80)))
    """
    pairs = cast("_Pairs", boundaries_and_scales)
    boundaries, scales = [step for step, _ in pairs], [scale for _, scale in pairs]
    if not pairs:
        return constant(init_value)
    if len(set(scales)) == 1:
        return multistep(init_value, scales[0], boundaries)
    return piecewise(_values(init_value, pairs), boundaries)


@checked
def piecewise_interpolate_schedule(
    interpolate_type: _Shape, init_value: Value, boundaries_and_scales: _Scales = None
) -> Schedule:
    """``shape(v[0], v[1], b[1]) >> shape(v[1], v[2], b[2] - b[1]) >> ...``, where ``v[i] = v[i - 1] * scale[i]``.

    Args:
        interpolate_type: the shape between boundaries: ``"linear"`` or ``"cosine"``.
        init_value: the value at step 0, v[0].
        boundaries_and_scales: the scale that has been gained by each step.

    Raises:
        ScheduleError: the type is another, or a boundary or a scale is negative.

    Source: ``optax.piecewise_interpolate_schedule``.

    >>> piecewise_interpolate_schedule("linear", 1.0, {10: 0.5, 30: 0.1})
    linear(1.0, 0.5, 10) >> linear(0.5, 0.05, 20)
    """
    pairs = cast("_Pairs", boundaries_and_scales)
    values = _values(init_value, pairs)
    return _through(interpolate_type, [*zip([0, *(step for step, _ in pairs)], values, strict=True)])


@checked
def linear_onecycle_schedule(
    transition_steps: Period,
    peak_value: Value,
    pct_start: Share = 0.3,
    pct_final: Share = 0.85,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> Schedule:
    """``linear(low, peak, a) >> linear(peak, low, b - a) >> linear(low, low/final_div_factor, n - b)``.

    Here n = `transition_steps`, ``low = peak/div_factor``, and ``a = pct_start * n`` and ``b = pct_final * n`` are
    rounded down.

    Args:
        transition_steps: the duration in steps.
        peak_value: the highest value.
        pct_start: the fraction of the steps after which the peak is reached.
        pct_final: the fraction after which the first value is reached again.
        div_factor: how many times the first value is smaller than the peak.
        final_div_factor: how many times the last value is smaller than the first.

    Raises:
        ScheduleError: there are no steps, a fraction is not in [0, 1], or `pct_start` is above `pct_final`.

    Source: ``optax.linear_onecycle_schedule``.

    >>> linear_onecycle_schedule(100, 1.0, div_factor=10.0, final_div_factor=100.0)
    linear(0.1, 1.0, 30) >> linear(1.0, 0.1, 55) >> linear(0.1, 0.001, 15)
    """
    swapped = f"it is above pct_final={pct_final!r}; swap them"
    demand(pct_start <= pct_final, "linear_onecycle_schedule", "pct_start", pct_start, swapped)
    low, n = peak_value / div_factor, transition_steps
    points = [(0, low), (int(pct_start * n), peak_value), (int(pct_final * n), low), (n, low / final_div_factor)]
    return _through("linear", points)


@checked
def cosine_onecycle_schedule(
    transition_steps: Period,
    peak_value: Value,
    pct_start: Share = 0.3,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> Schedule:
    """``cosine(low, peak, a) >> cosine(peak, low/final_div_factor, n - a)`` for n = `transition_steps`.

    Here ``low = peak/div_factor``, and ``a = pct_start * n`` is rounded down, as is n.

    Args:
        transition_steps: the duration in steps.
        peak_value: the highest value.
        pct_start: the fraction of the steps after which the peak is reached.
        div_factor: how many times the first value is smaller than the peak.
        final_div_factor: how many times the last value is smaller than the first.

    Raises:
        ScheduleError: there are no steps, or the fraction is not in [0, 1].

    Source: ``optax.cosine_onecycle_schedule``.

    >>> cosine_onecycle_schedule(100, 1.0, div_factor=10.0, final_div_factor=100.0)
    cosine(0.1, 1.0, 30) >> cosine(1.0, 0.001, 70)
    """
    low, n = peak_value / div_factor, transition_steps
    return _through("cosine", [(0, low), (int(pct_start * n), peak_value), (int(n), low / final_div_factor)])


def _values(first: float, pairs: _Pairs) -> list[float]:
    values = [first]
    for _, scale in pairs:
        values.append(values[-1] * scale)
    return values


def _through(shape: str, points: list[tuple[float, float]]) -> Schedule:
    """The curves of a shape from each (step, value) to the next."""
    curve = {"linear": linear, "cosine": cosine}[shape]
    if len(points) == 1:
        return constant(points[0][1])
    return join(*(curve(start, end, whole(b - a)) for (a, start), (b, end) in pairwise(points)))


# -- joins ---------------------------------------------------------------------------------------------


@checked
def join_schedules(schedules: _Schedules, boundaries: Milestones) -> Schedule:
    """``schedules[0][:b[0]] >> schedules[1][:b[1] - b[0]] >> ...``, each in its own time.

    Args:
        schedules: schedules, or numbers for constants.
        boundaries: the step at which each schedule but the first begins, in ascending order; b.

    Raises:
        ScheduleError: there are no schedules, one is a function of another make, or the boundaries are not ascending
            steps >= 0, one fewer than the schedules.

    Source: ``optax.join_schedules``.

    >>> join_schedules([linear(0.0, 0.1, 10), cosine(0.1, 0.0, 90)], [10])
    linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)
    >>> join_schedules([0.1, linear(0.1, 0.0, 50)], [20])
    constant(0.1, steps=20) >> linear(0.1, 0.0, 50)
    """
    if len(schedules) != len(boundaries) + 1:
        wants = f"{len(schedules)} schedules have {len(schedules) - 1} boundaries between them"
        raise refusal("join_schedules", "boundaries", boundaries, wants)
    lengths = [whole(end - begin) for begin, end in pairwise((0, *boundaries))]
    return join(*map(_lasting, schedules[:-1], lengths), schedules[-1])


def _lasting(part: Schedule, steps: float) -> Schedule:
    return constant(part.value, steps=steps) if isinstance(part, Constant) else part[:steps]


@checked
def warmup_constant_schedule(init_value: Value, peak_value: Value, warmup_steps: Steps) -> Schedule:
    """``linear(init_value, peak_value, warmup_steps)``, which holds its peak.

    Args:
        init_value: the value at step 0.
        peak_value: the value at the end of the warmup, and afterwards.
        warmup_steps: the length of the warmup in steps; with 0 the peak is there at once.

    Raises:
        ScheduleError: a value is not finite, or the duration is negative.

    Source: ``optax.warmup_constant_schedule``.

    >>> warmup_constant_schedule(0.0, 0.1, 100)
    linear(0.0, 0.1, 100)
    """
    return linear(init_value, peak_value, warmup_steps)


@checked
def warmup_cosine_decay_schedule(
    init_value: Value,
    peak_value: Value,
    warmup_steps: Steps,
    decay_steps: Period,
    end_value: Value = 0.0,
    exponent: Amount = 1.0,
) -> Schedule:
    """``linear(init_value, peak_value, w) >> cosine(peak_value, end_value, decay_steps - w)`` for w = `warmup_steps`.

    With an `exponent` the decay is that of `cosine_decay_schedule`.

    Args:
        init_value: the value at step 0.
        peak_value: the value at the end of the warmup; where it is 0, `end_value` is forgotten.
        warmup_steps: the length of the warmup in steps.
        decay_steps: the length of the whole in steps, warmup included.
        end_value: the value at the end.
        exponent: what bends the cosine; 1 leaves it as it is.

    Raises:
        ScheduleError: `decay_steps` are not more than `warmup_steps`, or the exponent is negative.

    Source: ``optax.warmup_cosine_decay_schedule``.

    >>> warmup_cosine_decay_schedule(0.0, 0.1, 100, 1000, end_value=0.01)
    linear(0.0, 0.1, 100) >> cosine(0.1, 0.01, 900)
    """
    beyond = f"they are those of the whole and go beyond warmup_steps={warmup_steps!r}; add the warmup to them"
    demand(decay_steps > warmup_steps, "warmup_cosine_decay_schedule", "decay_steps", decay_steps, beyond)
    end = end_value if peak_value != 0 else 0.0
    decay = _bent_cosine(peak_value, end, whole(decay_steps - warmup_steps), exponent)
    return linear(init_value, peak_value, warmup_steps) >> decay


@checked
def warmup_exponential_decay_schedule(
    init_value: Value,
    peak_value: Value,
    warmup_steps: Steps,
    transition_steps: Period,
    decay_rate: Value,
    transition_begin: Steps = 0,
    staircase: Switch = False,
    end_value: Value | None = None,
) -> Schedule:
    """``linear(init_value, peak_value, warmup_steps)``, then the `exponential_decay` of the other arguments.

    Args:
        init_value: the value at step 0.
        peak_value: the value at the end of the warmup.
        warmup_steps: the length of the warmup in steps.
        transition_steps: the steps in which `decay_rate` is gained.
        decay_rate: the factor gained; not 0.
        transition_begin: for how many steps after the warmup the peak is held.
        staircase: whether the factor is gained at once, at the end of those steps.
        end_value: the floor under a decay, or the ceiling over a growth.

    Raises:
        ScheduleError: `transition_steps` is not positive, the rate is 0, or it is negative without a staircase.

    Source: ``optax.warmup_exponential_decay_schedule``.

    >>> warmup_exponential_decay_schedule(0.0, 0.1, 100, 1000, 0.5)
    linear(0.0, 0.1, 100) >> exponential_decay(0.1, 0.5, every=1000)
    """
    decay = exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return linear(init_value, peak_value, warmup_steps) >> decay


@checked
def sgdr_schedule(cosine_kwargs: _Cycles) -> Schedule:
    """``warmup_cosine_decay_schedule(**cosine_kwargs[0]) >> warmup_cosine_decay_schedule(**cosine_kwargs[1]) >> ...``.

    Args:
        cosine_kwargs: the arguments of each round.

    Raises:
        ScheduleError: there are no rounds, or the arguments of one are wrong.

    Source: ``optax.sgdr_schedule``.

    >>> sgdr_schedule([dict(init_value=0.0, peak_value=0.1, warmup_steps=0, decay_steps=n) for n in (10, 20)])
    cosine(0.1, 0.0, 10) >> cosine(0.1, 0.0, 20)
    """
    return join(*(warmup_cosine_decay_schedule(**kwargs) for kwargs in cosine_kwargs))


# -- what follows a metric -----------------------------------------------------------------------------


@checked
def reduce_on_plateau(
    factor: Factor = 0.1,
    patience: Whole = 10,
    rtol: Share = 1e-4,
    atol: Amount = 0.0,
    cooldown: Whole = 0,
    accumulation_size: Whole = 1,
    min_scale: Share = 0.0,
) -> Plateau:
    """The `Plateau` that scales updates as ``optax.contrib.reduce_on_plateau``, for a learning rate of 1.

    Give it to ``schedules.adapters.optax.scale_by_plateau(plateau, learning_rate=1.0)``.

    Optax acts at the last of `patience` bad values, not at the one after. It differs for a `patience` of 0, with which
    Optax acts at each improvement, and for an `rtol` of 1, with which nothing is an improvement (zero times infinity).

    Args:
        factor: what multiplies the scale at a plateau, above 0 and below 1.
        patience: how many values without an improvement make a plateau, at least 1.
        rtol: by how much a value has to be better, as a fraction of the best.
        atol: the same in its own units; one of the two is 0.
        cooldown: for how many values after a reduction nothing counts as bad.
        accumulation_size: 1 here; give another to `scale_by_plateau`.
        min_scale: the floor under the scale.

    Raises:
        ScheduleError: an argument is out of its range, or `rtol` and `atol` are given both.

    Source: ``optax.contrib.reduce_on_plateau``.

    >>> reduce_on_plateau(patience=5)
    Plateau(mode='min', factor=0.1, patience=4, threshold=0.0001, threshold_mode='rel', cooldown=0, min_lr=0.0, eps=0.0)
    """
    name = "reduce_on_plateau"
    demand(patience > 0, name, "patience", patience, "Optax acts at each improvement here; use 1 or more")
    one = f"a threshold is relative or absolute; set this or rtol={rtol!r} to 0"
    demand(0 in (rtol, atol), name, "atol", atol, one)
    elsewhere = "give it to the transformation: scale_by_plateau(plateau, accumulation_size=...)"
    demand(accumulation_size == 1, name, "accumulation_size", accumulation_size, elsewhere)
    return Plateau(
        factor=factor,
        patience=patience - 1,
        threshold=max(rtol, atol),
        threshold_mode="abs" if atol else "rel",
        cooldown=cooldown,
        min_lr=min_scale,
        eps=0.0,
    )
