"""The home page beside the daemon: a thread with a loop of its own, which may fail or hang without harm to the box."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from edge import clock as clocks
from edge.clock import Clock, Instant, SystemClock
from edge.config import Box, Home, Station
from edge.errors import CommandError, ReasonedError, StationError, StationReason, StoreError
from edge.publish.commands import Channel, CommandDesk, Heard, Outcome
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import (
    BLIND_MODE,
    AvailabilityMessage,
    Command,
    HeadValues,
    NoteMessage,
    ReplyMessage,
    SensorCondition,
    alert_message,
    head,
    state_message,
)
from edge.publish.sensors import SensorNews, sensors_message
from edge.publish.topics import NOTE
from edge.station.household import Household
from edge.types import NS_PER_S, Alert, Assessment, Hold

if TYPE_CHECKING:
    from edge.station.serve import Server

logger = logging.getLogger(__name__)

STATE_EVERY_S = 2.0
"""The page hears an assessment at least this often, seconds; a box that hangs is unknown after three times this."""

_AGAIN_S = (5.0, 60.0)
"""First and longest wait before a page that has ended is started again, seconds."""

_LEAVE_S = 3.0
"""Longest wait for the page at the end, seconds: its thread does not keep the process."""

_NEEDED = ("starlette", "uvicorn", "argon2")


class HomePage:
    """Serves the page of this bed.

    Args:
        section: `[home]` of the configuration, with a PIN file.
        box: `[box]`.
        clock: time of the box.
        outbox: where notes wait for a broker.
        publisher: sends what a command caused, and says how the way out stands.
        on_command: carries commands out.
        audit: told of every command.

    Attributes:
        household: what the page hears.
        loop: the page's own event loop; None while there is none.

    Raises:
        StationError: the packages of the page are not installed.
    """

    def __init__(
        self,
        section: Home,
        box: Box,
        clock: Clock,
        outbox: Outbox,
        publisher: Publisher,
        on_command: Callable[[Command], Outcome],
        audit: Callable[[Heard], None] | None = None,
    ) -> None:
        """Nothing listens yet."""
        missing = [name for name in _NEEDED if find_spec(name) is None]
        if missing:
            raise StationError(
                StationReason.NOT_INSTALLED,
                f"[home] has a pin_file, but {', '.join(missing)} is not installed: pip install 'anodyne[station]', "
                "or take pin_file away",
            )
        self._section = section
        self._box = box
        self._clock = clock
        self._outbox = outbox
        self._publisher = publisher
        self._desk = CommandDesk(outbox.store, on_command, audit)
        self.household = Household(
            box.site, box.bed, SystemClock(), self._order, self._note, lambda: self._availability(self._clock.instant())
        )
        self._told_ns: int | None = None
        self._told: tuple[object, ...] = ()
        self._outside = ""
        self._mode = BLIND_MODE
        self._sensor_news = SensorNews(clock)
        self._server: Server | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._ending = threading.Event()

    def alert(self, alert: Alert) -> None:
        """Show a transition."""
        self.household.alert(alert_message(alert))

    def state(self, assessment: Assessment, holds: tuple[Hold, ...]) -> None:
        """Show an assessment where it says something new or the last one is `STATE_EVERY_S` old."""
        now_ns = self._clock.now_ns()
        said = (assessment.verdict, assessment.mode_text, dict(assessment.missing), holds)
        if self._told_ns is not None and said == self._told and now_ns - self._told_ns < STATE_EVERY_S / 2 * NS_PER_S:
            return
        self._told_ns, self._told, self._mode = now_ns, said, assessment.mode_text
        self._outside = self._way_out()
        instant = self._clock.instant()
        self.household.state(state_message(assessment, instant, 0, self._box.validity, STATE_EVERY_S, holds))

    def sensors(self, sensors: Mapping[str, SensorCondition]) -> None:
        """Show the charge of the wristbands, where it is news."""
        if self._sensor_news.due(sensors):
            self.household.sensors(sensors_message(sensors, self._clock.instant(), 0, self._box.validity, self._mode))

    async def run(self) -> None:
        """Keep the page served until cancelled. Whatever ends it is logged, and it is started again."""
        self.household.attach(asyncio.get_running_loop())
        wait_s = _AGAIN_S[0]
        try:
            while True:
                thread = threading.Thread(target=self._serve, name="home page", daemon=True)
                started_ns = self._clock.now_ns()
                thread.start()
                while thread.is_alive():
                    await self._clock.sleep(0.5)
                lasted_s = (self._clock.now_ns() - started_ns) / NS_PER_S
                wait_s = _AGAIN_S[0] if lasted_s > _AGAIN_S[1] else min(_AGAIN_S[1], wait_s * 2)
                logger.error("the home page has ended; it is started again in %.0f s, the box watches on", wait_s)
                await self._clock.sleep(wait_s)
        finally:
            self._ending.set()
            self._stop()
            await asyncio.to_thread(thread.join, _LEAVE_S)

    def _stop(self) -> None:
        if self._server is not None and self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._server.stop)

    def _serve(self) -> None:
        """In the page's thread."""
        try:
            clocks.run(system := SystemClock(), self._serve_on(system))
        except ReasonedError as error:
            logger.warning("the home page cannot be served: %s", error.message)
        finally:
            self._server = self.loop = None

    async def _serve_on(self, clock: Clock) -> None:
        from edge.station.serve import Server

        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it speaks of every connection
        server = Server(
            self._station(),
            self.household.line,
            clock,
            page="home.html",
            near=True,
            outside=lambda: self._outside,
        )
        self._server, self.loop = server, asyncio.get_running_loop()
        if not self._ending.is_set():
            logger.info("the home page is served at %s", server.url)
            await server.run()

    def _station(self) -> Station:
        """The same page's settings, as those of a station."""
        home = self._section
        return Station(accounts_file=home.pin_file or Station().accounts_file).model_copy(
            update={
                "host": home.host,
                "port": home.port,
                "state_dir": self._box.state_dir / "home",
                "certificate_file": home.certificate_file,
                "key_file": home.key_file,
                "insecure_http": True,
                "sign_in_hours": 24 * home.sign_in_days,
                "keep_days": home.keep_days,
            }
        )

    def _order(self, payload: bytes) -> ReplyMessage | None:
        """Carry a command of the page out, on the box's loop; what it changes goes the way of every alarm."""
        answer = self._desk.take(payload, Channel.PAGE, self._clock.instant())
        if answer.alert is not None:
            self._publisher.publish_alert(answer.alert)
        self._told_ns = None  # holds may have changed: the next tick says so
        error: CommandError | None = answer.error
        return ReplyMessage.model_validate(
            {
                **self._head(self._clock.instant()),
                "to": answer.to,
                "ok": error is None,
                "reason": None if error is None else str(error.reason),
                "detail": answer.detail if error is None else error.message,
            }
        )

    def _note(self, note: NoteMessage) -> None:
        """Send a note out; on a full disk it waits in memory like an alert."""
        try:
            self._outbox.put(NOTE, note, retain=True)
        except StoreError:
            self._outbox.hold(NOTE, note, retain=True)

    def _way_out(self) -> str:
        if self._publisher.connected:
            return ""
        try:
            waiting = self._publisher.pending()
        except StoreError:
            return "Not connected to the hospital."
        later = f": {waiting} message{'' if waiting == 1 else 's'} will be sent later" if waiting else ""
        return f"Not connected to the hospital{later}."

    def _availability(self, instant: Instant) -> AvailabilityMessage:
        return AvailabilityMessage.model_validate({**self._head(instant), "online": True, "reason": "started"})

    def _head(self, instant: Instant) -> HeadValues:
        return head(instant, 0, self._box.validity, self._mode)
