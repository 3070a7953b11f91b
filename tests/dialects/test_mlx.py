"""`schedules.dialects.mlx` against the live schedules of MLX, and those that mlx-lm builds of its configs."""

import types

import mlx.core as mx
import mlx.optimizers as peer
import numpy as np
import peers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError, constant, parse
from schedules.dialects import mlx as dialect

VERSION = "0.32.2"  # of mlx-lm
ULP = 2.0**-23


@pytest.fixture(scope="module")
def build(pytestconfig):
    source = peers.unpacked(pytestconfig, f"mlx-lm=={VERSION}") / "mlx_lm" / "tuner" / "utils.py"
    return peers.definitions(source, "build_schedule", opt=peer, Dict=dict).build_schedule


def agree(s, found, steps):
    """Within 4 float32 ulp of the largest value, at steps as the optimizer counts them."""
    values = np.array([float(found(mx.array(t))) for t in range(steps)])
    own = np.array([s(t) for t in range(steps)])
    assert np.abs(own - values).max() <= 4 * ULP * max(np.abs(values).max(), np.abs(own).max(), 1e-30), s
    assert parse(repr(s)) == s


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-5, 2.0)
ends = st.just(0.0) | rates
lengths = st.sampled_from([1, 2, 3]) | st.integers(1, 60)
SPACES = {  # a rate is a float32 there, whose rounding would grow with each step
    "cosine_decay": st.tuples(rates, lengths, ends),
    "linear_schedule": st.tuples(ends, ends, lengths),
    "exponential_decay": st.tuples(rates, st.sampled_from([1.0, 0.5, 0.0]) | st.floats(0.75, 1.0, width=32)),
    "step_decay": st.tuples(rates, st.sampled_from([0.1, 0.5, 0.0]) | st.floats(0.5, 1.0), lengths),
}
simple = st.sampled_from(sorted(SPACES)).flatmap(lambda name: st.tuples(st.just(name), SPACES[name]))


@pytest.mark.parametrize("name", SPACES)
@given(st.data())
def test_every_schedule(name, data):
    arguments = data.draw(SPACES[name])
    agree(getattr(dialect, name)(*arguments), getattr(peer, name)(*arguments), 80)


@given(st.lists(st.tuples(simple, st.integers(0, 30)), min_size=1, max_size=4))
def test_joins(parts):
    boundaries = np.cumsum([length for _, length in parts[1:]]).tolist()
    own = dialect.join_schedules([getattr(dialect, name)(*args) for (name, args), _ in parts], boundaries)
    found = peer.join_schedules([getattr(peer, name)(*args) for (name, args), _ in parts], boundaries)
    agree(own, found, 120)


@given(simple.filter(lambda pair: pair[0] != "linear_schedule"), st.integers(0, 30), st.none() | rates)
def test_configs_of_mlx_lm(build, schedule, warmup, start):
    name, arguments = schedule
    config = {"name": name, "arguments": list(arguments), "warmup": warmup}
    config |= {} if start is None else {"warmup_init": start}
    agree(dialect.build_schedule(config), build(config), 120)


def test_there_are_no_further_schedules():
    functions = {name for name, value in vars(peer.schedulers).items() if isinstance(value, types.FunctionType)}
    assert functions == set(dialect.__all__) - {"build_schedule"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dialect.cosine_decay(0.1, 0), "cosine_decay: decay_steps=0"),
        (lambda: dialect.linear_schedule(0.1, 0.0, 0.5), "linear_schedule: steps=0.5"),
        (lambda: dialect.step_decay(0.1, 0.5, 0), "step_decay: step_size=0"),
        (lambda: dialect.exponential_decay(0.1, -1), "decay_rate=-1"),
        (lambda: dialect.join_schedules([], []), "schedules=[]"),
        (lambda: dialect.join_schedules([constant(0.1)], [3]), "boundaries=(3,): 1 schedules have 0 boundaries"),
        (lambda: dialect.join_schedules([constant(0.1)] * 3, [5, 3]), "boundaries=[5, 3]"),
        (lambda: dialect.build_schedule({"name": "cosine"}), "name='cosine': this is one of cosine_decay"),
        (lambda: dialect.build_schedule({"name": "cosine_decay"}), "arguments=[]"),
        (lambda: dialect.build_schedule({"nam": "cosine_decay"}), "key='nam'"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ScheduleError) as caught:
        make()
    assert message in str(caught.value)
