"""Recipes: the schedules of the field by their known names, each a few lines over curves and combinators.

The clock is optimizer updates, unless you say otherwise: a recipe in tokens or samples is the same term,
called at fractional times or stretched by `stretch`.
"""

from ..algebra.checks import (
    Milestones,
    Period,
    Positive,
    Rounds,
    Share,
    Steps,
    Switch,
    Value,
    demand,
    is_known,
    refusal,
    whole,
)
from ..algebra.forms import parted
from ..algebra.lists import after, counted, length
from ..algebra.named import Shape, named
from ..algebra.nodes import Schedule, Time, lift
from .combinators import cycle, join
from .curves import (
    constant,
    cosine,
    exponential,
    exponential_decay,
    inverse_sqrt,
    linear,
    polynomial,
    step_decay,
)


@named
def wsd(
    peak: Value,
    steps: Steps,
    *,
    warmup: Steps,
    cooldown: Steps,
    start: Value = 0.0,
    end: Value = 0.0,
    shape: Shape = linear,
) -> Schedule:
    """``linear(start, peak, warmup) >> constant(peak) >> shape(peak, end, cooldown)``: warmup, stable, decay.

    Args:
        peak: the learning rate of the stable phase.
        steps: the duration of the whole, in steps.
        warmup: the length of the warmup in steps.
        cooldown: the length of the decay in steps.
        start: the learning rate at step 0.
        end: the learning rate from step `steps` on.
        shape: the curve of the decay: `linear`, `cosine`, `one_minus_sqrt`, ...

    Raises:
        ScheduleError: warmup and cooldown do not fit into the steps.

    Source: Hu et al. 2024, MiniCPM (arXiv:2404.06395), section 4; the 1-sqrt decay is of Haegele et al. 2024
    (arXiv:2405.18392).

    >>> wsd(1.0, 100, warmup=10, cooldown=20)([0, 5, 10, 79, 90, 100])
    array([0. , 0.5, 1. , 1. , 0.5, 0. ])
    """
    warmup, cooldown, stable = _phases("wsd", steps, warmup=warmup, cooldown=cooldown)
    return join(linear(start, peak, warmup), constant(peak, steps=stable), shape(peak, end, cooldown))


@named
def trapezoid(peak: Value, steps: Steps, *, warmup: Steps, cooldown: Steps) -> Schedule:
    """``linear(0, peak, warmup) >> constant(peak) >> linear(peak, 0, cooldown)``: `wsd` from zero to zero.

    Args:
        peak: the learning rate of the stable phase.
        steps: the duration of the whole, in steps.
        warmup: the length of the rise from zero, in steps.
        cooldown: the length of the fall to zero, in steps.

    Raises:
        ScheduleError: warmup and cooldown do not fit into the steps.

    Source: Xing et al. 2018, A Walk with SGD (arXiv:1802.08770), section 4.

    >>> trapezoid(1.0, 100, warmup=10, cooldown=20)([5, 50, 90])
    array([0.5, 1. , 0.5])
    """
    return wsd(peak, steps, warmup=warmup, cooldown=cooldown)


@named
def cosine_warmup(peak: Value, steps: Steps, *, warmup: Steps, start: Value = 0.0, end: Value = 0.0) -> Schedule:
    """``linear(start, peak, warmup) >> cosine(peak, end, steps - warmup)``.

    Args:
        peak: the learning rate at the end of the warmup.
        steps: the duration of the whole, warmup included, in steps.
        warmup: the length of the warmup in steps.
        start: the learning rate at step 0.
        end: the learning rate from step `steps` on.

    Raises:
        ScheduleError: the warmup does not fit into the steps.

    >>> cosine_warmup(1.0, 110, warmup=10)([5, 10, 60, 110])
    array([0.5, 1. , 0.5, 0. ])
    """
    warmup, rest = _phases("cosine_warmup", steps, warmup=warmup)
    return linear(start, peak, warmup) >> cosine(peak, end, rest)


@named
def linear_warmup(peak: Value, steps: Steps, *, warmup: Steps, start: Value = 0.0, end: Value = 0.0) -> Schedule:
    """``linear(start, peak, warmup) >> linear(peak, end, steps - warmup)``.

    Args:
        peak: the learning rate at the end of the warmup.
        steps: the duration of the whole, warmup included, in steps.
        warmup: the length of the warmup in steps.
        start: the learning rate at step 0.
        end: the learning rate from step `steps` on.

    Raises:
        ScheduleError: the warmup does not fit into the steps.

    Source: Devlin et al. 2018, BERT (arXiv:1810.04805), appendix A.2.

    >>> linear_warmup(1.0, 110, warmup=10)([5, 10, 60, 110])
    array([0.5, 1. , 0.5, 0. ])
    """
    warmup, rest = _phases("linear_warmup", steps, warmup=warmup)
    return linear(start, peak, warmup) >> linear(peak, end, rest)


