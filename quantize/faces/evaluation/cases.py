"""Faces with what is truly known of them, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS, pspi
from quantize.faces.collection import Faces

Floats = NDArray[np.float32]

_PSPI_UNITS = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Faces to be measured on.

    Attributes:
        name: where they come from, for the report.
        faces: with NaN for action units (and groups) that nobody coded.
        pspi: (n,) PSPI as the data set states it, NaN where it does not; None: computed from the coded units.
        notes: what must be known to read the figures, one sentence each.
    """

    name: str
    faces: Faces
    pspi: Floats | None = None
    notes: tuple[str, ...] = ()

    @property
    def coded(self) -> NDArray[np.bool_]:
        """(17,) which action units were coded at all."""
        return np.asarray(np.isfinite(self.faces.units).any(axis=0))

    @property
    def truth(self) -> Floats:
        """(n,) true PSPI: the stated one, else that of the coded units."""
        computed = np.asarray(pspi(self.comparable(np.nan_to_num(self.faces.units))), dtype=np.float32)
        known = np.isfinite(self.faces.units[:, self.coded]).all(axis=1) & self.coded[_columns()].any()
        computed = np.where(known, computed, np.float32(np.nan))
        return computed if self.pspi is None else np.where(np.isfinite(self.pspi), self.pspi, computed)

    def comparable(self, units: Floats) -> Floats:
        """(n, 17) with 0 for what was not coded, so that both sides of a comparison sum the same action units."""
        if self.pspi is not None:
            return units
        return np.where(self.coded[None, :], units, np.float32(0))

    @property
    def uncoded(self) -> tuple[str, ...]:
        """Action units of PSPI that were not coded."""
        return tuple(name for name in _PSPI_UNITS if not self.coded[LABELS.index(name)])

    def where(self, chosen: NDArray[np.bool_]) -> Cases:
        """The cases for which `chosen` is true."""
        return Cases(self.name, self.faces.where(chosen), None if self.pspi is None else self.pspi[chosen], self.notes)


def _columns() -> list[int]:
    return [LABELS.index(name) for name in _PSPI_UNITS]
