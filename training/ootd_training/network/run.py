"""A training run of a known number of steps: averaged weights, checkpoints, resuming, progress.

Everything that a step depends on follows from the seed and the step's number, so a run that is
killed and resumed ends with the weights of an unbroken one (on the same kind of machine with the
same number of threads).
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ootd_training.data.label_digests import run_digests
from ootd_training.network.sessions import continued, sitting


class RunSettings(Protocol):
    """What a run needs to know; the settings, a dataclass, are saved in each checkpoint."""

    @property
    def output(self) -> str:
        """Folder for checkpoint and history."""
        ...

    @property
    def seed(self) -> int:
        """What all random choices follow from."""
        ...

    @property
    def epochs(self) -> int:
        """Length of the run."""
        ...

    @property
    def device(self) -> str:
        """PyTorch's name of the device, "cpu" or "cuda", or "auto"."""
        ...

    @property
    def learning_rate(self) -> float:
        """Highest learning rate, per step."""
        ...

    @property
    def final_rate_share(self) -> float:
        """Share of it that is left at the end."""
        ...

    @property
    def warmup(self) -> float:
        """Share of the run in which the rate rises."""
        ...

    @property
    def weight_decay(self) -> float:
        """Decay of the kernels, per step."""
        ...

    @property
    def ema_decay(self) -> float:
        """Share of the old average that a step keeps."""
        ...


Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")

CHECKPOINT = "last.pt"
HISTORY = "history.jsonl"
WHEREABOUTS = frozenset(("data", "output", "start", "drawn", "street", "device", "threads"))
"""Settings that a resumed run may have changed."""
LEARNT_FROM = {
    "data": "labelled photos",
    "drawn": "drawn photos",
    "street": "boxes of street photos",
}
"""What must be the same for a resumed run, wherever it lies, by the settings that name it."""


