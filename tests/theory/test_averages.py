"""Shares of updates and weights of checkpoints, against optimizers that really run; and the next run's schedules."""

import math

import numpy as np
import pytest
import torch

import schedules as sc
from schedules import ScheduleError
from schedules.theory import merge_weights, refined, seesaw, timescale, update_shares


@pytest.mark.parametrize("decay", [0.1, sc.linear(0.3, 0.0, 60)])
def test_shares_are_what_adamw_makes_of_its_updates(decay):
    """The last weights of a real AdamW are the shares of the start and of each update ``-u / lambda``."""
    s, steps = sc.cosine_warmup(0.5, 60, warmup=10), 60
    weight = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    optimizer = torch.optim.AdamW([weight], lr=1.0)
    (group,) = optimizer.param_groups
    rng = np.random.default_rng(0)
    averaged = []
    for step in range(steps):
        group["lr"], group["weight_decay"] = s(step), decay if isinstance(decay, float) else decay(step)
        before = weight.item()
        weight.grad = torch.tensor([rng.standard_normal()], dtype=torch.float64)
        optimizer.step()
        mixed = group["lr"] * group["weight_decay"]
        averaged.append((weight.item() - (1 - mixed) * before) / mixed if mixed else 0.0)
    shares, start = update_shares(s, decay)
    assert shares.sum() + start == pytest.approx(1.0, abs=1e-14)
    assert shares @ np.array(averaged) + start * 3.0 == pytest.approx(weight.item(), rel=1e-10)


def test_the_timescale_is_that_of_the_average():
    assert timescale(sc.constant(1e-3, steps=5), 0.1) == pytest.approx([1e4] * 5)
    assert timescale(sc.linear(0.0, 1.0, 2), 0.5).tolist() == [math.inf, 4.0]
    with pytest.raises(ScheduleError, match="between 0 and 1"):
        update_shares(sc.constant(3.0, steps=5), 0.5)


@pytest.mark.parametrize("decay", [sc.linear(1.0, 0.0, 40), 1e-3 * sc.one_minus_sqrt(1.0, 0.1, 40)])
def test_merged_checkpoints_equal_the_decay(decay):
    """SGD with the gradients of a record: a constant rate and a merge, or a rate that decays."""
    gradients, rate = np.random.default_rng(1).standard_normal(40), 0.3
    checkpoints = np.concatenate([[5.0], 5.0 - rate * np.cumsum(gradients)])
    weights = merge_weights(decay, range(41))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= -1e-15).all()
    decayed = 5.0 - rate * np.sum(decay.values() / decay(0) * gradients)
    assert weights @ checkpoints == pytest.approx(decayed, rel=1e-12)


def test_few_checkpoints_share_the_mean_of_the_decay():
    assert merge_weights(sc.linear(1.0, 0.0, 4), [0, 2, 4]) == pytest.approx([0.125, 0.5, 0.375])
    assert merge_weights(sc.constant(1.0, steps=4), [0, 4]) == pytest.approx([0.0, 1.0])
    for checkpoints in ([1, 2], [0, 2, 2], [0], [0, 1.5]):
        with pytest.raises(ScheduleError, match="ascending whole numbers"):
            merge_weights(sc.linear(1.0, 0.0, 4), checkpoints)
    with pytest.raises(ScheduleError, match="this falls"):
        merge_weights(sc.linear(0.5, 1.0, 4), [0, 4])


def test_constant_gradients_refine_to_linear_decay():
    assert refined(np.full(101, 3.0)) == pytest.approx(np.linspace(1, 0, 101), abs=1e-12)


def test_refined_is_the_formula():
    norms = np.random.default_rng(2).uniform(0.5, 2.0, 50)
    weights = norms**-2
    written = np.array([w * weights[t + 1 :].sum() for t, w in enumerate(weights)])
    assert refined(norms) == pytest.approx(written / written.max(), rel=1e-12)
    with pytest.raises(ScheduleError, match="finite numbers > 0"):
        refined([1.0, 0.0])


@pytest.mark.parametrize(
    "s",
    [
        sc.cosine_warmup(1e-3, 10_000, warmup=1_000),
        sc.linear(0.4, 0.0, 2_048),
        sc.step_decay(1.0, 0.1, 500)[:2_000],
        sc.wsd(1.0, 4_000, warmup=0, cooldown=1_000, end=0.2),
        sc.exponential(1.0, 1e-3, 3_000),
        sc.constant(1.0, steps=10),
    ],
)
def test_seesaw_sees_the_same_data_at_the_noise_of_the_decay(s):
    rate, batch = seesaw(s, 64)
    assert rate.steps == batch.steps <= s.steps
    sizes, rates = batch.values(), rate.values()
    assert abs(sizes.sum() - 64 * s.steps) <= sizes[-1]  # rounded to whole updates
    top = int(s.values().argmax())
    assert rates[:top] == pytest.approx(s.values(top))
    assert (rates[top:] ** 2 * sizes[top:]) == pytest.approx(s.values().max() ** 2 * 64)  # what Adam's noise goes by
    doubled = np.flatnonzero(np.diff(sizes))
    assert np.log2(sizes[doubled + 1] / sizes[doubled]) % 1 == pytest.approx(0)


def test_seesaw_doubles_where_the_rate_halves():
    rate, batch = seesaw(sc.linear(1.0, 0.0, 1_000), 8)
    assert batch.values()[[499, 500, 624, 625]].tolist() == [8, 16, 16, 32]
    assert rate(500) == pytest.approx(math.sqrt(0.5))
