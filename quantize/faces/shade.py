"""Light and reflectance of the pixels that a head covers. Everything here works on flat arrays of p pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.faces.expression import Expression
from quantize.faces.head import Material
from quantize.faces.paint import look_up, sample, wrinkle_map
from quantize.faces.person import Hair, Person
from quantize.faces.shot import Shot

Float = NDArray[np.float32]
Values = NDArray[np.float32 | np.float64]

SKULL = np.array([0, 7.25, 0.45], np.float32)
"""Middle of the skull in the base mesh, dm; hair is placed by directions seen from it."""

_LASH_SHADE = 0.05
_GUM = 0.22
_LOWER_TEETH = 0.65
"""Light that reaches the lower teeth, which lie behind the lip, against the upper ones."""

_STRANDS = (96, 720)
"""Rows over 180 degrees of elevation, columns over 360 degrees of azimuth of the pattern that hair is drawn from."""

_WRINKLE_CONTRAST = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What p pixels show.

    Attributes:
        material: (p,) `Material`.
        rest: (p, 3) position on the resting base mesh, dm.
        normal: (p, 3) unit normal towards the viewer (x right, y up, z to the camera).
        crease: (p,) depth of folds, dm.
        lash: (p,) nearness to the rim of an eyelid, 0..1.
        texture: (p, 2) texture coordinates.
        reached: (p,) how much of the main lamp's light no other part of the head keeps away, 0..1.
    """

    material: NDArray[np.int32]
    rest: Float
    normal: Float
    crease: Float
    lash: Float
    texture: Float
    reached: Float


def smooth(values: Values, low: float, high: float) -> Float:
    """Smooth step from 0 at `low` to 1 at `high`."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _directions(rest: Float) -> tuple[Float, Float]:
    """Elevation and absolute azimuth from the front, degrees, of positions seen from the skull's middle."""
    d = rest - SKULL
    elevation = np.degrees(np.arctan2(d[:, 1], np.hypot(d[:, 0], d[:, 2])))
    azimuth = np.degrees(np.abs(np.arctan2(d[:, 0], d[:, 2])))
    return elevation.astype(np.float32), azimuth.astype(np.float32)


