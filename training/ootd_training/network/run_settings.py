"""What the training of every model is set by."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from ootd_training.data.photo_sources import PhotoSources


@dataclass(frozen=True)
class RunSettings:
    """How long, with what and at which rates a network is trained; each model has its defaults."""

    output: str = ""
    """Folder for checkpoint and history."""
    start: str = ""
    """Checkpoint (its averaged weights) or released ONNX file to start from; empty for none."""
    epochs: int = 1
    """Length of the run."""
    seed: int = 0
    """What all random choices follow from."""
    threads: int = 1
    """CPU threads."""
    device: str = "auto"
    """PyTorch's name of the device, "cpu" or "cuda"; "auto": CUDA where there is one."""
    learning_rate: float = 1e-3
    """Highest learning rate of a step, after the warm-up."""
    final_rate_share: float = 0.01
    """Share of it (0 to 1) that is left at the end."""
    warmup: float = 0.03
    """Share of the run (0 to 1) in which the rate rises."""
    weight_decay: float = 0.03
    """Decay of the kernels, per step."""
    ema_decay: float = 0.997
    """Share (0 to 1) of the old average of the weights that a step keeps."""
    evaluate_every: int = 5
    """Epochs from one evaluation on the held-out fold to the next; the last epoch has one, too."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training; each model adds its own fields."""

    run: RunSettings = field(default_factory=RunSettings)
    """The run's length, rates and device."""
    photos: PhotoSources = field(default_factory=PhotoSources)
    """What it learns from."""

    def changed(self, **values: Any) -> Self:
        """A copy with other values, by the names of the fields, also those of `run` and `photos`.

        TypeError if there is no such field.
        """
        parts: dict[str, Any] = {"run": self.run, "photos": self.photos}
        for name, part in parts.items():
            own = {f.name: values.pop(f.name) for f in fields(part) if f.name in values}
            parts[name] = replace(part, **own)
        return replace(self, **parts, **values)

    def saved(self) -> dict[str, Any]:
        """All values by the names of their fields, as checkpoints and reports hold them."""
        whole = asdict(self)
        return {**whole.pop("run"), **whole.pop("photos"), **whole}
