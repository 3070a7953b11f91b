"""`Plateau` at its edges, against PyTorch's ``ReduceLROnPlateau`` live: numbers that floats hold exactly."""

import dataclasses
import inspect
import itertools
import math

import pytest
import torch

from schedules import Plateau

OPTIONS = {
    "mode": ["min", "max"],
    "factor": [0.5],
    "patience": [0, 1],
    "threshold": [0.0, 0.25],
    "threshold_mode": ["rel", "abs"],
    "cooldown": [0, 2],
    "min_lr": [0.0, 0.25, 0.5],
    "eps": [0.0, 0.25, 0.5],
}
METRICS = [0.5, 0.75, 1.0, 1.25, 2.0, math.nan]


@pytest.mark.parametrize("mode", OPTIONS["mode"])
@pytest.mark.parametrize("threshold_mode", OPTIONS["threshold_mode"])
def test_edges_are_those_of_pytorch(mode, threshold_mode):
    """Metrics exactly at the threshold, drops exactly of eps, floors exactly reached."""
    choices = OPTIONS | {"mode": [mode], "threshold_mode": [threshold_mode]}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    for chosen in itertools.product(*choices.values()):
        options = dict(zip(choices, chosen, strict=True))
        plateau = Plateau(**options)
        for metrics in itertools.product(METRICS, METRICS, [0.75, 1.0], [1.0]):
            optimizer.param_groups[0]["lr"] = 1.0
            theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
            state = plateau.init()
            for metric in metrics:
                theirs.step(metric)
                state = plateau.update(state, metric)
                found = plateau.apply(1.0, state), state.best, state.bad, state.rest
                expected = optimizer.param_groups[0]["lr"], theirs.best, theirs.num_bad_epochs, theirs.cooldown_counter
                assert found == expected, (options, metrics)


def test_a_metric_at_the_threshold_is_no_improvement():
    for mode, sign in (("min", -1), ("max", 1)):
        plateau = Plateau(mode=mode, threshold=0.25, threshold_mode="abs", patience=5)
        state = plateau.update(plateau.init(), 1.0)
        assert plateau.update(state, 1.0 + sign * 0.25).bad == 1
        assert plateau.update(state, math.nextafter(1.0 + sign * 0.25, sign * math.inf)).bad == 0


def test_a_drop_of_eps_is_not_made():
    plateau = Plateau(factor=0.5, patience=0, eps=0.5)
    bad = plateau.update(plateau.update(plateau.init(), 1.0), 1.0)
    assert (bad.scale, bad.bad) == (1.0, 0)
    assert plateau.update(plateau.update(plateau.init(), 1.0), 1.0, lr=1.0 + 2**-40).scale == 0.5


def test_defaults_are_those_of_pytorch():
    theirs = inspect.signature(torch.optim.lr_scheduler.ReduceLROnPlateau).parameters
    assert dataclasses.asdict(Plateau()) == {name: theirs[name].default for name in dataclasses.asdict(Plateau())}


def test_a_plateau_is_frozen_and_has_no_order_of_arguments():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Plateau().patience = 3
    with pytest.raises(TypeError):
        Plateau("max")
