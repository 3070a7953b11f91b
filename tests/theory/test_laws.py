"""The Multi-Power Law: its formula, the constants that a fit finds again, and the schedules that its gradient finds."""

import tracemalloc

import numpy as np
import pytest

import schedules as sc
from schedules import ScheduleError, parse
from schedules.theory import LAWS, MultiPowerLaw

PEAK = 3e-4


def written(law, eta, t, warmup=0):
    """The formula, sum by sum: the loss after update t, where the first after the warm-up is number 0 of the law."""
    lost = 0.0
    for k in range(warmup + 1, t + 1):
        since = sum(eta[k : t + 1])
        lost += (eta[k - 1] - eta[k]) * (1 - (law.C * eta[k] ** -law.gamma * since + 1) ** -law.beta)
    return law.L0 + law.A * sum(eta[: t + 1]) ** -law.alpha - law.B * lost


@pytest.mark.parametrize("size", LAWS)
@pytest.mark.parametrize("warmup", [0, 20])
def test_the_prediction_is_the_formula(size, warmup):
    s = sc.linear(PEAK / 9, PEAK, 20) >> sc.constant(PEAK, steps=30) >> sc.cosine(PEAK, 1e-5, 100)
    at = [20, 49, 90, 149]
    found = LAWS[size].predict(s, at, warmup=warmup)
    assert found == pytest.approx([written(LAWS[size], s.values().tolist(), t, warmup) for t in at], rel=1e-12)
    assert LAWS[size].predict(s, 149, warmup=warmup) == found[-1]


@pytest.mark.parametrize("beta", [0.0, 0.6, 20.0])
@pytest.mark.parametrize("gamma", [0.0, 0.6])
def test_long_schedules_are_predicted_by_the_same_formula(beta, gamma):
    """Changes that are long past, in blocks, against a sum over all of them."""
    law = MultiPowerLaw(L0=2.0, A=0.6, alpha=0.4, B=500.0, C=2.0, beta=beta, gamma=gamma)
    noise = np.random.default_rng(0).uniform(0.5, 1.0, 100_000)
    eta = sc.cosine(PEAK, 0.0, 100_000).values() * np.where(np.arange(100_000) < 90_000, 1.0, noise)
    at = [99_999, 10, 60_000, 2_500, 95_000]
    area = np.cumsum(eta)
    lost = [
        np.sum(-np.diff(eta[: t + 1]) * (1 - (law.C * eta[1 : t + 1] ** -gamma * (area[t] - area[:t]) + 1) ** -beta))
        for t in at
    ]
    assert law.predict(eta, at) == pytest.approx(
        law.L0 + law.A * area[at] ** -law.alpha - law.B * np.array(lost), rel=1e-12
    )


@pytest.mark.parametrize("s", [sc.cosine(PEAK, 0.0, 20_000), sc.step_decay(PEAK, 0.99, 100)[:20_000]], ids=repr)
def test_every_update_of_a_long_schedule_is_predicted_in_little_memory(s):
    at = np.arange(20_000)
    tracemalloc.start()
    try:
        losses = LAWS["100M"].predict(s, at)
        assert tracemalloc.get_traced_memory()[1] < 400 * at.nbytes
    finally:
        tracemalloc.stop()
    for t in (100, 10_000, 19_999):
        assert losses[t] == pytest.approx(LAWS["100M"].predict(s, t), rel=1e-12)


def test_a_schedule_may_end_at_zero_and_may_be_an_array():
    law = LAWS["100M"]
    s = sc.linear(PEAK, 0.0, 100) >> sc.constant(0.0, steps=2)
    assert np.isfinite(law.predict(s, 101))
    assert law.predict(s.values(), [[50], [101]]).tolist() == law.predict(s, [[50], [101]]).tolist()
    assert law.predict(sc.linear(0.0, PEAK, 10), 0) == np.inf
    still = MultiPowerLaw(L0=2.0, A=0.5, alpha=0.5, B=400.0, C=0.0, beta=0.6, gamma=0.6)  # no decay does anything
    assert still.predict(s, 101) == pytest.approx(2.0 + 0.5 * s.values().sum() ** -0.5)


