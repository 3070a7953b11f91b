"""Schedules over tokens: sums of batch sizes in closed form, and batches in whole multiples."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules as sc
from schedules import ScheduleError, Time, constant, in_tokens, interpolate, linear, parse, to_multiple, wsd

sizes = st.integers(1, 600)
lengths = st.integers(0, 120)
leaves = st.one_of(
    sizes.map(sc.constant),
    st.builds(lambda v, n: constant(v, steps=n), sizes, lengths),
    st.builds(linear, sizes, sizes, lengths),
    st.lists(st.tuples(lengths, sizes), min_size=1, max_size=5).map(lambda points: interpolate(sorted(points))),
    lengths.flatmap(lambda n: st.builds(lambda a, b: sc.piecewise([a, b], [n]), sizes, sizes)),
)
finite = st.builds(lambda s, n: s[:n], leaves, lengths)
joined = st.lists(finite, min_size=1, max_size=4).map(lambda parts: sc.join(*parts))
batches = st.recursive(
    st.one_of(leaves, joined),
    lambda inner: st.one_of(
        st.builds(to_multiple, inner, st.sampled_from([1, 8, 32])),
        st.builds(lambda s, k: s * k, inner, st.integers(1, 5)),
        st.builds(lambda s, k: s + k, inner, st.integers(0, 5)),
        st.builds(lambda s, a: s[a:], inner, st.integers(0, 30)),
        st.builds(lambda s, a, n: s[a : a + n], inner, st.integers(0, 30), lengths),
    ),
    max_leaves=3,
)


@given(batches)
def test_the_clock_is_the_sum_of_the_sizes(batch):
    seen = [0, *itertools.accumulate(batch(step) for step in range(150))]
    tokens = in_tokens(Time(), batch)
    assert [tokens(step) for step in range(151)] == pytest.approx(seen, rel=1e-14)
    np.testing.assert_allclose(tokens(np.arange(151)), seen, rtol=1e-14)
    np.testing.assert_allclose(tokens.values(151), seen, rtol=1e-14, atol=1e-12)
    assert parse(repr(tokens)) == tokens


def test_a_size_that_grows_by_one():
    assert in_tokens(Time(), linear(1.0, 2.0, 4) >> constant(2.0))(6) == 9.5


@given(batches, st.integers(1, 50_000))
def test_it_lasts_until_all_is_seen(batch, total):
    s = in_tokens(linear(0.0, 1.0, total), batch)
    seen = [0, *itertools.accumulate(batch(step) for step in range(int(s.steps)))]
    assert seen[-1] >= total > seen[-2]
    assert s(s.steps) == s(s.steps + 5) == 1.0


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 10**6), st.data())
def test_whole_sizes_sum_to_whole_numbers_exactly(a, b, n, data):
    """Where every size is a whole number, no rounding is seen up to 2**53."""
    step = data.draw(st.integers(0, n))
    b = a + (b - a) // n * n if (b - a) // n * n + a > 0 else a
    exact = Fraction(step) * a + Fraction(b - a, n) * step * (step - 1) / 2
    assert in_tokens(Time(), linear(a, b, n))(step) == pytest.approx(float(exact), rel=4e-16)
    if 2 * n * exact < 2**53:
        assert in_tokens(Time(), linear(a, b, n))(step) == exact


TOTAL, WARMUP, COOLDOWN = 300_000_000_000, 3_000_000_000, 60_000_000_000
GPT = wsd(3e-4, TOTAL, warmup=WARMUP, cooldown=COOLDOWN)
BATCHES = {
    "constant": constant(4_000_000),
    "odd": constant(3_999_999),
    "ramp": interpolate([(0, 1_000_000), (10_000, 4_000_000)]),
    "multiples": to_multiple(linear(500_000, 4_000_000, 5_000), 65_536),
}


def exact(batch, step):
    """The value of `GPT` at an update, from the whole number of tokens."""
    seen = sum(Fraction(batch(i)) for i in range(step))
    return GPT(float(seen))


@pytest.mark.parametrize("name", BATCHES)
def test_three_hundred_billion_tokens_in_every_library(name):
    torch, jnp = pytest.importorskip("torch"), pytest.importorskip("jax.numpy")
    s = in_tokens(GPT, BATCHES[name])
    assert len(repr(s)) < 250
    steps = np.array([0, 1, 100, 750, 1_500, 20_000, 65_000, 70_000, int(s.steps) - 1, int(s.steps), 10**6])
    known = [exact(BATCHES[name], int(step)) for step in steps[:5]]
    assert [s(int(step)) for step in steps[:5]] == pytest.approx(known, rel=1e-14)
    values = np.array([s(int(step)) for step in steps])
    np.testing.assert_allclose(s(steps), values, rtol=1e-14)
    np.testing.assert_allclose(s(torch.tensor(steps)).numpy(), values, atol=4 * 1.2e-7 * 3e-4)
    np.testing.assert_allclose(s(jnp.asarray(steps)), values, atol=4 * 1.2e-7 * 3e-4)
    assert float(s(jnp.int32(70_000))) == pytest.approx(s(70_000), abs=4 * 1.2e-7 * 3e-4)
    assert s.values(2_000)[::500] == pytest.approx(s(np.arange(0, 2_000, 500)), rel=1e-13)


def test_a_constant_batch_is_a_stretch():
    s = in_tokens(sc.cosine(1.0, 0.0, 1_000), 10)
    assert [s(step) for step in range(120)] == [
        sc.stretch(sc.cosine(1.0, 0.0, 1_000), 0.1)(step) for step in range(120)
    ]
    assert s.steps == 100
    assert in_tokens(sc.cosine(1.0, 0.0, 1_001), 10).steps == 101
    assert in_tokens(sc.inverse_sqrt(1.0, timescale=5), 10).steps == math.inf
    assert (s >> linear(0.0, 1.0, 10)).steps == 110


def test_batches_are_leaves_too():
    jax = pytest.importorskip("jax")
    pytest.importorskip("schedules.adapters.jax")
    s = in_tokens(GPT, BATCHES["ramp"])
    assert float(jax.jit(lambda s, t: s(t))(s, 700)) == pytest.approx(s(700), abs=1e-5 * 3e-4)
    assert float(jax.jit(lambda size, t: in_tokens(GPT, size)(t))(4e6, 700)) == pytest.approx(2.8e-4, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("in_tokens(linear(0, 1, 100), cosine(1, 9, 5))", "its sum has no closed form; put it together of constants"),
        ("in_tokens(linear(0, 1, 100), linear(1, 9, 5) * linear(1, 9, 5))", "one is a number"),
        ("in_tokens(linear(0, 1, 100), linear(1, 9, 5.5))", "a part of it lasts 5.5 updates; make that a whole number"),
        ("in_tokens(linear(0, 1, 100), -5)", "below zero"),
        ("in_tokens(linear(0, 1, 100), linear(5, -5, 10))", "below zero"),
        ("in_tokens(linear(0, 1, 100), 0)", "zero at its end"),
        ("in_tokens(linear(0, 1, 100), linear(5, 0, 10))", "zero at its end"),
        ("in_tokens(linear(0, 1, 100), to_multiple(linear(1, 1e6, 1_000_000), 1))", "more than 10000 levels"),
        ("to_multiple(linear(0, 1, 100), 0)", "n=0"),
        ("to_multiple(linear(0, 1, 100), 2.5)", "n=2.5"),
    ],
)
def test_what_no_batch_is(text, reason):
    with pytest.raises(ScheduleError, match=reason):
        parse(text)


@given(batches, st.sampled_from([1, 7, 16]))
def test_multiples(batch, n):
    whole = to_multiple(batch, n)
    for step in range(0, 200, 7):
        value = whole(step)
        assert value % n == 0
        assert value >= n
        assert abs(value - max(batch(step), n)) <= n / 2 + 1e-9
    assert parse(repr(whole)) == whole
