"""`schedules.dialects.mmengine` against MMEngine's live schedulers, built and stepped as its runner does."""

import inspect

import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import mmengine as dialect

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of")  # no optimizer is stepped

VERSION = "0.10.7"
BEYOND = 12  # steps past the end
MODULES = ("param_scheduler", "lr_scheduler", "momentum_scheduler")


@pytest.fixture(scope="module")
def mmengine(pytestconfig):
    registry, *_ = peers.modules(
        peers.unpacked(pytestconfig, f"mmengine=={VERSION}"),
        "mmengine.registry",
        *(f"mmengine.optim.scheduler.{name}" for name in MODULES),
        around={"mmengine.optim": {"BaseOptimWrapper": "mmengine.optim.optimizer.base"}},
    )
    return registry.PARAM_SCHEDULERS.module_dict


def built(mmengine, config, optimizer, epoch_length):
    """A scheduler as the library builds it of a config."""
    given = dict(config)
    kind = mmengine[given.pop("type")]
    if given.pop("convert_to_iter_based", False):
        return kind.build_iter_from_epoch(optimizer=optimizer, epoch_length=epoch_length, **given)
    return kind(optimizer=optimizer, **given)


def live(mmengine, lr, configs, steps, epoch_length=1):
    """What the runner's hook leaves: it steps by iteration after each, by epoch after the last of an epoch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr, momentum=lr)
    schedulers = [built(mmengine, config, optimizer, epoch_length) for config in configs]
    (group,) = optimizer.param_groups
    found = [dict(group)]
    for step in range(1, steps + 1):
        for by_epoch in (False, True)[: 2 - bool(step % epoch_length)]:
            for scheduler in schedulers:
                if scheduler.by_epoch is by_epoch:
                    scheduler.step()
        found.append(dict(group))
    return found


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-6, 2.0)
shares = st.sampled_from([0.1, 0.5, 1.0]) | st.floats(0.01, 1.0)
lows = st.sampled_from([0.0, 1e-5]) | st.floats(1e-9, 1.0)
begins = st.sampled_from([0, 0, 1, 2]) | st.integers(0, 20)
lengths = st.sampled_from([1, 2, 3]) | st.integers(1, 40)
counts = st.sampled_from([1, 2, 3]) | st.integers(1, 20)
gammas = st.sampled_from([0.1, 0.5, 1.0, 0.0, -0.5]) | st.floats(0.01, 1.2)


@st.composite
def periods(draw):
    found = draw(st.lists(counts, min_size=1, max_size=4))
    weights = draw(st.lists(lows, min_size=len(found), max_size=len(found)))
    low = draw(st.sampled_from(["eta_min", "eta_min_ratio"]))
    return {"periods": found, "restart_weights": weights, low: draw(lows)}


FACTORS = {
    "ConstantLR": st.fixed_dictionaries({"factor": shares}),
    "ExponentialLR": st.fixed_dictionaries({"gamma": gammas}),
    "LinearLR": st.fixed_dictionaries({"start_factor": shares, "end_factor": shares | st.just(0.0)}),
    "MultiStepLR": st.fixed_dictionaries({"milestones": st.lists(st.integers(-2, 40), max_size=5), "gamma": gammas}),
    "StepLR": st.fixed_dictionaries({"step_size": counts, "gamma": gammas}),
}
OTHERS = {
    "CosineAnnealingLR": st.one_of(
        st.fixed_dictionaries({}, optional={"T_max": counts, "eta_min": lows}),
        st.fixed_dictionaries({"eta_min_ratio": lows}, optional={"T_max": counts}),
    ),
    "CosineRestartLR": periods(),
    "OneCycleLR": st.fixed_dictionaries(
        {
            "eta_max": rates,
            "pct_start": st.sampled_from([0.0, 0.3, 0.5]) | st.floats(0.0, 0.5),
            "anneal_strategy": st.sampled_from(["cos", "linear"]),
            "div_factor": st.floats(1.0, 50.0),
            "final_div_factor": st.floats(1.0, 1e4),
            "three_phase": st.booleans(),
        }
    ),
    "PolyLR": st.fixed_dictionaries({"eta_min": lows, "power": st.sampled_from([0.5, 1.0, 2.0]) | st.floats(0.1, 5.0)}),
}
SPACES = FACTORS | OTHERS


def config(name, arguments, begin, length):
    return arguments | {"type": name, "begin": begin, "end": begin + length}


def agree(mmengine, lr, configs, end, **options):
    epoch_length = options.get("epoch_length") or 1
    try:
        found = [group["lr"] for group in live(mmengine, lr, configs, end * epoch_length + BEYOND, epoch_length)]
    except ZeroDivisionError:
        reject()  # a phase of one cycle has no length
    s = dialect.build(lr, configs, **options)
    scale = max(lr, *(abs(float(x)) for c in configs for x in (c.get("eta_min") or 0, c.get("eta_max", 0))))
    assert_follows(s, found, peak=max(scale, *map(abs, found)))
    return s


@pytest.mark.parametrize("name", SPACES)
@given(data=st.data(), lr=rates, begin=begins, length=lengths)
def test_every_scheduler(mmengine, name, *, data, lr, begin, length):
    arguments = data.draw(SPACES[name])
    s = agree(mmengine, lr, [config(name, arguments, begin, length)], begin + length)
    assert getattr(dialect, name)(lr, **arguments, begin=begin, end=begin + length)(begin) == pytest.approx(s(begin))


@pytest.mark.parametrize("name", sorted(set(SPACES) - {"OneCycleLR"}))
@given(data=st.data(), lr=rates, begin=begins)
def test_without_an_end(mmengine, name, *, data, lr, begin):
    arguments = data.draw(SPACES[name])
    agree(mmengine, lr, [arguments | {"type": name, "begin": begin}], begin + 30)


@st.composite
def lists(draw, factors=True):
    """Schedulers that follow each other, with gaps or none; or factors, which may overlap."""
    names = draw(st.lists(st.sampled_from(sorted(FACTORS if factors else SPACES)), min_size=1, max_size=4))
    assume(names.count("OneCycleLR") < 2)
    begin, found = 0, []
    for name in names:
        begin = draw(begins) if factors else begin + draw(st.sampled_from([0, 0, 1, 5]))
        length = draw(lengths)
        found.append(config(name, draw(SPACES[name]), begin, length))
        begin += length
    return found


def last(configs):
    return max(c["end"] for c in configs)


@given(rates, lists(factors=False))
def test_lists_that_follow_each_other(mmengine, lr, configs):
    agree(mmengine, lr, configs, last(configs))


@given(rates, lists())
def test_lists_of_factors_that_overlap(mmengine, lr, configs):
    agree(mmengine, lr, configs, last(configs))


@given(lr=rates, configs=lists(factors=False) | lists(), epoch_length=st.integers(1, 4), converted=st.booleans())
def test_epochs_in_iterations(mmengine, *, lr, configs, epoch_length, converted):
    configs = [c | {"convert_to_iter_based": converted} for c in configs]
    agree(mmengine, lr, configs, last(configs), epoch_length=epoch_length)


@given(lr=rates, configs=lists(), epoch_length=st.integers(1, 4), data=st.data())
def test_epochs_and_iterations(mmengine, *, lr, configs, epoch_length, data):
    configs = [c | {"by_epoch": data.draw(st.booleans())} for c in configs]
    agree(mmengine, lr, configs, last(configs), epoch_length=epoch_length)


def test_a_cosine_of_no_floor_is_a_factor(mmengine):
    configs = [
        {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "end": 30},
        {"type": "CosineAnnealingLR", "end": 9},
        {"type": "PolyLR", "power": 0.9, "end": 12},
    ]
    agree(mmengine, 0.1, configs, 12, epoch_length=10)


def test_what_has_no_end_comes_to_that_of_the_run():
    configs = [{"type": "CosineAnnealingLR"}]
    assert dialect.build(0.1, configs, max_epochs=9) == dialect.CosineAnnealingLR(0.1, end=9)
    configs = [{"type": "PolyLR", "by_epoch": False}]
    assert dialect.build(0.1, configs, 10, max_epochs=9) == dialect.PolyLR(0.1, end=90)
    assert dialect.build(0.1, configs[0], max_iters=70) == dialect.PolyLR(0.1, end=70)


def test_momentum_and_learning_rate_in_one_list(mmengine):
    configs = [
        {"type": "LinearLR", "end": 6},
        {"type": "CosineAnnealingMomentum", "eta_min": 0.08, "end": 20},
        {"type": "StepParamScheduler", "param_name": "momentum", "step_size": 3, "begin": 20, "end": 30},
    ]
    found = live(mmengine, 0.1, configs, 40)
    assert_follows(dialect.build(0.1, configs), [group["lr"] for group in found])
    assert_follows(dialect.build(0.1, configs, param="momentum"), [group["momentum"] for group in found])


def test_there_are_no_further_schedulers(mmengine):
    names = {name for name in mmengine if name.endswith("LR")}
    assert names == set(dialect.__all__) - {"build"}
    for name in sorted(names - {"ReduceOnPlateauLR"}):
        kind = mmengine[name]
        bases = [base for base in kind.__mro__ if base.__name__.endswith("ParamScheduler")]
        theirs = [key for key in inspect.signature(bases[0]).parameters if key not in ("last_step", "verbose")]
        ours = list(inspect.signature(getattr(dialect, name)).parameters)
        assert sorted(ours[1:]) == sorted(theirs[2:])


@given(st.lists(st.sampled_from([0.5, 1.0, 1.0001, 2.0]), min_size=1, max_size=30), st.booleans(), st.data())
def test_plateaus(mmengine, metrics, greater, data):
    arguments = data.draw(
        st.fixed_dictionaries(
            {
                "factor": st.sampled_from([0.1, 0.5]),
                "patience": st.integers(0, 3),
                "threshold": st.sampled_from([0.0, 1e-3]),
                "threshold_rule": st.sampled_from(["rel", "abs"]),
                "cooldown": st.integers(0, 3),
                "min_value": st.sampled_from([0.0, 0.01]),
            }
        )
    ) | {"rule": "greater" if greater else "less"}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = mmengine["ReduceOnPlateauLR"](optimizer, **arguments)
    plateau = dialect.ReduceOnPlateauLR(0.1, **arguments)
    state = plateau.init()
    for metric in metrics:
        scheduler.step({"loss": metric})
        state = plateau.update(state, metric)
        assert plateau.apply(0.1, state) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize(
    ("configs", "options", "message"),
    [
        ({"type": "LinearLR", "begin": 5, "end": 5}, {}, "LinearLR: end=5: it comes after begin=5"),
        ({"type": "LinearLR", "start_factor": 0, "end": 5}, {}, "start_factor=0.0: the peer divides by it"),
        ({"type": "ConstantLR", "factor": 0, "end": 5}, {}, "factor=0.0: the peer divides by it"),
        ({"type": "LinearLR", "start_factor": 1.5}, {}, "start_factor=1.5"),
        ({"type": "LinearLr"}, {}, "build: type='LinearLr': this is one of ConstantLR"),
        ({"type": "ReduceOnPlateauLR"}, {}, "type='ReduceOnPlateauLR': it follows a metric"),
        ({"type": "StepLR", "step": 3}, {}, "StepLR: step=3: it has step_size, gamma"),
        ({"type": "StepLR", "step_size": 3, "lr": 0.1}, {}, "StepLR: lr=0.1"),
        ({"type": "CosineAnnealingLR", "eta_min": 0, "eta_min_ratio": 0.1}, {}, "give this or eta_min, not both"),
        ({"type": "CosineRestartLR", "periods": [9]}, {}, "eta_min=None: give this, or eta_min_ratio"),
        ({"type": "CosineRestartLR", "periods": [9, 9], "eta_min": 0}, {}, "restart_weights=(1.0,): give 2 of them"),
        ({"type": "CosineRestartLR", "periods": [0], "eta_min": 0}, {}, "periods=[0]: this is a list of whole"),
        ({"type": "StepLR", "step_size": 3, "convert_to_iter_based": True}, {}, "convert_to_iter_based=True"),
        ([{"type": "PolyLR", "end": 9}, {"type": "PolyLR", "by_epoch": False, "end": 9}], {}, "epoch_length=None"),
        (
            [{"type": "LinearLR", "end": 9}, {"type": "CosineAnnealingLR", "eta_min": 0.01, "end": 9}],
            {},
            "type='CosineAnnealingLR': it acts at the same time as another scheduler",
        ),
        ([{"type": "OneCycleLR", "end": 9}, {"type": "OneCycleLR", "begin": 9, "end": 18}], {}, "type='OneCycleLR'"),
        ([], {"epoch_length": 0}, "build: epoch_length=0"),
    ],
)
def test_errors_name_the_argument(configs, options, message):
    with pytest.raises(ScheduleError) as caught:
        dialect.build(0.1, configs, **options)
    assert message in str(caught.value)