@pytest.mark.parametrize(
    ("at", "words"),
    [(2.5, "whole numbers"), ([3], "after the warm-up"), ([50], "only 50 values"), ([], "whole numbers")],
)
def test_only_updates_that_there_are(at, words):
    with pytest.raises(ScheduleError, match=words):
        LAWS["25M"].predict(sc.linear(PEAK, 0.0, 50).values(), at, warmup=5)


def test_a_constant_is_finite_and_positive():
    with pytest.raises(ScheduleError, match="MultiPowerLaw: beta=-1"):
        MultiPowerLaw(L0=1, A=1, alpha=1, B=1, C=1, beta=-1, gamma=1)


def test_a_fit_finds_the_constants_again_from_noisy_curves():
    """Two drops, looked at closely, and a decay: losses with an error of 1e-4, as means over a validation set have."""
    law, steps = LAWS["100M"], 4_000
    runs = [
        sc.constant(PEAK, steps=1_500) >> sc.constant(0.03 * PEAK, steps=steps - 1_500),
        sc.constant(PEAK, steps=2_000) >> sc.constant(0.3 * PEAK, steps=steps - 2_000),
        sc.cosine(PEAK, 0.0, steps),
    ]
    at = np.unique(np.concatenate([np.arange(20, steps, 20), 1_500 + np.arange(150), 2_000 + np.arange(150)]))
    rng = np.random.default_rng(0)
    noisy = [law.predict(s, at) * (1 + 1e-4 * rng.standard_normal(len(at))) for s in runs]
    found = MultiPowerLaw.fit(
        (s, dict(zip(at.tolist(), losses, strict=True))) for s, losses in zip(runs, noisy, strict=True)
    )
    for name, value in vars(law).items():
        assert getattr(found, name) == pytest.approx(value, rel=0.05), name
    unseen = sc.wsd(PEAK, steps, warmup=0, cooldown=800)
    assert found.predict(unseen, steps - 1) == pytest.approx(law.predict(unseen, steps - 1), rel=1e-4)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "seven constants need more losses"),
        ([(sc.linear(PEAK, 0.0, 50), {5: 3.0})], "seven constants need more losses"),
        ([(sc.linear(PEAK, 0.0, 50).values(), {60: 3.0})], "has 50 updates and a loss after update 60"),
        ([(sc.linear(PEAK, 0.0, 50), [3.0, -1.0])], "finite numbers > 0"),
    ],
)
def test_a_fit_needs_losses(runs, words):
    with pytest.raises(ScheduleError, match=words):
        MultiPowerLaw.fit(runs)


def test_a_better_schedule_beats_cosine_and_wsd_of_its_length_and_peak():
    law, steps, ramp = LAWS["400M"], 1_500, sc.linear(0.0, PEAK, 100)
    s = ramp >> sc.interpolate([*((k, PEAK * (1 - k / 1_500)) for k in (0, 1_000, 1_200)), (steps - 100, 1e-6)])
    found = law.improve(s, warmup=100)

    def final(schedule):
        return law.predict(schedule, steps - 1, warmup=100)

    others = [s, sc.cosine_warmup(PEAK, steps, warmup=100)]
    others += [sc.wsd(PEAK, steps, warmup=100, cooldown=n) for n in (150, 300, 600)]
    assert final(found) < min(map(final, others))
    assert found.steps == steps
    assert max(found.values()) <= PEAK * (1 + 1e-12)
    assert found.values(100) == pytest.approx(s.values(100))
    assert parse(repr(found)) == found


def test_step_counts_move_too_and_the_total_stays():
    s = sc.wsd(PEAK, 2_000, warmup=0, cooldown=1_800)
    found = LAWS["400M"].improve(s)
    assert found.arguments["steps"] == 2_000
    assert found.arguments["peak"] == PEAK
    assert isinstance(found.arguments["cooldown"], int)
    assert found.arguments["cooldown"] < 1_000
    with pytest.raises(ScheduleError, match="no numbers to move"):
        LAWS["400M"].improve(sc.replay([PEAK, PEAK / 2]))
