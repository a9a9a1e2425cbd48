"""What was raised and what has arrived: counts and latencies of one phase. Pure: times in, figures out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypedDict


class Figures(TypedDict):
    """One phase as it is printed; latencies in milliseconds, from the alert's making to its being read at a station."""

    phase: str
    beds: int
    seconds: float
    raised: int
    arrived: int
    lost: int
    duplicates: int
    alerts_per_s: float
    messages_per_s: float
    p50_ms: float | None
    p99_ms: float | None
    worst_ms: float | None


@dataclass(frozen=True, slots=True)
class Load:
    """What the measuring process itself did.

    Attributes:
        loop_late_p99_ms: how late its own loop woke up; a latency cannot be read more exactly.
        cpu_share: processor time over time, of one core.
    """

    loop_late_p99_ms: float
    cpu_share: float

    def printed(self) -> dict[str, float]:
        """Rounded."""
        return {key: round(float(value), 2) for key, value in asdict(self).items()}


class Tally:
    """Alerts by their id.

    Args:
        phase: its name.
        beds: how many there are.
        now_s: when it begins.
    """

    def __init__(self, phase: str, beds: int, now_s: float) -> None:
        """Nothing was raised."""
        self.phase = phase
        self._beds = beds
        self._begun_s = now_s
        self._last_s = now_s
        self._raised: dict[str, float] = {}
        self._took_s: dict[str, float] = {}
        self._duplicates = 0
        self._messages = 0

    @property
    def missing(self) -> int:
        """Raised and not arrived."""
        return len(self._raised) - len(self._took_s)

    def raise_alert(self, alert_id: str, now_s: float) -> None:
        """An alert is handed to its bed's client."""
        self._raised[alert_id] = now_s

    def message(self) -> None:
        """Any message has arrived at a station."""
        self._messages += 1

    def arrive(self, alert_id: str, now_s: float) -> None:
        """An alert was read at a station."""
        if alert_id in self._took_s:
            self._duplicates += 1
        elif alert_id in self._raised:
            self._took_s[alert_id] = now_s - self._raised[alert_id]
            self._last_s = now_s

    def figures(self, now_s: float) -> Figures:
        """What came of it; the rate of alerts is that until the last one arrived."""
        seconds = now_s - self._begun_s
        took = sorted(self._took_s.values())
        return Figures(
            phase=self.phase,
            beds=self._beds,
            seconds=round(seconds, 1),
            raised=len(self._raised),
            arrived=len(took),
            lost=self.missing,
            duplicates=self._duplicates,
            alerts_per_s=round(len(took) / max(1e-9, self._last_s - self._begun_s), 1),
            messages_per_s=round(self._messages / max(1e-9, seconds), 1),
            p50_ms=percentile_ms(took, 0.50),
            p99_ms=percentile_ms(took, 0.99),
            worst_ms=percentile_ms(took, 1.0),
        )


def percentile_ms(ordered_s: list[float], share: float) -> float | None:
    """The smallest value that `share` of the ordered values do not exceed, milliseconds; None of nothing.

    >>> percentile_ms([0.001, 0.002, 0.003, 0.004], 0.5)
    2.0
    """
    if not ordered_s:
        return None
    index = max(0, -(-round(share * len(ordered_s) * 1000) // 1000) - 1)
    return round(ordered_s[min(index, len(ordered_s) - 1)] * 1000, 1)
