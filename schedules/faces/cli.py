"""The command line: ``schedules plot``, ``describe``, ``values``, ``explain``, ``export``, ``diff``, ``lint``.

Whatever goes wrong is one line on standard error and exit status 2.
"""

import argparse
import io
import math
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np

from .. import __version__
from ..algebra.checks import EVER, ScheduleError, brief
from ..algebra.nodes import Schedule
from ..evaluate.grid import CHUNK
from ..text.expression import parse
from ..text.formula import explain
from ..text.source import to_python
from .figure import figure
from .table import describe
from .terminal import terminal

LINES = 2**15  # lines of text that are made together
FORMATS = (".png", ".svg", ".pdf")

EXAMPLES = """\
examples:
  schedules plot 'cosine_warmup(1e-3, 10_000, warmup=500)'
  schedules plot 'linear(0, 1, 100) >> cosine(1, 0, 900)' 'one_cycle(1, 1000)' -o both.png
  schedules describe 'wsd(1e-3, 10_000, warmup=500, cooldown=2_000)'
  schedules values 'inverse_sqrt(1e-3, timescale=1_000)' --steps 5_000 --every 100 --csv
  schedules values 'cosine(1e-3, 0, 10_000)' --npy lr.npy
  schedules explain 'cosine_warmup(1e-3, 10_000, warmup=500)'
  schedules export 'cosine_warmup(1e-3, 10_000, warmup=500)' --to python -o lr.py
  schedules diff 'cosine(1e-3, 0, 10_000)' 'linear(1e-3, 0, 10_000)'
  schedules lint 'linear(0, 1e-3, 500) >> cosine(2e-3, 0, 9_500)'

An expression is read, never executed. One that begins with a minus sign goes into parentheses.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of a command line: 0, or 2 after one line on standard error.

    ``diff`` and ``lint`` end with 1 when they have something to say.
    When the reader of its output has seen enough, it ends quietly with 0; on Ctrl-C, quietly with 130.

    Args:
        argv: the arguments; None means those of the process.

    >>> main(["describe", "linear(0, 1, 10)"])
    first  last  shape                 from  to
    0      9     linear(0.0, 1.0, 10)  0     0.9
    0
    """
    out: Any = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="replace")  # an ASCII terminal shows what it can
    try:
        arguments = _parser().parse_args(argv)
        status = arguments.command(arguments) or 0
        print(end="", flush=True)
    except KeyboardInterrupt:
        return _quiet(130)
    except BrokenPipeError:
        return _quiet(0)
    except (ScheduleError, OSError, MemoryError, RecursionError) as fault:
        print("schedules:", *(str(fault) or type(fault).__name__).split(), file=sys.stderr)
        return _quiet(2)
    return status


