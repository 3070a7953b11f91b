"""The command line: ``schedules plot``, ``describe``, ``values``, ``explain``, ``export``, ``diff``, ``lint``, ...

Whatever goes wrong is one line on standard error and exit status 2.
"""

import argparse
import importlib
import io
import math
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np

from .. import __version__
from ..algebra.checks import EVER, ScheduleError, brief
from ..algebra.nodes import Constant, Schedule
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
  schedules describe 'wsd(lr, steps, warmup=0.1 * steps, cooldown=steps // 5)' -D lr=3e-4 -D steps=10_000
  schedules plot @schedule.txt
  schedules lint 'linear(0, 1e-3, 500) >> cosine(2e-3, 0, 9_500)'
  schedules recognise lr.csv

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
        _load([*os.environ.get("SCHEDULES_IMPORT", "").split(","), *arguments.modules])
        names: dict[str, Any] = {}
        for name, text in arguments.names:
            names[name] = _number_or_schedule(parse(text, **names))
        status = arguments.command([parse(_text(text), **names) for text in arguments.expressions], arguments) or 0
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


def _load(modules: Iterable[str]) -> None:
    """Import people's own modules, from where they are as well, for the named schedules in them."""
    for name in filter(None, map(str.strip, modules)):
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            importlib.import_module(name)
        except Exception as fault:  # whatever their code raises
            raise ScheduleError(f"--import {name}: {type(fault).__name__}: {fault}") from None


def _number_or_schedule(s: Schedule) -> Any:
    return s.value if isinstance(s, Constant) else s


def _text(expression: str) -> str:
    """The expression itself, or what is in the file that it names, or on standard input."""
    if expression == "-":
        return sys.stdin.read()
    return Path(expression[1:]).read_text(encoding="utf-8-sig") if expression.startswith("@") else expression


# -- commands ----------------------------------------------------------------------------------------


def _plot(schedules: list[Schedule], arguments: Any) -> None:
    """Draw to the file, or else in the terminal."""
    output = arguments.output
    if output is not None and Path(output).suffix not in FORMATS:
        raise ScheduleError(f"plot: output={output}: a picture is one of {', '.join(FORMATS)}")
    if output is None:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(terminal(schedules, arguments.steps, colour=colour))
        return
    picture = figure(schedules, arguments.steps)
    with _file(output) as file:
        picture.savefig(file, format=Path(output).suffix[1:])


def _describe(schedules: list[Schedule], arguments: Any) -> None:
    """Print the table of segments."""
    print(describe(schedules[0], arguments.steps))


def _values(schedules: list[Schedule], arguments: Any) -> None:
    """Print or save the values at steps 0, K, 2K, ..., block by block."""
    (s,) = schedules
    steps = _steps("values", s, arguments.steps)[:: arguments.every]
    if arguments.npy is None:
        _print(s, steps, arguments.form)
    else:
        _save(s, steps, arguments.npy)


def _steps(command: str, s: Schedule, count: int | None) -> range:
    """The steps that were asked for, or all that there are."""
    if count is None and s.steps in (0, math.inf):
        length = "is endless" if s.steps else "lasts 0 steps"
        raise ScheduleError(f"{command}: {brief(s)} {length}; say how many: --steps 1000")
    return range(count or min(math.ceil(s.steps), EVER))


def _explain(schedules: list[Schedule], _: Any) -> None:
    """Print the formula."""
    print(explain(*schedules))


def _export(schedules: list[Schedule], arguments: Any) -> None:
    """Print source, a formula or a table, or write it to the file."""
    (s,) = schedules
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


def _diff(schedules: list[Schedule], arguments: Any) -> int:
    """Print where two schedules differ; the status tells whether they do."""
    from ..analysis.compare import diff

    found = diff(*schedules, steps=arguments.steps)
    if found:
        print(found)
    return int(bool(found))


def _lint(schedules: list[Schedule], arguments: Any) -> int:
    """Print what looks like a mistake, line by line; the status tells whether anything does."""
    from ..analysis.lint import lint

    warnings = lint(*schedules, steps=arguments.steps)
    for warning in warnings:
        print(warning)
    return int(bool(warnings))


