"""What goes into a hospital's records: valid, honest about the score, and there once however often it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.R4B.bundle import Bundle as BundleR4

from edge import clock
from edge.cli import main
from edge.daemon import Daemon
from edge.errors import ExportError
from edge.publish.contract.examples import alert, assessment
from edge.publish.fhir.bundle import MAX_ENTRIES, bundles
from edge.publish.fhir.history import Episode, History, Place, Said, Span, read
from edge.publish.fhir.push import WAITS_S, push
from edge.publish.fhir.resources import CODES, Json, Release, report, score
from edge.publish.payload import Acknowledge, ReportCommand
from edge.recorder.session import Session
from edge.types import Absence, Assessment, Condition, Modality, Presence, Priority, Validity, Verdict
from tests.publish.fhir.server import Records, Resource, serving
from tests.replay.box import record, settings

MINUTE = 60_000
PLACE = Place("ward", "bed7", Validity.REAL, "0.1.0")


def valid_r4(bundle: Json | Resource) -> None:
    """Hold a bundle and all in it against the models of release 4B."""
    BundleR4.model_validate(bundle)


def valid_r5(bundle: Json | Resource) -> None:
    """Hold a bundle and all in it against the models of release 5."""
    BundleR5.model_validate(bundle)


def span(minute: int, *scores: float | None) -> Span:
    """A minute with these assessments."""
    one = Span(minute * MINUTE, minute * MINUTE, minute * MINUTE)
    for number, value in enumerate(scores):
        one.take(assessment(value), minute * MINUTE + number, synced=True)
    return one


def pain(presence: Presence = Presence.ON, priority: Priority = Priority.MEDIUM) -> Episode:
    """An episode of pain that has come so far."""
    raised = alert(Condition.PAIN, Presence.ON, assessment(7.25), "AU4")
    one = Episode(raised, raised, priority)
    if presence is not Presence.ON:
        one.take(alert(Condition.PAIN, Presence.ACKNOWLEDGED, assessment(7.25), "AU4"))
        one.take(alert(Condition.PAIN, presence, assessment(1.0), "AU4"))
    return one


def told(*spans: Span, episodes: tuple[Episode, ...] = (), place: Place = PLACE) -> History:
    """A history."""
    reports = (
        Said("0123456789ab", 5, 3 * MINUTE, True, "nrs", 4),
        Said("0123456789ab", 6, 4 * MINUTE, False, "painad", 7),
    )
    return History(place, 60, spans, reports, episodes)


def entries(bundle: Json) -> list[dict[str, dict[str, object]]]:
    """The entries of a bundle."""
    found = bundle["entry"]
    assert isinstance(found, list)
    return found


def coded(resource: Json) -> tuple[str, str]:
    """System and code of a resource."""
    code = resource["code"]
    assert isinstance(code, dict)
    coding = code["coding"][0]
    return coding["system"], coding["code"]


WHOLE = told(span(0, 1.0, 7.25, None), span(1, None, None), episodes=(pain(), pain(Presence.OFF)))


@pytest.mark.parametrize("patient", [None, "Patient/17"])
@pytest.mark.parametrize("validity", list(Validity))
def test_every_resource_is_valid_in_both_releases(patient: str | None, validity: Validity) -> None:
    place = Place("ward", "bed7", validity, "0.1.0")
    history = told(*WHOLE.spans, episodes=WHOLE.episodes, place=place)
    for release, check in ((Release.R4, valid_r4), (Release.R5, valid_r5)):
        [bundle] = bundles(history, release, patient)
        check(bundle)
        assert {one["resource"]["resourceType"] for one in entries(bundle)} == {
            "Device",
            "Observation",
            "DetectedIssue",
        }


def test_the_models_refuse_what_is_of_the_other_release() -> None:
    [four] = bundles(WHOLE, Release.R4, "Patient/17")
    with pytest.raises(ValueError, match="patient"):
        valid_r5(four)
    [five] = bundles(WHOLE, Release.R5, "Patient/17")
    with pytest.raises(ValueError, match="subject"):
        valid_r4(five)


def test_the_score_has_a_code_of_our_own_and_only_a_patients_rating_has_that_of_loinc() -> None:
    [bundle] = bundles(WHOLE, Release.R4)
    codes = [coded(one["resource"]) for one in entries(bundle) if one["resource"]["resourceType"] == "Observation"]
    assert codes == [
        (CODES, "evidence-score"),
        (CODES, "evidence-score"),
        ("http://loinc.org", "72514-3"),
        (CODES, "painad"),
    ]


def test_a_minute_has_its_mean_its_interval_and_the_share_that_was_seen() -> None:
    found = score(PLACE, span(0, 1.0, 7.25, None), 60, None)
    assert found["valueQuantity"] == {
        "value": 4.12,
        "unit": "score",
        "system": "http://unitsofmeasure.org",
        "code": "{score}",
    }
    parts = found["component"]
    assert isinstance(parts, list)
    values = {one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in parts}
    assert values == {"assessed-share": 66.67, "highest-score": 7.25, "interval-low": 0.0, "interval-high": 8.42}


def test_a_blind_minute_has_no_value_and_says_why() -> None:
    found = score(PLACE, span(0, None, None), 60, None)
    assert "valueQuantity" not in found
    assert "dataAbsentReason" in found
    assert "poor_signal" in json.dumps(found["note"])


def test_a_test_or_demonstration_is_marked_as_no_patients_data() -> None:
    marked = score(Place("ward", "bed7", Validity.DEMO, "0.1.0"), span(0, 1.0), 60, None)
    assert "HTEST" in json.dumps(marked)
    assert "HTEST" not in json.dumps(score(PLACE, span(0, 1.0), 60, None))


def test_times_of_a_clock_that_was_wrong_say_so() -> None:
    one = Span(0, 0, 0)
    one.take(assessment(1.0), 0, synced=False)
    assert "not synchronised" in json.dumps(score(PLACE, one, 60, None))
    said = [Said("0123456789ab", 5, 0, synced, "nrs", 4) for synced in (True, False)]
    assert ["not synchronised" in json.dumps(report(PLACE, one, None)) for one in said] == [False, True]


def test_large_histories_are_several_bundles_each_complete() -> None:
    made = list(bundles(told(*(span(minute, 1.0) for minute in range(MAX_ENTRIES + 10))), Release.R4))
    assert [len(entries(one)) for one in made] == [MAX_ENTRIES + 1, 13]
    with serving(valid_r4) as server:
        push(server.url, made)
        assert len(server.of("Device")) == 1
        assert len(server.of("Observation")) == MAX_ENTRIES + 12


@pytest.fixture
def server() -> Iterator[Records]:
    with serving(valid_r4) as records:
        yield records


def test_what_is_sent_twice_is_there_once(server: Records) -> None:
    for _ in range(2):
        assert push(server.url, bundles(WHOLE, Release.R4), "secret") == 1
    assert (len(server.of("Observation")), server.transactions) == (4, 2)
    assert {one["Authorization"] for one in server.requests} == {"Bearer secret"}


def test_an_episode_is_brought_up_to_date_when_it_is_over(server: Records) -> None:
    push(server.url, bundles(told(episodes=(pain(),)), Release.R4))
    [issue] = server.of("DetectedIssue")
    assert (issue["status"], "mitigation" in issue) == ("preliminary", False)
    push(server.url, bundles(told(episodes=(pain(Presence.OFF, Priority.HIGH),)), Release.R4))
    [issue] = server.of("DetectedIssue")
    assert (issue["status"], issue["severity"], "mitigation" in issue) == ("final", "high", True)


def test_a_busy_server_is_asked_again(server: Records) -> None:
    server.refusals = [503, 429]
    waits: list[float] = []
    assert push(server.url, bundles(WHOLE, Release.R4), sleep=waits.append) == 1
    assert waits == list(WAITS_S[:2])


def test_an_answer_that_is_lost_leads_to_no_duplicate(server: Records) -> None:
    server.hang_ups = 1
    assert push(server.url, bundles(WHOLE, Release.R4), sleep=lambda _: None) == 1
    assert server.transactions == 2
    assert len(server.of("Observation")) == 4


def test_a_refusal_is_told_in_the_servers_words_and_not_repeated(server: Records) -> None:
    server.refusals = [422]
    with pytest.raises(ExportError, match=r"422.*not today"):
        push(server.url, bundles(WHOLE, Release.R4))
    assert len(server.requests) == 1


def test_a_server_that_is_away_is_given_up_after_all_attempts() -> None:
    waits: list[float] = []
    with pytest.raises(ExportError, match="send all again later"):
        push("http://127.0.0.1:9/fhir", bundles(WHOLE, Release.R4), sleep=waits.append)
    assert waits == list(WAITS_S)


@pytest.mark.parametrize("url", ["http://records.example/fhir", "ftp://127.0.0.1/", "records.example"])
def test_nothing_is_sent_where_others_can_listen(url: str) -> None:
    with pytest.raises(ExportError):
        push(url, bundles(WHOLE, Release.R4))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box with a simulated band that lived for three minutes; a nurse reported and acknowledged."""

    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        await time.sleep(100.0)
        daemon.on_command(ReportCommand(id="a", do="report", scale="nrs", value=6, by="Ruth"))
        daemon.on_command(Acknowledge(id="b", do="acknowledge", condition=Condition.CANNOT_ASSESS, by="Ruth"))

    folder = tmp_path_factory.mktemp("bed")
    return record(settings(folder), 185.0, nurse)


