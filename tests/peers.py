"""Modules of other libraries out of their own wheels, for those that are too large or too demanding to require.

A schedule needs little of a library that has it. So its wheel alone is downloaded, once, without what it requires, and
the module is imported from there, under bare packages of its parents' names.
"""

import ast
import importlib
import shutil
import subprocess
import sys
import unittest
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


def unpacked(config: Any, requirement: str) -> Path:
    """The folder with the packages of a pinned requirement: its wheel or its sources, kept in pytest's cache."""
    folder = Path(config.cache.mkdir(requirement.replace("==", "-")))
    if not (folder / "done").exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        subprocess.run([*pip, requirement], check=True)  # noqa: S603 -- a pinned package
        (archive,) = (path for path in folder.iterdir() if path.is_file())
        if archive.suffix == ".whl":
            shutil.unpack_archive(archive, folder / "files", "zip")
        else:
            shutil.unpack_archive(archive, folder / "files", filter="data")
        (folder / "done").touch()
    files = folder / "files"
    inner = list(files.iterdir())
    return inner[0] if len(inner) == 1 else files  # sources have a folder around them


def modules(
    root: Path, *names: str, around: Mapping[str, Mapping[str, str | None]] | None = None
) -> Sequence[ModuleType]:
    """The modules of these names, of one library, under `root`.

    What they import from a module in `around` is taken from the module named there, where the library defines it; or is
    None, where it only says what type an argument has.
    """
    library = names[0].partition(".")[0]
    hidden = _forget(library)
    try:
        for name in (*names, *(around or {})):
            for parent in _parents(name):
                _bare(root, parent)
        for name, attributes in (around or {}).items():
            _bare(root, name)
            for attribute, origin in attributes.items():
                real = origin and getattr(importlib.import_module(origin), attribute)
                setattr(sys.modules[name], attribute, real)
        return [importlib.import_module(name) for name in names]
    finally:
        _forget(library)  # for others there is no such library, as before
        sys.modules.update(hidden)


def definitions(source: Path, *wanted: str, **given: Any) -> SimpleNamespace:
    """What a file defines at its top, all or the wanted; its relative imports are given by name."""
    tree = ast.parse(source.read_text())
    relative = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    tree.body = [
        node for node in tree.body if node not in relative and (not wanted or getattr(node, "name", None) in wanted)
    ]
    scope = {"__name__": source.stem} | given
    exec(compile(tree, str(source), "exec"), scope)  # noqa: S102 -- a pinned package
    return SimpleNamespace(**scope)


def own_tests(*names: str, wanted: Callable[[str], bool] = lambda _: True) -> unittest.TestResult:
    """The outcome of a library's own tests, in the modules of these names; of the classes whose names are wanted."""
    loaded = [unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name)) for name in names]
    cases = [case for suite in loaded for group in suite for case in group if wanted(type(case).__name__)]
    result = unittest.TestResult()
    unittest.TestSuite(cases).run(result)
    return result


def names(found: list[tuple[Any, str]]) -> set[str]:
    """The names of the tests that failed."""
    return {case._testMethodName for case, _ in found}


def _forget(library: str) -> dict[str, ModuleType]:
    """Takes the modules of a library, which are returned, out of those that are imported."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == library}


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _bare(root: Path, name: str) -> None:
    """There is at least a bare module of a name, below which others are found."""
    if name not in sys.modules:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(root.joinpath(*name.split(".")))]
