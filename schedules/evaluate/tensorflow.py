"""TensorFlow, which does not follow the array API standard: what the fold asks of a namespace, in doubles.

Its integers mix with no floats, so that steps are doubles throughout, exact up to ``2**53``; values are rounded once.
"""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np


class TensorFlow:
    """The functions of the standard, by TensorFlow's own; what is not said here is that of ``tf.math`` or ``tf``."""

    __name__ = "tensorflow"

    def __init__(self) -> None:
        self.tf: Any = sys.modules["tensorflow"]
        self.iinfo, self.finfo = _limits(np.iinfo), _limits(np.finfo)
        self.astype, self.clip = self.tf.cast, self.tf.clip_by_value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tf.math, name, None) or getattr(self.tf, name)

    def __array_namespace_info__(self) -> Any:
        return SimpleNamespace(default_dtypes=lambda: {"integral": self.tf.int64, "real floating": self.tf.float32})

    def isdtype(self, dtype: Any, kind: str | tuple[str, ...]) -> bool:
        is_kind = {"real floating": dtype.is_floating, "integral": dtype.is_integer}
        return any(is_kind[one] for one in ([kind] if isinstance(kind, str) else kind))

    def asarray(self, values: Any, dtype: Any = None, device: Any = None) -> Any:  # noqa: ARG002 -- it places by itself
        if self.tf.is_tensor(values):
            return self.tf.cast(values, dtype or values.dtype)
        truth = np.asarray(values).dtype == bool
        return self.tf.constant(values, dtype or (self.tf.bool if truth else self.tf.float64))

    def full_like(self, array: Any, value: Any, dtype: Any = None) -> Any:
        return self.tf.ones_like(array, dtype) * value

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return self.tf.where(condition, self.asarray(a), self.asarray(b))

    def pow(self, base: Any, exponent: Any) -> Any:
        return self.tf.pow(self.asarray(base), exponent)

    def searchsorted(self, edges: Any, steps: Any, *, side: str) -> Any:
        found = self.tf.searchsorted(edges, self.tf.reshape(steps, (-1,)), side=side)
        return self.tf.reshape(found, self.tf.shape(steps))


def _limits(limits: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda dtype: limits(dtype.as_numpy_dtype)