@lru_cache(maxsize=4)
def _strands(seed: int) -> Float:
    """(`_STRANDS`) pattern of locks and strands that run up and down, mean 0 and deviation 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros(_STRANDS, np.float32)
    for across, along, weight in ((1.0, 10.0, 0.6), (3.0, 16.0, 0.8), (12.0, 12.0, 1.0)):
        rough = rng.normal(0, 1, _STRANDS).astype(np.float32)
        soft = cv2.GaussianBlur(rough, (0, 0), sigmaX=across, sigmaY=along, borderType=cv2.BORDER_REFLECT)
        total += np.float32(weight / soft.std()) * soft
    return np.asarray(total / total.std(), dtype=np.float32)


def _pattern(rest: Float, hair: Hair, lean: float) -> Float:
    """The pattern of the hair at resting positions; `lean` tilts the strands."""
    elevation, _ = _directions(rest)
    d = rest - SKULL
    around = np.degrees(np.arctan2(d[:, 0], d[:, 2])) + 180 + lean * elevation
    column = np.asarray((around * (_STRANDS[1] / 360)) % (_STRANDS[1] - 1), dtype=np.float32)
    row = np.asarray((90 - elevation) * ((_STRANDS[0] - 1) / 180), dtype=np.float32)
    return sample(_strands(hair.seed), column, row)


def _hairline(azimuth: Float, hair: Hair) -> Float:
    """Elevation at which the hair begins, degrees."""
    front, side = hair.line_deg, hair.side_deg
    heights = [front, front - 3, front * 0.55 + side * 0.3, 5 + side * 0.2, -25, -45]
    return np.interp(azimuth, [0, 40, 70, 100, 130, 180], heights).astype(np.float32)


def _is_ear(rest: Float) -> NDArray[np.bool_]:
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    return (x > 0.72) & (y < 7.45) & (y > 6.75) & (z > -0.1) & (z < 0.5)


def hair_cover(rest: Float, hair: Hair) -> Float:
    """How much hair lies on resting positions, 0..1."""
    elevation, azimuth = _directions(rest)
    ragged = np.sin(azimuth * 0.13 + hair.line_deg * 9) * 2.5 + np.sin(azimuth * 0.41 + hair.line_deg) * 1.5
    cover = smooth(elevation - _hairline(azimuth, hair) + ragged, -3, 4)
    return np.where(_is_ear(rest) | (rest[:, 1] < 6.7), 0, cover).astype(np.float32)


def hair_shade(rest: Float, hair: Hair) -> tuple[Float, Float]:
    """Cover 0..1 and reflectance of hair at resting positions.

    Strands reach over the forehead, grey ones are among them, and the skull shows through where hair is thin.
    """
    pattern, fine = _pattern(rest, hair, 0.2), _pattern(rest, hair, -0.35)
    elevation, azimuth = _directions(rest)
    reach = smooth(elevation - _hairline(azimuth, hair) + 4.5 * pattern, -4, 5)
    bare = smooth(1.6 * fine + 4 * (hair.density - 0.5), -1.5, 1.5) if hair.density < 1 else np.float32(1)
    cover = np.where(_is_ear(rest) | (rest[:, 1] < 6.7), 0, reach * bare)
    tone = hair.shade * (1 + 0.3 * pattern + 0.15 * fine)
    white = smooth(fine + 3 * (hair.grey - 0.5), -1.2, 1.2) if hair.grey > 0 else np.float32(0)
    tone = tone + white * np.maximum(0.5 * (1 + 0.2 * pattern) - tone, 0)
    return cover.astype(np.float32), np.asarray(np.clip(tone, 0.01, 1), dtype=np.float32)


def _skin(pixels: Pixels, person: Person) -> Float:
    size = person.skin.shape[0]
    return sample(person.skin, pixels.texture[:, 0] * size - 0.5, (1 - pixels.texture[:, 1]) * size - 0.5)


def _cavities(pixels: Pixels) -> Float:
    """Darkness of the mouth's inside and the nostrils, a factor 0..1."""
    x, y, z = np.abs(pixels.rest[:, 0]), pixels.rest[:, 1], pixels.rest[:, 2]
    mouth = (x < 0.3) & (y > 6.45) & (y < 6.8)
    nostril = (x < 0.16) & (y > 6.8) & (y < 6.97) & (z < 1.52)
    factor = np.where(mouth, 0.2 + 0.8 * smooth(z, 1.22, 1.4), 1.0)
    return np.where(nostril, 0.35 + 0.65 * smooth(z, 1.42, 1.53), factor).astype(np.float32)


def _beard(rest: Float, hair: Hair) -> Float:
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    cover = smooth(6.86 - y, 0, 0.06) * (1 - smooth(x - 0.78, 0, 0.1)) * smooth(7.1 - y + 0.25 * x, 0.1, 0.25)
    lips = (x / 0.3) ** 2 + ((y - 6.62) / 0.13) ** 2 < 1
    return np.where(lips | (z < 0.2), 0, 0.75 * hair.beard * cover).astype(np.float32)


def _eyes(pixels: Pixels, person: Person, expression: Expression, shot: Shot, centres: Float, albedo: Values) -> None:
    """Pupil, iris and white, with the shadow of the upper lid, written into `albedo`."""
    gaze = np.array([*expression.gaze, 1.0], np.float32)
    pupil_at = shot.light.pupil
    gaze /= np.linalg.norm(gaze)
    for kind, centre in zip((Material.EYE_LEFT, Material.EYE_RIGHT), centres, strict=True):
        here = pixels.material == kind
        d = pixels.rest[here] - centre
        d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-6
        angle = np.arccos(np.clip(d @ gaze, -1, 1))
        iris = person.iris * (1 - 0.3 * smooth(angle, 0.38, 0.47))
        if shot.light.infrared:
            iris = 0.55 * iris + 0.28  # melanin hides little there: dark eyes look light
        tone = np.where(angle < shot.light.pupil_radius, pupil_at, np.where(angle < 0.47, iris, person.sclera))
        albedo[here] = tone * (0.75 + 0.25 * (1 - smooth(d[:, 1], 0.1, 0.5)))


def _infrared(albedo: Values) -> Float:
    """Skin in the near infrared: light and even, whatever its colour (Anderson & Parrish 1981)."""
    return (0.5 + 0.35 * albedo).astype(np.float32)


