"""Fusion: any subset of evidence gives an assessment, none gives "cannot assess"."""

from __future__ import annotations

import math
from itertools import chain, combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import config
from edge.bundle import Bundle, Parameters
from edge.fusion import Calibration, Fusion
from edge.fusion.evidence import MODES, mode_key
from edge.station.words import explain
from edge.types import NS_PER_S, Absence, Estimate, Modality, Verdict

NOW = 100 * NS_PER_S


def _calibration(**reliability: float) -> Calibration:
    lines = {name: {"slope": 1.0, "intercept": -2.0 if name == "face" else 0.0} for name in Modality}
    tables: dict[str, dict[str, float]] = {str(name): line for name, line in lines.items()}
    tables["fusion"] = {mode_key(mode): 1.0 for mode in MODES}
    tables["fusion"] |= {f"reliability_{modality}": share for modality, share in reliability.items()}
    return Calibration(Bundle(Path(), "1", {}, {name: Parameters(name, dict(row)) for name, row in tables.items()}))


@pytest.fixture(scope="module")
def fusion() -> Fusion:
    return Fusion(_calibration(), config.Fusion())


def present(modality: Modality, value: float, *, quality: float = 0.9, age_s: float = 0.5) -> Estimate:
    evidence = {"AU4": 4.0, "AU43": 3.0, "AU12": 5.0} if modality is Modality.FACE else {}
    return Estimate(modality, value, quality, (value - 0.1, value + 0.1), NOW - round(age_s * NS_PER_S), evidence)


PAIN = {Modality.FACE: 8.0, Modality.PPG: 0.95, Modality.GSR: 0.95}
CALM = {Modality.FACE: 0.0, Modality.PPG: 0.2, Modality.GSR: 0.2}
SUBSETS = list(chain.from_iterable(combinations(PAIN, n) for n in (1, 2, 3)))


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_every_subset_tells_pain_from_calm(fusion: Fusion, subset: tuple[Modality, ...]) -> None:
    pain = fusion.assess(NOW, [present(modality, PAIN[modality]) for modality in subset])
    calm = fusion.assess(NOW, [present(modality, CALM[modality]) for modality in subset])
    assert (pain.verdict, calm.verdict) == (Verdict.PAIN, Verdict.CALM)
    assert pain.mode == calm.mode == subset


def test_nothing_is_cannot_assess_with_every_reason(fusion: Fusion) -> None:
    why = {Modality.FACE: Absence.NO_FACE, Modality.PPG: Absence.SENSOR_LOST}
    blind = fusion.assess(NOW, [], why)
    assert blind.verdict is Verdict.CANNOT_ASSESS
    assert (blind.score, blind.mode_text, blind.missing) == (None, "blind", why)


def test_stale_evidence_is_missing_not_calm(fusion: Fusion) -> None:
    blind = fusion.assess(NOW, [present(Modality.FACE, 0.0, age_s=10.5)])
    assert blind.verdict is Verdict.CANNOT_ASSESS
    assert blind.missing == {Modality.FACE: Absence.STALE}


def test_poor_evidence_is_missing_not_calm(fusion: Fusion) -> None:
    blind = fusion.assess(NOW, [present(Modality.GSR, 0.1, quality=0.29)])
    assert blind.verdict is Verdict.CANNOT_ASSESS
    assert blind.missing == {Modality.GSR: Absence.POOR_SIGNAL}


def test_a_number_that_is_not_finite_is_missing(fusion: Fusion) -> None:
    blind = fusion.assess(NOW, [present(Modality.PPG, math.nan)])
    assert blind.missing == {Modality.PPG: Absence.POOR_SIGNAL}


def test_what_is_missing_is_named_beside_what_is_used(fusion: Fusion) -> None:
    seen = fusion.assess(NOW, [present(Modality.FACE, 0.0), Estimate.absent(Modality.GSR, Absence.NOT_WORN, NOW)])
    assert seen.mode == (Modality.FACE,)
    assert seen.missing == {Modality.GSR: Absence.NOT_WORN}


def test_of_two_cameras_the_best_usable_one_counts(fusion: Fusion) -> None:
    stale = present(Modality.FACE, 0.0, quality=0.9, age_s=11.0)
    poor, good = present(Modality.FACE, 0.0, quality=0.4), present(Modality.FACE, 8.0, quality=0.6)
    for seen in ([stale, poor, good], [good, poor, stale]):
        assessment = fusion.assess(NOW, seen)
        assert (assessment.verdict, dict(assessment.missing)) == (Verdict.PAIN, {})


def test_heart_rate_is_not_counted_beside_the_waveform_it_comes_from(fusion: Fusion) -> None:
    both = fusion.assess(NOW, [present(Modality.PPG, 0.9), present(Modality.HEART_RATE, 0.9)])
    assert both.mode == (Modality.PPG,)


def test_reasons_are_the_strongest_pain_units_and_never_the_smile(fusion: Fusion) -> None:
    pain = fusion.assess(NOW, [present(Modality.FACE, 8.0), present(Modality.GSR, 0.9)])
    assert pain.reasons == ("AU4", "AU43", "skin")


