"""What is shipped, what it loads, and which way its imports point."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import FunctionType

import pytest

import schedules

ROOT = Path(__file__).parent.parent
PACKAGE = Path(schedules.__file__).parent

# what each module may import from this package when it is loaded; its methods may reach further, lazily
CORE = {"check", "ops", "core"}
ALGEBRA = CORE | {"curves", "combinators"}
BELOW = {
    "check": set(),
    "ops": set(),
    "core": {"check", "ops"},
    "tree": CORE,
    "evaluate": CORE | {"tree"},
    "grid": CORE | {"tree", "evaluate"},
    "curves": CORE,
    "combinators": CORE | {"curves"},
    "recipes": ALGEBRA,
    "plateau": ALGEBRA,
    "formula": ALGEBRA | {"tree", "evaluate"},
    "export": ALGEBRA | {"tree", "evaluate", "formula"},
    "spans": ALGEBRA | {"tree", "evaluate", "formula"},
    "analysis": ALGEBRA | {"tree", "evaluate", "formula", "grid", "spans"},
    "text": ALGEBRA | {"recipes"},
}
FACES = {"plot", "cli", "__main__"}
PUBLIC = {"__init__"}
INDEPENDENT = ("numpy", "array_api_compat", "schedules")
FRAMEWORKS = ("jax", "torch", "optax", "keras", "tensorflow", "matplotlib", "plotext", "hypothesis", "cupy", "dask")

MODULES = {path.stem: path for path in PACKAGE.glob("*.py")}
ADAPTERS = {path.stem: path for path in (PACKAGE / "adapters").glob("*.py")}
DIALECTS = {path.stem: path for path in (PACKAGE / "dialects").glob("*.py")}


def at_import(tree):
    """The import statements that run when a module is loaded: none in functions, none for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from (found for branch in node.orelse for found in at_import(ast.Module([branch], [])))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from at_import(node)


def imported(path, statements=at_import):
    """The full names of the modules that the statements of a file import."""
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, ["schedules" if node.level else "", node.module]))
            yield from (f"schedules.{a.name}" for a in node.names) if base == "schedules" else (base,)


def everywhere(tree):
    """All the import statements of a module."""
    return ast.walk(tree)


def siblings(path):
    """The modules of this package that a file imports when loaded; what is no module is a name of the package."""
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "schedules":
            head = rest.partition(".")[0]
            yield head if head in MODULES or head in ("adapters", "dialects") else "__init__"


# -- imports point one way -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MODULES.keys() - FACES - PUBLIC))
def test_imports_point_one_way(name):
    assert name in BELOW, "a new module: say here what lies below it"
    assert set(siblings(MODULES[name])) <= BELOW[name]


def test_the_order_is_an_order():
    for name, below in BELOW.items():
        for other in below:
            assert BELOW[other] < below, f"{name} imports {other}, and so whatever {other} imports"


def test_nothing_lies_above_the_faces():
    for name in MODULES.keys() - FACES - PUBLIC:
        assert not FACES & set(siblings(MODULES[name]))
    assert not FACES & set(siblings(MODULES["__init__"]))


def test_imports_are_read_from_the_statements(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import os, a.b\nfrom .core import x\nfrom . import grid, cosine\nfrom schedules.text import y\n"
        "if TYPE_CHECKING:\n    import jax\nelse:\n    import c\n"
        "try:\n    import d\nexcept ImportError:\n    import e\n"
        "class K:\n    import f\n    def m(self):\n        import torch\ndef g():\n    from .plot import z\n"
    )
    names = {"os", "a.b", "schedules.core", "schedules.grid", "schedules.cosine", "schedules.text", "c", "d", "e", "f"}
    assert set(imported(path)) == names
    assert set(imported(path, everywhere)) == names | {"jax", "torch", "schedules.plot"}
    assert set(siblings(path)) == {"core", "grid", "text", "__init__"}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - FACES))
def test_the_algebra_imports_nothing_but_numpy(name):
    for found in imported(MODULES[name]):
        top = found.partition(".")[0]
        assert top in INDEPENDENT or top in sys.stdlib_module_names, found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_module_imports_a_framework_even_lazily(name):
    allowed = ("matplotlib", "plotext") if name in FACES or name == "core" else ()
    tops = {found.partition(".")[0] for found in imported(MODULES[name], everywhere)}
    assert not tops & (set(FRAMEWORKS) - set(allowed))


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_dialects_are_pure(name):
    found = set(imported(DIALECTS[name], everywhere))
    own = {module.removeprefix("schedules.") for module in found if module.startswith("schedules.")}
    assert own <= ALGEBRA | {"recipes", "plateau"} | DIALECTS.keys()
    assert {module.partition(".")[0] for module in found} <= sys.stdlib_module_names | {"numpy", "schedules"}


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_adapters_use_the_public_package_only(name):
    names = set(imported(ADAPTERS[name], everywhere))
    public = (
        {f"schedules.{item}" for item in (*schedules.__all__, "tree")}
        | {"schedules", "schedules.dialects"}
        | {
            f"schedules.{folder}.{name}"
            for folder, names in (("adapters", ADAPTERS), ("dialects", DIALECTS))
            for name in names
        }
    )
    assert {found for found in names if found.partition(".")[0] == "schedules"} <= public
    others = {found.partition(".")[0] for found in names} - sys.stdlib_module_names - {"schedules", "numpy"}
    assert len(others - {"jax"}) <= 1, "one adapter, one framework (Optax and Keras may bring JAX)"


