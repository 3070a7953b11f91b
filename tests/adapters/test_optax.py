"""Schedules in Optax, as they are and by the adapter, against the live library."""

import functools
import inspect
import os
import subprocess
import sys

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
import torch
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

import schedules as sc
from schedules import Plateau, ScheduleError
from schedules.adapters.optax import scale_by_plateau, scheduled, to_optax
from schedules.dialects import optax as dialect

ULP = 2.0**-23
ZOO = {
    "constant": sc.constant(0.1),
    "cosine_warmup": sc.cosine_warmup(0.1, 40, warmup=10),
    "multistep": sc.multistep(0.1, 0.5, list(range(3, 60, 4))),
    "restarts": sc.repeat(sc.cosine(0.1, 0.01, 5), 3, stretch=2.0, scale=0.5)
    >> sc.exponential_decay(0.01, 0.9, every=7),
    "sum": 0.05 * sc.linear(1.0, 0.0, 20) ** 2 + sc.minimum(sc.inverse_sqrt(0.1, timescale=9), 0.05),
    "custom": sc.custom(lambda t: 0.1 / (1 + t)),
}
COSINE, DECAY = ZOO["cosine_warmup"], sc.linear(0.1, 0.0, 30)
zoo = pytest.mark.parametrize("s", ZOO.values(), ids=ZOO)
wide = pytest.mark.parametrize("wide", [False, True], ids=["float32", "float64"])
STEPS = 48


def curve(s, steps=STEPS):
    """The values that a schedule says, as Python has them."""
    return np.asarray([s(step) for step in range(steps)])


def assert_rates(found, s, *, wide=False):
    """Found is the curve of s, to within rounding of its float type."""
    expected = curve(s, len(found))
    assert found.dtype == (jnp.float64 if wide else jnp.float32)
    tolerance = 1e-12 if wide else 4 * ULP
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=0, atol=tolerance * np.abs(expected).max())


def trained(optimizer, weights, steps=STEPS, read=lambda updates, _: updates, **extra):
    """What `read` sees at each update, inside of one compiled loop; gradients are ones."""

    def step(carry, value):
        weights, state = carry
        gradients = jax.tree.map(jnp.ones_like, weights)
        updates, state = optimizer.update(gradients, state, weights, **dict.fromkeys(extra, value))
        return (optax.apply_updates(weights, updates), state), read(updates, state)

    (weights, state), seen = jax.jit(lambda w, xs: jax.lax.scan(step, (w, optimizer.init(w)), xs, length=steps))(
        weights, next(iter(extra.values()), None)
    )
    return weights, state, seen


# -- a schedule is an Optax schedule as it is ------------------------------------------------------------


@wide
@zoo
def test_updates_follow_it(s, wide):
    with jax.enable_x64(wide):
        both = {"sgd": optax.sgd(s), "scale": optax.scale_by_schedule(s)}
        optimizer = optax.partition(both, {name: name for name in both})
        _, _, updates = trained(optimizer, {name: jnp.zeros(()) for name in both})
        assert_rates(-updates["sgd"], s, wide=wide)
        assert_rates(updates["scale"], s, wide=wide)


@wide
@zoo
def test_the_rate_is_read_from_the_state(s, wide):
    def rate(_, state):
        return state.hyperparams["learning_rate"]

    with jax.enable_x64(wide):
        for make in (optax.inject_hyperparams(optax.sgd), functools.partial(scheduled, optax.sgd)):
            _, state, rates = trained(make(learning_rate=s), jnp.zeros(3), read=rate)
            assert_rates(rates, s, wide=wide)
            assert int(state.count) == STEPS


@zoo
def test_counters_of_any_kind(s):
    def rates(*counts):
        return [jax.vmap(s)(many) for many in counts], [s(many[7]) for many in counts]

    counts = [jnp.arange(STEPS, dtype=dtype) for dtype in (jnp.int32, jnp.uint32, jnp.uint8, jnp.int16)]
    for many, one in zip(*jax.jit(rates)(*counts), strict=True):
        assert (one.shape, one.dtype) == ((), jnp.float32)
        assert_rates(many, s)
        np.testing.assert_allclose(one, s(7), rtol=1e-6)


