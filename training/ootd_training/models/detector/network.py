"""The network that learns from random weights: CSP backbone, path aggregation, decoupled head.

The layout follows the YOLOv8 family at its smallest width (Ultralytics, 2023; CSP blocks after
Wang et al., CSPNet, 2020; PAN after Liu et al., 2018), with a lighter head.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ootd_training.models.detector.settings import DISTANCE_BINS, STRIDES
from ootd_training.taxonomy import SUPER_CATEGORIES


class ConvolutionUnit(nn.Module):
    """Convolution, batch normalisation, SiLU; keeps height and width divided by `stride`."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.normalisation: nn.Module = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.activation = nn.SiLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """f32[b, inputs, h, w] to f32[b, outputs, h / stride, w / stride]."""
        result: Tensor = self.activation(self.normalisation(self.convolution(features)))
        return result


class Bottleneck(nn.Module):
    """Two 3x3 units with an optional skip connection."""

    def __init__(self, channels: int, skip: bool) -> None:
        super().__init__()
        self.first = ConvolutionUnit(channels, channels, 3)
        self.second = ConvolutionUnit(channels, channels, 3)
        self.skip = skip

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        result: Tensor = self.second(self.first(features))
        return features + result if self.skip else result


class CrossStageBlock(nn.Module):
    """CSP block with every bottleneck's output gathered (the C2f block of YOLOv8)."""

    def __init__(self, inputs: int, outputs: int, depth: int = 1, skip: bool = True) -> None:
        super().__init__()
        self.hidden = outputs // 2
        self.enter = ConvolutionUnit(inputs, 2 * self.hidden)
        self.blocks = nn.ModuleList(Bottleneck(self.hidden, skip) for _ in range(depth))
        self.leave = ConvolutionUnit((2 + depth) * self.hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """f32[b, inputs, h, w] to f32[b, outputs, h, w]."""
        parts = list(self.enter(features).split(self.hidden, dim=1))
        for block in self.blocks:
            parts.append(block(parts[-1]))
        result: Tensor = self.leave(torch.cat(parts, dim=1))
        return result


class PyramidPooling(nn.Module):
    """Three chained 5x5 max-pools gathered (spatial pyramid pooling, fast form)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = ConvolutionUnit(channels, channels // 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.leave = ConvolutionUnit(channels * 2, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        parts = [self.enter(features)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        result: Tensor = self.leave(torch.cat(parts, dim=1))
        return result


class Head(nn.Module):
    """Class logits and side-distance distributions of one level; no anchors, no objectness."""

    def __init__(self, inputs: int, hidden: int, classes: int, stride: int) -> None:
        super().__init__()
        self.shared = ConvolutionUnit(inputs, hidden, 3)
        self.box_features = ConvolutionUnit(hidden, hidden, 3)
        self.class_features = ConvolutionUnit(hidden, hidden, 3)
        self.distances = nn.Conv2d(hidden, 4 * DISTANCE_BINS, 1)
        self.classes = nn.Conv2d(hidden, classes, 1)
        assert self.distances.bias is not None
        assert self.classes.bias is not None
        nn.init.constant_(self.distances.bias, 1.0)
        # A few garments among all cells of a 320 px photo: the prior that YOLOv8 starts from.
        nn.init.constant_(self.classes.bias, math.log(5 / classes / (320 / stride) ** 2))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits f32[b, classes, h, w] and distance logits f32[b, 4 * bins, h, w]."""
        shared = self.shared(features)
        distances = self.distances(self.box_features(shared))
        return self.classes(self.class_features(shared)), distances


class DetectorNetwork(nn.Module, ABC):
    """Finds garments, anchor-free.

    Takes f32[b, 3, h, w] (RGB, 0 to 1; h and w multiples of 32). Gives class logits
    f32[b, cells, 6], distance logits f32[b, cells, 4 * bins] with the cells of the three levels
    one after another, and, in training mode alone, segmentation logits f32[b, 7, h/8, w/8]
    (background, then the classes) that only guide the features.
    """

    @abstractmethod
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Class, distance and (in training) segmentation logits, as the class says."""


def gathered(maps: Sequence[Tensor]) -> Tensor:
    """Maps f32[b, n, h, w] of several levels as f32[b, cells, n], one level after another."""
    return torch.cat([level.flatten(2) for level in maps], dim=2).transpose(1, 2)


class CrossStageDetector(DetectorNetwork):
    """The network of this module."""

    def __init__(self, width: int = 16, head: int = 48) -> None:
        super().__init__()
        w = width
        classes = len(SUPER_CATEGORIES)
        self.stem = ConvolutionUnit(3, w, 3, 2)
        self.stage2 = nn.Sequential(
            ConvolutionUnit(w, 2 * w, 3, 2), CrossStageBlock(2 * w, 2 * w, 1)
        )
        self.stage3 = nn.Sequential(
            ConvolutionUnit(2 * w, 4 * w, 3, 2), CrossStageBlock(4 * w, 4 * w, 2)
        )
        self.stage4 = nn.Sequential(
            ConvolutionUnit(4 * w, 8 * w, 3, 2), CrossStageBlock(8 * w, 8 * w, 2)
        )
        self.stage5 = nn.Sequential(
            ConvolutionUnit(8 * w, 16 * w, 3, 2),
            CrossStageBlock(16 * w, 16 * w, 1),
            PyramidPooling(16 * w),
        )
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.down4 = CrossStageBlock(24 * w, 8 * w, 1, skip=False)
        self.down3 = CrossStageBlock(12 * w, 4 * w, 1, skip=False)
        self.shrink3 = ConvolutionUnit(4 * w, 4 * w, 3, 2)
        self.up4 = CrossStageBlock(12 * w, 8 * w, 1, skip=False)
        self.shrink4 = ConvolutionUnit(8 * w, 8 * w, 3, 2)
        self.up5 = CrossStageBlock(24 * w, 16 * w, 1, skip=False)
        self.heads = nn.ModuleList(
            Head(channels, head, classes, stride)
            for channels, stride in zip((4 * w, 8 * w, 16 * w), STRIDES, strict=True)
        )
        self.segmentation = nn.Conv2d(4 * w, classes + 1, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Class, distance and (in training) segmentation logits, as the class says."""
        level3 = self.stage3(self.stage2(self.stem(images)))
        level4 = self.stage4(level3)
        level5 = self.stage5(level4)
        merged4 = self.down4(torch.cat((self.enlarge(level5), level4), dim=1))
        merged3 = self.down3(torch.cat((self.enlarge(merged4), level3), dim=1))
        out4 = self.up4(torch.cat((self.shrink3(merged3), merged4), dim=1))
        out5 = self.up5(torch.cat((self.shrink4(out4), level5), dim=1))
        classes, distances = [], []
        for head, features in zip(self.heads, (merged3, out4, out5), strict=True):
            class_map, distance_map = head(features)
            classes.append(class_map)
            distances.append(distance_map)
        segmentation = self.segmentation(merged3) if self.training else None
        return gathered(classes), gathered(distances), segmentation
