"""The clock of `ScheduleLR`: who moves it, and what is asked at each step."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import finite
from torch.optim import lr_scheduler as lrs

import schedules as sc
from schedules import Plateau, ScheduleError, custom
from schedules.adapters.torch import ScheduleLR, from_torch

COSINE = sc.cosine_warmup(0.1, 100, warmup=10, end=1e-3)


def sgd(*rates, **options):
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": rate, **options} for rate in rates or (0.1,)]
    return torch.optim.SGD(groups, lr=0.1)


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


# -- Python functions: asked for the step at hand, when it is at hand, and no other -----------------------------


class Table:
    """A function of whole steps from 0 to its last, which notes what it is asked."""

    def __init__(self, last):
        self.last, self.asked = last, []

    def __call__(self, step):
        assert type(step) is int
        assert 0 <= step <= self.last
        self.asked.append(step)
        return 1 / (1 + step)


PLACES = """f | 0.1 * f | f * s + maximum(f, s) | f[:n + 1] | f[:n] >> s | s[:m] >> f | f[n // 2:n] | every(f, 3)
every(f, 3)[2:] | cycle(f[:n]) | reverse(f[:n]) | shift(f, 2) | minimum(Time(), n // 2) | f + Time()"""


@pytest.mark.parametrize("place", PLACES.replace("\n", " | ").split(" | "))
@settings(max_examples=20)
@given(st.integers(1, 40), finite)
def test_functions_that_end_with_the_run(place, n, other):
    m = math.ceil(other.steps)
    s = eval(place, {**vars(sc), "f": custom(Table(n)), "n": n, "s": other, "m": m})  # noqa: S307 -- the lines above
    steps = m + n if place == "s[:m] >> f" else n
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, s)
    for t in range(steps):
        assert rate(optimizer) == s(t)
        scheduler.step()
    assert s.values(steps).tolist() == pytest.approx([s(t) for t in range(steps)], rel=1e-12, abs=1e-14)


def test_a_function_is_asked_once_a_step():
    table, optimizer = Table(30), sgd(0.1, 0.1, 0.1)
    scheduler = ScheduleLR(optimizer, custom(table), momentum=0.5 * custom(table))
    for _ in range(30):
        assert scheduler.get_last_lr() == scheduler.get_lr()
        assert len(scheduler.last_applied) in (0, 3)
        scheduler.step()
    assert table.asked == [t for t in range(31) for _ in range(2)]


def test_a_function_may_read_what_changes():
    box, optimizer = [0.5], sgd()
    scheduler = ScheduleLR(optimizer, custom(lambda _: box[0]))
    for value in (0.25, 0.125):
        box[0] = value
        scheduler.step()
        assert rate(optimizer) == value


@pytest.mark.parametrize(
    "make",
    [
        lambda o, n: lrs.LambdaLR(o, lambda t: (1 - t / n) ** 0.9),
        lambda o, n: lrs.LambdaLR(o, lambda t: math.sqrt(1 - t / n)),
        lambda o, n: lrs.LambdaLR(o, [1 / (1 + t) for t in range(n + 1)].__getitem__),
        lambda o, n: lrs.MultiplicativeLR(o, ([0.0] + [0.999] * n).__getitem__),
        lambda o, n: lrs.CyclicLR(
            o, 0.1, 0.5, 20, scale_fn=lambda t: math.sqrt(1 - t / (n + 1)), scale_mode="iterations"
        ),
    ],
)
def test_schedulers_of_functions_run_to_their_end(make):
    n = 10_000
    theirs = make(sgd(), n)
    ours = sgd()
    scheduler = ScheduleLR(ours, from_torch(make(sgd(), n)))
    theirs.optimizer.step()
    for _ in range(n):
        assert rate(ours) == pytest.approx(rate(theirs.optimizer), rel=1e-9)
        theirs.step()
        scheduler.step()


# -- what cannot be written --------------------------------------------------------------------------------------


def test_a_value_that_is_not_finite_is_refused():
    pole = 1e-3 / sc.lift("sqrt", sc.Time())
    with pytest.raises(ScheduleError, match=r"sqrt.* is inf at step 0; .*first_step"):
        ScheduleLR(sgd(), pole)
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, pole, first_step=1)
    assert (rate(optimizer), scheduler.last_epoch) == (1e-3, 1)


