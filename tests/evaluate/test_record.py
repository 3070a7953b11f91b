"""Recorded programs: the fold over arrays, run once; they have its values, and what an array brings along."""

import itertools
import math
import os
import subprocess
import sys
import tracemalloc
import warnings

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import STEPS, terms
from zoo import ZOO

import schedules as sc
from schedules.evaluate.arrays import at_array

WHOLE = np.arange(-2, 3 * STEPS)
PARTS = np.linspace(-2, 3 * STEPS, 201)

ARRAYS = {
    "numpy int64": lambda: WHOLE,
    "numpy int32": lambda: WHOLE.astype(np.int32),
    "numpy float64": lambda: PARTS,
    "numpy float32": lambda: PARTS.astype(np.float32),
    "torch int64": lambda: torch.from_numpy(WHOLE),
    "torch int32": lambda: torch.from_numpy(WHOLE).to(torch.int32),
    "torch float64": lambda: torch.from_numpy(PARTS),
    "torch float32": lambda: torch.from_numpy(PARTS).float(),
}


def many(s):
    """Whether a term has a join of more parts than NumPy evaluates one by one: it rounds their numbers differently."""
    return any(isinstance(term, sc.Join) and len(term.parts) > 16 for term in (s, *walk(s)))


def walk(term):
    """All subterms."""
    for child in term.children:
        yield child
        yield from walk(child)


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
@settings(max_examples=settings.default.max_examples * 3 // 5)  # of each of eight kinds
@given(s=terms)
def test_programs_have_the_values_of_the_fold(array, s):
    steps = array()
    found, expected = s(steps), at_array(s, steps)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    tolerance = 4 * np.finfo(np.asarray(found).dtype).eps * max(1, np.abs(np.asarray(expected)).max()) * many(s)
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ZOO)
def test_programs_of_every_curve_and_recipe(name):
    s = ZOO[name](sc, 100)
    for array in ARRAYS.values():
        steps = array()
        np.testing.assert_array_equal(np.asarray(s(steps)), np.asarray(at_array(s, steps)))
        assert s.__dict__["programs"]
        assert None not in s.__dict__["programs"].values()


@pytest.mark.parametrize("parts", [2, 4, 5, 16, 17, 40])
@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy, jnp.asarray])
def test_a_knot_is_where_the_floats_of_the_steps_have_it(parts, library):
    s = sc.join(*((sc.linear, sc.cosine)[place % 2](place, place + 0.5, 51.69) for place in range(parts)))
    knots = library(np.float32([knot for knot in s.knots[1:] for _ in range(2)]))  # two: arrays of one are numbers
    for found in (s(knots), at_array(s, knots)):
        assert np.asarray(found)[::2] == pytest.approx(range(1, parts), abs=1e-4)


def test_a_program_is_compiled_once_for_a_form():
    from schedules.evaluate.record import program_factory

    sc.cosine_warmup(0.1, 100, warmup=10)(WHOLE)
    before = program_factory.cache_info().misses
    sc.cosine_warmup(0.2, 300, warmup=20)(WHOLE)
    assert program_factory.cache_info().misses == before


def test_long_arrays_are_evaluated_in_blocks_of_any_layout():
    s = sc.cosine_warmup(1e-3, 50_000, warmup=5_000)
    steps = np.random.default_rng(0).integers(0, 60_000, (7, 9_001))
    for view in (steps, steps.T, steps[::2, ::3], np.asfortranarray(steps)):
        np.testing.assert_array_equal(s(view), at_array(s, view))
    assert s(np.empty(0)).shape == (0,)
    assert sc.constant(0.5)(steps).flags.writeable


def test_the_memory_of_a_program_does_not_grow_with_its_parts():
    steps = np.arange(4096)
    curves = itertools.cycle((sc.cosine, sc.linear, sc.exponential, sc.one_minus_sqrt))
    s = sc.join(*(curve(1.0, 0.1, 500) for curve, _ in zip(curves, range(8), strict=False)))
    s(steps)  # records it
    tracemalloc.start()
    try:
        s(steps)
        assert tracemalloc.get_traced_memory()[1] < 9 * steps.nbytes
    finally:
        tracemalloc.stop()