@named
def polynomial_warmup(
    peak: Value,
    steps: Steps,
    *,
    warmup: Steps,
    power: Positive = 1.0,
    start: Value = 0.0,
    end: Value = 0.0,
) -> Schedule:
    """``linear(start, peak, warmup) >> polynomial(peak, end, steps - warmup, power=power)``.

    Args:
        peak: the learning rate at the end of the warmup.
        steps: the duration of the whole, warmup included, in steps.
        warmup: the length of the warmup in steps.
        power: the exponent of the decay.
        start: the learning rate at step 0.
        end: the learning rate from step `steps` on.

    Raises:
        ScheduleError: the warmup does not fit into the steps, or the power is not positive.

    >>> polynomial_warmup(1.0, 110, warmup=10, power=2.0)([5, 10, 60, 110])
    array([0.5 , 1.  , 0.25, 0.  ])
    """
    warmup, rest = _phases("polynomial_warmup", steps, warmup=warmup)
    return linear(start, peak, warmup) >> polynomial(peak, end, rest, power=power)


@named
def flat_cosine(peak: Value, steps: Steps, *, flat: Share = 0.75, end: Value = 0.0) -> Schedule:
    """``constant(peak, steps=flat * n) >> cosine(peak, end, (1 - flat) * n)`` for n = `steps`.

    Args:
        peak: the learning rate of the flat part.
        steps: the duration of the whole in steps.
        flat: the fraction of it that is flat.
        end: the learning rate from step `steps` on.

    Raises:
        ScheduleError: the fraction is not in [0, 1].

    Source: fastai's ``fit_flat_cos`` (Howard and Gugger 2020, arXiv:2002.04688).

    >>> flat_cosine(1.0, 400)([299, 350, 400])
    array([1. , 0.5, 0. ])
    """
    level, rest = parted(steps, whole(flat * steps))
    return constant(peak, steps=level) >> cosine(peak, end, rest)


@named
def one_cycle(
    peak: Value,
    steps: Steps,
    *,
    rise: Share = 0.3,
    div: Positive = 25.0,
    final_div: Positive = 1e4,
    shape: Shape = cosine,
    three_phase: Switch = False,
) -> Schedule:
    """``shape(peak/div, peak, r) >> shape(peak, peak/div/final_div, n - r)`` for r = rise * n and n = `steps`.

    With `three_phase` the fall takes r steps too, back to ``peak/div``, and the rest goes on to the end.

    PyTorch's ``OneCycleLR`` counts its last step and ends its rise a step earlier: of n steps in all, that is
    ``shape(peak/div, peak, rise * n - 1) >> shape(peak, peak/div/final_div, n - rise * n)``.

    Args:
        peak: the highest learning rate.
        steps: the duration of the whole in steps.
        rise: the fraction of it that rises.
        div: how many times the first learning rate is smaller than the peak.
        final_div: how many times the last is smaller than the first.
        shape: the curve of each phase: `cosine` or `linear`.
        three_phase: fall as symmetrically as it rose, then anneal.

    Raises:
        ScheduleError: the fraction is not in [0, 1], or two rises do not fit into the whole.

    Source: Smith and Topin 2018, Super-Convergence (arXiv:1708.07120).

    >>> one_cycle(1.0, 100, shape=linear)([0, 15, 30, 100])
    array([4.0e-02, 5.2e-01, 1.0e+00, 4.0e-06])
    """
    first, up = peak / div, whole(rise * steps)
    last = first / final_div
    if three_phase:
        up, down, rest = _lengths("one_cycle", "2 * rise * steps", steps, up, up)
        return shape(first, peak, up) >> shape(peak, first, down) >> shape(first, last, rest)
    up, rest = parted(steps, up)
    return shape(first, peak, up) >> shape(peak, last, rest)


@named
def sgdr(
    start: Value, steps: Period, times: Rounds, *, end: Value = 0.0, stretch: Positive = 1.0, scale: Value = 1.0
) -> Schedule:
    """``cosine(start, end, n) >> cosine(scale * start, end, stretch * n) >> ...`` for n = `steps`: warm restarts.

    Args:
        start: the learning rate at the first start.
        steps: the length of the first round in steps (T_0).
        times: how many rounds.
        end: the learning rate at the end of each round.
        stretch: how many times longer each round is than the last (T_mult).
        scale: what multiplies the learning rate of each restart.

    Raises:
        ScheduleError: the rounds have no length, or there are none.

    Source: Loshchilov and Hutter 2017, SGDR (arXiv:1608.03983), equation 5.

    >>> sgdr(1.0, 10, 3, stretch=2.0)([5, 10, 20, 30])
    array([0.5, 1. , 0.5, 1. ])
    """
    return join(*counted(times, lambda k: cosine(start * scale**k, end, whole(steps * stretch**k))))


