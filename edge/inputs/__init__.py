"""One sensor's way from its driver to the estimates of the moment: driver, connection state, estimator.

`edge.daemon` holds one input per `[[sensor]]` stanza and asks each for its estimates at every tick.
"""

from __future__ import annotations

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.clock import Clock
from edge.face import FaceEstimator
from edge.face.estimator import MODEL as FACE_MODEL
from edge.face.judge import Judge, Settings
from edge.inputs.band import BandInput
from edge.inputs.face import CameraInput, EstimateInput, ReadingInput
from edge.inputs.glance import Glance
from edge.recorder.recorder import Recording
from edge.sensors.gauge import SensorGauge
from edge.sensors.replay import ReplayedFace
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.stanza import CameraSection
from edge.sensors.table import Kind

__all__ = ["BandInput", "CameraInput", "EstimateInput", "Glance", "Input", "ReadingInput", "build_input"]

Input = CameraInput | EstimateInput | ReadingInput | BandInput
"""Any input."""


def build_input(stanza: Kind, bundle: Bundle, threads: int, clock: Clock, recording: Recording) -> Input:
    """The input of a stanza. Nothing is opened before its driver's `stream` runs."""
    if isinstance(stanza, CameraSection):
        camera = stanza.open(clock)
        gauge = SensorGauge(camera.stall_after_s, stanza.rate_hz if stanza.live else 0.0)
        return CameraInput(camera, FaceEstimator(bundle, threads=threads), clock, recording, gauge)
    if isinstance(stanza, ReplayedFace):
        return EstimateInput(stanza.open(clock), clock, recording)
    if isinstance(stanza, SimulatedFace):
        judge = Judge(Settings.read(bundle.model(FACE_MODEL).parameters))
        return ReadingInput(stanza.open(clock), judge, clock, recording)
    estimator = BiosignalEstimator(bundle, threads=threads)
    return BandInput(stanza.open(clock), stanza, estimator, clock, recording)
