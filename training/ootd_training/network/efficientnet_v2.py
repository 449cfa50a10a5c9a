"""EfficientNetV2: a trunk that learns from random weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ootd_training.network.trunk import Trunk, TrunkSettings, drop_branch

IMAGE_MEAN = (0.55, 0.53, 0.51)
IMAGE_STD = (0.28, 0.28, 0.28)


@dataclass(frozen=True)
class StageSettings:
    """One stage: `repeats` blocks, the first with `stride`; fused stages have no depthwise part.

    Blocks give `channels` and have `expansion` times their input's inside, at `kernel` x `kernel`.
    """

    fused: bool
    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int = 3


# EfficientNetV2-B0 (Tan & Le 2021, Table 4 and section 3.3, scaled down to B0's depth): the two
# early high-resolution stages use full convolutions, which are quicker on CPUs than depthwise ones.
STAGES = (
    StageSettings(fused=True, expansion=1, channels=16, repeats=1, stride=1),
    StageSettings(fused=True, expansion=4, channels=32, repeats=2, stride=2),
    StageSettings(fused=True, expansion=4, channels=48, repeats=2, stride=2),
    StageSettings(fused=False, expansion=4, channels=96, repeats=3, stride=2),
    StageSettings(fused=False, expansion=6, channels=112, repeats=5, stride=1),
    StageSettings(fused=False, expansion=6, channels=192, repeats=8, stride=2),
)


def scale_channels(channels: int, width: float) -> int:
    """Channels times `width`, rounded to a multiple of 8, losing at most a tenth."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _conv_norm(
    c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    convolution = nn.Conv2d(
        c_in, c_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    return [convolution, nn.BatchNorm2d(c_out, eps=1e-3)]


class SqueezeExcite(nn.Module):
    """Channel attention from the spatial mean (Hu et al. 2018, section 3)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The input, each channel weighted."""
        gate = nn.functional.silu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(gate))


class Block(nn.Module):
    """MBConv, or Fused-MBConv where `stage.fused` (Tan & Le 2021, Figure 2)."""

    def __init__(
        self, c_in: int, c_out: int, stride: int, stage: StageSettings, drop: float
    ) -> None:
        super().__init__()
        hidden = c_in * stage.expansion
        layers: list[nn.Module] = []
        if stage.fused and stage.expansion == 1:
            layers += [*_conv_norm(c_in, c_out, stage.kernel, stride), nn.SiLU()]
        elif stage.fused:
            layers += [*_conv_norm(c_in, hidden, stage.kernel, stride), nn.SiLU()]
            layers += _conv_norm(hidden, c_out, 1)
        else:
            layers += [*_conv_norm(c_in, hidden, 1), nn.SiLU()]
            layers += [*_conv_norm(hidden, hidden, stage.kernel, stride, hidden), nn.SiLU()]
            layers += [SqueezeExcite(hidden, max(8, c_in // 4)), *_conv_norm(hidden, c_out, 1)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and c_in == c_out
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """The block's output; at stride 2 half as high and wide."""
        y: Tensor = self.layers(x)
        if not self.residual:
            return y
        if self.training and self.drop > 0:
            y = drop_branch(y, self.drop)
        return x + y


class EfficientNetV2(Trunk):
    """EfficientNetV2 without a head, at the width and depth that the settings give."""

    mean: Tensor
    std: Tensor

    def __init__(self, settings: TrunkSettings) -> None:
        super().__init__()
        self.settings = settings
        self.features = settings.features
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGE_STD).view(1, 3, 1, 1))
        channels = scale_channels(32, settings.width)
        self.stem = nn.Sequential(*_conv_norm(3, channels, 3, 2), nn.SiLU())
        self.blocks = nn.Sequential(*self._blocks(channels))
        last = scale_channels(STAGES[-1].channels, settings.width)
        self.top = nn.Sequential(*_conv_norm(last, settings.features, 1), nn.SiLU())
        self._initialise()

    def _blocks(self, c_in: int) -> list[Block]:
        repeats = [math.ceil(stage.repeats * self.settings.depth) for stage in STAGES]
        blocks: list[Block] = []
        for stage, count in zip(STAGES, repeats, strict=True):
            c_out = scale_channels(stage.channels, self.settings.width)
            for i in range(count):
                drop = self.settings.drop_path * len(blocks) / sum(repeats)
                blocks.append(Block(c_in, c_out, stage.stride if i == 0 else 1, stage, drop))
                c_in = c_out
        return blocks

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] ** 2 * module.out_channels // module.groups
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, crops: Tensor) -> Tensor:
        """The features of the crops."""
        x = (crops - self.mean) / self.std
        maps: Tensor = self.top(self.blocks(self.stem(x)))
        return maps.mean((2, 3))
