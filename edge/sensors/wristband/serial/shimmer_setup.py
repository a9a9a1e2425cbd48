"""Setting a Shimmer3 up: the dialogue of commands, acknowledgements and answers before it streams."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.wristband.serial.protocol import Port
from edge.sensors.wristband.serial.shimmer_calibration import CALIBRATION_SIZE, AccelCalibration, decode_calibration
from edge.sensors.wristband.serial.shimmer_packets import (
    FIRMWARE_SIZE,
    INQUIRY_HEAD,
    MAX_CHANNELS,
    TICKS_PER_S,
    ChannelId,
    Inquiry,
    Layout,
    Op,
    SensorBit,
    decode_firmware,
    decode_inquiry,
)

ANSWER_S = 3.0
"""Longest wait for an answer: the slowest command (storing a configuration) takes a Shimmer well under a second, and a
disturbed Bluetooth link repeats for about two."""

QUIET_S = 0.3
"""A Shimmer that has been told to stop is silent when nothing came for so long: at the lowest rate five packets."""

DRAIN_S = 5.0
"""Longest wait for that silence: what a Bluetooth link may have held back of an earlier stream."""

SHIMMER3 = 3
"""Hardware version of the Shimmer3; the Shimmer3R (10) speaks otherwise."""

AUTO_RANGE = 4
"""GSR range "auto": the unit picks one of four per sample and says which in the word."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A Shimmer3 that is ready to stream."""

    layout: Layout
    calibration: AccelCalibration


class Dialogue:
    """Commands and answers over a port, one after the other.

    Args:
        port: the open port.
        sensor: the band's name in the configuration, for the sentences.
        answer_s: longest wait for an answer.
        quiet_s: silence that shows that a stream has stopped.
    """

    def __init__(self, port: Port, sensor: str, answer_s: float = ANSWER_S, quiet_s: float = QUIET_S) -> None:
        """Nothing has been asked yet."""
        self._port = port
        self._sensor = sensor
        self._answer_s = answer_s
        self._quiet_s = quiet_s
        self._held = bytearray()

    async def hush(self) -> None:
        """Stop a stream that an earlier connection left running, and forget what it sent.

        Raises:
            SensorError: NO_DATA (no answer) or GARBLED (it does not stop).
        """
        self._port.send(bytes([Op.STOP_STREAMING]))
        await self._read(1)  # the acknowledgement, or what is still under way before it
        try:
            async with asyncio.timeout(DRAIN_S):
                while await self._anything(self._quiet_s):
                    pass
        except TimeoutError as error:
            raise SensorError(
                SensorReason.GARBLED,
                f"{self._sensor} keeps sending after it was told to stop: it is no Shimmer3, or `baud` is wrong",
            ) from error
        self._held.clear()

    async def tell(self, *command: int) -> None:
        """Send a command and wait for its acknowledgement.

        Raises:
            SensorError: NO_DATA (no answer), REFUSED, or GARBLED (an answer that is none).
        """
        self._port.send(bytes(command))
        answer = (await self._read(1))[0]
        if answer == Op.NACK:
            raise SensorError(
                SensorReason.REFUSED, f"{self._sensor} refuses the command 0x{command[0]:02X}: update its firmware"
            )
        if answer != Op.ACK:
            raise self._garbled(f"0x{answer:02X} instead of an acknowledgement")

    async def ask(self, command: int, answer: int, size: int) -> bytes:
        """Send a command and wait for its acknowledgement and its answer's payload."""
        await self.tell(command)
        got = (await self._read(1))[0]
        if got != answer:
            raise self._garbled(f"0x{got:02X} instead of the answer 0x{answer:02X}")
        return await self._read(size)

    async def inquire(self) -> bytes:
        """The payload of the inquiry's answer, whose length is told in its head."""
        head = await self.ask(Op.INQUIRY, Op.INQUIRY_RESPONSE, INQUIRY_HEAD)
        count = head[-2]
        if count > MAX_CHANNELS:
            raise self._garbled(f"{count} channels")
        return head + await self._read(count)

    async def _read(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(self._answer_s):
                while len(self._held) < size:
                    self._held += (await self._port.get()).data
        except TimeoutError as error:
            raise SensorError(
                SensorReason.NO_DATA,
                f"{self._sensor} does not answer: switch the Shimmer on, take it out of its dock, and bring it nearer",
            ) from error
        data = bytes(self._held[:size])
        del self._held[:size]
        return data

    async def _anything(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self._port.get()
        except TimeoutError:
            return False
        return True

    def _garbled(self, what: str) -> SensorError:
        return SensorError(
            SensorReason.GARBLED, f"{self._sensor} answers {what}: it is no Shimmer3, or `baud` is wrong"
        )


async def set_up(dialogue: Dialogue, sensor: str, rate_hz: float, *, accelerometer: bool) -> Setup:
    """Choose sensors, rate and range, and read what the data packets will look like.

    Raises:
        SensorError: WRONG_DEVICE, or what `Dialogue` raises.
    """
    await dialogue.hush()
    (hardware,) = await dialogue.ask(Op.GET_DEVICE_VERSION, Op.DEVICE_VERSION_RESPONSE, 1)
    if hardware != SHIMMER3:
        raise SensorError(
            SensorReason.WRONG_DEVICE, f"{sensor} is a Shimmer of hardware version {hardware}, not a Shimmer3"
        )
    firmware = decode_firmware(await dialogue.ask(Op.GET_FIRMWARE_VERSION, Op.FIRMWARE_VERSION_RESPONSE, FIRMWARE_SIZE))
    if not firmware.counts_in_three_bytes:
        raise SensorError(SensorReason.WRONG_DEVICE, f"{sensor} has firmware from before 2015: update it")
    mask = SensorBit.GSR | SensorBit.PPG | (SensorBit.ACCEL if accelerometer else 0)
    await dialogue.tell(Op.SET_SENSORS, *mask.to_bytes(3, "little"))
    await dialogue.tell(Op.SET_SAMPLING_RATE, *struct.pack("<H", round(TICKS_PER_S / rate_hz)))
    await dialogue.tell(Op.SET_GSR_RANGE, AUTO_RANGE)
    await dialogue.tell(Op.SET_EXPANSION_POWER, 1)  # the optical probe is fed from there
    stored = await dialogue.ask(Op.GET_ACCEL_CALIBRATION, Op.ACCEL_CALIBRATION_RESPONSE, CALIBRATION_SIZE)
    try:
        inquiry = decode_inquiry(await dialogue.inquire())
        calibration = decode_calibration(stored)
    except DecodeError as error:
        raise SensorError(SensorReason.WRONG_DEVICE, f"{sensor} cannot be used: it reports {error}") from error
    return Setup(_layout(sensor, inquiry, rate_hz), calibration)


def _layout(sensor: str, inquiry: Inquiry, rate_hz: float) -> Layout:
    wanted = {ChannelId.GSR, ChannelId.PPG}
    if not wanted <= set(inquiry.channels) or inquiry.period_ticks != round(TICKS_PER_S / rate_hz):
        raise SensorError(
            SensorReason.WRONG_DEVICE,
            f"{sensor} did not take its settings (it has {len(inquiry.channels)} channels at "
            f"{TICKS_PER_S / inquiry.period_ticks:.1f} Hz): is it a Shimmer3 GSR+?",
        )
    return Layout(inquiry.channels, inquiry.period_ticks)
