"""MLX: a schedule is the learning rate of its optimizers as it is, compiled or not."""

import numpy as np
import pytest
from agreement import ULPS, WHOLE, check_array
from zoo import ZOO

import schedules as sc

mx, optimizers = pytest.importorskip("mlx.core"), pytest.importorskip("mlx.optimizers")
STEPS = 66


def used(s, *, compiled):
    """The learning rates of AdamW in as many updates."""
    optimizer = optimizers.AdamW(learning_rate=s)
    weights = gradients = {"w": mx.ones((1,))}
    optimizer.init(weights)
    update = optimizer.apply_gradients
    if compiled:
        update = mx.compile(update, inputs=optimizer.state, outputs=optimizer.state)
    for _ in range(STEPS):
        weights = update(gradients, weights)
        mx.eval(weights, optimizer.state)
        yield optimizer.learning_rate.item()


@pytest.mark.parametrize("name", ZOO)
def test_every_schedule_is_a_learning_rate(name):
    s = ZOO[name](sc, 60)
    check_array(np.array(list(used(s, compiled=False))), s, range(STEPS), ULPS, 1e-9)
    values = s(mx.array(WHOLE))
    assert values.dtype == mx.float32
    check_array(np.array(values, float), s, WHOLE, ULPS, 1e-9)


@pytest.mark.parametrize("name", ["linear", "multistep", "triangular2"])
def test_compiled_updates_follow_it_too(name):
    """Few, since MLX calls a compiler for each form."""
    s = ZOO[name](sc, 60)
    check_array(np.array(list(used(s, compiled=True))), s, range(STEPS), ULPS, 1e-9)
