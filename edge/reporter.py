"""Tells once a second what every sensor does: the daemon to its run folder, `anodyne sensors` to the terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.clock import Clock
from edge.inputs import Input
from edge.publish.payload import SensorCondition
from edge.sensors.report import EVERY_S, REPORT_FILE, BoxReport, run_folder

log = logging.getLogger(__name__)


class Reporter:
    """The reports of one box.

    Args:
        inputs: its sensors by name, in the order of the configuration.
        drivers: the word for the driver of each in the configuration.
        state_dir: the box's state folder; tells it from other boxes on this machine.
        clock: dates the reports.
        load: the level of load in force.
        models: says which models run.
    """

    def __init__(
        self,
        inputs: Mapping[str, Input],
        drivers: Mapping[str, str],
        state_dir: Path,
        clock: Clock,
        load: Callable[[], str] = lambda: "full",
        models: Callable[[], str] = str,
    ) -> None:
        """Write nothing yet."""
        self._models = models
        self._inputs = inputs
        self._drivers = drivers
        self._state_dir = state_dir
        self._clock = clock
        self._load = load
        self._failed = False

    def report(self) -> BoxReport:
        """What every sensor does now."""
        now_ns = self._clock.now_ns()
        return BoxReport(
            state_dir=str(self._state_dir.resolve()),
            pid=os.getpid(),
            boot_id=self._clock.boot_id,
            at_ns=now_ns,
            every_s=EVERY_S,
            load=self._load(),
            models=self._models(),
            sensors=tuple(source.report(self._drivers[name], now_ns) for name, source in self._inputs.items()),
        )

    def conditions(self) -> dict[str, SensorCondition]:
        """The short form for those who only show it, by name."""
        return {
            one.sensor: SensorCondition(
                state=one.state, battery=_whole(one.battery_percent), warnings=sorted(one.warnings, key=str)
            )
            for one in self.report().sensors
        }

    async def run(self) -> None:
        """Write a report every second until cancelled, and take it away at the end. A failure is logged once."""
        folder = run_folder(self._state_dir)
        try:
            while True:
                await self._clock.in_thread(self._write, self.report(), folder)
                await self._clock.sleep(EVERY_S)
        finally:
            self._remove(folder)

    def _write(self, report: BoxReport, folder: Path) -> None:
        try:
            report.write(folder)
        except OSError as error:
            if not self._failed:
                log.warning("`anodyne sensors` will see nothing of this box: %s cannot be written: %s", folder, error)
            self._failed = True
        else:
            self._failed = False

    @staticmethod
    def _remove(folder: Path) -> None:
        try:
            (folder / REPORT_FILE).unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s cannot be removed: %s", folder / REPORT_FILE, error)


def _whole(percent: float | None) -> float | None:
    """Whole percents: finer ones sway with the load, and each would be a message."""
    return None if percent is None else float(round(percent))
