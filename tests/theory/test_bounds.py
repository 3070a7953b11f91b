"""The bound of the last iterate, against the formula computed as it is written."""

import math

import numpy as np
import pytest

import schedules as sc
from schedules import ScheduleError
from schedules.theory import best_scale, bound_along, last_iterate_bound, transfer

T = 10_000
SHAPES = {
    "linear": sc.linear(1.0, 0.0, 400),
    "cosine": sc.cosine(0.3, 0.0, 400),
    "warmup": sc.cosine_warmup(0.3, 400, warmup=40),
    "wsd": sc.wsd(2.0, 400, warmup=0, cooldown=80, shape=sc.one_minus_sqrt),
    "constant": sc.constant(0.01, steps=400),
    "restarts": sc.sgdr(1.0, 100, 4),
    "zeros": sc.linear(0.0, 1.0, 50)
    >> sc.constant(0.0, steps=50)
    >> sc.linear(1.0, 0.0, 100)
    >> sc.constant(0, steps=9),
}


def written(eta, norms, distance):
    """The formula, in O(T**2) and exact sums; an update of rate 0 is left out, as it is no update."""
    eta, norms = zip(*((e, g) for e, g in zip(eta, norms, strict=True) if e > 0), strict=True)
    squares = [(e * g) ** 2 for e, g in zip(eta, norms, strict=True)]
    whole = math.fsum(eta)
    inner = (
        eta[k] / math.fsum(eta[k + 1 :]) * (math.fsum(squares[k:]) / math.fsum(eta[k:])) for k in range(len(eta) - 1)
    )
    return distance**2 / (2 * whole) + math.fsum(squares) / (2 * whole) + math.fsum(inner) / 2


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("given", [False, True])
def test_the_bound_is_the_formula(name, given):
    s = SHAPES[name]
    eta = s.values().tolist()
    norms = np.random.default_rng(0).uniform(0.1, 3.0, len(eta)).tolist() if given else [1.7] * len(eta)
    found = last_iterate_bound(s, distance=2.5, gradients=norms if given else 1.7)
    assert found == pytest.approx(written(eta, norms, 2.5), rel=1e-12)


@pytest.mark.parametrize(
    ("s", "known"),
    [
        (sc.cosine(1.0, 0.0, T), 1.030),
        (sc.wsd(1.0, T, warmup=0, cooldown=2_000, shape=sc.one_minus_sqrt), 1.063),
        (sc.wsd(1.0, T, warmup=0, cooldown=2_000), 1.080),
        (sc.cosine(1.0, 0.1, T), 1.107),
        (sc.constant(1.0, steps=T), 1.642),
    ],
)
def test_known_values_relative_to_linear_decay(s, known):
    assert best_scale(s).bound / best_scale(sc.linear(1.0, 0.0, T)).bound == pytest.approx(known, abs=5e-4)


@pytest.mark.parametrize("name", SHAPES)
def test_the_best_scale_is_the_best(name):
    s, given = SHAPES[name], {"distance": 3.0, "gradients": 0.5}
    scale, bound = best_scale(s, **given)
    assert last_iterate_bound(scale * s, **given) == pytest.approx(bound, rel=1e-12)
    assert min(last_iterate_bound(f * scale * s, **given) for f in (0.9, 1.1)) > bound
    assert best_scale(7 * s, **given) == pytest.approx((scale / 7, bound))


def test_four_times_the_horizon_halves_the_best_peak():
    for make in (lambda n: sc.cosine(1.0, 0.0, n), lambda n: sc.wsd(1e-3, n, warmup=0, cooldown=n // 5)):
        assert transfer(make(T), make(4 * T)) == pytest.approx(0.5, rel=1e-3)
    assert transfer(sc.linear(1.0, 0.0, T), sc.linear(5.0, 0.0, T)) == pytest.approx(1.0)


def test_along_a_training_the_bound_is_that_of_what_has_been():
    s = sc.cosine(0.1, 0.0, 100)
    found = bound_along(s, [1, 50, 100])
    assert found == pytest.approx([last_iterate_bound(s, n) for n in (1, 50, 100)])


def test_the_bound_holds_for_real_subgradient_descent():
    """``f(x) = |x|`` from 1: gradients of norm 1, at distance 1."""
    for s in SHAPES.values():
        x = 1.0
        for rate in s.values().tolist():
            x -= rate * math.copysign(1.0, x)
        assert abs(x) <= last_iterate_bound(s)


@pytest.mark.parametrize(
    ("s", "words"),
    [
        (sc.linear(1.0, -1.0, 10), "finite number >= 0"),
        (sc.constant(0.0, steps=10), "all its values are 0"),
        (sc.constant(1.0), "it has no updates"),
        ([[1.0]], "a list of numbers"),
        (sc.cycle(sc.linear(1.0, 0.0, 5)), "endless"),
    ],
)
def test_what_is_no_learning_rate_is_an_error(s, words):
    with pytest.raises(ScheduleError, match=words):
        last_iterate_bound(s)


def test_gradients_are_one_for_each_update():
    with pytest.raises(ScheduleError, match="gradients of length 3: there are 4 updates"):
        last_iterate_bound(sc.linear(1.0, 0.0, 4), gradients=[1.0, 1.0, 1.0])
