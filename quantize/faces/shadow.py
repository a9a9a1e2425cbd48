"""Shadows that a head throws on itself: seen from the lamp, what lies behind something else gets none of its light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quantize.faces.raster import rasterise
from quantize.faces.shot import Vector

Float = NDArray[np.float32]

_MAP_PX = 96
"""Side of the picture that the lamp sees. A head of 3 dm is then drawn at 0.03 dm a pixel: the bridge of a nose is
20 pixels high in profile."""

_BIAS_DM = 0.05
_RAMP_DM = 0.06
"""Skin up to this far behind what the lamp sees is lit in full, and this much further on not at all: the map is coarse,
and a surface must not shade itself."""

_UP = np.array([0.0, 1.0, 0.0], np.float32)
_ASIDE = np.array([1.0, 0.0, 0.0], np.float32)


def reached(vertices: Float, triangles: NDArray[np.int32], material: NDArray[np.int32], key: Vector) -> Float:
    """How much of the main lamp's light reaches each vertex.

    Args:
        vertices: (n, 3) the shape as the camera has it (x right, y up, z to the camera), dm.
        triangles: (t, 3) corners.
        material: (t,) `quantize.faces.head.Material`.
        key: unit vector towards the lamp.

    Returns:
        (n,) 0 in full shadow, 1 in full light. Surfaces that face away from the lamp are not looked at here.
    """
    forwards = np.array(key, np.float32)
    right = np.cross(_UP if abs(forwards[1]) < 0.95 else _ASIDE, forwards).astype(np.float32)
    right /= np.linalg.norm(right)
    seen = vertices @ np.stack([right, np.cross(forwards, right).astype(np.float32), forwards], axis=1)
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = np.float32((_MAP_PX - 3) / max(float((high - low)[:2].max()), 1e-6))
    placed = np.stack([(seen[:, 0] - low[0]) * scale + 1, (high[1] - seen[:, 1]) * scale + 1, seen[:, 2]], axis=1)
    placed = np.ascontiguousarray(placed, dtype=np.float32)
    depth = np.full((_MAP_PX, _MAP_PX), -1e9, np.float32)
    owner = np.full((_MAP_PX, _MAP_PX), -1, np.int32)
    rasterise(placed, triangles, material, depth, owner, np.empty((_MAP_PX, _MAP_PX, 2), np.float32))
    behind = np.zeros(len(vertices), np.float32)
    column, row = np.floor(placed[:, 0]).astype(np.int64), np.floor(placed[:, 1]).astype(np.int64)
    right_share, down_share = placed[:, 0] - column, placed[:, 1] - row
    for across in (0, 1):
        for down in (0, 1):
            front = depth[np.minimum(row + down, _MAP_PX - 1), np.minimum(column + across, _MAP_PX - 1)]
            hidden = np.clip((front - placed[:, 2] - _BIAS_DM) / _RAMP_DM, 0, 1)
            weight = (right_share if across else 1 - right_share) * (down_share if down else 1 - down_share)
            behind += np.asarray(weight * hidden, dtype=np.float32)
    return np.asarray(1 - behind, dtype=np.float32)