def test_joins_of_both_makes():
    ours, theirs = sc.cosine(0.1, 0.0, 20), optax.linear_schedule(0.3, 0.1, 10)
    joined = optax.join_schedules([sc.linear(0.0, 0.3, 8), theirs, ours], [8, 18])
    expected = sc.linear(0.0, 0.3, 8) >> sc.linear(0.3, 0.1, 10) >> ours
    _, _, updates = trained(optax.sgd(joined), jnp.zeros(()))
    assert_rates(-updates, expected)
    with jax.enable_x64(True):
        assert_rates(jax.vmap(joined)(jnp.arange(STEPS)), expected, wide=True)


def test_an_int32_counter_does_not_narrow_float64():
    """Optax's own schedules compute in float32 where the counter is an int32, as all of its counters are."""
    with jax.enable_x64(True):
        count = jnp.int32(1)
        assert float(sc.linear(0.3, 0.1, 10)(count)) == pytest.approx(0.28, rel=1e-15)
        assert float(optax.linear_schedule(0.3, 0.1, 10)(count)) != pytest.approx(0.28, rel=1e-9)


def test_an_ensemble_by_vmap():
    optimizer = optax.adamw(learning_rate=COSINE, weight_decay=DECAY)
    weights = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)), jnp.float32)
    together, _, _ = jax.vmap(lambda w: trained(optimizer, w, 20))(weights)
    alone = jnp.stack([trained(optimizer, w, 20)[0] for w in weights])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize("make", [optax.sgd, functools.partial(scheduled, optax.sgd)])
def test_gradients_through_training(make):
    def final(weight, peak):
        optimizer = make(learning_rate=sc.cosine(peak, 0.0, 10), momentum=0.5)

        def step(carry, _):
            weight, state = carry
            updates, state = optimizer.update(jax.grad(lambda w: w**2)(weight), state)
            return (weight + updates, state), None

        (weight, _), _ = jax.lax.scan(step, (weight, optimizer.init(weight)), length=10)
        return weight**2

    with jax.enable_x64(True):
        found = jax.jit(jax.grad(final, argnums=(0, 1)))(1.0, 0.05)
        for place in (0, 1):
            up, down = ([x + e * (i == place) for i, x in enumerate((1.0, 0.05))] for e in (1e-6, -1e-6))
            slope = float(final(*up) - final(*down)) / 2e-6
            assert float(found[place]) == pytest.approx(slope, rel=1e-6)


def test_the_same_expression_is_traced_once():
    traces = []

    @functools.partial(jax.jit, static_argnums=0)
    def rate(s, step):
        traces.append(s)
        return s(step)

    for _ in range(2):
        assert float(rate(sc.cosine_warmup(0.1, 40, warmup=10), 5)) == pytest.approx(0.05)
    assert len(traces) == 1
    rate(sc.cosine_warmup(0.1, 40, warmup=11), 5)
    assert len(traces) == 2


@zoo
def test_no_tracer_leaks(s):
    def make(learning_rate, weight_decay):
        inner = optax.inject_hyperparams(optax.adam)(learning_rate=s)
        return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(s), optax.sgd(learning_rate), inner)

    with jax.checking_leaks():
        trained(scheduled(make, learning_rate=s, weight_decay=s), jnp.ones(2), 3)


def test_no_tracer_leaks_from_a_plateau():
    optimizer = optax.chain(optax.sgd(COSINE), scale_by_plateau(Plateau(min_lr=1e-3), COSINE))
    with jax.checking_leaks():
        trained(optimizer, jnp.ones(2), 3, value=jnp.ones(3))


SHARDED = """
import jax, jax.numpy as jnp, numpy as np, optax
from jax.sharding import PartitionSpec as P
import schedules as sc
from schedules.adapters.optax import scale_by_plateau, scheduled

s = sc.cosine_warmup(0.1, 40, warmup=10)
auto = (jax.sharding.AxisType.Auto,)
mesh = jax.make_mesh((4,), ("data",), axis_types=auto)
steps = jnp.arange(48)
rates = jax.jit(jax.shard_map(s, mesh=mesh, in_specs=P("data"), out_specs=P("data")))(steps)
np.testing.assert_allclose(rates, s(np.arange(48)), rtol=0, atol=5e-8)
plateau = sc.Plateau(patience=1, factor=0.5)
for optimizer in (optax.adamw(s), scheduled(optax.adamw, learning_rate=s, weight_decay=sc.linear(0.1, 0.0, 30)),
                  optax.chain(optax.sgd(s), scale_by_plateau(plateau, s))):
    def update(weights, state, batch):
        mean = lambda w: jax.lax.pmean(jnp.mean((batch @ w - 1.0) ** 2), "data")
        loss, gradient = jax.value_and_grad(mean)(weights)
        updates, state = optax.with_extra_args_support(optimizer).update(gradient, state, weights, value=loss)
        return optax.apply_updates(weights, updates), state
    many = jax.jit(jax.shard_map(update, mesh=mesh, in_specs=(P(), P(), P("data")), out_specs=P()))
    one = jax.jit(jax.shard_map(update, mesh=jax.make_mesh((1,), ("data",), auto, devices=jax.devices()[:1]),
                                in_specs=(P(), P(), P("data")), out_specs=P()))
    batch = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
    ends = []
    for step in (many, one):
        weights = jnp.zeros(3)
        state = optimizer.init(weights)
        for _ in range(15):
            weights, state = step(weights, state, batch)
        ends.append(weights)
    np.testing.assert_allclose(*map(np.asarray, ends), rtol=1e-5)
print("sharded over", len(jax.devices()))
"""


