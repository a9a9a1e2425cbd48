"""The publisher: from outbox and assessments to the broker, and commands back.

Everything here runs on the event loop; paho's thread only hands over events (`edge.publish.link`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from edge.clock import Clock
from edge.config import Box, Mqtt
from edge.errors import StoreError
from edge.later import SETTLE_S
from edge.publish.age import age_ms
from edge.publish.cbor import encode_alert as encode_cbor
from edge.publish.cbor import encode_state as encode_cbor_state
from edge.publish.commands import CHANNELS, Answer, CommandDesk, Heard, Outcome
from edge.publish.confirmation import Confirmation
from edge.publish.dialer import Backoff, Dialer
from edge.publish.flight import InFlight
from edge.publish.link import Handlers, Incoming, Link, Version, Will
from edge.publish.outbox import LATE_S, Outbox, Row
from edge.publish.payload import (
    BLIND_MODE,
    AlertMessage,
    AvailabilityMessage,
    Command,
    HeadValues,
    Message,
    ReplyMessage,
    SensorCondition,
    StateMessage,
    alert_message,
    decode,
    head,
    late_message,
    state_message,
)
from edge.publish.refusals import Refusals
from edge.publish.sensors import SensorNews, sensors_message
from edge.publish.standing import StandingAlarms
from edge.publish.states import STATE_EVERY_S, STATE_EXPIRY_S, is_news
from edge.publish.topics import (
    ALARM,
    AUDIT,
    AVAILABILITY,
    CBOR,
    COMMAND,
    EVENT,
    RECEIPT,
    REPLY,
    SENSORS,
    STATE,
    Topics,
    alarm_leaf,
)
from edge.types import NS_PER_S, Alert, Assessment, Hold

logger = logging.getLogger(__name__)

REPLY_EXPIRY_S = 300
"""Nobody waits for the reply to a command longer than this, seconds."""

UNDELIVERED_S = 10.0
"""An alert that a connected broker does not take within this counts as not delivered, seconds: three times what a busy
broker on a bad radio link takes."""

WINDOW = 20
"""Outbox rows on their way at once: paho's own default for messages in flight."""

ACKNOWLEDGED_WITHIN_S = 30.0
"""A broker that answers pings but owes a PUBACK for this long is left and connected anew, seconds: ten times what a
busy broker on a bad radio link takes, and the same after which a station calls the bed stale."""

TIDY_S = 10.0
"""What nobody needs any more leaves the outbox this often, seconds: states and replies expire in 30 s and more."""

_GOODBYE_S = 2.0
"""Longest wait for the broker to take the last message at a clean stop, seconds."""

_POLL_S = 0.05
"""How often `drain` looks, seconds of the clock."""