@pytest.mark.parametrize("fault", [math.nan, math.inf, None, "raise"])
def test_a_step_that_fails_changes_nothing(fault):
    def fails(t):
        if t < 5:
            return 0.5
        return math.log(-1) if fault == "raise" else fault

    optimizer = sgd(0.1, weight_decay=0.3)
    plateau = Plateau(patience=0)
    scheduler = ScheduleLR(optimizer, COSINE, weight_decay=custom(fails), plateau=plateau)
    for metric in (1.0, 2.0, 3.0, 4.0):
        scheduler.step(metric)
    before, state = {**optimizer.param_groups[0]}, scheduler.state_dict()
    with pytest.raises((ScheduleError, TypeError, ValueError)):
        scheduler.step(5.0)
    assert optimizer.param_groups[0] == before
    assert scheduler.state_dict() == state


# -- clocks that are moved ----------------------------------------------------------------------------------------


MOVES = st.lists(
    st.one_of(
        st.just(("step", 1)),
        st.tuples(st.just("step"), st.integers(0, 50)),
        st.tuples(st.just("to"), st.integers(-3, 200)),
    ),
    max_size=20,
)


@given(finite, MOVES, st.booleans(), st.integers(0, 100))
def test_the_clock_may_go_anywhere(s, moves, plateau, first):
    optimizer = sgd()
    s = abs(s)  # a plateau has a floor
    scheduler = ScheduleLR(optimizer, s, plateau=Plateau() if plateau else None, first_step=first)
    clock = first
    assert (rate(optimizer), scheduler.last_epoch) == (s(clock), clock)
    for how, number in moves:
        if how == "to":
            scheduler.last_epoch = clock = number
            assert scheduler.get_lr() == [s(clock)]
        scheduler.step(amount=number if how == "step" else 1)
        clock += number if how == "step" else 1
        assert (rate(optimizer), scheduler.last_epoch) == (s(clock), clock)


def test_going_back_after_a_long_run():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, sc.linear(1.0, 0.0, 10_000))
    for _ in range(5_000):
        scheduler.step()
    scheduler.last_epoch = -1
    scheduler.step()
    assert rate(optimizer) == 1.0


def test_a_clock_of_tokens():
    optimizer = sgd()
    s = sc.linear(0.0, 1.0, 1_000_000)
    scheduler = ScheduleLR(optimizer, s)
    for tokens in (4_096, 3_000, 500_000):
        scheduler.step(amount=tokens)
    assert rate(optimizer) == s(507_096)
    with pytest.raises(ScheduleError, match=r"amount=-1.*>= 0"):
        scheduler.step(amount=-1)


def test_a_metric_may_be_given_between_steps():
    plateau = Plateau(patience=0, factor=0.5)
    optimizer, other = sgd(), sgd()
    one, two = (ScheduleLR(o, COSINE, plateau=plateau) for o in (optimizer, other))
    for t in range(20):
        optimizer.step()
        other.step()
        if t % 5 == 4:
            one.measure(1.0)
            assert one.last_epoch == t
            assert rate(optimizer) == plateau.apply(COSINE(t), one.plateau_state)
            one.step()
            two.step(1.0)
        else:
            one.step()
            two.step()
        assert rate(optimizer) == rate(other)
    assert one.plateau_state.scale < 1
    optimizer.param_groups[0]["lr"] = 5.0  # which others wrote
    one.measure(1.0)
    assert rate(optimizer) == plateau.apply(COSINE(20), one.plateau_state)
    with pytest.raises(ScheduleError, match=r"ScheduleLR.measure: metric=1.0: there is no plateau"):
        ScheduleLR(sgd(), COSINE).measure(1.0)


