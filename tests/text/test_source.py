"""Stand-alone source and formulas: what is exported is the schedule, where nothing of this package is at hand."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from agreement import assert_close, magnitude
from exported import ODD, drawn, sampled
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import STEPS, terms

import schedules as sc
from schedules import ScheduleError, Steps, Time, Value, named
from schedules.algebra.checks import brief
from schedules.algebra.named import MAKERS
from schedules.library.equations import equation_of
from schedules.text.formula import explain
from schedules.text.source import interval, risky, to_python

READER = """
import json, math, sys

def only_math(name, *rest):
    assert name == "math", name
    return math

builtins = {**vars(__builtins__), "__import__": only_math}
for source, steps in json.load(sys.stdin):
    scope = {"__builtins__": builtins}
    exec(source, scope)
    print(json.dumps([scope["schedule"](step).hex() for step in steps]))
assert not {"numpy", "schedules"} & set(sys.modules)
"""


def read(sources):
    """The values of (source, steps) pairs as hexadecimal texts, in a fresh interpreter without any package."""
    command = [sys.executable, "-I", "-S", "-c", READER]
    done = subprocess.run(command, input=json.dumps(sources), capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


def assert_exported(schedules):
    steps = [sampled(s) for s in schedules]
    found = read([(to_python(s), mine) for s, mine in zip(schedules, steps, strict=True)])
    assert len(found) == len(schedules)
    for s, mine, values in zip(schedules, steps, found, strict=True):
        assert values == [s(step).hex() for step in mine], s


def test_random_terms_are_the_same_function_bit_by_bit():
    found = drawn(1_000)
    assert len(found) >= 900
    assert_exported(found)


@pytest.mark.parametrize("s", ODD, ids=brief)
def test_odd_ones_too(s):
    assert_exported([s])


def test_powers_by_a_unit_that_is_zero_somewhere():
    assert_exported([sc.lift("geometric", base, Time(), n) for base in (0.5, 1.0) for n in (Time(), 2 - Time())])


def test_deep_ones_too():
    nested = sc.linear(0.0, 1.0, 5)
    for _ in range(30):
        nested = sc.linear(0.1, 0.5, 3) >> nested + sc.constant(0.1, steps=2)
    shared = sc.linear(0.0, 1.0, 5)
    for _ in range(60):
        shared = (shared + shared) / 2
    assert_exported([nested, sc.cycle(nested), shared])


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(-1e3, 1e3)), min_size=1, max_size=80).map(sorted))
def test_the_ranges_hide_no_error(points):
    s = sc.interpolate(points)
    scope = {}
    for term in (np.sqrt(abs(s)), 1 / (1 + s * s), np.exp(-abs(s)), sc.maximum(s, 0.5) ** s, np.log(s * s), 2 / s):
        exec(to_python(term), scope)  # noqa: S102 -- our own source
        for step in (0, 0.5, 1, 25.25, 50, *(step for step, _ in points)):
            assert scope["schedule"](step).hex() == float(term(step)).hex()


def test_what_cannot_happen_is_not_guarded():
    for s in (
        sc.inverse_sqrt(1.0, timescale=4),
        sc.exponential_decay(1.0, 0.9),
        sc.sgdr(1.0, 10, 3),
        sc.tanh_decay(1.0, 0.0, 90),
        sc.k_decay(1.0, 0.0, 100, k=0.5),
        sc.exponential(1.0, 0.01, 7),
        sc.exp_range(0.0, 1.0, 10, rate=0.9),
        sc.noam(512, 4_000),
        np.sin(Time() / 100),
    ):
        assert to_python(s).count("def ") == 1


def test_source_is_what_one_would_write():
    source = to_python(sc.warmup(sc.cosine(1e-3, 1e-5, 900), 100), "lr")
    assert source == LR
    scope = {}
    exec(source, scope)  # noqa: S102 -- our own source
    assert scope["lr"].__doc__.split("\n")[2].strip() == "warmup(cosine(0.001, 1e-05, 900), 100)"


LR = '''import math


def lr(t: float) -> float:
    """The value to use for update number t, counted from 0.

    warmup(cosine(0.001, 1e-05, 900), 100)
    """
    if t < 100:
        # linear(0.0, 0.001, 100)
        x0 = 0 if t < 0 else t
        return 0.001 * (x0 / 100)
    else:
        # cosine(0.001, 1e-05, 900)
        x1 = t - 100
        x2 = 900 if x1 > 900 else x1
        x3 = math.sin((900 - x2) * 0.0017453292519943296)
        x4 = x3 * x3
        return 0.001 * x4 + 1e-05 * (1 - x4)'''


def test_two_exports_live_in_one_module():
    one, other = (sc.piecewise(range(k), range(k - 1)) * sc.replay([k, 1.0]) + 1 / Time() for k in (40, 50))
    scope = {}
    exec(f"{to_python(one, 'one')}\n\n\n{to_python(other, 'other')}\n", scope)  # noqa: S102 -- our own source
    for step in range(60):
        assert (scope["one"](step), scope["other"](step)) == (one(step), other(step))


@pytest.mark.parametrize("name", ["", "a b", "def", "math", "max", "_lr", "1st", "x\ny"])
def test_names_that_are_refused(name):
    with pytest.raises(ScheduleError, match=r"^to_python: name="):
        to_python(sc.linear(0.0, 1.0, 5), name)


def test_python_functions_have_no_source():
    with pytest.raises(ScheduleError, match=r"^to_python: custom=<lambda>: .*replay"):
        to_python(sc.linear(0.0, 1.0, 5) >> sc.custom(lambda t: t, steps=5))


def test_numbers_that_are_traced_are_refused():
    jax = pytest.importorskip("jax")
    for function in (to_python, explain):
        with pytest.raises(ScheduleError, match=rf"^{function.__name__}: s=.*traced"):
            jax.jit(lambda peak, function=function: function(sc.linear(0.0, peak, 5)))(1.0)


# -- formulas ------------------------------------------------------------------------------------------

NAMES = {name: getattr(math, name) for name in ("sin", "cos", "tanh", "exp", "expm1", "log", "log1p", "sqrt", "pi")}
NAMES |= {"inf": math.inf, "min": min, "max": max, "abs": abs, "floor": math.floor}


def split(formula):
    """The rows of a formula in plain text: values and conditions."""
    assert formula.startswith("s(t) = ")
    for line in formula.removeprefix("s(t) = ").split("\n"):
        value, _, condition = line.strip().partition("   if ") if "   if " in line else (line, "", "")
        yield compile(value.strip(), "value", "eval"), compile(condition.strip() or "True", "condition", "eval")


def read_formula(formula):
    """The function that a formula in plain text writes: of the first row whose condition holds."""
    rows = list(split(formula))

    def function(t):
        scope = {**NAMES, "t": t}
        (value,) = (value for value, condition in rows if eval(condition, scope))  # noqa: S307 -- our own text
        return eval(value, scope)  # noqa: S307 -- our own text

    return function


def assert_formula(s):
    function, scale = read_formula(explain(s)), magnitude(s)
    for t in (0, 1, 2, 0.5, s.steps / 3, s.steps / 2, s.steps, *np.linspace(0, 1.5 * STEPS, 20).tolist()):
        if t <= min(s.steps, 3 * STEPS):
            assert_close(function(t), s, t, scale)


@given(terms)
def test_a_formula_is_the_schedule(s):
    assume("replay(" not in explain(s))  # a formula names a recording, it does not list its values
    assert_formula(s)


@pytest.mark.parametrize(
    "s", [s for s in ODD[1:20] if not isinstance(s(7), complex) and math.isfinite(s(7))], ids=brief
)
def test_formulas_of_odd_ones(s):
    function = read_formula(explain(s))
    np.testing.assert_allclose(function(7), s(7), rtol=1e-12)


FORMULAS = {
    "linear(0, 1e-3, 1000) >> cosine(1e-3, 0, 9000)": """
