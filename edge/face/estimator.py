"""One frame in, one estimate of facial pain expression out.

find -> crop -> network -> follow -> judge. Only this module touches pictures and the interpreter; what the numbers
mean is decided in `edge.face.judge`.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, Model
from edge.errors import BundleError, BundleReason, InferenceError, InferenceReason
from edge.face import quality
from edge.face.align import crop, light, normalise
from edge.face.find import Finder, Reading, Sighting
from edge.face.finder import NetworkFinder
from edge.face.judge import Judge, Numbers, Settings, clipped
from edge.face.reference import Reference
from edge.face.units import LABELS
from edge.inference import Interpreter
from edge.types import NS_PER_S, Absence, Estimate, Frame, Modality

MODEL = "face_au"
"""Name of the network in the bundle."""

OUTPUTS = ("au", "deviation", "visible", "track", "identity")
"""Its outputs, in their order: intensities, natural logarithm of their standard deviations, log-odds of visibility,
place in the crop (right, down, log size, roll / `ROLL_UNIT_DEG`, log-odds of a face), descriptor."""

ROLL_UNIT_DEG = 30.0
"""The network states a face's roll in its crop in this unit, so that it is of the size of the other offsets."""

NO_FACE_BELOW = 0.5
"""Probability of a face below which the crop is not judged: even odds."""

KEEP_NS = NS_PER_S
"""A face that is missed for less than this has not left: the last estimate is repeated, with its own time."""

_DARK_PICTURE = 30.0
"""A picture whose brightest hundredth is below this grey is too dark to say that nobody is in it."""


