"""When two evaluations count as equal: rounding is allowed for, nothing else."""

import math

import numpy as np

from schedules import Schedule
from schedules.core import Call


def subterms(term):
    """The term and everything that it was written with, in its own time."""
    yield term
    inner = term.args if isinstance(term, Call) else term.children
    for child in inner:
        if isinstance(child, Schedule):
            yield from subterms(child)


def sample(term, count=24):
    """Times all over a term: its ends, its middle, its surroundings."""
    steps = min(term.steps, 200.0)
    return [0, 1, steps, steps / 2, steps / 3, *np.linspace(0, steps + 3, count).tolist(), *range(8)]


def magnitude(term):
    """The largest value of any subterm: rounding errors are in proportion to it."""
    return max(1e-300, *(float(np.max(np.abs(s(np.asarray(sample(s)))))) for s in subterms(term)))


def near(time, slack):
    """A time and its neighbours: next to a jump, rounding the time decides between the two sides."""
    return (time, time - slack * (1 + abs(time)), time + slack * (1 + abs(time)))


def assert_close(found, term, time, scale, *, tolerance=1e-12, slack=1e-9):
    """`found` is the value of `term` at `time`, but for rounding of values and of times."""
    held = min(max(time, 0), term.steps)
    expected = [term(t) for t in (*near(time, slack), *near(held, slack))]
    low, high = min(expected), max(expected)
    error = max(low - found, found - high, 0.0)
    assert error <= tolerance * scale, f"{term} at {time}: {found} instead of {expected[0]} (scale {scale})"
    assert math.isfinite(found)


def assert_same(one, other, times=None, **options):
    """Two terms agree pointwise, to within rounding."""
    scale = max(magnitude(one), magnitude(other))
    for time in times if times is not None else (*sample(one), *sample(other)):
        assert_close(one(time), other, time, scale, **options)
