"""`from_callable`: curves found again from their values, those of every dialect among them."""

import importlib
import inspect
import math
import pkgutil
import random
import re
import time
from functools import partial
from itertools import cycle, islice
from typing import Annotated, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import schedules as sc
from schedules import Schedule, ScheduleError, dialects, from_callable
from schedules.algebra import checks
from schedules.dialects import torch
from schedules.text.expression import MAX_LENGTH

STEPS = 10_000  # the most values that are looked at
LENGTH = STEPS // 5  # the longest phase


def rate(r, name):
    """A learning rate of a few digits; a low one, or a fraction, where the name says so."""
    if re.search("exponent|power", name):
        return r.choice([1.0, 1.0, 1.0, 0.5, 2.0, 0.9])
    if name == "b":
        return r.choice([-0.51, -1.0])
    if re.search("_mult?$", name):
        return r.choice([1.0, 1.5, 2.0])
    if re.search("min|end|low|alpha|factor|decay|gamma|start|final|ratio", name):
        return r.choice([0.0, 0.1, 0.5, 0.01, round(r.uniform(0.0, 1.0), 3)])
    return float(f"{10 ** r.uniform(-4, 0):.{r.randint(1, 3)}g}")


def curve(r):
    """A schedule to make others of."""
    return sc.linear(rate(r, "lr"), 0.0, r.randint(1, LENGTH))


def knots(r):
    return sorted(r.sample(range(1, 2 * LENGTH), r.randint(1, 3)))


KINDS = {
    checks.Value: rate,
    checks.Positive: lambda r, _: round(r.choice([r.uniform(0.1, 3.0), 10 ** r.uniform(0.0, 2.0)]), 2),
    checks.Amount: rate,
    checks.Factor: lambda r, _: round(r.uniform(0.05, 0.95), 2),
    checks.Share: lambda r, _: r.choice([0.0, 0.1, 0.3, 1.0, round(r.random(), 3)]),
    checks.Steps: lambda r, _: r.choice([0, 1, 10, r.randint(2, LENGTH)]),
    checks.Endless: lambda r, _: r.randint(1, LENGTH),
    checks.Period: lambda r, _: r.randint(2, LENGTH),
    checks.Count: lambda r, _: r.choice([1, r.randint(2, LENGTH), r.randint(20, LENGTH)]),
    checks.Whole: lambda r, _: r.choice([0, 1, r.randint(2, LENGTH), r.randint(20, LENGTH)]),
    checks.Switch: lambda r, _: r.random() < 0.5,
    checks.Milestones: lambda r, _: sorted(r.sample(range(1, 2 * LENGTH), r.randint(0, 4))),
    checks.Values: lambda r, name: (
        r.choice([[1.0], [0.25, 0.75]]) if name == "lengths" else [rate(r, "lr") for _ in range(r.randint(1, 4))]
    ),
    checks.Counts: lambda r, _: r.sample(range(1, LENGTH), r.randint(1, 4)),
    Schedule: lambda r, _: curve(r),
}
WORDS = {  # what the rules of other arguments say, from the narrower to the wider
    "schedule or more|list of schedules": lambda r: [curve(r) for _ in range(r.randint(1, 3))],
    "each of it a number": lambda r: [f"{step}ba" for step in knots(r)],
    "its unit": lambda r: f"{r.randint(1, LENGTH)}ba",
    "'rescaled' and": lambda r: r.choices(["rescaled", "fixed"], k=r.randint(1, 3)),
    "rounds|cycles": lambda r: r.randint(1, 9),
    "name is a text": lambda _: None,
    "dictionary of a scale": lambda r: {step: rate(r, "factor") for step in knots(r)},
    "functions of this module": lambda r: [
        partial(torch.LinearLR, start_factor=0.5, total_iters=r.randint(1, LENGTH)),
        partial(torch.StepLR, step_size=r.randint(1, LENGTH)),
    ],
    "dictionaries|mapping": lambda r: [
        {"init_value": 0.0, "peak_value": rate(r, "lr"), "warmup_steps": 9, "decay_steps": r.randint(10, LENGTH)}
    ],
    "whole numbers|list of step": knots,
}


OTHERS = {  # a callable is whatever it is told to be; a time that bends is no curve of ours
    "scale_fn": [None],
    "k_decay": [1.0],
    "lr_lambda": [lambda _: 0.99, lambda t: 1.0 if t % 30 else 0.5],
}


