"""ResCeption: Inception-v3 modules in which each stream has a shortcut.

11st, "Visual Fashion-Product Search", section 3.1 and Figure 4. The modules are those of Szegedy
et al. 2016, "Rethinking the Inception Architecture", Table 1 and Figures 5 to 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ootd_training.network.efficientnet_v2 import IMAGE_MEAN, IMAGE_STD, scale_channels
from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk

Kernel = tuple[int, int]


@dataclass(frozen=True)
class ResCeptionSettings:
    """Size of a ResCeption."""

    width: float = 0.25
    """Factor on all channels of Inception-v3."""
    features: int = 512
    """Numbers that come out for a crop."""


@dataclass(frozen=True)
class Layer:
    """A convolution of `channels` (before scaling); only the last of a stream has a stride."""

    channels: int
    kernel: Kernel = (1, 1)
    stride: int = 1


@dataclass(frozen=True)
class StreamSettings:
    """One stream of a module: a pooling, if any, then convolutions.

    With `fork` a 1x3 and a 3x1 convolution of so many channels follow side by side.
    """

    layers: tuple[Layer, ...] = ()
    pool: nn.Module | None = None
    fork: int = 0


THREE, FIVE = (3, 3), (5, 5)
ROW, COLUMN = (1, 7), (7, 1)


def _average_pool() -> nn.Module:
    return nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)


def _modules() -> list[list[StreamSettings]]:
    """The eleven modules of Inception-v3, each a list of streams."""
    return [
        *(_square(pooled) for pooled in (32, 64, 64)),
        _reduction((Layer(384, THREE, 2),), (Layer(64), Layer(96, THREE), Layer(96, THREE, 2))),
        *(_factorised(channels) for channels in (128, 160, 160, 192)),
        _reduction(
            (Layer(192), Layer(320, THREE, 2)),
            (Layer(192), Layer(192, ROW), Layer(192, COLUMN), Layer(192, THREE, 2)),
        ),
        *(_expanded() for _ in range(2)),
    ]


def _square(pooled: int) -> list[StreamSettings]:
    return [
        StreamSettings((Layer(64),)),
        StreamSettings((Layer(48), Layer(64, FIVE))),
        StreamSettings((Layer(64), Layer(96, THREE), Layer(96, THREE))),
        StreamSettings((Layer(pooled),), _average_pool()),
    ]


def _factorised(channels: int) -> list[StreamSettings]:
    first, row, column = Layer(channels), Layer(channels, ROW), Layer(channels, COLUMN)
    return [
        StreamSettings((Layer(192),)),
        StreamSettings((first, row, Layer(192, COLUMN))),
        StreamSettings((first, column, row, column, Layer(192, ROW))),
        StreamSettings((Layer(192),), _average_pool()),
    ]


def _expanded() -> list[StreamSettings]:
    return [
        StreamSettings((Layer(320),)),
        StreamSettings((Layer(384),), fork=384),
        StreamSettings((Layer(448), Layer(384, THREE)), fork=384),
        StreamSettings((Layer(192),), _average_pool()),
    ]


def _reduction(*streams: tuple[Layer, ...]) -> list[StreamSettings]:
    pooled = StreamSettings(pool=nn.MaxPool2d(3, 2, padding=1))
    return [*(StreamSettings(layers) for layers in streams), pooled]


def _conv_norm(c_in: int, c_out: int, kernel: Kernel = (1, 1), stride: int = 1) -> nn.Sequential:
    # Pictures are small here, so nothing is lost at the rims: padded, where the original is not.
    padding = (kernel[0] // 2, kernel[1] // 2)
    convolution = nn.Conv2d(c_in, c_out, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(c_out, eps=1e-3))


class Stream(nn.Module):
    """A stream of a module; with more than one convolution it has a projection shortcut.

    ReLU follows the sum, as in He et al. 2016, Figure 2.
    """

    def __init__(self, c_in: int, settings: StreamSettings, width: float) -> None:
        super().__init__()
        self.pool = settings.pool
        channels = c_in
        layers: list[nn.Module] = []
        for layer in settings.layers:
            c_out = scale_channels(layer.channels, width)
            layers += [_conv_norm(channels, c_out, layer.kernel, layer.stride), nn.ReLU()]
            channels = c_out
        self.convolved = bool(layers)
        self.fork = nn.ModuleList()
        if settings.fork:
            c_out = scale_channels(settings.fork, width)
            self.fork.extend(_conv_norm(channels, c_out, kernel) for kernel in ((1, 3), (3, 1)))
            channels = 2 * c_out
        elif layers:
            layers.pop()
        self.layers = nn.Sequential(*layers)
        self.channels = channels
        self.shortcut = None
        if len(settings.layers) + bool(settings.fork) > 1:
            self.shortcut = _conv_norm(c_in, channels, stride=settings.layers[-1].stride)

    def forward(self, x: Tensor) -> Tensor:
        """The stream's output; at stride 2 half as high and wide."""
        y: Tensor = self.layers(x if self.pool is None else self.pool(x))
        if len(self.fork):
            y = torch.cat([branch(y) for branch in self.fork], 1)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return torch.relu(y) if self.convolved else y


