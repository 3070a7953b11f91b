"""The vocabulary in JavaScript: traced from Python, run by an engine, and the same at every step; errors too."""

import importlib
import math
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from agreement import magnitude, near
from engine import run
from exported import drawn
from hypothesis import settings

import schedules as sc
from schedules import ScheduleError, Steps, Time, Value, named, parse
from schedules.algebra.named import MAKERS
from schedules.algebra.ops import ARITY
from schedules.faces.page import READER, as_typed, module_js, page
from schedules.text.expression import libraries
from schedules.text.generated import vocabulary_js

expressions = importlib.import_module("tests.text.test_expression")  # as pytest calls it: it is not made twice

READ = """
const [source, texts, libraries] = given;
const m = await import("data:text/javascript," + encodeURIComponent(source));
for (const [text, steps] of texts) {
  try {
    const s = m.parse(text, libraries);
    console.log(JSON.stringify([bits(s.steps), ...steps.map(t => bits(s.at(t)))]));
  } catch (fault) {
    console.log(JSON.stringify(fault instanceof m.ScheduleError ? fault.message : `broken: ${fault.stack}`));
  }
}
"""


def found(texts, steps=()):
    """What JavaScript makes of texts: the duration and the values, or the error."""
    pairs = texts if isinstance(texts, dict) else dict.fromkeys(texts, steps)
    return run(READ, [module_js(READER), list(pairs.items()), [*libraries()]])


def places(s):
    """300 steps all over a schedule, whole ones and others."""
    end = min(s.steps, 200.0) * 1.05 + 2
    return sorted({*np.linspace(0, end, 240).tolist(), *range(60)})


def assert_same(schedules):
    """The values are those of Python, within 4 ulp of the largest of any part, at each step."""
    steps = {repr(s): places(s) for s in schedules}
    worst = 0.0
    for s, texts in zip({repr(s): s for s in schedules}.values(), found(steps), strict=True):
        assert isinstance(texts, list), (s, texts)
        length, *values = (struct.unpack(">d", bytes.fromhex(text.zfill(16)))[0] for text in texts)
        assert length == pytest.approx(s.steps, rel=1e-14)
        scale = magnitude(s)
        for t, value in zip(steps[repr(s)], values, strict=True):
            error = abs(value - s(t))
            if error > 4 * np.spacing(scale):  # next to a jump, rounding the time decides between two sides
                low, high = near(s, t, 1e-14)
                error = max(low - value, value - high, 0)
            worst = max(worst, error / np.spacing(scale))
            assert error <= 4 * np.spacing(scale), (s, t, value, s(t))
    return worst


def test_random_terms():
    count = 2_000 if settings.default.max_examples >= 10_000 else 200
    terms = drawn(count)
    assert len(terms) >= 0.9 * count
    assert_same(terms)


