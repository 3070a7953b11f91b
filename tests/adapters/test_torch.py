"""`schedules.adapters.torch` on real optimizers of PyTorch."""

import copy
import gc
import io
import pickle
import warnings
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import finite, terms

import schedules as sc
from schedules import Plateau, ScheduleError
from schedules.adapters.torch import ScheduleLR

COSINE = sc.cosine_warmup(0.1, 100, warmup=10, end=1e-3)


def groups(*rates, **options):
    """One parameter for each learning rate."""
    return [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": rate, **options} for rate in rates]


def sgd(*rates, **options):
    return torch.optim.SGD(groups(*rates or (0.1,)), lr=0.1, **options)


def trace(optimizer, scheduler, steps, key="lr"):
    """What each optimizer step uses, by group."""
    seen = []
    for _ in range(steps):
        seen.append([group[key] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return seen


def used(schedule, steps, factor=1.0):
    return [[factor * schedule(t)] for t in range(steps)]


# -- forms -----------------------------------------------------------------------------------------------


@given(finite)
def test_any_schedule_drives_an_optimizer(s):
    optimizer = sgd()
    assert trace(optimizer, ScheduleLR(optimizer, s), 70) == used(s, 70)


def test_long_runs_are_the_schedule_bit_by_bit():
    s, optimizer = sc.cosine(1.0, 0.0, 10_000), sgd()
    found = trace(optimizer, ScheduleLR(optimizer, s), 10_010)
    assert found == used(s, 10_010)
    assert found[-1] == [0.0]


def test_one_schedule_a_group():
    a, b = sc.linear(0.1, 0.0, 10), sc.constant(0.5)
    for form in ([a, b], (a, 0.5), {"body": a, "head": b}):
        optimizer = sgd(0.1, 0.7)
        optimizer.param_groups[0]["name"], optimizer.param_groups[1]["name"] = "body", "head"
        found = trace(optimizer, ScheduleLR(optimizer, form), 12)
        np.testing.assert_allclose(found, [[a(t), 0.5] for t in range(12)], rtol=1e-12)


def test_relative_schedules_multiply_each_groups_own():
    optimizer = sgd(0.1, 0.7)
    found = trace(optimizer, ScheduleLR(optimizer, sc.linear(1.0, 0.0, 10), relative=True), 10)
    np.testing.assert_allclose(found, [[0.1 * (1 - t / 10), 0.7 * (1 - t / 10)] for t in range(10)], rtol=1e-12)


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.RMSprop, torch.optim.AdamW, torch.optim.NAdam])
def test_other_hyperparameters(make):
    optimizer = make(groups(0.1), lr=0.1)
    s = sc.linear(0.9, 0.5, 10)
    scheduler = ScheduleLR(optimizer, COSINE, momentum=s, weight_decay=sc.linear(0.0, 0.1, 10))
    for t in range(12):
        (group,) = optimizer.param_groups
        momentum = group["betas"][0] if "betas" in group else group["momentum"]
        assert (momentum, group["weight_decay"]) == pytest.approx((s(t), 0.01 * min(t, 10)))
        optimizer.step()
        scheduler.step()
    assert group.get("betas", (0, 0.999))[1] == 0.999


def test_one_absolute_schedule_is_no_silent_overwrite():
    with pytest.raises(ScheduleError, match=r"differ, \[0.1, 0.7\].*relative=True.*one schedule for each group"):
        ScheduleLR(sgd(0.1, 0.7), COSINE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": [COSINE, COSINE]}, "schedule|lr: 2 schedules, 1 groups"),
        ({"schedule": {"head": COSINE}}, r"schedules for \['head'\], groups \['None'\]"),
        ({"schedule": "cosine"}, "schedule='cosine': "),
        ({"schedule": None}, "schedule=None: this is a schedule"),
        ({"schedule": COSINE, "relative": 1}, "relative=1: this is True or False"),
        ({"schedule": COSINE, "plateau": 0.1}, "plateau=0.1: this is a schedules.Plateau"),
        ({"schedule": COSINE, "wieght_decay": 0.1}, r"wieght_decay: no number of this name.*weight_decay"),
        ({"schedule": COSINE, "nesterov": 0.1}, "nesterov: no number of this name"),
        ({"schedule": COSINE, "betas": 0.1}, "betas: no number of this name"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ScheduleError, match=message):
        ScheduleLR(sgd(), **options)


def test_only_optimizers_are_driven():
    with pytest.raises(ScheduleError, match="this is an optimizer of PyTorch"):
        ScheduleLR(torch.nn.Linear(2, 2), COSINE)


def test_a_metric_needs_a_plateau():
    with pytest.raises(ScheduleError, match=r"metric=3: there is no plateau.*step\(\) with nothing"):
        ScheduleLR(sgd(), COSINE).step(3)


# -- no surprises ------------------------------------------------------------------------------------------


def test_it_is_a_scheduler_and_patches_nothing():
    optimizer = sgd()
    before = optimizer.step
    scheduler = ScheduleLR(optimizer, COSINE)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    assert optimizer.step == before
    assert "step" not in vars(optimizer)
    assert (scheduler.last_epoch, scheduler.optimizer, scheduler.base_lrs) == (0, optimizer, [0.1])


def test_it_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler = ScheduleLR(sgd(), COSINE)
        for _ in range(3):
            scheduler.step()  # AMP skipped the optimizer's step
        assert scheduler.get_last_lr() == [pytest.approx(COSINE(3))]


def test_other_writers_are_overwritten():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE)
    optimizer.param_groups[0]["lr"] = 77.0
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(COSINE(1))


@given(terms)
def test_a_join_of_one_part_changes_nothing(s):
    optimizer, other = sgd(), sgd()
    assert trace(optimizer, ScheduleLR(optimizer, s), 9) == trace(other, ScheduleLR(other, sc.join(s)), 9)


def test_a_milestone_at_zero_starts_with_the_later_part():
    optimizer = sgd()
    assert trace(optimizer, ScheduleLR(optimizer, COSINE[:0] >> sc.constant(0.3)), 2) == [[0.3], [0.3]]


def test_what_was_applied_and_what_will_be():
    optimizer = sgd(0.1, 0.2)
    optimizer.param_groups[1]["name"] = "head"
    scheduler = ScheduleLR(optimizer, COSINE, relative=True)
    assert scheduler.last_applied == {}
    for t in range(5):
        in_use = [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        scheduler.step()
        assert list(scheduler.last_applied) == ["0", "head"]
        assert [*scheduler.last_applied.values()] == in_use
        assert scheduler.get_last_lr() == pytest.approx([0.1 * COSINE(t + 1), 0.2 * COSINE(t + 1)])


def test_groups_may_be_added_later():
    optimizer = sgd(0.1)
    scheduler = ScheduleLR(optimizer, COSINE, relative=True)
    scheduler.step()
    optimizer.add_param_group(groups(0.5)[0])
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.1 * COSINE(2), 0.5 * COSINE(2)])
    absolute = sgd(0.1)
    scheduler = ScheduleLR(absolute, COSINE)
    absolute.add_param_group(groups(0.5)[0])
    with pytest.raises(ScheduleError, match=r"differ, \[0.1, 0.5\]"):
        scheduler.step()


