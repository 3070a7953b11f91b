"""Random schedules for Hypothesis: every curve, combinator and recipe, nested up to depth 6.

Numbers are kept to where learning rates and training lengths live, so that a rounding error can be told from
a wrong value: the values of a term and of all its subterms stay within a few orders of magnitude.
"""

import itertools
import math
from functools import partial

from hypothesis import strategies as st

import schedules as sc

STEPS = 60  # the usual length of a leaf

values = st.one_of(st.sampled_from([0.0, 1.0, 0.1, 0.5]), st.floats(1e-3, 2.0))
positives = st.floats(1e-3, 2.0)
durations = st.one_of(
    st.integers(0, STEPS), st.sampled_from([0, 1, 2]), st.floats(0.5, STEPS).map(lambda x: round(x, 2))
)
lengths = st.one_of(st.integers(1, STEPS), st.floats(0.5, STEPS).map(lambda x: round(x, 2)))
fractions = st.integers(0, 20).map(lambda x: x / 20)
counts = st.integers(1, 4)
factors = st.one_of(st.integers(1, 4), st.sampled_from([0.5, 0.25, 1.5]), st.floats(0.3, 3.0))
milestones = st.lists(st.integers(0, STEPS), max_size=5).map(sorted)
shapes = st.sampled_from([sc.linear, sc.cosine, sc.one_minus_sqrt, sc.polynomial, sc.rex])


@st.composite
def parts_of(draw, steps):
    """Two durations that fit into `steps`."""
    first = draw(st.integers(0, steps))
    return first, draw(st.integers(0, steps - first))


@st.composite
def wsds(draw):
    """A wsd or trapezoid."""
    steps = draw(st.integers(1, STEPS))
    warmup, cooldown = draw(parts_of(steps))
    if draw(st.booleans()):
        return sc.trapezoid(draw(values), steps, warmup=warmup, cooldown=cooldown)
    return sc.wsd(
        draw(values), steps, warmup=warmup, cooldown=cooldown, start=draw(values), end=draw(values), shape=draw(shapes)
    )


@st.composite
def warmed_up(draw):
    """A warmup and a decay."""
    steps = draw(st.integers(1, STEPS))
    make = draw(st.sampled_from([sc.cosine_warmup, sc.linear_warmup, sc.polynomial_warmup]))
    return make(draw(values), steps, warmup=draw(st.integers(0, steps)), start=draw(values), end=draw(values))


@st.composite
def continued(draw):
    """A wsd_s."""
    warmup, cooldown = draw(parts_of(STEPS))
    room = st.integers(cooldown, STEPS)
    milestones = itertools.accumulate([warmup + draw(room), *draw(st.lists(room, max_size=2))])
    rates = draw(values), draw(values), draw(values)
    make = partial(sc.wsd_s, rates[0], list(milestones), warmup=warmup, cooldown=cooldown)
    return make(start=rates[1], end=rates[2], shape=draw(shapes))


finite_curves = st.one_of(
    st.builds(lambda v, n: sc.constant(v, steps=n), values, lengths),
    st.builds(sc.linear, values, values, durations),
    st.builds(sc.polynomial, values, values, durations, power=st.sampled_from([0.5, 1.0, 2.0, 3.5])),
    st.builds(sc.cosine, values, values, durations),
    st.builds(sc.exponential, positives, positives, durations),
    st.builds(sc.one_minus_sqrt, values, values, durations),
    st.builds(sc.tanh_decay, values, values, durations),
    st.builds(sc.rex, values, values, durations),
    st.builds(sc.k_decay, values, values, durations, k=st.sampled_from([0.5, 1.0, 2.0])),
    st.lists(st.tuples(durations, values), min_size=1, max_size=4).map(lambda points: sc.interpolate(sorted(points))),
)

finite_recipes = st.one_of(
    wsds(),
    warmed_up(),
    st.builds(sc.flat_cosine, values, durations, flat=fractions, end=values),
    st.builds(
        sc.one_cycle, values, durations, rise=fractions.map(lambda x: x / 2), shape=shapes, three_phase=st.booleans()
    ),
    st.builds(sc.sgdr, values, lengths, counts, end=values, stretch=st.sampled_from([1.0, 1.5, 2.0]), scale=values),
    st.builds(sc.slanted_triangular, values, durations, cut=fractions),
    st.builds(sc.lr_range_test, positives, positives, durations),
    st.builds(sc.chebyshev, positives, positives, st.integers(1, STEPS)),
    st.builds(sc.chebyshev, positives, positives, st.sampled_from([1, 2, 4, 16]), fractal=st.just(True)),
    continued(),
)

