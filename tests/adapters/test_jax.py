"""JAX: schedules as pytrees, one program for any number of parts, and float32 at any length."""

import math
import os
import subprocess
import sys

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import oracle
import pytest
from agreement import magnitude, subterms
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import terms, values

import schedules as sc
from schedules.adapters.jax import concrete, stack

LAST = 2**31 - 1  # the last step that an int32 counts
ULP = 2.0**-23  # of a float32, relative


# -- float32 at any length ---------------------------------------------------------------------------

lengths = st.integers(0, 31).flatmap(lambda bits: st.integers(1, 2**bits)).map(lambda n: min(n, LAST))
positives = st.floats(0.01, 2.0)
leaves = st.one_of(
    st.builds(lambda v, n: sc.constant(v, steps=n), values, lengths),
    st.builds(sc.linear, values, values, lengths),
    st.builds(sc.cosine, values, values, lengths),
    st.builds(sc.exponential, positives, positives, lengths),
    st.builds(sc.polynomial, values, values, lengths, power=st.sampled_from([0.5, 2.0, 3.0])),
    st.builds(sc.one_minus_sqrt, values, values, lengths),
    st.builds(sc.rex, values, values, lengths),
    st.builds(sc.sgdr, values, lengths, st.integers(1, 4), stretch=st.sampled_from([1, 2, 3])),
    st.builds(lambda p, n, w: sc.cosine_warmup(p, n, warmup=min(w, n)), values, lengths, lengths),
    st.builds(lambda p, n, w: sc.wsd(p, n, warmup=min(w, n) // 2, cooldown=min(w, n) // 2), values, lengths, lengths),
)
long_terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: sc.join(*parts)),
        st.builds(lambda s, k: k * s, inner, values),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(sc.minimum, inner, inner),
        st.builds(sc.shift, inner, lengths),
        st.builds(lambda s, a, n: s[a : a + n], inner, lengths, lengths),
        st.builds(sc.warmup, inner, lengths, overlap=st.booleans()),
        st.builds(lambda s: sc.cycle(s[: min(s.steps, LAST - 1) + 1])[:LAST], inner),
        st.builds(sc.every, inner, lengths),
        st.builds(sc.reverse, inner),
    ),
    max_leaves=5,
)
"""Terms whose times are whole down to the curves."""


def interesting(s, extra):
    """Whole steps around every knot of a term, up to the last that an int32 counts."""
    knots = [0, s.steps, LAST, *getattr(s, "knots", ())]
    around = [int(min(knot, LAST)) + place for knot in knots for place in (-1, 0, 1)]
    return np.asarray(sorted({step for step in (*around, *extra) if 0 <= step <= LAST}))


