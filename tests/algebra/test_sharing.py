"""Terms are shared: between threads, across a fork, and by the terms that hold them in several places."""

import math
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import finite, terms, values

import schedules as sc
from schedules import cosine, join, linear, repeat
from schedules.algebra.lazy import lazy

HANGS = 60  # seconds: more than any of these programs takes on a busy machine, so a guard and no measure

FORKS = """
import os, sys, threading
import schedules as sc
sc.cosine_warmup(1.0, 9, warmup=2)(3)  # modules are loaded: Python has locks of its own for that
stop = threading.Event()
def build():
    while not stop.is_set():
        sc.cycle(sc.wsd(1.0, 50, warmup=7, cooldown=9) >> sc.cosine(1.0, 0.0, 40))(13)
threads = [threading.Thread(target=build, daemon=True) for _ in range(4)]
[thread.start() for thread in threads]
children = []
for _ in range(24):
    child = os.fork()
    if child == 0:
        os._exit(sc.cosine_warmup(1.0, 100, warmup=10)(5) != 0.5)
    children.append(child)
codes = [os.waitpid(child, 0)[1] for child in children]
stop.set()
[thread.join() for thread in threads]
print(sum(codes))
"""

CROSSING = """
import sys, threading
import schedules as sc
sys.setswitchinterval(1e-6)
def cycles():
    for n in range(1, 300):
        sc.cycle(sc.linear(0.0, 1.0, n) >> sc.linear(1.0, 0.0, n))
def lengths():
    for n in range(1, 300):
        sc.join(*(sc.wsd(1.0, n, warmup=0, cooldown=k) for k in range(2))).steps
threads = [threading.Thread(target=work) for work in (cycles, lengths) * 2]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("code", [FORKS, CROSSING], ids=["forks", "threads"])
def test_no_lock_is_held_while_a_term_is_built(code):
    """On Python 3.11, functools.cached_property has one lock for all instances, which a fork takes along."""
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.stdout.strip() == "0", done.stderr


def test_a_lazy_attribute_is_computed_once_and_kept():
    class Node:
        count = 0

        @lazy
        def name(self):
            """What it is called."""
            type(self).count += 1
            return [self.count]

    node = Node()
    assert node.name is node.name
    assert (Node.count, Node.name.__doc__) == (1, "What it is called.")


def test_threads_that_compute_it_at_once_get_the_same():
    class Node:
        @lazy
        def name(self):
            self.__dict__.setdefault("name", "the first")  # as another thread does that was faster
            return "the second"

    assert Node().name == "the first"


# -- a term in several places --------------------------------------------------------------------------


def doubled(term, times=22):
    """A term that holds itself twice, so many times over: 2**times leaves in 3 * times nodes."""
    for _ in range(times):
        term = term * 0.5 + term * 0.5
    return term


SMALL = {
    "one formula": cosine(1.0, 0.25, 9),
    "a join": linear(0.0, 1.0, 4) >> cosine(1.0, 0.25, 5),
    "a cycle": sc.cycle(linear(0.0, 1.0, 4)),
    "a Python function": sc.custom(lambda t: t / 8, steps=9),
}


@pytest.mark.parametrize("term", SMALL.values(), ids=SMALL)
def test_what_is_held_twice_costs_once(term):
    s = doubled(term)
    assert s == doubled(term)
    assert hash(s) == hash(doubled(term))
    assert s != doubled(term) + 1e-9
    assert s != doubled(term, 21)
    assert s.values(9) == pytest.approx(term.values(9))
    assert s(np.arange(9)) == pytest.approx(term.values(9))
    assert s(3) == pytest.approx(term(3))
    assert (s.steps, s.bare, s.tracers) == (term.steps, False, ())


def test_what_is_held_twice_is_pickled_once():
    s = doubled(cosine(1.0, 0.25, 9))
    assert len(pickle.dumps(s)) < 10_000
    assert pickle.loads(pickle.dumps(s)) == s  # noqa: S301 -- just written


@given(terms, terms, values)
def test_two_places_are_as_one(a, b, factor):
    one, other = (a * factor) + (b + a * factor), (a * factor) + (b + a * factor)
    assert one == other
    assert hash(one) == hash(other)
    assert one != one + 9


# -- rounds that come again ----------------------------------------------------------------------------


def test_rounds_of_rounds_cost_what_is_written():
    s = repeat(repeat(linear(0, 1, 1), 10_000), 10_000)
    assert (s.steps, s(10**8 - 1), s(10**8), s(10**9)) == (10**8, 0.0, 1.0, 1.0)
    assert not s.values(10**6).any()
    assert len(str(s.describe())) < 1_000
    text = " >> ".join(["repeat(linear(0.0, 1.0, 1), 10_000)"] * 20)
    assert sc.parse(text).values(200_001)[-2:].tolist() == [0.0, 1.0]


@given(finite, st.integers(1, 60), st.integers(1, 4), st.integers(1, 4))
def test_rounds_of_rounds_are_joins_of_joins(s, steps, inner, outer):
    s = s[:steps]
    flat = join(*[s] * (inner * outer))
    nested = repeat(repeat(s, inner), outer)
    assert nested.steps == flat.steps
    for t in (*range(int(flat.steps) + 2), steps / 3, flat.steps - 0.25):
        assert nested(t) == flat(t)


@pytest.mark.parametrize("steps", [7, 2.5, 33.6, 0.1, 10_000 / 3], ids=str)
def test_a_round_begins_where_the_join_has_it(steps):
    s, flat = repeat(linear(1.0, 0.0, steps), 10), join(*[linear(1.0, 0.0, steps)] * 10)
    assert s.steps == flat.steps
    times = [*range(int(s.steps) + 2), *flat.knots]
    assert [s(t) for t in times] == [flat(t) for t in times]
    assert repeat(cosine(1.0, 0.0, 33.6), 10)(168) == 1.0


@pytest.mark.parametrize("make", [sc.cycle, lambda s: repeat(s, 2), lambda s: s >> 0.5, lambda s: 2 * s >> 0.5])
def test_a_constant_without_a_length_is_lost_nowhere(make):
    bare = sc.warmup(sc.constant(0.3), 20)
    for s in (bare, linear(0.0, 1.0, 4) >> 0.5):
        with pytest.raises(sc.ScheduleError, match="length"):
            make(s)
    assert make(bare[:30])(25) in (0.3, 0.6)


# -- durations that are parts of a whole ---------------------------------------------------------------

SHARES = st.one_of(st.integers(1, 50).map(lambda k: k / 100), st.floats(0.01, 0.5))
WHOLES = st.one_of(st.integers(200, 10**7), st.floats(200.0, 1e6), st.floats(200.0, 1e5).map(lambda n: round(n, 2)))


@given(WHOLES, SHARES, SHARES)
@example(6981.56, 0.09, 0.24)  # what is left has half a digit more than the whole
def test_parts_add_up_to_the_whole(n, a, b):
    for s in (
        sc.wsd(1.0, n, warmup=a * n, cooldown=b * n, end=0.1),
        sc.wsd(1.0, n, warmup=a * n, cooldown=(1 - a) * n, end=0.1),
        sc.cosine_warmup(1.0, n, warmup=a * n, end=0.1),
        sc.linear_warmup(1.0, n, warmup=a * n, end=0.1),
        sc.polynomial_warmup(1.0, n, warmup=a * n, end=0.1),
        sc.flat_cosine(1.0, n, flat=a, end=0.1),
        sc.one_cycle(0.1 * 25e4, n, rise=a),
        sc.one_cycle(0.1 * 25e4, n, rise=a, three_phase=True),
        sc.slanted_triangular(3.2, n, cut=a),
        sc.retarget(linear(1.0, 0.1, 2 * n), a * n, n),
    ):
        assert s.steps == n, s
        assert s(n) == pytest.approx(0.1)
        assert s(n) == s(2 * n) == s(math.inf)
    assert len(sc.trapezoid(1e-3, 12312, warmup=0.05 * 12312, cooldown=0.1 * 12312).values()) == 12312