def test_the_interval_holds_the_score(fusion: Fusion) -> None:
    seen = fusion.assess(NOW, [present(Modality.FACE, 4.0)])
    assert seen.score is not None
    assert seen.interval is not None
    assert seen.interval[0] < seen.score < seen.interval[1]


estimates = st.builds(
    lambda modality, value, quality, age_s: present(modality, value, quality=quality, age_s=age_s),
    st.sampled_from(list(Modality)),
    st.floats(0.0, 1.0),
    st.floats(0.01, 1.0),
    st.floats(0.0, 30.0),
)


@given(st.lists(estimates, max_size=4, unique_by=lambda estimate: estimate.modality))
def test_blind_is_never_calm(evidence: list[Estimate]) -> None:
    fusion = Fusion(_calibration(), config.Fusion())
    usable = [item for item in evidence if item.quality >= 0.3 and NOW - item.measured_ns <= 10 * NS_PER_S]
    assessment = fusion.assess(NOW, evidence)
    assert (assessment.verdict is Verdict.CANNOT_ASSESS) == (not usable)
    assert (assessment.score is None) == (not usable)


@given(st.floats(-5, 16), st.floats(0, 5))
def test_more_pain_on_the_face_never_lowers_the_score(change: float, more: float) -> None:
    fusion = Fusion(_calibration(), config.Fusion())
    lower = fusion.assess(NOW, [present(Modality.FACE, change)])
    higher = fusion.assess(NOW, [present(Modality.FACE, change + more)])
    assert lower.score is not None
    assert higher.score is not None
    assert higher.score >= lower.score


def score(fusion: Fusion, *estimates: Estimate) -> float:
    found = fusion.assess(NOW, estimates).score
    assert found is not None
    return found


@given(st.floats(3.1, 16.0), st.floats(0.0, 10.0))
def test_pain_stands_until_its_evidence_is_stale(change: float, age_s: float) -> None:
    fusion = Fusion(_calibration(), config.Fusion())
    assert fusion.assess(NOW, [present(Modality.FACE, change, age_s=age_s)]).verdict is Verdict.PAIN
    calm_band = present(Modality.GSR, 0.4)
    fresh = score(fusion, present(Modality.FACE, change + 1.0), calm_band)
    assert score(fusion, present(Modality.FACE, change + 1.0, age_s=age_s), calm_band) == fresh


def test_old_calm_alone_stays_what_it_was(fusion: Fusion) -> None:
    assert score(fusion, present(Modality.FACE, 1.0, age_s=9.9)) == score(fusion, present(Modality.FACE, 1.0))


def test_old_calm_gives_way_to_what_is_newer(fusion: Fusion) -> None:
    band = present(Modality.GSR, 0.6)
    by_age = [score(fusion, present(Modality.FACE, 0.0, age_s=age_s), band) for age_s in (0.0, 2.0, 4.0, 6.0, 10.0)]
    assert by_age[0] == by_age[1]
    assert by_age[1:] == sorted(set(by_age[1:]))
    assert by_age[-1] == pytest.approx(score(fusion, band))


def test_what_is_weighed_of_a_face_is_its_mean_of_late(fusion: Fusion) -> None:
    at_once = Estimate(Modality.FACE, 8.0, 0.9, (7.9, 8.1), NOW, {"change_6s": 1.0})
    assert score(fusion, at_once) == score(fusion, present(Modality.FACE, 1.0))


def test_a_signal_that_says_little_of_pain_moves_little() -> None:
    plain, weak = (Fusion(_calibration(**share), config.Fusion()) for share in ({}, {"ppg": 0.2}))
    roused = [present(Modality.FACE, 2.0), present(Modality.PPG, 0.95)]
    moved = [score(one, *roused) - score(one, roused[0]) for one in (plain, weak)]
    assert 0.0 < moved[1] < 0.5 * moved[0]


def test_a_calm_skin_beside_a_face_in_pain_is_said(fusion: Fusion) -> None:
    torn = fusion.assess(NOW, [present(Modality.FACE, 8.0), present(Modality.GSR, 0.2), present(Modality.PPG, 0.5)])
    assert torn.verdict is Verdict.PAIN
    assert torn.reasons == ("AU4", "AU43", "against_gsr")


def test_a_face_in_pain_that_is_outvoted_is_said(fusion: Fusion) -> None:
    torn = fusion.assess(NOW, [present(Modality.FACE, 3.2), present(Modality.GSR, 0.1), present(Modality.PPG, 0.1)])
    assert torn.verdict is Verdict.CALM
    assert "only_face" in torn.reasons


def test_nobody_contradicts_himself(fusion: Fusion) -> None:
    for value in (0.0, 8.0):
        assert not [code for code in fusion.assess(NOW, [present(Modality.FACE, value)]).reasons if "_" in code]


@pytest.mark.parametrize("kind", ["against", "only"])
@pytest.mark.parametrize("modality", list(Modality))
def test_every_contradiction_has_words(kind: str, modality: Modality) -> None:
    assert explain((f"{kind}_{modality}",))[0].startswith(("but the", "only the"))