endless = st.one_of(
    st.builds(sc.exponential_decay, values, st.floats(0.9, 1.0), every=lengths),
    st.builds(sc.inverse_sqrt, values, timescale=lengths),
    st.builds(sc.inverse_time, values, positives, every=lengths),
    st.builds(sc.step_decay, values, st.floats(0.5, 1.0), lengths),
    st.builds(sc.multistep, values, st.floats(0.5, 1.0), milestones),
    milestones.flatmap(
        lambda knots: st.builds(
            sc.piecewise, st.lists(values, min_size=len(knots) + 1, max_size=len(knots) + 1), st.just(knots)
        )
    ),
    st.builds(sc.noam, st.integers(1, 512), lengths),
    st.builds(sc.power, values, st.floats(0.1, 2.0), timescale=lengths),
    st.builds(sc.triangular, values, values, lengths),
    st.builds(sc.triangular2, values, values, lengths),
    st.builds(sc.exp_range, values, values, lengths, rate=st.floats(0.9, 1.0)),
    st.builds(lambda v: sc.constant(v, steps=math.inf), values),
    st.builds(lambda n: sc.Time() / n, lengths),
)


def _cut(pair):
    s, steps = pair
    return s[:steps]


def _finite(deeper):
    """Finite schedules over finite ones."""
    inner = st.deferred(lambda: deeper)  # its repr stays short
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: sc.join(*parts)),
        st.builds(sc.scale, inner, values),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / b, inner, positives),
        st.builds(lambda a, k: sc.maximum(a, 1e-3) ** k, inner, st.sampled_from([0.5, 1, 2])),
        st.builds(lambda a: -a, inner),
        st.builds(sc.minimum, inner, inner),
        st.builds(sc.maximum, inner, inner),
        st.builds(sc.clip, inner, st.just(0.05), positives.map(lambda x: x + 0.05)),
        st.builds(sc.warmup, inner, durations, start=values, overlap=st.booleans()),
        st.builds(
            lambda s, times, f, k: sc.repeat(s[: s.steps + 1], times, stretch=f, scale=k),
            inner,
            counts,
            st.sampled_from([1.0, 1.5, 2.0]),
            values,
        ),
        st.builds(sc.shift, inner, durations),
        st.builds(sc.stretch, inner, factors),
        st.builds(lambda s, n: sc.fit(s[: s.steps + 1], n), inner, lengths),
        st.builds(sc.every, inner, lengths),
        st.builds(sc.reverse, inner),
        st.builds(lambda s, n, extra: sc.retarget(s[: n + 1 + extra], n, n + extra + 5), inner, durations, lengths),
        st.builds(sc.cooldown, inner, durations, durations, end=values, shape=shapes),
        st.builds(lambda s, a, n: s[a : a + n], inner, durations, durations),
        st.builds(lambda s, n: sc.cycle(s[: s.steps + 1])[:n], inner, durations),
    )


finite = st.recursive(
    st.one_of(finite_curves, finite_recipes, st.tuples(endless, durations).map(_cut)), _finite, max_leaves=6
)

terms = st.one_of(
    finite,
    endless,
    st.builds(lambda a, b: a >> b, finite, endless),
    st.builds(lambda a, b: a * b, finite, endless),
    st.builds(lambda s, n: sc.cycle(s[: s.steps + n]), finite, lengths),
    st.builds(lambda s, n: s >> sc.constant(n), finite, values),
)


@st.composite
def crowds(draw):
    """More parts than `where` is nested for, some of them sums of joins, round and round, slowly or backwards."""
    parts = draw(st.lists(finite_curves, min_size=2, max_size=3))
    pair = sc.join(*parts)
    ramps = [pair * (place / 7) + pair for place in range(1, draw(st.integers(5, 18)))]
    crowd = sc.join(*ramps, *parts)
    return draw(st.sampled_from([crowd, sc.reverse(crowd), sc.cycle(crowd[: crowd.steps + 1]), sc.every(crowd, 3)]))


steps = st.one_of(st.integers(0, 3 * STEPS), st.floats(0, 3 * STEPS), st.sampled_from([0, 1, 2, STEPS]))
"""Times of interest, whole and fractional."""
