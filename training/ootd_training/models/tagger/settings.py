"""Settings of a tagger's training."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.data.crop_views import ViewSettings
from ootd_training.network.run_settings import RunSettings, TrainingSettings
from ootd_training.network.trunk import TrunkSettings


@dataclass(frozen=True)
class Stage:
    """Until `until` (share of the run, 0 to 1) crops are `size` px wide and high."""

    until: float
    size: int


DEFAULT_STAGES = (Stage(0.3, 64), Stage(0.65, 96), Stage(1.0, 128))
LARGE_STAGES = (Stage(0.55, 96), Stage(1.0, 128))
"""For a run that starts from the weights of another one."""
QUICK_STAGES = (Stage(0.6, 32), Stage(1.0, 48))


@dataclass(frozen=True)
class TaggerSettings(TrainingSettings):
    """Everything that decides a tagger's training; saved in each checkpoint."""

    run: RunSettings = field(
        default_factory=lambda: RunSettings(epochs=140, seed=11, learning_rate=2e-3)
    )
    batch: int = 64
    """Crops a step."""
    smoothing: float = 0.06
    """Label smoothing of the super-category; attributes have half of it."""
    super_gain: float = 1.0
    """Weight of the super-category's loss."""
    sub_gain: float = 1.0
    """Weight of the sub-category's loss."""
    color_gain: float = 0.6
    """Weight of the colour's loss."""
    attribute_gain: float = 0.4
    """Weight of the loss of each other attribute group."""
    dropout: float = 0.1
    """Share of the trunk's features (0 to 1) that are dropped in training."""
    balance: float = 0.5
    """Power of `balanced_weights`: 0 draws all labels alike often, 1 as the data has them."""
    mixing: float = 0.4
    """Share of batches (0 to 1) whose crops show two garments."""
    trunk: TrunkSettings = field(default_factory=lambda: TrunkSettings(width=0.55, depth=0.75))
    """Size of the network."""
    views: ViewSettings = field(default_factory=lambda: ViewSettings(erase=0.25, background=0.25))
    """How crops are changed at random."""
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    """Sizes of the crops over the run; the last one is the size of the exported model."""

    def size(self, progress: float) -> int:
        """Side of the crops at `progress` (share of the run, 0 to 1), in pixels."""
        for stage in self.stages:
            if progress < stage.until:
                return stage.size
        return self.stages[-1].size
