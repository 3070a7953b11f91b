"""What is shipped, and what it loads."""

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import FunctionType

import pytest
from imports import PACKAGE, PARTS, run

import schedules

ROOT = Path(__file__).parent.parent
FRAMEWORKS = ("jax", "torch", "optax", "keras", "tensorflow", "matplotlib", "plotext", "hypothesis", "cupy", "dask")

# -- what is loaded ------------------------------------------------------------------------------------

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
    assert (
        run(
            "import schedules, schedules.adapters.numpy, schedules.text.expression, schedules.evaluate.grid",
            "-W",
            "error",
        )
        == ""
    )


# -- what is public ------------------------------------------------------------------------------------


def test_all_is_what_there_is():
    assert sorted(schedules.__all__) == schedules.__all__
    assert len(set(schedules.__all__)) == len(schedules.__all__)
    for name in schedules.__all__:
        assert hasattr(schedules, name)
    imported_names = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(PARTS["__init__"].read_text()))
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
    expected = {f"schedules/{name.replace('.', '/')}.py" for name in PARTS}
    expected |= {f"schedules/faces/editor/{path.name}" for path in (PACKAGE / "faces" / "editor").glob("*.js")}
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


def test_a_checkout_without_symbolic_links_has_its_adapters(tmp_path):
    for name in ("schedules", "adapters"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "schedules" / "adapters").unlink()
    (tmp_path / "schedules" / "adapters").write_text("../adapters")  # as Git writes a link where there are none
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import schedules.adapters.numpy as n; print(n.__file__)"
    assert run(code, "-P") == str(tmp_path / "adapters" / "numpy.py")


def test_the_source_distribution_has_all_that_the_tests_import(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(
        ROOT,
        source,
        symlinks=True,
        ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*.egg-info"),
    )
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        shipped = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("tests", "adapters", "schedules", "benchmarks"):
        written = {str(file.relative_to(ROOT)) for file in (ROOT / folder).rglob("*.py")}
        assert {name for name in written if not name.startswith("schedules/adapters/")} <= shipped
