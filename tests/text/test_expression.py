"""``repr`` writes what one would write; `parse` reads it back and executes nothing."""

import pickle
import re
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import terms

import schedules as sc
from schedules import Count, Schedule, ScheduleError, Shape, Steps, Switch, Value, named, parse
from schedules.algebra.named import MAKERS

# -- writing and reading -------------------------------------------------------------------------------

WRITTEN = [
    "linear(0.0, 0.001, 1000) >> cosine(0.001, 0.0, 9000)",
    "constant(0.1)",
    "constant(0.1, steps=100)",
    "constant(0.1, steps=inf)",
    "constant(-0.1, steps=2.5)",
    "polynomial(1.0, 0.0, 10)",
    "polynomial(1.0, 0.0, 10, power=2.0)",
    "exponential_decay(1.0, 0.99)",
    "exponential_decay(1.0, 0.99, every=10)",
    "multistep(1.0, 0.5, [10, 20, 30])",
    "multistep(1.0, 0.5, [])",
    "piecewise((1.0, 0.5), [10])",
    "interpolate([(0, 0.0), (10, 1.0)])",
    "wsd(1.0, 100, warmup=10, cooldown=20)",
    "wsd(1.0, 100, warmup=10, cooldown=20, end=0.1, shape=one_minus_sqrt)",
    "one_cycle(1.0, 100, three_phase=True)",
    "warmup(inverse_sqrt(1.0, timescale=100), 100)",
    "warmup(cosine(1.0, 0.0, 50), 10, start=0.1, overlap=True)",
    "cooldown(cycle(cosine(1.0, 0.0, 10)), 25, 5, shape=cosine)",
    "2 * linear(0.0, 1.0, 5)",
    "linear(0.0, 1.0, 5) * (-2)",
    "-linear(0.0, 1.0, 5)",
    "-linear(0.0, 1.0, 5) ** 2",
    "(-linear(0.0, 1.0, 5)) ** 2",
    "2 ** linear(0.0, 1.0, 5)",
    "(-2) ** linear(0.0, 1.0, 5)",
    "linear(0.0, 1.0, 5) ** linear(1.0, 2.0, 5) ** 2",
    "(linear(0.0, 1.0, 5) ** linear(1.0, 2.0, 5)) ** 2",
    "linear(0.0, 1.0, 5) - (cosine(0.0, 1.0, 5) - rex(0.0, 1.0, 5))",
    "linear(0.0, 1.0, 5) - cosine(0.0, 1.0, 5) - rex(0.0, 1.0, 5)",
    "linear(0.0, 1.0, 5) / (cosine(0.0, 1.0, 5) * rex(0.0, 1.0, 5))",
    "(linear(0.0, 1.0, 5) + 1) * 3",
    "(linear(0.0, 1.0, 5) >> cosine(1.0, 0.0, 5)) * 3",
    "linear(0.0, 1.0, 5) * 3 >> cosine(1.0, 0.0, 5)",
    "linear(0.0, 1.0, 5)[2:4]",
    "linear(0.0, 1.0, 5)[2:]",
    "linear(0.0, 1.0, 5)[:4]",
    "(linear(0.0, 1.0, 5) >> cosine(1.0, 0.0, 5))[3:7]",
    "(2 * linear(0.0, 1.0, 5))[3:]",
    "inverse_sqrt(1.0, timescale=5)[:10][2:]",
    "minimum(linear(0.0, 1.0, 5), 0.5)",
    "maximum(minimum(linear(0.0, 1.0, 5), 0.5), 0.1)",
    "clip(linear(0.0, 1.0, 5), 0.1, 0.5)",
    "exp(-Time())",
    "sqrt(1 + Time() / 10)",
    "Warp(linear(0.0, 1.0, 5), Time() ** 2, 7)",
    "Time() % 5 // 2",
    "every(stretch(shift(reverse(fit(cosine(1.0, 0.0, 10), 20)), 3), 2.0), 4)",
    "repeat(linear(0.0, 1.0, 5), 3, stretch=2.0, scale=0.5)",
    "repeat(linear(0.0, 1.0, 5), inf)",
    "linear(0.0, 1e-12, 5) >> linear(1e-12, 1e+20, 5)",
    "replay((0.0, 1.0))",
    "replay([0.0, 1.0, 2.0], interpolate=False)",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written_is_read_and_written_again(text):
    s = parse(text)
    assert repr(s) == text
    assert parse(repr(s)) == s


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("linear(0, 1, steps=10)", "linear(0.0, 1.0, 10)"),
        ("linear(start=0, end=1e0, steps=1_0)", "linear(0.0, 1.0, 10)"),
        ("  cosine ( 1 , 0 , 10.0 )\n", "cosine(1.0, 0.0, 10)"),
        ("0.1", "constant(0.1)"),
        ("-0.1", "constant(-0.1)"),
        ("2**-3", "constant(0.125)"),
        ("linear(0, 1, 2**10)", "linear(0.0, 1.0, 1024)"),
        ("linear(0, 1, 5) >> 0.5", "linear(0.0, 1.0, 5) >> constant(0.5)"),
        ("join(linear(0, 1, 5), constant(0.5))", "linear(0.0, 1.0, 5) >> constant(0.5)"),
        ("linear(0, 1, 5) >> (linear(1, 0, 5) >> 0.5)", "linear(0.0, 1.0, 5) >> linear(1.0, 0.0, 5) >> constant(0.5)"),
        ("scale(linear(0, 1, 5), 3)", "3 * linear(0.0, 1.0, 5)"),
        ("linear(0, 1, 5)[-2:]", "linear(0.0, 1.0, 5)[3:]"),
        ("linear(0, 1, 5)[:]", "linear(0.0, 1.0, 5)"),
        ("multistep(1, 0.5, (10, 20))", "multistep(1.0, 0.5, [10, 20])"),
        ("sin(pi * Time())", "sin(3.141592653589793 * Time())"),
        ("+linear(0, 1, 5) * 1 + 0", "linear(0.0, 1.0, 5)"),
    ],
)
def test_other_ways_of_writing(text, same):
    assert parse(text) == parse(same)


