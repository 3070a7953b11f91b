"""How many updates a run has, counted as trainers count them."""

from typing import Annotated

from ..algebra.checks import Count, Samples, Switch, choice, demand
from ..algebra.named import checked

Shared = Annotated[str, choice("samples", "batches")]
"""What is shared out among processes."""


@checked
def total_updates(
    samples: Samples,
    batch_size: Count,
    *,
    epochs: Count = 1,
    accumulation: Count = 1,
    world_size: Count = 1,
    drop_last: Switch = False,
    shared: Shared = "samples",
) -> int:
    """``epochs * ceil(batches / accumulation)``, where trainers round.

    Of the number of optimizer updates of a training run: an epoch's last few batches make an update of their own, and
    the batches of one process are ``ceil(samples / (world_size * batch_size))``. With `drop_last` a batch that is not
    full is dropped, and it counts what is shared out among the processes: the samples, before they are put into
    batches (``ceil(samples / world_size) // batch_size``), or the batches (``samples // batch_size // world_size``).

    Args:
        samples: the number of samples in the data set.
        batch_size: samples in a batch of one process.
        epochs: passes over the data set.
        accumulation: batches to one update.
        world_size: the number of processes.
        drop_last: drop an incomplete last batch.
        shared: ``"samples"``, as PyTorch's ``DistributedSampler`` does, or ``"batches"``, as Accelerate does, and so
            the ``Trainer`` of Transformers; it makes no difference without `drop_last`.

    Raises:
        ScheduleError: an argument is not a whole number of at least 1, or there is no full batch.

    Source: ``DistributedSampler`` and ``DataLoader`` of PyTorch; ``BatchSamplerShard`` of Accelerate.

    >>> total_updates(1000, 32, epochs=3, accumulation=4), total_updates(1000, 32, drop_last=True)
    (24, 31)
    >>> [total_updates(999, 25, world_size=8, drop_last=True, shared=way) for way in ("samples", "batches")]
    [5, 4]
    """
    if drop_last:
        batches = (
            samples // batch_size // world_size if shared == "batches" else -(-samples // world_size) // batch_size
        )
    else:
        batches = -(-samples // (world_size * batch_size))
    remedy = f"no batch of {batch_size} is full; use smaller batches"
    demand(batches > 0, "total_updates", "drop_last", drop_last, remedy)
    return epochs * -(-batches // accumulation)
