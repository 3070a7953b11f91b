"""`schedules.adapters.keras`: real training in processes of its own, on each backend; the rest in this one."""

import copy
import importlib.util
import json
import math
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from agreement import ULPS, WHOLE, check_array
from hypothesis import given
from strategies import terms

import schedules as sc
from schedules import Plateau, ScheduleError, named, parse
from schedules.adapters.keras import PlateauCallback, ScheduleLR

COSINE = sc.cosine_warmup(0.1, 18, warmup=4, end=1e-3)  # as in the worker
LINE = sc.linear(0.1, 0.0, 60)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras on PyTorch
tensorflow = pytest.mark.skipif(
    not importlib.util.find_spec("tensorflow"), reason="TensorFlow has no wheel for this machine"
)
WORKER = Path(__file__).parents[1] / "_worker_keras.py"


def worker(backend, task, path):
    """What a process says that trains on a backend."""
    command = [sys.executable, str(WORKER), task, str(path)]
    env = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603 -- our own
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=["jax", "torch", pytest.param("tensorflow", marks=tensorflow)])
def trained(request, tmp_path_factory):
    """The backend, and what two processes on it say: one that trains and saves, one that loads."""
    path = tmp_path_factory.mktemp(request.param) / "model.keras"
    return request.param, worker(request.param, "first", path), worker(request.param, "resume", path)


def rates(schedule, start, stop):
    return pytest.approx([schedule(t) for t in range(start, stop)], rel=1e-6, abs=1e-9)


# -- training --------------------------------------------------------------------------------------------


def test_each_step_uses_the_rate_of_its_number(trained):
    _, found, _ = trained
    assert found["first"]["rates"] == rates(COSINE, 0, 10)
    assert found["first"]["moves"] == pytest.approx(found["first"]["rates"], abs=1e-6)
    assert found["first"]["steps"] == 10


def test_the_clock_goes_on_in_the_next_fit(trained):
    _, found, _ = trained
    assert found["rest"]["rates"] == rates(COSINE, 10, 20)
    assert found["rest"]["moves"] == pytest.approx(found["rest"]["rates"], abs=1e-6)


def test_a_loaded_model_goes_on_with_the_same_rates(trained):
    _, found, loaded = trained
    assert loaded == found["rest"]


def test_accumulated_gradients_count_batches(trained):
    _, found, _ = trained
    updates = found["accumulated"]["moves"][1::2]
    assert updates == pytest.approx([COSINE(t) for t in range(5)], abs=1e-6)
    assert not any(found["accumulated"]["moves"][::2])


def test_a_compiled_step_computes_the_schedule_itself(trained):
    backend, found, _ = trained
    assert found["calls"] >= 10 if backend == "torch" else found["calls"] <= 4


def test_late_steps_are_exact(trained):
    _, found, _ = trained
    assert found["late"] == [np.float32((2**24 + 1) / 40_000_000)] * 2


def test_values_have_the_float_type_of_keras(trained):
    backend, found, _ = trained
    wide = "float32" if backend == "jax" else "float64"  # JAX has 64 bits where jax_enable_x64 is set
    for floatx, (kind, value) in found["types"].items():
        assert kind == (wide if floatx == "float64" else floatx)
        precision = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 1e-6, "float64": 1e-15}[kind]
        assert value == pytest.approx(COSINE(7), rel=precision)


@tensorflow
def test_tensorflow_reads_every_schedule(tmp_path):
    found = worker("tensorflow", "tensorflow", tmp_path)
    for text, values in found["found"]:  # eager; then by tf.function with steps of any number, and by XLA
        check_array(np.array(values), parse(text), WHOLE, ULPS, 1e-9)
    assert found["kinds"] == ["bfloat16", "float16", "float64", "float32", "float32"]
    assert found["shapes"] == [[], [0], [3, 4]]
    assert found["slope"] == pytest.approx((COSINE(7 + 1e-4) - COSINE(7 - 1e-4)) / 2e-4)
    assert found["replicas"] == 2
    expected = list(damped(6, Plateau(patience=0, factor=0.5, min_lr=0.02), [1.0, 0.5]))
    assert found["mirrored"]["rates"] == pytest.approx(expected, rel=1e-6)
    assert found["mirrored"]["steps"] == 30


