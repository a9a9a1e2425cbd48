"""Reading Stress-Predict, and what comes out second by second."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from quantize.biosignal import stress_predict
from quantize.biosignal.dataset import stretches
from quantize.biosignal.extract import Subject, load
from tests.quantize.biosignal.made_up import DURATION_S, START_S, write

T = TypeVar("T")


def silent(items: Iterable[T], _total: int) -> Iterable[T]:
    return items


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    folder = tmp_path_factory.mktemp("data")
    return load(write(folder / "stress-predict"), folder / "cache", silent, 1)


def test_labels_are_per_subject_in_order_of_time(tmp_path: Path) -> None:
    labels = stress_predict.read_labels(write(tmp_path / "data") / stress_predict.LABELS)
    seconds, values = labels["S03"]
    assert list(labels) == ["S02", "S03"]
    assert seconds[0] == START_S + 10
    assert values.sum() == 30


def test_a_stretch_before_the_recording_is_absent(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    session = stress_predict.read_session(
        folder, "S02", *stress_predict.read_labels(folder / stress_predict.LABELS)["S02"]
    )
    ppg, gsr, acc = session.grids(START_S + 10.0, 30.0)
    assert (ppg.values.size, gsr.values.size, acc.values.shape) == (1920, 120, (960, 3))
    assert ppg.coverage == pytest.approx(1.0 / 3.0)


def test_a_recording_begins_with_the_first_second_that_both_signals_have(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    path = folder / "Raw_data" / "S02" / "EDA.csv"
    later = path.read_text().splitlines()
    later[0] = f"{START_S + 2.5:.6f}"
    path.write_text("\n".join(later) + "\n")
    session = stress_predict.read_session(
        folder, "S02", *stress_predict.read_labels(folder / stress_predict.LABELS)["S02"]
    )
    start_s, ppg, acc_g = session.whole(session.ppg, stress_predict.PPG_HZ)
    _, gsr_us, _ = session.whole(session.gsr_us, stress_predict.GSR_HZ)
    assert start_s == START_S + 3
    np.testing.assert_array_equal(ppg, session.ppg[3 * 64 :])
    np.testing.assert_array_equal(gsr_us, session.gsr_us[2:])
    assert acc_g.shape == (ppg.size, 3)


def test_acceleration_is_in_gravities(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    session = stress_predict.read_session(
        folder, "S02", *stress_predict.read_labels(folder / stress_predict.LABELS)["S02"]
    )
    assert np.linalg.norm(session.acc_g, axis=1).mean() == pytest.approx(1.0, abs=0.05)


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "BVP.csv"
    path.write_text("hello\nworld\n")
    with pytest.raises(ValueError, match=r"BVP\.csv is not an E4 recording"):
        stress_predict.read_channel(path)


def test_every_labelled_second_has_a_vector(people: list[Subject]) -> None:
    assert [person.name for person in people] == ["S02", "S03"]
    assert people[0].pulse.shape == (DURATION_S - 10, 4)
    assert people[0].skin.shape == (DURATION_S - 10, 6)


def test_heart_rate_rises_in_the_vectors_of_an_aroused_second(people: list[Subject]) -> None:
    pulse = people[0].pulse
    assert pulse[60:69, 1].mean() > pulse[25:38, 1].mean() + 0.8
    assert pulse[60:69, 2].mean() > pulse[25:38, 2].mean() + 0.8


def test_seconds_outside_the_recording_have_no_vector(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", (2,))
    path = folder / "Raw_data" / "S02" / "EDA.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[: 2 + 70 * 4]) + "\n")
    short = load(folder, tmp_path / "cache", silent, 1)[0]
    assert len(short.labels) == DURATION_S - 10
    assert short.skin[50, 0] == 1.0
    assert not short.skin[60:].any()
    assert not short.pulse[60:].any()


def test_the_past_does_not_know_the_future(tmp_path: Path, people: list[Subject]) -> None:
    folder = write(tmp_path / "data", (2,))
    path = folder / "Raw_data" / "S02" / "BVP.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[: 2 + 60 * 64] + ["0.0"] * (len(lines) - 2 - 60 * 64)) + "\n")
    changed = load(folder, tmp_path / "cache", silent, 1)[0]
    np.testing.assert_array_equal(changed.pulse[:50], people[0].pulse[:50])


def test_rows_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", (2,))
    first = load(folder, tmp_path / "cache", silent, 1)
    (folder / "Raw_data" / "S02" / "BVP.csv").unlink()
    np.testing.assert_array_equal(load(folder, tmp_path / "cache", silent, 1)[0].pulse, first[0].pulse)


def test_stretches_end_where_the_box_would_speak(people: list[Subject]) -> None:
    cut = stretches(people[0], "ppg", 1)
    assert cut.inputs.shape[1:] == (30, 4)
    assert bool((cut.inputs[:, -20:, 0].sum(axis=1) >= 8).all())
    np.testing.assert_array_equal(cut.labels, people[0].labels[cut.seconds])
