"""A second bundle beside the one in use: it sees what that sees, and what it says is counted and goes nowhere else."""

from edge.shadow.shadow import Shadow
from edge.shadow.tally import Tally

__all__ = ["Shadow", "Tally"]
"""Nothing of this room is known to alarms, outbox or publisher, and it knows none of them."""
