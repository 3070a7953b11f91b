"""Optax: a schedule is an Optax schedule as it is; here is what a schedule alone cannot do.

>>> import optax
>>> from schedules import cosine, linear
>>> from schedules.adapters.optax import scheduled
>>> optimizer = optax.adamw(learning_rate=cosine(1e-3, 0.0, 900))  # nothing of this module is needed
>>> both = scheduled(optax.adamw, learning_rate=cosine(1e-3, 0.0, 900), weight_decay=linear(0.0, 0.1, 900), b2=0.95)

Schedules by label are ``optax.partition``, whose parts are optimizers with schedules:

>>> import jax.numpy as jnp
>>> parts = {"body": both, "head": optax.sgd(linear(1e-2, 0.0, 900))}
>>> optimizer = optax.partition(parts, {"w": "body", "b": "head"})
>>> state = optimizer.init({"w": jnp.ones(3), "b": jnp.ones(3)})
>>> float(state.inner_states["body"].inner_state.hyperparams["learning_rate"])
0.0010000000474974513
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

import jax
import jax.numpy as jnp
import optax

from schedules import Plateau, PlateauState, Schedule, ScheduleError, constant

__all__ = ["ScaleByPlateauState", "scale_by_plateau", "scheduled", "to_optax"]

Rate: TypeAlias = Schedule | Callable[[Any], Any] | float
"""A learning rate as Optax takes it: a number, or a function of the count."""


def to_optax(s: Schedule) -> Callable[[Any], jax.Array]:
    """``to_optax(s)(count) == s(count)``, as a plain function that returns what schedules of Optax return.

    Optax takes s itself, everywhere. The function is for code around it: it gives a JAX array for a Python number too;
    for a whole count the array promotes like a Python number, so that what it multiplies stays in bfloat16; and it is
    a leaf of any pytree, also where `schedules.adapters.jax` has made schedules pytrees. Two such functions are never
    equal, so that as static arguments they are traced twice: there s itself is better.

    Args:
        s: a schedule.

    Raises:
        ScheduleError: the argument is no schedule.

    >>> from schedules import linear
    >>> to_optax(linear(0.0, 1.0, 4))(1)
    Array(0.25, dtype=float32, weak_type=True)
    """
    if not isinstance(s, Schedule):  # pyright: ignore[reportUnnecessaryIsInstance] -- for those without a checker
        raise ScheduleError(f"to_optax: s={s!r}: this is a schedule, such as cosine(0.1, 0.0, 900)")

    def schedule(count: Any) -> jax.Array:
        steps = jnp.asarray(count)
        return _like_a_number(s(steps), steps)

    return schedule


def scheduled(
    factory: Callable[..., optax.GradientTransformation], /, **hyperparameters: Any
) -> optax.GradientTransformationExtraArgs:
    """``factory(name=s(count), ...)`` at each update, for every hyperparameter that is given as a schedule s.

    All of them follow one count of updates, and ``state.hyperparams`` holds the values that the latest update used
    (before the first: those that it will use), in the state of ``optax.inject_hyperparams``. It differs from that in
    two points. Only schedules of this package are read: a ``mask=`` function or a schedule of Optax is given on as it
    is, and so are numbers, which are then not in ``state.hyperparams`` (there they take the type of the parameters: in
    bfloat16, ``b2=0.999`` is 1). And scheduled values multiply like Python numbers, so that states keep their types.

    Args:
        factory: an optimizer of Optax such as ``optax.adamw``, or any function that makes one of its hyperparameters.
        hyperparameters: its arguments, by name: schedules, and whatever else it takes.

    Raises:
        ScheduleError: the factory has no such argument, or one is missing.

    >>> from schedules import linear
    >>> optimizer = scheduled(optax.sgd, learning_rate=linear(1.0, 0.0, 4), momentum=linear(1.0, 0.5, 4), nesterov=True)
    >>> weights = jnp.ones(3)
    >>> state = optimizer.init(weights)
    >>> for _ in range(2):
    ...     updates, state = optimizer.update(weights, state)
    >>> state.hyperparams
    {'learning_rate': Array(0.75, dtype=float32), 'momentum': Array(0.875, dtype=float32)}
    """
    _check_arguments(factory, hyperparameters)
    schedules = {name: value for name, value in hyperparameters.items() if isinstance(value, Schedule)}

    def at(count: jax.Array) -> dict[str, Any]:
        return {name: jnp.asarray(s(count), float) for name, s in schedules.items()}

    def made(count: jax.Array, values: dict[str, Any]) -> Any:
        numbers = {name: _like_a_number(value, count) for name, value in values.items()}
        return optax.with_extra_args_support(factory(**hyperparameters | numbers))

    def init(params: Any) -> Any:
        count = jnp.zeros([], jnp.int32)
        values = at(count)
        return _State(count, values, {}, made(count, values).init(params))

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, Any]:
        values = at(state.count)
        updates, inner = made(state.count, values).update(updates, state.inner_state, params, **extra)
        return updates, _State(_next(state.count), values, {}, inner)

    return optax.GradientTransformationExtraArgs(init, update)


_State = optax.schedules.InjectStatefulHyperparamsState


class ScaleByPlateauState(NamedTuple):
    """What `scale_by_plateau` remembers: arrays of one number each."""

    scale: jax.Array
    """What multiplies the learning rate, but for its floor."""
    best: jax.Array
    """The best metric so far."""
    bad: jax.Array
    """How many metrics there were since then, without an improvement."""
    rest: jax.Array
    """How many metrics are left in which nothing counts as bad."""
    count: jax.Array  # pyright: ignore[reportIncompatibleMethodOverride] -- as states of Optax have it
    """How many updates there were: the step of the learning rate."""
    measured: jax.Array
    """How many values the mean is of."""
    mean: jax.Array
    """The mean of the values since the last metric."""


def scale_by_plateau(
    plateau: Plateau, learning_rate: Rate | None = None, *, accumulation_size: int = 1
) -> optax.GradientTransformationExtraArgs:
    """``updates * plateau.apply(lr, state) / lr`` for ``lr = learning_rate(count)``: less and less as a metric stalls.

    For a chain, after the optimizer. ``update`` takes the metric as ``value=``, and ``value=None`` where nothing was
    measured; a reduction counts from that same update on. The learning rate in use is
    ``plateau.apply(learning_rate(state.count - 1), state)``.

    A `Plateau` has a floor under the learning rate and a least reduction of it, so the transformation is told the
    learning rate of the updates: then they are those of PyTorch's ``ReduceLROnPlateau``, scheduled or not (where it is
    0, so is the update, whatever the floor is). For 1 they are a floor under the scale and its least reduction.

    ``optax.contrib.reduce_on_plateau`` differs (with ``learning_rate=1.0`` here): it acts at the last of `patience` bad
    values, and with a `patience` of 0 at each improvement; it keeps the best value in the type of the parameters, in
    which small improvements are lost to bfloat16; it knows neither ``mode="max"`` nor ``value=None``.

    Args:
        plateau: when and by how much.
        learning_rate: what the updates were multiplied with: the same number or schedule that the optimizer has. None
            counts as 1, and is refused for a plateau that has a floor under the learning rate.
        accumulation_size: of how many values the mean is one metric: for the losses of batches, say.

    Raises:
        ScheduleError: an argument is none of these; a `min_lr` and no learning rate; in ``update``: not one number.

    >>> optimizer = optax.chain(optax.sgd(1.0), scale_by_plateau(Plateau(factor=0.5, patience=1)))
    >>> weights = jnp.ones(2)
    >>> state = optimizer.init(weights)
    >>> for loss in (1.0, 0.9, 0.9, 0.9):
    ...     updates, state = optimizer.update(weights, state, value=loss)
    >>> updates, state[-1].scale
    (Array([-0.5, -0.5], dtype=float32), Array(0.5, dtype=float32))
    """
    _check_plateau(plateau, learning_rate, accumulation_size)
    rate = _rate(learning_rate)

    def init(params: Any) -> Any:  # noqa: ARG001 -- as Optax calls it
        return _begin(plateau)

    def measure(state: ScaleByPlateauState, value: Any, lr: Any) -> ScaleByPlateauState:
        """The state after one more value, which may complete a metric."""
        _check_value(value)
        measured = state.measured + 1
        mean = (state.mean * state.measured + jnp.asarray(value, state.mean.dtype)) / measured
        after = cast("Any", plateau.update(_machine(state), mean, lr))
        changed = ScaleByPlateauState(*after, *cast("Any", (state.count, 0, 0.0)))
        same = state._replace(measured=measured, mean=mean)
        done = measured == accumulation_size
        return jax.tree.map(lambda new, old: jnp.where(done, new, old).astype(old.dtype), changed, same)

    def update(updates: Any, state: Any, params: Any = None, *, value: Any, **extra: Any) -> tuple[Any, Any]:  # noqa: ARG001 -- the same
        lr = rate(state.count)
        state = state if value is None else measure(state, value, lr)
        used = plateau.apply(lr, _machine(state))
        factor = jnp.where(lr == 0, state.scale, used / jnp.where(lr == 0, 1.0, lr))
        number = _like_a_number(factor, state.count)
        return jax.tree.map(lambda g: g * number, updates), state._replace(count=_next(state.count))

    return optax.GradientTransformationExtraArgs(init, cast("Any", update))


def _begin(plateau: Plateau) -> ScaleByPlateauState:
    kinds = (float, float, jnp.int32, jnp.int32, jnp.int32, jnp.int32, float)
    return ScaleByPlateauState(*map(jnp.asarray, (*plateau.init(), 0, 0, 0.0), kinds))


def _check_value(value: Any) -> None:
    if jnp.shape(value) != ():
        raise ScheduleError(f"scale_by_plateau: value={value!r}: this is one number; give the mean of a batch")


def _check_plateau(plateau: Any, learning_rate: Any, accumulation_size: Any) -> None:
    if not isinstance(plateau, Plateau):
        raise ScheduleError(f"scale_by_plateau: plateau={plateau!r}: this is a schedules.Plateau")
    if plateau.min_lr and learning_rate is None:
        raise ScheduleError(
            f"scale_by_plateau: learning_rate=None: the plateau has a floor of min_lr={plateau.min_lr!r}; give the "
            "learning rate that the optimizer has, or 1.0 for a floor under the scale"
        )
    if not isinstance(accumulation_size, int) or accumulation_size < 1:
        raise ScheduleError(
            f"scale_by_plateau: accumulation_size={accumulation_size!r}: this is a whole number >= 1, of values"
        )


def _machine(state: ScaleByPlateauState) -> PlateauState:
    return PlateauState(*cast("Any", state[:4]))


def _next(count: Any) -> Any:
    return optax.safe_increment(count)


def _rate(learning_rate: Rate | None) -> Callable[[jax.Array], Any]:
    """A learning rate as a function of the count."""
    if callable(learning_rate):
        return learning_rate
    try:
        return constant(1.0 if learning_rate is None else learning_rate)
    except ScheduleError as fault:
        raise ScheduleError(f"scale_by_plateau: learning_rate={learning_rate!r}: {fault}") from None


def _like_a_number(value: jax.Array, count: jax.Array) -> jax.Array:
    """`value`, which for a whole count promotes like a Python number: bfloat16 stays what it is."""
    return (count * 0.0).at[...].set(value)


def _check_arguments(factory: Callable[..., Any], arguments: dict[str, Any]) -> None:
    name = getattr(factory, "__name__", repr(factory))
    if not callable(factory):
        raise ScheduleError(
            f"scheduled: factory={name}: this is a function that makes an optimizer, such as optax.adamw"
        )
    parameters = inspect.signature(factory).parameters.values()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for argument in arguments:
        if argument not in names and not anything:
            raise ScheduleError(f"scheduled: {argument}: {name} has no such argument; it has {', '.join(names)}")
    for p in parameters:
        if p.name in names and p.default is p.empty and p.name not in arguments:
            raise ScheduleError(f"scheduled: {p.name}: {name} needs it; give a schedule or a value by this name")
