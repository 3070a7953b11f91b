"""`schedules.dialects.fvcore` against the live param schedulers of fvcore."""

import math

import peers
import pytest
from agreement import assert_follows, magnitude
from hypothesis import assume, given
from hypothesis import strategies as st

from schedules import ScheduleError, constant, fit
from schedules.dialects import fvcore as dialect

VERSION = "0.1.5.post20221221"


@pytest.fixture(scope="module")
def fvcore(pytestconfig):
    (found,) = peers.modules(peers.unpacked(pytestconfig, f"fvcore=={VERSION}"), "fvcore.common.param_scheduler")
    return found


def asked(peer, where):
    """What a live scheduler says; NaN where it fails, or says a complex number."""
    try:
        value = peer(where)
    except (RuntimeError, IndexError, ZeroDivisionError):
        return math.nan
    return math.nan if isinstance(value, complex) else value


def agree(s, peer, steps, *, end=True):
    """Equal at each of so many steps and at the end, if it has one there: in parts of 1, and fitted to steps."""
    places = [step / steps for step in range(steps + end)]
    found = [asked(peer, where) for where in places]
    failed = [step for step, value in enumerate(found) if math.isnan(value)]
    assert set(failed) <= {steps}
    assert s.steps == pytest.approx(1, rel=1e-15)  # the parts of a composite add up to it
    peak = magnitude(s)  # of the parts, which a few steps may all miss
    assert_follows(s, found, times=places, apart=failed, peak=peak)
    assert_follows(fit(s, steps), found, apart=failed, peak=peak)


values = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(-2.0, 2.0)
steps = st.sampled_from([1, 2, 3, 10, 90]) | st.integers(1, 300)
powers = st.sampled_from([0.5, 1.0, 2.0, 0.9]) | st.floats(0.05, 6.0)
SIMPLE = {
    "ConstantParamScheduler": (values,),
    "CosineParamScheduler": (values, values),
    "ExponentialParamScheduler": (values, st.sampled_from([0.02, 1.0]) | st.floats(1e-6, 10.0)),
    "LinearParamScheduler": (values, values),
    "PolynomialDecayParamScheduler": (values, powers),
    "StepParamScheduler": (steps, st.lists(values, min_size=1, max_size=12)),
    "StepWithFixedGammaParamScheduler": (st.floats(0.01, 2.0), st.integers(1, 9), st.floats(0.1, 2.0), steps),
}
simple = st.sampled_from(sorted(SIMPLE)).flatmap(lambda name: st.tuples(st.just(name), st.tuples(*SIMPLE[name])))


@pytest.mark.parametrize("name", SIMPLE)
@given(steps, st.data())
def test_every_scheduler(fvcore, name, steps, data):
    arguments = data.draw(st.tuples(*SIMPLE[name]))
    agree(getattr(dialect, name)(*arguments), getattr(fvcore, name)(*arguments), steps)


@given(
    st.lists(values, min_size=1, max_size=5),
    st.none() | st.integers(1, 40),
    st.none() | st.lists(st.integers(1, 40), max_size=5, unique=True).map(sorted) | st.lists(st.integers(0, 9)),
    steps,
)
def test_milestones(fvcore, levels, num_updates, milestones, steps):
    try:
        peer = fvcore.MultiStepParamScheduler(levels, num_updates, milestones and list(milestones))
    except (ValueError, IndexError):
        with pytest.raises(ScheduleError):
            dialect.MultiStepParamScheduler(levels, num_updates, milestones)
    else:
        agree(dialect.MultiStepParamScheduler(levels, num_updates, milestones), peer, steps)


@st.composite
def composites(draw):
    """Parts of a step or more each, whose ends are steps, or anywhere."""
    parts = draw(st.lists(simple, min_size=1, max_size=4))
    weights = draw(st.lists(st.integers(0, 9) | st.floats(0.01, 9.0), min_size=len(parts), max_size=len(parts)))
    assume(weights[-1] > 0)  # or the peer asks a part of no length at 1, where training is over
    lengths = [weight / sum(weights) for weight in weights]
    scalings = draw(st.lists(st.sampled_from(["rescaled", "fixed"]), min_size=len(parts), max_size=len(parts)))
    return parts, lengths, scalings


@given(composites(), steps)
def test_composite(fvcore, composite, steps):
    parts, lengths, scalings = composite
    ends = [sum(lengths[:count]) for count in range(len(lengths))]
    assume(all(abs(offset) < 1e-9 for end in ends if abs(offset := end * steps - round(end * steps)) < 1e-3))
    peer = fvcore.CompositeParamScheduler([getattr(fvcore, n)(*args) for n, args in parts], list(lengths), scalings)
    own = dialect.CompositeParamScheduler([getattr(dialect, n)(*args) for n, args in parts], lengths, scalings)
    agree(own, peer, steps, end=False)  # which is up to how the peer rounds: a root is 1e-8 where it is short of 1


