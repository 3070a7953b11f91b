"""Terms are values: they never change, compare by what was written, copy, and evaluate alike everywhere."""

import copy
import functools
import itertools
import math
import operator
import pickle
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from strategies import terms

import schedules as sc
from schedules import Schedule, ScheduleError, constant, cosine, join, linear
from schedules.algebra.forms import longer
from schedules.algebra.tree import flatten, leaves, unflatten, with_leaves

RAMP = linear(0.0, 1.0, 10)
FALL = cosine(1.0, 0.0, 10)
BOTH = RAMP >> FALL

ZOO = [
    constant(0.5),
    constant(0.5, steps=3),
    constant(0.5, steps=math.inf),
    sc.Time(),
    RAMP,
    FALL,
    BOTH,
    RAMP[2:7],
    -RAMP,
    RAMP + FALL,
    RAMP**2,
    sc.Warp(RAMP, sc.Time() * 2, 5),
    sc.cycle(BOTH),
    sc.repeat(BOTH, 3, stretch=2.0, scale=0.5),
    sc.wsd(1.0, 100, warmup=10, cooldown=20, shape=cosine),
    sc.multistep(1.0, 0.5, [10, 20]),
    sc.replay([0.0, 1.0, 0.5]),
    sc.custom(math.sqrt, steps=9),
]

zoo = pytest.mark.parametrize("s", ZOO, ids=repr)


# -- terms never change --------------------------------------------------------------------------------


@zoo
def test_nothing_can_be_assigned_or_deleted(s):
    for name in ("steps", "own", "_function", *s.__match_args__):
        with pytest.raises(ScheduleError, match=f"Schedule: {name}=.*build a new one"):
            setattr(s, name, 5)
        with pytest.raises(ScheduleError, match=f"Schedule: {name}=.*build a new one"):
            delattr(s, name)


@zoo
def test_what_a_term_is_made_of_is_immutable(s):
    pending = list(s.fields)
    while pending:
        field = pending.pop()
        assert isinstance(field, Schedule | int | float | str | tuple) or callable(field)
        pending.extend(field if isinstance(field, tuple) else ())


def test_a_list_that_was_passed_in_may_change_later():
    milestones, values = [10, 20], [1.0, 0.5, 0.25]
    s, before = sc.piecewise(values, milestones), sc.piecewise([1.0, 0.5, 0.25], [10, 20])
    values[0], milestones[0] = 9.0, 1
    assert s == before
    assert s(5) == 1.0


def test_an_array_that_was_passed_in_may_change_later():
    values = np.array([0.0, 1.0, 0.5])
    s = sc.replay(values)
    values[:] = 7
    assert s.values().tolist() == [0.0, 1.0, 0.5]


def test_evaluation_leaves_a_term_as_it_was():
    s, text, code = BOTH * 2, repr(BOTH * 2), hash(BOTH * 2)
    s(3), s(np.arange(3)), s.values(), s.steps, s.tracers, s.shared
    assert (repr(s), hash(s)) == (text, code)
    assert s == BOTH * 2


# -- equality ------------------------------------------------------------------------------------------

