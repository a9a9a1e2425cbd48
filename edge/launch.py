"""Starts the box: whole, or in safe mode after repeated failure."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from edge import clock as clocks
from edge.bundles.shelf import Shelf
from edge.clock import Clock, SystemClock
from edge.config import Config, load
from edge.daemon import Daemon
from edge.durable import READABLE, replace
from edge.errors import AnodyneError, ConfigError
from edge.fitness import check_fitness
from edge.health.dumps import keep_out_of_dumps
from edge.health.safe_mode import SafeMode, modalities
from edge.health.starts import HELD_S, Failure, Starts
from edge.health.systemd import Notifier
from edge.sensors.report import run_folder
from edge.stages import Stage

log = logging.getLogger(__name__)

LEAVE_S = 3.0
"""Time for the rest once the daemon has ended and its state is closed; the service manager kills after 15 s in all."""

OPENING_S = 30.0
"""So long after the first assessment cameras and bands are still being opened, seconds: a band is searched for 20 s."""

KEPT_FILE = "config.kept.json"
"""What of the last configuration that worked safe mode needs, in the state folder."""

_KEPT = ("box", "mqtt", "alarm", "annunciator", "button", "home", "metrics")


def launch(path: Path) -> int:
    """Run until SIGTERM or SIGINT, or until the time in safe mode is over.

    Safe mode ends with the process: a service manager starts it anew with all its time-outs; where there is none it
    starts itself.

    Returns:
        Exit code 0.

    Raises:
        AnodyneError: the box cannot start; what was tried is noted.
    """
    keep_out_of_dumps()
    faulthandler.enable()  # a crash in a library, and the watchdog's SIGABRT, leave every thread's stack in the log
    system = SystemClock()
    again = clocks.run(system, _Launch(path, system, Notifier.from_environment(os.environ)).run())
    if again and "NOTIFY_SOCKET" not in os.environ:
        logging.shutdown()
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  # this very program, with its own arguments
    return 0


class _Launch:
    """One start."""

    def __init__(self, path: Path, clock: Clock, notifier: Notifier) -> None:
        self._path = path
        self._clock = clock
        self._notifier = notifier
        self._stop = asyncio.Event()

    async def run(self) -> bool:
        """Run the box; True where it is to be started again."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        config, fault = self._read()
        folder = _state_folder(config)
        if folder is None:
            raise fault or AssertionError("a configuration names its state folder")
        starts = Starts.open((folder, run_folder(folder)), self._clock)
        try:
            return await self._run(starts, folder, config, fault)
        finally:
            starts.close()

    def _read(self) -> tuple[Config | None, ConfigError | None]:
        try:
            return load(self._path), None
        except ConfigError as error:
            return None, error

    async def _run(self, starts: Starts, folder: Path, config: Config | None, fault: ConfigError | None) -> bool:
        failure = starts.begin()
        if failure is not None and failure.stage is Stage.CONFIG and config is not None:
            starts.clear()  # somebody has mended the file
            failure = starts.begin()
        if config is None:
            why = "" if fault is None else fault.message
            starts.failed(why)
            if failure is not None:
                failure = Failure(failure.count, Stage.CONFIG, why)
                config = _kept(folder)
            if config is None:
                raise fault or AssertionError("the configuration has been read or refused")
        if failure is None:
            await self._whole(starts, folder, config)
            return False
        return await self._safely(starts, config, failure)

    async def _whole(self, starts: Starts, folder: Path, config: Config) -> None:
        loop = asyncio.get_running_loop()

        def reached(stage: Stage) -> None:
            starts.reached(stage)
            if stage is Stage.OPENING:
                _keep(folder, config)
                loop.call_later(OPENING_S, starts.reached, Stage.WATCHING)
                loop.call_later(HELD_S, starts.clear)

        shelf = Shelf.of(config.box.state_dir, config.models.keys, check_fitness, self._clock)
        try:
            await serve(
                lambda: Daemon(
                    config, self._clock, notifier=self._notifier, shelf=shelf, on_stage=reached, restarts=starts
                ),
                self._stop,
            )
        except Exception as error:
            starts.failed(_words(error))
            leave_within(LEAVE_S, _words(error))
            raise
        leave_within(LEAVE_S)
        starts.clear()  # a person has ended it

    async def _safely(self, starts: Starts, config: Config, failure: Failure) -> bool:
        again_s = config.box.safe_mode_s
        log.critical("SAFE MODE: %s. The whole box is tried again in %.0f s", failure.words, again_s)
        safe = SafeMode(failure, [modality for stanza in config.sensor for modality in modalities(stanza)])
        ended = await serve(
            lambda: Daemon(config, self._clock, notifier=self._notifier, safe=safe), self._stop, again_s
        )
        leave_within(LEAVE_S)
        if ended:
            starts.clear()
        else:
            starts.try_again()
        return not ended


async def serve(build: Callable[[], Daemon], stop: asyncio.Event, seconds: float | None = None) -> bool:
    """Run the box until it is to stop; where another bundle is to run, it is built anew.

    Args:
        build: makes a daemon.
        stop: set from outside.
        seconds: the box is ended after this time, if it has not been before.

    Returns:
        False where the time was over before somebody ended it.

    Raises:
        ExceptionGroup: a room has failed; nothing has ended cleanly.
    """
    over = False
    while not stop.is_set() and not over:
        daemon = build()
        task = asyncio.create_task(daemon.run(), name="daemon")
        events = [stop] if daemon.updates is None else [stop, daemon.updates.changed]
        waiting = [asyncio.create_task(event.wait()) for event in events]
        done, _ = await asyncio.wait([task, *waiting], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        over = not done
        for one in (task, *waiting):
            one.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return not over


def _state_folder(config: Config | None) -> Path | None:
    """The service manager's state folder, else that of the configuration; None where neither is known."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    return None if config is None else config.box.state_dir


def _keep(folder: Path, config: Config) -> None:
    """Keep what safe mode would need, should the file be spoilt; it names no password."""
    text = config.model_dump_json(include=set(_KEPT))
    try:
        file = folder / KEPT_FILE
        if not file.exists() or file.read_text() != text:
            replace(file, text.encode(), READABLE)
    except OSError as error:
        log.warning("safe mode will depend on the configuration file: %s cannot be written: %s", folder, error)


def _kept(folder: Path) -> Config | None:
    try:
        config = Config.model_validate_json((folder / KEPT_FILE).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("the configuration that last worked cannot be used: %s", error)
        return None
    log.critical("broker, page and bedside light are those of the configuration that last worked")
    return config


def _words(error: BaseException) -> str:
    """What a person should read of an error: the first of a group, in its own words."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error.message if isinstance(error, AnodyneError) else f"{type(error).__name__}: {error}"


def leave_within(seconds: float, why: str = "") -> None:
    """End the process even if a thread hangs in a library; Python itself would wait for that thread without end.

    Args:
        seconds: the time that is left for an end in order.
        why: the error that ends it; "" where a person does.
    """
    timer = threading.Timer(seconds, _leave, (why,))
    timer.daemon = True
    timer.start()


def _leave(why: str) -> None:
    log.warning("something hangs in a device; the state is safe, leaving without it%s", f": {why}" if why else "")
    logging.shutdown()
    os._exit(1 if why else 0)
