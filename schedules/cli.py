"""The command line: ``schedules plot``, ``schedules describe`` and ``schedules values``.

What is wrong with an expression or a file is said in one line on stderr, with exit status 2.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from . import __version__
from .check import Count, ScheduleError, accept, brief, refusal
from .core import Schedule
from .plot import describe, figure, terminal
from .text import parse

BLOCK = 2**16  # values that are written together
PICTURES = (".png", ".svg")

_EXAMPLES = """examples:
  schedules describe 'linear(0, 1e-3, 1_000) >> cosine(1e-3, 0, 9_000)'
  schedules plot 'wsd(1e-3, 10_000, warmup=500, cooldown=2_000)' 'one_cycle(1e-3, 10_000)' -o both.png
  schedules values 'cosine(0.1, 0.0, 1_000)' --every 100 --csv
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    >>> main(["describe", "cosine(1.0, 0.0, 4)"])
    first  last  shape                from  to
    0      3     cosine(1.0, 0.0, 4)  1     0.146447
    0
    """
    try:
        arguments = _parser().parse_args(argv)
        with np.errstate(all="ignore"):  # what overflows is inf, and is written so
            arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (ScheduleError, OSError) as fault:
        print("schedules:", " ".join(str(fault).split()), file=sys.stderr)
        return 2
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise ScheduleError(f"{message}; see schedules --help")


def _parser() -> argparse.ArgumentParser:
    shown: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": _EXAMPLES}
    parser = _Parser(prog="schedules", description="Look at learning-rate schedules.", **shown)
    parser.add_argument("--version", action="version", version=f"schedules {__version__}")
    commands = parser.add_subparsers(required=True, metavar="plot|describe|values")

    def command(run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(run.__name__.strip("_"), help=summary, description=summary, **shown)
        added.set_defaults(run=run)
        added.add_argument("--steps", metavar="N", help="how many steps; all unless given")
        return added

    plot = command(_plot, "Draw curves, in the terminal or into a file.")
    plot.add_argument("expressions", nargs="+", metavar="EXPR", help="what to draw, all in one picture")
    plot.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a picture, .png or .svg")
    table = command(_describe, "Print the segments: first step, last step, shape, value from, value to.")
    table.add_argument("expression", metavar="EXPR")
    values = command(_values, "Print a line with step and value for each step, or write them all to a file.")
    values.add_argument("expression", metavar="EXPR")
    values.add_argument("--every", metavar="K", default="1", help="every K-th step only")
    form = values.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const=_csv, default=_text, help="commas and a head")
    form.add_argument("--json", dest="form", action="store_const", const=_json, help="a list of [step, value]")
    form.add_argument("--npy", metavar="FILE", type=Path, help="the values as a NumPy array in a file")
    return parser


def _plot(arguments: argparse.Namespace) -> None:
    schedules = [parse(expression) for expression in arguments.expressions]
    steps = _count("plot", "--steps", arguments.steps)
    path: Path | None = arguments.output
    if path is None:
        print(terminal(schedules, steps, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    elif path.suffix in PICTURES:
        _save(path, lambda file: figure(schedules, steps).savefig(file, format=path.suffix[1:]))
    else:
        raise refusal("plot", "--output", str(path), f"the name ends in {' or '.join(PICTURES)}")


def _describe(arguments: argparse.Namespace) -> None:
    print(describe(parse(arguments.expression), _count("describe", "--steps", arguments.steps)))


def _values(arguments: argparse.Namespace) -> None:
    s = parse(arguments.expression)
    stop = _count("values", "--steps", arguments.steps) or s.steps
    every = _count("values", "--every", arguments.every) or 1
    if math.isinf(stop):
        raise refusal("values", "--steps", None, f"{brief(s)} is endless; say how many: --steps 1000")
    steps = range(0, math.ceil(stop), every)
    if arguments.npy is None:
        sys.stdout.writelines(arguments.form(_pairs(s, steps)))
    else:
        _save(arguments.npy, lambda file: np.save(file, s.values(len(steps)) if every == 1 else s(np.array(steps))))


def _count(command: str, name: str, text: str | None) -> int | None:
    if text is None:
        return None
    number = text.replace("_", "")
    return accept(Count, command, name, int(number) if number.isdecimal() else text)


def _pairs(s: Schedule, steps: range) -> Iterator[tuple[int, float]]:
    """Steps and values, evaluated block by block."""
    for begin in range(0, len(steps), BLOCK):
        block = steps[begin : begin + BLOCK]
        yield from zip(block, s(np.array(block)).tolist(), strict=True)


def _text(pairs: Iterator[tuple[int, float]]) -> Iterator[str]:
    return (f"{step} {value!r}\n" for step, value in pairs)


def _csv(pairs: Iterator[tuple[int, float]]) -> Iterator[str]:
    yield "step,value\n"
    yield from (f"{step},{value!r}\n" for step, value in pairs)


def _json(pairs: Iterator[tuple[int, float]]) -> Iterator[str]:
    before = "["
    for pair in pairs:
        yield before + json.dumps([x if math.isfinite(x) else None for x in pair])
        before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _save(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            write(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
