"""The table, the pictures, and what a notebook shows."""

import itertools
import math
import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import peers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from strategies import finite, terms

import schedules as sc
from schedules.faces.figure import Frame, figure, samples
from schedules.faces.notebook import HEIGHT, LEFT, WIDTH, horizon, html
from schedules.faces.table import describe, segments
from schedules.faces.terminal import terminal

mpl.use("Agg")

LINE = sc.linear(0.0, 1.0, 10)
ENDLESS = sc.inverse_sqrt(1.0, timescale=10)


@sc.named
def spike(peak: sc.Value, steps: sc.Steps) -> sc.Schedule:
    """``s(t) = peak * t/n`` for n = `steps`, then 0."""
    return sc.linear(0.0, peak, steps) >> 0


AWKWARD = [
    sc.constant(0.1),
    sc.constant(0.1, steps=math.inf),
    sc.constant(0.1, steps=1e300),
    sc.linear(0.0, 1.0, 0),
    sc.linear(0.0, 1.0, 0.5),
    sc.linear(0.0, 1.0, 10**15),
    sc.linear(1.0, 1.0, 10),
    sc.linear(-1.7e308, 1.7e308, 100),
    sc.linear(1e308, 1.5e308, 100) * 10.0,
    sc.linear(0.0, 5e-324, 10),
    sc.constant(1e308, steps=5) * sc.Time(),
    1 / (sc.Time() - 5),
    sc.lift("log", sc.Time())[:10],
    sc.lift("log", sc.linear(-2.0, -1.0, 10)),
    1 / (sc.constant(0.0, steps=5) >> sc.linear(1.0, 0.0, 5)),
    sc.sgdr(1.0, 10, 1_000),
    sc.repeat(sc.cosine(1.0, 0.0, 10), math.inf, stretch=2),
    spike(1.0, 10)[:12] >> spike(2.0, 10),
]
awkward = pytest.mark.parametrize("s", AWKWARD, ids=lambda s: repr(s)[:40])


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
        if begin < end:  # one without length shows at no time
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
        (
            sc.fit(sc.trapezoid(1.0, 9, warmup=3, cooldown=6), 18),
            ["stretch(linear(0.0, 1.0, 3), 2.0)", "stretch(linear(1.0, 0.0, 6), 2.0)"],
        ),
        (
            sc.trapezoid(1.0, 9, warmup=3, cooldown=6)[1:],
            ["linear(0.0, 1.0, 3)[1:]", "linear(1.0, 0.0, 6)"],
        ),
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


def test_what_holds_is_written_without_a_length_in_a_slice_too():
    s = sc.warmup(sc.constant(0.5), 10)
    assert [row.shape for row in s[:50].describe()] == [row.shape for row in s.describe()]
    assert s.describe()[1].shape == "constant(0.5)"


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


@given(terms)
def test_rows_without_a_limit_cover_the_duration(s):
    rows = s.describe()
    holds = s.steps == math.inf or rows[-1].first == math.ceil(s.steps)
    assert rows[0].first == 0
    assert rows[-1].last == (math.inf if holds else math.ceil(s.steps) - 1)
    for row, following in itertools.pairwise(rows):
        assert row.last + 1 == following.first
        assert (row.start, row.end) == (s(row.first), s(row.last))


@awkward
def test_awkward_schedules_have_a_table(s):
    rows = describe(s)
    assert rows[0].first == 0
    assert str(rows).count("\n") == len(rows)


def test_joins_nest_flat_through_names_and_operations():
    s = 0.5 * sc.warmup(sc.wsd(1.0, 8, warmup=2, cooldown=2), 5, start=1.0) >> LINE
    assert [row.shape for row in describe(s)] == [
        "0.5 * linear(1.0, 0.0, 5)",
        "0.5 * linear(0.0, 1.0, 2)",
        "constant(0.5, steps=4)",
        "0.5 * linear(1.0, 0.0, 2)",
        "linear(0.0, 1.0, 10)",
    ]


@pytest.mark.parametrize("s", [sc.exponential(1.0, 0.1, 9), sc.polynomial(0.0, 1.0, 9, power=2), LINE * LINE], ids=str)
def test_a_curve_made_of_halves_is_one_segment(s):
    assert [row.shape for row in describe(s)] == [repr(s)]