def _reflectance(pixels: Pixels, person: Person, expression: Expression, shot: Shot, centres: Float) -> Float:
    """Reflectance of every pixel, 0..1."""
    rest = pixels.rest
    skin = pixels.material == Material.SKIN
    front = skin & (rest[:, 2] > 0.9)
    albedo: Values = _skin(pixels, person)
    if shot.light.infrared:
        albedo = _infrared(albedo)
    albedo = albedo * _cavities(pixels)
    if person.hair.beard > 0:
        beard = _beard(rest, person.hair)
        albedo = albedo * (1 - beard) + beard * person.hair.shade
    deepest = max(person.wrinkle_depth, 0.05)
    lines = wrinkle_map(
        person.paint,
        expression.left,
        expression.right,
        rest=person.rest_lines / deepest,
        frown=0.7 * person.frown_lines,
    )
    depth = person.wrinkle_depth * shot.wrinkle * (0.6 if shot.light.infrared else 1.0)
    wrinkle = np.where(front, look_up(lines, rest[:, 0], rest[:, 1]), 0)
    albedo = albedo * np.clip(1 + _WRINKLE_CONTRAST * depth * wrinkle, 0.2, 1.5)
    brow = np.where(front, look_up(person.paint.brow, rest[:, 0], rest[:, 1]), 0) * person.brow_cover
    albedo = albedo * (1 - brow) + brow * person.brow_shade
    lash = np.where(front, pixels.lash, 0) * person.lash
    albedo = albedo * (1 - lash) + lash * _LASH_SHADE
    if not person.hair.bald:
        upper = np.flatnonzero(skin & (rest[:, 1] > 6.7))
        cover, tone = hair_shade(rest[upper], person.hair)
        albedo[upper] = albedo[upper] * (1 - cover) + cover * tone
    _eyes(pixels, person, expression, shot, centres, albedo)
    rows = (Material.TEETH, Material.LOWER_TEETH)
    for kind, missing, light in zip(rows, person.toothless, (1.0, _LOWER_TEETH), strict=True):
        here = pixels.material == kind
        reflected = _GUM if missing else person.teeth * light
        albedo[here] = reflected * (0.3 + 0.7 * smooth(rest[here, 2], 0.95, 1.25))
    albedo[pixels.material == Material.TONGUE] = 0.25
    return albedo.astype(np.float32)


def _sockets(rest: Float) -> Float:
    """How much light reaches the hollows beside the nose and above the eyes, a factor 0..1."""
    x, y = np.abs(rest[:, 0]), rest[:, 1]
    inner = np.exp(-0.5 * (((x - 0.15) / 0.06) ** 2 + ((y - 7.30) / 0.07) ** 2))
    above = np.exp(-0.5 * (((x - 0.31) / 0.14) ** 2 + ((y - 7.39) / 0.035) ** 2))
    below_lip = np.exp(-0.5 * ((x / 0.14) ** 2 + ((y - 6.43) / 0.035) ** 2))
    return (1 - 0.30 * inner - 0.22 * above - 0.15 * below_lip).astype(np.float32)


def shade(pixels: Pixels, person: Person, expression: Expression, shot: Shot, centres: Float) -> Float:
    """Luminance of p pixels, about 0..1.

    Args:
        pixels: what they show.
        person: whose face.
        expression: what it does (wrinkles, gaze).
        shot: light.
        centres: (2, 3) resting centres of the eyeballs, dm.
    """
    light = shot.light
    normal = pixels.normal
    key, fill = np.array(light.key, np.float32), np.array(light.fill, np.float32)
    sky = 0.75 + 0.4 * (0.5 + 0.5 * normal[:, 1])
    direct = 1 - light.shadow * (1 - pixels.reached)
    lit = light.ambient * sky + (1.15 - light.ambient) * np.clip(normal @ key, 0, 1) * direct
    lit += light.fill_strength * np.clip(normal @ fill, 0, 1)
    skin = pixels.material == Material.SKIN
    lit *= np.where(skin, np.clip(1 - light.crease_strength * np.clip(pixels.crease, -0.02, 0.06), 0.4, 1.1), 1)
    lit *= np.where(skin, 1 - light.hollows * (1 - _sockets(pixels.rest)), 1)
    half = key + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    facing = np.clip(normal @ half, 0, 1)
    wet = (pixels.material == Material.EYE_LEFT) | (pixels.material == Material.EYE_RIGHT)
    gloss = np.where(skin, light.gloss * facing**light.gloss_power * direct, 0) + np.where(wet, 0.6 * facing**90, 0)
    return np.asarray(_reflectance(pixels, person, expression, shot, centres) * lit + gloss, dtype=np.float32)
