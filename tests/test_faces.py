"""The table, the pictures, and what a notebook shows."""

import itertools
import math
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from strategies import finite, terms

import schedules as sc
from schedules.plot import describe, figure, samples, segments, terminal

mpl.use("Agg")


# -- the table ---------------------------------------------------------------------------------------


@given(terms, st.integers(1, 100))
def test_rows_cover_every_step_once(s, steps):
    rows = s.describe(steps)
    assert rows[0].first == 0
    assert rows[-1].last == steps - 1
    for row, following in itertools.pairwise(rows):
        assert row.last + 1 == following.first


@given(terms, st.integers(1, 100))
def test_rows_tell_the_values_at_their_ends(s, steps):
    for row in s.describe(steps):
        assert (row.start, row.end) == (s(row.first), s(row.last))


@given(finite)
def test_segments_join_to_the_whole(s):
    begins = [begin for begin, _ in segments(s)]
    for (begin, shape), end in zip(segments(s), [*begins[1:], s.steps], strict=True):
        middle = (begin + end) / 2
        assert shape(middle - begin) == pytest.approx(s(middle), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("s", "shapes"),
    [
        (
            sc.wsd(1.0, 100, warmup=10, cooldown=20),
            ["linear(0.0, 1.0, 10)", "constant(1.0, steps=70)", "linear(1.0, 0.0, 20)"],
        ),
        (sc.warmup(sc.inverse_sqrt(1.0, timescale=9), 9), ["linear(0.0, 1.0, 9)", "inverse_sqrt(1.0, timescale=9)"]),
        (1 - sc.trapezoid(1.0, 9, warmup=3, cooldown=6), ["1 - linear(0.0, 1.0, 3)", "1 - linear(1.0, 0.0, 6)"]),
        (sc.cycle(sc.linear(0.0, 1.0, 5)), ["cycle(linear(0.0, 1.0, 5))"]),
        (sc.cosine(1.0, 0.0, 5), ["cosine(1.0, 0.0, 5)"]),
    ],
    ids=str,
)
def test_shapes_are_written_as_one_would(s, shapes):
    assert [row.shape for row in s.describe()] == shapes


def test_what_goes_on_for_ever_has_no_last_step():
    (first, second) = (sc.linear(0.0, 1.0, 5) >> sc.constant(1.0)).describe()
    assert (first.last, second.first, second.last) == (4, 5, math.inf)
    assert sc.constant(0.1).describe()[0].last == math.inf
    assert sc.linear(0.0, 1.0, 0).describe()[0][:2] == (0, math.inf)


def test_a_segment_between_two_steps_is_left_out():
    s = sc.linear(0.0, 1.0, 2.2) >> sc.constant(5.0, steps=0.5) >> sc.linear(1.0, 0.0, 2.3)
    assert [(row.first, row.last) for row in s.describe()] == [(0, 2), (3, 4)]


def test_the_table_as_text_and_as_html():
    table = (sc.linear(0.0, 1.0, 4) >> sc.constant(0.5)).describe()
    assert str(table).splitlines() == [
        "first  last  shape                from  to",
        "0      3     linear(0.0, 1.0, 4)  0     0.75",
        "4      inf   constant(0.5)        0.5   0.5",
    ]
    assert repr(table) == str(table)
    root = ElementTree.fromstring(table._repr_html_())  # noqa: S314 -- our own text
    assert [cell.text for cell in root.iter("td")][:5] == ["0", "3", "linear(0.0, 1.0, 4)", "0", "0.75"]


@pytest.mark.parametrize("steps", [-1, "x", True, math.nan, math.inf])
def test_a_table_of_no_number_of_steps(steps):
    with pytest.raises(sc.ScheduleError, match="describe: steps="):
        describe(sc.cosine(1.0, 0.0, 5), steps)


# -- the points --------------------------------------------------------------------------------------