def test_an_operation_undefined_on_a_part_keeps_its_segment_whole():
    s = 1 / (sc.constant(0.0, steps=5) >> sc.linear(1.0, 2.0, 5))
    assert describe(s) == ((0, 9, repr(s), math.inf, 1 / 1.8),)


def test_an_endless_segment_has_a_last_value_only_if_constant():
    assert describe(LINE >> 0.5)[1] == (10, math.inf, "constant(0.5)", 0.5, 0.5)
    assert describe(sc.piecewise([1.0, 0.1], [3]))[1] == (3, math.inf, "constant(0.1, steps=inf)", 0.1, 0.1)
    assert describe(ENDLESS) == ((0, math.inf, repr(ENDLESS), 1.0, None),)
    assert str(describe(ENDLESS)).split()[-2:] == ["1", "..."]


def test_a_limit_cuts_and_what_has_ended_holds():
    assert describe(LINE >> LINE, 15)[-1] == (10, 14, "linear(0.0, 1.0, 10)", 0.0, 0.4)
    assert describe(LINE, 10) == describe(LINE)
    assert describe(LINE, 15)[-1] == (10, 14, "holds", 1.0, 1.0)
    assert describe(ENDLESS, 31) == ((0, 30, repr(ENDLESS), 1.0, 0.5),)


def test_a_long_shape_is_shortened_in_print_only():
    rows = describe(LINE * sc.cycle(sc.parse(" >> ".join(["linear(0, 1, 10)"] * 100))))
    assert len(rows[0].shape) > 1_000
    assert max(map(len, str(rows).splitlines())) < 130
    assert len(rows._repr_html_()) < 1_000


@pytest.mark.parametrize("steps", [-1, 0, 1.5, "x", True, math.nan, math.inf])
@pytest.mark.parametrize("face", [describe, samples, lambda s, steps: s.plot(steps=steps)])
def test_a_limit_is_a_whole_number_of_steps(face, steps):
    with pytest.raises(sc.ScheduleError, match=r"(describe|plot): steps=.*whole number"):
        face(LINE, steps)


# -- the points --------------------------------------------------------------------------------------


@given(terms, st.integers(1, 400))
def test_samples_are_values_at_whole_steps_and_at_the_end(s, steps):
    places, found = samples(s, steps)
    assert places[0] == 0
    assert places[-1] == steps
    assert np.all(np.diff(places) > 0)
    np.testing.assert_allclose(found[:-1], s.values(steps)[places[:-1].astype(int)], rtol=1e-12, atol=1e-14)
    assert found[-1] == pytest.approx(s(steps), rel=1e-12)


def test_long_curves_show_every_jump_with_few_points():
    spike = sc.constant(0.0, steps=7_654_321) >> sc.constant(1.0, steps=1) >> sc.constant(0.0, steps=2_345_678)
    places, found = samples(spike)
    assert len(places) <= 4_001
    assert places[found == 1.0].tolist() == [7_654_321]


def test_fractional_ends_are_shown():
    places, found = samples(sc.linear(0.0, 1.0, 2.5))
    assert places.tolist() == [0, 1, 2, 2.5]
    assert found[-1] == 1.0


@settings(max_examples=30)
@given(finite, st.integers(1_000, 5_000), st.integers(1, 20))
def test_few_samples_keep_the_extremes(s, factor, columns):
    s = sc.linear(3.0, 2.0, 100) >> sc.fit(s[: s.steps + 1], factor)
    places, found = samples(s, columns=columns)
    everything = s(np.arange(math.ceil(s.steps) + 1))
    assert len(places) <= 4 * columns
    np.testing.assert_array_equal(found, everything[places])
    assert (found.min(), found.max()) == (everything.min(), everything.max())
    assert (places[0], places[-1]) == (0, len(everything) - 1)


def test_a_knot_far_beyond_the_resolution_is_sampled_on_both_sides():
    knot = 10**12 + 7
    s = sc.linear(0.0, 1.0, knot) >> sc.linear(5.0, 4.0, 10**12)
    places, found = samples(s, columns=100)
    assert found.max() == 5.0
    assert places[found.argmax()] == knot
    assert found[found.argmax() - 1] <= 1.0


