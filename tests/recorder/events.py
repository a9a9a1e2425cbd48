"""Sessions in memory and on disk for the tests: one of each event, and hypothesis' strategies for any of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edge.clock import Instant
from edge.errors import SensorReason
from edge.recorder.events import (
    Acknowledged,
    Alerted,
    Assessed,
    BlockArrived,
    Estimated,
    Event,
    StatusChanged,
    Ticked,
)
from edge.recorder.facts import Facts, SensorFacts
from edge.recorder.file import SessionFile
from edge.types import (
    Absence,
    Activation,
    Alert,
    Assessment,
    Channel,
    Condition,
    ConditionKind,
    Contribution,
    Estimate,
    Modality,
    Presence,
    Priority,
    SampleBlock,
    SensorState,
    SensorStatus,
    SensorWarning,
    Validity,
    Verdict,
)

FACTS = Facts(
    software="1",
    runtime="ai-edge-litert 2 x86_64",
    bundle="0 00",
    site="home",
    bed="bed1",
    validity=Validity.TEST,
    start=Instant("0123456789ab", 5, 1_767_225_600_000, synced=False),
    settings="[fusion]\n[alarm]\n",
    sensors=(SensorFacts("wrist", "ble_uart", (Modality.PPG, Modality.GSR), 2.5),),
    alarms={"pain": "{}"},
)

BLOCK = SampleBlock("wrist", Channel.PPG, np.array([1.5, math.nan, -0.0], np.float32), 64.0, 7, -0.0, 3)
FACE = Estimate(
    Modality.FACE, 0.1 + 0.2, 0.7, (-1e-300, math.inf), 11, {"AU4": 2.125, "gap": math.nan, "far": -math.inf}
)
SEEN = Assessment(
    assessed_ns=12,
    verdict=Verdict.PAIN,
    score=1 / 3,
    interval=(0.1, 9.9),
    probability=0.3,
    mode=(Modality.FACE, Modality.GSR),
    missing={Modality.PPG: Absence.SENSOR_LOST},
    contributions=(Contribution(Modality.FACE, 1.1, 0.9, 0.04), Contribution(Modality.GSR, -0.5, 0.5, 1.0)),
    reasons=("AU4", "skin"),
)
ALERT = Alert(
    id="0123456789ab-9",
    seq=9,
    episode="0123456789ab-9",
    condition=Condition.PAIN,
    kind=ConditionKind.PHYSIOLOGICAL,
    priority=Priority.MEDIUM,
    presence=Presence.ON,
    activation=Activation.ON,
    at_ns=13,
    boot_id="0123456789ab",
    wall_ms=1_767_225_600_001,
    synced=True,
    validity=Validity.TEST,
    mode="face+gsr",
    missing={"ppg": "sensor_lost"},
    score=1 / 3,
    interval=(0.1, 9.9),
    reasons=("AU4",),
)
BLIND = Assessment(20, Verdict.CANNOT_ASSESS, None, None, None, (), {Modality.FACE: Absence.NO_FACE})
LOST = SensorStatus(
    "wrist", SensorState.LOST, SensorReason.DISCONNECTED, 3, "gone; \N{SNOWMAN}", frozenset({SensorWarning.NOT_WORN})
)
ONE_OF_EACH: tuple[Event, ...] = (
    StatusChanged(6, LOST),
    BlockArrived(7, BLOCK),
    Estimated(11, "camera", FACE),
    Ticked(12),
    Assessed(13, SEEN),
    Alerted(13, ALERT),
    Acknowledged(14, "9"),
    Estimated(15, "camera", Estimate.absent(Modality.FACE, Absence.TOO_DARK, 15)),
    Assessed(20, BLIND),
)


def write(path: Path, events: Iterable[Event], facts: Facts = FACTS) -> Path:
    """A finished session."""
    file = SessionFile(path, facts)
    file.append(events)
    file.close()
    return path


@st.composite
def _samples(draw: st.DrawFn) -> NDArray[np.float32]:
    """Samples with any bits: every NaN, infinities, both zeros, denormals."""
    count, axes = draw(st.integers(0, 20)), draw(st.sampled_from((0, 1, 3)))
    bits = draw(arrays.arrays(np.uint32, (count, axes) if axes else (count,)))
    return np.asarray(bits.view(np.float32))


_NS = st.integers(-(2**63), 2**63 - 1)
_FRACTION = st.floats(allow_nan=False)

BLOCKS = st.builds(
    SampleBlock,
    sensor=st.text(max_size=10),
    channel=st.sampled_from(Channel),
    values=_samples(),
    rate_hz=_FRACTION,
    arrived_ns=_NS,
    device_s=st.none() | _FRACTION,
    lost_before=st.integers(0, 2**40),
)
"""Any block."""
