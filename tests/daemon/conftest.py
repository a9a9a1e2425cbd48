"""A real broker for boxes that are spoken to."""

from tests.peers.broker import mosquitto as mosquitto
