"""`schedules.dialects.thinc` against the live schedules of thinc: its module, out of its wheel."""

from types import SimpleNamespace

import peers
import pytest
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import thinc as dialect

VERSION = "9.1.1"
STEPS = 90


@pytest.fixture(scope="module")
def thinc(pytestconfig):
    source = peers.unpacked(pytestconfig, f"thinc=={VERSION}") / "thinc" / "schedules.py"
    as_it_is = SimpleNamespace(schedules=lambda _: lambda function: function)  # the registry only names functions
    return peers.definitions(source, registry=as_it_is)


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-5, 2.0)
shares = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(1e-3, 1.0)
lengths = st.sampled_from([1, 2, 3]) | st.integers(1, 60)
whole = st.just(0) | lengths
t = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 9.0)
SPACES = {
    "constant": st.fixed_dictionaries({"rate": rates}),
    "decaying": st.fixed_dictionaries({"base_rate": rates, "decay": shares}, optional={"t": t}),
    "compounding": st.fixed_dictionaries(
        {"start": rates, "stop": rates, "compound": st.floats(0.9, 1.1)}, optional={"t": t}
    ),
    "warmup_linear": st.fixed_dictionaries({"initial_rate": rates, "warmup_steps": whole, "total_steps": whole}),
    "cyclic_triangular": st.fixed_dictionaries({"min_lr": rates, "max_lr": rates, "period": lengths}),
    "slanted_triangular": st.fixed_dictionaries(
        {"max_rate": rates, "num_steps": st.integers(20, 60)},
        optional={"cut_frac": st.floats(0.06, 0.9), "ratio": st.integers(1, 40), "t": t},
    ),
}


@pytest.mark.parametrize("name", SPACES)
@given(st.data())
def test_every_schedule(thinc, name, data):
    arguments = data.draw(SPACES[name])
    found = [float(getattr(thinc, name)(**arguments)(step=step)) for step in range(STEPS)]
    assert_follows(getattr(dialect, name)(**arguments), found, peak=max(map(abs, found)))


@given(rates, whole, st.sampled_from(sorted(SPACES)), st.data())
def test_constant_then(thinc, rate, steps, name, data):
    arguments = data.draw(SPACES[name])
    peer = thinc.constant_then(rate, steps, getattr(thinc, name)(**arguments))
    found = [float(peer(step=step)) for step in range(STEPS)]
    own = dialect.constant_then(rate, steps, getattr(dialect, name)(**arguments))
    assert_follows(own, found, peak=max(map(abs, found)))


def test_there_are_no_further_schedules(thinc):
    assert set(thinc.__all__) == set(dialect.__all__)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("constant", {"rate": "a"}, "constant: rate='a'"),
        ("decaying", {"base_rate": 0.1, "decay": -1}, "decay=-1"),
        ("slanted_triangular", {"max_rate": 0.1, "num_steps": 5}, "cut_frac=0.1: of num_steps=5 that is no step"),
        ("cyclic_triangular", {"min_lr": 0.1, "max_lr": 1, "period": 0}, "period=0"),
        ("warmup_linear", {"initial_rate": 0.1, "warmup_steps": 1.5, "total_steps": 9}, "warmup_steps=1.5"),
    ],
)
def test_errors_name_the_argument(name, arguments, message):
    with pytest.raises(ScheduleError) as caught:
        getattr(dialect, name)(**arguments)
    assert message in str(caught.value)