class FaceEstimator:
    """Finds the face, reads its action units and compares PSPI with the same person's resting face.

    It is synchronous (call it in a worker thread) and keeps numbers between frames, never pixels. One estimator serves
    one camera. The reference may be asked for and changed from another thread.

    Args:
        bundle: the loaded model bundle; `face_au` and `face_find` are taken from it.
        threads: inference threads.
        finder: finds and follows the face; the bundle's detector by default.

    Raises:
        BundleError: a network is missing, or its labels or outputs are not those of this program.
        InferenceError: the runtime refuses a network.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 1, finder: Finder | None = None) -> None:
        """Build the interpreter of the network and begin with the population's rest."""
        model = bundle.model(MODEL)
        if model.parameters.words("labels") != LABELS:
            raise BundleError(BundleReason.FORMAT, f"{model.path}: its labels are not {', '.join(LABELS)}")
        if tuple(one.name for one in model.outputs) != OUTPUTS:
            raise BundleError(BundleReason.SHAPE, f"{model.path}: its outputs are not {', '.join(OUTPUTS)}")
        self._network = Interpreter(model, threads)
        self._threads = threads
        self._eased: tuple[float, int] | None = None
        self._judge = Judge(Settings.read(model.parameters))
        self._identity_mean = _identity_mean(model)
        self._finder: Finder = finder or NetworkFinder(bundle, threads=threads)
        self._last: Estimate | None = None
        self._lock = threading.Lock()

    def step(self, frame: Frame) -> Estimate:
        """Judge one frame.

        Args:
            frame: (height, width) uint8 luminance.

        Returns:
            Modality.FACE; see `edge.face.judge` for `value` and docs/face.md for `evidence`. While the face is missed
            for less than a second the last estimate is repeated with its own time. Absent with NO_FACE, FACE_TURNED,
            FACE_COVERED, TWO_FACES, OTHER_FACE, FACE_TOO_SMALL or TOO_DARK.

        Raises:
            InferenceError: the frame is not (height, width) uint8 of at least 48 x 48 pixels (BAD_INPUT).
        """
        pixels, now_ns = _checked(frame), frame.measured_ns
        with self._lock:
            self._take_ease()
            sighting = self._finder.find(pixels, now_ns)
        if isinstance(sighting, Absence):
            return self._nothing(_why(sighting, pixels), now_ns)
        if sighting.box.side < quality.MIN_SIDE_PX:
            # Too small to be read: whether it is a face at all nobody knows; another's reason stands.
            why = sighting.doubt or Absence.NO_FACE
            return self._nothing(Absence.FACE_TOO_SMALL if why is Absence.NO_FACE else why, now_ns)
        face = crop(pixels, sighting.box)
        if light(face).mean < quality.DARK_LEVEL:
            return self._nothing(Absence.TOO_DARK, now_ns)
        numbers = self.read(face, sighting)
        with self._lock:
            self._finder.follow(numbers.reading, now_ns)
        if sighting.doubt is not None:
            return self._nothing(sighting.doubt, now_ns)
        if numbers.reading.face < NO_FACE_BELOW:
            return self._missed(now_ns)
        with self._lock:
            self._last = self._judge.step(numbers, now_ns)
        return self._last

    def ease(self, stretch: float, threads: int | None) -> None:
        """Spend less from the next frame on; may be called from another thread than `step`.

        Args:
            stretch: the detector looks so many times rarer where it looks at intervals; 1: as usual.
            threads: inference threads at most; None: as it was made.
        """
        self._eased = (stretch, self._threads if threads is None else min(self._threads, threads))

    def _take_ease(self) -> None:
        eased, self._eased = self._eased, None
        if eased is not None:
            stretch, threads = eased
            self._finder.ease(stretch, threads)
            self._network.use_threads(threads)

    def read(self, face: NDArray[np.uint8], sighting: Sighting) -> Numbers:
        """What the network says of an aligned (80, 80) crop, in real units."""
        units, deviation, visible, track, identity = (one[0] for one in self._network.run(normalise(face)))
        right, down, log_size, roll, log_odds = (float(value) for value in track)
        face_chance, seen, who = float(_sigmoid(log_odds)), _sigmoid(visible), identity - self._identity_mean
        reading = Reading(right, down, log_size, roll * ROLL_UNIT_DEG, face_chance, seen, who)
        trust = min(quality.parts(face, sighting).values())
        return Numbers(clipped(units), np.exp(deviation), reading, trust, sighting.box.side)

    def reference(self) -> Reference:
        """The patient's resting face as far as it is known."""
        with self._lock:
            return self._judge.rest.snapshot()

    def restore_reference(self, kept: Reference) -> None:
        """Take up what was known before a restart."""
        with self._lock:
            self._judge.rest.restore(kept)

    def number_references(self, version: int) -> None:
        """Give the reference that is being learnt a number that no earlier one has."""
        with self._lock:
            self._judge.rest.version = version

    def set_reference(self, now_ns: int, by: str) -> Reference | None:
        """Take the face as it is now for the resting one; None where it is not seen well, or shows pain."""
        with self._lock:
            seconds = self._judge.set_reference(now_ns, by)
            return None if seconds is None else self._judge.rest.snapshot()

    def forget_reference(self, by: str) -> Reference:
        """Learn the resting face anew, and whose it is: the next face that stays is the patient's."""
        with self._lock:
            self._finder.forget()
            self._judge.forget_reference(by)
            return self._judge.rest.snapshot()

    def _missed(self, now_ns: int) -> Estimate:
        """What lies in the box now may not be a face."""
        if self._last is not None and 0 <= now_ns - self._last.measured_ns <= KEEP_NS:
            return self._last
        return self._nothing(Absence.NO_FACE, now_ns)

    def _nothing(self, why: Absence, now_ns: int) -> Estimate:
        self._last = None
        return Estimate.absent(Modality.FACE, why, now_ns)


def _identity_mean(model: Model) -> NDArray[np.float32]:
    """(16,) mean descriptor of many people: without it all faces are alike. Zero in a bundle that does not state it."""
    width = model.outputs[OUTPUTS.index("identity")].shape[-1]
    stated = model.parameters.numbers("identity_mean") if "identity_mean" in model.parameters else (0.0,) * width
    if len(stated) != width:
        raise BundleError(
            BundleReason.FORMAT, f"{model.path}: identity_mean has {len(stated)} numbers, {width} expected"
        )
    return np.array(stated, np.float32)


def _sigmoid(log_odds: float | NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), dtype=np.float32)


def _checked(frame: Frame) -> NDArray[np.uint8]:
    """The frame's pixels, if they are what a frame promises."""
    pixels = frame.pixels
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or min(pixels.shape) < quality.MIN_SIDE_PX:
        raise InferenceError(
            InferenceReason.BAD_INPUT,
            f"a frame of {frame.sensor} is {pixels.dtype} {pixels.shape}: the face needs uint8 luminance "
            f"(height, width) of at least {quality.MIN_SIDE_PX} pixels",
        )
    return pixels


def _why(absence: Absence, pixels: NDArray[np.uint8]) -> Absence:
    """Why there is no face; in a dark picture nobody can say that there is none."""
    if absence is not Absence.NO_FACE:
        return absence
    bright = float(np.percentile(pixels[::4, ::4], 99))
    return Absence.TOO_DARK if bright < _DARK_PICTURE else Absence.NO_FACE
