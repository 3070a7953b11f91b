"""Engines that people use, on real trainings: Optuna with two processes and a kill, Ray with two workers, a vmap."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from search.trainings import CONFIG, STEPS, space_of, trained

import schedules as sc
from schedules import parse
from schedules.adapters.jax import stack
from schedules.search import Space

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(scope="module")
def dense():
    """The best of a dense grid of real trainings."""
    return min(map(trained, space_of(CONFIG).grid(25)))


def test_optuna_finds_a_schedule_as_good_as_the_best_of_a_dense_grid(dense):
    space = space_of(CONFIG)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: trained(space.suggest(trial)), n_trials=60)
    assert study.best_value < 1.05 * dense
    best = parse(study.best_trial.user_attrs["schedule"])
    assert trained(best) == study.best_value
    assert space.contains(best)
    assert space.fill(study.best_params) == best


WORKER = """
import sys, time
import optuna
from search.trainings import space_of, trained
config, storage = sys.argv[1:]
space = space_of(config)
lock = optuna.storages.journal.JournalFileSymlinkLock(storage, grace_period=5)
backend = optuna.storages.journal.JournalFileBackend(storage, lock)
study = optuna.create_study(study_name="s", storage=optuna.storages.JournalStorage(backend), load_if_exists=True)
def objective(trial):
    loss = trained(space.suggest(trial))
    time.sleep(0.05)
    return loss
study.optimize(objective, n_trials=1_000)
"""


def start(storage):
    """A process that takes part in the study until it is killed."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", WORKER, CONFIG, str(storage)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 -- our own code


def resumed(storage):
    """The study, from what is stored."""
    lock = optuna.storages.journal.JournalFileSymlinkLock(
        str(storage), grace_period=5
    )  # one that is killed may hold it
    backend = optuna.storages.journal.JournalFileBackend(str(storage), lock)
    return optuna.load_study(study_name="s", storage=optuna.storages.JournalStorage(backend))


def finished(study):
    """The trials of the study that are complete."""
    return {t.number: (t.value, t.user_attrs["schedule"]) for t in study.trials if t.value is not None}


def test_a_study_of_two_processes_goes_on_after_a_kill(tmp_path):
    storage = tmp_path / "study.log"
    workers = [start(storage) for _ in range(2)]
    while not storage.exists() or storage.read_text().count('"schedule"') < 6:
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.05)
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    study = resumed(storage)
    before = finished(study)
    assert len(before) >= 2
    study.optimize(lambda trial: trained(space_of(CONFIG).suggest(trial)), n_trials=5)
    after = finished(resumed(storage))
    assert before.items() <= after.items()  # no finished trial is lost
    assert len(after) == len(before) + 5
    for value, text in after.values():
        assert trained(parse(text)) == value


def test_a_thousand_trainings_under_one_vmap():
    """The schedules of one form in one program, over whatever devices there are."""
    space = Space("wsd(loguniform(0.01, 1.5), 300, warmup=0, cooldown=randint(30, 300))")
    found = [space.sample(seed) for seed in range(1_000)]
    batch = stack(found)
    curvatures = jnp.geomspace(1.0, 0.01, 20)
    noise = 0.3 * jax.random.normal(jax.random.key(0), (STEPS, 20))

    def last_loss(s):
        def update(x, step):
            return x - s(step) * (curvatures * x + noise[step]), None

        x, _ = jax.lax.scan(update, jnp.ones(20), jnp.arange(STEPS))
        return jnp.sum(curvatures * x**2) / 2

    mesh = jax.sharding.Mesh(jax.devices(), ("runs",))
    spread = jax.device_put(batch, jax.NamedSharding(mesh, jax.P("runs")))
    losses = jax.jit(jax.vmap(last_loss))(spread)
    assert losses.shape == (1_000,)
    for place in (0, int(jnp.argmin(losses)), 999):
        assert losses[place] == pytest.approx(float(last_loss(found[place])), rel=1e-4)
    assert float(losses.min()) < float(last_loss(sc.constant(0.1, steps=STEPS)))


def test_ray_tune_with_two_workers(dense, tmp_path):
    """Both workers train, and each trial's schedule is read from the text and the draws of its config."""
    ray = pytest.importorskip("ray")
    from ray import tune

    here = str(Path(__file__).parent.parent)
    space = space_of(CONFIG)
    met = tmp_path / "met"
    met.mkdir()

    def trainable(config):
        (met / str(os.getpid())).touch()
        deadline = time.monotonic() + 120
        while len(list(met.iterdir())) < 2 and time.monotonic() < deadline:  # or one worker may run all the trials
            time.sleep(0.05)
        s = space_of(config["config"]).fill(config)
        return {"loss": trained(s), "schedule": repr(s), "pid": os.getpid()}

    environment = {"env_vars": {"PYTHONPATH": here}}
    ray.init(num_cpus=2, include_dashboard=False, runtime_env=environment, log_to_driver=False)
    try:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space={"config": CONFIG, **space.ray()},
            tune_config=tune.TuneConfig(
                num_samples=12,
                max_concurrent_trials=2,
                metric="loss",
                mode="min",
                reuse_actors=True,
                search_alg=tune.search.BasicVariantGenerator(random_state=0),
            ),
            run_config=tune.RunConfig(storage_path=str(tmp_path / "runs"), verbose=0),
        )
        results = tuner.fit()
    finally:
        ray.shutdown()
    assert not results.errors
    assert len({result.metrics["pid"] for result in results}) == 2
    for result in results:
        s = parse(result.metrics["schedule"])
        assert space.contains(s)
        assert s == space.fill(result.config)
    best = results.get_best_result()
    assert trained(parse(best.metrics["schedule"])) == best.metrics["loss"]
    assert best.metrics["loss"] < 1.5 * dense
