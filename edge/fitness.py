"""Whether the rooms of this program can use a bundle: each is built once, and nothing is kept of it."""

from __future__ import annotations

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.face import FaceEstimator
from edge.fusion import Calibration


def check_fitness(bundle: Bundle) -> None:
    """Build what is made of a bundle.

    Raises:
        BundleError: a model, calibration or threshold is missing, or of another form.
        InferenceError: the runtime refuses a model.
    """
    Calibration(bundle)
    FaceEstimator(bundle)
    BiosignalEstimator(bundle)
