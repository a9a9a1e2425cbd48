"""The box's finder: a network of its own looks for heads, a state machine follows the patient's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.face.find import Reading, Sighting
from edge.face.follow import Follower
from edge.face.scan import Scanner
from edge.types import Absence

MODEL = "face_find"
"""Name of the detector in the bundle."""


class NetworkFinder:
    """A `Finder` with a network of its own: `edge.face.scan` looks, `edge.face.follow` decides whose face it is.

    Args:
        bundle: the loaded model bundle; `face_find` is taken from it.
        threads: inference threads.

    Raises:
        BundleError: the bundle has no detector, or one with other outputs.
        InferenceError: the runtime refuses it.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Build the interpreter; nobody is known yet."""
        self._scanner = Scanner(bundle.model(MODEL), threads)
        self._follower = Follower()

    def find(self, pixels: NDArray[np.uint8], now_ns: int) -> Sighting | Absence:
        """Scan the frame if it is time to, and say where the patient's face is, or why it cannot be judged."""
        if self._follower.due(now_ns):
            self._follower.scanned(self._scanner.heads(pixels), now_ns)
        return self._follower.outcome(now_ns)

    def follow(self, reading: Reading, now_ns: int) -> None:
        """Move the box to where the action unit network saw the face, and learn or compare whose it is."""
        self._follower.read(reading, now_ns)

    def ease(self, stretch: float, threads: int) -> None:
        """Look rarer, with so many inference threads."""
        self._follower.ease(stretch)
        self._scanner.network.use_threads(threads)

    def forget(self) -> None:
        """Somebody else lies in the bed now: the next face that stays is the patient's."""
        self._follower.forget()
