"""The table of the button by which a patient or relative says that it hurts."""

from __future__ import annotations

from pydantic import Field

from edge.section import Section


class Button(Section):
    """A button at the bed: a press is a report of pain, kept beside the assessment; it raises no alarm by itself."""

    pin: int | None = Field(default=None, ge=0, le=27, examples=[27])
    """BCM number of the pin that the button connects; needs the extra `gpio`."""
    pull_up: bool = True
    """The button connects the pin to ground; false: to 3.3 V."""
    nrs: int = Field(default=7, ge=0, le=10)
    """What a press says, on the numeric rating scale of pain (0 to 10)."""
    by: str = Field(default="patient", min_length=1, max_length=64)
    """Who presses it: "patient", "relative"; kept with the report."""
    again_after_s: float = Field(default=60.0, ge=1.0, le=3600.0)
    """Further presses within this time, seconds, belong to the same report."""
