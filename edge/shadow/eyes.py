"""What a shadow sees of each sensor: the same pictures, readings and samples, judged with the models of its bundle.

It learns anew what is usual for the person, as the bundle in use did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.errors import InferenceError
from edge.face import FaceEstimator
from edge.face.estimator import MODEL as FACE_MODEL
from edge.face.judge import Judge, Settings, judged
from edge.inputs import BandInput, CameraInput, Glance, Input, ReadingInput
from edge.shadow.purse import Purse
from edge.shadow.tally import Cost
from edge.types import Absence, Channel, Estimate, FaceReading, Frame, Modality, SensorState, SensorWarning, Window

BY = "shadow"
"""By whom a shadow's reference is forgotten."""


class Eye:
    """One sensor; this one's estimates come ready-made (a replay), and no bundle can change them."""

    async def judge(self, glance: Glance) -> tuple[Estimate, ...]:
        """What the shadow's models say of what an input held at a tick."""
        return glance.estimates

    async def run(self) -> None:
        """Work between the ticks, for ever; most have none."""
        await asyncio.get_running_loop().create_future()

    def forget(self) -> None:
        """Learn anew what is usual for the person."""

    def close(self) -> None:
        """See nothing more."""


class FaceEye(Eye):
    """A face: the last estimate stands until the sensor is lost."""

    def __init__(self) -> None:
        self._estimate: Estimate | None = None

    async def judge(self, glance: Glance) -> tuple[Estimate, ...]:
        """The last estimate; where the camera was switched off by a person, that."""
        if glance.status.state is SensorState.LOST:
            self._estimate = None
        off = [one for one in glance.estimates if one.absence is Absence.CAMERA_OFF]
        if off:
            return tuple(off)
        return (self._estimate or Estimate.absent(Modality.FACE, Absence.CONNECTING, glance.at_ns),)


class ReadingEye(FaceEye):
    """A face that is read already."""

    def __init__(self, source: ReadingInput, bundle: Bundle) -> None:
        super().__init__()
        self._source = source
        self._settings = Settings.read(bundle.model(FACE_MODEL).parameters)
        self._judge = Judge(self._settings)
        source.tap = self._see

    def _see(self, reading: FaceReading) -> None:
        self._estimate = judged(self._judge, reading)

    def forget(self) -> None:
        """Begin with the population's rest."""
        self._judge = Judge(self._settings)

    def close(self) -> None:
        """Let go of the input."""
        self._source.tap = None


class CameraEye(FaceEye):
    """A camera: the newest picture, where there is processor time for it."""

    def __init__(self, source: CameraInput, bundle: Bundle, threads: int, purse: Purse, cost: Cost) -> None:
        super().__init__()
        self._source = source
        self._estimator = FaceEstimator(bundle, threads=threads)
        self._purse = purse
        self._cost = cost
        self._newest: Frame | None = None
        self._arrived = asyncio.Event()
        source.tap = self._see

    def _see(self, frame: Frame) -> None:
        self._cost.frames += 1
        if self._newest is not None or self._purse.empty:
            self._cost.skipped += 1
        if not self._purse.empty:
            self._newest = frame
            self._arrived.set()

    async def run(self) -> None:
        """Judge each newest picture in a worker thread."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._judge_newest()

    async def _judge_newest(self) -> None:
        """Judge the newest picture, where there is one; nothing holds it afterwards."""
        frame, self._newest = self._newest, None
        if frame is not None:
            self._estimate = await self._purse.spend(self._step, frame)

    def _step(self, frame: Frame) -> Estimate:
        try:
            return self._estimator.step(frame)
        except InferenceError:
            return Estimate.absent(Modality.FACE, Absence.ESTIMATOR_FAULT, frame.measured_ns)

    def forget(self) -> None:
        """Learn the resting face anew."""
        self._estimator.forget_reference(BY)

    def close(self) -> None:
        """Let go of the input, and of its last picture."""
        self._source.tap = None
        self._newest = None


class BandEye(Eye):
    """A wristband, once a second."""

    def __init__(self, source: BandInput, bundle: Bundle, threads: int, purse: Purse) -> None:
        self._modalities = source.modalities
        self._estimator = BiosignalEstimator(bundle, threads=threads)
        self._purse = purse
        self._estimates: tuple[Estimate, ...] = ()

    async def judge(self, glance: Glance) -> tuple[Estimate, ...]:
        """Judge the samples where the bundle in use did."""
        if glance.windows is None:
            return self._estimates
        worn = SensorWarning.NOT_WORN not in glance.status.warnings
        self._estimates = await self._purse.spend(self._step, glance.at_ns, glance.windows, worn)
        return self._estimates

    def _step(self, now_ns: int, windows: Mapping[Channel, Window], worn: bool) -> tuple[Estimate, ...]:
        try:
            return self._estimator.step(now_ns, windows, worn=worn)
        except InferenceError:
            return tuple(Estimate.absent(modality, Absence.ESTIMATOR_FAULT, now_ns) for modality in self._modalities)

    def forget(self) -> None:
        """Learn anew what is usual for the wearer."""
        self._estimator.forget()


def eye(source: Input, bundle: Bundle, threads: int, purse: Purse, cost: Cost) -> Eye:
    """The shadow of an input.

    Raises:
        BundleError, InferenceError: the bundle cannot be used for it.
    """
    match source:
        case CameraInput():
            return CameraEye(source, bundle, threads, purse, cost)
        case ReadingInput():
            return ReadingEye(source, bundle)
        case BandInput():
            return BandEye(source, bundle, threads, purse)
        case _:
            return Eye()


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait for them; what they failed with is somebody else's to tell."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
