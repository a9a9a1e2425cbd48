"""The drivers that play a recorded sensor: at its times, with its losses, at any pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest

from edge import clock
from edge.errors import SensorError, SensorReason
from edge.recorder.events import BlockArrived, Estimated, Event, Ticked
from edge.recorder.session import Session
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.types import NS_PER_S, Channel, Estimate, Modality, SampleBlock, SensorState, SensorStatus
from tests.recorder.events import FACE, FACTS, write
from tests.replay.troubled import BACK_S, LOST_S, SECONDS, START_NS, at, write_troubled

T = TypeVar("T")


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_troubled(tmp_path_factory.mktemp("troubled") / "x.anodyne")


@dataclass(frozen=True)
class Taken:
    """What supervising a driver to its end gave, each with the second at which it came."""

    blocks: list[tuple[float, SampleBlock]]
    states: list[tuple[float, SensorState, SensorReason | None]]


def play(path: Path, speed: float = 1.0, started_s: float = 100.0) -> Taken:
    """Play the troubled band into connection care, on a virtual clock that has run for a while."""
    time = clock.VirtualClock()
    time.advance(started_s)
    taken = Taken([], [])

    def second() -> float:
        return round(time.now_ns() / NS_PER_S - started_s, 3)

    def on_status(status: SensorStatus) -> None:
        taken.states.append((second(), status.state, status.reason))

    driver = ReplayedBand(driver="replay", name="here", session=path, sensor="wrist", speed=speed).open(time)
    clock.run(time, supervise(driver, time, lambda one: taken.blocks.append((second(), one)), on_status))
    return taken


async def everything(stream: AsyncIterator[T]) -> list[T]:
    return [item async for item in stream]


def first_error(driver: Driver[SampleBlock], time: clock.Clock) -> SensorError:
    async def go() -> None:
        async with aclosing(driver.stream()) as stream:  # type: ignore[type-var]  # an async generator
            await everything(stream)

    with pytest.raises(SensorError) as lost:
        clock.run(time, go())
    return lost.value


def test_every_block_comes_at_its_time_with_its_samples(troubled: Path) -> None:
    with Session.open(troubled) as session:
        recorded = [event for _, event in session.events(["block"]) if isinstance(event, BlockArrived)]
    played = play(troubled).blocks
    assert [second for second, _ in played] == [(event.at_ns - START_NS) / NS_PER_S for event in recorded]
    for (_, now), before in zip(played, (event.block for event in recorded), strict=True):
        assert now.sensor == "here"
        assert now.arrived_ns == before.arrived_ns - START_NS + 100 * NS_PER_S
        assert now.values.tobytes() == before.values.tobytes()
        kept = replace(before, sensor="here", arrived_ns=now.arrived_ns, values=now.values)
        assert (kept.channel, kept.device_s, kept.lost_before) == (now.channel, now.device_s, now.lost_before)


def test_the_loss_happens_again_at_its_time_and_ends_at_its_time(troubled: Path) -> None:
    states = play(troubled).states
    lost = next(one for one in states if one[1] is SensorState.LOST)
    back = next(one for one in states if one[0] > LOST_S and one[1] is SensorState.STREAMING)
    assert (lost, back) == (
        (LOST_S, SensorState.LOST, SensorReason.DISCONNECTED),
        (BACK_S, SensorState.STREAMING, None),
    )


def test_a_silence_becomes_a_stall_as_it_did(troubled: Path) -> None:
    # The session says 2.5 s of silence; the last block before came at 29 s.
    assert (31.5, SensorState.STALLED, SensorReason.NO_DATA) in play(troubled).states


def test_the_end_of_the_session_is_the_end_of_the_recording(troubled: Path) -> None:
    assert play(troubled).states[-1] == (SECONDS, SensorState.LOST, SensorReason.END_OF_RECORDING)


def test_ten_times_as_fast_takes_a_tenth_and_keeps_the_recorded_times(troubled: Path) -> None:
    slow, fast = play(troubled).blocks, play(troubled, speed=10.0).blocks
    assert fast[-1][0] == pytest.approx(slow[-1][0] / 10, abs=0.01)
    assert [one.arrived_ns for _, one in fast] == [one.arrived_ns for _, one in slow]


def test_without_a_pace_nothing_waits_but_the_connection_care(troubled: Path) -> None:
    blocks = play(troubled, speed=0.0).blocks
    assert len(blocks) == len(play(troubled).blocks)
    assert blocks[-1][0] < 1.0


def test_a_recorded_face_gives_its_estimates(tmp_path: Path) -> None:
    camera = replace(FACTS.sensors[0], name="camera", modalities=(Modality.FACE,))
    events: list[Event] = [Ticked(at(0)), Estimated(at(2), "camera", replace(FACE, measured_ns=at(1.9))), Ticked(at(3))]
    path = write(tmp_path / "x.anodyne", events, replace(FACTS, sensors=(camera,)))
    time = clock.VirtualClock()
    driver: Driver[Estimate] = ReplayedFace(driver="replay_face", name="camera", session=path).open(time)
    [seen] = clock.run(time, everything(driver.stream()))
    assert (seen.value, seen.measured_ns, time.now_ns()) == (FACE.value, round(1.9 * NS_PER_S), 3 * NS_PER_S)


def test_a_band_gives_evidence_of_what_it_gave_then(troubled: Path, tmp_path: Path) -> None:
    pulse = replace(FACTS.sensors[0], modalities=(Modality.HEART_RATE,))
    path = write(tmp_path / "x.anodyne", [], replace(FACTS, sensors=(pulse,)))
    assert ReplayedBand(driver="replay", name="wrist", session=path).modalities == (Modality.HEART_RATE,)
    assert ReplayedBand(driver="replay", name="wrist", session=troubled).modalities == (Modality.PPG, Modality.GSR)


@pytest.mark.parametrize(
    ("name", "sensor", "reason", "sentence"),
    [
        ("missing.anodyne", "wrist", SensorReason.NOT_FOUND, "no such file"),
        ("x.anodyne", "ankle", SensorReason.EMPTY, r"has no sensor .ankle. \(it has: wrist\)"),
    ],
)
def test_what_cannot_be_played_is_said_and_not_tried_again(
    troubled: Path, name: str, sensor: str, reason: SensorReason, sentence: str
) -> None:
    time = clock.VirtualClock()
    error = first_error(ReplayedBand(driver="replay", name=sensor, session=troubled.parent / name).open(time), time)
    assert (error.reason, error.retryable) == (reason, False)
    with pytest.raises(SensorError, match=sentence):
        raise error


def test_a_damaged_session_is_played_up_to_the_damage(tmp_path: Path) -> None:
    path = write_troubled(tmp_path / "x.anodyne")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 4 // 5)
    taken = play(path)
    assert taken.blocks
    assert taken.states[-1][1:] == (SensorState.LOST, SensorReason.UNREADABLE)


def test_nothing_stays_open_after_a_connection(troubled: Path) -> None:
    time = clock.VirtualClock()
    driver = ReplayedBand(driver="replay", name="wrist", session=troubled).open(time)

    async def some() -> SampleBlock:
        stream = driver.stream()
        first = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        return first

    assert {clock.run(time, some()).channel for _ in range(20)} <= set(Channel)
    assert _times_open(troubled) == 0


def test_a_session_is_open_while_it_is_played(troubled: Path) -> None:
    time = clock.VirtualClock()
    driver = ReplayedBand(driver="replay", name="wrist", session=troubled).open(time)

    async def meanwhile() -> int:
        async with aclosing(driver.stream()) as stream:  # type: ignore[type-var]  # an async generator
            await anext(stream)
            return _times_open(troubled)

    assert clock.run(time, meanwhile()) == 1


def _times_open(path: Path) -> int:
    """How often this process has this one file open (another test's files may be closed at any moment)."""
    held = (one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
    return sum(name == path.resolve() for name in held)


def test_another_connection_goes_on_where_the_session_is_by_then(troubled: Path) -> None:
    time = clock.VirtualClock()
    driver = ReplayedBand(driver="replay", name="wrist", session=troubled).open(time)

    async def twice() -> list[float]:
        seconds = []
        for _ in range(2):
            stream = driver.stream()
            await anext(stream)
            seconds.append(time.now_ns() / NS_PER_S)
            await stream.aclose()  # type: ignore[attr-defined]  # an async generator
            await asyncio.sleep(0.25)
        return seconds

    assert clock.run(time, twice()) == [1.0, 1.25]
