"""Arrays: the fold calls the step's own library."""

from typing import Any, cast

import numpy as np

from ..algebra.bounds import active
from ..algebra.checks import demand, is_settled, surely_equal
from ..algebra.nodes import Join, Op, Schedule
from ..algebra.ops import SINGULAR, SYMMETRIC, bound
from . import float32
from .fold import Clock
from .integers import Bounded
from .libraries import Program, by_parts
from .namespaces import (
    array_like,
    as_floats,
    as_steps,
    default_dtype,
    dtype_range,
    float_like,
    from_list,
    is_jax,
    is_numpy,
    is_tensorflow,
    is_whole,
    largest_integer,
    namespace,
    on_numbers,
)
from .stacked import looked_up, numbers, stacked

NESTED = 4  # parts; a join of more evaluates each form once, with the numbers of the part that a step falls in


class Arrays(Bounded):
    """The fold over arrays of the namespace `xp`; constants stay Python numbers, so no dtype changes."""

    singular = SINGULAR

    def __init__(self, term: Schedule, xp: Any) -> None:
        super().__init__(term, xp)
        self.short = float32.is_short(xp)

    def another(self, term: Schedule) -> "Arrays":
        """The same evaluator, of another term."""
        return type(self)(term, self.xp)

    def lift(self, op: Op, args: list[Any]) -> Any:
        if not isinstance(op, str):
            return self.call(op, args[0])
        if all(isinstance(arg, int | float) for arg in args):
            return on_numbers(op, args)
        if isinstance(args[0], int | float):
            if op in SYMMETRIC:
                args = args[::-1]  # PyTorch takes a number in the second place only
        elif op in self.singular:
            return self.gentle(op, *args)
        t, factor = float32.scaling(self.xp, op, args) if self.short else (None, 0.0)
        if factor:
            return float32.rounded_once(self.xp, t, factor)
        value = self.apply(op, *args)
        return float32.sharpened(self.xp, value, *args) if op in ("pow", "geometric") else value

    def gentle(self, op: str, x: Any, *rest: Any) -> Any:
        """An operation whose slope at 0 is infinite: it counts as none there, since inf * 0 would spoil a gradient."""
        origin = on_numbers(op, [0.0, *rest]) if all(isinstance(arg, int | float) for arg in rest) else 0.0
        return self.xp.where(x == 0, origin, self.apply(op, self.xp.where(x == 0, 1, x), *rest))

    def apply(self, op: str, *args: Any) -> Any:
        """An operation on arrays."""
        return bound(op, self.xp)(*args)

    def call(self, function: Any, step: Any) -> Any:
        """A Python callable on steps: one by one, or all at once if it has ``on_array(xp, steps)`` (or in JAX)."""
        if type(step) in (int, float):
            return function(step)
        if hasattr(function, "on_array"):
            return function.on_array(self.xp, step)
        if is_jax(self.xp) or is_tensorflow(self.xp):  # where it may be traced
            return function(step)
        flat = [float(function(x)) for x in self.xp.reshape(step, (-1,)).tolist()]
        return self.xp.reshape(array_like(self.xp, flat, step), step.shape)

    def clip(self, time: Clock[Any], steps: float) -> Clock[Any]:
        high = self.constant(steps) if not is_settled(steps) or time.high > steps else None
        return time.held(self.held(time.value, 0 if time.low < 0 else None, high), steps)

    def held(self, value: Any, low: Any, high: Any) -> Any:
        """A value within bounds, where there are any: no minimum and maximum, which have half a slope at an end."""
        if high is not None:
            value = self.xp.where(value > high, high, value)
        return value if low is None else self.xp.where(value < low, low, value)

    def join(self, term: Join, time: Clock[Any]) -> Any:
        """Nested ``where``; each part clips time to its own, so none is asked for a value it was not built for."""
        places = [place for place, _, _ in active(term, time.low, time.high)]
        if len(places) > 2 and term.levels and all(map(is_settled, (*term.levels, *term.knots))):
            return looked_up(self.xp, term, places, time)
        if len(places) > NESTED:
            return stacked(self.xp, term, places, time, lambda body, local: self.another(body).fold(body, local))
        result = self.part(term, places[0], time)
        for index in places[1:]:
            knot = self.constant(term.knots[index])
            result = self.xp.where(time.value < knot, result, self.part(term, index, time))
        return result

    def part(self, term: Join, index: int, time: Clock[Any]) -> Any:
        """One part of a join at its local time, as an array."""
        knot = term.knots[index]
        local = time if surely_equal(knot, 0) else Clock(time.value - self.constant(knot))
        if isinstance(knot, int) and is_whole(self.xp, time.value):  # which does not round
            local = Clock(local.value, time.low - knot, time.high - knot)
        value = self.fold(term.parts[index], local)
        return array_like(self.xp, value, time.value) if isinstance(value, int | float) else value


class NumPy(Arrays):
    """Arrays of NumPy, where each part of a join is evaluated on its own steps only, and nothing has a gradient."""

    singular = frozenset[str]()

    def join(self, term: Join, time: Clock[Any]) -> Any:
        steps = np.asarray(time.value)

        def program(place: int) -> Program:
            return lambda mine: self.part(term, place, Clock(mine, time.low, time.high))

        edges = numbers(term.knots[1:], self.largest)
        return by_parts(steps.reshape(-1), edges, list(map(program, range(len(term.parts))))).reshape(steps.shape)


def at_array(term: Schedule, step: Any) -> Any:
    """The term at every step of an array, in the array's own library, shape, float dtype and device."""
    single = isinstance(step, np.generic)
    if isinstance(step, list | tuple):
        step = from_list(cast("list[float]", step))
    elif hasattr(step, "to_numpy"):  # the tables of pandas, xarray and polars
        step = step.to_numpy()
    for number in term.tracers:
        demand(getattr(number, "shape", ()) == (), "s(step)", "s", term, "these are many; jax.vmap maps over a batch")
    example = term.tracers[0] if term.tracers else step
    xp = namespace(example)
    if isinstance(step, int | float):
        step = xp.asarray(step, dtype=getattr(example, "dtype", None))
    value, dtype = at_steps(term, xp, as_steps(xp, step)), float_like(xp, step)
    value = value if value.dtype == dtype else xp.astype(value, dtype)
    return value[()] if single else value


def at_steps(term: Schedule, xp: Any, steps: Any) -> Any:
    """The term at an array of steps of the namespace `xp`."""
    if is_whole(xp, steps) and xp.iinfo(steps.dtype).max > (largest := largest_integer(xp)):  # unsigned ones, then
        near = at_steps(term, xp, as_steps(xp, xp.astype(xp.minimum(steps, largest), default_dtype(xp, "integral"))))
        return xp.where(steps > largest, at_steps(term, xp, as_floats(xp, steps)), near)
    evaluator = NumPy(term, xp) if is_numpy(xp) else Arrays(term, xp)
    value, dtype = evaluator.fold(term, Clock(steps, *dtype_range(xp, steps))), float_like(xp, steps)
    if not hasattr(value, "dtype"):
        value = xp.full_like(steps, value, dtype=dtype)
    value = value if value.dtype == dtype else xp.astype(value, dtype)
    return value if value.shape == steps.shape else xp.broadcast_to(value, steps.shape)
