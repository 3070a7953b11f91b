"""How many updates a run has, counted as trainers count them."""

from ..algebra.checks import Count, Switch, demand
from ..algebra.named import checked


@checked
def total_updates(
    samples: Count,
    batch_size: Count,
    *,
    epochs: Count = 1,
    accumulation: Count = 1,
    world_size: Count = 1,
    drop_last: Switch = False,
) -> int:
    """``epochs * ceil(batches / accumulation)`` for ``batches = ceil(ceil(samples / world_size) / batch_size)``.

    The number of optimizer updates of a training run, rounded where trainers round: samples are shared out
    evenly among processes, each makes batches of them, and an epoch's last few batches make an update of
    their own. With `drop_last` the batch that is not full is dropped.

    Args:
        samples: the number of samples in the data set.
        batch_size: samples in a batch of one process.
        epochs: passes over the data set.
        accumulation: batches to one update.
        world_size: the number of processes.
        drop_last: drop an incomplete last batch.

    Raises:
        ScheduleError: an argument is not a whole number of at least 1.

    >>> total_updates(1000, 32, epochs=3, accumulation=4), total_updates(1000, 32, drop_last=True)
    (24, 31)
    """
    share = -(-samples // world_size)
    batches = share // batch_size if drop_last else -(-share // batch_size)
    demand(
        batches > 0, "total_updates", "drop_last", drop_last, f"no batch of {batch_size} is full; use smaller batches"
    )
    return epochs * -(-batches // accumulation)