compiled = settings(
    max_examples=max(settings.default.max_examples // 5, 1)
)  # each example compiles programs of its own


@given(long_terms, st.lists(lengths, min_size=8, max_size=8))
def test_float32_at_any_step(s, extra):
    steps = interesting(s, extra)
    exact = np.asarray([s(int(step)) for step in steps])
    found = jax.jit(s)(jnp.asarray(steps, jnp.int32))
    assert found.dtype == jnp.float32
    peak = max(magnitude(s), np.abs(exact).max())
    assert np.abs(np.asarray(found, float) - exact).max() <= 4 * ULP * peak, s


@given(long_terms, st.lists(lengths, min_size=8, max_size=8))
def test_float64_at_any_step(s, extra):
    steps = interesting(s, extra)
    exact = np.asarray([s(int(step)) for step in steps])
    with jax.enable_x64(True):
        found = np.asarray(jax.jit(s)(jnp.asarray(steps)))
    assert found.dtype == np.float64
    assert np.abs(found - exact).max() <= 1e-12 * max(magnitude(s), np.abs(exact).max()), s


@pytest.mark.parametrize(("make", "limit"), [(sc.linear, 2), (sc.cosine, 5), (sc.exponential, 5)])
@pytest.mark.parametrize("steps", [10**4, 10**5, 10**6, 12_345_678, 10**8, LAST])
def test_float32_ulps_of_the_value(make, limit, steps):
    """Against the textbook formula to 100 digits, all over the curve and close to its ends."""
    rng = np.random.default_rng(steps)
    inner = rng.integers(0, steps, 150).tolist()
    times = sorted({*range(20), *range(steps - 20, steps + 1), *inner})
    ends = [(1e-3, 1e-7), (1e-7, 1e-3), *rng.uniform(1e-5, 1, (3, 2)).tolist()]
    ends += [(1e-3, 0.0), (0.0, 1e-3)] if make is not sc.exponential else []
    for start, end in ends:
        found = np.asarray(jax.jit(make(start, end, steps))(jnp.asarray(times, jnp.int32)))
        for time, value in zip(times, found, strict=True):
            exact = getattr(oracle, make.__name__)(start, end, steps)(time)
            ulp = np.spacing(np.float32(abs(float(exact)))) if exact else 0.0
            assert abs(float(value) - exact) <= limit * float(ulp), (start, end, time)


def test_whole_numbers_beyond_32_bits():
    """A run longer than the counter is cut where the counter ends; what is never reached costs nothing."""
    s = sc.linear(0.0, 1.0, 10**6) >> sc.constant(1.0, steps=2**40) >> sc.cosine(1.0, 0.0, 2**33)
    assert jax.jit(s)(jnp.int32(LAST)) == 1.0
    far = sc.linear(1.0, 0.0, 2**32)
    assert float(jax.jit(far)(jnp.int32(LAST))) == pytest.approx(far(LAST), rel=1e-6)
    assert float(jax.jit(far)(jnp.uint32(2**32 - 1))) == pytest.approx(0.0, abs=4 * ULP)  # a float there
    endless = sc.inverse_sqrt(1.0, timescale=10**4)[10**4 :]
    assert float(jax.jit(endless)(jnp.int32(LAST))) == pytest.approx(endless(LAST), rel=1e-7)


# -- one program for any number of parts -------------------------------------------------------------


def pieces(count, seed=0):
    """A join of so many parts of four shapes."""
    rng = np.random.default_rng(seed)
    shapes = [sc.linear, sc.cosine, sc.exponential, lambda a, _, n: sc.constant(a, steps=n)]
    ends = rng.uniform(0.1, 1.0, (count, 2)).tolist()
    lasts = rng.integers(5, 50, count).tolist()
    return sc.join(*(shapes[i % 4](a, b, n) for i, ((a, b), n) in enumerate(zip(ends, lasts, strict=True))))


def lines(s):
    """The lines of the program that one step of a schedule compiles."""
    return len(jax.jit(s).lower(jnp.int32(3)).as_text().splitlines())


def test_program_size_does_not_grow_with_the_parts():
    assert lines(pieces(40)) == lines(pieces(400)) < 700
    rates = np.linspace(1.0, 0.1, 301).tolist()
    lines_of = [lines(sc.multistep(1.0, 0.99, list(range(10, 10 * n, 10)))) for n in (20, 300)]
    assert lines_of[0] == lines_of[1]
    assert lines(sc.piecewise(rates, list(range(300)))) < 100


@pytest.mark.parametrize("count", [9, 57, 400])
@pytest.mark.parametrize("dtype", [jnp.int32, jnp.float32])
def test_many_parts_have_the_values_of_few(count, dtype):
    s = pieces(count, seed=count)
    steps = np.asarray([-1, *range(int(s.steps) + 5)])
    np.testing.assert_allclose(s(jnp.asarray(steps, dtype)), s(steps), rtol=0, atol=4 * ULP)
    with jax.enable_x64(True):
        times = np.concatenate([steps, np.linspace(0, s.steps, 500)])
        np.testing.assert_allclose(s(jnp.asarray(times)), s(times), rtol=0, atol=1e-12)


@compiled
@given(st.lists(leaves, min_size=9, max_size=20), st.lists(lengths, min_size=8, max_size=8))
def test_many_parts_of_any_form(parts, extra):
    s = sc.join(*parts)
    steps = interesting(s, extra)
    exact = np.asarray([s(int(step)) for step in steps])
    found = jax.jit(s)(jnp.asarray(steps, jnp.int32))
    assert np.abs(np.asarray(found, float) - exact).max() <= 4 * ULP * max(magnitude(s), np.abs(exact).max())


@compiled
@given(st.lists(st.tuples(st.sampled_from([3, 2.5, 7, 0.5, 10]), values, values), min_size=9, max_size=30))
def test_knots_between_steps(parts):
    s = sc.join(*(sc.linear(a, b, n) for n, a, b in parts))
    for times in (np.resize(np.arange(int(s.steps) + 2), 320), np.linspace(0, s.steps, 97)):  # always as many
        with jax.enable_x64(True):
            np.testing.assert_allclose(s(jnp.asarray(times)), s(times), rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [3, 6, 16, 17, 40])
@pytest.mark.parametrize("whole", [True, False])
def test_parts_whose_values_or_lengths_are_traced(count, whole):
    """Few parts, and many: with their values open, and their lengths."""

    def make(peak, length):
        return sc.join(*(sc.linear(peak / (k + 1), peak / (k + 2), length + 0.5 * (not whole)) for k in range(count)))

    steps = jnp.arange(10 * count)
    expected = make(0.7, 10)(np.arange(10 * count))
    np.testing.assert_allclose(jax.jit(lambda peak: make(peak, 10)(steps))(0.7), expected, atol=4 * ULP)
    np.testing.assert_allclose(jax.jit(lambda length: make(0.7, length)(steps))(10.0), expected, atol=4 * ULP)
    np.testing.assert_allclose(jax.jit(lambda s: s(steps))(make(0.7, 10)), expected, atol=4 * ULP)


def test_many_parts_in_torch():
    torch = pytest.importorskip("torch")
    s = pieces(57)
    steps = np.arange(int(s.steps) + 5)
    np.testing.assert_allclose(s(torch.asarray(steps, dtype=torch.float64)), s(steps), rtol=0, atol=1e-12)
    np.testing.assert_allclose(s(torch.asarray(steps)), s(steps), rtol=0, atol=4 * ULP)


def test_long_exponents_of_many_parts_keep_their_accuracy():
    s = sc.join(*(sc.exponential_decay(1.0, 1 - k / 1e5)[: 10**5] for k in range(1, 13)))
    steps = np.arange(0, int(s.steps), 997)
    np.testing.assert_allclose(s(jnp.asarray(steps)), s(steps), rtol=1e-6)


# -- pytrees -----------------------------------------------------------------------------------------


def named_part(peak, rounds: int):
    """A named schedule of a user, with a count and no rules."""
    return sc.join(*(sc.linear(peak / (k + 1), 0.0, 5) for k in range(rounds)))


named_part = sc.named(named_part)


@given(terms)
def test_flatten_and_unflatten(s):
    leaves_, form = jax.tree.flatten(s)
    assert all(type(leaf) is float and math.isfinite(leaf) for leaf in leaves_)
    again = jax.tree.unflatten(form, leaves_)
    assert again == s
    assert repr(again) == repr(jax.tree.unflatten(form, leaves_))
    assert jax.tree.structure(again) == form
    assert hash(form) == hash(jax.tree.structure(s))
    for time in (0, 1, 7.3, 50):
        assert again(time) == pytest.approx(s(time), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("other", [lambda _: True, lambda _: 0, lambda _: -1.0, lambda _: "text", lambda _: object()])
def test_leaves_may_be_anything(other):
    s = sc.wsd(0.1, 100, warmup=10, cooldown=20) >> 2 * sc.multistep(1.0, 0.5, [3, 9]) * sc.Time()
    strange = jax.tree.map(other, s)
    assert len(jax.tree.leaves(strange)) == len(jax.tree.leaves(s))
    assert all(type(leaf) is type(other(0)) for leaf in jax.tree.leaves(strange))
    assert jax.tree.structure(strange) == jax.tree.structure(s)
    assert jax.tree.map(lambda _, number: number, strange, s) == s


def test_what_is_a_leaf():
    s = sc.wsd(0.1, 100, warmup=10, cooldown=20, shape=sc.one_minus_sqrt) >> sc.cycle(sc.constant(2.0, steps=4))
    found = {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(s)}
    assert found == {
        "[0].peak": 0.1,
        "[0].steps": 100.0,
        "[0].warmup": 10.0,
        "[0].cooldown": 20.0,
        "[0].start": 0.0,
        "[0].end": 0.0,
        "[1].s.value": 2.0,
        "[1].s.steps": 4.0,
    }
    assert jax.tree.leaves(sc.interpolate([(0, 0.5), (4, 1.0)])) == [0.0, 0.5, 4.0, 1.0]
    assert jax.tree.leaves(sc.sgdr(1.0, 10, 3)) == [1.0, 10.0, 0.0, 1.0, 1.0]  # the rounds are structure
    assert jax.tree.leaves(named_part(0.5, 3)) == [0.5]
    assert jax.tree.leaves(sc.replay([0.1, 0.2])) == []  # data
    assert jax.tree.leaves(sc.custom(math.sqrt, steps=9)) == [9.0]
    assert jax.tree.leaves(sc.custom(math.sqrt)) == []  # endless is structure


def test_a_schedule_is_an_argument():
    traces = []

    @jax.jit
    def rate(s, step):
        traces.append(s)
        return s(step)

    for peak in (0.1, 0.2, 0.3):
        s = sc.cosine_warmup(peak, 100, warmup=10)
        assert float(rate(s, 55)) == pytest.approx(s(55), rel=1e-6)
    assert len(traces) == 1
    rate(sc.linear(0.0, 1.0, 10), 5)
    assert len(traces) == 2


def test_vmap_over_a_batch():
    grid = [(peak, warmup) for peak in (0.1, 0.2, 0.3) for warmup in (5, 10)]
    batch = stack(sc.cosine_warmup(peak, 100, warmup=warmup) for peak, warmup in grid)
    assert {leaf.shape for leaf in jax.tree.leaves(batch)} == {(6,)}
    steps = jnp.arange(120)
    curves = jax.jit(jax.vmap(lambda s: s(steps)))(batch)
    for (peak, warmup), curve in zip(grid, curves, strict=True):
        s = sc.cosine_warmup(peak, 100, warmup=warmup)
        np.testing.assert_allclose(curve, s(np.arange(120)), rtol=0, atol=4 * ULP * peak)
    axes = jax.tree.map(lambda _: 0, batch)
    np.testing.assert_array_equal(jax.vmap(lambda s: s(7), in_axes=(axes,))(batch), curves[:, 7])
    second = concrete(jax.tree.map(lambda leaf: leaf[1], batch))
    assert second == sc.cosine_warmup(0.1, 100, warmup=10)
    assert sc.parse(repr(second)) == second


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ([], r"stack: schedules=\[\]: there is nothing to stack"),
        ([sc.linear(0, 1, 5), sc.cosine(0, 1, 5)], r"stack: schedules\[1\]=cosine\(0.0, 1.0, 5\): its form"),
        ([sc.linear(0, 1, 5), 0.5], r"stack: schedules\[1\]=0.5: its form"),
    ],
)
def test_what_cannot_be_stacked(schedules, message):
    with pytest.raises(sc.ScheduleError, match=message):
        stack(schedules)