def test_a_thousand_parts():
    s = sc.join(*(sc.linear(i, i + 1, 5) for i in range(1_000)))
    assert parse(repr(s)) == s
    assert s(4_999.5) == pytest.approx(999.9)


@pytest.mark.parametrize("count", [100, 5_000])
def test_any_number_of_parts(count):
    s = sc.join(*(sc.linear(i, i + 1, 5) for i in range(count)))
    assert parse(repr(s)) == s


@pytest.mark.parametrize("count", [10, 100])
def test_a_sum_that_is_read_can_be_used(count):
    s = parse(" + ".join(["linear(0, 1, 5)"] * count))
    assert s(2) == pytest.approx(0.4 * count)
    assert parse(repr(s)) == s


def test_functions_have_no_text():
    s = sc.custom(lambda step: step, steps=5)
    assert repr(s) == "custom(<lambda>, steps=5)"
    with pytest.raises(ScheduleError):
        parse(repr(s))


# -- refusing --------------------------------------------------------------------------------------------

REFUSED = {
    "": (1, "invalid syntax"),
    "   ": (4, "invalid syntax"),
    "linear(0, 1, 5": (7, "never closed"),
    "linear(0, 1, 5))": (16, "unmatched"),
    "linear(0, 1, 5) >>": (19, "invalid syntax"),
    "linear(0, 1, 5); linear(0, 1, 5)": (16, "invalid syntax"),
    "x = linear(0, 1, 5)": (3, "invalid syntax"),
    "linaer(0, 1, 5)": (1, "did you mean linear?"),
    "linear(0, 1, 5) >> cosin(1, 0, 5)": (20, "did you mean cosine?"),
    "nonsense": (1, "no schedule of this name"),
    "custom(cosine)": (1, "no text form"),
    "linear": (1, "this is no schedule"),
    "[1, 2]": (1, "this is no schedule"),
    "True": (1, "this is no schedule"),
    "None": (1, "this is no schedule"),
    "inf": (1, "constant: operand=inf"),
    "'linear(0, 1, 5)'": (1, "only names of schedules"),
    "b'x'": (1, "only names of schedules"),
    "1j": (1, "only names of schedules"),
    "...": (1, "only names of schedules"),
    "{}": (1, "only names of schedules"),
    "{1: 2}": (1, "only names of schedules"),
    "f'{1}'": (1, "only names of schedules"),
    "lambda: 1": (1, "only names of schedules"),
    "[x for x in (1, 2)]": (1, "only names of schedules"),
    "(x := 1)": (2, "only names of schedules"),
    "1 if 1 else 2": (1, "only names of schedules"),
    "1 < 2": (1, "only names of schedules"),
    "1 and 2": (1, "only names of schedules"),
    "not 1": (1, "only names of schedules"),
    "~1": (1, "only names of schedules"),
    "await x": (1, "only names of schedules"),
    "linear.__globals__": (1, "only names of schedules"),
    "linear(0, 1, 5).steps": (1, "only names of schedules"),
    "linear(0, 1, 5)(3)": (1, "only names of schedules"),
    "(1).__class__": (1, "only names of schedules"),
    "linear(0, 1, 5)[3]": (1, "only names of schedules"),
    "linear(0, 1, 5)[::2]": (1, "only names of schedules"),
    "linear(0, 1, 5)[1:2, 3:4]": (1, "only names of schedules"),
    "linear(*[0, 1, 5])": (8, "only names of schedules"),
    "linear(**{})": (10, "only names of schedules"),
    "linear(0, 1, **5)": (1, "write each argument once and by its name"),
    "linear(0, 1, 5) @ 2": (1, "no such operator"),
    "linear(0, 1, 5) << 2": (1, "no such operator"),
    "1 & 2": (1, "no such operator"),
    "__import__('os')": (1, "no schedule of this name"),
    "eval('1')": (1, "no schedule of this name"),
    "parse('1')": (1, "no schedule of this name"),
    "Call(1, 2)": (1, "no schedule of this name"),
    "linear(0, 1, -5)": (1, "linear: steps=-5"),
    "cosine(1, 0, 5) >> linear(0, 1, -5)": (20, "linear: steps=-5"),
    "linear(0, 1, True)": (1, "a boolean is not a number"),
    "linear(0, 1)": (1, "missing a required argument"),
    "linear(0, 1, 5, 6)": (1, "too many positional"),
    "linear(0, 1, T_max=5)": (1, "unexpected keyword argument 'T_max'"),
    "linear(0, 1, steps=5, steps=6)": (1, "write each argument once"),
    "wsd(1, 10, warmup=1, cooldown=1, shape=5)": (1, "such as linear or cosine"),
    "constant(0.1) >> linear(0, 1, 5)": (1, "give it a length"),
    "linear(0, 1, 5) / 0": (1, "divided by zero"),
    "1 / 0": (1, "division by zero"),
    "9 ** 9 ** 9": (1, "too large|Result too large|Numerical result"),
    "10 ** 400": (1, "too large|Numerical result"),
    "1e999": (1, "constant: operand=inf"),
    "9" * 30: (1, "too large"),
    "9999999999 * 9999999999": (1, "too large"),
    "[1] * 9": (1, "operators take schedules and numbers"),
    "True + 1": (1, "operators take schedules and numbers"),
    "linear * 2": (1, "operators take schedules and numbers"),
    "linear(0, 1, 5) >> [1]": (1, "a schedule or a finite number"),
    "repeat(linear(0, 1, 5), 1_000_000_000)": (1, "rounds"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused_with_its_place(text):
    place, reason = REFUSED[text]
    with pytest.raises(ScheduleError, match=reason) as caught:
        parse(text)
    assert re.match(rf"parse: at character {place}:", str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "give the expression as a str"),
        (b"linear(0, 1, 5)", "give the expression as a str"),
        (5, "give the expression as a str"),
        ("linear(0, 1, 5)" + " >> linear(0, 1, 5)" * 20_000, "characters"),
        ("(" * 5_000 + "1" + ")" * 5_000, "nested|too many"),
        ("-" * 50_000 + "1", "nested|too complex|recursion"),
        ("cycle(" * 150 + "linear(0, 1, 5)" + ")" * 150, "nested"),
        ("linear(0, 1, 5)\x00", "null"),
        ("9" * 10_000, "digits|too large"),
        ("\ud800", "surrogates|encode"),
    ],
    ids=["None", "bytes", "int", "long", "parentheses", "minus signs", "calls", "null", "digits", "surrogate"],
)
def test_bounds(text, reason):
    with pytest.raises(ScheduleError, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("  linaer(0, 1, 5)", 3),
        ("\n linaer(0, 1, 5)", 3),
        ("linear(0, 1, 5) >> linaer(1, 0, 5)", 20),
        ("(linear(0, 1, 5)\n>> linaer(1, 0, 5))", 21),
        ("(linear(0, 1, 5)\n\n\n>> linear(1, 0, ~5))", 36),
        ("linear(0, 1, 5) >> \\\n linaer(1, 0, 5)", 23),
        ("(linear(0, 1, 5)\n>> linear(1, 0 5))", 31),
    ],
)
def test_places_are_counted_from_the_start_of_the_text(text, place):
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"parse: at character {place}:"), str(caught.value)