SAME = {
    "defaults": [sc.polynomial(1, 0, 10), sc.polynomial(1.0, 0.0, 10, power=1)],
    "keywords": [linear(0, 1, 10), linear(end=1.0, steps=10.0, start=0)],
    "NumPy numbers": [linear(0, 1, 10), linear(np.float64(0), np.float32(1), np.int64(10))],
    "arrays of no dimension": [linear(0, 1, 10), linear(np.asarray(0), np.asarray(1.0), np.asarray(10))],
    "fractions": [linear(0.5, 1, 10), linear(Fraction(1, 2), 1, Fraction(10, 1))],
    "lists": [sc.multistep(1, 0.5, steps) for steps in ([10, 20], (10.0, 20), np.array([10, 20]), range(10, 21, 10))],
    "flat joins": [(RAMP >> FALL) >> RAMP, RAMP >> (FALL >> RAMP), join(RAMP, FALL, RAMP), join(BOTH, RAMP)],
    "numbers in joins": [RAMP >> 0.5, RAMP >> constant(0.5), join(RAMP, 0.5), join(RAMP, np.float64(0.5))],
    "one part": [RAMP, join(RAMP), join(join(RAMP))],
    "no length": [RAMP >> FALL, constant(3, steps=0) >> RAMP >> linear(9, 8, 0) >> FALL, RAMP >> FALL[:0] >> FALL],
    "neutral on the right": [RAMP, RAMP + 0, RAMP - 0, RAMP * 1, RAMP / 1, RAMP**1],
    "neutral on the left": [RAMP, 0 + RAMP, 1 * RAMP, 0.0 + RAMP, 1.0 * RAMP, np.float64(1) * RAMP],
    "neutral for some steps": [RAMP, RAMP + constant(0, steps=5), constant(1, steps=10) * RAMP],
    "folded": [constant(6), constant(2) * 3, constant(12) / 2, constant(2) + 4, -constant(-6), constant(36) ** 0.5],
    "folded for some steps": [constant(6, steps=5), constant(2, steps=5) * constant(3, steps=4), 6 + 0 * RAMP[:5]],
    "nothing left": [constant(0, steps=10), RAMP * 0, 0 * RAMP, 0 / (RAMP + 1)],
    "scaled": [2 * RAMP, sc.scale(RAMP, 2), sc.scale(RAMP, constant(2.0))],
    "whole": [RAMP, RAMP[:], RAMP[0:], RAMP[:10], RAMP[-10:]],
    "from the end": [RAMP[2:7], RAMP[2:-3], RAMP[-8:7], RAMP[-8:-3]],
    "transforms of nothing": [RAMP, sc.stretch(RAMP, 1), sc.fit(RAMP, 10), sc.shift(RAMP, 0), sc.repeat(RAMP, 1)],
    "warmup of nothing": [RAMP, sc.warmup(RAMP, 0)],
    "stretched constants": [constant(3), sc.stretch(constant(3), 5), sc.every(constant(3), 5)],
    "ufuncs": [sc.lift("exp", RAMP), np.exp(RAMP)],
}  # fmt: skip


@pytest.mark.parametrize("group", SAME.values(), ids=SAME)
def test_ways_of_writing_the_same(group):
    for one, other in itertools.product(group, repeat=2):
        assert one == other
        assert not one != other  # noqa: SIM202 -- both operators are under test
        assert hash(one) == hash(other)
    assert len(set(group)) == 1
    assert {group[0]: "found"}[group[-1]] == "found"


def test_different_terms_differ():
    different = [
        *ZOO, linear(0, 1, 11), linear(1, 0, 10), linear(0, 1, 10.5), cosine(0, 1, 10), sc.polynomial(0, 1, 10),
        RAMP * 2, RAMP + 1, RAMP - 1, 1 - RAMP, RAMP / 2, 2 / (RAMP + 1), 2**RAMP, FALL >> RAMP, BOTH >> BOTH,
        RAMP[2:6], RAMP[2:], RAMP[:20], RAMP >> 1, RAMP >> constant(1, steps=5), constant(0.25), constant(0.5, steps=4),
        RAMP + constant(0, steps=20), sc.reverse(RAMP), sc.cycle(RAMP), sc.minimum(RAMP, 0.5), sc.maximum(RAMP, 0.5),
    ]  # fmt: skip
    for one, other in itertools.combinations(different, 2):
        assert one != other
        assert not one == other  # noqa: SIM201 -- both operators are under test
    assert len(set(different)) == len(different)