# -- plateaus --------------------------------------------------------------------------------------------


def damped(epochs, plateau, metrics):
    """What the schedule and the plateau together give, five steps an epoch."""
    state = plateau.init()
    for epoch in range(epochs):
        yield from (plateau.apply(LINE(5 * epoch + t), state) for t in range(5))
        state = plateau.update(state, metrics[min(epoch, 1)], LINE(5 * epoch + 5))


def test_a_plateau_lowers_a_schedule(trained):
    _, found, _ = trained
    expected = list(damped(6, Plateau(patience=0, factor=0.5, min_lr=0.02), [1.0, 0.5]))
    assert found["plateau"]["rates"] == pytest.approx(expected, rel=1e-6)
    assert found["plateau"]["moves"] == pytest.approx(expected, abs=1e-6)
    assert found["damped"] == "maximum(0.25 * linear(0.1, 0.0, 60), 0.02)"


def test_half_precision_wraps_the_optimizer(trained):
    _, found, _ = trained
    assert found["wrapped"] == "LossScaleOptimizer"
    assert found["half"] == pytest.approx(list(damped(4, Plateau(patience=0, factor=0.5), [1.0, 0.5])), rel=1e-6)


def started(plateau=None, learning_rate=None, **options):
    """A callback before its first epoch, on a live model that has made a few steps."""
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    net.compile(keras.optimizers.SGD(ScheduleLR(COSINE) if learning_rate is None else learning_rate), loss="mse")
    callback = PlateauCallback(plateau or Plateau(), **options)
    net.optimizer.iterations.assign(4)
    callback.set_model(net)
    callback.on_train_begin()
    return callback


def test_a_plateau_changes_nothing_before_it_has_to():
    callback = started()
    rate = callback.model.optimizer._learning_rate
    callback.on_epoch_end(0, {"val_loss": 1.0})
    assert callback.model.optimizer._learning_rate is rate
    assert callback.model.train_function is None


def test_each_fit_begins_with_no_metric_remembered():
    callback = started(Plateau(patience=0, factor=0.5))
    for _ in range(2):
        for metric in (1.0, 2.0):
            callback.on_epoch_end(0, {"val_loss": metric})
        callback.on_train_begin()
    config = callback.model.optimizer.get_config()["learning_rate"]["config"]
    assert parse(config["schedule"])(4) == pytest.approx(0.25 * COSINE(4))


def test_other_monitors_and_what_keras_itself_refuses():
    callback = started(Plateau(patience=0, factor=0.5, mode="max"), monitor="val_accuracy")
    for metric in (0.5, 0.4):
        callback.on_epoch_end(0, {"val_accuracy": metric, "loss": 1.0})
    assert callback.state.scale == 0.5
    theirs = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=0)
    theirs.set_model(callback.model)
    theirs.on_train_begin()
    theirs.on_epoch_end(0, {"val_loss": 1.0})
    with pytest.raises(TypeError, match="learning rate is not settable"):
        theirs.on_epoch_end(1, {"val_loss": 1.0})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PlateauCallback(0.1), r"PlateauCallback: plateau=0.1: this is a schedules.Plateau"),
        (lambda: started(learning_rate=0.1), r"PlateauCallback: learning_rate=0.1.*: this is a ScheduleLR.*constant"),
        (
            lambda: started(learning_rate=keras.optimizers.schedules.CosineDecay(0.1, 9)),
            "PlateauCallback: learning_rate=.*CosineDecay.*: this is a ScheduleLR",
        ),
        (lambda: started(learning_rate=ScheduleLR(sc.custom(abs))), "there is no text of it to save"),
        (
            lambda: started().on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5}),
            r"PlateauCallback: monitor='val_loss': this epoch has \['accuracy', 'loss'\]",
        ),
        (lambda: started().on_epoch_end(0), r"PlateauCallback: monitor='val_loss': this epoch has \[\]"),
    ],
    ids=range(6),
)
def test_a_plateau_that_cannot_be_is_refused(make, message):
    with pytest.raises(ScheduleError, match=message):
        make()


# -- an object of Keras ------------------------------------------------------------------------------------


