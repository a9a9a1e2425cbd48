"""Tells on MQTT what is wrong with the box itself: what `anodyne doctor` would find of it, looked at once a minute."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge.bundles.state import BundleState
from edge.clock import Clock
from edge.config import Config
from edge.health.box import hottest_c
from edge.health.bundles import faults as bundle_faults
from edge.health.findings import Finding, Grade
from edge.health.hardware import Board, board
from edge.health.machine import clock as clock_finding
from edge.health.machine import state_folder
from edge.health.running import camera_state
from edge.health.safe_mode import SafeMode
from edge.publish.payload import HeadValues, HealthMessage, Message
from edge.publish.topics import HEALTH
from edge.software import software
from edge.types import NS_PER_S

LOOK_S = 60.0
"""Between two looks, seconds: nothing of this changes faster in a way that is not an alarm of its own."""

REPEAT_S = 900.0
"""What stands is said again after this long, seconds, so that the temperature is of today."""

_ORDER = (Grade.OK, Grade.WARNING, Grade.ERROR)
_MOST = 160


class HealthTeller:
    """Announces the health of one box.

    Args:
        config: of the box.
        clock: time.
        announce: publishes a retained message on a leaf.
        safe: where the box is in safe mode.
        place: where the board is looked at.
        models: how it stands with the bundles, asked from a thread; None where no models are used.

    Attributes:
        models: that, as it was looked at last.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        announce: Callable[[str, Callable[[HeadValues], Message]], None],
        safe: SafeMode | None = None,
        place: Board | None = None,
        models: Callable[[], BundleState | None] = lambda: None,
    ) -> None:
        """Nothing has been looked at."""
        self._config = config
        self._clock = clock
        self._announce = announce
        self._safe = safe
        self._place = place or Board()
        self._models = models
        self.models: BundleState | None = None
        self._told: tuple[Finding, ...] | None = None
        self._told_ns = 0

    async def run(self) -> None:
        """Look, and tell what is new, until cancelled."""
        while True:
            findings, degrees, models = await self._clock.in_thread(self._look)
            self._tell(findings, degrees, models)
            await self._clock.sleep(LOOK_S)

    def _look(self) -> tuple[tuple[Finding, ...], float | None, BundleState | None]:
        models = self._models()
        found = [
            *board(self._place, self._config.alarm.hot_c),
            state_folder(self._config.box.state_dir, configured=True, tried=False),
            clock_finding(),
            *camera_state(self._config.box.state_dir),
            *bundle_faults(models),
        ]
        faults = tuple(one for one in found if one.grade is not Grade.OK)
        return faults, hottest_c(self._place.sys / "class/thermal"), models

    def _tell(self, faults: Sequence[Finding], degrees: float | None, models: BundleState | None) -> None:
        now_ns = self._clock.now_ns()
        names = {(one.name, one.grade) for one in faults}
        known = None if self._told is None else {(one.name, one.grade) for one in self._told}
        if names == known and models == self.models and now_ns - self._told_ns < REPEAT_S * NS_PER_S:
            return
        self._told, self._told_ns, self.models = tuple(faults), now_ns, models
        self._announce(HEALTH, lambda values: self._message(values, faults, degrees, models))

    def _message(
        self, values: HeadValues, faults: Sequence[Finding], degrees: float | None, models: BundleState | None
    ) -> HealthMessage:
        safe = None if self._safe is None else self._safe.failure.words[:500]
        worst = max((one.grade for one in faults), key=_ORDER.index, default=Grade.OK)
        return HealthMessage.model_validate(
            {
                **values,
                "grade": str(Grade.ERROR if safe else worst),
                "faults": {one.name: one.text[:_MOST] for one in faults},
                "safe_mode": safe,
                "temperature_c": degrees,
                "software": software(),
                "models": None if models is None else _models(models),
            }
        )


def _models(state: BundleState) -> dict[str, str | int | None]:
    return {
        "bundle": state.bundle[:80],
        "version": state.version[:40],
        "use": str(state.use),
        "since_ms": state.since_ms,
        "beside": state.beside[:80] or None,
        "beside_state": None if state.beside_state is None else str(state.beside_state),
        "fault": state.fault[:_MOST] or None,
    }
