"""Which labelled photos a run learns from and is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ootd_training.data.folds import NO_FOLD, Fold


@dataclass(frozen=True)
class PhotoSources:
    """Folders and files of labelled photos; each but `data` may be empty for none."""

    data: str = ""
    """Folder of the labelled photos."""
    drawn: str = ""
    """Folder of drawn photos that join the training."""
    street: str = ""
    """File with the boxes that a detector found in the street photos, for models of crops."""
    limit: int = 0
    """At most this many garments (detector: photos) of each source; 0: all."""
    fold: int = NO_FOLD
    """The fold of train (0 to 4) that is held out and judges the run; -1 for none: the run learns
    from all of train, and nothing judges it."""

    @property
    def learnt(self) -> Fold | None:
        """The part of train that is learnt from; None: all."""
        return Fold(self.fold, held_out=False) if self.judged else None

    @property
    def held_out(self) -> Fold:
        """The part of train that judges the run; ValueError if there is none."""
        return Fold(self.fold, held_out=True)

    @property
    def judged(self) -> bool:
        """Whether a part of train is held out."""
        return self.fold != NO_FOLD

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PhotoSources:
        """The sources that the saved settings of a run name; what they lack stays empty."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: settings[name] for name in names if name in settings})
