"""The README's tables of other libraries' schedules, written from the examples of `schedules.dialects`.

``python tests/readme_dialects.py`` writes them anew; a test sees to it that they are what the dialects say.
"""

import ast
import contextlib
import doctest
import functools
import importlib
import inspect
import itertools
import pkgutil
from pathlib import Path
from types import ModuleType

from schedules import dialects

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- written by tests/readme_dialects.py -->\n", "<!-- until here -->\n"


def modules() -> list[ModuleType]:
    """All dialects, by name."""
    names = sorted((module.name for module in pkgutil.iter_modules(dialects.__path__)), key=str.lower)
    return [importlib.import_module(f"{dialects.__name__}.{name}") for name in names]


def row(module: ModuleType, name: str) -> tuple[str, object] | None:
    """The first call of a dialect in its documentation, and what it gives; None if that cannot be written as text."""
    scope = {"partial": functools.partial} | vars(module)
    for example in doctest.DocTestParser().get_examples(getattr(module, name).__doc__ or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                call = ast.get_source_segment(example.source, node) or ""
                with contextlib.suppress(NameError):  # of what an earlier line made, of which a table cannot tell
                    value = eval(call, scope)  # noqa: S307 -- our own documentation, which the tests run as well
                    return None if "<" in repr(value) else (" ".join(call.split()), value)
    return None


def notes(module: ModuleType) -> str:
    """The lists in the documentation of a module, which tell where the library counts in its own way."""
    paragraphs = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    listed = [
        f"{head}\n\n{items}"
        for head, items in itertools.pairwise(paragraphs)
        if items.startswith("- ") and not head.startswith(">>>")
    ]
    return "".join(f"{text}\n\n" for text in listed).replace("``", "`")


def table(module: ModuleType) -> str:
    """All schedules of a dialect, each with an example."""
    library = (module.__doc__ or "").partition(":")[0]
    rows = [found for name in module.__all__ if (found := row(module, name))]
    lines = [f"| `{call}` | `{value!r}` |" for call, value in rows]
    head = (
        f"<details><summary>{library}: <code>schedules.dialects.{module.__name__.rpartition('.')[2]}</code></summary>"
    )
    return "\n".join([head, "", f"{notes(module)}| {library} | schedules |", "|---|---|", *lines, "", "</details>", ""])


def section() -> str:
    """What stands between the two marks."""
    return "\n".join(map(table, modules()))


if __name__ == "__main__":
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(before + BEGIN + section() + END + rest.partition(END)[2])