def test_a_batch_is_not_called():
    for s in (sc.cosine(0.1, 0.0, 9), 2.0 * sc.Time(), sc.constant(0.5, steps=3)):
        batch = stack([s, s])
        with pytest.raises(sc.ScheduleError, match=r"jax.vmap maps over a batch"):
            batch(3)
        with pytest.raises(sc.ScheduleError, match=r"concrete: leaf=.*this is one number that is known"):
            concrete(batch)
    with pytest.raises(sc.ScheduleError, match=r"concrete: leaf=.*call it outside of jit"):
        jax.jit(concrete)(sc.linear(0.0, 1.0, 5))


def test_bad_numbers_are_refused_where_they_are_used():
    s = jax.tree.map(lambda number: -number, sc.cosine(0.1, 0.05, 90))
    for use in (lambda: s(3), lambda: s.values(3), lambda: s.steps, lambda: s >> s):
        with pytest.raises(sc.ScheduleError, match=r"cosine: steps=-90"):
            use()


# -- gradients ---------------------------------------------------------------------------------------


def value_at(form, leaves_, time):
    """The value of the schedule with these leaves, or None where there is none."""
    try:
        return jax.tree.unflatten(form, leaves_)(time)
    except sc.ScheduleError:
        return None


def slope(form, leaves_, place, time, width):
    """The slope from the left and from the right by one leaf, or Nones beside its bounds."""
    here = value_at(form, leaves_, time)
    sides = []
    for step in (-width, width):
        there = value_at(form, [leaf + step * (at == place) for at, leaf in enumerate(leaves_)], time)
        sides.append(None if there is None else (there - here) / step)
    return sides