def test_what_was_used_before_the_plateau_had_its_say():
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE, plateau=Plateau(patience=0, factor=0.5))
    for metric in (1.0, 2.0, 3.0, 4.0):
        in_use = rate(optimizer)
        optimizer.step()
        scheduler.step(metric)
        assert scheduler.last_applied == {"0": in_use}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"last_epoch": 4}, r"last_epoch=4: .*first_step=.*one more than last_epoch.*load_state_dict"),
        ({"verbose": True}, r"verbose=True: .*get_last_lr\(\)"),
        ({"first_step": -1}, "first_step=-1: "),
        ({"first_step": "2"}, "first_step='2': "),
        ({"first_step": math.inf}, "first_step=inf: "),
    ],
)
def test_what_other_schedulers_take(options, message):
    with pytest.raises(ScheduleError, match=message):
        ScheduleLR(sgd(), COSINE, **options)


# -- others that hold the clock --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1])
def test_a_part_of_a_sequence_of_pytorch(place):
    optimizer = sgd(0.1, momentum=0.9)
    makers = [lambda: ScheduleLR(optimizer, COSINE, momentum=0.5 + COSINE), lambda: lrs.ConstantLR(optimizer, 0.5, 100)]
    parts = [make() for make in (makers if place == 0 else makers[::-1])]
    scheduler = lrs.SequentialLR(optimizer, parts, milestones=[8])
    for t in range(20):
        own = t - 8 if place else t
        if own >= 0 and (place or t < 8):
            assert rate(optimizer) == COSINE(own)
            assert optimizer.param_groups[0]["momentum"] == 0.5 + COSINE(own)
        else:
            assert rate(optimizer) == 0.05
        assert scheduler.get_last_lr() == [rate(optimizer)]
        optimizer.step()
        scheduler.step()


@pytest.fixture
def ignite():
    return pytest.importorskip("ignite.handlers.param_scheduler", reason="the handlers of ignite are not installed")


def run_by(handler, optimizer, updates):
    """What each update of an engine of ignite uses, by group: learning rates and weight decays."""
    from ignite.engine import Engine, Events

    def update(_engine, _batch):
        seen.append([(float(group["lr"]), group["weight_decay"]) for group in optimizer.param_groups])
        optimizer.step()

    seen, engine = [], Engine(update)
    engine.add_event_handler(Events.ITERATION_STARTED, handler)
    engine.run(range(5), max_epochs=math.ceil(updates / 5))
    return seen[:updates]


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_ignite_drives_it(ignite, kind):
    optimizer = sgd(kind(0.1), kind(0.7))
    s, decay = (sc.linear(0.1, 0.0, 12), 0.7), sc.linear(0.0, 0.1, 12)
    handler = ignite.LRScheduler(ScheduleLR(optimizer, s, weight_decay=decay))
    expected = [[(s[0](t), decay(t)), (0.7, decay(t))] for t in range(15)]
    found = run_by(handler, optimizer, 15)
    assert np.array(found) == pytest.approx(np.array(expected), rel=1e-6)


def test_ignite_simulates_and_saves_it(ignite):
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, COSINE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulated = ignite.LRScheduler.simulate_values(20, scheduler)
    assert simulated == [[t, COSINE(t)] for t in range(20)]
    assert (scheduler.last_epoch, rate(optimizer)) == (0, COSINE(0))
    handler = ignite.LRScheduler(scheduler)
    run_by(handler, optimizer, 10)
    again = sgd()
    resumed = ignite.LRScheduler(ScheduleLR(again, COSINE))
    resumed.load_state_dict(handler.state_dict())
    assert [lr for ((lr, _),) in run_by(resumed, again, 5)] == [COSINE(t) for t in range(10, 15)]


def test_ignite_warms_it_up(ignite):
    optimizer = sgd()
    scheduler = ScheduleLR(optimizer, sc.cosine(0.1, 0.0, 30))
    handler = ignite.create_lr_scheduler_with_warmup(scheduler, warmup_start_value=0.0, warmup_duration=5)
    found = [lr for ((lr, _),) in run_by(handler, optimizer, 20)]
    theirs = sgd()
    peer = lrs.LambdaLR(theirs, sc.cosine(1.0, 0.0, 30))
    handler = ignite.create_lr_scheduler_with_warmup(peer, warmup_start_value=0.0, warmup_duration=5)
    assert found == pytest.approx([lr for ((lr, _),) in run_by(handler, theirs, 20)])
    assert found[5:] == [sc.cosine(0.1, 0.0, 30)(t) for t in range(1, 16)]
