"""The example of the documentation, with fewer training runs than there: a law, its gradient, and what it finds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from schedules import parse

ROOT = Path(__file__).parent.parent


def test_the_schedule_found_trains_better(tmp_path):
    picture = tmp_path / "loss_law.png"
    command = [sys.executable, "-m", "benchmarks.loss_law", "--seeds", "16", "--output", str(picture)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\w[\w ]*?) +(0\.\d+) +(0\.\d+) +([\d.]+)%", done.stdout, re.MULTILINE)
    real = {name: float(loss) for name, loss, _, _ in rows}
    predicted = {name: float(loss) for name, _, loss, _ in rows}
    errors = {name: float(error) for name, _, _, error in rows}
    assert predicted["found"] < predicted["wsd"] < predicted["cosine"]
    assert real["found"] < 0.95 * real["cosine"]
    assert max(errors.values()) < 15  # percent; a mean of 16 runs is rough
    found = parse(done.stdout.rpartition(": ")[2].strip())
    assert found.steps == 4_000
    assert 0 < found(3_999) < 0.5 * found(2_000)
    assert found(2_000) == pytest.approx(found(200), rel=0.05)
    assert picture.stat().st_size > 10_000
