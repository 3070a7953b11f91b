"""Learning rates out of a log: the numbers of a CSV file, and how they were printed."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..algebra.checks import ScheduleError

_EXACT = 15  # digits, from which a float is printed as it is
_FEW = 4  # digits: with fewer, numbers were not rounded but written so


class Log(NamedTuple):
    """What a log tells."""

    values: list[float]
    every: int
    """The steps from one line to the next."""
    digits: int | None
    """To how many significant digits the values were printed; None if they were not rounded."""


def read(path: str, column: str | None = None) -> Log:
    """A log of lines ``step,...,value`` or just ``value``, with a head or none; the last column unless one is named."""
    try:
        rows = [row for row in csv.reader(Path(path).read_text().splitlines()) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError) as fault:
        raise ScheduleError(f"{path}: {getattr(fault, 'strerror', fault)}; give a file of text") from None
    head = rows.pop(0) if rows and not _is_number(rows[0][-1]) else []
    names = [name.strip() for name in head]
    if column is not None and column not in names:
        raise ScheduleError(f"{path}: column={column}: this is one of {', '.join(names) or 'none, without a head'}")
    place = names.index(column) if column is not None else -1
    texts = [row[place].strip() if len(row) > max(place, 0) else "" for row in rows]
    for number, text in enumerate(texts, start=1 + bool(head)):
        if not _is_number(text):
            raise ScheduleError(f"{path}: line {number}: {text!r} is no number")
    if not texts:
        raise ScheduleError(f"{path}: there are no values in it")
    every = _spacing(path, [row[0] for row in rows]) if len(rows[0]) > 1 and place else 1
    digits = max(map(_digits, texts))
    return Log(list(map(float, texts)), every, digits if _FEW <= digits < _EXACT else None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _digits(text: str) -> int:
    """How many significant digits a number has as it is written."""
    return len(re.sub(r"[eE].*|\D", "", text).strip("0"))


def _spacing(path: str, steps: Sequence[str]) -> int:
    """The one distance between steps, which begin at 0."""
    numbers = [float(step) if _is_number(step) else -1.0 for step in steps]
    spacing = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    if spacing < 1 or numbers != [place * spacing for place in range(len(numbers))]:
        raise ScheduleError(f"{path}: the first column is no step that counts evenly from 0; leave it out")
    return spacing
