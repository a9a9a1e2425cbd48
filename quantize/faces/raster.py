"""The hot loops of the renderer, compiled: vertex normals with creases, a z-buffer, and what its pixels show."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]


def _surface(points: Float, triangles: Int) -> tuple[Float, Float]:
    count = points.shape[0]
    normals = np.zeros((count, 3), np.float32)
    around = np.zeros((count, 3), np.float32)
    weight = np.zeros(count, np.float32)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in range(3):
            i, j, m = triangles[t, k], triangles[t, (k + 1) % 3], triangles[t, (k + 2) % 3]
            normals[i, 0] += nx
            normals[i, 1] += ny
            normals[i, 2] += nz
            weight[i] += 2
            for d in range(3):
                around[i, d] += points[j, d] + points[m, d]
    crease = np.zeros(count, np.float32)
    for i in range(count):
        length = np.sqrt(normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2) + 1e-9
        for d in range(3):
            normals[i, d] /= length
            if weight[i] > 0:
                crease[i] += (around[i, d] / weight[i] - points[i, d]) * normals[i, d]
    return normals, crease


def _rasterise(screen: Float, triangles: Int, material: Int, depth: Float, owner: Int, share: Float) -> None:
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-9 or (area > 0 and material[t] < 3):  # skin and eyes are seen from outside only
            continue
        left, right = max(0, int(np.ceil(min(x0, x1, x2)))), min(width - 1, int(np.floor(max(x0, x1, x2))))
        top, bottom = max(0, int(np.ceil(min(y0, y1, y2)))), min(height - 1, int(np.floor(max(y0, y1, y2))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wb = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
                wc = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
                wa = 1 - wb - wc
                if wa < -1e-4 or wb < -1e-4 or wc < -1e-4:
                    continue
                z = wa * screen[a, 2] + wb * screen[b, 2] + wc * screen[c, 2]
                if z > depth[y, x]:
                    depth[y, x] = z
                    owner[y, x] = t
                    share[y, x, 0] = wb
                    share[y, x, 1] = wc


def _blend(values: Float, corners: Int, share: Float) -> Float:
    pixels, width = corners.shape[0], values.shape[1]
    mixed = np.empty((pixels, width), np.float32)
    for p in range(pixels):
        a, b, c = corners[p, 0], corners[p, 1], corners[p, 2]
        wb, wc = share[p, 0], share[p, 1]
        wa = np.float32(1) - wb - wc
        for k in range(width):
            mixed[p, k] = wa * values[a, k] + wb * values[b, k] + wc * values[c, k]
    return mixed


surface: Callable[[Float, Int], tuple[Float, Float]] = numba.njit(cache=True, fastmath=True)(_surface)
"""(n, 3) points and (t, 3) triangles to (n, 3) unit normals and (n,) creases: how far the neighbours rise above the
surface, dm (positive in folds)."""

rasterise: Callable[[Float, Int, Int, Float, Int, Float], None] = numba.njit(cache=True, fastmath=True)(_rasterise)
"""Fill depth (h, w), owner (h, w, triangle or -1) and share (h, w, 2: weights of the second and third corner) from
(n, 3) screen points (x right, y down in pixels, z towards the viewer), triangles and materials."""

blend: Callable[[Float, Int, Float], Float] = numba.njit(cache=True)(_blend)
"""(n, k) values of the vertices, mixed for p pixels from the (p, 3) corners of their triangles and the (p, 2) shares of
the second and third corner: (p, k)."""
