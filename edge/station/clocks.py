"""Wall clocks that disagree: whose is wrong cannot be known here, so it is said.

What is heard, stale, late or ringing is decided on monotonic clocks and ids alone. Wall times are shown, and tell
what is old enough to leave the record: nothing while the station's own clock is in doubt. Where a box's clock and the
station's lie apart, or a box's clock was set meanwhile, an alarm's time is reckoned from the box's monotonic clock
and shown as the station's.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge.publish.payload import AlertMessage
from edge.station.ward import Bed

APART_MS = 60_000
"""Clocks this far from each other disagree, milliseconds: a state is dropped by broker and box after 30 s, so no slow
way alone makes so much."""

_ROUND_MS = 10_000
"""Reckoned times sway with the network; they are shown in minutes."""


def apart_ms(bed: Bed) -> int:
    """How far the box's clock is ahead of the station's, milliseconds; 0 where they agree or nothing is known."""
    if not bed.live or bed.state is None or bed.state_wall_ms is None:
        return 0
    ahead_ms = bed.state.wall_ms - bed.state_wall_ms
    return ahead_ms if abs(ahead_ms) >= APART_MS else 0


def since(bed: Bed, alert: AlertMessage) -> tuple[int, bool]:
    """When an alarm's transition was, Unix milliseconds, and whether that can be relied on."""
    state = bed.state
    if not bed.live or state is None or bed.state_wall_ms is None:
        return alert.wall_ms, alert.synced
    if alert.boot_id != state.boot_id:
        ahead_ms = apart_ms(bed)
        return alert.wall_ms - ahead_ms, alert.synced and ahead_ms == 0
    reckoned_ms = bed.state_wall_ms - (state.since_boot_ms - alert.since_boot_ms)
    if abs(reckoned_ms - alert.wall_ms) < APART_MS:
        return alert.wall_ms, alert.synced
    return reckoned_ms // _ROUND_MS * _ROUND_MS, True


def clock_words(ahead_ms: int, *, synced: bool) -> str:
    """The difference in words; "" for none.

    Args:
        ahead_ms: of the box's clock.
        synced: whether the box says that its clock is synchronised.
    """
    if ahead_ms == 0:
        return ""
    said = f"box clock {_amount(abs(ahead_ms))} {'ahead of' if ahead_ms > 0 else 'behind'} this station's"
    return said if synced else f"{said}, not synchronised"


def station_words(beds: Iterable[Bed]) -> str:
    """That the station's own clock is the likelier to be wrong; "" where it is not.

    So it is when at least two boxes that say that theirs is synchronised disagree with it, and most of those do.
    """
    judges = [bed for bed in beds if bed.live and bed.state is not None and bed.state.synced]
    against = [apart_ms(bed) for bed in judges if apart_ms(bed)]
    if len(against) < 2 or 2 * len(against) <= len(judges):
        return ""
    return (
        f"This station's clock disagrees with those of {len(against)} of {len(judges)} boxes: it may be wrong. Alarms "
        "do not depend on it; the times shown here do."
    )


def _amount(milliseconds: int) -> str:
    minutes = round(milliseconds / 60_000)
    if minutes < 90:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 36 * 60 else f"{round(minutes / 1440)} days"
