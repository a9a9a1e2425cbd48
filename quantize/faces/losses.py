"""What training minimises: one term for each output of the face network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS, REGIONS_OF
from quantize.faces.collection import REGIONS, Faces
from quantize.faces.heads import HEADS, ROLL_UNIT_DEG

if TYPE_CHECKING:
    from torch import Tensor

SHARES = {
    "au": 1.0,
    "pspi": 0.4,
    "deviation": 0.1,
    "visible": 0.1,
    "track": 0.3,
    "face": 0.2,
    "identity": 0.01,
    "pair": 0.5,
}
"""Weight of each term. PSPI is what the daemon acts on; the others must not cost the intensities anything: with a share
of 0.1 the descriptor's term outweighed theirs, and PSPI was read with r 0.76 on unseen identities."""

_LEADING = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU43")
_LEAD, _FOLLOW = 1.6, 0.6
"""Weights of the action units that make PSPI or a smile, and of the others: about one on average."""

HIDDEN_SHARE = 0.3
"""Weight of an intensity whose region is covered: it can only be guessed from the rest of the face."""

_OFFSET_UNIT = (0.1, 0.1, 0.1, 0.3)
"""Where the terms of `track` pass from square to linear, in its own units: a tenth of a side, ten degrees."""

_LOG_DEVIATION = (-3.0, 1.5)
"""Bounds of the logarithm of a deviation, intensities: 0.05 to 4.5."""

TEMPERATURE = 0.1
"""Of the contrast between persons (Khosla et al., Supervised Contrastive Learning, 2020)."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What the network should say of n crops, and how much each counts.

    Attributes:
        units: (n, 17) standardised intensities.
        weight: (n, 17) of each intensity.
        visible: (n, 5) 0 or 1.
        track: (n, 4) offsets, roll in `ROLL_UNIT_DEG`.
        face: (n,) 0 or 1.
        identity: (n,).
    """

    units: Tensor
    weight: Tensor
    visible: Tensor
    track: Tensor
    face: Tensor
    identity: Tensor

    def where(self, chosen: Tensor) -> Targets:
        """Those of some crops."""
        return Targets(*(getattr(self, name)[chosen] for name in self.__slots__))


def weight_of(visible: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 17) weight of each intensity from the (n, 5) visible shares of the regions."""
    weight = np.empty((len(visible), len(LABELS)), np.float32)
    for column, name in enumerate(LABELS):
        seen = visible[:, [REGIONS.index(region) for region in REGIONS_OF[name]]].max(axis=1)
        known = HIDDEN_SHARE + (1 - HIDDEN_SHARE) * np.clip(seen * 2, 0, 1)
        weight[:, column] = known * (_LEAD if name in _LEADING else _FOLLOW)
    return weight


def targets_of(faces: Faces, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> Targets:
    """Targets of rendered crops; `mean` and `deviation` (17,) standardise the intensities."""
    import torch

    rows = faces.rows
    track = np.array(rows["offset"], np.float32)
    track[:, 3] /= ROLL_UNIT_DEG
    return Targets(
        units=torch.from_numpy(((faces.units - mean) / deviation).astype(np.float32)),
        weight=torch.from_numpy(weight_of(rows["visible"])),
        visible=torch.from_numpy((rows["visible"] >= 0.5).astype(np.float32)),
        track=torch.from_numpy(track),
        face=torch.from_numpy(rows["face"].astype(np.float32)),
        identity=torch.from_numpy(faces.identity),
    )


def split_heads(outputs: Tensor) -> dict[str, Tensor]:
    """The network's outputs by name."""
    found, first = {}, 0
    for name, width in HEADS.items():
        found[name] = outputs[:, first : first + width]
        first += width
    return found


def pspi_of(units: Tensor) -> Tensor:
    """PSPI of (n, 17) intensities, with AU43 as a share so that it has a gradient."""
    import torch

    at = {name: units[:, column] for column, name in enumerate(LABELS)}
    orbit, levator = torch.maximum(at["AU6"], at["AU7"]), torch.maximum(at["AU9"], at["AU10"])
    return at["AU4"] + orbit + levator + at["AU43"] / 5


def _contrast(descriptor: Tensor, identity: Tensor) -> Tensor:
    """Supervised contrast: descriptors of one person nearer to each other than to anybody else's."""
    import torch

    unit = torch.nn.functional.normalize(descriptor, dim=1)
    alike = unit @ unit.T / TEMPERATURE
    alike = alike - 1e4 * torch.eye(len(unit))
    log_share = alike - torch.logsumexp(alike, dim=1, keepdim=True)
    same = (identity[:, None] == identity[None, :]).float() - torch.eye(len(unit))
    partners = same.sum(1)
    per_face = -(log_share * same).sum(1) / partners.clamp(min=1)
    return per_face[partners > 0].mean() if bool((partners > 0).any()) else per_face.sum() * 0


def _pairs(units: Tensor, shown: Targets) -> Tensor:
    """Differences between two pictures of one person: what the box makes of a face is its change against its rest."""
    import torch
    from torch.nn import functional

    same = torch.triu(shown.identity[:, None] == shown.identity[None, :], 1)
    one, other = same.nonzero(as_tuple=True)
    if not len(one):
        return units.sum() * 0
    said, true = (values[one] - values[other] for values in (units, shown.units))
    weight = torch.minimum(shown.weight[one], shown.weight[other])
    return (functional.smooth_l1_loss(said, true, reduction="none") * weight).mean()


def loss_terms(outputs: Tensor, targets: Targets, mean: Tensor, deviation: Tensor) -> Mapping[str, Tensor]:
    """Every term of the loss of one batch; crops without a face count for `face` only.

    Args:
        outputs: (n, all of HEADS) of the network.
        targets: of the same crops.
        mean: (17,) that goes with `deviation`.
        deviation: (17,) standardised intensities times this plus `mean` are 0..5.
    """
    import torch
    from torch.nn import functional

    said = split_heads(outputs)
    face = targets.face > 0
    shown = targets.where(face)
    units, log_deviation = said["au"][face], said["deviation"][face].clamp(*_LOG_DEVIATION)
    per_unit = functional.smooth_l1_loss(units, shown.units, reduction="none") * shown.weight
    pspi, true_pspi = (pspi_of(one * deviation + mean) / 3 for one in (units, shown.units))
    error = ((units - shown.units) * deviation).detach()  # a deviation describes the error and must not steer it
    beta = torch.tensor(_OFFSET_UNIT)
    return {
        "au": per_unit.mean(),
        "pspi": (functional.smooth_l1_loss(pspi, true_pspi, reduction="none") * shown.weight.mean(1)).mean(),
        "deviation": (0.5 * torch.exp(-2 * log_deviation) * error.square() + log_deviation).mean(),
        "visible": functional.binary_cross_entropy_with_logits(said["visible"][face], shown.visible),
        "track": functional.smooth_l1_loss(said["track"][face][:, :4] / beta, shown.track / beta),
        "face": functional.binary_cross_entropy_with_logits(said["track"][:, 4], targets.face),
        "identity": _contrast(said["identity"][face], shown.identity),
        "pair": _pairs(units, shown),
    }


def total_loss(terms: Mapping[str, Tensor]) -> Tensor:
    """The weighted sum of all terms."""
    import torch

    return torch.stack([SHARES[name] * term for name, term in terms.items()]).sum()
