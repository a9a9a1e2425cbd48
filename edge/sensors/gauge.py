"""What is to be known of one sensor: rates, charge, wear, outages; beside the connection, and never in its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from edge.sensors.charge import ChargeMonitor
from edge.sensors.flow import PARTIAL_BELOW, WHOLE_FROM, Flow, Lack
from edge.sensors.report import ChannelReport, SensorReport
from edge.sensors.wear import WearMonitor
from edge.types import (
    NS_PER_S,
    Channel,
    Estimate,
    FaceReading,
    Frame,
    SampleBlock,
    SensorState,
    SensorStatus,
    SensorWarning,
)

FRAMES = "frames"
"""The one channel of a camera."""

_EVIDENCE = frozenset({Channel.PPG, Channel.GSR_US, Channel.HEART_RATE_BPM, Channel.IBI_S, FRAMES})
"""Channels that an assessment can rest on; the others only help to judge these."""

_SLOW_BELOW, _BRISK_FROM = 0.25, 0.4
"""The same shares for a camera: in the dark it exposes for up to 0.2 s and rightly gives 5 pictures of 10."""

_LACKING = {Lack.PARTIAL: SensorWarning.PARTIAL, Lack.SILENT: SensorWarning.CHANNEL_SILENT}

_LACK_WORDS = {
    Lack.PARTIAL: "much less than it declares arrives of",
    Lack.SILENT: "nothing arrives any more of",
}


@runtime_checkable
class _Drops(Protocol):
    """A driver that counts what came faster than it could take it in."""

    @property
    def dropped(self) -> int:
        """The count."""
        ...


@runtime_checkable
class _Decodes(Protocol):
    """A driver that counts what it could not decode (`edge.sensors.wristband.damage.Damage`)."""

    @property
    def damage(self) -> _Counts:
        """The counts."""
        ...


class _Counts(Protocol):
    @property
    def counts(self) -> Counter[object]:
        """Errors by reason."""
        ...


class SensorGauge:
    """Takes in what a sensor sends and says what is wrong beside the connection, and how much of it arrives.

    Args:
        silence_s: the driver's `stall_after_s`.
        expected_hz: pictures per second of a live camera; 0 where nothing is to be expected.
    """

    def __init__(self, silence_s: float, expected_hz: float = 0.0) -> None:
        """Nothing has arrived yet."""
        slow, brisk = (_SLOW_BELOW, _BRISK_FROM) if expected_hz else (PARTIAL_BELOW, WHOLE_FROM)
        self.flow = Flow(silence_s, partial_below=slow, whole_from=brisk)
        self.charge = ChargeMonitor()
        self.wear = WearMonitor()
        self._silence_s = silence_s
        self._expected_hz = expected_hz
        self._next_index: int | None = None
        self._newest_ns: int | None = None
        self._lacks: dict[str, Lack] = {}
        self.outages = 0
        """Losses and stalls so far; whoever tells them counts them."""

    def expect(self, rate_hz: float) -> None:
        """So many pictures per second are taken from now on; without effect where nothing was to be expected."""
        if self._expected_hz:
            self._expected_hz = rate_hz

    def connected(self, now_ns: int) -> None:
        """A connection has begun to send: rates are judged anew; charge and wear are the band's, not the link's."""
        self._next_index = None
        self._lacks = {}
        self.flow.connected(now_ns)

    def push(self, item: Frame | SampleBlock | Estimate | FaceReading, now_ns: int) -> None:
        """Take in what has just arrived."""
        self._newest_ns = now_ns
        if isinstance(item, Estimate | FaceReading):  # stands for a picture
            self.flow.push(FRAMES, 1, self._expected_hz, now_ns, 0)
            return
        if isinstance(item, Frame):
            missed = 0 if self._next_index is None else max(0, item.index - self._next_index)
            self._next_index = item.index + 1
            self.flow.push(FRAMES, 1, self._expected_hz, now_ns, missed)
            return
        self.flow.push(item.channel, len(item.values), item.rate_hz, now_ns, item.lost_before)
        self.charge.push(item)
        self.wear.push(item)

    def judge(self, now_ns: int) -> None:
        """Judge the rates anew; once a second is enough."""
        self._lacks = self.flow.lacks(now_ns)

    def stall(self, now_ns: int) -> tuple[Lack, str] | None:
        """Whether so little arrives that there is nothing to assess, and the sentence that says so.

        That is so when every channel of evidence lacks. A camera's slow pictures are still pictures: they are only
        warned of. A band that is not worn may rest: to connect anew would not put it on.
        """
        if not self.wear.worn:
            return None
        lacking = {name: lack for name, lack in self._lacks.items() if name in _EVIDENCE and name != FRAMES}
        if not lacking or any(self._lives(name, now_ns) for name in _EVIDENCE - lacking.keys()):
            return None
        silent = all(lack is Lack.SILENT for lack in lacking.values())
        return (Lack.SILENT if silent else Lack.PARTIAL), _lack_sentence(lacking)

    def warnings(self) -> dict[SensorWarning, str]:
        """What is wrong beside the connection, each with a sentence that does not change while it lasts."""
        found: dict[SensorWarning, str] = {}
        if self.charge.low:
            found[SensorWarning.BATTERY_LOW] = "its battery is low: charge the band"
        if not self.wear.worn:
            found[SensorWarning.NOT_WORN] = f"it is not worn: {self.wear.reason}"
        for lack, warning in _LACKING.items():
            some = {name: each for name, each in self._lacks.items() if each is lack}
            if some:
                found[warning] = _lack_sentence(some)
        return found

    def report(self, status: SensorStatus, driver: str, now_ns: int) -> SensorReport:
        """The figures of this moment, as far as the connection knows them."""
        channels = tuple(
            ChannelReport(
                channel=name,
                declared_hz=rate.declared_hz,
                measured_hz=rate.measured_hz if status.state is not SensorState.LOST else 0.0,
                coverage=rate.coverage,
                samples=rate.samples,
                lost=rate.lost,
            )
            for name, rate in self.flow.rates(now_ns).items()
        )
        return SensorReport(
            sensor=status.sensor,
            driver=driver,
            state=status.state,
            reason=status.reason,
            detail=status.detail,
            since_s=(now_ns - status.since_ns) / NS_PER_S,
            age_s=None if self._newest_ns is None else (now_ns - self._newest_ns) / NS_PER_S,
            warnings=self.warnings(),
            channels=channels,
            battery_percent=self.charge.percent,
            outages=self.outages,
        )

    def _lives(self, name: str, now_ns: int) -> bool:
        newest_ns = self.flow.newest_ns(name)
        return newest_ns is not None and now_ns - newest_ns <= self._silence_s * NS_PER_S


def _lack_sentence(lacking: Mapping[str, Lack]) -> str:
    """Which channels lack what; no figure in it, so that it stays the same while the trouble does."""
    parts = []
    for lack, words in _LACK_WORDS.items():
        names = sorted(name for name, each in lacking.items() if each is lack)
        if names:
            parts.append(f"{words} {', '.join(names)}")
    return "; ".join(parts)


def dropped_of(driver: object) -> int:
    """Values that came faster than the driver could take them in; 0 where it does not count them."""
    return driver.dropped if isinstance(driver, _Drops) else 0


def damage_of(driver: object) -> int:
    """Messages that the driver could not decode; 0 where it does not count them."""
    return driver.damage.counts.total() if isinstance(driver, _Decodes) else 0
