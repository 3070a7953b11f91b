"""What people type, and the remedy that the error names."""

import argparse
import math

import pytest

import schedules as sc

S = sc.cosine(1.0, 0.0, 10)


@pytest.mark.parametrize(
    ("mistake", "remedy"),
    [
        (lambda: S.step, "did you mean steps"),
        (lambda: S.get_last_lr, "schedules.adapters.torch.ScheduleLR has it"),
        (lambda: S.colour, "a schedule has no attribute 'colour'"),
        (lambda: sc.cosine(1.0, 0.0, stpes=10), "did you mean steps?"),
        (lambda: sc.wsd(1.0, 100, warmup=10, cooldwn=10), "did you mean cooldown?"),
        (lambda: sc.constant(1.0) if sc.Time() / 10 < 0.5 else S, "a[:500] >> b"),
        (lambda: S <= 0.5, "join parts in time"),
        (lambda: sc.parse("min(linear(0, 1, 9), 0.5)"), "did you mean minimum?"),
        (lambda: sc.parse("wsd(1, 9, warmup=1, cooldown=1, shape='sqrt')"), "did you mean one_minus_sqrt?"),
        (lambda: sc.parse("wsd(1, 9, warmup=1, cooldown=1, shape=sqrt)"), "did you mean the shape one_minus_sqrt"),
        (lambda: sc.wsd(1, 9, warmup=1, cooldown=1, shape="sqrt"), "did you mean one_minus_sqrt?"),
        (lambda: sc.wsd(1, 9, warmup=1, cooldown=1, shape=math.sqrt), "did you mean one_minus_sqrt?"),
        (lambda: sc.parse("'cosine(1, 0, 10)'"), "without quotes"),
        (lambda: sc.parse("cosine(1, 0, 10); linear(0, 1, 3)"), "join parts with >>"),
        (lambda: sc.parse("lr: cosine(1, 0, 10)"), "the expression alone, without a name"),
        (lambda: sc.parse("CosineAnnealingLR(0.1, 90)"), "mmengine.CosineAnnealingLR or torch.CosineAnnealingLR"),
        (lambda: sc.parse("get_wsd_schedule(0.1, 90)"), "did you mean transformers.get_wsd_schedule?"),
    ],
)
def test_an_error_names_the_remedy(mistake, remedy):
    with pytest.raises((sc.ScheduleError, AttributeError)) as caught:
        mistake()
    assert remedy in str(caught.value)


def test_a_list_of_parts_is_joined():
    assert sc.join([S, S[:5]], 0.1) == S >> S[:5] >> 0.1
    assert sc.parse("join([cosine(1.0, 0.0, 10), 0.1])") == S >> 0.1


def test_argparse_shows_the_message():
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--lr", type=sc.parse)
    assert parser.parse_args(["--lr", "cosine(1, 0, 10)"]).lr == S
    with pytest.raises(argparse.ArgumentError, match="did you mean cosine"):
        parser.parse_args(["--lr", "cosin(1, 0, 10)"])
