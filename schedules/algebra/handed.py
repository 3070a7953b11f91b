"""What a schedule only hands on: to an evaluator, to its text, to a face.

Here alone imports point up, inside of the methods.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from .checks import ScheduleError, brief, refusal
from .ops import UFUNCS

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

    from ..faces.table import Table
    from .nodes import Schedule

    N = TypeVar("N", bound=tuple[int, ...])


class Handed:
    """The methods of `Schedule` that others do for it."""

    autograph_info__ = None  # tells TensorFlow, when it traces a function, to run a schedule as it is written

    # -- its call ------------------------------------------------------------------------------------

    def replace(self: Any, **arguments: Any) -> "Schedule":  # noqa: ARG002 -- for a call, which knows what to do with them
        """The same call of a named schedule with other arguments.

        Args:
            arguments: new values, by the names of the arguments.

        Raises:
            ScheduleError: there is no one call (several schedules are put together), or it has no such argument.

        >>> from schedules import cosine_warmup
        >>> cosine_warmup(1e-3, 1_000, warmup=100).replace(peak=0.5, end=0.1)
        cosine_warmup(0.5, 1000, warmup=100, end=0.1)
        """
        wants = "this is not one call of a named schedule; replace within a part, or use names: parse(text, peak=0.1)"
        raise refusal("replace", "s", self, wants)

    # -- its value -----------------------------------------------------------------------------------

    @overload
    def __call__(self, step: float) -> float: ...
    @overload
    def __call__(self, step: "np.ndarray[N, np.dtype[Any]]") -> "np.ndarray[N, np.dtype[np.floating[Any]]]": ...
    @overload
    def __call__(self, step: Any) -> Any: ...

    def __call__(self: Any, step: Any = None) -> Any:
        """``s(step)``: a Python number gives a ``float``, an array gives an array of its own library.

        >>> import numpy as np
        >>> from schedules import linear
        >>> linear(0.0, 1.0, 4)(np.arange(6))
        array([0.  , 0.25, 0.5 , 0.75, 1.  , 1.  ])
        """
        kind = type(step)  # pyright: ignore[reportUnknownVariableType] -- it may be anything
        if kind is int or kind is float:
            return (self._function or self.function())(step)
        from ..evaluate.record import on_array

        return on_array(self, step)

    def function(self: Any) -> Callable[[float], float]:
        """The bare compiled function of this schedule, for hot loops: Python number in, ``float`` out.

        >>> from schedules import linear
        >>> lr = linear(0.0, 1.0, 4).function()
        >>> [lr(step) for step in range(3)]
        [0.0, 0.25, 0.5]
        """
        if self._function is None:
            from ..evaluate.numbers import compiled

            self.__dict__["_function"] = compiled(self)
        assert self._function is not None  # noqa: S101 -- tells the type checker what the lines above did
        return self._function

    def values(
        self: Any, steps: int | None = None, *, start: int = 0, dtype: Any = float, out: Any = None
    ) -> "np.ndarray":
        """``[s(start), s(start + 1), ..., s(start + steps - 1)]``, a whole curve at memory speed.

        Args:
            steps: how many values; None means the rest of the duration.
            start: the first step.
            dtype: the float type of the array, when `out` is not given.
            out: an array of shape (steps,) to write into.

        Returns:
            An array of shape (steps,): `out` if it is given.

        Raises:
            ScheduleError: the schedule is endless and `steps` is None, or `out` has another shape.

        The curve agrees with ``s(t)`` to a few units in the last place, not bit by bit.

        >>> from schedules import linear
        >>> linear(0.0, 1.0, 4).values()
        array([0.  , 0.25, 0.5 , 0.75])
        """
        from ..evaluate.grid import values

        return values(self, steps, start=start, dtype=dtype, out=out)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray":
        if copy is False:
            raise ValueError("a schedule holds no array to share; use np.asarray(s)")
        return self.values(dtype=float if dtype is None else dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> "Schedule":
        from .nodes import lift

        name = ufunc.__name__
        if method != "__call__" or options or (name not in UFUNCS and name not in _OPERATORS):
            raise ScheduleError(
                f"{name}: {brief(self)}: no such operation on schedules; take its values first: s.values()"
            )
        return lift(UFUNCS[name], *inputs) if name in UFUNCS else _OPERATORS[name](*inputs)

    def __getitem__(self: Any, span: Any) -> "Schedule":
        """``s[a:b](t) == s(a + t)`` for b - a steps; see `schedules.library.combinators.part`."""
        from ..library.combinators import sliced

        return sliced(self, span)

    # -- what it is not ------------------------------------------------------------------------------

    def __lt__(self, other: object) -> NoReturn:
        raise ScheduleError(
            f"Schedule: {brief(self)} is compared with {brief(other)}: it has no one value to compare; "
            "join parts in time, a[:500] >> b, or bound values with minimum, maximum and clip"
        )

    __le__ = __gt__ = __ge__ = __lt__

    if not TYPE_CHECKING:  # type checkers know which attributes there are

        def __getattr__(self, name: str) -> NoReturn:
            meant = f"; did you mean {_MEANT[name]}?" if name in _MEANT else ""
            raise AttributeError(f"a schedule has no attribute {name!r}{meant}", name=name, obj=self)

    # -- its text and its faces ----------------------------------------------------------------------

    def __repr__(self: Any) -> str:
        from ..text.expression import write

        return write(self)

    def describe(self: Any, steps: int | None = None) -> "Table":
        """A table of the segments: first step, last step, shape, value from, value to.

        >>> from schedules import cosine, linear
        >>> print((linear(0.0, 1e-3, 100) >> cosine(1e-3, 0.0, 900)).describe())
        first  last  shape                    from   to
        0      99    linear(0.0, 0.001, 100)  0      0.00099
        100    999   cosine(0.001, 0.0, 900)  0.001  3.04617e-09
        """
        from ..faces.table import describe

        return describe(self, steps)

    def plot(
        self: Any,
        ax: "Axes | None" = None,
        steps: int | None = None,
        *,
        start: int = 0,
        log: bool = False,
        title: str | None = None,
        **style: Any,
    ) -> "Axes":
        """Draw the curve with matplotlib (the ``plot`` extra) and return the axes; see `schedules.plot`."""
        from ..faces.figure import plot

        return plot(self, ax=ax, steps=steps, start=start, log=log, title=title, **style)

    def widget(self: Any, *others: Any, log: bool = False) -> Any:
        """An editor of this schedule in a notebook (the ``widget`` extra): ``w.schedule`` is what it was pulled to.

        Args:
            others: schedules that are drawn along.
            log: whether values are on a logarithmic axis to begin with.

        Raises:
            ScheduleError: anywidget is not installed, or there is a Python function in s, which has no text.
        """
        from ..faces.widget import widget

        return widget(self, *others, log=log)

    def _repr_html_(self: Any) -> str:
        from ..faces.notebook import html

        return html(self)


_MEANT = {
    "step": "steps, its duration, or s(step), its value",
    "length": "steps",
    "duration": "steps",
    "total_steps": "steps",
    "value": "values(), or s(step)",
    "lr": "s(step)",
    "get_lr": "s(step)",
    "get_last_lr": "s(step); schedules.adapters.torch.ScheduleLR has it",
    "state_dict": "repr(s); schedules.adapters.torch.ScheduleLR has it",
}
"""What people write, having used other schedulers."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {  # what NumPy asks where its numbers stand on the left
    "right_shift": lambda a, b: a >> b if isinstance(a, Handed) else b.__rrshift__(a),
    "equal": lambda a, b: isinstance(a, Handed) and a == b,
    "not_equal": lambda a, b: not (isinstance(a, Handed) and a == b),
}
