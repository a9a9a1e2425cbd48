"""How old a stored message is, whatever the wall clock did meanwhile."""

from __future__ import annotations

from edge.clock import Instant
from edge.publish.payload import Head


def age_ms(head: Head, now: Instant) -> int:
    """Milliseconds since the message was made; at least so many, where that cannot be known.

    Within one boot the monotonic clock tells. Across a reboot the wall clock does where it was synchronised at both
    moments; else only the time since this boot is certain. A box without a real-time clock thus never takes a message
    for older than it is, and neither does one whose clock was wrong by a day while unsynchronised.
    """
    since_boot_ms = now.mono_ns // 1_000_000
    if head.boot_id == now.boot_id:
        return max(0, since_boot_ms - head.since_boot_ms)
    if head.synced and now.synced:
        return max(since_boot_ms, now.wall_ms - head.wall_ms)
    return since_boot_ms
