"""EfficientNet-Lite0, for which there are public weights learnt from ImageNet.

EfficientNet-B0 (Tan & Le 2019, Table 1) without squeeze-and-excitation, with ReLU6 in place of
swish, and with stem and head of fixed width, as its authors published it for small devices.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ootd_training.network.trunk import Trunk, drop_branch

FEATURES = 1280
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0
"""What the published weights were trained with: pixels 0 to 255, less the mean, by the scale."""


class Stage(NamedTuple):
    """`repeats` blocks that give `channels`, the first of them with `stride`."""

    channels: int
    repeats: int
    stride: int
    kernel: int
    expansion: int = 6


STAGES = (
    Stage(16, 1, 1, 3, expansion=1),
    Stage(24, 2, 2, 3),
    Stage(40, 2, 2, 5),
    Stage(80, 3, 2, 3),
    Stage(112, 3, 1, 5),
    Stage(192, 4, 2, 5),
    Stage(320, 1, 1, 3),
)


class SamePadding(nn.Module):
    """Zeros around maps, as the weights were trained with: outputs have ceil(size / stride) cells.

    An odd pixel of padding goes to the right and to the bottom.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [n, c, h, w], higher and wider by what the convolution needs."""
        top, bottom = self._sides(maps.shape[2])
        left, right = self._sides(maps.shape[3])
        return functional.pad(maps, (left, right, top, bottom))

    def _sides(self, size: int) -> tuple[int, int]:
        missing = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
        return missing // 2, missing - missing // 2


def conv_norm(
    c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution and its batch norm, after the padding that it needs."""
    # Where the stride is 1, the padding is even and the convolution does it faster.
    even = stride == 1
    padding: list[nn.Module] = [] if even else [SamePadding(kernel, stride)]
    convolution = nn.Conv2d(
        c_in, c_out, kernel, stride, kernel // 2 if even else 0, groups=groups, bias=False
    )
    return [*padding, convolution, nn.BatchNorm2d(c_out, eps=1e-3)]


class InvertedResidual(nn.Module):
    """Wider by `expansion`, a depthwise convolution, narrow again (Sandler et al. 2018)."""

    def __init__(self, c_in: int, stage: Stage, stride: int, drop: float) -> None:
        super().__init__()
        hidden = c_in * stage.expansion
        layers = [] if stage.expansion == 1 else [*conv_norm(c_in, hidden), nn.ReLU6()]
        layers += [*conv_norm(hidden, hidden, stage.kernel, stride, hidden), nn.ReLU6()]
        self.layers = nn.Sequential(*layers, *conv_norm(hidden, stage.channels))
        self.residual = stride == 1 and c_in == stage.channels
        self.drop = drop

    def forward(self, maps: Tensor) -> Tensor:
        """The block's output; at stride 2 half as high and wide."""
        branch: Tensor = self.layers(maps)
        if not self.residual:
            return branch
        if self.training and self.drop > 0:
            branch = drop_branch(branch, self.drop)
        return maps + branch


class EfficientNetLite0(Trunk):
    """Crops [n, 3, s, s] in 0..1 to features [n, 1280]."""

    features = FEATURES

    def __init__(self, drop_path: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, 32, 3, 2), nn.ReLU6())
        blocks: list[InvertedResidual] = []
        count, c_in = sum(stage.repeats for stage in STAGES), 32
        for stage in STAGES:
            for index in range(stage.repeats):
                drop = drop_path * len(blocks) / count
                stride = stage.stride if index == 0 else 1
                blocks.append(InvertedResidual(c_in, stage, stride, drop))
                c_in = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.top = nn.Sequential(*conv_norm(c_in, FEATURES), nn.ReLU6())
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] ** 2 * module.out_channels // module.groups
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))

    def forward(self, crops: Tensor) -> Tensor:
        """The features of the crops."""
        maps: Tensor = self.top(self.blocks(self.stem((crops * 255 - PIXEL_MEAN) / PIXEL_SCALE)))
        return torch.mean(maps, (2, 3))
