"""`anodyne sensors`: what every sensor delivers, live."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live

from edge import camera_state, clock
from edge.alarm.standing import Standing
from edge.alarm.standing import load as load_standing
from edge.bundle import Bundle
from edge.cli.last_warning import LastWarning, only_handler
from edge.cli.run import DEFAULT_CONFIG
from edge.config import Config, load
from edge.daemon import STORE_FILE
from edge.errors import StoreError, StoreReason
from edge.inputs import CameraInput, Input, build_input
from edge.recorder.recorder import NotRecording
from edge.reporter import Reporter
from edge.sensors.report import EVERY_S, BoxReport, read_report
from edge.sensors.screen import duration, render
from edge.sensors.stanza import CameraSection
from edge.store import Store, is_held
from edge.types import NS_PER_S, Hold, SensorState

log = logging.getLogger(__name__)

FRESH_S = 5.0
"""A report older than this is no longer the daemon's word: five were due since."""

GATHER_S = 15.0
"""Time that `--once` gives sensors that it opens itself: a Bluetooth band takes up to five seconds to be found and
connected, and a rate is measured over ten."""

_HELP = "Ctrl-C ends"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "sensors",
        help="show what every sensor delivers",
        description="Show state, rates, coverage, quality, charge and losses of every configured sensor. While the "
        "box's daemon runs its own figures are shown; otherwise the sensors are opened here. Exit code: 0 all of them "
        "stream, 1 some do not.",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file (%(default)s)")
    parser.add_argument("--once", action="store_true", help="print once and end")
    parser.add_argument("--json", action="store_true", help="print one JSON object per second instead of the table")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help=f"end after this time; with --once: how long to measure first (default {GATHER_S:g}, the daemon's figures "
        "are there at once)",
    )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Show until Ctrl-C or the end of `--seconds`.

    Returns:
        0 where every sensor streams (at the end), else 1.

    Raises:
        ConfigError: the configuration cannot be used.
        StoreError: LOCKED: the daemon runs, but its figures may not be read by this user.
        BundleError, InferenceError: the models cannot be used.
    """
    config = load(arguments.config)
    system = clock.SystemClock()
    source = _source(config, system)
    with _screen(arguments) as screen, suppress(KeyboardInterrupt):
        showing = _Showing(source, system, screen)
        clock.run(system, showing.run(arguments.once or _is_piped(arguments), arguments.seconds))
    report = source.report()
    return 0 if source.live and all(one.state is SensorState.STREAMING for one in report.sensors) else 1


def _source(config: Config, system: clock.Clock) -> _Source:
    """The daemon's figures where it runs; else the sensors themselves."""
    report = _fresh(config, system)
    if report is not None:
        return _Daemons(config, system, report)
    if is_held(config.box.state_dir / STORE_FILE):
        raise StoreError(
            StoreReason.LOCKED,
            "the daemon holds the sensors, and its figures cannot be read: ask as root or as the daemon's user "
            "(sudo -u anodyne anodyne sensors)",
        )
    return _Own(config, system)


def _is_piped(arguments: argparse.Namespace) -> bool:
    """Whether a table would go to a file or a pipe, where only one makes sense."""
    return not arguments.json and arguments.seconds is None and not sys.stdout.isatty()


@contextmanager
def _screen(arguments: argparse.Namespace) -> Iterator[_Screen]:
    """Where reports go."""
    console = Console()
    if arguments.json:
        yield lambda _, report: print(report.model_dump_json(), flush=True)
    elif arguments.once or not console.is_terminal:
        yield lambda source, report: console.print(render(report, source.heading))
    else:
        warned = LastWarning()
        with only_handler(warned), Live(console=console, screen=True, auto_refresh=False) as live:
            yield lambda source, report: live.update(
                render(report, source.heading, f"{warned.text}\n{_HELP}".strip()), refresh=True
            )


def _fresh(config: Config, now: clock.Clock) -> BoxReport | None:
    """The daemon's report, if it is of this moment."""
    report = read_report(config.box.state_dir)
    if report is None or report.boot_id != now.boot_id:
        return None
    return report if 0 <= now.now_ns() - report.at_ns <= FRESH_S * NS_PER_S else None


