"""Several brokers, a frozen one, and two boxes of one name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Mqtt
from edge.publish.dialer import Backoff
from edge.publish.embedded import free_port
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running
from tests.publish.test_confirmation import confirming, events

QUICK = Backoff(first_s=0.1, cap_s=0.2, return_s=0.3)


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "second").mkdir()
    broker = Mosquitto(tmp_path / "second")
    broker.start()
    yield broker
    broker.kill()


def both(first: Mosquitto, second: Mosquitto) -> Mqtt:
    return first.mqtt(fallbacks=f"127.0.0.1:{second.port}")


async def test_the_next_broker_serves_while_the_preferred_is_dead_and_is_left_once_it_is_back(
    mosquitto: Mosquitto, second: Mosquitto, tmp_path: Path
) -> None:
    mosquitto.kill()
    async with running(tmp_path, both(mosquitto, second), backoff=QUICK) as box:
        async with confirming(second.mqtt()) as heard:
            alerts = box.raise_alerts(3)
            await until(lambda: len(events(heard)) == 3)
        mosquitto.start()
        async with confirming(mosquitto.mqtt()) as heard:
            alerts = box.raise_alerts(3)
            await until(lambda: {one.id for one in alerts} <= set(events(heard)))


async def test_a_frozen_broker_is_noticed_and_the_next_one_gets_the_alerts(
    mosquitto: Mosquitto, second: Mosquitto, tmp_path: Path
) -> None:
    async with confirming(second.mqtt()) as heard, running(tmp_path, both(mosquitto, second), backoff=QUICK) as box:
        await until(lambda: box.publisher.connected)
        mosquitto.freeze()
        alerts = box.raise_alerts(3)
        await until(lambda: len(events(heard)) == 3, 60)  # keep-alive 5 s, noticed after twice that
        assert events(heard) == [one.id for one in alerts]
        mosquitto.thaw()


async def test_without_any_broker_each_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ports = [free_port(), free_port()]
    mqtt = Mqtt(host="127.0.0.1", port=ports[0], fallbacks=f"127.0.0.1:{ports[1]}")
    async with running(tmp_path, mqtt, backoff=QUICK) as box:
        await until(lambda: sum(one.levelno == logging.WARNING for one in caplog.records) >= 2)
        assert box.publisher.silent(box.clock.now_ns())
    told = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert [str(port) in one for port, one in zip(ports, told, strict=True)] == [True, True]


async def test_two_boxes_of_one_name_are_told_apart_in_the_log(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other").mkdir()
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        async with running(tmp_path / "other", mosquitto.mqtt()):
            await until(lambda: "Are two boxes configured for the same site and bed?" in caplog.text)


@pytest.mark.parametrize("fallbacks", ["broker2", "broker2:0", "broker2:65536", ":1883", "a:1883,b"])
def test_a_fallback_is_host_and_port(fallbacks: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Mqtt(fallbacks=fallbacks)


async def test_a_slow_broker_costs_time_and_nothing_else(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with station(mosquitto.mqtt()) as nurse, running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        alerts = box.raise_alerts(30)
        for _ in range(8):
            mosquitto.freeze()
            await asyncio.sleep(0.2)
            mosquitto.thaw()
            await asyncio.sleep(0.01)
        await until(lambda: len(nurse.alerts()) == 30)
        assert [one.id for one in nurse.alerts()] == [one.id for one in alerts]
