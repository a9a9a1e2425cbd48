"""A bundle on trial, in the true daemon on simulated sensors: confirmed after its time, and every way back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge import config
from edge.biosignal import BiosignalEstimator
from edge.bundles import steps
from edge.bundles.pointer import Pointer, write_pointer
from edge.errors import InferenceError, InferenceReason, StoreError
from edge.store import STORE_FILE, Store
from edge.types import Channel, Condition, Estimate, Presence, Window
from tests.fixtures.signed import Site
from tests.fixtures.updated_box import Manager, UpdatedBox


def committed(box: UpdatedBox, seconds: float = 60.0) -> str:
    """Put 0.2.0 to use."""
    return steps.commit(box.shelf, "0.2.0", seconds, "a test")


def test_one_that_stands_its_time_is_confirmed(box: UpdatedBox, tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    name = committed(box)
    box.live(80.0, notifier=manager.notifier)
    manager.close()
    assert box.ran == [name]
    assert box.shelf.pointer() == Pointer(active=name, previous="shipped", over=box.shelf.shipped_digest())
    assert box.history == ["installed", "committed", "trial begun", "confirmed"]
    told = [message for message in manager.heard if message.startswith("STATUS")]
    assert (f"models {name} on trial" in told[0], f"models {name}" in told[-1], "on trial" in told[-1]) == (
        True,
        True,
        False,
    )


def test_a_running_box_takes_it_up_by_itself_and_keeps_its_alarms(box: UpdatedBox, tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    box.live(500.0, at={350.0: lambda: committed(box)}, notifier=manager.notifier)
    manager.close()
    assert [name.partition("-")[0] for name in box.ran] == ["shipped", "0.2.0"]
    pain = [one for one in box.raised if one.condition is Condition.PAIN]
    assert pain[0].presence is Presence.ON
    assert {one.episode for one in pain} == {pain[0].episode}  # one episode, in spite of the change
    heard = [message for message in manager.heard if not message.startswith(("WATCHDOG", "STATUS"))]
    assert heard == ["READY=1", "READY=1", "STOPPING=1"]  # the change is no stop
    assert any("models 0.2.0" in message and "on trial" in message for message in manager.heard)


def test_the_bed_keeps_its_light_over_a_change(box: UpdatedBox, pins: MockFactory) -> None:
    box.light_pin = 17
    box.live(30.0, at={10.0: lambda: committed(box)})
    assert [name.partition("-")[0] for name in box.ran] == ["shipped", "0.2.0"]
    assert [one.reasons for one in box.raised if one.condition is Condition.ANNUNCIATOR_FAILING] == []
    lit = [one.state for one in pins.pin(17).states].count(True)
    assert lit >= 2  # each life tests it once


def test_no_alarm_that_only_memory_holds_is_lost_by_a_change(box: UpdatedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Store] = []
    open_store = Store.open

    def kept(path: Path) -> Store:
        opened.append(open_store(path))
        return opened[-1]

    def fill() -> None:
        store = opened[-1]
        with store.transaction() as cursor:
            cursor.execute("PRAGMA max_page_count=1")  # as many as there are
        with suppress(StoreError):
            for number in range(10_000):
                with store.transaction() as cursor:
                    cursor.execute("INSERT INTO number VALUES (?, 0)", (f"ballast {number:09}",))

    def mend() -> None:
        with opened[-1].transaction() as cursor:
            cursor.execute("PRAGMA max_page_count=100000")

    monkeypatch.setattr(Store, "open", kept)
    box.live(700.0, at={5.0: fill, 500.0: lambda: committed(box, 3600.0), 600.0: mend})
    assert [name.partition("-")[0] for name in box.ran] == ["shipped", "0.2.0"]
    assert Condition.STORAGE_FAILING in {one.condition for one in box.raised}
    with closing(sqlite3.connect(box.state / STORE_FILE)) as file:
        waiting = {json.loads(row[0])["id"] for row in file.execute("SELECT payload FROM outbox WHERE leaf = 'event'")}
    assert {one.id for one in box.raised} == waiting


def test_the_gap_of_a_change_is_short(box: UpdatedBox) -> None:
    box.live(60.0, at={30.0: lambda: committed(box)})
    gaps = [later.assessed_ns - one.assessed_ns for one, later in zip(box.said, box.said[1:], strict=False)]
    assert max(gaps) <= 1e9


def test_a_clean_stop_is_no_fault_and_the_trial_begins_anew(box: UpdatedBox) -> None:
    name = committed(box)
    box.live(40.0)
    box.live(40.0)
    assert box.ran == [name, name]
    assert box.shelf.pointer().trial is not None
    box.live(80.0)
    assert box.shelf.pointer().active == name


def test_a_crash_leads_back(box: UpdatedBox) -> None:
    name = committed(box)
    with pytest.raises(ExceptionGroup):
        box.live(60.0, crash_at=30.0)
    box.live(20.0)
    assert box.ran == [name, "shipped"]
    assert box.shelf.pointer() == Pointer()
    assert box.history[-1] == "rolled back"


def test_a_reboot_without_notice_leads_back(box: UpdatedBox, caplog: pytest.LogCaptureFixture) -> None:
    committed(box)
    with pytest.raises(ExceptionGroup):
        box.live(60.0, crash_at=30.0)
    box.boot_id = "ba9876543210"
    box.live(20.0)
    assert box.ran[-1] == "shipped"
    assert "rolled back: to shipped: the box went down without notice before it was confirmed" in caplog.text


def test_a_crash_after_the_confirmation_changes_nothing(box: UpdatedBox) -> None:
    name = committed(box)
    with pytest.raises(ExceptionGroup):
        box.live(120.0, crash_at=100.0)
    box.live(20.0)
    assert box.ran == [name, name]


def test_a_self_test_that_fails_at_the_start_leads_back(box: UpdatedBox) -> None:
    name = committed(box)
    path = box.shelf.folder / name / "golden" / "face_au-0-0.int8"
    path.write_bytes(path.read_bytes()[::-1])
    box.live(20.0)
    assert (box.ran, box.history[-1]) == (["shipped"], "rolled back")


def test_a_self_test_that_fails_at_its_end_leads_back_without_a_pause(box: UpdatedBox) -> None:
    name = committed(box)
    path = box.shelf.folder / name / "face_au.tflite"
    box.live(90.0, at={30.0: lambda: path.write_bytes(path.read_bytes()[:-1])})
    assert (box.ran, box.history[-1]) == ([name, "shipped"], "rolled back")
    assert box.said[-1].assessed_ns > 89e9


def test_an_estimator_that_fails_leads_back_at_once(box: UpdatedBox, monkeypatch: pytest.MonkeyPatch) -> None:
    step = BiosignalEstimator.step
    name = committed(box, seconds=3600.0)

    def fail(
        self: BiosignalEstimator, now_ns: int, windows: Mapping[Channel, Window], *, worn: bool = True
    ) -> tuple[Estimate, ...]:
        if len(box.ran) == 1:
            raise InferenceError(InferenceReason.REJECTED, "the runtime failed")
        return step(self, now_ns, windows, worn=worn)

    monkeypatch.setattr(BiosignalEstimator, "step", fail)
    box.live(60.0)
    assert box.ran == [name, "shipped"]


def test_a_rollback_by_hand_is_followed_while_the_box_runs(box: UpdatedBox) -> None:
    name = committed(box, seconds=3600.0)
    box.live(60.0, at={30.0: lambda: steps.rollback(box.shelf, "too many alarms")})
    assert (box.ran, box.history[-1]) == ([name, "shipped"], "taken back")


def test_a_folder_that_cannot_be_changed_keeps_the_confirmed_bundle_running(
    box: UpdatedBox, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = box.shelf.ids()[0]
    write_pointer(box.shelf.folder, Pointer(active=name, over=box.shelf.shipped_digest()))
    box.shelf.install(site.bundle("0.3.0"))
    steps.commit(box.shelf, "0.3.0", 60.0, "a test")

    def refuse(_path: Path, _data: bytes) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("edge.bundles.pointer.replace", refuse)
    box.live(20.0)
    assert box.ran == [name]


def test_a_bundle_that_the_configuration_names_needs_no_shelf(box: UpdatedBox, site: Site) -> None:
    committed(box)
    box.models = config.Models(bundle=site.bundle("0.3.0"))
    box.live(5.0)
    assert box.ran == ["configured"]
    assert box.shelf.pointer().trial is not None
