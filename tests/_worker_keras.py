"""What a process of its own does with Keras: the backend is chosen once, by KERAS_BACKEND, when Keras is imported."""

import itertools
import json
import sys

import keras
import numpy as np
from agreement import WHOLE
from zoo import ZOO

import schedules as sc
from schedules.adapters.keras import PlateauCallback, ScheduleLR

BATCHES = 5  # in an epoch
S = sc.cosine_warmup(0.1, 18, warmup=4, end=1e-3)
LINE = sc.linear(0.1, 0.0, 60)
PLATEAU = sc.Plateau(patience=0, factor=0.5, min_lr=0.02)
LATE = 2**24 + 1  # a step that float32 does not have
ONES = np.ones((BATCHES, 1), "float32")
MANY = {
    "lines": lambda m, n: m.join(*(m.linear(i, i + 1, 3) for i in range(n))),
    "forms": lambda m, n: m.join(*(m.cosine(i, 0, 3) if i % 2 else m.linear(0, i, 2) for i in range(n))),
}


def read(value):
    return float(keras.ops.convert_to_numpy(value))


def kind(value):
    return keras.backend.standardize_dtype(value.dtype)


class Record(keras.callbacks.Callback):
    """The learning rate that the optimizer shows before each batch, and how far its only weight goes in it."""

    def on_train_begin(self, logs=None):  # noqa: ARG002 -- as Keras calls it
        self.rates, self.moves = [], []

    def weight(self):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        return self.model.get_weights()[0].item()

    def on_train_batch_begin(self, batch, logs=None):  # noqa: ARG002 -- the same
        self.before = self.weight()
        rate = self.model.optimizer.learning_rate
        assert (kind(rate), tuple(rate.shape)) == ("float32", ())
        self.rates.append(read(rate))

    def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002 -- the same
        self.moves.append(self.before - self.weight())


class Metric(keras.callbacks.Callback):
    """A metric that gets better no more after the second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = 1.0 / (1 + min(epoch, 1))


def model(learning_rate, **options):
    """A model whose only weight has the gradient 1, so that each step of SGD takes away the learning rate."""
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    jit = {} if keras.backend.backend() == "torch" else {"jit_compile": True}
    net.compile(keras.optimizers.SGD(learning_rate, **options), loss="mae", **jit)
    return net


def fit(net, epochs, *callbacks, replicas=1):
    record = Record()
    ones = np.repeat(ONES, replicas, axis=0)
    net.fit(ones, -100 * ones, batch_size=replicas, epochs=epochs, verbose=0, callbacks=[record, *callbacks])
    return {"rates": record.rates, "moves": record.moves, "steps": int(read(net.optimizer.iterations))}


def compiled():
    """How often Python computes the schedule in two epochs."""
    count = itertools.count()

    def rate(step):
        next(count)
        return 0.1 - 0.001 * step

    net = model(ScheduleLR(sc.custom(rate)))
    net.fit(ONES, -100 * ONES, batch_size=1, epochs=2, verbose=0)
    return next(count)


def float_types():
    """The type of what comes out in each float type of Keras, and the value."""
    for floatx in ("float16", "bfloat16", "float64", "float32"):
        keras.config.set_floatx(floatx)
        rate = ScheduleLR(S)(keras.Variable(7, dtype="int", trainable=False))
        yield floatx, [kind(rate), read(keras.ops.cast(rate, "float32")) if "16" in floatx else read(rate)]


def first(path):
    """Train, save, and go on; then all that needs no other process."""
    net = model(ScheduleLR(S))
    begun = fit(net, 2)
    net.save(path)
    late = ScheduleLR(sc.linear(0.0, 1.0, 40_000_000))
    damped = model(ScheduleLR(LINE))
    plateau = fit(damped, 6, Metric(), PlateauCallback(PLATEAU))
    found = {
        "first": begun,
        "rest": fit(net, 2),
        "accumulated": fit(model(ScheduleLR(sc.every(S, 2)), gradient_accumulation_steps=2), 2),
        "plateau": plateau,
        "damped": damped.optimizer.get_config()["learning_rate"]["config"]["schedule"],
        "late": [read(late(LATE)), read(late(keras.Variable(LATE, dtype="int", trainable=False)))],
        "calls": compiled(),
        "types": dict(float_types()),
    }
    keras.config.set_dtype_policy("mixed_float16")  # Keras wraps the optimizer to scale the loss
    half = model(ScheduleLR(LINE))
    found["half"] = fit(half, 4, Metric(), PlateauCallback(sc.Plateau(patience=0, factor=0.5)))["rates"]
    found["wrapped"] = type(half.optimizer).__name__
    return found


def resume(path):
    """Load in a process that has seen nothing, and go on."""
    net = keras.models.load_model(path)
    return fit(net, 2)


def tensorflow(_):
    """The whole zoo on TensorFlow's own arrays, and a step on two devices."""
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    steps, zoo = tf.constant(WHOLE, tf.int64), {name: make(sc, 60) for name, make in (ZOO | MANY).items()}
    every = {name: s(steps) for name, s in zoo.items()}
    assert {value.dtype for value in every.values()} == {tf.float32}
    few = [zoo[name] for name in ("wsd", "sgdr stretch", "flat_cosine", "replay", "forms")]
    traced = {
        jit: tf.function(lambda t: [s(t) for s in few], jit_compile=jit, input_signature=[spec])(steps)
        for jit, spec in ((False, tf.TensorSpec([None], tf.int64)), (True, tf.TensorSpec(steps.shape, tf.int64)))
    }
    with tf.GradientTape() as tape:
        t = tf.Variable(7.0)
        value = S(t)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        net = model(ScheduleLR(LINE))
        net.jit_compile = False  # XLA reads no variable of a second device
    found = [*zip(zoo.values(), every.values(), strict=True)]
    for values in traced.values():
        found += zip(few, values, strict=True)
    return {
        "found": [[repr(s), value.numpy().tolist()] for s, value in found],
        "slope": float(tape.gradient(value, t)),
        "kinds": [S(tf.zeros((), kind)).dtype.name for kind in ("bfloat16", "float16", "float64", "uint8", "int32")],
        "shapes": [S(tf.zeros(shape)).shape.as_list() for shape in ((), (0,), (3, 4))],
        "replicas": strategy.num_replicas_in_sync,
        "mirrored": fit(net, 6, Metric(), PlateauCallback(PLATEAU), replicas=2),
    }


if __name__ == "__main__":
    _, task, path = sys.argv
    print(json.dumps({"first": first, "resume": resume, "tensorflow": tensorflow}[task](path)))
