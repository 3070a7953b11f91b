"""``repr`` writes what one would write; `parse` reads it back and executes nothing."""

import functools
import math
import pickle
import re
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import terms

import schedules as sc
from schedules import Count, Schedule, ScheduleError, Shape, Steps, Switch, Value, free_names, named, parse
from schedules.algebra.named import MAKERS
from schedules.dialects import torch, transformers

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
        ("linear(0, 1, 5)\n  >> cosine(1, 0, 5)\n", "linear(0.0, 1.0, 5) >> cosine(1.0, 0.0, 5)"),
        ("linear(0, 1, 5)  # up\r\n# and down\r>> cosine(1, 0, 5)", "linear(0.0, 1.0, 5) >> cosine(1.0, 0.0, 5)"),
        ("wsd(1, 9, warmup=1, cooldown=2, shape='cosine')", "wsd(1.0, 9, warmup=1, cooldown=2, shape=cosine)"),
        ('one_cycle(1, 9, shape="linear")', "one_cycle(1.0, 9, shape=linear)"),
        ("linear(0, 1, round(2.5)) >> linear(1, 0, ceil(2.1))", "linear(0.0, 1.0, 2) >> linear(1.0, 0.0, 3)"),
        ("linear(floor(-0.5), sqrt(4), minimum(2_000, 0.1 * 300))", "linear(-1.0, 2.0, 30)"),
        ("linear(0, scale(2, factor=3), abs(-5))", "linear(0.0, 6.0, 5)"),
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
    "linear(0, 1, 5); linear(0, 1, 5)": (16, "join parts with >>"),
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
    "'linear(0, 1, 5)'": (1, "this is no schedule"),
    "'linear' * 2": (1, "operators take schedules and numbers"),
    "'linear'(0, 1, 5)": (1, "only names of schedules"),
    "wsd(1, 10, warmup=1, cooldown=1, shape='cosin')": (1, "shape='cosin': this is a named curve"),
    "wsd(1, 10, warmup=1, cooldown=1, shape='wsd')": (1, "shape='wsd': this is a named curve"),
    "linear(0, 1, '5')": (1, "text is not a number"),
    "linear(0, 1, 100k)": (14, "'100k': write 100_000$"),
    "linear(0, 1, steps=2.3M)": (20, "'2.3M': write 2_300_000$"),
    "constant(1, steps=1T)": (19, "'1T': write 1_000_000_000_000$"),
    "linear(0, 1, 0.0001k)": (14, "'0.0001k': write 0.1$"),
    "round(linear(0, 1, 5))": (1, "round: operand=linear"),
    "round(1, 2)": (1, "operands=2: round takes 1"),
    "ceil()": (1, "operands=0: ceil takes 1"),
    "floor(inf)": (1, "floor: operand=inf"),
    "round('1')": (1, "text is not a number"),
    "linear(0, 1, round(1e300))": (14, "the number is too large"),
    "round * 2": (1, "this is a function; call it"),
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
    "wsd(1, 10, warmup=1, cooldown=1, shape=5)": (1, "such as linear, cosine"),
    "constant(0.1) >> linear(0, 1, 5)": (1, "give it a length"),
    "linear(0, 1, 5) / 0": (1, "divided by zero"),
    "1 / 0": (1, "division by zero"),
    "9 ** 9 ** 9": (1, "too large|Result too large|Numerical result"),
    "10 ** 400": (1, "too large|Numerical result"),
    "1e999": (1, "constant: operand=inf"),
    "9" * 30: (1, "too large"),
    "9223372036854775808": (1, "too large"),
    "9999999999 * 9999999999": (1, "too large"),
    "[1] * 9": (1, "operators take schedules and numbers"),
    "True + 1": (1, "operators take schedules and numbers"),
    "linear * 2": (1, "operators take schedules and numbers"),
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
        (None, "parse: text=None: give the expression as a str, a schedule or a finite number"),
        (b"linear(0, 1, 5)", "give the expression as a str"),
        (True, "give the expression as a str"),
        (float("inf"), "give the expression as a str"),
        ("linear(0, 1, 5)" + " >> linear(0, 1, 5)" * 20_000, "characters"),
        ("(" * 5_000 + "1" + ")" * 5_000, "nested|too many"),
        ("-" * 50_000 + "1", "nested|too complex|recursion"),
        ("cycle(" * 150 + "linear(0, 1, 5)" + ")" * 150, "nested"),
        ("linear(0, 1, 5)\x00", "null"),
        ("9" * 10_000, "digits|too large"),
        ("\ud800", "surrogates|encode"),
    ],
    ids=["None", "bytes", "bool", "inf", "long", "parentheses", "minus signs", "calls", "null", "digits", "surrogate"],
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