def _quiet(status: int) -> int:
    """`status`; what standard output does not take is dropped, or the interpreter would complain as it ends."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


# -- commands ----------------------------------------------------------------------------------------


def _plot(arguments: Any) -> None:
    """Draw to the file, or else in the terminal."""
    output = arguments.output
    if output is not None and Path(output).suffix not in FORMATS:
        raise ScheduleError(f"plot: output={output}: a picture is one of {', '.join(FORMATS)}")
    schedules = list(map(parse, arguments.expressions))
    if output is None:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(terminal(schedules, arguments.steps, colour=colour))
        return
    picture = figure(schedules, arguments.steps)
    with _file(output) as file:
        picture.savefig(file, format=Path(output).suffix[1:])


def _describe(arguments: Any) -> None:
    """Print the table of segments."""
    print(describe(parse(arguments.expression), arguments.steps))


def _values(arguments: Any) -> None:
    """Print or save the values at steps 0, K, 2K, ..., block by block."""
    s = parse(arguments.expression)
    steps = _steps("values", s, arguments.steps)[:: arguments.every]
    if arguments.npy is None:
        _print(s, steps, arguments.form)
    else:
        _save(s, steps, arguments.npy)


def _steps(command: str, s: Schedule, count: int | None) -> range:
    """The steps that were asked for, or all that there are."""
    if count is None and s.steps == math.inf:
        raise ScheduleError(f"{command}: {brief(s)} is endless; say how many: --steps 1000")
    return range(count or min(math.ceil(s.steps), EVER))


def _explain(arguments: Any) -> None:
    """Print the formula."""
    print(explain(parse(arguments.expression)))


def _export(arguments: Any) -> None:
    """Print source, a formula or a table, or write it to the file."""
    s = parse(arguments.expression)
    if arguments.steps is not None and arguments.form != "csv":
        raise ScheduleError(f"export: steps={arguments.steps}: only values are counted; cut the schedule: s[:1000]")
    texts = EXPORTS[arguments.form](s, arguments)
    if arguments.output is None:
        for text in texts:
            print(text, end="")
        return
    with _file(arguments.output) as file:
        for text in texts:
            file.write(text.encode())


EXPORTS: dict[str, Callable[[Schedule, Any], Iterator[str]]] = {
    "python": lambda s, arguments: iter((f"{to_python(s, arguments.name)}\n",)),
    "latex": lambda s, _: iter((f"{explain(s, latex=True)}\n",)),
    "csv": lambda s, arguments: _texts(s, _steps("export", s, arguments.steps), CSV),
}


def _diff(arguments: Any) -> int:
    """Print where two schedules differ; the status tells whether they do."""
    from ..analysis.compare import diff

    found = diff(*map(parse, arguments.expressions), steps=arguments.steps)
    if found:
        print(found)
    return int(bool(found))


def _lint(arguments: Any) -> int:
    """Print what looks like a mistake, line by line; the status tells whether anything does."""
    from ..analysis.lint import lint

    warnings = lint(parse(arguments.expression), steps=arguments.steps)
    for warning in warnings:
        print(warning)
    return int(bool(warnings))


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


def _print(s: Schedule, steps: range, form: TextFormat) -> None:
    """Print the values."""
    for text in _texts(s, steps, form):
        print(text, end="")


def _texts(s: Schedule, steps: range, form: TextFormat) -> Iterator[str]:
    """The values as text, with all their digits, block by block."""
    yield form.head
    for begin in range(0, len(steps), LINES):
        block = steps[begin : begin + LINES]
        with np.errstate(all="ignore"):
            values = s(np.arange(block.start, block.stop, block.step)).tolist()
        yield form.between * (begin > 0) + form.between.join(map(form.line, block, values))
    yield form.tail


def _save(s: Schedule, steps: range, path: str) -> None:
    """The values as a NumPy file: those of ``s.values(...)[::K]``."""
    room = shutil.disk_usage(Path(path).absolute().parent).free if Path(path).absolute().parent.is_dir() else math.inf
    if 8 * len(steps) > room:
        raise ScheduleError(f"{path}: {8 * len(steps)} bytes do not fit into the {room} that are free; use --every")
    with _file(path) as file:
        kind = np.lib.format.dtype_to_descr(np.dtype(float))
        np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": (len(steps),)})
        for begin in range(0, steps.stop, CHUNK):
            block = s.values(min(CHUNK, steps.stop - begin), start=begin)
            file.write(block[-begin % steps.step :: steps.step].tobytes())


@contextmanager
def _file(path: str) -> Generator[IO[bytes], None, None]:
    """A file to write to that takes its name when it is complete; a pipe or a device is written to directly."""
    target = Path(path)
    direct = target.exists() and not (target.is_file() and os.access(target, os.W_OK))
    draft = target if direct else target.resolve().with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
        if not direct:
            draft.replace(target.resolve())
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise ScheduleError(f"{path}: {fault.strerror}; choose another file") from None
    finally:
        if not direct:
            draft.unlink(missing_ok=True)


# -- arguments ---------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are like all others."""

    def error(self, message: str) -> NoReturn:
        raise ScheduleError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    style: dict[str, Any] = {"epilog": EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = _Parser(prog="schedules", description="Draw, describe and evaluate learning-rate schedules.", **style)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        function: Callable[[Any], int | None],
        name: str,
        expressions: dict[str, Any],
        purpose: str,
        steps: str | None = "how many steps; needed for what is endless",
    ) -> Any:
        added = commands.add_parser(name, help=purpose, description=f"{purpose.capitalize()}.", **style)
        added.set_defaults(command=function)
        added.add_argument(**expressions, metavar="EXPR", help="a schedule, such as 'cosine(1e-3, 0, 900)'")
        if steps is not None:
            added.add_argument("--steps", type=_whole, metavar="N", help=steps)
        return added

    one, many = {"dest": "expression"}, {"dest": "expressions", "nargs": "+"}
    plot = command(_plot, "plot", many, "draw schedules in the terminal, or to a file")
    plot.add_argument("-o", "--output", metavar="FILE", help=f"the picture, one of {', '.join(FORMATS)}")
    command(_describe, "describe", one, "print the segments of a schedule: first and last step, shape, values there")
    values = command(_values, "values", one, "print the values of a schedule, one line 'step value' for each step")
    values.add_argument("--every", type=_whole, default=1, metavar="K", help="only steps 0, K, 2K, ...")
    values.set_defaults(form=PLAIN)
    forms = values.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_const", dest="form", const=CSV, help="lines 'step,value' and a head")
    forms.add_argument("--json", action="store_const", dest="form", const=JSON, help="a list of pairs [step, value]")
    forms.add_argument("--npy", metavar="FILE", help="write the values to a NumPy file instead, in float64")
    command(_explain, "explain", one, "print the formula of a schedule", None)
    export = command(
        _export, "export", one, "print a schedule as source, formula or table, for use without this package"
    )
    export.add_argument(
        "--to",
        dest="form",
        choices=EXPORTS,
        required=True,
        help="a function that needs nothing but math, a formula, or values",
    )
    export.add_argument("--name", default="schedule", metavar="NAME", help="of the Python function")
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file instead")
    command(_diff, "diff", {**many, "nargs": 2}, "print where two schedules differ; the exit status is 1 if they do")
    command(_lint, "lint", one, "print what looks like a mistake; the exit status is 1 if anything does")
    return parser


def _whole(text: str) -> int:
    """The step count that `text` writes."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (1 <= number <= EVER and number.is_integer()):
        raise argparse.ArgumentTypeError(f"{text}: this is a whole number from 1 to {EVER}")
    return int(number)
