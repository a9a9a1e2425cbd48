"""The face: from a camera frame to the change of PSPI against the same person's resting face."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.face.estimator import FaceEstimator

__all__ = ["FaceEstimator"]


def __getattr__(name: str) -> object:
    """Load OpenCV and the runtime only where faces are judged: a station needs this room's words and nothing else."""
    if name != "FaceEstimator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edge.face.estimator import FaceEstimator

    return FaceEstimator
