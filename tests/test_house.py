"""The house: which way imports point from room to room, and that each room is one that can be read."""

import ast
import graphlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from imports import PACKAGE, PARTS, at_import, everywhere, imported, name_of, run

import schedules

CORE = {"algebra", "evaluate", "library"}
BELOW = {
    "algebra": set(),
    "evaluate": {"algebra"},
    "library": {"algebra", "evaluate"},
    "text": CORE,
    "analysis": CORE,
    "theory": CORE | {"analysis"},
    "search": CORE | {"text", "theory"},
    "dialects": CORE,
    "faces": CORE | {"text", "analysis", "theory", "search", "dialects"},
}
"""What each room may import from, besides itself."""

HANDED = {
    ("__call__", "schedules.evaluate.record"),
    ("function", "schedules.evaluate.numbers"),
    ("values", "schedules.evaluate.grid"),
    ("__getitem__", "schedules.library.combinators"),
    ("__repr__", "schedules.text.expression"),
    ("describe", "schedules.faces.table"),
    ("plot", "schedules.faces.figure"),
    ("widget", "schedules.faces.widget"),
    ("_repr_html_", "schedules.faces.notebook"),
}
"""The imports that point up: in these methods of `schedules.algebra.handed`."""

ROOT = Path(PACKAGE).parent
INDEPENDENT = ("numpy", "array_api_compat", "schedules")
FRAMEWORKS = ("jax", "torch", "optax", "keras", "tensorflow", "matplotlib", "plotext", "hypothesis", "cupy", "dask")
DRAWN = {"algebra.handed", "faces.figure", "faces.terminal", "faces.notebook"}  # they name matplotlib

FILES = {name: path for name, path in PARTS.items() if not name.startswith("adapters.")}
ROOMS = sorted({name.partition(".")[0] for name in FILES if "." in name})
ADAPTERS = {name: path for name, path in PARTS.items() if name.startswith("adapters.")}


def room_of(name):
    """The room of a module, by its full name or that within the package."""
    return name.removeprefix("schedules.").partition(".")[0]


def ours(path, statements=at_import):
    """The modules of this package that a file imports, by the names within it; the package itself is ''."""
    for name in imported(path, statements):
        if name.partition(".")[0] == "schedules":
            inner = name.removeprefix("schedules").removeprefix(".")
            yield inner if inner in PARTS or f"{inner}.__init__" in PARTS else inner.rpartition(".")[0]


# -- which way imports point ---------------------------------------------------------------------------


def test_every_room_is_known():
    assert set(ROOMS) <= BELOW.keys() | {"__init__", "__main__"}


@pytest.mark.parametrize("name", sorted(name for name in FILES if "." in name))
def test_imports_point_one_way(name):
    room = room_of(name)
    found = set(ours(FILES[name], everywhere))
    if name == "algebra.handed":  # its lazy imports are listed below
        found = set(ours(FILES[name]))
    if name == "faces.cli":
        found -= {""}  # for the version
    assert {room_of(other) for other in found} <= BELOW[room] | {room}


def test_the_imports_that_point_up_are_those_of_the_methods_that_hand_on():
    found = set()
    (handed,) = (node for node in ast.parse(PARTS["algebra.handed"].read_text()).body if isinstance(node, ast.ClassDef))
    for method in handed.body:
        if isinstance(method, ast.FunctionDef):
            for statement in ast.walk(method):
                if isinstance(statement, ast.ImportFrom):
                    found.add((method.name, name_of(statement, PARTS["algebra.handed"])))
    assert found - {("__array_ufunc__", "schedules.algebra.nodes")} == HANDED


@pytest.mark.parametrize("statements", [at_import, everywhere])
def test_no_modules_import_each_other_in_a_circle(statements):
    graph = {name: {other for other in ours(path, statements) if other in FILES} for name, path in FILES.items()}
    if statements is everywhere:
        graph["algebra.handed"] = set()
        graph["faces.cli"] = graph["faces.cli"] - {""}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(FILES)