def test_shards_of_four_devices():
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", SHARDED], capture_output=True, text=True, check=False, env={**os.environ, **flags}
    )
    assert done.stdout.strip() == "sharded over 4", done.stderr


# -- every optimizer of Optax ----------------------------------------------------------------------------

THEIRS, OURS = optax.linear_schedule(0.1, 0.01, 10), sc.linear(0.1, 0.01, 10)
OPTIMIZERS = {
    name: function
    for module in (optax, optax.contrib)
    for name, function in vars(module).items()
    if inspect.isfunction(function)
    and not name.startswith(("_", "scale_by"))
    and "learning_rate" in inspect.signature(function).parameters
    and name not in ("dpsgd", "schedule_free", "lbfgs", "sophia")  # which want more than a gradient
}
NO_SCHEDULE = {"sm3", "rprop", "optimistic_adam"}


def shapes(optimizer, dtype, **extra):
    """The types of everything after three steps of a loop, which refuses states whose types change."""
    weights = {"w": jnp.ones((4, 4), dtype), "b": jnp.ones(4, dtype)}
    update = optax.with_extra_args_support(optimizer).update

    def step(carry, _):
        weights, state = carry
        updates, state = update(weights, state, weights, **extra)
        return (optax.apply_updates(weights, updates), state), updates

    found = jax.eval_shape(lambda w: jax.lax.scan(step, (w, optimizer.init(w)), length=3), weights)
    return jax.tree.map(lambda leaf: (leaf.dtype, leaf.shape), found)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.filterwarnings("ignore:Specifying a key will be required:UserWarning")
@pytest.mark.filterwarnings("ignore:`optimistic_adam` is deprecated:DeprecationWarning")
def test_every_optimizer_takes_it(name):
    make, extra = OPTIMIZERS[name], {"value": jnp.float32(1.0)}
    for dtype in (jnp.float32, jnp.bfloat16):
        if name not in NO_SCHEDULE:
            theirs, number = (shapes(make(rate), dtype, **extra) for rate in (THEIRS, 0.1))
            found = shapes(make(OURS), dtype, **extra)
            assert found == theirs or found[1] == number[1]  # momo_adam makes float32 of bfloat16 for theirs
        (weights, _), updates = shapes(scheduled(make, learning_rate=OURS), dtype, **extra)
        assert {kind for kind, _ in weights.values()} == {jnp.dtype(dtype)}
        (_, _), plain = shapes(make(learning_rate=0.1), dtype, **extra)
        assert updates == plain


def test_weights_stay_in_bfloat16():
    weights = jnp.ones(3, jnp.bfloat16)
    for optimizer in (
        optax.adamw(learning_rate=COSINE, weight_decay=DECAY),
        scheduled(optax.adamw, learning_rate=COSINE, weight_decay=DECAY, b1=sc.linear(0.9, 0.8, 30)),
        optax.chain(optax.adamw(COSINE), scale_by_plateau(Plateau(), COSINE)),
        optax.MultiSteps(scheduled(optax.adamw, learning_rate=COSINE), 2),
    ):
        after, _, _ = trained(optimizer, weights, 5, value=jnp.ones(5))
        assert after.dtype == jnp.bfloat16
        assert not bool((after == weights).any())


# -- a plain function ------------------------------------------------------------------------------------


