"""`schedules.adapters.numpy` against NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import finite

from schedules import ScheduleError, cosine, cycle, inverse_sqrt, parse
from schedules.adapters.numpy import from_array, to_array

curves = arrays(float, st.integers(1, 40), elements=st.floats(-1e3, 1e3))


@given(curves, st.booleans())
def test_an_array_round_trips(values, interpolate):
    s = from_array(values, interpolate=interpolate)
    assert s.steps == len(values)
    np.testing.assert_array_equal(to_array(s), values)
    assert [s(step) for step in range(len(values))] == values.tolist()
    assert s(len(values) + 7) == values[-1]
    assert parse(repr(s)) == s


@given(curves, st.floats(0, 50))
def test_between_steps_it_interpolates_as_numpy_does(values, step):
    expected = np.interp(step, np.arange(len(values)), values)
    assert from_array(values)(step) == pytest.approx(expected, abs=1e-9)
    assert from_array(values, interpolate=False)(step) == values[min(int(step), len(values) - 1)]


@given(finite)
def test_replay_of_a_schedule_is_that_schedule_at_whole_steps(s):
    values = to_array(s, 30)
    np.testing.assert_array_equal(to_array(from_array(values)), values)


@pytest.mark.parametrize("library", [np.asarray, torch.tensor, jnp.asarray])
def test_replays_in_every_library(library):
    s = from_array([0.0, 1.0, 0.5])
    steps = [[0, 1], [2, 9]]
    np.testing.assert_allclose(np.asarray(s(library(steps))), s(np.asarray(steps)))
    np.testing.assert_allclose(np.asarray(s(library([0.5, 1.5]))), [0.5, 0.75])


def test_it_composes():
    s = cycle(from_array([0.0, 1.0])) * 2
    np.testing.assert_array_equal(s.values(5), [0, 2, 0, 2, 0])


def test_to_array_takes_a_dtype_and_a_length():
    assert to_array(cosine(1.0, 0.0, 8), dtype=np.float32).dtype == np.float32
    assert to_array(inverse_sqrt(1.0, timescale=3), 5).shape == (5,)


@pytest.mark.parametrize("values", [[], [[1.0]], [np.nan], [np.inf], ["a"], [True], 3.0, [1j]], ids=str)
def test_bad_arrays(values):
    with pytest.raises(ScheduleError, match=r"(from_array|replay): .*this is"):
        from_array(values)


def test_endless_needs_a_length():
    with pytest.raises(ScheduleError, match="steps"):
        to_array(inverse_sqrt(1.0, timescale=3))
