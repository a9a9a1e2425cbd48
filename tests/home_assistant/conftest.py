"""A real broker for the tests of health."""

from tests.peers.broker import mosquitto as mosquitto
