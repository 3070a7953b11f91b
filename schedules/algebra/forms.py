"""Normal forms: when an operation is a constant or does nothing, and how durations combine.

All this is about numbers: the values of constants and lengths in steps, some of which may be tracers.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from .checks import ScheduleError, demand, is_settled, refusal, surely_equal, whole
from .ops import ARITY, NUMBERS, bound

Op: TypeAlias = str | Callable[[Any], Any]
"""An operation by its name in `schedules.algebra.ops`, or a Python callable of one number."""

_LEFT_NEUTRAL = {"add": 0, "multiply": 1}
_RIGHT_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1, "pow": 1}
_LEFT_ZERO = frozenset(("multiply", "divide"))
_RIGHT_ZERO = frozenset(("multiply",))
_BY_NONZERO = frozenset(("divide", "floor_divide", "remainder"))
_OPERATORS = frozenset(("add", "subtract", "multiply", "divide", "floor_divide", "remainder", "negative", "square"))


def name_of(op: Op) -> str:
    """What errors call an operation: a Python function is a `custom` one."""
    return op if isinstance(op, str) else "custom"


def check_op(op: Op, count: int) -> None:
    """Refuse what is no operation on `count` operands."""
    if not isinstance(op, str):
        demand(callable(op) and count == 1, "Lift", "op", op, "this is a name or a callable of one number")
    elif op not in ARITY:
        raise refusal("Lift", "op", op, f"this is one of {', '.join(ARITY)}, or a callable")
    elif count != ARITY[op]:
        raise refusal(op, "operands", count, f"{op} takes {ARITY[op]}")


def folded(op: Op, values: Sequence[Any]) -> float | None:
    """The one value of an operation on operands with these values, None for those that vary; None if it varies."""
    known = [value for value in values if value is not None]
    if not known or not isinstance(op, str):
        return None
    if len(known) == len(values) and (op in _OPERATORS or all(map(is_settled, known))):
        return _computed(op, values)
    if op in _BY_NONZERO and surely_equal(values[1], 0):
        raise refusal(op, "divisor", values[1], "nothing is divided by zero")
    if (op in _RIGHT_ZERO and surely_equal(values[1], 0)) or (op in _LEFT_ZERO and surely_equal(values[0], 0)):
        return 0.0
    return None


def _computed(op: str, values: Sequence[Any]) -> float:
    try:
        return bound(op, NUMBERS)(*values)
    except (ArithmeticError, ValueError) as fault:
        raise ScheduleError(f"{op}: operands={[*values]}: {fault}; choose operands inside its domain") from None


def neutral(op: Op, values: Sequence[Any]) -> int | None:
    """The place of the operand that an operation does nothing to, since the other one is neutral; None if none is."""
    if isinstance(op, str) and len(values) == 2:
        if surely_equal(values[0], _LEFT_NEUTRAL.get(op)):
            return 1
        if surely_equal(values[1], _RIGHT_NEUTRAL.get(op)):
            return 0
    return None


# -- durations ---------------------------------------------------------------------------------------


def longer(a: Any, b: Any) -> Any:
    """``max(a, b)`` of two durations, tracers among them."""
    if is_settled(a) and is_settled(b):
        return max(a, b)
    settled_ones = [x for x in (a, b) if is_settled(x)]
    if settled_ones:
        if settled_ones[0] == 0:
            return b if is_settled(a) else a
        if settled_ones[0] == math.inf:
            return math.inf
    from array_api_compat import array_namespace

    xp = array_namespace(*(x for x in (a, b) if not is_settled(x)))
    return xp.maximum(a, b)


def length_reaching(length: Any, clock: Callable[[Any], Any], goal: Any) -> Any:
    """`length`, or the float after it where rounding would make the clock fall short of its goal by then."""
    if is_settled(length) and is_settled(goal) and clock(length) < goal:
        return math.nextafter(length, math.inf)
    return whole(length)


def ends(lengths: Iterable[Any]) -> tuple[Any, ...]:
    """0, and the end of each part of a join: the sums of their lengths, each rounded once.

    Where rounding would keep the last part from its own end, a sum gives way by that much: the last knot, if it is a
    sum, or else (of two parts it is the first one's length, as given) the whole, if that is no whole number.
    """
    found: list[Any] = [0]
    lost, length = 0.0, 0
    for length in lengths:
        end = found[-1] + length
        if isinstance(end, float) and end < math.inf:
            given = found[-1], lost, length
            end = math.fsum(given)
            lost = math.fsum((*given, -end))
        found.append(whole(end) if is_settled(end) else end)
    *before, knot, end = found
    if is_settled(end) and end < math.inf and end - knot < length:
        if len(before) > 1 or isinstance(end, int):
            found[-2] = min(end - length, math.nextafter(knot, 0))
        else:
            found[-1] = math.nextafter(end, math.inf)
    return tuple(found)


def parted(steps: Any, *used: Any) -> tuple[Any, ...]:
    """The lengths of phases that are used of a whole, and of the one that is left: they add up to the whole.

    Less than a rounding error is nothing left.
    """
    rest = steps - sum(used)
    if not isinstance(rest, float):
        return *used, rest
    rest = math.fsum((steps, *(-length for length in used)))
    if used and abs(rest) <= _ROUNDING * steps:
        return *parted(steps, *used[:-1]), 0
    if math.fsum((*used, rest)) != steps:  # half a digit more than the whole has, which it cannot settle
        used = tuple(steps + length - steps for length in used)
        rest = steps - sum(used)
    return *used, whole(rest)


_ROUNDING = 1e-14  # relative: a few units in the last place