@pytest.mark.parametrize("s", [COSINE, DECAY], ids=str)
def test_a_plain_function_has_its_values(s):
    function = to_optax(s)
    assert inspect.isfunction(function)
    assert jax.tree.leaves(function) == [function]
    for count in (7, jnp.int32(7), np.uint32(7)):
        found = function(count)
        assert found.shape == ()
        assert found.dtype == jnp.float32
        assert (found * jnp.bfloat16(1)).dtype == jnp.bfloat16
        np.testing.assert_allclose(found, s(7), rtol=1e-6)
    assert_rates(jax.jit(function)(jnp.arange(STEPS)), s)
    assert function(jnp.bfloat16(3)).dtype == jnp.bfloat16
    with jax.enable_x64(True):
        assert_rates(jax.jit(function)(jnp.arange(STEPS)), s, wide=True)
        assert float(function(7)) == pytest.approx(s(7), rel=1e-12)


def test_a_plain_function_keeps_states_in_bfloat16():
    with pytest.raises(TypeError, match="carry"):
        shapes(optax.contrib.ademamix(0.1, b3=THEIRS), jnp.bfloat16)
    (_, state), _ = shapes(optax.contrib.ademamix(0.1, b3=to_optax(OURS)), jnp.bfloat16)
    assert {kind for kind, _ in state[0].m2.values()} == {jnp.dtype(jnp.bfloat16)}


def test_only_schedules_become_functions():
    with pytest.raises(ScheduleError, match=r"to_optax: s=0.1: this is a schedule"):
        to_optax(0.1)


# -- several hyperparameters -----------------------------------------------------------------------------


def test_values_are_those_of_the_latest_update():
    momentum = sc.linear(0.9, 0.5, 4)
    optimizer = scheduled(optax.sgd, learning_rate=COSINE, momentum=momentum, nesterov=True)
    weights = jnp.ones(3)
    state = optimizer.init(weights)
    assert state.hyperparams == {"learning_rate": COSINE(0), "momentum": pytest.approx(momentum(0))}
    for step in range(6):
        assert int(state.count) == step
        _, state = jax.jit(optimizer.update)(weights, state, weights)
        assert float(state.hyperparams["learning_rate"]) == pytest.approx(COSINE(step), rel=1e-6)
        assert float(state.hyperparams["momentum"]) == pytest.approx(momentum(step), rel=1e-6)
    assert float(optax.tree.get(state, "momentum")) == pytest.approx(momentum(5), rel=1e-6)
    assert [leaf.dtype for leaf in jax.tree.leaves(state)].count(jnp.int32) == 1
    assert isinstance(state, optax.schedules.InjectStatefulHyperparamsState)


def test_the_updates_are_those_of_numbers():
    """Each update is bit by bit that of an optimizer with the numbers of that step, the constants untouched."""
    constants = {"b2": 0.99, "mask": lambda tree: jax.tree.map(lambda leaf: leaf.ndim > 0, tree)}
    optimizer = scheduled(optax.adamw, learning_rate=COSINE, weight_decay=DECAY, **constants)
    weights = {"w": jnp.asarray([1.0, -2.0, 3.0]), "b": jnp.asarray(0.5)}
    state, plain = optimizer.init(weights), optax.adamw(0.1, **constants).init(weights)
    assert state.hyperparams.keys() == {"learning_rate", "weight_decay"}
    for step in range(20):
        values = {"learning_rate": float(COSINE(jnp.int32(step))), "weight_decay": float(DECAY(jnp.int32(step)))}
        expected, plain = optax.adamw(**values, **constants).update(weights, plain, weights)
        found, state = optimizer.update(weights, state, weights)
        assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), found, expected))
        weights = optax.apply_updates(weights, found)


def test_numbers_are_not_rounded_to_the_weights():
    weights, b1 = jnp.ones(3, jnp.bfloat16), sc.linear(0.9, 0.8, 10)
    injected = optax.inject_hyperparams(optax.adam)
    assert float(injected(learning_rate=0.1, b2=0.999).init(weights).hyperparams["b2"]) == 1.0
    trained(injected(learning_rate=0.1, b1=b1), weights)  # a schedule is weakly typed: states keep their types here too
    _, state, _ = trained(scheduled(optax.adam, learning_rate=0.1, b1=b1, b2=0.999), weights, 4)
    assert float(state.hyperparams["b1"]) == pytest.approx(b1(3), rel=1e-6)
    assert {leaf.dtype for leaf in jax.tree.leaves(state.inner_state)} == {jnp.dtype("bfloat16"), jnp.dtype("int32")}