def test_no_tooth_of_many_is_blunted():
    _, found = samples(sc.triangular(0.0, 1.0, 777), 10**5)
    assert np.count_nonzero(found == 1.0) == math.ceil((10**5 - 777) / 1554)


@awkward
def test_awkward_schedules_are_sampled(s):
    places, found = samples(s, 1_000 if s.steps == math.inf else None)
    assert len(places) == len(found) >= 2
    assert (np.diff(places) > 0).all()


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
    coloured = terminal([sc.linear(0.0, 1.0, 50)], colour=True)
    assert "\x1b[38" in coloured
    assert "\x1b[48" not in coloured, "the terminal has a background of its own"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("linear(1, 0, 5)", "operand=.*this is a schedule"), ([LINE, LINE], r"schedules=.*plot\(\*schedules\)")],
)
def test_plot_says_what_is_no_schedule(wrong, told):
    with pytest.raises(sc.ScheduleError, match=f"plot: {told}"):
        sc.plot(wrong)


def test_plot_keeps_what_given_axes_say():
    axes = Figure().subplots()
    axes.set_xlabel("update")
    LINE.plot(axes)
    ENDLESS.plot(axes, steps=50)
    assert axes.get_xlabel() == "update"
    assert [line.get_label() for line in axes.lines] == [repr(LINE), repr(ENDLESS)]


@awkward
def test_awkward_schedules_become_pictures(s, tmp_path):
    figure([s, LINE], 1_000).savefig(tmp_path / "s.png")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_several_schedules_in_one_picture():
    a, b = sc.linear(1.0, 0.1, 100), sc.inverse_sqrt(1.0, timescale=10)
    axes = sc.plot(a, b, start=20, log=True, title="two", labels=["a", "b"], linewidth=3)
    assert [line.get_linewidth() for line in axes.lines] == [3, 3]
    assert all((line.get_xdata()[0], line.get_xdata()[-1]) == (20, 100) for line in axes.lines)
    assert axes.lines[1].get_ydata()[-1] == b(100)
    assert (axes.get_yscale(), axes.get_title(loc="left")) == ("log", "two")
    axes.figure.canvas.draw()
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1, "the legend hides no curve"


def test_a_picture_begins_and_ends_where_it_is_asked_to():
    axes = LINE.plot(start=5, steps=100, label="x")
    assert (axes.lines[0].get_xdata()[0], axes.lines[0].get_xdata()[-1]) == (5, 105)
    assert axes.get_legend() is None
    assert sc.plot(LINE, ax=axes) is axes
    for wrong in ({"start": 10}, {"start": -1}, {"labels": ["a", "b"]}, {"steps": 0}):
        with pytest.raises(sc.ScheduleError, match=f"plot: {next(iter(wrong))}="):
            sc.plot(LINE, **wrong)
    with pytest.raises(sc.ScheduleError, match="nothing to draw"):
        sc.plot()


def test_a_terminal_has_the_same_choices():
    lines = terminal([LINE, 1e-3 + LINE], start=5, log=True, title="two", labels=["a", "b"]).splitlines()
    assert lines[0] == "two"
    assert [line.split() for line in lines[-2:]] == [["•", "a"], ["x", "b"]]
    assert lines[-3].split() == ["5", "6", "7", "8", "10"]
    heights = [float(line.split("┤")[0]) for line in lines if "┤" in line]
    assert heights[0] == pytest.approx(1.0, rel=1e-2)
    assert heights[-1] == pytest.approx(0.5, rel=1e-2)
    assert "•" not in terminal([sc.constant(0.0, steps=5)], log=True).splitlines()[3], "nothing is seen at 0"


def test_a_figure_has_a_legend_and_one_span_for_all():
    picture = figure([LINE, sc.cosine(1.0, 0.0, 40)])
    assert [text.get_text() for text in picture.axes[0].get_legend().get_texts()] == [
        repr(LINE),
        "cosine(1.0, 0.0, 40)",
    ]
    assert [line.get_xdata()[-1] for line in picture.axes[0].lines] == [40, 40]


def test_the_picture_in_the_terminal_fits(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "20")
    lines = terminal([LINE, sc.wsd(1.0, 40, warmup=10, cooldown=20), sc.Time() * 1e-3]).splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) <= 20
    assert lines[-4].split() == ["0", "10", "20", "30", "40"]
    assert set("•x+") <= set("".join(lines[:-3]))


