"""A hot box through the whole daemon: fewer pictures are taken, the bands are not slowed, and nothing turns calm."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock, config
from edge.daemon import Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.inputs import CameraInput, Glance
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import LoadMessage
from edge.publish.subscriber import Received, Subscriber
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.report import read_report
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.table import Band, Camera
from edge.types import NS_PER_S, Alert, Assessment, Condition, Estimate, Presence, Validity

CAMERA = VideoFileCamera(
    driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240, repeat=True, rate_hz=10.0
)
BAND = SimulatedBand(driver="simulated_band", name="band")


class HotBox:
    """A daemon whose temperature the test dictates, with the pictures that it took and what it made of them."""

    def __init__(
        self,
        folder: Path,
        time: clock.Clock,
        port: int | None = None,
        sensors: tuple[Camera | Band, ...] = (CAMERA, BAND),
        celsius: float = 45,
    ) -> None:
        self.clock = time
        self.zone = folder / "sys/class/thermal/thermal_zone0/temp"
        self.zone.parent.mkdir(parents=True, exist_ok=True)
        (folder / "state").mkdir(parents=True, exist_ok=True)
        self.heat(celsius)
        self.assessments: list[Assessment] = []
        self.alerts: list[Alert] = []
        settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=folder / "state", validity=Validity.TEST),
            sensor=sensors,
            fusion=config.Fusion(tick_s=0.5),
            alarm=DELAYS,
            mqtt=config.Mqtt(host="127.0.0.1", port=port or free_port()),
        )
        self.daemon = Daemon(
            settings,
            time,
            on_assessment=self.assessments.append,
            on_alert=self.alerts.append,
            sysfs=folder / "sys",
        )
        self.camera = self.daemon.inputs["camera"]

    def heat(self, celsius: float) -> None:
        """Set the temperature of the only thermal zone."""
        self.zone.write_text(f"{celsius * 1000:.0f}\n")

    def taken(self) -> int:
        """Pictures that the camera has given so far."""
        return self.camera.report("video_file", self.clock.now_ns()).channels[0].samples


@pytest.fixture(autouse=True)
def no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report goes into the state folder."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


def test_heat_takes_pictures_away_and_cooling_gives_them_back(tmp_path: Path) -> None:
    time = clock.VirtualClock()
    box = HotBox(tmp_path, time)
    loads: list[str] = []
    rates: list[float] = []
    coverage: list[float] = []

    async def live() -> None:
        task = asyncio.create_task(box.daemon.run())
        for celsius, seconds in ((45, 30), (90, 45), (45, 230)):
            box.heat(celsius)
            await time.sleep(seconds - 20)
            before = box.taken()
            await time.sleep(20)
            rates.append((box.taken() - before) / 20)
            band = box.daemon.inputs["band"].report("simulated_band", time.now_ns())
            coverage.append(min(channel.coverage or 0.0 for channel in band.channels))
            report = read_report(tmp_path / "state")
            assert report is not None
            loads.append(report.load)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, live())
    assert loads == ["full", "least", "full"]
    assert rates == pytest.approx([10.0, 3.0, 10.0], abs=0.4)
    ticks = [one.assessed_ns for one in box.assessments if one.assessed_ns > 5 * NS_PER_S]
    assert {later - earlier for earlier, later in itertools.pairwise(ticks)} == {NS_PER_S // 2}
    assert coverage[:2] == pytest.approx([1.0, 1.0], abs=0.05)  # its scene ends after three minutes


def test_assessments_that_take_longer_than_their_tick_are_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = clock.VirtualClock()
    box = HotBox(tmp_path, time, sensors=(CAMERA,))
    camera = box.camera
    assert isinstance(camera, CameraInput)
    judge = camera.judge

    async def slow(glance: Glance) -> tuple[Estimate, ...]:
        await time.sleep(2.0)
        return await judge(glance)

    monkeypatch.setattr(camera, "judge", slow)
    reached: list[str] = []

    async def live() -> None:
        task = asyncio.create_task(box.daemon.run())
        await time.sleep(30)
        reached.append(box.daemon._slowing.governor.level.load)
        reached.extend(box.daemon._slowing.governor.why)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, live())
    assert reached == ["least", "age"]


def levels(box: HotBox, *looks: float) -> list[tuple[float, str, float]]:
    """Let it run; at each moment the level, and pictures that were taken a second since the one before."""
    found: list[tuple[float, str, float]] = []

    async def live() -> None:
        task = asyncio.create_task(box.daemon.run())
        for before, after in itertools.pairwise((0.0, *looks)):
            taken = box.taken() if box.camera.report("video_file", 0).channels else 0
            await box.clock.sleep(after - before)
            rate = (box.taken() - taken) / (after - before)
            found.append((after, str(box.daemon._slowing.governor.level.load), rate))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(box.clock, live())
    return found


def test_a_box_that_is_hot_when_it_starts_begins_slowly(tmp_path: Path) -> None:
    time = clock.VirtualClock()
    hot = HotBox(tmp_path, time, celsius=90)
    [(_, load, rate)] = levels(hot, 8.0)
    assert (load, rate < 3.5) == ("least", True)


def test_a_new_start_goes_on_at_the_level_of_the_one_before_and_recovers(tmp_path: Path) -> None:
    time = clock.VirtualClock()
    first = HotBox(tmp_path, time, celsius=45)
    first.heat(82)
    assert levels(first, 40.0)[-1][1] == "slow"
    again = HotBox(tmp_path, clock.VirtualClock(), celsius=73)  # too warm to be taken up, not cool enough to be left
    [(_, load, rate), (_, later, _), (_, last, _)] = levels(again, 8.0, 100.0, 300.0)
    assert (load, rate < 4.5) == ("slow", True)
    assert (later, last) == ("eased", "eased")
    cool = HotBox(tmp_path, clock.VirtualClock(), celsius=40)
    assert [load for _, load, _ in levels(cool, 8.0, 90.0)] == ["eased", "full"]
    reboot = HotBox(tmp_path, clock.VirtualClock(boot_id="ba9876543210"), celsius=40)
    assert levels(reboot, 8.0)[-1][1] == "full"


@pytest.mark.parametrize("text", ["", "{", '{"boot_id":"0123456789ab","load":"warp"}'])
def test_a_spoilt_note_of_the_level_costs_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "state/run").mkdir(parents=True)
    (tmp_path / "state/run/load.json").write_text(text)
    assert levels(HotBox(tmp_path, clock.VirtualClock(), celsius=40), 5.0)[-1][1] == "full"


def scene(folder: Path, celsius: float) -> HotBox:
    """The demonstration's scene, seen by the camera alone at one temperature."""
    box = HotBox(folder, clock.VirtualClock(), sensors=(CAMERA,))
    box.heat(celsius)

    async def live() -> None:
        task = asyncio.create_task(box.daemon.run())
        await box.clock.sleep(178)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(box.clock, live())
    return box


