"""Trains any of the models, from the first epoch or on from a checkpoint, to the last one."""

from __future__ import annotations

from pathlib import Path

import torch

from ootd_training.models.base import Model, Network, Settings
from ootd_training.network.history import Report, print_epoch
from ootd_training.network.run import Run


def train(
    model: Model[Settings, Network],
    settings: Settings,
    cache: Path | None = None,
    *,
    restart: bool = False,
    report: Report = print_epoch,
) -> Run[Network]:
    """Run to the last epoch; checkpoint and history are in the output folder.

    Goes on from the checkpoint that is there, unless it is to `restart`. Each epoch is reported
    when it is done. ValueError if the checkpoint is of other settings or labels.
    """
    torch.set_num_threads(settings.run.threads)
    torch.manual_seed(settings.run.seed)
    trainer = model.trainer(settings, cache)
    run = Run(trainer.network, settings)
    trainer.begin(run, resumed=not restart and run.resume())
    run.counts = model.counts(settings.photos, run.output)
    judged = settings.photos.judged
    run.fit(
        lambda: trainer.train_epoch(run),
        (lambda: trainer.evaluate(run)) if judged else None,
        report,
    )
    return run
