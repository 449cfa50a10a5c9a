"""A training run of a known number of steps: averaged weights, checkpoints, resuming.

Everything that a step depends on follows from the seed and the step's number, so a run that is
killed and resumed ends with the weights of an unbroken one (on the same kind of machine with the
same number of threads).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ootd_training.data.label_digests import source_digests
from ootd_training.network.history import HISTORY, Epoch, Report, print_epoch
from ootd_training.network.run_settings import TrainingSettings
from ootd_training.network.sessions import Session, continued, new_session
from ootd_training.whole_files import write_whole

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")

CHECKPOINT = "last.pt"
PLACES = frozenset(("data", "output", "start", "drawn", "street", "device", "threads"))
"""Settings that a resumed run may have changed: where things are and what it is computed with."""
SOURCES = {"data": "labelled photos", "drawn": "drawn photos", "street": "boxes of street photos"}
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


def placed(network: Network, device: torch.device) -> Network:
    """The network on this device, channels last in memory, which convolutions are fastest with."""
    # The stubs of PyTorch lack the memory format.
    moved: Network = cast("Any", network).to(device, memory_format=torch.channels_last)
    return moved


class Run(Generic[Network]):
    """A network with its moving average and optimiser; saved and resumed whole.

    `counts` says how many garments of each source, split and label it learns from and is judged on
    (`data.label_counts`); whoever reads the photos sets it. Reports quote it from the checkpoint.
    """

    def __init__(self, network: Network, settings: TrainingSettings) -> None:
        run = settings.run
        self.settings = settings
        self.device = choose_device(run.device)
        self.network = placed(network, self.device)
        self._averaged = AveragedModel(self.network, avg_fn=self._average, use_buffers=True)
        # The first update of PyTorch's average takes the weights as they are.
        self._averaged.update_parameters(self.network)
        self.average = cast("Network", self._averaged.module).eval().requires_grad_(False)
        kernels = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        # Biases and the scales of batch norms are not decayed.
        self.optimiser = torch.optim.AdamW(
            [
                {"params": kernels, "weight_decay": run.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=run.learning_rate,
        )
        self.step = self.epoch = 0
        self.seconds = 0.0
        self.epoch_share = 0.0
        self.labels = source_digests(settings.photos)
        self.sessions = [new_session(self.device)]
        self.counts: Mapping[str, Mapping[str, int]] = {}
        self.output = Path(run.output)
        self.output.mkdir(parents=True, exist_ok=True)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        return min(1.0, (self.epoch + self.epoch_share) / self.settings.run.epochs)

    def rate(self) -> float:
        """Learning rate at this progress: linear warm-up, then a cosine to a small share."""
        run, progress = self.settings.run, self.progress
        if progress < run.warmup:
            return run.learning_rate * max(0.01, progress / run.warmup)
        low = run.final_rate_share
        done = (progress - run.warmup) / (1 - run.warmup)
        return run.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done)))

    def train_epoch(
        self, batches: Iterable[Batch], steps: int, loss: Callable[[Batch], Mapping[str, Tensor]]
    ) -> dict[str, float]:
        """One epoch: a step for each of `steps` batches; the mean of each part of the loss.

        `loss` gives the weighted parts of a batch's loss, whose sum is minimised.
        """
        # Dropout and stochastic depth draw from PyTorch's own generator.
        torch.manual_seed(self.settings.run.seed * 1_000_003 + self.epoch)
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
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if torch.isfinite(norm):
            self.optimiser.step()
        self.step += 1
        self._averaged.update_parameters(self.network)

    def _average(self, average: Tensor, current: Tensor, _count: Tensor | int) -> Tensor:
        """The next value of an average; early steps, of a network that knows little, count more."""
        if not average.is_floating_point():
            return current
        decay = min(self.settings.run.ema_decay, (1 + self.step) / (10 + self.step))
        return torch.lerp(average, current, 1 - decay)

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "settings": self.settings.saved(),
            "labels": self.labels,
            "sessions": self.sessions,
            "counts": self.counts,
        }
        with write_whole(self.output / CHECKPOINT) as path:
            torch.save(state, path)

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
        self.sessions = continued(saved_sessions(state), new_session(self.device, self.epoch))
        return True

    def _check_settings(self, saved: Mapping[str, Any]) -> None:
        for name, value in self.settings.saved().items():
            if name not in PLACES and name in saved and _differ(saved[name], value):
                raise ValueError(
                    f"{self.output} holds a run with {name} {saved[name]!r}, not {value!r}; "
                    "choose another --output, the same settings, or --restart"
                )

    def _check_labels(self, saved: Mapping[str, str]) -> None:
        for name, text in SOURCES.items():
            if name in saved and saved[name] != self.labels[name]:
                raise ValueError(
                    f"{self.output} holds a run that learnt from other {text}; choose another "
                    f"--output, the --{name} of that run, or --restart"
                )

    def record(self, loss: Mapping[str, Any], held_out: Mapping[str, Any] | None) -> Epoch:
        """Add the epoch that is done to the history file."""
        epochs = self.settings.run.epochs
        left = self.seconds / max(1, self.epoch) * (epochs - self.epoch)
        epoch = Epoch(
            epoch=self.epoch,
            epochs=epochs,
            step=self.step,
            minutes=round(self.seconds / 60, 2),
            minutes_left=round(left / 60, 1),
            rate=round(self.rate(), 6),
            loss=loss,
            held_out=held_out,
        )
        with (self.output / HISTORY).open("a") as history:
            history.write(epoch.line() + "\n")
        return epoch

    def fit(
        self,
        train_epoch: Callable[[], Mapping[str, Any]],
        evaluate: Callable[[], Mapping[str, Any]] | None,
        report: Report = print_epoch,
    ) -> None:
        """Train to the end; after each epoch its line is recorded, reported, and the run saved.

        `evaluate` gives figures of held-out photos; None where there are none.
        """
        run = self.settings.run
        while self.epoch < run.epochs:
            loss = dict(train_epoch())
            due = self.epoch % run.evaluate_every == 0 or self.epoch == run.epochs
            report(self.record(loss, dict(evaluate()) if evaluate and due else None))
            self.save()


def _differ(saved: Any, value: Any) -> bool:
    """Whether a setting is another than a checkpoint's, which may lack newer parts of it."""
    if isinstance(saved, Mapping) and isinstance(value, Mapping):
        return any(_differ(saved[name], value.get(name)) for name in saved)
    return bool(saved != value)


def saved_sessions(state: Mapping[str, Any]) -> list[Session]:
    """The sessions that a checkpoint holds; older ones hold none, or under another name."""
    sessions: list[Session] = state.get("sessions") or state.get("sittings") or []
    return sessions
