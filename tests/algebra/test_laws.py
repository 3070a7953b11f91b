"""The laws of the algebra, by name, over random terms."""

import copy
import math
import pickle

import numpy as np
import pytest
from agreement import ULPS, WHOLE, assert_same, check_array, magnitude, sample
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import crowds, durations, factors, finite, finite_curves, lengths, steps, terms, values

import schedules as sc
from schedules import Join, Time, Warp, join, parse, reverse, stretch
from schedules.evaluate.grid import write_values

# -- holding and joining -----------------------------------------------------------------------------


@given(terms, st.one_of(steps, st.floats(-100, 0), st.floats(0, 1e6)))
def test_holding(s, t):
    assert s(t) == s(min(max(t, 0), s.steps))


@given(finite, finite, terms)
def test_join_is_associative(a, b, c):
    assert (a >> b) >> c == a >> (b >> c) == join(a, b, c)
    assert hash((a >> b) >> c) == hash(join(a, b, c))


@given(terms)
def test_join_of_one_is_that_one(s):
    assert join(s) == s


@given(finite, terms)
def test_later_part_wins_at_a_knot(a, b):
    s = a >> b
    begin = max(knot for knot in (s.knots if isinstance(s, Join) else (0,)) if knot <= a.steps)
    assert 0 <= a.steps - begin <= math.ulp(s.steps)  # a sum of lengths may give way by a rounding of the whole
    assert s(a.steps) == b(a.steps - begin)


@given(finite, terms)
def test_duration_of_a_join_is_the_sum(a, b):
    assert (a >> b).steps == pytest.approx(a.steps + b.steps, rel=1e-12)


@given(finite, terms)
def test_parts_of_no_length_vanish(a, b):
    assert a[:0] >> b == b == sc.linear(1.0, 2.0, 0) >> b


# -- slicing -----------------------------------------------------------------------------------------


@given(terms, durations)
def test_parts_join_to_the_whole(s, k):
    assert_same(s[:k] >> s[k:], s)


@given(terms, durations, durations, durations, durations)
def test_slices_compose(s, a, c, length, rest):
    b, d = a + c + length + rest, c + length
    assert_same(s[a:b][c:d], s[a + c : a + d])


# -- stretching and lifting --------------------------------------------------------------------------


@given(terms)
def test_stretch_by_one_is_the_identity(s):
    assert stretch(s, 1) is s


@given(terms, factors, factors)
def test_stretch_composes(s, a, b):
    assert_same(stretch(stretch(s, a), b), stretch(s, a * b))


@given(finite, terms, factors)
def test_stretch_distributes_over_join(a, b, factor):
    assert_same(stretch(a >> b, factor), stretch(a, factor) >> stretch(b, factor))


@given(finite, terms, values)
def test_scale_distributes_over_join(a, b, factor):
    assert_same(factor * (a >> b), (factor * a) >> (factor * b))


@given(finite, terms, st.sampled_from([np.negative, np.exp, np.tanh, np.sin, np.abs]))
def test_lifted_functions_distribute_over_join(a, b, function):
    assume(magnitude(a) < 50 and magnitude(b) < 50)  # exp of more is no learning rate
    assert_same(function(a >> b), function(a) >> function(b), tolerance=1e-11 if function is np.exp else 1e-12)


@given(finite, terms, finite, terms)
def test_interchange(a, b, c, d):
    c = c[: a.steps]
    assert_same((a >> b) + (c >> d), (a + c) >> (b + d))


# -- clocks ------------------------------------------------------------------------------------------


@given(finite)
def test_reverse_is_an_involution(s):
    assert_same(reverse(reverse(s)), s)


@given(finite, lengths, st.integers(1, 4))
def test_repeat_is_the_join_of_its_rounds(s, extra, times):
    s = s[: s.steps + extra]
    assert_same(sc.repeat(s, times), join(*[s] * times))


@given(finite, lengths, st.integers(1, 4))
def test_cycle_is_endless_repeat(s, extra, times):
    s = s[: s.steps + extra]
    end = times * s.steps
    inside = [t for t in np.linspace(0, end, 40).tolist() if t < end * (1 - 1e-9)]
    assert_same(sc.cycle(s), sc.repeat(s, times), times=inside)


