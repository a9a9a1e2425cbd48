"""What goes first when the outbox is full.

The order, each step oldest first and only as far as needed:

1. events that the broker has taken and no station has confirmed, beyond the newest `MAX_UNCONFIRMED`: whether or not
   the outbox is full, because the broker has them and a bed without a station would keep them for ever;
2. what is no alert: replies and burdens;
3. alarm states that a newer one of the same condition has replaced;
4. events that the broker has taken;
5. events of technical conditions;
6. whatever is oldest. Only here is an alert of pain given up, and every one is written to the log at CRITICAL.
"""

from __future__ import annotations

import logging
import sqlite3

from edge.publish.topics import ALARM, EVENT
from edge.types import Condition

logger = logging.getLogger(__name__)

MAX_ROWS = 20_000
"""Rows in the outbox: 8 MB on disk, and forty days without a broker at ten transitions (two rows each) an hour."""

MAX_UNCONFIRMED = 1000
"""Events kept for a station after the broker has taken them: four days at ten transitions an hour."""

_STEPS = (
    ("leaf <> :event AND leaf NOT LIKE :alarm", False),
    ("leaf LIKE :alarm AND id NOT IN (SELECT max(id) FROM outbox GROUP BY leaf)", False),
    ("taken = 1", False),
    ("leaf = :event AND json_extract(CAST(payload AS TEXT), '$.c') <> :pain", True),
    ("true", True),
)
"""Which rows go, and whether each is worth a line in the log."""


def forget_unconfirmed(cursor: sqlite3.Cursor) -> None:
    """The first step, within the open transaction."""
    cursor.execute(
        "DELETE FROM outbox WHERE id <= (SELECT id FROM outbox WHERE taken = 1 ORDER BY id DESC LIMIT 1 OFFSET ?) "
        "AND taken = 1",
        (MAX_UNCONFIRMED,),
    )


def make_room(cursor: sqlite3.Cursor, max_rows: int = MAX_ROWS) -> int:
    """The other steps, within the open transaction: delete what the outbox has no room for.

    Returns:
        How many rows were given up that no broker had taken.
    """
    names = {"event": EVENT, "alarm": f"{ALARM}%", "pain": Condition.PAIN}
    gone = 0
    for which, told in _STEPS:
        excess = int(cursor.execute("SELECT count(*) FROM outbox").fetchone()[0]) - max_rows
        if excess <= 0:
            break
        chosen = cursor.execute(
            f"SELECT id, payload, taken FROM outbox WHERE {which} ORDER BY id LIMIT :excess",  # noqa: S608 - constants
            {**names, "excess": excess},
        ).fetchall()
        cursor.executemany("DELETE FROM outbox WHERE id = ?", [(row[0],) for row in chosen])
        gone += sum(not row[2] for row in chosen)
        for row in chosen if told else ():
            logger.critical("the outbox is full; given up: %s", bytes(row[1]).decode(errors="replace"))
    return gone