def test_composites_in_composites(fvcore):
    def built(peer):
        inner = [peer.LinearParamScheduler(0.0, 1.0), peer.CosineParamScheduler(1.0, 0.1)]
        within = peer.CompositeParamScheduler(inner, [0.2, 0.8], ["rescaled", "rescaled"])
        return peer.CompositeParamScheduler(
            [within, peer.StepParamScheduler(9, [0.1, 0.01])], [0.6, 0.4], ["rescaled", "rescaled"]
        )

    agree(built(dialect), built(fvcore), 250)


def test_it_switches_early_by_a_millionth(fvcore):
    """Of two million steps two come early, in both."""
    peer = fvcore.MultiStepParamScheduler([1.0, 0.1], 2, [1])
    s = fit(dialect.MultiStepParamScheduler([1.0, 0.1], 2, [1]), 2_000_000)
    for step in (999_997, 999_999, 1_000_000):
        assert s(step) == peer(step / 2_000_000)
    assert (s(999_997), s(999_999)) == (1.0, 0.1)


def test_there_are_no_further_schedulers(fvcore):
    assert set(dialect.__all__) == set(fvcore.__all__) - {"ParamScheduler"}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ConstantParamScheduler", (math.nan,), "ConstantParamScheduler: value=nan"),
        ("CosineParamScheduler", (0.1, "0"), "end_value='0'"),
        ("LinearParamScheduler", (True, 0.1), "start_value=True"),
        ("ExponentialParamScheduler", (0.1, 0.0), "decay=0.0: this is a finite number > 0"),
        ("PolynomialDecayParamScheduler", (0.1, 0), "power=0: this is a finite number > 0"),
        ("MultiStepParamScheduler", ([0.1],), "num_updates=None: give it, or milestones"),
        ("MultiStepParamScheduler", ([0.1, 0.2], None, [3]), "milestones=(3,): 2 values and these updates need 2"),
        ("MultiStepParamScheduler", ([0.1, 0.2], None, [3, 2]), "num_updates=2: milestones ascend, above 0 and below"),
        ("MultiStepParamScheduler", ([0.1, 0.2], 9, [1.5]), "milestones=[1.5]: this is a list of whole numbers"),
        ("MultiStepParamScheduler", ([0.1, 0.2], 1), "num_updates=1: it is at least the number of values, 2"),
        ("MultiStepParamScheduler", ([1, 2, 3], 4), "num_updates=4: the ranges do not fit; give milestones"),
        ("MultiStepParamScheduler", ([], 4), "values=[]"),
        ("StepParamScheduler", (0, [0.1]), "num_updates=0"),
        ("StepParamScheduler", (9, []), "values=[]"),
        ("StepWithFixedGammaParamScheduler", (0.1, 0, 0.1, 9), "num_decays=0"),
        ("StepWithFixedGammaParamScheduler", (0.1, 3, -0.1, 9), "gamma=-0.1"),
        ("CompositeParamScheduler", ([], [], []), "schedulers=[]: this is a list of one schedule or more"),
        ("CompositeParamScheduler", ([0.1], [1.0], ["fixed"]), "schedulers=[0.1]: this is a list of one schedule"),
        ("CompositeParamScheduler", (constant(0.1), [1.0], ["fixed"]), "this is a list of one schedule or more"),
        ("CompositeParamScheduler", ([constant(0.1)], [0.5, 0.5], ["fixed"]), "1 schedulers have 1 of them"),
        ("CompositeParamScheduler", ([constant(0.1)], [0.5], ["fixed"]), "they add up to 1, not 0.5"),
        (
            "CompositeParamScheduler",
            ([constant(0.1)] * 2, [1.5, -0.5], ["fixed"] * 2),
            "they are parts of the whole, none",
        ),
        ("CompositeParamScheduler", ([constant(0.1)], [1.0], []), "interval_scaling=(): 1 schedulers have 1"),
        ("CompositeParamScheduler", ([constant(0.1)], [1.0], ["scaled"]), "this is a list of 'rescaled' and 'fixed'"),
    ],
)
def test_errors_name_the_argument(name, arguments, message):
    with pytest.raises(ScheduleError) as caught:
        getattr(dialect, name)(*arguments)
    assert message in str(caught.value)