def argument(r, name, annotation):
    """A random argument, by its annotation, or by what its rule says."""
    if name in OTHERS:
        return r.choice(OTHERS[name])
    options = [option for option in get_args(annotation) if option is not type(None)]
    if get_origin(annotation) is not Annotated and type(None) in get_args(annotation):
        return argument(r, name, options[0]) if r.random() < 0.6 else None
    if annotation in KINDS:
        return KINDS[annotation](r, name)
    wants = next(option.wants for option in options if isinstance(option, checks.Kind))
    draw = next((draw for words, draw in WORDS.items() if re.search(words, wants)), None)
    return draw(r) if draw else r.choice(re.findall("'([^']*)'", wants))


def makers():
    """The functions of all dialects that give a schedule of a peer's arguments."""
    for module in pkgutil.iter_modules(dialects.__path__):
        found = importlib.import_module(f"schedules.dialects.{module.name}")
        for name in found.__all__:
            maker = getattr(found, name)
            hints = get_type_hints(inspect.unwrap(maker), include_extras=True) if inspect.isfunction(maker) else {}
            if hints.get("return") is Schedule and hasattr(maker, "__wrapped__"):
                yield f"{module.name}.{name}", maker, {key: value for key, value in hints.items() if key != "return"}


def drawn(r, maker, hints):
    """A schedule of random arguments, or None where they do not go together."""
    try:
        s = maker(**{name: argument(r, name, hint) for name, hint in hints.items()})
        steps = int(min(s.steps + r.choice([0, 1, 50]), r.randint(2, STEPS)))
        values = s.values(max(steps, 1))
    except (ScheduleError, OverflowError):
        return None
    return (s, values) if np.all(np.isfinite(values)) else None


def of_the_dialects(seed, count):
    """So many schedules: functions in turn, each with random arguments that go together."""
    r = random.Random(seed)  # noqa: S311 -- not for secrets
    known = list(makers())
    r.shuffle(known)
    for name, maker, hints in islice(cycle(known), count):
        yield name, *next(found for _ in range(1_000) if (found := drawn(r, maker, hints)))


def recorded(s):
    return "replay(" in repr(s)


def assert_found(s, values, bound=1e-12):
    off = np.abs(s.values(len(values)) - values)
    assert off.max() <= bound * np.abs(values).max(), (s, off.argmax())
    assert [s(t) for t in range(0, len(values), 97)] == pytest.approx(values[::97], abs=bound * np.abs(values).max())
    assert len(text := repr(s)) > MAX_LENGTH or sc.parse(text) == s


def test_every_dialect(request):
    count = 2_000 if request.config.getoption("--hypothesis-profile") == "thorough" else 40
    missed, times = [], []
    for name, s, values in of_the_dialects(count, count):
        start = time.process_time()
        found = from_callable(values)
        times.append(time.process_time() - start)
        assert_found(found, values)
        missed += [(name, s)] * recorded(found)
    print(f"{count - len(missed)} of {count} found, in {np.median(times):.3f} s each, {max(times):.2f} s at most")
    assert len(missed) <= 0.05 * count, missed


