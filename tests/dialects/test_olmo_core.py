"""`schedules.dialects.olmo_core` against the live schedulers of OLMo-core: its module, out of its wheel."""

from enum import StrEnum
from functools import partial

import peers
import pytest
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import olmo_core as dialect

VERSION = "3.0.0"
PATH = ("olmo_core", "optim", "scheduler.py")


class Config:
    """What stands for the base of the library's configs, which reads and writes files."""


class Registrable:
    """What stands for the library's registry: it keeps the classes by name."""

    found: dict = {}  # noqa: RUF012 -- of all classes

    @classmethod
    def register(cls, name):
        return lambda kind: cls.found.setdefault(name, kind)


@pytest.fixture(scope="module")
def olmo(pytestconfig):
    source = peers.unpacked(pytestconfig, f"ai2-olmo-core=={VERSION}").joinpath(*PATH)
    bases = {"Config": Config, "Registrable": Registrable, "StrEnum": StrEnum}
    others = {"get_rank": lambda: 1, "OLMoConfigurationError": ValueError}
    return peers.definitions(source, **bases, **others, LR_FIELD="lr", INITIAL_LR_FIELD="initial_lr")


def agree(s, peer, lr, total, steps=None):
    found = [peer.get_lr(lr, step, total) for step in range((total if steps is None else steps) + 1)]
    assert_follows(s, found, peak=max(lr, *map(abs, found)))


rates = st.sampled_from([0.1, 1.0, 3e-4]) | st.floats(1e-4, 2.0)
totals = st.sampled_from([0, 1, 2, 3]) | st.integers(1, 90)
floors = st.sampled_from([0.0, 1e-6]) | st.floats(0.0, 9e-6)
alphas = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(0.0, 1.0)


@st.composite
def lengths(draw, name, total, *, least=1, most=None):
    """A length as a number or as a fraction."""
    most = total if most is None else most
    if draw(st.booleans()):
        return {name: draw(st.integers(least, max(most, least))), f"{name}_fraction": None}
    share = draw(st.sampled_from([0.1, 0.5]) | st.floats(0.0, 1.0))
    good = least <= round(total * share) <= max(most, least)
    return {name: None, f"{name}_fraction": share} if good else {name: least, f"{name}_fraction": None}


WARM = ("ConstantWithWarmup", "LinearWithWarmup", "InvSqrtWithWarmup", "CosWithWarmup", "HalfCosWithWarmup")


@pytest.mark.parametrize("name", WARM)
@given(data=st.data(), lr=rates, total=totals)
def test_warmups(olmo, name, data, lr, total):
    arguments = data.draw(lengths("warmup", total, most=total + 3)) | {"warmup_min_lr": data.draw(floors)}
    arguments |= {} if name == "ConstantWithWarmup" else {"alpha_f": data.draw(alphas)}
    agree(getattr(dialect, name)(lr, total, **arguments), getattr(olmo, name)(**arguments), lr, total, total + 9)


@pytest.mark.parametrize("name", ["WSD", "PowerLR", "CosWithWarmupAndLinearDecay"])
@given(data=st.data(), lr=rates, total=st.integers(2, 90))
def test_decays(olmo, name, data, lr, total):
    arguments = data.draw(lengths("warmup", total)) | data.draw(lengths("decay", total, most=total - 1))
    arguments |= {"warmup_min_lr": data.draw(floors)}
    if name == "PowerLR":
        arguments |= {"b": data.draw(st.sampled_from([-0.51, -1.0]) | st.floats(-2.0, -0.1))}
    elif name != "WSD":
        arguments |= {"alpha_f": data.draw(alphas.filter(bool))}
    own = data.draw(st.none() | totals) if name == "CosWithWarmupAndLinearDecay" else None
    s = getattr(dialect, name)(lr, total, **arguments, **({} if own is None else {"cosine_t_max": own}))
    peer = getattr(olmo, name)(**arguments, **({} if own is None else {"t_max": own}))
    try:
        agree(s, peer, lr, total)
    except ZeroDivisionError:
        assert name == "CosWithWarmupAndLinearDecay"  # where the cosine has no room


