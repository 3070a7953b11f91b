"""The schedulers of Optax and PyTorch, run live beside the same thing said here; and updates counted by a loop."""

import itertools
import math
import warnings

import array_api_compat.torch  # noqa: F401 -- loads torch before JAX, which keeps their thread pools apart
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch.optim import lr_scheduler
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, SequentialSampler

import schedules as sc
from schedules import ScheduleError, constant, cosine, cycle, linear, warmup

# -- Optax, live ---------------------------------------------------------------------------------------

OPTAX = {
    "constant": (optax.constant_schedule(0.3), constant(0.3)),
    "linear": (optax.linear_schedule(0.3, 0.1, 100), linear(0.3, 0.1, 100)),
    "linear, later": (optax.linear_schedule(0.0, 0.3, 100, 40), sc.shift(linear(0.0, 0.3, 100), 40)),
    "polynomial": (optax.polynomial_schedule(0.3, 0.1, 2.5, 100), sc.polynomial(0.3, 0.1, 100, power=2.5)),
    "cosine": (optax.cosine_decay_schedule(0.3, 100), cosine(0.3, 0.0, 100)),
    "cosine with alpha": (optax.cosine_decay_schedule(0.3, 100, alpha=0.2), cosine(0.3, 0.06, 100)),
    "cosine with exponent": (
        optax.cosine_decay_schedule(0.3, 100, alpha=0.2, exponent=1.5),
        0.3 * (0.8 * cosine(1.0, 0.0, 100) ** 1.5 + 0.2),
    ),
    "exponential": (optax.exponential_decay(0.3, 20, 0.5), sc.exponential_decay(0.3, 0.5, every=20)),
    "exponential stairs": (optax.exponential_decay(0.3, 20, 0.5, staircase=True), sc.step_decay(0.3, 0.5, 20)),
    "exponential with end": (
        optax.exponential_decay(0.3, 20, 0.5, end_value=0.05),
        sc.maximum(sc.exponential_decay(0.3, 0.5, every=20), 0.05),
    ),
    "exponential, later": (
        optax.exponential_decay(0.3, 20, 0.5, transition_begin=40),
        sc.shift(sc.exponential_decay(0.3, 0.5, every=20), 40),
    ),
    "piecewise constant": (
        optax.piecewise_constant_schedule(0.3, {50: 0.5, 100: 0.1}),
        sc.piecewise([0.3, 0.15, 0.015], [50, 100]),
    ),
    "piecewise linear": (
        optax.piecewise_interpolate_schedule("linear", 0.3, {50: 0.5, 100: 2.0}),
        sc.interpolate([(0, 0.3), (50, 0.15), (100, 0.3)]),
    ),
    "piecewise cosine": (
        optax.piecewise_interpolate_schedule("cosine", 0.3, {50: 0.5, 100: 2.0}),
        cosine(0.3, 0.15, 50) >> cosine(0.15, 0.3, 50),
    ),
    "warmup, constant": (optax.warmup_constant_schedule(0.0, 0.3, 40), linear(0.0, 0.3, 40) >> 0.3),
    "warmup, cosine": (
        optax.warmup_cosine_decay_schedule(0.01, 0.3, 40, 200, 0.03),
        sc.cosine_warmup(0.3, 200, warmup=40, start=0.01, end=0.03),
    ),
    "warmup, exponential": (
        optax.warmup_exponential_decay_schedule(0.0, 0.3, 40, 20, 0.5),
        warmup(sc.exponential_decay(0.3, 0.5, every=20), 40),
    ),
    "one cycle": (
        optax.cosine_onecycle_schedule(200, 0.3, pct_start=0.25, div_factor=10.0, final_div_factor=100.0),
        sc.one_cycle(0.3, 200, rise=0.25, div=10.0, final_div=100.0),
    ),
    "sgdr": (
        optax.sgdr_schedule([
            {"init_value": 0.0, "peak_value": 0.3, "decay_steps": 100, "warmup_steps": 20, "end_value": 0.1},
            {"init_value": 0.1, "peak_value": 0.2, "decay_steps": 90, "warmup_steps": 10, "end_value": 0.0},
        ]),
        sc.cosine_warmup(0.3, 100, warmup=20, end=0.1) >> sc.cosine_warmup(0.2, 90, warmup=10, start=0.1),
    ),
    "join": (
        optax.join_schedules([optax.linear_schedule(0.0, 0.3, 50), optax.cosine_decay_schedule(0.3, 80)], [50]),
        linear(0.0, 0.3, 50) >> cosine(0.3, 0.0, 80),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), OPTAX.values(), ids=OPTAX)
