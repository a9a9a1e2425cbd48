"""Publishes the end of the audit log once a day, so that what was written until then cannot be cut off or forged."""

from __future__ import annotations

import logging
from datetime import datetime

from edge.audit.log import AuditLog
from edge.clock import Clock
from edge.errors import StoreError
from edge.publish.outbox import Outbox
from edge.publish.payload import BLIND_MODE, AuditMessage, head
from edge.publish.topics import audit_leaf
from edge.types import NS_PER_S, Validity

log = logging.getLogger(__name__)

EVERY_S = 24 * 3600.0
"""Time between two anchors, seconds: a day's entries are what an intruder could still forge."""

EXPIRY_S = 400 * 24 * 3600
"""A broker forgets an anchor after this, seconds: thirteen months, so that a yearly review finds them all."""

LOOK_S = 60.0
"""How often it is looked whether it is time to, and what could not be written is tried again, seconds."""


class Anchors:
    """The daily anchors of one box.

    Args:
        audit: the log.
        outbox: carries the message.
        clock: time.
        validity: real, test or demo.
    """

    def __init__(self, audit: AuditLog, outbox: Outbox, clock: Clock, validity: Validity) -> None:
        """The first one is due at once."""
        self._audit = audit
        self._outbox = outbox
        self._clock = clock
        self._validity = validity
        self._published_ns: int | None = None
        self._published: str | None = None

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            self._audit.flush()
            self._audit.turn()
            self.look()
            await self._clock.sleep(LOOK_S)

    def look(self) -> AuditMessage | None:
        """Publish the newest entry where it is time to and there is a new one."""
        now = self._clock.instant()
        if self._published_ns is not None and now.mono_ns - self._published_ns < EVERY_S * NS_PER_S:
            return None
        end = self._audit.head()
        if end is None or end.hash == self._published:
            return None
        day = datetime.fromtimestamp(now.wall_ms / 1000).astimezone().date().isoformat()
        values = head(now, self._outbox.store.take_number(), self._validity, BLIND_MODE)
        message = AuditMessage(**values, day=day, entries=end.n, hash=end.hash)
        leaf = audit_leaf(day)
        try:
            self._outbox.put(leaf, message, retain=True, expiry_s=EXPIRY_S)
        except StoreError:
            self._outbox.hold(leaf, message, retain=True, expiry_s=EXPIRY_S)
        self._published_ns, self._published = now.mono_ns, end.hash
        log.info("audit log: entry %d published as the anchor of %s", end.n, day)
        return message