def test_tensor_rates_are_filled_in_place():
    rate = torch.tensor(0.1)
    optimizer = torch.optim.Adam(groups(rate), lr=rate)
    held = optimizer.param_groups[0]["lr"]
    scheduler = ScheduleLR(optimizer, COSINE)
    for t in range(15):
        assert optimizer.param_groups[0]["lr"] is held
        assert held.item() == pytest.approx(COSINE(t), rel=1e-6)
        scheduler.step()
    (last,) = scheduler.get_last_lr()
    assert last is not held
    assert last == held


def test_a_compiled_step_is_not_compiled_again():
    rate = torch.tensor(0.1)
    optimizer = torch.optim.SGD(groups(rate), lr=rate)
    scheduler = ScheduleLR(optimizer, COSINE)
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    step = torch.compile(optimizer.step, backend=backend)
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = torch.ones_like(parameter)
    for t in range(12):
        step()
        scheduler.step()
        if t == 3:
            early = len(graphs)
    assert len(graphs) == early > 0


# -- copies and checkpoints ----------------------------------------------------------------------------------


def run(steps, *, build, checkpoint=None, late=False):
    """A run from a checkpoint on: the rates that it used, and its checkpoint."""
    optimizer = torch.optim.AdamW(groups(0.3), lr=0.3)
    scheduler = None if late else build(optimizer)
    if checkpoint:
        optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler = scheduler or build(optimizer)
    if checkpoint:
        scheduler.load_state_dict(checkpoint["scheduler"])
    rates = trace(optimizer, scheduler, steps)
    saved = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, saved)
    saved.seek(0)
    return rates, torch.load(saved, weights_only=True)