def test_optax(theirs, ours):
    steps = jnp.arange(300)
    golden = jax.vmap(theirs)(steps)  # not all of theirs take more than one step at once
    np.testing.assert_allclose(ours(steps), golden, rtol=0, atol=3e-7)
    np.testing.assert_allclose(ours.values(300), golden, rtol=0, atol=3e-7)
    assert ours(150) == pytest.approx(float(theirs(150)), abs=3e-7)


# -- PyTorch, live -------------------------------------------------------------------------------------

BASE = 0.3


def rates(make, steps, base=BASE):
    """The learning rates that an optimizer of PyTorch is given in each of its updates."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR uses a part of PyTorch that PyTorch deprecates
        scheduler = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return found


def torch_cycle(mode, **options):
    """A CyclicLR without its cycling of the momentum."""
    return lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.3, mode=mode, cycle_momentum=False, **options)


def torch_one_cycle(steps, pct, **options):
    """A OneCycleLR of so many steps, and ours: PyTorch counts its phases to their last steps, not to their ends."""
    rise = (pct * steps - 1) / (steps - 1)
    ours = sc.one_cycle(
        0.3, steps - 1, rise=rise, div=10.0, final_div=100.0,
        shape=linear if "anneal_strategy" in options else cosine, three_phase="three_phase" in options,
    )  # fmt: skip
    options |= {"pct_start": pct, "div_factor": 10.0, "final_div_factor": 100.0, "cycle_momentum": False}
    return lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=steps, **options), ours, steps


TORCH = {
    "StepLR": (lambda o: lr_scheduler.StepLR(o, 30, 0.5), sc.step_decay(BASE, 0.5, 30), 300),
    "MultiStepLR": (
        lambda o: lr_scheduler.MultiStepLR(o, [50, 50, 90], 0.5), sc.multistep(BASE, 0.5, [50, 50, 90]), 300,
    ),
    "ConstantLR": (lambda o: lr_scheduler.ConstantLR(o, 0.25, 40), constant(BASE / 4, steps=40) >> BASE, 300),
    "LinearLR": (lambda o: lr_scheduler.LinearLR(o, 0.25, 0.75, 100), linear(BASE / 4, BASE * 0.75, 100), 300),
    "ExponentialLR": (lambda o: lr_scheduler.ExponentialLR(o, 0.99), sc.exponential_decay(BASE, 0.99), 300),
    "PolynomialLR": (lambda o: lr_scheduler.PolynomialLR(o, 200, 2.5), sc.polynomial(BASE, 0.0, 200, power=2.5), 300),
    "CosineAnnealingLR": (lambda o: lr_scheduler.CosineAnnealingLR(o, 200, 0.01), cosine(BASE, 0.01, 200), 201),
    "warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 40, 1, 0.01), cycle(cosine(BASE, 0.01, 40)), 300,
    ),
    "longer warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 20, 2, 0.01),
        sc.sgdr(BASE, 20, 4, end=0.01, stretch=2.0), 300,
    ),
    "thrice longer warm restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10, 3),
        sc.repeat(cosine(BASE, 0.0, 10), math.inf, stretch=3.0), 300,
    ),
    "OneCycleLR, cos": torch_one_cycle(250, 0.3),
    "OneCycleLR, linear": torch_one_cycle(250, 0.3, anneal_strategy="linear"),
    "OneCycleLR, cos, three phases": torch_one_cycle(250, 0.3, three_phase=True),
    "OneCycleLR, linear, three phases": torch_one_cycle(250, 0.3, anneal_strategy="linear", three_phase=True),
    "OneCycleLR, phases that end between steps": torch_one_cycle(211, 0.37, three_phase=True),
    "CyclicLR, triangular": (torch_cycle("triangular", step_size_up=40), sc.triangular(0.1, 0.3, 40), 300),
    "CyclicLR, triangular2": (torch_cycle("triangular2", step_size_up=40), sc.triangular2(0.1, 0.3, 40), 300),
    "CyclicLR, exp_range": (
        torch_cycle("exp_range", step_size_up=40, gamma=0.99), sc.exp_range(0.1, 0.3, 40, rate=0.99), 300,
    ),
    "CyclicLR, uneven": (
        torch_cycle("triangular", step_size_up=40, step_size_down=60),
        cycle(linear(0.1, 0.3, 40) >> linear(0.3, 0.1, 60)), 300,
    ),
    "LambdaLR": (
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step) ** 0.5),
        BASE * sc.custom(lambda t: (1 + t) ** -0.5), 300,
    ),
    "LambdaLR, inverse time": (
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + 0.1 * step)), sc.inverse_time(BASE, 0.1), 300,
    ),
    "SequentialLR": (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.25, 1.0, 40), lr_scheduler.ExponentialLR(o, 0.99)], [40]),
        warmup(sc.exponential_decay(BASE, 0.99), 40, start=BASE / 4), 300,
    ),
    "ChainedScheduler": (
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.LinearLR(o, 0.25, 1.0, 40), lr_scheduler.ExponentialLR(o, 0.99)]),
        linear(0.25, 1.0, 40) * sc.exponential_decay(BASE, 0.99), 300,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "s", "steps"), TORCH.values(), ids=TORCH)
def test_torch(make, s, steps):
    golden = rates(make, steps)
    assert len(golden) >= 200
    np.testing.assert_allclose([s(t) for t in range(len(golden))], golden, rtol=0, atol=1e-9 * BASE)
    np.testing.assert_allclose(s.values(len(golden)), golden, rtol=0, atol=1e-9 * BASE)


def test_where_torch_climbs_back_this_holds():
    golden = rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 50, 0.0), 101)
    s = cosine(BASE, 0.0, 50)
    assert golden[100] == pytest.approx(BASE)
    assert s(100) == 0.0


# -- counting updates ----------------------------------------------------------------------------------


def simulated(samples, batch_size, *, epochs, accumulation, world_size, drop_last, shared):
    """The updates of one process, counted in a loop over the loader of PyTorch or Accelerate."""
    data, rank = range(samples), world_size - 1
    if shared == "samples":
        sampler = DistributedSampler(data, num_replicas=world_size, rank=rank, shuffle=False)
        loader = DataLoader(data, batch_size=batch_size, sampler=sampler, drop_last=drop_last, collate_fn=list)
    else:
        accelerate = pytest.importorskip("accelerate.data_loader", reason="the loader of Accelerate is not installed")
        loader = accelerate.BatchSamplerShard(
            BatchSampler(SequentialSampler(data), batch_size, drop_last), world_size, rank
        )
    updates = 0
    for _ in range(epochs):
        batches = list(loader)
        updates += sum(place % accumulation == 0 or place == len(batches) for place in range(1, len(batches) + 1))
    return updates


CHOICES = {
    "epochs": [1, 2],
    "accumulation": [1, 2, 3, 5],
    "world_size": [1, 2, 3],
    "drop_last": [False, True],
    "shared": ["samples", "batches"],
}


@pytest.mark.parametrize("samples", [1, 2, 7, 12, 13])
def test_total_updates_is_what_a_loop_counts(samples):
    for batch_size, *choice in itertools.product([1, 3, 4, 20], *CHOICES.values()):
        options = dict(zip(CHOICES, choice, strict=True))
        expected = simulated(samples, batch_size, **options)
        if expected == 0:
            with pytest.raises(ScheduleError, match=f"total_updates: drop_last=True: no batch of {batch_size} is full"):
                sc.total_updates(samples, batch_size, **options)
        else:
            found = sc.total_updates(samples, batch_size, **options)
            assert (type(found), found) == (int, expected), (batch_size, options)
