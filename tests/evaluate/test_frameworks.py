"""The arrays of JAX and PyTorch, and their optimizers: shapes, types, devices, slopes, steps that stay exact."""

import math
import operator

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from agreement import ULPS, WHOLE, check_array, sample
from hypothesis import given
from strategies import terms

import schedules as sc
from schedules import ScheduleError, constant, cosine, linear

RAMP, BOTH = linear(0, 1, 10), linear(0, 1, 10) >> cosine(1, 0, 10)
OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
]  # fmt: skip
SHAPES = [(), (1,), (0,), (3, 4), (0, 3), (2, 1, 2)]
KINDS = [
    (torch.zeros, torch.float32, torch.float32), (torch.zeros, torch.float64, torch.float64),
    (torch.zeros, torch.bfloat16, torch.bfloat16), (torch.zeros, torch.float16, torch.float16),
    (torch.zeros, torch.int64, torch.float32), (torch.zeros, torch.int32, torch.float32),
    (torch.zeros, torch.uint8, torch.float32),
    (jnp.zeros, jnp.float32, jnp.float32), (jnp.zeros, jnp.bfloat16, jnp.bfloat16), (jnp.zeros, jnp.int32, jnp.float32),
]  # fmt: skip
FEW = [constant(0.5), RAMP, BOTH, sc.cycle(BOTH), sc.replay([0.0, 1.0])]
few = pytest.mark.parametrize("s", FEW, ids=repr)

# -- numbers and operands ------------------------------------------------------------------------------


def test_arrays_of_no_dimension_are_numbers():
    assert linear(0, 1, 10) == linear(np.asarray(0), torch.tensor(1.0), jnp.asarray(10))


@pytest.mark.parametrize("number", [jnp.float32(2), jnp.asarray(2), torch.tensor(2.0), torch.tensor(2)], ids=repr)
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
def test_numbers_on_either_side_of_an_operator(op, number):
    s = linear(1.0, 3.0, 10)
    left, right = op(number, s), op(s, number)
    assert left == op(2, s)
    assert right == op(s, 2)


@pytest.mark.parametrize("array", [jnp.arange(3.0), torch.arange(3.0)], ids=type)
@pytest.mark.parametrize("op", OPERATORS[:5], ids=lambda op: op.__name__)
def test_arrays_are_no_operands(op, array):
    for use in (lambda: op(RAMP, array), lambda: op(array, RAMP)):
        with pytest.raises(ScheduleError, match=r"operand=.*this is a schedule or a finite number"):
            use()


@pytest.mark.parametrize(
    ("make", "value", "message"),
    [
        (constant, jnp.asarray([0.1, 0.2]), r"constant: value=Array.*give one number"),
        (constant, torch.tensor(math.nan), r"constant: value=tensor.*a value is a finite number"),
        (constant, torch.tensor(True), r"constant: value=.*True.*a boolean is not a number"),
        (constant, torch.tensor([0.1]), r"constant: value=tensor\(\[0.1.*give one number"),
        (RAMP, torch.tensor([1j]), r"s\(step\): step.dtype=.*complex.*convert the array first"),
    ],
    ids=["arrays", "NaN", "booleans", "vectors", "complex"],
)
def test_what_is_no_number_is_refused(make, value, message):
    with pytest.raises(ScheduleError, match=message):
        make(value)


# -- shapes, types, devices ----------------------------------------------------------------------------


@few
@pytest.mark.parametrize(("zeros", "dtype", "wanted"), KINDS, ids=[f"{f.__module__}-{d}" for f, d, _ in KINDS])
def test_shapes_and_types_of_arrays_are_kept(s, zeros, dtype, wanted):
    for shape in SHAPES if zeros is not jnp.zeros else SHAPES[:4:3]:  # JAX compiles each operation for each shape
        found = s(zeros(shape, dtype=dtype))
        assert (found.shape, found.dtype) == (shape, wanted)


def test_an_empty_array_of_jax():
    assert (BOTH**2)(jnp.zeros((0, 3))).shape == (0, 3)


@few
def test_torch_keeps_the_device(s):
    for dtype in (torch.float32, torch.int64):
        found = s(torch.zeros(3, dtype=dtype, device="meta"))
        assert found.device.type == "meta"
        assert found.shape == (3,)


# -- extreme steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "s",
    [RAMP, BOTH, sc.cycle(BOTH), sc.every(RAMP, 3), sc.step_decay(1.0, 0.5, 3), sc.inverse_sqrt(1.0, timescale=3),
     sc.replay([0.0, 1.0, 0.5]), sc.replay([0.0, 1.0], interpolate=False), sc.Time()],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("array", [jnp.asarray, torch.tensor])
def test_nan_in_nan_out(s, array):
    found = np.asarray(s(array([math.nan, 1.0])))
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(s(1), rel=1e-6)


