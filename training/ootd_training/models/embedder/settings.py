"""Settings of an embedder's training."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.data.crop_views import ViewSettings
from ootd_training.network.run_settings import RunSettings, TrainingSettings
from ootd_training.network.trunk import TrunkSettings


@dataclass(frozen=True)
class EmbedderSettings(TrainingSettings):
    """Everything that decides an embedder's training; saved in each checkpoint."""

    run: RunSettings = field(
        default_factory=lambda: RunSettings(
            epochs=60, seed=13, learning_rate=8e-4, warmup=0.04, ema_decay=0.995, evaluate_every=10
        )
    )
    items: int = 40
    """Garments of a batch, each in two views."""
    shared: float = 0.6
    """Share of them (0 to 1) that are of one super-category."""
    recolored: int = 8
    """Copies of some of them in other colours, that join the batch as garments of their own."""
    temperature: float = 0.1
    """What similarities are divided by."""
    label_gain: float = 0.4
    """Weight of the loss of the classifiers on the embedding."""
    code_gain: float = 0.5
    """Weight of the loss of binary codes."""
    label_scale: float = 12.0
    """What the cosines of the classifiers are multiplied by to be logits."""
    steps: int = 40
    """Batches of an epoch."""
    sizes: tuple[tuple[float, int], ...] = ((1.0, 96),)
    """Sides of the crops in pixels, each until a share of the run (0 to 1)."""
    trunk: TrunkSettings = field(default_factory=lambda: TrunkSettings(width=0.55, depth=0.75))
    """Size of the network."""
    views: ViewSettings = field(
        default_factory=lambda: ViewSettings(recolor=0.0, light=0.15, background=0.4, zoom=0.5)
    )
    """How crops are changed at random."""

    def size(self, progress: float) -> int:
        """Side of the crops at `progress` (share of the run, 0 to 1), in pixels."""
        for until, size in self.sizes:
            if progress < until:
                return size
        return self.sizes[-1][1]


QUICK_SIZES = ((0.6, 32), (1.0, 48))