s(t) = 0.001 * t / 1000                                if 0 <= t < 1000
       0.001 * (1 + cos(pi * (t - 1000) / 9000)) / 2   if 1000 <= t <= 10000""",
    "one_cycle(1, 100)": """
s(t) = 1 - 0.96 * (1 + cos(pi * t / 30)) / 2                  if 0 <= t < 30
       4e-06 + 0.999996 * (1 + cos(pi * (t - 30) / 70)) / 2   if 30 <= t <= 100""",
    "linear(0, 0.1, 4000) >> inverse_sqrt(0.1, timescale=4000)": """
s(t) = 0.1 * t / 4000         if 0 <= t < 4000
       0.1 * sqrt(4000 / t)   if t >= 4000""",
    "multistep(1, 0.5, [10, 20])": """
s(t) = 1      if 0 <= t < 10
       0.5    if 10 <= t < 20
       0.25   if t >= 20""",
    "polynomial(0.1, 0, 10, power=2) >> constant(0)": """
s(t) = 0.1 * ((10 - t) / 10) ** 2   if 0 <= t < 10
       0                            if t >= 10""",
    "stretch(linear(0, 1, 10) >> constant(1, steps=5), 2)": """
s(t) = t / 20   if 0 <= t < 20
       1        if 20 <= t <= 30""",
    "linear(0, 1, 10) >> constant(1, steps=10) >> linear(1, 0, 10)": """
