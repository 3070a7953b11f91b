"""The operations that lift over schedules: one table for Python source, constants and every array library.

An operation is a template over its arguments, written with the names of the array API standard. Printed
as it is, it is Python source; closed over ``math`` it folds constants; closed over an array namespace it
maps arrays. So each operation stands once.
"""

import functools
import math
from collections.abc import Callable
from typing import Any


def geometric_template(turns: str, rest: str = "{1} % {2} / {2}", power: str = "pow") -> str:
    """``base ** (t / n)``, whole turns and the rest apart: one quotient costs as many ulp as the exponent is long."""
    return f"({power}({{0}}, {turns}) * {power}({{0}}, {rest}))"


TEMPLATES: dict[str, str] = {
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "floor_divide": "turns({0}, {1})",
    "remainder": "({0} % {1})",
    "negative": "(-{0})",
    "square": "({0} * {0})",
    "pow": "pow({0}, {1})",
    "geometric": geometric_template("turns({1}, {2})"),
    "minimum": "minimum({0}, {1})",
    "maximum": "maximum({0}, {1})",
    "abs": "abs({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "tanh": "tanh({0})",
    "exp": "exp({0})",
    "expm1": "expm1({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "sqrt": "sqrt({0})",
}

INLINE: dict[str, str] = {  # Python source that beats the call; a NaN stays
    "floor_divide": "({0} // {1})",
    "geometric": geometric_template("{1} // {2}"),
    "minimum": "({1} if {1} < {0} or {1} != {1} else {0})",
    "maximum": "({1} if {1} > {0} or {1} != {1} else {0})",
}

ARITY: dict[str, int] = {
    op: sum(f"{{{place}}}" in template for place in range(3)) for op, template in TEMPLATES.items()
}

INTEGRAL = frozenset(
    ("add", "subtract", "multiply", "floor_divide", "remainder", "negative", "square", "minimum", "maximum", "abs")
)
"""Operations that give whole numbers for whole numbers."""

SYMMETRIC = frozenset(("minimum", "maximum"))
"""Operations that give one of their arguments."""

SINGULAR = frozenset(("sqrt", "pow"))
"""Operations with an infinite slope where their first argument is 0."""

UFUNCS: dict[str, str] = {op: op for op in TEMPLATES} | {"power": "pow", "true_divide": "divide", "absolute": "abs"}
"""The operation that stands for each NumPy ufunc."""


def turns(a: Any, b: Any) -> Any:
    """``a // b``: it has no slope, and PyTorch no derivative for it."""
    a, b = (x.detach() if hasattr(x, "detach") else x for x in (a, b))
    return a // b


WHOLE: dict[str, Callable[[float], int]] = {"round": round, "floor": math.floor, "ceil": math.ceil}
"""What makes a whole number of one, in a text; schedules have ``//``."""


NUMBERS: Any = math
"""The namespace of Python numbers."""


@functools.cache
def bound(op: str, namespace: Any) -> Callable[..., Any]:
    """The operation over `namespace`: `NUMBERS`, or that of an array library."""
    template = INLINE.get(op, TEMPLATES[op]) if namespace is NUMBERS else TEMPLATES[op]
    names = "abc"[: ARITY[op]]
    scope = {"turns": turns} | {name: getattr(namespace, name) for name in TEMPLATES if hasattr(namespace, name)}
    return eval(f"lambda {', '.join(names)}: {template.format(*names)}", scope)  # noqa: S307 -- our own table
