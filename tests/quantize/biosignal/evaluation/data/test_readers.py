"""Recordings of others: what is read, and what is said of a folder that is damaged."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.types import Channel
from quantize.biosignal.evaluation.data import biovid, painmonit, shocks, table, wesad
from quantize.biosignal.evaluation.data.recordings import Reaction, Recording, at_rate, per_second
from quantize.evaluation.data import DataError
from tests.quantize.biosignal.evaluation.data import folders


def test_wesad_gives_wrist_signals_and_labels_per_second(tmp_path: Path) -> None:
    (found,) = wesad.read(folders.wesad(tmp_path))
    assert (found.subject, found.labels.size) == ("S2", 20)
    assert found.labels.tolist() == [0] * 10 + [-1] + [1] * 9
    assert {channel: track.values.shape for channel, track in found.tracks.items()} == {
        Channel.PPG: (1280,),
        Channel.GSR_US: (80,),
        Channel.ACC_G: (640, 3),
    }
    assert np.linalg.norm(found.tracks[Channel.ACC_G].values, axis=1).mean() == pytest.approx(1.0, abs=0.05)


class Harmful:
    """What a pickle must not be able to do."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Run a command when it is read."""
        return os.system, ("exit 3",)


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    (folders.wesad(tmp_path) / "S2" / "S2.pkl").write_bytes(pickle.dumps({"signal": Harmful()}, protocol=2))
    with pytest.raises(DataError, match="is no array"):
        list(wesad.read(tmp_path))


def test_wesad_names_the_part_that_is_missing(tmp_path: Path) -> None:
    (folders.wesad(tmp_path) / "S2" / "S2.pkl").write_bytes(pickle.dumps({"signal": {"chest": {}}}, protocol=2))
    with pytest.raises(DataError, match='has no "wrist"'):
        list(wesad.read(tmp_path))


def test_painmonit_judges_rest_and_what_is_called_painful(tmp_path: Path) -> None:
    (found,) = painmonit.read(folders.painmonit(tmp_path))
    assert found.subject == "S_01"
    assert found.labels.tolist() == [0] * 4 + [-1] * 5 + [1] * 3
    ppg, gsr = found.tracks[Channel.PPG], found.tracks[Channel.GSR_US]
    assert (ppg.values.size, ppg.rate_hz, gsr.values.size, gsr.rate_hz) == (768, 64.0, 48, 4.0)
    assert gsr.values == pytest.approx(folders.waves(12).gsr_us, abs=0.06)  # means lie half a sample later


def test_biovid_measures_the_response_within_each_window(tmp_path: Path) -> None:
    found = list(biovid.read(folders.biovid(tmp_path)))
    assert [(one.subject, one.level) for one in found[:2]] == [("071309_w_21", "BL1"), ("071309_w_21", "PA4")]
    assert [one.amplitude_us for one in found[:2]] == pytest.approx([0.0, 0.3], abs=0.03)


def test_biovid_takes_the_raw_signals_where_there_are_no_filtered_ones(tmp_path: Path) -> None:
    root = folders.biovid(tmp_path)
    (root / "biosignals_filtered").rename(root / "biosignals_raw")
    assert len(list(biovid.read(root))) == 4


def test_shocks_without_a_measurement_are_left_out(tmp_path: Path) -> None:
    found = list(shocks.read(folders.shocks(tmp_path)))
    assert [one.amplitude_us for one in found if one.level == "self, high"] == [0.11, 0.11]


def test_a_table_may_hold_channels_of_several_rates(tmp_path: Path) -> None:
    (found,) = table.read(folders.table(tmp_path))
    assert found.labels.tolist() == [0] * 10 + [1] * 10
    made = folders.waves(20)
    assert found.tracks[Channel.PPG].values == pytest.approx(made.ppg, abs=1e-3)
    assert found.tracks[Channel.GSR_US].rate_hz == pytest.approx(4.0)
    assert found.tracks[Channel.ACC_G].values.shape == (640, 3)


