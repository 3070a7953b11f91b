"""`schedules.dialects.composer` against the live schedulers of Composer."""

import math
import warnings
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

import peers
import pytest
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError, stretch
from schedules.dialects import composer as dialect

VERSION = "0.32.1"
BEYOND = 12  # steps past the end


@pytest.fixture(scope="module")
def composer(pytestconfig):
    """The schedulers of Composer, and its notions of time."""
    times = "composer.core.time"
    return SimpleNamespace(
        **{
            name: value
            for module in peers.modules(
                peers.unpacked(pytestconfig, f"mosaicml=={VERSION}"),
                "composer.optim.scheduler",
                times,
                around={
                    "composer.utils": {"StringEnum": "composer.utils.string_enum"},
                    "composer.core": {"State": None, "Time": times, "TimeUnit": times},
                },
            )
            for name, value in vars(module).items()
            if not name.startswith("__")
        }
    )


FIELDS = {"ba": "batch", "sp": "sample", "tok": "token", "iter": "iteration"}


class Asked(NamedTuple):
    """A scheduler by its name and arguments, and the run that it is for."""

    name: str
    arguments: tuple
    run: dict
    keywords: Mapping = MappingProxyType({})

    def ours(self):
        return getattr(dialect, self.name)(*self.arguments, **self.keywords, **self.run)


def trainer(composer, run, **fields):
    """What a scheduler reads of its trainer, which has scaled the run."""
    whole = composer.Time.from_timestring(run["max_duration"]) * run.get("ssr", 1.0)
    return SimpleNamespace(max_duration=whole, dataloader_len=run["dataloader_len"], **fields)


def live(composer, asked, steps, unit="ba"):
    """What a live scheduler says in the course of a run; NaN where it divides by zero."""
    scheduler = getattr(composer, asked.name)(*asked.arguments, **asked.keywords)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no warmup
        for t in range(steps):
            state = trainer(composer, asked.run, timestamp=composer.Timestamp(**{FIELDS[unit]: t}))
            try:
                found.append(scheduler(state, asked.run.get("ssr", 1.0)))
            except ZeroDivisionError:
                found.append(math.nan)
    return found


def refused(composer, asked, steps):
    """Why a live scheduler refuses one of so many steps; empty if it does not."""
    try:
        live(composer, asked, steps)
    except ValueError as fault:
        return str(fault)
    return ""


def agree(composer, asked, unit="ba"):
    """Equal at every step of the run and beyond; returns ours, and the values that it has where the peer fails."""
    known = trainer(composer, asked.run).max_duration
    steps = BEYOND + known.value * (asked.run["dataloader_len"] if known.unit == composer.TimeUnit.EPOCH else 1)
    found = live(composer, asked, steps, unit)
    failed = [t for t, value in enumerate(found) if math.isnan(value)]
    s = asked.ours()
    assert_follows(s, found, apart=failed)
    return s, {s(t) for t in failed}


counts = st.sampled_from([0, 1, 2]) | st.integers(0, 60)
ratios = st.sampled_from([1.0, 0.5, 2.0, 0.1, 1.5]) | st.floats(0.3, 3.0)
alphas = st.sampled_from([0.0, 0.1, 1.0]) | st.floats(-1.0, 2.0)
gammas = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(-1.0, 1.5)
powers = st.sampled_from([0.5, 1.0, 2.0]) | st.floats(0.3, 3.0)
shares = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.2)


@st.composite
def runs(draw):
    """A run in epochs or batches, and texts of times in any of its units, the long ones no shorter than the run."""
    length = draw(st.integers(1, 5))
    run = {
        "max_duration": draw(st.integers(1, 12).map("{}ep".format) | st.integers(1, 60).map("{}ba".format)),
        "dataloader_len": length,
        "ssr": draw(ratios),
    }
    if int(int(run["max_duration"][:-2]) * run["ssr"]) == 0:
        run["ssr"] = 1.0
    times = counts.map("{}ba".format) | st.integers(0, 12).map("{}ep".format) | shares.map("{!r}dur".format)
    return run, times


@st.composite
def settings(draw, *kinds):
    """A run, and arguments of these kinds; ``"time"`` is any time."""
    run, times = draw(runs())
    strategies = {"time": times, "times": st.lists(times, max_size=4)}
    return run, [draw(strategies.get(kind, kind) if isinstance(kind, str) else kind) for kind in kinds]


PLAIN = {
    "StepScheduler": ("time", gammas),
    "MultiStepScheduler": ("times", gammas),
    "ConstantScheduler": (alphas, "time"),
    "LinearScheduler": (alphas, alphas, "time"),
    "ExponentialScheduler": (st.floats(0.05, 1.2), "time"),
    "CosineAnnealingScheduler": ("time", alphas),
    "PolynomialScheduler": (powers, "time", alphas),
}


