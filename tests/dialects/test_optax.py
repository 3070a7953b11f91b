"""`schedules.dialects.optax` against the live schedules of Optax."""

import importlib
import inspect
import math
import sys
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import optax
import peers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import Plateau, ScheduleError, constant, linear, parse
from schedules.dialects import optax as dialect

peer = optax.schedules
LONGEST = 64  # the latest step that is looked at

rates = st.sampled_from([1e-3, 0.1, 1.0, 0.0]) | st.floats(1e-5, 2.0)
signed = rates | rates.map(lambda rate: -rate)
scales = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0]) | st.floats(0.0, 2.0)
counts = st.sampled_from([1, 2, 3]) | st.integers(1, 30)
maybe_none = st.just(0) | counts
quarters = counts | counts.map(lambda n: n / 4)  # of which every quotient is on the right side of its floor
powers = st.sampled_from([0, 1, 2, 0.5, 3.0]) | st.floats(0.1, 4.0)
shares = st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.85, 1.0]) | st.floats(0.0, 1.0)
divisors = st.sampled_from([1.0, 10.0, 25.0, 1e4]) | st.floats(0.1, 1e4)
factors = st.sampled_from([0.5, 0.9, 1.0, 1.1]) | st.floats(0.2, 1.2)


def options(needed, **optional):
    """The needed arguments and some of the others: what is left out keeps its default."""
    return st.fixed_dictionaries(needed, optional=optional)


def scaled(boundaries):
    return st.none() | st.dictionaries(boundaries, scales, max_size=5)


transition = {"init_value": signed, "end_value": signed, "transition_steps": maybe_none}
decay = {"init_value": signed, "transition_steps": quarters, "decay_rate": factors}
decay_options = {"transition_begin": maybe_none, "staircase": st.booleans(), "end_value": signed | st.none()}
warmup = {"init_value": signed, "peak_value": signed}
cosines = st.builds(
    lambda arguments, warmup_steps, rest: {
        **arguments,
        "warmup_steps": warmup_steps,
        "decay_steps": warmup_steps + rest,
    },
    options(warmup, end_value=signed, exponent=powers),
    maybe_none,
    counts,
)
onecycle = {"transition_steps": counts | st.integers(30, 60), "peak_value": signed}
ARGUMENTS = {
    "constant_schedule": options({"value": signed}),
    "linear_schedule": options(transition, transition_begin=maybe_none),
    "polynomial_schedule": options({**transition, "power": powers}, transition_begin=maybe_none),
    "exponential_decay": options(decay, **decay_options)
    | options({**decay, "decay_rate": st.sampled_from([-0.5, -1.0, 1.25]), "staircase": st.just(True)}),
    "cosine_decay_schedule": options({"init_value": signed, "decay_steps": quarters}, alpha=signed, exponent=powers),
    "piecewise_constant_schedule": options({"init_value": signed}, boundaries_and_scales=scaled(quarters | maybe_none)),
    "piecewise_interpolate_schedule": options(
        {"interpolate_type": st.sampled_from(["linear", "cosine"]), "init_value": signed},
        boundaries_and_scales=scaled(maybe_none),
    ),
    "linear_onecycle_schedule": options(
        onecycle, pct_start=shares, pct_final=shares, div_factor=divisors, final_div_factor=divisors
    ).filter(lambda call: call.get("pct_start", 0.3) <= call.get("pct_final", 0.85)),
    "cosine_onecycle_schedule": options(onecycle, pct_start=shares, div_factor=divisors, final_div_factor=divisors),
    "sgdr_schedule": options({"cosine_kwargs": st.lists(cosines, min_size=1, max_size=4)}),
    "warmup_constant_schedule": options({**warmup, "warmup_steps": maybe_none}),
    "warmup_cosine_decay_schedule": cosines,
    "warmup_exponential_decay_schedule": options(
        {**warmup, "warmup_steps": maybe_none, "transition_steps": quarters, "decay_rate": factors}, **decay_options
    ),
}