@awkward
def test_awkward_schedules_are_drawn_in_the_terminal(s):
    assert terminal([s], 1_000).splitlines()[-2].split() == ["0", "250", "500", "750", "1000"]


@pytest.mark.parametrize(
    ("library", "code"), [("matplotlib", "linear(0., 1., 10).plot()"), ("plotext", "terminal([linear(0., 1., 10)])")]
)
def test_a_missing_library_is_named(library, code, tmp_path):
    (tmp_path / f"{library}.py").write_text("raise ImportError('absent')")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom schedules import ScheduleError, linear\n"
        "from schedules.faces.notebook import html\nfrom schedules.faces.terminal import terminal\n"
        f"assert 'polyline' in html(linear(0., 1., 10))\n"
        f"try:\n    {code}\nexcept ScheduleError as fault:\n    print(fault)"
    )
    expected = f"plot: {library} is not installed (absent); pip install 'schedule-algebra[plot]'\n"
    assert python(script) == expected


def test_an_old_version_of_a_library_is_told_from_the_one_that_is_needed(pytestconfig):
    script = (
        f"import sys; sys.path.insert(0, {str(peers.unpacked(pytestconfig, 'plotext==5.3.2'))!r})\n"
        "from schedules import ScheduleError, linear\nfrom schedules.faces.terminal import terminal\n"
        "try:\n    terminal([linear(0., 1., 10)])\nexcept ScheduleError as fault:\n    print(fault)"
    )
    said = python(script)
    assert re.fullmatch(r"plot: plotext 5\.3\.2 is installed, and plotext[^ ]*>=6\.1[^ ]* is needed; .*\n", said), said
    assert said.endswith("; pip install 'schedule-algebra[plot]'\n")


def test_importing_the_faces_imports_no_drawing_library():
    assert python("import sys, schedules.faces.cli; print({'matplotlib', 'plotext'} & {*sys.modules})") == "set()\n"


def python(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    return done.stdout + done.stderr


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


def test_what_cannot_be_drawn_says_why():
    def evil(_):
        raise ValueError("<script>alert(1)</script>")

    assert "not drawn: ValueError: &lt;script&gt;" in html(LINE >> sc.custom(evil, steps=3))


@awkward
def test_notebooks_show_awkward_schedules_within_their_frame(s):
    root = ElementTree.fromstring(html(s))  # noqa: S314 -- our own text
    lines = [line.get("points").split() for line in root.findall("svg/polyline")]
    points = [tuple(map(float, point.split(","))) for line in lines for point in line]
    assert all(LEFT <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert bool(points) == bool(np.isfinite(samples(s, horizon(s) if s.steps == math.inf else None)[1]).any())


def test_a_cell_is_small_and_needs_nothing_from_outside():
    text = html(sc.triangular(0.0, 1.0, 500) * sc.exponential_decay(1.0, 0.9999))
    assert len(text) < 20_000
    assert "http" not in text


@pytest.mark.parametrize(
    ("s", "steps"),
    [
        (ENDLESS, 1_000),
        (sc.noam(512, 4_000), 12_000),
        (sc.triangular(0.0, 1.0, 500), 3_000),
        (sc.repeat(sc.cosine(1.0, 0.0, 100), math.inf, stretch=2), 300),
        (sc.piecewise([1.0, 0.5, 0.1], [100, 700]), 2_100),
        (2 * (LINE >> ENDLESS), 30),
    ],
    ids=str,
)
def test_an_endless_schedule_is_drawn_for_a_while_and_says_so(s, steps):
    assert f"endless; the first {steps} steps" in html(s)


@given(st.lists(st.floats(), min_size=1).map(np.array))
def test_a_frame_holds_all_finite_values(values):
    frame = Frame.around(values)
    heights = frame.heights(values[np.isfinite(values)])
    assert ((heights >= 0) & (heights <= 1)).all()
    assert math.isfinite(frame.value(0))


def test_a_formula_is_typeset_in_a_notebook():
    formula = sc.explain(sc.warmup(LINE, 5))
    assert formula.startswith("s(t) = ")
    assert formula._repr_latex_() == f"$$\n{sc.explain(sc.warmup(LINE, 5), latex=True)}\n$$"
