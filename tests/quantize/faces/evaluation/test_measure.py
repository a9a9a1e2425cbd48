"""The whole evaluation on made-up outputs whose faults are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.face.episode import START_WEIGHTS
from edge.face.units import LABELS
from quantize.faces.evaluate import choose
from quantize.faces.evaluation.cases import Cases
from quantize.faces.evaluation.figures import Figures, as_json, mean_r
from quantize.faces.evaluation.measure import figures
from quantize.faces.evaluation.tracks import Track, filtered
from quantize.faces.heads import Outputs
from tests.quantize.faces.evaluation.made_up import faces, outputs, rows

AU4 = LABELS.index("AU4")


def measured(read: Outputs, test: Cases | None = None) -> Figures:
    people = faces(rows())
    chosen = choose(outputs(people, 0.3).au, people)
    return figures(test or Cases("made up", people), None, read, chosen, rounds=50)


def test_a_perfect_network_agrees_with_the_truth() -> None:
    found = measured(outputs(faces(rows()))).int8
    assert (found.pspi.r.value, found.pspi.mae.value) == pytest.approx((1, 0), abs=1e-5)
    assert found.detection["3"].value > 0.9


def test_noise_shows_in_the_error() -> None:
    found = measured(outputs(faces(rows()), 0.5)).int8
    assert found.units["AU12"].mae.value == pytest.approx(0.24, abs=0.05)  # 0.4, but what lies below 0 is cut
    assert found.units["AU12"].mae.low < found.units["AU12"].mae.value < found.units["AU12"].mae.high


def test_a_network_that_says_one_thing_only_has_rank_one() -> None:
    read = outputs(faces(rows()))
    read.au[:] = read.au[:, [AU4]]
    assert measured(read).int8.rank == pytest.approx(1, abs=0.01)
    assert measured(read).int8.true_rank > 4


def test_stated_deviations_that_are_right_hold_nine_of_ten() -> None:
    found = measured(outputs(faces(rows(200)), 0.4), Cases("many", faces(rows(200)))).calibration
    assert found.units["AU12"] == pytest.approx(0.95, abs=0.03)  # cut at 0, half of the small errors vanish


def test_a_group_that_is_read_badly_is_flagged() -> None:
    people = faces(rows())
    read = outputs(people, 0.3)
    women = people.rows["male"] < 0.5
    read.au[women, AU4] += np.random.default_rng(3).normal(0, 3, int(women.sum()))
    assert ("sex", "women") in {(group.axis, group.name) for group in measured(read).unfair}


def test_faces_of_the_unseen_sculpt_are_measured_apart() -> None:
    made = rows()
    made["sculpt"][::2] = "facs"
    found = measured(outputs(faces(made)), Cases("two sculpts", faces(made)))
    assert found.unseen_sculpt is not None
    assert (found.int8.faces, found.unseen_sculpt.faces) == (200, 200)


def test_crops_without_a_face_do_not_count() -> None:
    made = rows()
    made["face"][:10] = False
    assert measured(outputs(faces(made)), Cases("some empty", faces(made))).int8.faces == 390


def test_units_that_nobody_coded_are_left_out_on_both_sides() -> None:
    made = rows()
    made["left"][:, LABELS.index("AU10")] = made["right"][:, LABELS.index("AU10")] = np.nan
    found = measured(outputs(faces(rows())), Cases("no AU10", faces(made)))
    assert "AU10" not in found.int8.units
    assert found.int8.pspi.mae.value == pytest.approx(0, abs=1e-5)
    assert "Nobody coded AU10" in found.notes[0]


def test_the_json_holds_no_number_that_json_has_not() -> None:
    stored = json.loads(as_json(measured(outputs(faces(rows(1)), 0.3), Cases("one person", faces(rows(1))))))
    assert stored["int8"]["pspi"]["r"]["low"] is None
    assert stored["format"] == "anodyne-face-figures-1"


def test_mean_r_is_over_single_units() -> None:
    assert mean_r(measured(outputs(faces(rows()))).int8) == pytest.approx(1)


def track(kind: str, units: dict[str, float], identity: int = 0, seconds: float = 20.0) -> Track:
    times = np.arange(0, seconds, 0.2)
    made = rows(1)[:1].repeat(len(times))
    made["kind"], made["identity"] = kind, identity
    for name, value in units.items():
        made["left"][:, LABELS.index(name)] = made["right"][:, LABELS.index(name)] = value
    return Track(made[0], times, outputs(faces(made)), np.zeros(len(LABELS), np.float32), 6.0)


def test_pain_makes_an_episode_and_sleep_does_not() -> None:
    people = faces(rows())
    pain = {"AU4": 4.0, "AU7": 4.0, "AU9": 4.0, "AU43": 5.0}
    tracks = [track("pain", pain, k) for k in range(3)] + [track("sleep", {"AU43": 5.0}, k) for k in range(3)]
    chosen = choose(outputs(people, 0.3).au, people)
    found = figures(
        people, None, outputs(people), chosen, tracks=tracks, watch=filtered(START_WEIGHTS), rounds=20
    ).episodes
    assert found is not None
    assert {row.kind: row.found.value for row in found.rows} == {"pain": 1.0, "sleep": 0.0}
    assert found.against["sleep"].value == 1.0
    assert next(row for row in found.rows if row.kind == "sleep").hours == pytest.approx(60 / 3600)
