"""The face: from a camera frame to the change of PSPI against the same person's resting face."""

from edge.face.estimator import FaceEstimator

__all__ = ["FaceEstimator"]