@pytest.mark.parametrize("other", [1, 1.0, "linear(0.0, 1.0, 10)", None, (), linear, np.float64(1), 1j, object()])
def test_a_schedule_equals_nothing_else(other):
    for one, two in ((RAMP, other), (other, RAMP)):
        assert not one == two  # noqa: SIM201 -- both operators are under test
        assert one != two


def test_equality_in_numpy_is_that_of_python():
    again = linear(0.0, 1.0, 10)
    assert (np.equal(RAMP, again), np.equal(RAMP, FALL)) == (True, False)
    assert (np.not_equal(RAMP, again), np.not_equal(RAMP, FALL)) == (False, True)


def test_schedules_have_no_order_and_no_length():
    for use in (len, float, int, list, iter, lambda s: s < RAMP, lambda s: s[0]):
        with pytest.raises((TypeError, ScheduleError)):
            use(RAMP)


# -- copies --------------------------------------------------------------------------------------------


@zoo
def test_copies(s):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(s, protocol))  # noqa: S301 -- our own bytes
        assert again == s
        assert (hash(again), again.steps) == (hash(s), s.steps)
        assert again.values(12).tolist() == s.values(12).tolist()
    assert copy.copy(s) is s
    assert copy.deepcopy([s, {"s": s}]) == [s, {"s": s}]


def test_what_was_evaluated_still_pickles():
    for s in ZOO:
        s(3), s(np.arange(3)), s.values(5), hash(s)
        assert pickle.loads(pickle.dumps(s)) == s  # noqa: S301 -- our own bytes
        assert len(pickle.dumps(s)) < 2_000


READER = "import pickle, sys; s = pickle.load(sys.stdin.buffer); print([x(t) for x in s for t in range(12)]); print(s)"


def test_pickles_load_in_a_fresh_interpreter():
    found = subprocess.run([sys.executable, "-c", READER], input=pickle.dumps(ZOO), capture_output=True, check=True)  # noqa: S603 -- our own code
    values, texts = found.stdout.decode().splitlines()
    assert values == str([s(t) for s in ZOO for t in range(12)])
    assert texts == str(ZOO)


def test_a_pickle_needs_no_framework():
    code = (
        "import pickle, sys; pickle.load(sys.stdin.buffer); print(sorted({'jax', 'torch', 'optax'} & {*sys.modules}))"
    )
    found = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(ZOO), capture_output=True, check=True)  # noqa: S603 -- our own code
    assert found.stdout.decode().strip() == "[]"


def test_long_joins_pickle_and_compare():
    s = join(*(linear(i, i + 1, 3) for i in range(3_000)))
    assert pickle.loads(pickle.dumps(s)) == s  # noqa: S301 -- our own bytes
    assert copy.deepcopy(s) == s


@pytest.mark.parametrize("count", [50, 120])
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul], ids=lambda op: op.__name__)
def test_long_sums_and_products_are_terms_like_others(op, count):
    s = functools.reduce(op, [linear(1.0, 1.0 + 1 / (1 + i), 10) for i in range(count)])
    expected = [functools.reduce(op, [1 + t / 10 / (1 + i) for i in range(count)]) for t in range(11)]
    assert s.steps == 10
    assert [s(t) for t in range(11)] == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(s(np.arange(11)), expected, rtol=1e-9)
    np.testing.assert_allclose(s.values(11), expected, rtol=1e-9)
    assert pickle.loads(pickle.dumps(s)) == s  # noqa: S301 -- our own bytes


def test_joins_within_joins_within_joins():
    def within(s):
        return sc.stretch(sc.join(*[linear(0.0, 1.0, 3)] * 20, s, cosine(1.0, 0.0, 3)), 0.5)

    s = functools.reduce(lambda s, _: within(s), range(30), linear(1.0, 2.0, 8))
    times = np.linspace(0, s.steps, 7)
    np.testing.assert_allclose([s(t) for t in times.tolist()], s(times), rtol=1e-9)


