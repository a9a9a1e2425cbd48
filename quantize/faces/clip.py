"""The face of `anodyne demo`: three minutes of a rendered patient who follows a scene.

Only CC0 assets are used (MPFB2's head and expression units, our own sculpts, MakeHuman's skins), since the clip is
part of the repository. The patient blinks, breathes and moves a little; in pain the face does what PSPI counts; where
the scene says that the face is away, the head leaves the picture and the pillow stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.scene import Scene
from quantize.faces.expression import deform, symmetric
from quantize.faces.head import Head
from quantize.faces.kinds import Kind, Units
from quantize.faces.person import Person, make_person
from quantize.faces.render import Camera, Renderer, compose
from quantize.faces.sculpt import Sculpt
from quantize.faces.shot import Light, Picture, Pose, Shot, pillow

WIDTH, HEIGHT, RATE_HZ = 320, 240, 10
"""Size in pixels and frames per second."""

_FINE = 2  # rendered at twice the size, then averaged
_BOX_PX = 108.0
_LEAVE_S = 0.8
_FULL_PAIN = 8.0
"""Latent pain (0..10) at which the expression is at its fullest."""

_PAIN: Units = {"AU4": 5.0, "AU6": 4.0, "AU7": 4.5, "AU9": 4.0, "AU10": 4.0, "AU25": 2.5, "AU20": 1.5}


def _wander(rng: np.random.Generator, count: int, spread: float, slow_s: float) -> NDArray[np.float64]:
    """Smooth random movement: (count,) with standard deviation `spread` and a time scale of `slow_s`."""
    padded = count + int(8 * slow_s * RATE_HZ)
    noise = rng.normal(0, 1, padded)
    kernel = np.exp(-0.5 * (np.arange(-4 * slow_s * RATE_HZ, 4 * slow_s * RATE_HZ + 1) / (slow_s * RATE_HZ)) ** 2)
    smooth = np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), mode="same")
    start = (padded - count) // 2
    return spread * smooth[start : start + count]


def _blinks(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Share of closed lids (count,): a blink of 0.2 s every few seconds."""
    closed = np.zeros(count)
    t = rng.uniform(1, 4)
    while t < count / RATE_HZ - 1:
        first = int(t * RATE_HZ)
        closed[first : first + 2] = (1.0, 0.6)
        t += rng.uniform(2.5, 6.5)
    return closed


def _away(scene: Scene, t_s: float) -> float:
    """How far the head has left the picture, 0..1: it takes 0.8 s to go and to come, inside the span."""
    for span in scene.face_away:
        if span.covers(t_s):
            return float(min(1.0, (t_s - span.start_s) / _LEAVE_S, (span.end_s - t_s) / _LEAVE_S))
    return 0.0


def _units(level: float, swell: float, blink: float) -> Units:
    """The expression at a latent pain level; `swell` lets it come in waves, as pain does."""
    share = float(np.clip(level / _FULL_PAIN * (1 + swell), 0, 1))
    units = {name: value * share for name, value in _PAIN.items()}
    shut = 1.0 if share > 0.5 and swell > -0.12 else 0.0
    units["AU43"] = 5.0 * max(shut, blink)
    return {name: value for name, value in units.items() if value > 0.01}


