"""A small training run of its own process: `test_trainers` resumes it, kills it and runs it in pairs.

Each update prints one line, ``update lr loss``, the numbers in hexadecimal so that no bit is lost.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import schedules as sc
from schedules.adapters.torch import ScheduleLR

UPDATES = 4_400  # beyond the first window of values that are evaluated ahead
SCHEDULE = sc.cosine_warmup(0.05, UPDATES - 100, warmup=300, end=1e-3)
DECAY = sc.linear(0.0, 0.1, UPDATES)
PLATEAU = sc.Plateau(patience=10, factor=0.9, cooldown=5, threshold=0.02)
EVERY = 40  # updates between two checkpoints
MEASURED = 10  # updates between two metrics


def parts(*, lr: float = 0.1) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """A tiny model, always the same, and its optimizer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    return model, torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


class Run:
    """A loop as one writes it by hand: model, optimizer, scheduler, random data, checkpoints.

    Args:
        plateau: scale by a plateau too.
        accumulation: batches for each optimizer update.
    """

    def __init__(self, *, plateau: bool = False, accumulation: int = 1) -> None:
        self.plateau = PLATEAU if plateau else None
        self.accumulation = accumulation
        self.model, self.optimizer = parts()
        self.scheduler = self.schedule()
        self.data = torch.Generator().manual_seed(1)
        self.update = 0

    def schedule(self) -> ScheduleLR:
        """A new scheduler on the optimizer."""
        return ScheduleLR(self.optimizer, SCHEDULE, plateau=self.plateau, weight_decay=DECAY)

    def save(self, path: Path) -> None:
        """Write a checkpoint whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "data": self.data.get_state(),
            "update": self.update,
        }
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def load(self, path: Path, order: str) -> None:
        """Take a checkpoint up; `order` says when the scheduler is built and loaded."""
        state = torch.load(path, weights_only=True)
        self.model, self.optimizer = parts(lr=0.7)
        self.model.load_state_dict(state["model"])
        if order == "built after":
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler = self.schedule()
            self.scheduler.load_state_dict(state["scheduler"])
        elif order == "built before":
            self.scheduler = self.schedule()
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
        elif order == "loaded before":
            self.scheduler = self.schedule()
            self.scheduler.load_state_dict(state["scheduler"])
            self.optimizer.load_state_dict(state["optimizer"])
        else:
            raise ValueError(order)
        self.data.set_state(state["data"])
        self.update = state["update"]

    def train(self, updates: int, seen: Callable[[int, float, float], Any], path: Path | None = None) -> None:
        """Go on until so many updates are done in all; `seen` gets what each used."""
        while self.update < updates:
            total = 0.0
            for _ in range(self.accumulation):
                batch = torch.randn(8, 4, generator=self.data)
                loss = (self.model(batch) - batch.sum(1, keepdim=True).sin()).square().mean() / self.accumulation
                loss.backward()
                total += loss.item()
            used = self.optimizer.param_groups[0]["lr"]
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.update += 1
            self.scheduler.step(total if self.plateau and self.update % MEASURED == 0 else None)
            seen(self.update - 1, used, total)
            if path and self.update % EVERY == 0:
                self.save(path)

    def weights(self) -> str:
        """All weights, bit by bit."""
        return " ".join(x.hex() for tensor in self.model.state_dict().values() for x in tensor.flatten().tolist())


def say(update: int, lr: float, loss: float) -> None:
    """Report one update."""
    print(update, lr.hex(), loss.hex(), flush=True)


def train(options: argparse.Namespace) -> None:
    """Train from the checkpoint if there is one."""
    run = Run(plateau=options.plateau, accumulation=options.accumulation)
    if options.path.exists():
        run.load(options.path, options.order)
    run.train(options.updates, say, options.path if options.save else None)
    print("weights", run.weights(), flush=True)


def ddp(options: argparse.Namespace) -> None:
    """One of two ranks, each with data of its own; then on without the process group."""
    torch.distributed.init_process_group(
        "gloo", init_method=options.path.resolve().as_uri(), rank=options.rank, world_size=2
    )
    model, optimizer = parts()
    model = torch.nn.parallel.DistributedDataParallel(model)
    scheduler = ScheduleLR(optimizer, SCHEDULE)
    data = torch.Generator().manual_seed(options.rank)
    for update in range(options.updates):
        batch = torch.randn(8, 4, generator=data)
        loss = (model(batch) - batch.sum(1, keepdim=True).sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        say(update, optimizer.param_groups[0]["lr"], loss.item())
        optimizer.step()
        scheduler.step()
    print("weights", *(x.hex() for p in model.parameters() for x in p.flatten().tolist()), flush=True)
    done = [options.path.with_suffix(f".{rank}") for rank in range(2)]
    done[options.rank].touch()
    end = time.monotonic() + 30
    while not all(path.exists() for path in done):  # a rank that leaves early may break the other's last collective
        assert time.monotonic() < end, "the other rank is gone"
        time.sleep(0.01)
    del model  # which holds on to the group
    torch.distributed.destroy_process_group()
    for update in range(options.updates, 2 * options.updates):  # whoever communicates now, fails
        say(update, optimizer.param_groups[0]["lr"], 0.0)
        optimizer.step()
        scheduler.step()
    os._exit(0)  # at once: threads that gloo leaves behind may abort an interpreter that ends


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["train", "ddp"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--accumulation", type=int, default=1)
    parser.add_argument("--order", default="built after")
    parser.add_argument("--plateau", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--rank", type=int, default=0)
    torch.set_num_threads(1)
    given = parser.parse_args()
    {"train": train, "ddp": ddp}[given.task](given)
