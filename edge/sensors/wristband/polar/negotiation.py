"""Starting the measurements of a Polar sensor: ask what it has, choose, start, and say why it will not."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from edge.errors import DecodeError, DecodeReason, SensorError, SensorReason
from edge.sensors.wristband.polar import control
from edge.sensors.wristband.polar.control import Answer, Command, Setting, Settings, Status
from edge.sensors.wristband.polar.frame import Kind
from edge.sensors.wristband.profile import Link
from edge.sensors.wristband.stamped import FASTEST_HZ

log = logging.getLogger(__name__)

MOST_PARTS = 16
"""Parts of one answer, and indications of anything else in between: the longest known answer has two."""

_SENTENCES = {
    Status.NOT_SUPPORTED: "{name} cannot measure {kind} in its present mode: switch it off and on again",
    Status.INVALID_MTU: "{name} finds the link's packets too short: use a Bluetooth adapter of version 4.2 or later",
    Status.INVALID_STATE: "{name} is busy with something else: end its recording or training, and wear it",
    Status.IN_CHARGER: "{name} is in its charger: take it out and put it on",
    Status.DISK_FULL: "the memory of {name} is full: delete recordings with Polar's own program",
}
"""What a person can do about a refusal; other statuses are between programs."""


@dataclass(frozen=True, slots=True)
class Started:
    """A measurement that runs.

    Attributes:
        rate_hz: as chosen; what the sensor samples with may differ. 0 for intervals.
        factor: to multiply compressed samples with.
    """

    rate_hz: float
    factor: float


class Negotiation:
    """One conversation with a control point.

    Args:
        name: the sensor's name in the configuration.
        link: the open connection.
        uuid: the control point.
    """

    def __init__(self, name: str, link: Link, uuid: str) -> None:
        """Ask nothing yet."""
        self._name = name
        self._link = link
        self._uuid = uuid
        self._running: set[Kind] = set()

    async def start(self, needed: Iterable[Kind], welcome: Iterable[Kind]) -> dict[Kind, Started]:
        """Start measurements.

        Args:
            needed: all of these, or the sensor is of no use.
            welcome: those of these that the sensor has and is willing to start.

        Raises:
            SensorError: WRONG_DEVICE or REFUSED, for a needed one; STOPPED where the sensor ends a needed one while
                the others are being started.
        """
        try:
            features = control.parse_features(await self._link.read(self._uuid))
            started = {}
            for kind in needed:
                if kind not in features:
                    raise SensorError(
                        SensorReason.WRONG_DEVICE,
                        f"{self._name} has no {kind.name}: choose another `driver` for it, or update its firmware",
                    )
                started[kind] = await self._start(kind)
                self._running.add(kind)
        except DecodeError as error:
            raise SensorError(
                SensorReason.REFUSED, f"{self._name} answers in an unknown way ({error}): update its firmware"
            ) from error
        for kind in welcome:
            if kind in features:
                try:
                    started[kind] = await self._start(kind)
                except (DecodeError, _RefusedError) as error:
                    log.debug("%s: goes without %s: %s", self._name, kind.name, error)
        return started

    async def _start(self, kind: Kind) -> Started:
        offered: Settings = {}
        if control.PREFERRED[kind]:
            offered = control.parse_settings(await self._ask(Command.GET_SETTINGS, kind))
        chosen = control.choose(kind, offered)
        try:
            told = await self._ask(Command.START, kind, chosen)
        except _RefusedError as refusal:
            if refusal.status != Status.ALREADY_IN_STATE:
                raise
            # It runs for a connection that is no more, with settings that nobody knows.
            await self._ask(Command.STOP, kind)
            told = await self._ask(Command.START, kind, chosen)
        rate_hz = float(chosen.get(Setting.RATE_HZ) or control.PREFERRED[kind].get(Setting.RATE_HZ, 0))
        if rate_hz > FASTEST_HZ:
            raise DecodeError(DecodeReason.VALUE, f"{kind.name} at {rate_hz:g} Hz")
        return Started(rate_hz, control.factor(control.parse_settings(told)))

    async def _ask(self, command: Command, kind: Kind, chosen: dict[Setting, int] | None = None) -> bytes:
        """The parameters of the answer, all parts of it.

        Raises:
            DecodeError: what comes is no answer, or has no end.
            SensorError: STOPPED, the sensor has ended a needed measurement meanwhile.
            _RefusedError: the sensor says no.
        """
        data = await self._link.request(self._uuid, control.request(command, kind, chosen))
        parameters = b""
        for _ in range(MOST_PARTS):
            ended = control.stopped(data) & self._running
            if ended:
                raise has_stopped(self._name, ended)
            answer = _answer_to(command, kind, data)
            if answer is not None:
                if answer.status:
                    raise _RefusedError(self._name, command, kind, answer.status)
                parameters += answer.parameters
                if not answer.more:
                    return parameters
            data = await self._link.more(self._uuid)
        raise DecodeError(DecodeReason.LONG, "an answer without an end")


class _RefusedError(SensorError):
    """The sensor's own no."""

    def __init__(self, name: str, command: Command, kind: Kind, status: int) -> None:
        told = Status(status).name if status in frozenset(Status) else str(status)
        sentence = _SENTENCES.get(Status(status)) if status in frozenset(Status) else None
        text = sentence or "{name} refuses to {command} {kind} ({told}): switch it off and on again"
        words = {"name": name, "command": command.name, "kind": kind.name, "told": told}
        super().__init__(SensorReason.REFUSED, text.format(**words))
        self.status = status


def has_stopped(name: str, kinds: Iterable[Kind]) -> SensorError:
    """The error for a sensor that has ended a measurement of its own accord."""
    listed = " and ".join(sorted(kind.name for kind in kinds))
    return SensorError(
        SensorReason.STOPPED, f"{name} has stopped measuring {listed}: is it worn, and out of its charger?"
    )


def _answer_to(command: Command, kind: Kind, data: bytes) -> Answer | None:
    """The answer, or None for an indication that answers something else.

    Raises:
        DecodeError: it is an answer, and cut.
    """
    if data[:1] != bytes([control.ANSWER]):
        return None
    answer = control.parse_answer(data)
    return answer if (answer.command, answer.kind) == (command, kind) else None