def forgotten(name, arguments):
    """Whether Optax forgets something here that the dialect does not."""
    if name == "warmup_constant_schedule":
        return arguments["warmup_steps"] == 0
    if "onecycle" not in name:
        return False
    n, defaults = arguments["transition_steps"], {"pct_start": 0.3, "pct_final": 0.85}
    if name.startswith("cosine"):
        del defaults["pct_final"]
    ends = [*(int(arguments.get(key, default) * n) for key, default in defaults.items()), n]
    return len(set(ends)) < len(ends)


calls = st.sampled_from(sorted(ARGUMENTS)).flatmap(lambda name: st.tuples(st.just(name), ARGUMENTS[name]))
fewer = settings(max_examples=settings().max_examples // 2)  # each is traced anew
comparable = calls.filter(lambda call: not forgotten(*call))
STEPS = np.asarray([*range(LONGEST), 100, 101, 150, 1_000])


def curve(schedule, wide=True):
    """What a schedule of Optax gives at all of `STEPS`, in float64 or as it comes."""
    with jax.enable_x64(wide):
        found = jax.vmap(lambda step: jnp.asarray(schedule(step), float))(jnp.asarray(STEPS))
        assert found.dtype == (jnp.float64 if wide else jnp.float32)
        return np.asarray(found, float)


def live(name, arguments, wide=True):
    with jax.enable_x64(wide):
        return curve(getattr(peer, name)(**arguments), wide)


def numbers(arguments):
    """All the values in some arguments: rounding is in proportion to the largest, whether it is reached or not."""
    for key, value in arguments.items():
        if key == "cosine_kwargs":
            yield from (number for cycle in value for number in numbers(cycle))
        elif key.endswith("value") and value is not None:
            yield abs(value)
        elif key == "alpha":
            yield abs(value * arguments["init_value"])


def errors(name, arguments, wide):
    """How far the dialect is from Optax at each step, as parts of the peak; where it grows for ever, of the value."""
    ours = np.asarray([getattr(dialect, name)(**arguments)(int(step)) for step in STEPS])
    theirs = live(name, arguments, wide)
    peak = np.abs(ours) if "exponential" in name else np.abs(ours).max()
    with np.errstate(invalid="ignore"):
        off = np.abs(np.where(ours == theirs, 0.0, ours - theirs))  # both may be inf
    return off / np.maximum(peak, max(*numbers(arguments), 1e-300))


@fewer
@given(comparable)
def test_every_step_is_that_of_optax(call):
    off = errors(*call, wide=True)
    assert off.max() <= 1e-12, (call, STEPS[off.argmax()])


def well_conditioned(name, arguments):
    """Whether float32 is enough for Optax: high powers and long products of factors lose more than 4 ulp."""
    if name == "sgdr_schedule":
        return all(well_conditioned("", cycle) for cycle in arguments["cosine_kwargs"])
    shift = abs(arguments.get("alpha", 0.0)) <= 1
    few = len(arguments.get("boundaries_and_scales") or ()) <= 2
    return (
        shift
        and few
        and arguments.get("decay_rate", 0.0) <= 0.9
        and arguments.get("power", 1) in (0, 1, 2)
        and (arguments.get("exponent", 1) in (0, 1))
    )


@fewer
@given(comparable.filter(lambda call: well_conditioned(*call)))
def test_every_step_is_that_of_optax_as_it_comes(call):
    off = errors(*call, wide=False)
    assert off.max() <= 4 * 2**-23, (call, STEPS[off.argmax()])


# -- joins -----------------------------------------------------------------------------------------------

parts = calls.filter(lambda call: call[0] != "sgdr_schedule" and not forgotten(*call))
joins = st.lists(parts, min_size=1, max_size=4).flatmap(
    lambda chosen: st.tuples(
        st.just(chosen), st.lists(maybe_none | st.integers(0, 60), min_size=len(chosen) - 1, max_size=len(chosen) - 1)
    )
)


@settings(max_examples=settings().max_examples // 4)  # each is several schedules
@given(joins)
def test_joins_are_those_of_optax(join):
    chosen, boundaries = join[0], sorted(join[1])
    ours = dialect.join_schedules([getattr(dialect, name)(**arguments) for name, arguments in chosen], boundaries)
    with jax.enable_x64(True):
        theirs = curve(
            peer.join_schedules([getattr(peer, name)(**arguments) for name, arguments in chosen], boundaries)
        )
    found = np.asarray([ours(int(step)) for step in STEPS])
    peak = max(np.abs(found).max(), *(number for _, arguments in chosen for number in numbers(arguments)), 1e-300)
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-12 * peak)


def test_joins_cut_and_hold():
    half = constant(0.5)
    assert dialect.join_schedules([half, 2], [5]) == constant(0.5, steps=5) >> constant(2)
    assert dialect.join_schedules([half], []) == half
    assert dialect.join_schedules((linear(0.0, 1.0, 10), half), [4]) == linear(0.0, 1.0, 10)[:4] >> half
    assert dialect.join_schedules([linear(0.0, 1.0, 4), half], [10]) == linear(0.0, 1.0, 4)[:10] >> half
    assert dialect.join_schedules([linear(0.0, 1.0, 4), 0.5, half], [0, 0]) == half


# -- form ------------------------------------------------------------------------------------------------


@given(calls)
def test_what_comes_out_is_an_ordinary_schedule(call):
    name, arguments = call
    schedule = getattr(dialect, name)(**arguments)
    assert parse(repr(schedule)) == schedule
    np.testing.assert_allclose(schedule(np.arange(50)), [schedule(t) for t in range(50)], rtol=1e-12, atol=1e-15)


def public(module):
    return {name for name in vars(module) if name.islower() and name[0] != "_"}


def test_every_schedule_of_optax_is_there():
    functions = {name for name in public(peer) if inspect.isfunction(getattr(peer, name)) and "inject" not in name}
    assert functions | {"reduce_on_plateau"} == set(dialect.__all__)
    assert functions == ARGUMENTS.keys() | {"join_schedules"}


@pytest.mark.parametrize("name", dialect.__all__)
def test_arguments_are_those_of_optax(name):
    theirs = optax.contrib.reduce_on_plateau if name == "reduce_on_plateau" else getattr(peer, name)
    ours, live_ones = (inspect.signature(made).parameters for made in (getattr(dialect, name), theirs))
    assert [(key, p.default) for key, p in ours.items()] == [(key, p.default) for key, p in live_ones.items()]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (dialect.constant_schedule(0.1), "constant(0.1)"),
        (dialect.linear_schedule(0.1, 0.0, 0), "constant(0.1)"),
        (dialect.linear_schedule(0.1, 0.0, 50, 5), "constant(0.1, steps=5) >> linear(0.1, 0.0, 50)"),
        (dialect.polynomial_schedule(0.1, 0.0, 2, 50), "polynomial(0.1, 0.0, 50, power=2.0)"),
        (dialect.polynomial_schedule(0.1, 0.0, 0, 50), "constant(0.1)"),
        (dialect.exponential_decay(0.1, 20, 0.9), "exponential_decay(0.1, 0.9, every=20)"),
        (dialect.exponential_decay(0.1, 20, 0.9, staircase=True), "step_decay(0.1, 0.9, 20)"),
        (
            dialect.exponential_decay(0.1, 20, 0.9, 5, end_value=0.01),
            "maximum(constant(0.1, steps=5) >> exponential_decay(0.1, 0.9, every=20), 0.01)",
        ),
        (dialect.exponential_decay(0.1, 1, 1.1, end_value=0.5), "minimum(exponential_decay(0.1, 1.1), 0.5)"),
        (dialect.cosine_decay_schedule(0.1, 100, 0.5), "cosine(0.1, 0.05, 100)"),
        (dialect.cosine_decay_schedule(0.1, 100, 0.0, 2.0), "0.1 * cosine(1.0, 0.0, 100) ** 2.0"),
        (dialect.cosine_decay_schedule(0.1, 100, 0.5, 2), "0.05 + 0.05 * cosine(1.0, 0.0, 100) ** 2"),
        (dialect.piecewise_constant_schedule(0.1), "constant(0.1)"),
        (dialect.piecewise_constant_schedule(1.0, {30: 0.5, 5: 0.5}), "multistep(1.0, 0.5, (5, 30))"),
        (dialect.piecewise_constant_schedule(1.0, {30: 0.5, 5: 2}), "piecewise([1.0, 2.0, 1.0], (5, 30))"),
        (dialect.piecewise_interpolate_schedule("cosine", 0.1, {}), "constant(0.1)"),
        (
            dialect.piecewise_interpolate_schedule("cosine", 1.0, {20: 0.5, 10: 2.0}),
            "cosine(1.0, 2.0, 10) >> cosine(2.0, 1.0, 10)",
        ),
        (dialect.cosine_onecycle_schedule(100, 1.0), "cosine(0.04, 1.0, 30) >> cosine(1.0, 4e-06, 70)"),
        (dialect.warmup_constant_schedule(0.0, 0.1, 10), "linear(0.0, 0.1, 10)"),
        (dialect.warmup_cosine_decay_schedule(0.0, 0.1, 0, 100), "cosine(0.1, 0.0, 100)"),
        (
            dialect.warmup_exponential_decay_schedule(0.0, 0.1, 10, 20, 0.9),
            "linear(0.0, 0.1, 10) >> exponential_decay(0.1, 0.9, every=20)",
        ),
    ],
)
def test_what_comes_out_is_readable(made, text):
    assert repr(made) == text