def _recognise(arguments: Any) -> None:
    """Print the expression whose values a log has."""
    from ..analysis.recognise import from_callable
    from ..library.combinators import stretch
    from .log import read

    log = read(arguments.log, arguments.column)
    digits = log.digits if arguments.digits is None else arguments.digits
    print(stretch(from_callable(log.values, digits=digits), log.every))


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


def _surroundings() -> _Parser:
    """What every command takes besides its expressions."""
    common = _Parser(add_help=False)
    common.add_argument(
        "-D",
        dest="names",
        type=_binding,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what a name in the expressions stands for; later ones may use it",
    )
    common.add_argument(
        "--import",
        dest="modules",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with named schedules of your own; also SCHEDULES_IMPORT=a,b in the environment",
    )
    return common


def _parser() -> argparse.ArgumentParser:
    style: dict[str, Any] = {"epilog": EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = _Parser(prog="schedules", description="Draw, describe and evaluate learning-rate schedules.", **style)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        function: Callable[[list[Schedule], Any], int | None],
        name: str,
        count: int | str,
        purpose: str,
        steps: str | None = "how many steps; needed for what is endless",
    ) -> Any:
        about = f"{purpose.capitalize()}."
        added = commands.add_parser(name, help=purpose, description=about, parents=[_surroundings()], **style)
        added.set_defaults(command=function)
        expression = "a schedule, such as 'cosine(1e-3, 0, 900)'; @FILE, or - for standard input"
        added.add_argument("expressions", nargs=count, metavar="EXPR", help=expression)
        if steps is not None:
            added.add_argument("--steps", type=_whole, metavar="N", help=steps)
        return added

    plot = command(_plot, "plot", "+", "draw schedules in the terminal, or to a file")
    plot.add_argument("-o", "--output", metavar="FILE", help=f"the picture, one of {', '.join(FORMATS)}")
    command(_describe, "describe", 1, "print the segments of a schedule: first and last step, shape, values there")
    values = command(_values, "values", 1, "print the values of a schedule, one line 'step value' for each step")
    values.add_argument("--every", type=_whole, default=1, metavar="K", help="only steps 0, K, 2K, ...")
    values.set_defaults(form=PLAIN)
    forms = values.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_const", dest="form", const=CSV, help="lines 'step,value' and a head")
    forms.add_argument("--json", action="store_const", dest="form", const=JSON, help="a list of pairs [step, value]")
    forms.add_argument("--npy", metavar="FILE", help="write the values to a NumPy file instead, in float64")
    command(_explain, "explain", 1, "print the formula of a schedule", None)
    export = command(_export, "export", 1, "print a schedule as source, formula or table, for use without this package")
    export.add_argument(
        "--to",
        dest="form",
        choices=EXPORTS,
        required=True,
        help="a function that needs nothing but math, a formula, or values",
    )
    export.add_argument("--name", default="schedule", metavar="NAME", help="of the Python function")
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file instead")
    command(_diff, "diff", 2, "print where two schedules differ; the exit status is 1 if they do")
    purpose = "print the schedule whose values were logged, in named schedules"
    recognise = commands.add_parser("recognise", help=purpose, description=f"{purpose.capitalize()}.", **style)
    recognise.set_defaults(command=_recognise)
    recognise.add_argument("log", metavar="FILE", help="a CSV file of lines 'step,value' or 'value'")
    recognise.add_argument("--column", metavar="NAME", help="the column of the learning rate; the last, if not given")
    recognise.add_argument("--digits", type=_whole, metavar="D", help="the significant digits of the values")
    command(_lint, "lint", 1, "print what looks like a mistake; the exit status is 1 if anything does")
    return parser


def _binding(text: str) -> tuple[str, str]:
    """The name and the text of ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: write NAME=VALUE, such as lr=3e-4")
    return name.strip(), value


def _whole(text: str) -> int:
    """The step count that `text` writes."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (1 <= number <= EVER and number.is_integer()):
        raise argparse.ArgumentTypeError(f"{text}: this is a whole number from 1 to {EVER}")
    return int(number)