@given(terms, st.integers(0, 40), st.booleans(), st.booleans())
def test_resuming_is_exact(s, steps, late, relative):
    def build(optimizer):
        return ScheduleLR(optimizer, s, relative=relative)

    whole, _ = run(60, build=build)
    first, checkpoint = run(steps, build=build)
    rest, _ = run(60 - steps, build=build, checkpoint=checkpoint, late=late)
    assert first + rest == whole


def test_a_state_holds_plain_values_only():
    scheduler = ScheduleLR(sgd(), COSINE, plateau=Plateau(), weight_decay=sc.linear(0.0, 0.1, 5))
    scheduler.step(3.0)
    state = scheduler.state_dict()
    assert state["schedules"] == {"lr": repr(COSINE), "weight_decay": "linear(0.0, 0.1, 5)"}
    assert state["last_epoch"] == 1

    def plain(value):
        if isinstance(value, dict):
            return all(map(plain, value.values()))
        return all(map(plain, value)) if isinstance(value, list) else type(value) in (int, float, bool, str, type(None))

    assert plain(state)


def test_another_schedule_goes_on_at_the_same_step_and_says_so():
    first = ScheduleLR(sgd(), COSINE)
    for _ in range(30):
        first.step()
    longer = ScheduleLR(sgd(), sc.cosine_warmup(0.1, 500, warmup=10))
    with pytest.warns(UserWarning, match=r"100, warmup=10.*500, warmup=10.*going on at step 30"):
        longer.load_state_dict(first.state_dict())
    assert longer.get_last_lr() == [pytest.approx(sc.cosine_warmup(0.1, 500, warmup=10)(30))]


def test_the_state_of_a_scheduler_of_pytorch_is_taken_for_its_step():
    optimizer = sgd()
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    trace(optimizer, theirs, 25)
    ours = ScheduleLR(optimizer, sc.step_decay(0.1, 0.1, 10))
    with pytest.warns(UserWarning, match="going on at step 25"):
        ours.load_state_dict(theirs.state_dict())
    assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr())


def test_copies_go_on_alike():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE, plateau=Plateau(patience=0, factor=0.5))
    for metric in (1.0, 2.0, None):
        scheduler.step(metric)
    for again in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):  # noqa: S301 -- our own bytes
        assert again.optimizer is not optimizer
        assert again.state_dict() == scheduler.state_dict()
        again.step()
        assert again.get_last_lr() == [pytest.approx(0.5 * COSINE(4))]
    assert repr(scheduler) == f"ScheduleLR(SGD, lr={COSINE}, last_epoch=3)"


def test_nothing_keeps_the_optimizer_alive():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE)
    gone = weakref.ref(optimizer)
    gc.disable()
    del optimizer, scheduler
    gc.enable()
    assert gone() is None


# -- plateaus -------------------------------------------------------------------------------------------------


