"""Terms whose numbers are not known yet: traced by JAX, or followed by PyTorch for their gradients."""

import inspect

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import schedules as sc

STEP = 7.3
MAKERS = {
    "constant": lambda v, n: sc.constant(v, steps=n),
    "linear": sc.linear,
    "polynomial": lambda a, b, n, k: sc.polynomial(a, b, n, power=k),
    "cosine": sc.cosine,
    "exponential": lambda a, b, n: sc.exponential(a + 1, b + 1, n),
    "one_minus_sqrt": sc.one_minus_sqrt,
    "tanh_decay": sc.tanh_decay,
    "rex": sc.rex,
    "k_decay": lambda a, b, n, k: sc.k_decay(a, b, n, k=k),
    "exponential_decay": lambda a, r, n: sc.exponential_decay(a, r + 1, every=n),
    "inverse_sqrt": lambda a, n: sc.inverse_sqrt(a, timescale=n),
    "inverse_time": lambda a, r, n: sc.inverse_time(a, r + 1, every=n),
    "step_decay": lambda a, r: sc.step_decay(a, r, 3),
    "multistep": lambda a, r: sc.multistep(a, r, [3, 5]),
    "piecewise": lambda a, b: sc.piecewise([a, b], [5]),
    "interpolate": lambda a, b, n: sc.interpolate([(0, a), (n, b), (2 * n, a)]),
    "join": lambda a, b, n: sc.linear(a, b, n) >> sc.cosine(b, a, n),
    "wsd": lambda p, n, w, d: sc.wsd(p, 3 * n, warmup=w, cooldown=d, end=0.1),
    "cosine_warmup": lambda p, n, w: sc.cosine_warmup(p, 3 * n, warmup=w, start=0.2),
    "one_cycle": lambda p, n: sc.one_cycle(p, n, rise=0.4),
    "sgdr": lambda a, n, k: sc.sgdr(a, n / 4, 3, stretch=2.0, scale=k),
    "noam": lambda d, w: sc.noam(d + 64, w),
    "triangular2": lambda a, b, n: sc.triangular2(a, b, n / 4),
    "slanted_triangular": lambda p, n: sc.slanted_triangular(p, n, cut=0.2),
    "warmup": lambda p, n: sc.warmup(sc.cosine(p, 0.0, 30), n),
    "overlap": lambda p, n: sc.warmup(sc.cosine(p, 0.0, 30), n, overlap=True),
    "cycle": lambda a, n: sc.cycle(sc.linear(a, 0.0, n / 4)),
    "repeat": lambda a, n: sc.repeat(sc.linear(a, 0.0, n / 4), 3),
    "shift": lambda a, n: sc.shift(sc.cosine(a, 0.0, 30), n / 4),
    "stretch": lambda a, k: sc.stretch(sc.cosine(a, 0.0, 30), k + 1),
    "fit": lambda a, n: sc.fit(sc.cosine(a, 0.0, 30), n),
    "reverse": lambda a, n: sc.reverse(sc.cosine(a, 0.0, n)),
    "cooldown": lambda a, n: sc.cooldown(sc.cosine(a, 0.0, 30), n / 4, n),
    "retarget": lambda a, n: sc.retarget(sc.cosine(a, 0.0, 30), n / 4, 2 * n),
    "slice": lambda a, n: sc.cosine(a, 0.0, 30)[n / 4 : n],
    "operators": lambda a, n: 2 * sc.linear(a, 0.5, n) ** 2 + 1 / (1 + sc.cosine(a, 0.0, n)) - a,
}
ARGUMENTS = {"n": 11.0, "w": 2.5, "d": 5.5, "k": 1.5, "r": 0.25}

makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def arguments(make):
    """Numbers for the arguments of a maker, by their names."""
    defaults = {"a": 0.75, "b": 0.3, "v": 0.5, "p": 0.9, "start": 0.75, "end": 0.3, "steps": 11.0}
    names = [p.name for p in inspect.signature(make).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    return [(defaults | ARGUMENTS)[name] for name in names]


def slopes(make, numbers):
    """The partial derivatives by central differences, of the scalar evaluator."""
    found = []
    for place, number in enumerate(numbers):
        up, down = ([*numbers[:place], number + e, *numbers[place + 1 :]] for e in (1e-6, -1e-6))
        found.append((make(*up)(STEP) - make(*down)(STEP)) / 2e-6)
    return found


@makers
def test_gradients_in_jax(make):
    numbers = arguments(make)
    with jax.enable_x64(True):
        places = tuple(range(len(numbers)))
        value, gradient = jax.value_and_grad(lambda *args: make(*args)(STEP), argnums=places)(*numbers)
    np.testing.assert_allclose(float(value), make(*numbers)(STEP), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.asarray(gradient), slopes(make, numbers), rtol=1e-5, atol=1e-8)
    assert np.any(np.asarray(gradient))


@makers
def test_traced_numbers_under_jit(make):
    numbers, steps = arguments(make), np.arange(40)
    with jax.enable_x64(True):
        found = jax.jit(lambda t, args: make(*args)(t))(jnp.asarray(steps), tuple(map(jnp.asarray, numbers)))
    scale = np.abs(make(*numbers)(steps)).max()
    np.testing.assert_allclose(found, make(*numbers)(steps), rtol=0, atol=1e-12 * scale)


@makers
def test_gradients_in_torch(make):
    numbers = arguments(make)
    leaves = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    value = make(*leaves)(STEP)
    value.backward()
    np.testing.assert_allclose(value.item(), make(*numbers)(STEP), rtol=1e-12, atol=1e-14)
    found = [0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves]
    np.testing.assert_allclose(found, slopes(make, numbers), rtol=1e-5, atol=1e-8)


@makers
def test_gradients_with_respect_to_time(make):
    numbers = arguments(make)
    s = make(*numbers)
    with jax.enable_x64(True):
        found = float(jax.grad(s)(STEP))
        mapped = jax.vmap(jax.grad(s))(jnp.asarray([STEP, STEP + 0.1]))
    assert found == pytest.approx((s(STEP + 1e-6) - s(STEP - 1e-6)) / 2e-6, rel=1e-5, abs=1e-8)
    assert mapped[0] == pytest.approx(found, rel=1e-12)


def test_gradients_are_finite_at_every_end():
    """A part is never asked for a time that it was not built for, so no hidden NaN spoils a gradient."""
    s = sc.polynomial(1.0, 0.0, 10, power=0.5) >> sc.one_minus_sqrt(0.0, 1.0, 10) >> sc.inverse_sqrt(1.0, timescale=5)
    with jax.enable_x64(True):
        slopes_ = jax.vmap(jax.grad(s))(jnp.asarray([1.0, 5.0, 9.0, 10.5, 15.0, 20.5, 100.0]))
    assert np.all(np.isfinite(slopes_))


def test_several_hyperparameters_at_once():
    peaks = jnp.asarray([0.1, 0.2, 0.3])
    curves = jax.vmap(lambda peak: sc.cosine_warmup(peak, 100, warmup=10)(jnp.arange(100)))(peaks)
    for peak, curve in zip(peaks.tolist(), curves, strict=True):
        np.testing.assert_allclose(curve, sc.cosine_warmup(peak, 100, warmup=10).values(), rtol=1e-6, atol=1e-8)
