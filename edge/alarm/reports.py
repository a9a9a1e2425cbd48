"""What patient, relatives and nurses say of the pain: kept beside the assessment, and heard within bounds.

A report is one of a numeric rating scale (NRS, 0-10, said by the patient or a relative) or PAINAD (0-10, observed;
Warden et al., J Am Med Dir Assoc 2003;4:9-15). On both, 0-1 means none, and 4 or more pain that wants treatment. Where
the box disagrees, the pain threshold moves by `STEP` towards the report, by `report_bound` in all: a report is sparse
and may be of another hour, so it corrects a tendency and decides nothing. The limit of high priority never moves.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from edge.clock import Instant
from edge.store import Store
from edge.types import Assessment, Verdict

STEP = 0.25
"""Score units per report: four that agree reach the default bound of 1."""

NO_PAIN, PAIN = 1, 4
"""Up to the first a report says "no pain", from the second "pain"; what is between moves nothing."""

KEPT = 2000
"""Reports kept: every two hours for half a year."""


class Report(BaseModel):
    """One report and what the box thought at that moment.

    Attributes:
        scale, value, by: who said what.
        boot_id, at_ns, wall_ms, synced: when.
        verdict, score, mode: of the assessment beside it; None before the first.
        offset: of the pain threshold from then on, score units.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: Literal["nrs", "painad"]
    value: int
    by: str
    boot_id: str
    at_ns: int
    wall_ms: int
    synced: bool
    verdict: Verdict | None
    score: float | None
    mode: str | None
    offset: float


def moved(offset: float, value: int, score: float | None, on_score: float, bound: float) -> float:
    """The offset after a report.

    Args:
        offset: before, score units.
        value: 0..10.
        score: of the box at that moment; None when blind: nothing to compare with, nothing moves.
        on_score: the configured pain threshold.
        bound: the offset stays within plus and minus this.
    """
    if score is None:
        return max(-bound, min(bound, offset))
    felt = score >= on_score + offset
    step = -STEP if value >= PAIN and not felt else STEP if value <= NO_PAIN and felt else 0.0
    return max(-bound, min(bound, offset + step))


class Reports:
    """The log of reports.

    Args:
        store: where it is kept.
    """

    def __init__(self, store: Store) -> None:
        """Nothing is read."""
        self._store = store

    def keep(
        self,
        scale: Literal["nrs", "painad"],
        value: int,
        by: str,
        now: Instant,
        assessment: Assessment | None,
        offset: float,
    ) -> Report:
        """Write one report beside the assessment of the moment.

        Raises:
            StoreError: it was not written.
        """
        report = Report(
            scale=scale,
            value=value,
            by=by,
            boot_id=now.boot_id,
            at_ns=now.mono_ns,
            wall_ms=now.wall_ms,
            synced=now.synced,
            verdict=None if assessment is None else assessment.verdict,
            score=None if assessment is None else assessment.score,
            mode=None if assessment is None else assessment.mode_text,
            offset=offset,
        )
        with self._store.transaction() as cursor:
            cursor.execute("INSERT INTO report (state) VALUES (?)", (report.model_dump_json(),))
            cursor.execute("DELETE FROM report WHERE position <= (SELECT max(position) FROM report) - ?", (KEPT,))
        return report

    def kept(self) -> list[Report]:
        """All that is there, oldest first; damaged rows are left out.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._store.reading() as cursor:
            rows = cursor.execute("SELECT state FROM report ORDER BY position").fetchall()
        found: list[Report] = []
        for (text,) in rows:
            try:
                found.append(Report.model_validate_json(text))
            except ValueError:
                continue
        return found