def test_a_hot_box_sees_the_pain_and_its_own_blindness_as_a_cool_one_does(tmp_path: Path) -> None:
    cool, hot = scene(tmp_path / "cool", 45), scene(tmp_path / "hot", 90)
    raised = [
        [one.condition for one in box.alerts if one.presence is Presence.ON and one.condition is not Condition.BOX_HOT]
        for box in (cool, hot)
    ]
    assert Condition.PAIN in raised[0]
    assert Condition.CANNOT_ASSESS in raised[0]
    assert raised[1] == raised[0]
    assert hot.taken() < 0.4 * cool.taken()
    blind = [sum(one.score is None for one in box.assessments) for box in (cool, hot)]
    assert blind[1] >= 0.9 * blind[0]


def test_the_station_is_told_and_told_again_by_the_next_connection(tmp_path: Path) -> None:
    heard: list[LoadMessage] = []
    told = asyncio.Event()

    async def live() -> None:
        time = clock.SystemClock()
        with EmbeddedBroker() as broker:
            box = HotBox(tmp_path, time, broker.port)

            def hear(received: Received) -> None:
                if isinstance(received.message, LoadMessage):
                    heard.append(received.message)
                    if received.message.level == "least":
                        told.set()

            subscriber = Subscriber(config.Mqtt(host="127.0.0.1", port=broker.port), hear)
            listening = asyncio.create_task(subscriber.run())
            await subscriber.ready.wait()
            task = asyncio.create_task(box.daemon.run())
            box.heat(90)
            async with asyncio.timeout(40):
                await told.wait()
            for one in (task, listening):
                one.cancel()
            await asyncio.wait({task, listening})

    clock.run(clock.SystemClock(), live())
    assert [one.level for one in heard] == ["full", "least"]
    assert heard[-1].why == ["temperature"]
    assert heard[-1].rate_hz == 3.0