def length(composer, text, run):
    """A time in whole steps, as the peer converts it."""
    return composer._convert_time(text, trainer(composer, run), run["ssr"]).value


@pytest.mark.parametrize("name", PLAIN)
@given(data=st.data())
def test_without_a_warmup(composer, name, data):
    run, arguments = data.draw(settings(*PLAIN[name]))
    asked = Asked(name, tuple(arguments), run)
    periods = arguments[PLAIN[name].index("time")] if name in ("StepScheduler", "ExponentialScheduler") else None
    if periods and not length(composer, periods, run):
        with pytest.raises(ScheduleError, match="it is rounded down to 0; make it longer"):
            asked.ours()
        return
    s, instead = agree(composer, asked)
    assert not instead or s.steps == 0  # a curve of no length is over


@given(settings("time", st.sampled_from([1.0, 1.5, 2, 2.0, 3.0, 0.5, 0.7, 0.0, 1.1]) | st.floats(0.0, 4.0), alphas))
def test_warm_restarts(composer, setting):
    run, (t_0, t_mult, alpha) = setting
    asked = Asked("CosineAnnealingWarmRestartsScheduler", (t_0, t_mult, alpha), run)
    if not length(composer, t_0, run):
        with pytest.raises(ScheduleError, match="it is rounded down to 0; make it longer"):
            asked.ours()
    elif why := refused(composer, asked, 200):
        assert "decayed to 0" in why
        s = asked.ours()
        assert_follows(s, live(composer, asked, int(s.steps)) + [alpha] * BEYOND)
    else:
        agree(composer, asked)


WARMED = {
    "ConstantWithWarmupScheduler": (alphas,),
    "LinearWithWarmupScheduler": (alphas, alphas),
    "CosineAnnealingWithWarmupScheduler": (),
    "PolynomialWithWarmupScheduler": (powers,),
}


@pytest.mark.parametrize("name", WARMED)
@given(data=st.data())
def test_with_a_warmup(composer, name, data):
    run, (t_warmup, scale_warmup, alpha, *arguments) = data.draw(settings("time", st.booleans(), alphas, *WARMED[name]))
    ends = st.integers(0, 200).map("{}ba".format) | st.floats(0.9, 2.0).map("{!r}dur".format)
    keywords = {"scale_warmup": scale_warmup} | data.draw(st.fixed_dictionaries({}, optional={"t_max": ends}))
    if name.startswith(("Cosine", "Polynomial")):
        keywords["alpha_f"] = alpha
    asked = Asked(name, (t_warmup, *arguments), run, keywords)
    if why := refused(composer, asked, 1):
        assert "must be greater than or equal to max_duration" in why
        with pytest.raises(ScheduleError, match="it ends before max_duration"):
            asked.ours()
        return
    peak = arguments[0] if name.startswith(("Constant", "Linear")) else 1.0
    _, instead = agree(composer, asked)
    assert not instead or (scale_warmup and instead == {peak})  # of a warmup that is scaled down to no length


@given(settings("time", "times", gammas, st.booleans()))
def test_milestones_after_a_warmup(composer, setting):
    run, arguments = setting
    _, instead = agree(composer, Asked("MultiStepWithWarmupScheduler", tuple(arguments), run))
    assert not instead or (arguments[-1] and instead == {1.0})


@pytest.mark.parametrize("unit", ["sp", "tok", "iter"])
def test_other_units(composer, unit):
    run = {"max_duration": f"1e2{unit}", "dataloader_len": 7, "ssr": 0.5}
    for name, arguments in {
        "LinearWithWarmupScheduler": (f"10{unit}",),
        "CosineAnnealingWithWarmupScheduler": ("0.1dur", f"120{unit.upper()}"),
        "MultiStepScheduler": (["0.1dur", f"70{unit}"],),
        "CosineAnnealingWarmRestartsScheduler": ("0.1dur", 1.5),
    }.items():
        agree(composer, Asked(name, arguments, run), unit)


def test_tokens_of_batches(composer):
    run = {"max_duration": "6400tok", "dataloader_len": 7}
    known = live(composer, Asked("LinearScheduler", (), run), 6_401, "tok")
    s = stretch(dialect.LinearScheduler(**run), 1 / 64)
    assert [s(t) for t in range(101)] == pytest.approx(known[::64], rel=1e-12)