# -- Optax's own tests -----------------------------------------------------------------------------------

LOGGED = {  # that what is only logged holds the first value: errors here
    "test_nonvalid_transition_steps0",
    "test_nonvalid_transition_steps1",
    "test_nonvalid_decay_rate0",
    "test_nonvalid_decay_rate1",
    "test_zero_steps_schedule",
}


def test_the_tests_of_optax_pass(monkeypatch):
    """They come with the package; here they are run on the dialect, in the place of the module that they test."""
    for name in ("sklearn", "sklearn.datasets"):  # which the tests of the optimizers want; these do not
        monkeypatch.setitem(sys.modules, name, mock.MagicMock())
    tests = ["optax.schedules._schedule_test", "optax.schedules._join_test"]
    for module in map(importlib.import_module, tests):
        for name in ("_schedule", "_join"):
            monkeypatch.setattr(module, name, dialect, raising=False)
    result = peers.own_tests(*tests, wanted=lambda kind: kind != "ScheduleAsLearningRateTest")  # optimizers: elsewhere
    assert result.testsRun >= 35
    assert not result.failures
    assert peers.names(result.errors) == LOGGED
    assert all("schedules.algebra.checks.ScheduleError" in text for _, text in result.errors)


# -- where Optax goes wrong ------------------------------------------------------------------------------


