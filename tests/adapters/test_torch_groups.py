"""The param groups that `ScheduleLR` writes: which change, whose own values differ, what kind of numbers they hold."""

import io
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import schedules as sc
from schedules import ScheduleError
from schedules.adapters.param_groups import FEW
from schedules.adapters.torch import ScheduleLR

COSINE = sc.cosine_warmup(0.1, 100, warmup=10, end=1e-3)
LINE = sc.linear(1.0, 0.0, 50)


def group(rate, **options):
    return {"params": [torch.nn.Parameter(torch.ones(2))], "lr": rate, **options}


def sgd(*rates, **options):
    return torch.optim.SGD([group(rate, **options) for rate in rates or (0.1,)], lr=0.1)


def rates(optimizer, key="lr"):
    return [float(one[key]) for one in optimizer.param_groups]


# -- groups that come and go ----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["step", "add", "drop", "swap", "copy", "load"]), st.integers(0, 5))))
def test_every_live_group_is_written(moves):
    optimizer = sgd(0.1, 0.1)
    scheduler = ScheduleLR(optimizer, COSINE, momentum=LINE)
    for move, number in moves:
        place = number % len(optimizer.param_groups)
        if move == "add":
            optimizer.add_param_group(group(0.1))
        elif move == "drop" and len(optimizer.param_groups) > 1:
            del optimizer.param_groups[place]
        elif move == "swap":
            optimizer.param_groups[place] = group(0.1, momentum=0.0, weight_decay=0.0)
        elif move == "copy":
            optimizer.param_groups[place] = dict(optimizer.param_groups[place])
        elif move == "load":
            optimizer.load_state_dict(optimizer.state_dict())
        scheduler.step()
        t, count = scheduler.last_epoch, len(optimizer.param_groups)
        assert rates(optimizer) == scheduler.get_lr() == [COSINE(t)] * count
        assert rates(optimizer, "momentum") == [LINE(t)] * count


def test_a_group_in_place_of_another():
    optimizer = sgd(0.1, 0.1)
    scheduler = ScheduleLR(optimizer, COSINE)
    first, second = optimizer.param_groups
    optimizer.param_groups[:] = [second, group(0.1)]
    scheduler.step()
    assert rates(optimizer) == [COSINE(1)] * 2
    assert first["lr"] == COSINE(0)


# -- names of groups --------------------------------------------------------------------------------------------


def test_names_are_patterns_and_the_first_that_fits_counts():
    optimizer = torch.optim.SGD(
        [group(0.1, name=name) for name in ("body.bias", "body.weight", "head.bias", "head.weight")], lr=0.1
    )
    scheduler = ScheduleLR(optimizer, {"head.bias": 0.5, "*.bias": COSINE, "*": LINE})
    assert rates(optimizer) == [COSINE(0), LINE(0), 0.5, LINE(0)]
    optimizer.add_param_group(group(0.1, name="tail.bias"))
    optimizer.add_param_group(group(0.1, name="tail.bias"))
    scheduler.step()
    assert rates(optimizer) == [COSINE(1), LINE(1), 0.5, LINE(1), COSINE(1), COSINE(1)]
    optimizer.add_param_group(group(0.7, name="tail.bias"))
    with pytest.raises(ScheduleError, match=r"lr: .*differ, .*0\.7\]"):
        scheduler.step()


def test_a_name_may_wait_for_its_group():
    optimizer = torch.optim.SGD([group(0.1, name="body")], lr=0.1)
    with pytest.warns(UserWarning, match=r"lr: no group is called 'head' so far; .*\['body'\]"):
        scheduler = ScheduleLR(optimizer, {"body": COSINE, "head": LINE})
    optimizer.add_param_group(group(0.1, name="head"))
    scheduler.step()
    assert rates(optimizer) == [COSINE(1), LINE(1)]


# -- own values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name", "own"),
    [
        (torch.optim.AdamW, "weight_decay", (0.04, 0.0)),
        (torch.optim.AdamW, "eps", (1e-8, 1e-6)),
        (torch.optim.SGD, "momentum", (0.9, 0.5)),
        (torch.optim.SGD, "dampening", (0.1, 0.0)),
    ],
)
def test_own_values_are_not_overwritten_in_silence(make, name, own):
    def built(**options):
        optimizer = make([group(0.1, **{name: value}) for value in own], lr=0.1)
        return optimizer, ScheduleLR(optimizer, COSINE, **options)

    with pytest.raises(ScheduleError, match=rf"{name}: .*differ, .*relative=\(\"{name}\",\).*\[s, "):
        built(**{name: LINE})
    optimizer, scheduler = built(**{name: [LINE, own[1]]})
    scheduler.step()
    assert rates(optimizer, name) == [LINE(1), own[1]]
    optimizer, scheduler = built(**{name: LINE}, relative=("lr", name))
    for t in range(5):
        assert rates(optimizer) == [0.1 * COSINE(t)] * 2
        assert rates(optimizer, name) == [LINE(t) * value for value in own]
        scheduler.step()


