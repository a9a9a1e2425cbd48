"""One MQTT connection: paho's client in paho's thread, its callbacks brought to the event loop.

A link lives for one connection. Trying again and the choice of protocol version are the business of
`edge.publish.dialer`; what to send again is known by the outbox, so nothing is lost with a link.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.config import Mqtt, Tls
from edge.errors import PublishError, PublishReason

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
"""Longest wait for TCP, TLS, CONNACK and SUBACK each, seconds: paho's own default for TCP."""

V5_SILENCE_S = 2.0
"""A broker that says nothing to MQTT 5 for this long is asked in MQTT 3.1.1, seconds. amqtt reads the length of the
client id where MQTT 5 has its properties and waits for bytes that never come; a broker that knows MQTT 5 answers
within one round trip."""

SESSION_EXPIRY_S = 3600
"""The broker keeps our subscription and what arrives for it this long after a lost connection, seconds: commands
given while the box reconnects are carried out late rather than never."""

WILL_DELAY_S = 5
"""The broker waits this long before it publishes the last will, seconds: a connection that is lost and made again at
once does not make the bed flicker at the station. MQTT v5 only."""

_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT v5, 2.4)."""

_PASSWORD_CODES = (0x86, 0x87)
"""Bad user name or password; not authorised."""

_TAKEN_OVER_CODE = 0x8E
"""Session taken over: another client of the same identity has connected."""

MAX_PACKET_BYTES = 65_536
"""The broker must not send us more than this in one packet, bytes (MQTT v5): the longest message of a box has a few
kilobytes, and whoever publishes megabytes on our topics means no good."""

_VERSION_CODE = 0x84
"""Unsupported protocol version."""

_NO_SHARING_CODE = 0x9E
"""Shared subscriptions not supported."""

SHARED = "$share/"
"""Begins the filter of a shared subscription: "$share/<group>/<filter>"."""

WITHOUT_SHARING = (
    "use a broker that speaks MQTT 5 and shares subscriptions (Mosquitto 2 does), or let `anodyne station` alone keep "
    "the record"
)
"""What to do about a broker that shares nothing."""


class Version(IntEnum):
    """Protocol versions that we speak."""

    V5 = int(MQTTProtocolVersion.MQTTv5)
    V311 = int(MQTTProtocolVersion.MQTTv311)


VERSION_NAMES = {Version.V5: "MQTT 5", Version.V311: "MQTT 3.1.1"}
"""How the versions are written in the log."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when we vanish."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived.

    Attributes:
        topic, payload: as published.
        retained: it was waiting at the broker.
        mid: packet id to acknowledge it by; 0 at QoS 0, which knows no acknowledgement.
        again: the broker has sent it before, and was not told that it had arrived.
    """

    topic: str
    payload: bytes
    retained: bool
    mid: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Handlers:
    """What a link calls, on the event loop."""

    acknowledged: Callable[[int, str | None], None]
    """(packet id, None) when the broker has taken a message, (packet id, reason) when it refuses it."""
    arrived: Callable[[Incoming], None]
    """A message arrived."""


class Link:
    """One connection.

    Args:
        config: the broker.
        client_id: MQTT client identity.
        version: protocol version to speak.
        handlers: called on the event loop that makes this object.
        subscriptions: topic filters to subscribe to at QoS 1; a broker that refuses the first is none for us, a
            further one that is refused is reported.
        will: last will, or None.
        retained: whether retained messages of the subscription are wanted.
        lasting: whether the broker keeps our session after we have closed in order; False for visitors.
        window: so many messages may be on their way before the first of them is acknowledged by `take` (MQTT v5); 0:
            each is acknowledged as it arrives.
    """

    def __init__(
        self,
        config: Mqtt,
        client_id: str,
        version: Version,
        handlers: Handlers,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        retained: bool = False,
        lasting: bool = True,
        window: int = 0,
    ) -> None:
        """Prepare; `open` connects."""
        self.version = version
        self.lost: asyncio.Future[PublishError] = asyncio.get_running_loop().create_future()
        self._config = config
        self._handlers = handlers
        self._subscriptions = subscriptions
        self._retained = retained
        self._lasting = lasting
        self._window = window
        self._loop = asyncio.get_running_loop()
        self._answered = threading.Event()
        self._subscribed = threading.Event()
        self._refusal: PublishError | None = None
        self._newest: paho.MQTTMessageInfo | None = None
        self.client_id = client_id
        self._client = self._build(client_id, will)

    def open(self) -> None:
        """Connect and subscribe. Blocks: call it in a worker thread.

        Raises:
            PublishError: UNREACHABLE, REFUSED, NOT_AUTHORISED, PROTOCOL (another version is
                wanted), SILENT (perhaps so) or NO_SHARING (a shared subscription is wanted, and it has none).
        """
        self._identify()
        properties = None
        if self.version is Version.V5:
            properties = _properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.MaximumPacketSize = MAX_PACKET_BYTES
            if self._window:
                properties.ReceiveMaximum = self._window
        try:
            self._client.connect(
                self._config.host,
                self._config.port,
                self._config.keepalive_s,
                clean_start=False if self.version is Version.V5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
                properties=properties,
            )
        except ssl.SSLError as error:
            raise self._untrusted(error) from error
        except (OSError, ValueError) as error:
            raise self._unreachable(str(error)) from error
        self._client.loop_start()
        self._await_connack()
        if self._subscriptions:
            self._subscribe()

    def publish(self, topic: str, payload: bytes, *, retain: bool, expiry_s: int | None = None) -> int:
        """Send at QoS 1.

        Returns:
            The packet id that `acknowledged` will be called with.
        """
        properties = None
        if self.version is Version.V5 and expiry_s is not None:
            properties = _properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry_s
        self._newest = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return self._newest.mid

    def take(self, incoming: Incoming) -> None:
        """Acknowledge a message, in the order of their arrival: the broker may forget it."""
        if incoming.mid:
            self._client.ack(incoming.mid, 1)

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Ask for nothing more; what is on its way still comes."""
        self._client.unsubscribe(list(filters))

    def end_session(self) -> None:
        """Let the session end with the connection: the broker keeps nothing for us any more."""
        self._lasting = False

    def flush(self, timeout_s: float) -> None:
        """Wait until the broker has acknowledged the message sent last. Blocks: call it in a worker thread."""
        if self._newest is not None:
            with suppress(ValueError, RuntimeError):  # not sent, or the connection is lost: nothing to wait for
                self._newest.wait_for_publish(timeout_s)

    def give_up(self, why: str) -> None:
        """Count this connection as lost, though it stands. Call it on the event loop."""
        self._set_lost(self._unreachable(why))

    def close(self) -> None:
        """Disconnect in order (the broker drops the will) and end paho's thread. Blocks: call it in a worker thread."""
        properties = None
        if self.version is Version.V5 and not self._lasting:
            properties = _properties(PacketTypes.DISCONNECT)
            properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._client.loop_stop()

    def _build(self, client_id: str, will: Will | None) -> paho.Client:
        v5 = self.version is Version.V5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if v5 else not self._lasting,
            protocol=MQTTProtocolVersion(self.version),
            reconnect_on_failure=False,
            manual_ack=bool(self._window),
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if will is not None:
            properties = None
            if v5:
                properties = _properties(PacketTypes.WILLMESSAGE)
                properties.WillDelayInterval = WILL_DELAY_S
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=properties)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _identify(self) -> None:
        """Set password and certificates; both are files that may be missing or wrong."""
        config = self._config
        try:
            if config.username is not None:
                file = config.password_path()
                password = file.read_text().partition("\n")[0] if file else None
                self._client.username_pw_set(config.username, password)
            if config.tls is not None:
                self._client.tls_set_context(tls_context(config.tls))
        except (OSError, ValueError) as error:
            raise PublishError(
                PublishReason.NOT_AUTHORISED,
                f"the password file or a certificate for the broker cannot be read: {error}",
            ) from error

    def _subscribe(self) -> None:
        if self.version is Version.V5:
            handling = (
                SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if self._retained else SubscribeOptions.RETAIN_DO_NOT_SEND
            )
            options = SubscribeOptions(qos=1, retainHandling=handling)
            self._client.subscribe([(one, options) for one in self._subscriptions])
        else:
            self._client.subscribe([(one, 1) for one in self._subscriptions])
        answered = self._subscribed.wait(CONNECT_TIMEOUT_S)
        if self._refusal is not None:
            raise self._refusal
        if not answered:
            raise self._unreachable(f"it did not answer the subscription to {self._subscriptions[0]}")

    def _await_connack(self) -> None:
        v5 = self.version is Version.V5
        answered = self._answered.wait(V5_SILENCE_S if v5 else CONNECT_TIMEOUT_S)
        if self._refusal is not None:
            raise self._refusal
        if not answered and v5:
            raise PublishError(PublishReason.SILENT, f"{self._where} does not answer {VERSION_NAMES[self.version]}")
        if not answered:
            raise self._unreachable("it did not answer the connection request")

    def _lost(self, code: ReasonCode) -> PublishError:
        if code.value == _TAKEN_OVER_CODE:
            return PublishError(
                PublishReason.TAKEN_OVER, f"{self._where} gave our place to another client named {self.client_id}"
            )
        return self._unreachable(f"the connection was lost ({code})")

    def _untrusted(self, error: ssl.SSLError) -> PublishError:
        """The certificates: whose is wrong, and what to look at."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return PublishError(
                PublishReason.CERTIFICATE,
                f"{self._where} does not prove who it is ({error.verify_message}): check [mqtt.tls] ca_file, the "
                "broker's certificate, and this box's clock",
            )
        return PublishError(
            PublishReason.CERTIFICATE,
            f"{self._where} and this box do not agree on encryption ({error.reason or error}): check [mqtt.tls] "
            "cert_file and key_file, and that the port is the encrypted one",
        )

    def _unreachable(self, detail: str) -> PublishError:
        return PublishError(PublishReason.UNREACHABLE, f"{self._where} cannot be reached: {detail}")

    def _unshared(self) -> PublishError:
        return PublishError(
            PublishReason.NO_SHARING,
            f"{self._where} has no shared subscriptions, by which workers divide the messages: {WITHOUT_SHARING}",
        )

    @property
    def _sharing(self) -> bool:
        return any(one.startswith(SHARED) for one in self._subscriptions)

    @property
    def _where(self) -> str:
        return f"the MQTT broker at {self._config.host}:{self._config.port}"

    def _refused(self, code: int, name: str) -> PublishError:
        where = self._where
        if code == _VERSION_CODE:
            return PublishError(PublishReason.PROTOCOL, f"{where} does not speak {VERSION_NAMES[self.version]}")
        if code in _PASSWORD_CODES:
            user = self._config.username or "(none)"
            return PublishError(
                PublishReason.NOT_AUTHORISED,
                f"{where} refuses user {user}: {name}; check [mqtt] username and password_file",
            )
        return PublishError(PublishReason.REFUSED, f"{where} refuses the connection: {name}")

    # Callbacks: paho's thread.

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: paho.ConnectFlags, code: ReasonCode, more: Properties | None
    ) -> None:
        if code.value >= _FAILURE:
            self._refusal = self._refused(code.value, str(code))
        elif self._sharing and more is not None and getattr(more, "SharedSubscriptionAvailable", 1) == 0:
            self._refusal = self._unshared()
        self._answered.set()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _data: object,
        _flags: paho.DisconnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if not self._answered.is_set() and self._refusal is None:
            # Brokers without MQTT 5 may hang up instead of answering.
            said = f"{self._where} hung up on {VERSION_NAMES[self.version]}"
            self._refusal = PublishError(PublishReason.SILENT, said)
        error = self._refusal or self._lost(code)
        if not self._subscribed.is_set() and self._refusal is None:
            self._refusal = error
        self._answered.set()
        self._subscribed.set()
        self._tell(partial(self._set_lost, error))

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, codes: list[ReasonCode], _more: Properties | None
    ) -> None:
        refused = [(one, code) for one, code in zip(self._subscriptions, codes, strict=False) if code.value >= _FAILURE]
        for subscription, code in refused:
            told = f"{self._where} refuses the subscription to {subscription}: {code}; check the broker's ACL"
            if code.value == _NO_SHARING_CODE:
                self._refusal = self._unshared()
            elif subscription == self._subscriptions[0]:
                self._refusal = PublishError(PublishReason.NOT_AUTHORISED, told)
            else:
                logger.error("%s", told)
        self._subscribed.set()

    def _on_publish(
        self, _client: paho.Client, _data: object, mid: int, code: ReasonCode, _more: Properties | None
    ) -> None:
        refusal = str(code) if code.value >= _FAILURE else None
        self._tell(partial(self._handlers.acknowledged, mid, refusal))

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        incoming = Incoming(
            message.topic,
            bytes(message.payload),
            bool(message.retain),
            message.mid if message.qos else 0,
            bool(message.dup),
        )
        self._tell(partial(self._handlers.arrived, incoming))

    def _tell(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended before paho's thread: nobody is left to be told
            self._loop.call_soon_threadsafe(call)

    def _set_lost(self, error: PublishError) -> None:
        if not self.lost.done():
            self.lost.set_result(error)


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself where the handshake fails: paho leaves that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(tls: Tls) -> ssl.SSLContext:
    """What certificates are asked for and shown; with `ca_file`, that authority alone is believed.

    Raises:
        OSError: a file cannot be read, or is none of its kind (ssl.SSLError).
    """
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.sslsocket_class = _ClosingSocket
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves this constructor without types