def test_terms_nest_only_so_deep():
    ramps = [linear(1.0, 1.0 + 1 / (1 + i), 10) for i in range(300)]
    with pytest.raises(ScheduleError, match=r"Lift: depth=151: at most 150; combine terms in groups, not in a row"):
        functools.reduce(operator.add, ramps)
    assert functools.reduce(operator.add, ramps[:140]).depth == ramps[0].depth + 139
    s = sum(sum(ramps[begin : begin + 20]) for begin in range(0, 300, 20))
    assert s(5) == pytest.approx(sum(ramp(5) for ramp in ramps))
    deep = functools.reduce(lambda s, _: sc.stretch(s, 1.1)[1:], range(30), ramps[0])
    assert deep(3) == pytest.approx(float(deep(np.float64(3))))
    assert sc.parse(repr(deep)) == deep


# -- operators take every kind of number ---------------------------------------------------------------

NUMBERS = [
    2, 2.0, np.float64(2), np.float32(2), np.float16(2), np.int64(2), np.uint8(2), np.asarray(2.0), np.asarray(2),
    Fraction(2),
]  # fmt: skip
OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
]  # fmt: skip
number_kinds = pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{type(n).__module__}.{type(n).__name__}")


@number_kinds
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
def test_numbers_on_either_side_of_an_operator(op, number):
    s = linear(1.0, 3.0, 10)
    left, right = op(number, s), op(s, number)
    assert isinstance(left, Schedule)
    assert isinstance(right, Schedule)
    assert left == op(2, s)
    for t in (0, 2.5, 5, 10, 11):
        assert left(t) == pytest.approx(op(2, s(t)), rel=1e-15)
        assert right(t) == pytest.approx(op(s(t), 2), rel=1e-15)
    for way in (left, right):
        assert sc.parse(repr(way)) == way


@number_kinds
def test_numbers_in_joins(number):
    assert isinstance(RAMP >> number, Schedule)
    assert (RAMP >> number)(10) == 2.0
    with pytest.raises(ScheduleError, match=r"join: part 1 of 2, constant\(2(\.0)?\), lasts 0 steps; give it a length"):
        number >> RAMP


def test_negation():
    assert (-RAMP)(5) == -0.5
    assert (-RAMP)(np.arange(3)).tolist() == [-0.0, -0.1, -0.2]


# NumPy's own function, what it is here, a point where it is defined
UFUNCS = [
    np.exp, np.expm1, np.log, np.log1p, np.sqrt, np.sin, np.cos, np.tanh, np.abs, np.absolute, np.negative, np.square,
]  # fmt: skip
UFUNCS_OF_TWO = [
    np.add, np.subtract, np.multiply, np.divide, np.true_divide, np.power, np.minimum, np.maximum, np.remainder,
    np.floor_divide,
]  # fmt: skip


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_functions_of_numpy_lift(ufunc):
    s = linear(1.0, 3.0, 10)
    lifted = ufunc(s)
    assert isinstance(lifted, Schedule)
    assert lifted.steps == 10
    np.testing.assert_allclose(lifted(np.arange(12)), ufunc(s(np.arange(12))), rtol=1e-15)
    np.testing.assert_allclose([lifted(t) for t in range(12)], ufunc(s(np.arange(12))), rtol=1e-15)


@pytest.mark.parametrize("ufunc", UFUNCS_OF_TWO, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [0.75, np.float32(0.75), cosine(0.5, 2.0, 7)], ids=str)
def test_functions_of_numpy_lift_with_numbers_and_schedules(ufunc, other):
    s, steps = linear(1.0, 3.0, 10), np.arange(12)
    known = other(steps) if isinstance(other, Schedule) else float(other)
    for lifted, expected in ((ufunc(s, other), ufunc(s(steps), known)), (ufunc(other, s), ufunc(known, s(steps)))):
        assert isinstance(lifted, Schedule)
        np.testing.assert_allclose(lifted(steps), expected, rtol=1e-14)


