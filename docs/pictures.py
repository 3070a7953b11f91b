"""The plots of the page on accuracy, made at build time from the libraries themselves."""

import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from schedules import cosine

mpl.use("Agg")

STEPS = 100_000


def write(folder: Path) -> None:
    """Write the plots that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, curves in (("cosine", near_the_end), ("recurrence", step_by_step)):
        path = folder / f"{name}.svg"
        if not path.exists():
            draw(path, curves())


def near_the_end() -> dict[str, tuple[Any, Any]]:
    """The relative error of float32 values before the end of a cosine, by how many steps are left."""
    import jax.numpy as jnp
    import optax

    left = np.unique(np.geomspace(1, STEPS // 2, 400).astype(np.int32))
    exact = cosine(1.0, 0.0, STEPS)(STEPS - left)
    functions = {
        "(1 + cos)/2, as in Optax": optax.cosine_decay_schedule(1.0, STEPS),
        "schedules": cosine(1.0, 0.0, STEPS),
    }
    return {
        name: (left, np.abs(np.asarray(function(jnp.asarray(STEPS - left)), float) / exact - 1))
        for name, function in functions.items()
    }


def step_by_step() -> dict[str, tuple[Any, Any]]:
    """The relative error of a scheduler of PyTorch that computes each value from the last, in float64."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    values = np.empty(STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no optimizer is stepped here
        for step in range(STEPS):
            values[step] = scheduler.get_last_lr()[0]
            scheduler.step()
    exact = cosine(1.0, 0.0, STEPS).values()
    left = np.unique(np.geomspace(1, STEPS // 2, 400).astype(np.int32))
    return {"CosineAnnealingLR": (left, np.abs(values / exact - 1)[STEPS - left])}


def draw(path: Path, curves: dict[str, tuple[Any, Any]]) -> None:
    """Errors against the steps that are left, on paper of any colour."""
    from matplotlib.figure import Figure

    ink = "#808080"
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, (left, error) in curves.items():
        axes.loglog(left, np.maximum(error, 1e-17), ".", markersize=3, label=name)
    axes.invert_xaxis()
    axes.set_xlabel("steps left", color=ink)
    axes.set_ylabel("relative error", color=ink)
    axes.tick_params(colors=ink, which="both")
    for spine in axes.spines.values():
        spine.set_color(ink)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, labelcolor=ink)
    figure.savefig(path, transparent=True, metadata={"Date": None})
