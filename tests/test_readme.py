"""The README: its blocks run (the two set-up commands in the continuous check), and it stays short."""

import re
from pathlib import Path

import matplotlib as mpl
from blocks import blocks, read

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SETUP = tuple(code for language, code in blocks(README) if language == "sh" and "python3 -m venv" in code)


def test_every_block_runs(tmp_path):
    mpl.use("Agg")
    read(README, tmp_path, skip=SETUP)


def test_every_block_is_of_a_language_that_runs():
    assert {language for language, _ in blocks(README)} == {"python", "sh"}


def test_the_set_up_commands_come_first_and_are_checked():
    assert tuple(code for language, code in blocks(README) if language == "sh")[:2] == SETUP
    assert re.findall(r'eval "\$\(readme (\d)\)"', (ROOT / ".ci/run").read_text()) == ["1", "2"]


def test_it_is_read_in_one_sitting():
    assert len(README.read_text().splitlines()) <= 250