@pytest.mark.parametrize("ufunc", [np.arctan, np.isfinite, np.floor, np.sign, np.cbrt, np.logaddexp, np.hypot])
def test_other_functions_of_numpy_are_refused(ufunc):
    with pytest.raises(ScheduleError, match=rf"{ufunc.__name__}: linear.*no such operation.*s\.values\(\)"):
        ufunc(*[RAMP] * ufunc.nin)


@pytest.mark.parametrize(
    "use",
    [lambda: np.multiply(RAMP, 2, out=np.empty(3)), lambda: np.add.reduce(RAMP), lambda: np.add.outer(RAMP, RAMP)],
)
def test_options_and_methods_of_ufuncs_are_refused(use):
    with pytest.raises(ScheduleError, match=r"no such operation on schedules; take its values first"):
        use()


@pytest.mark.parametrize("array", [np.arange(3.0), [1.0, 2.0]], ids=type)
@pytest.mark.parametrize("op", OPERATORS[:5], ids=lambda op: op.__name__)
def test_arrays_are_no_operands(op, array):
    for use in (lambda: op(RAMP, array), lambda: op(array, RAMP)):
        with pytest.raises(ScheduleError, match=r"operand=.*this is a schedule or a finite number"):
            use()


# -- as arrays -----------------------------------------------------------------------------------------


def test_asarray_is_the_curve():
    np.testing.assert_array_equal(np.asarray(BOTH), BOTH.values())
    assert np.asarray(BOTH, np.float32).dtype == BOTH.__array__(np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="no array to share"):
        np.array(BOTH, copy=False)
    with pytest.raises(ScheduleError, match="endless"):
        np.asarray(sc.cycle(BOTH))


# -- threads -------------------------------------------------------------------------------------------


def fresh(seed):
    """A term that nobody has evaluated, with subterms that are shared within it."""
    a = linear(0.001 * seed, 1.0, 10) >> cosine(1.0, 0.0, 30)
    return sc.cycle(join(*(a * i + a for i in range(1, 8)))) * sc.exponential_decay(1.0, 0.999) + sc.every(a, 3)


@pytest.mark.parametrize("round_", range(4))
def test_threads_share_a_fresh_term(round_):
    s, steps = fresh(round_), range(0, 400, 7)
    expected = [fresh(round_)(t) for t in steps]
    start, found, faults = threading.Barrier(8), {}, []

    def work(name):
        try:
            start.wait()
            values = [s(t) for t in steps] if name % 2 else s(np.arange(400))[::7].tolist()
            found[name] = values, s.values(400)[::7].tolist(), s.function()(5), hash(s), s.steps
        except BaseException as fault:  # whatever a thread dies of is shown below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert faults == []
    for values, curve, *rest in found.values():
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(curve, expected, rtol=1e-12, atol=1e-15)
        assert rest == [s(5), hash(s), math.inf]
    assert len(found) == 8


# -- what comes out, for what goes in ------------------------------------------------------------------


@zoo
@pytest.mark.parametrize("step", [0, 3, 3.0, 2.5, -1, 10**6, 1e300])
def test_a_number_gives_a_float(s, step):
    assert type(s(step)) is float
    assert type(s.function()(step)) is float


@given(terms)
def test_a_number_gives_a_float_for_any_term(s):
    for step in (0, 1, 7, 1000, 0.0, 2.5, -3):
        assert type(s(step)) is float


SHAPES = [(), (1,), (0,), (3, 4), (0, 3), (2, 1, 2)]
KINDS = [
    (np.zeros, np.float32, np.float32), (np.zeros, np.float16, np.float16), (np.zeros, float, float),
    (np.zeros, int, float), (np.zeros, np.uint8, float),
]  # fmt: skip
FEW = [constant(0.5), RAMP, BOTH, sc.cycle(BOTH), sc.replay([0.0, 1.0])]
few = pytest.mark.parametrize("s", FEW, ids=repr)


