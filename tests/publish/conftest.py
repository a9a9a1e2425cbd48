"""Real brokers for the tests of this room."""

from tests.peers.broker import amqtt as amqtt
from tests.peers.broker import mosquitto as mosquitto