@named
def noam(model_size: Period, warmup: Period, *, factor: Value = 1.0) -> Schedule:
    """``s(t) = factor * model_size**-0.5 * min(t**-0.5, t * warmup**-1.5)``, endless.

    The paper counts its steps from 1: that is ``noam(...)[1:]``.

    Args:
        model_size: the width of the model.
        warmup: the steps of the linear rise.
        factor: what multiplies it all.

    Raises:
        ScheduleError: the width or the warmup is not positive.

    Source: Vaswani et al. 2017, Attention Is All You Need (arXiv:1706.03762), equation 3.

    >>> noam(512, 4000)(4000) == 512**-0.5 * 4000**-0.5
    True
    """
    peak = factor * model_size**-0.5 * warmup**-0.5
    return linear(0.0, peak, warmup) >> inverse_sqrt(peak, timescale=warmup)


@named
def triangular(low: Value, high: Value, steps: Period) -> Schedule:
    """``cycle(linear(low, high, n) >> linear(high, low, n))`` for n = `steps`, half a cycle.

    Args:
        low: the lowest learning rate.
        high: the highest learning rate.
        steps: the length of each slope in steps.

    Raises:
        ScheduleError: the slopes have no length.

    Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks (arXiv:1506.01186), section 3.

    >>> triangular(0.0, 1.0, 10)([5, 10, 15, 20])
    array([0.5, 1. , 0.5, 0. ])
    """
    return cycle(linear(low, high, steps) >> linear(high, low, steps))


@named
def triangular2(low: Value, high: Value, steps: Period) -> Schedule:
    """``low + triangular(0, high - low, n) / 2**floor(t / 2n)``: half as high in each cycle.

    Args:
        low: the lowest learning rate.
        high: the highest learning rate, of the first cycle.
        steps: the length of each slope in steps.

    Raises:
        ScheduleError: the slopes have no length.

    Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks (arXiv:1506.01186), section 3.

    >>> triangular2(0.0, 1.0, 10)([10, 30, 50])
    array([1.  , 0.5 , 0.25])
    """
    return low + triangular(0.0, high - low, steps) * step_decay(1.0, 0.5, 2 * steps)


@named
def exp_range(low: Value, high: Value, steps: Period, *, rate: Positive) -> Schedule:
    """``low + triangular(0, high - low, n) * rate**t``: cycles that shrink with every step.

    Args:
        low: the lowest learning rate.
        high: the highest learning rate, if nothing shrank it.
        steps: the length of each slope in steps.
        rate: what multiplies the height of the cycles at every step.

    Raises:
        ScheduleError: the slopes have no length, or the rate is not positive.

    Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks (arXiv:1506.01186), section 3.

    >>> exp_range(0.0, 1.0, 10, rate=0.5)(10) == 0.5**10
    True
    """
    return low + triangular(0.0, high - low, steps) * exponential_decay(1.0, rate)


@named
def power(peak: Value, exponent: Positive, *, timescale: Period) -> Schedule:
    """``s(t) = peak * (timescale / (timescale + t))**exponent``, endless.

    After a warmup of W = `timescale` steps this is ``peak * (step / W)**-exponent`` of the step since the start of
    training, which needs no total: ``linear(0.0, peak, W) >> power(peak, 0.51, timescale=W)``. With an exponent of 1/2
    it is `inverse_sqrt`.

    The Power scheduler is ``min(0.02, 4 * batch_size * n**-0.51)`` of the n tokens seen, the batch in sequences of
    4,096 tokens, and falls exponentially in the last tenth; OLMo-core's ``PowerLR`` has the exponent 0.51, and falls
    along a line there.

    Args:
        peak: the learning rate at step 0.
        exponent: how fast it falls, above zero.
        timescale: the steps after which it has fallen by the factor ``2**exponent``.

    Raises:
        ScheduleError: the exponent or the timescale is not positive.

    Source: Shen et al. 2024, Power Scheduler (arXiv:2408.13359), equations 7 and 8.

    >>> power(1.0, 0.5, timescale=100)([0, 300])
    array([1. , 0.5])
    """
    return peak * lift("pow", timescale / (timescale + Time()), exponent)


