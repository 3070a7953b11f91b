"""Every block of code in the README runs; the two set-up commands are run by the continuous check."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
import readme_dialects

from schedules import Schedule, parse

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
SETUP = [code for language, code in BLOCKS if language == "sh" and "python3 -m venv" in code]
COMMANDS = [code for language, code in BLOCKS if language == "sh" and code not in SETUP]


def test_python_blocks_run_one_after_the_other():
    mpl.use("Agg")
    scope = {"__name__": "readme"}
    blocks = [code for language, code in BLOCKS if language == "python"]
    assert len(blocks) >= 5
    for code in blocks:
        exec(compile(code, "README.md", "exec"), scope)  # noqa: S102 -- our own README


@pytest.mark.parametrize("code", COMMANDS)
def test_commands_run(code, tmp_path):
    script = f'schedules() {{ "{sys.executable}" -m schedules "$@"; }}\n{code}'
    done = subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603, S607 -- our own README, by the shell that its reader has
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())


def test_every_block_is_of_a_language_that_runs():
    assert {language for language, _ in BLOCKS} == {"python", "sh"}


def test_the_set_up_commands_come_first_and_are_checked():
    shell = [code for language, code in BLOCKS if language == "sh"]
    assert shell[:2] == SETUP
    assert re.findall(r'eval "\$\(readme (\d)\)"', (ROOT / ".ci/run").read_text()) == ["1", "2"]


def test_the_tables_of_other_libraries_are_what_the_dialects_say():
    """Each call in them is run, and what it gives is written; ``python tests/readme_dialects.py`` writes them anew."""
    text = (ROOT / "README.md").read_text()
    found = text.partition(readme_dialects.BEGIN)[2].partition(readme_dialects.END)[0]
    assert found == readme_dialects.section()


@pytest.mark.parametrize("module", readme_dialects.modules(), ids=lambda module: module.__name__)
def test_what_the_tables_say_is_a_config(module):
    rows = [found for name in module.__all__ if (found := readme_dialects.row(module, name))]
    made = [value for _, value in rows if isinstance(value, Schedule)]
    assert len(made) >= 2
    assert all(parse(repr(s)) == s for s in made)
