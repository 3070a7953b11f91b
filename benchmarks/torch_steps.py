"""A step of `ScheduleLR` against what one writes by hand: ``python -m benchmarks.torch_steps``.

By hand are the same values, computed by `Schedule.function` or looked up in lists made before, and plain writes into
the param groups; no look at what is there, no group that comes later, no value that is not finite.
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch

from schedules import Schedule, cosine_warmup, linear
from schedules.adapters.torch import ScheduleLR

from .__main__ import seconds, table

STEPS = 100_000
CALLS = range(100)
ROUNDS = 40
RATE, DECAY, MOMENTUM = cosine_warmup(0.1, STEPS, warmup=1_000), linear(0.0, 0.1, STEPS), linear(0.95, 0.85, STEPS)


def optimizer(kind: str, groups: int) -> torch.optim.Optimizer:
    """An optimizer of so many groups."""
    own = [0.9**place if kind == "layer-wise" else 0.1 for place in range(groups)]
    made = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in own]
    if kind == "tensor lr":
        made = [group | {"lr": torch.tensor(group["lr"])} for group in made]
    return torch.optim.AdamW(made) if kind == "AdamW" else torch.optim.SGD(made, lr=0.1, momentum=0.9)


def by_hand(kind: str, groups: int, read: Callable[[Schedule], Callable[[int], float]]) -> Callable[[], None]:
    """A step that is written for one optimizer."""
    live, clock = optimizer(kind, groups).param_groups, itertools.count(1)
    own = [group["lr"] for group in live]
    rate, decay, momentum = map(read, (RATE, DECAY, MOMENTUM))

    def alone() -> None:
        value = rate(next(clock))
        for group in live:
            group["lr"] = value

    def filled() -> None:
        value = rate(next(clock))
        for group in live:
            group["lr"].fill_(value)

    def three() -> None:
        step = next(clock)
        value, wd, beta = rate(step), decay(step), momentum(step)
        for group in live:
            group["lr"], group["weight_decay"], group["momentum"] = value, wd, beta

    def betas() -> None:
        step = next(clock)
        value, wd, beta = rate(step), decay(step), momentum(step)
        for group in live:
            group["lr"], group["weight_decay"], group["betas"] = value, wd, (beta, 0.999)

    def each() -> None:
        step = next(clock)
        value, wd, beta = rate(step), decay(step), momentum(step)
        for group, base in zip(live, own, strict=True):
            group["lr"], group["weight_decay"], group["momentum"] = value * base, wd, beta

    return {"lr alone": alone, "tensor lr": filled, "SGD": three, "AdamW": betas, "layer-wise": each}[kind]


def ours(kind: str, groups: int) -> Callable[[], None]:
    """The step of `ScheduleLR`."""
    others: dict[str, Any] = {} if "lr" in kind else {"weight_decay": DECAY, "momentum": MOMENTUM}
    return ScheduleLR(optimizer(kind, groups), RATE, relative=kind == "layer-wise", **others).step


def peer(groups: int) -> Callable[[], None]:
    """The step of PyTorch's own cosine, of the learning rate alone."""
    driven = optimizer("lr alone", groups)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(driven, STEPS)
    driven.step()
    return scheduler.step


def fastest(functions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least time of each function in seconds, all of them in turn in every round: what else runs only adds."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            times[name].append(seconds(function))
    return {name: min(found) for name, found in times.items()}


def main() -> None:
    """Print the table."""
    rows: list[list[str]] = []
    for kind, groups in itertools.product(("lr alone", "tensor lr", "SGD", "AdamW", "layer-wise"), (1, 10, 100)):
        steps = {
            "hand": by_hand(kind, groups, Schedule.function),
            "looked up": by_hand(kind, groups, lambda s: s.values(STEPS).tolist().__getitem__),
            "ours": ours(kind, groups),
            "CosineAnnealingLR": peer(groups),
        }
        found = fastest({name: lambda step=step: [step() for _ in CALLS] for name, step in steps.items()})
        times = [f"{least / len(CALLS) * 1e6:.2f}" for least in found.values()]
        against = ("hand", "looked up", "CosineAnnealingLR")
        rows.append([kind, f"{groups}", *times, *(f"{found['ours'] / found[name]:.2f}" for name in against)])
    head = ["writes", "groups", "by hand, us", "by hand, looked up", "ScheduleLR", "CosineAnnealingLR (lr alone)"]
    head += ["ratio to by hand", "to looked up", "to CosineAnnealingLR"]
    table("A step of the scheduler: lr alone, or lr, weight decay and momentum", head, rows)


if __name__ == "__main__":
    main()