@given(terms, st.integers(1, 400))
def test_samples_are_values_at_whole_steps_and_at_the_end(s, steps):
    places, found = samples(s, steps)
    assert places[0] == 0
    assert places[-1] == steps
    assert np.all(np.diff(places) > 0)
    np.testing.assert_allclose(found[:-1], s.values(steps)[places[:-1].astype(int)], rtol=1e-12, atol=1e-14)
    assert found[-1] == s(steps)


def test_long_curves_show_every_jump_with_few_points():
    spike = sc.constant(0.0, steps=7_654_321) >> sc.constant(1.0, steps=1) >> sc.constant(0.0, steps=2_345_678)
    places, found = samples(spike)
    assert len(places) <= 4_001
    assert places[found == 1.0].tolist() == [7_654_321]


def test_fractional_ends_are_shown():
    places, found = samples(sc.linear(0.0, 1.0, 2.5))
    assert places.tolist() == [0, 1, 2, 2.5]
    assert found[-1] == 1.0


# -- pictures ------------------------------------------------------------------------------------------


def test_plot_draws_into_the_axes_that_it_is_given():
    axes = Figure().subplots()
    s = sc.cosine(1.0, 0.0, 50)
    assert s.plot(axes, color="red", label="mine") is axes
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_ydata()[:-1], s.values())
    assert (line.get_color(), line.get_label()) == ("red", "mine")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "value")


def test_plot_makes_axes_of_its_own():
    axes = sc.inverse_sqrt(1.0, timescale=5).plot(steps=20)
    assert axes.lines[0].get_xdata()[-1] == 20
    assert axes.lines[0].get_label() == "inverse_sqrt(1.0, timescale=5)"
    mpl.pyplot.close(axes.figure)


@pytest.mark.parametrize("show", [lambda s: s.plot(), lambda s: terminal([s]), lambda s: figure([s])])
def test_endless_schedules_need_a_length(show):
    with pytest.raises(sc.ScheduleError, match=r"plot: steps=None: inverse_sqrt.*steps="):
        show(sc.inverse_sqrt(1.0, timescale=5))


def test_endless_schedules_are_drawn_beside_finite_ones():
    picture = figure([sc.cosine(1.0, 0.0, 50), sc.inverse_sqrt(1.0, timescale=5)])
    assert [line.get_xdata()[-1] for line in picture.axes[0].lines] == [50, 50]


def test_the_picture_in_the_terminal():
    text = terminal([sc.linear(0.0, 1e-4, 50), sc.cosine(1e-4, 0.0, 50)])
    assert "\x1b" not in text
    assert "0.0001" in text
    assert text.splitlines()[-2:] == ["  • linear(0.0, 0.0001, 50)", "  x cosine(0.0001, 0.0, 50)"]
    assert "\x1b" in terminal([sc.linear(0.0, 1.0, 50)], colour=True)


def test_a_missing_library_is_named(monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", refuse)
    for show, library in ((lambda s: s.plot(), "matplotlib"), (lambda s: terminal([s]), "plotext")):
        with pytest.raises(sc.ScheduleError, match=rf"{library} is not installed.*pip install 'schedule-algebra"):
            show(sc.linear(0.0, 1.0, 5))


# -- notebooks -----------------------------------------------------------------------------------------


@given(terms)
def test_notebooks_show_every_schedule(s):
    root = ElementTree.fromstring(s._repr_html_())  # noqa: S314 -- our own text; well-formed, so nothing is left open
    points = root.find("svg/polyline").get("points").split()
    assert len(points) >= 2
    assert all(re.fullmatch(r"-?[\d.]+,-?[\d.]+", point) for point in points)


@pytest.mark.parametrize(
    "s",
    [sc.constant(0.1), sc.constant(0.1, steps=0), sc.linear(0, 1, 0), sc.Time(), sc.exponential_decay(1.0, 9.0)[:9999]],
    ids=str,
)
def test_notebooks_show_odd_schedules(s):
    assert s._repr_html_().startswith("<div><code>")


def test_notebooks_are_safe_from_names():
    def script(step):
        return step

    script.__name__ = "<script>alert(1)</script>"
    shown = sc.custom(script, steps=5)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script" in shown