def test_a_constant_without_warmup_is_at_its_peak():
    assert peer.warmup_constant_schedule(0.0, 0.1, 0)(1_000) == 0.0
    assert dialect.warmup_constant_schedule(0.0, 0.1, 0)(0) == 0.1


@pytest.mark.parametrize("name", ["linear_onecycle_schedule", "cosine_onecycle_schedule"])
def test_a_phase_of_no_length_is_not_forgotten(name):
    pct_final = {"pct_final": 1.0} if name.startswith("linear") else {}
    arguments = {"transition_steps": 10, "peak_value": 1.0, "pct_start": 1.0, **pct_final}
    assert live(name, arguments).max() <= 0.04 + 1e-12
    ours = getattr(dialect, name)(**arguments)
    assert max(ours(t) for t in np.arange(0, 10, 0.01).tolist()) == pytest.approx(1.0, abs=2e-3)
    assert ours(10) == pytest.approx(0.04 * 1e-4)


def test_a_cycle_of_one_step_begins_where_others_do():
    arguments = {"transition_steps": 1, "peak_value": 1.0}
    assert live("linear_onecycle_schedule", arguments)[0] == pytest.approx(0.04**2)
    assert dialect.linear_onecycle_schedule(**arguments)(0) == pytest.approx(0.04)


