"""What happens at a bed, one type per kind of event; a session is a sequence of these.

`at_ns` is the box's monotonic time at which the event passed through the daemon. There is no event that could hold a
picture: of a face only the estimate is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.types import Alert, Assessment, Estimate, SampleBlock, SensorStatus


@dataclass(frozen=True, slots=True, eq=False)
class BlockArrived:
    """A wristband's samples reached the timeline."""

    at_ns: int
    block: SampleBlock


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A sensor's connection changed."""

    at_ns: int
    status: SensorStatus


@dataclass(frozen=True, slots=True)
class Estimated:
    """One modality of one sensor was judged. Of a face this is what a replay starts from; of a band it is a result."""

    at_ns: int
    sensor: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Ticked:
    """The daemon looked at all sensors; `at_ns` is the time of the assessment that follows."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Assessed:
    """The look of the last tick was fused."""

    at_ns: int
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Alerted:
    """An alarm condition changed, because of the assessment or the acknowledgement just before."""

    at_ns: int
    alert: Alert


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A station asked for an alarm to be acknowledged. Who asked is not kept.

    Attributes:
        at_ns: when.
        target: the condition or the episode that was named.
    """

    at_ns: int
    target: str


Event = BlockArrived | StatusChanged | Estimated | Ticked | Assessed | Alerted | Acknowledged
"""Any event."""
