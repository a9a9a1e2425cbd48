"""A bundle beside the one in use, in the true daemon on simulated sensors: it counts, and touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge import config
from edge.biosignal import BiosignalEstimator
from edge.bundles import steps
from edge.bundles.pointer import ShadowState, locked, report_file
from edge.demo.setup import FACE_CLIP
from edge.face import FaceEstimator
from edge.face.reference import Reference
from edge.inputs import Input, ReadingInput
from edge.publish.payload import ReferenceCommand
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.shadow import Shadow, Tally
from edge.shadow.shadow import Tick
from edge.updates import Updates
from tests.fixtures.signed import Site
from tests.fixtures.updated_box import UpdatedBox

CAMERA = VideoFileCamera(
    driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240, repeat=True, rate_hz=10.0
)


def tally(box: UpdatedBox) -> Tally:
    """The figures of the last shadow run."""
    pointer = box.shelf.pointer()
    assert pointer.shadow is not None
    return Tally.read(report_file(box.shelf.folder, pointer.shadow.id))


def test_the_same_models_agree_in_everything_that_counts(box: UpdatedBox) -> None:
    steps.shadow(box.shelf, "0.2.0", 600.0)
    box.live(700.0)
    counted = tally(box)
    assert counted.seconds == pytest.approx(600.0, abs=1.0)
    assert counted.same_verdict is not None
    assert counted.same_verdict > 0.99
    assert (counted.difference(0.95), counted.new_burden.alone, counted.old_burden.alone) == (0.0, 0, 0)
    assert counted.old_burden.shared == counted.new_burden.shared > 0
    assert counted.old_burden.episodes == counted.new_burden.episodes


def test_another_threshold_shows_in_scores_and_burden(box: UpdatedBox, site: Site) -> None:
    box.shelf.install(site.bundle("0.3.0", threshold=1.5))
    steps.shadow(box.shelf, "0.3.0", 600.0)
    box.live(700.0)
    counted = tally(box)
    assert counted.same_verdict is not None
    assert counted.same_verdict < 0.99
    assert counted.bias is not None
    assert counted.bias < -0.3
    assert counted.new_burden.seconds.get("pain", 0.0) < counted.old_burden.seconds["pain"]


def test_a_run_that_has_lasted_its_time_is_done_and_the_box_goes_on(box: UpdatedBox) -> None:
    steps.shadow(box.shelf, "0.2.0", 30.0)
    box.live(60.0)
    pointer = box.shelf.pointer()
    assert pointer.shadow is not None
    assert (pointer.shadow.state, pointer.shadow.running) == (ShadowState.DONE, None)
    assert box.said[-1].assessed_ns > 59e9
    assert box.history == ["installed", "shadow asked for", "shadow begun", "shadow done"]


def test_nothing_that_a_shadow_says_reaches_an_alarm(box: UpdatedBox, site: Site, tmp_path: Path) -> None:
    box.shelf.install(site.bundle("0.4.0", threshold=-6.0))  # pain at almost every tick
    calm = UpdatedBox(site, tmp_path / "calm")
    calm.state.mkdir()
    calm.shelf.install(site.bundle("0.4.0", threshold=6.0))  # pain at none
    for one in (box, calm):
        steps.shadow(one.shelf, "0.4.0", 400.0)
        one.live(420.0)
    assert "pain" not in tally(calm).new_burden.episodes
    assert tally(box).new_burden.seconds["pain"] > 2 * tally(box).old_burden.seconds.get("pain", 0.0)
    assert [(one.condition, one.presence, one.priority, one.at_ns, one.score) for one in box.raised] == [
        (one.condition, one.presence, one.priority, one.at_ns, one.score) for one in calm.raised
    ]
    assert [(one.verdict, one.score, one.mode) for one in box.said] == [
        (one.verdict, one.score, one.mode) for one in calm.said
    ]


def test_it_goes_on_after_a_restart_with_what_it_has_counted(box: UpdatedBox) -> None:
    steps.shadow(box.shelf, "0.2.0", 100.0)
    box.live(60.0)
    first = tally(box).seconds
    box.live(20.0)
    assert 50.0 < first < tally(box).seconds < 90.0


def test_it_begins_while_the_box_runs_and_is_stopped_so_too(box: UpdatedBox) -> None:
    box.live(
        60.0,
        at={10.0: lambda: steps.shadow(box.shelf, "0.2.0", 600.0), 40.0: lambda: steps.stop_shadow(box.shelf)},
    )
    assert tally(box).seconds == pytest.approx(30.0, abs=6.0)
    assert box.ran == ["shipped"]


def test_it_begins_once_nobody_else_changes_the_folder(box: UpdatedBox) -> None:
    held = ExitStack()

    def ask_and_hold() -> None:
        steps.shadow(box.shelf, "0.2.0", 600.0)
        held.enter_context(locked(box.shelf.folder))

    box.live(40.0, at={8.0: ask_and_hold, 12.0: held.close})
    assert box.history == ["installed", "shadow asked for", "shadow begun"]
    assert tally(box).seconds > 15.0


def test_one_that_cannot_be_built_is_told_once_and_holds_no_sensor(
    box: UpdatedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    taps: list[object] = []

    def fail(*_: object) -> None:
        raise ZeroDivisionError("in the shadow")

    def run(self: Updates, inputs: Mapping[str, Input], save: Callable[[], bool]) -> Coroutine[None, None, None]:
        taps.append(inputs["face"])
        return follow(self, inputs, save)

    follow = Updates.run
    monkeypatch.setattr(Updates, "run", run)
    monkeypatch.setattr("edge.shadow.eyes.BandEye", fail)
    steps.shadow(box.shelf, "0.2.0", 600.0)
    box.live(30.0)
    pointer = box.shelf.pointer()
    assert pointer.shadow is not None
    assert (pointer.shadow.state, pointer.shadow.why) == (ShadowState.FAILED, "ZeroDivisionError: in the shadow")
    assert [one.tap for one in taps if isinstance(one, ReadingInput)] == [None]
    assert box.history == ["installed", "shadow asked for", "shadow begun", "shadow failed"]


def test_a_fault_in_it_ends_it_and_the_box_goes_on(
    box: UpdatedBox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_self: Shadow, _tick: Tick, _assessment: object) -> None:
        raise ZeroDivisionError("in the shadow")

    monkeypatch.setattr(Shadow, "_compare", fail)
    steps.shadow(box.shelf, "0.2.0", 600.0)
    box.live(30.0)
    pointer = box.shelf.pointer()
    assert pointer.shadow is not None
    assert (pointer.shadow.state, pointer.shadow.why) == (
        ShadowState.FAILED,
        "ZeroDivisionError: in the shadow",
    )
    assert box.said[-1].assessed_ns > 29e9
    assert "failed beside the bundle in use" in caplog.text


def test_a_box_that_dies_with_it_leaves_it_out_at_the_next_start(box: UpdatedBox) -> None:
    steps.shadow(box.shelf, "0.2.0", 600.0)
    with pytest.raises(ExceptionGroup):
        box.live(60.0, crash_at=30.0)
    box.live(20.0)
    pointer = box.shelf.pointer()
    assert pointer.shadow is not None
    assert (pointer.shadow.state, pointer.shadow.why) == (
        ShadowState.FAILED,
        "the daemon crashed while it ran beside",
    )


def test_one_that_is_damaged_since_is_refused_and_told(box: UpdatedBox) -> None:
    name = steps.shadow(box.shelf, "0.2.0", 600.0)
    (box.shelf.folder / name / "face_au.tflite").write_bytes(b"")
    box.live(20.0)
    assert box.history[-1] == "shadow failed"
    assert box.said


@pytest.mark.parametrize(("share", "all_of_them"), [(1.0, True), (0.002, False)])
def test_its_share_of_the_processor_bounds_the_pictures_it_judges(
    box: UpdatedBox, monkeypatch: pytest.MonkeyPatch, share: float, all_of_them: bool
) -> None:
    monkeypatch.setattr("edge.shadow.purse.HEAD_START_S", 0.05)
    box.sensors = (CAMERA,)
    box.models = config.Models().model_copy(update={"shadow_cpu": share})  # less than may be configured: 600 pictures
    steps.shadow(box.shelf, "0.2.0", 60.0)
    box.live(70.0)
    spent = tally(box).cost
    assert spent.frames > 200
    assert (spent.skipped == 0) is all_of_them
    assert 0.05 < spent.cpu_s < 0.05 + share * 60.0 + 0.2  # fusion, which is never left out, and the last picture
    assert spent.late == 0


def test_the_same_network_beside_itself_reads_the_same_faces(box: UpdatedBox) -> None:
    box.sensors = (CAMERA,)
    box.models = config.Models(shadow_cpu=1.0)
    steps.shadow(box.shelf, "0.2.0", 60.0)
    box.live(70.0)
    counted = tally(box)
    assert counted.scored > 60
    assert counted.difference(0.95) == 0.0


def test_it_forgets_of_the_person_what_the_bundle_in_use_does(box: UpdatedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    forgot: list[str] = []
    forget_face, forget_band = FaceEstimator.forget_reference, BiosignalEstimator.forget

    def face(self: FaceEstimator, by: str) -> Reference:
        forgot.append("face")
        return forget_face(self, by)

    def band(self: BiosignalEstimator) -> None:
        forgot.append("band")
        forget_band(self)

    def reset(camera: str | None) -> None:
        forgot.append("reset")
        assert box.daemon is not None
        box.daemon.on_command(ReferenceCommand(id="1", do="reset_reference", by="Anna", camera=camera))

    monkeypatch.setattr(FaceEstimator, "forget_reference", face)
    monkeypatch.setattr(BiosignalEstimator, "forget", band)
    box.sensors = (CAMERA, SimulatedBand(driver="simulated_band", name="band"))
    steps.shadow(box.shelf, "0.2.0", 600.0)
    box.live(40.0, at={20.0: lambda: reset("camera"), 30.0: lambda: reset(None)})
    assert forgot == ["reset", "face", "face", "reset", "face", "band", "face", "band"]