clocks = st.one_of(
    st.builds(lambda a: Time() / a, lengths),
    st.builds(lambda a: Time() + a, durations),
    st.builds(lambda a: Time() % a, lengths),
    st.builds(lambda a: Time() // a, st.integers(1, 5)),
    st.builds(lambda a, n: sc.linear(0.0, a, n), lengths, lengths),
)


@given(terms, clocks, clocks)
def test_warp_is_associative(a, b, c):
    assert_same(Warp(Warp(a, b, b.steps), c), Warp(a, Warp(b, c)), times=sample(a))


@given(terms, clocks)
def test_time_is_the_identity_of_warp(s, clock):
    assert Warp(s, Time(), s.steps) == s
    assert_same(Warp(Time(), clock), clock, times=sample(s))


@given(terms, terms, clocks)
def test_lifting_commutes_with_warping(a, b, clock):
    assert_same(Warp(a + b, clock), Warp(a, clock) + Warp(b, clock), times=sample(a))


# -- one meaning, many evaluators --------------------------------------------------------------------


@settings(max_examples=settings.default.max_examples // 5)  # each takes long
@given(crowds(), st.integers(0, 80))
def test_many_parts_agree_with_scalars(s, start):
    steps = range(start, start + 250)
    check_array(s.values(250, start=start), s, steps, 1e-12, 1e-13)
    check_array(s(np.asarray(steps)), s, steps, 1e-12, 1e-13)
    check_array(s(np.asarray(steps[::-1])), s, steps[::-1], 1e-12, 1e-13)


@given(terms)
def test_numpy_agrees_with_scalars(s):
    times = sample(s)
    check_array(s(np.asarray(times)), s, times, 1e-12, 1e-13)
    check_array(s(np.asarray(WHOLE)), s, WHOLE, 1e-12, 1e-13)


@given(terms, st.integers(0, 80), st.integers(1, 300))
def test_values_agree_with_scalars(s, start, count):
    check_array(s.values(count, start=start), s, range(start, start + count), 1e-12, 1e-13)


@given(terms, st.integers(0, 80), st.integers(1, 300))
def test_grid_agrees_with_scalars(s, start, count):
    curve = np.empty(count)
    with np.errstate(all="ignore"):
        write_values(s, start, curve)  # as `values` does it for thousands of steps
    check_array(curve, s, range(start, start + count), 1e-12, 1e-13)


@given(terms, st.integers(0, 80))
def test_pieces_of_a_grid_are_the_grid(s, start):
    whole, part = s.values(start + 50), s.values(50, start=start)
    np.testing.assert_allclose(part, whole[start:], rtol=0, atol=1e-12 * magnitude(s))


@given(terms)
def test_float32_agrees_with_scalars(s):
    check_array(np.asarray(s(np.asarray(WHOLE, np.float32)), float), s, WHOLE, ULPS, 1e-6)


# -- text, copies, ends ------------------------------------------------------------------------------


@given(terms)
def test_text_round_trips(s):
    again = parse(repr(s))
    assert again == s
    assert hash(again) == hash(s)
    assert repr(again) == repr(s)


@given(terms)
def test_copies_are_equal(s):
    for again in (pickle.loads(pickle.dumps(s)), copy.deepcopy(s), copy.copy(s)):  # noqa: S301 -- our own bytes
        assert again == s
        assert hash(again) == hash(s)


@given(finite_curves)
def test_curves_end_at_their_end(s):
    arguments = getattr(s, "arguments", {})
    assume("end" in arguments and s.maker is not sc.tanh_decay)  # tanh only approaches its two values
    assert s(s.steps) == s(math.inf) == arguments["end"]
    assert s.values(1, start=math.ceil(s.steps))[0] == arguments["end"]


@given(finite_curves)
def test_curves_start_at_their_start(s):
    arguments = getattr(s, "arguments", {})
    assume("start" in arguments and s.steps > 0 and s.maker is not sc.tanh_decay)
    assert s(0) == arguments["start"]


@given(finite, durations, durations, values, st.sampled_from([sc.linear, sc.cosine, sc.one_minus_sqrt]))
def test_cooldown_branches_off(s, at, steps, end, shape):
    cooled = sc.cooldown(s, at, steps, end=end, shape=shape)
    assert cooled(at + steps) == end or math.isclose(cooled.steps, at + steps)
    assert cooled(cooled.steps) == end
    if steps > 0:
        assert cooled(at) == s(at)
    for time in (t for t in sample(s) if t < at):
        assert cooled(time) == s(time)


@given(finite, durations, lengths)
def test_retarget_is_continuous(s, at, extra):
    s = s[: at + extra]
    assume(s.steps > at)
    longer = sc.retarget(s, at, at + 2 * extra)
    assert longer(at) == s(at)
    for time in (t for t in sample(s) if t < at):
        assert longer(time) == s(time)
    assert longer(longer.steps) == s(s.steps)


def test_join_nodes_are_flat():
    nested = join(join(sc.linear(0, 1, 2), sc.linear(1, 0, 2)), join(sc.cosine(0, 1, 2), sc.cosine(1, 0, 2)))
    assert isinstance(nested, Join)
    assert len(nested.parts) == 4
