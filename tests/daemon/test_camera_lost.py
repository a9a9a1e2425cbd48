"""Camera off is a decision of consent: damage on the disk never switches a camera on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.alarm import standing
from edge.camera_state import FILE, Word, read, settle
from edge.cli.sensors import camera_off
from edge.daemon import STORE_FILE, Daemon
from edge.health.running import camera_state
from edge.station.words import explain
from edge.store import Store
from edge.types import Alert, Condition, Presence
from tests.daemon.test_camera_off import Box, ask


def garbage(path: Path) -> None:
    """A file that was spoilt from end to end."""
    path.write_bytes(b"power went out" * 400)


def remove(path: Path) -> None:
    """A file that is gone."""
    path.unlink()


def older(path: Path) -> None:
    """A file that looks whole and has forgotten what was asked: a log that was lost, a restored backup."""
    store = Store.open(path)
    with store.transaction() as cursor:
        cursor.execute("DELETE FROM setting WHERE name = ?", (standing.NAME,))
    store.close()


def switched_off(folder: Path) -> None:
    """A box whose camera a nurse has switched off."""
    Box(folder).live((5, ask("camera_off")), (3, lambda _: None))


def opened(folder: Path) -> tuple[bool, list[Alert]]:
    """Another start: whether the camera was open at any moment, and what stands as an alarm."""
    box = Box(folder)
    seen: list[bool] = []
    standing_alerts: list[Alert] = []
    looks = [(0.25, lambda _: seen.append(box.is_open()))] * 40
    box.live(*looks, (0, lambda daemon: standing_alerts.extend(active(daemon))))
    return any(seen), standing_alerts


def active(daemon: Daemon) -> list[Alert]:
    """Alarms that stand."""
    return [alert for alert in daemon._alarms.active() if alert.presence is Presence.ON]


@pytest.mark.parametrize(
    ("state", "small"), [(garbage, None), (remove, None), (older, None), (None, garbage), (None, remove)]
)
def test_one_copy_is_enough_to_stay_off(
    tmp_path: Path, state: Callable[[Path], None] | None, small: Callable[[Path], None] | None
) -> None:
    switched_off(tmp_path)
    if state is not None:
        for beside in tmp_path.glob(f"{STORE_FILE}-*"):
            beside.unlink()
        state(tmp_path / STORE_FILE)
    if small is not None:
        small(tmp_path / FILE)
    assert camera_off(tmp_path / STORE_FILE)
    was_open, alerts = opened(tmp_path)
    assert not was_open
    assert [alert.reasons for alert in alerts if alert.condition is Condition.CAMERA_OFF] == [()]
    assert read(tmp_path / FILE) is Word.OFF


@pytest.mark.parametrize("small", [garbage, remove])
@pytest.mark.parametrize("state", [garbage, remove])
def test_with_both_copies_lost_it_stays_off_and_that_is_told_until_somebody_decides(
    tmp_path: Path, state: Callable[[Path], None], small: Callable[[Path], None]
) -> None:
    switched_off(tmp_path)
    for beside in tmp_path.glob(f"{STORE_FILE}-*"):
        beside.unlink()
    state(tmp_path / STORE_FILE)
    small(tmp_path / FILE)
    for _ in range(2):
        was_open, alerts = opened(tmp_path)
        assert not was_open
        told = {alert.condition: explain(alert.reasons)[:1] for alert in alerts}
        lost = ["camera state lost, it stays off: ask a nurse whether it may look"]
        assert told[Condition.CANNOT_ASSESS] == told[Condition.CAMERA_OFF] == lost
        [finding] = camera_state(tmp_path)
        assert finding.grade == "error"
        assert "ask a nurse" in finding.remedy
    box = Box(tmp_path)
    seen: list[bool] = []
    box.live((2, ask("camera_on")), (3, lambda _: seen.append(box.is_open())))
    assert seen == [True]
    was_open, alerts = opened(tmp_path)
    assert was_open
    assert [finding.text for finding in camera_state(tmp_path)] == ["may look"]


def test_what_was_never_switched_off_is_not_blinded_by_a_damaged_state_file(tmp_path: Path) -> None:
    Box(tmp_path).live((5, lambda _: None))
    garbage(tmp_path / STORE_FILE)
    was_open, _ = opened(tmp_path)
    assert was_open


def test_cut_between_the_two_copies_of_switching_on_it_stays_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_off(tmp_path)
    monkeypatch.setattr("edge.camera_state.replace", _cut)
    Box(tmp_path).live((2, ask("camera_on")), (1, lambda _: None))
    monkeypatch.undo()
    was_open, alerts = opened(tmp_path)
    assert not was_open
    assert Condition.CAMERA_OFF in {alert.condition for alert in alerts}


def _cut(_path: Path, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_no_flipped_bit_makes_another_word_of_it(tmp_path: Path) -> None:
    switched_off(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for bit in range(8 * (len(whole) - 1)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        (tmp_path / FILE).write_bytes(data)
        assert read(tmp_path / FILE) in (None, Word.OFF)


@pytest.mark.parametrize("word", [None, *Word])
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("sound", [True, False])
def test_it_is_on_only_where_that_is_known(word: Word | None, held: bool, sound: bool) -> None:
    known = word is Word.ON or (word is None and sound)
    assert (settle(word, held=held, sound=sound) is Word.ON) == (known and not held)
