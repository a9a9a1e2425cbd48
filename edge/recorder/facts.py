"""What a session says about itself: which box, which program, which sensors, since when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from edge.clock import Instant
from edge.recorder import cells
from edge.recorder.cells import Cell
from edge.types import Modality, Validity


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """One sensor of a session.

    Attributes:
        name: in the configuration.
        driver: kind of the sensor, as in the configuration.
        modalities: what it can give evidence of.
        stall_after_s: silence after which it counted as stalled, seconds.
    """

    name: str
    driver: str
    modalities: tuple[Modality, ...]
    stall_after_s: float


@dataclass(frozen=True, slots=True)
class Facts:
    """A session's head.

    Attributes:
        software: version of the program.
        runtime: inference runtime, its version and the processor: results may differ in the last bit on another.
        bundle: version and SHA-256 of the model bundle's manifest, which holds the hash of every model.
        site, bed, validity: whose session.
        start: the moment at which the alarm states of an earlier run were taken up.
        settings: TOML of what results depend on (`[fusion]`, `[alarm]`); no address, name or password.
        sensors: in the order of the configuration.
        alarms: alarm states of an earlier run, by condition, as JSON.
        part: 1, or the number of this file among those that continue each other.
        continues: file name of the part before.
        first_seq: number of the first event; it goes on across parts.
    """

    software: str
    runtime: str
    bundle: str
    site: str
    bed: str
    validity: Validity
    start: Instant
    settings: str
    sensors: tuple[SensorFacts, ...] = ()
    alarms: Mapping[str, str] = field(default_factory=dict[str, str])
    part: int = 1
    continues: str = ""
    first_seq: int = 1

    def next_part(self, file: str, first_seq: int) -> Facts:
        """The head of the file that continues this one."""
        return replace(self, part=self.part + 1, continues=file, first_seq=first_seq)


def to_rows(facts: Facts) -> Iterator[tuple[str, str]]:
    """The rows of the table `meta`."""
    start = facts.start
    yield from (("software", facts.software), ("runtime", facts.runtime), ("bundle", facts.bundle))
    yield from (("site", facts.site), ("bed", facts.bed), ("validity", str(facts.validity)))
    yield from (("boot_id", start.boot_id), ("start_ns", str(start.mono_ns)), ("start_wall_ms", str(start.wall_ms)))
    yield from (("start_synced", str(int(start.synced))), ("settings", facts.settings))
    yield from (("alarms", cells.pairs(facts.alarms)), ("sensors", _sensors(facts.sensors)))
    yield from (("part", str(facts.part)), ("continues", facts.continues), ("first_seq", str(facts.first_seq)))


def from_rows(rows: Mapping[str, Cell]) -> Facts:
    """The head that `to_rows` wrote.

    Raises:
        ValueError, KeyError, RecursionError: the rows are damaged.
    """
    start = Instant(
        boot_id=cells.text(rows["boot_id"]),
        mono_ns=int(cells.text(rows["start_ns"])),
        wall_ms=int(cells.text(rows["start_wall_ms"])),
        synced=rows["start_synced"] == "1",
    )
    return Facts(
        software=cells.text(rows["software"]),
        runtime=cells.text(rows["runtime"]),
        bundle=cells.text(rows["bundle"]),
        site=cells.text(rows["site"]),
        bed=cells.text(rows["bed"]),
        validity=Validity(cells.text(rows["validity"])),
        start=start,
        settings=cells.text(rows["settings"]),
        sensors=tuple(_read_sensors(rows["sensors"])),
        alarms=cells.read_pairs(rows["alarms"]),
        part=int(cells.text(rows["part"])),
        continues=cells.text(rows["continues"]),
        first_seq=int(cells.text(rows["first_seq"])),
    )


def _sensors(sensors: tuple[SensorFacts, ...]) -> str:
    return json.dumps([[one.name, one.driver, cells.words(one.modalities), one.stall_after_s] for one in sensors])


def _read_sensors(cell: Cell) -> Iterator[SensorFacts]:
    found: object = json.loads(cells.text(cell))
    if not isinstance(found, list):
        raise ValueError("the sensors are no list")  # noqa: TRY004  # one kind of error for damaged cells
    for row in found:
        if not isinstance(row, list) or len(row) != 4:
            raise ValueError(f"{row!r:.40} is no sensor")
        name, driver, modalities, stall_after_s = row
        words = tuple(Modality(word) for word in cells.text(modalities).split())
        yield SensorFacts(cells.text(name), cells.text(driver), words, cells.number(stall_after_s))
