"""Makes the trunk that settings name."""

from __future__ import annotations

from ootd_training.network.efficientnet_lite import EfficientNetLite0
from ootd_training.network.efficientnet_v2 import EfficientNetV2
from ootd_training.network.trunk import (
    ARCHITECTURES,
    EFFICIENTNET_LITE0,
    EFFICIENTNET_V2,
    Trunk,
    TrunkSettings,
)


def make_trunk(settings: TrunkSettings) -> Trunk:
    """A trunk with random weights; ValueError if there is no such architecture."""
    if settings.architecture == EFFICIENTNET_LITE0:
        return EfficientNetLite0(settings.drop_path)
    if settings.architecture == EFFICIENTNET_V2:
        return EfficientNetV2(settings)
    raise ValueError(
        f"there is no trunk {settings.architecture!r}; choose one of {', '.join(ARCHITECTURES)}"
    )