class Publisher:
    """Publishes one bed.

    Args:
        config: the broker.
        box: site, bed and validity.
        outbox: rows that must arrive.
        clock: time; held while messages are on their way.
        on_command: carries out a command; raises CommandError where it does not apply.
        backoff: waits between attempts to connect.
        audit: told of every command.
    """

    def __init__(
        self,
        config: Mqtt,
        box: Box,
        outbox: Outbox,
        clock: Clock,
        on_command: Callable[[Command], Outcome],
        backoff: Backoff | None = None,
        audit: Callable[[Heard], None] | None = None,
    ) -> None:
        """Nothing is connected before `run`."""
        self._config = config
        self._box = box
        self._topics = Topics(box.site, box.bed)
        self._outbox = outbox
        self._store = outbox.store
        self._clock = clock
        self._desk = CommandDesk(outbox.store, on_command, audit)
        self._link: Link | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._in_flight = InFlight(clock)
        self._refusals = Refusals()
        self._standing = StandingAlarms(clock)
        self._announced: dict[str, Message] = {}
        self._waiting_since_ns: int | None = None
        self._state: StateMessage | None = None
        self._state_mid: int | None = None
        self._state_unsent = False
        self._sensor_news = SensorNews(clock)
        self._backoff = backoff
        self._tidied_ns = self._settled_ns = clock.now_ns()
        self._confirmation = Confirmation(outbox, clock, config.station_within_s, self._pump)
        self.proofs = self._confirmation.proofs
        outbox.listen(self._wake)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._link is not None

    @property
    def refused(self) -> int:
        """Rows that the broker refused on this connection; they stay in the outbox."""
        return len(self._refusals.rows)

    def silent(self, now_ns: int) -> bool:
        """Whether the way to the station is broken.

        There is no broker, or one that refuses rows or takes no alerts, or no station has confirmed an alarm in time.
        """
        waits_s = 0.0 if self._waiting_since_ns is None else (now_ns - self._waiting_since_ns) / NS_PER_S
        unheard = waits_s >= UNDELIVERED_S or self._confirmation.missing(now_ns)
        return not self.connected or bool(self._refusals.rows) or unheard

    def pending(self) -> int:
        """Rows that no broker has acknowledged."""
        return self._outbox.pending()

    async def run(self) -> None:
        """Stay connected and publish, until cancelled; then say goodbye (`availability` offline, "stopped")."""
        self._loop = asyncio.get_running_loop()
        await Dialer(self._clock, self._make_link, self._config.brokers(), self._backoff).run(self._session)

    def publish_alert(self, alert: Alert) -> None:
        """Remember the alert as its condition's state, and send what waits. Its rows are in the outbox already."""
        message = alert_message(alert)
        self._standing.put(message)
        self._confirmation.alert(message)
        if self._waiting_since_ns is None:
            self._waiting_since_ns = self._clock.now_ns()
        self._pump()

    def publish_state(self, assessment: Assessment, holds: tuple[Hold, ...] = ()) -> None:
        """Publish the assessment, retained, where it says something new or the last one is `STATE_EVERY_S` old.

        While the broker is away or slow only the newest is kept: states may be lost, alerts may not.
        """
        now_ns = self._clock.now_ns()
        self._leave_silent_broker(now_ns)
        self.look_after_outbox(now_ns)
        if self._refusals.over(now_ns):
            self._pump()
        if self._state is not None and not is_news(self._state, assessment, now_ns, holds):
            return
        number = self._store.take_number()
        instant = self._clock.instant()
        self._state = state_message(assessment, instant, number, self._box.validity, STATE_EVERY_S, holds)
        self._state_unsent = True
        self._send_state()

    def publish_sensors(self, sensors: Mapping[str, SensorCondition]) -> None:
        """Publish what the sensors do, retained, where it is news; without a connection nothing waits."""
        if self._link is not None and self._sensor_news.due(sensors):
            number = self._store.take_number()
            message = sensors_message(sensors, self._clock.instant(), number, self._box.validity, self._mode)
            self._send(SENSORS, message, retain=True)

    def announce(self, leaf: str, make: Callable[[HeadValues], Message]) -> None:
        """Publish what stands until it is announced anew, retained: now, and again at each connection.

        Args:
            leaf: topic below the bed's.
            make: makes the message with the head that it is given.
        """
        number, instant = self._store.take_number(), self._clock.instant()
        message = self._announced[leaf] = make(head(instant, number, self._box.validity, self._mode))
        self._send(leaf, message, retain=True)

    async def drain(self, timeout_s: float) -> bool:
        """Wait until everything has been acknowledged.

        Returns:
            False where `timeout_s` passed first.
        """
        deadline_ns = self._clock.now_ns() + round(timeout_s * NS_PER_S)
        while self._in_flight or self._outbox.pending():
            if self._clock.now_ns() >= deadline_ns:
                return False
            await self._clock.sleep(_POLL_S)
        return True

    def look_after_outbox(self, now_ns: int) -> None:
        """Give up what has expired, offer again what no station has confirmed, repeat what stands, write what may wait.

        Every state does this too.
        """
        if now_ns - self._tidied_ns >= TIDY_S * NS_PER_S:
            self._tidied_ns = now_ns
            self._outbox.tidy(self._clock.instant())
        if now_ns - self._settled_ns >= SETTLE_S * NS_PER_S:
            self._settled_ns = now_ns
            self._store.later.settle()
        if self.connected:
            self._confirmation.look(now_ns)
            self._repeat(self._standing.due())

    def _make_link(self, version: Version, broker: Mqtt) -> Link:
        will = self._availability(online=False, reason="connection_lost")
        return Link(
            broker,
            self._config.client_id or f"anodyne-{self._box.site}-{self._box.bed}",
            version,
            Handlers(self._acknowledged, self._arrived),
            subscriptions=(
                self._topics.of(f"{COMMAND}/#" if self._config.home_assistant else COMMAND),
                self._topics.of(RECEIPT),
            ),
            will=Will(self._topics.of(AVAILABILITY), will.encode()),
        )

    async def _session(self, link: Link) -> None:
        """One connection: greet, resend, then let events drive until it is lost."""
        self._link = link
        self._refusals.rows.clear()
        self._sensor_news.forget()
        try:
            self._send(AVAILABILITY, self._availability(online=True, reason="started"), retain=True)
            self._outbox.tidy(self._clock.instant())
            self._confirmation.connected()
            self._repeat(self._standing.all())
            self._state_unsent = self._state is not None and not self._is_stale(self._state)
            self._send_state()
            self._pump()
            for leaf, message in self._announced.items():  # last: some brokers hang up on a topic they do not allow
                self._send(leaf, message, retain=True)
            await asyncio.wait({link.lost})  # unlike `await link.lost`, leaves it uncancelled when we are
            raise link.lost.result()
        except asyncio.CancelledError:
            await self._goodbye(link)
            raise
        finally:
            self._link = None
            self._in_flight.clear()
            self._state_mid = None

    def _is_stale(self, state: StateMessage) -> bool:
        """Whether a state says nothing of now any more: it is dropped, and the next one is sent."""
        return age_ms(state, self._clock.instant()) >= STATE_EXPIRY_S * 1000

    def _repeat(self, alarms: Iterable[AlertMessage]) -> None:
        """Send alarm states that were sent before, as they were."""
        waiting: set[str] | None = None
        for message in alarms:
            waiting = self._outbox.waiting_leaves() if waiting is None else waiting
            leaf = alarm_leaf(message.condition)
            if leaf not in waiting:  # otherwise the newest row follows anyway
                self._send(leaf, message, retain=True)

    async def _goodbye(self, link: Link) -> None:
        if link.lost.done():
            return
        self._send(AVAILABILITY, self._availability(online=False, reason="stopped"), retain=True)
        await self._clock.in_thread(link.flush, _GOODBYE_S)

    def _pump(self) -> None:
        """Send the oldest waiting rows, as far as the window allows."""
        if self._link is None:
            return
        skip = self._in_flight.rows
        room = WINDOW - len(skip)
        if room <= 0:
            return
        rows = self._outbox.waiting(skip | self._refusals.rows, room)
        for row in sorted(rows, key=lambda one: one.leaf.startswith(AUDIT)):  # a broker may hang up on an anchor
            alert = self._marked(row)
            payload = row.payload if alert is None else alert.encode()
            mid = self._link.publish(self._topics.of(row.leaf), payload, retain=row.retain, expiry_s=row.expiry_s)
            self._in_flight.put(mid, row)
            if self._config.cbor and alert is not None:
                self._mirror(row, alert)

    def _marked(self, row: Row) -> AlertMessage | None:
        """The alert of a row, its event marked where it is sent late; None where the row is no alert."""
        if row.leaf != EVENT and not row.leaf.startswith(ALARM):
            return None
        alert = decode(AlertMessage, row.payload)
        if alert is None or row.leaf != EVENT:
            return alert
        late_s = age_ms(alert, self._clock.instant()) / 1000.0
        return late_message(alert, late_s) if late_s >= LATE_S else alert

    def _mirror(self, row: Row, message: AlertMessage) -> None:
        """Say the same in CBOR, beside the JSON: only that is sent again until it has arrived."""
        if self._link is not None:
            topic = self._topics.of(f"{CBOR}{row.leaf}")
            self._in_flight.put(self._link.publish(topic, encode_cbor(message), retain=row.retain), None)

    def _send(self, leaf: str, message: Message, *, retain: bool, expiry_s: int | None = None) -> int | None:
        """Send a message that is not in the outbox."""
        if self._link is None:
            return None
        mid = self._link.publish(self._topics.of(leaf), message.encode(), retain=retain, expiry_s=expiry_s)
        self._in_flight.put(mid, None)
        return mid

    def _send_state(self) -> None:
        """Send the newest state unless the one before is still on its way."""
        if self._state is None or not self._state_unsent or self._state_mid is not None:
            return
        self._state_mid = self._send(STATE, self._state, retain=True, expiry_s=STATE_EXPIRY_S)
        self._state_unsent = self._state_mid is None
        if self._link is not None and self._config.cbor:
            topic = self._topics.of(f"{CBOR}{STATE}")
            payload = encode_cbor_state(self._state)
            self._in_flight.put(self._link.publish(topic, payload, retain=True, expiry_s=STATE_EXPIRY_S), None)

    def _leave_silent_broker(self, now_ns: int) -> None:
        """Give the connection up where the oldest message has waited too long."""
        if self._link is not None and self._in_flight.owed_s(now_ns) >= ACKNOWLEDGED_WITHIN_S:
            self._link.give_up(f"no acknowledgement for {ACKNOWLEDGED_WITHIN_S:.0f} s")

    def _acknowledged(self, mid: int, refusal: str | None) -> None:
        if mid not in self._in_flight:
            return
        row = self._in_flight.take(mid)
        if row is not None:
            if refusal is None:
                self._outbox.take(row, confirm=self._confirmation.wanted)
                if row.leaf == EVENT:
                    self._prove(row)
                self._note_delivered()
            elif row.leaf.startswith(AUDIT):
                # An older access list without this topic must not look like a broken way for alarms.
                self._outbox.remove(row.id)
                self._refusals.passing(refusal)
                self._note_delivered()
            else:
                self._refusals.add(row.id, self._topics.of(row.leaf), refusal, self._clock.now_ns())
        elif refusal is not None:
            self._refusals.passing(refusal)
        if mid == self._state_mid:
            self._state_mid = None
            self._send_state()
        self._pump()
        self._in_flight.rest()

    def _prove(self, row: Row) -> None:
        """The broker has an alert; a crash may have undone its proof."""
        alert = decode(AlertMessage, row.payload)
        if alert is not None:
            self.proofs.begin(alert)
            self.proofs.broker(alert.id, self._clock.instant())

    def _note_delivered(self) -> None:
        """What has been waited for is there, unless something else waits."""
        with suppress(StoreError):  # unreadable: the outbox reports it, and the wait goes on
            if self._waiting_since_ns is not None and not self._outbox.pending():
                self._waiting_since_ns = None

    def _arrived(self, incoming: Incoming) -> None:
        channel = {self._topics.of(leaf): channel for leaf, channel in CHANNELS.items()}.get(incoming.topic)
        if channel is None and incoming.topic != self._topics.of(RECEIPT):
            return
        if incoming.retained:
            logger.warning("a retained command is ignored: it may be days old")
            return
        if channel is None:
            self._confirmation.receipt(incoming.payload)
            return
        answer = self._desk.take(incoming.payload, channel, self._clock.instant())
        if answer.alert is not None:
            self.publish_alert(answer.alert)
        self._reply(answer)

    def _reply(self, answer: Answer) -> None:
        instant = self._clock.instant()
        error = answer.error
        reply = ReplyMessage(
            **head(instant, self._store.take_number(), self._box.validity, self._mode),
            to=answer.to,
            ok=error is None,
            reason=None if error is None else str(error.reason),
            detail=answer.detail if error is None else error.message,
        )
        # In memory: the command's row on disk answers a repeat after a restart.
        self._outbox.hold(REPLY, reply, expiry_s=REPLY_EXPIRY_S)
        self._pump()

    def _availability(self, *, online: bool, reason: str) -> AvailabilityMessage:
        instant = self._clock.instant()
        mode = self._mode if online else BLIND_MODE
        values = head(instant, self._store.take_number(), self._box.validity, mode)
        return AvailabilityMessage.model_validate({**values, "online": online, "reason": reason})

    @property
    def _mode(self) -> str:
        return BLIND_MODE if self._state is None else self._state.mode

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pump)
