"""What the integers of a library cannot hold is a float there: never wrapped, never held still."""

import math

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

import schedules as sc
from schedules import Time, Warp

LAST = 2**31 - 1  # the largest integer of JAX without x64
ULP = 2.0**-23  # of a float32, relative
BLUR = 2.0**-21  # of a time in float32, relative: some roundings


def agrees(s, found, times, *, tolerance=4 * ULP, blur=BLUR):
    """The values are those at these times, or at times that their rounding makes of them."""
    scale = max(4.0, *(abs(s(t)) for t in times))
    for value, time in zip(np.asarray(found, float).tolist(), times, strict=True):
        around = [s(t) for t in (time, *np.linspace(time * (1 - blur), time * (1 + blur), 9).tolist())]
        low, high = min(around) - tolerance * scale, max(around) + tolerance * scale
        assert low <= value <= high, f"{s} at {time}: {value} instead of {s(time)}"


# -- token counts ------------------------------------------------------------------------------------

large = st.integers(27, 40).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))
factors = st.sampled_from([2, 3, 2**10, 524_288, 2**40, 1 / 524_288, 1 / 3, 0.5, 7.5])
leaves = st.one_of(
    st.builds(lambda v, n: sc.constant(v, steps=n), values, large),
    st.builds(sc.linear, values, values, large),
    st.builds(sc.cosine, values, values, large),
    st.builds(lambda p, n: sc.wsd(p, n, warmup=n // 10, cooldown=n // 5), values, large),
    st.builds(lambda a, n: sc.multistep(a, 0.5, [n, 2 * n, 5 * n])[: 9 * n], values, large),
)
token_counts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: sc.join(*parts)),
        st.tuples(inner, st.lists(leaves, min_size=17, max_size=18)).map(lambda pair: sc.join(pair[0], *pair[1])),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(sc.shift, inner, large),
        st.builds(lambda s, n: s[n:], inner, large),
        st.builds(sc.stretch, inner, factors),
        st.builds(lambda s, k: Warp(s, Time() * k, s.steps // k + 1), inner, st.integers(1, 2**30)),
        st.builds(sc.reverse, inner),
        st.builds(lambda s: sc.repeat(s, math.inf, stretch=2)[: 2**45], leaves),
    ).filter(lambda s: s.steps > 2**20),
    max_leaves=3,
)
"""Terms whose durations and knots are beyond 32 bits, or become so."""

int32s = st.lists(
    st.one_of(st.sampled_from([0, 1, LAST - 1, LAST]), st.integers(0, LAST), large.map(lambda n: min(n, LAST))),
    min_size=4,
    max_size=4,
)


few = settings(max_examples=max(settings.default.max_examples // 4, 1))  # each term is compiled several times over


@few
@given(token_counts, int32s)
def test_long_durations_at_whole_steps(s, times):
    agrees(s, s(jnp.asarray(times, jnp.int32)), times)


@few
@given(token_counts, st.lists(large, min_size=4, max_size=4))
def test_long_durations_at_float_steps(s, times):
    steps = jnp.asarray([0.0, *times], jnp.float32)
    agrees(s, s(steps), [int(t) for t in np.asarray(steps, float)])


@few
@given(token_counts, st.lists(large, min_size=4, max_size=4))
def test_long_durations_in_64_bits(s, times):
    for steps in (np.asarray(times), torch.asarray(times, dtype=torch.float64)):
        agrees(s, s(steps), times, tolerance=1e-12, blur=1e-14)
    agrees(s, s(torch.asarray(times)), times)


RECIPE = sc.wsd(3e-4, 20_000_000_000, warmup=200_000_000, cooldown=2_000_000_000)


def test_a_recipe_in_tokens_at_a_step():
    s, steps = sc.stretch(RECIPE, 1 / 524_288), np.arange(0, 40_000, 500)
    for found in (s(jnp.asarray(steps)), jax.jit(s)(jnp.asarray(steps)), jax.vmap(s)(jnp.asarray(steps))):
        np.testing.assert_allclose(found, s(steps), rtol=2e-6, atol=4e-10)  # a float32 has tokens by the 2,048
    milestones = sc.stretch(sc.multistep(1.0, 0.5, [k * 10**9 for k in range(1, 13)]), 1 / 524_288)
    np.testing.assert_array_equal(milestones(jnp.asarray(steps)), milestones(steps))


def test_rounds_beyond_32_bits():
    assert float(sc.cycle(sc.cosine(1.0, 0.0, 3e9))(jnp.int32(2 * 10**9))) == pytest.approx(0.25, rel=1e-6)
    endless = sc.repeat(sc.cosine(1.0, 0.1, 1000), math.inf, stretch=2)
    np.testing.assert_allclose(endless(jnp.asarray([0.0, 500.0, 1500.0])), [1, 0.55, 0.868198], rtol=1e-6)


def test_a_fast_clock_is_not_held_where_the_integers_end():
    s, steps = (
        Warp(sc.cycle(sc.linear(0.0, 1.0, 2**40)), Time() * 524_288),
        [0, 1, 4095, 4096, 10**6, 10**9, 2**31 - 2**20],
    )
    np.testing.assert_allclose(s(jnp.asarray(steps)), [s(t) for t in steps], rtol=0, atol=2 * ULP)
    for factor in (1.0, 7.0):  # what begins beyond the last integer is float at once
        far = Warp(sc.linear(0.0, 1.0, 10**11), Time() * factor + 10**10)
        np.testing.assert_allclose(far(jnp.asarray(steps)), [far(t) for t in steps], rtol=0, atol=2 * ULP)


def test_whole_times_are_exact_for_as_long_as_integers_hold_them():
    """Also where a clock goes beyond them later."""
    steps = np.asarray([2**24 + k for k in range(40)])
    for clock in (Time() + 3, Time() * 3, (Time() * 5) % (2**30 + 2**29), Time() + 10**7):
        s = Warp(sc.cycle(sc.linear(0.0, 1.0, 16)), clock)
        np.testing.assert_allclose(s(jnp.asarray(steps)), [s(int(t)) for t in steps], rtol=0, atol=ULP)


def test_one_step_that_goes_beyond_them_among_many_parts():
    parts = [Warp(sc.linear(0.0, 1.0 + k, 2**32), (2**30 - k - Time()) + (2**30 + k), 1) for k in range(20)]
    np.testing.assert_allclose(sc.join(*parts)(jnp.arange(20)), [(1 + k) / 2 for k in range(20)], rtol=4 * ULP)


def test_unsigned_steps_go_beyond_the_integers():
    far = sc.linear(1.0, 0.0, 2**33)
    assert float(far(jnp.uint32(2**32 - 1))) == pytest.approx(0.5, rel=1e-6)
    assert far(np.asarray([2**32 - 1], np.uint32)) == pytest.approx([0.5], rel=1e-9)
    assert sc.linear(1.0, 0.0, 2**65)(np.asarray([2**64 - 1, 0], np.uint64)).tolist() == [0.5, 1.0]


# -- products of whole times -------------------------------------------------------------------------

powers = st.integers(0, 40).flatmap(lambda bits: st.integers(-(2**bits), 2**bits))
whole_times = st.recursive(
    st.one_of(st.just(Time()), powers.map(sc.constant)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(abs, inner),
        st.builds(lambda a: -a, inner),
        st.builds(np.square, inner),
        st.builds(sc.minimum, inner, inner),
        st.builds(sc.maximum, inner, inner),
        st.builds(lambda a, n: a // n, inner, st.integers(1, 10**6)),
    ),
    max_leaves=5,
)


def worst(term, time):
    """The largest number of a term at a step: rounding is in proportion to it, times what it is multiplied with."""
    if isinstance(term, sc.Lift) and term.op == "square":
        return max(1, worst(term.args[0], time)) ** 2
    reached = [worst(child, time) for child in term.children]
    if isinstance(term, sc.Lift) and term.op == "multiply":
        return math.prod(max(1, one) for one in reached)
    return max(abs(term(time)), sum(reached))


@few
@given(whole_times, int32s)
def test_whole_numbers_never_wrap(s, times):
    scales = [max(worst(s, time), 1) for time in times]
    if max(scales) > 1e37:  # beyond a float32
        return
    exact = [s(time) for time in times]
    for found, ulp in (
        (s(jnp.asarray(times)), ULP),
        (s(torch.asarray(times)), ULP),
        (s(np.asarray(times)), 2.0**-52),
        (s(torch.asarray(times, dtype=torch.float64)), 2.0**-52),
    ):
        for value, right, scale in zip(np.asarray(found, float).tolist(), exact, scales, strict=True):
            assert abs(value - right) <= 16 * ulp * scale + (right % 1 != 0), (s, right)


def test_products_of_whole_times():
    steps = [3, 60_000, 2**30]
    product, square = Time() * (100_000 - Time()), Time() * Time()
    for s in (product, square, abs(square - 5), sc.minimum(square, 2**61)):
        for asarray in (jnp.asarray, np.asarray, torch.asarray):
            np.testing.assert_allclose(np.asarray(s(asarray(steps))), [s(t) for t in steps], rtol=2 * ULP)
    assert (Time() * Time())(np.array([2**40])) == 2.0**80
    assert (Time() * 2**62).values(3).tolist() == [0.0, 2.0**62, 2.0**63]
    assert (2**62 - Time() * 2**62).values(2, start=3).tolist() == [-(2.0**63), -3 * 2.0**62]
