"""Analysis where there is much to look at, and where rounding decides: each ends soon, and what it says is so."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schedules as sc
from schedules import ScheduleError, Time, lift
from schedules.analysis import courses, intervals, phases, series, shape, slopes
from schedules.analysis.compare import apart
from schedules.faces.table import describe

ROUND = sc.linear(0, 1, 1)
NESTED = sc.repeat(sc.repeat(ROUND, 10_000), 10_000)
TURNING = sc.maximum(lift("sin", Time() * 10), lift("cos", Time() * 11))[:1000]


def shared():
    """Twenty-two times the sum of two halves of itself."""
    s = sc.linear(0.0, 1.0, 10)
    for _ in range(22):
        s = s * 0.5 + s * 0.5
    return s


def texts(s, steps=None):
    return [str(finding) for finding in sc.lint(s, steps=steps)]


# -- what is written in short ------------------------------------------------------------------------


def test_rounds_of_rounds():
    assert sc.bounds(NESTED) == (0.0, 1.0)
    assert sc.total(NESTED) == 0.0
    assert sc.total(sc.repeat(sc.repeat(sc.linear(0, 1, 4), 10_000), 10_000)) == 1.5 * 10**8
    assert len(describe(NESTED)) <= 3
    assert len(sc.explain(NESTED)) < 1_000
    assert len(sc.to_python(NESTED)) < 2_000
    found = texts(NESTED)
    assert found[:2] == [
        "step 0: the first update is at 0 and changes nothing; s[1:] begins one step later",
        "step 1: jumps from 1 to 0",
    ]
    assert "nothing was looked at" in found[-1]


def test_terms_that_share_themselves():
    s = shared()
    assert sc.bounds(s) == (0.0, 1.0)
    assert sc.total(s) == 4.5
    assert texts(s) == texts(sc.linear(0.0, 1.0, 10))
    assert sc.monotone(s) == ((0, 10, "rises"),)
    assert len(str(describe(s))) < 200
    with pytest.raises(ScheduleError, match="too long to read"):
        sc.explain(s)


def test_what_turns_too_often_is_told_as_far_as_it_is_known(monkeypatch):
    part = sc.knots(TURNING[:25])
    assert len(part) == 89
    for knot in part[:-1]:
        assert math.sin(10 * knot) == pytest.approx(math.cos(11 * knot), abs=1e-9)
    monkeypatch.setattr(shape, "PATIENCE", 2_000)
    for look in (sc.knots, sc.monotone):
        with pytest.raises(ScheduleError, match=r"turns too often .* ask for no more: steps=\d+"):
            look(TURNING)
    with pytest.raises(ScheduleError, match="turns too often"):
        sc.bounds(TURNING)
    assert any("nothing was looked at" in text for text in texts(TURNING))
    assert "nothing was looked at" in texts(sc.cycle(sc.linear(0, 1, 1e-9)), 1000)[-1]


@pytest.mark.parametrize(
    ("s", "steps"),
    [
        (
            sc.maximum(
                sc.shift(sc.cosine(0.0, 1.0, 41), 1.4),
                sc.maximum(0.5 * sc.cosine(0.1, 1.0, 47.48), sc.one_minus_sqrt(0.1, 1.0, 47.48)),
            )
            * sc.step_decay(0.1, 0.5, 19),
            60,
        ),
        (sc.cycle(sc.minimum(sc.noam(213, 3.36)[:35], sc.one_cycle(0.5, 35, rise=0.475))[:36])[:45.72], 46),
        (sc.wsd(1.0, 1000, warmup=20, cooldown=200), 1000),
    ],
    ids=str,
)
def test_plain_schedules_take_few_looks(s, steps):
    work = phases.Work(10**6)
    found = [span for phase in phases.Walk(s, steps, work) for span in phase.spans]
    assert 10**6 - work.left < 600
    assert found[-1].stop == steps


def test_the_steps_at_which_one_steps_too_often_are_looked_at_once():
    work = phases.Work(10)
    with pytest.raises(courses.Exhausted):
        list(phases.Walk(sc.cycle(ROUND), 100, work))
    assert work.left == -1
    assert work.once("key", lambda: 1) == work.once("key", lambda: 2) == 1


# -- sums in closed form -----------------------------------------------------------------------------


def test_totals_beyond_all_loops():
    n = 10**15
    assert sc.total(sc.cosine_warmup(1, n, warmup=n // 10)) == pytest.approx(n / 2, rel=1e-14)
    assert sc.mean(sc.cosine_warmup(1, n, warmup=n // 10)) == pytest.approx(0.5, rel=1e-14)
    assert sc.total(sc.linear(0, 1, 2**62)) == pytest.approx((2**62 - 1) / 2, rel=1e-15)
    assert sc.total(sc.stretch(sc.linear(0, 1, 10), 1e300)) == pytest.approx(5e300)
    assert sc.total(sc.constant(1, steps=10**18)) == 1e18
    assert sc.total(sc.polynomial(1.0, 0.0, n, power=2.0)) == pytest.approx(n / 3, rel=1e-12)
    with pytest.raises(ScheduleError, match="no sum in closed form over 1000000000000 steps; take fewer than"):
        sc.total(sc.inverse_sqrt(1.0, timescale=10), 0, 10**12)


SMOOTH = [
    sc.linear(1.0, 0.2, 50),
    sc.cosine(1.0, 0.1, 50.5),
    sc.exponential_decay(2.0, 0.9, every=3),
    sc.exp_range(0.1, 1.0, 40, rate=0.97),
    sc.linear(1.0, 0.2, 50) * sc.cosine(0.3, 0.1, 70) * sc.exponential_decay(1.0, 0.99),
    lift("exp", -Time() / 9) - lift("cos", Time() * 0.7) / 4 + (Time() / 40) ** 3,
    sc.reverse(sc.linear(1.0, 0.2, 50) / 3),
]


@pytest.mark.parametrize("s", SMOOTH, ids=str)
@pytest.mark.parametrize(("a", "b"), [(0, 1), (0, 2), (3, 4), (0, 33), (7, 40)])
def test_series_are_the_sums(s, a, b):
    known = math.fsum(s(t) for t in range(a, b))
    assert sc.total(s, a, b) == pytest.approx(known, rel=1e-13, abs=1e-14)


def test_what_is_a_series():
    time = series.of_time(phases_line())
    assert series.RULES["pow"](time, series.of_number(3)).keys() <= {(k, series.ZERO) for k in range(4)}
    assert series.RULES["pow"](time, series.of_number(0.5)) is None
    assert series.RULES["pow"](series.of_number(-2), time) is None
    assert series.RULES["divide"](time, time) is None
    assert series.RULES["divide"](time, series.of_number(0)) is None
    assert series.RULES["exp"](series.RULES["square"](time)) is None
    many = {(k, series.ZERO): series.ONE for k in range(9)}
    assert series.RULES["multiply"](many, many) is None


def phases_line():
    """The time, as the fold over pieces has it."""
    from schedules.evaluate.low_rank import Affine

    return Affine(2, 3, 4)


@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 60))
def test_total_of_what_advances_now_and_then(n, start, count):
    s = sc.every(sc.linear(0.0, 1.0, 10), n)
    assert sc.total(s, start, start + count) == pytest.approx(math.fsum(s(t) for t in range(start, start + count)))


# -- differences -------------------------------------------------------------------------------------


def test_diff_by_form():
    n = 10**12
    whole = sc.cosine_warmup(1.0, n, warmup=n // 10)
    parts = sc.linear(0.0, 1.0, n // 10) >> sc.cosine(1.0, 0.0, n - n // 10)
    assert sc.diff(whole, parts) is None
    assert sc.diff(whole[5:], parts[5:]) is None
    with pytest.raises(ScheduleError, match=r"diff: steps=None: \d+ steps would have to be compared .* steps=\d+"):
        sc.diff(whole, parts * 1.5)
    changed = parts[:100] >> sc.constant(7.0, steps=3) >> parts[103:]
    assert sc.diff(whole, changed)[:3] == (100, whole(100), 7.0)
    assert sc.diff(whole, changed).at in (100, 101, 102)


def test_diff_looks_where_the_forms_differ_only():
    """Wherever that is, each step once."""
    n, level = 10**12, sc.constant
    a = level(1.0, steps=10) >> sc.linear(0.0, 1.0, n) >> level(1.0, steps=10) >> sc.linear(1.0, 0.0, n)
    b = sc.join(level(2.0, steps=10), sc.linear(0.0, 1.0, n), level(2.0, steps=5), level(3.5, steps=5), a.parts[-1])
    assert apart(a, b, 2 * n + 21) == [range(10), range(n + 10, n + 20)]
    assert sc.diff(a, b) == (0, 1.0, 2.0, 2.5, n + 15)
    curve = sc.cosine(1.0, 0.0, n)
    assert sc.diff(2 * sc.clip(curve, 0.25, 0.75), 2 * sc.minimum(sc.maximum(curve, 0.25), 0.75)) is None


def test_total_of_many_rounds():
    s = sc.cycle(sc.linear(1.0, 0.0, 4))
    assert sc.total(s, 0, 40) == 25.0
    assert sc.total(s, 3, 42) == 0.25 + 9 * 2.5 + 1.0 + 0.75


def test_diff_tells_an_infinite_gap():
    found = sc.diff(sc.exponential_decay(1.0, 1e200), sc.constant(1.0), steps=9)
    assert found.largest == math.inf
    assert found.at == 2


# -- where rounding decides --------------------------------------------------------------------------

fractions = st.floats(0.5, 60).map(lambda x: round(x, 2))
levels = st.floats(0.1, 1.0).map(lambda x: round(x, 3))


@settings(max_examples=50)
@given(st.sampled_from([sc.one_minus_sqrt, sc.rex, sc.linear, sc.cosine]), levels, levels, fractions, fractions)
def test_jumps_after_curves_of_fractional_length(shape, start, end, steps, later):
    s = sc.shift(sc.reverse(shape(start, end, steps)), later)
    (jump,) = sc.jumps(s >> sc.constant(start + 1), steps=200)
    assert jump.step == pytest.approx(later + steps)
    assert (jump.before, jump.after) == pytest.approx((start, start + 1), abs=1e-6)
    assert sc.jumps(s >> sc.constant(start), steps=200) == ()


def test_the_curves_that_were_missed():
    flat = 0.8663624038204641
    s = sc.shift(sc.reverse(sc.one_minus_sqrt(flat, flat, 0.87)), 0.5) >> sc.constant(1.0)
    assert [span.way for span in sc.monotone(s, steps=4)] == ["stays", "stays"]
    s = sc.shift(sc.reverse(sc.one_minus_sqrt(0.663, 0.159, 1.78)), 50.25) >> sc.constant(1.663)
    assert [text for text in texts(s, 60) if "jumps" in text] == ["step 52.03: jumps from 0.663 to 1.663"]


@pytest.mark.parametrize("which", ["above", "below"])
@pytest.mark.parametrize(
    ("s", "level"),
    [
        (sc.triangular(0.1, 0.1, 25), 0.1),
        (sc.tanh_decay(0.80608, 0.80608, 2) / 1.68, 0.80608 / 1.68),
        (sc.cosine(0.3, 0.3, 37), 0.3),
        (sc.linear(0.1, 0.7, 60), sc.linear(0.1, 0.7, 60)(21)),
        (sc.polynomial(0.7, 0.1, 60, power=2.0), sc.polynomial(0.7, 0.1, 60, power=2.0)(40)),
    ],
    ids=str,
)
def test_first_is_of_the_floats(s, level, which):
    for near in (math.nextafter(level, 0), level, math.nextafter(level, 1)):
        known = next((t for t in range(120) if (s(t) > near if which == "above" else s(t) < near)), None)
        assert sc.first(s, **{which: near}, steps=120) == known


def test_first_says_what_it_cannot_tell():
    s = sc.cosine(1.0, 1.0 + 1e-13, 10**9)
    with pytest.raises(ScheduleError, match=r"first: above=.*within rounding of it for \d+ steps"):
        sc.first(s, above=1.0 + 2e-13)
    assert sc.first(s, above=1.1) is None


def test_lint_where_there_is_no_number():
    assert texts(1e-3 / lift("sqrt", Time()), 1000) == ["step 0: is inf, which no training survives"]
    assert texts(lift("sqrt", 5.0 - Time()), 9)[0].startswith("step 6: is nan, which no training")
    assert "step 7: is inf, which no training survives" in texts(1 / abs(Time() - 7), 9)


def test_lint_of_a_phase_shorter_than_a_step():
    s = sc.linear(0.1, 1.0, 0.5) >> sc.constant(1.0, steps=9.5)
    assert texts(s) == ["step 0: a phase of 0.5 steps: no more than one update sees it"]
    assert texts(sc.constant(1.0, steps=1) >> sc.constant(0.1, steps=9)) == []
    many = [text for text in texts(sc.cycle(sc.linear(0.5, 1.0, 0.5)), 20) if "shorter" in text or "phase" in text]
    assert many[-1] == "step 1.5: a phase is shorter than a step, as at 36 more steps from here on"


def test_lint_tells_no_jump_that_is_rounding():
    s = sc.shift(sc.reverse(sc.one_minus_sqrt(0.2, 0.9, 1.78)), 50.25) >> sc.linear(0.2, 0.1, 9.9)
    assert [text for text in texts(s) if "jump" in text] == []


# -- errors that are ours ----------------------------------------------------------------------------


def test_rounds_shorter_than_the_time_between_two_floats():
    with pytest.raises(ScheduleError):
        sc.bounds(sc.cycle(sc.linear(0, 1, 5e-324)))


def test_nothing_over_nothing():
    with pytest.raises(ScheduleError, match="no value at some step"):
        sc.bounds(Time() // Time())
    assert texts(Time() // Time(), 9)


# -- intervals and slopes ----------------------------------------------------------------------------

Interval = intervals.Interval
PARTS = [Interval(-2.0, 3.0), Interval(-3.0, 2.0), Interval(0.5, 2.0), Interval(-2.0, -0.5), Interval(0.0, 0.0)]
DOMAINS = {"log": 0.0, "sqrt": 0.0, "log1p": -1.0}


@pytest.mark.parametrize("op", ["square", "abs", "negative", "sin", "cos", "tanh", "exp", "expm1", "sqrt", "log1p"])
@pytest.mark.parametrize("x", PARTS, ids=str)
def test_images_are_as_narrow_as_they_can_be(op, x):
    low = max(x.low, DOMAINS.get(op, -math.inf) + (1e-9 if op == "log1p" else 0))
    inside = [low + (max(x.high, low) - low) * k / 400 for k in range(401)]
    values = [intervals.computed(op, t) for t in inside]
    found = intervals.IMAGES[op](Interval(low, max(x.high, low)))
    assert found.ends == pytest.approx((min(values), max(values)), abs=1e-3)
    assert found.low <= min(values) + 1e-15
    assert found.high >= max(values) - 1e-15


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "minimum", "maximum"])
@pytest.mark.parametrize(("x", "y"), [*itertools.product(PARTS, PARTS[:3])], ids=str)
def test_images_of_two(op, x, y):
    values = [intervals.computed(op, a, b) for a in x.ends for b in y.ends]
    assert intervals.IMAGES[op](x, y).ends == (min(values), max(values))


FORMULAS = (
    [
        slopes.applied(op, slopes.TIME)
        for op in ("negative", "square", "sin", "cos", "tanh", "exp", "expm1", "log", "log1p", "sqrt")
    ]
    + [
        slopes.applied(op, slopes.applied("sin", slopes.TIME), slopes.applied("exp", slopes.TIME))
        for op in ("add", "subtract", "multiply", "divide")
    ]
    + [
        slopes.applied("pow", slopes.TIME, slopes.numeric(2.5)),
        slopes.applied("pow", slopes.numeric(0.5), slopes.TIME),
        slopes.applied("geometric", slopes.numeric(0.5), slopes.TIME, slopes.numeric(3.0)),
    ]
)


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_slopes(formula):
    tangent = slopes.derivative(formula)
    for t in (0.3, 1.1, 2.7):
        known = (slopes.value_at(formula, t + 1e-6) - slopes.value_at(formula, t - 1e-6)) / 2e-6
        assert slopes.value_at(tangent, t) == pytest.approx(known, rel=1e-6, abs=1e-8)
        bounds, size = slopes.slope(formula, Interval(t - 1e-7, t + 1e-7), {})
        assert bounds.ends == pytest.approx((known, known), rel=1e-5, abs=1e-5)
        assert size >= abs(known) * (1 - 1e-5)


def test_images_at_their_edges():
    image, between = intervals.IMAGES, intervals.Interval
    assert image["multiply"](between(0.0, 1.0), between(-math.inf, 5.0)) == between(-math.inf, 5.0)
    assert image["cos"](between(0.0, math.inf)) == between(-1.0, 1.0)
    assert image["cos"](between(3.0, 4.0)) == between(-1.0, math.cos(4.0))
    assert image["sin"](between(0.0, math.pi / 2)) == between(0.0, 1.0)
    assert image["remainder"](between(5.0, 6.0), between(4.0, 4.0)) == between(1.0, 2.0)


def test_what_is_undefined_may_be_anything():
    everything = (-math.inf, math.inf)
    far = Interval(math.inf, math.inf)
    assert (far - far).ends == everything
    assert intervals.IMAGES["divide"](Interval(1.0, 1.0), Interval(-1.0, 1.0)).ends == everything
