"""`schedules.dialects.keras` against the live schedules and the live callback of Keras."""

import contextlib
import inspect
import math
from fractions import Fraction
from types import SimpleNamespace
from unittest import mock

import keras
import numpy as np
import peers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.backend.common import dtypes

from schedules import Plateau, ScheduleError, parse
from schedules.adapters.keras import ScheduleLR
from schedules.dialects import keras as dialect

peer = keras.optimizers.schedules
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of Keras on PyTorch
    pytest.mark.filterwarnings("ignore:Unknown pytest.mark.requires:pytest.PytestUnknownMarkWarning"),  # in its tests
]

rates = st.sampled_from([1e-3, 0.1, 1.0, 0.0]) | st.floats(1e-5, 2.0)
ratios = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(0.0, 1.5)
counts = st.sampled_from([1, 2, 3]) | st.integers(1, 60)
lengths = counts | counts.map(lambda n: n / 4)  # quarters, of which every quotient is on the right side of its floor
maybe = st.booleans()


def options(needed, **optional):
    """The needed arguments and some of the others: what is left out keeps its default."""
    return st.fixed_dictionaries(needed, optional=optional)


def boundaries(count):
    steps = st.integers(0, 60) | st.integers(0, 240).map(lambda n: n / 4) | st.sampled_from([0, 1, 2, -1, -3])
    return st.lists(steps, min_size=count, max_size=count).map(sorted)


ARGUMENTS = {
    "ExponentialDecay": options(
        {"initial_learning_rate": rates, "decay_steps": lengths, "decay_rate": st.floats(0.3, 1.2)}
    )
    | options(
        {"initial_learning_rate": rates, "decay_steps": lengths, "decay_rate": st.sampled_from([0.0, 0.5, 1.0, 1.1])},
        staircase=maybe,
    )
    | st.fixed_dictionaries(
        {
            "initial_learning_rate": rates,
            "decay_steps": lengths,
            "decay_rate": st.floats(-1.0, 1.0),
            "staircase": st.just(True),
        }
    ),
    "PiecewiseConstantDecay": st.integers(1, 5).flatmap(
        lambda count: options(
            {"boundaries": boundaries(count), "values": st.lists(rates, min_size=count + 1, max_size=count + 1)}
        )
    ),
    "PolynomialDecay": options(
        {"initial_learning_rate": rates, "decay_steps": lengths},
        end_learning_rate=rates,
        power=st.sampled_from([0.0, 0.5, 1.0, 2.0]) | st.floats(0.1, 4.0),
        cycle=maybe,
    ),
    "InverseTimeDecay": options(
        {"initial_learning_rate": rates, "decay_steps": lengths, "decay_rate": ratios}, staircase=maybe
    ),
    "CosineDecay": options(
        {"initial_learning_rate": rates, "decay_steps": lengths},
        alpha=ratios,
        warmup_target=rates | st.none(),
        warmup_steps=st.just(0) | counts | lengths,
    ),
    "CosineDecayRestarts": options(
        {"initial_learning_rate": rates, "first_decay_steps": lengths},
        t_mul=st.sampled_from([1.0, 1, 2.0, 1.5, 3]) | st.floats(1.05, 4.0),
        m_mul=st.sampled_from([1.0, 0.5, 0.0]) | st.floats(0.0, 1.2),
        alpha=ratios,
    ),
}
calls = st.sampled_from(sorted(ARGUMENTS)).flatmap(lambda name: st.tuples(st.just(name), ARGUMENTS[name]))


@contextlib.contextmanager
def floats(kind):
    """Keras computing in this float type. Some of its operations round float64 to float32 by themselves: not here."""
    before, wide = keras.config.floatx(), contextlib.nullcontext()
    if keras.backend.backend() == "jax":
        import jax

        wide = jax.enable_x64(kind == "float64")
    keras.config.set_floatx(kind)
    with wide, mock.patch.dict(dtypes.BIT64_TO_BIT32_DTYPE, {kind: kind}):
        yield
    keras.config.set_floatx(before)


def single(arguments):
    """Whether the peer takes one step at a time."""
    return arguments.get("warmup_target") is not None or "boundaries" in arguments


def live(name, arguments, steps, kind="float64"):
    """What Keras gives."""
    with floats(kind):
        schedule = getattr(peer, name)(**arguments)
        found = [schedule(step) for step in steps] if single(arguments) else schedule(np.asarray(steps))
    types = {keras.backend.standardize_dtype(x.dtype) for x in found} if steps else {kind}
    assert types == {kind}
    return np.asarray([x.item() for x in found] if single(arguments) else found.tolist())


