"""Steps in the tables of pandas and xarray are taken as their arrays."""

import numpy as np
import pytest

import schedules as sc

S = sc.cosine_warmup(1.0, 100, warmup=10)
STEPS = [0, 5, 50, 99, 200]


def test_pandas():
    pandas = pytest.importorskip("pandas")
    for steps in (
        pandas.Series(STEPS),
        pandas.Index(STEPS),
        pandas.Series(STEPS, dtype="Int64"),
        pandas.Series(STEPS) / 2,
    ):
        found = S(steps)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, S(steps.to_numpy()))
    table = pandas.DataFrame({"step": STEPS})
    table["lr"] = S(table["step"])
    assert table["lr"].tolist() == S(np.array(STEPS)).tolist()
    assert S(table[["step"]]).shape == (5, 1)
    with pytest.raises(sc.ScheduleError, match="steps are real numbers"):
        S(pandas.Series(["a", "b"]))


def test_xarray():
    xarray = pytest.importorskip("xarray")
    steps = xarray.DataArray(STEPS, dims="step")
    np.testing.assert_array_equal(S(steps), S(np.array(STEPS)))
    assert xarray.DataArray(S(steps), dims="step").shape == (5,)
