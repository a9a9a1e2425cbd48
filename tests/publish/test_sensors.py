"""What stations are told of a bed's sensors: at each change, kept at the broker, never more often than is useful."""

from __future__ import annotations

from pathlib import Path

from edge.clock import VirtualClock
from edge.publish.payload import SensorCondition, SensorsMessage
from edge.publish.sensors import SENSORS_EVERY_S, SENSORS_LEAST_S, SensorNews
from edge.types import SensorState, SensorWarning
from tests.peers.broker import Mosquitto, station, until
from tests.publish.box import running

FULL = {"band": SensorCondition(state=SensorState.STREAMING, battery=81.0)}
LOW = {"band": SensorCondition(state=SensorState.STREAMING, battery=14.0, warnings=[SensorWarning.BATTERY_LOW])}


def test_a_change_is_news_and_so_is_a_long_silence() -> None:
    clock = VirtualClock()
    news = SensorNews(clock)
    assert news.due(FULL)
    clock.advance(SENSORS_LEAST_S)
    assert not news.due(FULL)
    assert news.due(LOW)
    assert not news.due(FULL)  # at once: a sensor that flaps
    clock.advance(SENSORS_EVERY_S)
    assert news.due(LOW)
    news.forget()
    assert news.due(LOW)


async def test_a_station_that_comes_later_is_told_by_the_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        box.publisher.publish_sensors(FULL)  # nobody is connected yet
        await until(lambda: box.publisher.connected)
        box.publisher.publish_sensors(LOW)
        assert await box.publisher.drain(5)
        async with station(mosquitto.mqtt()) as nurse:
            await until(lambda: len(nurse.messages("sensors")) == 1)
            (told,) = nurse.messages("sensors")
            assert isinstance(told, SensorsMessage)
            assert told.sensors == LOW
