"""Sweeps that others run: Hydra with its Optuna sweeper, and what W&B takes for a sweep."""

import json
import os
import subprocess
import sys
from pathlib import Path

import peers
import pytest
from search.trainings import CONFIG, space_of

from schedules import parse
from schedules.search import Space

HYDRA = ("hydra-optuna-sweeper==1.4.0rc3", "hydra-core==1.4.0rc3", "omegaconf==2.4.1rc1")  # the first for Optuna 5
TEXT = """choice(
    cosine_warmup(loguniform(1e-5, 3e-3), 6_000, warmup=randint(10, 2_000), end=uniform(0, 1e-5)),
    wsd(loguniform(1e-5, 3e-3), 6_000, warmup=0, cooldown=100, shape=choice(linear, cosine, one_minus_sqrt)))"""


def test_a_multirun_of_hydra(pytestconfig, tmp_path):
    pytest.importorskip("optuna")
    folders = [*(peers.unpacked(pytestconfig, requirement) for requirement in HYDRA), Path(__file__).parent.parent]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, str(Path(__file__).with_name("_hydra_app.py")), "--multirun"]
    command += [f"hydra.sweep.dir={tmp_path}", "hydra.sweeper.sampler.seed=0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0, done.stderr
    found = [parse(line.removeprefix("trained: ")) for line in done.stdout.splitlines() if line.startswith("trained")]
    assert len(set(found)) == 4
    assert all(map(space_of(CONFIG).contains, found))
    assert "Best value" in done.stdout


def test_wandb_takes_the_parameters(pytestconfig):
    """By the schema of W&B's own controller of sweeps."""
    jsonschema = pytest.importorskip("jsonschema")
    folder = peers.unpacked(pytestconfig, "sweeps==0.3.0")
    schema = json.loads((folder / "sweeps" / "config" / "schema.json").read_text())
    sweep = {"method": "random", "metric": {"name": "loss", "goal": "minimize"}}
    space = Space(TEXT)
    parameters = space.wandb()
    assert len(parameters) == len(space.draws) == 6
    jsonschema.validate(sweep | {"parameters": parameters}, schema, jsonschema.Draft7Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(sweep | {"parameters": {"1.wsd.peak": {"values": [1]}}}, schema)
    values = {name: draw.at(0.5) for name, draw in zip(parameters, space.draws.values(), strict=True)}
    assert space.contains(space.fill(values))
