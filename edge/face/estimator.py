"""One frame in, one estimate of facial pain expression out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.errors import BundleError, BundleReason, InferenceError, InferenceReason
from edge.face import quality
from edge.face.align import crop, light, normalise
from edge.face.detect import FaceFinder, Sighting
from edge.face.reference import Population, RestingLevel
from edge.face.units import INTENSITY_MAX, LABELS, pspi, smile_discount
from edge.inference import Interpreter
from edge.types import NS_PER_S, Absence, Estimate, Frame, Modality

MODEL = "face_au"
"""Name of the network in the bundle."""

SMOOTHING_S = 0.8
"""Time constant of the causal smoothing of action units, seconds: a blink (0.1 to 0.4 s; Stern et al. 1984) then stays
below half of AU43, and pain, which lasts seconds, is delayed by less than one."""

_FORGET_AFTER_S = 2.0
"""After a longer gap smoothing starts afresh: the old values are of another moment, perhaps of another person."""

_LEARN_FROM_QUALITY = 0.5
"""The resting level is learnt from good pictures only."""

_DARK_PICTURE = 30.0
"""A picture whose brightest hundredth is below this grey is too dark to say that nobody is in it."""


class FaceEstimator:
    """Detects the face, reads its action units and compares PSPI with the same person's resting face.

    It is synchronous (call it in a worker thread) and keeps numbers between frames, never pixels. One estimator serves
    one camera.

    Args:
        bundle: the loaded model bundle; `face_au` is taken from it.
        threads: inference threads.

    Raises:
        BundleError: the network is missing, or its labels are not those of `edge.face.units`.
        InferenceError: the runtime refuses the network, or OpenCV has no cascades.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Build the interpreter of the network and begin with the population's rest."""
        model = bundle.model(MODEL)
        settings = model.parameters
        if settings.words("labels") != LABELS:
            raise BundleError(BundleReason.FORMAT, f"{model.path}: its labels are not {', '.join(LABELS)}")
        self._network = Interpreter(model, threads)
        self._smile_share = settings.number("smile_share")
        self._error = tuple(settings.numbers(key) for key in ("residual_at", "residual_low", "residual_high"))
        self._rest = RestingLevel(
            Population(settings.number("rest_median"), settings.number("rest_low"), settings.number("rest_high"))
        )
        self._finder = FaceFinder()
        self._smooth: NDArray[np.float32] | None = None
        self._smooth_ns = 0
        self._last: Estimate | None = None

    def step(self, frame: Frame) -> Estimate:
        """Judge one frame.

        Args:
            frame: (height, width) uint8 luminance.

        Returns:
            Modality.FACE; `value` is the PSPI change above rest, a smile's share taken out; `evidence` has every "AUn"
            (0..5), "pspi", "pspi_rest", "smile_discount", "box_px". While the cascade misses a face for less than a
            second the last estimate is repeated with its own time. Absent with NO_FACE, FACE_TOO_SMALL or TOO_DARK.

        Raises:
            InferenceError: the frame is not (height, width) uint8 of at least 48 x 48 pixels (BAD_INPUT).
        """
        pixels = _checked(frame)
        sighting = self._finder.find(pixels, frame.measured_ns)
        if sighting is None:
            self._last = None
            return Estimate.absent(Modality.FACE, _why_nobody(pixels), frame.measured_ns)
        if sighting.box.side < quality.MIN_SIDE_PX:
            self._last = None
            return Estimate.absent(Modality.FACE, Absence.FACE_TOO_SMALL, frame.measured_ns)
        if sighting.seen_ns != frame.measured_ns and self._last is not None:
            return self._last  # what lies in the box now may not be a face
        face = crop(pixels, sighting.box)
        if light(face).mean < quality.DARK_LEVEL:
            self._last = None
            return Estimate.absent(Modality.FACE, Absence.TOO_DARK, frame.measured_ns)
        self._last = self._judge(face, sighting, frame.measured_ns)
        return self._last

    def units(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Action units (9,) 0..5 of an aligned (80, 80) crop, in the order of `edge.face.units.LABELS`."""
        (output,) = self._network.run(normalise(face))
        return np.asarray(np.clip(output[0], 0.0, INTENSITY_MAX), dtype=np.float32)

    def _judge(self, face: NDArray[np.uint8], sighting: Sighting, now_ns: int) -> Estimate:
        units = self._smoothed(self.units(face), now_ns)
        raw = float(pspi(units))
        discount = float(smile_discount(units, self._smile_share))
        level = raw - discount
        trust = min(quality.parts(face, sighting).values())
        if trust >= _LEARN_FROM_QUALITY:
            self._rest.learn(level, now_ns)
        rest = self._rest.level
        change = level - rest
        evidence = {name: round(float(value), 3) for name, value in zip(LABELS, units, strict=True)}
        evidence |= {"pspi": raw, "pspi_rest": rest, "smile_discount": discount, "box_px": sighting.box.side}
        at, under, over = self._error
        low, high = (float(np.interp(change, at, residual)) for residual in (under, over))
        return Estimate(Modality.FACE, change, trust, (change + low, change + high), now_ns, evidence)

    def _smoothed(self, units: NDArray[np.float32], now_ns: int) -> NDArray[np.float32]:
        """First-order causal smoothing that does not mind uneven frames."""
        gap_s = (now_ns - self._smooth_ns) / NS_PER_S
        if self._smooth is None or not 0 <= gap_s <= _FORGET_AFTER_S:
            self._smooth = units
        else:
            share = 1.0 - math.exp(-gap_s / SMOOTHING_S)
            self._smooth = (self._smooth + share * (units - self._smooth)).astype(np.float32)
        self._smooth_ns = now_ns
        return self._smooth


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


def _why_nobody(pixels: NDArray[np.uint8]) -> Absence:
    bright = float(np.percentile(pixels[::4, ::4], 99))
    return Absence.TOO_DARK if bright < _DARK_PICTURE else Absence.NO_FACE
