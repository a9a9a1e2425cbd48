"""What the box knows of itself, looked at every ten seconds beside the ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.clock import Clock
from edge.health.throttle import Places, throttling
from edge.types import BoxFacts

LOOK_EVERY_S = 10.0
"""Between two looks, seconds: temperature and clock change within minutes."""

THERMAL = Path("/sys/class/thermal")
"""The kernel's thermal zones; each has its temperature in thousandths of a degree."""


def hottest_c(folder: Path = THERMAL) -> float | None:
    """Temperature of the hottest zone, degrees Celsius; None where no zone can be read."""
    found: list[float] = []
    for zone in folder.glob("thermal_zone*/temp"):
        try:
            found.append(int(zone.read_text()) / 1000.0)
        except (OSError, ValueError):  # a zone whose sensor sleeps says so by an error
            continue
    return max(found, default=None)


NOWHERE = Path("/nonexistent")
"""Root of a machine of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the kernel tells of the machine.

    Attributes:
        thermal: folder of the thermal zones.
        places: of what tells of throttling.
    """

    thermal: Path = THERMAL
    places: Places = field(default_factory=Places)

    @classmethod
    def below(cls, sysfs: Path) -> Machine:
        """The same below another root than /sys."""
        return cls(sysfs / THERMAL.relative_to("/sys"), Places.below(sysfs))


def look(machine: Machine, clock: Clock) -> BoxFacts:
    """What the kernel and the firmware say now; reads files."""
    return BoxFacts(
        temperature_c=hottest_c(machine.thermal),
        clock_synced=clock.instant().synced,
        throttled=throttling(machine.places),
    )


class BoxWatch:
    """Keeps the facts fresh.

    Args:
        clock: whose synchronisation is told.
        station_silent: asked at each tick; None where there is no station.
        annunciator_fault: asked at each tick.
        storage_fault: asked at each tick.
        machine: where temperature and throttling are looked for.
    """

    def __init__(
        self,
        clock: Clock,
        station_silent: Callable[[], bool] | None,
        annunciator_fault: Callable[[], str],
        machine: Machine | None = None,
        storage_fault: Callable[[], str] = str,
    ) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._machine = machine or Machine()
        self._station_silent = station_silent
        self._annunciator_fault = annunciator_fault
        self._storage_fault = storage_fault
        self._slow: BoxFacts | None = None

    def facts(self) -> BoxFacts:
        """What is known now; nothing before `run`."""
        if self._slow is None:
            return BoxFacts(storage_fault=self._storage_fault())
        silent = None if self._station_silent is None else self._station_silent()
        return replace(
            self._slow,
            station_silent=silent,
            annunciator_fault=self._annunciator_fault(),
            storage_fault=self._storage_fault(),
        )

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._slow = await self._clock.in_thread(look, self._machine, self._clock)
            await self._clock.sleep(LOOK_EVERY_S)