def test_a_stretch_of_less_than_a_step_reaches_its_end():
    arguments = {"interpolate_type": "linear", "init_value": 1.0, "boundaries_and_scales": {1.5: 1.0, 2.25: 3.0}}
    assert live("piecewise_interpolate_schedule", arguments)[2] == pytest.approx(2.0)
    assert dialect.piecewise_interpolate_schedule(**arguments)(2) == pytest.approx(1 + 2 * 0.5 / 0.75)


def test_a_peak_of_0_has_no_end_in_both():
    arguments = {"init_value": 1.0, "peak_value": 0.0, "warmup_steps": 5, "decay_steps": 10, "end_value": 0.5}
    assert live("warmup_cosine_decay_schedule", arguments)[10] == 0.0
    assert repr(dialect.warmup_cosine_decay_schedule(**arguments)) == "linear(1.0, 0.0, 5) >> cosine(0.0, 0.0, 5)"


def test_other_values_that_optax_spoils():
    assert np.isnan(live("exponential_decay", {"init_value": 1.0, "transition_steps": 2, "decay_rate": -0.5})[1])
    negative = {"init_value": 1.0, "end_value": 0.0, "power": -1.0, "transition_steps": 5}
    assert np.isinf(live("polynomial_schedule", negative)[5])
    assert np.isinf(live("cosine_decay_schedule", {"init_value": 1.0, "decay_steps": 5, "exponent": -1.0})[5])
    assert peer.exponential_decay(1.0, 0, 0.5)(7) == peer.exponential_decay(1.0, 5, 0.0)(7) == 1.0
    assert peer.linear_schedule(1.0, 0.0, -5)(7) == 1.0
    assert peer.join_schedules([lambda _: 1.0, lambda _: 2.0, lambda _: 3.0], [5])(100) == 2.0


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("constant_schedule", (math.nan,), "value=nan: a value is a finite number"),
        ("linear_schedule", (1.0, 0.0, -5), "transition_steps=-5: a duration is a finite number of steps >= 0"),
        ("linear_schedule", (1.0, 0.0, 5, -1), "transition_begin=-1: a duration is"),
        ("linear_schedule", ("1", 0.0, 5), "init_value='1': a value is a finite number"),
        ("polynomial_schedule", (1.0, 0.0, -1.0, 5), "power=-1.0: this is a finite number >= 0"),
        ("polynomial_schedule", (1.0, 0.0, 2.0, math.inf), "transition_steps=inf: a duration is a finite number"),
        ("exponential_decay", (1.0, 0, 0.5), "transition_steps=0: this is a finite number of steps > 0"),
        ("exponential_decay", (1.0, 5, 0.0), "decay_rate=0.0: .* constant_schedule"),
        ("exponential_decay", (1.0, 5, -0.5), "decay_rate=-0.5: .*staircase=True"),
        ("exponential_decay", (1.0, 5, 0.5, 0, 1), "staircase=1: this is True or False"),
        ("cosine_decay_schedule", (1.0, 0), "decay_steps=0: this is a finite number of steps > 0"),
        ("cosine_decay_schedule", (1.0, 5, 0.0, -1.0), "exponent=-1.0: this is a finite number >= 0"),
        (
            "piecewise_constant_schedule",
            (1.0, {5: -0.5}),
            r"boundaries_and_scales=\{5: -0.5\}: .*below 0",
        ),
        ("piecewise_constant_schedule", (1.0, {-5: 0.5}), r"boundaries_and_scales=\{-5: 0.5\}: this is a dictionary"),
        ("piecewise_constant_schedule", (1.0, {"5": 0.5}), "boundaries_and_scales=.*text is not a number"),
        ("piecewise_constant_schedule", (1.0, [5]), r"boundaries_and_scales=\[5\]: this is a dictionary"),
        ("piecewise_interpolate_schedule", ("linar", 1.0), "interpolate_type='linar': this is 'linear' or 'cosine'"),
        ("piecewise_interpolate_schedule", ("linear", 1.0, {5: math.inf}), "boundaries_and_scales="),
        ("linear_onecycle_schedule", (0, 1.0), "transition_steps=0: this is a finite number of steps > 0"),
        ("linear_onecycle_schedule", (10, 1.0, 0.9), r"pct_start=0.9: it is above pct_final=0.85; swap them"),
        ("cosine_onecycle_schedule", (10, 1.0, 1.5), "pct_start=1.5: this is a fraction of the whole"),
        ("cosine_onecycle_schedule", (10, 1.0, 0.3, 0.0), "div_factor=0.0: this is a finite number > 0"),
        ("warmup_constant_schedule", (0.0, 1.0, -1), "warmup_steps=-1: a duration is"),
        ("warmup_cosine_decay_schedule", (0.0, 1.0, 10, 10), "decay_steps=10: .*warmup_steps=10; add the warmup"),
        ("warmup_exponential_decay_schedule", (0.0, 1.0, 5, 0, 0.5), "transition_steps=0: this is a finite"),
        ("sgdr_schedule", ([],), r"cosine_kwargs=\[\]: this is a list of dictionaries .*at least 1 needed"),
        ("sgdr_schedule", ([{"peak": 1.0}],), "cosine_kwargs=.*each with its decay_steps"),
        ("join_schedules", ([1.0, 2.0], []), r"boundaries=\(\): 2 schedules have 1 boundaries between them"),
        ("join_schedules", ([1.0, 2.0, 3.0], [9, 5]), r"boundaries=\[9, 5\]: .*ascending order.*sort them"),
        ("join_schedules", ([], []), r"schedules=\[\]: this is a list of schedules.*at least 1 needed"),
        ("join_schedules", ([peer.constant_schedule(1.0)], []), "schedules=.*schedules.custom makes one"),
        ("reduce_on_plateau", (1.0,), "factor=1.0: this is a number above 0 and below 1"),
        ("reduce_on_plateau", (0.5, 0), "patience=0: Optax acts at each improvement here; use 1 or more"),
        ("reduce_on_plateau", (0.5, 1, 0.1, 0.1), "atol=0.1: .*set this or rtol=0.1 to 0"),
        ("reduce_on_plateau", (0.5, 1, 0.1, 0.0, 0, 4), "accumulation_size=4: give it to the transformation"),
        ("reduce_on_plateau", (0.5, 1, 1.5), "rtol=1.5: this is a fraction"),
    ],
)
def test_what_cannot_be_is_refused(name, arguments, message):
    with pytest.raises(ScheduleError, match=f"{name}: {message}"):
        getattr(dialect, name)(*arguments)


def test_wrong_rounds_are_named():
    good = {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 2, "decay_steps": 10}
    with pytest.raises(ScheduleError, match=r"warmup_cosine_decay_schedule: got an unexpected keyword argument 'peak'"):
        dialect.sgdr_schedule([good, {**good, "peak": 1.0}])
    assert dialect.sgdr_schedule(iter([good])) == dialect.warmup_cosine_decay_schedule(**good)


def test_plateaus_by_their_arguments():
    assert dialect.reduce_on_plateau() == Plateau(patience=9, eps=0.0)
    absolute = dialect.reduce_on_plateau(0.5, 3, rtol=0.0, atol=0.25, cooldown=2, min_scale=0.1)
    assert absolute == Plateau(
        factor=0.5, patience=2, threshold=0.25, threshold_mode="abs", cooldown=2, min_lr=0.1, eps=0.0
    )
