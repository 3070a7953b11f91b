"""The libraries whose programs are recorded: NumPy, PyTorch and JAX, each found when an array of it is given.

NumPy counts twice: programs for whole steps that ascend, as curves have them, need not look which part a step is in.
"""

import functools
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from ..algebra.ops import TEMPLATES, turns

Program: TypeAlias = Callable[[Any], Any]
"""A function of an array of steps."""

BLOCK = 2**13  # steps of NumPy at once: what is between stays in the cache


class ArrayKind(NamedTuple):
    """What arrays have in common that a program can be used for."""

    library: str
    dtype: Any
    device: Any
    default: Any
    """What the library makes of integers, as configured now."""


def kind_of(step: Any) -> ArrayKind | None:
    """The kind of an array; None if it is of another library, or no array."""
    kind = cast("type[Any]", type(step))
    if kind is np.ndarray or issubclass(kind, np.generic):
        return ArrayKind("numpy", step.dtype, None, None) if step.dtype.kind in "iuf" else None
    torch = sys.modules.get("torch")
    if torch is not None and kind is torch.Tensor:
        return ArrayKind("torch", step.dtype, step.device, torch.get_default_dtype())
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(step, jax.Array):
        return ArrayKind("jax", step.dtype, None, jax.config.jax_enable_x64)
    return None


ASCENDING = "ascending"

CURVE = ArrayKind(ASCENDING, np.dtype(np.int64), None, None)
"""The whole steps of a curve, in NumPy: they ascend from 0 or more."""

MAX_STEPS = 2**59  # no array is longer


@functools.cache
def namespace_of(library: str) -> Any:
    """The array-API namespace of a library that is loaded."""
    if library == "jax":
        return sys.modules["jax"].numpy
    if library == "torch":
        import array_api_compat.torch as xp
    else:
        import array_api_compat.numpy as xp
    return xp


def is_one(kind: ArrayKind, step: Any) -> bool:
    """Whether an array holds one number that can be read at once: it is known, and no gradient follows it."""
    if step.ndim:
        return False
    if kind.library == "torch":
        torch = sys.modules["torch"]
        if torch.compiler.is_compiling() or step.requires_grad or step.device.type != "cpu":
            return False
        return not torch._C._functorch.is_functorch_wrapped_tensor(step)  # by vmap or grad, which show in no other way
    if kind.library == "jax":
        jax = sys.modules["jax"]
        return not isinstance(step, jax.core.Tracer) and all(device.platform == "cpu" for device in step.devices())
    return True


def like(kind: ArrayKind, value: float, step: Any) -> Any:
    """A number as an array, as the library has it for a value at `step`."""
    if kind.library == "torch":
        torch = sys.modules["torch"]
        dtype = kind.dtype if kind.dtype.is_floating_point else kind.default
        beyond = abs(value) > torch.finfo(dtype).max  # which PyTorch takes for a mistake
        return torch.scalar_tensor(math.copysign(math.inf, value) if beyond else value, dtype=dtype)
    if kind.library == "jax":
        whole = kind.dtype.kind in "iu"
        return sys.modules["jax"].numpy.asarray(value, dtype=None if whole else kind.dtype)
    with np.errstate(over="ignore"):
        one = np.asarray(value, kind.dtype if kind.dtype.kind == "f" else float)
    return one[()] if isinstance(step, np.generic) else one


def executed(kind: ArrayKind, program: Program, steps: Any) -> Any:
    """The values of a program, in the shape of the steps."""
    if kind.library == "torch":
        value = program(steps)
        return value if value.shape == steps.shape else value.expand(steps.shape)
    return _in_jax(program, steps) if kind.library == "jax" else _in_numpy(program, steps)


def _in_numpy(program: Program, steps: Any) -> Any:
    out = np.empty(steps.shape, steps.dtype if steps.dtype.kind == "f" else float)
    flat, values = steps.reshape(-1), out.reshape(-1)
    with np.errstate(all="ignore"):  # as for single values: what overflows is inf
        for start in range(0, len(flat), BLOCK):
            values[start : start + BLOCK] = program(flat[start : start + BLOCK])
    return out


