"""Settings of an embedder training run."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.data.crop_views import ViewSettings
from ootd_training.network.trunk import TrunkSettings


@dataclass(frozen=True)
class EmbedderSettings:
    """Everything that decides a run; saved in each checkpoint.

    Rates are per step. An epoch is `steps` batches. A batch has `items` garments, of which
    `shared` (a share, 0 to 1) are of one super-category, and `recolored` more that are copies of
    these in other colours; each is seen in two views. `temperature` divides the similarities,
    `label_gain` weighs the classification term and `code_gain` that of the codes. `start` is a
    tagger's checkpoint whose trunk is, or an embedder's whose weights are
    the starting point, `drawn` a folder of drawn photos, `street` a file of boxes of street photos,
    each empty for none; `evaluate_every` counts epochs.
    """

    data: str
    output: str
    start: str = ""
    epochs: int = 60
    seed: int = 13
    threads: int = 1
    device: str = "auto"
    items: int = 40
    shared: float = 0.6
    recolored: int = 8
    learning_rate: float = 8e-4
    final_rate_share: float = 0.01
    warmup: float = 0.04
    weight_decay: float = 0.03
    ema_decay: float = 0.995
    temperature: float = 0.1
    label_gain: float = 0.4
    code_gain: float = 0.5
    label_scale: float = 12.0
    steps: int = 40
    limit: int = 0
    drawn: str = ""
    street: str = ""
    evaluate_every: int = 10
    sizes: tuple[tuple[float, int], ...] = ((1.0, 96),)
    trunk: TrunkSettings = field(default_factory=lambda: TrunkSettings(width=0.55, depth=0.75))
    views: ViewSettings = field(
        default_factory=lambda: ViewSettings(recolor=0.0, light=0.15, background=0.4, zoom=0.5)
    )

    def size(self, progress: float) -> int:
        """Side of the crops at `progress` (share of the run, 0 to 1), in pixels."""
        for until, size in self.sizes:
            if progress < until:
                return size
        return self.sizes[-1][1]


QUICK_SIZES = ((0.6, 32), (1.0, 48))
