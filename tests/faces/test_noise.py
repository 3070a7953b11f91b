"""What people read has no number that only rounding made."""

import re

import pytest
from zoo import ZOO

import schedules as sc

NOISE = re.compile(r"e-1[3-9]|e-[2-9]\d|\d\.\d*(0{7,}[1-9]|9{7,})\d*")
N = 97
MOVED = {
    "repeated": lambda s: sc.repeat(s[:N], 3, stretch=1.1, scale=0.7),
    "stretched": lambda s: sc.stretch(sc.stretch(s, 0.1), 10),
    "cut": lambda s: s[0.1 * 3 : 0.7 * N],
    "warmed up": lambda s: sc.warmup(s, 0.1 * N) + 0.1,
    "shifted": lambda s: sc.stretch(sc.shift(sc.linear(0, 1, 0.3) >> s, 0.1), 3),
}


@pytest.mark.parametrize("move", MOVED)
@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "polynomial", "one_minus_sqrt", "wsd", "multistep"])
def test_no_rounding_is_shown(name, move):
    s = MOVED[move](ZOO[name](sc, N))
    shown = [str(s.describe()), sc.explain(s), repr(sc.jumps(s)), *map(str, sc.lint(s, steps=2 * N))]
    assert [text for text in shown if NOISE.search(text)] == []


def test_what_is_small_but_not_by_rounding_is_shown():
    s = sc.exponential(1.0, 1e-20, 100) >> sc.linear(1.0, 1e-18, 50)
    assert [(row.start, row.end) for row in s.describe()] == [(1.0, s(99)), (1.0, s(149))]
    assert sc.jumps(s)[0].before == pytest.approx(1e-20)