def read(text, **names):
    """Parse, where a warning is an error too: nothing but a schedule or a `ScheduleError` may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return parse(text, **names)
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


# -- names -----------------------------------------------------------------------------------------------

NAMED = [
    ("wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)", ("lr", "steps")),
    ("steps * lr", ("steps", "lr")),
    ("minimum(s, lr) >> linear(lr, 0, round(steps / 3))", ("s", "lr", "steps")),
    ("s[a:b]", ("s", "a", "b")),
    ("cooldown(s, a, steps - a, shape='cosine', end=-lr)", ("s", "a", "steps", "lr")),
    ("interpolate([(0, lr), (a, pi), (b, 0)])", ("lr", "a", "b")),
    ("cycle(s)\n# of lr and no more\n + lr", ("s", "lr")),
    ("join(s, s, lr)", ("s", "lr")),
    ("one_cycle(lr, steps, shape=linear)", ("lr", "steps")),
    ("linear(0, 1, 5)", ()),
]
GIVEN = {"lr": 3e-4, "steps": 100_000, "a": 10, "b": 20.5, "s": sc.linear(0.0, 1.0, 100)}


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_names_stand_for_what_is_given(text, names):
    assert free_names(text) == names
    s = parse(text, **GIVEN)
    written = text
    for name in names:
        written = re.sub(rf"\b{name}\b(?! *=)", f"({GIVEN[name]!r})", written)
    assert s == parse(written)
    assert parse(repr(s)) == s
    assert free_names(repr(s)) == ()


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_each_name_that_is_left_is_an_error(text, names):
    for name in names:
        given = {key: value for key, value in GIVEN.items() if key in names and key != name}
        with pytest.raises(
            ScheduleError, match=rf"free is {name}, given is {', '.join(given) or 'nothing'}; give {name}=\.\.\."
        ) as caught:
            parse(text, **given)
        assert f"'{name}'" in str(caught.value)


def test_the_error_of_a_name_lists_all_that_are_free_and_all_that_are_given():
    with pytest.raises(ScheduleError) as caught:
        parse("wsd(lr, step, warmup=w, cooldown=0)", steps=100, total=5)
    assert str(caught.value) == (
        "parse: at character 5: 'lr': no schedule of this name; free is lr, step, w, given is steps, total; "
        "give lr=..., step=..., w=..."
    )
    with pytest.raises(ScheduleError, match="did you mean steps\\?"):
        parse("linear(0, 1, step)", steps=100)


@pytest.mark.parametrize(
    "name", ["linear", "exp", "round", "join", "Time", "pi", "inf", "custom", "None", "lambda", "a b", ""]
)
def test_names_of_the_language_cannot_be_given(name):
    with pytest.raises(ScheduleError, match=f"parse: {re.escape(name)}=1: the name is taken"):
        parse("constant(1)", **{name: 1})


@pytest.mark.parametrize("value", [None, True, "1", "linear(0, 1, 5)", [1], math.nan, sc.linear])
def test_a_name_is_a_number_or_a_schedule(value):
    with pytest.raises(ScheduleError, match=r"parse: lr=.*: this is a number or a schedule"):
        parse("constant(lr)", lr=value)


def test_a_name_that_is_given_is_not_called():
    with pytest.raises(ScheduleError, match=r"'lr.3.': this stands for a number or a schedule"):
        parse("lr(3)", lr=1)


def test_schedules_and_numbers_are_parsed_too():
    s = sc.linear(0.0, 1.0, 5)
    assert parse(s) is parse(s, steps=5) is s
    assert parse(0.001) == parse(np.float32(0.5)) / 500 == sc.constant(0.001)
    assert parse("text", text=0.5) == sc.constant(0.5)
    assert free_names(s) == free_names(0.001) == ()
    with pytest.raises(ScheduleError, match="give the expression as a str"):
        free_names(None)
    with pytest.raises(ScheduleError, match=r"parse: at character 7: .*never closed"):
        free_names("linear(")


def test_numbers_of_other_libraries_are_given():
    s = parse("wsd(lr, steps, warmup=0.1 * steps, cooldown=steps // 5)", lr=np.float64(0.5), steps=np.int64(100))
    assert repr(s) == "wsd(0.5, 100, warmup=10, cooldown=20)"
    assert {type(value) for value in s.args[:4]} == {float, int}


def test_numbers_that_are_traced_are_given():
    jax = pytest.importorskip("jax")
    text = "linear(0, lr, warmup_steps) >> cosine(lr, 0.1 * lr, 90 - warmup_steps)"
    value = jax.jit(lambda lr, n: parse(text, lr=lr, warmup_steps=n)(7.5))(0.5, 10.0)
    assert value == parse(text, lr=0.5, warmup_steps=10)(7.5)


@given(terms)
def test_a_term_reads_the_same_with_its_numbers_as_names(s):
    """Every number in the text becomes a name; what comes out is the same schedule."""
    numbers = []

    def name(found):
        numbers.append(float(found[0]) if re.search("[.e]", found[0]) else int(found[0]))
        return f"n{len(numbers) - 1}"

    text = re.sub(r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?", name, repr(s))
    given = {f"n{place}": number for place, number in enumerate(numbers)}
    assert free_names(text) == tuple(given)
    assert parse(text, **given) == s


NAMES = st.fixed_dictionaries(
    {},
    optional={
        "lr": st.floats(allow_nan=False) | st.integers(),
        "steps": st.integers(-5, 10**6) | st.floats(allow_nan=False),
        "s": terms,
    },
)


@given(
    st.lists(st.one_of(PIECES, st.sampled_from(["lr", "steps", "s", "round", "'"])), max_size=30).map("".join), NAMES
)
def test_any_tokens_with_names(text, names):
    result = read(text, **names)
    assert result is None or isinstance(result, Schedule)


@given(terms, NAMES, st.data())
def test_mutated_expressions_with_names(s, names, data):
    text = repr(s)
    for _ in range(data.draw(st.integers(1, 3))):
        a = data.draw(st.integers(0, len(text)))
        b = data.draw(st.integers(a, min(a + 8, len(text))))
        text = (
            text[:a] + data.draw(st.sampled_from(["lr", "steps", "s", "(s)", "round(lr)", "'s'", "\n", "#"])) + text[b:]
        )
    result = read(text, **names)
    assert result is None or isinstance(result, Schedule)


def test_a_shape_is_named_by_a_text_in_python_too():
    assert sc.wsd(1.0, 10, warmup=1, cooldown=2, shape="cosine") == sc.wsd(
        1.0, 10, warmup=1, cooldown=2, shape=sc.cosine
    )
    assert sc.cooldown(sc.constant(1.0), 10, 5, shape="rex") == sc.cooldown(sc.constant(1.0), 10, 5, shape=sc.rex)
    with pytest.raises(ScheduleError, match="wsd: shape='cosin': this is a named curve"):
        sc.wsd(1.0, 10, warmup=1, cooldown=2, shape="cosin")


# -- other libraries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            "transformers.get_wsd_schedule(1e-3, 100, 200, num_training_steps=1000)",
            transformers.get_wsd_schedule(1e-3, 100, 200, num_training_steps=1000),
        ),
        ("transformers.get_scheduler('linear', lr, 10, steps)", sc.linear(0, 0.5, 10) >> sc.linear(0.5, 0, 90)),
        ("0.5 * torch.OneCycleLR(1, lr, total_steps=steps)[5:]", 0.5 * torch.OneCycleLR(1, 0.5, total_steps=100)[5:]),
        (
            "optax.join_schedules([optax.linear_schedule(0, lr, 10), optax.constant_schedule(lr)], [10])",
            sc.linear(0, 0.5, 10) >> sc.constant(0.5),
        ),
    ],
)
def test_schedules_of_other_libraries_are_read_by_both_their_names(text, same):
    s = parse(text, lr=0.5, steps=100)
    assert s == same
    assert set(free_names(text)) <= {"lr", "steps"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("transformer.get_wsd_schedule(1)", "no library of this name; there are composer, .*, transformers"),
        ("transformers.get_wsd(1)", "transformers has get_constant_schedule, .*, get_wsd_schedule"),
        ("transformers.annotations(1)", "no schedule of this name"),
        ("torch.LambdaLR(0.1, cosine)", "LambdaLR"),
        ("transformers.get_wsd_schedule", "only names of schedules"),
        ("transformers", "this is a library; call one of its schedules: transformers.NAME"),
        ("transformers.get_reduce_on_plateau_schedule(0.1)", "this is no schedule"),
        ("torch.CosineAnnealingLR(0.1)", "missing a required argument: 'T_max'; call it as CosineAnnealingLR"),
        ("fvcore.StepWithFixedGammaParamScheduler(1, 10_000_000_000, 1, 1)", "num_decays=10000000000"),
        ("__main__.exit(1)", "no library of this name"),
        ("checks.demand(1)", "no library of this name"),
    ],
)
def test_what_other_libraries_do_not_have_is_refused(text, reason):
    with pytest.raises(ScheduleError, match=reason):
        parse(text)
    with pytest.raises(ScheduleError, match="parse: torch=1: the name is taken"):
        parse(text, torch=1)


# -- other arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments", "same"),
    [
        ("linear(0, 1, 5)", {"end": 2.0}, "linear(0, 2, 5)"),
        (
            "wsd(1, 100, warmup=5, cooldown=10)",
            {"shape": "cosine", "steps": 50},
            "wsd(1, 50, warmup=5, cooldown=10, shape=cosine)",
        ),
        ("cosine(1, 0, 9)[2:]", {"start": 5}, "cosine(1, 0, 9)[5:]"),
        ("repeat(linear(0, 1, 5), 3)", {}, "repeat(linear(0, 1, 5), 3)"),
        ("warmup(cosine(1, 0, 9), 5)", {"s": sc.constant(1.0, steps=5)}, "warmup(constant(1, steps=5), 5)"),
    ],
)
def test_a_call_with_other_arguments(text, arguments, same):
    assert parse(text).replace(**arguments) == parse(same)


@pytest.mark.parametrize(
    "text",
    ["constant(1)", "constant(1, steps=5)", "linear(0, 1, 5) >> linear(1, 0, 5)", "2 * linear(0, 1, 5)", "Time()"],
)
def test_what_is_no_call_has_no_arguments(text):
    with pytest.raises(ScheduleError, match=r"replace: s=.*: this is not one call of a named schedule"):
        parse(text).replace(end=1)


def test_an_argument_that_is_not_there_or_does_not_fit():
    with pytest.raises(
        ScheduleError,
        match=r"linear: got an unexpected keyword argument 'peak'; call it as linear\(start, end, steps\)",
    ):
        sc.linear(0, 1, 5).replace(peak=1)
    with pytest.raises(ScheduleError, match="linear: steps=-1"):
        sc.linear(0, 1, 5).replace(steps=-1)


# -- fractions ---------------------------------------------------------------------------------------------

RECIPES = ["wsd(1, {}, warmup={}, cooldown=2)", "wsd(1, {}, warmup=2, cooldown={})",
           "trapezoid(1, {}, warmup={}, cooldown=2)",
           "trapezoid(1, {}, warmup=2, cooldown={})", "cosine_warmup(1, {}, warmup={})",
           "linear_warmup(1, {}, warmup={})", "polynomial_warmup(1, {}, warmup={})"]  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_phase_that_looks_like_a_fraction_is_an_error_with_both_readings(recipe):
    with pytest.raises(ScheduleError) as caught:
        parse(recipe.format("100_000", "0.03"))
    phase = re.search(r"(\w+)={}", recipe)[1]
    assert f"{phase}=0.03: less than one step; for 3% of the steps write {phase}=0.03 * 100_000" in str(caught.value)
    assert f"where it is such a product already {phase}=round(0.03)" in str(caught.value)
    with pytest.raises(ScheduleError, match=f"write {phase}=0.999 \\* 3"):
        parse(recipe.format("3", "0.999"))
    for steps, length in (("100_000", "0.03 * 100_000"), ("100", "0"), ("100", "1"), ("100", "1.5")):
        assert parse(recipe.format(steps, length)).steps == float(steps)


def test_a_single_step_may_be_divided():
    assert parse("wsd(1, 1, warmup=0.5, cooldown=0.5)")(0.25) == 0.5
    with pytest.raises(ScheduleError, match=r"warmup=0\.5: less than one step"):
        parse("wsd(1, 1.5, warmup=0.5, cooldown=0.5)")


def test_where_a_whole_is_one_a_fraction_is_a_length():
    assert sc.wsd(1.0, 1, warmup=0.1, cooldown=0.2)(0.05) == sc.cosine_warmup(1.0, 1, warmup=0.1)(0.05) == 0.5
    assert (sc.linear(0.0, 1.0, 0.5) >> sc.cosine(1.0, 0.0, 99.5))(0.25) == 0.5


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


@pytest.mark.parametrize("value", ["cosine(0.1, 0.0, 9)", 3, None, lambda t: t, functools.partial(sc.linear, 0.0)])
def test_what_is_named_is_a_function_with_a_name(value):
    with pytest.raises(ScheduleError, match=r"named: function=.*: .* no function with a name"):
        named(value)


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


def test_a_plain_annotation_takes_a_name_in_quotes():
    @named
    def shaped(shape, steps: Steps):
        return shape(0.0, 1.0, steps)

    assert shaped("cosine", 5) == shaped(sc.cosine, 5) == parse("shaped('cosine', 5)")
    with pytest.raises(ScheduleError, match="text is not a number"):
        shaped("cosin", 5)


SENT = """
import sys
from schedules import *

