"""What every Bluetooth Low Energy wristband has in its stanza."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from edge.clock import Clock
from edge.section import Info
from edge.sensors.driver import Driver
from edge.sensors.stanza import BandSection
from edge.sensors.wristband.profile import Profile
from edge.types import SampleBlock

BleAddress = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$",
        json_schema_extra={"wanted": "six pairs of hexadecimal digits with colons between them, in quotes"},
    ),
]
"""A Bluetooth device address, "AA:BB:CC:DD:EE:FF"."""


class BleBand(BandSection):
    """Keys that every Bluetooth Low Energy wristband has. Give `address` or `device_name`."""

    advertised_services: ClassVar[frozenset[str]] = frozenset()
    """Services by which `anodyne scan` knows the band on the air: lower-case 128-bit UUIDs."""
    advertised_names: ClassVar[tuple[str, ...]] = ()
    """...or how its name on the air begins, which says more than a service that many bands have."""

    address: BleAddress | None = Field(default=None, examples=["AA:BB:CC:DD:EE:FF"])
    """Bluetooth address of the band."""
    device_name: str | None = Field(
        default=None, min_length=1, max_length=32, validate_default=True, examples=["Pulse 1234"]
    )
    """Advertised name of the band, where its address is not fixed. It must be the only one of that name in reach."""
    connect_timeout_s: float = Field(default=20.0, ge=1.0, le=120.0)
    """Longest search until the band is said to be missing (the box goes on listening), and longest wait for its
    services once it is connected, seconds."""

    @field_validator("device_name")
    @classmethod
    def _findable(cls, device_name: str | None, info: Info) -> str | None:
        if device_name is None and info.data.get("address", "") is None:
            raise ValueError("is missing and so is address: give one of them, or the band cannot be found")
        return device_name

    @abstractmethod
    def profile(self) -> Profile:
        """How this kind of band is started and what its notifications mean; one object for all connections."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """The driver that speaks this profile over the system's Bluetooth."""
        from edge.sensors.wristband.ble import BleDriver

        return BleDriver(self, self.profile(), clock)
