"""Waits for the stations: which alert nobody has confirmed, since when, and when to offer it again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.publish.outbox import Outbox
from edge.publish.payload import AlertMessage, ReceiptMessage, decode
from edge.publish.proof import Proofs
from edge.types import NS_PER_S, Condition, Presence

logger = logging.getLogger(__name__)

MAX_RECEIPT_BYTES = 256
"""Longer receipts are refused unread: the longest has 24 + 64 characters and their keys."""

AGAIN_S = 30.0
"""First wait until the broker is offered again what no station has confirmed, seconds; doubled each time."""

AGAIN_CAP_S = 600.0
"""Longest such wait, seconds."""

_SOUNDING = (Presence.ON, Presence.LATCHED)


class Confirmation:
    """The station's step of the proof of delivery.

    Args:
        outbox: where alerts wait for it.
        clock: time.
        within_s: an alarm that sounds and is not confirmed within this makes the way to the station silent; 0: no
            station confirms anything, and none is waited for.
        send: called when rows are to be sent again.
    """

    def __init__(self, outbox: Outbox, clock: Clock, within_s: float, send: Callable[[], None]) -> None:
        """Nothing is waited for yet."""
        self.proofs = Proofs(outbox.store)
        self._outbox = outbox
        self._clock = clock
        self._within_s = within_s
        self._send = send
        self._open: dict[Condition, tuple[str, int]] = {}
        self._wait_s = AGAIN_S
        self._again_ns = 0
        self._told = False

    @property
    def wanted(self) -> bool:
        """Whether stations confirm alerts here."""
        return self._within_s > 0

    def alert(self, alert: AlertMessage) -> None:
        """An alert has been raised, or is announced again after a restart."""
        self.proofs.begin(alert)
        if alert.presence not in _SOUNDING:
            self._open.pop(alert.condition, None)
        elif not self.proofs.confirmed(alert.id):
            _, since_ns = self._open.get(alert.condition, ("", self._clock.now_ns()))
            self._open[alert.condition] = (alert.id, since_ns)

    def missing(self, now_ns: int) -> bool:
        """Whether an alarm sounds that no station has confirmed in time."""
        late = [since_ns for _, since_ns in self._open.values() if now_ns - since_ns >= self._within_s * NS_PER_S]
        return self.wanted and bool(late)

    def connected(self) -> None:
        """A broker is there: it may have forgotten what it acknowledged."""
        self._outbox.offer_again()
        self._wait_s = AGAIN_S
        self._again_ns = self._clock.now_ns() + round(AGAIN_S * NS_PER_S)

    def look(self, now_ns: int) -> None:
        """Offer again what is due; call it about once a second while connected."""
        if not self.wanted or now_ns < self._again_ns:
            return
        offered = self._outbox.offer_again()
        self._wait_s = min(AGAIN_CAP_S, 2 * self._wait_s) if offered else AGAIN_S
        self._again_ns = now_ns + round(self._wait_s * NS_PER_S)
        if offered:
            self._send()

    def receipt(self, payload: bytes) -> None:
        """A station's word; what is none changes nothing."""
        receipt = decode(ReceiptMessage, payload) if len(payload) <= MAX_RECEIPT_BYTES else None
        if receipt is None:
            if not self._told:
                logger.warning("what came as a receipt is none and is ignored, %d bytes (said once)", len(payload))
            self._told = True
            return
        for condition, (message_id, _) in list(self._open.items()):
            if message_id == receipt.id:
                del self._open[condition]
        if self._outbox.confirm(receipt.id) or not self.proofs.confirmed(receipt.id):
            self.proofs.station(receipt.id, receipt.by, self._clock.instant())