class _Cast:
    """The patient, the room, and how both move."""

    def __init__(self, head: Head, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.count = int(scene.duration_s * RATE_HZ)
        rng = np.random.default_rng([seed, 180])
        self.renderer = Renderer(head)
        drawn = make_person(head, rng, age=0.75, male=0.3)
        hair = replace(drawn.hair, long=False, bald=False, beard=0.0, volume=0.06, shade=0.45, density=1.0, grey=0.6)
        self.person: Person = replace(drawn, hair=hair, wrinkle_depth=0.9, rest_lines=0.12)
        self.pillow = pillow(rng, HEIGHT * _FINE, WIDTH * _FINE)
        self.blanket = np.clip(0.75 * pillow(rng, HEIGHT * _FINE, WIDTH * _FINE), 0, 1)
        self.yaw, self.pitch, self.roll = (_wander(rng, self.count, s, 1.5) for s in (3.0, 2.0, 1.5))
        self.x, self.y = (_wander(rng, self.count, 2.0, 2.0) for _ in range(2))
        self.swell = _wander(rng, self.count, 0.12, 1.5)
        self.blink = _blinks(rng, self.count)
        self.gaze = (_wander(rng, self.count, 0.12, 0.8), _wander(rng, self.count, 0.06, 0.8))

    def frame(self, k: int) -> NDArray[np.uint8]:
        """Frame `k`: (HEIGHT, WIDTH) uint8."""
        t_s = k / RATE_HZ
        away = _away(self.scene, t_s)
        picture = self.pillow
        if away < 1:
            units = _units(self.scene.pain_level(t_s), float(self.swell[k]), float(self.blink[k]))
            pose = Pose(float(self.yaw[k]) + 40 * away, float(self.pitch[k]) + 2, float(self.roll[k]) - 10 * away, 12)
            gaze = (float(self.gaze[0][k]), float(self.gaze[1][k]))
            expression = symmetric(Kind.PAIN, units, gaze)
            shot = Shot(pose, Light(ambient=0.55))
            breath = 0.8 * np.sin(2 * np.pi * t_s / 4.5)
            camera = Camera(
                WIDTH * _FINE,
                HEIGHT * _FINE,
                _FINE * (WIDTH / 2 + float(self.x[k]) + 0.9 * WIDTH * away),
                _FINE * (HEIGHT / 2 + 4 + float(self.y[k]) + breath),
                _FINE * _BOX_PX,
            )
            moved = deform(self.renderer.head, self.person, expression, np.random.default_rng(7), Sculpt.OWN)
            drawing = self.renderer.draw(self.person, moved, expression, shot, camera)
            picture = compose(drawing, self.pillow, self.person)
        picture = self._covered(picture, t_s)
        small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return np.asarray(np.clip(small * 0.85, 0, 1) * 255, dtype=np.uint8)

    def _covered(self, picture: Picture, t_s: float) -> Picture:
        """The blanket over the shoulders; it rises and falls with the breath."""
        height, width = picture.shape
        across = np.linspace(-1, 1, width)
        edge = height * (0.8 + 0.025 * np.cos(3.5 * across + 1)) + 2 * np.sin(2 * np.pi * t_s / 4.5)
        below = np.clip(np.arange(height)[:, None] - edge[None, :], 0, 3) / 3
        hem = np.clip(1 - np.abs(np.arange(height)[:, None] - edge[None, :] - 10) / 14, 0, 1)
        return np.asarray(picture * (1 - below) + below * (self.blanket + 0.12 * hem), dtype=np.float32)


def frames(head: Head, scene: Scene, seed: int) -> Iterator[NDArray[np.uint8]]:
    """All frames of the clip, (HEIGHT, WIDTH) uint8; the same seed gives the same frames."""
    cast = _Cast(head, scene, seed)
    for k in range(cast.count):
        yield cast.frame(k)


def write_clip(head: Head, scene: Scene, path: Path, *, seed: int, quality: int) -> int:
    """Render the clip into a VP9 file that pip's OpenCV can read.

    PyAV writes it: OpenCV's own writer takes no quality setting and made it ten times as large.

    Args:
        head: the assets.
        scene: what the patient goes through.
        path: ending in .webm.
        seed: of the patient and of all movements.
        quality: constant rate factor of VP9, 0 (best) to 63.

    Returns:
        How many frames were written.
    """
    import av
    from tqdm import tqdm

    count = 0
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:  # else a random identity in the header
        stream = container.add_stream("libvpx-vp9", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1  # more threads give other bytes
        stream.options = {"crf": str(quality), "b": "0", "cpu-used": "4", "g": "300"}
        pictures = frames(head, scene, seed)
        for picture in tqdm(pictures, total=int(scene.duration_s * RATE_HZ), desc="clip", unit="frame"):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            count += 1
        container.mux(stream.encode())
    return count
