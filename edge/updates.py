"""The bundle that the daemon runs: chosen at its start, confirmed or given up while it runs, with another beside it.

The daemon looks at the pointer every few seconds, so `anodyne models` needs no way to it. Where another bundle is to
run, the daemon ends itself in order, and `anodyne run` builds it anew in the same process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from edge.bundle import Bundle
from edge.bundles.pointer import POINTER_FILE, SHIPPED, Pointer, ShadowState, report_file
from edge.bundles.running import begin, confirm, ended_cleanly, fail_trial, shadow_began, shadow_ended
from edge.bundles.shelf import Shelf
from edge.bundles.state import BundleState, bundle_state
from edge.bundles.steps import in_use
from edge.config import Config
from edge.errors import AnodyneError, BundleError, BundleReason
from edge.inputs import Glance, Input
from edge.publish.payload import ReferenceCommand
from edge.shadow import Shadow, Tally
from edge.shadow.shadow import Tick
from edge.types import NS_PER_S, Absence, Assessment, Hold

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How often the pointer is looked at, seconds."""


class Updates:
    """What happens with bundles while one daemon runs.

    Args:
        shelf: of the box; the store's exclusive lock must be held.
        config: of the box.

    Attributes:
        bundle: the one in use, verified.
        name: its id.
        changed: set once another bundle is to run: the daemon is to be built anew.

    Raises:
        BundleError: even the shipped bundle is refused.
    """

    def __init__(self, shelf: Shelf, config: Config) -> None:
        """Choose the bundle."""
        self._shelf = shelf
        self._config = config
        self._clock = shelf.clock
        running = begin(shelf)
        self.bundle: Bundle = running.bundle
        self.name = running.name
        self.changed = asyncio.Event()
        self._trial_s = running.trial_s
        self._meant = _meant(shelf)
        self._begun_ns = self._clock.now_ns()
        self._assessed = False
        self._fault = ""
        self._tested = False
        self._leaving = False
        self._complaint = ""
        self._shadow: Shadow | None = None
        self._declared = ("", 0.0)
        self._shadowing: asyncio.Task[None] | None = None
        self._seen: tuple[int, int] | None = None

    @property
    def words(self) -> str:
        """Which models run, in a few words."""
        trial = " on trial" if self._trial_s is not None else ""
        beside = f", {self._shadow.tally.new} beside" if self._shadow is not None else ""
        return f"models {self.name}{trial}{beside}"

    def state(self) -> BundleState:
        """How it stands with the bundles of this box; reads files."""
        return bundle_state(self._shelf, self.name, self.bundle.version, trial=self._trial_s is not None)

    def concluded(
        self, glances: Mapping[str, Glance], assessment: Assessment, holds: tuple[Hold, ...], offset: float
    ) -> None:
        """Hear of a tick that has been acted upon; returns at once."""
        self._assessed = True
        if self._trial_s is not None and Absence.ESTIMATOR_FAULT in assessment.missing.values():
            self._fault = "an estimator failed"
        if self._shadow is not None:
            self._shadow.take(Tick(glances, assessment, holds, offset))

    def forget(self, command: ReferenceCommand) -> None:
        """Another person lies here, or rest has become another: as `edge.refer` has done it for the bundle in use."""
        if self._shadow is not None:
            bands = command.do == "reset_reference" and command.camera is None
            self._shadow.forget(command.camera, bands=bands)

    async def run(self, inputs: Mapping[str, Input], save: Callable[[], bool]) -> None:
        """Follow the pointer until cancelled. Nothing that goes wrong here ends the daemon.

        Args:
            inputs: of the box.
            save: writes all that another daemon is to take up; False where the disk refuses, and this one stays.
        """
        try:
            while True:
                try:
                    await self._look(inputs, save)
                except AnodyneError as error:
                    self._complain(error.message)
                except Exception:  # a bundle that nobody runs yet must not cost the bed its watch
                    log.exception("models: what the pointer asks for cannot be followed")
                else:
                    self._complaint = ""
                await self._clock.sleep(LOOK_EVERY_S)
        finally:
            await self._end_shadow()

    def _complain(self, words: str) -> None:
        """Say once what is tried again at every look."""
        if words != self._complaint:
            log.warning("models: %s", words)
        self._complaint = words

    def close(self, *, clean: bool) -> None:
        """The daemon has ended: on purpose, or by a fault, which the next start counts against a trial."""
        if clean and self._shelf.folder.is_dir():
            ended_cleanly(self._shelf)

    async def _look(self, inputs: Mapping[str, Input], save: Callable[[], bool]) -> None:
        await self._settle_trial()
        found = self._file()
        if found != self._seen:
            pointer = await self._clock.in_thread(self._shelf.pointer)
            self._leaving = in_use(pointer) != self._meant
            await self._follow_shadow(pointer, inputs)
            self._seen = found
        if not self._leaving or self.changed.is_set():
            return
        if not save():
            raise BundleError(
                BundleReason.UNREADABLE,
                "another bundle is to run, once the disk takes what only this program's memory holds",
            )
        log.info("models: another bundle is to run; the box is built anew")
        self.changed.set()

    def _file(self) -> tuple[int, int] | None:
        """Which file the pointer is; None where there is none."""
        try:
            status = (self._shelf.folder / POINTER_FILE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    async def _settle_trial(self) -> None:
        if self._trial_s is None:
            return
        if not self._fault and self._clock.now_ns() - self._begun_ns < self._trial_s * NS_PER_S:
            return
        if not self._fault and self._assessed and not self._tested:
            self._fault = await self._clock.in_thread(self._self_test)
            self._tested = True
        if self._fault:
            await self._clock.in_thread(fail_trial, self._shelf, self.name, self._fault)
            self._trial_s = None
        elif self._assessed:
            await self._clock.in_thread(confirm, self._shelf, self.name)
            self._trial_s = None

    def _self_test(self) -> str:
        """Whether the bundle still answers as it should after the trial; what is wrong, "" where nothing is."""
        try:
            self._shelf.load(self.name)
        except AnodyneError as error:
            return f"its self-test failed: {error.message}"
        return ""

    async def _follow_shadow(self, pointer: Pointer, inputs: Mapping[str, Input]) -> None:
        wanted = pointer.shadow
        if wanted is None or wanted.state is not ShadowState.WANTED or self._leaving:
            await self._end_shadow()
        elif self._shadow is None or self._declared != (wanted.id, wanted.seconds):
            await self._end_shadow()
            self._declared = (wanted.id, wanted.seconds)
            await self._begin_shadow(wanted.id, wanted.seconds, inputs)

    async def _begin_shadow(self, name: str, seconds: float, inputs: Mapping[str, Input]) -> None:
        await self._clock.in_thread(shadow_began, self._shelf, name)
        try:
            bundle = await self._clock.in_thread(self._shelf.load, name, try_rooms=False)
            file = report_file(self._shelf.folder, name)
            self._shadow = Shadow(bundle, inputs, self._config, self._clock, self._tally(file, name), file)
        except AnodyneError as error:
            await self._clock.in_thread(shadow_ended, self._shelf, name, ShadowState.FAILED, error.message)
            return
        except Exception as error:  # as in `_watch`
            log.exception("models: %s cannot run beside the bundle in use", name)
            why = f"{type(error).__name__}: {error}"
            await self._clock.in_thread(shadow_ended, self._shelf, name, ShadowState.FAILED, why)
            return
        self._shadowing = asyncio.create_task(self._watch(self._shadow, name, seconds), name=f"shadow {name}")

    async def _watch(self, shadow: Shadow, name: str, seconds: float) -> None:
        """Run a shadow to its end; whatever fails in it is told and goes no further."""
        state, why = ShadowState.DONE, ""
        try:
            await shadow.run(seconds)
        except Exception as error:  # the box must outlive any fault of what it only tries out
            log.exception("models: %s failed beside the bundle in use", name)
            state, why = ShadowState.FAILED, f"{type(error).__name__}: {error}"
        self._shadow = None
        with suppress(BundleError):  # a disk that refuses leaves the mark, and the next start tells of it
            await self._clock.in_thread(shadow_ended, self._shelf, name, state, why)

    async def _end_shadow(self) -> None:
        task, self._shadowing, self._shadow = self._shadowing, None, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _tally(self, file: Path, name: str) -> Tally:
        """The figures so far, where the same two bundles were compared."""
        try:
            kept = Tally.read(file)
        except BundleError as error:
            log.debug("models: %s", error.message)
        else:
            if kept.old == self._exactly:
                return kept
        return Tally(old=self._exactly, new=name)

    @property
    def _exactly(self) -> str:
        """The bundle in use; a shipped one by its content, since another program ships another."""
        if self.name != SHIPPED:
            return self.name
        return f"{SHIPPED} {self.bundle.version}-{self._shelf.shipped_digest()[:12]}"


def _meant(shelf: Shelf) -> str:
    """The bundle that the pointer says is to run; "" where it cannot be read."""
    try:
        return in_use(shelf.pointer())
    except BundleError as error:
        log.critical("models: %s", error.message)
        return ""