S = sc.linear(0.1, 0.9, 30) >> sc.cosine(0.9, 0.2, 50)
EACH = {
    "linear": [sc.linear(0.3, 0.1, 70), sc.linear(0.3, 0.1, 0)],
    "polynomial": [sc.polynomial(0.3, 0.1, 70, power=2.5), sc.polynomial(0.0, 1.0, 33.3, power=0.5)],
    "cosine": [sc.cosine(0.3, 0.1, 70), sc.cosine(1e-3, 0.0, 1)],
    "exponential": [sc.exponential(1.0, 1e-4, 99), sc.exponential(-1e-4, -1.0, 1)],
    "one_minus_sqrt": [sc.one_minus_sqrt(0.3, 0.1, 70)],
    "tanh_decay": [sc.tanh_decay(0.3, 0.1, 70, lower=-3.0)],
    "rex": [sc.rex(0.3, 0.1, 70)],
    "k_decay": [sc.k_decay(0.3, 0.1, 70, k=1.5)],
    "exponential_decay": [sc.exponential_decay(0.3, 0.97, every=7)],
    "inverse_sqrt": [sc.inverse_sqrt(0.3, timescale=9)],
    "inverse_time": [sc.inverse_time(0.3, 0.2, every=3)],
    "step_decay": [sc.step_decay(0.3, -0.9, 7)],
    "multistep": [sc.multistep(0.3, 0.5, [5, 20, 20, 33]), sc.multistep(0.3, 0.5, [])],
    "piecewise": [sc.piecewise([0.3, 0.1, 0.2], [7, 30]), sc.piecewise([0.3], [])],
    "interpolate": [sc.interpolate([(3, 0.1), (9, 0.7), (9, 0.2), (70, 0.0)]), sc.interpolate([(4, 0.1)])],
    "replay": [sc.replay([0.1, 0.7, 0.2]), sc.replay([0.1, 0.7, 0.2], interpolate=False)],
    "chebyshev": [sc.chebyshev(1.0, 0.1, 30), sc.chebyshev(1.0, 0.1, 16, fractal=True)],
    "clip": [sc.clip(S, 0.3, 0.6)],
    "part": [S[5:60], S[-20:], S[30:30], sc.inverse_sqrt(0.3, timescale=9)[7:], sc.constant(0.5)[:9]],
    "warmup": [sc.warmup(S, 20, start=0.01), sc.warmup(S, 20, overlap=True), sc.warmup(S, 0)],
    "cycle": [sc.cycle(S), sc.cycle(sc.linear(0.0, 1.0, 7.3))],
    "repeat": [sc.repeat(S, 2), sc.repeat(S, 3, stretch=0.5, scale=0.5), sc.repeat(S, math.inf)],
    "shift": [sc.shift(S, 13)],
    "stretch": [sc.stretch(S, 1.7)],
    "fit": [sc.fit(S, 55)],
    "every": [sc.every(S, 3.3)],
    "reverse": [sc.reverse(S)],
    "cooldown": [sc.cooldown(S, 40, 30, shape=sc.rex)],
    "retarget": [sc.retarget(S, 40, 130)],
    "wsd": [sc.wsd(0.3, 100, warmup=10, cooldown=33, start=0.01, end=0.02, shape=sc.one_minus_sqrt)],
    "trapezoid": [sc.trapezoid(0.3, 100, warmup=10, cooldown=33)],
    "cosine_warmup": [sc.cosine_warmup(0.3, 100, warmup=10)],
    "linear_warmup": [sc.linear_warmup(0.3, 100, warmup=10, end=0.01)],
    "polynomial_warmup": [sc.polynomial_warmup(0.3, 100, warmup=10, power=2.0)],
    "flat_cosine": [sc.flat_cosine(0.3, 100)],
    "one_cycle": [sc.one_cycle(0.3, 100), sc.one_cycle(0.3, 100, three_phase=True, shape=sc.linear)],
    "sgdr": [sc.sgdr(0.3, 10, 4, stretch=1.5, scale=0.7)],
    "noam": [sc.noam(512, 40)],
    "triangular": [sc.triangular(0.1, 0.7, 13)],
    "triangular2": [sc.triangular2(0.1, 0.7, 13)],
    "exp_range": [sc.exp_range(0.1, 0.7, 13, rate=0.99)],
    "power": [sc.power(0.3, 0.51, timescale=20)],
    "wsd_s": [sc.wsd_s(0.3, [40, 90, 120], warmup=10, cooldown=20, shape=sc.cosine)],
    "slanted_triangular": [sc.slanted_triangular(0.3, 100)],
    "lr_range_test": [sc.lr_range_test(1e-4, 1.0, 100), sc.lr_range_test(1e-4, 1.0, 100, shape=sc.linear)],
    "to_multiple": [sc.to_multiple(sc.linear(8.0, 64.0, 100), 16)],
    "in_tokens": [sc.in_tokens(sc.wsd(0.3, 3_000, warmup=300, cooldown=600), 40)],
}
"""Every named schedule that has a text."""


