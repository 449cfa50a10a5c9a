"""Settings of a detector's training."""

from __future__ import annotations

from dataclasses import dataclass, field

from ootd_training.network.run_settings import RunSettings, TrainingSettings

STRIDES = (8, 16, 32)
"""Pixels of the input per cell of the three output levels."""

DISTANCE_BINS = 16
"""Bins of the discrete distribution over a box side's distance, in cells (0 to 15)."""

INPUT_SIZE = 320
"""Side of the square that the served model takes, in pixels."""

PADDING_VALUE = 114
"""Grey level (0 to 255) around a letterboxed photo."""

CROSS_STAGE = "cross-stage"
YOLOX_NANO = "yolox-nano"
ARCHITECTURES = (CROSS_STAGE, YOLOX_NANO)

UNLABELLED = 255
"""Value in a label map of pixels of which nothing is known."""


@dataclass(frozen=True)
class Stage:
    """A part of the schedule: until `until` (share of the run, 0 to 1) batches have this shape.

    `height` and `width` are pixels and multiples of 32; `mosaic` is the probability that a
    sample is a mosaic of four photos; `scale` bounds the random zoom; `anchored` puts each
    photo at the top left as the service does, instead of anywhere.
    """

    until: float
    height: int
    width: int
    mosaic: float
    scale: tuple[float, float]
    anchored: bool = False


DEFAULT_STAGES = (
    Stage(0.60, 192, 128, 0.35, (0.65, 1.5)),
    Stage(0.95, 256, 192, 0.35, (0.65, 1.5)),
    Stage(1.00, 256, 256, 0.0, (0.85, 1.1), anchored=True),
)
"""The last stage's height is the side that the exported graph works at; it scales its input."""

LARGE_STAGES = (
    Stage(0.85, 256, 192, 0.35, (0.65, 1.5)),
    Stage(1.00, 256, 256, 0.0, (0.85, 1.1), anchored=True),
)
"""For a run that starts from the weights of another one."""

QUICK_STAGES = (
    Stage(0.60, 128, 96, 0.2, (0.8, 1.2)),
    Stage(1.00, 128, 128, 0.0, (0.9, 1.1), anchored=True),
)


@dataclass(frozen=True)
class DetectorSettings(TrainingSettings):
    """Everything that decides a detector's training; saved in each checkpoint."""

    run: RunSettings = field(
        default_factory=lambda: RunSettings(
            epochs=120, seed=7, learning_rate=1.5e-3, final_rate_share=0.02, weight_decay=0.05,
            ema_decay=0.998,
        )
    )  # fmt: skip
    architecture: str = CROSS_STAGE
    """One of `ARCHITECTURES`; for YOLOX-nano there are public weights to start from."""
    batch: int = 16
    """Photos a step."""
    box_gain: float = 7.5
    """Weight of the boxes' loss (complete IoU)."""
    class_gain: float = 1.0
    """Weight of the classes' loss."""
    distance_gain: float = 1.5
    """Weight of the loss of the sides' distances."""
    segmentation_gain: float = 0.5
    """Weight of the loss of the segmentation head, which exists in training alone."""
    catalog_share: float = 1.2
    """Catalogue and drawn photos per outfit photo in an epoch."""
    street_from: float = 0.5
    """Share of the run (0 to 1) from which on street photos join, labelled by the detector."""
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    """Sizes of the photos over the run."""

    def stage(self, progress: float) -> Stage:
        """The stage that holds at `progress` (share of the run, 0 to 1)."""
        for stage in self.stages:
            if progress < stage.until:
                return stage
        return self.stages[-1]
