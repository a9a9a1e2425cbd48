"""The receiving side: what stations, `anodyne watch` and the demonstration's nurse hear of the beds."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from edge.clock import Clock, SystemClock
from edge.config import Mqtt
from edge.publish.dialer import Backoff, Dialer
from edge.publish.flight import InFlight
from edge.publish.link import Handlers, Incoming, Link, Version
from edge.publish.payload import (
    AlertMessage,
    AuditMessage,
    AvailabilityMessage,
    BurdenMessage,
    Head,
    HealthMessage,
    LoadMessage,
    Message,
    NoteMessage,
    ReceiptMessage,
    ReplyMessage,
    SensorsMessage,
    StateMessage,
    decode,
)
from edge.publish.topics import (
    ALARM,
    AUDIT,
    AVAILABILITY,
    BURDEN,
    CBOR,
    COMMAND,
    EVENT,
    HEALTH,
    HOME_COMMAND,
    LOAD,
    NOTE,
    RECEIPT,
    REPLY,
    SENSORS,
    STATE,
    Address,
    Topics,
    parse,
)

logger = logging.getLogger(__name__)

REMEMBERED = 4096
"""Ids kept to recognise repeats: a quarter of an hour of 40 beds that speak every ten seconds. A repeat comes within
one reconnection or within 30 s; what more than a thousand beds repeat may be taken for new, and says the same again."""

COMMAND_EXPIRY_S = 30
"""The broker drops a command that a box did not fetch within this time, seconds (MQTT v5): an acknowledgement means
what the nurse sees now, and must not meet another alarm later."""


RECEIPT_EXPIRY_S = 60
"""The broker drops a receipt that a box did not fetch within this time, seconds (MQTT v5): the box offers again what
was not confirmed, and gets another."""


PROBE = "probe-"
"""Begins the `to` of a reply that answers nobody: a box asks whether a station listens, which answers by a receipt."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message of a bed.

    Attributes:
        address: site, bed and leaf.
        message: what it says.
        retained: it was waiting at the broker and may be old; only what arrives live proves that the box lives.
        arrived_ns: monotonic time of the receiver.
    """

    address: Address
    message: Head
    retained: bool
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Overheard:
    """What a station published.

    Attributes:
        address: site, bed and leaf (`command` or `note`).
        payload: as it came; anybody with access to the broker may have written it.
        retained: it was waiting at the broker.
    """

    address: Address
    payload: bytes
    retained: bool


class Subscriber:
    """Listens to beds, drops repeats, sends commands.

    Args:
        config: the broker.
        on_message: called on the event loop for every new message.
        topics: which beds; all by default.
        clock: time; the system's by default.
        client_id: MQTT client identity; default: made from host name and process id.
        on_connected: called when the connection is made (True) and lost (False).
        on_station: called with the payloads that stations publish (commands and notes), unread; they may be anything.
        backoff: waits between attempts to connect.
    """

    def __init__(
        self,
        config: Mqtt,
        on_message: Callable[[Received], None],
        *,
        topics: Topics | None = None,
        clock: Clock | None = None,
        client_id: str | None = None,
        on_connected: Callable[[bool], None] | None = None,
        on_station: Callable[[Overheard], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Nothing is connected before `run`."""
        self._config = config
        self._on_message = on_message
        self._topics = topics or Topics("+", "+")
        self._clock = clock or SystemClock()
        self._client_id = client_id or f"anodyne-watch-{socket.gethostname()[:24]}-{os.getpid()}"
        self._on_connected = on_connected
        self._on_station = on_station
        self._backoff = backoff
        self._link: Link | None = None
        self._seen: OrderedDict[tuple[Address, str], str] = OrderedDict()
        self._owed: OrderedDict[tuple[Address, str], str] = OrderedDict()
        self._in_flight = InFlight(self._clock)
        self.ready = asyncio.Event()
        """Set while connected and subscribed."""

    @property
    def connected(self) -> bool:
        """Whether the broker has taken our subscription and the connection stands."""
        return self._link is not None

    async def run(self) -> None:
        """Stay connected and listen, until cancelled."""
        await Dialer(self._clock, self._make_link, self._config.brokers(), self._backoff).run(self._session)

    def send(self, site: str, bed: str, command: Message) -> bool:
        """Send a command at QoS 1; False where there is no connection (nothing is queued: an old command is worse)."""
        return self._publish(Topics(site, bed).of(COMMAND), command, retain=False, expiry_s=COMMAND_EXPIRY_S)

    def confirm(self, received: Received, by: str) -> None:
        """Tell the box that a station shows this alert; every repeat of it is then confirmed too.

        Without a connection it is sent by the next one: what was retained arrives before the connection counts as one.

        Args:
            received: an alert, or a probe, as it came.
            by: name of the station, 1 to 64 characters.
        """
        if isinstance(received.message, AlertMessage) or is_probe(received.message):
            self._seen[received.address, received.message.id] = by
            self._send_receipt(received.address, received.message.id, by)

    def _send_receipt(self, address: Address, message_id: str, by: str) -> None:
        receipt = ReceiptMessage(id=message_id, by=by)
        topic = Topics(address.site, address.bed).of(RECEIPT)
        if not self._publish(topic, receipt, retain=False, expiry_s=RECEIPT_EXPIRY_S):
            self._owed[address, message_id] = by
            while len(self._owed) > REMEMBERED:  # the box offers again what was not confirmed
                self._owed.popitem(last=False)

    def leave_note(self, site: str, bed: str, note: NoteMessage) -> bool:
        """Publish a note for all stations, in place of the bed's last one; False where there is no connection."""
        return self._publish(Topics(site, bed).of(NOTE), note, retain=True, expiry_s=None)

    def _publish(self, topic: str, message: Message, *, retain: bool, expiry_s: int | None) -> bool:
        if self._link is None:
            return False
        self._in_flight.put(self._link.publish(topic, message.encode(), retain=retain, expiry_s=expiry_s), None)
        return True

    def _make_link(self, version: Version, broker: Mqtt) -> Link:
        return Link(
            broker,
            self._client_id,
            version,
            Handlers(self._acknowledged, self._arrived),
            subscriptions=(self._topics.everything,),
            retained=True,
            lasting=False,
        )

    async def _session(self, link: Link) -> None:
        self._link = link
        while self._owed:
            (address, message_id), by = self._owed.popitem(last=False)
            self._send_receipt(address, message_id, by)
        self._tell(connected=True)
        try:
            await asyncio.wait({link.lost})
            raise link.lost.result()
        finally:
            self._link = None
            self._in_flight.clear()
            self._tell(connected=False)

    def _tell(self, *, connected: bool) -> None:
        if connected:
            self.ready.set()
        else:
            self.ready.clear()
        if self._on_connected is not None:
            self._on_connected(connected)

    def _acknowledged(self, mid: int, refusal: str | None) -> None:
        if refusal is not None:
            logger.error("the broker does not take our command or receipt: %s; check the broker's ACL", refusal)
        if mid in self._in_flight:
            self._in_flight.take(mid)
        self._in_flight.rest()

    def _arrived(self, incoming: Incoming) -> None:
        address = parse(incoming.topic)
        if address is None or address.leaf == RECEIPT or address.leaf.startswith(CBOR):
            return
        if address.leaf in (COMMAND, HOME_COMMAND, NOTE):
            if self._on_station is not None:
                self._on_station(Overheard(address, incoming.payload, incoming.retained))
            return
        message = read(address.leaf, incoming.payload)
        if message is None:
            logger.warning("unreadable message on %s, %d bytes", incoming.topic, len(incoming.payload))
            return
        by = self._seen.get((address, message.id))
        if self._first_time(address, message.id):
            self._on_message(Received(address, message, incoming.retained, self._clock.now_ns()))
        elif by:
            self._send_receipt(address, message.id, by)  # the box has not got the first one

    def _first_time(self, address: Address, message_id: str) -> bool:
        if (address, message_id) in self._seen:
            self._seen.move_to_end((address, message_id))  # a standing alarm is repeated for as long as it stands
            return False
        self._seen[address, message_id] = ""
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True


def is_probe(message: Message) -> bool:
    """Whether a box asks for a sign of life of a station."""
    return isinstance(message, ReplyMessage) and message.to.startswith(PROBE)


def read(leaf: str, payload: bytes) -> Head | None:
    """Read the message of a leaf; None where it is not one of ours."""
    if leaf.startswith(ALARM) or leaf == EVENT:
        return decode(AlertMessage, payload)
    if leaf == STATE:
        return decode(StateMessage, payload)
    if leaf == AVAILABILITY:
        return decode(AvailabilityMessage, payload)
    if leaf.startswith(BURDEN):
        return decode(BurdenMessage, payload)
    if leaf.startswith(AUDIT):
        return decode(AuditMessage, payload)
    if leaf == LOAD:
        return decode(LoadMessage, payload)
    if leaf == SENSORS:
        return decode(SensorsMessage, payload)
    if leaf == HEALTH:
        return decode(HealthMessage, payload)
    return decode(ReplyMessage, payload) if leaf == REPLY else None