@pytest.mark.parametrize(
    "text",
    [
        "linear(0.0, 0.001, 100) >> cosine(0.001, 0.0, 900)",
        "linear(0.0, 0.0003, 2000) >> cosine(0.0003, 3e-05, 8000)",
        "linear(0.0, 0.001, 500) >> constant(0.001, steps=750) >> one_minus_sqrt(0.001, 0.0, 200)",
        "linear(0.0, 0.123, 50) >> constant(0.123, steps=750) >> linear(0.123, 0.0, 200)",
        "polynomial(0.1, 0.001, 1000, power=0.9)",
        "polynomial(0.1, 0.001, 1000, power=2.0)",
        "step_decay(0.1, 0.1, 30)",
        "constant(0.1, steps=80) >> constant(0.01, steps=40) >> constant(0.05, steps=10)",
        "cycle(linear(0.0, 1.0, 10) >> linear(1.0, 0.0, 10))",
        "cycle(cosine(0.1, 0.0, 50))",
        "cosine(0.1, 0.0, 50) >> cosine(0.1, 0.0, 100) >> cosine(0.1, 0.0, 200)",
        "linear(0.0, 0.1, 50) >> cycle(cosine(0.1, 0.01, 40.5) >> cosine(0.01, 0.1, 40.5))[:450]",
        "tanh_decay(0.1, 0.01, 90)",
        "linear(0.0, 0.1, 50) >> every(cosine(0.1, 0.0, 150), 4)",
        "linear(0.0, 0.1, 50) >> step_decay(0.1, 0.5, 30)[:300] >> cosine(0.05, 0.0, 100)",
        "polynomial(0.00055, 0.5, 1179, power=69.09) >> constant(0.5, steps=50)",
        "constant(0.0004, steps=93) >> exponential_decay(0.0004, 0.5)[:30]",
        "cosine(0.004, 0.1, 300) >> cosine(0.1, 4e-07, 700)",
        "linear(0.0, 0.1, 50) >> exponential(0.1, 0.01, 500)",
        "linear(0.0, 0.1, 50) >> power(0.1, 0.51, timescale=50)[:450]",
        "linear(0.0, 0.1, 50) >> inverse_sqrt(0.1, timescale=50)[:450]",
        "inverse_time(0.1, 0.02)[:450]",
        "exponential_decay(0.1, 0.999)[:1000]",
        "linear(0.0, 0.1, 2) >> cosine(0.1, 0.0, 30)",
        "constant(0.3, steps=7)",
    ],
)
def test_what_was_written_is_found(text):
    s = sc.parse(text)
    steps = int(min(s.steps, 100))
    values = s.values(int(s.steps) if s.steps < math.inf else steps)
    assert repr(from_callable(values)) == text


def test_a_callable_is_asked_for_each_step():
    asked = []
    s = from_callable(lambda t: asked.append(t) or 0.1 * 0.5 ** (t // 30), 90)
    assert asked == list(range(90))
    assert s == sc.step_decay(0.1, 0.5, 30)


def test_schedules_of_optax_in_float32():
    optax = pytest.importorskip("optax")
    peer = optax.warmup_cosine_decay_schedule(0.0, 1e-3, 100, 300, 1e-5)
    values = []
    s = from_callable(lambda t: values.append(float(peer(t))) or values[-1], 400)
    assert_found(s, np.array(values), 4 * 2.0**-23)
    assert repr(s).startswith("linear(0.0, 0.001, 100) >> cosine(0.001, 1e-05, 200)")


def test_real_runs_from_their_logs():
    """The four runs of the loss-law example, as a training loop prints them with 6 digits."""
    pytest.importorskip("jax")
    from benchmarks.loss_law import FITTED

    for s in FITTED.values():
        log = [float(f"{value:.6g}") for value in s.values()]
        assert repr(from_callable(log, digits=6)) == repr(s).replace("0.010000000000000002", "0.01")  # 0.1 * 0.1


def test_what_is_no_curve_is_recorded():
    values = np.random.default_rng(0).uniform(0.0, 1.0, 300)
    assert from_callable(values) == sc.replay(values.tolist())
    s = sc.linear(0.0, 1.0, 100) >> sc.replay(values[:20].tolist()) >> sc.cosine(1.0, 0.0, 100)
    found = from_callable(s, 220)
    assert_found(found, s.values())
    assert repr(found).startswith("linear(0.0, 1.0, 100) >> replay(")
    assert repr(found).endswith(">> cosine(1.0, 0.0, 100)")


@pytest.mark.parametrize("values", [[0.1], [0.0], [0.1, 0.2], [0.0, 0.0, 1.0], [1.0, 0.0], [0.0] * 9, [-1.0, 2.0, 5.0]])
def test_few_values(values):
    assert_found(from_callable(values), np.array(values))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "f=[]: one value a step, at least one"),
        (([[0.1]],), "one value a step"),
        ((["a"],), "this is a callable of the step, or a list of numbers"),
        (([0.1, math.nan],), "f(1) is nan; values are finite numbers"),
        (([0.1], 2), "steps=2: there are 1 values"),
        ((lambda _: 0.1,), "steps=None: this is a whole number >= 1"),
        ((lambda _: 0.1, 0), "steps=0"),
        (("0.1",), "f='0.1': one value a step"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ScheduleError) as caught:
        from_callable(*arguments)
    assert message in str(caught.value)
