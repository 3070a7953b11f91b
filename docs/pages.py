"""The pages that are made at build time: the gallery, "Coming from" and the reference."""

import argparse
import ast
import contextlib
import doctest
import functools
import html
import importlib
import inspect
import itertools
import math
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import schedules
from schedules import Schedule, ScheduleError, dialects, explain, parse
from schedules.algebra.named import MAKERS
from schedules.faces import cli
from schedules.faces.page import editable
from schedules.library.equations import equation_of
from schedules.text.formula import filled
from schedules.text.latex import math_of

KINDS = ("curves", "combinators", "recipes", "tokens")

ADAPTERS = (("torch", "PyTorch"), ("jax", "JAX"), ("optax", "Optax"), ("keras", "Keras"), ("numpy", "NumPy"))


def write(folder: Path) -> None:
    """Write all pages into the folder; one that is there already, and the same, is left alone."""
    made = {folder / name: text for name, text in (gallery() | coming_from() | reference()).items()}
    for path in {old for room in {new.parent for new in made} for old in room.glob("*.md")} - made.keys():
        path.unlink()  # of a name that is no more
    for path, text in made.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def titled(title: str, *blocks: str) -> str:
    """A page of MyST."""
    return "\n\n".join((f"# {title}", *blocks)) + "\n"


def toctree(*entries: str) -> str:
    """The pages below a page, listed on it too."""
    return "\n".join(("```{toctree}", ":maxdepth: 1", "", *entries, "```"))


def paragraphs(item: Any) -> list[str]:
    """The documentation of something, by paragraphs, in Markdown."""
    return [text.replace("``", "`") for text in (inspect.getdoc(item) or "").split("\n\n")]


def examples(item: Any) -> Iterator[str]:
    """The lines of the doctests of something."""
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(item) or ""):
        yield example.source


# -- the gallery --------------------------------------------------------------------------------------


def gallery() -> dict[str, str]:
    """A page for each kind of name, with an entry for each of its names."""
    made = {f"gallery/{kind}.md": titled(kind.capitalize(), *map(entry, makers(kind))) for kind in KINDS}
    lead = (
        "Every curve, combinator and recipe: its equation, the expression of an example, what that example looks like "
        "and is, and where it comes from. All of it is made from the package when this site is built."
    )
    return {"gallery/index.md": titled("Gallery", lead, toctree(*KINDS)), **made}


def makers(kind: str) -> list[Callable[..., Schedule]]:
    """The named schedules of a kind, by name."""
    return [m for name, m in sorted(MAKERS.items()) if m.__module__.rpartition(".")[2] == kind and name != "part"]


def entry(maker: Any) -> str:
    """A named schedule in the gallery."""
    name = maker.__name__
    example = shown(maker)
    lead, *rest = paragraphs(maker)
    blocks = [f"## {name}", equation(maker), " ".join(lead.split())]
    blocks += [f"```python\n{example!r}\n```", picture(example), details("Its formula", f"$$\n{formula(example)}\n$$")]
    blocks += [" ".join(text.split()) for text in rest if text.startswith("Source:")]
    blocks.append(f"Arguments and errors: {{py:func}}`{name} <schedules.{name}>`")
    return "\n\n".join(block for block in blocks if block)


def shown(maker: Any) -> Schedule:
    """The example of a named schedule: one that is worth a picture, else the first of its documentation."""
    if text := SHOWN.get(maker.__name__):
        return parse(text) if maker.__name__ != "custom" else schedules.custom(math.sin)[:20]
    found = (row(schedules, maker.__name__),)
    return next(value for _, value in filter(None, found) if isinstance(value, Schedule))


def equation(maker: Any) -> str:
    """The equation of a curve, typeset; none for what is defined in words or by other schedules."""
    tree = equation_of(maker)
    if tree is None:
        return ""
    names = {name: ast.Name(rf"\mathrm{{{name}}}") for name in maker.defaults}
    typeset = math_of(filled(tree, names))
    spaced = re.sub(r"(\\mathrm\{\w+\}) (?=[a-z(]|\\left|\\mathrm)", r"\1\\, ", typeset)
    return f"$$\ns(t) = {spaced}\n$$"


def formula(s: Schedule) -> str:
    """The formula of a schedule, typeset."""
    return explain(s, latex=True)


