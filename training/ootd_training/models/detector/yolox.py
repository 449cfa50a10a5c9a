"""YOLOX-nano (Ge et al., YOLOX, 2021): a small detector for which there are public weights.

Backbone, neck and the towers of the heads are the published ones; what they give is ours: classes
and distributions of distances in place of COCO's classes, boxes and objectness.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ootd_training.models.detector.network import DetectorNetwork, gathered
from ootd_training.models.detector.settings import DISTANCE_BINS, STRIDES
from ootd_training.taxonomy import SUPER_CATEGORIES

CHANNELS = (64, 128, 256)
"""Of the features at `STRIDES`."""
HIDDEN = 64
"""Channels of the heads' towers."""


def unit(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation, SiLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03),
        nn.SiLU(),
    )


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A depthwise 3x3 unit and a pointwise one."""
    return nn.Sequential(
        *unit(inputs, inputs, 3, stride, groups=inputs), *unit(inputs, outputs)
    )  # fmt: skip


class Bottleneck(nn.Module):
    """A pointwise and a separable unit with an optional skip connection."""

    def __init__(self, channels: int, skip: bool) -> None:
        super().__init__()
        self.first = unit(channels, channels)
        self.second = separable(channels, channels)
        self.skip = skip

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        result: Tensor = self.second(self.first(features))
        return features + result if self.skip else result


class CrossStage(nn.Module):
    """CSP block with three pointwise units around its bottlenecks."""

    def __init__(self, inputs: int, outputs: int, depth: int = 1, skip: bool = False) -> None:
        super().__init__()
        hidden = outputs // 2
        self.main = unit(inputs, hidden)
        self.aside = unit(inputs, hidden)
        self.blocks = nn.Sequential(*(Bottleneck(hidden, skip) for _ in range(depth)))
        self.leave = unit(2 * hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """f32[b, inputs, h, w] to f32[b, outputs, h, w]."""
        parts = (self.blocks(self.main(features)), self.aside(features))
        result: Tensor = self.leave(torch.cat(parts, dim=1))
        return result


class PyramidPooling(nn.Module):
    """Max-pools of three sizes gathered (He et al., spatial pyramid pooling, 2014)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = unit(channels, channels // 2)
        self.pools = nn.ModuleList(nn.MaxPool2d(size, 1, size // 2) for size in (5, 9, 13))
        self.leave = unit(channels * 2, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        entered = self.enter(features)
        parts = [entered, *(pool(entered) for pool in self.pools)]
        result: Tensor = self.leave(torch.cat(parts, dim=1))
        return result


class Pyramid(nn.Module):
    """Backbone and neck: photos f32[b, 3, h, w] in 0..1 to features of `CHANNELS` at `STRIDES`.

    Modules stand in the order in which the published graph has them, which loading relies on.
    """

    def __init__(self) -> None:
        super().__init__()
        low, middle, high = CHANNELS
        self.stem = unit(12, 16, 3)
        self.stage2 = nn.Sequential(separable(16, 32, 2), CrossStage(32, 32, 1, skip=True))
        self.stage3 = nn.Sequential(separable(32, low, 2), CrossStage(low, low, 3, skip=True))
        self.stage4 = nn.Sequential(separable(low, middle, 2), CrossStage(middle, middle, 3, True))
        self.stage5 = nn.Sequential(
            separable(middle, high, 2), PyramidPooling(high), CrossStage(high, high)
        )
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.narrow5 = unit(high, middle)
        self.down4 = CrossStage(2 * middle, middle)
        self.narrow4 = unit(middle, low)
        self.down3 = CrossStage(2 * low, low)
        self.shrink3 = separable(low, low, 2)
        self.up4 = CrossStage(2 * low, middle)
        self.shrink4 = separable(middle, middle, 2)
        self.up5 = CrossStage(2 * middle, high)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The features of the three levels."""
        corners = [images[..., y::2, x::2] for x in (0, 1) for y in (0, 1)]
        level3 = self.stage3(self.stage2(self.stem(torch.cat(corners, dim=1))))
        level4 = self.stage4(level3)
        narrow5 = self.narrow5(self.stage5(level4))
        narrow4 = self.narrow4(self.down4(torch.cat((self.enlarge(narrow5), level4), dim=1)))
        out3 = self.down3(torch.cat((self.enlarge(narrow4), level3), dim=1))
        out4 = self.up4(torch.cat((self.shrink3(out3), narrow4), dim=1))
        out5 = self.up5(torch.cat((self.shrink4(out4), narrow5), dim=1))
        return out3, out4, out5


class Towers(nn.Module):
    """What a level's head sees before it answers: features for classes, and for boxes."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.shared = unit(inputs, HIDDEN)
        self.classes = nn.Sequential(separable(HIDDEN, HIDDEN), separable(HIDDEN, HIDDEN))
        self.boxes = nn.Sequential(separable(HIDDEN, HIDDEN), separable(HIDDEN, HIDDEN))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """f32[b, inputs, h, w] to two of f32[b, 64, h, w]."""
        shared = self.shared(features)
        return self.classes(shared), self.boxes(shared)


class YoloxFeatures(nn.Module):
    """All of the published network but its last layers."""

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = Pyramid()
        self.towers = nn.ModuleList(Towers(channels) for channels in CHANNELS)

    def forward(self, images: Tensor) -> tuple[tuple[Tensor, ...], list[tuple[Tensor, Tensor]]]:
        """The pyramid's three levels, and what the towers make of each."""
        levels = self.pyramid(images)
        return levels, [tower(level) for tower, level in zip(self.towers, levels, strict=True)]


class YoloxDetector(DetectorNetwork):
    """The published network with our last layers."""

    def __init__(self) -> None:
        super().__init__()
        count = len(SUPER_CATEGORIES)
        self.features = YoloxFeatures()
        self.classes = nn.ModuleList(nn.Conv2d(HIDDEN, count, 1) for _ in STRIDES)
        self.distances = nn.ModuleList(nn.Conv2d(HIDDEN, 4 * DISTANCE_BINS, 1) for _ in STRIDES)
        self.segmentation = nn.Conv2d(CHANNELS[0], count + 1, 1)
        for stride, classes, distances in zip(STRIDES, self.classes, self.distances, strict=True):
            assert isinstance(classes.bias, Tensor)
            assert isinstance(distances.bias, Tensor)
            nn.init.constant_(distances.bias, 1.0)
            # A few garments among all cells of a 320 px photo.
            nn.init.constant_(classes.bias, math.log(5 / count / (320 / stride) ** 2))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Class, distance and (in training) segmentation logits."""
        levels, towers = self.features(images)
        classes = [layer(seen[0]) for layer, seen in zip(self.classes, towers, strict=True)]
        distances = [layer(seen[1]) for layer, seen in zip(self.distances, towers, strict=True)]
        segmentation = self.segmentation(levels[0]) if self.training else None
        return gathered(classes), gathered(distances), segmentation
