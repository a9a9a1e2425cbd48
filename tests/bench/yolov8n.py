"""A timing peer: the published graph of YOLOv8n with random weights, and a plain convolution, as .tflite files.

`python -m tests.bench.yolov8n FOLDER` (with the packages of the extra `quantize`) writes `yolov8n_float.tflite`,
`yolov8n_int8.tflite` and `convolution_int8.tflite`. The graph is written down here from the published table of layers
(backbone of C2f blocks, SPPF, path aggregation, decoupled heads; width 0.25, depth 0.33, 80 classes): its number of
parameters is checked against the published 3,157,200. Outputs are the raw maps of the three scales: decoding boxes and
suppressing doubles is left out, which makes the peer a little faster than it is in use. Weights say nothing: only time
is measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from quantize.int8 import quantise

SIDE_PX = 640
"""Input of the peer as it is commonly exported."""

PARAMETERS = 3_157_200
"""Of YOLOv8n with 80 classes, batch normalisation included, as published, less the fixed decoding weights."""

_BINS, _CLASSES = 16, 80

CONVOLUTION = (1, 64, 40, 40)
"""Input of the plain 3x3 convolutions with 64 outputs that show what the runtime can do at most."""

CONVOLUTIONS = 8


class Conv(nn.Module):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        y = self.norm(self.conv(x))
        return y * torch.sigmoid(y)


class Bottleneck(nn.Module):
    """Two 3x3 convolutions, with or without a way around."""

    def __init__(self, width: int, around: bool) -> None:
        super().__init__()
        self.first, self.second, self.around = Conv(width, width, 3), Conv(width, width, 3), around

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        y = self.second(self.first(x))
        return x + y if self.around else y


class C2f(nn.Module):
    """Cross-stage block: half goes through bottlenecks, every stage is kept."""

    def __init__(self, inputs: int, outputs: int, count: int, around: bool) -> None:
        super().__init__()
        self.half = outputs // 2
        self.first = Conv(inputs, outputs)
        self.last = Conv((2 + count) * self.half, outputs)
        self.inner = nn.ModuleList(Bottleneck(self.half, around) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w)."""
        whole = self.first(x)
        parts = [whole[:, : self.half], whole[:, self.half :]]
        for block in self.inner:
            parts.append(block(parts[-1]))
        return self.last(torch.cat(parts, 1))


class Sppf(nn.Module):
    """Three poolings, one after the other, joined."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = Conv(width, width // 2), Conv(width * 2, width)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        parts = [self.first(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.last(torch.cat(parts, 1))


def _head(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(Conv(inputs, width, 3), Conv(width, width, 3), nn.Conv2d(width, outputs, 1))


class Yolov8n(nn.Module):
    """(1, 3, 640, 640) to six maps: box bins and classes at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.to_8 = nn.Sequential(
            *(Conv(3, 16, 3, 2), Conv(16, 32, 3, 2), C2f(32, 32, 1, True), Conv(32, 64, 3, 2), C2f(64, 64, 2, True))
        )
        self.to_16 = nn.Sequential(Conv(64, 128, 3, 2), C2f(128, 128, 2, True))
        self.to_32 = nn.Sequential(Conv(128, 256, 3, 2), C2f(256, 256, 1, True), Sppf(256))
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.up_16, self.up_8 = C2f(384, 128, 1, False), C2f(192, 64, 1, False)
        self.down_16, self.join_16 = Conv(64, 64, 3, 2), C2f(192, 128, 1, False)
        self.down_32, self.join_32 = Conv(128, 128, 3, 2), C2f(384, 256, 1, False)
        widths = (64, 128, 256)
        self.boxes = nn.ModuleList(_head(width, 64, 4 * _BINS) for width in widths)
        self.classes = nn.ModuleList(_head(width, 80, _CLASSES) for width in widths)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The six maps."""
        at_8 = self.to_8(x)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        up_16 = self.up_16(torch.cat([self.up(at_32), at_16], 1))
        out_8 = self.up_8(torch.cat([self.up(up_16), at_8], 1))
        out_16 = self.join_16(torch.cat([self.down_16(out_8), up_16], 1))
        out_32 = self.join_32(torch.cat([self.down_32(out_16), at_32], 1))
        scales = (out_8, out_16, out_32)
        boxes = [head(one) for head, one in zip(self.boxes, scales, strict=True)]
        return (*boxes, *(head(one) for head, one in zip(self.classes, scales, strict=True)))


def _write(network: nn.Module, shape: tuple[int, ...], folder: Path, name: str) -> None:
    """Float and int8 files of one network."""
    import litert_torch

    plain = folder / f"{name}_float.tflite"
    last = litert_torch.to_channel_last_io(network.eval(), args=[0]).eval()
    sample = torch.rand(shape[0], *shape[2:], shape[1])
    litert_torch.convert(last, (sample,)).export(str(plain))
    quantise(plain, folder / f"{name}_int8.tflite", np.random.default_rng(1).random((2, *sample.shape[1:]), np.float32))


def main(folder: Path) -> int:
    """Write the files that are not there yet."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    network = Yolov8n()
    count = sum(part.numel() for part in network.parameters())
    if count != PARAMETERS - _BINS:
        raise ValueError(f"the graph has {count} parameters, YOLOv8n {PARAMETERS - _BINS}")
    plain = nn.Sequential(
        *(layer for _ in range(CONVOLUTIONS) for layer in (nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()))
    )
    if not (folder / "convolution_int8.tflite").exists():
        _write(plain, CONVOLUTION, folder, "convolution")
    if not (folder / "yolov8n_int8.tflite").exists():
        _write(network, (1, 3, SIDE_PX, SIDE_PX), folder, "yolov8n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
