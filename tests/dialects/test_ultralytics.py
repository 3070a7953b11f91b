"""`schedules.dialects.ultralytics` against the trainer of Ultralytics: its own statements, at each batch."""

import ast
import types

import numpy as np
import peers
import pytest
import torch
from agreement import assert_follows
from hypothesis import given
from hypothesis import strategies as st

from schedules import ScheduleError
from schedules.dialects import ultralytics as dialect

VERSION = "8.4.190"


@pytest.fixture(scope="module")
def trainer(pytestconfig):
    """The trainer's set-up of its scheduler, and its statement of the warmup."""
    root = peers.unpacked(pytestconfig, f"ultralytics=={VERSION}") / "ultralytics"
    source = root / "engine" / "trainer.py"
    (whole,) = [node for node in ast.parse(source.read_text()).body if getattr(node, "name", "") == "BaseTrainer"]
    methods = [
        node for node in whole.body if getattr(node, "name", "") in ("_setup_scheduler", "_get_warmup_iterations")
    ]
    warmup = next(node for node in ast.walk(whole) if isinstance(node, ast.If) and "ni <= nw" in ast.unparse(node.test))
    curve = peers.definitions(root / "utils" / "torch_utils.py", "one_cycle", math=__import__("math"))
    scope = {"optim": torch.optim, "one_cycle": curve.one_cycle}
    exec(compile(ast.Module(methods, []), str(source), "exec"), scope)  # noqa: S102 -- a pinned package
    return types.SimpleNamespace(**scope, warmup=compile(ast.Module([warmup], []), str(source), "exec"))


def live(trainer, num_batches, epochs, **settings):
    """The learning rates of weights and biases and the momentum, at each batch."""
    args = types.SimpleNamespace(momentum=0.937, warmup_momentum=0.8, warmup_bias_lr=0.1)
    vars(args).update(settings)
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "param_group": kind} for kind in ("weight", "bias")]
    optimizer = torch.optim.SGD(groups, lr=args.lr0, momentum=args.momentum)
    self = types.SimpleNamespace(args=args, epochs=epochs, optimizer=optimizer, accumulate=1)
    trainer._setup_scheduler(self)
    nw = trainer._get_warmup_iterations(self, num_batches)
    found = []
    for epoch in range(epochs):
        if epoch:
            self.scheduler.step()
        for i in range(num_batches):
            scope = {"self": self, "nw": nw, "ni": i + num_batches * epoch, "epoch": epoch, "np": np, "acc0": 1}
            exec(trainer.warmup, scope)  # noqa: S102 -- as above
            weight, bias = optimizer.param_groups
            found.append((weight["lr"], bias["lr"], weight["momentum"]))
    return map(list, zip(*found, strict=True))


rates = st.sampled_from([0.01, 1.0]) | st.floats(1e-5, 1.0)


@pytest.mark.filterwarnings("ignore:Detected call of")  # no optimizer is stepped
@given(
    st.integers(1, 7),
    st.integers(1, 6),
    st.fixed_dictionaries(
        {
            "lr0": rates,
            "lrf": st.sampled_from([0.0, 0.01, 1.0]) | rates,
            "cos_lr": st.booleans(),
            "warmup_epochs": st.sampled_from([0.0, 0.5, 3.0]) | st.floats(0.0, 9.0),
        }
    ),
    st.fixed_dictionaries({"warmup_bias_lr": rates, "momentum": rates, "warmup_momentum": rates}),
)
def test_what_the_trainer_writes(trainer, num_batches, epochs, settings, others):
    weight, bias, momentum = live(trainer, num_batches, epochs, **settings, **others)
    run = {"epochs": epochs, "num_batches": num_batches}
    assert_follows(dialect.lr(**settings, **run), weight)
    assert_follows(dialect.bias_lr(**settings, **run, warmup_bias_lr=others["warmup_bias_lr"]), bias)
    start, warmup_epochs = others["warmup_momentum"], settings["warmup_epochs"]
    own = dialect.momentum(others["momentum"], **run, warmup_epochs=warmup_epochs, warmup_momentum=start)
    assert_follows(own, momentum)


@given(st.integers(1, 40), rates, rates)
def test_the_factors(trainer, epochs, low, high):
    found = [trainer.one_cycle(high, low, epochs)(t) for t in range(3 * epochs)]
    assert_follows(dialect.one_cycle(high, low, epochs), found, peak=1.0)
    self = types.SimpleNamespace(args=types.SimpleNamespace(cos_lr=False, lrf=low), epochs=epochs)
    self.optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    trainer._setup_scheduler(self)
    assert_follows(dialect.linear(low, epochs=epochs), [self.lf(t) for t in range(epochs + 9)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dialect.linear(0.1, epochs=0), "linear: epochs=0"),
        (lambda: dialect.lr(num_batches=0), "lr: num_batches=0"),
        (lambda: dialect.lr(num_batches=9, warmup_epochs=-1), "warmup_epochs=-1"),
        (dialect.momentum, "missing a required argument: 'num_batches'"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ScheduleError) as caught:
        make()
    assert message in str(caught.value)
