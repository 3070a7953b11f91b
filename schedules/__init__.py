"""Learning-rate schedules as pure functions of the step, composed like expressions.

>>> from schedules import cosine, linear
>>> s = linear(0.0, 1e-3, 1000) >> cosine(1e-3, 0.0, 9000)
>>> s(500)
0.0005
"""

import os
from typing import TYPE_CHECKING, Any

from .algebra.checks import (
    Count,
    Endless,
    Function,
    Milestones,
    Period,
    Points,
    Positive,
    ScheduleError,
    Share,
    Steps,
    Switch,
    Value,
    Values,
)
from .algebra.named import Call, Shape, named
from .algebra.nodes import Constant, Join, Lift, Schedule, ScheduleLike, Time, Warp, lift
from .library.combinators import (
    clip,
    cooldown,
    cycle,
    every,
    fit,
    join,
    maximum,
    minimum,
    repeat,
    retarget,
    reverse,
    scale,
    shift,
    stretch,
    warmup,
)
from .library.curves import (
    chebyshev,
    constant,
    cosine,
    custom,
    exponential,
    exponential_decay,
    interpolate,
    inverse_sqrt,
    inverse_time,
    k_decay,
    linear,
    multistep,
    one_minus_sqrt,
    piecewise,
    polynomial,
    replay,
    rex,
    step_decay,
    tanh_decay,
)
from .library.plateau import Plateau, PlateauState
from .library.recipes import (
    cosine_warmup,
    exp_range,
    flat_cosine,
    linear_warmup,
    lr_range_test,
    noam,
    one_cycle,
    polynomial_warmup,
    power,
    sgdr,
    slanted_triangular,
    trapezoid,
    triangular,
    triangular2,
    wsd,
    wsd_s,
)
from .library.tokens import in_tokens, to_multiple
from .library.updates import total_updates
from .text.expression import free_names, parse

if TYPE_CHECKING:
    from .analysis.area import match_area, mean, total
    from .analysis.compare import Difference, diff
    from .analysis.finder import suggest
    from .analysis.lint import Finding, lint
    from .analysis.recognise import from_callable
    from .analysis.shape import Bounds, Jump, Span, bounds, first, jumps, knots, monotone
    from .faces.figure import plot
    from .text.formula import explain
    from .text.javascript import to_js
    from .text.source import to_python

__version__ = "0.1.0"

__all__ = [
    "Bounds",
    "Call",
    "Constant",
    "Count",
    "Difference",
    "Endless",
    "Finding",
    "Function",
    "Join",
    "Jump",
    "Lift",
    "Milestones",
    "Period",
    "Plateau",
    "PlateauState",
    "Points",
    "Positive",
    "Schedule",
    "ScheduleError",
    "ScheduleLike",
    "Shape",
    "Share",
    "Span",
    "Steps",
    "Switch",
    "Time",
    "Value",
    "Values",
    "Warp",
    "bounds",
    "chebyshev",
    "clip",
    "constant",
    "cooldown",
    "cosine",
    "cosine_warmup",
    "custom",
    "cycle",
    "diff",
    "every",
    "exp_range",
    "explain",
    "exponential",
    "exponential_decay",
    "first",
    "fit",
    "flat_cosine",
    "free_names",
    "from_callable",
    "in_tokens",
    "interpolate",
    "inverse_sqrt",
    "inverse_time",
    "join",
    "jumps",
    "k_decay",
    "knots",
    "lift",
    "linear",
    "linear_warmup",
    "lint",
    "lr_range_test",
    "match_area",
    "maximum",
    "mean",
    "minimum",
    "monotone",
    "multistep",
    "named",
    "noam",
    "one_cycle",
    "one_minus_sqrt",
    "parse",
    "piecewise",
    "plot",
    "polynomial",
    "polynomial_warmup",
    "power",
    "repeat",
    "replay",
    "retarget",
    "reverse",
    "rex",
    "scale",
    "sgdr",
    "shift",
    "slanted_triangular",
    "step_decay",
    "stretch",
    "suggest",
    "tanh_decay",
    "to_js",
    "to_multiple",
    "to_python",
    "total",
    "total_updates",
    "trapezoid",
    "triangular",
    "triangular2",
    "warmup",
    "wsd",
    "wsd_s",
]

if os.path.isfile(f"{__path__[0]}/adapters"):
    __path__.append(os.path.dirname(__path__[0]))  # in a checkout without symbolic links

_LAZY = {
    name: module
    for module, names in {
        "text.formula": ("explain",),
        "text.javascript": ("to_js",),
        "text.source": ("to_python",),
        "analysis.recognise": ("from_callable",),
        "analysis.finder": ("suggest",),
        "analysis.shape": ("Bounds", "Jump", "Span", "bounds", "first", "jumps", "knots", "monotone"),
        "analysis.area": ("match_area", "mean", "total"),
        "analysis.compare": ("Difference", "diff"),
        "analysis.lint": ("Finding", "lint"),
        "faces.figure": ("plot",),
    }.items()
    for name in names
}
"""What is loaded when first asked for, so that importing stays quick."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
