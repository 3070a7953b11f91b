"""The widget, as far as it goes without a notebook; `tests/notebooks.py` has JupyterLab and marimo."""

import math
import sys

import pytest

import schedules as sc
from schedules import ScheduleError


def test_it_holds_schedules_both_ways():
    pytest.importorskip("anywidget")
    s = sc.wsd(1.0, 100, warmup=10, cooldown=20)
    w = s.widget("cosine(1, 0, 100)", log=True)
    assert w.schedule == s
    assert w.schedules == (s, sc.cosine(1.0, 0.0, 100))
    assert w.log
    seen = []
    w.observe(lambda change: seen.append(change["new"]), "expressions")
    w.schedule = s.replace(peak=0.5)
    assert seen == [["wsd(0.5, 100, warmup=10, cooldown=20)", "cosine(1, 0, 100)"]]
    w.expressions = ["linear(0, 1, 7)"]  # what the notebook sends
    assert w.schedule == sc.linear(0.0, 1.0, 7)
    w.schedules = [s, s]
    assert w.expressions == [repr(s)] * 2


def test_what_has_no_text_is_refused():
    pytest.importorskip("anywidget")
    with pytest.raises(ScheduleError, match=r"widget: s=custom\(.*: there is a Python function in it"):
        sc.custom(math.sin).widget()


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    from schedules.faces import widget

    widget._widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ScheduleError, match=r"anywidget is not installed .*; pip install 'schedule-algebra\[widget\]'"):
        sc.linear(0.0, 1.0, 5).widget()
    widget._widget_class.cache_clear()