def test_each_named_schedule_is_looked_at():
    own = {name for name, maker in MAKERS.items() if maker.__module__.startswith("schedules.library.")}
    assert set(EACH) == own - {"custom"}


@pytest.mark.parametrize(
    "group", [[*EACH][start : start + 12] for start in range(0, len(EACH), 12)], ids=lambda g: g[0]
)
def test_each_curve_combinator_and_recipe(group):
    assert_same([s for name in group for s in EACH[name]])


def test_each_operation_and_each_combinator_without_a_name():
    a, b = sc.linear(0.3, 0.9, 40), sc.cosine(0.8, 0.2, 30)
    terms = [sc.lift(op, *(a, b, sc.linear(2.0, 3.0, 20))[:count]) for op, count in ARITY.items()]
    assert_same([*terms, a >> b >> sc.constant(0.5), sc.scale(a, b), a * 3 - 1 / b, -a // 0.3, sc.constant(0.5)])


def test_your_own_named_schedules_are_traced_too():
    @named
    def bulge(peak: Value, steps: Steps, *, power: Value = 1.0) -> sc.Schedule:
        x = Time() / steps
        return (4 * peak * x**power * (1 - x))[:steps]

    try:
        assert_same([bulge(0.5, 60), bulge(0.5, 60, power=2.0) >> sc.linear(0.0, 1.0, 9)])
        (fault,) = found(["bulge(0.5, -60)"])
        assert fault == said("bulge(0.5, -60)")
    finally:
        del MAKERS["bulge"]


# -- errors ----------------------------------------------------------------------------------------------


def said(text):
    """The error of a text, in Python."""
    try:
        return parse(text) and None
    except ScheduleError as fault:
        return str(fault)


def bad_texts():
    """All that the tests of expressions refuse."""
    marked = (getattr(test, "pytestmark", ()) for name, test in vars(expressions).items() if name in TESTS)
    lists = [mark.args[1] for marks in marked for mark in marks if mark.name == "parametrize"]
    texts = [item[0] if isinstance(item, tuple) else item for items in lists for item in items]
    known = [text for text in dict.fromkeys((*expressions.REFUSED, *texts)) if isinstance(text, str)]
    return [text for text in known if "\ud800" not in text and "9" * 5_000 not in text]  # no UTF-8; a limit of Python's


TESTS = (
    "test_bounds",
    "test_places_are_counted_from_the_start_of_the_text",
    "test_a_hint_is_never_the_name_itself",
    "test_booleans_are_no_numbers",
    "test_what_python_warns_of_is_refused_without_a_warning",
)

REFUSED = """
cosine(1, 0, -5)
wsd(1, 100, warmup=60, cooldown=60)
wsd(1, 100_000, warmup=0.03, cooldown=0)
exponential(0, 1, 5)
exponential(1, -1, 5)
clip(linear(0, 1, 5), 2, 1)
cycle(constant(1))
cycle(inverse_sqrt(1, timescale=5))
repeat(linear(0, 1, 5), inf, stretch=0.5)
repeat(linear(0, 1, 5), 2.5)
sgdr(1, 10, 0)
sgdr(1, 0, 3)
linear(0, 1, 5)[9:3]
linear(0, 1, 5)[-9:]
inverse_sqrt(1, timescale=5)[-3:]
constant(1) >> linear(0, 1, 5)
inverse_sqrt(1, timescale=5) >> linear(0, 1, 5)
piecewise([1, 2, 3], [4])
multistep(1, 0.5, [5, 3])
interpolate([])
interpolate([(3, 1), (2, 1)])
chebyshev(1, 0.1, 6, fractal=True)
wsd_s(1, [], warmup=1, cooldown=1)
wsd_s(1, [10, 15], warmup=1, cooldown=8)
one_cycle(1, 100, rise=2)
one_cycle(1, 100, three_phase=1)
cooldown(linear(0, 1, 5), 3, 4, shape=wsd)
retarget(linear(0, 1, 5), 7, 10)
retarget(linear(0, 1, 5), 3, 2)
reverse(inverse_sqrt(1, timescale=5))
fit(constant(1), 5)
stretch(linear(0, 1, 5), 0)
wsd(1, 100, warmups=3, cooldown=2)
linear(0, 1, [5])
linear(0, 1, linear(0, 1, 5))
cycle(True)
cycle([1])
exp(1000)
log(0)
sqrt(-1)
wsd(lr, steps, warmup=0.03 * steps, cooldown=5)
""".strip().splitlines()


def test_errors_are_the_same_at_the_same_places():
    texts = [*bad_texts(), *REFUSED]
    assert len(texts) > 150
    for text, fault in zip(texts, found(texts), strict=True):
        assert fault == said(text), text


def test_nothing_by_hand_is_a_formula():
    """What is written in JavaScript by hand uses no function of numbers but those that lay out and draw."""
    folder = Path(sc.__file__).parent / "faces" / "editor"
    for path in ("nodes.js", "reader.js"):
        text = (folder / path).read_text()
        assert set(re.findall(r"Math\.(\w+)", text)) <= {"abs", "max", "min", "floor", "ceil", "round", "PI"}
        assert not set(EACH) - {"part", "linear", "cosine", "power"} & set(re.findall(r"\bMAKERS\.(\w+)", text))


def test_the_vocabulary_is_small():
    assert len(vocabulary_js()) < 40_000


# -- shapes, and what is pulled at ---------------------------------------------------------------------------

SHAPES = [
    sc.wsd(1.0, 100, warmup=10, cooldown=20, shape=sc.one_minus_sqrt),
    sc.stretch(sc.wsd(1.0, 100, warmup=10, cooldown=20), 2) >> sc.constant(0.1),
    0.5 * sc.wsd(1.0, 100, warmup=10, cooldown=20)[5:],
    sc.linear(1e-5, 1e-3, 500) >> sc.cosine(2e-3, 0.0, 9_500),
    sc.sgdr(1.0, 150, 3, stretch=2.0),
    sc.cycle(sc.cosine(1.0, 0.1, 250))[:1000],
    sc.piecewise([1.0, 0.5, 0.1], [300, 600])[:1000],
    sc.linear(0.0, 1.0, 10.5) >> sc.linear(1.0, 0.0, 10.3),
    sc.warmup(sc.cosine(1.0, 0.1, 50), 5, overlap=True),
    sc.interpolate([(0, 0.0), (100, 1.0), (600, 0.7), (1000, -0.1)]),
]

LOOK = """
const [source, texts] = given;
const m = await import("data:text/javascript," + encodeURIComponent(source));
const whole = x => x === Infinity ? "inf" : String(x);
const cell = x => x === null ? "..." : m.short(x);
for (const text of texts) {
  const s = m.parse(text);
  const rows = m.describe(s).map(row => [...row.slice(0, 2).map(whole), row[2], ...row.slice(3).map(cell)]);
  const findings = m.lint(s).map(([step, said]) => `step ${m.short(step)}: ${said}`);
  console.log(JSON.stringify([s.text, rows, findings, m.knotsOf(s, s.steps)]));
}
"""


def test_text_segments_findings_and_knots_are_those_of_python():
    found = run(LOOK, [module_js((*READER, "shape.js")), [*map(repr, SHAPES)]])
    for s, (text, rows, findings, knots) in zip(SHAPES, found, strict=True):
        assert text == repr(s)
        assert rows == [[*row] for row in s.describe().cells[1:]]
        assert findings == [str(finding) for finding in sc.lint(s)]
        assert knots == pytest.approx([float(knot) for knot in sc.knots(s) if 0 < knot < s.steps])


PULL = """
const [source, tasks] = given;
const m = await import("data:text/javascript," + encodeURIComponent(source));
for (const [text, place, dt, dv] of tasks) {
  const { s } = m.readText(text);
  const handles = m.handlesOf(s, s.steps);
  const high = Math.max(...handles.map(({ value }) => value));
  const [t, value] = [handles[place].t + dt * s.steps, handles[place].value + dv * high];
  const pull = new m.Pull(text, place, s.steps, { x: 800 / s.steps, y: 280 / high });
  const now = pull.to(t, value);
  const after = m.handlesOf(m.readText(now).s, s.steps)[place];
  const off = [(after.t - t) * pull.scale.x, (after.value - value) * pull.scale.y];
  console.log(JSON.stringify([handles.length, now, ...off]));
}
"""

WSD = "wsd(1e-3, 10_000, warmup=500, cooldown=2_000, end=1e-5)"
SGDR = "sgdr(1.0, 150, 3, end=0.05, stretch=2.0)"


def pulled(*tasks):
    """What becomes of each text, and how many pixels its handle is away from where it was brought."""
    return run(PULL, [module_js((*READER, "shape.js", "pull.js")), tasks])


def test_each_handle_of_wsd_follows_by_its_own_numbers():
    tasks = [(WSD, 1, 0.1, -0.2), (WSD, 2, -0.1, 0.2), (WSD, 3, -0.05, 0.1)]
    own = [{"warmup", "peak"}, {"cooldown", "peak"}, {"steps", "end"}]
    for (count, text, across, up), names in zip(pulled(*tasks), own, strict=True):
        assert count == 4
        before, after = parse(WSD).arguments, parse(text).arguments
        assert {name for name in after if after[name] != before[name]} == names
        assert abs(across) < 1 > abs(up)


def test_each_handle_of_sgdr_follows():
    tasks = [(SGDR, place, 0, -0.1 if place in (0, 2, 4) else 0.1) for place in range(6)]
    for _, text, _, up in pulled(*tasks):
        assert text != SGDR
        assert abs(up) < 1


def test_numbers_keep_the_way_they_were_written():
    ((_, text, _, _),) = pulled((WSD, 1, 0.1, 0))
    assert text == WSD.replace("500", "1_500")


def test_a_number_that_is_refused_stops_the_handle():
    ((_, text, _, _),) = pulled((WSD, 1, 2.0, 0))
    assert 7_000 < parse(text).arguments["warmup"] <= 8_000


# -- the page ------------------------------------------------------------------------------------------------


def test_the_editor_is_one_small_module_and_the_page_one_file():
    code = module_js()
    own = {name: maker for name, maker in MAKERS.items() if maker.__module__.startswith("schedules.library.")}
    others = len(vocabulary_js()) - len(vocabulary_js(own))  # of other tests
    assert len(code.encode()) - others < 100_000
    assert not re.search(r"^import |\bimport\(|\bfetch\(|https?://(?!www\.w3\.org/2000/svg)", code, re.MULTILINE)
    text = page([sc.linear(0.0, 1.0, 5), "cosine(1, 0, '</script>')"])
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert text.count("</script") == 1
    with pytest.raises(ScheduleError, match=r"page: s=.*: there is a Python function in it"):
        page([sc.custom(math.sin)])
    with pytest.raises(ScheduleError, match="page: expressions="):
        page([])


def test_what_cannot_be_traced_is_left_out():
    @named
    def unwritable(pair, steps: Steps = 10):
        return sc.linear(pair[0], pair[1], len(str(steps)))

    @named
    def writable(peak: Value, steps: Steps = 10):
        return sc.linear(0.0, peak, steps)

    try:
        text = vocabulary_js()
        assert "MAKERS.writable = " in text
        assert "MAKERS.unwritable" not in text
        assert "MAKERS.wsd = " in text
    finally:
        del MAKERS["unwritable"], MAKERS["writable"]


def test_what_is_typed_is_kept_as_it_is_if_the_page_can_read_it():
    s = parse("linear(0, 1e-3, 10_000)")
    assert as_typed(s, "linear(0, 1e-3, 10_000)") == "linear(0, 1e-3, 10_000)"
    assert as_typed(s, None) == as_typed(s, "torch.LinearLR(1)") == repr(s)