@named
def sent(peak: Value, steps: Steps, *, shape: Shape = linear):
    return shape(0.0, peak, steps)

def ours(steps):
    return sent(1.0, steps)

import cloudpickle
s = sent(0.5, 10, shape=cosine) >> sent(1, 5)
assert cloudpickle.loads(cloudpickle.dumps(s)) == s
assert cloudpickle.loads(cloudpickle.dumps(ours))(5)(5) == 1.0
sys.stdout.buffer.write(cloudpickle.dumps([s, s[2:]]))
"""

TAKEN = """
import pickle, sys
s, tail = pickle.loads(sys.stdin.buffer.read())
from schedules import parse
assert s(10) == 0.0 and s(15) == 1.0 and tail == s[2:]
assert parse(repr(s)) == s
assert s.parts[1].replace(steps=7).steps == 7
"""


def test_schedules_of_a_script_are_sent_to_other_processes():
    pytest.importorskip("cloudpickle")
    sent = subprocess.run([sys.executable, "-c", SENT], capture_output=True, check=True)  # noqa: S603 -- ours
    subprocess.run([sys.executable, "-c", TAKEN], input=sent.stdout, check=True)  # noqa: S603 -- the same


def test_a_definition_that_has_changed_is_not_taken_for_the_old_one():
    cloudpickle = pytest.importorskip("cloudpickle")

    def define(end):
        @named
        def notebook_sent(steps: Steps) -> Schedule:
            return sc.linear(0.0, end, steps)

        return notebook_sent

    first = define(1.0)(10)
    data = cloudpickle.dumps(first)
    assert cloudpickle.loads(data) == first
    second = define(2.0)(10)
    again = cloudpickle.loads(data)
    assert again(10) == 1.0
    assert parse(repr(again)) == again, "the name means what was read last"
    assert second(10) == 2.0
