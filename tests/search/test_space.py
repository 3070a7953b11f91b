"""Spaces: what their texts say, what is drawn from them, and what the engines are told."""

import json
import pickle
from collections import Counter

import pytest

import schedules as sc
from schedules import ScheduleError, parse
from schedules.search import Space, screen
from schedules.theory import LAWS, best_scale

TEXT = """choice(
    cosine_warmup(loguniform(1e-5, 3e-3), steps, warmup=randint(10, 2_000)),
    wsd(loguniform(1e-5, 3e-3), steps, warmup=0.02 * steps, cooldown=uniform(0.1, 0.5) * steps,
        shape=choice(linear, cosine, one_minus_sqrt)))"""
SPACE = Space(TEXT, steps=6_000)
SPACES = [
    SPACE,
    Space("linear(0, loguniform(1e-5, 1e-2, name='peak'), 100) >> cosine(loguniform(1e-5, 1e-2, name='peak'), 0, 900)"),
    Space("uniform(0.5, 1) * sgdr(uniform(0.1, 0.2), randint(5, 50), randint(1, 4))"),
    Space("choice(0.1, 0.2, 0.4) * constant(1.0, steps=100) >> linear(0.1, 0.0, uniform(10, 100))"),
    Space("cosine(1.0, 0.0, 100)"),
]


def test_draws_are_called_by_their_places():
    names = ["choice", "0.cosine_warmup.peak", "0.cosine_warmup.warmup"]
    names += [f"1.wsd.{argument}" for argument in ("peak", "cooldown", "shape")]
    assert sorted(SPACE.draws) == sorted(names)
    assert SPACE.draws["choice"].options == ("cosine_warmup", "wsd")
    assert SPACE.draws["1.wsd.shape"].options == ("linear", "cosine", "one_minus_sqrt")
    assert SPACE.draws["1.wsd.shape"].when == (("choice", "wsd"),)
    assert list(SPACES[1].draws) == ["peak"]
    assert list(Space("cosine(uniform(0, 1), 0, 9) >> cosine(uniform(0, 1), 0, 9)").draws) == [
        "cosine.start",
        "cosine.start_2",
    ]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_samples_are_schedules_of_the_space(space):
    found = [space.sample(seed) for seed in range(20)]
    assert found == [space.sample(seed) for seed in range(20)]
    for s in found:
        assert parse(repr(s)) == s
        assert space.contains(s)
    assert len(set(found)) == (20 if len(space.draws) else 1)
    assert not any(space.contains(1.01 * s + 1e-3) for s in found[:3])
    assert pickle.loads(pickle.dumps(space)).sample(3) == found[3]  # noqa: S301 -- our own data


def test_one_name_is_one_draw():
    for seed in range(5):
        s = SPACES[1].sample(seed)
        assert s.parts[0].arguments["end"] == s.parts[1].arguments["start"]
    with pytest.raises(ScheduleError, match=r"at character 33: .*another draw has the name 'x'"):
        Space("linear(uniform(0, 1, name='x'), uniform(0, 2, name='x'), 9)")


def test_what_is_outside_is_not_contained():
    assert SPACE.contains(sc.cosine_warmup(1e-3, 6_000, warmup=2_000))
    assert SPACE.contains(sc.wsd(3e-3, 6_000, warmup=120, cooldown=600, shape=sc.cosine))
    for outside in (
        sc.cosine_warmup(1e-3, 6_000, warmup=2_001),
        sc.cosine_warmup(4e-3, 6_000, warmup=100),
        sc.cosine_warmup(1e-3, 6_001, warmup=100),
        sc.wsd(1e-3, 6_000, warmup=120, cooldown=600, shape=sc.rex),
        sc.wsd(1e-3, 6_000, warmup=120, cooldown=599),
        sc.cosine(1e-3, 0.0, 6_000),
    ):
        assert not SPACE.contains(outside)
    assert not SPACES[2].contains(0.7 * sc.sgdr(0.15, 20, 5))


@pytest.mark.parametrize(
    "text",
    [
        "repeat(cosine(uniform(0.1, 1), 0, 10), randint(1, 5))",
        "warmup(cosine(uniform(0.1, 1), 0, 10), randint(0, 2))",
        "wsd(uniform(0.1, 1), 100, warmup=randint(0, 4), cooldown=uniform(0, 0.5) * 100)",
        "cycle(linear(0, 1, randint(1, 3)))",
        "polynomial(0.1, 0, 100, power=randint(1, 3))",
    ],
)
def test_numbers_that_change_the_form_are_found(text):
    space = Space(text)
    for s in (*space.grid(3), *map(space.sample, range(6))):
        assert space.contains(s)
        assert not space.contains(1.01 * s + 1e-3)


