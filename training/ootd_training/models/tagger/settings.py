"""Settings of a tagger training run."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.data.crop_views import ViewSettings
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
class TaggerSettings:
    """Everything that decides a run; saved in each checkpoint.

    Rates are per step. `*_gain` weigh the parts of the loss, `attribute_gain` each group but the
    colour. `start` is a checkpoint (its averaged weights) or a released ONNX file to start from,
    `drawn` a folder of drawn photos, `street` a file of boxes of street photos, each empty for
    none; `balance` is the power of `balanced_weights`; `mixing` the share of batches (0 to 1) whose
    crops show two garments; `limit` keeps that many garments of each source (0: all);
    `evaluate_every` counts epochs.
    """

    data: str
    output: str
    start: str = ""
    epochs: int = 140
    seed: int = 11
    threads: int = 1
    device: str = "auto"
    batch: int = 64
    learning_rate: float = 2e-3
    final_rate_share: float = 0.01
    warmup: float = 0.03
    weight_decay: float = 0.03
    ema_decay: float = 0.997
    smoothing: float = 0.06
    super_gain: float = 1.0
    sub_gain: float = 1.0
    color_gain: float = 0.6
    attribute_gain: float = 0.4
    dropout: float = 0.1
    balance: float = 0.5
    mixing: float = 0.4
    limit: int = 0
    drawn: str = ""
    street: str = ""
    evaluate_every: int = 5
    trunk: TrunkSettings = field(default_factory=lambda: TrunkSettings(width=0.55, depth=0.75))
    views: ViewSettings = field(default_factory=lambda: ViewSettings(erase=0.25, background=0.25))
    stages: tuple[Stage, ...] = DEFAULT_STAGES

    def size(self, progress: float) -> int:
        """Side of the crops at `progress` (share of the run, 0 to 1), in pixels."""
        for stage in self.stages:
            if progress < stage.until:
                return stage.size
        return self.stages[-1].size