@few
@pytest.mark.parametrize(("zeros", "dtype", "wanted"), KINDS, ids=[f"{f.__module__}-{d}" for f, d, _ in KINDS])
def test_shapes_and_types_of_arrays_are_kept(s, zeros, dtype, wanted):
    for shape in SHAPES:
        found = s(zeros(shape, dtype=dtype))
        assert (found.shape, found.dtype) == (shape, wanted)


@few
def test_numpy_scalars_give_numpy_scalars(s):
    for step in (np.float64(3), np.float32(3), np.int64(3), np.uint8(3)):
        found = s(step)
        assert isinstance(found, np.floating)
        assert found.dtype == (np.float32 if isinstance(step, np.float32) else float)
        assert found == pytest.approx(s(3), rel=1e-6)


def test_lists_are_arrays():
    np.testing.assert_array_equal(BOTH([0, 5, 15]), BOTH(np.array([0, 5, 15])))
    assert BOTH([[0], [5]]).shape == (2, 1)
    assert BOTH([]).shape == (0,)


def test_an_array_is_not_written_to():
    steps = np.array([-5.0, 3.0, 99.0])
    (BOTH * 2)(steps)
    assert steps.tolist() == [-5.0, 3.0, 99.0]


# -- extreme steps -------------------------------------------------------------------------------------

FINITE = [s for s in ZOO if s.steps < math.inf]


@pytest.mark.parametrize("s", FINITE, ids=repr)
def test_before_and_after_a_schedule_it_holds(s):
    for step in (math.inf, 10**30, 10**400, 1e300):
        assert s(step) == s(s.steps)
    for step in (-math.inf, -(10**30), -(10**400), -1e300, -1, -0.5):
        assert s(step) == s(0)
    np.testing.assert_array_equal(s(np.array([-math.inf, math.inf])), [s(0), s(s.steps)])


@pytest.mark.parametrize(
    ("s", "step", "value"),
    [
        (sc.cycle(RAMP), 10**30 + 3, 0.3),
        (sc.cycle(RAMP), 10**400 + 3, 0.3),
        (sc.inverse_sqrt(1.0, timescale=4), 4 * 10**30 - 4, 1e-15),
        (sc.inverse_sqrt(1.0, timescale=4), 10**400, 0.0),
        (sc.inverse_sqrt(1.0, timescale=4), math.inf, 0.0),
        (sc.inverse_time(1.0, 0.5), math.inf, 0.0),
        (sc.exponential_decay(1.0, 0.5), 10**30, 0.0),
        (sc.exponential_decay(1.0, 0.5), 10**400, 0.0),
        (sc.exponential_decay(1.0, 1.1), 10**6, math.inf),
        (sc.exponential_decay(1.0, 1.1), 10**400, math.inf),
        (sc.exponential_decay(-1.0, 1.1), 10**6, -math.inf),
        (sc.step_decay(1.0, 0.5, 3), 10**30, 0.0),
        (sc.step_decay(1.0, 2.0, 3), 10**30, math.inf),
        (sc.step_decay(1.0, 2.0, 3), 10**400, math.inf),
        (np.exp(sc.Time()), 1000, math.inf),
        (np.exp(-sc.Time()), 1000, 0.0),
        (1 / sc.Time(), 0, math.inf),
        (np.log(sc.Time()), 0, -math.inf),
        (sc.Time(), 10**400, sys.float_info.max),
        (sc.Time() * 1e300 * 1e300, 5, math.inf),
        (sc.multistep(1.0, 0.5, [3, 5]), 10**400, 0.25),
        (sc.every(RAMP, 3), 10**400, 1.0),
    ],
    ids=lambda x: str(x)[:60],
)
def test_steps_and_values_beyond_all_bounds(s, step, value):
    assert s(step) == pytest.approx(value, rel=1e-12)
    assert type(s(step)) is float


