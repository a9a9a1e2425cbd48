"""How long an alert takes to the broker, to a station and to a person, as Prometheus is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge import config
from edge.clock import SystemClock
from edge.config import Box
from edge.daemon import Daemon
from edge.health.metrics import STEP_BUCKETS_S, Metrics
from edge.health.metrics import Look as MetricsLook
from edge.publish.embedded import free_port
from edge.publish.payload import Acknowledge, AlertMessage
from edge.publish.proof import Step
from edge.sensors.report import BoxReport
from edge.types import BoxFacts, Validity
from tests.health.test_metrics import Figures, scrape
from tests.peers.broker import Mosquitto, station, until
from tests.publish.test_confirmation import confirming, say

NAME = "anodyne_alert_step_seconds"


def counts(found: Figures) -> list[float]:
    return [found[f"{NAME}_count", step] for step in Step]


async def test_each_step_of_an_alert_is_timed_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    port = free_port()
    settings = config.Config(
        box=Box(site="ward", bed="bed7", state_dir=tmp_path, validity=Validity.TEST),
        alarm=config.Alarm(blind_delay_s=0.0),
        mqtt=mosquitto.mqtt(),
        metrics=config.Metrics(port=port),
    )
    box = Daemon(settings, SystemClock(), reports=False)
    running = asyncio.create_task(box.run())
    try:
        async with station(mosquitto.mqtt()) as nurse:
            await until(lambda: len(nurse.alerts()) == 1)  # no sensor: it cannot assess, and says so
            before = await asyncio.to_thread(scrape, port)
            assert counts(before)[1:] == [0, 0]
        async with confirming(mosquitto.mqtt()) as heard:
            await until(lambda: counts(scrape(port)) == [1, 1, 0], 45)
            [raised] = [one.message for one in heard if isinstance(one.message, AlertMessage)]
            command = Acknowledge(id="n-1", do="acknowledge", episode=raised.episode, by="Ruth")
            await asyncio.to_thread(say, mosquitto.port, command.encode(), "anodyne/ward/bed7/command")
            await until(lambda: counts(scrape(port)) == [1, 1, 1], 10)
            await until(lambda: len(heard) >= 3, 10)  # the acknowledgement itself is delivered too, and asks for nobody
        found = await asyncio.to_thread(scrape, port)
        assert counts(found) == [1, 1, 1]
        sums = [found[f"{NAME}_sum", step] for step in Step]
        assert 0 < sums[0] < sums[1] <= sums[2] < 60
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_every_step_is_there_before_the_first_alert() -> None:
    look = MetricsLook(lambda: 0, lambda: True, _report, BoxFacts)
    metrics = Metrics(Box(site="ward", bed="bed7"), look)
    port = metrics.serve(config.Metrics(port=free_port()))
    assert counts(scrape(port)) == [0, 0, 0]
    metrics.step(Step.STATION, 0.2)
    metrics.step(Step.PERSON, 100.0)
    found = scrape(port)
    metrics.close()
    assert found[f"{NAME}_bucket", "0.25,station"] == 1
    assert found[f"{NAME}_bucket", "60.0,person"] == 0
    assert found[f"{NAME}_bucket", "120.0,person"] == 1
    assert STEP_BUCKETS_S[-1] == 7200.0


def _report() -> BoxReport:
    return BoxReport(state_dir="", pid=1, boot_id="0" * 12, at_ns=0, every_s=1.0, sensors=())