def test_a_grid_is_every_combination():
    found = list(SPACE.grid(3))
    assert len(found) == len(set(found)) == 3 * 3 + 3 * 3 * 3
    assert all(map(SPACE.contains, found))
    assert {s.arguments["warmup"] for s in found[:9]} == {10, 1_005, 2_000}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cosine(uniform(0, 1), 0, steps)", "at character 26: 'steps': no schedule of this name.*give steps="),
        ("choice(linear(0, 1, 9), cosin(1, 0, 9))", "at character 25: .*did you mean cosine"),
        ("choice(linear(0, 1, 9), cosine(1, 0, -9))", "at character 25: .*duration is a finite number"),
        ("cosine(uniform(2, 1), 0, 9)", "at character 8: .*2 to 1 is no range"),
        ("cosine(loguniform(0, 1), 0, 9)", "at character 8: .*begins above 0"),
        ("cosine(uniform(1), 0, 9)", "at character 8: .*write uniform"),
        ("cosine(1, 0, randint(1.5, 3))", "at character 14: .*whole numbers"),
        ("cosine(uniform(0, uniform(1, 2)), 0, 9)", "at character 8: .*no draws for its ends"),
        ("cosine(choice(), 0, 9)", "at character 8: .*list what to choose from"),
        ("cosine(uniform(0, 1, label='x'), 0, 9)", "at character 8: .*name='...' and nothing else"),
        ("cosine(uniform, 0, 9)", "at character 8: 'uniform'"),
        ("cosine(uniform(0, 1), 0, 9", "parse: at character"),
        ("wsd(1, 100, warmup=0, cooldown=50, shape=choice(linear, 5))", "parse: at character 1: .*shape"),
    ],
)
def test_faults_have_their_positions(text, words):
    with pytest.raises(ScheduleError, match=words):
        Space(text)


def test_bounds_may_use_names():
    space = Space("cosine_warmup(lr, steps, warmup=randint(0, steps // 10))", lr=1e-3, steps=1_000)
    assert space.draws["cosine_warmup.warmup"].high == 100
    with pytest.raises(ScheduleError, match="name is taken"):
        Space("cosine(1, 0, 9)", cosine=1)


def test_a_config_fills_the_space():
    flat = {"choice": "wsd", "1.wsd.peak": 1e-3, "1.wsd.cooldown": 0.25, "1.wsd.shape": "cosine"}
    nested = {"choice": "wsd", "1": {"wsd": {"peak": 1e-3, "cooldown": 0.25, "shape": "cosine"}}}
    expected = sc.wsd(1e-3, 6_000, warmup=120, cooldown=1_500, shape=sc.cosine)
    assert SPACE.fill(flat) == SPACE.fill(json.loads(json.dumps(nested))) == expected
    with pytest.raises(ScheduleError, match=r"it has no 1\.wsd\.shape, a choice"):
        SPACE.fill({key: value for key, value in flat.items() if key != "1.wsd.shape"})
    with pytest.raises(ScheduleError, match=r"1\.wsd\.cooldown=0\.6: this is from 0.1 to 0.5"):
        SPACE.fill(flat | {"1.wsd.cooldown": 0.6})
    with pytest.raises(ScheduleError, match=r"choice=.sgdr.: this is 'cosine_warmup' or 'wsd'"):
        SPACE.fill(flat | {"choice": "sgdr"})


def test_hydra_reads_its_overrides():
    from hydra.core.override_parser.overrides_parser import OverridesParser

    overrides = OverridesParser.create().parse_overrides([f"{key}={value}" for key, value in SPACE.hydra().items()])
    kinds = {override.key_or_group: override for override in overrides}
    assert set(kinds) == set(SPACE.draws)
    assert all(override.is_sweep_override() for override in overrides)
    peak = kinds["1.wsd.peak"].value()
    assert (peak.start, peak.end, peak.tags) == (1e-5, 3e-3, {"log"})
    assert kinds["1.wsd.shape"].value().list == ["linear", "cosine", "one_minus_sqrt"]


def test_wandb_is_told_of_every_draw():
    found = SPACE.wandb()
    assert found["_0.cosine_warmup.warmup"] == {"distribution": "int_uniform", "min": 10, "max": 2_000}
    assert found["choice"] == {"values": ["cosine_warmup", "wsd"]}
    assert {name.removeprefix("_") for name in found} == set(SPACE.draws)


def test_screening_keeps_what_is_predicted_best():
    found = screen(SPACE, 60, best=5)
    scores = [best_scale(SPACE.sample(seed)).bound for seed in range(60)]
    assert [score for _, score in found] == sorted(scores)[:5]
    law = LAWS["400M"]
    best, score = screen(SPACE, 60, law=law, best=1)[0]
    assert score == min(law.predict(SPACE.sample(seed), 5_999) for seed in range(60)) == law.predict(best, 5_999)


def test_whole_numbers_below_zero_are_drawn_as_often_as_others():
    (draw,) = Space("constant(randint(-3, 2), steps=9)").draws.values()
    assert Counter(draw.at(k / 600) for k in range(600)) == dict.fromkeys(range(-3, 3), 100)
    assert draw.points(3) == [-3, 0, 2]
    assert draw.points(99) == list(range(-3, 3))