def test_a_plateau_composes_with_any_schedule():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE, plateau=Plateau(patience=1, factor=0.5, min_lr=0.02))
    scale, best, bad = 1.0, float("inf"), 0
    for t in range(40):
        metric = 1.0 / (1 + t // 4) if t % 2 else None
        assert optimizer.param_groups[0]["lr"] == pytest.approx(max(scale * COSINE(t), 0.02))
        if metric is not None:
            best, bad = (metric, 0) if metric < best * (1 - 1e-4) else (best, bad + 1)
            if bad > 1:
                scale, bad = scale * 0.5, 0
        scheduler.step(metric)
    assert scheduler.last_applied == {"0": pytest.approx(max(scale * COSINE(39), 0.02))}


METRICS = st.one_of(st.floats(-2, 2), st.sampled_from([float("nan"), float("inf"), -float("inf")]))
OPTIONS = {
    "mode": st.sampled_from(["min", "max"]),
    "factor": st.sampled_from([0.5, 0.25, 0.1, 0.9]),
    "patience": st.integers(0, 4),
    "threshold": st.sampled_from([0.0, 1e-4, 0.1]),
    "threshold_mode": st.sampled_from(["rel", "abs"]),
    "cooldown": st.integers(0, 3),
    "min_lr": st.sampled_from([0.0, 0.01, 0.3]),
    "eps": st.sampled_from([0.0, 1e-8, 0.05]),
}


@given(st.lists(METRICS, max_size=60), st.fixed_dictionaries(OPTIONS))
def test_plateaus_are_those_of_pytorch(metrics, options):
    theirs, ours = sgd(1.0), sgd(1.0)
    live = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    scheduler = ScheduleLR(ours, sc.constant(1.0), plateau=Plateau(**options))
    for metric in metrics:
        live.step(metric)
        scheduler.step(metric)
        assert scheduler.get_last_lr() == live.get_last_lr()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "least"),
        ("mode", 1),
        ("factor", 1.0),
        ("factor", 0.0),
        ("factor", True),
        ("patience", -1),
        ("patience", 1.5),
        ("threshold", -0.1),
        ("threshold", float("nan")),
        ("threshold_mode", "relative"),
        ("cooldown", "2"),
        ("min_lr", -1.0),
        ("eps", float("inf")),
    ],
)
def test_a_bad_plateau_is_refused(name, value):
    with pytest.raises(ScheduleError, match=rf"Plateau: {name}=.*: this is "):
        Plateau(**{name: value})


# -- what to write for each scheduler of PyTorch ----------------------------------------------------------------

ROWS = [
    ("StepLR(optimizer, 30)", "step_decay(0.1, 0.1, 30)"),
    ("MultiStepLR(optimizer, [30, 80])", "multistep(0.1, 0.1, [30, 80])"),
    ("ConstantLR(optimizer, factor=0.5, total_iters=4)", "constant(0.05, steps=4) >> constant(0.1)"),
    ("LinearLR(optimizer, start_factor=0.25, total_iters=8)", "linear(0.025, 0.1, 8)"),
    ("ExponentialLR(optimizer, 0.9)", "exponential_decay(0.1, 0.9)"),
    ("PolynomialLR(optimizer, total_iters=50, power=2.0)", "polynomial(0.1, 0.0, 50, power=2.0)"),
    (
        "CosineAnnealingLR(optimizer, 50, eta_min=0.001)",
        "cycle(cosine(0.1, 0.001, 50) >> cosine(0.001, 0.1, 50))",
    ),
    ("CosineAnnealingWarmRestarts(optimizer, 10, T_mult=2)", "repeat(cosine(0.1, 0.0, 10), inf, stretch=2)"),
    ("CyclicLR(optimizer, 0.01, 0.1, step_size_up=20)", "triangular(0.01, 0.1, 20)"),
    ('CyclicLR(optimizer, 0.01, 0.1, 20, mode="triangular2")', "triangular2(0.01, 0.1, 20)"),
    ('CyclicLR(optimizer, 0.01, 0.1, 20, mode="exp_range", gamma=0.99)', "exp_range(0.01, 0.1, 20, rate=0.99)"),
    ("OneCycleLR(optimizer, 0.1, total_steps=101, pct_start=0.3)", "one_cycle(0.1, 100, rise=0.293)"),
    ("LambdaLR(optimizer, lambda t: 1 / (1 + t))", "0.1 * custom(lambda t: 1 / (1 + t))"),
    ("LambdaLR(optimizer, lambda t: 1 / (1 + t))", "inverse_time(0.1, 1)"),
    ("MultiplicativeLR(optimizer, lambda t: 0.9)", "exponential_decay(0.1, 0.9)"),
    ("SWALR(optimizer, swa_lr=0.05, anneal_epochs=10)", "cosine(0.1, 0.05, 10)"),
    (
        "SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=5), ExponentialLR(optimizer, 0.9)], [5])",
        "linear(0.01, 0.1, 5) >> exponential_decay(0.1, 0.9)",
    ),
    (
        "ChainedScheduler([ConstantLR(optimizer, 0.5, 4), ExponentialLR(optimizer, 0.9)])",
        "(constant(0.5, steps=4) >> constant(1)) * exponential_decay(0.1, 0.9)",
    ),
    (
        "ReduceLROnPlateau(optimizer, patience=5)",
        "ScheduleLR(optimizer, constant(0.1), plateau=Plateau(patience=5))",
    ),
]
PEERS = vars(torch.optim.lr_scheduler) | {"SWALR": torch.optim.swa_utils.SWALR}