@pytest.mark.parametrize("name", ["Time", "join", "minimum", "exp", "constant", "Warp"])
def test_a_hint_is_never_the_name_itself(name):
    with pytest.raises(ScheduleError) as caught:
        parse(name)
    assert f"did you mean {name}?" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["-True", "+True", "-False", "True + 1", "True * linear(0, 1, 5)", "linear(0, 1, 5) ** True", "linear(0, -True, 5)",
     "linear(0, 1, 5)[True:]", "linear(0, 1, 5) >> True", "join(linear(0, 1, 5), False)", "exp(True)"],
)  # fmt: skip
def test_booleans_are_no_numbers(text):
    with pytest.raises(ScheduleError, match=r"parse: at character"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["1if 2else 3", "1or 2", "(1)(2)", "'a'(2)", "[1][2]", "1 is 1", "'\\d'", "0x1for x in y", "linear(0,1,5)is 3",
     "linear(0, 1, 5if 1else 2)", "1_", "07", "1.real"],
)  # fmt: skip
def test_what_python_warns_of_is_refused_without_a_warning(text):
    assert read(text) is None


@pytest.mark.parametrize("text", [key for key in REFUSED if "repeat" in key])
def test_refusing_takes_no_time_and_no_memory(text):
    begin = time.process_time()
    with pytest.raises(ScheduleError):
        parse(text)
    assert time.process_time() - begin < 5  # not a speed: the difference between refusing and building 10^9 rounds