def details(summary: str, text: str) -> str:
    """What is folded away until it is asked for."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def picture(s: Schedule) -> str:
    """What a notebook shows of a schedule, to be put into a page."""
    with contextlib.suppress(ScheduleError):  # of a Python function, which the editor cannot read
        text = html.escape(editable("docs", s), quote=True)
        return f'<figure class="schedule" data-expression="{text}">{s._repr_html_()}</figure>'
    return f'<figure class="schedule">{s._repr_html_()}</figure>'


SHOWN = {
    "in_tokens": "in_tokens(cosine_warmup(3e-4, 3_000_000, warmup=300_000), interpolate([(0, 500), (2_000, 4_000)]))",
    "to_multiple": "to_multiple(linear(100, 1_000, 500), 128)",
    "custom": "(the sine)",
    "cosine": "cosine(1.0, 0.0, 1000)",
    "exponential": "exponential(1.0, 0.01, 1000)",
    "exponential_decay": "exponential_decay(1.0, 0.5, every=200)[:1000]",
    "interpolate": "interpolate([(0, 0.0), (100, 1.0), (600, 0.7), (1000, 0.0)])",
    "inverse_sqrt": "inverse_sqrt(1.0, timescale=100)[:1000]",
    "inverse_time": "inverse_time(1.0, 1.0, every=100)[:1000]",
    "k_decay": "k_decay(1.0, 0.0, 1000, k=2.0)",
    "linear": "linear(1.0, 0.0, 1000)",
    "multistep": "multistep(1.0, 0.3, [300, 600, 800])[:1000]",
    "one_minus_sqrt": "one_minus_sqrt(1.0, 0.0, 1000)",
    "piecewise": "piecewise([1.0, 0.5, 0.1], [300, 600])[:1000]",
    "polynomial": "polynomial(1.0, 0.0, 1000, power=2.0)",
    "replay": "replay([1.0, 0.2, 0.8, 0.1, 0.5, 0.0])",
    "rex": "rex(1.0, 0.0, 1000)",
    "step_decay": "step_decay(1.0, 0.5, 250)[:1000]",
    "tanh_decay": "tanh_decay(1.0, 0.0, 1000)",
    "clip": "clip(cosine(1.0, 0.0, 1000), 0.2, 0.8)",
    "cooldown": "cooldown(inverse_sqrt(1.0, timescale=100), 800, 200)",
    "cycle": "cycle(cosine(1.0, 0.0, 250))[:1000]",
    "every": "every(cosine(1.0, 0.0, 10), 100)",
    "fit": "fit(linear(0.0, 1.0, 1) >> cosine(1.0, 0.0, 9), 1000)",
    "repeat": "repeat(cosine(1.0, 0.0, 200), 3, stretch=2, scale=0.7)",
    "retarget": "retarget(linear(1.0, 0.0, 500), 250, 1000)",
    "reverse": "reverse(one_minus_sqrt(1.0, 0.0, 1000))",
    "shift": "shift(cosine(1.0, 0.0, 700), 300)",
    "stretch": "stretch(linear(0.0, 1.0, 100) >> cosine(1.0, 0.0, 400), 2)",
    "warmup": "warmup(cosine(1.0, 0.0, 900), 100)",
    "chebyshev": "chebyshev(1.0, 0.02, 64, fractal=True)",
    "power": "power(1.0, 0.51, timescale=100)[:1000]",
    "wsd_s": "wsd_s(1.0, [400, 700, 1000], warmup=50, cooldown=80)",
    "cosine_warmup": "cosine_warmup(1.0, 1000, warmup=100)",
    "exp_range": "exp_range(0.0, 1.0, 100, rate=0.998)[:1000]",
    "flat_cosine": "flat_cosine(1.0, 1000)",
    "linear_warmup": "linear_warmup(1.0, 1000, warmup=100)",
    "lr_range_test": "lr_range_test(1e-4, 1.0, 1000)",
    "noam": "noam(512, 100)[:1000]",
    "one_cycle": "one_cycle(1.0, 1000)",
    "polynomial_warmup": "polynomial_warmup(1.0, 1000, warmup=100, power=2.0)",
    "sgdr": "sgdr(1.0, 150, 3, stretch=2)",
    "slanted_triangular": "slanted_triangular(1.0, 1000)",
    "trapezoid": "trapezoid(1.0, 1000, warmup=100, cooldown=200)",
    "triangular": "triangular(0.0, 1.0, 100)[:1000]",
    "triangular2": "triangular2(0.0, 1.0, 100)[:1000]",
    "wsd": "wsd(1.0, 1000, warmup=100, cooldown=200, shape=one_minus_sqrt)",
}
"""Examples that are worth a picture."""


# -- coming from another library ----------------------------------------------------------------------


def coming_from() -> dict[str, str]:
    """A page for each library whose schedules are here by their own names."""
    found = modules()
    made = {f"coming-from/{stem(module)}.md": page(module) for module in found}
    lead = (
        "What to write for the schedules of other libraries. Each function is compared with the live library by the "
        "tests, at every step, and each row of these tables is what it gives. `schedules.dialects` has the functions "
        "themselves, with the names and the arguments that you know; what they return is an ordinary schedule, so its "
        "text is a config."
    )
    return {"coming-from/index.md": titled("Coming from another library", lead, toctree(*map(stem, found))), **made}


def modules() -> list[ModuleType]:
    """All dialects, by name."""
    names = sorted((module.name for module in pkgutil.iter_modules(dialects.__path__)), key=str.lower)
    return [importlib.import_module(f"{dialects.__name__}.{name}") for name in names]


def stem(module: ModuleType) -> str:
    """The last part of the name of a module."""
    return module.__name__.rpartition(".")[2]


def library(module: ModuleType) -> str:
    """The library whose dialect a module is."""
    return (module.__doc__ or "").partition(":")[0]


def page(module: ModuleType) -> str:
    """What to know when coming from a library, and what to write for each of its schedules."""
    rows = [found for name in module.__all__ if (found := row(module, name))]
    table = "\n".join((f"| {library(module)} | schedules |", "|---|---|", *(f"| `{a}` | `{b!r}` |" for a, b in rows)))
    lead = " ".join(paragraphs(module)[1].split())
    lead = f"By their own names: `from schedules.dialects import {stem(module)}`. {lead}"
    each = f"What each function takes, and where its peer is peculiar: {{py:mod}}`schedules.dialects.{stem(module)}`."
    return titled(library(module), lead, "## What to write", table, "## What to know", *notes(module), each)


def row(module: ModuleType, name: str) -> tuple[str, object] | None:
    """The first call of a function in its documentation, and what it gives; None if that cannot be written as text."""
    scope = {"partial": functools.partial} | vars(module)
    for source in examples(getattr(module, name)):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                call = ast.get_source_segment(source, node) or ""
                with contextlib.suppress(NameError):  # of what an earlier line made, of which a table cannot tell
                    value = eval(call, scope)  # noqa: S307 -- our own documentation, which the tests run as well
                    return None if "<" in repr(value) else (" ".join(call.split()), value)
    return None


def notes(module: ModuleType) -> list[str]:
    """The lists in the documentation of a module, which tell where the library counts in its own way."""
    listed = itertools.pairwise(paragraphs(module))
    return [block for head, items in listed if items.startswith("- ") and head[:3] != ">>>" for block in (head, items)]


# -- the reference -------------------------------------------------------------------------------------

TITLES = {
    "algebra": "Schedule and its nodes",
    "curves": "Curves",
    "combinators": "Combinators",
    "recipes": "Recipes",
    "plateau": "Plateaus of a metric",
    "text": "Text, formulas and source",
    "analysis": "Analysis",
}
"""The pages of the reference in order, by room or by file of the library; others follow by their own names."""


def rooms() -> dict[str, list[str]]:
    """The public names by the page that they are on, the pages in order."""
    found: dict[str, list[str]] = {key: [] for key in TITLES}
    for name in schedules.__all__:
        package, *path = getattr(getattr(schedules, name), "__module__", "").split(".")
        if package == "schedules":
            found.setdefault(path[-1] if path[0] == "library" else path[0], []).append(name)
    return found


def reference() -> dict[str, str]:
    """A page for each part of the public interface."""
    groups = {
        "The package": {
            key: titled(TITLES.get(key, key.capitalize()), *(auto(name) for name in names))
            for key, names in rooms().items()
        }
        | {"arguments": arguments(), "command-line": command_line()},
        "Adapters": {
            f"adapters-{name}": titled(title, module(f"schedules.adapters.{name}")) for name, title in ADAPTERS
        },
        "Dialects": {f"dialect-{stem(found)}": titled(library(found), module(found.__name__)) for found in modules()},
    }
    trees = [block for title, made in groups.items() for block in (f"## {title}", toctree(*made))]
    index = {"index": titled("Reference", "Every public name, from its own documentation.", *trees)}
    made = functools.reduce(dict.__or__, groups.values(), index)
    return {f"reference/{key}.md": text for key, text in made.items()}


def auto(name: str) -> str:
    """The documentation of a public name."""
    kind = "autoclass" if inspect.isclass(getattr(schedules, name)) else "autofunction"
    members = "\n   :members:" if kind == "autoclass" else ""
    return f"```{{eval-rst}}\n.. {kind}:: schedules.{name}{members}\n```"


def module(name: str) -> str:
    """The documentation of a module and of all that is public in it."""
    return f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```"


def arguments() -> str:
    """What arguments are, by the names in annotations."""
    lead = (
        "To a type checker each of these is the plain type in the second column. `named` reads them as rules, and "
        "checks every argument before the function runs."
    )
    kinds = {name: getattr(schedules, name) for name in schedules.__all__}
    rows = [
        f"| `{name}` | `{plain(kind.__origin__)}` | {kind.__metadata__[0].wants} |"
        for name, kind in kinds.items()
        if hasattr(kind, "__metadata__")
    ]
    return titled("Arguments", lead, "\n".join(("| annotation | type | what it is |", "|---|---|---|", *rows)))


def plain(kind: Any) -> str:
    """A type as one reads it."""
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "").replace("collections.abc.", "")


def command_line() -> str:
    """The help of every command."""
    texts = [block for name, text in helps() for block in (f"## schedules {name}".rstrip(), f"```text\n{text}```")]
    return titled("Command line", *texts)


def helps() -> Iterator[tuple[str, str]]:
    """Each command with its help."""
    parser = cli._parser()
    yield "", parser.format_help()
    for action in parser._actions:
        for name, command in (action.choices or {}).items() if isinstance(action, argparse._SubParsersAction) else ():
            yield name, command.format_help()
