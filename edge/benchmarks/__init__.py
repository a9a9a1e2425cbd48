"""Measured figures of this machine, side by side with a peer where there is one (`anodyne bench`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        value: the measurement, in `unit`.
        unit: unit of `value` and `peer_value`.
        peer: what it was measured beside in the same run, or None.
        peer_value: the peer's measurement, or None.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """The peer's figure divided by ours: how many times less of the unit this takes than the peer."""
        if self.peer_value is None or self.value == 0:
            return None
        return self.peer_value / self.value
