"""Learning-rate schedules as pure functions of the step, composed like expressions.

>>> from schedules import cosine, linear
>>> s = linear(0.0, 1e-3, 1000) >> cosine(1e-3, 0.0, 9000)
>>> s(500)
0.0005
"""

from typing import TYPE_CHECKING, Any

from .check import (
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
from .combinators import (
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
from .core import Call, Constant, Join, Lift, Schedule, ScheduleLike, Shape, Time, Warp, lift, named
from .curves import (
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
from .plateau import Plateau, PlateauState
from .recipes import (
    cosine_warmup,
    exp_range,
    flat_cosine,
    linear_warmup,
    lr_range_test,
    noam,
    one_cycle,
    polynomial_warmup,
    sgdr,
    slanted_triangular,
    total_updates,
    trapezoid,
    triangular,
    triangular2,
    wsd,
)
from .text import free_names, parse

if TYPE_CHECKING:
    from .analysis import (
        Bounds,
        Difference,
        Finding,
        Jump,
        Span,
        bounds,
        diff,
        first,
        jumps,
        knots,
        lint,
        match_area,
        mean,
        monotone,
        total,
    )
    from .export import to_python
    from .formula import explain

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
    "polynomial",
    "polynomial_warmup",
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
    "tanh_decay",
    "to_python",
    "total",
    "total_updates",
    "trapezoid",
    "triangular",
    "triangular2",
    "warmup",
    "wsd",
]

_ANALYSIS = """Bounds Difference Finding Jump Span bounds diff first jumps knots lint match_area mean monotone total"""
_LAZY = {"explain": "formula", "to_python": "export"} | dict.fromkeys(_ANALYSIS.split(), "analysis")
"""What is loaded when first asked for, so that importing stays quick."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)
