"""A run that is killed after its first epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ootd_training.network.run import Run


def kill_after_an_epoch(train: Callable[[], object]) -> None:
    """Call `train`, and end it as Ctrl-C would once its first checkpoint is written."""
    save = Run.save

    def killed(run: Run[Any]) -> None:
        save(run)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            train()
