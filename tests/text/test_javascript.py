"""JavaScript: what is exported is the schedule, run by an engine where nothing of this package is at hand."""

import math
import re
import struct

import numpy as np
import pytest
from engine import run
from exported import ODD, VALUES, drawn, sampled

import schedules as sc
from schedules import ScheduleError, Time
from schedules.text.javascript import to_js

READ = """
for (const [text, steps] of given) {
  const { schedule } = await import("data:text/javascript," + encodeURIComponent(text));
  console.log(JSON.stringify(steps.map(t => bits(schedule(t)))));
}
"""


def doubles(texts):
    """Floats from their bits."""
    return np.array([struct.unpack(">d", bytes.fromhex(text.zfill(16)))[0] for text in texts])


def assert_exported(schedules, ulps):
    steps = [sampled(s) for s in schedules]
    found = run(READ, [(to_js(s), mine) for s, mine in zip(schedules, steps, strict=True)])
    assert len(found) == len(schedules)
    for s, mine, texts in zip(schedules, steps, found, strict=True):
        values, own = doubles(texts), np.array([s(step) for step in mine])
        peak = np.max(np.abs(own[np.isfinite(own)]), initial=1e-300)
        with np.errstate(invalid="ignore"):
            error = np.where(values == own, 0, np.abs(values - own))
        error[np.isnan(values) & np.isnan(own)] = 0
        assert (error <= ulps * np.spacing(peak)).all(), (s, mine[int(np.argmax(error))])


def test_random_terms_are_the_same_function_within_4_ulp():
    found = drawn(200)
    assert len(found) >= 180
    assert_exported(found, 4)


@pytest.mark.parametrize("s", ODD, ids=lambda s: repr(s)[:40])
def test_terms_with_odd_values(s):
    assert_exported([s], 4)


EXACT = [
    sc.linear(0.1, 0.3, 7) >> sc.wsd(0.7, 100, warmup=13, cooldown=29, shape=sc.one_minus_sqrt),
    sc.rex(0.9, 0.1, 33) * sc.inverse_sqrt(0.3, timescale=7) + sc.inverse_time(0.1, 0.3, every=3),
    sc.every(sc.linear(0.3, 0.1, 9), 3.7) >> sc.cycle(sc.linear(1.0, 0.1, 3.3)),
    sc.join(*(sc.linear(k / 7, 1 / (1 + k), 2) for k in range(60))),
    sc.replay(VALUES) >> sc.minimum(sc.linear(0.0, 1.0, 9), 0.5),
    (Time() - 50) // 0.7 + (Time() - 50) % -0.3,
]


@pytest.mark.parametrize("s", EXACT, ids=lambda s: repr(s)[:40])
def test_where_nothing_but_arithmetic_is_used_it_is_exact(s):
    assert not re.search(r"Math\.(sin|cos|pow|exp|log)", to_js(s))
    assert_exported([s], 0)


@pytest.mark.parametrize("name", ["t", "let", "1a", "_x", "Math", "a b", ""])
def test_names_that_are_no_names(name):
    with pytest.raises(ScheduleError, match=f"to_js: name={re.escape(repr(name))}: this is a name that is free"):
        to_js(sc.linear(0.0, 1.0, 5), name)


def test_what_has_no_source():
    with pytest.raises(ScheduleError, match="this has no source"):
        to_js(sc.custom(math.sin))
