"""A schedule as a cell of a notebook."""

import html as markup
import math

import numpy as np

from ..algebra.named import Call
from ..algebra.nodes import Join, Schedule
from ..evaluate.low_rank import Array
from .figure import Frame, horizon_of, seen
from .table import shortened

WIDTH, HEIGHT, LEFT, BOTTOM = 480, 150, 60, 20  # of the picture in a notebook, and its margins


def html(s: Schedule) -> str:
    """The curve as a picture of its own (SVG), the expression, and the duration: a cell of a notebook.

    An endless schedule is drawn for a while. What cannot be drawn (a Python function in it fails) says why.
    """
    try:
        end = horizon_of([s], horizon(s) if s.steps == math.inf else None)
        picture, note = _svg(*seen(s, end, WIDTH // 2)), f"{s.steps} steps"
        if s.steps == math.inf:
            note = f"endless; the first {end} steps"
    except Exception as fault:  # a notebook shows what it can: the expression, and this
        picture, note = "", f"not drawn: {type(fault).__name__}: {fault}"
    expression, note = (markup.escape(shortened(text, 1000)) for text in (repr(s), note))
    return f"<div><code>{expression}</code>{picture}<small>{note}</small></div>"


def horizon(s: Schedule) -> int:
    """The steps that show an endless schedule: three times the longest finite time it is written with, else 1000."""
    return math.ceil(3 * _longest(s)) or 1000


def _longest(term: Schedule) -> float:
    if 0 < term.steps < math.inf:
        return term.steps
    match term:
        case Join(parts):
            return max(term.knots[-1], _longest(parts[-1]))
        case Call(_, args) if own := [arg for arg in args if isinstance(arg, Schedule)]:
            return max(map(_longest, own))
        case _:
            return max(map(_longest, term.children), default=0)


def _svg(times: Array, values: Array) -> str:
    """The curve with its lowest and highest value, its first and last step."""
    frame = Frame.around(values)
    across = LEFT + times / times[-1] * (WIDTH - LEFT - 10)
    down = 10 + (1 - frame.heights(values)) * (HEIGHT - BOTTOM - 20)
    breaks = np.flatnonzero(np.diff(np.isfinite(down))) + 1
    runs = zip(np.split(across, breaks), np.split(down, breaks), strict=True)
    lines = "".join(_polyline(x, y) for x, y in runs if np.isfinite(y[0]))
    labels = [
        (LEFT - 5, 14, "end", f"{frame.value(1):.3g}"),
        (LEFT - 5, HEIGHT - BOTTOM - 6, "end", f"{frame.value(0):.3g}"),
        (LEFT, HEIGHT - 5, "start", "0"),
        (WIDTH - 10, HEIGHT - 5, "end", str(times[-1])),
    ]
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in labels)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" style="display:block" '
        f'font-family="sans-serif" font-size="10" fill="currentColor">{texts}'
        f'<rect x="{LEFT}" y="5" width="{WIDTH - LEFT - 10}" height="{HEIGHT - BOTTOM - 10}" fill="none" '
        f'stroke="currentColor" stroke-opacity="0.3"/>{lines}</svg>'
    )


def _polyline(x: Array, y: Array) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.5" stroke-linejoin="round"/>'