@pytest.mark.parametrize("integers", [jnp.asarray, torch.tensor, lambda t: torch.tensor(t, dtype=torch.int32)])
def test_whole_steps_stay_exact_beyond_what_a_float32_counts(integers):
    far = 2**26
    steps = integers([far + i for i in range(9)])
    for s in (
        constant(0.0, steps=far) >> linear(0, 1, 8),
        sc.shift(linear(0, 1, 8), far),
        sc.cycle(linear(0, 1, 16)),
        linear(0, 0.5, far) >> linear(0, 1, 8) >> cosine(1, 0, 5),
        (constant(1.0, steps=far) >> linear(1, 2, 8)) - 1,
    ):
        found = np.asarray(s(steps))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [s(far + i) for i in range(9)], rtol=3e-7, atol=1e-7)
    jumps = np.asarray(sc.step_decay(1.0, 0.5, far + 4)(steps))
    assert jumps.tolist() == [1.0] * 4 + [0.5] * 5


# -- the laws ------------------------------------------------------------------------------------------


@given(terms)
def test_torch_agrees_with_scalars(s):
    times = sample(s)
    check_array(s(torch.tensor(times, dtype=torch.float64)), s, times, 1e-12, 1e-13)


@given(terms)
def test_jax_agrees_with_scalars(s):
    times = sample(s)
    with jax.enable_x64(True):
        check_array(s(jnp.asarray(times)), s, times, 1e-12, 1e-13)


@pytest.mark.parametrize("whole", [torch.tensor(WHOLE), jnp.asarray(WHOLE)], ids=type)
def test_float32_agrees_with_scalars(whole):
    @given(terms)
    def check(s):
        check_array(np.asarray(s(whole), float), s, WHOLE, ULPS, 1e-6)

    check()


# -- JAX, Optax, PyTorch -------------------------------------------------------------------------------


@few
def test_jit_vmap_and_eager_agree(s):
    steps = jnp.arange(22)
    expected = np.array([s(t) for t in range(22)])
    for found in (s(steps), jax.jit(s)(steps), jax.vmap(s)(steps), jax.jit(jax.vmap(s))(steps.astype(float))):
        np.testing.assert_allclose(found, expected, rtol=0, atol=5e-7)
    assert jax.jit(s)(3).shape == ()
    assert jax.lax.scan(lambda c, t: (c, s(t)), 0, steps)[1].shape == (22,)


def test_slopes():
    slopes = jax.vmap(jax.grad(BOTH))(jnp.array([2.5, 7.0, 15.0, 25.0, -3.0]))
    np.testing.assert_allclose(slopes, [0.1, 0.1, -math.pi / 20, 0, 0], rtol=1e-6, atol=1e-7)
    step = torch.tensor([2.5, 15.0, 25.0], requires_grad=True)
    BOTH(step).sum().backward()
    np.testing.assert_allclose(step.grad, [0.1, -math.pi / 20, 0], rtol=1e-6, atol=1e-7)


def train(optimizer, updates):
    """A small linear model under jit; the weights after each update."""
    x = jnp.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    y = x @ jnp.array([0.5, -0.25])

    @jax.jit
    def update(weights, state):
        gradient = jax.grad(lambda w: jnp.mean((x @ w - y) ** 2))(weights)
        changes, state = optimizer.update(gradient, state, weights)
        return optax.apply_updates(weights, changes), state

    weights, history = jnp.ones(2), []
    state = optimizer.init(weights)
    for _ in range(updates):
        weights, state = update(weights, state)
        history.append(weights)
    return np.asarray(history)


@pytest.mark.parametrize("make", [optax.sgd, lambda s: optax.adamw(learning_rate=s), optax.adam, optax.lion])
def test_optax_takes_a_schedule(make):
    s = linear(0.0, 0.05, 5) >> cosine(0.05, 0.0, 25)
    found = train(make(s), 30)
    rates = jnp.asarray(s.values(30))
    np.testing.assert_allclose(found, train(make(lambda count: rates[count]), 30), rtol=1e-5, atol=1e-6)
    assert np.all(found[0] == 1)  # the first update has a rate of 0
    assert np.any(found[1] != 1)


def test_optax_injects_a_schedule():
    s = linear(0.1, 0.0, 4)
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=s)
    weights = jnp.ones(2)
    state = optimizer.init(weights)
    rates = []
    for _ in range(5):
        _, state = optimizer.update(weights, state)
        rates.append(float(state.hyperparams["learning_rate"]))
    np.testing.assert_allclose(rates, [s(t) for t in range(5)], atol=1e-7)


def test_torch_takes_a_schedule():
    s = linear(0.0, 0.05, 5) >> cosine(0.05, 0.0, 25)
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, s)
    for t in range(35):
        assert scheduler.get_last_lr() == [s(t)]
        optimizer.step()
        scheduler.step()
