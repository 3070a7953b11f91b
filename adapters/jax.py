"""JAX: schedules as pytrees, whose leaves are the numbers in them.

Importing this module registers every schedule, your own `named` ones too. Names, operations, counts of rounds and
what is endless are structure; every other number is a leaf, as a float.

>>> import jax
>>> from schedules import cosine
>>> from schedules.adapters.jax import concrete, stack
>>> s = cosine(0.1, 0.0, 90)
>>> jax.tree.leaves(s)
[0.1, 0.0, 90.0]
>>> jax.tree.map(lambda number: number / 2, s)
cosine(0.05, 0.0, 45)
>>> sweep = stack([cosine(peak, 0.0, 90) for peak in (0.1, 0.2, 0.3)])
>>> jax.vmap(lambda s: s(0))(sweep)
Array([0.1, 0.2, 0.3], dtype=float32)
>>> slopes = jax.grad(lambda s: s(0.0))(s)
>>> concrete(slopes).arguments["start"]
1.0
"""

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from schedules import Call, Constant, Join, Lift, Schedule, ScheduleError, Time, Warp
from schedules.algebra.tree import Form, flatten, unflatten

__all__ = ["concrete", "stack"]


def stack(schedules: Iterable[Schedule]) -> Schedule:
    """One schedule whose leaf of each name is the array of that leaf in every schedule: a batch to `jax.vmap` over.

    Args:
        schedules: n schedules of one form, which differ in their numbers only.

    Returns:
        A schedule whose leaves have the shape (n,).

    Raises:
        ScheduleError: there are none, or one has another form than the first.

    >>> from schedules import linear
    >>> batch = stack(linear(0.0, peak, steps) for peak in (0.1, 0.2) for steps in (10, 20))
    >>> jax.vmap(lambda s: s(5))(batch)
    Array([0.05 , 0.025, 0.1  , 0.05 ], dtype=float32)
    """
    items = list(schedules)
    if not items:
        raise ScheduleError("stack: schedules=[]: there is nothing to stack; give at least one schedule")
    form = jax.tree.structure(items[0])
    for place, item in enumerate(items):
        if not isinstance(item, Schedule) or jax.tree.structure(item) != form:
            raise ScheduleError(
                f"stack: schedules[{place}]={item}: its form is not that of {items[0]}; only numbers may differ"
            )
    columns = zip(*map(jax.tree.leaves, items), strict=True)
    return jax.tree.unflatten(form, [jnp.asarray(column, dtype=float) for column in columns])


def concrete(s: Schedule) -> Schedule:
    """``concrete(s) == s`` with Python numbers for arrays, each the shortest that its float type reads as the same.

    For a schedule that JAX computed, to be printed, saved and used anywhere.

    Args:
        s: a schedule whose leaves are numbers or arrays of one number.

    Raises:
        ScheduleError: a leaf is traced, or holds more than one number.

    >>> from schedules import linear
    >>> concrete(jax.jit(lambda s: jax.tree.map(lambda x: 2 * x, s))(linear(0.0, 0.1, 10)))
    linear(0.0, 0.2, 20)
    """
    return jax.tree.map(_number, s)


def _number(leaf: Any) -> float:
    if isinstance(leaf, Tracer) or np.shape(leaf) != ():
        raise ScheduleError(f"concrete: leaf={leaf}: this is one number that is known; call it outside of jit and vmap")
    return leaf if isinstance(leaf, int | float) else float(str(np.asarray(leaf)))


# -- registration ------------------------------------------------------------------------------------


def _key(name: Any) -> Any:
    return jax.tree_util.SequenceKey(name) if isinstance(name, int) else jax.tree_util.GetAttrKey(name)


def _children(term: Schedule) -> tuple[tuple[Any, ...], Form]:
    children, form = flatten(term, float)
    return tuple(children.values()), form


def _children_by_name(term: Schedule) -> tuple[tuple[tuple[Any, Any], ...], Form]:
    children, form = flatten(term, float)
    return tuple((_key(name), child) for name, child in children.items()), form


if jax.tree_util.all_leaves([Time()]):  # not registered yet: a module may be loaded twice
    for _kind in (Constant, Time, Lift, Warp, Join, Call):
        jax.tree_util.register_pytree_with_keys(_kind, _children_by_name, unflatten, _children)