def test_a_recorded_session_becomes_whole_minutes_reports_and_episodes(session: Path) -> None:
    [found] = read([session], 60)
    assert (found.place.name, found.place.validity) == ("test/bed1", Validity.TEST)
    assert 3 <= len(found.spans) <= 4
    assert all(one.nominal_ms % MINUTE == 0 and one.start_ms <= one.end_ms for one in found.spans)
    assert [(one.scale, one.value) for one in found.reports] == [("nrs", 6)]
    blind = next(one for one in found.episodes if one.first.condition is Condition.CANNOT_ASSESS)
    assert blind.acknowledged_ms is not None
    assert not blind.over


def test_a_session_that_was_cut_short_keeps_its_last_minute_back(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [whole] = read([session], 60)
    opened = Session.open

    def cut(path: Path) -> Session:
        one = opened(path)
        one.ended = False
        return one

    monkeypatch.setattr(Session, "open", cut)
    [short] = read([session], 60)
    assert [one.nominal_ms for one in short.spans] == [one.nominal_ms for one in whole.spans][:-1]


def test_what_a_bed_recorded_as_a_test_stays_a_test_beside_what_is_real(session: Path, tmp_path: Path) -> None:
    shown = settings(tmp_path)
    later = record(shown.model_copy(update={"box": shown.box.model_copy(update={"validity": Validity.DEMO})}), 65.0)
    found = read([session, later], 60)
    assert {one.place.validity: len(one.spans) for one in found} == {
        Validity.TEST: len(read([session], 60)[0].spans),
        Validity.DEMO: len(read([later], 60)[0].spans),
    }


def test_the_command_writes_valid_files_and_sends_them(
    session: Path, server: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", "fhir", str(session), "-o", str(out), "--push", server.url, "--per", "hour"]) == 0
    [file] = out.iterdir()
    valid_r4(json.loads(file.read_text()))
    assert server.transactions == 1
    assert "1 bundles taken" in capsys.readouterr().out


def test_release_5_can_be_asked_for(session: Path, tmp_path: Path) -> None:
    arguments = [
        "export",
        "fhir",
        str(session.parent),
        "-o",
        str(tmp_path),
        "--release",
        "R5",
        "--patient",
        "Patient/1",
    ]
    assert main(arguments) == 0
    [file] = tmp_path.iterdir()
    valid_r5(json.loads(file.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["-o", "x", "--patient", "17"],
        ["--push", "http://records.example/"],
        ["-o", "x", "--token-file", "/nonexistent", "--push", "https://127.0.0.1/"],
    ],
)
def test_wrong_arguments_are_said(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "fhir", str(session), *wrong]) == 2


def test_a_calm_hour_is_told_apart_from_one_that_nobody_could_assess() -> None:
    calm = Assessment(0, Verdict.CALM, 0.5, (0.0, 1.5), 0.05, (Modality.FACE,), {Modality.PPG: Absence.NOT_WORN})
    one = Span(0, 0, 0)
    one.take(calm, 0, synced=True)
    told_calm, told_blind = (json.dumps(score(PLACE, each, 3600, None)) for each in (one, span(0, None)))
    assert '"valueQuantity": {"value": 0.5' in told_calm
    assert "not_worn" in told_calm
    assert "cannot assess" in told_blind
