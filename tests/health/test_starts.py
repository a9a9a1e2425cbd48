"""The record of starts that ended badly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from edge.clock import VirtualClock
from edge.errors import StoreError, StoreReason
from edge.health.starts import AGAIN_S, FORGOTTEN_S, RECORD_FILE, WINDOW_S, Failure, Starts, last_failure
from edge.stages import STAGE_WORDS, Stage, stage_code


def start(
    folder: Path, clock: VirtualClock, stage: Stage = Stage.MODELS, why: str = "", spare: Path | None = None
) -> Failure | None:
    """One start that comes as far as `stage` and ends there; why it was none, where it had to be in safe mode."""
    starts = Starts.open([folder] if spare is None else [folder, spare], clock)
    failure = starts.begin()
    if failure is None:
        starts.reached(stage)
        if why:
            starts.failed(why)
    starts.close()
    clock.advance(5.0)
    return failure


def test_the_fourth_start_after_three_bad_ones_is_in_safe_mode_and_knows_the_last_stage(tmp_path: Path) -> None:
    clock = VirtualClock()
    assert [start(tmp_path, clock), start(tmp_path, clock), start(tmp_path, clock, Stage.STORE, "disk gone")] == [
        None
    ] * 3
    assert start(tmp_path, clock) == Failure(3, Stage.STORE, "disk gone")


def test_safe_mode_itself_is_no_bad_start(tmp_path: Path) -> None:
    clock = VirtualClock()
    for _ in range(5):
        start(tmp_path, clock)
    failure = start(tmp_path, clock)
    assert failure is not None
    assert failure.count == 3


def test_bad_starts_that_lie_further_apart_do_not_count(tmp_path: Path) -> None:
    clock = VirtualClock()
    for _ in range(5):
        assert start(tmp_path, clock) is None
        clock.advance(WINDOW_S / 2)


def test_a_start_that_held_clears_the_record(tmp_path: Path) -> None:
    clock = VirtualClock()
    start(tmp_path, clock)
    start(tmp_path, clock)
    held = Starts.open([tmp_path], clock)
    held.begin()
    held.clear()
    held.close()
    assert [start(tmp_path, clock) for _ in range(3)] == [None] * 3


def test_after_safe_mode_one_bad_start_leads_back_to_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    for _ in range(3):
        start(tmp_path, clock)
    safe = Starts.open([tmp_path], clock)
    assert safe.begin() is not None
    safe.try_again()
    safe.close()
    assert start(tmp_path, clock, Stage.SENSORS) is None
    assert start(tmp_path, clock) == Failure(1, Stage.SENSORS, "")


def test_what_failed_before_a_reboot_does_not_count(tmp_path: Path) -> None:
    clock = VirtualClock(boot_id="0" * 12)
    for _ in range(3):
        start(tmp_path, clock)
    assert start(tmp_path, VirtualClock(boot_id="1" * 12)) is None


def test_a_second_daemon_on_the_folder_is_refused_and_counts_nothing(tmp_path: Path) -> None:
    clock = VirtualClock()
    first = Starts.open([tmp_path], clock)
    first.begin()
    with pytest.raises(StoreError) as refused:
        Starts.open([tmp_path], clock)
    assert refused.value.reason is StoreReason.LOCKED
    first.close()


def test_a_damaged_record_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / RECORD_FILE).write_text('{"starts": [{"boot')
    assert start(tmp_path, VirtualClock()) is None
    assert "no earlier start is known of" in caplog.text


def test_where_the_state_folder_cannot_be_written_the_next_folder_serves(tmp_path: Path) -> None:
    clock = VirtualClock()
    starts = Starts.open([tmp_path / "missing", tmp_path], clock)
    starts.begin()
    starts.close()
    assert RECORD_FILE in [path.name for path in tmp_path.iterdir()]


def test_where_the_disk_of_the_state_folder_is_full_the_next_folder_counts(tmp_path: Path) -> None:
    clock = VirtualClock()
    spare = tmp_path / "run"
    spare.mkdir()
    assert start(tmp_path, clock, spare=spare) is None
    (tmp_path / f".{RECORD_FILE}.new").mkdir()  # opened and locked the folder can be, but it takes no new file
    assert [start(tmp_path, clock, spare=spare) for _ in range(2)] == [None] * 2
    failure = Failure(3, Stage.MODELS, "")
    assert start(tmp_path, clock, spare=spare) == failure
    assert last_failure([tmp_path, spare], clock, running=True) == failure
    (tmp_path / f".{RECORD_FILE}.new").rmdir()
    starts = Starts.open([tmp_path, spare], clock)
    starts.clear()
    starts.close()
    assert start(tmp_path, clock, spare=spare) is None


def test_a_record_from_before_the_disk_became_read_only_is_not_taken_for_the_newest(tmp_path: Path) -> None:
    clock = VirtualClock()
    spare = tmp_path / "run"
    spare.mkdir()
    before = Starts.open([tmp_path], clock)
    before.clear()
    before.close()
    for _ in range(3):
        start(spare, clock)  # the state folder cannot even be locked
    assert last_failure([tmp_path, spare], clock, running=False) == Failure(3, Stage.MODELS, "")


def test_who_asks_beside_a_whole_box_hears_of_its_earlier_starts_only(tmp_path: Path) -> None:
    clock = VirtualClock()
    start(tmp_path, clock, Stage.STORE, "disk gone")
    start(tmp_path, clock, Stage.STORE, "disk gone")
    third = Starts.open([tmp_path], clock)
    third.begin()
    third.reached(Stage.WATCHING)
    assert last_failure([tmp_path], clock, running=True) == Failure(2, Stage.STORE, "disk gone")
    third.close()


def test_who_asks_beside_a_box_whose_trial_failed_hears_why_it_is_in_safe_mode(tmp_path: Path) -> None:
    clock = VirtualClock()
    first = Starts.open([tmp_path], clock)
    first.try_again()
    first.close()
    start(tmp_path, clock, Stage.SENSORS)
    failure = Failure(1, Stage.SENSORS, "")
    assert start(tmp_path, clock) == failure
    assert last_failure([tmp_path], clock, running=True) == failure


def test_without_any_folder_the_box_starts_and_says_that_nothing_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Starts.open([tmp_path / "missing"], VirtualClock()).begin() is None
    assert "cannot be counted" in caplog.text


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_words_and_a_code_that_fits_the_wire(stage: Stage) -> None:
    assert STAGE_WORDS[stage] in Failure(3, stage, "").words
    assert len(stage_code(stage)) <= 16


def grants(folder: Path, clock: VirtualClock) -> bool:
    """A start in which a stage hangs; whether the box is started anew for it."""
    starts = Starts.open([folder], clock)
    assert starts.begin() is None
    starts.reached(Stage.WATCHING)
    granted = starts.grant()
    starts.close()
    return granted


def test_starts_for_a_stage_that_hangs_come_ever_more_rarely(tmp_path: Path) -> None:
    clock, granted = VirtualClock(), list[float]()
    for _ in range(6):
        starts = Starts.open([tmp_path], clock)
        assert starts.begin() is None
        while not starts.grant():
            clock.advance(60.0)
        granted.append(clock.now_ns() / 1e9)
        starts.close()
    gaps = [later - before for before, later in pairwise(granted)]
    assert gaps == [AGAIN_S[0], AGAIN_S[1], AGAIN_S[2], AGAIN_S[2], AGAIN_S[2]]
    clock.advance(FORGOTTEN_S)
    assert grants(tmp_path, clock)
    clock.advance(AGAIN_S[0])
    assert grants(tmp_path, clock)


def test_they_never_lead_into_safe_mode(tmp_path: Path) -> None:
    clock = VirtualClock()
    for _ in range(3):
        assert grants(tmp_path, clock)
        clock.advance(20.0)
        for _ in range(2):
            start(tmp_path, clock, Stage.OPENING)
        clock.advance(6 * 3600.0)
    assert start(tmp_path, clock) is None


def test_a_start_that_holds_forgets_none_of_them(tmp_path: Path) -> None:
    clock = VirtualClock()
    starts = Starts.open([tmp_path], clock)
    starts.begin()
    assert starts.grant()
    starts.clear()
    starts.close()
    assert not grants(tmp_path, clock)