@pytest.mark.parametrize(
    "s",
    [RAMP, BOTH, sc.cycle(BOTH), sc.every(RAMP, 3), sc.step_decay(1.0, 0.5, 3), sc.inverse_sqrt(1.0, timescale=3),
     sc.replay([0.0, 1.0, 0.5]), sc.replay([0.0, 1.0], interpolate=False), sc.Time()],
    ids=repr,
)  # fmt: skip
def test_nan_in_nan_out(s):
    assert math.isnan(s(math.nan))
    found = s(np.asarray([math.nan, 1.0]))
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(s(1), rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["warmup(constant(3e-4), 2_000)", "2 * warmup(constant(3e-4), 2_000)",
     "-(linear(0, 1, 5) >> constant(1)) + 1", "warmup(warmup(constant(1), 5), 5)",
     "(linear(0, 1, 5) >> constant(1)) * (linear(0, 1, 5) >> constant(1))"],
)  # fmt: skip
def test_nothing_is_joined_after_a_constant_without_a_length(text):
    s = sc.parse(text)
    with pytest.raises(ScheduleError, match="ends in a constant of no length; give it one"):
        s >> sc.linear(0.0, 1.0, 5)
    assert (s[:3_000] >> sc.linear(0.0, 1.0, 5)).steps == 3_005
    assert (sc.linear(0.0, 1.0, 5) >> s).steps == s.steps + 5


def test_a_constant_that_others_outlast_has_a_length():
    assert (sc.warmup(sc.constant(1.0), 10) * sc.cosine(1.0, 0.0, 50) >> sc.linear(0.0, 1.0, 5)).steps == 55


# -- numbers and form ----------------------------------------------------------------------------------


@zoo
def test_a_form_with_its_numbers_is_the_term(s):
    children, form = flatten(s)
    assert unflatten(form, children.values()) == s
    assert with_leaves(s, leaves(s)) == s


@pytest.mark.parametrize(
    ("s", "numbers"),
    [
        (sc.repeat(RAMP, 3, stretch=2.0, scale=0.5), [0.0, 1.0, 10, 2.0, 0.5]),
        (sc.repeat(RAMP, math.inf, stretch=2.0, scale=0.5), [0.0, 1.0, 10, 0.5]),  # how many rounds is form
        (sc.interpolate([(0, 0.5), (4, 1.0)]), [0, 0.5, 4, 1.0]),
        (constant(0.5, steps=math.inf), [0.5]),
        (sc.Warp(RAMP, sc.Time() * 2, 5), [0.0, 1.0, 10, 2, 5]),
        (sc.replay([0.0, 1.0]), []),
    ],
    ids=repr,
)
def test_numbers_of_a_term(s, numbers):
    found = list(leaves(s))
    assert found == numbers
    assert [*map(type, found)] == [*map(type, numbers)]


def test_whole_steps_are_whole_for_as_long_as_floats_are_exact():
    assert repr(linear(0.0, 1.0, 2.0**53 - 1)) == "linear(0.0, 1.0, 9007199254740991)"
    assert repr(linear(0.0, 1.0, 2.0**53)) == "linear(0.0, 1.0, 9007199254740992.0)"


@pytest.mark.parametrize(("number", "longest"), [(0, Fraction(3, 2)), (math.inf, math.inf)])
def test_the_longer_of_two_durations_is_known_where_one_is_nothing_or_endless(number, longest):
    other = Fraction(3, 2)  # stands for a tracer, which cannot be compared
    assert longer(number, other) == longer(other, number) == longest
    assert longer(2, 3.5) == longer(3.5, 2) == 3.5


def test_a_term_is_one_deeper_than_the_deepest_it_is_made_of():
    s = cosine(1.0, 0.0, 9)
    assert (s**2).depth == s.depth + 1
    assert sc.minimum(s**2, 2 * (s**2 + 1) ** 2).depth == s.depth + 5