def camera_off(path: Path) -> bool:
    """Whether somebody has switched the cameras off; where the box's state cannot be read they count as off."""
    word = camera_state.read(path.parent / camera_state.FILE)
    whole = camera_state.whole(path.parent)
    if not path.exists():
        return camera_state.settle(word, held=False, sound=whole) is not camera_state.Word.ON
    try:
        store = Store.open(path)
    except StoreError as error:
        log.warning("whether the cameras are switched off is not known: %s", error.message)
        return True
    try:
        text = load_standing(store)
        held = text is not None and Hold.CAMERA_OFF in Standing.model_validate_json(text).until_ns
        return camera_state.settle(word, held=held, sound=whole) is not camera_state.Word.ON
    finally:
        store.close()


class _Daemons:
    """The figures of the running daemon."""

    gather_s = 0.0

    def __init__(self, config: Config, system: clock.Clock, first: BoxReport) -> None:
        self._config = config
        self._clock = system
        self._last = first

    @property
    def heading(self) -> str:
        """Where the figures come from, and how old they are where that matters."""
        place = f"{self._config.box.site}/{self._config.box.bed}"
        if not self.live:
            return f"Sensors of {place}: THE DAEMON HAS STOPPED; its last word, {duration(self._age_s())} ago"
        return f"Sensors of {place}, as the daemon sees them (process {self._last.pid})"

    @property
    def live(self) -> bool:
        """Whether the daemon still speaks."""
        return self._age_s() <= FRESH_S

    def report(self) -> BoxReport:
        """Its newest report."""
        self._last = _fresh(self._config, self._clock) or self._last
        return self._last

    def _age_s(self) -> float:
        return (self._clock.now_ns() - self._last.at_ns) / NS_PER_S

    async def run(self) -> None:
        """The daemon does the work."""
        await asyncio.Event().wait()


class _Own:
    """The sensors, opened by this program: connection care, timeline and estimators as in the daemon."""

    gather_s = GATHER_S
    live = True

    def __init__(self, config: Config, system: clock.Clock) -> None:
        bundle = Bundle.load(config.models.bundle)
        if camera_off(config.box.state_dir / STORE_FILE):
            log.warning("somebody has switched the cameras of this box off: they are left closed")
            config = config.model_copy(
                update={"sensor": tuple(one for one in config.sensor if not isinstance(one, CameraSection))}
            )
        self._clock = system
        self._inputs: dict[str, Input] = {
            stanza.name: build_input(stanza, bundle, config.models.threads, system, NotRecording())
            for stanza in config.sensor
        }
        drivers: dict[str, str] = {stanza.name: stanza.driver for stanza in config.sensor}
        self._reporter = Reporter(self._inputs, drivers, config.box.state_dir, system)
        self.heading = f"Sensors of {config.box.site}/{config.box.bed}, opened here (no daemon runs)"

    def report(self) -> BoxReport:
        """The figures of this moment."""
        return self._reporter.report()

    async def run(self) -> None:
        """Keep every sensor connected and judge it once a second."""
        async with asyncio.TaskGroup() as group:
            for source in self._inputs.values():
                if isinstance(source, CameraInput):
                    group.create_task(source.run())
                group.create_task(source.follow())
            while True:
                await self._clock.sleep(EVERY_S)
                for source in self._inputs.values():
                    if source.status.state is SensorState.STREAMING:
                        await source.judge(source.look(self._clock.now_ns()))


_Source = _Daemons | _Own
_Screen = Callable[[_Source, BoxReport], None]


class _Showing:
    """Reads the source every second and shows it."""

    def __init__(self, source: _Source, system: clock.Clock, screen: _Screen) -> None:
        self._source = source
        self._clock = system
        self._screen = screen

    async def run(self, once: bool, seconds: float | None) -> None:
        """Show once after having gathered, or every second until the time is over."""
        working = asyncio.ensure_future(self._source.run())
        showing = asyncio.ensure_future(self._show(once, seconds))
        try:
            await asyncio.wait({working, showing}, return_when=asyncio.FIRST_COMPLETED)
            (working if working.done() else showing).result()
        finally:
            for task in (working, showing):
                task.cancel()
            await asyncio.wait({working, showing})

    async def _show(self, once: bool, seconds: float | None) -> None:
        if once:
            await self._clock.sleep(self._source.gather_s if seconds is None else seconds)
            self._tell()
            return
        until_ns = None if seconds is None else self._clock.now_ns() + round(seconds * NS_PER_S)
        while until_ns is None or self._clock.now_ns() < until_ns:
            self._tell()
            await self._clock.sleep(EVERY_S)

    def _tell(self) -> None:
        self._screen(self._source, self._source.report())
