"""What type checkers say of what users write, and what signatures and names show."""

import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from blocks import scripts

import schedules as sc
from schedules.algebra.named import MAKERS
from schedules.dialects import timm, torch

ROOT = Path(__file__).parents[2]


CONFIG = """
[mypy]
strict = True
follow_imports = skip
[mypy-schedules.*,numpy.*]
follow_imports = silent
[mypy-optax.*,keras.*]
ignore_missing_imports = True
[mypy-{guides}]
disallow_subclassing_any = False
disallow_untyped_decorators = False
warn_return_any = False
"""


def test_mypy_is_content(tmp_path):
    """In strict mode; a complaint that is expected is named at its line, and one that does not come is one more.

    So it is with all guides, but that frameworks take minutes to read, and are anything here: pyright reads them.
    """
    written = scripts(tmp_path)
    assert len(written) >= 16
    config = tmp_path / "mypy.ini"
    config.write_text(CONFIG.format(guides=",".join(path.stem for path in written)))
    files = [Path(__file__).with_name("typed.py"), *written]
    command = [sys.executable, "-m", "mypy", "--config-file", config, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout


def test_what_they_see_is_what_runs():
    MAKERS.pop("own_recipe", None)  # as the module was imported in search of doctests
    scope = runpy.run_path(str(Path(__file__).with_name("typed.py")))
    assert isinstance(scope["lr"](3), float)
    assert scope["lrs"](np.arange(3)).dtype == float


OURS = [maker for maker in MAKERS.values() if maker.__module__.startswith("schedules.")]
MADE = [*OURS, sc.constant, sc.total_updates, sc.Plateau, torch.OneCycleLR, timm.CosineLRScheduler]


@pytest.mark.parametrize("function", MADE, ids=lambda function: function.__name__)
def test_signatures_are_for_people(function):
    text = str(inspect.signature(function))
    assert not [word for word in (" at 0x", "Kind", "Annotated", "_empty", "typing.") if word in text]
    assert text.count(":") >= len(inspect.signature(function).parameters)


def test_two_signatures():
    assert str(inspect.signature(sc.wsd)) == (
        "(peak: float, steps: float, *, warmup: float, cooldown: float, start: float = 0.0, end: float = 0.0, "
        "shape: Callable[[float, float, float], Schedule] = linear) -> Schedule"
    )

    @sc.named
    def half(s: sc.Schedule, at: "sc.Steps | None" = None, *, of=sc.linear) -> sc.Schedule:  # noqa: ARG001 -- of no use
        return s / 2

    assert str(inspect.signature(half)) == "(s: Schedule, at: sc.Steps | None = None, *, of=linear) -> Schedule"
    del MAKERS["half"]


def test_names_are_the_public_ones():
    assert dir(sc) == sorted(sc.__all__)
    assert all(hasattr(sc, name) for name in dir(sc))
