"""What published results say of a schedule, from its values alone or with few constants."""

from .averages import Seesaw, Shares, merge_weights, seesaw, timescale, update_shares
from .bounds import Scale, best_scale, bound_along, last_iterate_bound, refined, transfer
from .laws import LAWS, MultiPowerLaw
from .ranking import Ranked, rank

__all__ = [
    "LAWS",
    "MultiPowerLaw",
    "Ranked",
    "Scale",
    "Seesaw",
    "Shares",
    "best_scale",
    "bound_along",
    "last_iterate_bound",
    "merge_weights",
    "rank",
    "refined",
    "seesaw",
    "timescale",
    "transfer",
    "update_shares",
]
