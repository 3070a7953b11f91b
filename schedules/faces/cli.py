"""The command line: ``schedules COMMAND``; ``schedules --help`` lists them.

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
from typing import IO, Any, NoReturn

import numpy as np

from .. import __version__
from ..algebra.checks import EVER, ScheduleError, brief, extra_module
from ..algebra.nodes import Constant, Schedule
from ..evaluate.grid import CHUNK
from ..text.expression import parse
from ..text.formula import explain
from ..text.javascript import to_js
from ..text.source import to_python
from .figure import figure
from .formats import CSV, JSON, PLAIN, TextFormat
from .page import as_typed, opened, page
from .table import describe
from .terminal import terminal
from .vocabulary import KINDS, listing, manual

LINES = 2**15  # lines of text that are made together
FORMATS = (".png", ".svg", ".pdf")

EXAMPLES = {
    "plot": (
        "'cosine_warmup(1e-3, 10_000, warmup=500)'",
        "'linear(1, 0, 100)' 'exponential(1, 1e-3, 100)' --log --label line --label ratio -o both.png",
    ),
    "describe": (
        "'wsd(1e-3, 10_000, warmup=500, cooldown=2_000)'",
        "'wsd(lr, steps, warmup=0.1 * steps, cooldown=steps // 5)' -D lr=3e-4 -D steps=10_000",
    ),
    "values": (
        "'inverse_sqrt(1e-3, timescale=1_000)' --steps 5_000 --every 100 --csv",
        "'cosine(1e-3, 0, 10_000)' --npy lr.npy",
    ),
    "explain": ("'cosine_warmup(1e-3, 10_000, warmup=500)'", "'one_cycle(1, 100)' --latex"),
    "export": (
        "'cosine_warmup(1e-3, 10_000, warmup=500)' --to python -o lr.py",
        "'linear(1, 0, 10)' --to csv",
    ),
    "page": (
        "'wsd(1e-3, 10_000, warmup=500, cooldown=2_000)'",
        "'cosine(1, 0, 900)' 'linear(1, 0, 900)' -o both.html",
    ),
    "diff": (
        "'cosine(1e-3, 0, 10_000)' 'linear(1e-3, 0, 10_000)'",
        "@then.txt @now.txt",
    ),
    "lint": (
        "'linear(0, 1e-3, 500) >> cosine(2e-3, 0, 9_500)'",
        "'cosine(1e-3, 0, 9_000)' --steps 10_000",
    ),
    "rank": (
        "'cosine(3e-4, 0, 9_000)' 'wsd(3e-4, 9_000, warmup=0, cooldown=2_000)' --law 400M",
        "'cosine(3e-4, 0, 9_000)' 'torch.CosineAnnealingLR(3e-4, 9_000)' --steps 9_000 -o outlook.png",
    ),
    "recognise": ("lr.csv", "log.csv --column lr --digits 6"),
    "list": ("", "recipes"),
    "help": ("wsd", "torch.OneCycleLR"),
    "completion": ("bash >> ~/.bashrc", "fish > ~/.config/fish/completions/schedules.fish"),
}
"""Two for each command."""

READ = "An expression is read, never executed. One that begins with a minus sign goes into parentheses."


def _examples(*names: str, count: int = 2) -> str:
    """What the help of some commands ends with."""
    lines = (f"  schedules {name} {words}".rstrip() for name in names for words in EXAMPLES.get(name, ())[:count])
    return "\n".join(("examples:", *lines, "", READ))


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
    output, start, stop = arguments.output, arguments.start, arguments.stop
    if output is not None and Path(output).suffix not in FORMATS:
        raise ScheduleError(f"plot: output={output}: a picture is one of {', '.join(FORMATS)}")
    if stop is not None and stop <= start:
        raise ScheduleError(f"plot: --to {stop}: the picture begins at step {start}; end it later")
    steps = arguments.steps if stop is None else stop - start
    options = {"start": start, "log": arguments.log, "title": arguments.title, "labels": arguments.labels}
    if output is None:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(terminal(schedules, steps, colour=colour, **options))
        return
    picture = figure(schedules, steps, **options)
    with _file(output) as file:
        picture.savefig(file, format=Path(output).suffix[1:])


def _rank(schedules: list[Schedule], arguments: Any) -> None:
    """Print the table of what theory says, and draw it if a file is named."""
    from ..theory import LAWS, rank
    from .ranking import outlook, ranking

    law = LAWS[arguments.law] if arguments.law else None
    rows = rank(schedules, arguments.steps, weight_decay=arguments.weight_decay, law=law)
    print(ranking(rows))
    if arguments.output is not None:
        picture = outlook(rows, arguments.steps, weight_decay=arguments.weight_decay, law=law)
        with _file(arguments.output) as file:
            picture.savefig(file, format=Path(arguments.output).suffix[1:])


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


def _explain(schedules: list[Schedule], arguments: Any) -> None:
    """Print the formula."""
    print(explain(*schedules, latex=arguments.latex))


def _list(_: list[Schedule], arguments: Any) -> None:
    """Print the names that there are."""
    print(listing(tuple(arguments.kinds)))


def _help(_: list[Schedule], arguments: Any) -> None:
    """Print what is known of some names."""
    print("\n\n\n".join(map(manual, arguments.topics)))


def _completion(_: list[Schedule], arguments: Any) -> None:
    """Print a script for the shell."""
    print(extra_module("shtab", "completion").complete(_parser(), arguments.shell))


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
    "js": lambda s, arguments: iter((to_js(s, arguments.name),)),
    "latex": lambda s, _: iter((f"{explain(s, latex=True)}\n",)),
    "csv": lambda s, arguments: _texts(s, _steps("export", s, arguments.steps), CSV),
}


def _page(schedules: list[Schedule], arguments: Any) -> None:
    """Write the page of the editor, or open it in the browser."""
    texts = [None if arguments.names or text == "-" else _text(text).strip() for text in arguments.expressions]
    text = page([*map(as_typed, schedules, texts)], log=arguments.log)
    if arguments.output is None:
        print(opened(text))
        return
    with _file(arguments.output) as file:
        file.write(text.encode())


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


def _recognise(_: list[Schedule], arguments: Any) -> None:
    """Print the expression whose values a log has."""
    from ..analysis.recognise import from_callable
    from ..library.combinators import stretch
    from .log import read

    log = read(arguments.log, arguments.column)
    digits = log.digits if arguments.digits is None else arguments.digits
    print(stretch(from_callable(log.values, digits=digits), log.every))


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
    style: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    about = "Draw, describe and evaluate learning-rate schedules."
    parser = _Parser(prog="schedules", description=about, epilog=_examples(*EXAMPLES, count=1), **style)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def plain(function: Callable[[list[Schedule], Any], int | None], name: str, purpose: str) -> Any:
        options: dict[str, Any] = {"description": f"{purpose.capitalize()}.", "epilog": _examples(name), **style}
        added = commands.add_parser(name, help=purpose, parents=[_surroundings()], **options)
        added.set_defaults(command=function, expressions=[])
        return added

    def command(
        function: Callable[[list[Schedule], Any], int | None],
        name: str,
        count: int | str,
        purpose: str,
        steps: str | None = "how many steps; needed for what is endless",
    ) -> Any:
        added = plain(function, name, purpose)
        expression = "a schedule, such as 'cosine(1e-3, 0, 900)'; @FILE, or - for standard input"
        added.add_argument("expressions", nargs=count, metavar="EXPR", help=expression)
        if steps is not None:
            added.add_argument("--steps", type=_whole, metavar="N", help=steps)
        return added

    _drawn(command(_plot, "plot", "+", "draw schedules in the terminal, or to a file"))
    command(_describe, "describe", 1, "print the segments of a schedule: first and last step, shape, values there")
    _listed(command(_values, "values", 1, "print the values of a schedule, one line 'step value' for each step"))
    explained = command(_explain, "explain", 1, "print the formula of a schedule", None)
    explained.add_argument("--latex", action="store_true", help="in LaTeX, for display mode")
    _exported(
        command(_export, "export", 1, "print a schedule as source, formula or table, to use without this package")
    )
    drawn = command(_page, "page", "+", "make a page on which schedules are edited by pulling at them", None)
    drawn.add_argument("--log", action="store_true", help="a logarithmic axis of values")
    drawn.add_argument("-o", "--output", metavar="FILE", help="the page; without it, it is opened in the browser")
    command(_diff, "diff", 2, "print where two schedules differ; the exit status is 1 if they do")
    command(_lint, "lint", 1, "print what looks like a mistake; the exit status is 1 if anything does")
    rank = command(_rank, "rank", "+", "compare schedules by what theory says: bound, best peak, area, start, loss")
    rank.add_argument("--law", choices=("25M", "100M", "400M"), help="predict the last loss of models of this size")
    rank.add_argument("--weight-decay", type=float, default=0.1, metavar="L", help="of AdamW; 0.1 if it is not given")
    rank.add_argument("-o", "--output", type=_picture, metavar="FILE", help="also draw shares, bounds and losses")
    recognise = plain(_recognise, "recognise", "print the schedule whose values were logged, in named schedules")
    recognise.add_argument("log", metavar="FILE", help="a CSV file of lines 'step,value' or 'value'")
    recognise.add_argument("--column", metavar="NAME", help="the column of the learning rate; the last, if not given")
    recognise.add_argument("--digits", type=_whole, metavar="D", help="the significant digits of the values")
    listed = plain(_list, "list", "print the names of curves, combinators and recipes, a line for each")
    listed.add_argument("kinds", nargs="*", metavar="KIND", help=f"one of {', '.join(KINDS)}, or yours")
    helped = plain(_help, "help", "print what is known of a name: its equation, its arguments, an example")
    helped.add_argument("topics", nargs="+", metavar="NAME", help="such as cosine, or torch.StepLR of a dialect")
    shells = plain(_completion, "completion", "print what completes this command in a shell")
    shells.add_argument("shell", choices=("bash", "zsh", "fish"))
    return parser


def _picture(path: str) -> str:
    """The path of a picture."""
    if Path(path).suffix not in FORMATS:
        raise argparse.ArgumentTypeError(f"{path}: a picture is one of {', '.join(FORMATS)}")
    return path


def _drawn(plot: argparse.ArgumentParser) -> None:
    """The choices of ``plot``."""
    plot.add_argument("-o", "--output", metavar="FILE", help=f"the picture, one of {', '.join(FORMATS)}")
    plot.add_argument("--log", action="store_true", help="a logarithmic axis of values")
    plot.add_argument("--from", dest="start", type=_step, default=0, metavar="N", help="the first step to draw")
    plot.add_argument("--to", dest="stop", type=_whole, metavar="N", help="the last step to draw")
    plot.add_argument("--title", metavar="TEXT", help="a line over the picture")
    label = "what the legend calls a curve, once for each; else its expression"
    plot.add_argument("--label", dest="labels", action="append", default=[], metavar="TEXT", help=label)


def _listed(values: argparse.ArgumentParser) -> None:
    """The choices of ``values``."""
    values.add_argument("--every", type=_whole, default=1, metavar="K", help="only steps 0, K, 2K, ...")
    values.set_defaults(form=PLAIN)
    forms = values.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_const", dest="form", const=CSV, help="lines 'step,value' and a head")
    forms.add_argument("--json", action="store_const", dest="form", const=JSON, help="a list of pairs [step, value]")
    forms.add_argument("--npy", metavar="FILE", help="write the values to a NumPy file instead, in float64")


def _exported(export: argparse.ArgumentParser) -> None:
    """The choices of ``export``."""
    kinds = "a function that needs nothing but math, a formula, or values"
    export.add_argument("--to", dest="form", choices=EXPORTS, required=True, help=kinds)
    export.add_argument("--name", default="schedule", metavar="NAME", help="of the function")
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file instead")


def _binding(text: str) -> tuple[str, str]:
    """The name and the text of ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: write NAME=VALUE, such as lr=3e-4")
    return name.strip(), value


def _whole(text: str, least: int = 1) -> int:
    """The step count that `text` writes."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (least <= number <= EVER and number.is_integer()):
        raise argparse.ArgumentTypeError(f"{text}: this is a whole number from {least} to {EVER}")
    return int(number)


def _step(text: str) -> int:
    """The step that `text` writes."""
    return _whole(text, least=0)