class Module(nn.Module):
    """One Inception module: streams side by side, their outputs concatenated."""

    def __init__(self, c_in: int, streams: Sequence[StreamSettings], width: float) -> None:
        super().__init__()
        made = [Stream(c_in, stream, width) for stream in streams]
        self.streams = nn.ModuleList(made)
        self.channels = sum(stream.channels for stream in made)

    def forward(self, x: Tensor) -> Tensor:
        """The streams' outputs, one after the other."""
        return torch.cat([stream(x) for stream in self.streams], 1)


class ResCeption(nn.Module):
    """ResCeption without a head: crops [n, 3, s, s] in 0..1 to features [n, features].

    `s` can be any size from 32 px; the crops are normalised inside.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, settings: ResCeptionSettings) -> None:
        super().__init__()
        self.features = settings.features
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGE_STD).view(1, 3, 1, 1))
        width = settings.width
        a, b, c, d = (scale_channels(channels, width) for channels in (32, 64, 80, 192))
        self.stem = nn.Sequential(
            *(_conv_norm(3, a, THREE, 2), nn.ReLU(), _conv_norm(a, a, THREE), nn.ReLU()),
            *(_conv_norm(a, b, THREE), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)),
            *(_conv_norm(b, c), nn.ReLU(), _conv_norm(c, d, THREE), nn.ReLU()),
            nn.MaxPool2d(3, 2, padding=1),
        )
        modules, channels = [], d
        for streams in _modules():
            modules.append(Module(channels, streams, width))
            channels = modules[-1].channels
        self.blocks = nn.Sequential(*modules)
        self.top = nn.Sequential(_conv_norm(channels, settings.features), nn.ReLU())
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = math.prod(module.kernel_size) * module.out_channels
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
            elif isinstance(module, Stream) and module.shortcut is not None:
                # Both summands start at half the variance, so that the sum keeps it.
                lasts = list(module.fork) if len(module.fork) else [module.layers[-1]]
                for _, norm in map(nn.Module.children, (*lasts, module.shortcut)):
                    assert isinstance(norm, nn.BatchNorm2d)
                    nn.init.constant_(norm.weight, math.sqrt(0.5))

    def forward(self, crops: Tensor) -> Tensor:
        """The features of the crops."""
        x = (crops - self.mean) / self.std
        maps: Tensor = self.top(self.blocks(self.stem(x)))
        return maps.mean((2, 3))


def make_encoder(
    name: str, trunk: TrunkSettings, resception: ResCeptionSettings
) -> tuple[nn.Module, int]:
    """The encoder of this name and the number of its features; ValueError if there is none."""
    if name == "efficientnet":
        made = make_trunk(trunk)
        return made, made.features
    if name == "resception":
        return ResCeption(resception), resception.features
    raise ValueError(f"there is no encoder {name!r}; choose efficientnet or resception")