compared = []


def decided_by_structure(s):
    """Whether a schedule has what a traced number cannot say.

    That is a tanh of no steps, which is at its asymptote, and time that advances once in 1.09 steps, where rounding the
    length decides which value is the last.
    """
    calls = [(term.maker, term.arguments) for term in subterms(s) if isinstance(term, sc.Call)]
    return any(
        (maker is sc.every and not float(given["n"]).is_integer()) or (maker is sc.tanh_decay and given["steps"] == 0)
        for maker, given in calls
    )


@compiled
@given(terms, st.floats(0.0, 1.2))
def test_gradients_with_respect_to_every_leaf(s, share):
    assume(not decided_by_structure(s))
    time = 0.123 + share * min(s.steps, 90.0)
    leaves_, form = jax.tree.flatten(s)
    assume(leaves_)
    with jax.enable_x64(True):
        gradient = [float(g) for g in jax.tree.leaves(jax.grad(lambda s: s(time))(s))]
    assert np.all(np.isfinite(gradient)), (s, time)
    for place, found in enumerate(gradient):
        width = 1e-6 * max(1.0, abs(leaves_[place]))
        left, right = slope(form, leaves_, place, time, width)
        if left is None or right is None or abs(left - right) > 1e-4 * (1 + abs(left)):
            continue  # a bound of the leaf, or a knot that it moves
        compared.append(s)
        assert found == pytest.approx((left + right) / 2, rel=2e-4, abs=2e-4 * magnitude(s)), (s, place)


