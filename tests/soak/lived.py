"""The state file of a box that has been in use for months: whatever is bounded in it is full.

A new file grows for days before its oldest rows go, and SQLite's page cache with it: that is no leak, and would hide
one. Full tables also cost more writes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.alarm.burden import KEPT_DAYS, Day
from edge.alarm.reports import KEPT as REPORTS
from edge.alarm.reports import Reports
from edge.clock import Instant
from edge.publish.commands import REMEMBERED, Channel, CommandDesk, Done
from edge.publish.proof import KEPT as PROOFS
from edge.publish.proof import Proofs
from edge.store import Store
from edge.types import Condition
from tests.soak import nurse
from tests.station.messages import alert

NUMBERS = 100_000
"""Running numbers that an earlier life has used."""

WAITS = 240
"""Acknowledgements of each day of it."""


def lived(path: Path, now: Instant) -> None:
    """Make such a file.

    Args:
        path: where there is none yet.
        now: its rows are from before.
    """
    store = Store.open(path)
    proofs, reports = Proofs(store), Reports(store)
    desk = CommandDesk(store, lambda command: Done(f"{command.do} was done"))
    with store.transaction() as cursor:
        for number in range(NUMBERS - PROOFS, NUMBERS):
            one = alert(number=number)
            proofs.begin(one)
            proofs.broker(one.id, now)
            proofs.station(one.id, "station", now)
        for number in range(REMEMBERED):
            command = nurse.acknowledgement_of(Condition.PAIN, f"ack-0123456789ab-{number}")
            desk.take(command.model_dump_json(exclude_none=True).encode(), Channel.STATION, now)
        for _ in range(REPORTS):
            reports.keep("nrs", 3, "nurse", now, None, 0.0)
        today = datetime.fromtimestamp(now.wall_ms / 1000, UTC).date()
        for days in range(1, KEPT_DAYS):
            day = Day(day=(today - timedelta(days)).isoformat(), waits_s=[61.5] * WAITS, acknowledged=WAITS)
            cursor.execute("INSERT INTO burden (day, state) VALUES (?, ?)", (day.day, day.model_dump_json()))
        cursor.execute("UPDATE number SET reserved = ?", (NUMBERS,))
    store.close()