def knots(arguments):
    """Where something may change, as fractions: ends, boundaries, rounds."""
    length = Fraction(arguments.get("decay_steps", arguments.get("first_decay_steps", 1)))
    warmup = Fraction(arguments.get("warmup_steps", 0))
    yield from (Fraction(0), warmup, length, warmup + length)
    yield from map(Fraction, arguments.get("boundaries", ()))
    if "first_decay_steps" in arguments:
        ratio, end = Fraction(arguments.get("t_mul", 2.0)), Fraction(0)
        while end < 2_000 and length > 0:
            end, length = end + length, length * ratio
            yield end
    else:
        yield from (length * rounds for rounds in (2, 3, 7))


def steps_of(arguments):
    """Whole steps: the first ones, those around every knot, and some past the end."""
    around = {math.floor(knot) + d for knot in knots(arguments) for d in (-1, 0, 1, 2)}
    few = {0, 1, 2, 3, 5, 30, 61, 100}
    many = few if single(arguments) else few | set(range(70))
    return sorted(step for step in around | many if 0 <= step < 2_000)[:400]


def misplaced(name, arguments):
    """The steps that a restart falls on, and what Keras gives there if it rounds to the round before."""
    if name != "CosineDecayRestarts" or arguments.get("t_mul", 2.0) == 1:
        return set(), 0.0
    starts = [float(knot) for knot in knots(arguments)]
    steps = {round(start) for start in starts if abs(start - round(start)) < 1e-9 * start}
    return steps, arguments.get("alpha", 0.0) * arguments["initial_learning_rate"]


def errors(name, arguments, kind):
    """How far this dialect is from Keras at each step, as parts of the peak."""
    steps = steps_of(arguments)
    theirs, ours = live(name, arguments, steps, kind), getattr(dialect, name)(**arguments)
    found = np.asarray([ours(step) for step in steps])
    off = np.abs(found - theirs)
    starts, floor = misplaced(name, arguments)
    for place, step in enumerate(steps):
        if step in starts:
            off[place] = min(off[place], abs(theirs[place] - floor))
    end = (
        arguments.get("end_learning_rate", 1e-4) if name == "PolynomialDecay" else 0.0
    )  # Keras takes it off and adds it
    return off / max(np.max(np.abs(found)), end, 1e-300)


@given(calls)
def test_every_step_is_that_of_keras(call):
    name, arguments = call
    off = errors(name, arguments, "float64")
    assert np.max(off) <= 1e-12, (name, arguments, steps_of(arguments)[int(np.argmax(off))])


def well_conditioned(name, arguments):
    """Whether float32 is enough for Keras: many powers, and many or uneven rounds, lose more than 4 ulp."""
    if name == "CosineDecayRestarts":
        few = arguments["first_decay_steps"] >= 20 and arguments.get("m_mul", 1.0) <= 1
        return few and arguments.get("t_mul", 2.0) in (1, 2)
    return arguments.get("decay_rate", 0.0) <= 0.9 or name != "ExponentialDecay"


@given(calls.filter(lambda call: well_conditioned(*call)))
def test_every_step_is_that_of_keras_as_it_comes(call):
    name, arguments = call
    off = errors(name, arguments, "float32")
    assert np.max(off) <= 4 * 2**-23, (name, arguments, steps_of(arguments)[int(np.argmax(off))])


