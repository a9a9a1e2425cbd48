"""Days of alarm burden as the boxes have counted them."""

from __future__ import annotations

from pathlib import Path

from edge.publish.payload import BurdenMessage
from edge.publish.topics import burden_leaf
from edge.station.ward import DAYS_KEPT, Place, Ward
from tests.peers.broker import Mosquitto, until
from tests.station.browser import Browser, section, serving
from tests.station.messages import HEAD, received
from tests.station.scene import Scene

DAY = {
    "raised": {"pain": 3, "band_lost": 2},
    "physiological": 3,
    "technical": 2,
    "acknowledged": 4,
    "median_acknowledge_s": 41.0,
    "longest_acknowledge_s": 90.0,
    "repeated": 1,
    "escalated": 1,
    "minutes_blind": 12.5,
    "minutes_watched": 1440.0,
}


def counted(day: str, *, complete: bool = True) -> BurdenMessage:
    """A day's message."""
    head = HEAD | {"id": "0123456789ab-7"}
    return BurdenMessage.model_validate(head | DAY | {"day": day, "complete": complete}, strict=False)


def test_two_weeks_are_kept_and_a_later_count_replaces_an_earlier() -> None:
    ward = Ward()
    for number in range(1, 21):
        ward.hear(received(burden_leaf(f"2026-11-{number:02}"), counted(f"2026-11-{number:02}", complete=False)))
    ward.hear(received(burden_leaf("2026-11-20"), counted("2026-11-20")))
    days = ward.beds[Place("ward", "bed7")].burden
    assert sorted(days)[0] == f"2026-11-{21 - DAYS_KEPT:02}"
    assert len(days) == DAYS_KEPT
    assert days["2026-11-20"].complete


async def test_the_page_gets_what_the_boxes_have_counted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 2, 1_790_000_000_000)
    for bed, day in (("bed01", "2026-11-24"), ("bed02", "2026-11-25"), ("bed01", "2026-11-25")):
        scene.publish(bed, burden_leaf(day), counted(day), retain=True)
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: len(screen.beds) == 2)
        got = (await ruth.ask("GET", "/api/burden")).json["days"]
    scene.close()
    assert isinstance(got, list)
    days = [one for one in got if isinstance(one, dict)]
    assert [(one["day"], one["place"]) for one in days] == [
        ("2026-11-25", "ward3/bed01"),
        ("2026-11-25", "ward3/bed02"),
        ("2026-11-24", "ward3/bed01"),
    ]
    assert (days[0]["median_s"], days[0]["minutes_blind"]) == (41.0, 12.5)
