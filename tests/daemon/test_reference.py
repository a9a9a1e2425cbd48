"""The resting face through the whole daemon: learnt, set, reset, kept over a restart, announced where it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock, config
from edge.bundle import installed_folder
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.errors import CommandError, CommandReason
from edge.publish.commands import Done
from edge.publish.embedded import free_port
from edge.publish.payload import ReferenceCommand
from edge.references import Kept, References
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.store import Store
from edge.types import Assessment, Validity
from tests.fixtures.bundles import face_bundle

CAMERA = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_bundle(tmp_path_factory.mktemp("daemon") / "models")


Meanwhile = Callable[[Daemon, clock.Clock], Awaitable[None]]


def live(
    folder: Path,
    models: Path,
    seconds: float,
    meanwhile: Meanwhile | None = None,
    time: clock.VirtualClock | None = None,
) -> list[Assessment]:
    """A box with the demonstration's camera, for so many seconds of virtual time."""
    time = time or clock.VirtualClock()
    heard: list[Assessment] = []
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
        models=config.Models(bundle=models),
        sensor=(CAMERA,),
        alarm=DELAYS,
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
    )
    daemon = Daemon(settings, time, on_assessment=heard.append)

    async def run() -> None:
        task = asyncio.create_task(daemon.run())
        await time.sleep(seconds)
        if meanwhile is not None:
            await meanwhile(daemon, time)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, run())
    return heard


def kept(folder: Path) -> Kept | None:
    store = Store.open(folder / STORE_FILE)
    try:
        return References(store).newest("camera")
    finally:
        store.close()


def ask(do: str, camera: str | None = None) -> ReferenceCommand:
    return ReferenceCommand.model_validate({"id": "c1", "do": do, "camera": camera, "by": "Sister Ruth"})


def test_a_face_without_a_reference_says_what_it_needs(tmp_path: Path, models: Path) -> None:
    reasons = [one.reasons for one in live(tmp_path, models, 5.0) if one.reasons]
    assert any(code.startswith("no_reference_") for codes in reasons for code in codes)


def test_a_nurse_sets_the_reference_and_it_is_on_disk(tmp_path: Path, models: Path) -> None:
    said: list[object] = []

    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        del time
        said.append(daemon.on_command(ask("set_reference")))

    live(tmp_path, models, 8.0, nurse)
    [done] = said
    assert isinstance(done, Done)
    assert "s of this face are the reference" in done.detail
    row = kept(tmp_path)
    assert row is not None
    assert (row.reference.source, row.reference.by, row.reference.version) == ("set", "Sister Ruth", 2)


def test_what_was_set_is_there_after_a_restart(tmp_path: Path, models: Path) -> None:
    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        del time
        daemon.on_command(ask("set_reference"))

    time = clock.VirtualClock()
    live(tmp_path, models, 8.0, nurse, time)
    last = live(tmp_path, models, 5.0, time=time)[-1]
    assert not any(code.startswith("no_reference_") for code in last.reasons)


def test_what_another_network_has_read_is_learnt_anew(tmp_path: Path, models: Path) -> None:
    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        del time
        daemon.on_command(ask("set_reference"))

    time = clock.VirtualClock()
    live(tmp_path, models, 8.0, nurse, time)
    last = live(tmp_path, installed_folder(), 5.0, time=time)[-1]
    assert any(code.startswith("no_reference_") for code in last.reasons)
    row = kept(tmp_path)
    assert row is not None
    assert row.reference.version == 3


def test_a_reset_forgets_it(tmp_path: Path, models: Path) -> None:
    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        daemon.on_command(ask("set_reference"))
        daemon.on_command(ask("reset_reference"))
        await time.sleep(2.0)

    last = live(tmp_path, models, 8.0, nurse)[-1]
    assert any(code.startswith("no_reference_") for code in last.reasons)
    row = kept(tmp_path)
    assert row is not None
    assert (row.reference.version, row.reference.source) == (3, "learnt")


@pytest.mark.parametrize(
    ("do", "camera", "sensors"),
    [
        ("set_reference", None, (CAMERA,)),
        ("reset_reference", "ceiling", (CAMERA,)),
        ("set_reference", None, (SimulatedBand(driver="simulated_band", name="band"),)),
    ],
    ids=["no-face-yet", "other-camera", "no-camera"],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    tmp_path: Path, models: Path, do: str, camera: str | None, sensors: tuple[VideoFileCamera | SimulatedBand, ...]
) -> None:
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=tmp_path, validity=Validity.TEST),
        models=config.Models(bundle=models),
        sensor=sensors,
    )
    with pytest.raises(CommandError) as refused:
        Daemon(settings, clock.VirtualClock()).on_command(ask(do, camera))
    assert refused.value.reason is CommandReason.NOT_APPLICABLE


def bedside(folder: Path, models: Path) -> Daemon:
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
        models=config.Models(bundle=models),
        sensor=(CAMERA, SimulatedBand(driver="simulated_band", name="band")),
    )
    return Daemon(settings, clock.VirtualClock())


def test_a_reset_of_the_bed_makes_the_wristband_forget_too(tmp_path: Path, models: Path) -> None:
    done = bedside(tmp_path, models).on_command(ask("reset_reference"))
    assert isinstance(done, Done)
    assert "band: what is usual for this person is forgotten" in done.detail


def test_a_reset_of_one_camera_leaves_the_wristband_as_it_is(tmp_path: Path, models: Path) -> None:
    done = bedside(tmp_path, models).on_command(ask("reset_reference", "camera"))
    assert isinstance(done, Done)
    assert "band" not in done.detail