def test_chains_and_optax_schedules_pass_through():
    def make(learning_rate, limit, decay):
        return optax.chain(optax.clip(limit), optax.add_decayed_weights(decay), optax.sgd(learning_rate))

    optimizer = scheduled(make, learning_rate=THEIRS, limit=sc.linear(1.0, 0.5, 4), decay=0.0)
    _, state, updates = trained(optimizer, jnp.zeros(()), 5)
    expected = [float(THEIRS(step) * sc.linear(1.0, 0.5, 4)(step)) for step in range(5)]
    np.testing.assert_allclose(-updates, expected, rtol=1e-6)
    assert state.hyperparams.keys() == {"limit"}


def test_metrics_reach_the_inner_optimizer():
    def make(learning_rate):
        return optax.chain(optax.sgd(learning_rate), scale_by_plateau(Plateau(patience=0, factor=0.5)))

    _, _, updates = trained(scheduled(make, learning_rate=sc.constant(1.0)), jnp.zeros(()), 3, value=jnp.ones(3))
    np.testing.assert_array_equal(updates, [-1.0, -0.5, -0.25])


def test_schedules_by_label():
    head = sc.linear(0.5, 0.0, 20)
    weights = {"body": jnp.zeros(()), "head": jnp.zeros(()), "frozen": jnp.zeros(())}
    parts = {
        "body": scheduled(optax.sgd, learning_rate=COSINE, momentum=sc.constant(0.0)),
        "head": optax.sgd(head),
        "frozen": optax.set_to_zero(),
    }
    for partition in (optax.partition, optax.multi_transform):
        optimizer = partition(parts, {name: name for name in weights})
        _, state, updates = trained(optimizer, weights)
        assert_rates(-updates["body"], COSINE)
        assert_rates(-updates["head"], head)
        assert not updates["frozen"].any()
        rate = state.inner_states["body"].inner_state.hyperparams["learning_rate"]
        assert float(rate) == pytest.approx(COSINE(STEPS - 1), abs=1e-8)
        assert optax.tree.get(state, "learning_rate") == rate


@pytest.mark.parametrize(
    ("factory", "arguments", "message"),
    [
        (
            optax.sgd,
            {"learning_rate": COSINE, "beta": 0.9},
            "scheduled: beta: sgd has no such argument; it has",
        ),
        (optax.adamw, {"weight_decay": COSINE}, "scheduled: learning_rate: adamw needs it"),
        ("adamw", {}, "scheduled: factory='adamw': this is a function that makes an optimizer"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(factory, arguments, message):
    with pytest.raises(ScheduleError, match=message):
        scheduled(factory, **arguments)


def test_factories_with_any_keywords():
    def make(learning_rate, **rest):
        return optax.sgd(learning_rate, **rest)

    optimizer = scheduled(make, learning_rate=COSINE, momentum=sc.constant(0.5))
    assert optimizer.init(jnp.ones(2)).hyperparams["momentum"] == 0.5


# -- plateaus --------------------------------------------------------------------------------------------

METRICS = st.integers(-40, 40).map(lambda n: n / 16)  # exact in float32, as are the thresholds
SEQUENCES = st.lists(st.lists(METRICS, min_size=20, max_size=20), min_size=12, max_size=12)
few = settings(max_examples=settings().max_examples // 12)  # each compiles a program of its own, for twelve sequences


def rates_of(optimizer, metrics, lr=1.0):
    """What the updates are multiplied with, after each metric of each sequence, times `lr`."""

    def one(values):
        def step(state, value):
            updates, state = optimizer.update(jnp.asarray(lr), state, None, value=value)
            return state, updates

        return jax.lax.scan(step, optimizer.init(jnp.asarray(lr)), values)[1]

    return jax.jit(jax.vmap(one))(jnp.asarray(metrics, float))


@few
@given(
    SEQUENCES,
    st.fixed_dictionaries(
        {},
        optional={
            "factor": st.sampled_from([0.5, 0.1, 0.9]),
            "patience": st.integers(1, 4),
            "rtol": st.sampled_from([1e-4, 0.25, 0.5]),
            "cooldown": st.integers(0, 4),
            "min_scale": st.sampled_from([0.0, 0.01, 0.3]),
        },
    ),
    st.sampled_from([None, 1 / 32, 1.0]),
    st.integers(1, 3),
)
def test_plateaus_are_those_of_optax(metrics, options, atol, size):
    options |= {} if atol is None else {"rtol": 0.0, "atol": atol}
    theirs = optax.contrib.reduce_on_plateau(**options, accumulation_size=size)
    ours = scale_by_plateau(dialect.reduce_on_plateau(**options), 1.0, accumulation_size=size)
    np.testing.assert_array_equal(rates_of(ours, metrics), rates_of(theirs, metrics))


@few
@given(
    SEQUENCES,
    st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.sampled_from([0.5, 0.1, 0.9]),
            "patience": st.integers(0, 4),
            "threshold": st.sampled_from([0.0, 1e-4, 1 / 32, 0.25]),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 4),
            "min_lr": st.sampled_from([0.0, 0.003, 0.05]),
            "eps": st.sampled_from([1e-8, 0.0, 0.02]),
        },
    ),
    st.sampled_from([0.1, 1.0]),
    st.booleans(),
)
def test_plateaus_are_those_of_torch(metrics, options, lr, wide):
    expected = []
    for values in metrics:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        for value in values:
            scheduler.step(value)
            expected.append(optimizer.param_groups[0]["lr"])
    with jax.enable_x64(wide):
        found = rates_of(scale_by_plateau(Plateau(**options), lr), metrics, lr)
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-12 if wide else 1e-6)


