"""Formats of values as text."""

import math
from collections.abc import Callable
from typing import NamedTuple


class TextFormat(NamedTuple):
    """A format of values as text: what comes first, each line, between lines, and last."""

    head: str
    line: Callable[[int, float], str]
    between: str
    tail: str


def _pair(step: int, value: float) -> str:
    return f"[{step}, {value!r}]" if math.isfinite(value) else f"[{step}, null]"  # JSON has no inf


PLAIN = TextFormat("", "{} {!r}\n".format, "", "")
CSV = TextFormat("step,value\n", "{},{!r}\n".format, "", "")
JSON = TextFormat("[", _pair, ",\n ", "]\n")
