"""The detector's network: plain 3x3 convolutions, two grids of answers, everything in one delegated int8 graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.face.scan import HEADS, HEIGHT_PX, STRIDES, WIDTH_PX

if TYPE_CHECKING:
    from torch import Tensor, nn

TRUNK = ((12, 2), (24, 2), (40, 2), (40, 1), (40, 1))
"""Channels and stride of each convolution up to the fine grid."""

DEEPER = ((64, 2), (64, 1), (64, 1))
"""From there to the coarse grid."""

OWN = (40, 64)
"""Channels of the convolution that each grid has of its own before its outputs."""


def build() -> nn.Module:
    """The network: (n, 1, HEIGHT_PX, WIDTH_PX) to `edge.face.scan.OUTPUTS`, each (n, channels, rows, columns)."""
    from torch import nn

    def block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

    def chain(inputs: int, layers: tuple[tuple[int, int], ...]) -> nn.Sequential:
        parts: list[nn.Module] = []
        for outputs, stride in layers:
            parts.append(block(inputs, outputs, stride))
            inputs = outputs
        return nn.Sequential(*parts)

    class Detector(nn.Module):
        """Two grids over one trunk."""

        def __init__(self) -> None:
            super().__init__()
            self.trunk = chain(1, TRUNK)
            self.deeper = chain(TRUNK[-1][0], DEEPER)
            self.own = nn.ModuleList(
                block(inputs, outputs, 1) for inputs, outputs in zip((TRUNK[-1][0], DEEPER[-1][0]), OWN, strict=True)
            )
            self.heads = nn.ModuleList(
                nn.ModuleList(nn.Conv2d(outputs, width, 1) for width in HEADS.values()) for outputs in OWN
            )
            for grid in self.heads:
                nn.init.constant_(grid[0].bias, -4.0)  # heads are rare: the first steps are not spent on learning that

        def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
            fine = self.trunk(picture)
            answers: list[Tensor] = []
            for own, heads, grid in zip(self.own, self.heads, (fine, self.deeper(fine)), strict=True):
                hidden = own(grid)
                answers += [head(hidden) for head in heads]
            return tuple(answers)

    return Detector()


def parameter_count(network: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(int(part.numel()) for part in network.parameters())


def multiply_adds() -> int:
    """Multiplications with addition that one picture costs."""
    total, channels, places = 0, 1, WIDTH_PX * HEIGHT_PX
    grids: list[tuple[int, int]] = []
    for outputs, stride in (*TRUNK, *DEEPER):
        places //= stride**2
        total += channels * outputs * 9 * places
        channels = outputs
        grids.append((channels, places))
    for (inputs, cells), own in zip((grids[len(TRUNK) - 1], grids[-1]), OWN, strict=True):
        total += cells * own * (9 * inputs + sum(HEADS.values()))
    return total


def fused(network: nn.Module) -> nn.Module:
    """The trained network with every batch normalisation folded into its convolution."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    network = network.eval()
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential) and len(module) == 3 and isinstance(module[1], nn.BatchNorm2d):
            module[0] = fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    return network


def grid_sizes() -> tuple[tuple[int, int], ...]:
    """Rows and columns of each grid."""
    return tuple((HEIGHT_PX // stride, WIDTH_PX // stride) for stride in STRIDES)
