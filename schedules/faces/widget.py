"""The editor as a cell of a notebook: Jupyter, VS Code, Colab and marimo, by anywidget (the ``widget`` extra)."""

import functools
from collections.abc import Sequence
from typing import Any

from ..algebra.checks import extra_module
from ..algebra.nodes import Schedule
from ..text.expression import parse
from .page import editable, module_js


@functools.cache
def _widget_class() -> Any:
    """The class, made when it is first asked for: what it is derived from is an extra."""
    anywidget, traitlets = extra_module("anywidget", "widget"), extra_module("traitlets", "widget")

    def schedules(self: Any) -> tuple[Schedule, ...]:
        return tuple(map(parse, self.expressions))

    def put(self: Any, several: Sequence[Schedule | str]) -> None:
        self.expressions = [editable("widget", s) for s in several]

    body = {
        "__doc__": "An editor of schedules: `schedule` is the first of them, and setting it moves the curve.",
        "expressions": traitlets.List(traitlets.Unicode()).tag(sync=True),
        "log": traitlets.Bool(False).tag(sync=True),
        "schedules": property(schedules, put),
        "schedule": property(
            lambda self: parse(self.expressions[0]), lambda self, s: put(self, [s, *self.expressions[1:]])
        ),
    }
    return type("ScheduleWidget", (anywidget.AnyWidget,), body)


def widget(*schedules: Schedule | str, log: bool = False) -> Any:
    """An editor of these schedules in a notebook, two-way: what is dragged there is ``w.schedule`` here.

    ``w.schedules`` are all of them, and ``w.expressions`` their texts as they are shown; each can be set. For a
    callback, ``w.observe(lambda change: ..., "expressions")``.

    Args:
        schedules: the schedules to begin with, or their texts.
        log: whether values are on a logarithmic axis to begin with.

    Returns:
        A widget of anywidget.

    Raises:
        ScheduleError: anywidget is not installed, or there is a Python function in a schedule, which has no text.

    >>> from schedules import wsd
    >>> w = widget(wsd(1.0, 100, warmup=10, cooldown=20))  # doctest: +SKIP
    >>> w.schedule = w.schedule.replace(peak=0.5)  # doctest: +SKIP
    """
    texts = [editable("widget", s) for s in schedules]
    return _widget_class()(_esm=module_js(), expressions=texts, log=log)
