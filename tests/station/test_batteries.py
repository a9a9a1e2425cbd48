"""The charge of each wristband on every screen: from the band through box, broker and station to the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.publish.embedded import free_port
from edge.publish.payload import SensorCondition
from edge.station.picture import Aside, BatteryPicture, BedPicture, picture
from edge.station.ward import Place, Ward
from edge.types import NS_PER_S, SensorState
from tests.peers.broker import Mosquitto, until
from tests.station.browser import Browser, Json, Screen, section, serving
from tests.station.messages import band, received, sensors, state
from tests.station.test_home import PLACE, box_toml, process, signed_in
from tests.station.test_ward import screen

BED = Place("ward", "bed7")

SCENE = """title = "A band that needs charging"
duration_s = 600.0
[patient]
[[fault]]
kind = "battery_low"
start_s = 0.0
end_s = 600.0
"""

BAND = '[[sensor]]\nname = "band"\ndriver = "simulated_band"\nscene = "scene.toml"\n'


def shown(ward: Ward, at_s: float = 1) -> BedPicture:
    return picture(ward.beds[BED], Aside(), round(at_s * NS_PER_S))


def heard(**told: SensorCondition) -> Ward:
    ward = Ward()
    ward.hear(received("state", state()))
    ward.hear(received("sensors", sensors(**told), retained=True))
    return ward


def test_one_band_needs_no_name_and_a_camera_has_no_charge() -> None:
    ward = heard(wrist=band(80.0), camera=band(None))
    assert shown(ward)["batteries"] == [BatteryPicture(words="wristband battery 80 %", low=False)]


def test_of_two_bands_the_lower_comes_first_with_its_name() -> None:
    ward = heard(left=band(80.0), right=band(14.0, low=True))
    assert [one["words"] for one in shown(ward)["batteries"]] == [
        "wristband right battery 14 %, low: charge it",
        "wristband left battery 80 %",
    ]
    assert [one["low"] for one in shown(ward)["batteries"]] == [True, False]


def test_a_name_that_no_box_has_is_cut() -> None:
    ward = heard(**{"x" * 5000: band(10.0), "y": band(90.0)})
    assert [len(one["words"]) for one in shown(ward)["batteries"]] == [len("wristband  battery 10 %") + 24, 24]


def test_the_charge_of_a_lost_band_is_said_to_be_old() -> None:
    ward = heard(wrist=band(40.0, state=SensorState.LOST))
    assert [one["words"] for one in shown(ward)["batteries"]] == ["wristband battery 40 % when last heard"]


def test_of_a_bed_that_is_unknown_no_charge_is_shown() -> None:
    ward = heard(wrist=band(80.0))
    assert shown(ward, 60)["batteries"] == []


def test_what_was_kept_of_an_earlier_start_of_the_box_is_not_shown() -> None:
    ward = heard(wrist=band(80.0))
    later = state(number=2).model_copy(update={"id": "ba9876543210-2"})
    ward.hear(received("state", later))
    assert shown(ward)["batteries"] == []


def test_what_the_box_has_not_repeated_for_a_quarter_of_an_hour_is_not_shown() -> None:
    ward = heard(wrist=band(80.0))
    ward.hear(received("state", state(number=2).model_copy(update={"since_boot_ms": 1000 + 901_000})))
    assert shown(ward)["batteries"] == []


def test_the_terminal_says_which_band_is_low() -> None:
    assert "charge it" in " ".join(screen(heard(wrist=band(9.0, low=True)), 1).split())


@pytest.mark.timeout(120)
async def test_the_charge_goes_from_the_band_to_the_station_and_to_the_home_page(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    port, here = free_port(), section(tmp_path)
    path = box_toml(tmp_path, port, broker.port)
    (tmp_path / "scene.toml").write_text(SCENE)
    path.write_text(path.read_text() + BAND)
    try:
        async with process(path), serving(here, broker.mqtt()):
            anna, ruth = await signed_in(port), Browser(here.port)
            await ruth.sign_in()
            async with anna.watching() as home, ruth.watching() as wall:
                await until(lambda: _batteries(home) != [] and _batteries(wall) != [], 60)
                assert _batteries(home) == _batteries(wall)
                assert _batteries(wall) == [{"words": "wristband battery 9 %, low: charge it", "low": True}]
    finally:
        broker.stop()


def _batteries(page: Screen) -> Json:
    return page.beds[PLACE]["batteries"] if PLACE in page.beds else []
