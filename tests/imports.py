"""What the files of the package import, read from their statements."""

import ast
import subprocess
import sys
from pathlib import Path

import schedules

PACKAGE = Path(schedules.__file__).parent
PARTS = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for folder in (PACKAGE, *(child for child in PACKAGE.iterdir() if child.is_dir()))
    for path in sorted(folder.glob("*.py"))
}
"""Every file of the package, by the name of its module within it."""


def at_import(tree):
    """The import statements that run when a module is loaded: none in functions, none for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from (found for branch in node.orelse for found in at_import(ast.Module([branch], [])))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from at_import(node)


def everywhere(tree):
    """All the import statements of a module."""
    return ast.walk(tree)


def name_of(node, path):
    """The full name of the module that a ``from`` statement names."""
    if not node.level:
        return node.module
    home = ("schedules", *path.relative_to(PACKAGE).with_suffix("").parts)[: -node.level]
    return ".".join((*home, *filter(None, (node.module,))))


def imported(path, statements=at_import):
    """The full names of what the statements of a file import."""
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name_of(node, path)
            inside = base.partition(".")[0] == "schedules"
            yield from (f"{base}.{alias.name}" for alias in node.names) if inside else (base,)


def run(code, *options):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
