"""What every band on a serial port has in its stanza."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field, field_validator

from edge.clock import Clock
from edge.section import Info
from edge.sensors.driver import Driver
from edge.sensors.stanza import BandSection
from edge.sensors.wristband.serial.protocol import SerialProtocol
from edge.types import SampleBlock


class SerialBand(BandSection):
    """Keys that every band on a serial port has. Give `device` or `usb_serial`."""

    device: str | None = Field(default=None, pattern=r"^/[!-~]+$", examples=["/dev/ttyACM0"])
    """Path of the serial port: "/dev/ttyACM0", "/dev/rfcomm0", or a link of "/dev/serial/by-id"."""
    usb_serial: str | None = Field(
        default=None, min_length=1, max_length=64, validate_default=True, examples=["85735313932351E0C1A2"]
    )
    """Serial number of the USB device (ID_SERIAL_SHORT of `udevadm info`): found under any name, before `device`."""
    baud: int = Field(default=115200, ge=300, le=4_000_000)
    """Bits per second that the device sends; of no meaning over Bluetooth and on boards with USB of their own."""

    @field_validator("usb_serial")
    @classmethod
    def _findable(cls, usb_serial: str | None, info: Info) -> str | None:
        if usb_serial is None and info.data.get("device", "") is None:
            raise ValueError("is missing and so is device: give one of them, or the band cannot be found")
        return usb_serial

    @abstractmethod
    def protocol(self) -> SerialProtocol:
        """How this kind of band is started and what its bytes mean; one object for all connections."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """The driver that speaks this protocol over a serial port."""
        from edge.sensors.wristband.serial.driver import SerialDriver

        return SerialDriver(self, self.protocol(), clock)