def test_gradients_were_compared():
    assert len(compared) > 2 * settings.default.max_examples // 5  # several of each example


@compiled
@given(terms)
def test_gradients_are_finite_at_whole_steps(s):
    for time in (0, 1, min(s.steps, 1e6), 1e4):
        with jax.enable_x64(True):
            gradient = jax.grad(lambda s, time=time: s(time))(s)
        assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(gradient)), (s, time)


def test_parts_that_are_not_active_spoil_nothing():
    s = sc.join(
        *(sc.polynomial(1.0, 0.0, 10, power=0.5) if k % 2 else sc.one_minus_sqrt(0.0, 1.0, 10) for k in range(12))
    )
    s = s >> sc.inverse_sqrt(1.0, timescale=5)
    for time in (0.0, 5.0, 10.0, 55.0, 119.9, 120.0, 500.0):
        gradients = jax.grad(lambda s, t: s(t), argnums=(0, 1))(s, time)
        assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(gradients)), time


def test_the_gradient_of_a_training_run():
    """With respect to the peak and the length of the warmup, against differences of whole runs."""

    def loss(s):
        def update(weights, step):
            gradient = weights * jnp.asarray([1.0, 10.0])
            return weights - s(step) * gradient, None

        weights, _ = jax.lax.scan(update, jnp.ones(2), jnp.arange(50))
        return jnp.sum(weights**2)

    with jax.enable_x64(True):
        s = sc.cosine_warmup(0.05, 60, warmup=10.5)
        found = jax.grad(loss)(s)
        for name in ("peak", "warmup"):
            near = [
                sc.cosine_warmup(**{"peak": 0.05, "warmup": 10.5, name: s.arguments[name] + e}, steps=60)
                for e in (-1e-6, 1e-6)
            ]
            slope_ = (float(loss(near[1])) - float(loss(near[0]))) / 2e-6
            assert float(found.arguments[name]) == pytest.approx(slope_, rel=1e-4)
            assert slope_


def test_optimised_schedules_never_trip():
    """Moments and updates are schedules too, with any numbers in them."""
    import optax

    s = sc.wsd(0.05, 60.0, warmup=10.0, cooldown=20.0, shape=sc.exponential, start=0.01, end=0.001)
    optimizer = optax.adam(1e-4)
    state = optimizer.init(s)
    for _ in range(3):
        gradient = jax.grad(lambda s: jnp.sum(s(jnp.arange(60.0)) ** 2))(s)
        updates, state = optimizer.update(gradient, state)
        s = optax.apply_updates(s, updates)
    found = concrete(s)
    assert sc.parse(repr(found)) == found
    assert found.arguments["peak"] < 0.05
    assert len(found.values()) == math.ceil(found.steps)


# -- a sweep over devices ----------------------------------------------------------------------------

SHARDED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from schedules import cosine_warmup
from schedules.adapters.jax import stack
grid = [(p, w, n) for p in np.linspace(0.01, 1, 8) for w in (1, 10, 50, 90) for n in (100, 150)]
batch = stack(cosine_warmup(float(p), n, warmup=w) for p, w, n in grid)
steps = jnp.arange(160)
sweep = jax.jit(jax.vmap(lambda s: s(steps)))
mesh = jax.make_mesh((8,), ("runs",))
shared = jax.device_put(batch, NamedSharding(mesh, PartitionSpec("runs")))
curves = sweep(shared)
assert len(curves.sharding.device_set) == 8, curves.sharding
rounding = 2 * np.spacing(np.float32(1))  # another program, in which XLA fuses other products and sums
np.testing.assert_allclose(np.asarray(curves), np.asarray(sweep(batch)), rtol=rounding, atol=rounding * 1e-2)
peak, warmup, length = grid[5]
one = cosine_warmup(float(peak), length, warmup=warmup)
np.testing.assert_allclose(np.asarray(curves)[5], one(np.arange(160)), atol=1e-7)
print(curves.shape, len(jax.devices()))
"""


def test_a_sweep_over_eight_devices():
    env = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SHARDED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | env)  # noqa: S603 -- our own code
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["(64,", "160)", "8"]