@named
def wsd_s(
    peak: Value,
    milestones: Milestones,
    *,
    warmup: Steps,
    cooldown: Steps,
    start: Value = 0.0,
    end: Value = 0.0,
    shape: Shape = linear,
) -> Schedule:
    """``linear(start, peak, warmup) >> constant(peak) >> shape(peak, end, cooldown) >> constant(peak) >> ...``: WSD-S.

    A decay ends at each of the milestones, where the model is good to use; training goes on at the peak at once.

    Args:
        peak: the learning rate of the stable phases.
        milestones: the steps at which the decays end, in ascending order.
        warmup: the length of the warmup in steps.
        cooldown: the length of each decay in steps.
        start: the learning rate at step 0.
        end: the learning rate at the end of each decay.
        shape: the curve of the decays: `linear`, `cosine`, `one_minus_sqrt`, ...

    Raises:
        ScheduleError: there is no milestone, or a decay, and the warmup before the first, do not fit between two.

    Source: Wen et al. 2024, Understanding Warmup-Stable-Decay Learning Rates (arXiv:2410.05192), section 5.

    >>> wsd_s(1.0, [100, 200], warmup=10, cooldown=20)([5, 50, 90, 100, 179, 190, 200])
    array([0.5, 1. , 0.5, 1. , 1. , 0.5, 0. ])
    """
    demand(length(milestones) > 0, "wsd_s", "milestones", milestones, "give the step at which the decay ends")
    begins = after(0, milestones)

    def lap(k: int) -> tuple[Schedule, Schedule]:
        rise = warmup * (begins[k] == 0)
        *_, stable = _lengths("wsd_s", "warmup + cooldown", milestones[k] - begins[k], rise, cooldown)
        return constant(peak, steps=stable), shape(peak, end, cooldown)

    return join(linear(start, peak, warmup), *counted(length(milestones), lap))


@named
def slanted_triangular(peak: Value, steps: Steps, *, cut: Share = 0.1, ratio: Positive = 32.0) -> Schedule:
    """``linear(peak/ratio, peak, cut * n) >> linear(peak, peak/ratio, (1 - cut) * n)`` for n = `steps`.

    Args:
        peak: the highest learning rate.
        steps: the duration of the whole in steps.
        cut: the fraction of it that rises.
        ratio: how many times smaller the ends are than the peak.

    Raises:
        ScheduleError: the fraction is not in [0, 1].

    Source: Howard and Ruder 2018, ULMFiT (arXiv:1801.06146), equation 3.

    >>> slanted_triangular(1.0, 100)([0, 10, 100])
    array([0.03125, 1.     , 0.03125])
    """
    low, (up, rest) = peak / ratio, parted(steps, whole(cut * steps))
    return linear(low, peak, up) >> linear(peak, low, rest)


@named
def lr_range_test(low: Value, high: Value, steps: Steps, *, shape: Shape = exponential) -> Schedule:
    """``shape(low, high, steps)``: a sweep over learning rates, to find the largest that trains.

    Args:
        low: the learning rate to begin with.
        high: the learning rate to end with.
        steps: the duration of the sweep in steps.
        shape: `exponential` for even ratios, `linear` for even differences.

    Raises:
        ScheduleError: an exponential sweep begins or ends at zero.

    Source: Smith 2017 (arXiv:1506.01186), section 3.3.

    >>> lr_range_test(1e-4, 1.0, 100)([0, 50, 100])
    array([1.e-04, 1.e-02, 1.e+00])
    """
    return shape(low, high, steps)


def _phases(function: str, steps: float, **used: float) -> tuple[float, ...]:
    """The lengths of phases, and the steps that they leave; one that looks like a fraction of many steps is refused."""
    for name, phase in used.items():
        if is_known(steps) and is_known(phase) and (phase > 0) & (phase < 1) & (steps > 1):
            whole = repr(steps) if isinstance(steps, float) else f"{steps:_}"
            wants = (
                f"less than one step; for {100 * phase:g}% of the steps write {name}={phase!r} * {whole}, "
                f"where it is such a product already {name}=round({phase!r}), "
                f"and for a part of a step put curves together: linear(0.0, peak, {phase!r}) >> ..."
            )
            raise refusal(function, name, phase, wants)
    return _lengths(function, " + ".join(used), steps, *used.values())


def _lengths(function: str, name: str, steps: float, *used: float) -> tuple[float, ...]:
    """The lengths of phases, and the steps that they leave of the whole."""
    lengths = parted(steps, *used)
    demand(
        lengths[-1] >= 0, function, name, sum(used), f"it does not fit into steps={steps!r}; shorten it or train longer"
    )
    return lengths