# -- fuzzing ---------------------------------------------------------------------------------------------


def read(text):
    """Parse, where a warning is an error too: nothing but a schedule or a `ScheduleError` may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return parse(text)
        except ScheduleError:
            return None


@given(st.text())
def test_any_text(text):
    result = read(text)
    assert result is None or isinstance(result, Schedule)


WORDS = """linear cosine join wsd repeat Time constant Warp exp custom part steps shape ** // >> << 1 0.1 1e9 2**70
    inf pi None True lambda if not __"""
PIECES = st.sampled_from([*WORDS.split(), *"()[],:=+-*/%@~<>.0 "])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_tokens(text):
    result = read(text)
    assert result is None or isinstance(result, Schedule)


@given(terms, st.data())
def test_mutated_expressions(s, data):
    text = repr(s)
    for _ in range(data.draw(st.integers(1, 3))):
        a = data.draw(st.integers(0, len(text)))
        b = data.draw(st.integers(a, min(a + 8, len(text))))
        text = text[:a] + data.draw(st.one_of(PIECES, st.characters(), st.just(text[a:b] * 2))) + text[b:]
    result = read(text)
    assert result is None or parse(repr(result)) == result


# -- your own ----------------------------------------------------------------------------------------------


@named
def hump(
    peak: Value, steps: Steps, *, count: Count = 1, shape: Shape = sc.linear, mirrored: Switch = False
) -> Schedule:
    """Up and down."""
    half = shape(0.0, peak, steps / 2)
    one = half >> sc.reverse(half)
    return sc.repeat(-one if mirrored else one, count)


@pytest.mark.parametrize(
    ("s", "text"),
    [
        (hump(1, 10), "hump(1.0, 10)"),
        (hump(1, steps=10, count=1), "hump(1.0, 10)"),
        (hump(0.5, 10, count=3, shape=sc.cosine), "hump(0.5, 10, count=3, shape=cosine)"),
        (hump(0.5, 10, mirrored=True) >> hump(1, 4), "hump(0.5, 10, mirrored=True) >> hump(1.0, 4)"),
    ],
)
def test_names_of_your_own_work_everywhere(s, text):
    assert repr(s) == text
    assert parse(text) == s
    assert pickle.loads(pickle.dumps(s)) == s  # noqa: S301 -- our own bytes
    with pytest.raises(ScheduleError, match="hump: count=0: this is a whole number >= 1"):
        hump(1, 10, count=0)


def test_a_name_is_taken_once():
    with pytest.raises(ScheduleError, match=r"named: function=linear: the name is taken by schedules\.library\.curves"):

        @named
        def linear(steps: Steps) -> Schedule:
            return sc.linear(0.0, 1.0, steps)


WORDS = ["join", "scale", "minimum", "maximum", "constant", "Time", "Warp", "exp", "add", "sqrt", "inf", "pi", "part"]


@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_language_are_taken(word):
    def function(steps: Steps) -> Schedule:
        return sc.linear(0.0, 1.0, steps)

    function.__name__ = function.__qualname__ = word
    before = dict(MAKERS)
    try:
        with pytest.raises(ScheduleError, match=f"named: function={word}: .*taken"):
            named(function)
    finally:
        MAKERS.clear()
        MAKERS.update(before)


def test_a_definition_may_be_run_again():
    def define(end):
        @named
        def notebook_cell(steps: Steps) -> Schedule:
            return sc.linear(0.0, end, steps)

        return notebook_cell

    define(1.0)
    assert define(2.0)(10)(10) == parse("notebook_cell(10)")(10) == 2.0


def test_plain_annotations_take_schedules_and_numbers():
    @named
    def loosely(s, other: Schedule, pair=(1, 2)):
        return s * pair[0] + other * pair[1]

    s = loosely(3, sc.linear(0.0, 1.0, 4), [5, 6])
    assert repr(s) == "loosely(3, linear(0.0, 1.0, 4), (5, 6))"
    assert parse(repr(s)) == s
    assert s(2) == 18.0
