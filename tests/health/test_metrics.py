"""What Prometheus is told, scraped over HTTP and read by its library's own parser."""

from __future__ import annotations

import asyncio
import math
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge import clock, config
from edge.config import Box
from edge.config import Metrics as Settings
from edge.daemon import Daemon
from edge.errors import MetricsError, StoreError, StoreReason
from edge.health.metrics import Look, Metrics
from edge.health.pace import Load
from edge.publish.embedded import free_port
from edge.sensors.report import BoxReport, SensorReport
from edge.sensors.simulated.band import SimulatedBand
from edge.types import NS_PER_S, BoxFacts, Condition, Presence, SensorState, Throttle, Validity
from tests.alarm.scenes import Bed, assessment

Figures = dict[tuple[str, str], float]
"""Name and the labels beside site and bed, joined by commas, to the value."""


def scrape(port: int) -> Figures:
    """Fetch and parse."""
    with closing(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)) as answer:
        text = answer.read().decode()
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not sample.name.startswith("anodyne"):
                continue
            assert (sample.labels["site"], sample.labels["bed"]) == ("ward", "bed7")
            others = ",".join(value for key, value in sorted(sample.labels.items()) if key not in ("site", "bed"))
            found[sample.name, others] = sample.value
    return found


class Watched:
    """Metrics whose surroundings the test dictates."""

    def __init__(self) -> None:
        self.waiting = 0
        self.connected = True
        self.dropped = 3
        self.load = Load.FULL
        box = Box(site="ward", bed="bed7")
        look = Look(lambda: self.waiting, lambda: self.connected, self.report, self.facts, lambda: self.load)
        self.metrics = Metrics(box, look)
        self.port = self.metrics.serve(Settings(port=free_port()))

    def report(self) -> BoxReport:
        """One band."""
        sensor = SensorReport(
            sensor="band", driver="x", state=SensorState.STREAMING, reason=None, detail="", since_s=1.0, age_s=0.1,
            warnings={}, channels=(), battery_percent=81.0, outages=2, dropped=self.dropped, quality={"ppg": 0.9},
            absent={"gsr": "not_worn"},
        )  # fmt: skip
        return BoxReport(state_dir="", pid=1, boot_id="0" * 12, at_ns=0, every_s=1.0, sensors=(sensor,))

    def facts(self) -> BoxFacts:
        """A warm box."""
        return BoxFacts(temperature_c=61.5, clock_synced=True, throttled=frozenset({Throttle.UNDER_VOLTAGE}))

    def see(self, at_s: float, score: float | None) -> Figures:
        """One assessment, and what is scraped then."""
        self.metrics.tick(assessment(round(at_s * NS_PER_S), score), round(at_s * 1000))
        return scrape(self.port)


@pytest.fixture
def watched() -> Iterator[Watched]:
    one = Watched()
    yield one
    one.metrics.close()


def test_assessments_and_blind_time_are_counted(watched: Watched) -> None:
    for second, score in enumerate((1.0, 6.0, None, None, 1.0)):
        found = watched.see(float(second), score)
    assert found["anodyne_assessments_total", "calm"] == 2
    assert found["anodyne_assessments_total", "pain"] == 1
    assert found["anodyne_assessments_total", "cannot_assess"] == 2
    assert found["anodyne_blind_seconds_total", ""] == 2.0
    assert found["anodyne_watched_seconds_total", ""] == 4.0


def test_sensors_and_temperature_are_told(watched: Watched) -> None:
    watched.see(0.0, 1.0)
    watched.dropped = 10
    found = watched.see(2.0, 1.0)
    assert found["anodyne_sensor_quality", "ppg,band"] == 0.9
    assert found["anodyne_sensor_quality", "gsr,band"] == 0.0
    assert found["anodyne_sensor_state", "band,streaming"] == 1
    assert found["anodyne_sensor_state", "band,lost"] == 0
    assert found["anodyne_sensor_dropped_total", "band"] == 10
    assert found["anodyne_sensor_outages_total", "band"] == 2
    assert found["anodyne_sensor_battery_percent", "band"] == 81
    assert found["anodyne_temperature_celsius", ""] == 61.5


def test_the_level_of_load_and_what_slows_the_processor_are_told(watched: Watched) -> None:
    found = watched.see(0.0, 1.0)
    assert (found["anodyne_load", "full"], found["anodyne_load", "least"]) == (1, 0)
    assert (found["anodyne_throttled", "under_voltage"], found["anodyne_throttled", "throttled"]) == (1, 0)
    watched.load = Load.LEAST
    found = watched.see(2.0, 1.0)
    assert (found["anodyne_load", "full"], found["anodyne_load", "least"]) == (0, 1)