@pytest.mark.parametrize("name", sorted(name for name in FILES if room_of(name) not in ("faces", "__main__")))
def test_nothing_but_numpy_is_needed(name):
    for found in imported(FILES[name]):
        top = found.partition(".")[0]
        assert top in INDEPENDENT or top in sys.stdlib_module_names, found


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_module_imports_a_framework_even_lazily(name):
    allowed = ("matplotlib", "plotext") if name in DRAWN else ()
    tops = {found.partition(".")[0] for found in imported(FILES[name], everywhere)}
    assert not tops & (set(FRAMEWORKS) - set(allowed))


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_adapters_use_the_public_package_only(name):
    names = set(imported(ADAPTERS[name], everywhere))
    public = {f"schedules.{item}" for item in schedules.__all__} | {"schedules"}
    rooms = ("schedules.algebra.tree.", "schedules.dialects.", "schedules.adapters.")
    inside = {found for found in names if found.partition(".")[0] == "schedules" and not found.startswith(rooms)}
    assert inside <= public
    others = {found.partition(".")[0] for found in names} - sys.stdlib_module_names - {"schedules", "numpy"}
    brought = {"jax", "pydantic", "jsonargparse"}  # by Optax and Keras, by axolotl, by the CLI of Lightning
    assert len(others - brought) <= 1, "one adapter, one framework, and what that brings"


def test_imports_are_read_from_the_statements(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import os, a.b\nfrom schedules.text import y\nfrom schedules import cosine\n"
        "if TYPE_CHECKING:\n    import jax\nelse:\n    import c\n"
        "try:\n    import d\nexcept ImportError:\n    import e\n"
        "class K:\n    import f\n    def m(self):\n        import torch\ndef g():\n    from schedules.faces import z\n"
    )
    names = {"os", "a.b", "schedules.cosine", "schedules.text.y", "c", "d", "e", "f"}
    assert set(imported(path)) == names
    assert set(imported(path, everywhere)) == names | {"jax", "torch", "schedules.faces.z"}
    assert set(ours(path)) == {"", "text"}


def test_relative_imports_are_resolved():
    found = set(imported(PARTS["evaluate.fold"]))
    assert "schedules.algebra.bounds.cut" in found
    assert set(ours(PARTS["evaluate.fold"])) == {f"algebra.{name}" for name in ("bounds", "checks", "named", "nodes")}


def test_every_module_can_be_imported_first():
    names = sorted(f"schedules.{name.removesuffix('.__init__')}" for name in FILES if not name.startswith("__"))
    code = (
        "import importlib, sys\n"
        f"for name in {names}:\n"
        "    for known in [known for known in sys.modules if known.partition('.')[0] == 'schedules']:\n"
        "        del sys.modules[known]\n"
        "    print(importlib.import_module(name).__name__)"
    )
    assert run(code).split() == names


# -- that it can be read -------------------------------------------------------------------------------


def lines(path):
    """How many lines a file has."""
    return len(path.read_text().splitlines())


def test_the_heart_is_read_in_one_sitting():
    assert lines(PARTS["algebra.nodes"]) + lines(PARTS["evaluate.fold"]) < 450


@pytest.mark.parametrize("name", sorted(PARTS))
def test_no_file_is_long(name):
    if room_of(name) != "dialects":
        assert lines(PARTS[name]) <= 500


@pytest.mark.parametrize("name", sorted(PARTS))
def test_no_function_is_long(name):
    for node in ast.walk(ast.parse(PARTS[name].read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("room", [room for room in ROOMS if f"{room}.__init__" in FILES])
def test_a_room_says_what_it_is_for_and_holds_no_logic(room):
    """What is asked for by the name of its room is imported there."""
    tree = ast.parse(FILES[f"{room}.__init__"].read_text())
    assert ast.get_docstring(tree)
    rest = [node for node in tree.body[1:] if not isinstance(node, ast.ImportFrom)]
    assert [ast.unparse(node)[:9] for node in rest] == ["__all__ ="] * (room == "theory")


def test_one_word_means_one_thing():
    """No two rooms, and no two files of a room, define the same public name."""
    defined = Counter()
    for name, path in FILES.items():
        if room_of(name) != "dialects":
            tree = ast.parse(path.read_text())
            defined.update(n.name for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef))
    assert {name: count for name, count in defined.items() if count > 1 and not name.startswith("_")} == {}


def test_the_guide_for_contributors_is_short():
    assert lines(ROOT / "CONTRIBUTING.md") < 80


WRITTEN = [path for place in (".", "docs", "docs/guides", "docs/explanation") for path in (ROOT / place).glob("*.md")]
"""The pages that are written by hand; others are made by ``python -m docs``."""


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_prose_is_as_wide_as_code(path):
    """Tables and blocks are as wide as they are."""
    prose = re.sub(r"(?ms)^```.*?^```", "", path.read_text(encoding="utf-8"))
    assert [line for line in prose.splitlines() if len(line) > 120 and not line.startswith("|")] == []