def test_plateaus_differ_from_optax_where_the_docstring_says_so():
    falling = [[float(8 - step) for step in range(6)]]
    eager = optax.contrib.reduce_on_plateau(patience=0, factor=0.5)
    assert rates_of(eager, falling)[0, -1] == 0.5**6
    assert rates_of(scale_by_plateau(Plateau(patience=0, factor=0.5)), falling)[0, -1] == 1.0
    weights, losses = jnp.ones((), jnp.bfloat16), [1.0, 0.9995, 0.999, 0.9985]
    lost = optax.contrib.reduce_on_plateau(patience=3, factor=0.5)
    kept = scale_by_plateau(dialect.reduce_on_plateau(patience=3, factor=0.5))
    ends = []
    for optimizer in (lost, kept):
        state = optimizer.init(weights)
        for loss in losses:
            updates, state = optimizer.update(weights, state, value=loss)
        assert updates.dtype == jnp.bfloat16
        ends.append(float(state.scale))
    assert ends == [0.5, 1.0]
    with pytest.raises(TypeError):
        lost.update(weights, lost.init(weights), value=None)


def test_the_state_of_a_plateau_is_for_logs():
    plateau = Plateau(patience=1, factor=0.5, min_lr=0.02)
    optimizer = scale_by_plateau(plateau, COSINE)
    state = optimizer.init(jnp.ones(2))
    assert all(isinstance(leaf, jax.Array) and leaf.shape == () for leaf in state)
    before = jax.tree.map(lambda leaf: (leaf.dtype, leaf.weak_type), state)
    for step, value in enumerate([1.0, None, 2.0, 2.0, None, 0.5]):
        updates, state = optimizer.update(jnp.full(2, COSINE(step), jnp.float32), state, value=value)
        assert jax.tree.map(lambda leaf: (leaf.dtype, leaf.weak_type), state) == before
        used = plateau.apply(COSINE(step), state) if COSINE(step) else 0.0
        np.testing.assert_allclose(updates, used, rtol=1e-6)
    assert (float(state.scale), float(state.best), int(state.bad), int(state.count)) == (0.5, 0.5, 0, 6)


def test_a_plateau_under_a_schedule_and_its_floor():
    plateau, s = Plateau(patience=0, factor=0.1, min_lr=0.02), sc.linear(0.4, 0.0, 8)
    metrics = jnp.ones(10)
    _, _, updates = trained(optax.chain(optax.sgd(s), scale_by_plateau(plateau, s)), jnp.zeros(()), 10, value=metrics)
    state, expected = plateau.init(), []
    for step in range(10):
        state = plateau.update(state, 1.0, s(step))
        expected.append(plateau.apply(s(step), state) if step < 8 else 0.0)
    np.testing.assert_allclose(-updates, expected, rtol=1e-6)