def _in_jax(program: Program, steps: Any) -> Any:
    jax = sys.modules["jax"]
    if jax.config.jax_numpy_dtype_promotion != "standard":
        with jax.numpy_dtype_promotion("standard"):  # ours is by the standard; so is what we return
            return _in_jax(program, steps)
    value = program(steps)
    value = value if value.shape == steps.shape else jax.numpy.broadcast_to(value, steps.shape)
    if steps.dtype.kind in "iu" and not value.weak_type:  # as of a number, so that what it multiplies keeps its dtype
        value = (value.astype(steps.dtype) * 0.0).at[...].set(value)  # sharded as the value is
    return value


# -- the functions of a library that programs call -----------------------------------------------------


Binary: TypeAlias = Callable[[Any, Any], Any]


def functions_of(library: str) -> dict[str, Any]:
    """A library's own functions, by the names that programs call them by."""
    xp = namespace_of(library)
    own = {"torch": sys.modules.get("torch"), "jax": xp}.get(library, np)
    found = {name: getattr(own, name) for name in (*TEMPLATES, "where", "full_like") if hasattr(own, name)}
    special = _of_torch(own) if library == "torch" else _of_jax(own) if library == "jax" else _of_numpy()
    return found | {"clip": xp.clip, "astype": xp.astype, "turns": turns} | special


def by_parts(t: Any, edges: Any, programs: Sequence[Program]) -> Any:
    """The value of each program at the steps of NumPy between its edges, as floats."""
    short = np.min_scalar_type(len(edges))  # of which a stable sort is quick
    dtype = t.dtype if t.dtype.kind == "f" else float
    if t.dtype.kind == "f":  # the steps have knots in their own floats, like every number beside an array
        edges = edges.astype(dtype, copy=False)
    index = edges.searchsorted(t, "right").astype(short)
    if (index[1:] < index[:-1]).any():
        order = index.argsort(kind="stable")
        out = np.empty(len(t), dtype)
        out[order] = by_parts(t[order], edges, programs)
        return out
    return _by_runs(t, index.searchsorted(np.arange(1, len(programs))).tolist(), programs, dtype)


def in_order(t: Any, edges: Any, programs: Sequence[Program]) -> Any:
    """The value of each program at the whole steps of NumPy between its edges, where they ascend."""
    return _by_runs(t, t.searchsorted(edges).tolist(), programs, float)


def _by_runs(t: Any, ends: list[int], programs: Sequence[Program], dtype: Any) -> Any:
    """The value of each program at the steps up to its end, of the last at the rest."""
    out = np.empty(len(t), dtype)
    for program, a, b in zip(programs, (0, *ends), (*ends, len(t)), strict=True):
        if a < b:
            out[a:b] = program(t[a:b])
    return out


def _of_numpy() -> dict[str, Any]:
    def clamp(x: Any, min: Any = None, max: Any = None) -> Any:  # noqa: A002 -- the names of the standard
        x = x if max is None else np.minimum(x, max)
        return x if min is None else np.maximum(x, min)

    binary: dict[str, Binary] = {
        "by_parts": cast("Binary", by_parts),
        "in_order": cast("Binary", in_order),
        "pow": np.power,
        "astype": lambda x, dtype: x.astype(dtype),
        "search": lambda edges, t: edges.searchsorted(t, "right"),
        "take": lambda table, place: table.take(place),
    }
    return {"clamp": clamp, **binary}


def _of_torch(torch: Any) -> dict[str, Any]:
    binary: dict[str, Binary] = {
        "minimum": lambda x, y: x.clamp(max=y) if isinstance(y, int | float) else torch.minimum(x, y),
        "maximum": lambda x, y: x.clamp(min=y) if isinstance(y, int | float) else torch.maximum(x, y),
        "astype": lambda x, dtype: x.to(dtype),
        "search": lambda edges, t: torch.searchsorted(edges, t.contiguous(), right=True),
        "take": lambda table, place: table.index_select(0, place.reshape(-1)).reshape(place.shape),
    }
    return {"clamp": torch.clamp, **binary}


def _of_jax(jnp: Any) -> dict[str, Any]:
    binary: dict[str, Binary] = {
        "search": lambda edges, t: jnp.searchsorted(edges, t, side="right"),
        "take": lambda table, place: jnp.asarray(table)[place],
    }
    return {**binary}