@given(calls)
def test_what_comes_out_is_an_ordinary_schedule(call):
    name, arguments = call
    schedule = getattr(dialect, name)(**arguments)
    assert parse(repr(schedule)) == schedule
    np.testing.assert_allclose(schedule(np.arange(50)), [schedule(t) for t in range(50)], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_arguments_are_those_of_keras(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (dialect, peer))
    assert [(key, p.default) for key, p in ours.items()] == [(key, p.default) for key, p in theirs.items()]


def test_every_schedule_of_keras_is_there():
    kinds = {name for name, kind in vars(peer).items() if isinstance(kind, type)} - {"LearningRateSchedule"}
    assert kinds | {"ReduceLROnPlateau"} == set(dialect.__all__)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (dialect.ExponentialDecay(0.1, 1000, 0.96), "exponential_decay(0.1, 0.96, every=1000)"),
        (dialect.ExponentialDecay(0.1, 1000, 0.96, staircase=True), "step_decay(0.1, 0.96, 1000)"),
        (dialect.ExponentialDecay(0.1, 1000, 0.0, name="gone"), "step_decay(0.1, 0.0, 1)"),
        (dialect.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]), "piecewise([1.0, 0.5, 0.1], (11, 21))"),
        (dialect.PolynomialDecay(0.1, 1000), "linear(0.1, 0.0001, 1000)"),
        (dialect.PolynomialDecay(0.1, 1000, 0.0, 2.0), "polynomial(0.1, 0.0, 1000, power=2.0)"),
        (dialect.PolynomialDecay(0.1, 1000, power=0), "constant(0.1, steps=1000)"),
        (dialect.InverseTimeDecay(0.1, 1.0, 0.5), "inverse_time(0.1, 0.5)"),
        (dialect.InverseTimeDecay(0.1, 10, 0.5, staircase=True), "every(inverse_time(0.1, 0.5), 10)"),
        (dialect.InverseTimeDecay(0.1, 10, 0), "constant(0.1, steps=inf)"),
        (dialect.CosineDecay(0.1, 900), "cosine(0.1, 0.0, 900)"),
        (dialect.CosineDecay(0.1, 900, warmup_steps=100), "cosine(0.1, 0.0, 900)"),
        (
            dialect.CosineDecay(0.0, 900, 0.5, warmup_target=0.1, warmup_steps=100),
            "linear(0.0, 0.1, 100) >> cosine(0.1, 0.05, 900)",
        ),
        (dialect.CosineDecayRestarts(0.1, 50), "repeat(cosine(0.1, 0.0, 50), inf, stretch=2.0)"),
    ],
)
def test_what_comes_out_is_readable(made, text):
    assert repr(made) == text


# -- where Keras goes wrong ------------------------------------------------------------------------------


def test_a_restart_that_keras_rounds_away():
    missed = {"initial_learning_rate": 1.0, "first_decay_steps": 10, "t_mul": 3.0}
    assert live("CosineDecayRestarts", missed, [1209, 1210, 1211]) == pytest.approx([0.0, 0.0, 1.0], abs=1e-5)
    ours = dialect.CosineDecayRestarts(**missed)
    assert [ours(t) for t in (1209, 1210, 1211)] == pytest.approx([0.0, 1.0, 1.0], abs=1e-5)


def test_rounds_that_shrink_are_nan_in_keras():
    shrinking = {"initial_learning_rate": 1.0, "first_decay_steps": 10, "t_mul": 0.5}
    assert np.isnan(live("CosineDecayRestarts", shrinking, [30])).all()
    with pytest.raises(ScheduleError, match=r"CosineDecayRestarts: t_mul=0.5: .*NaN"):
        dialect.CosineDecayRestarts(**shrinking)


