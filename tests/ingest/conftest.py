"""Real brokers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.broker import Mosquitto
from tests.peers.broker import amqtt as amqtt
from tests.peers.postgres import postgres as postgres

CONFIGURATION = Path("docs/mosquitto/mosquitto.conf")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that takes anybody, and keeps as much for who is slow as the documentation says."""
    if not CONFIGURATION.exists():
        pytest.skip("the documentation is not beside the tests")
    [limit] = re.findall(r"^max_queued_messages \d+$", CONFIGURATION.read_text(), re.MULTILINE)
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", more=("persistence false", limit))
    broker.start()
    yield broker
    broker.kill()