def test_python_functions_are_asked_at_every_call():
    factor = 1.0
    s = sc.custom(lambda t: factor * t)
    assert s(np.asarray([1, 2])).tolist() == [1.0, 2.0]
    factor = 3.0
    assert s(np.asarray([1, 2])).tolist() == [3.0, 6.0]


# -- one number ----------------------------------------------------------------------------------------


@given(terms, st.integers(0, 100))
def test_one_concrete_number_is_that_of_the_function(s, t):
    value = s(t)
    for step, dtype in (
        (torch.tensor(t), torch.float32),
        (torch.tensor(t, dtype=torch.float64), torch.float64),
        (torch.tensor(t, dtype=torch.bfloat16), torch.bfloat16),
        (np.asarray(t), np.float64),
        (np.float32(t), np.float32),
    ):
        found = s(step)
        assert found.dtype == dtype
        assert found.shape == ()
        assert type(found) is type(step) or isinstance(found, np.generic)
        exact = s(float(step)) if "float" in str(step.dtype) else value
        limit = 1e-2 if dtype is torch.bfloat16 else 1e-6
        assert float(found) == pytest.approx(exact, rel=limit, abs=1e-30)


def test_a_number_that_is_followed_stays_so():
    s = sc.linear(0.0, 1.0, 10) >> sc.cosine(1.0, 0.0, 10)
    step = torch.tensor(2.5, requires_grad=True)
    s(step).backward()
    assert step.grad == pytest.approx(0.1)
    assert torch.func.grad(s)(torch.tensor(2.5)) == pytest.approx(0.1)
    np.testing.assert_allclose(torch.vmap(s)(torch.arange(4.0)), [0, 0.1, 0.2, 0.3], rtol=1e-6)
    assert float(jax.grad(s)(2.5)) == pytest.approx(0.1)
    big = sc.constant(1e300)
    assert math.isinf(float(big(torch.tensor(1))))
    assert math.isinf(float(big(np.float32(1))))


# -- PyTorch's compiler ----------------------------------------------------------------------------------

COMBINATORS = {
    "milestones": lambda: sc.multistep(1.0, 0.9, list(range(3, 60, 3))),
    "many parts": lambda: sc.interpolate([(3 * i, (i % 7) / 7) for i in range(20)]),
    "repeat": lambda: sc.repeat(sc.cosine(1.0, 0.1, 10), 3, stretch=2.0, scale=0.5),
    "cycle": lambda: sc.cycle(sc.linear(1.0, 0.0, 7)),
    "slice": lambda: sc.noam(512, 10)[1:],
    "shift, stretch, every": lambda: sc.every(sc.stretch(sc.shift(sc.cosine(1.0, 0.0, 9), 2), 1.5), 3),
    "reverse, fit": lambda: sc.fit(sc.reverse(sc.one_minus_sqrt(1.0, 0.0, 9)), 20),
    "clip": lambda: sc.clip(sc.linear(0.0, 1.0, 20), 0.3, sc.cosine(1.0, 0.5, 9)(0)),
    "minimum, maximum": lambda: sc.minimum(sc.maximum(sc.linear(0.0, 1.0, 20), 0.2), sc.cosine(1.0, 0.0, 20)),
    "warmup, overlap": lambda: sc.warmup(sc.inverse_sqrt(1.0, timescale=5), 7, overlap=True),
    "cooldown, retarget": lambda: sc.cooldown(sc.retarget(sc.cosine(1.0, 0.0, 30), 5, 50), 20, 10),
    "operators": lambda: abs(2 - sc.linear(0.0, 1.0, 20) ** 2) / (1 + sc.Time() % 5) - sc.Time() // 7,
}
COMPILED = {name: (lambda make=make: make(sc, 60)) for name, make in ZOO.items()} | COMBINATORS