def test_a_gap_in_a_table_stays_a_gap(tmp_path: Path) -> None:
    path = folders.table(tmp_path) / "s0.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:400] + lines[500:]) + "\n")
    (found,) = table.read(tmp_path)
    ppg = found.tracks[Channel.PPG].values
    assert (ppg.size, int(np.isnan(ppg).sum())) == (1280, 100)


def test_the_part_after_two_underscores_is_not_the_subjects_name(tmp_path: Path) -> None:
    (folders.table(tmp_path) / "s0.csv").rename(tmp_path / "ann__2.csv")
    assert [one.subject for one in table.read(tmp_path)] == ["ann"]


def test_a_faster_signal_is_averaged_and_a_slower_one_kept() -> None:
    fast = at_rate(np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan]), 8.0, 4.0)
    assert fast.values[:2].tolist() == [2.0, 5.0]
    assert np.isnan(fast.values[2])
    assert at_rate(np.arange(4.0), 2.0, 4.0).rate_hz == 2.0


def test_a_second_has_the_value_of_its_middle() -> None:
    assert per_second(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 2.0).tolist() == [1.0, 3.0]


Read = Callable[[Path], Iterator[Recording] | Iterator[Reaction]]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (wesad.read, "S2/S2.pkl: unpack"),
        (painmonit.read, "raw-data is missing"),
        (biovid.read, "biosignals_raw is missing"),
        (shocks.read, "SCR.csv is missing"),
        (table.read, "holds no .csv files"),
    ],
)
def test_an_empty_folder_is_told_what_belongs_there(read: Read, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        list(read(tmp_path))


def damaged(make: Callable[[Path], Path], file: str, before: str, after: str) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        path = make(root) / file
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))
        return root

    return write


_PAINMONIT = "raw-data/S_01-synchronised-data.csv"
_WINDOW = "biosignals_filtered/071309_w_21/071309_w_21-BL1-081_bio.csv"


@pytest.mark.parametrize(
    ("read", "make", "said"),
    [
        (painmonit.read, damaged(folders.painmonit, _PAINMONIT, "COVAS", "Covas"), "no column COVAS"),
        (painmonit.read, damaged(folders.painmonit, _PAINMONIT, "0,004;", "half;"), 'line 3: "half" is no number'),
        (biovid.read, damaged(folders.biovid, "samples.csv", "PA4\t1", "PA9\t1"), 'line 3: "PA9" is none of'),
        (biovid.read, damaged(folders.biovid, "samples.csv", "\t", ","), "parted by tabs"),
        (biovid.read, damaged(folders.biovid, "samples.csv", "BL1-081", "BL1-082"), "BL1-082_bio.csv is missing"),
        (biovid.read, damaged(folders.biovid, _WINDOW, "gsr", "scl"), "no column gsr"),
        (shocks.read, damaged(folders.shocks, "SCR.csv", '"0.11"', '"much"'), '"much" is no amplitude'),
        (shocks.read, damaged(folders.shocks, "SCR.csv", '"Self"', '"Both"'), "is none of other, low"),
        (shocks.read, damaged(folders.shocks, "SCR.csv", "Stimulus", "Strength"), "no column Stimulus"),
        (table.read, damaged(folders.table, "s0.csv", "time_s,", "time,"), "no column time_s"),
        (table.read, damaged(folders.table, "s0.csv", "ppg,gsr_us", "pulse,skin"), "neither a column ppg nor gsr_us"),
        (table.read, damaged(folders.table, "s0.csv", "1000.015625", "1.0"), "does not rise"),
        (table.read, damaged(folders.table, "s0.csv", ",1\n", ",7\n"), "something else than 1, 0"),
    ],
)
def test_a_damaged_file_is_named_with_its_fault(
    read: Read, make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        list(read(make(tmp_path)))
