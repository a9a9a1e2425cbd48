"""When a bed's state is worth a message of its own, and how long the broker keeps it."""

from __future__ import annotations

from edge.publish.payload import StateMessage
from edge.types import NS_PER_S, Absence, Assessment, Hold

STATE_EVERY_S = 10.0
"""A state is published at least this often, seconds: with the factor three of `StateMessage.every_s`, a station calls
a silent bed stale after half a minute."""

STATE_SCORE_STEP = 0.5
"""A score that moved this far is published at once; smaller sways wait for `STATE_EVERY_S`."""

STATE_EXPIRY_S = 30
"""The broker forgets a retained state after three missed ones, seconds (MQTT v5): a new subscriber then sees no score
rather than an old one."""


def is_news(published: StateMessage, assessment: Assessment, now_ns: int, holds: tuple[Hold, ...]) -> bool:
    """Whether an assessment is worth a message of its own."""
    if now_ns - published.since_boot_ms * 1_000_000 >= STATE_EVERY_S * NS_PER_S:
        return True
    if (assessment.verdict, assessment.mode_text) != (published.verdict, published.mode):
        return True
    missing = {one: why for one, why in assessment.missing.items() if why is not Absence.NOT_CONFIGURED}
    if missing != published.missing or list(holds) != published.holds:
        return True
    if assessment.score is None or published.score is None:
        return False
    return abs(assessment.score - published.score) >= STATE_SCORE_STEP
