"""The libraries that arrays belong to: found from the array, never imported."""

import math
import sys
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..algebra.checks import ScheduleError, refusal
from ..algebra.ops import bound

_NAMESPACES: dict[type, Any] = {}


def namespace(array: Any) -> Any:
    """The array-API namespace of an array, found once per type."""
    kind = cast("type[Any]", type(array))
    if kind not in _NAMESPACES:
        import array_api_compat

        wanted = f"s(step): step={array!r}: a step is a real number or an array of them"
        if array is None:
            wanted += "; Keras asks a bare function without one: write schedules.adapters.keras.ScheduleLR(s)"
        if isinstance(array, bool | complex | str):
            raise ScheduleError(wanted)
        if isinstance(array, np.generic | int | float):
            array = np.asarray(array)
        try:
            _NAMESPACES[kind] = _tensorflow(array) or array_api_compat.array_namespace(array)
        except TypeError:
            raise ScheduleError(wanted) from None
    return _NAMESPACES[kind]


def _tensorflow(array: Any) -> Any:
    """The namespace of TensorFlow, if an array is its own."""
    tf = sys.modules.get("tensorflow")
    if tf is None or not tf.is_tensor(array):
        return None
    from .tensorflow import TensorFlow

    return TensorFlow()


def from_list(steps: Sequence[float]) -> Any:
    """A list of steps as an array."""
    try:
        return np.asarray(steps)
    except ValueError as fault:
        raise refusal("s(step)", "step", steps, f"a step is a real number or an array of them ({fault})") from None


def as_steps(xp: Any, step: Any) -> Any:
    """Steps as they are if they are floats, in the library's own integers if they are whole and these hold them."""
    if not xp.isdtype(step.dtype, ("integral", "real floating")):
        raise ScheduleError(f"s(step): step.dtype={step.dtype}: steps are real numbers; convert the array first")
    if is_tensorflow(xp):  # whose integers mix with no floats
        return xp.astype(step, xp.float64)
    if xp.isdtype(step.dtype, "real floating"):
        return step
    integer = default_dtype(xp, "integral")
    return step if step.dtype == integer or xp.iinfo(step.dtype).max > largest_integer(xp) else xp.astype(step, integer)


def is_whole(xp: Any, value: Any) -> bool:
    """Whether a value is an array of integers."""
    return hasattr(value, "dtype") and xp.isdtype(value.dtype, "integral")


def as_floats(xp: Any, value: Any) -> Any:
    """A value in floats, if it is an array of integers."""
    return xp.astype(value, default_dtype(xp, "real floating")) if is_whole(xp, value) else value


def largest_integer(xp: Any) -> int:
    """The largest of a library's own integers."""
    return int(xp.iinfo(default_dtype(xp, "integral")).max)


def rounding(xp: Any) -> float:
    """What values at whole steps may be off by, in proportion to the peak."""
    return 1e-12 if xp.finfo(default_dtype(xp, "real floating")).bits > 32 else 2.0**-21


def dtype_range(xp: Any, steps: Any) -> tuple[float, float]:
    """The least and the largest value that steps of their dtype can have."""
    if xp.isdtype(steps.dtype, "real floating"):
        return -math.inf, math.inf
    return int(xp.iinfo(steps.dtype).min), int(xp.iinfo(steps.dtype).max)


def float_like(xp: Any, step: Any) -> Any:
    """The float dtype of values at `step`: its own, or the library's default for whole steps."""
    return step.dtype if xp.isdtype(step.dtype, "real floating") else default_dtype(xp, "real floating")


def default_dtype(xp: Any, kind: str) -> Any:
    """The dtype that a library gives to Python numbers of this kind, as configured now."""
    return xp.__array_namespace_info__().default_dtypes()[kind]


def array_like(xp: Any, values: Any, step: Any) -> Any:
    """Floats as an array to go with `step`: same library, device and float dtype."""
    if is_jax(xp) and hasattr(values, "aval"):  # a number of JAX goes wherever the steps are; traced, it has no device
        return xp.astype(values, float_like(xp, step))
    return asarray(xp, values, device_of(step), dtype=float_like(xp, step))


def asarray(xp: Any, values: Any, device: Any, **options: Any) -> Any:
    """Values as an array on a device; MLX has one and takes no word for it."""
    return xp.asarray(values, **options, **({} if device is None else {"device": device}))


def device_of(array: Any) -> Any:
    """The device that an array lies on; None where its library finds the place for what joins it by itself."""
    jax = sys.modules.get("jax")
    return None if jax and isinstance(array, jax.Array) else getattr(array, "device", None)


def is_jax(xp: Any) -> bool:
    """Whether a namespace is JAX's."""
    return xp.__name__.partition(".")[0] == "jax"


def is_tensorflow(xp: Any) -> bool:
    """Whether a namespace is that of TensorFlow."""
    return xp.__name__ == "tensorflow"


def gathered(xp: Any, table: Any, places: Any) -> Any:
    """``table[places]``, for an array of places."""
    return xp.gather(table, places) if is_tensorflow(xp) else table[places]


def has_doubles(xp: Any, array: Any) -> bool:
    """Whether short floats can be widened where an array lies: PyTorch's can, but for Apple's GPUs."""
    return xp.__name__ == "array_api_compat.torch" and device_of(array).type != "mps"


def is_numpy(xp: Any) -> bool:
    """Whether a namespace is NumPy's."""
    return xp.__name__ in ("numpy", "array_api_compat.numpy")


def on_numbers(op: str, args: list[float]) -> float:
    """An operation on numbers as IEEE 754 has it, where Python would raise: an overflow is inf."""
    with np.errstate(all="ignore"):
        return float(bound(op, namespace(np.float64(0)))(*map(np.float64, args)))