@given(terms)
def test_any_schedule_is_a_learning_rate(s):
    optimizer = keras.optimizers.SGD(ScheduleLR(s))
    for step in (0, 1, 7, 200):
        optimizer.iterations.assign(step)
        rate = optimizer.learning_rate
        assert keras.backend.standardize_dtype(rate.dtype) == "float32"
        assert rate.item() == np.float32(s(np.float32(step))) or rate.item() == pytest.approx(
            s(step), rel=1e-4, abs=1e-5
        )


@given(terms)
def test_the_text_comes_back(s):
    config = keras.optimizers.schedules.serialize(ScheduleLR(s))
    assert json.loads(json.dumps(config))["config"] == {"schedule": repr(s)}
    assert keras.optimizers.schedules.deserialize(config).schedule == s
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ScheduleLR(s))).schedule == s


def test_optimizers_are_rebuilt_from_their_configs():
    optimizer = keras.optimizers.AdamW(ScheduleLR(COSINE), weight_decay=0.1)
    again = keras.optimizers.AdamW.from_config(optimizer.get_config())
    assert repr(again._learning_rate) == f"ScheduleLR({COSINE})"
    assert again.weight_decay == 0.1


def test_weight_decay_follows_the_schedule():
    weight = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(ScheduleLR(COSINE), weight_decay=0.5)
    expected = 1.0
    for t in range(8):
        optimizer.apply([keras.ops.zeros(1)], [weight])
        expected *= 1 - 0.5 * COSINE(t)
    assert weight.value.tolist() == pytest.approx([expected], rel=1e-5)


def test_copies_and_pickles():
    lr = ScheduleLR(COSINE)
    for again in (copy.deepcopy(lr), pickle.loads(pickle.dumps(lr)), ScheduleLR.from_config(lr.get_config())):  # noqa: S301 -- our own bytes
        assert isinstance(again, keras.optimizers.schedules.LearningRateSchedule)
        assert again.schedule == COSINE
        assert repr(again) == f"ScheduleLR({COSINE})"


def test_arrays_of_steps_are_taken_too():
    found = ScheduleLR(COSINE)(keras.ops.arange(30))
    np.testing.assert_allclose(found.tolist(), COSINE(np.arange(30)), rtol=1e-6)


def test_a_python_function_trains_but_has_no_text(tmp_path):
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    net.compile(keras.optimizers.SGD(ScheduleLR(0.5 * sc.custom(lambda t: 0.1 / (1 + t)))), loss="mse")
    net.fit(np.ones((4, 1)), np.ones((4, 1)), batch_size=1, verbose=0)
    assert net.optimizer.learning_rate.item() == pytest.approx(0.01)
    with pytest.raises(ScheduleError, match=r"ScheduleLR: schedule=0.5 \* custom.*no text of it.*@schedules.named"):
        net.save(tmp_path / "model.keras")


@named
def hyperbola(start: sc.Value) -> sc.Schedule:
    """``s(t) = start / (1 + t)``, by a Python function."""
    return start * sc.custom(lambda t: 1 / (1 + t))


def test_the_remedy_is_one(tmp_path):
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    net.compile(keras.optimizers.SGD(ScheduleLR(hyperbola(0.1))), loss="mse")
    net.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert repr(again.optimizer._learning_rate) == "ScheduleLR(hyperbola(0.1))"


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(ScheduleError, match=r"parse: .*no schedule of this name"):
        ScheduleLR.from_config({"schedule": "hyperbole(0.1)"})


@pytest.mark.parametrize("value", [0.1, "cosine(0.1, 0.0, 9)", None, math.sin])
def test_only_schedules_are_wrapped(value):
    with pytest.raises(
        ScheduleError, match=f"ScheduleLR: schedule={re.escape(repr(value))}: this is a schedule.*parse"
    ):
        ScheduleLR(value)


def test_a_backend_without_the_array_api_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "openvino")
    with pytest.raises(ScheduleError, match=r"KERAS_BACKEND=openvino: .*one of tensorflow, jax, torch, numpy"):
        ScheduleLR(COSINE)