def test_betas_differ_too():
    pair = [group(0.1, betas=(0.9, 0.99)), group(0.1, betas=(0.9, 0.95))]
    with pytest.raises(ScheduleError, match=r"beta2: .*differ, \[0.99, 0.95\]"):
        ScheduleLR(torch.optim.Adam(pair, lr=0.1), COSINE, beta2=LINE)


@pytest.mark.parametrize("relative", ["lr", ("eps",), (1,), None, ("lr", "momentum")])
def test_what_is_relative_is_named(relative):
    with pytest.raises(ScheduleError, match=r"relative=.*: this is True or False, or names .*\['lr', 'weight_decay'\]"):
        ScheduleLR(sgd(), COSINE, relative=relative, weight_decay=LINE)


def test_a_second_stage_says_what_it_starts_from():
    optimizer = sgd(0.1)
    for _ in range(5):
        ScheduleLR(optimizer, LINE, relative=True).step()
    optimizer.param_groups[0]["lr"] = 0.01
    scheduler = ScheduleLR(optimizer, LINE, relative=True)
    with pytest.warns(UserWarning, match=r"group 0 has initial_lr=0.1 and lr=0.01; .*starts from the former"):
        scheduler.step()
    assert rates(optimizer) == [0.1 * LINE(1)]
    del optimizer.param_groups[0]["initial_lr"]
    optimizer.param_groups[0]["lr"] = 0.01
    assert_quiet(ScheduleLR(optimizer, LINE, relative=True))
    assert rates(optimizer) == [0.01 * LINE(1)]


def assert_quiet(scheduler):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_a_group_that_joins_says_what_it_starts_from():
    optimizer = sgd(0.1)
    scheduler = ScheduleLR(optimizer, LINE, relative=True)
    for _ in range(5):
        scheduler.step()
    optimizer.add_param_group(group(0.09))
    scheduler.step()
    with pytest.warns(UserWarning, match=r"group 1 joined at step 6 with lr=0.09; .*its own.*initial_lr="):
        scheduler.step()
    assert rates(optimizer) == [0.1 * LINE(7), 0.09 * LINE(7)]
    optimizer.add_param_group(group(0.09, initial_lr=0.1))
    for _ in range(2):
        assert_quiet(scheduler)
    assert rates(optimizer) == [0.1 * LINE(9), 0.09 * LINE(9), 0.1 * LINE(9)]


def test_absolute_schedules_have_no_doubts():
    optimizer = sgd(0.1)
    assert_quiet(ScheduleLR(optimizer, LINE))
    scheduler = ScheduleLR(optimizer, COSINE)
    optimizer.add_param_group(group(0.1))
    for _ in range(3):
        assert_quiet(scheduler)


def test_other_own_rates_in_the_checkpoint_are_said():
    saved = ScheduleLR(sgd(0.1), LINE, relative=True).state_dict()
    optimizer = sgd(0.3)
    scheduler = ScheduleLR(optimizer, LINE, relative=True)
    with pytest.warns(UserWarning, match=r"own learning rates are \[0.3\], and \[0.1\] in the state, which count"):
        scheduler.load_state_dict(saved)
    assert_quiet(scheduler)
    assert rates(optimizer) == [0.1 * LINE(1)]
    optimizer = sgd(0.3)
    scheduler = ScheduleLR(optimizer, LINE, relative=True)
    scheduler.load_state_dict({key: value for key, value in saved.items() if key != "base_lrs"})
    assert rates(optimizer) == [0.3 * LINE(0)]


def test_other_own_rates_in_a_loaded_optimizer_are_said():
    other = sgd(0.1)
    ScheduleLR(other, LINE, relative=True)
    optimizer = sgd(0.3)
    scheduler = ScheduleLR(optimizer, LINE, relative=True)
    optimizer.load_state_dict(other.state_dict())
    scheduler.step()
    with pytest.warns(UserWarning, match=r"initial_lr of group 0 was 0.3, and is 0.1 as loaded"):
        scheduler.step()