@given(data=st.data(), lr=rates, periods=st.lists(st.integers(4, 30), min_size=1, max_size=4))
def test_periods(olmo, data, lr, periods):
    arguments = data.draw(lengths("decay", min(periods), most=min(periods) // 2))
    arguments |= data.draw(lengths("warmup", periods[0], most=1))
    arguments |= {"period_lengths": periods, "warmup_min_lr": data.draw(floors), "decay_min_lr": data.draw(floors)}
    if data.draw(st.booleans()):
        arguments["period_lr_multipliers"] = data.draw(
            st.lists(st.floats(0.5, 2.0), min_size=len(periods), max_size=len(periods))
        )
    try:
        peer = olmo.WSDS(**arguments)
    except ValueError:
        with pytest.raises(ScheduleError):
            dialect.WSDS(lr, 1, **arguments)
        return
    try:
        agree(dialect.WSDS(lr, 1, **arguments), peer, lr, sum(periods), sum(periods) + 9)
    except ZeroDivisionError:
        assert min(map(peer._resolve_decay, periods)) == 0  # a decay of no step, by which the peer divides


@given(rates, totals, st.floats(1e-9, 1e-2))
def test_exponential(olmo, lr, total, low):
    s = dialect.ExponentialScheduler(lr, total, lr_min=low)
    agree(s, olmo.ExponentialScheduler(lr_min=low), lr, total, total + 9)


def test_constant(olmo):
    agree(dialect.ConstantScheduler(0.1, 9), olmo.ConstantScheduler(), 0.1, 9)


levels = st.sampled_from(["lr", "lr_fraction"]).flatmap(lambda kind: st.tuples(st.just(kind), alphas))


@st.composite
def stages(draw):
    found = []
    for _ in range(draw(st.integers(1, 4))):
        stage = {"duration": draw(st.integers(1, 20)), "shape": draw(st.sampled_from(["linear", "cosine"]))}
        for end in ("start", "end") if draw(st.booleans()) else ("end",):
            kind, level = draw(levels)
            stage[f"{end}_{kind}"] = level
        found.append(stage)
    return found


@st.composite
def decays(draw):
    kind, level = draw(levels)
    shape = draw(st.sampled_from(["linear", "cosine"]))
    return {
        "start": draw(st.integers(0, 40)),
        "duration": draw(st.integers(1, 20)),
        "shape": shape,
        f"end_{kind}": level,
    }


overrides = st.none() | decays()


def both(peer, override):
    """An override decay, as each library has it."""
    if override is None:
        return {}, {}
    return {"override_decay": dialect.OverrideDecay(**override)}, {"override_decay": peer.OverrideDecay(**override)}


@given(rates, stages(), overrides)
def test_composable(olmo, lr, given_stages, override):
    own, theirs = both(olmo, override)
    s = dialect.ComposableScheduler(
        lr, 1, stages=[dialect.ComposableSchedulerStage(**stage) for stage in given_stages], **own
    )
    peer = olmo.ComposableScheduler(stages=[olmo.ComposableSchedulerStage(**stage) for stage in given_stages], **theirs)
    agree(s, peer, lr, 1, 120)


runs = st.lists(st.tuples(st.sampled_from(WARM), st.integers(3, 20)), min_size=1, max_size=4)


@given(lr=rates, members=runs, override=overrides)
def test_sequential(olmo, lr, members, override):
    arguments = {"warmup": 2, "warmup_min_lr": 0.0}
    total, limits = sum(length for _, length in members), [length for _, length in members]
    own, theirs = both(olmo, override and override | {"start": min(override["start"], total)})
    make = [partial(getattr(dialect, name), **arguments) for name, _ in members]
    s = dialect.SequentialScheduler(lr, total, schedulers=make, schedulers_max=limits, **own)
    peers_ = [getattr(olmo, name)(**arguments) for name, _ in members]
    agree(s, olmo.SequentialScheduler(schedulers=peers_, schedulers_max=list(limits), **theirs), lr, total)


def test_there_are_no_further_schedulers(olmo):
    assert olmo.Scheduler is not None
    names = {kind.__name__ for kind in Registrable.found.values()}
    assert names == set(dialect.__all__) - {"ComposableSchedulerStage", "OverrideDecay"}
    assert len(names) == 13


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("CosWithWarmup", {}, "warmup=None: give this or warmup_fraction, one of them"),
        ("CosWithWarmup", {"warmup": 1, "warmup_fraction": 0.1}, "one of them"),
        ("CosWithWarmup", {"warmup": 1, "warmup_min_lr": 0.2}, "warmup_min_lr=0.2: it is below the learning rate"),
        ("WSD", {"warmup": 1, "decay": 5}, "decay=5: give this or decay_fraction"),
        ("PowerLR", {"warmup": 0}, "warmup=0: the peer divides by it"),
        ("PowerLR", {"warmup": 1, "b": 0.5}, "b=0.5: it is below zero"),
        ("PowerLR", {"warmup": 1, "decay_fraction": 1.0}, "decay=90: it leaves nothing"),
        ("CosWithWarmupAndLinearDecay", {"warmup": 1, "decay": 99, "decay_fraction": None}, "decay=99"),
        ("WSDS", {"period_lengths": [], "warmup": 1, "decay": 1}, "period_lengths=[]"),
        ("WSDS", {"period_lengths": [5], "warmup": 3, "decay": 3}, "decay=3: it does not fit into a period of 5"),
        ("WSDS", {"period_lengths": [9, 9], "warmup": 3, "decay": 3, "period_lr_multipliers": [1]}, "2 periods have 2"),
        ("ExponentialScheduler", {"lr_min": 0}, "lr_min=0"),
        ("ComposableScheduler", {"stages": []}, "stages=[]"),
        (
            "ComposableScheduler",
            {"stages": [dialect.ComposableSchedulerStage(9)]},
            "end_lr=None: give this",
        ),
        (
            "ComposableScheduler",
            {"stages": [dialect.ComposableSchedulerStage(9, end_lr=1, end_lr_fraction=1)]},
            "end_lr_fraction=1: give this or end_lr, not both",
        ),
        ("SequentialScheduler", {"schedulers": [], "schedulers_max": []}, "schedulers=[]"),
    ],
)
def test_errors_name_the_argument(name, arguments, message):
    with pytest.raises(ScheduleError) as caught:
        getattr(dialect, name)(0.1, 90, **arguments)
    assert message in str(caught.value)
