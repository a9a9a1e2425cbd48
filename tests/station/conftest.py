"""A real broker for the tests of the command."""

from tests.peers.broker import mosquitto as mosquitto
