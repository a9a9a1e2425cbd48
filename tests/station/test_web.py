"""The station's page end to end: a real broker, a real box, the real server, and what a browser sends and hears."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from edge.publish.payload import Acknowledge
from edge.publish.subscriber import Subscriber
from edge.station import picture
from edge.types import Condition
from tests.peers.broker import Mosquitto, until
from tests.publish.box import running
from tests.station.browser import Browser, section, serving
from tests.station.messages import state
from tests.station.scene import Scene

BED = "ward/bed7"


async def test_a_bed_appears_and_its_alarm_is_acknowledged_on_every_station(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    here, there = section(tmp_path), section(tmp_path / "other")
    async with (
        running(tmp_path, mosquitto.mqtt()) as box,
        serving(here, mosquitto.mqtt()),
        serving(there, mosquitto.mqtt()),
    ):
        ruth, other = Browser(here.port), Browser(there.port)
        await ruth.sign_in()
        await other.sign_in()
        async with ruth.watching() as screen, other.watching() as far:
            await until(lambda: screen.status.get("connected") is True and far.status.get("connected") is True)
            await until(lambda: box.publisher.connected)
            box.see(8)
            await until(lambda: screen.look(BED) == "pain-high" and far.look(BED) == "pain-high")
            assert screen.beds[BED]["ring"] == "high"
            got = await ruth.command(BED, do="acknowledge", episode=screen.alarms(BED)[0]["episode"])
            assert (got.status, got.json["ok"]) == (200, True)
            assert [one.presence for one in box.manager.active()] == ["acknowledged"]
            await until(lambda: [one["by"] for one in far.alarms(BED)] == ["Sister Ruth"])
            assert (far.look(BED), far.beds[BED]["ring"]) == ("attended", "")
        lines = (await other.ask("GET", "/api/log?place=ward/bed7")).json["lines"]
        assert isinstance(lines, list)
        assert any(
            isinstance(one, dict) and (one["what"], one["who"]) == ("acknowledge", "Sister Ruth") for one in lines
        )


async def test_a_blind_bed_rings_and_has_no_score(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: box.publisher.connected and screen.status.get("connected") is True)
            box.see(None)
            await until(lambda: screen.look(BED) == "blind")
            bed = screen.beds[BED]
            assert (bed["score"], bed["ring"], bed["title"]) == (None, "medium", "Cannot assess")


async def test_a_command_that_the_box_does_not_carry_out_is_answered_in_its_words(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: box.publisher.connected and BED in screen.beds)
            got = await ruth.command(BED, do="acknowledge", episode=4711)
    assert (got.status, got.json["ok"], got.json["reason"]) == (409, False, "not_applicable")
    assert got.json["detail"]


async def test_a_box_that_does_not_answer_is_said_to(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.station.desk.ANSWER_S", 0.3)
    here = section(tmp_path, beds="ward3/bed01")
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True)
            got = await ruth.command("ward3/bed01", do="care_on")
    assert (got.status, got.json["reason"]) == (504, "no_answer")


async def test_without_a_broker_every_bed_is_unknown_and_nothing_is_sent(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: box.publisher.connected and screen.status.get("connected") is True)
            box.see(1)
            await until(lambda: screen.look(BED) == "watched")
            mosquitto.kill()
            await until(lambda: screen.status["connected"] is False)
            await until(lambda: screen.look(BED) == "unknown")
            assert (screen.beds[BED]["score"], screen.beds[BED]["quality"]) == (None, {})
            got = await ruth.command(BED, do="acknowledge", episode=1)
            assert (got.status, got.json["reason"]) == (503, "no_broker")
            assert (await ruth.ask("GET", "/healthz")).status == 503
            mosquitto.start()
            await until(lambda: screen.status["connected"] is True, 20)
            box.see(2)
            await until(lambda: screen.look(BED) == "watched", 20)
            assert screen.ended is False


async def test_a_restart_signs_nobody_out_and_calls_no_bed_calm(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 2, round(time.time() * 1000), ("watched", "pain"))
    ruth = Browser(here.port)
    async with serving(here, mosquitto.mqtt()) as server:
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True)
            await asyncio.to_thread(scene.speak)
            await until(lambda: (screen.look("ward3/bed01"), screen.look("ward3/bed02")) == ("watched", "pain"))
            server.stop()
            await until(lambda: screen.ended)
    async with serving(here, mosquitto.mqtt()), ruth.watching() as screen:
        await until(lambda: len(screen.order) == 2)
        # What the broker retained proves nothing of the present.
        assert {screen.look(place) for place in screen.order} == {"unknown"}
        assert [one["presence"] for one in screen.alarms("ward3/bed02")] == ["on"]
        await asyncio.to_thread(scene.speak)
        await until(lambda: screen.look("ward3/bed02") == "pain")
    scene.close()


async def test_a_silent_bed_becomes_unknown_and_then_sounds(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "UNKNOWN_DELAY_S", 0.5)
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 1, round(time.time() * 1000), ("watched",))
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True)
            short = scene.state("watched").model_copy(update={"every_s": 0.2})
            await asyncio.to_thread(scene.publish, "bed01", "state", short)
            await until(lambda: screen.look("ward3/bed01") == "watched")
            await until(lambda: screen.look("ward3/bed01") == "unknown")
            assert screen.beds["ward3/bed01"]["score"] is None
            await until(lambda: screen.beds["ward3/bed01"]["ring"] == "medium")
            assert (await ruth.ask("POST", "/api/beds/ward3/bed01/seen", {})).status == 200
            await until(lambda: screen.beds["ward3/bed01"]["ring"] == "")
            assert (screen.look("ward3/bed01"), screen.beds["ward3/bed01"]["seen_by"]) == ("unknown", "Sister Ruth")
            await asyncio.to_thread(scene.publish, "bed01", "state", scene.state("watched"))
            await until(lambda: screen.look("ward3/bed01") == "watched")
            assert screen.beds["ward3/bed01"]["seen_by"] == ""
    scene.close()


async def test_an_expected_bed_that_was_never_heard_of_is_shown(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path, beds="ward3/bed09")
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.look("ward3/bed09") == "unknown")
            assert screen.beds["ward3/bed09"]["title"] == "Unknown: never heard of"


async def test_a_note_reaches_the_other_station(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    here, there = section(tmp_path, beds=BED), section(tmp_path / "other", beds=BED)
    async with serving(here, mosquitto.mqtt()), serving(there, mosquitto.mqtt()):
        ruth, other = Browser(here.port), Browser(there.port)
        await ruth.sign_in()
        await other.sign_in()
        async with ruth.watching() as near, other.watching() as far:
            await until(lambda: near.status.get("connected") is True and far.status.get("connected") is True)
            text = 'turned at 3; "calmer"\nafter that\u2028<b>'
            got = await ruth.ask("POST", f"/api/beds/{BED}/note", {"text": text})
            assert got.status == 200
            await until(lambda: far.beds[BED]["note"] is not None)
            note = far.beds[BED]["note"]
            assert isinstance(note, dict)
            assert (note["text"], note["by"]) == (text, "Sister Ruth")


async def test_forty_beds_stand_in_order_of_urgency(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 40, round(time.time() * 1000))
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True)
            await asyncio.to_thread(scene.speak)
            await until(lambda: len(screen.order) == 40 and screen.look("ward3/bed40") == "watched")
            looks = [screen.look(place) for place in screen.order]
    scene.close()
    assert looks[:2] == ["pain-high", "pain-high"]
    assert {*looks[2:10]} == {"pain", "blind", "unknown"}  # there were signs of pain: not acknowledged, so still "pain"
    assert looks[10:16] == ["building"] * 2 + ["technical"] * 2 + ["attended"] * 2
    assert set(looks[16:]) == {"watched"}


async def test_what_is_published_by_strangers_harms_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    scene = Scene(mosquitto.mqtt(), 1, round(time.time() * 1000), ("watched",))
    stranger = scene._client
    async with serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True)
            await asyncio.to_thread(scene.speak)
            await until(lambda: screen.look("ward3/bed01") == "watched")
            for leaf in ("state", "note", "command", "reply", "alarm/pain", "event", "availability", "x"):
                for payload in (b"", b"\xff\x00", b"{", b"[]", b'{"id":1}', b'{"do":"acknowledge","id":"a","by":""}'):
                    stranger.publish(f"anodyne/ward3/bed01/{leaf}", payload, qos=1)
            big = b'{"id":"x","text":"' + b"y" * 100_000 + b'"}'
            await asyncio.to_thread(stranger.publish("anodyne/ward3/bed01/note", big, qos=1).wait_for_publish, 5)
            scene.looks["bed01"] = "pain"
            await asyncio.to_thread(scene.speak)
            await until(lambda: screen.look("ward3/bed01") == "pain")
            assert screen.beds["ward3/bed01"]["note"] is None
    scene.close()


async def test_the_trend_and_the_burden_are_kept(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box:
        ruth = Browser(here.port)
        async with serving(here, mosquitto.mqtt()):
            await ruth.sign_in()
            async with ruth.watching() as screen:
                await until(lambda: screen.status.get("connected") is True and box.publisher.connected)
                box.raise_alerts(2)
                await until(lambda: screen.look(BED) == "attended")
        async with serving(here, mosquitto.mqtt()):
            trends = (await ruth.ask("GET", "/api/trends?hours=1&step=60")).json["beds"]
            burden = (await ruth.ask("GET", "/api/burden")).json["beds"]
    assert isinstance(trends, dict)
    trend = trends[BED]
    assert isinstance(trend, dict)
    assert (trend["high"], trend["sights"]) == ([6.0], ["pain"])
    assert isinstance(burden, list)
    assert [(one["place"], one["episodes"], one["acknowledged"]) for one in burden if isinstance(one, dict)] == [
        ("", 1, 1),
        (BED, 1, 1),
    ]


async def test_a_command_of_another_program_is_credited_to_its_person(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path)
    async with running(tmp_path, mosquitto.mqtt()) as box, serving(here, mosquitto.mqtt()):
        ruth = Browser(here.port)
        await ruth.sign_in()
        subscriber = Subscriber(mosquitto.mqtt(), lambda _: None)
        task = asyncio.create_task(subscriber.run())
        async with ruth.watching() as screen:
            await until(lambda: screen.status.get("connected") is True and box.publisher.connected)
            await subscriber.ready.wait()
            box.see(8)
            await until(lambda: screen.look(BED) == "pain-high")
            command = Acknowledge(id="watch-1", do="acknowledge", condition=Condition.PAIN, by="Brother Paul")
            subscriber.send("ward", "bed7", command)
            await until(lambda: [one["by"] for one in screen.alarms(BED)] == ["Brother Paul"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_state_without_holds_has_none() -> None:
    assert picture.holds_of(state()) == []
    assert picture.holds_of(None) == []
