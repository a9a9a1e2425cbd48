"""What is kept on disk of one alarm condition, and how it comes back after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from edge.alarm.table import Rule, State, Step
from edge.clock import Instant
from edge.errors import StoreError, StoreReason
from edge.store import Store
from edge.types import Alert, Condition, Presence


class Record(BaseModel):
    """One row of the table `alarm`: the last announced transition and, where acknowledged, when and by whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert: Alert
    acknowledged_ns: int | None = None
    acknowledged_boot: str | None = None
    acknowledged_by: str | None = None
    step: Step = Step.STATION


def save(store: Store, records: Mapping[Condition, Record]) -> None:
    """Write records, within the transaction that is open or in one of their own.

    Raises:
        StoreError: none of them was written.
    """
    with store.transaction() as cursor:
        cursor.executemany(
            "INSERT INTO alarm (condition, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
            [(str(condition), record.model_dump_json()) for condition, record in records.items()],
        )


def load(store: Store) -> dict[Condition, Record]:
    """The records of an earlier run.

    Raises:
        StoreError: CORRUPT where a row is not a record.
    """
    with store.reading() as cursor:
        rows = cursor.execute("SELECT condition, state FROM alarm").fetchall()
    try:
        return {Condition(name): Record.model_validate_json(text) for name, text in rows}
    except ValueError as error:  # pydantic's ValidationError is one
        raise StoreError(
            StoreReason.CORRUPT, f"{store.path} holds an alarm state that cannot be read: move the file away ({error})"
        ) from error


def restore(record: Record, rule: Rule, now: Instant) -> State:
    """The state that a record stands for.

    Condition delays start anew. Monotonic times of another boot mean nothing now, so an acknowledgement of an earlier
    boot counts as given at this moment: the reminder comes late rather than at once, and surely.
    """
    alert = record.alert
    state = replace(State.off(rule), presence=alert.presence)
    if alert.presence is Presence.OFF:
        return state
    state = replace(state, priority=alert.priority, step=record.step)
    if alert.presence is not Presence.ACKNOWLEDGED:
        return state
    same_boot = record.acknowledged_boot == now.boot_id and record.acknowledged_ns is not None
    return replace(state, acknowledged_ns=record.acknowledged_ns if same_boot else now.mono_ns)
