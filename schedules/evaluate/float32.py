"""What short floats need: products of whole times that are rounded once, and powers of a base that a float32 rounds."""

import math
from typing import Any

import numpy as np

from ..algebra.checks import is_settled
from ..algebra.nodes import Constant, Lift, Schedule, constant_value, lift
from .namespaces import default_dtype, has_doubles

SINGLE = 32  # the bits of a float32
_TINY = 2.0**-100  # a factor beyond its inverse would overflow a float32


def is_short(xp: Any) -> bool:
    """Whether the floats that a library makes of integers are of 32 bits."""
    return xp.finfo(default_dtype(xp, "real floating")).bits == SINGLE


def scaling(xp: Any, op: str, args: list[Any]) -> tuple[Any, float]:
    """Whole times and the number that multiplies them; else a factor of 0."""
    match op, args:
        case "divide", [t, int() | float() as divisor] if abs(divisor) > _TINY:
            factor = 1 / divisor
        case "multiply", [float() as factor, t] | [t, float() as factor] if abs(factor) < 1 / _TINY:
            pass
        case _:
            return None, 0.0
    return t, factor if xp.isdtype(t.dtype, "integral") else 0.0


def rounded_once(xp: Any, t: Any, factor: float) -> Any:
    """``t * factor`` for whole t, rounded once.

    Where there are no doubles: the two halves of t, of 15 bits and a sign, times the first 9 bits of the factor are
    exact in a float32; so is what their sum loses.
    """
    if has_doubles(xp, t):
        return xp.astype(xp.astype(t, xp.float64) * factor, default_dtype(xp, "real floating"))
    mantissa, exponent = math.frexp(factor)
    head = math.ldexp(round(mantissa * 2**9), exponent - 9)
    high, low = ((t >> 16) + (t >> 15 & 1)) * (head * 2**16), ((t & 32767) - (t & 32768)) * head
    total = high + low
    return total + ((low - (total - high)) + t * (factor - head))


def sharpened(xp: Any, power: Any, base: Any, exponent: Any, unit: Any = 1) -> Any:
    """``power = base**(exponent/unit)``, without what a float32 loses by rounding the base to itself first."""
    residue = _residue(base)
    if not residue or xp.finfo(power.dtype).bits != SINGLE:
        return power
    return power * xp.exp(exponent * (residue / unit))


def split_powers(node: Schedule) -> Schedule:
    """A power of a number with that number as a float32 has it, and the `sharpened` rest of the logarithm."""
    match node:
        case Lift("pow" | "geometric" as op, (Constant(base), exponent, *unit)) if _residue(base):
            rest = lift("exp", exponent * (_residue(base) / (constant_value(unit[0]) or 1 if unit else 1)))
            return lift(op, float(np.float32(base)), exponent, *unit) * rest
        case _:
            return node


def _residue(base: Any) -> float:
    """What the logarithm of a number loses when the number is rounded to a float32, folded in double precision."""
    near = float(np.float32(base)) if is_settled(base) else 0.0
    return math.log1p((base - near) / near) if near else 0.0