def test_metrics_of_batches_are_averaged():
    optimizer = scale_by_plateau(Plateau(patience=0, factor=0.5), accumulation_size=3)
    assert rates_of(optimizer, [[1.0, 2.0, 3.0, 1.0, 1.0, 3.0, 2.0, 2.0, 2.0]])[0].tolist() == [1.0] * 8 + [0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"plateau": 0.5}, "plateau=0.5: this is a schedules.Plateau"),
        ({"plateau": Plateau(min_lr=0.1)}, "learning_rate=None: the plateau has a floor of min_lr=0.1; give the"),
        ({"plateau": Plateau(), "learning_rate": "0.1"}, "learning_rate='0.1': .*a value is a finite number"),
        ({"plateau": Plateau(), "accumulation_size": 0}, "accumulation_size=0: this is a whole number >= 1"),
    ],
)
def test_what_is_no_plateau_is_refused(arguments, message):
    with pytest.raises(ScheduleError, match=f"scale_by_plateau: {message}"):
        scale_by_plateau(**arguments)


def test_metrics_are_numbers():
    optimizer = scale_by_plateau(Plateau())
    with pytest.raises(ScheduleError, match=r"scale_by_plateau: value=.*: this is one number; give the mean"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)), value=jnp.ones(3))
    with pytest.raises(TypeError, match="value"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))


# -- training --------------------------------------------------------------------------------------------


class Model(nnx.Module):
    """Two layers."""

    def __init__(self, rngs):
        self.first, self.second = nnx.Linear(4, 8, rngs=rngs), nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x):
        return self.second(nnx.tanh(self.first(x)))


def epoch(optimizer, structure, batches, carry):
    """All the batches in one compiled loop: the new weights and state, and the learning rate of each update."""

    def loss(weights, batch):
        return jnp.mean((nnx.merge(structure, weights)(batch) - jnp.sum(batch, axis=-1, keepdims=True)) ** 2)

    def step(carry, batch):
        weights, state = carry
        value, gradients = jax.value_and_grad(loss)(weights, batch)
        updates, state = optimizer.update(gradients, state, weights, value=value)
        return (optax.apply_updates(weights, updates), state), (value, state[0].hyperparams["learning_rate"])

    return jax.lax.scan(step, carry, batches)


def test_a_flax_model_trains_and_resumes(tmp_path):
    s = sc.cosine_warmup(0.02, 60, warmup=10)
    optimizer = optax.chain(
        scheduled(optax.adamw, learning_rate=s, weight_decay=sc.linear(0.1, 0.0, 60)),
        scale_by_plateau(Plateau(patience=2, factor=0.7, min_lr=1e-3), s, accumulation_size=4),
    )
    structure, weights = nnx.split(Model(nnx.Rngs(0)))
    batches = jnp.asarray(np.random.default_rng(1).normal(size=(20, 16, 4)), jnp.float32)
    run = jax.jit(functools.partial(epoch, optimizer, structure, batches))
    carry, ends = (weights, optimizer.init(weights)), []
    for _ in range(3):
        carry, seen = run(carry)
        ends.append((carry, seen))
    losses, rates = (np.concatenate(column) for column in zip(*(seen for _, seen in ends), strict=True))
    assert losses[-5:].mean() < losses[:5].mean() / 4
    assert_rates(rates, s)

    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "first", ends[0][0])
    empty = jax.tree.map(jnp.zeros_like, (weights, optimizer.init(weights)))
    with ocp.StandardCheckpointer() as checkpointer:
        carry = checkpointer.restore(tmp_path / "first", empty)
    for undisturbed, expected in ends[1:]:
        carry, seen = run(carry)
        assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), (carry, seen), (undisturbed, expected)))


def test_a_plain_schedule_trains_a_flax_optimizer():
    model = Model(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adamw(COSINE), wrt=nnx.Param)
    batch = jnp.ones((8, 4))

    @nnx.jit
    def step(model, optimizer):
        loss, gradients = nnx.value_and_grad(lambda m: jnp.mean((m(batch) - 1.0) ** 2))(model)
        optimizer.update(model, gradients)
        return loss

    losses = [float(step(model, optimizer)) for _ in range(40)]
    assert losses[-1] < losses[0] / 100
    assert int(optax.tree.get_all_with_path(optimizer.opt_state, "count")[0][1][...]) == 40


# -- their words and ours ------------------------------------------------------------------------------

