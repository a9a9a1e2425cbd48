"""Polar's optical bands (Verity Sense, OH1) and chest straps (H10), over the Polar Measurement Data service.

The service is Polar's own. Its published terms exclude medical purposes: docs/bands.md says what that means for a ward.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from edge.errors import DecodeError
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.heart_rate import HEART_RATE_MEASUREMENT, SILENCE_S, MeasurementBlocks
from edge.sensors.wristband.polar import control, frame
from edge.sensors.wristband.polar.beats import beat_blocks
from edge.sensors.wristband.polar.frame import Kind, PmdFrame
from edge.sensors.wristband.polar.negotiation import Negotiation, has_stopped
from edge.sensors.wristband.profile import Link, Notification, Profile
from edge.sensors.wristband.stamped import StampedChannel
from edge.types import NS_PER_S, Channel, Modality, SampleBlock

PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
"""Control point of the Polar Measurement Data service: read for features, written for requests, indicates answers."""

PMD_DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
"""Its data, notified."""

STOPPED_AFTER_S = 10.0
"""A needed measurement that sends nothing for so long while the heart rate goes on has ended without a word: frames
come about once per second. Connecting anew starts it again."""

_CHANNELS = {Kind.PPG: Channel.PPG, Kind.ACC: Channel.ACC_G}


class PolarBand(BleBand):
    """A Polar Verity Sense or OH1: pulse wave, acceleration and heart rate. Read its terms in docs/bands.md."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.PPG,)
    advertised_names: ClassVar[tuple[str, ...]] = ("Polar Sense ", "Polar OH1 ")

    driver: Literal["ble_polar"]
    """Always "ble_polar"."""
    intervals: bool = False
    """Also ask for pulse-to-pulse intervals. They come up to half a minute late, and slow the heart rate down to one
    value in five seconds: for studies rather than for the bedside."""

    def profile(self) -> Profile:
        """Its profile."""
        more = (Kind.PPI,) if self.intervals else ()
        return Polar(self.name, needed=(Kind.PPG,), welcome=(Kind.ACC, *more))


class PolarStrap(BleBand):
    """A Polar H10 chest strap: heart rate, RR intervals and acceleration. Read its terms in docs/bands.md."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.HEART_RATE,)
    advertised_names: ClassVar[tuple[str, ...]] = ("Polar H10 ",)

    driver: Literal["ble_polar_strap"]
    """Always "ble_polar_strap"."""

    def profile(self) -> Profile:
        """Its profile."""
        return Polar(self.name, needed=(), welcome=(Kind.ACC,))


class Polar(Profile):
    """Any sensor with the Polar Measurement Data service.

    Args:
        sensor: its name in the configuration.
        needed: measurements without which it is the wrong kind of band; none where the heart rate is enough.
        welcome: measurements that are started where the sensor has them.
    """

    wanted = (PMD_DATA,)
    silence_s = SILENCE_S

    def __init__(self, sensor: str, needed: tuple[Kind, ...], welcome: tuple[Kind, ...] = ()) -> None:
        """Nothing has been started yet."""
        super().__init__(sensor)
        self._needed = needed
        self._welcome = welcome
        self._streams: dict[Kind, StampedChannel] = {}
        self._factor = 1.0
        self._heard_ns: dict[Kind, int] = {}
        self._heart_rate = MeasurementBlocks(sensor)

    def connected(self) -> None:
        """Nothing has been heard over this connection."""
        self._heard_ns = {}

    async def start(self, link: Link) -> None:
        """Follow the heart rate, where there is one, and start the measurements.

        Raises:
            SensorError: WRONG_DEVICE where a needed measurement is not there, REFUSED where the sensor will not start
                it, with what a person can do.
        """
        if link.offers(HEART_RATE_MEASUREMENT):
            await link.subscribe(HEART_RATE_MEASUREMENT)
        started = await Negotiation(self.sensor, link, PMD_CONTROL).start(self._needed, self._welcome)
        self._streams = {
            kind: StampedChannel(self.sensor, channel, started[kind].rate_hz)
            for kind, channel in _CHANNELS.items()
            if kind in started
        }
        self._factor = started[Kind.ACC].factor if Kind.ACC in started else 1.0

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of one notification.

        Raises:
            SensorError: STOPPED where the sensor says, or shows by its silence, that it has ended a needed measurement.
        """
        self._watch(notification)
        if notification.uuid == PMD_CONTROL:
            ended = control.stopped(notification.data) & frozenset(self._needed)
            if ended:
                raise has_stopped(self.sensor, ended)
            return
        if notification.uuid == HEART_RATE_MEASUREMENT:
            yield from self._heart_rate.decode(notification)
            return
        try:
            yield from self._samples(frame.parse_frame(notification.data), notification.arrived_ns)
        except DecodeError as error:
            yield error

    def _watch(self, notification: Notification) -> None:
        """Notice a needed measurement that has ended while others go on."""
        now_ns = notification.arrived_ns
        if notification.uuid == PMD_DATA and notification.data[:1]:
            for number in control.known(notification.data[:1]):
                self._heard_ns[Kind(number)] = now_ns
        ended = [
            kind
            for kind in self._needed
            if now_ns - self._heard_ns.setdefault(kind, now_ns) > STOPPED_AFTER_S * NS_PER_S
        ]
        if ended:
            raise has_stopped(self.sensor, ended)

    def _samples(self, received: PmdFrame, arrived_ns: int) -> Iterator[SampleBlock | DecodeError]:
        if received.kind == Kind.PPI:
            yield from beat_blocks(self.sensor, received, arrived_ns)
        elif received.kind == Kind.PPG and frame.is_report(received):
            return
        elif received.kind in self._streams:
            is_pulse = received.kind == Kind.PPG
            values = frame.pulse(received) if is_pulse else frame.acceleration(received, self._factor)
            stamp_s = received.stamp_ns / NS_PER_S
            yield from self._streams[Kind(received.kind)].blocks(values, stamp_s, arrived_ns)
