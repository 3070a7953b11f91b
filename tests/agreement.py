"""When two evaluations count as equal: rounding is allowed for, nothing else."""

import importlib.util
import math

import numpy as np

from schedules import Schedule, parse
from schedules.algebra.named import Call


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
    return max(1e-300, *(abs(s(t)) for s in subterms(term) for t in sample(s)))


def near(term, time, slack):
    """The least and the largest value around a time: next to a jump, rounding the time decides between two sides."""
    width = slack * (1 + abs(time))
    around = [term(time + place * width) for place in range(-2, 3)]
    slope = max(abs(around[0] - around[1]), abs(around[4] - around[3]))  # how far it may go on up to the jump
    return min(around) - slope, max(around) + slope


def assert_close(found, term, time, scale, *, tolerance=1e-12, slack=1e-9):
    """`found` is the value of `term` at `time`, but for rounding of values and of times."""
    lows, highs = zip(*(near(term, t, slack) for t in (time, min(max(time, 0), term.steps))), strict=True)
    error = max(min(lows) - found, found - max(highs), 0.0)
    assert error <= tolerance * scale, f"{term} at {time}: {found} instead of {term(time)} (scale {scale})"
    assert math.isfinite(found)


def assert_same(one, other, times=None, **options):
    """Two terms agree pointwise, to within rounding."""
    scale = max(magnitude(one), magnitude(other))
    for time in times if times is not None else (*sample(one), *sample(other)):
        assert_close(one(time), other, time, scale, **options)


def assert_follows(s, found, *, times=None, apart=(), peak=None):
    """`s` has the values that were found at times 0, 1, ..., within 1e-12 of the largest, at once too; and is a config.

    Places that are set `apart` may differ.
    """
    whole = times is None
    times = np.arange(len(found)) if whole else np.asarray(times)
    own = np.array([s(t) for t in times.tolist()])
    peak = peak or max(np.nanmax(np.abs(found), initial=1e-300), abs(s(0)))
    errors = np.abs(own - found) / peak
    errors[list(apart)] = 0.0
    assert errors.max() <= 1e-12, (s, times[np.nanargmax(errors)])
    assert np.abs(s(times) - own).max() <= 1e-12 * peak
    assert not whole or np.abs(s.values(len(found)) - own).max() <= 1e-12 * peak
    assert parse(repr(s)) == s


def check_array(found, s, times, tolerance, slack):
    """An array agrees with the scalars at the same times."""
    scale = magnitude(s)
    assert found.shape == (len(times),)
    for time, value in zip(times, found.tolist(), strict=True):
        assert_close(value, s, time, scale, tolerance=tolerance, slack=slack)


ULPS = 4 * 2.0**-23  # four float32 ulps
WHOLE = [*range(12), 30, 59, 60, 61, 100, 179, 1000]


def other_arrays(steps):
    """The steps as arrays of the frameworks that are installed, each with the tolerance that its floats need."""
    if importlib.util.find_spec("torch"):
        from array_api_compat import torch  # before JAX, which keeps their thread pools apart

        yield torch.asarray(steps, dtype=torch.float64), {"rtol": 1e-12, "atol": 1e-15}
    if importlib.util.find_spec("jax"):
        import jax.numpy as jnp

        yield jnp.asarray(steps), {"rtol": 1e-5, "atol": 1e-6}