@pytest.mark.parametrize("order", ["built after", "built before", "loaded before"])
def test_resuming_leaves_no_doubt(order):
    def build(optimizer):
        return ScheduleLR(optimizer, LINE, relative=("lr", "weight_decay"), weight_decay=LINE)

    first = sgd(0.1, 0.7, weight_decay=0.2)
    scheduler = build(first)
    for _ in range(20):
        scheduler.step()
    states, second = (first.state_dict(), scheduler.state_dict()), sgd(0.1, 0.7, weight_decay=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if order == "built after":
            second.load_state_dict(states[0])
            resumed = build(second)
            resumed.load_state_dict(states[1])
        else:
            resumed = build(second)
            if order == "loaded before":
                resumed.load_state_dict(states[1])
            second.load_state_dict(states[0])
            if order == "built before":
                resumed.load_state_dict(states[1])
        for _ in range(3):
            scheduler.step()
            resumed.step()
    assert rates(second) == rates(first)
    assert rates(second, "weight_decay") == rates(first, "weight_decay") == [0.2 * LINE(23)] * 2


# -- kinds of numbers ----------------------------------------------------------------------------------------------


def test_what_is_there_decides_how_it_is_written():
    optimizer = sgd(0.1)
    scheduler = ScheduleLR(optimizer, COSINE, momentum=LINE)
    (only,) = optimizer.param_groups
    for t in range(1, 8):
        held = torch.tensor(0.5) if t % 2 else 0.5
        only["lr"] = only["momentum"] = held
        if t % 2:
            only["momentum"] = held.clone()
        scheduler.step()
        assert (only["lr"] is held) == isinstance(held, torch.Tensor)
        assert type(only["momentum"]) is type(held)
        assert (float(only["lr"]), float(only["momentum"])) == pytest.approx((COSINE(t), LINE(t)), rel=1e-6)
        assert type(scheduler.get_lr()[0]) is type(held)


@pytest.mark.parametrize("count", [2, FEW + 2])
def test_a_tensor_that_groups_share(count):
    shared = torch.tensor(0.1)
    optimizer = torch.optim.Adam([{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(count)], lr=shared)
    assert all(one["lr"] is shared for one in optimizer.param_groups)
    same = ScheduleLR(optimizer, COSINE)
    same.step()
    assert all(one["lr"] is shared for one in optimizer.param_groups)
    each = [sc.constant(1 + place) * COSINE for place in range(count)]
    scheduler = ScheduleLR(optimizer, each)
    for t in range(5):
        assert rates(optimizer) == pytest.approx([s(t) for s in each], rel=1e-6)
        scheduler.step()
    optimizer.load_state_dict(optimizer.state_dict())
    scheduler.step()
    assert rates(optimizer) == pytest.approx([s(6) for s in each], rel=1e-6)


@pytest.mark.parametrize("relative", [False, True])
def test_many_tensors_are_filled_in_place(relative):
    kinds = [torch.float32, torch.float64, torch.bfloat16]
    own = [0.5 + 0.5 * place if relative else 0.5 for place in range(3 * FEW + 6)]
    tensors = [torch.tensor(value, dtype=kinds[place % 3]) for place, value in enumerate(own)]
    optimizer = torch.optim.Adam([group(tensor) for tensor in tensors], lr=torch.tensor(0.5))
    scheduler = ScheduleLR(optimizer, LINE, relative=relative)
    for t in range(5):
        for one, tensor, value in zip(optimizer.param_groups, tensors, own, strict=True):
            assert one["lr"] is tensor
            assert tensor == torch.tensor(LINE(t) * (value if relative else 1), dtype=tensor.dtype)
        scheduler.step()


def test_betas_of_all_kinds():
    tensors = (torch.tensor(0.9), torch.tensor(0.99))
    optimizer = torch.optim.Adam([group(0.1, betas=tensors)], lr=0.1)
    scheduler = ScheduleLR(optimizer, COSINE, beta1=LINE, beta2=1 - LINE / 10)
    for t in range(5):
        (only,) = optimizer.param_groups
        assert all(a is b for a, b in zip(only["betas"], tensors, strict=True))
        assert [float(x) for x in tensors] == pytest.approx([LINE(t), 1 - LINE(t) / 10], rel=1e-6)
        scheduler.step()
    plain = torch.optim.AdamW([group(0.1), group(0.1, betas=(0.9, 0.999))], lr=0.1)
    scheduler = ScheduleLR(plain, COSINE, momentum=LINE)
    for t in range(5):
        assert [one["betas"] for one in plain.param_groups] == [(LINE(t), 0.999)] * 2
        if t == 3:
            plain.param_groups[1]["betas"] = (0.1, 0.999)
        scheduler.step()


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, torch.tensor])
def test_checkpoints_hold_plain_numbers(kind):
    optimizer = sgd(kind(1), weight_decay=kind(2))
    scheduler = ScheduleLR(optimizer, kind(3), weight_decay=[kind(4)], relative=True)
    scheduler.step()
    saved = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, saved)
    saved.seek(0)
    loaded = torch.load(saved, weights_only=True)
    assert loaded["scheduler"]["base_lrs"] == [1.0]
    assert loaded["optimizer"]["param_groups"][0]["initial_lr"] == 1.0
    assert (rates(optimizer), rates(optimizer, "weight_decay")) == ([3.0], [4.0])


def test_one_number_has_one_schedule():
    optimizer = torch.optim.Adam([group(0.1)], lr=0.1)
    with pytest.raises(ScheduleError, match="momentum and beta1: these are one number in group 0; give one of them"):
        ScheduleLR(optimizer, COSINE, momentum=LINE, beta1=LINE)
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)


def test_a_group_that_has_just_joined_is_in_the_state():
    optimizer = sgd(0.1)
    scheduler = ScheduleLR(optimizer, [COSINE])
    optimizer.add_param_group(group(0.3))
    assert scheduler.state_dict()["base_lrs"] == scheduler.base_lrs == [0.1, 0.3]