def test_other_values_that_keras_spoils():
    negative = {"initial_learning_rate": 1.0, "decay_steps": 10, "decay_rate": -0.5}
    assert np.isnan(live("ExponentialDecay", negative, [5])).all()
    assert np.isinf(live("InverseTimeDecay", negative, [20])).all()
    assert np.isinf(live("PolynomialDecay", {"initial_learning_rate": 1.0, "decay_steps": 9, "power": -1.0}, [9])).all()
    assert live("PiecewiseConstantDecay", {"boundaries": [20, 10], "values": [1.0, 0.5, 0.25]}, [15]) == [1.25]
    with pytest.raises(IndexError):
        peer.PiecewiseConstantDecay([], [0.1])(0)
    assert dialect.PiecewiseConstantDecay([], [0.1])(7) == 0.1


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() - {"PiecewiseConstantDecay"}))
def test_no_steps_are_an_error_in_both(name):
    rate = (0.5,) if name in ("ExponentialDecay", "InverseTimeDecay") else ()
    for steps in (0, -1):
        with pytest.raises(ValueError, match="decay_steps` must be > 0"):
            getattr(peer, name)(0.1, steps, *rate)
        with pytest.raises(ScheduleError, match=rf"{name}: (first_)?decay_steps={steps}: this is a finite number"):
            getattr(dialect, name)(0.1, steps, *rate)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ExponentialDecay", (0.1, 10, -0.5), "decay_rate=-0.5: powers of it .* staircase=True"),
        ("ExponentialDecay", (0.1, 10, 0.5, 1), "staircase=1: this is True or False"),
        ("ExponentialDecay", (math.nan, 10, 0.5), "initial_learning_rate=nan: a value is a finite number"),
        ("ExponentialDecay", (0.1, 10, 0.5, True, 7), "name=7: a name is a text"),
        ("PiecewiseConstantDecay", ([20, 10], [1.0, 0.5, 0.1]), r"boundaries=\[20, 10\]: .*ascending.*sort them"),
        ("PiecewiseConstantDecay", ([10], [1.0]), r"boundaries=\(10,\): 1 values have 0 boundaries"),
        ("PiecewiseConstantDecay", ([math.inf], [1.0, 0.5]), "boundaries="),
        ("PiecewiseConstantDecay", ("ab", [1.0, 0.5, 0.1]), "boundaries='ab': this is a list of steps"),
        ("PolynomialDecay", (0.1, 10, 0.0, -1.0), "power=-1.0: this is a finite number >= 0"),
        ("InverseTimeDecay", (0.1, 10, -0.5), "decay_rate=-0.5: this is a finite number >= 0"),
        ("CosineDecay", (0.1, 10, math.inf), "alpha=inf: a value is a finite number"),
        ("CosineDecay", (0.1, 10, 0.0, "c", 0.5, -1), "warmup_steps=-1: a duration is"),
        ("CosineDecayRestarts", (0.1, 10, "2"), "t_mul='2': a value is a finite number"),
        ("ReduceLROnPlateau", ("val_loss", 1.0), "factor=1.0: this is a number above 0 and below 1"),
        ("ReduceLROnPlateau", ("val_loss", 0.0), "factor=0.0: this is a number above 0 and below 1"),
        ("ReduceLROnPlateau", ("val_loss", 0.5, 1.5), "patience=1.5: this is a whole number >= 0"),
        ("ReduceLROnPlateau", ("val_accuracy",), "monitor=val_accuracy|monitor='val_accuracy': which way is better"),
        ("ReduceLROnPlateau", ("val_loss", 0.5, 1, 0, "least"), "mode='least': this is 'auto' or 'min' or 'max'"),
        (
            "ReduceLROnPlateau",
            ("val_loss", 0.5, 1, 0, "min", 0.0, 0, -1.0),
            "min_lr=-1.0: this is a finite number >= 0",
        ),
    ],
)
def test_what_cannot_be_is_refused(name, arguments, message):
    with pytest.raises(ScheduleError, match=f"{name}: {message}"):
        getattr(dialect, name)(*arguments)


# -- Keras's own tests -----------------------------------------------------------------------------------


class Decided(keras.callbacks.Callback):
    """A callback that does what the plateau of this dialect decides."""

    def __init__(self, monitor, **options):
        super().__init__()
        self.monitor, self.plateau = monitor, dialect.ReduceLROnPlateau(monitor, **options)

    def on_train_begin(self, logs=None):  # noqa: ARG002 -- as Keras calls it
        self.state, self.lr = self.plateau.init(), self.model.optimizer.learning_rate.value.item()

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002 -- as Keras calls it
        self.state = self.plateau.update(self.state, logs[self.monitor], self.lr)
        self.model.optimizer.learning_rate = self.plateau.apply(self.lr, self.state)


@pytest.mark.parametrize(
    ("kind", "count"),
    {
        "TestFitLRSchedulesFlow": 1,
        "ExponentialDecayTest": 4,
        "PiecewiseConstantDecayTest": 3,
        "LinearDecayTest": 6,
        "SqrtDecayTest": 6,
        "InverseTimeDecayTest": 3,
        "CosineDecayTest": 6,
        "CosineDecayRestartsTest": 6,
    }.items(),
)
def test_the_tests_of_keras_pass(monkeypatch, kind, count):
    """They come with the package; here they are run on the dialect, in the place of the module that they test."""
    name = "optimizers.schedules.learning_rate_schedule_test"
    made = {
        key: lambda *args, key=key, **kwargs: ScheduleLR(getattr(dialect, key)(*args, **kwargs)) for key in ARGUMENTS
    }
    monkeypatch.setattr(f"keras.src.{name}.schedules", SimpleNamespace(**made))
    result = peers.own_tests(f"keras.src.{name}", wanted=kind.__eq__)
    assert result.testsRun >= count
    assert not result.failures
    assert not result.errors, result.errors[0][1]