s(t) = t / 10          if 0 <= t < 10
       1               if 10 <= t < 20
       (30 - t) / 10   if 20 <= t <= 30""",
    "linear(0, 1, 10) >> trapezoid(1, 30, warmup=10, cooldown=10)": """
s(t) = t / 10          if 0 <= t < 10
       (t - 10) / 10   if 10 <= t < 20
       1               if 20 <= t < 30
       (40 - t) / 10   if 30 <= t <= 40""",
    "(linear(0, 1, 10) >> linear(1, 0, 10))[5:]": """
s(t) = (t + 5) / 10    if 0 <= t < 5
       (15 - t) / 10   if 5 <= t <= 15""",
    "every(step_decay(0.1, 0.5, 30), 100)": "s(t) = 0.1 * 0.5 ** (t // 100 // 30)   if t >= 0",
    "cycle(linear(0, 1, 5))": "s(t) = t % 5 / 5   if t >= 0",
    "linear(0.1, 0.3, 5) * exponential_decay(1, 0.9)": (
        "s(t) = (0.1 * (5 - min(t, 5)) / 5 + 0.3 * min(t, 5) / 5) * 0.9 ** t   if t >= 0"
    ),
    "constant(0.1)": "s(t) = 0.1",
    f"sin(Time() * {math.pi / 200!r}) ** 2": "s(t) = sin(pi * t / 200) ** 2   if t >= 0",
    "Time() * 0.30000000000000004": "s(t) = 0.3 * t   if t >= 0",
    "shift(reverse(linear(0, 1, 10)), 5)": "s(t) = (10 - max(t - 5, 0)) / 10   if 0 <= t <= 15",
    "replay([1, 2])": "s(t) = replay(t)   if 0 <= t <= 2",
}


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_what_one_would_write(text):
    assert explain(sc.parse(text)) == FORMULAS[text].removeprefix("\n")


@named
def camel(peak: Value, steps: Steps) -> sc.Schedule:
    """``s(t) = 0`` is not what it does: what others document is not believed."""
    x = Time() / steps
    return (4 * peak * x * (1 - x))[:steps]


def test_names_of_others_are_read_from_their_body():
    assert explain(camel(0.5, 10)) == "s(t) = 2 * (t / 10) * (1 - t / 10)   if 0 <= t <= 10"
    assert explain(sc.custom(math.erf, steps=5)) == "s(t) = erf(t)   if 0 <= t <= 5"
    assert explain(sc.custom(lambda t: t)) == "s(t) = f(t)   if t >= 0"


def test_the_curves_give_the_equations_that_they_are_documented_with():
    found = {name for name, maker in MAKERS.items() if equation_of(maker) is not None}
    words = {"multistep", "piecewise", "interpolate", "replay", "custom", "chebyshev"}
    assert found == {name for name, maker in MAKERS.items() if maker.__module__ == "schedules.library.curves"} - words


LATEX_OF = {
    "linear(0, 1e-3, 1000) >> cosine(1e-3, 0, 9000)": (
        "s(t) = \\begin{cases}\n"
        r"  10^{-3} \cdot \frac{t}{1000} & \text{if } 0 \leq t < 1000 \\"
        "\n"
        r"  10^{-3} \cdot \frac{1 + \cos\left(\frac{\pi \left(t - 1000\right)}{9000}\right)}{2}"
        " & \\text{if } 1000 \\leq t \\leq 10000\n\\end{cases}"
    ),
    "exponential(1, 0.01, 20)": r"s(t) = 0.01^{t/20} \quad \text{for } 0 \leq t \leq 20",
    "step_decay(3e-4, 0.5, 10)": (
        r"s(t) = 3 \times 10^{-4} \cdot 0.5^{\left\lfloor \frac{t}{10} \right\rfloor} \quad \text{for } t \geq 0"
    ),
    "inverse_sqrt(1, timescale=4)": r"s(t) = \sqrt{\frac{4}{4 + t}} \quad \text{for } t \geq 0",
    "sin(Time()) ** 2 * exp(-Time())": r"s(t) = \sin^{2}\left(t\right) e^{-t} \quad \text{for } t \geq 0",
    "abs(log1p(Time() % 5)) + -expm1(Time())": (
        r"s(t) = \left|\ln\left(1 + \left(t \bmod 5\right)\right)\right| - \left(e^{t} - 1\right) "
        r"\quad \text{for } t \geq 0"
    ),
    "constant(0.1)": "s(t) = 0.1",
    "constant(1e-5)": "s(t) = 10^{-5}",
    f"constant({1e-3 / 3!r})": r"s(t) = 3.333333 \times 10^{-4}",
    "Time() ** 2 ** -0.5": r"s(t) = t^{0.7071068} \quad \text{for } t \geq 0",
    "1 / (1 / Time() - (Time() - 2 / Time()))": (
        r"s(t) = \frac{1}{\frac{1}{t} - \left(t - \frac{2}{t}\right)} \quad \text{for } t \geq 0"
    ),
}


@pytest.mark.parametrize("text", LATEX_OF)
def test_latex_is_what_one_would_write(text):
    assert explain(sc.parse(text), latex=True) == LATEX_OF[text]


def test_latex_names_a_function_of_yours():
    def half_life(t):
        return 0.5**t

    assert explain(sc.custom(half_life, steps=5), latex=True) == (
        r"s(t) = \mathrm{half\_life}\left(t\right) \quad \text{for } 0 \leq t \leq 5"
    )


def drawn_by_matplotlib(text):
    """Whether matplotlib, which has neither cases nor ``mod``, draws a piece of mathematics."""
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${text}$".replace(r"\bmod", r"\mathrm{mod}"))
    return True


@settings(max_examples=50)
@given(terms)
def test_latex_is_well_formed(s):
    pytest.importorskip("matplotlib")
    text = explain(s, latex=True).removeprefix("s(t) = ")
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert text.count(r"\begin{cases}") == text.count(r"\end{cases}")
    assert text.count(r" & \text{if }") + text.count(r" & \text{otherwise}") == (
        text.count("\\\\\n") + text.count(r"\begin{cases}")
    )
    for _ in range(text.count(r"\begin{cases}")):  # innermost first: a row stands for its cases
        text = CASES.sub(lambda found: rf"\left({rows_of(found[1])}\right)", text, count=1)
    assert drawn_by_matplotlib(text)


CASES = re.compile(r"\\begin\{cases\}((?:(?!\\begin).)*?)\\end\{cases\}", re.DOTALL)


def rows_of(cases):
    return ", ".join(row.replace(" & ", r" \quad ").strip() for row in cases.split("\\\\\n"))


def test_formulas_that_no_one_would_read_are_refused():
    shared = deep = sc.linear(0.0, 1.0, 5)
    for _ in range(30):
        shared = sc.every(shared + shared**2, 1)
    for _ in range(140):
        deep = 1 / (1 + deep) if deep.depth < 145 else deep
    for s in (shared, sc.cycle(sc.join(*(sc.linear(k, 1.0, 1) for k in range(1_000))))):
        for latex in (False, True):
            with pytest.raises(ScheduleError, match=r"^explain: s=.*explain its parts"):
                explain(s, latex=latex)
    assert explain(sc.join(*(sc.linear(k, 1.0, 1) for k in range(2_000)))).count("\n") == 1_999
    read_formula(explain(deep))


@pytest.mark.parametrize(
    ("op", "bounds", "found"),
    [
        ("square", [(-2.0, 3.0)], (0.0, 9.0)),
        ("square", [(-3.0, -1.0)], (1.0, 9.0)),
        ("abs", [(-2.0, 1.0)], (0.0, 2.0)),
        ("abs", [(1.0, 3.0)], (1.0, 3.0)),
        ("remainder", [(0.0, 9.0), (2.0, 4.0)], (0.0, 4.0)),
        ("divide", [(1.0, 2.0), (4.0, 8.0)], (0.125, 0.5)),
    ],
)
def test_bounds_of_an_operation_where_a_source_looks_for_what_raises(op, bounds, found):
    assert interval(op, *bounds) == found


@pytest.mark.parametrize(
    ("op", "bounds", "raises"),
    [
        ("pow", [(0.0, 1.0), (0.0, 2.0)], False),
        ("pow", [(0.0, 1.0), (-1.0, 2.0)], True),
        ("pow", [(0.5, 1.0), (-1.0, 2.0)], False),
        ("pow", [(-0.5, 1.0), (2.0, 2.0)], True),
        ("divide", [(1.0, 2.0), (0.0, 2.0)], True),
        ("divide", [(1.0, 2.0), (0.5, 2.0)], False),
        ("log", [(0.0, 1.0)], True),
        ("log", [(0.5, 1.0)], False),
        ("sqrt", [(0.0, 1.0)], False),
        ("sqrt", [(-0.5, 1.0)], True),
        ("log1p", [(-1.0, 1.0)], True),
        ("log1p", [(-0.5, 1.0)], False),
        ("exp", [(0.0, 710.0)], True),
        ("exp", [(0.0, 709.0)], False),
    ],
)
def test_a_source_guards_what_may_raise(op, bounds, raises):
    assert risky(op, *bounds) is raises