@pytest.mark.parametrize("steps", [torch.tensor(3), torch.linspace(0.0, 70.0, 9)], ids=["number", "vector"])
def test_every_schedule_compiles_into_one_graph(steps):
    """All of them in one graph, with no graph break and no warning."""
    schedules = {name: make() for name, make in COMPILED.items()}  # of which nothing is recorded yet
    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        every = torch.compile(lambda t: [s(t) for s in schedules.values()], fullgraph=True, backend="aot_eager")
        found = every(steps)
    for (name, s), values in zip(schedules.items(), found, strict=True):
        np.testing.assert_allclose(values, s(steps), rtol=1e-6, atol=1e-9, err_msg=name)
        assert (values.shape, values.dtype) == (steps.shape, torch.float32)


# -- what arrays of a library bring along --------------------------------------------------------------


def test_masked_arrays_keep_their_mask():
    s = sc.wsd(1.0, 20, warmup=5, cooldown=5)
    steps = np.ma.MaskedArray([0, 3, 30], [False, True, False])
    found = s(steps)
    assert isinstance(found, np.ma.MaskedArray)
    assert found.mask.tolist() == [False, True, False]
    assert found.data.tolist() == s(np.asarray([0, 3, 30])).tolist()


JAX_TERMS = [sc.cosine_warmup(0.1, 20, warmup=5), sc.wsd(0.1, 20, warmup=5, cooldown=5), COMBINATORS["milestones"](),
             COMBINATORS["many parts"](), sc.constant(0.5), sc.exponential_decay(0.1, 0.9)]  # fmt: skip


@pytest.mark.parametrize("s", JAX_TERMS, ids=lambda s: repr(s)[:30])
def test_values_at_whole_steps_multiply_like_numbers(s):
    for x64 in (False, True):
        with jax.enable_x64(x64):
            for steps in (jnp.arange(30), jnp.int32(7)):
                for found in (s(steps), jax.jit(s)(steps)):
                    assert found.weak_type
                    for dtype in (jnp.float32, jnp.bfloat16):
                        assert (found * jnp.ones((), dtype)).dtype == dtype
    assert s(jnp.arange(4, dtype=jnp.bfloat16)).dtype == jnp.bfloat16


def test_optax_keeps_the_type_of_parameters():
    s = sc.linear(0.9, 0.5, 10)
    with jax.enable_x64(True):
        weights = jnp.ones(3, jnp.float32)
        for optimizer in (
            optax.sgd(s, momentum=0.9),
            optax.inject_hyperparams(optax.sgd)(learning_rate=s, momentum=s),
            optax.inject_hyperparams(optax.adamw)(learning_rate=s, b1=s, weight_decay=s),
        ):
            state = optimizer.init(weights)

            def step(carry, _, optimizer=optimizer):
                weights, state = carry
                updates, state = optimizer.update(weights, state, weights)
                return (optax.apply_updates(weights, updates), state), updates

            _, updates = jax.lax.scan(step, (weights, state), None, length=3)
            assert updates.dtype == jnp.float32


@pytest.mark.parametrize("s", JAX_TERMS, ids=lambda s: repr(s)[:30])
def test_strict_promotion(s):
    steps = jnp.arange(30)
    expected = s(steps)
    with jax.numpy_dtype_promotion("strict"):
        np.testing.assert_array_equal(s(steps), expected)
        np.testing.assert_allclose(jax.jit(s)(steps), expected, rtol=1e-6, atol=1e-9)


SHARDED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from schedules import interpolate, multistep, wsd
mesh = jax.make_mesh((4,), ("steps",), axis_types=(AxisType.Auto,))  # of explicit ones, jnp.take itself says no
steps = jax.device_put(jnp.arange(64), NamedSharding(mesh, PartitionSpec("steps")))
for s in (wsd(1.0, 60, warmup=9, cooldown=9), multistep(1.0, 0.5, [9, 20, 30]),
          interpolate([(3 * i, (i % 7) / 7) for i in range(20)])):
    np.testing.assert_allclose(s(steps), s(np.arange(64)), atol=1e-6)
    assert len(s(steps).sharding.device_set) == 4
"""


def test_sharded_steps():
    env = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SHARDED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | env)  # noqa: S603 -- our own code
    assert done.returncode == 0, done.stderr