def live(code, steps):
    """The learning rates of a live scheduler of PyTorch; a metric that never improves, where it wants one."""
    optimizer = sgd()
    scheduler = eval(code, {**PEERS, "optimizer": optimizer})  # noqa: S307 -- the rows above
    metric = (1.0,) if "Plateau" in code else ()
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*metric)
    return rates


def ours(code, steps):
    """The learning rates of an expression, or of a scheduler."""
    made = eval(code, {**vars(sc), "ScheduleLR": ScheduleLR, "optimizer": sgd(), "inf": float("inf")})  # noqa: S307 -- the same
    if isinstance(made, sc.Schedule):
        return [made(t) for t in range(steps)]
    rates = []
    for _ in range(steps):
        rates += made.get_last_lr()
        made.step(1.0)
    return rates


@pytest.mark.parametrize(("theirs", "expression"), ROWS, ids=lambda text: text[:40])
@pytest.mark.filterwarnings("ignore:.*epoch parameter:UserWarning")  # PyTorch's SequentialLR warns of its own call
def test_what_to_write(theirs, expression):
    steps = 100 if "OneCycle" in theirs else 130
    assert ours(expression, steps) == pytest.approx(live(theirs, steps), rel=1e-9, abs=1e-12)


def test_there_is_a_row_for_every_scheduler():
    named = {theirs.partition("(")[0] for theirs, _ in ROWS}
    base = torch.optim.lr_scheduler.LRScheduler
    kinds = {
        name for name, kind in PEERS.items() if isinstance(kind, type) and issubclass(kind, base) and name[0] != "_"
    }
    assert named == kinds - {"LRScheduler"}


# -- optimizers of every make ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"foreach": False}, {"fused": True}], ids=str)  # capturable ones want a GPU
def test_optimizers_with_tensor_rates_take_their_steps(options):
    rate = torch.tensor(0.1)
    optimizer = torch.optim.AdamW(groups(rate), lr=rate, **options)
    scheduler = ScheduleLR(optimizer, COSINE)
    (parameter,) = optimizer.param_groups[0]["params"]
    for t in range(15):
        before = parameter.detach().clone()
        parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        moved = (before - parameter).abs().max().item()
        assert (moved > 0) == (COSINE(t) > 0)
        scheduler.step()
        assert rate.item() == optimizer.param_groups[0]["lr"].item() == pytest.approx(COSINE(t + 1), rel=1e-6)


def test_optimizers_that_call_a_closure():
    parameter = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = torch.optim.LBFGS([parameter], lr=0.5)
    scheduler = ScheduleLR(optimizer, sc.linear(1.0, 0.1, 10))

    def closure():
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        loss.backward()
        return loss

    for t in range(6):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(1 - 0.09 * t)
        optimizer.step(closure)
        scheduler.step()
    assert abs(parameter.item()) < 1e-2


def test_mixed_precision_may_skip_the_first_steps():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    (parameter,) = optimizer.param_groups[0]["params"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for gradient in (float("inf"), float("nan"), 1.0):
            parameter.grad = torch.full_like(parameter, gradient)
            scaler.scale(torch.tensor(1.0))
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
    assert scheduler.get_last_lr() == [pytest.approx(COSINE(3))]
    assert torch.isfinite(parameter).all()
