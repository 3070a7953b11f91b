"""What `ScheduleLR` saves, how it tells schedules apart when it resumes, and schedules given as text."""

import functools
import math
import re
import warnings

import pytest
import torch

import schedules as sc
from schedules import Plateau, ScheduleError, custom
from schedules.adapters.functions import _short
from schedules.adapters.torch import ScheduleLR, from_torch

COSINE = sc.cosine_warmup(0.1, 100, warmup=10, end=1e-3)


def sgd(*rates, **options):
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": rate, **options} for rate in rates or (0.1,)]
    return torch.optim.SGD(groups, lr=0.1)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


# -- functions --------------------------------------------------------------------------------------------------


def decay(total, step):
    return 1 - step / total


def of_closure(total):
    return lambda step: 1 - step / total


def of_default(total):
    return lambda step, total=total: 1 - step / total


class Decay:
    """A function that is an object."""

    def __init__(self, total):
        self.total = total

    def __call__(self, step):
        return 1 - step / self.total


def of_inner(total):
    inner = functools.partial(decay, total)
    return lambda step: max(inner(step), 0.0)


def of_torch(total):
    (s,) = from_torch(torch.optim.lr_scheduler.LambdaLR(sgd(), Decay(total)))
    return s


FUNCTIONS = [
    lambda total: functools.partial(decay, total),
    of_closure,
    of_default,
    Decay,
    of_inner,
    lambda total: [1 - step / total for step in range(1000)].__getitem__,
    lambda total: functools.partial(lambda table, step: table[step], {step: 1 - step / total for step in range(99)}),
]


def saved(s):
    return ScheduleLR(sgd(), s).state_dict()


@pytest.mark.parametrize("make", [*(lambda n, f=f: custom(f(n)) for f in FUNCTIONS), of_torch], ids=range(8))
def test_functions_are_told_apart_by_what_they_hold(make):
    state = saved(make(100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ScheduleLR(sgd(), make(100)).load_state_dict(state)
    with pytest.warns(UserWarning, match=r"functions was .*going on at step 0"):
        ScheduleLR(sgd(), make(200)).load_state_dict(state)


def test_functions_are_told_apart_by_the_numbers_in_their_code():
    one, other = (custom(lambda step: 1 - step / 100), custom(lambda step: 1 - step / 200))
    with pytest.warns(UserWarning, match="functions was"):
        ScheduleLR(sgd(), other).load_state_dict(saved(one))


def test_functions_of_modules_are_their_names():
    assert saved(custom(math.erf))["functions"] == {"lr": ["erf"]}


def test_no_address_is_saved():
    for make in FUNCTIONS:
        state = repr(saved(custom(make(10))))
        assert " at 0x" not in state
        assert len(state) < 2_000


def test_what_holds_itself_is_saved_too():
    table, row = {}, []
    table["table"], _ = table, row.append(row)
    for held in (table, row):
        s = custom(functools.partial(lambda held, step: step if held else 0.0, held))
        assert saved(s) == saved(s)
        assert len(repr(saved(s))) < 2_000


# -- states that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"last_epoch": None}, "last_epoch=None: this is the step, a number; nothing is loaded"),
        ({"last_epoch": "7"}, "last_epoch='7'"),
        ({"last_epoch": True}, "last_epoch=True"),
        ({"last_epoch": math.nan}, "last_epoch=nan"),
        ({"last_epoch": ...}, "last_epoch is missing: this is the step"),
        ({"base_lrs": ["x"]}, r"base_lrs=\['x'\]: these are 1 numbers"),
        ({"base_lrs": [0.1, 0.2]}, r"base_lrs=\[0.1, 0.2\]: these are 1 numbers"),
        ({"base_lrs": 0.1}, "base_lrs=0.1"),
        ({"plateau_state": [1.0, 2.0]}, r"plateau_state=\[1.0, 2.0\]: these are four numbers"),
        ({"plateau_state": [1.0, "x", 0, 0]}, "plateau_state="),
        ({"plateau_state": [math.nan, 1.0, 0, 0]}, "plateau_state="),
        ({"plateau_state": 1.0}, "plateau_state=1.0"),
        ({"last_applied": [0.1]}, "last_applied="),
    ],
)
def test_a_malformed_state_changes_nothing(change, message):
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE, plateau=Plateau(patience=0))
    for metric in (1.0, 2.0, 3.0):
        scheduler.step(metric)
    before, state = dict(optimizer.param_groups[0]), scheduler.state_dict()
    other = ScheduleLR(sgd(), COSINE, plateau=Plateau(patience=0)).state_dict() | change
    other = {key: value for key, value in other.items() if value is not ...}
    with pytest.raises(ScheduleError, match=f"ScheduleLR.load_state_dict: {message}"):
        scheduler.load_state_dict(other)
    assert scheduler.state_dict() == state
    assert optimizer.param_groups[0] == before