def run(code, *options):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOADED = f"import sys; print([name for name in {FRAMEWORKS} if name in sys.modules])"


@pytest.mark.parametrize(
    "use",
    [
        "import schedules",
        "from schedules import *",
        "import schedules.adapters, schedules.adapters.numpy",
        "import schedules as s; x = s.parse('linear(0, 1, 5) >> cosine(1, 0, 5)'); x(3); x.values(); repr(x)",
        "import schedules as s, numpy as np; s.cycle(s.linear(0, 1, 5))(np.arange(9))",
        "import schedules as s, pickle; pickle.loads(pickle.dumps(s.wsd(1, 9, warmup=1, cooldown=2)))",
    ],
)
def test_no_framework_is_loaded(use):
    assert run(f"{use}; {LOADED}") == "[]"


def test_the_test_above_can_fail():
    assert run(f"import hypothesis; {LOADED}") == "['hypothesis']"


def test_frameworks_need_not_be_installed():
    block = f"import sys; sys.modules.update(dict.fromkeys({FRAMEWORKS}))"
    assert (
        run(f"{block}; import schedules as s; print(s.linear(0, 1, 4)(1), len(s.linear(0, 1, 4).values()))") == "0.25 4"
    )


def test_importing_warns_of_nothing_and_prints_nothing():
    assert run("import schedules, schedules.adapters.numpy, schedules.text, schedules.grid", "-W", "error") == ""


def test_every_module_can_be_imported_first():
    for name in sorted(MODULES.keys() - PUBLIC - {"__main__"}):
        assert importlib.util.find_spec(f"schedules.{name}") is not None
        assert run(f"import schedules.{name} as m; print(m.__name__)") == f"schedules.{name}"


# -- what is public ------------------------------------------------------------------------------------


def test_all_is_what_there_is():
    assert sorted(schedules.__all__) == schedules.__all__
    assert len(set(schedules.__all__)) == len(schedules.__all__)
    for name in schedules.__all__:
        assert hasattr(schedules, name)
    imported_names = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(MODULES["__init__"].read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert imported_names == set(schedules.__all__)


@pytest.mark.parametrize("name", schedules.__all__)
def test_public_names_are_documented(name):
    item = getattr(schedules, name)
    if isinstance(item, type | FunctionType):
        assert item.__doc__
        assert len(item.__doc__.splitlines()[0]) > 20


# -- what is shipped -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in the wheel, built from a copy of the sources without the network."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("schedules", "adapters"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = target.glob("*.whl")
    return path


def contents(wheel):
    """The paths in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_the_wheel_has_one_package(wheel):
    tops = {name.partition("/")[0] for name in contents(wheel)}
    assert tops == {"schedules", f"schedule_algebra-{schedules.__version__}.dist-info"}
    assert wheel.name == f"schedule_algebra-{schedules.__version__}-py3-none-any.whl"


def test_the_wheel_has_every_module(wheel):
    names = contents(wheel)
    assert len(set(names)) == len(names)
    expected = {f"schedules/{path.name}" for path in MODULES.values()}
    expected |= {f"schedules/adapters/{path.name}" for path in ADAPTERS.values()}
    expected |= {f"schedules/dialects/{path.name}" for path in DIALECTS.values()}
    found = {name for name in names if name.startswith("schedules/")}
    assert "schedules/adapters/numpy.py" in found
    assert found == expected | {"schedules/py.typed"}


def test_the_wheel_works_by_itself(wheel):
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import schedules, schedules.adapters.numpy as n; "
        "assert '.whl' in schedules.__file__, schedules.__file__; print(n.to_array(schedules.linear(0, 1, 4)))"
    )
    assert run(code, "-P") == "[0.   0.25 0.5  0.75]"


def test_the_wheel_says_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        lines = archive.read(name).decode().splitlines()
    always = {
        line.split()[1].partition(">")[0] for line in lines if line.startswith("Requires-Dist") and ";" not in line
    }
    assert always == {"numpy", "array-api-compat"}
    assert f"Version: {schedules.__version__}" in lines
    links = re.findall(r"\]\((.*?)\)", "".join(lines))
    assert len(links) > 4
    assert all(link.startswith("https://") for link in links), "the package index shows the README by itself"


def test_the_adapters_folder_is_the_package():
    assert (ROOT / "adapters").resolve() == (PACKAGE / "adapters").resolve()


def test_the_guide_for_contributors_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) < 40
