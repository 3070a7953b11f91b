"""Several schedules side by side, in Python and on the command line."""

import pytest

import schedules as sc
from schedules import ScheduleError
from schedules.faces.cli import main
from schedules.theory import LAWS, best_scale, rank, update_shares

S = [sc.cosine(3e-4, 0.0, 900), sc.wsd(3e-4, 900, warmup=50, cooldown=200), sc.linear(3e-4, 0.0, 900)]


def test_rows_are_what_the_functions_say():
    rows = rank(S, law=LAWS["400M"])
    assert [row.loss for row in rows] == sorted(row.loss for row in rows)
    assert {row.schedule for row in rows} == set(S)
    for row in rows:
        s = row.schedule
        assert row.bound == pytest.approx(best_scale(s).bound / best_scale(S[2]).bound)
        assert row.area == pytest.approx(s.values().sum())
        assert row.start == pytest.approx(update_shares(s, 0.1).start)
        warmup = 50 if s is S[1] else 0
        assert row.loss == pytest.approx(LAWS["400M"].predict(s, 899, warmup=warmup))
    first = rank(S)[0]
    assert (first.schedule, first.loss) == (S[2], None)
    assert first[1:3] == pytest.approx((1.0, 1.0))  # relative to linear decay, which it is


def test_the_command_line_prints_the_table_and_draws(capsys, tmp_path):
    picture = tmp_path / "outlook.png"
    texts = [*map(repr, S), "torch.CosineAnnealingLR(3e-4, 900)"]
    assert main(["rank", *texts, "--steps", "900", "--law", "400M", "-o", str(picture)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["bound", "peak", "area", "start", "loss", "schedule"]
    assert len(lines) == 4
    assert lines[0].split()[5].startswith("wsd(")
    assert picture.stat().st_size > 10_000


def test_an_endless_schedule_needs_a_length():
    with pytest.raises(ScheduleError, match="endless; say how many"):
        rank([sc.inverse_sqrt(1.0, timescale=10)])
    assert rank([sc.inverse_sqrt(1.0, timescale=10)], 100)[0].bound > 1