def test_the_tests_of_the_callback_of_keras_pass(monkeypatch):
    name = "callbacks.reduce_lr_on_plateau_test"
    monkeypatch.setattr(f"keras.src.{name}.callbacks", SimpleNamespace(ReduceLROnPlateau=Decided))
    result = peers.own_tests(f"keras.src.{name}")
    others = {  # not about values: a schedule is refused, a text is logged, attributes are forgotten
        "test_throws_when_optimizer_has_schedule",
        "test_verbose_logging",
        "test_state_reset_across_fit_calls",
    }
    assert result.testsRun >= 3 + len(others)
    assert peers.names(result.failures + result.errors) == others


# -- plateaus --------------------------------------------------------------------------------------------

METRICS = st.integers(-40, 40).map(lambda n: n / 16)  # exact in the float32 that Keras compares in
OPTIONS = {
    "factor": st.sampled_from([0.5, 0.25, 0.1, 0.9]),
    "patience": st.integers(0, 4),
    "min_delta": st.sampled_from([0.0, 1 / 32, -1 / 8, 1.0]),
    "cooldown": st.integers(0, 4),
    "min_lr": st.sampled_from([0.0, 0.01, 0.3]),
}


def model():
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    net.compile(keras.optimizers.SGD(1.0), loss="mse", metrics=["accuracy"])
    return net


MODEL = model()


def plateaus(monitor, metrics, options):
    """The learning rate after each epoch, of the live callback on a live model."""
    callback = keras.callbacks.ReduceLROnPlateau(monitor=monitor, **options)
    callback.set_model(MODEL)
    MODEL.optimizer.learning_rate = 1.0
    callback.on_train_begin()
    for epoch, metric in enumerate(metrics):
        callback.on_epoch_end(epoch, {monitor: metric})
        yield MODEL.optimizer.learning_rate.value.item()


@given(
    st.sampled_from([("val_loss", "auto"), ("loss", "min"), ("accuracy", "max"), ("val_loss", "max")]),
    st.lists(METRICS, max_size=40),
    st.fixed_dictionaries({}, optional=OPTIONS),
)
def test_plateaus_are_those_of_keras(direction, metrics, options):
    monitor, mode = direction
    plateau = dialect.ReduceLROnPlateau(monitor, mode=mode, **options)
    state, rates = plateau.init(), []
    for metric in metrics:
        state = plateau.update(state, metric, 1.0)
        rates.append(plateau.apply(1.0, state))
    found = list(plateaus(monitor, metrics, options | {"mode": mode}))
    assert rates == pytest.approx(found, rel=1e-5, abs=1e-12)


def test_plateaus_by_their_arguments():
    ours, theirs = (
        inspect.signature(kind).parameters for kind in (dialect.ReduceLROnPlateau, keras.callbacks.ReduceLROnPlateau)
    )
    assert [(k, p.default) for k, p in ours.items()] == [(k, p.default) for k, p in theirs.items() if k != "kwargs"]
    expected = Plateau(patience=9, threshold_mode="abs", eps=0.0)
    assert dialect.ReduceLROnPlateau() == expected
    assert dialect.ReduceLROnPlateau("val_auc", mode="max") == Plateau(
        mode="max", patience=9, threshold_mode="abs", eps=0.0
    )


def test_plateaus_differ_where_the_docstring_says_so():
    first = [math.nan, 1.0, 0.5, 0.25]
    assert list(plateaus("val_loss", first, {"patience": 2, "factor": 0.5})) == [1.0, 1.0, 0.5, 0.5]
    plateau = dialect.ReduceLROnPlateau(patience=2, factor=0.5)
    state = plateau.init()
    for metric in first:
        state = plateau.update(state, metric)
    assert state.scale == 1.0
    assert list(plateaus("val_loss", [1.0, 1.0], {"patience": 1, "min_lr": 3.0})) == [1.0, 1.0]
    assert dialect.ReduceLROnPlateau(min_lr=3.0).apply(1.0, state) == 3.0


def test_the_callback_of_epochs_takes_any_schedule():
    net, schedule = model(), dialect.CosineDecay(0.5, 3)
    history = net.fit(
        np.ones((2, 1)),
        np.ones((2, 1)),
        epochs=4,
        verbose=0,
        callbacks=[keras.callbacks.LearningRateScheduler(schedule)],
    )
    assert history.history["learning_rate"] == pytest.approx([schedule(epoch) for epoch in range(4)])
