"""A training run on a budget of wall-clock minutes: averaged weights, checkpoints, resuming."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn


class RunSettings(Protocol):
    """What a run needs to know; the settings, a dataclass, are saved in each checkpoint."""

    @property
    def output(self) -> str:
        """Folder for checkpoint and history."""
        ...

    @property
    def minutes(self) -> float:
        """Time budget, wall-clock minutes."""
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
        """Share of the budget in which the rate rises."""
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

CHECKPOINT = "last.pt"
HISTORY = "history.jsonl"


class Run(Generic[Network]):
    """A network with its moving average, optimiser and clock; saved and resumed whole."""

    def __init__(self, network: Network, settings: RunSettings) -> None:
        self.settings = settings
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
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
        self.output = Path(settings.output)
        self.output.mkdir(parents=True, exist_ok=True)

    @property
    def progress(self) -> float:
        """Share of the time budget spent, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.settings.minutes))

    def rate(self) -> float:
        """Learning rate at this progress: linear warm-up, then a cosine to a small share."""
        settings, progress = self.settings, self.progress
        if progress < settings.warmup:
            return settings.learning_rate * max(0.01, progress / settings.warmup)
        low = settings.final_rate_share
        done = (progress - settings.warmup) / (1 - settings.warmup)
        return settings.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done)))

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
        }
        temporary = self.output / (CHECKPOINT + ".part")
        torch.save(state, temporary)
        temporary.replace(self.output / CHECKPOINT)

    def resume(self) -> None:
        """Go on from the checkpoint in the output folder; FileNotFoundError if there is none."""
        state = torch.load(self.output / CHECKPOINT, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.epoch, self.seconds = state["step"], state["epoch"], state["seconds"]

    def record(self, line: Mapping[str, Any]) -> None:
        """Print a line of progress, with the minutes left, and add it to the history file."""
        clock = {
            "epoch": self.epoch,
            "step": self.step,
            "minutes": round(self.seconds / 60, 2),
            "left": round(self.settings.minutes * (1 - self.progress), 1),
            "rate": round(self.rate(), 6),
        }
        text = json.dumps({**clock, **line})
        print(text, flush=True)
        with (self.output / HISTORY).open("a") as history:
            history.write(text + "\n")
