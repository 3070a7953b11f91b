"""What is said of libraries that are not there, or in another version than is needed."""

from importlib import metadata

import pytest

from schedules import ScheduleError
from schedules.algebra import checks


@pytest.mark.parametrize(
    ("version", "sign", "bound", "holds"),
    [
        ("6.1", ">=", "6.1", True),
        ("6.1.3", ">=", "6.1", True),
        ("6.0.9", ">=", "6.1", False),
        ("10.0", ">=", "9.2", True),
        ("7.0", "<", "7", False),
        ("6.9.9", "<", "7", True),
        ("2.1rc1", "<", "2.1", False),
    ],
)
def test_a_version_is_within_a_bound(version, sign, bound, holds):
    assert checks._within(version, sign, bound) is holds


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (["numpy<1"], "plot: numpy {} is installed, and numpy<1 is needed; pip install 'schedule-algebra[plot]'"),
        (["other<1", "numpy>=99,<100"], "plot: numpy {} is installed, and numpy>=99,<100 is needed; pip install "),
        (["numpy>=1,<99"], None),
        (["numpy"], None),
        (["numpy-other<1"], None),
        ([], None),
    ],
)
def test_another_version_is_told_from_the_one_that_is_needed(monkeypatch, tmp_path, needed, said):
    known = tmp_path / "schedule_algebra-0.dist-info" / "METADATA"
    known.parent.mkdir()
    known.write_text("\n".join(["Name: schedule-algebra", *(f"Requires-Dist: {one}" for one in needed)]))
    monkeypatch.syspath_prepend(tmp_path)  # as if installed with these needs
    checks._other_version.cache_clear()
    try:
        if said is None:
            assert checks.extra_module("numpy").__name__ == "numpy"
            return
        with pytest.raises(ScheduleError) as caught:
            checks.extra_module("numpy")
        assert str(caught.value).startswith(said.format(metadata.version("numpy")))
    finally:
        checks._other_version.cache_clear()