def test_a_bare_schedule_says_what_to_write():
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    with pytest.raises(ScheduleError, match=r"step=None: .*Keras .*write schedules.adapters.keras.ScheduleLR"):  # noqa: PT012 -- where Keras asks first is its own
        net.compile(keras.optimizers.AdamW(COSINE), loss="mse")
        net.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0)


# -- their words and ours ------------------------------------------------------------------------------

ROWS = [
    (
        "ExponentialDecay(0.1, 20, 0.9)",
        "exponential_decay(0.1, 0.9, every=20)",
    ),
    (
        "ExponentialDecay(0.1, 20, 0.9, staircase=True)",
        "step_decay(0.1, 0.9, 20)",
    ),
    (
        "PiecewiseConstantDecay([30, 80], [0.1, 0.01, 0.001])",
        "piecewise([0.1, 0.01, 0.001], [31, 81])",
    ),
    (
        "PolynomialDecay(0.1, 100, 0.0)",
        "linear(0.1, 0.0, 100)",
    ),
    (
        "PolynomialDecay(0.1, 100, 0.001, power=2.0)",
        "polynomial(0.1, 0.001, 100, power=2.0)",
    ),
    (
        "PolynomialDecay(0.1, 40, 0.0, cycle=True)",
        "0.1 * (1 - Time() / (40 * maximum(-(-Time() // 40), 1)))",
    ),
    (
        "InverseTimeDecay(0.1, 20, 0.5)",
        "inverse_time(0.1, 0.5, every=20)",
    ),
    (
        "InverseTimeDecay(0.1, 20, 0.5, staircase=True)",
        "every(inverse_time(0.1, 0.5), 20)",
    ),
    (
        "CosineDecay(0.1, 100, alpha=0.01)",
        "cosine(0.1, 0.001, 100)",
    ),
    (
        "CosineDecay(0.0, 90, warmup_target=0.1, warmup_steps=10)",
        "cosine_warmup(0.1, 100, warmup=10)",
    ),
    (
        "CosineDecayRestarts(0.1, 10, m_mul=0.8)",
        "repeat(cosine(0.1, 0.0, 10), inf, stretch=2, scale=0.8)",
    ),
    (
        "CosineDecayRestarts(0.1, 10, t_mul=1.0, alpha=0.1)",
        "0.01 + repeat(cosine(0.09, 0.0, 10), inf)",
    ),
    (
        "ReduceLROnPlateau(patience=5)",
        'PlateauCallback(Plateau(patience=4, threshold_mode="abs", eps=0.0))',
    ),
]
"""What they write, and what one writes here."""
PEERS = vars(keras.optimizers.schedules) | {"ReduceLROnPlateau": keras.callbacks.ReduceLROnPlateau}
STEPS = 130


def used(made):
    """The learning rate of an optimizer at each step; by a callback, one an epoch in which nothing gets better."""
    if isinstance(made, sc.Schedule):
        made = ScheduleLR(made)
    callback = made if isinstance(made, keras.callbacks.Callback) else None
    start = made if callback is None else ScheduleLR(sc.constant(0.1)) if isinstance(made, PlateauCallback) else 0.1
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    net.compile(keras.optimizers.SGD(start), loss="mse")
    if callback:
        callback.set_model(net)
        callback.on_train_begin()
    for step in range(STEPS):
        net.optimizer.iterations.assign(step)
        yield float(keras.ops.convert_to_tensor(net.optimizer.learning_rate))
        if callback:
            callback.on_epoch_end(step, {"val_loss": 1.0})


@pytest.mark.parametrize(("theirs", "expression"), ROWS, ids=lambda text: text[:40])
def test_their_words_and_ours(theirs, expression):
    live = eval(theirs, dict(PEERS))  # noqa: S307 -- our own table
    ours = eval(expression, vars(sc) | {"PlateauCallback": PlateauCallback, "inf": math.inf})  # noqa: S307 -- the same
    assert list(used(ours)) == pytest.approx(list(used(live)), rel=1e-5, abs=1e-8)


def test_there_is_a_row_for_every_schedule():
    kinds = {name for name, kind in PEERS.items() if isinstance(kind, type)} - {"LearningRateSchedule"}
    assert {theirs.partition("(")[0] for theirs, _ in ROWS} == kinds
