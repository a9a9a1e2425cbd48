"""A small hospital on a real broker."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.clock import SystemClock
from edge.errors import PublishError, PublishReason
from edge.fleet.client import Access, Client
from edge.fleet.run import Fleet, Plan
from edge.fleet.tally import Figures
from edge.publish.embedded import free_port
from edge.publish.subscriber import Received, Subscriber
from tests.peers.broker import Mosquitto


def quick(beds: int, stations: int = 1) -> Plan:
    """A plan of three seconds."""
    return Plan(beds, rest_s=2.0, alerts_per_s=20.0, storm_share=0.5, storm_s=1.0, stations=stations)


async def play(broker: Mosquitto, plan: Plan) -> list[Figures]:
    """The figures of a plan."""
    said: list[str] = []
    figures, load = await Fleet(plan, Access.of(broker.mqtt()), SystemClock(), said.append).run()
    assert len(said) == 3
    assert load.cpu_share > 0
    return figures


@pytest.mark.parametrize("stations", [1, 3])
async def test_every_alert_arrives_once_however_many_share_the_reading(mosquitto: Mosquitto, stations: int) -> None:
    rest, storm = await play(mosquitto, quick(30, stations))
    assert (rest["raised"], rest["lost"], rest["duplicates"]) == (40, 0, 0)
    assert (storm["raised"], storm["lost"], storm["duplicates"]) == (15, 0, 0)
    assert rest["p50_ms"] is not None
    assert rest["p99_ms"] is not None
    assert 0 < rest["p50_ms"] <= rest["p99_ms"]


async def test_a_frozen_broker_shows_in_the_latency_and_loses_nothing(mosquitto: Mosquitto) -> None:
    async def freeze() -> None:
        await asyncio.sleep(1.5)
        mosquitto.freeze()
        await asyncio.sleep(1.5)
        mosquitto.thaw()

    freezing = asyncio.create_task(freeze())
    rest, storm = await play(mosquitto, quick(10))
    await freezing
    assert rest["lost"] + storm["lost"] == 0
    worst = max(one["worst_ms"] or 0.0 for one in (rest, storm))
    assert worst > 500


async def test_a_broker_that_breaks_the_connections_loses_no_later_alert(mosquitto: Mosquitto) -> None:
    async def restart() -> None:
        await asyncio.sleep(0.7)
        mosquitto.stop()
        mosquitto.start()

    restarting = asyncio.create_task(restart())
    _, storm = await play(mosquitto, Plan(10, rest_s=6.0, alerts_per_s=0.1, storm_share=1.0, storm_s=1.0))
    await restarting
    assert (storm["raised"], storm["lost"]) == (10, 0)


async def test_nothing_stays_at_the_broker(mosquitto: Mosquitto) -> None:
    await play(mosquitto, quick(3))
    heard: list[Received] = []
    late = Subscriber(mosquitto.mqtt(), heard.append)
    task = asyncio.create_task(late.run())
    await late.ready.wait()
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heard == []


async def test_a_broker_that_refuses_is_told(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, users={"ward": "secret"})
    broker.start()
    try:
        with pytest.raises(PublishError) as caught:
            await play(broker, quick(2))
    finally:
        broker.stop()
    assert caught.value.reason is PublishReason.REFUSED


def test_a_broker_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert main(["fleet", "--host", "127.0.0.1", "--port", str(port), "--beds", "2"]) == 2
    assert f"127.0.0.1:{port} cannot be reached" in capsys.readouterr().err


def test_the_command_prints_a_line_for_each_phase(mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--host", "127.0.0.1", "--port", str(mosquitto.port)]
    what = ["--beds", "2", "4", "--rest-s", "1", "--storm-s", "0.5", "--json"]
    assert main(["fleet", *where, *what]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["beds"], one["phase"]) for one in lines] == [(2, "rest"), (2, "storm"), (4, "rest"), (4, "storm")]
    assert all(one["lost"] == 0 for one in lines)


async def test_a_client_whose_node_is_gone_takes_the_next(mosquitto: Mosquitto) -> None:
    access = Access.of(mosquitto.mqtt())
    access = replace(access, nodes=(("127.0.0.1", free_port()), *access.nodes))
    client = Client(access, "wanderer")
    client.publish("anodyne/w/b/event", b"{}")
    task = asyncio.create_task(client.run())
    await asyncio.wait_for(client.idle.wait(), 10)
    assert (client.owed, client.reconnects) == (0, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_node_that_is_not_ready_is_left_for_the_next_one(mosquitto: Mosquitto) -> None:
    """As a cluster does whose nodes have not agreed yet: CONNACK with code 3, "server unavailable"."""
    asked = 0

    async def not_ready(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x03")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(not_ready, "127.0.0.1", 0)
    access = Access.of(mosquitto.mqtt())
    nodes = (("127.0.0.1", int(server.sockets[0].getsockname()[1])), *access.nodes)
    client = Client(replace(access, nodes=nodes), "anodyne-fleet-test")
    task = asyncio.create_task(client.run())
    await asyncio.wait_for(client.ready.wait(), 10)
    assert (asked, client.reconnects) == (1, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.close()
    await server.wait_closed()