@pytest.mark.parametrize(
    ("ssr", "text"),
    [
        (0.5, "linear(0.0, 1.0, 25)[:50] >> linear(1.0, 0.0, 50)"),
        (2.0, "linear(0.0, 1.0, 100)[:50] >> linear(1.0, 0.0, 350)"),
    ],
)
def test_a_warmup_that_is_scaled_by_half(composer, ssr, text):
    """As mosaicml/composer#3941 says: the peak too early or from below, and a decay that does not begin there."""
    run = {"max_duration": "200ba", "dataloader_len": 9, "ssr": ssr}
    s, _ = agree(composer, Asked("LinearWithWarmupScheduler", ("50ba",), run, {"scale_warmup": True}))
    assert repr(s) == text


def test_there_are_no_further_schedulers(composer):
    found = {name for name in vars(composer) if name.endswith("Scheduler")}
    assert found - {"ComposerScheduler", "LRScheduler"} == set(dialect.__all__)  # its protocol, and PyTorch's class


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "message"),
    [
        ("StepScheduler", (30,), {}, "StepScheduler: step_size=30: this is a number >= 0 and its unit"),
        ("StepScheduler", ("30",), {}, "step_size='30': this is a number >= 0 and its unit"),
        ("StepScheduler", ("0ba",), {}, "step_size='0ba': it is rounded down to 0; make it longer"),
        ("StepScheduler", ("-1ba",), {}, "step_size='-1ba'"),
        ("StepScheduler", ("1.5ba",), {}, "step_size='1.5ba'"),
        ("StepScheduler", ("xba",), {}, "step_size='xba'"),
        ("StepScheduler", ("infba",), {}, "step_size='infba'"),
        ("StepScheduler", ("nandur",), {"max_duration": "9ba"}, "step_size='nandur'"),
        ("StepScheduler", ("5h",), {}, "step_size='5h'"),
        ("StepScheduler", ("30sec",), {}, "step_size='30sec'"),
        ("StepScheduler", ("1ep",), {}, "dataloader_len=None: an epoch is so many batches; pass dataloader_len=1000"),
        ("StepScheduler", ("1ep",), {"dataloader_len": 0}, "dataloader_len=0"),
        ("StepScheduler", ("1ba", True), {}, "gamma=True"),
        ("StepScheduler", ("1ba",), {"ssr": 0}, "ssr=0"),
        ("LinearScheduler", (), {}, "max_duration=None: t_max='1dur' is a part of it; pass max_duration=\"90ep\", say"),
        ("LinearScheduler", (), {"max_duration": 90}, "max_duration=90: this is the length of the run and its unit"),
        ("LinearScheduler", (), {"max_duration": "1dur"}, "max_duration='1dur': this is the length of the run"),
        (
            "LinearScheduler",
            (),
            {"max_duration": "1ba", "ssr": 0.5},
            "ssr=0.5: max_duration='1ba' is rounded down to 0",
        ),
        ("LinearScheduler", (math.nan,), {"max_duration": "1ba"}, "alpha_i=nan"),
        ("MultiStepScheduler", ("30ba",), {}, "milestones='30ba': this is a list, and each of it a number >= 0"),
        (
            "MultiStepScheduler",
            (["30ba", "40tok"],),
            {},
            "milestones=('30ba', '40tok'): ba and tok do not mix; use one",
        ),
        ("MultiStepWithWarmupScheduler", ("3tok", ["30ba"]), {}, "milestones=('30ba',): ba and tok do not mix"),
        ("ExponentialScheduler", (0.0, "1ba"), {}, "gamma=0.0: this is a finite number > 0"),
        ("PolynomialScheduler", (0.0, "1ba"), {}, "power=0.0: this is a finite number > 0"),
        ("CosineAnnealingWarmRestartsScheduler", ("0ba",), {}, "t_0='0ba': it is rounded down to 0"),
        ("CosineAnnealingWarmRestartsScheduler", ("9ba", -1), {}, "t_mult=-1"),
        ("CosineAnnealingWarmRestartsScheduler", ("1000000ba", 1.0001), {}, "t_mult=1.0001: rounds grow too slowly"),
        ("LinearWithWarmupScheduler", ("3tok", 1.0, 0.0, "9ba"), {}, "t_max='9ba': t_warmup='3tok' is in another unit"),
        (
            "LinearWithWarmupScheduler",
            ("3ba", 1.0, 0.0, "9ba"),
            {"max_duration": "10ba"},
            "t_max='9ba': it ends before max_duration='10ba' does; make it longer",
        ),
        (
            "LinearWithWarmupScheduler",
            ("3ba",),
            {"max_duration": "9ba", "scale_warmup": 1},
            "scale_warmup=1: this is True",
        ),
    ],
)
def test_errors_name_the_argument(name, arguments, keywords, message):
    with pytest.raises(ScheduleError) as caught:
        getattr(dialect, name)(*arguments, **keywords)
    assert message in str(caught.value)
