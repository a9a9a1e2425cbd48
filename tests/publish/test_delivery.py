"""Alerts and a real Mosquitto that comes, goes, freezes and refuses."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.config import Mqtt
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import AvailabilityMessage, StateMessage
from edge.store import Store
from edge.types import NS_PER_S, Condition, Verdict
from tests.peers.broker import Mosquitto, Station, station, until
from tests.publish.box import running


def ids(heard: Station) -> list[str]:
    return [one.id for one in heard.alerts()]


async def test_alerts_arrive_in_order_and_leave_the_outbox(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        alerts = box.raise_alerts(30)
        assert await box.publisher.drain(10)
        await until(lambda: len(nurse.alerts()) == 30)
        assert ids(nurse) == [one.id for one in alerts]
        assert box.publisher.pending() == 0


async def test_a_late_station_learns_the_current_state(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        [alert] = box.see(8)
        await until(lambda: box.publisher.connected)
        assert await box.publisher.drain(10)
        async with station(mosquitto.mqtt()) as nurse:
            await until(lambda: len(nurse.heard) == 3)
            assert {one.address.leaf: one.retained for one in nurse.heard} == {
                "availability": True,
                "state": True,
                "alarm/pain": True,
            }
            assert [one.id for one in nurse.alerts("alarm/pain")] == [alert.id]


async def test_alerts_raised_without_a_broker_arrive_once_there_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    async with running(tmp_path, broker.mqtt()) as box:
        alerts = box.raise_alerts(5)
        await asyncio.sleep(0.3)
        assert not box.publisher.connected
        broker.start()
        async with station(broker.mqtt()) as nurse:
            await until(lambda: len(nurse.alerts()) == 5)
            assert ids(nurse) == [one.id for one in alerts]
    broker.kill()


async def test_nothing_is_lost_or_disordered_by_a_restarted_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        alerts = box.raise_alerts(10)
        await until(lambda: len(nurse.alerts()) == 10)
        mosquitto.kill()
        alerts += box.raise_alerts(10)
        mosquitto.start()
        await until(lambda: len(nurse.alerts("alarm/pain")) >= 1 and box.publisher.connected)
        assert await box.publisher.drain(10)
        await until(lambda: nurse.subscriber.connected)
    # A broker that kept nothing had nobody to hand the events to while the station was away; the retained alarm
    # state brings it up to date all the same.
    async with station(mosquitto.mqtt()) as nurse:
        await until(lambda: nurse.alerts("alarm/pain"))
        assert nurse.alerts("alarm/pain")[-1].id == alerts[-1].id


async def test_a_frozen_broker_costs_no_alert(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        mosquitto.freeze()
        alerts = box.raise_alerts(5)
        await asyncio.sleep(0.5)
        assert box.publisher.pending() == 10
        mosquitto.thaw()
        await until(lambda: len(nurse.alerts()) == 5)
        assert ids(nurse) == [one.id for one in alerts]


async def test_a_broker_that_forgot_is_told_the_alarms_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        [alert] = box.see(8)
        assert await box.publisher.drain(10)
        mosquitto.kill()
        mosquitto.start()
        async with station(mosquitto.mqtt()) as nurse:
            await until(lambda: nurse.alerts("alarm/pain"))
            assert nurse.alerts("alarm/pain")[0].id == alert.id


async def test_killed_in_mid_stream_no_raised_alert_is_lost(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse:
        raised: list[str] = []
        for _ in range(3):
            raised += await _raise_until_killed(tmp_path, mosquitto.port)
        async with running(tmp_path, mosquitto.mqtt()) as box:
            await until(lambda: box.publisher.connected)
            assert await box.publisher.drain(10)
        await until(lambda: set(raised) <= set(ids(nurse)))
        assert len(set(raised)) > 30
        assert ids(nurse) == sorted(ids(nurse), key=lambda one: int(one.partition("-")[2]))


async def _raise_until_killed(folder: Path, port: int) -> list[str]:
    """A process that raises alerts and prints the id of each one that is committed, and SIGKILL after some."""
    command = [sys.executable, "-m", "tests.publish.raiser", str(folder), str(port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    raised = [(await process.stdout.readline()).decode().strip() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    raised += (await process.stdout.read()).decode().split("\n")[:-1]
    await process.wait()
    return raised


async def test_the_last_will_tells_of_a_killed_box(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse:
        await _raise_until_killed(tmp_path, mosquitto.port)
        await until(lambda: len(nurse.messages("availability")) == 2, 12)
        last = nurse.messages("availability")[-1]
        assert isinstance(last, AvailabilityMessage)
        assert (last.online, last.reason, last.mode) == (False, "connection_lost", "blind")


async def test_a_box_that_stops_in_order_says_so(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse:
        async with running(tmp_path, mosquitto.mqtt()) as box:
            await until(lambda: box.publisher.connected)
        await until(lambda: len(nurse.messages("availability")) == 2)
        first, last = nurse.messages("availability")
        assert isinstance(first, AvailabilityMessage)
        assert isinstance(last, AvailabilityMessage)
        assert (first.online, last.online, last.reason) == (True, False, "stopped")


async def test_blind_state_has_no_score(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        box.see(None)
        await until(lambda: nurse.messages("state"))
        [state] = nurse.messages("state")
        assert isinstance(state, StateMessage)
        assert (state.verdict, state.score, state.mode) == (Verdict.CANNOT_ASSESS, None, "blind")


async def test_an_unreachable_broker_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mqtt = Mqtt(host="127.0.0.1", port=free_port())
    async with running(tmp_path, mqtt) as box:
        await asyncio.sleep(1.5)  # three attempts
        assert not box.publisher.connected
    [record] = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert f"127.0.0.1:{mqtt.port} cannot be reached" in record.message


async def _mute_broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, subscribe and answer pings in MQTT 5, and never acknowledge a message."""
    answers = {0x10: b"\x20\x03\x00\x00\x00", 0x80: b"\x90\x04\x00\x01\x00\x01", 0xC0: b"\xd0\x00"}
    while first := await reader.read(1):
        length = shift = 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        await reader.readexactly(length)
        writer.write(answers.get(first[0] & 0xF0, b""))
    writer.close()


