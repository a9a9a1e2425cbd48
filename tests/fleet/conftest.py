"""A real broker for the tests of this room."""

from tests.peers.broker import mosquitto as mosquitto