def choose_device(name: str) -> torch.device:
    """The device of this name; "auto" is CUDA where there is one, and the CPU elsewhere.

    ValueError if CUDA is asked for and there is none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError("PyTorch finds no CUDA device here; train with --device cpu")
    return torch.device(name)


class Run(Generic[Network]):
    """A network with its moving average and optimiser; saved and resumed whole.

    `counts` says how many garments of each source, split and label it learns from and is judged on
    (`data.label_counts`); whoever reads the photos sets it. Reports quote it from the checkpoint.
    """

    def __init__(self, network: Network, settings: RunSettings) -> None:
        self.settings = settings
        self.device = choose_device(settings.device)
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        kernels = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        # Biases and the scales of batch norms are not decayed.
        self.optimiser = torch.optim.AdamW(
            [
                {"params": kernels, "weight_decay": settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
        )
        self.step = self.epoch = 0
        self.seconds = 0.0
        self.epoch_share = 0.0
        self.labels = run_digests(dataclasses.asdict(settings))  # type: ignore[call-overload]
        self.sittings = [sitting(self.device)]
        self.counts: Mapping[str, Mapping[str, int]] = {}
        self.output = Path(settings.output)
        self.output.mkdir(parents=True, exist_ok=True)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        return min(1.0, (self.epoch + self.epoch_share) / self.settings.epochs)

    def rate(self) -> float:
        """Learning rate at this progress: linear warm-up, then a cosine to a small share."""
        settings, progress = self.settings, self.progress
        if progress < settings.warmup:
            return settings.learning_rate * max(0.01, progress / settings.warmup)
        low = settings.final_rate_share
        done = (progress - settings.warmup) / (1 - settings.warmup)
        return settings.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done)))

    def train_epoch(
        self, batches: Iterable[Batch], steps: int, loss: Callable[[Batch], Mapping[str, Tensor]]
    ) -> dict[str, float]:
        """One epoch: a step for each of `steps` batches; the mean of each part of the loss.

        `loss` gives the weighted parts of a batch's loss, whose sum is minimised.
        """
        # Dropout and stochastic depth draw from PyTorch's own generator.
        torch.manual_seed(self.settings.seed * 1_000_003 + self.epoch)
        self.network.train()
        sums: dict[str, float] = {}
        began, done = time.monotonic(), 0
        for batch in batches:
            self.epoch_share = done / steps
            parts = loss(batch)
            self.update(torch.stack(list(parts.values())).sum())
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach())
            done += 1
        self.epoch += 1
        self.epoch_share = 0.0
        self.seconds += time.monotonic() - began
        return {name: round(value / max(1, done), 4) for name, value in sums.items()}

    def update(self, loss: Tensor) -> None:
        """One optimiser step and one step of the average; a loss that is not finite is skipped."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if torch.isfinite(norm):
            self.optimiser.step()
        self.step += 1
        self._update_average()

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.settings.ema_decay, (1 + self.step) / (10 + self.step))
        current = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(current[name], 1 - decay)
            else:
                value.copy_(current[name])

    def save(self) -> None:
        """Write the checkpoint under a temporary name, then rename it."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "settings": dataclasses.asdict(self.settings),  # type: ignore[call-overload]
            "labels": self.labels,
            "sittings": self.sittings,
            "counts": self.counts,
        }
        temporary = self.output / (CHECKPOINT + ".part")
        torch.save(state, temporary)
        temporary.replace(self.output / CHECKPOINT)

    def resume(self) -> bool:
        """Go on from the checkpoint in the output folder; False if there is none yet.

        ValueError if that was made with other settings or labels than this run's.
        """
        path = self.output / CHECKPOINT
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True, map_location=self.device)
        self._check_settings(state["settings"])
        self._check_labels(state.get("labels", {}))
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.epoch, self.seconds = state["step"], state["epoch"], state["seconds"]
        self.sittings = continued(state.get("sittings", ()), sitting(self.device, self.epoch))
        return True

    def _check_settings(self, saved: Mapping[str, Any]) -> None:
        mine = dataclasses.asdict(self.settings)  # type: ignore[call-overload]
        for name, value in mine.items():
            if name not in WHEREABOUTS and name in saved and saved[name] != value:
                raise ValueError(
                    f"{self.output} holds a run with {name} {saved[name]!r}, not {value!r}; "
                    "choose another --output, the same settings, or --restart"
                )

    def _check_labels(self, saved: Mapping[str, str]) -> None:
        for name, shown in LEARNT_FROM.items():
            if name in saved and saved[name] != self.labels[name]:
                raise ValueError(
                    f"{self.output} holds a run that learnt from other {shown}; choose another "
                    f"--output, the --{name} of that run, or --restart"
                )

    def record(self, line: Mapping[str, Any]) -> None:
        """Print a line of progress, with the minutes left, and add it to the history file."""
        left = self.seconds / max(1, self.epoch) * (self.settings.epochs - self.epoch)
        clock = {
            "epoch": self.epoch,
            "epochs": self.settings.epochs,
            "step": self.step,
            "minutes": round(self.seconds / 60, 2),
            "minutes_left": round(left / 60, 1),
            "rate": round(self.rate(), 6),
        }
        text = json.dumps({**clock, **line})
        print(text, flush=True)
        with (self.output / HISTORY).open("a") as history:
            history.write(text + "\n")

    def go(
        self,
        epoch: Callable[[], Mapping[str, Any]],
        evaluate: Callable[[], Mapping[str, Any]],
        every: int,
    ) -> None:
        """Train to the end: `epoch` trains one; `evaluate` judges after every `every` epochs.

        After each epoch its line is recorded and the checkpoint is saved.
        """
        while self.epoch < self.settings.epochs:
            line: dict[str, Any] = {"loss": dict(epoch())}
            if self.epoch % every == 0 or self.epoch == self.settings.epochs:
                line["val"] = dict(evaluate())
            self.record(line)
            self.save()