@pytest.mark.parametrize("state", [None, [1], "state", 3])
def test_a_state_is_a_dictionary(state):
    with pytest.raises(ScheduleError, match=r"state_dict=.*: this is a dictionary"):
        ScheduleLR(sgd(), COSINE).load_state_dict(state)


def test_what_was_applied_is_in_the_state():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE, plateau=Plateau(patience=0, factor=0.5))
    for metric in (1.0, 2.0, 3.0):
        scheduler.step(metric)
    again = ScheduleLR(sgd(), COSINE, plateau=Plateau(patience=0, factor=0.5))
    again.load_state_dict(scheduler.state_dict())
    assert again.last_applied == scheduler.last_applied != {}
    again.step()
    scheduler.step()
    assert again.last_applied == scheduler.last_applied


# -- text ---------------------------------------------------------------------------------------------------------

TEXT = "wsd(lr, steps, warmup=0.03 * steps, cooldown=0.2 * steps)"


def test_a_text_is_read_for_each_group():
    optimizer = sgd(0.1, 0.7, 0.1)
    ScheduleLR(optimizer, TEXT, steps=1_000, first_step=15)
    assert rates(optimizer) == [sc.wsd(own, 1_000, warmup=30, cooldown=200)(15) for own in (0.1, 0.7, 0.1)]


def test_texts_go_where_schedules_go():
    optimizer = sgd(0.1, 0.7, weight_decay=0.3)
    for place, group in enumerate(optimizer.param_groups):
        group["name"] = f"layer.{place}"
    form = {"*.0": "lr", "*.1": TEXT}
    scheduler = ScheduleLR(optimizer, form, steps=100, weight_decay=["linear(weight_decay, lr, steps)", "0.5"])
    for t in range(120):
        assert rates(optimizer) == [0.1, sc.wsd(0.7, 100, warmup=3, cooldown=20)(t)]
        decays = [group["weight_decay"] for group in optimizer.param_groups]
        assert decays == [sc.linear(0.3, 0.1, 100)(t), 0.5]
        scheduler.step()


def test_a_text_without_own_rates_is_one_schedule():
    with pytest.raises(ScheduleError, match=r"lr: .*cosine\(1, 0, steps\).*differ, \[0.1, 0.7\]"):
        ScheduleLR(sgd(0.1, 0.7), "cosine(1, 0, steps)", steps=10)
    optimizer = sgd(0.1, 0.7)
    ScheduleLR(optimizer, "cosine(1, 0, steps)", steps=10, relative=True, first_step=5)
    assert rates(optimizer) == [own * sc.cosine(1, 0, 10)(5) for own in (0.1, 0.7)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": TEXT}, "schedule='wsd.*steps"),
        ({"schedule": "cosine(lr, 0, step)", "steps": 10}, "schedule='cosine.*step"),
        ({"schedule": TEXT, "steps": "10"}, "steps='10'"),
        (
            {"schedule": "cosine(lr, 0, 10)", "relative": True},
            "schedule='cosine.*own value already; leave relative out",
        ),
        ({"schedule": COSINE, "weight_decay": "linear(0, "}, "weight_decay='linear.*"),
    ],
)
def test_texts_that_cannot_be_read(options, message):
    with pytest.raises(ScheduleError, match=f"ScheduleLR: {message}"):
        ScheduleLR(sgd(), **options)


def test_a_checkpoint_holds_texts_and_their_names():
    scheduler = ScheduleLR(sgd(), TEXT, steps=100, weight_decay="linear(0, 0.1, steps)")
    for _ in range(7):
        scheduler.step()
    state = scheduler.state_dict()
    assert state["schedules"] == {"lr": TEXT, "weight_decay": "linear(0, 0.1, steps)"}
    assert (state["names"], state["base_lrs"]) == ({"steps": 100}, [0.1])
    longer = ScheduleLR(sgd(), TEXT, steps=200, weight_decay="linear(0, 0.1, steps)")
    with pytest.warns(UserWarning, match=r"names was {'steps': 100}, and is {'steps': 200} now; going on at step 7"):
        longer.load_state_dict(state)
    assert longer.get_last_lr() == [sc.wsd(0.1, 200, warmup=6, cooldown=40)(7)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ScheduleLR(sgd(), TEXT, steps=100, weight_decay="linear(0, 0.1, steps)").load_state_dict(state)


def test_a_digest_stands_for_a_long_text():
    assert _short("x" * 200) == "x" * 200
    assert re.fullmatch(r"x{50}\.\.\. [0-9a-f]{16}", _short("x" * 201))
    assert _short("x" * 201 + "y") != _short("x" * 201 + "z")
