"""Settings of a detector training run."""

from __future__ import annotations

from dataclasses import dataclass, field

STRIDES = (8, 16, 32)
"""Pixels of the input per cell of the three output levels."""

DISTANCE_BINS = 16
"""Bins of the discrete distribution over a box side's distance, in cells (0 to 15)."""

INPUT_SIZE = 320
"""Side of the square that the served model takes, in pixels."""

PADDING_VALUE = 114
"""Grey level (0 to 255) around a letterboxed photo."""

UNLABELLED = 255
"""Value in a label map of pixels of which nothing is known."""


@dataclass(frozen=True)
class Stage:
    """A part of the schedule: until `until` (share of the run, 0 to 1) batches have this shape.

    `height` and `width` are pixels and multiples of 32; `mosaic` is the probability that a
    sample is a mosaic of four photos; `scale` bounds the random zoom; `anchored` puts each
    photo at the top left as the service does, instead of at a random place.
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
class DetectorSettings:
    """Everything that decides a run; saved in each checkpoint.

    Rates are per step, `warmup` is a share of the run, `catalog_share` is the number of catalogue
    and drawn photos per outfit photo in an epoch. From `street_from` (share of the run) on, street
    photos join, labelled by the detector itself. `start` is a checkpoint whose averaged weights
    are the starting point and `drawn` a folder of drawn photos, each empty for none;
    `evaluate_every` counts epochs.
    """

    data: str
    output: str
    start: str = ""
    epochs: int = 120
    seed: int = 7
    threads: int = 1
    device: str = "auto"
    batch: int = 16
    learning_rate: float = 1.5e-3
    final_rate_share: float = 0.02
    weight_decay: float = 0.05
    warmup: float = 0.03
    ema_decay: float = 0.998
    box_gain: float = 7.5
    class_gain: float = 1.0
    distance_gain: float = 1.5
    segmentation_gain: float = 0.5
    catalog_share: float = 1.2
    street_from: float = 0.5
    drawn: str = ""
    limit: int = 0
    evaluate_every: int = 5
    stages: tuple[Stage, ...] = field(default=DEFAULT_STAGES)

    def stage(self, progress: float) -> Stage:
        """The stage that holds at `progress` (share of the run, 0 to 1)."""
        for stage in self.stages:
            if progress < stage.until:
                return stage
        return self.stages[-1]
