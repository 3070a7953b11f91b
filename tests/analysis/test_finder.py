"""`suggest` against the four methods of fastai, live: its functions, out of their module."""

import numpy as np
import peers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError, lr_range_test, suggest

VERSION = "2.8.12"
METHODS = {"valley": "valley", "slide": "slide", "steepest": "steep", "minimum": "minimum"}


@pytest.fixture(scope="module")
def fastai(pytestconfig):
    source = peers.unpacked(pytestconfig, f"fastai=={VERSION}") / "fastai" / "callback" / "schedule.py"
    return vars(peers.definitions(source, *METHODS.values(), np=np, to_np=lambda x: x.numpy()))


@pytest.mark.parametrize("method", METHODS)
@given(losses=st.lists(st.floats(0.0, 10.0).map(lambda x: round(x, 3)), min_size=17, max_size=60), wide=st.booleans())
def test_suggestions(fastai, method, losses, wide):
    rates = lr_range_test(1e-7, 10.0, len(losses)).values()
    losses = np.asarray(losses) * (1.0 if wide else 0.01)
    found, _ = fastai[METHODS[method]](torch.tensor(rates), torch.tensor(losses), len(losses))
    assert suggest(rates, losses, method=method) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_sweep_that_blows_up(fastai, method):
    x = np.linspace(-7, 1, 100)
    losses = 2.5 - 1.5 / (1 + np.exp(-3 * (x + 3))) + np.exp(3 * (x + 0.5))
    found, _ = fastai[METHODS[method]](torch.tensor(10**x), torch.tensor(losses), 100)
    assert suggest(10**x, losses, method=method) == pytest.approx(found, rel=1e-9)
    assert 1e-5 < found < 1.0


@pytest.mark.parametrize(
    ("rates", "losses", "method", "message"),
    [
        ([1, 2], [1], "valley", "losses=(1.0,): 2 rates have 2 losses, not 1"),
        (lr_range_test(1e-5, 1.0, 2), [1, 1], "valley", "those of a schedule are sweep.values()"),
        ([1], [1], "valley", "rates=(1.0,): two or more"),
        ([2, 1], [1, 1], "minimum", "rates=(2.0, 1.0): they ascend"),
        ([1, 1], [2, 1], "minimum", "rates=(1.0, 1.0): they ascend"),
        ([0, 1], [1, 1], "minimum", "they ascend, above zero"),
        ([1, 2], [1, 1], "slide", "sweep more finely"),
        ([1, 2], [1, float("nan")], "valley", "losses="),
        ([1, 2], [1, float("inf")], "valley", "leave out what comes after they have blown up"),
        ([1, 2], [1, 1], "best", "method='best': this is 'valley' or"),
    ],
)
def test_errors_name_the_argument(rates, losses, method, message):
    with pytest.raises(ScheduleError) as caught:
        suggest(rates, losses, method=method)
    assert message in str(caught.value)