def test_alarms_and_their_acknowledgement_are_counted_and_timed(watched: Watched, tmp_path: Path) -> None:
    bed = Bed(tmp_path, alarm=config.Alarm(pain_delay_s=0))
    for alert in bed.manager.step(assessment(bed.clock.now_ns(), 8.0), {}):
        watched.metrics.count(alert)
    found = watched.see(1.0, 8.0)
    assert found["anodyne_alarm", "pain,on"] == 1
    assert found["anodyne_alarm", "pain,off"] == 0
    assert found["anodyne_alarms_total", "pain"] == 1
    alert = bed.manager.acknowledge("pain", "Ruth")
    assert alert.presence is Presence.ACKNOWLEDGED
    watched.metrics.count(alert)
    found = watched.see(2.0, 8.0)
    assert found["anodyne_alarm", "pain,acknowledged"] == 1
    assert found["anodyne_acknowledgements_total", ""] == 1
    assert found["anodyne_acknowledge_seconds_count", ""] == 1
    bed.close()


def test_what_waits_is_told_with_its_age_and_timed_when_it_has_gone(watched: Watched, tmp_path: Path) -> None:
    bed = Bed(tmp_path, alarm=config.Alarm(pain_delay_s=0))
    [alert] = [one for one in bed.manager.step(assessment(bed.clock.now_ns(), 8.0), {}) if one.condition == "pain"]
    began_s = alert.at_ns / NS_PER_S
    watched.metrics.count(alert)
    watched.waiting, watched.connected = 2, False
    watched.see(began_s, 8.0)
    found = watched.see(began_s + 7.0, 8.0)
    assert found["anodyne_outbox_messages", ""] == 2
    assert found["anodyne_outbox_waiting_seconds", ""] == 7.0
    assert found["anodyne_broker_connected", ""] == 0
    assert found["anodyne_delivery_seconds_count", ""] == 0
    watched.waiting = 0
    found = watched.see(began_s + 8.0, 8.0)
    assert found["anodyne_outbox_waiting_seconds", ""] == 0
    assert found["anodyne_delivery_seconds_count", ""] == 1
    assert found["anodyne_delivery_seconds_bucket", "5.0"] == 0
    assert found["anodyne_delivery_seconds_bucket", "10.0"] == 1
    bed.close()


def test_no_figure_is_about_the_person(watched: Watched) -> None:
    names = {name for name, _ in watched.see(0.0, 7.77)}
    assert not [name for name in names if "score" in name or "heart" in name]
    assert 7.77 not in watched.see(0.5, 7.77).values()


def test_a_port_in_use_is_said(watched: Watched) -> None:
    with pytest.raises(MetricsError, match="cannot be opened"):
        Metrics(Box(), Look(lambda: 0, lambda: True, watched.report, watched.facts)).serve(Settings(port=watched.port))


async def live(daemon: Daemon, port: int) -> Figures:
    """Let a daemon run until it has assessed, and scrape it."""
    task = asyncio.create_task(daemon.run())
    found: Figures = {}
    for _ in range(100):
        await asyncio.sleep(0.1)
        with suppress(OSError):
            found = await asyncio.to_thread(scrape, port)
        if found.get(("anodyne_assessments_total", "cannot_assess"), 0) >= 2:
            break
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return found


def settings(folder: Path, **metrics: object) -> config.Config:
    """A box with a band and no broker."""
    return config.Config(
        box=config.Box(site="ward", bed="bed7", state_dir=folder, validity=Validity.TEST),
        sensor=(SimulatedBand(driver="simulated_band", name="band"),),
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
        metrics=Settings.model_validate(metrics),
    )


async def test_a_running_box_is_scraped_and_its_port_closed_after_it(tmp_path: Path) -> None:
    port = free_port()
    found = await live(Daemon(settings(tmp_path, port=port), clock.SystemClock()), port)
    assert found["anodyne_assessments_total", "cannot_assess"] >= 2
    assert found["anodyne_alarm", f"{Condition.CANNOT_ASSESS},off"] == 1
    assert ("anodyne_sensor_state", "band,streaming") in found
    assert found["anodyne_broker_connected", ""] == 0
    with pytest.raises(OSError, match="refused"):
        scrape(port)


def listening() -> int:
    """TCP ports on which this process listens."""
    own = {link.readlink().name for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    rows = (row.split() for row in Path("/proc/self/net/tcp").read_text().splitlines()[1:])
    return sum(1 for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own)


async def test_only_a_configured_port_listens(tmp_path: Path) -> None:
    for opened, metrics in ((0, {}), (1, {"port": free_port()})):
        daemon = Daemon(settings(tmp_path, **metrics), clock.SystemClock())
        task = asyncio.create_task(daemon.run())
        await asyncio.sleep(0.5)
        assert listening() == opened
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_a_store_that_cannot_be_read_stops_nothing(watched: Watched) -> None:
    def fail() -> int:
        raise StoreError(StoreReason.CORRUPT, "damaged")

    metrics = Metrics(Box(site="ward", bed="bed7"), Look(fail, lambda: True, watched.report, watched.facts))
    port = metrics.serve(Settings(port=free_port()))
    metrics.tick(assessment(0, 1.0), 0)
    assert math.isnan(scrape(port)["anodyne_outbox_messages", ""])
    metrics.close()