ROWS = [
    (
        "constant_schedule(0.1)",
        "constant(0.1)",
    ),
    (
        "linear_schedule(0.1, 0.0, 50, transition_begin=10)",
        "constant(0.1, steps=10) >> linear(0.1, 0.0, 50)",
    ),
    (
        "polynomial_schedule(0.1, 0.001, 2.0, 50)",
        "polynomial(0.1, 0.001, 50, power=2.0)",
    ),
    (
        "exponential_decay(0.1, 20, 0.9)",
        "exponential_decay(0.1, 0.9, every=20)",
    ),
    (
        "exponential_decay(0.1, 20, 0.9, staircase=True)",
        "step_decay(0.1, 0.9, 20)",
    ),
    (
        "exponential_decay(0.1, 20, 0.5, transition_begin=10, end_value=0.01)",
        "maximum(shift(exponential_decay(0.1, 0.5, every=20), 10), 0.01)",
    ),
    (
        "cosine_decay_schedule(0.1, 100, alpha=0.01)",
        "cosine(0.1, 0.001, 100)",
    ),
    (
        "cosine_decay_schedule(0.1, 100, exponent=2.0)",
        "0.1 * cosine(1.0, 0.0, 100) ** 2",
    ),
    (
        "piecewise_constant_schedule(0.1, {30: 0.1, 80: 0.5})",
        "piecewise([0.1, 0.01, 0.005], [30, 80])",
    ),
    (
        'piecewise_interpolate_schedule("linear", 0.1, {30: 0.5, 80: 0.1})',
        "interpolate([(0, 0.1), (30, 0.05), (80, 0.005)])",
    ),
    (
        'piecewise_interpolate_schedule("cosine", 0.1, {30: 0.5, 80: 0.1})',
        "cosine(0.1, 0.05, 30) >> cosine(0.05, 0.005, 50)",
    ),
    (
        "linear_onecycle_schedule(100, 0.1)",
        "linear(0.004, 0.1, 30) >> linear(0.1, 0.004, 55) >> linear(0.004, 4e-7, 15)",
    ),
    (
        "cosine_onecycle_schedule(100, 0.1)",
        "one_cycle(0.1, 100)",
    ),
    (
        'sgdr_schedule([{"init_value": 0.0, "peak_value": lr, "warmup_steps": 5, "decay_steps": n}'
        " for lr, n in [(0.1, 40), (0.05, 80)]])",
        "cosine_warmup(0.1, 40, warmup=5) >> cosine_warmup(0.05, 80, warmup=5)",
    ),
    (
        "warmup_constant_schedule(0.0, 0.1, 10)",
        "linear(0.0, 0.1, 10)",
    ),
    (
        "warmup_cosine_decay_schedule(0.0, 0.1, 10, 100)",
        "cosine_warmup(0.1, 100, warmup=10)",
    ),
    (
        "warmup_exponential_decay_schedule(0.0, 0.1, 10, 20, 0.9)",
        "linear(0.0, 0.1, 10) >> exponential_decay(0.1, 0.9, every=20)",
    ),
    (
        "join_schedules([linear_schedule(0.0, 0.1, 10), cosine_decay_schedule(0.1, 90)], [10])",
        "linear(0.0, 0.1, 10) >> cosine(0.1, 0.0, 90)",
    ),
    (
        "reduce_on_plateau(patience=5)",
        "scale_by_plateau(Plateau(patience=4, eps=0.0))",
    ),
]
"""What they write, and what one writes here."""
PEERS = vars(optax.schedules) | {"reduce_on_plateau": optax.contrib.reduce_on_plateau}


def values(made, steps=130):
    """The curve of a schedule; of a transformation, what it multiplies while nothing gets better."""
    if isinstance(made, sc.Schedule):
        return curve(made, steps)
    if isinstance(made, optax.GradientTransformationExtraArgs):
        return rates_of(made, [[1.0] * steps])[0]
    return jax.vmap(lambda step: jnp.asarray(made(step), float))(jnp.arange(steps))


@pytest.mark.parametrize(("theirs", "expression"), ROWS, ids=lambda text: text[:40])
def test_their_words_and_ours(theirs, expression):
    with jax.enable_x64(True):
        live = values(eval(theirs, dict(PEERS)))  # noqa: S307 -- our own table
        ours = values(eval(expression, vars(sc) | {"scale_by_plateau": scale_by_plateau}))  # noqa: S307 -- the same
    np.testing.assert_allclose(ours, live, rtol=0, atol=1e-12 * np.abs(live).max())


def test_there_is_a_row_for_every_schedule():
    assert {theirs.partition("(")[0] for theirs, _ in ROWS} == set(dialect.__all__)