class _SkewedClock(SystemClock):
    """The system's clock, pushed forward by the test."""

    skew_ns = 0

    def now_ns(self) -> int:
        """Monotonic nanoseconds plus the push."""
        return super().now_ns() + self.skew_ns


async def test_a_broker_that_owes_an_acknowledgement_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = await asyncio.start_server(_mute_broker, "127.0.0.1")
    clock = _SkewedClock()
    mqtt = Mqtt(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    async with running(tmp_path, mqtt, clock) as box:
        await until(lambda: box.publisher.connected)
        box.see(8)
        clock.skew_ns = 31 * NS_PER_S
        box.see(8)
        await until(lambda: "no acknowledgement for 30 s" in caplog.text)
        assert box.publisher.pending() == 2
        await until(lambda: box.publisher.connected)
    server.close()


async def test_an_alert_that_the_disk_does_not_take_is_delivered(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        with box.store.reading() as cursor:
            cursor.execute("PRAGMA query_only=ON")  # every write fails from here on
        alerts = box.raise_alerts(3)
        assert [one.condition for one in alerts].count(Condition.PAIN) == 3
        await until(lambda: len(nurse.alerts()) == len(alerts))
        assert ids(nurse) == [one.id for one in alerts]
        assert await box.publisher.drain(5)


async def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(amqtt: EmbeddedBroker, tmp_path: Path) -> None:
    mqtt = Mqtt(host=amqtt.host, port=amqtt.port)
    async with station(mqtt) as nurse, running(tmp_path, mqtt) as box:
        alerts = box.raise_alerts(9)
        await until(lambda: len(nurse.alerts()) == 9)
        assert ids(nurse) == [one.id for one in alerts]
        assert await box.publisher.drain(5)


def test_the_store_is_free_after_a_kill(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from edge.store import Store; s = Store.open(Path(sys.argv[1]));"
    code += "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    path = tmp_path / "state.db"
    done = subprocess.run([sys.executable, "-c", code, path], check=False, env=os.environ | {"PYTHONWARNINGS": ""})
    assert done.returncode == -signal.SIGKILL
    Store.open(path).close()
